"""Frames of signals and short-time Fourier transforms as Keras has them. Windows: `windows.py`; TensorFlow.js's forms: `signal.py`."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.patterns import Relation
from ..shapes import size_of
from ..tensor import as_tensor
from .creation import generate, ones
from .define import composite, op
from .shaping import pad_interior, reshape, take_slice
from .spectral import as_complex, irfft, parts, real_transform, resized
from .window import window as slide
from .windows import cosines, count

# --- frames ---


def frames(x: Any, length: int, step: int) -> Any:
    """Return x [..., n] as overlapping frames [..., count, length] that begin every `step` elements."""
    *batch, n = x.shape
    found = 1 + (n - length) // step if n >= length else 0
    rows = reshape(x, (size_of(batch), n))
    summed = slide(rows, "bp", "bft", (Relation("p", "f", "t", step, 1, 0),), "sum", {"f": found, "t": length})
    return reshape(summed, (*batch, found, length))


def overlap_and_add(x: Any, step: int) -> Any:
    """Return frames [..., count, length] added up where they overlap: the adjoint of `frames`."""
    *batch, made, length = x.shape
    n = (made - 1) * step + length if made else 0
    rows = reshape(x, (size_of(batch), made, length))
    summed = slide(rows, "bft", "bp", (Relation("p", "f", "t", step, 1, 0),), "sum", {"p": n})
    return reshape(summed, (*batch, n))


def as_signal(x: Any, where: str) -> Any:
    x = as_tensor(x, where)
    if not x.shape:
        raise ShapeError(message(where, "a signal of rank 1 or more", "a scalar", "Reshape it."))
    if x.dtype == "string":
        raise DTypeError(message(where, "numbers", "dtype string", "Strings have no frames."))
    return x


@composite
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Return sliding sequences (..., count, sequence_length) of the last axis; what does not fill one is left out.

    Raises ShapeError, ArgumentError. keras.ops.extract_sequences.

    >>> import tensorweb as tw
    >>> tw.extract_sequences(tw.tensor([1, 2, 3, 4, 5]), 3, 2).tolist()
    [[1, 2, 3], [3, 4, 5]]
    """
    length = count(sequence_length, "extract_sequences", "sequence_length", 1)
    step = count(sequence_stride, "extract_sequences", "sequence_stride", 1)
    return frames(as_signal(x, "extract_sequences"), length, step)


# --- short-time Fourier transforms ---

_NAMED = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}


def _padded_window(where: str, window: Any, length: int, fft_length: int) -> Any:
    """Return the window in the middle of `fft_length` zeros, or None."""
    if window is None:
        return None
    if isinstance(window, str):
        if window not in _NAMED:
            raise ArgumentError(message(where, f"a window among {', '.join(_NAMED)}", repr(window), "Pass a tensor for others."))
        values = generate(cosines, (length,), "float32", float(length), *_NAMED[window], 0.0) if length > 1 else ones((length,))
    else:
        values = as_tensor(window, where)
        values = values if values.dtype == "float32" else op("cast")(values, "float32")
        if values.shape != (length,):
            raise ShapeError(message(where, f"a window of shape ({length},)", values.shape, "It is as long as a sequence."))
    low = (fft_length - length) // 2
    return pad_interior(values, (low,), (fft_length - length - low,), (0,), 0)


def _lengths(where: str, sequence_length: Any, sequence_stride: Any, fft_length: Any) -> tuple[int, int, int]:
    length, step = (count(v, where, n, 1) for v, n in ((sequence_length, "sequence_length"), (sequence_stride, "sequence_stride")))
    n = count(fft_length, where, "fft_length", 1)
    if n < length:
        raise ArgumentError(message(where, f"an fft_length of at least sequence_length = {length}", n, "Choose a longer transform."))
    return length, step, n


@composite
def stft(x: Any, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True) -> Any:
    """Return (real, imaginary) of the short-time Fourier transform of the last axis, each (..., sequences, fft_length // 2 + 1).

    window: "hann" or "hamming" (periodic), a tensor of `sequence_length`, or None. With `center` the signal is mirrored at both
    ends by fft_length // 2, so that sequence t has its middle at t * sequence_stride. Raises DTypeError unless x is floating,
    ShapeError, ArgumentError. keras.ops.stft.

    >>> import tensorweb as tw
    >>> tw.stft(tw.ones(8), 4, 2, 4)[0].shape
    (5, 3)
    """
    x = as_signal(x, "stft")
    if dtypes.kind(x.dtype) != "f":
        raise DTypeError(message("stft", "a floating-point signal", f"dtype {x.dtype}", "Cast it first."))
    length, step, n = _lengths("stft", sequence_length, sequence_stride, fft_length)
    weights = _padded_window("stft", window, length, n)
    if center and n > 1:
        if x.shape[-1] <= n // 2:
            raise ShapeError(message("stft", f"more than {n // 2} samples to mirror", f"shape {x.shape}", "Pass center=False, or pad it."))
        x = op("pad")(x, (*((0, 0),) * (len(x.shape) - 1), (n // 2, n // 2)), mode="reflect")
    cut = frames(x, n, step)
    return parts(real_transform(cut if weights is None else cut * weights, n, "stft"))


@composite
def istft(
    x: Any,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """Return the signal (..., n) whose `stft` with the same arguments is x, a pair (real, imaginary) or a complex tensor.

    `length` cuts the signal, or fills it up with zeros. Where the squared windows add up to nothing the signal is left as it comes.
    With window=None overlapping sequences are just added. Raises ShapeError, ArgumentError. keras.ops.istft.

    >>> import tensorweb as tw
    >>> tw.istft(tw.stft(tw.ones(8), 4, 2, 4), 4, 2, 4).shape
    (8,)
    """
    z = as_complex(x, "istft", 2)
    size, step, n = _lengths("istft", sequence_length, sequence_stride, fft_length)
    weights = _padded_window("istft", window, size, n)
    pieces = irfft(z, n)
    if weights is None:
        y = overlap_and_add(pieces, step)
    else:
        squares = overlap_and_add(op("broadcast_to")(weights * weights, pieces.shape[-2:]), step)
        y = overlap_and_add(pieces * weights, step) / op("where")(op("greater")(squares, 1e-10), squares, 1.0)
    start = n // 2 if center else 0
    stop = y.shape[-1] - start if length is None else start + count(length, "istft", "length", 0)
    if stop > y.shape[-1]:
        y = resized(y, stop)
    rank = len(y.shape)
    return take_slice(y, (*(0,) * (rank - 1), start), (*y.shape[:-1], max(0, stop - start)), (1,) * rank)
