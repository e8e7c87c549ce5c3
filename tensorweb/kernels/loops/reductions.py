"""Reductions on lanes: what each keeps while it runs, and how its parts and the lanes of a vector are brought together.

Sums of floats are accurate: a lane adds up a block of elements, and blocks are added with their rounding errors kept. The loops that run
over rows are in `row_loops.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...dtypes import TABLE, kind
from ..program import Program
from ..reduction import ReductionKind
from ..values.code import Lanes, Value
from ..values.complex_numbers import COMPLEX
from .builder import Builder
from .lanes import Cell, LongSum, chosen, each, filled, larger, plus

BLOCK = 32  # elements that a lane adds up before their sum goes to the long sum
NO_INDEX = 2**31 - 1  # the index of a lane in which no element was better than the identity

_OPS = {"sum": "add", "prod": "mul", "any": "or", "all": "and"}


class Reduction(ReductionKind):
    """What is reduced how, and what this target makes of it."""

    __slots__ = ()

    @property
    def long(self) -> bool:
        """Whether blocks are added with their errors kept."""
        return self.kind == "sum" and kind(self.dtype) in "fc"


def reduction_of(program: Program, i: int) -> Reduction:
    """Return the reduction that a step of a program is."""
    return Reduction.of(program, program.steps[i])


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


def combine(b: Builder, r: Reduction, x: Lanes, y: Lanes) -> Lanes:
    """Return two results of a reduction that is not indexed as one."""
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


def _first_place(b: Builder, r: Reduction, values: Sequence[Lanes], places: Sequence[Value], across: bool) -> Value:
    """Return the index of the best of some elements; of equals the first, which has the smallest index."""
    best, first = values[0], places[0]
    if len(values) > 1 or across:
        best = _together(b, Reduction(r.kind[3:], r.dtype), values, across)
        found: list[Lanes] = [b.select(_equal(v, best), p, NO_INDEX) for v, p in zip(values, places, strict=True)]
        joined = _together(b, Reduction("min", "int32"), found, across)
        assert isinstance(joined, Value)
        first = joined
    # No element was better than the identity: all are equal to it, and the first of all is meant.
    return b.select(first == NO_INDEX, 0, first)


def _together(b: Builder, r: Reduction, parts: Sequence[Lanes], across: bool) -> Lanes:
    """Return parts of a reduction as one; `across` the lanes too, so that every lane holds the result."""
    total = parts[0]
    for other in parts[1:]:
        total = combine(b, r, total, other)
    return _across_lanes(b, r, total) if across else total


def _across_lanes(b: Builder, r: Reduction, lanes: Lanes) -> Lanes:
    if r.kind in ("any", "all"):
        assert isinstance(lanes, Value)
        return b.splat(b.any(lanes) if r.kind == "any" else ~b.any(~lanes))
    half = b.lanes // 2
    while half:
        lanes = combine(b, r, lanes, _exchanged(b, lanes, half))
        half //= 2
    return each(lambda v: b.splat(b.lane(v, 0)), lanes)


def _exchanged(b: Builder, lanes: Lanes, distance: int) -> Lanes:
    # Both lanes of a pair change places: LLVM 22 gets minima of integers wrong where the upper one is only repeated.
    order = [i ^ distance for i in range(b.lanes)]
    return each(lambda v: b.shuffle(v, v, order), lanes)


class Accumulator:
    """A reduction while its loops run: `add` elements to each lane in order, in `turns` that do not wait for one another.

    `flush` ends a block of BLOCK elements for each turn.
    """

    def __init__(self, b: Builder, r: Reduction, turns: int):
        self.b, self.r = b, r
        self.identity = identity(b, r)
        self._best = [Cell(b, self.identity) for _ in range(turns)]
        self._index = [b.variable("vi", NO_INDEX) for _ in range(turns)] if r.indexed else []
        self._long = LongSum(b, self.identity) if r.long else None

    def add(self, turn: int, x: Lanes, index: Value | None = None) -> None:
        best = self._best[turn].value
        if index is None:
            self._best[turn].set(combine(self.b, self.r, best, x))
            return
        take = _better(self.r, x, best)
        self._best[turn].set(chosen(self.b, take, x, best))
        self._index[turn].set(self.b.select(take, index, self._index[turn].value))

    def flush(self, turns: int) -> None:
        """Bring the first so many turns into the sum that keeps its errors."""
        if self._long is not None:
            self._long.add(_together(self.b, self.r, [c.value for c in self._best[:turns]], False))
            for cell in self._best[:turns]:
                cell.set(self.identity)

    def result(self, across: bool) -> Lanes:
        """Return what was reduced since the beginning, by lane or `across` the lanes; blocks must be flushed."""
        if self._long is not None:
            return _together(self.b, self.r, [self._long.value], across)
        values = [c.value for c in self._best]
        if not self._index:
            return _together(self.b, self.r, values, across)
        return _first_place(self.b, self.r, values, [v.value for v in self._index], across)
