"""Every layer of TensorFlow.js 4.22 is here, and takes each of its options, in snake_case; differences are named with their reasons."""

import inspect
import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.naming import to_snake_case

STORED = json.loads((Path(__file__).parents[1] / "data" / "tfjs_layers.json").read_text())
# What the base class takes for all layers.
BASE = {"input_shape", "batch_input_shape", "batch_size", "dtype", "name", "trainable", "weights", "input_dtype"}
LEGACY = {"input_dim": 3, "input_length": 4, "implementation": 2}
NOT_TAKEN = {
    "dropout_func": "a hook for TensorFlow.js's own tests",
    "kernel_initializer": "TensorFlow.js takes it over from its base class and does not use it: depthwise_initializer does its work",
    "kernel_constraint": "as kernel_initializer",
    "kernel_regularizer": "as kernel_initializer",
}
UNUSED_KERNEL = {"DepthwiseConv2D", "SeparableConv2D"}


def class_of(factory):
    return STORED["layers"][factory]["class"] or factory[0].upper() + factory[1:]


def parameters(item):
    """Return the names of the constructor's arguments, up the classes."""
    if not inspect.isclass(item):
        return set(inspect.signature(item).parameters)
    return {p for c in item.__mro__ if "__init__" in c.__dict__ and c is not object for p in inspect.signature(c.__init__).parameters}


@pytest.mark.parametrize("factory", STORED["layers"])
def test_each_option_is_taken(factory):
    item = getattr(tw.layers, class_of(factory))
    known = parameters(item) | BASE | LEGACY.keys()
    for option in (to_snake_case(a.replace("DType", "Dtype")) for a in STORED["layers"][factory]["args"]):
        if option in NOT_TAKEN and (option == "dropout_func" or class_of(factory) in UNUSED_KERNEL):
            continue
        if (class_of(factory), option) == ("LeakyReLU", "alpha"):
            assert tw.layers.LeakyReLU(alpha=0.25).negative_slope == 0.25
            continue
        assert option in known, f"{class_of(factory)} does not take {option}"


def test_older_options_are_taken():
    for make in (lambda **k: tw.layers.Dense(2, **k), lambda **k: tw.layers.LSTM(2, **k), lambda **k: tw.layers.Embedding(5, 2, **k)):
        assert make(input_length=LEGACY["input_length"]) is not None
    assert tw.layers.LSTM(2, implementation=2).units == 2
    assert tw.Sequential([tw.layers.Dense(2, input_dim=3)]).input_shape == (None, 3)


@pytest.mark.parametrize("name", STORED["also_in_package"])
def test_classes_beside_the_factories(name):
    assert inspect.isclass(getattr(tw.layers, name))


def test_random_width():
    layer = tw.layers.RandomWidth((-0.5, 0.5), seed=1)
    images = tw.reshape(tw.arange(24, dtype="float32"), (1, 3, 8, 1))
    widths = {layer(images).shape[2] for _ in range(30)}
    assert len(widths) > 3 and min(widths) >= 4 and max(widths) <= 12
    # Half the width of 8 begins at each second pixel, as TensorFlow.js resizes.
    half = tw.layers.RandomWidth((-0.5, -0.5), interpolation="nearest")
    assert half(images)[0, 0, :, 0].tolist() == [0.0, 2.0, 4.0, 6.0]
    assert half(tw.Input((3, 8, 1))).shape == (None, 3, None, 1) and layer.compute_output_shape((None, 3, 8, 1)) == (None, 3, None, 1)
    for wrong in ({"factor": -0.1}, {"factor": (-2, 0)}, {"factor": (0.3, 0.1)}, {"factor": 0.1, "interpolation": "area"}):
        with pytest.raises(ValueError, match="RandomWidth"):
            tw.layers.RandomWidth(**wrong)


def test_cells_as_steps_of_their_layers():
    x = tw.random.normal((2, 1, 4, 4, 3), seed=2)
    layer = tw.layers.ConvLSTM2D(2, 3, padding="same")
    want = layer(x)
    assert isinstance(layer.cell, tw.layers.ConvLSTMCell)
    cell = tw.layers.ConvLSTM2DCell(filters=2, kernel_size=3, padding="same")
    cell.build((2, 4, 4, 3))
    cell.set_weights(layer.get_weights())
    zeros = tw.zeros((2, 4, 4, 2))
    assert cell(x[:, 0], [zeros, zeros])[0].tolist() == want.tolist()
    assert issubclass(tw.layers.LSTMCell, tw.layers.RNNCell) and isinstance(cell, tw.layers.RNNCell)


def test_input_layer():
    layer = tw.layers.InputLayer((3,), name="x")
    assert layer.output.shape == (None, 3) and tw.layers.InputLayer.from_config(layer.get_config()).batch_shape == (None, 3)
