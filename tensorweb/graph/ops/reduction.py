"""Graph ops that reduce: sums, extremes, where they are, running sums, counts, segments. Norms of layers: `normalization.py`."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from ... import ops
from ...dtypes import is_float
from ...waiting import Read, Waits
from ..define import graph_op
from .support import as_list, plain_ops

# --- along axes ---


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    """Return the mean; that of integers is cut to one."""
    if is_float(x.dtype):
        return ops.mean(x, axis, keepdims)
    total = ops.sum(x, axis, keepdims)
    count = max(1, x.size // max(1, total.size))
    return ops.floor_divide(ops.subtract(total, ops.fmod(total, count)), count)


def _extreme(function: Callable[..., Any], sign: int) -> Callable[..., Any]:
    """Return a maximum or minimum that has a value for no elements too."""

    def extreme(x: Any, axis: Any, keepdims: bool) -> Any:
        nothing = sign * inf if is_float(x.dtype) else 2**31 - 1 if sign > 0 else -(2**31)
        return function(x, axis, keepdims, initial=None if x.size else nothing)

    return extreme


_REDUCTIONS = {
    "All": ops.all,
    "Any": ops.any,
    "EuclideanNorm": ops.euclidean_norm,
    "Max": _extreme(ops.max, -1),
    "Mean": _mean,
    "Min": _extreme(ops.min, 1),
    "Prod": ops.prod,
    "Sum": ops.sum,
}


def _define_reduction(name: str, function: Callable[..., Any]) -> None:
    @graph_op(name, host=(1,))
    def reduced(node: Any, x: Any, axes: Any) -> Any:
        return function(x, tuple(as_list(axes)), bool(node.attrs.get("keep_dims")))


for _name, _function in _REDUCTIONS.items():
    _define_reduction(_name, _function)


@graph_op("ArgMax", host=(1,))
def _argmax(node: Any, x: Any, axis: int = 0) -> Any:
    return ops.argmax(x, axis)


@graph_op("ArgMin", host=(1,))
def _argmin(node: Any, x: Any, axis: int = 0) -> Any:
    return ops.argmin(x, axis)


def _define_running(name: str, function: Callable[..., Any]) -> None:
    @graph_op(name, host=(1,))
    def running(node: Any, x: Any, axis: int) -> Any:
        return function(x, axis, exclusive=bool(node.attrs.get("exclusive")), reverse=bool(node.attrs.get("reverse")))


for _name, _function in {"Cumsum": ops.cumsum, "Cumprod": ops.cumprod, "CumulativeLogsumexp": ops.logcumsumexp}.items():
    _define_running(_name, _function)


# --- counts ---


@graph_op("Bincount", "DenseBincount", host=(1,))
def _bincount(node: Any, x: Any, size: int, weights: Any) -> Any:
    """Values of `size` or more are not counted."""
    binary = bool(node.attrs.get("binary_output"))
    rows = x.shape[0] if len(x.shape) == 2 and node.op == "DenseBincount" else 1
    values = ops.reshape(x, (rows, -1)) if x.size else ops.reshape(x, (rows, 0))
    first = ops.multiply(ops.reshape(ops.arange(rows), (rows, 1)), size)
    place = ops.where(ops.less(values, size), ops.add(values, first), -1)
    added = ops.ones(place.shape, weights.dtype) if binary or not weights.size else ops.reshape(weights, place.shape)
    counts = ops.segment_sum(ops.reshape(added, (-1,)), ops.reshape(place, (-1,)), rows * size)
    counts = ops.cast(ops.greater(counts, 0), counts.dtype) if binary else counts
    return ops.reshape(counts, (rows, size) if len(x.shape) == 2 and node.op == "DenseBincount" else (size,))


# --- segments ---

_SEGMENTS = {"Sum": ops.segment_sum, "Max": ops.segment_max, "Min": ops.segment_min, "Prod": ops.segment_prod}


def _mean_of_segments(data: Any, ids: Any, count: int) -> Any:
    total = ops.segment_sum(data, ids, count)
    members = ops.segment_sum(ops.ones(ids.shape, data.dtype), ids, count)
    return ops.divide_no_nan(total, ops.reshape(members, (count,) + (1,) * (len(total.shape) - 1)))


def _define_segments(name: str, function: Callable[..., Any]) -> None:
    @graph_op(f"Segment{name}")
    def ascending(node: Any, data: Any, ids: Any) -> Waits[Any]:
        """The last id tells how many there are; those that nothing belongs to give 0."""
        count = int((yield Read(ids[-1:]))[0]) + 1 if ids.size else 0
        made = function(data, ids, count)
        if name in ("Max", "Min"):
            members = ops.segment_sum(ops.ones(ids.shape, "int32"), ids, count)
            made = ops.where(ops.reshape(ops.greater(members, 0), (-1,) + (1,) * (len(made.shape) - 1)), made, ops.zeros_like(made))
        return made


plain_ops({f"UnsortedSegment{name}": function for name, function in _SEGMENTS.items()}, host=(2,))
for _name, _function in {**_SEGMENTS, "Mean": _mean_of_segments}.items():
    _define_segments(_name, _function)
