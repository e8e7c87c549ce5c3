"""What is known beforehand of an emitted op's outputs: dtypes and shapes (None: not known). Values are `folding`'s business.

A rule is wrong only where it says too much: what is not known is left to the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ...graph.define import entering

Shape = tuple[int | None, ...] | None
RULES: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {}

_TRUTH = frozenset((
    "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "LogicalNot", "IsNan", "IsInf",
    "IsFinite", "All", "Any",
))  # fmt: skip
_WHOLE = frozenset((
    "ArgMax", "ArgMin", "Shape", "ShapeN", "Size", "Rank", "Where", "LowerBound", "UpperBound", "NonMaxSuppressionV3",
    "NonMaxSuppressionV5",
))  # fmt: skip
_SECOND = frozenset((
    "SelectV2", "Select", "Split", "ScatterNd", "Fill",
))  # fmt: skip  # ops whose outputs have the dtype of the second input
JOINED = frozenset((
    "Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "DivNoNan", "FloorDiv", "FloorMod", "Mod", "Maximum", "Minimum", "Pow",
    "SquaredDifference", "Atan2", "Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "LogicalAnd", "LogicalOr",
    "SelectV2", "BitwiseAnd", "Complex", "AddN", "BiasAdd", "Prelu",
))  # fmt: skip


def infer(op: str, values: list[Any], attrs: dict[str, Any], outputs: int) -> list[tuple[str | None, Shape]]:
    """Return (dtype, shape) of each output of an op with these inputs."""
    if op in RULES:
        shapes = RULES[op](values, attrs)
    elif op in JOINED:
        shapes = joined(*(v.shape for v in values))
    else:
        shapes = values[0].shape if values and op in SAME else None
    if not isinstance(shapes, list):
        shapes = [shapes] * outputs
    return [(_dtype(op, values, attrs, i), shape) for i, shape in enumerate(shapes)]


def _dtype(op: str, values: list[Any], attrs: dict[str, Any], number: int) -> str | None:
    if op in _TRUTH:
        return "bool"
    for name in ("DstT", "dtype", "out_type", "output_dtype", "_dtype"):
        if isinstance(attrs.get(name), str):
            return attrs[name]
    if op in _WHOLE or (op in ("TopKV2", "UniqueV2", "Unique", "MaxPoolWithArgmax") and number):
        return "int32"
    if op == "OneHot":
        return values[2].dtype
    place = 2 if op == "Conv2DBackpropInput" else 1 if op in _SECOND else 0
    return values[place].dtype if len(values) > place else None


# Ops whose output has the shape of the first input; "elementwise" ones the layout pass takes from here, too.
UNARY = frozenset((
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil", "ClipByValue", "Cos", "Cosh", "Elu", "Erf", "Exp",
    "Expm1", "Floor", "Identity", "IsFinite", "IsInf", "IsNan", "LeakyRelu", "Log", "Log1p", "LogicalNot", "Neg", "OnesLike",
    "Reciprocal", "Relu", "Relu6", "Round", "Rsqrt", "Selu", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Sqrt", "Square", "Tan",
    "Tanh", "ZerosLike", "StopGradient", "Snapshot",
))  # fmt: skip
SAME = UNARY | frozenset((
    "Softmax", "LogSoftmax", "Cumsum", "Cumprod", "Reverse", "ReverseV2", "LRN", "FFT", "IFFT", "TensorScatterUpdate", "MatrixBandPart",
))  # fmt: skip


def joined(*shapes: Shape) -> Shape:
    """Return the shape that shapes broadcast to."""
    if any(shape is None for shape in shapes):
        return None
    rank = max((len(shape) for shape in shapes if shape is not None), default=0)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes if shape is not None]
    return tuple(_joined_size([shape[i] for shape in padded]) for i in range(rank))


def _joined_size(sizes: list[int | None]) -> int | None:
    known = [s for s in sizes if s is not None and s != 1]
    return known[0] if known else None if None in sizes else 1


def merged(a: Shape, b: Shape) -> Shape:
    """Return what holds for both shapes."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def known_product(sizes: Sequence[int | None]) -> int | None:
    """Return the product of sizes, or None if one is not known."""
    return None if any(s is None for s in sizes) else math.prod(s for s in sizes if s is not None)


