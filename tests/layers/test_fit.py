"""compile, fit and evaluate give what real Keras gives, and what a user expects beside that."""

import asyncio
import gc
import json
from pathlib import Path

import numpy as np
import pytest

import tensorweb as tw

from . import fit_programs

KERAS = json.loads((Path(__file__).parents[1] / "data" / "keras_fits.json").read_text())


def assert_alike(got, want, where):
    """Compare nested results: names exactly, numbers to 1e-4 relative."""
    if isinstance(want, dict):
        assert set(got) == set(want), f"{where}: {sorted(got)}, Keras {sorted(want)}"
        for k in want:
            assert_alike(got[k], want[k], f"{where}.{k}")
    elif isinstance(want, list):
        assert len(got) == len(want), where
        for i, (a, b) in enumerate(zip(got, want)):
            assert_alike(a, b, f"{where}[{i}]")
    elif isinstance(want, float):
        assert float(got) == pytest.approx(want, rel=1e-4, abs=1e-5), where
    else:
        assert got == want, where


@pytest.mark.parametrize("name", fit_programs.PROGRAMS)
def test_programs_as_keras(name):
    got = json.loads(json.dumps(fit_programs.PROGRAMS[name](tw), default=float))
    assert_alike(got, KERAS[name], name)


def small():
    model = tw.Sequential([tw.Input((4,)), tw.layers.Dense(3, activation="relu"), tw.layers.Dropout(0.3), tw.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def test_the_same_seed_gives_the_same_run_on_every_backend():
    x, y = fit_programs.data(20)
    runs = []
    for backend in ("numpy", "numpy", "python"):
        tw.set_backend(backend)
        tw.utils.set_random_seed(7)
        runs.append(small().fit(x, y, epochs=2, batch_size=8, verbose=0).history["loss"])
    tw.set_backend("numpy")
    assert runs[0] == runs[1]
    assert runs[0] == pytest.approx(runs[2], rel=1e-5)


def test_the_async_twins_do_the_same_and_let_others_run():
    x, y = fit_programs.data(32)
    tw.utils.set_random_seed(3)
    want = small().fit(x, y, epochs=2, verbose=0, batch_size=8).history
    turns = []

    async def ticker():
        while True:
            turns.append(1)
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(ticker())
        tw.utils.set_random_seed(3)
        model = small()
        got = (await model.fit_async(x, y, epochs=2, verbose=0, batch_size=8)).history
        value = await model.evaluate_async(x, y, verbose=0)
        prediction = await model.predict_async(x, verbose=0)
        task.cancel()
        return got, value, prediction, model

    got, value, prediction, model = asyncio.run(main())
    assert got == want
    assert value == model.evaluate(x, y, verbose=0)
    assert prediction.tolist() == model.predict(x, verbose=0).tolist()
    assert len(turns) >= 8, "the event loop ran between batches"


def test_memory_after_fit_evaluate_predict():
    x, y = fit_programs.data(64)
    tx, ty = tw.tensor(x), tw.tensor(y)
    model = small()
    gc.collect()  # models of other tests
    start = tw.memory()
    history = model.fit(tx, ty, epochs=1, verbose=0)
    slots = sum(v.size * 4 for v in model.optimizer.variables)
    after = tw.memory()
    for _ in range(3):
        model.fit(tx, ty, epochs=2, verbose=0)
        model.evaluate(tx, ty, verbose=0)
        model.predict(tx, verbose=0)
    end = tw.memory()
    assert end.num_tensors == after.num_tensors
    assert end.num_bytes == after.num_bytes
    assert after.num_bytes - start.num_bytes <= slots + 64, "weights were there, slots and the running loss came"
    result = model.predict(tx, verbose=0)
    assert tw.memory().num_bytes - end.num_bytes == result.size * 4
    assert history.history


WRONG = [
    (lambda m, x, y: m.fit(x, y[:3]), "fit: expected x, y and weights of one length"),
    (lambda m, x, y: m.fit(x), "loss: expected a target"),
    (lambda m, x, y: m.fit(), "fit: expected data"),
    (lambda m, x, y: m.fit(x, y, validation_split=1.5), "fit: expected a validation_split between 0 and 1"),
    (lambda m, x, y: m.fit(x, y, batch_size=-2), "fit: expected a batch size"),
    (lambda m, x, y: m.fit(x[:, :3], y), "(sequential|dense).*: expected (shape|an input of size 4)"),
    (lambda m, x, y: m.compile("adamm"), "optimizers.get: expected.*adamm"),
    (lambda m, x, y: m.compile("adam", "no_such_loss"), "losses.get: expected.*no_such_loss"),
    (lambda m, x, y: m.compile("adam", "mse", metrics=["no_such_metric"]), "metrics.get: expected.*no_such_metric"),
    (lambda m, x, y: m.predict(x[:0]), "predict: expected"),
    (lambda m, x, y: tw.Sequential([tw.layers.Dense(1)]).fit(x, y), "fit: expected a compiled model"),
    (lambda m, x, y: m.get_layer("nobody"), "get_layer: expected one of"),
]


@pytest.mark.parametrize("call,text", WRONG, ids=range(len(WRONG)))
def test_wrong_calls_change_nothing(call, text):
    x, y = fit_programs.data(16)
    model = small()
    before = [w.tolist() for w in model.get_weights()]
    with pytest.raises(ValueError, match=text):
        call(model, x, y)
    assert before == [w.tolist() for w in model.get_weights()]


def test_predict_takes_the_methods_of_arrays():
    x, _ = fit_programs.data(5)
    p = small().predict(x, verbose=0)
    assert p.shape == (5, 1) and p.ndim == 2 and len(p) == 5
    assert p.flatten().shape == (5,) and p.argmax(axis=0).shape == (1,) and p.reshape(-1).shape == (5,)
    assert isinstance(p.tolist(), list) and np.asarray(p).shape == (5, 1) and p.astype("int32").dtype == "int32"
    assert np.allclose(p.mean().item(), np.asarray(p).mean())
