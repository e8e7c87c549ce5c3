"""What the page chooses by itself, and what flags in its address change: memory of WebGL, 16-bit floats, debug mode. In Chromium."""

import pytest

from tests.browser.places import shared_place

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture
def tab(serve):
    return shared_place("chromium worker", serve)


CHOICE = """
import tensorweb as tw
from tensorweb.backends import registry

def where(t):
    return t._container.backend.name

print(tw.get_backend(), registry.beside().name)
print(where(tw.tensor([1.0, 2.0]) * 2.0), where(tw.ones((40, 40)) * 2.0))
model = tw.Sequential([tw.Input((4,)), tw.layers.Dense(8), tw.layers.Dense(1)])
model.compile("sgd", "mean_squared_error")
x = [[float(i % 7), 1.0, 0.0, -1.0] for i in range(64)]
history = model.fit(x, [[a + b] for a, b, c, d in x], epochs=3, verbose=0)
print(history.history["loss"][-1] < history.history["loss"][0], {where(v.value) for v in model.weights})
print(where(model(tw.ones((200, 4)))))
"""


def test_the_gpu_is_chosen_and_small_things_stay_beside_it(tab):
    result = tab.run(CHOICE)
    assert result["ok"], result["error"]
    assert result["stdout"].splitlines() == ["webgpu wasm", "wasm webgpu", "True {'wasm'}", "webgpu"]


def test_a_browser_that_never_answers_is_not_waited_for(tab):
    program = """
from pyodide.code import run_js
from tensorweb.backends.devices.browser_webgpu import PageWebGPUDevice
from tensorweb.errors import BackendError

run_js("navigator.gpu.requestAdapter = () => new Promise(() => {})")
try:
    await PageWebGPUDevice.create()
except BackendError as error:
    print(error)
run_js("delete navigator.gpu.requestAdapter")
"""
    result = tab.run(program)
    assert result["ok"], result["error"]
    assert result["stdout"] == "webgpu: expected a GPU, got no answer when asked for a GPU. Use another backend.\n"


def test_flags_move_the_limits(tab):
    result = tab.run(CHOICE, flags="WASM_MODEL_BYTES:0,CPU_HANDOFF_SIZE:0")
    assert result["ok"], result["error"]
    assert result["stdout"].splitlines() == ["webgpu wasm", "webgpu webgpu", "True {'webgpu'}", "webgpu"]


def test_more_tensors_than_webgl_may_hold_stay_right(tab):
    program = """
import tensorweb as tw
from tensorweb.backends import registry

pool = registry.current().pool
tensors = [tw.full((512, 512), float(i)) + tw.cast(tw.arange(512), "float32") for i in range(32)]  # 1 MB each
doubled = [t * 2.0 for t in tensors]
total = tensors[0]
for t in tensors[1:]:
    total = total + t
for i, (t, d) in enumerate(zip(tensors, doubled)):
    row = (await t[7].data()).tolist()
    assert row == [float(i + j) for j in range(512)], (i, row[:3])
    assert d[511, 511].item() == 2.0 * (i + 511)
assert total[0, 1].item() == sum(range(32)) + 32
print(pool.paged_out, pool.paged_in, pool.words * 4)
"""
    result = tab.run(program, backend="webgl", flags="WEBGL_MEMORY_MB:8")
    assert result["ok"], result["error"]
    out, back, held = map(int, result["stdout"].split())
    assert out >= 56 and back >= 56 and held <= 9 << 20


def test_the_memory_of_webgl_is_estimated_from_the_screen(tab):
    program = """
import tensorweb as tw
from js import tensorweb as page
from tensorweb.backends import registry, webgl

print(webgl.create().pool.limit == int(page.screen.width * page.screen.height * page.screen.ratio * 600))
"""
    assert tab.run(program)["stdout"] == "True\n"


def test_logarithms_stay_finite_in_16_bits(tab):
    program = """
import math
import tensorweb as tw
from tensorweb.backends import webgl

tw.register_backend("halves", webgl.create)
tw.set_backend("halves")
print(tw.epsilon(), all(map(math.isfinite, tw.log(tw.zeros((3,)) + tw.epsilon()).tolist())))
"""
    result = tab.run(program, flags="WEBGL_FORCE_F16:true")
    assert result["stdout"] == "0.0001 True\n", result["error"]


@pytest.mark.parametrize("backend", ["webgpu", "webgl", "wasm"])
def test_debug_mode_traps_nan_at_the_users_line(tab, backend):
    program = "import tensorweb as tw\nx = tw.tensor([1.0, -1.0])\ny = x * 3.0\nz = tw.log(y)\nprint('not here')\n"
    result = tab.run(program, backend=backend, flags="DEBUG:true")
    assert not result["ok"] and result["line"] == 4 and "log" in result["error"] and "NaN" in result["error"]
    rows = [line.split() for line in result["stderr"].splitlines()]
    assert any(row[0] == "multiply" and row[-1] == "B" for row in rows) and "not here" not in result["stdout"]
    assert tab.run(program, backend=backend)["stdout"] == "not here\n"
