"""Regularizers: penalties and configs as Keras's (tests/data/keras_small_parts.json), gradients, names, wrong use."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import regularizers

PARTS = json.loads((Path(__file__).parents[1] / "data" / "keras_small_parts.json").read_text())
DATA = PARTS["regularizers"]


@pytest.mark.parametrize("case", DATA["values"], ids=lambda c: f"{c[0]}-{c[1]}-{c[2]}")
def test_penalties_as_keras(backend, case):
    name, config, x, value = case
    made = getattr(regularizers, name)(**config)(tw.tensor(x))
    assert made.shape == () and made.dtype == "float32"
    assert made.item() == pytest.approx(value, rel=2e-6, nan_ok=True)


@pytest.mark.parametrize("case", DATA["configs"], ids=lambda c: f"{c[0]}-{c[1]}")
def test_configs_as_keras(case):
    name, config, own, serialized = case
    made = getattr(regularizers, name)(**config)
    assert made.get_config() == own and regularizers.serialize(made) == serialized
    assert regularizers.deserialize(serialized).get_config() == own
    assert regularizers.get(serialized).get_config() == own


def test_names_as_keras():
    for name, target in PARTS["names"]["regularizers"].items():
        assert getattr(regularizers, name).__name__ == target, name
    for name in ("l1", "L1", "l2", "l1l2", "l1_l2", "L1L2", "orthogonal_regularizer", "OrthogonalRegularizer"):
        assert isinstance(regularizers.get(name), regularizers.Regularizer), name
    assert regularizers.get(None) is None and isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    assert regularizers.get("l1").l1 == pytest.approx(0.01)


def test_operands_and_gradients(backend):
    v = tw.Variable([[1.0, -2.0], [0.5, 3.0]])
    assert regularizers.L2(0.5)(v).item() == pytest.approx(0.5 * 14.25)
    assert regularizers.L1(1.0)([[1.0, -2.0]]).item() == 3.0
    assert regularizers.L1L2()(v).item() == 0.0
    with tw.GradientTape() as tape:
        penalty = regularizers.L1L2(l1=1.0, l2=0.5)(v)
    assert tape.gradient(penalty, v).tolist() == [[2.0, -3.0], [1.5, 4.0]]
    with tw.GradientTape() as tape:
        penalty = regularizers.OrthogonalRegularizer(1.0)(tw.multiply(v, 1.0))
    # cos of the angle between (1, -2) and (0.5, 3) is -5.5 / sqrt(5 * 9.25); its change with a vector is across that vector.
    g = tape.gradient(penalty, v).tolist()
    assert penalty.item() == pytest.approx(5.5 / (5 * 9.25) ** 0.5, rel=1e-5)
    assert g[0][0] * 1.0 + g[0][1] * -2.0 == pytest.approx(0.0, abs=1e-6) and abs(g[0][0]) > 0.1


def test_a_custom_regularizer():
    class Quarter(regularizers.Regularizer):
        def __call__(self, x):
            return tw.sum(x) / 4

        def get_config(self):
            return {}

    assert regularizers.Regularizer()(tw.ones((2,))) == 0.0
    with pytest.raises(NotImplementedError, match="Regularizer must define get_config"):
        regularizers.Regularizer().get_config()
    config = regularizers.serialize(Quarter())
    assert regularizers.deserialize(config, custom_objects={"Quarter": Quarter})(tw.ones((4,))).item() == 1.0
    penalty = lambda x: tw.sum(x)  # noqa: E731
    assert regularizers.get(penalty) is penalty


@pytest.mark.parametrize("value", ["0.1", float("nan"), float("inf"), -float("inf"), -1, -0.001, None, [0.1]])
def test_factors(value):
    with pytest.raises(ValueError, match="test: expected a non-negative float, got"):
        regularizers.validate_float_arg(value, "test")
    if value is not None:
        with pytest.raises(ValueError, match="l2: expected a non-negative float"):
            regularizers.L2(value)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: regularizers.get("typo"), "regularizers.get: expected the name of a regularizer, got 'typo'"),
        (lambda: regularizers.get(3.0), "regularizers.get"),
        (lambda: regularizers.OrthogonalRegularizer(mode="x"), "Invalid value for argument `mode`: expected \"rows\" or"),
        (lambda: regularizers.OrthogonalRegularizer()(tw.ones((2, 2, 2))), "Inputs to OrthogonalRegularizer must have rank 2"),
    ],
)
def test_wrong_use(call, text):
    with pytest.raises(ValueError, match=text):
        call()
