"""The scripts of the page are typed by JSDoc: their types hold."""

import subprocess

import pytest

from tensorweb.web.site import PAGE
from tests.browser.test_player_types import TSC
from tools.node import node

OPTIONS = [
    *("--noEmit", "--allowJs", "--checkJs", "--strict", "--strictPropertyInitialization", "false", "--skipLibCheck"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--lib", "es2022,dom,dom.iterable"),
]
SCRIPTS = sorted(PAGE.glob("*.js"))


def check(*files):
    """Return what TypeScript says of scripts."""
    return subprocess.run([node(), TSC, *OPTIONS, *files], capture_output=True, text=True, timeout=300).stdout


@pytest.mark.skipif(node() is None, reason="no Node here")
def test_types_hold(tmp_path):
    assert len(SCRIPTS) >= 5 and check(*SCRIPTS) == ""
    wrong = tmp_path / "wrong.js"
    wrong.write_text('/** @type {number} */ const n = "text";\n')
    assert "Type 'string' is not assignable to type 'number'" in check(wrong)
