"""Quantisation against the converter's formulas in NumPy (float64), and the patterns that choose weights."""

import math
import warnings

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError
from tensorweb.io.quantization import match_dtypes


def converter(data, dtype):
    """The affine quantisation of TensorFlow.js's converter: (numbers before rounding, scale, min), 0 on a step if the values span it."""
    low, high, levels = float(data.min()), float(data.max()), np.iinfo(dtype).max
    if low == high:
        return np.zeros(data.shape), 1.0, low
    scale = (high - low) / levels
    least = -np.round(-low / scale) * scale if low <= 0 <= high else low
    inside = np.clip(data.astype("float64"), least, least + levels * scale)
    return (inside - least) / scale, scale, least


RNG = np.random.default_rng(5)
CASES = {
    "normal": RNG.normal(size=(40, 25)).astype("float32"),
    "positive": RNG.uniform(3, 4, 500).astype("float32"),
    "negative": RNG.uniform(-1e-3, -1e-4, 500).astype("float32"),
    "far from zero": (1e6 + RNG.uniform(0, 1, 300)).astype("float32"),
    "huge": np.array([-3e38, 0, 1, 3e38], "float32"),
    "tiny": np.array([-1e-44, 0, 3e-44], "float32"),
    "constant": np.full((3, 4), 2.5, "float32"),
    "zero": np.zeros(5, "float32"),
    "one": np.array([-7.25], "float32"),
    "relu": np.maximum(RNG.normal(size=999), 0).astype("float32"),
    "integers": RNG.integers(-1000, 1000, 333).astype("int32"),
    "wide integers": np.array([-(2**31), 0, 5, 2**31 - 1], "int32"),
}


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("name", CASES)
def test_affine(backend, name, dtype):
    data = CASES[name]
    encoded, (spec,) = tw.io.encode_weights({"w": data}, quantization=dtype)
    numbers, scale, least = converter(data, dtype)
    about = spec["quantization"]
    assert (about["dtype"], about["original_dtype"], spec["dtype"]) == (dtype, data.dtype.name, data.dtype.name)
    assert about["scale"] == pytest.approx(scale, rel=1e-15) and about["min"] == pytest.approx(least, rel=1e-15)
    ours = np.frombuffer(encoded, dtype).reshape(data.shape)
    # A value half way between two steps may go to either: float32 against float64.
    assert np.abs(ours - numbers).max() <= 0.51
    back = np.asarray(tw.io.decode_weights(encoded, [spec])["w"])
    rounding = 0.5 if spec["dtype"] == "int32" else np.abs(data.astype("float64")).max() * 1e-7
    assert np.abs(back.astype("float64") - data).max() <= scale * 0.501 + rounding
    if data.min() <= 0 <= data.max():
        assert (back[data == 0] == 0).all()


def test_float16_keeps_what_it_can(backend):
    data = np.array([0.0, -0.0, 1e-8, 6e-8, 0.1, 65504, np.nan, np.inf, -np.inf], "float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoded, specs = tw.io.encode_weights({"w": data}, quantization={"float16": "w"})
    assert np.frombuffer(encoded, "float16").tobytes()[:12] == data.astype("float16").tobytes()[:12]
    back = np.asarray(tw.io.decode_weights(encoded, specs)["w"])
    np.testing.assert_array_equal(back, data.astype("float16").astype("float32"))
    assert specs[0]["quantization"] == {"dtype": "float16", "original_dtype": "float32"}


def test_float16_warns_of_overflow(backend):
    with pytest.warns(RuntimeWarning, match="infinite"):
        encoded, specs = tw.io.encode_weights({"w": tw.tensor([1e5, -1e5, 1.0])}, quantization="float16")
    assert tw.io.decode_weights(encoded, specs)["w"].tolist() == [math.inf, -math.inf, 1.0]


def test_many_halves():
    data = RNG.normal(size=200_000).astype("float32")
    encoded, specs = tw.io.encode_weights({"w": data}, quantization="float16")
    assert encoded == data.astype("float16").tobytes()
    assert np.asarray(tw.io.decode_weights(encoded, specs)["w"]).tobytes() == data.astype("float16").astype("float32").tobytes()


@pytest.mark.parametrize("values, dtype", [([1.0, math.nan], "uint8"), ([math.inf, 0.0], "uint16"), ([True], "uint8"), ([1, 2], "float16")])
def test_what_cannot_be_quantised(backend, values, dtype):
    with pytest.raises(ArgumentError):
        tw.io.encode_weights({"w": tw.tensor(values)}, quantization=dtype)


def test_empty(backend):
    for dtype in ("uint8", "uint16", "float16"):
        encoded, specs = tw.io.encode_weights({"w": tw.zeros((0, 3))}, quantization=dtype)
        assert encoded == b"" and tw.io.decode_weights(encoded, specs)["w"].shape == (0, 3)


def test_patterns():
    names = ["conv/kernel", "conv/bias", "dense/kernel", "dense/bias"]
    assert match_dtypes(names, None) == {}
    assert match_dtypes(names, "uint16") == dict.fromkeys(names, "uint16")
    assert match_dtypes(names, {"uint8": "conv/*", "float16": ["dense/k*"]}) == {
        "conv/kernel": "uint8", "conv/bias": "uint8", "dense/kernel": "float16",
    }  # fmt: skip
    assert match_dtypes(names, {"uint8": "*/bias", "float16": True})["dense/kernel"] == "float16"
    assert match_dtypes(names, {"uint8": False}) == {}
    assert match_dtypes(names, {"uint8": ["conv/*", "*/kernel"]}) == dict.fromkeys([names[0], names[1], names[2]], "uint8")
    for wrong in ({"uint8": "conv/*", "uint16": "*/kernel"}, {"uint8": True, "float16": True}, {"int4": "*"}):
        with pytest.raises(ArgumentError):
            match_dtypes(names, wrong)


def test_only_matched_weights_are_quantised():
    tensors = {"a/kernel": tw.tensor([0.0, 1.0]), "a/bias": tw.tensor([3.0]), "mask": tw.tensor([True])}
    data, specs = tw.io.encode_weights(tensors, quantization={"uint8": "*/kernel"})
    assert ["quantization" in s for s in specs] == [True, False, False] and len(data) == 2 + 4 + 1
