"""The automatic choice: what runs beside a GPU that nobody asked for, and what a set backend forces."""

import asyncio

import numpy as np
import pytest

import tensorweb as tw
from tensorweb import engine
from tensorweb.backends import registry
from tensorweb.errors import BackendError
from tensorweb.flags import flags


@pytest.fixture
def automatic(monkeypatch):
    """Let WebGL be chosen automatically, as in a page; give that backend and the one beside it."""
    for name in ("webgl", "wasm"):
        try:
            registry.find_backend(name)
        except (ImportError, BackendError) as error:
            pytest.skip(f"backend {name}: {error}")
    monkeypatch.setattr(registry._registered["webgl"], "priority", 9)
    registry.forget_choice()
    asyncio.run(tw.ready())
    yield registry.current(), registry.beside()
    registry.forget_choice()


def backend_of(tensor):
    return tensor._container.backend.name


def test_the_gpu_is_chosen_with_webassembly_beside_it(automatic):
    assert [b.name for b in automatic] == ["webgl", "wasm"]
    registry.forget_choice()
    assert tw.get_backend() == "webgl" and registry.beside().name == "wasm"


def test_small_values_stay_beside_the_gpu(automatic):
    small = tw.tensor([1.0, 2.0]) * 3.0 + tw.tensor(1.0)
    assert backend_of(small) == "wasm" and small.tolist() == [4, 7]
    large = tw.tensor(np.ones(129, "f4"))
    assert backend_of(large) == "webgl"
    mixed = tw.sum(large) + small[0]
    assert backend_of(mixed) == "webgl" and float(mixed) == 133
    assert backend_of(mixed * 2.0) == "webgl"


def test_a_set_backend_takes_everything(automatic):
    tw.set_backend("webgl")
    assert backend_of(tw.tensor([1.0]) * 2.0) == "webgl" and registry.beside() is None


def test_the_size_is_a_flag(automatic):
    flags.set("CPU_HANDOFF_SIZE", 1)
    try:
        assert backend_of(tw.tensor([1.0, 2.0])) == "webgl" and backend_of(tw.tensor(1.0) + 1.0) == "wasm"
    finally:
        flags.set("CPU_HANDOFF_SIZE", 128)


def ran_on(model, x):
    """Return the backend that a call computes on."""
    return backend_of(model(x))


def dense(units):
    model = tw.Sequential([tw.Input((4,)), tw.layers.Dense(units, activation="relu"), tw.layers.Dense(1)])
    model.compile("sgd", "mean_squared_error")
    return model


def test_small_models_run_beside_the_gpu_and_large_ones_on_it(automatic):
    x = np.ones((40, 4), "f4")
    small, large = dense(8), dense(1 << 18)
    assert ran_on(small, x) == "wasm" and ran_on(large, x) == "webgl"
    assert ran_on(small, tw.tensor(x)) == "webgl"  # it is there already
    large.fit(x, x[:, :1], epochs=1, batch_size=40, verbose=0)
    assert backend_of(large.trainable_variables[0]._value) == "webgl"
    assert tw.get_backend() == "webgl" and registry.beside().name == "wasm"


def test_training_a_small_model_never_touches_the_gpu(automatic):
    gpu, _ = automatic
    before = gpu.here.copy()
    model, rng = dense(8), np.random.default_rng(0)
    x = rng.normal(size=(256, 4)).astype("f4")
    y = x.sum(1, keepdims=True)
    first = model.evaluate(x, y, verbose=0)
    asyncio.run(model.fit_async(x, y, epochs=5, verbose=0))
    assert model.evaluate(x, y, verbose=0) < first / 2
    assert model.train_on_batch(x, y) < first
    assert model.predict(x, verbose=0).shape == (256, 1) and model.predict_on_batch(x).shape == (256, 1)
    assert gpu.here == before


def test_other_tasks_keep_the_gpu_while_a_small_model_waits(automatic):
    inside, outside = set(), set()

    class Look(tw.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            inside.add(tw.get_backend())

    async def both():
        x = np.ones((64, 4), "f4")
        training = asyncio.create_task(dense(8).fit_async(x, x[:, :1], epochs=3, verbose=0, callbacks=[Look()]))
        while not training.done():
            outside.add(tw.get_backend())
            await asyncio.sleep(0)

    asyncio.run(both())
    assert inside == {"wasm"} and outside == {"webgl"} and tw.get_backend() == "webgl"


def test_a_failure_gives_the_backend_back(automatic):
    model = dense(8)
    with pytest.raises(tw.errors.TensorWebError):
        model.fit(np.ones((4, 3), "f4"), np.ones((4, 1), "f4"), verbose=0)
    with pytest.raises(tw.errors.TensorWebError):
        model(np.ones((4, 3), "f4"))
    assert tw.get_backend() == "webgl" and registry.beside().name == "wasm"


def test_the_size_of_models_is_a_flag(automatic):
    flags.set("WASM_MODEL_BYTES", 100)
    try:
        assert ran_on(dense(8), np.ones((40, 4), "f4")) == "webgl"
    finally:
        flags.set("WASM_MODEL_BYTES", 3 << 20)


def test_gradients_flow_across(automatic):
    model = dense(8)
    x = tw.tensor(np.ones((40, 4), "f4"))
    with tw.GradientTape() as tape:
        loss = tw.mean(tw.square(model(x)))
    gradients = tape.gradient(loss, model.trainable_variables)
    assert all(np.isfinite(g.numpy()).all() for g in gradients)
    assert engine.state.get().tapes == ()
