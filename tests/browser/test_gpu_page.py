"""What the backends of GPUs do in a page: kernels compile at once and in the background, and `await` is enough to train."""

import pytest

from tests.browser.places import open_place, parameter, shared_place

READY = """
import asyncio, time
import tensorweb as tw
from tensorweb.backends import registry

backend = registry.current()
x = tw.ones((4, 4))
for op in (tw.sin, tw.cos, tw.tan, tw.exp, tw.log1p, tw.tanh, tw.sinh, tw.erf, tw.softmax, tw.cumsum, tw.sort):
    y = op(tw.abs(op(x)))
compiling = len(backend.kernels)
player = backend.device._player
waiting = player.compiling.size if tw.get_backend() == "webgpu" else player.unchecked.size
assert compiling >= waiting > 5, (compiling, waiting)  # nobody has waited for them, one by one
await tw.ready()
assert (player.compiling.size if tw.get_backend() == "webgpu" else player.unchecked.size) == 0
assert backend is registry.current() and (await y.data()).tolist()
"""
TRAIN = """
import tensorweb as tw
from pyodide.ffi import can_run_sync

assert not can_run_sync()
x = tw.random.normal((64, 4), seed=1)
y = tw.sum(x, -1, keepdims=True)
model = tw.Sequential([tw.layers.Dense(8, activation="tanh"), tw.layers.Dense(1)])
model.compile(optimizer=tw.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
history = await model.fit_async(x, y, epochs=8, batch_size=16, verbose=0)
losses = history.history["loss"]
assert losses[-1] < losses[0] and len(history.history["mae"]) == 8, losses
kept = [w.value for w in model.trainable_variables]  # a step must not change what somebody holds
before = [(await v.data()).tolist() for v in kept]
await model.fit_async(x, y, epochs=1, batch_size=32, verbose=0)
assert [(await v.data()).tolist() for v in kept] == before
assert [(await w.value.data()).tolist() for w in model.trainable_variables] != before
with tw.GradientTape() as tape:
    loss = tw.mean((model(x) - y) ** 2)
gradients = tape.gradient(loss, model.trainable_variables)
assert len(gradients) == 4 and (await loss.data())[0] < losses[0]
print("trained")
"""


@pytest.mark.parametrize(
    ("place", "backend"),
    [parameter("chromium worker", "webgpu"), parameter("chromium worker", "webgl"), parameter("firefox worker", "webgpu")],
)
def test_kernels_compile_at_once(place, backend, serve):
    result = shared_place(place, serve).run(READY, backend=backend)
    assert result["ok"], result["error"]


@pytest.mark.parametrize("place", [parameter("chromium main")])
def test_training_with_await_only(place, serve):
    """On the main thread of a browser without JSPI, where nothing may block."""
    page = open_place(place, serve, "delete WebAssembly.Suspending; delete WebAssembly.promising;")
    for backend in ("webgpu", "webgl", "wasm"):
        result = page.run(TRAIN, backend=backend)
        assert result["ok"] and result["stdout"] == "trained\n", result["error"]
    page.close()
