"""How the elements of each dtype are read into lanes and written from them. Lanes of complex64 are a pair of vectors, of bool a mask."""

from __future__ import annotations

from contextlib import nullcontext

from ...dtypes import TABLE
from ..values.code import Lanes, Value
from ..values.half import float_to_half, half_to_float
from .builder import Builder

KINDS = {"float32": "f32", "int32": "i32", "int8": "i8", "uint8": "u8", "bool": "u8", "float16": "u16"}


def itemsize(dtype: str) -> int:
    """Return the bytes of an element in memory."""
    return TABLE[dtype].itemsize


def load_lanes(b: Builder, dtype: str, address: Value, count: Value | None = None) -> Lanes:
    """Return the elements that follow one another from an address, or only the first `count`."""
    if dtype == "complex64":
        return _load_pairs(b, address, count)
    found = b.load_vector(KINDS[dtype], address, 0, count)
    return _widened(b, dtype, found)


def load_splat(b: Builder, dtype: str, address: Value) -> Lanes:
    """Return one element in every lane."""
    if dtype == "complex64":
        return b.splat(b.load("f32", address)), b.splat(b.load("f32", address, 4))
    return _widened(b, dtype, b.splat(b.load(KINDS[dtype], address)))


def load_strided(b: Builder, dtype: str, address: Value, step: Value, count: Value | None = None) -> Lanes:
    """Return the elements that lie `step` bytes apart; with `count` the lanes beyond read the last of them again."""
    if dtype == "complex64":
        return _strided(b, "f32", address, step, count), _strided(b, "f32", address + 4, step, count)
    return _widened(b, dtype, _strided(b, KINDS[dtype], address, step, count))


def _strided(b: Builder, kind: str, address: Value, step: Value, count: Value | None) -> Value:
    made = b.splat(b.load(kind, address))
    at = address
    for i in range(1, b.lanes):
        at = at + step if count is None else b.select(b.index(i) < count, at + step, at)
        made = b.with_lane(made, i, b.load(kind, at))
    return made


def _widened(b: Builder, dtype: str, found: Value) -> Lanes:
    if dtype == "bool":
        return found != 0
    return half_to_float(b, found) if dtype == "float16" else found


def store_lanes(b: Builder, dtype: str, address: Value, lanes: Lanes, count: Value | None = None) -> None:
    """Write lanes (or the first `count`) to elements that follow one another."""
    if isinstance(lanes, tuple):
        _store_pairs(b, address, lanes, count)
    else:
        b.store_vector(KINDS[dtype], address, _narrowed(b, dtype, lanes), 0, count)


def _narrowed(b: Builder, dtype: str, lanes: Value) -> Value:
    if dtype == "bool":
        return b.convert(lanes, "vi")
    return float_to_half(b, lanes) if dtype == "float16" else lanes


def store_first(b: Builder, dtype: str, address: Value, lanes: Lanes) -> None:
    """Write the first lane to one element."""
    if isinstance(lanes, tuple):
        for part, offset in zip(lanes, (0, 4)):
            b.store("f32", address, b.lane(part, 0), offset)
    else:
        b.store(KINDS[dtype], address, b.lane(_narrowed(b, dtype, lanes), 0))


def store_strided(b: Builder, dtype: str, address: Value, lanes: Lanes, step: Value, count: Value | None = None) -> None:
    """Write lanes (or the first `count`) to elements that lie `step` bytes apart."""
    parts = (
        [(x, "f32", 4 * i) for i, x in enumerate(lanes)] if isinstance(lanes, tuple) else [(_narrowed(b, dtype, lanes), KINDS[dtype], 0)]
    )
    for i in range(b.lanes):
        with b.when(b.index(i) < count) if count is not None else nullcontext():
            for part, kind, offset in parts:
                b.store(kind, address, b.lane(part, i), offset)
        address = address + step


def _load_pairs(b: Builder, address: Value, count: Value | None) -> tuple[Value, Value]:
    width = 4 * b.lanes
    if count is None:
        return b.deinterleave(b.load_vector("f32", address), b.load_vector("f32", address, width))
    low, high = _halves(b, count)
    return b.deinterleave(b.load_vector("f32", address, 0, low), b.load_vector("f32", address, width, high))


def _store_pairs(b: Builder, address: Value, lanes: tuple[Value, Value], count: Value | None) -> None:
    first, second = b.interleave(*lanes)
    low, high = (None, None) if count is None else _halves(b, count)
    b.store_vector("f32", address, first, 0, low)
    b.store_vector("f32", address, second, 4 * b.lanes, high)


def _halves(b: Builder, count: Value) -> tuple[Value, Value]:
    """Return how many floats of `count` pairs lie in the first and in the second vector."""
    floats = count * 2
    return b.minimum(floats, b.lanes), b.maximum(floats - b.lanes, 0)
