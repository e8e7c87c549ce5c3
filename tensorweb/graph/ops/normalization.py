"""Graph ops that normalize: batch norm, local response, softmax. Norms along axes: `reduction.py`."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..define import graph_op
from .support import plain_ops, text


@graph_op("Softmax")
def _softmax(node: Any, x: Any) -> Any:
    return ops.softmax(x, -1)


@graph_op("LogSoftmax")
def _log_softmax(node: Any, x: Any) -> Any:
    return ops.log_softmax(x, -1)


@graph_op("LRN")
def _local_response(node: Any, x: Any) -> Any:
    radius = min(int(node.attrs.get("depth_radius", 5)), x.shape[-1])
    rest = (node.attrs.get(name, value) for name, value in {"bias": 1.0, "alpha": 1.0, "beta": 0.5}.items())
    return ops.local_response_normalization(x, radius, *rest)


plain_ops({"L2Loss": lambda x: ops.multiply(ops.sum(ops.square(x)), 0.5)})


@graph_op("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _fused_batch_norm(node: Any, x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> list[Any]:
    """With `is_training` the batch's own mean and variance count; without the attribute, where none are given."""
    data_format = text(node, "data_format", "NHWC")
    axis = 1 if data_format.startswith("NC") else len(x.shape) - 1
    given = mean, variance
    if node.attrs.get("is_training", not mean.size):
        others = [d for d in range(len(x.shape)) if d != axis]
        mean, variance = ops.mean(x, others), ops.var(x, others)
        count = x.size // max(1, x.shape[axis])
        given = mean, ops.multiply(variance, count / max(1, count - 1))
    y = ops.batch_normalization(x, mean, variance, axis, offset, scale, node.attrs.get("epsilon", 1e-4))
    more = [ops.zeros((0,))] if node.op == "FusedBatchNormV3" else []
    return [y, *given, mean, variance, *more]
