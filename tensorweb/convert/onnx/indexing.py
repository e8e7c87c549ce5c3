"""ONNX's ops that read and write at indices: Gather, Scatter, OneHot, NonZero, Unique, NonMaxSuppression."""

from __future__ import annotations

from typing import Any

from .elementwise import number_of
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def from_start(b: Scope, indices: Value, size: Any) -> Value:
    """Return indices with those below 0, which count from the end, counted from the start."""
    if indices.known is not None and min(indices.known, default=0) >= 0:
        return indices
    if indices.known is not None and isinstance(size, int):
        return b.const([i + size if i < 0 else i for i in indices.known], [s or 0 for s in indices.shape or ()], "int32")
    if (indices.dtype or "").startswith("u"):
        return indices
    return b("SelectV2", b("Less", indices, 0), b("AddV2", indices, size), indices)


@onnx_op("Gather")
def gather(b: Scope, node: OnnxNode, x: Value, indices: Value) -> Value:
    axis = node.int("axis", 0) % max(b.rank(x), 1)
    if indices.known is None or min(indices.known, default=0) < 0:
        indices = from_start(b, indices, b.dims(x)[axis])
    return b("GatherV2", x, indices, axis, batch_dims=0)


def flat_places(b: Scope, x: Value, indices: Value, axis: int) -> Value:
    """Return where elements stand in the flat x whose place is their own but for one axis, for which indices tell it."""
    sizes, counts, rank = b.dims(x), b.dims(indices), b.rank(x)
    found = from_start(b, indices, sizes[axis])
    strides: list[Any] = [1] * rank
    step: Any = 1
    for i in reversed(range(rank)):
        strides[i] = step
        step = step * sizes[i] if isinstance(step, int) and isinstance(sizes[i], int) else b("Mul", step, sizes[i])
    total = found if strides[axis] == 1 else b("Mul", found, strides[axis])
    for i in range(rank):
        if i != axis and counts[i] != 1:
            places = b("Mul", b("Range", 0, counts[i], 1, Tidx="int32"), strides[i])
            total = b("AddV2", total, b.reshape(places, [-1 if j == i else 1 for j in range(rank)]))
    return total


@onnx_op("GatherElements")
def gather_elements(b: Scope, node: OnnxNode, x: Value, indices: Value) -> Value:
    places = flat_places(b, x, indices, node.int("axis", 0) % b.rank(x))
    found = b("GatherV2", b.reshape(x, [-1]), places, 0, batch_dims=0)
    found.shape = indices.shape
    return found


@onnx_op("GatherND")
def gather_nd(b: Scope, node: OnnxNode, x: Value, indices: Value) -> Value:
    batch, depth = node.int("batch_dims", 0), b.size(indices, -1)
    sizes = b.pack(b.dims(x)[batch : batch + depth])
    inside = from_start(b, indices, sizes if indices.known is None or min(indices.known, default=0) < 0 else 0)
    if not batch:
        return b("GatherNd", x, inside)
    counts, rank = b.dims(indices), b.rank(indices)
    grids = [b.reshape(b("Range", 0, counts[i], 1, Tidx="int32"), [-1 if j == i else 1 for j in range(rank)]) for i in range(batch)]
    zeros = b("ZerosLike", b.slice(inside, -1, 0, 1))
    return b("GatherNd", x, b("ConcatV2", *(b("AddV2", zeros, grid) for grid in grids), inside, rank - 1, N=batch + 1))


# --- scatter ------------------------------------------------------------------------------------------------------------------


def scattered(b: Scope, node: OnnxNode, x: Value, places: Value, updates: Value) -> Value:
    """Return x with updates at places of its first axes."""
    kind = node.text("reduction", "none")
    if kind == "none":
        return b("TensorScatterUpdate", x, places, updates)
    if kind != "add":
        raise Unsupported(f"reduction {kind[:20]!r}")
    return b("AddV2", x, b("ScatterNd", places, updates, b.shape(x)))


@onnx_op("Scatter", "ScatterElements")
def scatter_elements(b: Scope, node: OnnxNode, x: Value, indices: Value, updates: Value) -> Value:
    places = b.reshape(flat_places(b, x, indices, node.int("axis", 0) % b.rank(x)), [-1, 1])
    found = scattered(b, node, b.reshape(x, [-1]), places, b.reshape(updates, [-1]))
    return b.typed(b.reshape(found, b.dims(x)), x.dtype)


@onnx_op("ScatterND")
def scatter_nd(b: Scope, node: OnnxNode, x: Value, indices: Value, updates: Value) -> Value:
    if indices.known is None or min(indices.known, default=0) < 0:
        indices = from_start(b, indices, b.pack(b.dims(x)[: b.size(indices, -1)]))
    return b.typed(scattered(b, node, x, indices, updates), x.dtype)


# --- places -------------------------------------------------------------------------------------------------------------------


@onnx_op("OneHot")
def one_hot(b: Scope, node: OnnxNode, indices: Value, depth: Value, values: Value) -> Value:
    size: Any = int(depth.known[0]) if depth.known is not None else b.reshape(b.cast(depth, "int32"), [])
    places = b.cast(indices, "int32")
    places = from_start(b, places, size)
    if values.known is not None and len(values.known) == 2 and values.dtype != "bool":
        off, on = (b.like(v, values) for v in values.known)
        found = b("OneHot", places, size, on, off, axis=-1)
    else:
        chosen = b("OneHot", places, size, 1, 0, axis=-1)
        off, on = (b("GatherV2", values, i, 0) for i in (0, 1))
        found = b("SelectV2", b("Equal", chosen, 1), on, off)
    rank = b.rank(found)
    axis = node.int("axis", -1) % rank
    perm = list(range(rank - 1))
    perm.insert(axis, rank - 1)
    return b.typed(b.transpose(found, perm), values.dtype)


