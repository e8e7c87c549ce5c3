"""Writes ops whose results' sizes depend on the data, and those that search: where, unique, boxes to keep, largest elements."""

from __future__ import annotations

from typing import Any

from ...graph.definition import Node
from .scope import Scope, Unwritable, Value, writes

# --- sizes that data decide -------------------------------------------------------------------------------------------------


@writes("Where")
def where(b: Scope, node: Node, condition: Value) -> Value:
    return b.int32(b("Transpose", b("NonZero", condition), perm=[1, 0], shape=(None, b.rank(condition))))


def _unique(b: Scope, x: Value, axis: int | None) -> list[Value]:
    """Return (values, places) in the order in which they come. ONNX Runtime has no int32 for it."""
    wide = b.int64(x) if x.dtype == "int32" else x
    values, _, places, counts = b("Unique", wide, outputs=4, sorted=0, axis=axis)
    return [b.cast(values, x.dtype), b.int32(places), b.int32(counts)]


@writes("Unique")
def unique(b: Scope, node: Node, x: Value) -> list[Value]:
    return _unique(b, x, None)[:2]


@writes("UniqueV2")
def unique_v2(b: Scope, node: Node, x: Value, axis: Value | None = None) -> list[Value]:
    listed = b.ints(axis, "axis") if axis is not None else []
    return _unique(b, x, listed[0] if listed and b.rank(x) > 1 else None)[:2]


@writes("UniqueWithCounts")
def unique_with_counts(b: Scope, node: Node, x: Value) -> list[Value]:
    return _unique(b, x, None)


def _rows_where(b: Scope, truth: Value) -> Value:
    """Return the places of a vector that are true, as int64."""
    return b("Squeeze", b("NonZero", truth), [0], shape=(None,))


@writes("ListDiff", "SetDiff1D")
def list_diff(b: Scope, node: Node, x: Value, y: Value) -> list[Value]:
    same = b("Equal", b("Unsqueeze", x, [1]), b("Unsqueeze", y, [0]))
    places = _rows_where(b, b("Equal", b("ReduceSum", b.cast(same, "int32"), [1], keepdims=0), 0))
    return [b("Gather", x, places, axis=0), b.int32(places)]


@writes("DynamicPartition")
def dynamic_partition(b: Scope, node: Node, data: Value, partitions: Value) -> list[Value]:
    count = int(node.attrs["num_partitions"])
    if not 1 <= count <= 1024:
        raise Unwritable(f"it has {count} parts")
    rest = [b("Shape", data, start=b.rank(partitions))] if b.rank(data) > b.rank(partitions) else []
    rows = b("Reshape", data, b("Concat", b.value([-1]), *rest, axis=0))
    numbers = b.reshape(partitions, [-1])
    return [b("Gather", rows, _rows_where(b, b("Equal", numbers, i)), axis=0) for i in range(count)]


@writes("DynamicStitch", "ParallelDynamicStitch")
def dynamic_stitch(b: Scope, node: Node, *inputs: Value) -> Value:
    """Rows are looked up by the last place that has their number."""
    half = len(inputs) // 2
    indices, data = inputs[:half], inputs[half:]
    outer = b.rank(indices[0])
    rest = [b("Shape", data[0], start=outer)] if b.rank(data[0]) > outer else []
    shape = b("Concat", b.value([-1]), *rest, axis=0)
    rows = [b("Reshape", x, shape) for x in data]
    numbers = [b.reshape(b.int64(i), [-1]) for i in indices]
    all_rows = b("Concat", *rows, axis=0) if half > 1 else rows[0]
    places = b("Concat", *numbers, axis=0) if half > 1 else numbers[0]
    order = b("Range", b.int64(0), b("Size", places, shape=()), b.int64(1), shape=(None,))
    highest = b("ReduceMax", b("Concat", b.value([-1]), places, axis=0), keepdims=1, shape=(1,))
    source = b.expand(b.int64(0), b("Add", highest, 1))
    source = b("ScatterElements", source, places, order, axis=0, reduction="max")
    return b("Gather", all_rows, source, axis=0)


# --- boxes ------------------------------------------------------------------------------------------------------------------


