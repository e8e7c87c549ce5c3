"""ONNX's ops that make, reshape, cut and join tensors: Reshape, Slice, Pad, Concat, Range and the like."""

from __future__ import annotations

import math
from typing import Any

from ...graph.tf_dtypes import own_dtype
from .folding import ends_slice, slice_parts
from .schema import DTYPES
from .shapes import joined, known_product
from .tensors import SMALL, read_tensor
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

MAX_RANK = 8
MAX_PARTS = 4096  # outputs of a Split


# --- shapes -------------------------------------------------------------------------------------------------------------------


@onnx_op("Reshape")
def reshape(b: Scope, node: OnnxNode, x: Value, shape: Value) -> Value:
    copies, wanted = not node.int("allowzero", 0), shape.host
    if wanted is None:
        return b.typed(b("Reshape", x, _copied(b, x, shape) if copies and x.ndim else shape), x.dtype)
    sizes: list[Any] = list(wanted)
    if copies and 0 in sizes:
        own = b.dims(x)
        sizes = [own[i] if s == 0 else s for i, s in enumerate(sizes)]
    unknown = [i for i, s in enumerate(sizes) if s is None or isinstance(s, Value)]
    known = [s for i, s in enumerate(sizes) if i not in unknown]
    if len(unknown) == 1 and all(s > 0 for s in known):
        sizes[unknown[0]] = -1
    elif len(unknown) == 1 and known.count(-1) == 1 and _rest(x, wanted, sizes):
        sizes = [-1 if i == unknown[0] else _rest(x, wanted, sizes) if s == -1 else s for i, s in enumerate(sizes)]
    elif any(s is None for s in sizes):
        sizes = [b("GatherV2", shape, i, 0) if s is None else s for i, s in enumerate(sizes)]
    return b.typed(b.reshape(x, sizes), x.dtype)


def _rest(x: Value, wanted: list[Any], sizes: list[Any]) -> int | None:
    """Return what -1 stands for where the one other size that is not known is copied from x."""
    place = wanted.index(0) if wanted.count(0) == 1 else -1
    if place < 0 or x.shape is None or not isinstance(sizes[place], Value):
        return None
    total = known_product([s for i, s in enumerate(x.shape) if i != place])
    others = math.prod(s for s in sizes if isinstance(s, int) and s != -1)
    return None if total is None or not others or not total else total // others


def _copied(b: Scope, x: Value, shape: Value) -> Value:
    """Return a computed shape in which 0 stands for x's own size."""
    own = b("PadV2", b.shape(x), [[0, MAX_RANK]], 0)
    own = b("Slice", own, [0], b("Shape", shape, out_type="int32"))
    return b("SelectV2", b("Equal", shape, 0), own, shape)


@onnx_op("Transpose")
def transpose(b: Scope, node: OnnxNode, x: Value) -> Value:
    perm = node.ints("perm", None)
    perm = list(range(b.rank(x)))[::-1] if perm is None else perm
    if sorted(perm) != list(range(len(perm))) or (x.ndim is not None and x.ndim != len(perm)):
        raise Unsupported(f"perm is {perm} of an input with {x.ndim} dimensions"[:120])
    return b.transpose(x, perm)


@onnx_op("Squeeze")
def squeeze(b: Scope, node: OnnxNode, x: Value, axes: Value | None = None) -> Value:
    listed = b.ints(axes, "axes") if axes is not None else node.ints("axes")
    if listed is None:
        if x.shape is None or None in x.shape:
            raise Unsupported("which sizes are 1 is not known beforehand")
        listed = [i for i, s in enumerate(x.shape) if s == 1]
    return b.squeeze(x, [a % b.rank(x) for a in listed]) if x.shape is not None else b.squeeze(x, listed)


@onnx_op("Unsqueeze")
def unsqueeze(b: Scope, node: OnnxNode, x: Value, axes: Value | None = None) -> Value:
    listed = b.ints(axes, "axes") if axes is not None else node.ints("axes", [])
    if x.shape is None and (len(listed) == 1 or max(listed) < 0):
        listed = sorted(listed, reverse=True)  # from the end backwards
    else:
        listed = sorted(a if a >= 0 else a + b.rank(x) + len(listed) for a in listed)
    for axis in listed:
        x = b("ExpandDims", x, axis)
    return x