@onnx_op("NonZero")
def non_zero(b: Scope, node: OnnxNode, x: Value) -> Value:
    truth = x if x.dtype == "bool" else b("NotEqual", x, b.like(0, x))
    return b.typed(b.transpose(b("Where", truth), [1, 0]), "int64")


@onnx_op("Compress")
def compress(b: Scope, node: OnnxNode, x: Value, condition: Value) -> Value:
    axis = node.int("axis")
    places = b.reshape(b("Where", condition), [-1])
    return b("GatherV2", b.reshape(x, [-1]) if axis is None else x, places, 0 if axis is None else axis % b.rank(x), batch_dims=0)


@onnx_op("ReverseSequence")
def reverse_sequence(b: Scope, node: OnnxNode, x: Value, lengths: Value) -> Value:
    time, batch = node.int("time_axis", 0), node.int("batch_axis", 1)
    if (time, batch) not in ((0, 1), (1, 0)):
        raise Unsupported(f"axes {time} and {batch}")
    swapped = [1, 0, *range(2, b.rank(x))]
    rows = b.transpose(x, swapped) if time == 0 else x
    found = reversed_rows(b, rows, lengths)
    return b.transpose(found, swapped) if time == 0 else found


def reversed_rows(b: Scope, rows: Value, lengths: Value) -> Value:
    """Return [batch, time, ...] with the first so many steps of each row in reverse order."""
    steps = b("ExpandDims", b("Range", 0, b.dims(rows)[1], 1, Tidx="int32"), 0)
    ends = b("ExpandDims", b.cast(lengths, "int32"), 1)
    places = b("SelectV2", b("Less", steps, ends), b("Sub", b("Sub", ends, 1), steps), b("AddV2", steps, b("ZerosLike", ends)))
    flat = b("AddV2", places, b("ExpandDims", b("Mul", b("Range", 0, b.dims(rows)[0], 1, Tidx="int32"), b.dims(rows)[1]), 1))
    sizes = b.dims(rows)
    joined = b.reshape(rows, [-1, *sizes[2:]])
    found = b("GatherV2", joined, flat, 0, batch_dims=0)
    found.shape = rows.shape
    return found


@onnx_op("Unique")
def unique(b: Scope, node: OnnxNode, x: Value) -> list[Value | None]:
    if node.int("axis") is not None and b.rank(x) != 1:
        raise Unsupported("it has an axis")
    flat = b.reshape(x, [-1])
    values, places = b("UniqueV2", flat, 0, outputs=2)
    values.shape = (None,)
    count = b.reshape(b("Shape", values, out_type="int32"), [])
    # The first place of each: of the pairs (value, place) the smallest place.
    same = b("Equal", b("ExpandDims", b("Range", 0, count, 1, Tidx="int32"), 1), b("ExpandDims", places, 0))
    first = b("ArgMax", b.cast(same, "int32"), 1, output_type="int32")
    counts = b("Sum", b.cast(same, "int32"), [1], keep_dims=False)
    if node.int("sorted", 1):
        key = b("Sub", -1, values) if x.whole else b("Neg", values)
        _, order = b("TopKV2", key, count, outputs=2, sorted=True)
        _, rank = b("TopKV2", b("Neg", order), count, outputs=2, sorted=True)
        values, first, counts = (b("GatherV2", v, order, 0, batch_dims=0) for v in (values, first, counts))
        places = b("GatherV2", rank, places, 0, batch_dims=0)
    return [b.typed(values, x.dtype), *(b.typed(v, "int64") for v in (first, places, counts))]


@onnx_op("NonMaxSuppression")
def non_max_suppression(b: Scope, node: OnnxNode, boxes: Value, scores: Value, count: Value | None = None, *limits: Value | None) -> Value:
    overlap, least = (*limits, None, None)[:2]
    batch, classes = b.size(scores, 0), b.size(scores, 1)
    if batch * classes > 512:
        raise Unsupported(f"{batch * classes} classes in all")
    if count is None:
        return b.typed(b.const([], [0, 3], "int32"), "int64")
    limit = number_of(count) if count.known is not None else b.reshape(count, [])
    most: Any = 0.0 if overlap is None else b.reshape(overlap, [])
    lowest: Any = -3.4e38 if least is None else b.reshape(least, [])
    found = []
    for i in range(batch):
        own = _corners(b, b("GatherV2", boxes, i, 0, batch_dims=0), node.int("center_point_box", 0))
        rows = b("GatherV2", scores, i, 0, batch_dims=0)
        for j in range(classes):
            kept = b("NonMaxSuppressionV3", own, b("GatherV2", rows, j, 0, batch_dims=0), limit, most, lowest)
            kept.shape = (None,)
            found.append(b("PadV2", b("PadV2", b("ExpandDims", kept, 1), [[0, 0], [1, 0]], j), [[0, 0], [1, 0]], i))
    return b.typed(b("ConcatV2", *found, 0, N=len(found)) if len(found) > 1 else found[0], "int64")


def _corners(b: Scope, boxes: Value, centered: int) -> Value:
    """Return boxes by two corners that are given so already, or by center, width and height (x first)."""
    if not centered:
        return boxes
    center, half = b.slice(boxes, 1, 0, 2), b("Mul", b.slice(boxes, 1, 2, 4), 0.5)
    return b("ConcatV2", b("Sub", center, half), b("AddV2", center, half), 1, N=2)
