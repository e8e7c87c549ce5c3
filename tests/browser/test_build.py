"""A built folder is whole, works on a host that sends no headers, and overwrites nobody's files."""

import json
import os
import subprocess
import sys

import pytest

from tensorweb.cli import main
from tensorweb.errors import ArgumentError
from tensorweb.web import build as building
from tensorweb.web.build import MANIFEST, build
from tests.browser.conftest import PYODIDE, ROOT

URL = "https://example.org/pyodide/"


@pytest.fixture
def script(tmp_path):
    """A script with a module and a file."""
    (tmp_path / "script.py").write_text("import helper\nprint(helper.double(21), open('data.txt').read())\n")
    (tmp_path / "helper.py").write_text("import tensorweb as tw\n\ndef double(x):\n    return int(tw.tensor(x) * 2)\n")
    (tmp_path / "data.txt").write_text("from a file")
    return tmp_path / "script.py"


def tree(folder):
    """Return the files below a folder with their contents."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_written(script, tmp_path, capsys):
    out = tmp_path / "deep" / "out"
    assert main(["build", str(script), str(out), "--pyodide", URL]) == 0
    made = tree(out)
    assert {"index.html", "site.json", MANIFEST, "page/worker.js", "files/script.py", "files/helper.py", "files/data.txt"} <= set(made)
    assert json.loads(made["site.json"])["pyodide"] == URL and not any(path.startswith("pyodide/") for path in made)
    assert [path for path in made if path.endswith(".whl")]
    assert "yours among them: data.txt, helper.py, script.py\n" in capsys.readouterr().out
    assert sorted(made) == sorted([*json.loads(made[MANIFEST]), MANIFEST])
    assert os.listdir(tmp_path / "deep") == ["out"], "something is left beside it"
    assert main(["build", str(script), str(out), "--pyodide", URL]) == 0
    assert tree(out) == made, "building twice gives other bytes"


def test_other_peoples_folders_stay(script, tmp_path, capsys):
    for name, files in {"theirs": ["a.txt"], "mixed": ["a.txt", "index.html"]}.items():
        folder = tmp_path / name
        folder.mkdir()
        for file in files:
            (folder / file).write_text("mine")
        assert main(["build", str(script), str(folder), "--pyodide", URL]) == 1
        assert set(tree(folder).values()) == {b"mine"} and "Name another folder" in capsys.readouterr().err
    built = tmp_path / "built"
    assert main(["build", str(script), str(built), "--pyodide", URL]) == 0
    (built / "notes.txt").write_text("mine")
    assert main(["build", str(script), str(built), "--pyodide", URL]) == 1 and (built / "notes.txt").exists()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    assert main(["build", str(script), str(tmp_path / "link"), "--pyodide", URL]) == 1
    assert main(["build", str(script), str(script), "--pyodide", URL]) == 1 and "import helper" in script.read_text()


@pytest.mark.parametrize("there", [False, True])
def test_a_build_that_fails_leaves_what_was_there(tmp_path, monkeypatch, there):
    out = tmp_path / "out"
    if there:
        build({"": b"old"}, out)
    before = tree(tmp_path)

    def fails():
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        build({"": b"new", "later": fails}, out)
    assert tree(tmp_path) == before and len(os.listdir(tmp_path)) == there
    replace = os.replace
    monkeypatch.setattr(building.os, "replace", lambda a, b: replace(a, b) if "made" not in str(a) else fails())
    with pytest.raises(OSError, match="disk full"):
        build({"": b"new"}, out)
    assert tree(tmp_path) == before


def test_a_manifest_that_is_none(tmp_path):
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(ArgumentError, match="Name another folder"):
        build({"": b""}, tmp_path)


def test_wrong_commands(tmp_path, capsys):
    assert main(["build", str(tmp_path / "missing.py"), str(tmp_path / "out"), "--pyodide", URL]) == 1
    assert "missing.py" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert main(["serve", "--pyodide", str(tmp_path)]) == 1
    assert "pyodide.mjs" in capsys.readouterr().err


def test_the_command_line_from_a_shell():
    done = subprocess.run([sys.executable, "-m", "tensorweb", "--help"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0 and "serve" in done.stdout and "build" in done.stdout


def test_the_built_page_runs_on_a_plain_host(browser, script, tmp_path, plain_host):
    out = tmp_path / "host" / "some" / "folder"
    assert main(["build", str(script), str(out), "--pyodide", str(PYODIDE)]) == 0
    page = browser.open(plain_host(tmp_path / "host") + "/some/folder/")
    page.wait_for_text("#console", "Done after")
    assert "42 from a file" in page.text("#console")
    assert not page.evaluate("return crossOriginIsolated")
    page.close()
