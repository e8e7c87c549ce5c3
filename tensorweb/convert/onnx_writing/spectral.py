"""Writes Fourier transforms, and complex numbers as far as these need them: as ONNX has them, pairs of floats along a last axis.

Only the ops here take such values; `writer.py` refuses them elsewhere.
"""

from __future__ import annotations

from ...graph.definition import Node
from ..onnx.shapes import joined
from .elementwise import atan2
from .scope import Scope, Unwritable, Value, writes

COMPLEX = "complex64"
TAKES_COMPLEX = frozenset(("Angle", "ComplexAbs", "Conj", "FFT", "FFT2D", "IFFT", "IFFT2D", "IRFFT", "Imag", "Real", "Identity"))


def _pairs(x: Value, shape: object) -> Value:
    """Return a value as one of complex numbers of a shape, which leaves out the axis of pairs."""
    x.dtype, x.shape = COMPLEX, shape
    return x


def _part(b: Scope, x: Value, number: int) -> Value:
    made: Value = b("Gather", x, b.int64(number), axis=-1, dtype="float32", shape=x.shape)
    return made


@writes("Complex")
def complex_(b: Scope, node: Node, real: Value, imaginary: Value) -> Value:
    """The parts broadcast."""
    shape = joined(real.shape, imaginary.shape)
    if real.shape is None or real.shape != imaginary.shape or None in real.shape:
        whole = b("Shape", b("Add", real, imaginary))
        real, imaginary = b("Expand", real, whole), b("Expand", imaginary, whole)
    return _pairs(b("Concat", b("Unsqueeze", real, [-1]), b("Unsqueeze", imaginary, [-1]), axis=-1), shape)


@writes("Real")
def real(b: Scope, node: Node, x: Value) -> Value:
    return _part(b, x, 0) if x.dtype == COMPLEX else x


@writes("Imag")
def imaginary(b: Scope, node: Node, x: Value) -> Value:
    return _part(b, x, 1) if x.dtype == COMPLEX else b("Mul", x, 0)


@writes("ComplexAbs")
def absolute(b: Scope, node: Node, x: Value) -> Value:
    return b("ReduceL2", x, [-1], keepdims=0, dtype="float32", shape=x.shape)


@writes("Angle")
def angle(b: Scope, node: Node, x: Value) -> Value:
    return atan2(b, node, imaginary(b, node, x), real(b, node, x))


@writes("Conj")
def conjugate(b: Scope, node: Node, x: Value) -> Value:
    return _pairs(b("Mul", x, b.value([1.0, -1.0]), dtype=COMPLEX), x.shape) if x.dtype == COMPLEX else x


# --- transforms -------------------------------------------------------------------------------------------------------------


def _transformed(b: Scope, x: Value, axis: int, inverse: bool = False) -> Value:
    """Return the transform of pairs along an axis, which is counted without that of the pairs."""
    return b("DFT", x, axis=axis, inverse=int(inverse), onesided=0, dtype=x.dtype)


@writes("FFT", "IFFT", "FFT2D", "IFFT2D")
def fft(b: Scope, node: Node, x: Value) -> Value:
    shape, rank = x.shape, b.rank(x)
    for axis in range(rank - (2 if node.op.endswith("2D") else 1), rank):
        x = _transformed(b, x, axis, node.op.startswith("I"))
    return _pairs(x, shape)


@writes("RFFT")
def rfft(b: Scope, node: Node, x: Value, length: Value) -> Value:
    rank = b.rank(x)
    count = b.reshape(b.vector(length), [])
    made = b("DFT", b("Unsqueeze", x, [-1]), count, axis=rank - 1, inverse=0, onesided=1)
    return _pairs(made, (*x.shape[:-1], None) if x.shape else None)


@writes("IRFFT")
def irfft(b: Scope, node: Node, x: Value, length: Value) -> Value:
    """The half that is left out is the other one, mirrored and conjugated."""
    rank, (size,) = b.rank(x), b.ints(length, "length")
    if size < 1:
        raise Unwritable(f"its length is {size}")
    bins = size // 2 + 1
    short = b("Max", b("Sub", b.const([bins], (1,), "int64"), b("Shape", x, start=rank - 1, end=rank)), 0)
    padded = b("Pad", x, b("Concat", b.value([0] * (2 * rank)), short, b.value([0]), axis=0), b.zero("float32"), dtype=COMPLEX)
    half = b("Slice", padded, [0], [bins], [rank - 1])
    mirrored = b("Slice", half, [(size - 1) // 2], [0], [rank - 1], [-1]) if size > 2 else None
    whole = half if mirrored is None else b("Concat", half, b("Mul", mirrored, b.value([1.0, -1.0])), axis=rank - 1)
    whole.shape = (*(x.shape or ())[:-1], size)
    return _part(b, _transformed(b, _pairs(whole, whole.shape), rank - 1, True), 0)