def axes_of(value: Any, rank: int) -> list[int] | None:
    """Return axes from 0 that a value lists; None if they are not known."""
    found = value.host
    return None if found is None or None in found else [a % rank if rank else 0 for a in found]


rule = entering(RULES)  # The shapes of ops' outputs, by functions of inputs and attributes.


def _shape(value: Any) -> tuple[int | None, ...] | None:
    """Return the shape that a value's elements say."""
    if value.host is None:
        return (None,) * value.shape[0] if value.shape and value.shape[0] is not None else None
    return tuple(None if v is None or v < 0 else v for v in value.host)


@rule("Fill", "RandomStandardNormal", "RandomUniform", "Conv2DBackpropInput")
def _from_first(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return _shape(values[0])


@rule("BroadcastTo")
def _from_second(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return _shape(values[1])


@rule("Reshape")
def _reshape(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, wanted = values
    sizes = _shape(wanted)
    if sizes is None or wanted.host is None or wanted.host.count(-1) != 1 or None in wanted.host:
        return sizes
    total = None if x.shape is None else known_product(x.shape)
    rest = math.prod(s for s in sizes if s is not None)
    return sizes if total is None or not rest else tuple(total // rest if s is None else s for s in sizes)


@rule("Transpose")
def _transpose(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, perm = values
    return None if x.shape is None or perm.host is None else tuple(x.shape[p] for p in perm.host)


@rule("Squeeze")
def _squeeze(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    axes = attrs.get("squeeze_dims") or []
    if shape is None or not axes:
        return None
    axes = [a % len(shape) for a in axes]
    return tuple(s for i, s in enumerate(shape) if i not in axes)


@rule("ExpandDims")
def _expand(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, axis = values
    if x.shape is None or axis.host is None:
        return None
    place = axis.host[0] % (len(x.shape) + 1)
    return (*x.shape[:place], 1, *x.shape[place:])


@rule("ConcatV2")
def _concat(values: list[Any], attrs: dict[str, Any]) -> Shape:
    *parts, axis = values
    shapes = [p.shape for p in parts if p.shape is not None]
    if len(shapes) < len(parts) or axis.host is None or len({len(s) for s in shapes}) > 1:
        return None
    axis = axis.host[0] % len(shapes[0])
    sizes = [s[axis] for s in shapes]
    others = [next((s[i] for s in shapes if s[i] is not None), None) for i in range(len(shapes[0]))]
    return tuple((None if None in sizes else sum(sizes)) if i == axis else s for i, s in enumerate(others))


@rule("Pack")
def _pack(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    axis = attrs.get("axis", 0)
    return None if shape is None else (*shape[: axis % (len(shape) + 1)], len(values), *shape[axis % (len(shape) + 1) :])


@rule("Split")
def _split(values: list[Any], attrs: dict[str, Any]) -> list[Shape]:
    axis, x = values
    return _parts(x.shape, axis, [None] * attrs["num_split"], True)


@rule("SplitV")
def _split_v(values: list[Any], attrs: dict[str, Any]) -> list[Shape]:
    x, sizes, axis = values
    return _parts(x.shape, axis, sizes.host or [None] * attrs["num_split"], False)


def _parts(shape: Shape, axis: Any, sizes: list[int | None], equal: bool) -> list[Shape]:
    if shape is None or axis.host is None:
        return [None] * len(sizes)
    place = axis.host[0] % len(shape)
    whole = shape[place]
    if equal and whole is not None:
        sizes = [whole // len(sizes)] * len(sizes)
    return [(*shape[:place], size, *shape[place + 1 :]) for size in sizes]


@rule("Unpack")
def _unpack(values: list[Any], attrs: dict[str, Any]) -> list[Shape]:
    shape, axis = values[0].shape, attrs.get("axis", 0)
    return [None if shape is None else tuple(s for i, s in enumerate(shape) if i != axis % len(shape))] * attrs["num"]


@rule("GatherV2")
def _gather(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, indices, axis = values
    if x.shape is None or indices.shape is None or axis.host is None:
        return None
    place, batch = axis.host[0] % max(len(x.shape), 1), attrs.get("batch_dims", 0)
    return (*x.shape[:place], *indices.shape[batch:], *x.shape[place + 1 :])


@rule("GatherNd")
def _gather_nd(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, indices = values
    if x.shape is None or not indices.shape or indices.shape[-1] is None:
        return None
    return (*indices.shape[:-1], *x.shape[indices.shape[-1] :])


@rule("ScatterNd")
def _scatter(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return _shape(values[2])


@rule("Slice")
def _slice(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, begin, size = values
    if x.shape is None:
        return None
    if size.host is None or begin.host is None:
        return (None,) * len(x.shape)
    rest = [None if d is None or b is None else d - b for d, b in zip(x.shape, begin.host, strict=True)]
    return tuple(r if s == -1 else s for s, r in zip(size.host, rest, strict=True))


@rule("StridedSlice")
def _strided(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, *parts = values
    if x.shape is None or any(p.host is None or None in p.host for p in parts):
        return None if x.shape is None or attrs.get("shrink_axis_mask") else (None,) * len(x.shape)
    begin, end, step = (p.host for p in parts)
    sizes: list[int | None] = []
    for i, size in enumerate(x.shape):
        if i >= len(begin):
            sizes.append(size)
        elif not attrs.get("shrink_axis_mask", 0) >> i & 1:
            first = None if attrs.get("begin_mask", 0) >> i & 1 else begin[i]
            last = None if attrs.get("end_mask", 0) >> i & 1 else end[i]
            whole = first in (None, 0) and last is None and step[i] == 1
            sizes.append(size if whole else None if size is None else len(range(*slice(first, last, step[i]).indices(size))))
    return tuple(sizes)


@rule("Pad", "PadV2", "MirrorPad")
def _pad(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape, pads = values[0].shape, values[1].host
    if shape is None or pads is None:
        return None if shape is None else (None,) * len(shape)
    around = zip(shape, pads[::2], pads[1::2], strict=True)
    return tuple(None if s is None or a is None or b is None else s + a + b for s, a, b in around)


@rule("Tile")
def _tile(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, times = values
    if x.shape is None:
        return None
    return tuple(None if s is None or t is None else s * t for s, t in zip(x.shape, times.host or [None] * len(x.shape), strict=True))


@rule("Sum", "Mean", "Max", "Min", "Prod", "All", "Any", "EuclideanNorm", "ArgMax", "ArgMin")
def _reduce(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    if shape is None:
        return None
    axes, keep = axes_of(values[1], len(shape)), attrs.get("keep_dims")
    if axes is None:
        return (None,) * len(shape) if keep else None
    return tuple(1 if i in axes else s for i, s in enumerate(shape) if keep or i not in axes)


@rule("BatchMatMulV2", "MatMul")
def _matmul(values: list[Any], attrs: dict[str, Any]) -> Shape:
    a, b = values[0].shape, values[1].shape
    if a is None or b is None or len(a) < 2 or len(b) < 2:
        return None
    rows = a[-1] if attrs.get("adj_x") or attrs.get("transpose_a") else a[-2]
    columns = b[-2] if attrs.get("adj_y") or attrs.get("transpose_b") else b[-1]
    batch = joined(a[:-2], b[:-2])
    return None if batch is None else (*batch, rows, columns)


@rule("Shape")
def _shape_of(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return (None if values[0].shape is None else len(values[0].shape),)


@rule("Size", "Rank")
def _scalar(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return ()


@rule("Range", "Where")
def _unknown_count(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return (None,) if len(values) == 3 else (None, None if values[0].shape is None else len(values[0].shape))


@rule("OneHot")
def _one_hot(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    return None if shape is None else (*shape, values[1].host[0] if values[1].host else None)


@rule("TopKV2")
def _top_k(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    return None if shape is None else (*shape[:-1], values[1].host[0] if values[1].host else None)


@rule("UniqueV2")
def _unique(values: list[Any], attrs: dict[str, Any]) -> list[Shape]:
    return [None, (None,)]


@rule("ResizeBilinear", "ResizeNearestNeighbor")
def _resize(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape, sizes = values[0].shape, values[1].host or [None, None]
    return None if shape is None else (shape[0], *sizes, shape[3])


@rule("CropAndResize")
def _crop(values: list[Any], attrs: dict[str, Any]) -> Shape:
    image, boxes, sizes = values[0].shape, values[1].shape, values[3].host or [None, None]
    return None if image is None or boxes is None else (boxes[0], *sizes, image[3])


@rule("DepthToSpace")
def _depth(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape, b = values[0].shape, attrs["block_size"]
    if shape is None:
        return None
    n, h, w, c = shape
    return n, None if h is None else h * b, None if w is None else w * b, None if c is None else c // (b * b)


@rule("FusedBatchNormV3")
def _batch_norm(values: list[Any], attrs: dict[str, Any]) -> list[Shape]:
    return [values[0].shape] + [values[1].shape] * 5


@rule("Einsum")
def _einsum(values: list[Any], attrs: dict[str, Any]) -> Shape:
    terms, _, result = attrs["equation"].decode().replace(" ", "").partition("->")
    sizes: dict[str, int | None] = {}
    for letters, value in zip(terms.split(","), values, strict=False):
        if value.shape is None or len(value.shape) != len(letters):
            return None
        for letter, size in zip(letters, value.shape, strict=True):
            if sizes.get(letter) in (None, 1):
                sizes[letter] = size
    return tuple(sizes.get(letter) for letter in result)


# --- windows ----------------------------------------------------------------------------------------------------------------


def window_size(size: int | None, kernel: int | None, stride: int, dilation: int, pads: tuple[int, int] | None) -> int | None:
    """Return how often a window fits; `pads` None: as TensorFlow's SAME."""
    if size is None:
        return None
    if pads is None:
        return -(-size // stride)
    return None if kernel is None else max(0, (size + sum(pads) - (kernel - 1) * dilation - 1) // stride + 1)


def _windowed(shape: Shape, kernel: Sequence[int | None], channels: int | None, attrs: dict[str, Any]) -> Shape:
    if shape is None:
        return None
    spatial = len(shape) - 2
    strides, dilations = attrs["strides"][1:-1], (attrs.get("dilations") or [1] * len(shape))[1:-1]
    listed = attrs.get("explicit_paddings") or [0] * (2 * len(shape))
    pads = [None if attrs["padding"] == b"SAME" else (listed[2 * i + 2], listed[2 * i + 3]) for i in range(spatial)]
    return (shape[0], *map(window_size, shape[1:-1], kernel, strides, dilations, pads), channels)


@rule("Conv2D", "Conv3D")
def _conv(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, kernel = (v.shape for v in values)
    return None if kernel is None else _windowed(x, kernel[:-2], kernel[-1], attrs)


@rule("DepthwiseConv2dNative")
def _depthwise(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, kernel = (v.shape for v in values)
    return None if kernel is None else _windowed(x, kernel[:2], None if None in kernel[2:] else kernel[2] * kernel[3], attrs)


@rule("MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D", "MaxPoolWithArgmax")
def _pool(values: list[Any], attrs: dict[str, Any]) -> Shape:
    shape = values[0].shape
    return None if shape is None else _windowed(shape, attrs["ksize"][1:-1], shape[-1], attrs)
