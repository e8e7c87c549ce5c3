"""Writes ops that reduce: sums, extremes, where they are, running sums, counts, segments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...graph.definition import Node
from .model import Info
from .scope import MOST, WRITERS, Scope, Unwritable, Value, writes

# --- along axes -------------------------------------------------------------------------------------------------------------


def reduce(b: Scope, op: str, x: Value, axes: Any, keep: Any = False) -> Value:
    """Return a reduction along axes, none where there are none; `axes`: a list, or a value."""
    axes = b.const(axes, (len(axes),), "int64") if isinstance(axes, list) else b.vector(axes)
    if axes.shape == (0,):
        return x
    return b(op, x, axes, keepdims=int(bool(keep)), noop_with_empty_axes=1)


def _reduction(op: str) -> Any:
    return lambda b, node, x, axes: reduce(b, op, x, axes, node.attrs.get("keep_dims"))


WRITERS.update({name: _reduction(f"Reduce{name}") for name in ("Max", "Mean", "Min", "Prod", "Sum")})


@writes("Any")
def some(b: Scope, node: Node, x: Value, axes: Value) -> Value:
    return b("Greater", reduce(b, "ReduceSum", b.cast(x, "int32"), axes, node.attrs.get("keep_dims")), 0)


@writes("All")
def every(b: Scope, node: Node, x: Value, axes: Value) -> Value:
    return b("Not", some(b, node, b("Not", x, shape=x.shape), axes))


@writes("EuclideanNorm")
def euclidean_norm(b: Scope, node: Node, x: Value, axes: Value) -> Value:
    numbers = b.cast(x, "float32")
    squares = reduce(b, "ReduceSum", b("Mul", numbers, numbers), axes, node.attrs.get("keep_dims"))
    return b.cast(b("Sqrt", squares), x.dtype)


@writes("L2Loss")
def l2_loss(b: Scope, node: Node, x: Value) -> Value:
    return b("Mul", b("ReduceSumSquare", x, keepdims=0), 0.5)


@writes("ArgMax", "ArgMin")
def arg_extreme(b: Scope, node: Node, x: Value, axis: Value | None = None) -> Value:
    place = 0 if axis is None else b.ints(axis, "axis")[0]
    return b.int32(b(node.op, b.cast(x, "int32") if x.dtype == "bool" else x, axis=place, keepdims=0))


@writes("Cumsum")
def cumsum(b: Scope, node: Node, x: Value, axis: Value) -> Value:
    place = b.const(b.ints(axis, "axis"), (), "int64")
    return b("CumSum", x, place, exclusive=int(bool(node.attrs.get("exclusive"))), reverse=int(bool(node.attrs.get("reverse"))))


def _log_sum(b: Scope, x: Value, y: Value) -> Value:
    """Return log(exp(x) + exp(y)); where both are minus infinity they differ by nothing."""
    apart = b("Where", b("Equal", x, y), 0.0, b("Abs", b("Sub", x, y)))
    return b("Add", b("Max", x, y), b("Log", b("Add", b("Exp", b("Neg", apart)), 1.0)))


def _running(first: float, combine: Callable[[Scope, Value, Value], Value]) -> Any:
    """Return what writes a running reduction as a Scan."""

    def write(b: Scope, node: Node, x: Value, axis: Value) -> Value:
        place = b.ints(axis, "axis")[0] % max(b.rank(x), 1)
        start = b.expand(b.value(first, x.dtype), b.shape(b("Gather", x, b.int64(0), axis=place)) if b.rank(x) > 1 else b.value([]))
        inner = b.inner()
        state, part = (Value(x.dtype, None, b.model.fresh(f"{b.base}/{name}"), home=inner) for name in ("state", "part"))
        after = combine(inner, state, part)
        body = inner.made
        given = [inner("Identity", after), inner("Identity", state if node.attrs.get("exclusive") else after)]
        body.inputs = [Info(v.name or "", v.dtype, None) for v in (state, part)]
        body.outputs = [Info(v.name or "", v.dtype, None) for v in given]
        back = int(bool(node.attrs.get("reverse")))
        directions = {"scan_input_directions": [back], "scan_output_directions": [back]}
        attrs: dict[str, Any] = {"num_scan_inputs": 1, "scan_input_axes": [place], "scan_output_axes": [place], **directions}
        scan, same = b.inner(), b.inner()
        made = scan("Scan", start, x, outputs=2, body=body, **attrs)[1]
        # ONNX Runtime divides by 0 in a Scan of nothing.
        branches: dict[str, Any] = {"then_branch": b.subgraph(same, [], [same("Identity", x)]), "else_branch": b.subgraph(scan, [], [made])}
        return b("If", b("Equal", b("Size", x, shape=()), 0), dtype=x.dtype, **branches)

    return write


WRITERS["Cumprod"] = _running(1.0, lambda b, x, y: b("Mul", x, y))
WRITERS["CumulativeLogsumexp"] = _running(float("-inf"), _log_sum)


# --- counts -----------------------------------------------------------------------------------------------------------------


@writes("Bincount", "DenseBincount")
def bincount(b: Scope, node: Node, x: Value, size: Value, weights: Value) -> Value:
    """Count into one place more, which those that are too large go to; rows of a matrix by themselves in DenseBincount."""
    rows = node.op == "DenseBincount" and b.rank(x) == 2
    flat = x if rows else b.reshape(x, [-1])
    if weights.shape is None or (len(weights.shape) == 1 and weights.shape[0] is None):
        raise Unwritable("it is not known beforehand whether it has weights")
    weighted = 0 not in weights.shape and not node.attrs.get("binary_output")
    dtype = weights.dtype
    added = (weights if rows else b.reshape(weights, [-1])) if weighted else b.expand(b.value(1, dtype), b.shape(flat))
    limit = b.vector(size)
    one_more = b("Add", limit, 1)
    counted = b.pack([b.size(x, 0), one_more]) if rows else one_more
    zeros = b.expand(b.value(0, dtype), counted)
    places = b("Min", b.int64(flat), b.number(limit))
    reduction = "none" if node.attrs.get("binary_output") else "add"
    made = b("ScatterElements", zeros, places, added, axis=-1, reduction=reduction)
    return b.slice(made, 1 if rows else 0, 0, limit)


# --- segments ---------------------------------------------------------------------------------------------------------------

_SCATTERS = {"Sum": ("add", 0.0), "Prod": ("mul", 1.0), "Max": ("max", -3.4028234663852886e38), "Min": ("min", 3.4028234663852886e38)}
_WHOLE = {"Max": -MOST - 1, "Min": MOST}


def _nothing(b: Scope, kind: str, dtype: str) -> Value:
    """Return what a segment without members has."""
    return b.value(_WHOLE.get(kind, int(_SCATTERS[kind][1])) if dtype == "int32" else _SCATTERS[kind][1], dtype)


def segments(b: Scope, kind: str, data: Value, ids: Value, count: Value) -> Value:
    """Return the rows of data reduced by number; `count`: how many numbers there are, an int64 vector of one element.

    Negative numbers go to one place more, which is cut off.
    """
    rank, outer = b.rank(data), b.rank(ids)
    rest = b("Shape", data, start=outer, shape=(rank - outer,))
    start = b.expand(_nothing(b, kind, data.dtype), b("Concat", b("Add", count, 1), rest, axis=0))
    wide = b.int64(ids)
    places = b("Where", b("Less", wide, 0), b.number(count), wide)
    made = b("ScatterND", start, b("Unsqueeze", places, [-1]), data, reduction=_SCATTERS[kind][0])
    return b.slice(made, 0, 0, count)


def members(b: Scope, ids: Value, count: Value, like: Value, dtype: str) -> Value:
    """Return how many rows each segment has, so that it broadcasts with rows."""
    ones = b.expand(b.value(1, dtype), b.shape(ids))
    ones.shape = (None,) * b.rank(ids)
    found = segments(b, "Sum", ones, ids, count)
    return b("Unsqueeze", found, list(range(1, b.rank(like)))) if b.rank(like) > 1 else found


def last_and_one(b: Scope, ids: Value) -> Value:
    """Return the number of segments of ascending ids, as an int64 vector; 0 of none."""
    last = b.slice(b("Concat", b.value([-1]), b.int64(ids), axis=0), 0, -1, MOST)
    return b("Add", last, 1, shape=(1,))


def _unsorted(kind: str) -> Any:
    return lambda b, node, data, ids, count: segments(b, kind, data, ids, b.vector(count))


def _ascending(kind: str) -> Any:
    def write(b: Scope, node: Node, data: Value, ids: Value) -> Value:
        count = last_and_one(b, ids)
        if kind == "Mean":
            return mean_of_segments(b, data, ids, count)
        made = segments(b, kind, data, ids, count)
        if kind in ("Max", "Min"):
            made = b("Where", b("Greater", members(b, ids, count, data, "int32"), 0), made, 0)
        return made

    return write


def mean_of_segments(b: Scope, data: Value, ids: Value, count: Value) -> Value:
    """Return the means of rows, 0 of none."""
    number = b("Max", members(b, ids, count, data, data.dtype), 1)
    return b("Div", segments(b, "Sum", data, ids, count), number)


WRITERS.update({f"UnsortedSegment{kind}": _unsorted(kind) for kind in _SCATTERS})
WRITERS.update({f"Segment{kind}": _ascending(kind) for kind in (*_SCATTERS, "Mean")})


@writes("SparseSegmentSum", "SparseSegmentMean")
def sparse_segments(b: Scope, node: Node, data: Value, indices: Value, ids: Value) -> Value:
    rows = b("Gather", data, b.int64(indices), axis=0, shape=(None, *data.shape[1:]) if data.shape else None)
    count = last_and_one(b, ids)
    return segments(b, "Sum", rows, ids, count) if node.op == "SparseSegmentSum" else mean_of_segments(b, rows, ids, count)
