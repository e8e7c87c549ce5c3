"""Convolutions, pooling, products with weights. TFLite has the weights' output channels first, TensorFlow last."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..translate import Op, Unsupported, translates

_GROUPS = 1024


def strided(op: Op, *letters: str) -> dict[str, Any]:
    """Return the attributes that convolutions share."""
    options = op.options
    dilations = [getattr(options, f"dilation_{x}_factor") for x in letters]
    strides = [1, *(getattr(options, f"stride_{x}") for x in letters), 1]
    layout = b"NHWC" if len(letters) == 2 else b"NDHWC"
    return {"strides": strides, "padding": op.padding, "data_format": layout, "dilations": [1, *dilations, 1], "explicit_paddings": []}


@translates("CONV_2D")
def conv_2d(op: Op) -> Ref:
    shape, attrs = op.info(1).shape, strided(op, "h", "w")
    outputs, inputs = op.known(shape[0], "a number of channels"), op.known(shape[3], "a number of channels")
    channels = op.info().shape[3]
    groups = 1 if channels is None else channels // inputs
    if groups == 1:
        return op.finished(op.emit("Conv2D", op.x(), op.weight(1, (1, 2, 3, 0)), **attrs), 2)
    if inputs == 1 and outputs % groups == 0:
        return op.finished(op.emit("DepthwiseConv2dNative", op.x(), _depthwise(op, groups, outputs // groups), **attrs), 2)
    if groups > _GROUPS or outputs % groups:
        raise Unsupported(f"{groups} groups")
    xs = op.emit("Split", 3, op.x(), num_split=groups)
    weights = op.emit("Split", 3, op.weight(1, (1, 2, 3, 0)), num_split=groups)
    parts = [op.emit("Conv2D", Ref(xs.name, i), Ref(weights.name, i), **attrs) for i in range(groups)]
    return op.finished(op.builder.concat(parts, 3), 2)


def _depthwise(op: Op, channels: int, multiplier: int) -> Ref:
    """Return weights [channels * multiplier, h, w, 1] as those of a depthwise convolution."""
    _, height, width, _ = op.info(1).shape
    shape = [height or 1, width or 1, channels, multiplier]
    return op.weight(1, (1, 2, 3, 0), shape)


@translates("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(op: Op) -> Ref:
    _, height, width, outputs = (op.known(s, "weights of a size") for s in op.info(1).shape)
    channels = op.info().shape[3]
    multiplier = op.options.depth_multiplier if channels is None else outputs // channels
    weights = op.weight(1, (), (height, width, outputs // multiplier, multiplier))
    return op.finished(op.emit("DepthwiseConv2dNative", op.x(), weights, **strided(op, "h", "w")), 2)


@translates("CONV_3D")
def conv_3d(op: Op) -> Ref:
    return op.finished(op.emit("Conv3D", op.x(), op.x(1), **strided(op, "d", "h", "w")), 2)


@translates("TRANSPOSE_CONV")
def transpose_conv(op: Op) -> Ref:
    """The inputs are the output's shape, weights and the values, then a bias."""
    options = op.options
    weights = op.weight(1, (1, 2, 0, 3))
    attrs = {"strides": [1, options.stride_h, options.stride_w, 1], "padding": op.padding, "data_format": b"NHWC"}
    found = op.emit("Conv2DBackpropInput", op.x(0), weights, op.x(2), explicit_paddings=[], dilations=[1, 1, 1, 1], **attrs)
    return op.finished(found, 3)


@translates("FULLY_CONNECTED")
def fully_connected(op: Op) -> Ref:
    if op.options.weights_format:
        raise Unsupported("shuffled weights")
    width = op.known(op.info(1).shape[1], "a number of inputs")
    x, rank = op.x(), op.rank()
    keeps = op.options.keep_num_dims and rank > 1
    if not keeps and (rank != 2 or op.info().shape[1] != width):
        x, rank = op.emit("Reshape", x, [-1, width]), 2
    weights = op.weight(1, (1, 0))
    if rank == 2:
        product = op.emit("MatMul", x, weights, transpose_a=False, transpose_b=False)
    else:
        product = op.emit("BatchMatMulV2", x, weights, adj_x=False, adj_y=False)
    found = op.finished(product, 2)
    result = op.result().shape  # a product of one row may be said to be a vector
    return op.emit("Reshape", found, [-1]) if len(result) == 1 else found


@translates("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D")
def pool_2d(op: Op) -> Ref:
    options = op.options
    sizes = {"ksize": [1, options.filter_height, options.filter_width, 1], "strides": [1, options.stride_h, options.stride_w, 1]}
    attrs = dict(padding=op.padding, data_format=b"NHWC", **sizes)
    if op.kind == "L2_POOL_2D":
        return op.activated(op.emit("Sqrt", op.emit("AvgPool", op.emit("Square", op.x()), **attrs)))
    return op.activated(op.emit("MaxPool" if op.kind == "MAX_POOL_2D" else "AvgPool", op.x(), **attrs))
