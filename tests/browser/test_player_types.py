"""The scripts of the player, which the page runs as they are: their types hold, and they are small."""

import gzip
import subprocess
from pathlib import Path

import pytest

from tensorweb.web.slim import slim_script
from tools.node import node

ROOT = Path(__file__).parents[2]
PLAYER = sorted((ROOT / "tensorweb" / "backends" / "devices" / "player").glob("*.js"))
TSC = ROOT / "tests" / "node_modules" / "typescript" / "bin" / "tsc"
OPTIONS = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--skipLibCheck", "--target", "es2022", "--lib", "es2022,dom"]


def check(*files):
    return subprocess.run([node(), TSC, *OPTIONS, *files], capture_output=True, text=True, timeout=300)


@pytest.mark.skipif(node() is None, reason="no Node here")
def test_types_hold(tmp_path):
    done = check(*PLAYER)
    assert done.returncode == 0, done.stdout
    wrong = tmp_path / "wrong.js"
    wrong.write_text(PLAYER[0].read_text() + '\n/** @type {number} */ const n = "text";\n')
    assert "Type 'string' is not assignable to type 'number'" in check(wrong).stdout


def test_each_is_one_script():
    for script in PLAYER:
        text = script.read_text()
        assert text.startswith("// @ts-check\n") and text.endswith("})();\n") and "\n(() => {\n" in text, script.name


def test_all_together_are_small():
    """As they are served: the wheel of the page has them without comments."""
    served = [slim_script(script.read_text()).encode() for script in PLAYER]
    assert len(served) == 3 and sum(len(gzip.compress(script, 9)) for script in served) <= 15 * 1024
