"""What is written from the registry is what stands in the repository, and says what it must."""

from tools import document


def test_nothing_is_stale():
    for path, text in document.made().items():
        assert path.read_text() == text, f"{path.name} is stale: run python -m tools.document"


def test_few_host_routines():
    own = [r for r in document.rows() if not r["same_as"]]
    assert sum(r["pattern"] == "routine" for r in own) <= 0.1 * len(own)
