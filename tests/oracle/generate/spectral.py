"""Oracle cases of Fourier transforms."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("spectral")

SHAPES = [(1,), (2,), (3,), (4,), (5,), (7,), (8,), (12,), (13,), (2, 3), (3, 4)]
SHAPES += [(2, 1, 5), (1, 2, 2, 3), (1, 2, 1, 2, 3), (1, 1, 2, 1, 2, 2)]


def pair(*shape):
    """Return a real and an imaginary part."""
    return values(*shape), values(*shape, seed=1)


def up(x):
    """Return a tensor as complex128."""
    return x if x.dtype.is_complex else tf.cast(x, tf.complex128)


for shape in SHAPES:
    z = values(*shape, dtype="complex64")
    for name, reference in (("fft", tf.signal.fft), ("ifft", tf.signal.ifft)):
        cases.add(name, z, reference=reference)
        cases.add(name, values(*shape), reference=lambda x, f=reference: f(up(x)))
    cases.add("fft", pair(*shape))
    cases.add(
        "ifft", pair(*shape), reference=lambda p: (lambda y: (tf.math.real(y), tf.math.imag(y)))(tf.signal.ifft(tf.complex(p[0], p[1])))
    )
    if len(shape) > 1:
        cases.add("fft2", pair(*shape))
        cases.add("ifft2", pair(*shape))
        cases.add("fft2", z, reference=tf.signal.fft2d)
        cases.add("ifft2", z, reference=tf.signal.ifft2d)


def cut(x, n):
    """Return x with its last axis cut or padded to n."""
    x = x[..., :n]
    return tf.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, n - x.shape[-1])])


def rfft(x, fft_length=None):
    """Return rfft by the whole transform, whose gradient TensorFlow has for every length."""
    n = x.shape[-1] if fft_length is None else fft_length
    y = tf.signal.fft(up(cut(x, n)))[..., : n // 2 + 1]
    return tf.math.real(y), tf.math.imag(y)


def irfft(x, fft_length=None):
    """Return irfft by the whole transform of the bins and their mirror image."""
    z = tf.complex(x[0], x[1]) if isinstance(x, tuple) else x
    n = 2 * (z.shape[-1] - 1) if fft_length is None else fft_length
    z = cut(z, n // 2 + 1)
    mirror = tf.math.conj(tf.reverse(z[..., 1 : n - n // 2], [-1]))
    # The imaginary part of the first bin, and of the middle one, does not count.
    return tf.math.real(tf.signal.ifft(tf.concat([z, mirror], -1)))


for shape in SHAPES:
    cases.add("rfft", values(*shape), reference=rfft)
    for n in (1, 3, 4, 9):
        cases.add("rfft", values(*shape), fft_length=n, reference=rfft)
        if len(shape) < 4:
            cases.add("irfft", pair(*shape), fft_length=n, reference=irfft)
    if shape[-1] > 1:
        cases.add("irfft", pair(*shape), reference=irfft)
        cases.add("irfft", values(*shape, dtype="complex64"), reference=irfft)
for n in (2, 4, 6):
    cases.add("rfft", values(2, n), gradient=0, note="Keras itself")
    cases.add("irfft", pair(2, n), gradient=0, note="Keras itself")

whole = np.array([1, 2, -3], "int32")
cases.add("fft", whole, expected=np.fft.fft(whole))
cases.add("ifft", whole, expected=np.fft.ifft(whole))
cases.add("fft", whole > 0, expected=np.fft.fft(whole > 0))
cases.add("fft2", whole[None], expected=np.fft.fft2(whole[None]))
cases.add("rfft", whole, expected=(np.fft.rfft(whole).real, np.fft.rfft(whole).imag))
cases.add("irfft", whole, expected=np.fft.irfft(whole))
nothing = np.zeros((0, 4), "float32")
for name in ("fft", "ifft", "fft2", "ifft2"):
    cases.add(name, nothing, expected=nothing.astype("complex64"))
    cases.add(name, np.zeros((2, 0), "complex64"), expected=np.zeros((2, 0), "complex64"))
cases.add("rfft", nothing, expected=(np.zeros((0, 3), "float32"),) * 2)
cases.add("irfft", nothing.astype("complex64"), expected=np.zeros((0, 6), "float32"))
cases.add("rfft", np.zeros((2, 0), "float32"), fft_length=2, expected=(np.zeros((2, 2), "float32"),) * 2)
cases.add("fft", np.float32([1e30, -1e30, 1e30]), expected=np.fft.fft(np.array([1e30, -1e30, 1e30], "float32").astype("float64")))
