"""Activations, arithmetic and casts that take more than one op, and what moves between grids."""

from __future__ import annotations

import math
from typing import Any

from ....graph.definition import Ref
from ..schema import DTYPES
from ..tensors import Grid
from ..translate import Op, Unsupported, translates

_UNSIGNED = {"uint8": 8, "uint16": 16, "uint32": 32}


@translates("RELU_N1_TO_1")
def relu_n1_to_1(op: Op) -> Ref:
    return op.emit("ClipByValue", op.x(), -1.0, 1.0)


@translates("RELU_0_TO_1")
def relu_0_to_1(op: Op) -> Ref:
    return op.emit("ClipByValue", op.x(), 0.0, 1.0)


@translates("HARD_SWISH")
def hard_swish(op: Op) -> Ref:
    x = op.x()
    return op.emit("Mul", op.emit("Mul", x, op.emit("Relu6", op.emit("AddV2", x, 3.0))), 1 / 6)


@translates("GELU")
def gelu(op: Op) -> Ref:
    x = op.x()
    if op.options.approximate:
        cubic = op.emit("AddV2", x, op.emit("Mul", op.emit("Mul", op.emit("Square", x), x), 0.044715))
        part = op.emit("Tanh", op.emit("Mul", cubic, math.sqrt(2 / math.pi)))
    else:
        part = op.emit("Erf", op.emit("Mul", x, math.sqrt(0.5)))
    return op.emit("Mul", op.emit("Mul", x, 0.5), op.emit("AddV2", part, 1.0))


@translates("SOFTMAX")
def softmax(op: Op) -> Ref:
    x, beta = op.x(), op.options.beta
    return op.emit("Softmax", x if beta == 1 else op.emit("Mul", x, beta))


@translates("L2_NORMALIZATION")
def l2_normalization(op: Op) -> Ref:
    x = op.x()
    norm = op.emit("Sqrt", op.emit("Sum", op.emit("Square", x), [-1], keep_dims=True))
    return op.activated(op.emit("RealDiv", x, op.emit("Maximum", norm, 1e-6)))


@translates("DIV")
def div(op: Op) -> Ref:
    """Integers are divided towards zero."""
    a, b = op.inputs()
    if op.info().computed in ("float32", "complex64"):
        return op.activated(op.emit("RealDiv", a, b))
    whole = op.emit("FloorDiv", op.emit("Abs", a), op.emit("Abs", b))
    return op.activated(op.emit("Mul", whole, op.emit("Mul", op.emit("Sign", a), op.emit("Sign", b))))


@translates("BITWISE_XOR")
def bitwise_xor(op: Op) -> Ref:
    a, b = op.inputs()
    if op.info().dtype == "bool":
        return op.emit("NotEqual", a, b)
    return op.emit("Sub", op.emit("AddV2", a, b), op.emit("Mul", op.emit("BitwiseAnd", a, b), 2))


@translates("RIGHT_SHIFT")
def right_shift(op: Op) -> Ref:
    """A division by a power of two, rounded down; what lies above 30 places leaves the sign only."""
    places = op.emit("Minimum", op.emit("Maximum", op.x(1), 0), 30)
    power = op.builder.cast(op.emit("Round", op.emit("Pow", 2.0, op.builder.cast(places, "float32"))), "int32")
    return op.emit("FloorDiv", op.x(), power)


@translates("CAST")
def cast(op: Op) -> Ref:
    """Quantised tensors count as the integers that are stored."""
    info, x = op.info(), op.x()
    x = op.builder.to_stored(x, info.grid) if info.grid else x
    result = op.result()
    found = op.builder.cast(x, "int32" if result.grid else result.dtype)
    if result.dtype in _UNSIGNED and _UNSIGNED[result.dtype] < 32:
        found = op.emit("FloorMod", found, 1 << _UNSIGNED[result.dtype])
    elif result.dtype in ("int8", "int16"):
        half = 128 if result.dtype == "int8" else 32768
        found = op.emit("Sub", op.emit("FloorMod", op.emit("AddV2", found, half), 2 * half), half)
    return op.builder.from_stored(found, result.grid) if result.grid else found


@translates("QUANTIZE", moves=True)
def quantize(op: Op) -> Ref:
    """Values move to the output's grid, as those of every op do."""
    return op.emit("Identity", op.x())


@translates("DEQUANTIZE", "DENSIFY")
def dequantize(op: Op) -> Any:
    """Nothing: quantised values are real numbers here, and constants become dense and float32 when they are read."""
    return None if op.scope.unpacks(op) else op.emit("Identity", op.x())


@translates("FAKE_QUANT")
def fake_quant(op: Op) -> Ref:
    """The range is moved so that zero lies on the grid."""
    options = op.options
    low, high = int(options.narrow_range), (1 << min(max(options.num_bits, 2), 16)) - 1
    if not options.min <= 0 <= options.max or options.min == options.max:
        raise Unsupported("a range that does not hold zero")
    scale = (options.max - options.min) / (high - low)
    zero = min(max(round(low - options.min / scale), low), high)
    return op.builder.snap(op.x(), Grid((scale,), (zero,), 0, low, high))


@translates("BITCAST")
def bitcast(op: Op) -> Ref:
    info, result = op.info(), op.result()
    if info.grid or result.grid or ({info.dtype, result.dtype} - {"int32", "uint32"} and info.dtype != result.dtype):
        raise Unsupported(f"{info.dtype} to {result.dtype}")
    return op.emit("Identity", op.x())


@translates("RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM")
def random(op: Op) -> Ref:
    name = "RandomUniform" if op.kind == "RANDOM_UNIFORM" else "RandomStandardNormal"
    return op.emit(name, op.x(), seed=op.options.seed % (1 << 31), seed2=op.options.seed2 % (1 << 31), dtype="float32")


@translates("MULTINOMIAL")
def multinomial(op: Op) -> Ref:
    seeds = {"seed": op.options.seed % (1 << 31), "seed2": op.options.seed2 % (1 << 31)}
    return op.emit("Multinomial", op.x(), op.scalar(1), output_dtype=DTYPES[op.result().table.type], **seeds)


@translates("RFFT2D")
def rfft2d(op: Op) -> Ref:
    """A transform of the rows' real numbers, then one of the columns."""
    height, width = op.host_or_fail(1, "a length")
    x, rank = op.x(), op.rank()
    if op.info().shape[-2] != height:
        raise Unsupported("a length that is not the image's height")
    perm = [*range(rank - 2), rank - 1, rank - 2]
    rows = op.emit("RFFT", x, [width])
    return op.builder.transpose(op.emit("FFT", op.builder.transpose(rows, perm)), perm)
