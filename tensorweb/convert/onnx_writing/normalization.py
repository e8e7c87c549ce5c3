"""Writes ops that normalize: batch norm, local response, softmax. Norms along axes: `reduction.py`."""

from __future__ import annotations

from ...graph.definition import Node
from .scope import Scope, Value, writes


@writes("Softmax", "LogSoftmax")
def softmax(b: Scope, node: Node, x: Value) -> Value:
    return b(node.op, x, axis=-1)


@writes("LRN")
def local_response(b: Scope, node: Node, x: Value) -> Value:
    """Channels are first here. ONNX divides alpha by the number of channels that count."""
    size = 2 * int(node.attrs.get("depth_radius", 5)) + 1
    bias, alpha, beta = (float(node.attrs.get(name, value)) for name, value in (("bias", 1.0), ("alpha", 1.0), ("beta", 0.5)))
    return b("LRN", x, size=size, bias=bias, alpha=alpha * size, beta=beta)


@writes("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(b: Scope, node: Node, x: Value, scale: Value, offset: Value, mean: Value, variance: Value) -> list[Value]:
    """Channels are first here. With `is_training` the batch's own mean and variance count; without the attribute, where none are given."""
    epsilon = float(node.attrs.get("epsilon", 1e-4))
    given = mean, variance
    if node.attrs.get("is_training", mean.shape is not None and 0 in mean.shape):
        others = [axis for axis in range(b.rank(x)) if axis != 1]
        mean = b("ReduceMean", x, others, keepdims=0, shape=scale.shape)
        apart = b("Sub", x, b("ReduceMean", x, others, keepdims=1))
        squares = b("ReduceSumSquare", apart, others, keepdims=0, shape=scale.shape)
        sizes = b("Gather", b.shape(x), b.value(others), axis=0, shape=(len(others),))
        count = b.cast(b("ReduceProd", sizes, keepdims=0, shape=()), "float32")
        variance = b("Div", squares, count)
        given = mean, b("Div", squares, b("Max", b("Sub", count, 1.0), 1.0))
    y = b("BatchNormalization", x, scale, offset, mean, variance, epsilon=epsilon, shape=x.shape)
    more = [b.const([], (0,), "float32")] if node.op == "FusedBatchNormV3" else []
    return [y, *given, mean, variance, *more]
