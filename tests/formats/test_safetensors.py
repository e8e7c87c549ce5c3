"""safetensors: files of the format's own library read, the same bytes written, and every kind of damage refused."""

import json
import random
import struct

import pytest

import tensorweb as tw
from tensorweb.errors import ArgumentError, FormatError, TensorWebError

from .stored import SAFETENSORS

DTYPES = {"f64": "float32", "f32": "float32", "f16": "float32", "bf16": "float32", "i64": "int32", "i32": "int32", "i16": "int32",
          "u16": "int32", "i8": "int8", "u8": "uint8", "bool": "bool", "empty": "float32"}  # fmt: skip


def test_reading(backend):
    found = tw.io.load_safetensors(SAFETENSORS["data"])
    assert {k: t.dtype for k, t in found.items()} == DTYPES
    for name, values in SAFETENSORS["values"].items():
        assert list(found[name].shape) == SAFETENSORS["shapes"][name]
        expected = [float(v) for v in values]
        assert [float(v) for v in found[name].data_sync()] == pytest.approx(expected, rel=1e-7, nan_ok=True)
    assert tw.io.safetensors_metadata(SAFETENSORS["data"]) == {"made": "by hand"}


def test_writing_gives_the_same_bytes(backend, tmp_path):
    found = tw.io.load_safetensors(SAFETENSORS["ours"])
    found["f16"] = tw.cast(found["f16"], "float16")
    path = tmp_path / "x.safetensors"
    data = tw.io.save_safetensors(found, path)
    assert data == SAFETENSORS["ours"] == path.read_bytes()
    assert tw.io.load_safetensors(path)["i32"].item() == -7
    assert tw.io.safetensors_metadata(tw.io.save_safetensors({}, metadata={"a": "b"})) == {"a": "b"}
    assert tw.io.load_safetensors(tw.io.save_safetensors({})) == {} and tw.io.safetensors_metadata(data) == {}


def test_what_cannot_be_written(tmp_path):
    path = tmp_path / "x.safetensors"
    tw.io.save_safetensors({"a": tw.tensor(1)}, path)
    before = path.read_bytes()
    for wrong in ({"s": tw.tensor("x")}, {"c": tw.tensor(1j)}, {3: tw.tensor(1)}, {"__metadata__": tw.tensor(1)}):
        with pytest.raises(ArgumentError):
            tw.io.save_safetensors(wrong, path)
    assert path.read_bytes() == before


def built(header, body=bytes(8)):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


X = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 7, bytes(8), struct.pack("<Q", 2**63) + b"{}", struct.pack("<Q", 3) + b"{}", built(b"[]"), built(b" {}", b""),
        built(b'{"x": 1}'), built({"x": {**X, "dtype": "F8"}}), built({"x": {**X, "shape": [3]}}), built({"x": {**X, "shape": [-2]}}),
        built({"x": {**X, "shape": [2**40]}}), built({"x": {**X, "shape": [2**62, 4]}}), built({"x": {**X, "data_offsets": [0, 9]}}),
        built({"x": {**X, "data_offsets": [4, 12]}}), built({"x": {**X, "data_offsets": [8, 0]}}), built({"x": X}, bytes(7)),
        built({"x": {**X, "data_offsets": [0.0, 8.0]}}), built({"x": {**X, "data_offsets": [-8, 0]}}), built({"x": X}, bytes(9)),
        built({"x": X, "y": X}), built(b'{"x":' + json.dumps(X).encode() + b',"x":' + json.dumps(X).encode() + b"}"),
        built(b'{"a":' * 50_000), built({"x": {**X, "dtype": "I64", "shape": [1]}}, struct.pack("<q", 2**31)),
        built({"x": {**X, "dtype": "U32"}}, struct.pack("<II", 0, 2**31)), built({"x": None}), built({"x": X}, b""),
    ],
)  # fmt: skip
def test_damaged(data):
    with pytest.raises(FormatError):
        tw.io.load_safetensors(data)


def test_metadata_that_is_none():
    for wrong in (3, {"a": 1}):
        with pytest.raises(FormatError):
            tw.io.safetensors_metadata(built({"__metadata__": wrong}, b""))


def test_random_damage_gives_our_errors_only():
    data, rng, errors = SAFETENSORS["data"], random.Random(3), 0
    for n in range(len(data)):
        with pytest.raises(FormatError):
            tw.io.load_safetensors(data[:n])
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(rng.choice([1, 3])):
            changed[rng.randrange(len(data))] = rng.randrange(256)
        try:
            tw.io.load_safetensors(bytes(changed))
        except TensorWebError:
            errors += 1
    assert errors > 500
