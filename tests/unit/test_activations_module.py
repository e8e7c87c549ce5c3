"""tensorweb.activations: values, gradients, arguments and names as keras.activations (tests/data/keras_small_parts.json)."""

import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb import activations
from tensorweb.serialization import custom_object_scope, register_keras_serializable
from tensorweb.symbolic import KerasTensor

PARTS = json.loads((Path(__file__).parents[1] / "data" / "keras_small_parts.json").read_text())
DATA = PARTS["activations"]


def flat(nested):
    return [x for item in nested for x in flat(item)] if isinstance(nested, list) else [nested]


@pytest.mark.parametrize("case", DATA["values"], ids=lambda c: f"{c[0]}-{c[1]}")
def test_values_and_gradients_as_keras(backend, case):
    name, kwargs, x, values, gradient = case
    function = getattr(activations, name)
    kwargs = {k: tuple(v) if isinstance(v, list) else v for k, v in kwargs.items()}
    x = tw.tensor(x)
    # Keras's squareplus cancels digits far below 0.
    assert flat(function(x, **kwargs).tolist()) == pytest.approx(flat(values), rel=2e-5, abs=1e-5 if name == "squareplus" else 1e-6)
    off = x + 0.013  # away from kinks, where any slope between the two is a derivative
    with tw.GradientTape() as tape:
        tape.watch(off)
        y = function(off, **kwargs)
        loss = tw.sum(y * tw.reshape(tw.arange(1.0, y.size + 1.0), y.shape))
    assert flat(tape.gradient(loss, off).tolist()) == pytest.approx(flat(gradient), rel=1e-4, abs=1e-4)


def test_names_as_keras():
    for name, target in PARTS["names"]["activations"].items():
        assert getattr(activations, name).__name__ == target, name
        if name not in ("get", "serialize", "deserialize"):
            assert activations.get(name) is getattr(activations, name) is activations.deserialize(name)


@pytest.mark.parametrize("name", DATA["serialized"])
def test_serialized_as_keras(name):
    config = activations.serialize(getattr(activations, name))
    assert config == DATA["serialized"][name]
    assert activations.get(config) is getattr(activations, name)


def test_other_forms(backend):
    assert activations.get(None) is activations.linear
    x = object()
    assert activations.linear(x) is x
    assert activations.serialize(tw.relu) == "relu"
    config = {"class_name": "function", "config": "tanh", "module": "builtins", "registered_name": "tanh"}
    assert activations.get(config) is activations.tanh
    assert activations.relu([-1.0, 2.0]).tolist() == [0.0, 2.0]
    assert activations.relu([-1.0, 4.0], 0.5, 3.0).tolist() == [-0.5, 3.0]
    assert activations.relu(tw.tensor([-3, 4])).tolist() == [0, 4]
    assert activations.softmax(tw.ones((0, 3))).shape == (0, 3)


def test_sparsemax_is_the_nearest_point_of_the_simplex(backend):
    made = activations.sparsemax([[0.1, 0.9, -3.0], [5.0, 1.0, 0.0]]).tolist()
    assert flat(made) == pytest.approx([0.1, 0.9, 0.0, 1.0, 0.0, 0.0], abs=1e-6)
    x = tw.random.normal((5, 4), seed=1)
    y = activations.sparsemax(x, axis=0)
    assert flat(tw.sum(y, axis=0).tolist()) == pytest.approx([1.0] * 4, abs=1e-5)
    gaps = tw.where(y > 0, x - y, tw.max(x - y, axis=0, keepdims=True))  # one threshold in each column
    assert flat(tw.max(gaps, axis=0).tolist()) == pytest.approx(flat(tw.min(gaps, axis=0).tolist()), abs=1e-5)


@pytest.mark.parametrize("name", DATA["serialized"])
def test_symbolic_tensors(name):
    kwargs = {"threshold": {"threshold": 0.5, "default_value": 0.0}}.get(name, {})
    made = getattr(activations, name)(KerasTensor((None, 4)), **kwargs)
    assert made.shape == (None, 2 if name == "glu" else 4) and made.dtype == "float32"


def test_symbolic_relu_with_arguments():
    made = activations.relu(KerasTensor((None, 4)), negative_slope=0.1, max_value=3.0, threshold=0.5)
    assert made.shape == (None, 4)


def test_custom_functions():
    def twice(x):
        return x * 2

    with custom_object_scope({"twice": twice}):
        assert activations.get("twice") is twice
    assert activations.get(twice) is twice
    assert activations.deserialize("twice", custom_objects={"twice": twice}) is twice

    @register_keras_serializable(package="small_parts")
    def thrice(x):
        return x * 3

    config = activations.serialize(thrice)
    assert config["config"] == "small_parts>thrice" and activations.get(config) is thrice


def test_hard_sigmoid_of_keras_2():
    x = tw.tensor([-3.0, -1.0, 0.0, 1.0, 3.0])
    assert activations._keras2_hard_sigmoid(x).tolist() == pytest.approx([0.0, 0.3, 0.5, 0.7, 1.0])
    assert activations.get(activations.serialize(activations._keras2_hard_sigmoid)) is activations._keras2_hard_sigmoid
    assert activations.hard_sigmoid(x).tolist() == pytest.approx([0.0, 1 / 3, 0.5, 2 / 3, 1.0])


def test_wrong_use():
    with pytest.raises(ValueError, match=r"activations.get: expected the name of an activation function, got 'rleu'. Did you mean relu"):
        activations.get("rleu")
    with pytest.raises(ValueError, match=r"activations.get"):
        activations.get(3)
    with pytest.raises(ValueError, match=r"even"):
        activations.glu(tw.ones((3,)))
