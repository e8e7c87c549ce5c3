"""Fourier transforms of the last axis, or the last two. Frames: `frames.py`; windows: `windows.py`.

Each takes a complex tensor and returns one, as TensorFlow.js does, or a pair (real, imaginary) and returns a pair, as Keras does;
a real tensor has no imaginary part. `rfft` returns a pair, as in Keras.
"""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..shapes import size_of
from ..tensor import Operators, as_tensor
from .creation import generate
from .define import composite, op
from .linalg import as_count, swap
from .primitives import fft_rows
from .shaping import pad_interior, reshape


def paired(x: Any) -> bool:
    """Tell whether x is a pair of tensors, the real and the imaginary part."""
    return isinstance(x, tuple) or (isinstance(x, list) and len(x) == 2 and all(isinstance(v, Operators) for v in x))


def as_complex(x: Any, where: str, rank: int = 1) -> Any:
    """Return x (a tensor, or a pair of real ones of one shape) as a complex64 tensor of at least `rank` dimensions."""
    if paired(x):
        if len(x) != 2:
            raise ArgumentError(message(where, "a pair (real, imaginary)", f"{len(x)} values", "Pass two tensors, or one complex tensor."))
        real, imag = (_real_part(v, where) for v in x)
        if real.shape != imag.shape:
            raise ShapeError(message(where, "parts of one shape", f"{real.shape} and {imag.shape}", "Reshape one of them."))
        z = op("complex")(real, imag)
    else:
        z = as_tensor(x, where)
        if z.dtype != "complex64":
            real = _real_part(z, where)
            z = op("complex")(real, op("zeros_like")(real))
    if len(z.shape) < rank:
        raise ShapeError(message(where, f"a tensor of rank {rank} or more", f"shape {z.shape}", "Reshape it."))
    return z


def _real_part(x: Any, where: str) -> Any:
    x = as_tensor(x, where)
    if x.dtype in ("complex64", "string"):
        raise DTypeError(message(where, "real numbers", f"dtype {x.dtype}", "Pass a complex tensor alone, without a pair."))
    return x if x.dtype == "float32" else op("cast")(x, "float32")


def parts(z: Any) -> tuple[Any, Any]:
    """Return (real, imaginary)."""
    return op("real")(z), op("imag")(z)


def transform(z: Any, inverse: bool) -> Any:
    """Return the Fourier transform of a complex64 tensor along its last axis."""
    n = z.shape[-1]
    return reshape(fft_rows(reshape(z, (size_of(z.shape[:-1]), n)), inverse), z.shape)


def resized(x: Any, n: int) -> Any:
    """Return x with its last axis cut or padded with zeros to n."""
    rank, d = len(x.shape), x.shape[-1]
    return x if n == d else pad_interior(x, (0,) * rank, (*(0,) * (rank - 1), n - d), (0,) * rank, 0)


def _transformed(x: Any, where: str, inverse: bool, axes: int) -> Any:
    z = as_complex(x, where, axes)
    y = transform(z, inverse)
    if axes == 2:
        y = swap(transform(swap(y), inverse))
    return parts(y) if paired(x) else y


@composite
def fft(x: Any) -> Any:
    """Return the discrete Fourier transform of the last axis. Takes a tensor or a pair (real, imaginary) and returns the like.

    keras.ops.fft, TensorFlow.js's spectral.fft.

    >>> import tensorweb as tw
    >>> real, imag = tw.fft((tw.tensor([1.0, 1.0]), tw.tensor([0.0, 0.0])))
    >>> real.tolist(), imag.tolist()
    ([2.0, 0.0], [0.0, 0.0])
    """
    return _transformed(x, "fft", False, 1)


@composite
def ifft(x: Any) -> Any:
    """Return the inverse of `fft`, divided by the length. TensorFlow.js's spectral.ifft."""
    return _transformed(x, "ifft", True, 1)


@composite
def fft2(x: Any) -> Any:
    """Return the discrete Fourier transform of the last two axes; forms as in `fft`. keras.ops.fft2."""
    return _transformed(x, "fft2", False, 2)


@composite
def ifft2(x: Any) -> Any:
    """Return the inverse of `fft2`. keras.ops.ifft2."""
    return _transformed(x, "ifft2", True, 2)


def real_transform(x: Any, fft_length: int | None, where: str) -> Any:
    """Return the first half, n // 2 + 1 bins, of the transform of real x, cut or padded to n = fft_length."""
    x = _real_part(x, where)
    if not x.shape:
        raise ShapeError(message(where, "a tensor of rank 1 or more", "a scalar", "Reshape it."))
    n = x.shape[-1] if fft_length is None else _length(fft_length, where)
    x = resized(x, n)
    return resized(transform(op("complex")(x, op("zeros_like")(x)), False), n // 2 + 1 if n else 0)


def _length(value: Any, where: str) -> int:
    n = as_count(value, where, "fft_length")
    if n < 1:
        raise ArgumentError(message(where, "an fft_length of 1 or more", n, "Leave it out to take the input's length."))
    return n


@composite
def rfft(x: Any, fft_length: int | None = None) -> Any:
    """Return (real, imaginary) of the first n // 2 + 1 bins of the transform of a real x along its last axis.

    x is cut or padded with zeros to n = `fft_length` (its own length by default). Raises ArgumentError, DTypeError. keras.ops.rfft;
    `tw.complex(*tw.rfft(x))` is TensorFlow.js's spectral.rfft.

    >>> import tensorweb as tw
    >>> tw.rfft(tw.tensor([1.0, 1.0, 1.0]))[0].tolist()
    [3.0, 0.0]
    """
    return parts(real_transform(x, fft_length, "rfft"))


def _bin_weight(c: Any, n: Any) -> Any:
    # All bins but the first and, of an even length, the last stand for two.
    return e.where(e.logical_or(e.equal(c[0], 0), e.equal(2 * c[0], n)), 1.0, 2.0)


@composite
def irfft(x: Any, fft_length: int | None = None) -> Any:
    """Return the real tensor of length n whose `rfft` is x, a complex tensor or a pair (real, imaginary).

    n = `fft_length`, by default 2 (bins - 1), which is right for even lengths; bins are cut or padded with zeros to n // 2 + 1.
    keras.ops.irfft, TensorFlow.js's spectral.irfft.

    >>> import tensorweb as tw
    >>> tw.irfft(tw.rfft(tw.tensor([1.0, 2.0, 3.0])), fft_length=3).shape
    (3,)
    """
    z = as_complex(x, "irfft")
    n = 2 * (z.shape[-1] - 1) if fft_length is None else _length(fft_length, "irfft")
    if n < 1:
        raise ShapeError(message("irfft", "at least two bins", f"shape {z.shape}", "Pass fft_length=1 for one bin."))
    bins = n // 2 + 1
    weight = generate(_bin_weight, (bins,), "float32", n)
    return op("real")(transform(resized(resized(z, bins) * weight, n), True))
