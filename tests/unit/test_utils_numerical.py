"""to_categorical, normalize and pad_sequences as keras.utils (tests/data/keras_small_parts.json); their results are tensors."""

import builtins
import json
from pathlib import Path

import pytest

import tensorweb as tw
from tensorweb.utils.numerical import normalize, to_categorical
from tensorweb.utils.sequences import pad_sequences

DATA = json.loads((Path(__file__).parents[1] / "data" / "keras_small_parts.json").read_text())["utils"]


def flat(nested):
    return [x for item in nested for x in flat(item)] if isinstance(nested, list) else [nested]


@pytest.mark.parametrize("case", DATA["to_categorical"], ids=str)
def test_to_categorical(backend, case):
    labels, classes, values = case
    made = to_categorical(labels, classes)
    assert made.tolist() == values and made.dtype == "float32"


def test_to_categorical_of_tensors(backend):
    # keras.ops.one_hot's meaning: no class, no one.
    assert to_categorical(tw.tensor([[1], [-1], [3]]), 3).tolist() == [[0.0, 1.0, 0.0], [0.0] * 3, [0.0] * 3]
    assert to_categorical(tw.tensor([2, 0])).tolist() == [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    assert to_categorical([], 3).shape == (0, 3)
    assert to_categorical([0, 1, 1], 2).argmax(axis=-1).tolist() == [0, 1, 1]


@pytest.mark.parametrize("case", DATA["wrong_categories"], ids=str)
def test_wrong_categories(case):
    labels, classes, error = case
    with pytest.raises(getattr(builtins, error), match="to_categorical: expected"):
        to_categorical(labels, classes)


def test_categories_are_numbers():
    with pytest.raises(TypeError, match="to_categorical: expected class numbers, got dtype string"):
        to_categorical(["a", "b"])


@pytest.mark.parametrize("case", DATA["normalize"], ids=str)
def test_normalize(backend, case):
    x, kwargs, values = case
    assert flat(normalize(x, **kwargs).tolist()) == pytest.approx(flat(values), rel=1e-6)


def test_normalize_along_the_first_axis(backend):
    made = normalize(tw.tensor([[3.0, 0.0], [4.0, 0.0]]), axis=0)
    assert flat(made.tolist()) == pytest.approx([0.6, 0.0, 0.8, 0.0])


@pytest.mark.parametrize("case", DATA["pad_sequences"], ids=str)
def test_pad_sequences(backend, case):
    sequences, kwargs, shape, values = case
    made = pad_sequences(sequences, **kwargs)
    assert made.tolist() == values and made.shape == tuple(shape)
    assert made.dtype == {"object": "string"}.get(kwargs.get("dtype"), kwargs.get("dtype", "int32"))


def test_pad_sequences_of_tensors_and_tuples(backend):
    assert pad_sequences((tw.tensor([1, 2]), (3,))).tolist() == [[1, 2], [0, 3]]
    assert pad_sequences([["a"], []], dtype=object, value="").tolist() == [["a"], [""]]
    assert pad_sequences([[1, 2]], maxlen=0).shape == (1, 0)


@pytest.mark.parametrize("case", DATA["wrong_sequences"], ids=str)
def test_wrong_sequences(case):
    sequences, kwargs, error = case
    with pytest.raises(getattr(builtins, error), match="pad_sequences: expected"):
        pad_sequences(sequences, **kwargs)