@onnx_op("Flatten")
def flatten(b: Scope, node: OnnxNode, x: Value) -> Value:
    axis, sizes = node.int("axis", 1), b.rank(x) and list(x.shape or ())
    axis = axis + b.rank(x) if axis < 0 else axis
    before, after = known_product((sizes or [])[:axis]), known_product((sizes or [])[axis:])
    if before is None and after is None:
        dims = b.dims(x)[:axis]
        first = dims[0]
        for size in dims[1:]:
            first = b("Mul", first, size)
        return b.reshape(x, [first, -1])
    return b.reshape(x, [-1 if before is None else before, -1 if before is not None else after])


@onnx_op("Shape")
def shape_of(b: Scope, node: OnnxNode, x: Value) -> Value:
    found = b.shape(x)
    first, last = node.int("start", 0), node.int("end", None)
    return b.typed(found if (first, last) == (0, None) else b.slice(found, 0, first, last), "int64")


@onnx_op("Size")
def size_of(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b.typed(b("Size", x, out_type="int32"), "int64")


@onnx_op("Expand")
def expand(b: Scope, node: OnnxNode, x: Value, shape: Value) -> Value:
    if shape.host is not None and x.shape is not None and (len(shape.host) >= len(x.shape) or None not in x.shape):
        wanted = joined(x.shape, tuple(s if s != 1 else 1 for s in shape.host))
        if wanted is not None and None not in wanted:
            return b.typed(b("BroadcastTo", x, [s or 0 for s in wanted]) if wanted != x.shape else b("Identity", x), x.dtype)
    found = b("BroadcastTo", x, b("BroadcastArgs", b.shape(x), shape))
    found.shape = joined(x.shape, tuple(shape.host)) if shape.host is not None else None
    return b.typed(found, x.dtype)


@onnx_op("Tile")
def tile(b: Scope, node: OnnxNode, x: Value, times: Value) -> Value:
    return b("Tile", x, times)


# --- joining and cutting ------------------------------------------------------------------------------------------------------


@onnx_op("Concat")
def concat(b: Scope, node: OnnxNode, *parts: Value) -> Value:
    axis = node.int("axis", 0)
    rank = next((p.ndim for p in parts if p.ndim), None)
    return b("ConcatV2", *parts, axis % rank if rank else axis, N=len(parts)) if len(parts) > 1 else b("Identity", parts[0])


@onnx_op("Split")
def split(b: Scope, node: OnnxNode, x: Value, sizes: Value | None = None) -> list[Value]:
    axis, count = node.int("axis", 0) % b.rank(x), len(node.outputs)
    if count > MAX_PARTS:
        raise Unsupported(f"it has {count} outputs")
    listed: Any = node.ints("split") if sizes is None else sizes.known or sizes
    if listed is None and x.shape is not None and x.shape[axis] is not None and x.shape[axis] % count:
        each = -(-x.shape[axis] // count)
        listed = [each] * (count - 1) + [x.shape[axis] - each * (count - 1)]
    if listed is None:
        return b("Split", axis, x, outputs=count, num_split=count)
    return b("SplitV", x, listed, axis, outputs=count, num_split=count)


@onnx_op("Slice")
def strided_slice(b: Scope, node: OnnxNode, x: Value, *parts: Value | None) -> Value:
    known = [None if p is None else p.known if p.known is not None else [None] * b.size(p, 0) for p in parts]
    rank = b.rank(x)
    starts, ends, axes, steps = slice_parts(node, known, rank)
    if None in axes or None in steps:
        raise Unsupported("its axes or steps are computed while the model runs")
    begin: list[Any] = [0] * rank
    end: list[Any] = [0] * rank
    stride, first_mask, last_mask = [1] * rank, (1 << rank) - 1, (1 << rank) - 1
    for i, axis in enumerate(axes):
        first, last = starts[i], ends[i]
        if None not in (first, last):
            last = ends_slice(first, last, steps[i]).stop
        begin[axis] = b("GatherV2", parts[0], i, 0) if first is None else first
        end[axis] = b("GatherV2", parts[1], i, 0) if ends[i] is None else last or 0
        stride[axis] = steps[i]
        first_mask &= ~(1 << axis)
        if last is not None or ends[i] is None:
            last_mask &= ~(1 << axis)
    masks = {"begin_mask": first_mask, "end_mask": last_mask, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}
    return b("StridedSlice", x, b.pack(begin), b.pack(end), stride, **masks)


# --- padding ------------------------------------------------------------------------------------------------------------------


@onnx_op("Pad")
def pad(b: Scope, node: OnnxNode, x: Value, pads: Value | None = None, value: Value | None = None, axes: Value | None = None) -> Value:
    rank, mode = b.rank(x), node.text("mode", "constant")
    fill: Any = node.float("value", 0.0) if pads is None else b.like(0, x) if value is None else b.reshape(value, [])
    listed = node.ints("pads") if pads is None else pads.known
    places = list(range(rank)) if axes is None else [a % rank for a in b.ints(axes, "axes")]
    if listed is None:
        if pads is None or mode != "constant" or axes is not None:
            raise Unsupported("its pads are computed while the model runs")
        return b("PadV2", x, b("Transpose", b("Reshape", pads, [2, rank]), [1, 0]), fill)
    around = [[0, 0] for _ in range(rank)]
    for i, axis in enumerate(places):
        around[axis] = [listed[i], listed[i + len(places)]]
    return padded(b, x, around, mode, fill)


def padded(b: Scope, x: Value, around: list[list[int]], mode: str = "constant", fill: Any = 0.0) -> Value:
    """Return a value with so much before and after each axis; less than 0 is cut off."""
    for axis, (before, after) in enumerate(around):
        if min(before, after) < 0:
            x = b.slice(x, axis, max(0, -before), min(0, after) or None)
    around = [[max(0, p) for p in pair] for pair in around]
    if not any(map(any, around)):
        return x
    if mode == "constant":
        if x.dtype == "bool":
            return b.cast(b("PadV2", b.cast(x, "int32"), around, b.cast(b.value(fill), "int32")), "bool")
        return b("PadV2", x, around, fill)
    if mode == "reflect":
        return b("MirrorPad", x, around, mode=b"REFLECT")
    if mode not in ("edge", "wrap"):
        raise Unsupported(f"mode {mode[:20]!r}")
    for axis, (before, after) in enumerate(around):
        if before or after:
            size = b.dims(x)[axis]
            places = b("Range", -before, size + after if isinstance(size, int) else b("AddV2", size, after), 1, Tidx="int32")
            last = size - 1 if isinstance(size, int) else b("Sub", size, 1)
            inside = b("Maximum", b("Minimum", places, last), 0) if mode == "edge" else b("FloorMod", places, size)
            x = b("GatherV2", x, inside, axis, batch_dims=0)
    return x


@onnx_op("CenterCropPad")
def center_crop_pad(b: Scope, node: OnnxNode, x: Value, shape: Value) -> Value:
    rank = b.rank(x)
    around = [[0, 0] for _ in range(rank)]
    axes = [a % rank for a in node.ints("axes", list(range(rank)))]
    for axis, wanted in zip(axes, b.ints(shape, "sizes"), strict=True):
        more = wanted - b.size(x, axis)
        around[axis] = [more // 2, more - more // 2] if more > 0 else [-(-more // 2), more + (-more // 2)]
    return padded(b, x, around, "constant", b.like(0, x))


# --- making -------------------------------------------------------------------------------------------------------------------


@onnx_op("Constant")
def constant(b: Scope, node: OnnxNode) -> Value:
    proto = node.tensor("value")
    if proto is not None:
        found = read_tensor(proto, b.reader.folder, "Constant")
        return Value(found.dtype, found.shape, constant=found)
    for name, read, dtype in (
        ("value_float", node.float, "float32"), ("value_floats", node.floats, "float32"), ("value_int", node.int, "int64"),
        ("value_ints", node.ints, "int64"), ("value_strings", node.texts, "string"),
    ):  # fmt: skip
        if name in node:
            value = read(name)
            return b.const(value if isinstance(value, list) else [value], [len(value)] if isinstance(value, list) else [], dtype)
    if "value_string" in node:
        return b.const([node.text("value_string")], [], "string")
    raise Unsupported("it has no dense value")


@onnx_op("ConstantOfShape")
def constant_of_shape(b: Scope, node: OnnxNode, shape: Value) -> Value:
    proto = node.tensor("value")
    found = None if proto is None else read_tensor(proto, b.reader.folder, "ConstantOfShape")
    value, dtype = (0.0, "float32") if found is None else ((found.host() or [0])[0], found.dtype)
    if shape.known is not None and math.prod(shape.known) <= SMALL and min(shape.known, default=1) >= 0:
        return b.const([value] * math.prod(shape.known), shape.known, dtype)
    own = own_dtype(dtype) or "float32"
    filled = b("Fill", b.const([], [0], "int32") if shape.shape == (0,) else shape, b.const([value], [], own), T=own)
    return b.typed(filled, dtype)


@onnx_op("Range")
def number_range(b: Scope, node: OnnxNode, start: Value, limit: Value, delta: Value) -> Value:
    return b.typed(b("Range", start, limit, delta, Tidx=own_dtype(start.dtype) or "float32"), start.dtype)


@onnx_op("EyeLike")
def eye_like(b: Scope, node: OnnxNode, x: Value) -> Value:
    rows, columns = b.dims(x)
    dtype = DTYPES.get(node.int("dtype", 0), x.dtype or "float32")
    places = b("AddV2", b("Range", 0, rows, 1, Tidx="int32"), node.int("k", 0))
    return b.typed(b.cast(b("OneHot", places, columns, 1.0, 0.0, axis=-1), dtype), dtype)


@onnx_op("Trilu")
def triangle(b: Scope, node: OnnxNode, x: Value, k: Value | None = None) -> Value:
    rows, columns = b.dims(x)[-2:]
    diagonal: Any = 0 if k is None else k.known[0] if k.known is not None else b.reshape(k, [])
    down = b("ExpandDims", b("Range", 0, rows, 1, Tidx="int32"), 1)
    across = b("Sub", b("ExpandDims", b("Range", 0, columns, 1, Tidx="int32"), 0), diagonal)
    keep = b("LessEqual", down, across) if node.int("upper", 1) else b("GreaterEqual", down, across)
    if x.dtype == "bool":
        return b("LogicalAnd", x, keep)
    return b.typed(b("SelectV2", keep, x, b.like(0, x)), x.dtype)


# --- blocks of pixels ---------------------------------------------------------------------------------------------------------


@onnx_op("DepthToSpace")
def depth_to_space(b: Scope, node: OnnxNode, x: Value) -> Value:
    block = node.int("blocksize", 1)
    if node.text("mode", "DCR") == "DCR":
        wide = b("DepthToSpace", b.transpose(x, [0, 2, 3, 1]), block_size=block, data_format=b"NHWC")
        return b.transpose(wide, [0, 3, 1, 2])
    n, c, h, w = b.dims(x)
    parts = b.reshape(x, [n, b.size(x, 1) // (block * block), block, block, h, w])
    return b.reshape(b.transpose(parts, [0, 1, 4, 2, 5, 3]), [n, c // (block * block), *_times(b, (h, w), block)])


@onnx_op("SpaceToDepth")
def space_to_depth(b: Scope, node: OnnxNode, x: Value) -> Value:
    block = node.int("blocksize", 1)
    n, c = b.dims(x)[0], b.size(x, 1)
    h, w = (s // block if isinstance(s, int) else b("FloorDiv", s, block) for s in b.dims(x)[2:])
    parts = b.reshape(x, [n, c, h, block, w, block])
    return b.reshape(b.transpose(parts, [0, 3, 5, 1, 2, 4]), [n, c * block * block, h, w])


def _times(b: Scope, sizes: tuple[Any, ...], factor: int) -> list[Any]:
    return [s * factor if isinstance(s, int) else b("Mul", s, factor) for s in sizes]
