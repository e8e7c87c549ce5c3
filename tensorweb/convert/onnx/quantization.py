"""ONNX's quantised ops, computed on float32, in which sums of products of 8-bit numbers are exact up to 2^24."""

from __future__ import annotations

from ... import ops
from .convolution import convolved
from .matrices import matmul_of
from .schema import DTYPES, RANGES
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def per_axis(b: Scope, v: Value, rank: int | None, axis: int) -> Value:
    """Return a scale or zero point of one axis so that it broadcasts over a tensor of a rank."""
    if v.ndim == 0:
        return v
    if v.shape == (1,):
        return b.reshape(v, [])
    if rank is None or v.ndim != 1:
        raise Unsupported("it is quantised in blocks")
    return b.reshape(v, [-1 if i == axis % rank else 1 for i in range(rank)])


def as_float(b: Scope, v: Value) -> Value:
    """Return a value as float32, a constant at once."""
    return b.tensor(ops.cast(v.constant.fresh(), "float32")) if v.constant is not None else b.cast(v, "float32")


def centered(b: Scope, x: Value, zero: Value | None, axis: int = 0) -> Value:
    """Return x - zero as float32."""
    found = as_float(b, x)
    if zero is None or (zero.known is not None and not any(zero.known)):
        return found
    apart = as_float(b, per_axis(b, zero, x.ndim, axis))
    if found.constant is not None and apart.constant is not None:
        return b.tensor(ops.subtract(found.constant.tensor(), apart.constant.tensor()))
    return b("Sub", found, apart)


def quantized(b: Scope, x: Value, zero: Value | None, dtype: str, axis: int = 1) -> Value:
    """Return scaled floats as integers of a dtype."""
    low, high = RANGES[dtype]
    found = b("Round", x)
    if zero is not None and not (zero.known is not None and not any(zero.known)):
        found = b("AddV2", found, as_float(b, per_axis(b, zero, x.ndim, axis)))
    return b.typed(b.cast(b("ClipByValue", found, float(low), float(high)), "int32"), dtype)


@onnx_op("QuantizeLinear")
def quantize(b: Scope, node: OnnxNode, x: Value, scale: Value, zero: Value | None = None) -> Value:
    dtype = zero.dtype if zero is not None else DTYPES.get(node.int("output_dtype", 0) or 2)
    if dtype not in RANGES or node.int("block_size", 0):
        raise Unsupported(f"its result is {dtype}, or in blocks")
    axis = node.int("axis", 1)
    return quantized(b, b("RealDiv", as_float(b, x), per_axis(b, scale, x.ndim, axis)), zero, dtype, axis)


@onnx_op("DequantizeLinear")
def dequantize(b: Scope, node: OnnxNode, x: Value, scale: Value, zero: Value | None = None) -> Value:
    if node.int("block_size", 0):
        raise Unsupported("it is quantised in blocks")
    axis = node.int("axis", 1)
    apart, by = centered(b, x, zero, axis), per_axis(b, scale, x.ndim, axis)
    if apart.constant is not None and by.constant is not None:
        return b.tensor(ops.multiply(apart.constant.tensor(), by.constant.tensor()))
    return b("Mul", apart, by)


@onnx_op("DynamicQuantizeLinear")
def dynamic_quantize(b: Scope, node: OnnxNode, x: Value) -> list[Value]:
    axes = list(range(b.rank(x)))
    low, high = (b(f, b(op, x, axes, keep_dims=False), 0.0) for f, op in (("Minimum", "Min"), ("Maximum", "Max")))
    scale = b("RealDiv", b("Sub", high, low), 255.0)
    zero = b("ClipByValue", b("Round", b("RealDiv", b("Neg", low), scale)), 0.0, 255.0)
    whole = b.typed(b.cast(zero, "int32"), "uint8")
    return [quantized(b, b("RealDiv", x, scale), whole, "uint8"), scale, whole]


@onnx_op("ConvInteger")
def conv_integer(b: Scope, node: OnnxNode, x: Value, w: Value, x_zero: Value | None = None, w_zero: Value | None = None) -> Value:
    found = convolved(b, node, centered(b, x, x_zero), centered(b, w, w_zero))
    return b.typed(b.cast(b("Round", found), "int32"), "int32")


@onnx_op("MatMulInteger")
def matmul_integer(b: Scope, node: OnnxNode, x: Value, y: Value, x_zero: Value | None = None, y_zero: Value | None = None) -> Value:
    found = matmul_of(b, centered(b, x, x_zero, -2), centered(b, y, y_zero, -1))
    return b.typed(b.cast(b("Round", found), "int32"), "int32")


def rescaled(b: Scope, x: Value, scales: tuple[Value, Value, Value], axis: int) -> Value:
    """Return sums of products times (x's scale · y's scale / the result's)."""
    first, second, result = scales
    return b("Mul", x, per_axis(b, b("RealDiv", b("Mul", first, second), result), x.ndim, axis))


@onnx_op("QLinearMatMul")
def q_matmul(
    b: Scope, node: OnnxNode, x: Value, x_scale: Value, x_zero: Value, y: Value, y_scale: Value, y_zero: Value, scale: Value, zero: Value
) -> Value:
    found = matmul_of(b, centered(b, x, x_zero, -2), centered(b, y, y_zero, -1))
    return quantized(b, rescaled(b, found, (x_scale, y_scale, scale), -1), zero, zero.dtype or "uint8")


@onnx_op("QLinearConv")
def q_conv(
    b: Scope, node: OnnxNode, x: Value, x_scale: Value, x_zero: Value, w: Value, w_scale: Value, w_zero: Value, scale: Value, zero: Value,
    bias: Value | None = None,
) -> Value:  # fmt: skip
    found = convolved(b, node, centered(b, x, x_zero), centered(b, w, w_zero), None if bias is None else as_float(b, bias))
    return quantized(b, rescaled(b, found, (x_scale, w_scale, scale), 1), zero, zero.dtype or "uint8")
