"""ONNX's normalizations: of batches, layers, instances, groups; LRN."""

from __future__ import annotations

from typing import Any

from ... import ops
from .convolution import channels_first, channels_last
from .reduction import reduce
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def by_channel(b: Scope, v: Value, rank: int) -> Value:
    """Return a vector of channels so that it broadcasts over [batch, channels, ...]."""
    return b.reshape(v, [-1, *[1] * (rank - 2)]) if rank > 2 else v


@onnx_op("BatchNormalization")
def batch_normalization(b: Scope, node: OnnxNode, x: Value, scale: Value, bias: Value, mean: Value, variance: Value) -> Value:
    if node.int("training_mode", 0):
        raise Unsupported("it is in training mode")
    epsilon, rank = node.float("epsilon", 1e-5), b.rank(x)
    if rank == 4:
        inputs = channels_last(b, x), scale, bias, mean, variance
        found = b("FusedBatchNormV3", *inputs, outputs=6, epsilon=epsilon, is_training=False, data_format=b"NHWC")[0]
        return channels_first(b, found)
    parts = [v.constant.tensor() if v.constant is not None else None for v in (scale, bias, mean, variance)]
    if all(p is not None for p in parts):
        s, o, m, v = parts
        factor = ops.multiply(s, ops.rsqrt(ops.add(v, epsilon)))
        factor, offset = b.tensor(factor), b.tensor(ops.subtract(o, ops.multiply(m, factor)))
    else:
        factor = b("Mul", scale, b("Rsqrt", b("AddV2", variance, epsilon)))
        offset = b("Sub", bias, b("Mul", mean, factor))
    return b("AddV2", b("Mul", x, by_channel(b, factor, rank)), by_channel(b, offset, rank))


def normalized(b: Scope, x: Value, axes: list[int], epsilon: float, centered: bool = True) -> tuple[Value, Any, Value]:
    """Return x with mean 0 (where centered) and variance 1 along axes, the mean, and 1 / the deviation."""
    mean = reduce(b, "Mean", x, axes) if centered else None
    apart = x if mean is None else b("Sub", x, mean)
    inverse = b("Rsqrt", b("AddV2", reduce(b, "Mean", b("Square", apart), axes), epsilon))
    return b("Mul", apart, inverse), mean, inverse


def scaled(b: Scope, x: Value, scale: Value | None, bias: Value | None) -> Value:
    """Return x times a scale and with a bias, where they are there."""
    x = x if scale is None else b("Mul", x, scale)
    return x if bias is None else b("AddV2", x, bias)


@onnx_op("LayerNormalization")
def layer_normalization(b: Scope, node: OnnxNode, x: Value, scale: Value | None = None, bias: Value | None = None) -> list[Value]:
    rank = b.rank(x)
    axes = list(range(node.int("axis", -1) % rank, rank))
    found, mean, inverse = normalized(b, x, axes, node.float("epsilon", 1e-5))
    return [scaled(b, found, scale, bias), mean, inverse]


@onnx_op("RMSNormalization", "SimplifiedLayerNormalization")
def rms_normalization(b: Scope, node: OnnxNode, x: Value, scale: Value | None = None) -> Value:
    rank = b.rank(x)
    axes = list(range(node.int("axis", -1) % rank, rank))
    return scaled(b, normalized(b, x, axes, node.float("epsilon", 1e-5), centered=False)[0], scale, None)


@onnx_op("InstanceNormalization")
def instance_normalization(b: Scope, node: OnnxNode, x: Value, scale: Value, bias: Value) -> Value:
    rank = b.rank(x)
    found = normalized(b, x, list(range(2, rank)), node.float("epsilon", 1e-5))[0]
    return scaled(b, found, by_channel(b, scale, rank), by_channel(b, bias, rank))


@onnx_op("GroupNormalization")
def group_normalization(b: Scope, node: OnnxNode, x: Value, scale: Value, bias: Value) -> Value:
    groups, sizes, rank = node.int("num_groups", 1), b.dims(x), b.rank(x)
    if groups < 1:
        raise Unsupported(f"{groups} groups")
    grouped = b.reshape(x, [sizes[0], groups, -1])
    found = b.reshape(normalized(b, grouped, [2], node.float("epsilon", 1e-5))[0], sizes)
    if node.opset < 21:  # there a scale is of a group
        scale, bias = (_repeated(b, v, b.size(x, 1) // groups) for v in (scale, bias))
    return scaled(b, found, by_channel(b, scale, rank), by_channel(b, bias, rank))


def _repeated(b: Scope, v: Value, times: int) -> Value:
    return b.reshape(b("Tile", b("ExpandDims", v, 1), [1, times]), [-1])


@onnx_op("MeanVarianceNormalization")
def mean_variance_normalization(b: Scope, node: OnnxNode, x: Value) -> Value:
    mean = reduce(b, "Mean", x, node.ints("axes", [0, 2, 3]))
    apart = b("Sub", x, mean)
    deviation = b("Sqrt", reduce(b, "Mean", b("Square", apart), node.ints("axes", [0, 2, 3])))
    return b("RealDiv", apart, b("AddV2", deviation, 1e-9))


@onnx_op("LRN")
def local_response(b: Scope, node: OnnxNode, x: Value) -> Value:
    size = node.int("size", 1)
    if size % 2 == 0 or b.rank(x) != 4:
        raise Unsupported(f"its size is {size}, its input of {b.rank(x)} dimensions")
    attrs = {"bias": node.float("bias", 1.0), "alpha": node.float("alpha", 1e-4) / size, "beta": node.float("beta", 0.75)}
    return channels_first(b, b("LRN", channels_last(b, x), depth_radius=size // 2, **attrs))
