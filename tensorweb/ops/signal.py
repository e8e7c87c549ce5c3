"""Signals: windows, frames, short-time Fourier transforms. The transforms themselves: `spectral.py`.

Top-level names are Keras's, namespace `signal` has TensorFlow.js's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.patterns import Relation
from ..shapes import size_of
from ..tensor import as_tensor
from .creation import generate, ones
from .define import composite, op, public
from .linalg import as_count
from .shaping import pad_interior, reshape, strided_slice
from .spectral import as_complex, irfft, parts, real_transform, resized
from .window import window as slide

# --- windows ---


def _count(value: Any, where: str, name: str, least: int) -> int:
    n = as_count(value, where, name)
    if n < least:
        raise ArgumentError(message(where, f"{name} of {least} or more", n, "Correct the length."))
    return n


def _made(where: str, length: Any, body: Callable[..., Any], *numbers: float) -> Any:
    """Return the window of `length` whose elements are body(index, length - 1, *numbers); a single one is 1."""
    n = _count(length, where, "x", 0)
    return ones((n,)) if n < 2 else generate(body, (n,), "float32", float(n - 1), *numbers)


def _cosines(c: Any, span: Any, a: Any, b: Any, d: Any) -> Any:
    turn = e.cast(c[0], "float32") / span * (2 * math.pi)
    return a - b * e.cos(turn) + d * e.cos(2.0 * turn)


def _tent(c: Any, span: Any) -> Any:
    return 1.0 - e.absolute(2.0 * e.cast(c[0], "float32") / span - 1.0)


@public("map", gradient="none", method=False)
def bartlett(x: int) -> Any:
    """Return the triangular window of length x, zero at both ends. keras.ops.bartlett.

    >>> import tensorweb as tw
    >>> tw.bartlett(5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _made("bartlett", x, _tent)


@public("map", gradient="none", method=False)
def blackman(x: int) -> Any:
    """Return the Blackman window of length x. keras.ops.blackman."""
    return _made("blackman", x, _cosines, 0.42, 0.5, 0.08)


@public("map", gradient="none", method=False)
def hamming(x: int) -> Any:
    """Return the symmetric Hamming window of length x. keras.ops.hamming."""
    return _made("hamming", x, _cosines, 0.54, 0.46, 0.0)


@public("map", gradient="none", method=False)
def hanning(x: int) -> Any:
    """Return the symmetric Hann window of length x. keras.ops.hanning."""
    return _made("hanning", x, _cosines, 0.5, 0.5, 0.0)


# exp(-z) I0(z) for z = 3.75 t: the polynomials 9.8.1 and 9.8.2 of Abramowitz and Stegun, errors below 2e-7.
_NEAR = (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813)
_FAR = (0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _scaled_i0(z: Any) -> Any:
    near, far = e.minimum(z, 3.75), e.maximum(z, 3.75)
    return e.where(
        z <= 3.75, _polynomial(_NEAR, (near / 3.75) * (near / 3.75)) * e.exp(-near), _polynomial(_FAR, 3.75 / far) / e.sqrt(far)
    )


def _kaiser(c: Any, span: Any, beta: Any) -> Any:
    place = e.cast(c[0], "float32") / span
    # 1 - (2p - 1)**2 without the loss of digits at the ends.
    z = beta * e.sqrt(e.maximum(4.0 * place * (1.0 - place), 0.0))
    return e.exp(z - beta) * _scaled_i0(z) / _scaled_i0(beta)


@public("map", gradient="none", method=False)
def kaiser(x: int, beta: float) -> Any:
    """Return the Kaiser window of length x; `beta` sets its shape, the sign does not matter. keras.ops.kaiser."""
    return _made("kaiser", x, _kaiser, abs(float(beta)))


@public("map", gradient="none", method=False)
def cosine_window(window_length: int, a: float, b: float) -> Any:
    """Return a - b cos(2 pi i / n), with n the length if that is even, else one less. TensorFlow.js's cosineWindow."""
    n = _count(window_length, "cosine_window", "window_length", 0)
    return ones((n,)) if n == 1 else generate(_cosines, (n,), "float32", float(n + (1 - n % 2) - 1), float(a), float(b), 0.0)


@public("map", gradient="none", namespace="signal")
def hann_window(window_length: int) -> Any:
    """Return the Hann window, periodic for even lengths. TensorFlow.js's signal.hannWindow."""
    return cosine_window(window_length, 0.5, 0.5)


@public("map", gradient="none", namespace="signal")
def hamming_window(window_length: int) -> Any:
    """Return the Hamming window, periodic for even lengths. TensorFlow.js's signal.hammingWindow."""
    return cosine_window(window_length, 0.54, 0.46)


@composite(gradient="none", method=False)
def enclosing_power_of_two(value: int) -> int:
    """Return the least power of two that is not below `value`. TensorFlow.js's enclosingPowerOfTwo.

    >>> import tensorweb as tw
    >>> tw.enclosing_power_of_two(5)
    8
    """
    return 1 << (_count(value, "enclosing_power_of_two", "value", 1) - 1).bit_length()


# --- frames ---


def frames(x: Any, length: int, step: int) -> Any:
    """Return x [..., n] as overlapping frames [..., count, length] that begin every `step` elements."""
    *batch, n = x.shape
    count = 1 + (n - length) // step if n >= length else 0
    rows = reshape(x, (size_of(batch), n))
    made = slide(rows, "bp", "bft", (Relation("p", "f", "t", step, 1, 0),), "sum", {"f": count, "t": length})
    return reshape(made, (*batch, count, length))


def overlap_and_add(x: Any, step: int) -> Any:
    """Return frames [..., count, length] added up where they overlap: the adjoint of `frames`."""
    *batch, count, length = x.shape
    n = (count - 1) * step + length if count else 0
    rows = reshape(x, (size_of(batch), count, length))
    made = slide(rows, "bft", "bp", (Relation("p", "f", "t", step, 1, 0),), "sum", {"p": n})
    return reshape(made, (*batch, n))


def _signal(x: Any, where: str) -> Any:
    x = as_tensor(x, where)
    if not x.shape:
        raise ShapeError(message(where, "a signal of rank 1 or more", "a scalar", "Reshape it."))
    if x.dtype == "string":
        raise DTypeError(message(where, "numbers", "dtype string", "Strings have no frames."))
    return x


@composite(namespace="signal")
def frame(signal: Any, frame_length: int, frame_step: int, pad_end: bool = False, pad_value: float = 0) -> Any:
    """Return overlapping frames (..., count, frame_length) of a signal (..., n), one beginning every `frame_step` elements.

    With `pad_end` every step gives a frame, filled up with `pad_value`. Raises ShapeError, ArgumentError. TensorFlow.js's
    signal.frame.

    >>> import tensorweb as tw
    >>> tw.signal.frame(tw.tensor([1.0, 2.0, 3.0]), 2, 1).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    x = _signal(signal, "frame")
    length, step = _count(frame_length, "frame", "frame_length", 1), _count(frame_step, "frame", "frame_step", 1)
    if pad_end:
        n = x.shape[-1]
        missing = max(0, (math.ceil(n / step) - 1) * step + length - n) if n else 0
        rank = len(x.shape)
        value = float(pad_value) if dtypes.is_float(x.dtype) else int(pad_value)
        x = pad_interior(x, (0,) * rank, (*(0,) * (rank - 1), missing), (0,) * rank, value)
        # A step that is longer than a frame skips elements; there are as many frames all the same.
        x = resized(x, max(x.shape[-1], (math.ceil(n / step) - 1) * step + length)) if n else x
    return frames(x, length, step)


@composite
def extract_sequences(x: Any, sequence_length: int, sequence_stride: int) -> Any:
    """Return sliding sequences (..., count, sequence_length) of the last axis; what does not fill one is left out.

    Raises ShapeError, ArgumentError. keras.ops.extract_sequences.

    >>> import tensorweb as tw
    >>> tw.extract_sequences(tw.tensor([1, 2, 3, 4, 5]), 3, 2).tolist()
    [[1, 2, 3], [3, 4, 5]]
    """
    length = _count(sequence_length, "extract_sequences", "sequence_length", 1)
    step = _count(sequence_stride, "extract_sequences", "sequence_stride", 1)
    return frames(_signal(x, "extract_sequences"), length, step)


# --- short-time Fourier transforms ---

_NAMED = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}


def _padded_window(where: str, window: Any, length: int, fft_length: int) -> Any:
    """Return the window in the middle of `fft_length` zeros, or None."""
    if window is None:
        return None
    if isinstance(window, str):
        if window not in _NAMED:
            raise ArgumentError(message(where, f"a window among {', '.join(_NAMED)}", repr(window), "Pass a tensor for others."))
        values = generate(_cosines, (length,), "float32", float(length), *_NAMED[window], 0.0) if length > 1 else ones((length,))
    else:
        values = as_tensor(window, where)
        values = values if values.dtype == "float32" else op("cast")(values, "float32")
        if values.shape != (length,):
            raise ShapeError(message(where, f"a window of shape ({length},)", values.shape, "It is as long as a sequence."))
    low = (fft_length - length) // 2
    return pad_interior(values, (low,), (fft_length - length - low,), (0,), 0)


def _lengths(where: str, sequence_length: Any, sequence_stride: Any, fft_length: Any) -> tuple[int, int, int]:
    length, step = (_count(v, where, n, 1) for v, n in ((sequence_length, "sequence_length"), (sequence_stride, "sequence_stride")))
    n = _count(fft_length, where, "fft_length", 1)
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
    x = _signal(x, "stft")
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
    x: Any, sequence_length: int, sequence_stride: int, fft_length: int, length: int | None = None, window: Any = "hann", center: bool = True
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
    stop = y.shape[-1] - start if length is None else start + _count(length, "istft", "length", 0)
    if stop > y.shape[-1]:
        y = resized(y, stop)
    rank = len(y.shape)
    return strided_slice(y, (*(0,) * (rank - 1), start), (*y.shape[:-1], max(0, stop - start)), (1,) * rank)


@public("composite", namespace="signal")
def _stft(
    signal: Any, frame_length: int, frame_step: int, fft_length: int | None = None, window_fn: Callable[[int], Any] | None = None
) -> Any:
    """Return the short-time Fourier transform of a signal (..., n) as a complex tensor (..., frames, fft_length // 2 + 1).

    fft_length is by default the power of two that encloses frame_length, window_fn(frame_length) a Hann window. TensorFlow.js's
    signal.stft.
    """
    length = _count(frame_length, "stft", "frame_length", 1)
    n = enclosing_power_of_two(length) if fft_length is None else fft_length
    weights = (window_fn or hann_window)(length)
    return real_transform(frame(signal, length, frame_step) * weights, n, "stft")
