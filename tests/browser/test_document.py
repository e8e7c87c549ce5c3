"""What docs/page.md says is so: its commands are understood, its programs and its page run."""

import re
import shlex

import pytest

from tensorweb.cli import _parser
from tests.browser.conftest import ROOT, in_browser, start_browser
from tests.browser.test_embedding import Plain, micropip

TEXT = (ROOT / "docs" / "page.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def blocks(language):
    """Return the document's blocks in a language."""
    return [text for name, text in BLOCKS if name == language]


@pytest.fixture(scope="module", params=in_browser("chromium"))
def browser(request):
    """Chromium."""
    return start_browser(request.param)


def test_commands_are_understood():
    commands = [shlex.split(line, comments=True) for text in blocks("sh") for line in text.splitlines()]
    ours = [command[1:] for command in commands if command[0] == "tensorweb"]
    assert len(ours) >= 4 and all(_parser().parse_args(command) for command in ours)
    for command in re.findall(r"`tensorweb ([^`]*)`", TEXT):
        if command != "build":
            assert _parser().parse_args(shlex.split(command))


@pytest.mark.parametrize("program", [text for text in blocks("python") if "micropip" not in text])
def test_programs_run(shared_page, program):
    result = shared_page.run(program)
    assert result["ok"], result["error"]


def test_what_micropip_is_told(browser, serve):
    server = serve()
    server.site["micropip.whl"] = micropip()
    plain = Plain("chromium", server)
    plain.unpack("/micropip.whl")
    (program,) = [text for text in blocks("python") if "micropip" in text]
    assert plain.run(f"base = {server.url!r}\n{program}\nprint(float(tw.sum(tw.ones(3))))") == ["3.0"]
    plain.page.close()


def test_the_page_shows_its_answer(browser, serve, tmp_path):
    (html,) = blocks("html")
    (tmp_path / "page.html").write_text(html)
    page = browser.open(serve(tmp_path / "page.html").url)
    page.wait_for_text("#answer", "42")
    page.close()
