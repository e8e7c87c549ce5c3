"""Optimizers and schedules follow Keras step by step (tests/data/optimizers.json, written by tests/oracle/generate/optimizers.py)."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

DATA = json.loads((Path(__file__).parents[1] / "data" / "optimizers.json").read_text())


def flat(nested):
    return [x for item in nested for x in flat(item)] if isinstance(nested, list) else [nested]


@pytest.mark.parametrize("run", DATA["optimizers"], ids=lambda r: f"{r['name']}-{r['config']}")
def test_steps_as_keras(backend, run):
    optimizer = getattr(tw.optimizers, run["name"])(**run["config"])
    variables = [tw.Variable(v) for v in DATA["start"]]
    for step in DATA["gradients"]:
        optimizer.apply_gradients([(tw.tensor(g), v) for g, v in zip(step, variables)])
    # Keras takes 1 - beta**step in float32, which loses digits in the first steps; here it is a Python number.
    assert flat([v.tolist() for v in variables]) == pytest.approx(flat(run["end"]), rel=1e-5, abs=2e-6)
    assert optimizer.iterations == 6


@pytest.mark.parametrize("run", DATA["schedules"], ids=lambda r: f"{r['name']}-{r['config']}")
def test_schedules_as_keras(run):
    schedule = getattr(tw.optimizers.schedules, run["name"])(**run["config"])
    # Keras computes them in float32.
    assert [schedule(s) for s in DATA["steps"]] == pytest.approx(run["rates"], rel=1e-5, abs=1e-7)
    assert type(schedule).from_config(schedule.get_config())(3) == schedule(3)


def test_one_kernel_for_each_update():
    v = tw.Variable(tw.ones((3,)))
    optimizer = tw.optimizers.Adam()
    g = tw.ones((3,))
    optimizer.apply([g], [v])
    info = tw.profile(lambda: optimizer.apply([g], [v]))
    assert [k.name for k in info.kernels] == ["_adam"] and info.new_bytes == 0


def test_a_schedule_drives_the_rate():
    optimizer = tw.optimizers.SGD(tw.optimizers.schedules.PiecewiseConstantDecay([0], [1.0, 0.1]))
    v = tw.Variable(0.0)
    optimizer.apply([tw.tensor(1.0)], [v])
    assert optimizer.learning_rate == pytest.approx(0.1) and float(v) == -1.0
    optimizer.learning_rate = 2.0
    optimizer.apply([tw.tensor(1.0)], [v])
    assert float(v) == -3.0


def test_minimize_and_var_list():
    x, y = tw.Variable(3.0), tw.Variable(4.0)
    optimizer = tw.optimizers.SGD(0.1)
    assert float(optimizer.minimize(lambda: x * x + y * y, [x])) == 25.0
    assert float(x) == pytest.approx(2.4) and float(y) == 4.0


def test_wrong_use_changes_nothing():
    x, y = tw.Variable([1.0, 2.0]), tw.Variable([3.0])
    optimizer = tw.optimizers.Adam()
    with pytest.raises(ValueError, match=r"adam: expected a gradient of shape \(1,\), got \(2,\)"):
        optimizer.apply([tw.ones((2,)), tw.ones((2,))], [x, y])
    assert x.tolist() == [1.0, 2.0] and optimizer.iterations == 0
    with pytest.raises(ValueError, match="adam: expected a gradient for some variable, got none"):
        optimizer.apply([None], [x])
    with pytest.raises(ValueError, match="minimize: expected a function that returns a scalar tensor"):
        optimizer.minimize(lambda: x * 2)
    with pytest.raises(ValueError, match="at most one kind of clipping"):
        tw.optimizers.SGD(clipnorm=1.0, clipvalue=1.0)
