"""Host routines that treat an array as a set: unique, setdiff1d. Ordering ops (sort, top_k) are kernels and not here."""

from __future__ import annotations

import math
from collections.abc import Hashable
from operator import itemgetter

from .base import HostArray, check, fail, ints, routine


def _key(value: object) -> tuple:
    """Return what `value` is compared by: NaN equals NaN and comes last, str is its UTF-8, a complex number goes by real, imag."""
    if isinstance(value, str):
        return (0, value.encode())
    if value != value:
        return (1, 0)
    return (0, (value.real, value.imag)) if isinstance(value, complex) else (0, value)


class _Distinct:
    """Numbers keys as they first occur; keeps for each where that was and how often it came."""

    def __init__(self, keys: list[Hashable], in_order: bool) -> None:
        numbers: dict[Hashable, int] = {}
        self.inverse = [numbers.setdefault(key, len(numbers)) for key in keys]
        self.first = [-1] * len(numbers)
        self.counts = [0] * len(numbers)
        for position, number in enumerate(self.inverse):
            if self.first[number] < 0:
                self.first[number] = position
            self.counts[number] += 1
        if in_order:
            self._reorder([number for _, number in sorted(numbers.items(), key=itemgetter(0))])

    def _reorder(self, order: list[int]) -> None:
        rank = {number: place for place, number in enumerate(order)}
        self.inverse = [rank[number] for number in self.inverse]
        self.first = [self.first[number] for number in order]
        self.counts = [self.counts[number] for number in order]


@routine
def unique(x: HostArray, *, axis: int | None = None, sorted: bool = True) -> list[HostArray]:
    """Return [values, inverse, counts, first]: the distinct values, where each input went, how often each came and where first.

    x: any shape. axis=None: values [u], inverse of x's shape, counts and first [u], first being a flat index. With an axis,
    its slices are compared: values have x's shape but u along the axis, inverse [x.shape[axis]]. Ascending as in NumPy where
    `sorted`, else in order of first occurrence as in TensorFlow.js; NaN equals NaN. The last three are int32.
    Source: numpy.unique, TensorFlow.js unique (whose default is axis=0).
    """
    check("unique", "x", x)
    if axis is None:
        found = _Distinct([_key(v) for v in x.values], sorted)
        values = HostArray([x.values[i] for i in found.first], (len(found.first),), x.dtype)
        return [values, HostArray(found.inverse, x.shape, "int32"), ints(found.counts), ints(found.first)]
    rank = len(x.shape)
    if not -rank <= axis < rank:
        fail("unique", f"an axis of shape {list(x.shape)}", axis, f"Choose one from {-rank} to {rank - 1}, or None.")
    axis %= rank
    outer, size, inner = math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :])
    keys = [_key(v) for v in x.values]
    slices: list[Hashable] = [tuple(keys[(o * size + i) * inner + j] for o in range(outer) for j in range(inner)) for i in range(size)]
    found = _Distinct(slices, sorted)
    flat = [x.values[(o * size + i) * inner + j] for o in range(outer) for i in found.first for j in range(inner)]
    values = HostArray(flat, (*x.shape[:axis], len(found.first), *x.shape[axis + 1 :]), x.dtype)
    return [values, ints(found.inverse), ints(found.counts), ints(found.first)]


@routine
def setdiff1d(x: HostArray, y: HostArray) -> list[HostArray]:
    """Return [values, indices] of the elements of x that are not in y, in x's order, repeats kept.

    x: [n]; y: [m]; values: [k], x's dtype; indices: int32 [k]. Source: TensorFlow.js setdiff1dAsync, tf.raw_ops.ListDiff.
    """
    check("setdiff1d", "x", x, rank=1)
    check("setdiff1d", "y", y, rank=1)
    if (x.dtype == "string") != (y.dtype == "string"):
        fail("setdiff1d", "x and y of one kind", f"{x.dtype} and {y.dtype}", "Cast one of them.")
    unwanted = {_key(v) for v in y.values}
    indices = [i for i, v in enumerate(x.values) if _key(v) not in unwanted]
    return [HostArray([x.values[i] for i in indices], (len(indices),), x.dtype), ints(indices)]
