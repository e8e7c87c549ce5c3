"""Reductions on lanes: what each keeps while it runs, and how its parts and the lanes of a vector are brought together.

Sums of floats are accurate: a lane adds up a block of elements, and blocks are added with their rounding errors kept. The loops that run
over rows are in `row_loops.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ...dtypes import TABLE, kind
from ..program import Program
from .builder import Builder, Value
from .complex_numbers import COMPLEX
from .lanes import Cell, LongSum, chosen, each, filled, larger, plus
from .memory import Lanes

BLOCK = 64  # elements that a lane adds up before their sum goes to the long sum
_NO_INDEX = 2**31 - 1  # the index of a lane in which no element was better than the identity

_OF_TRUTH = {"max": "any", "min": "all"}
_OPS = {"sum": "add", "prod": "mul", "any": "or", "all": "and"}


class Reduction(NamedTuple):
    """What is reduced how; `dtype` is that of the elements."""

    kind: str
    dtype: str

    @property
    def indexed(self) -> bool:
        """Whether the result is where an element is, not what it is."""
        return self.kind in ("argmax", "argmin")

    @property
    def long(self) -> bool:
        """Whether blocks are added with their errors kept."""
        return self.kind == "sum" and kind(self.dtype) in "fc"


def reduction_of(program: Program, i: int) -> Reduction:
    """Return the reduction that a step of a program is."""
    step = program.steps[i]
    dtype = program.steps[step.args[0]].dtype
    return Reduction(_OF_TRUTH.get(step.value, step.value) if dtype == "bool" else step.value, dtype)


def identity(b: Builder, r: Reduction) -> Lanes:
    """Return what changes no result when it is reduced too."""
    if r.kind in ("any", "all"):
        return b.constant("vm", r.kind == "all")
    if r.kind in ("sum", "prod"):
        return filled(b, r.dtype, int(r.kind == "prod"))
    low = r.kind in ("max", "argmax")
    if kind(r.dtype) == "f":
        return b.constant("vf", -math.inf if low else math.inf)
    return b.constant("vi", int(TABLE[r.dtype].low if low else TABLE[r.dtype].high))


class Part(NamedTuple):
    """The result of some elements, in each lane; `index` is where it is, for argmax and argmin."""

    lanes: Lanes
    index: Value | None = None


def _combine(b: Builder, r: Reduction, x: Lanes, y: Lanes) -> Lanes:
    if isinstance(x, tuple):
        return plus(x, y) if r.kind == "sum" else COMPLEX["mul"](b, x, y)
    assert isinstance(y, Value)
    if r.kind == "max":
        return larger(b, x, y)
    if r.kind == "min":
        return b.select(x != x, x, b.op("min", x, y)) if x.type == "vf" else b.select(x < y, x, y)
    return b.op(_OPS[r.kind], x, y)


def _better(r: Reduction, x: Lanes, best: Lanes) -> Value:
    """Return where x is better than the best, or NaN where the best is a number."""
    assert isinstance(x, Value) and isinstance(best, Value)
    if x.type == "vi":
        return x > best if r.kind == "argmax" else x < best
    # Written with `not`, the comparison holds for a NaN too.
    return ~(x <= best if r.kind == "argmax" else x >= best) & (best == best)


def _equal(x: Lanes, y: Lanes) -> Value:
    """Return where two elements are equal or both NaN."""
    assert isinstance(x, Value) and isinstance(y, Value)
    same = x == y
    return same | ((x != x) & (y != y)) if x.type == "vf" else same


def merge(b: Builder, r: Reduction, x: Part, y: Part) -> Part:
    """Return two parts of a reduction as one: of equals the one that comes first."""
    if x.index is None or y.index is None:
        return Part(_combine(b, r, x.lanes, y.lanes))
    take = _better(r, y.lanes, x.lanes) | (_equal(x.lanes, y.lanes) & (y.index < x.index))
    return Part(chosen(b, take, y.lanes, x.lanes), b.select(take, y.index, x.index))


def across_lanes(b: Builder, r: Reduction, part: Part) -> Part:
    """Return a part in which every lane holds the result of all lanes."""
    if r.kind in ("any", "all"):
        assert isinstance(part.lanes, Value)
        return Part(b.splat(b.any(part.lanes) if r.kind == "any" else ~b.any(~part.lanes)))
    half = b.lanes // 2
    while half:
        part = merge(b, r, part, _moved(b, part, [i + half if i < half else i for i in range(b.lanes)]))
        half //= 2
    return Part(each(lambda v: b.splat(b.lane(v, 0)), part.lanes), None if part.index is None else b.splat(b.lane(part.index, 0)))


def _moved(b: Builder, part: Part, order: Sequence[int]) -> Part:
    lanes = each(lambda v: b.shuffle(v, v, order), part.lanes)
    return Part(lanes, None if part.index is None else b.shuffle(part.index, part.index, order))


def result(b: Builder, part: Part) -> Lanes:
    """Return what a reduction's step is: the elements reduced, or their index."""
    # No element was better than the identity: all are equal to it, and the first is meant.
    return part.lanes if part.index is None else b.select(part.index == _NO_INDEX, 0, part.index)


class Accumulator:
    """A reduction while its loops run: `add` elements to each lane in order, `flush` after each block."""

    def __init__(self, b: Builder, r: Reduction):
        self.b, self.r = b, r
        self.identity = identity(b, r)
        self._best = Cell(b, self.identity)
        self._index = Cell(b, b.constant("vi", _NO_INDEX)) if r.indexed else None
        self._long = LongSum(b, self.identity) if r.long else None

    def add(self, x: Lanes, index: Value | None = None) -> None:
        if self._index is None:
            self._best.set(_combine(self.b, self.r, self._best.value, x))
            return
        assert index is not None
        best = self._best.value
        take = _better(self.r, x, best)
        self._best.set(chosen(self.b, take, x, best))
        self._index.set(chosen(self.b, take, index, self._index.value))

    def flush(self) -> None:
        if self._long is not None:
            self._long.add(self._best.value)
            self._best.set(self.identity)

    @property
    def part(self) -> Part:
        """What was added since the beginning; blocks must be flushed."""
        if self._long is not None:
            return Part(self._long.value)
        index = None if self._index is None else self._index.value
        assert index is None or isinstance(index, Value)
        return Part(self._best.value, index)
