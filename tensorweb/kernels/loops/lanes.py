"""Arithmetic on lanes of any dtype for sums, products and maxima; lanes of complex64 are pairs of vectors, see `memory.py`."""

from __future__ import annotations

import math
from collections.abc import Callable

from ...dtypes import TABLE, kind
from ..values.code import Lanes, Value, Variable
from .builder import Builder


def each(function: Callable[..., Value], *lanes: Lanes) -> Lanes:
    """Apply a function of vectors to both parts of pairs, or to single vectors."""
    if isinstance(lanes[0], tuple):
        first, second = (function(*(x[i] for x in lanes if isinstance(x, tuple))) for i in (0, 1))
        return first, second
    return function(*lanes)


def filled(b: Builder, dtype: str, number: float) -> Lanes:
    """Return a real number in every lane."""
    if kind(dtype) == "c":
        return b.constant("vf", number), b.constant("vf", 0.0)
    return b.constant("vf" if kind(dtype) == "f" else "vi", number)


def lowest(dtype: str) -> float:
    """Return what no element is smaller than."""
    return -math.inf if kind(dtype) == "f" else int(TABLE[dtype].low or 0)


def plus(x: Lanes, y: Lanes) -> Lanes:
    return each(lambda u, v: u + v, x, y)


def times_plus(b: Builder, x: Lanes, y: Lanes, total: Lanes) -> Lanes:
    """Return x * y + total."""
    if isinstance(x, tuple) and isinstance(y, tuple) and isinstance(total, tuple):
        (a, c), (d, e), (re, im) = x, y, total
        return b.fma(a, d, re - c * e), b.fma(a, e, b.fma(c, d, im))
    assert isinstance(x, Value) and isinstance(y, Value) and isinstance(total, Value)
    return b.fma(x, y, total) if x.type == "vf" else x * y + total


def larger(b: Builder, x: Lanes, y: Lanes) -> Lanes:
    """Return the larger of two, NaN if one is NaN."""
    assert isinstance(x, Value) and isinstance(y, Value)
    if x.type == "vf":
        # The instruction gives y if one is NaN; where x is, all bits are set. A select would cost two more instructions with AVX-512.
        return b.bits(b.bits(b.op("max", x, y), "vi") | -b.convert(x != x, "vi"), "vf")
    return b.select(x > y, x, y)


def chosen(b: Builder, mask: Value, x: Lanes, y: Lanes) -> Lanes:
    """Return x where the mask is set, else y."""
    return each(lambda u, v: b.select(mask, u, v), x, y)


class Cell:
    """A variable that holds lanes."""

    def __init__(self, b: Builder, first: Lanes):
        parts = first if isinstance(first, tuple) else (first,)
        self._parts: list[Variable] = [b.variable(x.type, x) for x in parts]

    @property
    def value(self) -> Lanes:
        if len(self._parts) == 2:
            return self._parts[0].value, self._parts[1].value
        return self._parts[0].value

    def set(self, lanes: Lanes) -> None:
        for variable, x in zip(self._parts, lanes if isinstance(lanes, tuple) else (lanes,)):
            variable.set(x)


class LongSum:
    """A sum that keeps the rounding error of each addition and adds the errors at the end."""

    def __init__(self, b: Builder, zero: Lanes):
        self.b, self._total, self._error = b, Cell(b, zero), Cell(b, zero)

    def clear(self, zero: Lanes) -> None:
        self._total.set(zero)
        self._error.set(zero)

    def add(self, x: Lanes) -> None:
        total = self._total.value
        made = plus(total, x)
        self._error.set(each(lambda e, t, v, s: e + ((t - (s - (s - t))) + (v - (s - t))), self._error.value, total, x, made))
        self._total.set(made)

    @property
    def value(self) -> Lanes:
        """The sum; the errors of an infinite one are NaN and do not count."""
        b = self.b
        return each(lambda t, e: b.select(e == e, t + e, t), self._total.value, self._error.value)
