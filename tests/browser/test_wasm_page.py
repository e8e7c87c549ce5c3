"""The backend `wasm` in the page: with threads and without, in a worker and on the main thread; what it computes, and what may go wrong."""

import ast
from pathlib import Path

import pytest

from tests.browser import replay
from tests.browser.places import open_place, parameter
from tests.oracle.replay import subjects

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
    run(place[1], f"{SOURCE}\nawait {program}()")


def test_it_is_chosen_before_python(place):
    _, page = place
    names = run(page, "import tensorweb as tw\nprint(*tw.registered_backends())").split()
    assert names.index("wasm") < names.index("python") and "native" not in names


@pytest.mark.slow
@pytest.mark.xdist_group("chromium")
@pytest.mark.parametrize("everything", [False, True])
def test_cases_divided(serve, everything):
    """Cases with each call that can be divided handed out to threads: the telling ones, or all."""
    page = open_place("chromium worker", serve)
    patched = "from tensorweb.backends import registry\nhand_out_everything(registry.current().machine)"
    run(page, f"{SOURCE}\n{patched}")
    told = replay.replay(page, subjects(), "wasm", few="" if everything else "telling", timeout=900)
    page.close()
    assert told["backend"] == "wasm" and told["here"]
    assert sum(s["cases"] for s in told["subjects"].values()) >= (8000 if everything else 680)
    assert not replay.wrong(told), replay.wrong(told)
