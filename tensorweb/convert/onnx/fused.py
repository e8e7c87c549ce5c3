"""Ops that ONNX Runtime puts in the place of several (domain com.microsoft); models that it has optimised carry them."""

from __future__ import annotations

from typing import Any

from .elementwise import gelu_of
from .matrices import matmul_of
from .normalization import normalized, scaled
from .quantization import as_float, centered, quantized
from .reduction import reduce
from .schema import MICROSOFT
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def fused_op(*names: str) -> Any:
    """Define the translation of an op of the domain."""
    return onnx_op(*names, domain=MICROSOFT)


@fused_op("FastGelu", "BiasGelu")
def bias_gelu(b: Scope, node: OnnxNode, x: Value, bias: Value | None = None) -> Value:
    return gelu_of(b, x if bias is None else b("AddV2", x, bias), node.op == "FastGelu")


@fused_op("QuickGelu")
def quick_gelu(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b("Mul", x, b("Sigmoid", b("Mul", x, node.float("alpha", 1.702))))


@fused_op("FusedMatMul")
def fused_matmul(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    if node.int("transBatchA", 0) or node.int("transBatchB", 0):
        raise Unsupported("it turns batches")
    turned = [_turned(b, v, bool(node.int(f"trans{side}", 0))) for v, side in ((x, "A"), (y, "B"))]
    found, alpha = matmul_of(b, *turned), node.float("alpha", 1.0)
    return found if alpha == 1 else b("Mul", found, alpha)


def _turned(b: Scope, x: Value, turns: bool) -> Value:
    rank = b.rank(x)
    return b.transpose(x, [*range(rank - 2), rank - 1, rank - 2]) if turns and rank > 1 else x


@fused_op("SkipLayerNormalization", "SkipSimplifiedLayerNormalization")
def skip_layer_normalization(b: Scope, node: OnnxNode, x: Value, skip: Value, scale: Value, *rest: Value | None) -> list[Value | None]:
    simple = node.op.startswith("SkipSimplified")
    offset, bias = (None, *rest, None)[:2] if simple else (*rest, None, None)[:2]
    total = b("AddV2", x, skip)
    total = total if bias is None else b("AddV2", total, bias)
    found = normalized(b, total, [b.rank(total) - 1], node.float("epsilon", 1e-12), centered=not simple)[0]
    return [scaled(b, found, scale, offset), None, None, total]


# --- quantised ----------------------------------------------------------------------------------------------------------------


def real(b: Scope, x: Value, scale: Value, zero: Value | None) -> Value:
    """Return what quantised numbers stand for."""
    return b("Mul", centered(b, x, zero), b.reshape(scale, []) if scale.ndim else scale)


def grid(b: Scope, x: Value, scale: Value, zero: Value | None, dtype: str | None) -> Value:
    """Return numbers quantised."""
    return quantized(b, b("RealDiv", x, as_float(b, scale)), zero, dtype or "uint8")


@fused_op("QLinearAdd", "QLinearMul")
def q_binary(
    b: Scope, node: OnnxNode, x: Value, x_scale: Value, x_zero: Value | None, y: Value, y_scale: Value, y_zero: Value | None, scale: Value,
    zero: Value | None = None,
) -> Value:  # fmt: skip
    found = b("AddV2" if node.op == "QLinearAdd" else "Mul", real(b, x, x_scale, x_zero), real(b, y, y_scale, y_zero))
    return grid(b, found, scale, zero, x.dtype)


@fused_op("QLinearSigmoid", "QLinearLeakyRelu")
def q_unary(
    b: Scope, node: OnnxNode, x: Value, x_scale: Value, x_zero: Value | None, scale: Value, zero: Value | None = None
) -> Value:
    value = real(b, x, x_scale, x_zero)
    found = b("Sigmoid", value) if node.op == "QLinearSigmoid" else b("LeakyRelu", value, alpha=node.float("alpha", 0.01))
    return grid(b, found, scale, zero, x.dtype)


@fused_op("QLinearGlobalAveragePool")
def q_average(b: Scope, node: OnnxNode, x: Value, x_scale: Value, x_zero: Value, scale: Value, zero: Value) -> Value:
    last = node.int("channels_last", 0)
    axes = list(range(1, b.rank(x) - 1)) if last else list(range(2, b.rank(x)))
    return grid(b, reduce(b, "Mean", real(b, x, x_scale, x_zero), axes), scale, zero, x.dtype)


@fused_op("QLinearConcat")
def q_concat(b: Scope, node: OnnxNode, scale: Value, zero: Value, *parts: Value) -> Value:
    values = [real(b, *parts[i : i + 3]) for i in range(0, len(parts), 3)]
    rank = b.rank(values[0])
    found = b("ConcatV2", *values, node.int("axis", 0) % rank, N=len(values)) if len(values) > 1 else values[0]
    return grid(b, found, scale, zero, parts[0].dtype)
