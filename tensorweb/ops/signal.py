"""The namespace `signal`: windows, frames and the short-time Fourier transform as TensorFlow.js has them. Keras's: `frames.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import dtypes
from .creation import generate, ones
from .define import composite, public
from .frames import as_signal, frames
from .shaping import pad_interior
from .spectral import real_transform
from .windows import cosines, count


@public("map", gradient="none", namespace="signal")
def cosine_window(window_length: int, a: float, b: float) -> Any:
    """Return a - b cos(2 pi i / n), with n the length if that is even, else one less. TensorFlow.js's cosineWindow."""
    n = count(window_length, "cosine_window", "window_length", 0)
    return ones((n,)) if n == 1 else generate(cosines, (n,), "float32", float(n + (1 - n % 2) - 1), float(a), float(b), 0.0)


@composite(gradient="none", namespace="signal")
def enclosing_power_of_two(value: int) -> int:
    """Return the least power of two that is not below `value`. TensorFlow.js's enclosingPowerOfTwo.

    >>> import tensorweb as tw
    >>> tw.signal.enclosing_power_of_two(5)
    8
    """
    return 1 << (count(value, "enclosing_power_of_two", "value", 1) - 1).bit_length()


@public("map", gradient="none", namespace="signal")
def hann_window(window_length: int) -> Any:
    """Return the Hann window, periodic for even lengths. TensorFlow.js's signal.hannWindow."""
    return cosine_window(window_length, 0.5, 0.5)


@public("map", gradient="none", namespace="signal")
def hamming_window(window_length: int) -> Any:
    """Return the Hamming window, periodic for even lengths. TensorFlow.js's signal.hammingWindow."""
    return cosine_window(window_length, 0.54, 0.46)


@composite(namespace="signal")
def frame(signal: Any, frame_length: int, frame_step: int, pad_end: bool = False, pad_value: float = 0) -> Any:
    """Return overlapping frames (..., count, frame_length) of a signal (..., n), one beginning every `frame_step` elements.

    With `pad_end` every step gives a frame, filled up with `pad_value`. Raises ShapeError, ArgumentError. TensorFlow.js's
    signal.frame.

    >>> import tensorweb as tw
    >>> tw.signal.frame(tw.tensor([1.0, 2.0, 3.0]), 2, 1).tolist()
    [[1.0, 2.0], [2.0, 3.0]]
    """
    x = as_signal(signal, "frame")
    length, step = count(frame_length, "frame", "frame_length", 1), count(frame_step, "frame", "frame_step", 1)
    if pad_end:
        n = x.shape[-1]
        missing = max(0, (-(-n // step) - 1) * step + length - n) if n else 0
        rank = len(x.shape)
        value = float(pad_value) if dtypes.is_float(x.dtype) else int(pad_value)
        x = pad_interior(x, (0,) * rank, (*(0,) * (rank - 1), missing), (0,) * rank, value)
    return frames(x, length, step)


@composite(namespace="signal")
def stft(
    signal: Any, frame_length: int, frame_step: int, fft_length: int | None = None, window_fn: Callable[[int], Any] | None = None
) -> Any:
    """Return the short-time Fourier transform of a signal (..., n) as a complex tensor (..., frames, fft_length // 2 + 1).

    fft_length is by default the power of two that encloses frame_length, window_fn(frame_length) a Hann window. TensorFlow.js's
    signal.stft.
    """
    length = count(frame_length, "stft", "frame_length", 1)
    n = enclosing_power_of_two(length) if fft_length is None else fft_length
    weights = (window_fn or hann_window)(length)
    return real_transform(frame(signal, length, frame_step) * weights, n, "stft")
