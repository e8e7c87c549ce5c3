"""Oracle cases of windows, frames and short-time Fourier transforms."""

import numpy as np
import scipy.signal
import tensorflow as tf

from .common import Cases, values

cases = Cases("signal")

for n in (0, 1, 2, 3, 4, 5, 8, 11, 16):
    for name, reference in (("bartlett", np.bartlett), ("blackman", np.blackman), ("hamming", np.hamming), ("hanning", np.hanning)):
        cases.add(name, n, expected=np.float32(reference(n)))
    for beta in (0.0, 2.5, 14, -3.0, 120.0):
        cases.add("kaiser", n, beta, expected=np.float32(np.kaiser(n, abs(beta))))
    cases.add("signal.hann_window", n, expected=tf.signal.hann_window(n).numpy())
    cases.add("signal.hamming_window", n, expected=tf.signal.hamming_window(n).numpy())
    for a, b in ((0.5, 0.5), (0.3, 0.6)):
        turn = 2 * np.pi * np.arange(n) / max(1, n - n % 2)
        cases.add("signal.cosine_window", n, a, b, expected=np.float32(a - b * np.cos(turn) if n != 1 else [1]))
for value in (1, 2, 3, 4, 5, 1000, 1024, 1025):
    cases.add("signal.enclosing_power_of_two", value, expected=2 ** int(np.ceil(np.log2(value))))

# --- frames ---
FRAMES = [((7,), 3, 2), ((7,), 3, 1), ((7,), 3, 3), ((7,), 2, 5), ((7,), 7, 1), ((7,), 1, 1)]
FRAMES += [((2, 5), 2, 2), ((2, 1, 6), 4, 1), ((1, 2, 1, 1, 2, 5), 3, 2)]
for shape, length, step in FRAMES:
    cases.add("extract_sequences", values(*shape), length, step)
    cases.add("extract_sequences", values(*shape), sequence_length=length, sequence_stride=step)
    for end, value in ((False, 0), (True, 0), (True, 1.5)):
        cases.add("signal.frame", values(*shape), length, step, pad_end=end, pad_value=value, reference=tf.signal.frame)
whole = values(6, low=-9, high=9, dtype="int32")
cases.add("extract_sequences", whole, 4, 2)
cases.add("signal.frame", whole, 4, 3, True, 7, reference=tf.signal.frame)
cases.add("signal.frame", values(6, dtype="complex64"), 4, 3, reference=tf.signal.frame)
cases.add("signal.frame", np.float32([1, np.nan, np.inf, 2]), 2, 1, reference=tf.signal.frame, gradient=0)
for name in ("extract_sequences", "signal.frame"):
    cases.add(name, values(2), 3, 1, expected=np.zeros((0, 3), "float32"))
    cases.add(name, np.zeros((0, 4), "float32"), 2, 1, expected=np.zeros((0, 3, 2), "float32"))

# --- transforms: lengths, stride, fft_length, window, center ---


def window_of(window, length):
    """Return the window's values: SciPy's periodic ones, which TensorFlow's are for even lengths only."""
    return scipy.signal.get_window(window, length) if isinstance(window, str) else window


def halves(n, length):
    """Return the padding that puts a window in the middle."""
    return [[(n - length) // 2, n - length - (n - length) // 2]]


def stft(x, length, step, n, window="hann", center=True):
    """Return Keras's stft by whole transforms."""
    if center:
        x = tf.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(n // 2, n // 2)], mode="reflect")
    x = tf.signal.frame(x, n, step)
    if window is not None:
        x = x * tf.pad(tf.cast(window_of(window, length), x.dtype), halves(n, length))
    y = tf.signal.fft(tf.cast(x, tf.complex128))[..., : n // 2 + 1]
    return tf.math.real(y), tf.math.imag(y)


def istft(p, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """Return the exact inverse: overlapping sequences divided by the sum of the squared windows that are there."""
    n, step = fft_length, sequence_stride
    z = tf.complex(p[0], p[1])
    mirror = tf.math.conj(tf.reverse(z[..., 1 : n - n // 2], [-1]))
    x = tf.math.real(tf.signal.ifft(tf.concat([z, mirror], -1)))
    if window is not None:
        w = tf.pad(tf.cast(window_of(window, sequence_length), x.dtype), halves(n, sequence_length))
        squares = tf.signal.overlap_and_add(tf.broadcast_to(w * w, x.shape[-2:]), step)
        x = tf.signal.overlap_and_add(x * w, step) / tf.where(squares > 1e-10, squares, 1)
    else:
        x = tf.signal.overlap_and_add(x, step)
    start = n // 2 if center else 0
    stop = x.shape[-1] - start if length is None else start + length
    x = tf.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, max(0, stop - x.shape[-1]))])
    return x[..., start:stop]


OWN = values(5, low=0.2, high=1.0)
SETTINGS = [(4, 2, 4, "hann", True), (4, 1, 4, "hamming", True), (5, 2, 8, "hann", True), (5, 1, 5, "hann", False), (3, 3, 7, None, True)]
SETTINGS += [(1, 1, 1, "hann", True), (2, 2, 2, None, False), (5, 2, 6, OWN, True), (6, 3, 8, "hamming", False), (3, 1, 4, "hamming", True)]
for length, step, n, window, center in SETTINGS:
    for shape in [(10,), (2, 9)]:
        x = values(*shape)
        cases.add("stft", x, length, step, n, window=window, center=center, reference=stft)
        p = tuple(np.float32(v) for v in stft(tf.constant(x.astype("float64")), length, step, n, window, center))
        cases.add("istft", p, length, step, n, window=window, center=center, reference=istft)
        for cut in (6, 14):
            cases.add("istft", p, length, step, n, length=cut, window=window, center=center, reference=istft)
for shape in [(12,), (2, 8), (1, 2, 1, 8)]:
    cases.add("stft", values(*shape), sequence_length=4, sequence_stride=2, fft_length=4, note="Keras itself")
    for length, step, n in ((4, 2, None), (5, 3, None), (4, 3, 8), (3, 1, 6)):
        cases.add("signal.stft", values(*shape), length, step, fft_length=n, reference=tf.signal.stft)
cases.add("signal.stft", values(3), 4, 1, expected=np.zeros((0, 3), "complex64"))
