"""Custom ops of MediaPipe's models: a transposed convolution, and those by which its face mesh looks closer at lips and eyes."""

from __future__ import annotations

import struct
from typing import Any

from ....graph.definition import Ref
from ..flexbuffers import read_map
from ..translate import Op, Unsupported, translates_custom

_PIXELS = 1 << 24


@translates_custom("Convolution2DTransposeBias")
def transpose_conv_bias(op: Op) -> Ref:
    """The options are a C structure: the padding (1: SAME, 2: VALID), steps in x and y."""
    padding, step_x, step_y = struct.unpack_from("<3i", op.table.custom_options)
    shape = [op.known(s, "a height or width") for s in op.info().shape[1:3]]
    outputs, height, width, _ = (op.known(s, "weights of a size") for s in op.info(1).shape)
    more = (0, 0) if padding == 1 else (height - step_y, width - step_x)
    size = [1, shape[0] * step_y + more[0], shape[1] * step_x + more[1], outputs]
    attrs: dict[str, Any] = {"strides": [1, step_y, step_x, 1], "padding": b"SAME" if padding == 1 else b"VALID", "data_format": b"NHWC"}
    found = op.emit("Conv2DBackpropInput", size, op.weight(1, (1, 2, 0, 3)), op.x(0), explicit_paddings=[], dilations=[1, 1, 1, 1], **attrs)
    return op.finished(found, 2)


# --- what a 4 x 4 matrix moves ----------------------------------------------------------------------------------------------


def _matrix(op: Op, number: int) -> tuple[Ref, Ref]:
    """Return of a transform of the plane the part [2, 2] that multiplies and the one [2, 1] that is added."""
    rows = op.emit("Reshape", op.emit("Slice", op.x(number), [0, 0, 0], [1, 2, 4]), [2, 4])
    return op.emit("Slice", rows, [0, 0], [2, 2]), op.emit("Slice", rows, [0, 3], [2, 1])


def _times(op: Op, a: Ref, b: Any, transposed: bool = False) -> Ref:
    return op.emit("MatMul", a, b, transpose_a=False, transpose_b=transposed)


def _points(op: Op) -> Ref:
    """Return the x and y of landmarks [1, n, 2 or 3] as [n, 2]."""
    if op.rank() != 3:
        raise Unsupported("landmarks of the first version")
    return op.emit("Reshape", op.emit("Slice", op.x(), [0, 0, 0], [1, -1, 2]), [-1, 2])


@translates_custom("TransformLandmarks")
def transform_landmarks(op: Op) -> Ref:
    """The third coordinate stays."""
    factors, added = _matrix(op, 1)
    moved = op.emit("AddV2", _times(op, _points(op), factors, True), op.emit("Reshape", added, [1, 2]))
    moved = op.emit("ExpandDims", moved, 0)
    if op.info().shape[2] == 2:
        return moved
    return op.builder.concat([moved, op.emit("Slice", op.x(), [0, 0, 2], [1, -1, -1])], 2)


@translates_custom("Landmarks2TransformMatrix")
def landmarks_to_transform_matrix(op: Op) -> Ref:
    """The transform from a picture of a size to the box around some landmarks, turned so that two of them are level."""
    emit, options = op.emit, read_map(op.table.custom_options, op.kind)
    size = [float(options["output_width"]), float(options["output_height"])]
    points = _points(op)
    ends = [emit("GatherV2", points, options[f"{side}_rotation_idx"], 0, batch_dims=0) for side in ("left", "right")]
    across = emit("Unpack", emit("Sub", ends[1], ends[0]), axis=0, num=2)
    angle = emit("Sub", float(options["target_rotation_radians"]), emit("Atan2", Ref(across.name, 1), across))
    cosine, sine = emit("Cos", angle), emit("Sin", angle)
    turn = emit("Reshape", emit("Pack", cosine, sine, emit("Neg", sine), cosine, axis=0, N=4), [2, 2])
    level = _times(op, emit("GatherV2", points, options["subset_idxs"], 0, batch_dims=0), turn)
    high, low = (emit(name, level, [0], keep_dims=True) for name in ("Max", "Min"))
    center = emit("Transpose", _times(op, emit("Mul", emit("AddV2", high, low), 0.5), turn, True), [1, 0])
    steps = [options["scale_x"] / size[0], options["scale_y"] / size[1]]
    factors = emit("Mul", turn, emit("Mul", emit("Sub", high, low), [steps]))
    added = emit("Sub", center, _times(op, factors, [[size[0] / 2], [size[1] / 2]]))
    rows = op.builder.concat([factors, op.builder.const([[0.0], [0.0]]), added], 1)
    return emit("ExpandDims", op.builder.concat([rows, op.builder.const([[0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]])], 0), 0)


@translates_custom("TransformTensorBilinear")
def transform_tensor_bilinear(op: Op) -> Ref:
    """Pixels are read where their middles are moved to; those from beyond the picture's outermost middles are zero."""
    emit, options = op.emit, read_map(op.table.custom_options, op.kind)
    height, width = options["output_height"], options["output_width"]
    if not 0 < height * width <= _PIXELS:
        raise Unsupported(f"{height} x {width} pixels")
    limits = [op.known(op.info().shape[2], "a width") - 1.0, op.known(op.info().shape[1], "a height") - 1.0]
    factors, added = _matrix(op, 1)
    added = emit("Sub", emit("AddV2", added, _times(op, factors, [[0.5], [0.5]])), 0.5)
    rows = op.builder.concat([factors, added], 1)
    transform = op.builder.concat([emit("Reshape", rows, [1, 6]), op.builder.const([[0.0, 0.0]])], 1)
    attrs = {"interpolation": b"BILINEAR", "fill_mode": b"CONSTANT"}
    found = emit("ImageProjectiveTransformV3", op.x(), transform, [height, width], 0.0, **attrs)
    places = [emit("Range", 0.0, float(n), 1.0, Tidx="float32") for n in (width, height)]
    grid = [emit("BroadcastTo", emit("Reshape", p, shape), [height, width]) for p, shape in zip(places, ([1, -1], [-1, 1]))]
    grid.append(emit("OnesLike", grid[0]))
    sources = _times(op, emit("Reshape", emit("Pack", *grid, axis=2, N=3), [-1, 3]), rows, True)
    inside = emit("LogicalAnd", emit("GreaterEqual", sources, 0.0), emit("LessEqual", sources, limits))
    mask = op.builder.cast(emit("All", inside, [1], keep_dims=False), "float32")
    return emit("Mul", found, emit("Reshape", mask, [1, height, width, 1]))
