"""ONNX's reductions: sums, norms, extremes and where they are; running sums; top k; softmax."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def axes_input(b: Scope, node: OnnxNode, x: Value, axes: Value | None) -> list[int] | None:
    """Return the axes of a reduction, which an input has in later opsets; None where all elements are left as they are."""
    listed = b.ints(axes, "axes") if axes is not None else node.ints("axes")
    if not listed:
        if node.int("noop_with_empty_axes", 0):
            return None
        return list(range(b.rank(x)))
    rank = x.ndim
    return [a % rank for a in listed] if rank else listed


def reduce(b: Scope, op: str, x: Value, axes: list[int], keep: bool = True) -> Value:
    """Return a reduction along axes."""
    return b(op, x, axes, keep_dims=keep) if axes else b("Identity", x)


def _log_sum_exp(b: Scope, x: Value, axes: list[int], keep: bool) -> Value:
    highest = b("StopGradient", reduce(b, "Max", x, axes))
    # An infinite maximum would make NaN of the difference.
    highest = b("SelectV2", b("IsFinite", highest), highest, 0.0)
    total = b("AddV2", b("Log", reduce(b, "Sum", b("Exp", b("Sub", x, highest)), axes)), highest)
    return total if keep or not axes else b.squeeze(total, axes)


def _named(op: str, b: Scope, x: Value, axes: list[int], keep: bool) -> Value:
    return reduce(b, op, x, axes, keep)


_REDUCTIONS: dict[str, Callable[[Scope, Value, list[int], bool], Value]] = {
    **{f"Reduce{op}": partial(_named, op) for op in ("Sum", "Mean", "Prod", "Max", "Min")},
    "ReduceL1": lambda b, x, a, k: reduce(b, "Sum", b("Abs", x), a, k),
    "ReduceL2": lambda b, x, a, k: b("Sqrt", reduce(b, "Sum", b("Square", x), a, k)),
    "ReduceLogSum": lambda b, x, a, k: b("Log", reduce(b, "Sum", x, a, k)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceSumSquare": lambda b, x, a, k: reduce(b, "Sum", b("Square", x), a, k),
}


@onnx_op(*_REDUCTIONS)
def reduction(b: Scope, node: OnnxNode, x: Value, axes: Value | None = None) -> Value:
    keep, places = bool(node.int("keepdims", 1)), axes_input(b, node, x, axes)
    if x.dtype == "bool":
        return b(node.op.replace("ReduceMax", "Any").replace("ReduceMin", "All"), x, places or [], keep_dims=keep)
    if x.whole and node.op in ("ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean"):
        found = _REDUCTIONS[node.op](b, b.cast(x, "float32"), places or [], keep)
        return b.typed(b.cast(found, "int32"), x.dtype)
    return b.typed(_REDUCTIONS[node.op](b, x, places or [], keep), x.dtype)


@onnx_op("ArgMax", "ArgMin")
def arg_extreme(b: Scope, node: OnnxNode, x: Value) -> Value:
    axis, rank = node.int("axis", 0), b.rank(x)
    axis %= max(rank, 1)
    if node.int("select_last_index", 0):
        turned = b(node.op, b("ReverseV2", x, [axis]), axis, output_type="int32")
        last = b("Sub", b.value(b.dims(x)[axis]), 1)
        found = b("Sub", last, turned)
    else:
        found = b(node.op, x, axis, output_type="int32")
    found = b("ExpandDims", found, axis) if node.int("keepdims", 1) else found
    return b.typed(found, "int64")


@onnx_op("CumSum", "CumProd")
def cumulative(b: Scope, node: OnnxNode, x: Value, axis: Value) -> Value:
    place = b.ints(axis, "axis")[0] % max(b.rank(x), 1)
    attrs = {"exclusive": bool(node.int("exclusive", 0)), "reverse": bool(node.int("reverse", 0))}
    return b("Cumsum" if node.op == "CumSum" else "Cumprod", x, place, **attrs)


@onnx_op("TopK")
def top_k(b: Scope, node: OnnxNode, x: Value, k: Value | None = None) -> list[Value]:
    rank = b.rank(x)
    axis, largest = node.int("axis", -1) % rank, bool(node.int("largest", 1))
    perm = [*(i for i in range(rank) if i != axis), axis]
    moved = b.transpose(x, perm)
    if k is None:
        count: Any = node.int("k", 1)
    else:
        count = k.known[0] if k.known is not None else b.reshape(k, [])
    # The smallest are the largest of the negated; integers are turned by ~x, which has no overflow.
    turned = moved if largest else b("Sub", -1, moved) if x.whole else b("Neg", moved)
    values, places = b("TopKV2", turned, count, outputs=2, sorted=True)
    values = values if largest else b("Sub", -1, values) if x.whole else b("Neg", values)
    back = [perm.index(i) for i in range(rank)]
    return [b.typed(b.transpose(values, back), x.dtype), b.typed(b.transpose(places, back), "int64")]


# --- softmax ----------------------------------------------------------------------------------------------------------------


def along_last(b: Scope, x: Value, axis: int, function: Callable[[Value], Value]) -> Value:
    """Return a function of the last axis applied along any."""
    rank = b.rank(x)
    if axis % rank == rank - 1:
        return function(x)
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]
    return b.transpose(function(b.transpose(x, perm)), perm)


def _rows(b: Scope, node: OnnxNode, x: Value, function: Callable[[Value], Value]) -> Value:
    """Return a function of rows: along one axis since opset 13, of all axes from one on before."""
    rank = b.rank(x)
    if node.opset >= 13:
        return along_last(b, x, node.int("axis", -1), function)
    axis = node.int("axis", 1) % rank
    if axis == rank - 1:
        return function(x)
    sizes = b.dims(x)
    flat = b.reshape(x, [*sizes[:axis], -1])
    return b.reshape(function(flat), sizes)


@onnx_op("Softmax", "LogSoftmax")
def softmax(b: Scope, node: OnnxNode, x: Value) -> Value:
    return _rows(b, node, x, lambda rows: b(node.op, rows))


@onnx_op("Hardmax")
def hardmax(b: Scope, node: OnnxNode, x: Value) -> Value:
    def one_hot(rows: Value) -> Value:
        depth = b.dims(rows)[-1]
        return b("OneHot", b("ArgMax", rows, -1, output_type="int32"), depth, 1.0, 0.0, axis=-1)

    return _rows(b, node, x, one_hot)


@onnx_op("LpNormalization")
def lp_normalization(b: Scope, node: OnnxNode, x: Value) -> Value:
    axis, p = node.int("axis", -1), node.int("p", 2)
    if p not in (1, 2):
        raise Unsupported(f"p is {p}")
    total = _REDUCTIONS[f"ReduceL{p}"](b, x, [axis % b.rank(x)], True)
    return b("DivNoNan", x, total)


def lp_norm(b: Scope, x: Value, p: float, reduced: Callable[[Value], Value]) -> Value:
    """Return (Σ|x|^p)^(1/p), where `reduced` gives the sums."""
    powers = b("Abs", x) if p == 1 else b("Square", x) if p == 2 else b("Pow", b("Abs", x), p)
    total = reduced(powers)
    return total if p == 1 else b("Sqrt", total) if p == 2 else b("Pow", total, 1 / p)


@onnx_op("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(b: Scope, node: OnnxNode, x: Value) -> Value:
    axes = list(range(2, b.rank(x)))
    if node.op == "GlobalLpPool":
        return lp_norm(b, x, float(node.int("p", 2)), lambda v: reduce(b, "Sum", v, axes))
    return reduce(b, "Mean" if node.op == "GlobalAveragePool" else "Max", x, axes)


