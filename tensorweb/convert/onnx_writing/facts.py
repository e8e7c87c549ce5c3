"""What is known beforehand of graph ops' outputs: shapes, and elements of small vectors such as shapes with an unknown batch.

The rules of shapes are the ONNX reader's, with those of ops that it does not emit. A rule is wrong only where it says too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ...graph.define import entering
from ...graph.definition import Node
from ..onnx.shapes import Shape, infer, joined

_FAULTS = (LookupError, TypeError, ValueError, AttributeError, AssertionError, ArithmeticError)
_FEW = 64  # elements

_SHAPES: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {}
_shapes_of = entering(_SHAPES)
_ELEMENTS: dict[str, Callable[[list[Any], dict[str, Any]], Any]] = {}
_elements_of = entering(_ELEMENTS)


def shapes_of(node: Node, values: Sequence[Any], count: int) -> list[Shape]:
    """Return the shapes of a node's outputs, None where they are not known."""
    try:
        if node.op in _SHAPES:
            found = _SHAPES[node.op](list(values), node.attrs)
            return found if isinstance(found, list) else [found] * count
        return [shape for _, shape in infer(node.op, list(values), node.attrs, count)]
    except _FAULTS:
        return [None] * count


def elements_of(node: Node, values: Sequence[Any]) -> list[Any] | None:
    """Return what is known of the elements of a node's first output, flat."""
    rule = _ELEMENTS.get(node.op)
    try:
        found = None if rule is None else rule(list(values), node.attrs)
    except _FAULTS:
        return None
    return found if found is not None and len(found) <= _FEW else None


# --- shapes -----------------------------------------------------------------------------------------------------------------


@_shapes_of("BiasAdd", "BiasAddV1", "Prelu", "Square", "Softplus", "Softsign", "Relu6", "Expm1", "Roll", "Inv", "ReverseSequence", "Erfc",
            "CumulativeLogsumexp", "TensorScatterAdd", "TensorScatterSub", "TensorScatterMax", "TensorScatterMin", "Swish", "Print",
            "LRN", "RandomShuffle", "Bucketize", "Rint", "InvertPermutation", "MatrixSetDiag",
            "MatrixSetDiagV2", "MatrixSetDiagV3", "LeftShift", "RightShift",
            "AdjustContrastv2", "Angle", "Invert", "AdjustHue", "AdjustSaturation", "ScatterNdNonAliasingAdd",
            "PlaceholderWithDefault", "FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs")  # fmt: skip
