"""Shapes, joining, splitting, padding, ranges."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..translate import Op, translates


@translates("RESHAPE", moves=True)
def reshape(op: Op) -> Ref:
    """The shape is an input, an option, or what the file says of the output."""
    if op.has(1):
        sizes = op.host(1)
        return op.emit("Reshape", op.x(), op.x(1) if sizes is None else sizes)
    if op.options is not None:
        return op.emit("Reshape", op.x(), list(op.options.new_shape))
    return op.emit("Reshape", op.x(), [-1 if s is None else s for s in op.result().shape])


@translates("SQUEEZE", moves=True)
def squeeze(op: Op) -> Ref:
    return op.emit("Squeeze", op.x(), squeeze_dims=list(op.options.squeeze_dims))


@translates("EXPAND_DIMS", moves=True)
def expand_dims(op: Op) -> Ref:
    return op.emit("ExpandDims", op.x(), op.scalar(1))


@translates("CONCATENATION", moves=True)
def concatenation(op: Op) -> Ref:
    return op.activated(op.builder.concat(op.inputs(), op.options.axis))


@translates("PACK", moves=True)
def pack(op: Op) -> Ref:
    values = op.inputs()
    return op.emit("Pack", *values, axis=op.options.axis, N=len(values))


@translates("UNPACK", moves=True)
def unpack(op: Op) -> list[Ref]:
    return op.outputs(op.emit("Unpack", op.x(), axis=op.options.axis, num=len(op.table.outputs)))


@translates("SPLIT", moves=True)
def split(op: Op) -> list[Ref]:
    return op.outputs(op.emit("Split", op.scalar(0), op.x(1), num_split=len(op.table.outputs)))


@translates("STRIDED_SLICE", moves=True)
def strided_slice(op: Op) -> Ref:
    """With `offset`, ends are counted from the begins."""
    options = op.options
    begin, end, strides = op.x(1), op.x(2), op.x(3)
    end = op.emit("AddV2", begin, end) if options.offset else end
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return op.emit("StridedSlice", op.x(), begin, end, strides, **{name: getattr(options, name) for name in names})


@translates("PADV2", moves=True)
def pad_v2(op: Op) -> Ref:
    value = op.x(2)
    return op.emit("PadV2", op.x(), op.x(1), op.emit("Reshape", value, []) if op.rank(2) else value)


@translates("MIRROR_PAD", moves=True)
def mirror_pad(op: Op) -> Ref:
    return op.emit("MirrorPad", op.x(), op.x(1), mode=b"SYMMETRIC" if op.options.mode else b"REFLECT")


@translates("BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", moves=True)
def batch_and_space(op: Op) -> Ref:
    return op.emit("BatchToSpaceND" if op.kind.startswith("BATCH") else "SpaceToBatchND", *op.inputs())


@translates("DEPTH_TO_SPACE", moves=True)
def depth_to_space(op: Op) -> Ref:
    return op.emit("DepthToSpace", op.x(), block_size=op.options.block_size, data_format=b"NHWC")


@translates("SPACE_TO_DEPTH", moves=True)
def space_to_depth(op: Op) -> Ref:
    block = op.options.block_size
    height, width, channels = (op.known(s, "a height, width or depth") for s in op.info().shape[1:])
    x = op.emit("Reshape", op.x(), [-1, height // block, block, width // block, block, channels])
    x = op.builder.transpose(x, (0, 1, 3, 2, 4, 5))
    return op.emit("Reshape", x, [-1, height // block, width // block, block * block * channels])


@translates("RANGE")
def range_(op: Op) -> Ref:
    values = [op.emit("Reshape", x, []) if op.rank(i) else x for i, x in enumerate(op.inputs())]
    return op.emit("Range", *values, Tidx=op.result().computed)


@translates("ONE_HOT", moves=True)
def one_hot(op: Op) -> Ref:
    """TensorFlow.js puts the new axis last; it is moved where another is asked for."""
    rank = op.rank() + 1
    axis = op.axis(op.options.axis, rank)
    found = op.emit("OneHot", op.x(0), op.scalar(1), op.x(2), op.x(3), axis=-1, T=op.result().computed)
    order = list(range(rank - 1))
    order.insert(axis, rank - 1)
    return op.builder.transpose(found, order)


@translates("CUMSUM")
def cumsum(op: Op) -> Ref:
    return op.emit("Cumsum", op.x(), op.scalar(1), exclusive=op.options.exclusive, reverse=op.options.reverse)


@translates("ARG_MAX", "ARG_MIN")
def arg(op: Op) -> Ref:
    return op.emit("ArgMax" if op.kind == "ARG_MAX" else "ArgMin", op.x(), op.scalar(1), output_type=op.result().dtype)


@translates("DILATE")
def dilate(op: Op) -> Ref:
    """Elements move apart, and a value stands between them: each dimension in turn is paired with such values and joined."""
    x, steps = op.x(), op.host_or_fail(1, "a step")
    shape = [op.known(s, "a size") for s in op.info().shape]
    fill = op.emit("Reshape", op.x(2), [])
    for axis, step in enumerate(steps):
        if step > 1:
            x = spread(op, x, shape, axis, step, fill)
            shape[axis] = (shape[axis] - 1) * step + 1
    return x


def spread(op: Op, x: Ref, shape: list[int], axis: int, step: int, fill: Any) -> Ref:
    """Return a value of a known shape with the elements along an axis `step` apart."""
    size = shape[axis]
    apart = op.emit("Reshape", x, [*shape[: axis + 1], 1, *shape[axis + 1 :]])
    paddings = [[0, 0] for _ in range(len(shape) + 1)]
    paddings[axis + 1] = [0, step - 1]
    apart = op.emit("Reshape", op.emit("PadV2", apart, paddings, fill), [*shape[:axis], size * step, *shape[axis + 1 :]])
    sizes = [*shape[:axis], (size - 1) * step + 1, *shape[axis + 1 :]]
    return op.emit("Slice", apart, [0] * len(shape), sizes)
