"""Optimizers and schedules follow Keras step by step (tests/data/optimizers.json, written by tests/oracle/generate/optimizers.py).

What users may do with optimizers besides is in test_optimizers_use.py.
"""

import inspect
import json
import math
import warnings
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import naming

DATA = json.loads((Path(__file__).parents[1] / "data" / "optimizers.json").read_text())
RUNS = DATA["optimizers"]


def name_of(run):
    options = {k: v if not isinstance(v, dict) else v["class_name"] for k, v in run["config"].items()}
    return f"{run['name']}-{options}-{','.join(run.get('special', {}))}"


def numbers(nested):
    """Return a flat list of floats (infinities and NaN are stored as strings)."""
    return [x for item in nested for x in numbers(item)] if isinstance(nested, list) else [float(nested)]


def close(found, expected, rel=1e-5, scale=1e-6):
    found, expected = numbers(found), numbers(expected)
    assert len(found) == len(expected)
    assert [math.isnan(x) for x in found] == [math.isnan(x) for x in expected]
    assert found == pytest.approx(expected, rel=rel, abs=scale, nan_ok=True)


def variables_of(run):
    paths = DATA["paths"]
    made = [tw.Variable(v, dtype="float32", name=p.rpartition("/")[2]) for p, v in zip(paths, DATA["start"], strict=True)]
    for v, path in zip(made, paths, strict=True):
        v.path = path
        if run["special"].get("constraint"):
            v.constraint = lambda w: w * tw.cast(w >= 0, w.dtype)
    return made


def gradients_of(run):
    for i, step in enumerate(DATA["gradients"]):
        made = [tw.tensor(g, dtype="float32") for g in step]
        if run["special"].get("infinite") and i == 3:
            made = [tw.reshape(tw.tensor([math.inf, *g.data_sync()[1:]], dtype="float32"), g.shape) for g in made]
        yield made


def start_of(run):
    naming.clear_session()
    optimizer = tw.optimizers.deserialize({"module": "keras.optimizers", "class_name": run["name"], "config": run["config"]})
    if "exclude" in run["special"]:
        optimizer.exclude_from_weight_decay(var_names=run["special"]["exclude"])
    return optimizer, variables_of(run)


def tolerance(run):
    # Newton-Schulz iterations enlarge roundings, and Keras's Muon ran in float32.
    return {"rel": 2e-4, "scale": 5e-5} if run["name"] == "Muon" else {}


@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_steps_as_keras(backend, run):
    optimizer, variables = start_of(run)
    for gradients, expected in zip(gradients_of(run), run["trajectory"], strict=True):
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        close([v.tolist() for v in variables], expected, **tolerance(run))
    assert int(optimizer.iterations) == run["iterations"]
    assert [[v.path, list(v.shape)] for v in optimizer.variables] == [s[:2] for s in run["state"]]
    close([v.tolist() for v in optimizer.variables], [s[2] for s in run["state"]], **tolerance(run))
    optimizer.finalize_variable_values(variables)
    close([v.tolist() for v in variables], run["final"], **tolerance(run))


@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_configs_as_keras(run):
    optimizer, variables = start_of(run)
    assert tw.optimizers.serialize(optimizer) == run["serialized"]
    again = tw.optimizers.deserialize(run["serialized"])
    assert type(again) is type(optimizer) and tw.optimizers.serialize(again) == run["serialized"]


