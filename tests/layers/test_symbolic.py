"""Symbolic calls with unknown sizes give Keras's shapes and dtypes, or sharper ones, and allocate nothing."""

import json
from pathlib import Path

import pytest

import tensorweb as tw

ANSWERS = json.loads((Path(__file__).parents[1] / "data" / "keras_symbolic.json").read_text())
NAMES = {
    "ops": tw.ops, "layers": tw.layers, "I": lambda *shape: tw.Input(shape), "ints": lambda *shape: tw.Input(shape, dtype="int32"),
}  # fmt: skip


@pytest.mark.parametrize("text", ANSWERS)
def test_shape_and_dtype(text):
    made = eval(text, dict(NAMES))
    made = made[0] if isinstance(made, (list, tuple)) else made
    shape, dtype = ANSWERS[text]
    assert made.dtype == tw.dtypes.canonical(dtype)
    assert len(made.shape) == len(shape)
    assert all(theirs is None or ours == theirs for ours, theirs in zip(made.shape, shape)), (made.shape, shape)


@pytest.mark.parametrize(
    "text",
    [
        "I(None, 4) + I(5, 3)", "ops.matmul(I(None, 4), I(3, None))", "ops.reshape(I(6)[0], (4,))", "ops.reshape(I(None), (-1, -1))",
        "ops.concatenate([I(None, 4), I(5, 3)], 1)", "ops.split(I(None, 4), 3, axis=-1)", "ops.einsum('ab,bc->ac', I(4), ops.ones((5, 2)))",
    ],
)  # fmt: skip
def test_known_sizes_still_have_to_fit(text):
    with pytest.raises(ValueError):
        eval(text, dict(NAMES))


def test_sizes_that_only_stand_for_unknown_ones_are_not_remembered():
    # The sizes of the inference must not make real tensors of such sizes agree.
    assert (tw.Input((None, 4)) + tw.Input((5, 4))).shape == (None, 5, 4)
    with pytest.raises(ValueError):
        tw.zeros((127, 127, 4)) + tw.zeros((127, 5, 4))
    with pytest.raises(ValueError):
        tw.reshape(tw.zeros((127, 4)), (-1, 8))


class Made(tw.layers.Layer):
    """Makes tensors of the sizes of its input."""

    def call(self, inputs):
        shape = tw.ops.shape(inputs)
        drawn = tw.random.normal(shape) + tw.ops.zeros(shape) + tw.ops.ones_like(inputs)
        steps = tw.ops.arange(shape[1], dtype="float32")
        later = tw.ops.cast(steps[:, None] >= steps[None, :], "float32")
        return inputs + drawn + tw.ops.sum(later)


@pytest.mark.parametrize("shape", [(None, 4), (None, None), (None, None, None), (None, None, None, 3)])
def test_tensors_of_unknown_sizes_are_not_made(shape):
    # At a billion elements this would not end.
    inputs = tw.Input(shape)
    outputs = Made()(inputs)
    assert outputs.shape == (None, *shape)
    small = tuple(2 if d is None else d for d in (None, *shape))
    assert tw.Model(inputs, outputs)(tw.zeros(small)).shape == small


def test_a_built_layer_knows_the_sizes_of_its_weights():
    layer = tw.layers.Conv2D(3, 2)
    layer(tw.zeros((1, 4, 5, 2)))
    assert layer.compute_output_shape((None, None, None, None)) == (None, None, None, 3)
    assert layer(tw.Input((None, None, None))).shape == (None, None, None, 3)


def test_a_list_of_one_output_is_taken_apart():
    inputs = tw.Input((3, 1))
    for part in (tw.ops.unstack(inputs, axis=-1)[0], tw.ops.split(inputs, 1, axis=1)[0][:, :, 0]):
        model = tw.Model(inputs, part * 2.0)
        assert model(tw.ones((2, 3, 1))).tolist() == [[2.0] * 3] * 2
        assert model.predict(tw.ones((2, 3, 1)), verbose=0).shape == (2, 3)


def test_halves_and_quantiles_of_unknown_sizes():
    assert tw.activations.glu(tw.Input((None, 4)), axis=1).shape == (None, None, 4)
    assert tw.ops.median(tw.Input((None, None, 4)), axis=-1).shape == (None, None, None)
    assert tw.ops.quantile(tw.Input((None, 4)), [0.1, 0.5], axis=1).shape == (2, None, 4)
