"""Sort: rows by keys of 32 bits or fewer whose unsigned order is the order wanted.

Short rows are sorted by insertion, long ones digit by digit, keys of a single digit by counting. Pairs of a key and an index lie in
scratch memory; a region of it serves many rows, one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..patterns import Sort, Spec
from ..values.code import Value
from .builder import Builder
from .copying import copy_element
from .launch import GRAIN, Launch, Lowered, Slot, Target, emitter, lowering
from .memory import itemsize

_SHORT = 40  # up to here insertion is faster
_BITS = 8  # of a digit: its places to write to fit the caches
_COUNTS = 4 << _BITS  # bytes of the counts of a digit
_PAIR = 8  # bytes of a key and an index
_MEMORY = 1 << 22  # bytes of scratch memory for each thread, unless one row needs more
_WORK = 8  # how many simple elements one to be sorted is worth
_KEY_BITS = {"bool": 8, "uint8": 8, "int8": 8, "float16": 16, "int32": 32, "float32": 32}


@lowering(Sort)
def lower_sort(k: Sort, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a sort; units are regions of scratch memory, each for a range of rows."""
    count, dtype = k.outer * k.n, str(inputs[0].dtype)
    if not count:
        return Lowered(())
    way = "insertion" if k.n <= _SHORT else "counting" if _KEY_BITS[dtype] == _BITS else "digits"
    region = 0 if way == "counting" else 2 * _PAIR * k.n
    regions = min(k.outer, target.threads * max(1, min(4, _MEMORY // max(1, region)))) if target.threads > 1 else 1
    slots = (Slot("in", 0), Slot("out", 0), Slot("out", 1), Slot("scratch", 0))
    grain = max(1, GRAIN // _WORK * regions // count)
    return Lowered(
        (Launch("sort", (way, dtype, k.descending), (k.outer, k.n, regions, region), slots, regions, grain),), (regions * region,)
    )


class _Row(NamedTuple):
    """The addresses of a row: its elements, the results, and the region of scratch memory; and its length."""

    source: Value
    values: Value
    order: Value
    pairs: Value
    n: Value


@emitter("sort")
def emit_sort(b: Builder, way: str, dtype: str, descending: bool) -> None:
    """Write the loops of a sort."""
    source, values, order, scratch = (b.slot(i) for i in (1, 2, 3, 4))
    size_of = b.sizes()
    outer, n, regions, region = (size_of() for _ in range(4))
    counts = b.scratch(_KEY_BITS[dtype] // _BITS * _COUNTS)
    sort_row = {"insertion": _by_insertion, "counting": _by_counting, "digits": _by_digits}[way]
    with b.loop(b.begin, b.end) as unit, b.loop(unit * outer // regions, (unit + 1) * outer // regions) as number:
        start = number * n * itemsize(dtype)
        row = _Row(source + start, values + start, order + number * n * 4, scratch + unit * region, n)
        sort_row(b, _Keys(dtype, descending), row, counts)


# --- keys ---------------------------------------------------------------------------------------------------------------------


class _Keys(NamedTuple):
    """What the keys are made of."""

    dtype: str
    descending: bool

    def read(self, b: Builder, row: _Row, i: Value) -> Value:
        """Return the key of element i as an i32."""
        address = row.source + i * itemsize(self.dtype)
        loaded = b.load({"bool": "u8", "uint8": "u8", "int8": "i8", "float16": "u16"}.get(self.dtype, "i32"), address)
        if self.dtype == "float16":
            return b.op("shr_u", self._of_float(b, loaded << 16, 0x7C000000), 16)
        if self.dtype == "float32":
            return self._of_float(b, loaded, 0x7F800000)
        if self.dtype == "int32":
            return ~(loaded ^ -(2**31)) if self.descending else loaded ^ -(2**31)
        key = loaded + 128 if self.dtype == "int8" else loaded
        return 255 - key if self.descending else key

    def _of_float(self, b: Builder, bits: Value, infinity: int) -> Value:
        """Return the key of a float whose sign is the highest bit: both zeros have the same, NaN has the largest."""
        magnitude = bits & 0x7FFFFFFF
        bits = b.select(magnitude == 0, 0, bits)
        key = bits ^ ((bits >> 31) | -(2**31))
        return b.select(magnitude > infinity, -1, ~key if self.descending else key)


def _write_pair(b: Builder, address: Value, key: Value, index: Value) -> None:
    b.store("i32", address, key)
    b.store("i32", address, index, 4)


def _write_result(b: Builder, keys: _Keys, row: _Row, i: Value, index: Value) -> None:
    """Write element i of the results: where it comes from, and the element there, which a key need not tell."""
    size = itemsize(keys.dtype)
    b.store("i32", row.order + i * 4, index)
    copy_element(b, size, row.source + b.convert(index, "index") * size, row.values + i * size)


def _write_results(b: Builder, keys: _Keys, row: _Row, pairs: Value) -> None:
    with b.loop(0, row.n) as i:
        _write_result(b, keys, row, i, b.load("i32", pairs + i * _PAIR, 4))


# --- insertion ----------------------------------------------------------------------------------------------------------------


def _by_insertion(b: Builder, keys: _Keys, row: _Row, _: Value) -> None:
    """Let each key sink to its place among those before it."""
    pairs = row.pairs
    with b.loop(0, row.n) as i:
        key = keys.read(b, row, i)
        at = b.variable("index", pairs + i * _PAIR)
        with b.repeat() as again:
            here = at.value
            again.stop_when(here == pairs)
            before = b.load("i32", here, -_PAIR)
            again.stop_when(~b.op("lt_u", key, before))
            _write_pair(b, here, before, b.load("i32", here, 4 - _PAIR))
            at.set(here - _PAIR)
        _write_pair(b, at.value, key, b.convert(i, "i32"))
    _write_results(b, keys, row, pairs)


# --- digits -------------------------------------------------------------------------------------------------------------------


def _clear(b: Builder, counts: Value, digits: int) -> None:
    with b.loop(0, digits * _COUNTS, 4 * b.lanes) as at:
        b.store_vector("i32", counts + at, b.constant("vi", 0))


def _place(b: Builder, counts: Value, key: Value, shift: Value | int) -> Value:
    """Return where the count of a key's digit is."""
    return counts + b.convert(b.op("shr_u", key, shift) & ((1 << _BITS) - 1), "index") * 4


def _count(b: Builder, counts: Value, key: Value, digits: int) -> None:
    for digit in range(digits):
        place = _place(b, counts + digit * _COUNTS, key, digit * _BITS)
        b.store("i32", place, b.load("i32", place) + 1)


def _starts(b: Builder, counts: Value) -> None:
    """Turn counts into the positions where the first of each digit goes."""
    total = b.variable("i32", 0)
    with b.loop(0, _COUNTS, 4) as at:
        count = b.load("i32", counts + at)
        b.store("i32", counts + at, total.value)
        total.add(count)


def _next_position(b: Builder, counts: Value, key: Value, shift: Value | int) -> Value:
    """Return the position of a key, and let the next one of its digit follow."""
    place = _place(b, counts, key, shift)
    position = b.load("i32", place)
    b.store("i32", place, position + 1)
    return b.convert(position, "index")


def _by_counting(b: Builder, keys: _Keys, row: _Row, counts: Value) -> None:
    """Sort keys of a single digit without pairs: elements go straight to their places."""
    _clear(b, counts, 1)
    with b.loop(0, row.n) as i:
        _count(b, counts, keys.read(b, row, i), 1)
    _starts(b, counts)
    with b.loop(0, row.n) as i:
        _write_result(b, keys, row, _next_position(b, counts, keys.read(b, row, i), 0), b.convert(i, "i32"))


def _by_digits(b: Builder, keys: _Keys, row: _Row, counts: Value) -> None:
    """Sort pairs by each digit, the last first, between the two halves of the region."""
    digits = _KEY_BITS[keys.dtype] // _BITS
    _clear(b, counts, digits)
    with b.loop(0, row.n) as i:
        key = keys.read(b, row, i)
        _write_pair(b, row.pairs + i * _PAIR, key, b.convert(i, "i32"))
        _count(b, counts, key, digits)
    here, there = b.variable("index", row.pairs), b.variable("index", row.pairs + row.n * _PAIR)
    with b.loop(0, digits) as digit:
        own, shift = counts + digit * _COUNTS, b.convert(digit, "i32") * _BITS
        # A digit that is the same in all keys changes no order.
        with b.when(b.load("i32", _place(b, own, b.load("i32", here.value), shift)) != b.convert(row.n, "i32")):
            _starts(b, own)
            _distribute(b, here.value, there.value, row.n, own, shift)
            last = here.value
            here.set(there.value)
            there.set(last)
    _write_results(b, keys, row, here.value)


def _distribute(b: Builder, source: Value, target: Value, n: Value, counts: Value, shift: Value) -> None:
    with b.loop(0, n) as i:
        key, index = (b.load("i32", source + i * _PAIR, o) for o in (0, 4))
        _write_pair(b, target + _next_position(b, counts, key, shift) * _PAIR, key, index)
