"""Training in the page: the digits to 95 %, losses as NumPy's on the GPU, and 10,000 steps that leave memory as it was."""

import json
import re
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tests.browser import training
from tests.browser.conftest import ROOT, in_browser, start_browser

SOURCE = Path(training.__file__).read_text() + "\nimport json\nprint(json.dumps(losses({steps})))\n"
TOLERANCE = 1e-3  # relative, for the first 50 losses; later ones drift apart as rounding adds up


@pytest.fixture(scope="module", params=in_browser("chromium"))
def browser(request):
    """Chromium: it has all backends, and one browser's steps take long enough."""
    return start_browser(request.param)


@pytest.fixture(scope="module")
def playground(serve):
    """A playground with the example's files beside it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return serve(more=("examples/__init__.py", "examples/mnist/*.py"))


@pytest.fixture(scope="module")
def expected():
    """The first 50 losses on CPython with NumPy."""
    tw.set_backend("numpy")
    found = training.losses(50)
    registry.forget_choice()
    return found


@pytest.mark.parametrize(
    "backend, steps", [("wasm", 5), *(pytest.param(b, 200, marks=pytest.mark.slow) for b in ("webgpu", "webgl", "wasm"))]
)
def test_losses_are_numpys(page, expected, backend, steps):
    result = page.run(SOURCE.format(steps=steps), backend=backend, timeout=900)
    assert result["ok"] and result["backend"] == backend, result["error"]
    found = json.loads(result["stdout"])
    print(f"{backend}: {steps} steps in {result['seconds']:.1f} s")
    assert len(found) == steps
    for step, (got, wanted) in enumerate(zip(found[:50], expected)):
        assert abs(got - wanted) <= TOLERANCE * abs(wanted), (step, got, wanted)
    if steps == 200:
        assert sum(found[-20:]) / 20 < 0.5 < sum(expected[:5]) / 5


@pytest.mark.slow
def test_the_digits_to_95_percent(browser, serve):
    page = browser.open(f"{serve(ROOT / 'examples' / 'mnist' / '__main__.py').url}?tensorwebflags=BACKEND:wasm")
    page.wait_for_text("#console", " after ", timeout=600)
    printed = page.text("#console")
    page.close()
    assert "on wasm." in printed and "the loaded model predicts the same" in printed, printed
    assert float(re.search(r"held-out digits: ([\d.]+)%", printed)[1]) >= 95


FLAT = """
import gc, json
import pyodide_js
import tensorweb as tw
from pyodide.code import run_js
from tensorweb.backends import registry

x, y = tw.random.normal((16, 8), seed=1), tw.random.normal((16, 1), seed=2)
weights = [tw.Variable(tw.random.normal(s, seed=3) * 0.3) for s in ((8, 16), (16,), (16, 1), (1,))]
optimizer = tw.optimizers.Adam(0.01)

def step():
    with tw.GradientTape() as tape:
        hidden = tw.tanh(tw.add(tw.matmul(x, weights[0]), weights[1]))
        loss = tw.mean(tw.square(tw.add(tw.matmul(hidden, weights[2]), weights[3]) - y))
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss

def used():
    '''What is in use: tensors and their bytes, memory and kernels of the backend, bytes of Python's memory.'''
    gc.collect()
    counted, backend = tw.memory(), registry.current()
    if backend.name == "wasm":
        held = [backend.heap.reserved, backend.machine.compiled]
    else:
        held = [backend.pool.allocated, backend.pool.words, len(backend.kernels)]
    return [counted.num_tensors, counted.num_bytes, *held, len(pyodide_js._module.HEAPU8)]

first = step().item()
for _ in range(300):
    last = step()
last.item()
before = used()
for i in range(STEPS):
    last = step()
    if i % 100 == 99:
        last.item()
print(json.dumps([first, last.item(), before, used()]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["wasm", "webgpu", "webgl"])
def test_ten_thousand_steps_without_tidy_leave_memory_as_it_was(page, backend):
    heaps = []
    for steps in (300, 10_000):
        # One thread: Chromium cannot ask for the heap of a worker that sleeps until there is work.
        result = page.run(FLAT.replace("STEPS", str(steps)), backend=backend, flags="NUM_THREADS:1", timeout=600)
        assert result["ok"] and result["backend"] == backend, result["error"]
        first, last, before, after = json.loads(result["stdout"])
        assert last < first / 2
        assert before == after
        heaps.append(sum(page.call("heaps")))
    print(f"{backend}: {result['seconds']:.1f} s, JavaScript's heaps {heaps}")
    assert heaps[1] - heaps[0] < 10_000 * 50, "more than 50 bytes of JavaScript's a step stay"
