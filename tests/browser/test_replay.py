"""Oracle cases replayed in the page, on each backend there."""

import pytest

from tests.browser.replay import replay, wrong
from tests.oracle.replay import subjects


@pytest.mark.parametrize("backend", ["python"])
def test_small_cases(page, backend):
    told = replay(page, subjects(), backend, small=True, part=(0, 4))
    assert told["backend"] == backend
    assert sum(s["cases"] for s in told["subjects"].values()) > 50
    assert not wrong(told), wrong(told)
