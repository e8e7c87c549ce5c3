"""Constraints: projections and configs as Keras's (tests/data/keras_small_parts.json), names, wrong use."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import constraints

PARTS = json.loads((Path(__file__).parents[1] / "data" / "keras_small_parts.json").read_text())
DATA = PARTS["constraints"]


def flat(nested):
    return [x for item in nested for x in flat(item)] if isinstance(nested, list) else [nested]


@pytest.mark.parametrize("case", DATA["values"], ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def test_projections_as_keras(backend, case):
    name, config, x, values = case
    made = getattr(constraints, name)(**config)(tw.tensor(x))
    assert flat(made.tolist()) == pytest.approx(flat(values), rel=1e-6, abs=1e-12, nan_ok=True)
    assert made.shape == tw.tensor(x).shape


@pytest.mark.parametrize("case", DATA["configs"], ids=lambda c: f"{c[0]}-{c[1]}")
def test_configs_as_keras(case):
    name, config, own, serialized = case
    made = getattr(constraints, name)(**config)
    assert made.get_config() == own and constraints.serialize(made) == serialized
    assert type(constraints.deserialize(serialized)) is type(made) and constraints.get(serialized).get_config() == own


def test_names_as_keras():
    for name, target in PARTS["names"]["constraints"].items():
        assert getattr(constraints, name).__name__ == target, name
    for name in ("max_norm", "MaxNorm", "non_neg", "NonNeg", "unit_norm", "UnitNorm", "min_max_norm", "MinMaxNorm", "constraint"):
        assert isinstance(constraints.get(name), constraints.Constraint), name
    assert constraints.get(None) is None and isinstance(constraints.get(constraints.UnitNorm), constraints.UnitNorm)


def test_operands(backend):
    v = tw.Variable([[3.0, -4.0]])
    assert constraints.NonNeg()(v).tolist() == [[3.0, 0.0]] and constraints.Constraint()(v) is v
    assert constraints.UnitNorm(axis=1)([[3.0, -4.0]]).tolist()[0] == pytest.approx([0.6, -0.8])
    assert constraints.NonNeg()(tw.ones((0, 2))).shape == (0, 2)


def test_a_custom_constraint():
    class Halved(constraints.Constraint):
        def __call__(self, w):
            return w * 0.5

    config = constraints.serialize(Halved())
    assert constraints.deserialize(config, custom_objects={"Halved": Halved})(tw.ones((2,))).tolist() == [0.5, 0.5]
    project = lambda w: w  # noqa: E731
    assert constraints.get(project) is project


def test_wrong_use():
    with pytest.raises(ValueError, match=r"constraints.get: expected the name of a constraint, got 'max_nrom'. Did you mean max_norm"):
        constraints.get("max_nrom")
    with pytest.raises(ValueError, match=r"constraints.get"):
        constraints.get(3)
    with pytest.raises(ValueError, match=r"axis"):
        constraints.UnitNorm(axis=2)(tw.ones((2, 2)))
