"""The backend `wasm` in the page: with threads and without, in a worker and on the main thread; what it computes, and what may go wrong."""

import ast
import re
from pathlib import Path

import pytest

from tests.browser import replay
from tests.browser.conftest import start_browser
from tests.browser.places import open_place, parameter
from tests.oracle.replay import subjects

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("wasm_programs.py").read_text()
PROGRAMS = [n.name for n in ast.parse(SOURCE).body if isinstance(n, ast.AsyncFunctionDef) and not n.name.startswith("machine")]

# Where Python runs: the browser, a worker or the main thread, and whether the page is isolated, so that memory can be shared.
PLACES = {
    "chromium worker": False,
    "chromium worker alone": False,
    "chromium main": False,
    "firefox worker": False,
    "firefox worker alone": True,
    "firefox main": True,
    "firefox main alone": True,
    "chromium main alone": True,
}


@pytest.fixture(scope="module", params=[parameter(place, slow=slow) for place, slow in PLACES.items()])
def place(request, serve):
    """Where Python runs in a page, and the page."""
    page = open_place(request.param, serve)
    yield request.param, page
    page.close()


def run(page, source, timeout=180):
    """Run a program, which must not fail, and return what it printed."""
    result = page.run(source, backend="wasm", timeout=timeout)
    assert result["ok"], result["error"]
    return result["stdout"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_program(place, program):
    where, page = place
    if program.startswith("ten_thousand") and where != "chromium worker":
        pytest.skip("this takes long, and is the same everywhere")
    run(page, f"{SOURCE}\nawait {program}()")


def test_it_is_chosen_before_python(place):
    _, page = place
    names = run(page, "import tensorweb as tw\nprint(*tw.registered_backends())").split()
    assert names.index("wasm") < names.index("python") and "native" not in names


@pytest.mark.xdist_group("chromium")
@pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_cases_divided(serve, everything):
    """Cases with each call that can be divided handed out to threads: the telling ones, or all."""
    page = open_place("chromium worker", serve)
    patched = "from tensorweb.backends import registry\nhand_out_everything(registry.current().machine)"
    run(page, f"{SOURCE}\n{patched}")
    told = replay.replay(page, subjects(), "wasm", few="" if everything else "edges", timeout=900)
    page.close()
    assert told["backend"] == "wasm" and told["here"]
    assert sum(s["cases"] for s in told["subjects"].values()) >= (8000 if everything else 1000)
    assert not replay.wrong(told), replay.wrong(told)


DIGITS = """
import os, runpy, sys
for path, text in {files!r}.items():
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
sys.path.insert(0, os.getcwd())
runpy.run_module("examples.mnist", run_name="__main__")
"""


@pytest.mark.xdist_group("chromium")
def test_digits(serve):
    """The example that learns handwritten digits."""
    files = [ROOT / "examples" / "__init__.py", *(ROOT / "examples" / "mnist").glob("*.py")]
    page = start_browser("chromium").open(serve().url)
    printed = run(page, DIGITS.format(files={str(f.relative_to(ROOT)): f.read_text() for f in files}), timeout=400)
    page.close()
    assert "on the backend wasm" in printed and "the loaded model predicts the same" in printed
    assert float(re.search(r"held-out digits: ([\d.]+)%", printed)[1]) >= 95
