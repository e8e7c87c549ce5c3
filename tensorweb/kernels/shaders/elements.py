"""How elements of each dtype are read from storage and given as results, and what an index means along axes. No pattern is known here."""

from __future__ import annotations

from collections.abc import Sequence

from ...dtypes import kind
from ..values.code import Lanes, Value
from ..values.half import float_to_half, half_to_float
from .builder import Shader


def word_dtype(type: str) -> str:
    """Return the dtype as which words of storage, "f" or "i", are read and given where they are only moved."""
    return {"f": "float32", "i": "int32"}[type]


def load_words(b: Shader, array: int, at: Value) -> Value:
    """Return neighbouring words of storage, whatever they mean; with 4 lanes the index is a multiple of 4."""
    return b.load_vector(array, at) if b.lanes == 4 else b.splat(b.load(array, at))


def load(b: Shader, array: int, dtype: str, at: Value) -> Lanes:
    """Return the element at an index in each lane."""
    if dtype == "complex64":
        return b.splat(b.load(array, at * 2)), b.splat(b.load(array, at * 2 + 1))
    found = b.splat(b.load(array, at))
    return found != 0 if dtype == "bool" else found


def load_lanes(b: Shader, array: int, dtype: str, at: Value) -> Lanes:
    """Return the elements from an index on, one in each lane; with 4 lanes the index is a multiple of 4."""
    if b.lanes == 1:
        return load(b, array, dtype, at)
    found = b.load_vector(array, at)
    return found != 0 if dtype == "bool" else found


def give(b: Shader, output: int, dtype: str, lanes: Lanes) -> None:
    """Give this thread's elements of an output."""
    if isinstance(lanes, tuple):
        b.result(output, *lanes)
    else:
        b.result(output, as_stored(b, dtype, lanes))


def as_stored(b: Shader, dtype: str, value: Value) -> Value:
    """Return real elements as storage holds them."""
    if dtype == "float16":
        return half_to_float(b, float_to_half(b, value))
    return b.convert(value, "vi") if kind(dtype) == "b" else value


def digits(b: Shader, index: Value, dims: Sequence[Value]) -> list[Value]:
    """Return the indices along axes of a flat index; `dims` lack the first axis's size."""
    found = []
    for dim in reversed(dims):
        above = b.op("div_s", index, dim)
        found.append(index - above * dim)
        index = above
    return [index, *reversed(found)]


def offset(b: Shader, indices: Sequence[Value], steps: Sequence[Value]) -> Value:
    """Return the sum of indices times steps."""
    total = b.index(0)
    for n, (i, step) in enumerate(zip(indices, steps, strict=True)):
        total = i * step if n == 0 else total + i * step
    return total