def _same(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return values[0].shape


# How many dimensions outputs have, by those of the inputs.
_RANKS: dict[tuple[str, ...], Callable[..., Any]] = {
    ("AvgPool", "AvgPool3D", "BatchToSpace", "BatchToSpaceND", "Conv1D", "Conv2D", "Conv3D", "CropAndResize", "DepthToSpace",
     "DepthwiseConv2dNative", "Dilation2D", "ExtractImagePatches", "ImageProjectiveTransformV2", "ImageProjectiveTransformV3", "MaxPool",
     "MaxPool3D", "MaxPoolV2", "MaxPoolWithArgmax", "ResizeBilinear", "ResizeNearestNeighbor", "SpaceToBatch", "SpaceToBatchND",
     "SpaceToDepth", "SegmentMax", "SegmentMean", "SegmentMin", "SegmentProd", "SegmentSum", "SparseSegmentMean", "SparseSegmentSum",
     "TopK", "IRFFT"): lambda x, *rest: x,
    ("Conv2DBackpropInput", "Conv3DBackpropInputV2"): lambda sizes, kernel, x: x,
    ("UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd", "UnsortedSegmentSum"): lambda data, ids, count: data - ids + 1,
    ("DynamicPartition",): lambda data, parts: data - parts + 1,
    ("DynamicStitch", "ParallelDynamicStitch"): lambda *parts: parts[-1] - parts[len(parts) // 2 - 1] + 1,
    ("MatrixDiag", "MatrixDiagV2", "MatrixDiagV3"): lambda x, *rest: x + 1,
    ("MatrixDeterminant",): lambda x: x - 2,
    ("MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3"): lambda x, *rest: x - 1,
    ("DenseBincount",): lambda x, *rest: max(x, 1),
    ("Bincount", "BroadcastArgs", "InTopK", "InTopKV2", "UniqueWithCounts"): lambda *rest: 1,
}  # fmt: skip


def _of_rank(rank: Callable[..., Any]) -> Callable[[list[Any], dict[str, Any]], Shape]:
    return lambda values, attrs: (None,) * rank(*(len(v.shape) for v in values))


for _ops, _rank_of in _RANKS.items():
    _shapes_of(*_ops)(_of_rank(_rank_of))


@_shapes_of("NonMaxSuppressionV2", "NonMaxSuppressionV3", "NonMaxSuppression", "ListDiff", "SetDiff1D")
def _vector(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return (None,)


@_shapes_of("ApproximateEqual", "BitwiseOr", "BitwiseXor", "Cross", "MulNoNan", "TruncateDiv", "TruncateMod", "Xdivy", "Xlog1py", "Xlogy")
def _joined_shapes(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return joined(*(v.shape for v in values))


@_shapes_of("SparseReshape")
def _coordinates(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [(None, None), (None,)]


@_shapes_of("SparseFillEmptyRows")
def _filled(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [(None, None), (None,), (None,), (None,)]


@_shapes_of("NonMaxSuppressionV4")
def _selected(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [(None,), ()]


@_shapes_of("NonMaxSuppressionV5")
def _scored(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [(None,), (None,), ()]


@_shapes_of("Zeros", "Ones", "Empty", "RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt", "Fill",
            "StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal")  # fmt: skip
def _of_first(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return _said(values[0])


@_shapes_of("SparseToDense")
def _of_second(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return _said(values[1])


def _said(value: Any) -> Shape:
    """Return the shape that a vector says."""
    if value.host is not None:
        return tuple(value.host)
    return (None,) * value.shape[0] if value.shape and value.shape[0] is not None else None


@_shapes_of("L2Loss", "Size", "Rank", "TensorListLength", "TensorArraySizeV3")
def _scalar(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return ()


@_shapes_of("Range")
def _counted(values: list[Any], attrs: dict[str, Any]) -> Shape:
    if any(v.known is None or not v.whole for v in values):
        return (None,)
    start, stop, step = (v.known[0] for v in values)
    return (len(range(start, stop, step)),)


@_shapes_of("LinSpace")
def _spaced(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return (values[2].known[0] if values[2].known else None,)


@_shapes_of("Gather", "ResourceGather")
def _rows(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, indices = values
    return None if x.shape is None or indices.shape is None else (*indices.shape, *x.shape[1:])


@_shapes_of("Concat")
def _concat(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return infer("ConcatV2", [*values[1:], values[0]], attrs, 1)[0][1]


@_shapes_of("BatchMatMul", "BatchMatMulV3")
def _products(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return infer("BatchMatMulV2", values, attrs, 1)[0][1]


@_shapes_of("Select")
def _chosen(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return values[1].shape


@_shapes_of("OneHot")
def _one_hot(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return None if values[0].shape is None else (None,) * (len(values[0].shape) + 1)


@_shapes_of("Unique", "UniqueV2")
def _unique(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [None if values[0].shape is None else (None,) * len(values[0].shape), (None,)]


@_shapes_of("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [values[0].shape] + [values[1].shape] * 4 + [(0,)]


@_shapes_of("Einsum")
def _einsum(values: list[Any], attrs: dict[str, Any]) -> Shape:
    return None if b"." in attrs["equation"] else infer("Einsum", values, attrs, 1)[0][1]


@_shapes_of("StridedSlice")
def _not_here(values: list[Any], attrs: dict[str, Any]) -> Shape:
    """What is written tells it."""
    return None


@_shapes_of("ShapeN")
def _shapes(values: list[Any], attrs: dict[str, Any]) -> Any:
    return [None if v.shape is None else (len(v.shape),) for v in values]


@_shapes_of("ExpandDims")
def _expand(values: list[Any], attrs: dict[str, Any]) -> Shape:
    x, axis = values
    if x.shape is None or axis.known is None:
        return None if x.shape is None else (None,) * (len(x.shape) + 1)
    return infer("ExpandDims", values, attrs, 1)[0][1]


# --- elements ---------------------------------------------------------------------------------------------------------------


def _each(function: Callable[[int, int], Any]) -> Callable[[list[Any], dict[str, Any]], Any]:
    def combined(values: list[Any], attrs: dict[str, Any]) -> Any:
        a, b = (v.host for v in values)
        if a is None or b is None or not all(v.whole for v in values):
            return None
        a, b = (a * len(b) if len(a) == 1 else a), (b * len(a) if len(b) == 1 else b)
        return [None if x is None or y is None else function(x, y) for x, y in zip(a, b, strict=True)]

    return combined


_EACH: dict[tuple[str, ...], Callable[[int, int], Any]] = {
    ("Add", "AddV2"): lambda x, y: x + y,
    ("Sub",): lambda x, y: x - y,
    ("Mul",): lambda x, y: x * y,
    ("FloorDiv",): lambda x, y: x // y if y else None,
    ("Maximum",): max,
    ("Minimum",): min,
}
for _names, _function in _EACH.items():
    _elements_of(*_names)(_each(_function))


@_elements_of("Reshape", "ExpandDims", "Squeeze")
def _passed(values: list[Any], attrs: dict[str, Any]) -> Any:
    return values[0].host if values[0].whole else None


@_elements_of("Cast")
def _cast(values: list[Any], attrs: dict[str, Any]) -> Any:
    return values[0].host if values[0].whole and attrs.get("DstT") in ("int32", "int64") else None


@_elements_of("Shape")
def _shape(values: list[Any], attrs: dict[str, Any]) -> Any:
    return None if values[0].shape is None else list(values[0].shape)


@_elements_of("Size")
def _size(values: list[Any], attrs: dict[str, Any]) -> Any:
    shape = values[0].shape
    return None if shape is None or None in shape else [prod(shape)]


@_elements_of("Rank")
def _rank(values: list[Any], attrs: dict[str, Any]) -> Any:
    return None if values[0].shape is None else [len(values[0].shape)]


@_elements_of("Pack")
def _pack(values: list[Any], attrs: dict[str, Any]) -> Any:
    if any(v.shape != () or not v.whole for v in values):
        return None
    return [v.host[0] if v.host else None for v in values]


@_elements_of("ConcatV2")
def _concatenated(values: list[Any], attrs: dict[str, Any]) -> Any:
    found: list[Any] = []
    for value in values[:-1]:
        if not value.whole or value.shape is None or len(value.shape) != 1 or value.shape[0] is None:
            return None
        found += value.host or [None] * value.shape[0]
    return found


@_elements_of("StridedSlice")
def _strided(values: list[Any], attrs: dict[str, Any]) -> Any:
    x, *parts = values
    if not x.whole or x.host is None or x.shape is None or len(x.shape) != 1 or any(p.known is None or len(p.known) != 1 for p in parts):
        return None
    (begin,), (end,), (step,) = (p.known for p in parts)
    if attrs.get("shrink_axis_mask"):
        return [x.host[begin]]
    if attrs.get("new_axis_mask") or attrs.get("ellipsis_mask"):
        return None
    return x.host[None if attrs.get("begin_mask") else begin : None if attrs.get("end_mask") else end : step]


@_elements_of("Slice")
def _slice(values: list[Any], attrs: dict[str, Any]) -> Any:
    x, begin, size = values
    if not x.whole or x.host is None or x.shape is None or len(x.shape) != 1 or begin.known is None or size.known is None:
        return None
    return x.host[begin.known[0] :] if size.known[0] < 0 else x.host[begin.known[0] : begin.known[0] + size.known[0]]


@_elements_of("GatherV2", "Gather")
def _gather(values: list[Any], attrs: dict[str, Any]) -> Any:
    x, indices = values[:2]
    if not x.whole or x.host is None or x.shape is None or len(x.shape) != 1 or indices.known is None:
        return None
    return [x.host[i] for i in indices.known]


@_elements_of("Prod")
def _product(values: list[Any], attrs: dict[str, Any]) -> Any:
    x = values[0]
    whole = x.whole and x.shape is not None and len(x.shape) == 1 and x.known is not None
    return [prod(x.known)] if whole and values[1].known in ([0], [-1]) else None