def _kept_boxes(b: Scope, boxes: Value, scores: Value, count: Value, iou: Any, score: Any) -> Value:
    """Return the numbers of the boxes that stay, as an int64 vector."""
    limits = [b.reshape(v, [1]) if isinstance(v, Value) else b.const([v], (1,), "float32") for v in (iou, score)]
    found = b("NonMaxSuppression", b("Unsqueeze", boxes, [0]), b("Unsqueeze", scores, [0, 1]), b.vector(count), *limits, shape=(None, 3))
    return b("Gather", found, b.int64(2), axis=1, shape=(None,))


_LEAST = -3.4028234663852886e38


@writes("NonMaxSuppression")
def non_max_suppression(b: Scope, node: Node, boxes: Value, scores: Value, count: Value) -> Value:
    return b.int32(_kept_boxes(b, boxes, scores, count, float(node.attrs.get("iou_threshold", 0.5)), _LEAST))


@writes("NonMaxSuppressionV2", "NonMaxSuppressionV3")
def non_max_suppression_v3(b: Scope, node: Node, boxes: Value, scores: Value, count: Value, iou: Any = 0.5, score: Any = _LEAST) -> Value:
    return b.int32(_kept_boxes(b, boxes, scores, count, iou, score))


def _filled_up(b: Scope, x: Value, count: Value) -> Value:
    """Return a vector with zeros up to a size."""
    short = b("Sub", b.vector(count), b("Shape", x, shape=(1,)))
    return b("Pad", x, b("Concat", b.value([0]), short, axis=0), b.zero(x.dtype))


@writes("NonMaxSuppressionV4")
def non_max_suppression_v4(b: Scope, node: Node, boxes: Value, scores: Value, count: Value, iou: Any, score: Any) -> list[Value]:
    kept = _kept_boxes(b, boxes, scores, count, iou, score)
    number = b.int32(b("Size", kept, shape=()))
    return [b.int32(_filled_up(b, kept, count) if node.attrs.get("pad_to_max_output_size") else kept), number]


@writes("NonMaxSuppressionV5")
def non_max_suppression_v5(b: Scope, node: Node, boxes: Value, scores: Value, count: Value, iou: Any, score: Any, sigma: Value) -> Any:
    """Return (places, scores, how many)."""
    if sigma.known != [0.0]:
        raise Unwritable("ONNX lowers no scores, as a sigma other than 0 asks for")
    kept = _kept_boxes(b, boxes, scores, count, iou, score)
    chosen, number = b("Gather", scores, kept, axis=0), b.int32(b("Size", kept, shape=()))
    if node.attrs.get("pad_to_max_output_size"):
        kept, chosen = (_filled_up(b, v, count) for v in (kept, chosen))
    return [b.int32(kept), chosen, number]


# --- order ------------------------------------------------------------------------------------------------------------------


def _top_k(b: Scope, x: Value, count: Any) -> list[Value]:
    values, places = b("TopK", x, count, outputs=2, axis=-1, largest=1, sorted=1)
    return [values, b.int32(places)]


@writes("TopKV2")
def top_k_v2(b: Scope, node: Node, x: Value, count: Value) -> list[Value]:
    return _top_k(b, x, b.vector(count))


@writes("TopK")
def top_k(b: Scope, node: Node, x: Value) -> list[Value]:
    return _top_k(b, x, [int(node.attrs["k"])])


@writes("InTopK", "InTopKV2")
def in_top_k(b: Scope, node: Node, predictions: Value, targets: Value, count: Value | None = None) -> Value:
    """A target is among the k largest if fewer than k are larger."""
    own = b("GatherElements", predictions, b("Unsqueeze", b.int64(targets), [1]), axis=1)
    larger = b("ReduceSum", b.cast(b("Greater", predictions, own), "int32"), [1], keepdims=0)
    limit = b.const([int(node.attrs["k"])], (), "int32") if count is None else count
    finite = b("Not", b("Or", *(b(op, b("Squeeze", own, [1])) for op in ("IsNaN", "IsInf"))))
    return b("And", b("Less", larger, limit), finite)


def _bound(op: str) -> Any:
    def write(b: Scope, node: Node, rows: Value, wanted: Value) -> Value:
        """Count what stands before, for each row [n, m] and each of its values [n, k]."""
        before = b(op, b("Unsqueeze", rows, [1]), b("Unsqueeze", wanted, [2]))
        return b("ReduceSum", b.cast(before, "int32"), [2], keepdims=0, shape=wanted.shape)

    return write


writes("LowerBound")(_bound("Less"))
writes("UpperBound")(_bound("LessOrEqual"))