@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_a_saved_run_goes_on_the_same(run):
    """Save after four steps, load into a new optimizer, and take the rest: also by stateless_apply, which changes nothing."""
    optimizer, variables = start_of(run)
    steps = list(gradients_of(run))
    for gradients in steps[:4]:
        optimizer.apply(gradients, variables)
    store = {}
    optimizer.save_own_variables(store)
    assert list(store) == [str(i) for i in range(len(run["state"]))]
    other, copies = start_of(run)
    other.build(copies)
    other.load_own_variables(store)
    for v, copy in zip(variables, copies, strict=True):
        copy.assign(v)
    model, state = [v.value for v in copies], [v.value for v in other.variables]
    before = [v.tolist() for v in (*copies, *other.variables)]
    for gradients in steps[4:]:
        model, state = other.stateless_apply(state, gradients, model)
    assert numbers([v.tolist() for v in (*copies, *other.variables)]) == pytest.approx(numbers(before), nan_ok=True)
    for gradients in steps[4:]:
        optimizer.apply(gradients)
        other.apply(gradients)
    kept = [v.tolist() for v in (*variables, *optimizer.variables)]
    for found in ([*copies, *other.variables], [*model, *state]):
        assert numbers([v.tolist() for v in found]) == pytest.approx(numbers(kept), rel=1e-6, nan_ok=True)


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("run", RUNS, ids=name_of)
def test_memory_is_flat_and_no_plan_is_missed(run):
    optimizer, variables = start_of(run)
    steps = list(gradients_of({"special": {}}))
    for i in range(8):
        optimizer.apply(steps[i % 8], variables)
    cache = tw.engine.plans(tw.engine.registry.current())
    before, misses = tw.memory(), cache.misses
    for i in range(200 if run["name"] not in ("Muon", "Adafactor") else 32):
        optimizer.apply(steps[i % 8])
    after = tw.memory()
    assert cache.misses == misses
    assert (after.num_tensors, after.num_bytes) == (before.num_tensors, before.num_bytes)


@pytest.mark.parametrize("run", DATA["schedules"], ids=name_of)
def test_schedules_as_keras(run):
    schedule = getattr(tw.optimizers.schedules, run["name"])(**run["config"])
    # Keras computes them in float32.
    assert [float(schedule(s)) for s in DATA["steps"]] == pytest.approx(run["rates"], rel=1e-5, abs=1e-7)
    assert schedule(tw.tensor(DATA["steps"])).tolist() == pytest.approx(run["rates"], rel=1e-5, abs=1e-7)
    assert tw.optimizers.schedules.serialize(schedule) == run["serialized"]
    again = tw.optimizers.schedules.deserialize(run["serialized"])
    assert type(again) is type(schedule) and float(again(3)) == float(schedule(3))


HOLES = {"optimizers": {"legacy"}, "optimizers.schedules": set()}  # Keras's legacy classes only raise


@pytest.mark.parametrize("house", DATA["names"])
def test_the_names_are_keras_s(house):
    ours = tw.optimizers if house == "optimizers" else tw.optimizers.schedules
    assert set(DATA["names"][house]) - set(ours.__all__) == HOLES[house]
    assert set(ours.__all__) - set(DATA["names"][house]) <= {"schedules"}


def test_the_members_of_optimizers_are_keras_s():
    assert not [m for m in DATA["members"] if not hasattr(tw.optimizers.Optimizer(0.1), m)]


@pytest.mark.parametrize("name", DATA["signatures"])
def test_signatures_are_keras_s(name):
    house, _, cls = name.rpartition(".")
    ours = getattr(tw.optimizers if house == "optimizers" else tw.optimizers.schedules, cls)
    parameters = list(inspect.signature(ours.__init__).parameters.values())[1:]
    found = [[p.name, None if p.default is inspect.Parameter.empty else repr(p.default)] for p in parameters]
    if ours is tw.optimizers.Optimizer:  # Keras hands these on as *args
        found = [["args", None], ["kwargs", None]]
    assert found == DATA["signatures"][name]


def test_the_cases_cover_every_optimizer():
    classes = {n for n in tw.optimizers.__all__ if n[0].isupper()} - {"Optimizer", "OptimizerMap"}
    assert {r["name"] for r in RUNS} == classes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(isinstance(tw.optimizers.get(n), tw.optimizers.Optimizer) for n in classes - {"LossScaleOptimizer", "MultiOptimizer"})
