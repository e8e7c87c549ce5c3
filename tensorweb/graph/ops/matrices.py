"""Graph ops on matrices: products, transposes, bands. Factorizations and diagonals: `linalg.py`."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...errors import FormatError, message
from ..define import graph_op
from .support import plain_ops, text, texts


def _product(a: Any, b: Any, transpose_a: Any, transpose_b: Any) -> Any:
    return ops.matmul(a, b, bool(transpose_a), bool(transpose_b))


@graph_op("MatMul", "SparseMatMul")
def _matmul(node: Any, a: Any, b: Any) -> Any:
    return _product(a, b, node.attrs.get("transpose_a"), node.attrs.get("transpose_b"))


@graph_op("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def _batch_matmul(node: Any, a: Any, b: Any) -> Any:
    """Adjoint matrices are transposed and, if complex, conjugated."""
    adjoint = node.attrs.get("adj_x"), node.attrs.get("adj_y")
    a, b = (ops.conjugate(x) if x.dtype == "complex64" and turned else x for x, turned in zip((a, b), adjoint))
    return _product(a, b, *adjoint)


plain_ops(
    {
        "Transpose": lambda x, axes: ops.transpose(x, axes),
        "ConjugateTranspose": lambda x, axes: ops.conjugate(ops.transpose(x, axes)),
    },
    host=(1,),
)


@graph_op("Einsum")
def _einsum(node: Any, *inputs: Any) -> Any:
    return ops.einsum(text(node, "equation"), *inputs)


@graph_op("MatrixBandPart", "BatchMatrixBandPart", host=(1, 2))
def _band_part(node: Any, x: Any, below: int, above: int) -> Any:
    """Keep so many diagonals below and above the main one; all where negative."""
    x = x if below < 0 else ops.triu(x, -below)
    return x if above < 0 else ops.tril(x, above)


# --- what a graph has fused with a product or a convolution ---

_ACTIVATIONS = {
    "Relu": "relu", "Relu6": "relu6", "Elu": "elu", "Selu": "selu", "LeakyRelu": "leakyrelu", "Prelu": "prelu", "Sigmoid": "sigmoid",
    "Tanh": "tanh", "GeluApproximate": "gelu", "Swish": "silu", "_FusedHardSwish": "hard_silu",
}  # fmt: skip


def fused_parts(node: Any, args: list[Any]) -> dict[str, Any]:
    """Return the keywords of tw.fused's ops for `fused_ops` and what inputs belong to them, in their order."""
    parts: dict[str, Any] = {}
    left = list(args)
    for name in texts(node, "fused_ops"):
        needed = {"BiasAdd": 1, "Add": 1, "Prelu": 1, "FusedBatchNorm": 4}.get(name, 0)
        known = name in ("BiasAdd", "Add", "FusedBatchNorm") or name in _ACTIVATIONS
        if not known or len(left) < needed or "activation" in parts:
            advice = "It is written by another program than TensorFlow."
            raise FormatError(message(f"node {node.name!r}", "fused ops that are known, each with its inputs", name, advice))
        taken, left = left[:needed], left[needed:]
        if name == "BiasAdd":
            parts["bias"] = taken[0]
        elif name == "Add":
            parts["residual"] = taken[0]
        elif name == "FusedBatchNorm":
            scale, offset, mean, variance = taken
            parts["scale"] = ops.multiply(scale, ops.rsqrt(ops.add(variance, node.attrs.get("epsilon", 1e-4))))
            parts["shift"] = ops.subtract(offset, ops.multiply(mean, parts["scale"]))
        else:
            parts["activation"] = _ACTIVATIONS[name]
            if name == "Prelu":
                parts["prelu_weights"] = taken[0]
            elif name == "LeakyRelu":
                parts["leakyrelu_alpha"] = node.attrs.get("leakyrelu_alpha", 0.2)
    return parts


@graph_op("_FusedMatMul")
def _fused_matmul(node: Any, a: Any, b: Any, *args: Any) -> Any:
    turned = bool(node.attrs.get("transpose_a")), bool(node.attrs.get("transpose_b"))
    return ops.fused.matmul(a, b, *turned, **fused_parts(node, list(args)))
