"""Reductions as states that threads join: what one keeps of the elements it has seen. Which elements those are is not known here.

A state is a list of vectors. Extremes of floats keep the largest size of their bits beside the extreme itself: it tells whether a NaN was
seen, which no comparison tells on a GPU. Places of extremes keep a key, an int32 of which the largest is looked for, and its index.
"""

from __future__ import annotations

import math

from ...dtypes import TABLE, kind
from ..program import Instruction, Program
from ..reduction import ReductionKind
from ..values.code import Lanes, Value, Variable
from ..values.complex_numbers import multiply
from .builder import Shader

_INFINITY = 0x7F800000  # the size of its bits: that of a NaN is larger
LOWEST, LARGEST = -(2**31), 2**31 - 1

State = list[Value]


class Reduction(ReductionKind):
    """What is reduced how, and what this target makes of it."""

    __slots__ = ()

    @property
    def watched(self) -> bool:
        """Whether NaN is looked out for."""
        return self.kind in ("max", "min") and kind(self.dtype) == "f"

    @property
    def parts(self) -> tuple[str, ...]:
        """The dtypes of what a part of a row gives to be joined later."""
        return ("int32", "int32") if self.indexed else ("float32" if self.dtype == "float16" else self.dtype,)


def reduction_of(program: Program, step: Instruction) -> Reduction:
    """Return the reduction that a step of a program is."""
    return Reduction.of(program, step)


def identity(b: Shader, r: Reduction) -> State:
    """Return the state in which nothing was seen."""
    if r.indexed:
        return [b.constant("vi", LOWEST), b.constant("vi", LARGEST)]
    if r.kind in ("any", "all"):
        return [b.constant("vm", r.kind == "all")]
    if r.kind in ("sum", "prod"):
        one = b.constant("vi" if kind(r.dtype) == "i" else "vf", r.kind == "prod")
        return [one, b.constant("vf", 0.0)] if r.dtype == "complex64" else [one]
    if r.watched:
        return [b.constant("vf", -math.inf if r.kind == "max" else math.inf), b.constant("vi", 0)]
    return [b.constant("vi", int((TABLE[r.dtype].low if r.kind == "max" else TABLE[r.dtype].high) or 0))]


def lift(b: Shader, r: Reduction, x: Lanes, index: Value | None = None) -> State:
    """Return the state in which one element was seen, at an index."""
    if isinstance(x, tuple):
        return [*x]
    if r.indexed:
        assert index is not None
        return [ordered_key(b, x, r.kind == "argmin"), index]
    return [x, b.bits(x, "vi") & 0x7FFFFFFF] if r.watched else [x]


def lift_parts(b: Shader, r: Reduction, parts: list[Lanes]) -> State:
    """Return the state of which a part of a row gave the results."""
    if r.indexed:
        return [x for x in parts if isinstance(x, Value)]
    return lift(b, r, parts[0])


def ordered_key(b: Shader, x: Value, backwards: bool) -> Value:
    """Return int32 in the order of the elements or against it; of NaN the largest in either case."""
    if x.type == "vm":
        x = b.convert(x, "vi")
    if x.type == "vi":
        return ~x if backwards else x
    bits = b.bits(b.select(x == 0.0, 0.0, x), "vi")  # -0.0 equals 0.0
    key = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return b.select(x == x, ~key if backwards else key, b.constant("vi", LARGEST))


def join(b: Shader, r: Reduction, x: State, y: State) -> State:
    """Return the state in which was seen what both have seen."""
    if r.indexed:
        better = (y[0] > x[0]) | ((y[0] == x[0]) & (y[1] < x[1]))
        return [b.select(better, v, u) for u, v in zip(x, y, strict=True)]
    if r.watched:
        return [b.emit("vf", f"{r.kind}({x[0].ref}, {y[0].ref})"), b.maximum(x[1], y[1])]
    if r.kind == "sum":
        return [u + v for u, v in zip(x, y, strict=True)]
    if r.kind == "prod":
        return [*multiply(b, (x[0], x[1]), (y[0], y[1]))] if r.dtype == "complex64" else [x[0] * y[0]]
    if r.kind in ("max", "min"):
        return [b.maximum(x[0], y[0]) if r.kind == "max" else b.minimum(x[0], y[0])]
    return [x[0] | y[0] if r.kind == "any" else x[0] & y[0]]


def parts_of(b: Shader, r: Reduction, state: State) -> list[Lanes]:
    """Return what a part of a row gives: values of the dtypes `r.parts`."""
    return [*state] if r.indexed else [result(b, r, state)]


def result(b: Shader, r: Reduction, state: State) -> Lanes:
    """Return what a state means when all was seen."""
    if r.indexed:
        return b.select(state[1] == LARGEST, 0, state[1])
    if r.watched:
        return b.select(state[1] > _INFINITY, math.nan, state[0])
    return (state[0], state[1]) if r.dtype == "complex64" else state[0]


class Accumulator:
    """A state that changes while a thread runs."""

    def __init__(self, b: Shader, r: Reduction):
        self.b, self.r = b, r
        self.cells: list[Variable] = [b.variable(x.type, x) for x in identity(b, r)]

    def join(self, seen: State) -> None:
        """Add what a state has seen."""
        for cell, x in zip(self.cells, join(self.b, self.r, self.state, seen), strict=True):
            cell.set(x)

    @property
    def state(self) -> State:
        return [cell.value for cell in self.cells]


def apart(b: Shader, state: State) -> list[list[Value]]:
    """Return for each lane the scalars of a state."""
    return [[b.lane(x, i) for x in state] for i in range(b.lanes)]


def narrowed(b: Shader, r: Reduction, lanes: list[list[Value]]) -> State:
    """Return the state of all lanes together, for one lane; `lanes` are those of a state that was taken apart."""
    states = [[b.splat(x) for x in lane] for lane in lanes]
    while len(states) > 1:
        states = [join(b, r, states[i], states[i + len(states) // 2]) for i in range(len(states) // 2)]
    return states[0]
