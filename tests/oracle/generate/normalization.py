"""Oracle cases of batch, layer and root-mean-square normalization."""

import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("normalization")


def positive(*shape, seed=0):
    return values(*shape, seed=seed, low=0.2, high=2.0)


PLACES = ((2, 3), -1), ((2, 3), 1), ((3, 2), 0), ((2, 3, 2), 1), ((1, 2, 2, 3), -1), ((2, 3, 2, 1), 1), ((1, 2, 1, 2, 3), 3), ((4,), 0)
for shape, axis in PLACES:
    c = shape[axis]
    mean, variance, offset, scale = values(c, seed=1), positive(c, seed=2), values(c, seed=3), values(c, seed=4)
    args = (values(*shape), mean, variance, axis)
    cases.add("batch_normalization", *args)
    cases.add("batch_normalization", *args, offset=offset, scale=scale)
    cases.add("batch_normalization", *args, offset=offset, epsilon=0.1, gradient=1)
    cases.add("batch_normalization", *args, scale=scale, epsilon=1e-5, gradient=1)
cases.add("batch_normalization", values(0, 3), values(3), positive(3), -1, gradient=0)
x = np.array([[np.nan, 1, np.inf]], "float32")
cases.add("batch_normalization", x, values(3), positive(3), -1, gradient=0)


def full_rank(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    return tf.nn.batch_normalization(x, mean, variance, offset, scale, epsilon)


# Statistics of x's rank, as TensorFlow.js's batchNorm takes them.
for shape in ((2, 3), (1, 3), (2, 1)):
    cases.add("batch_normalization", values(2, 3), values(*shape, seed=1), positive(*shape, seed=2), -1, reference=full_rank)


def layer(x, gamma=None, beta=None, axis=-1, epsilon=None):
    """Return the formula: tf.nn.moments, under Keras's function, holds the mean still, which makes second derivatives wrong."""
    axes = sorted(a % len(x.shape) for a in np.atleast_1d(axis))
    d = x - tf.reduce_mean(x, axes, keepdims=True)
    y = d / tf.sqrt(tf.reduce_mean(d * d, axes, keepdims=True) + (1e-7 if epsilon is None else epsilon))
    shape = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    y = y if gamma is None else y * tf.reshape(gamma, shape)
    return y if beta is None else y + tf.reshape(beta, shape)


AXES = (
    ((2, 3), -1), ((2, 3), 1), ((3, 2), 0), ((2, 3, 2), -2), ((2, 3, 2), [1, 2]),
    ((2, 2, 3), [-1, 0]), ((1, 2, 2, 3), [1, 2, 3]), ((5,), -1),
)  # fmt: skip
for shape, axis in AXES:
    axes = sorted(a % len(shape) for a in ([axis] if isinstance(axis, int) else axis))
    own = tuple(shape[a] for a in axes)
    gamma, beta = values(*own, seed=1), values(*own, seed=2)
    x = values(*shape)
    # An epsilon well above rounding keeps the derivatives tame.
    cases.add("layer_normalization", x, axis=axis, epsilon=0.01, reference=layer)
    cases.add("rms_normalization", x, axis=axis if isinstance(axis, int) else tuple(axis), epsilon=0.01)
    cases.add("layer_normalization", x, gamma, beta, axis=axis, epsilon=0.01, reference=layer)
    cases.add("layer_normalization", x, gamma, axis=axis, epsilon=0.5, gradient=1)
    cases.add("layer_normalization", x, beta=beta, axis=axis, epsilon=0.5, gradient=1)
for epsilon in (None, 1e-3, 1.0):
    x = values(3, 4)
    cases.add("layer_normalization", x, epsilon=epsilon, gradient=1)
    cases.add("rms_normalization", x, epsilon=epsilon, gradient=1)
    cases.add("rms_normalization", x, values(4, seed=1), epsilon=epsilon)
    cases.add("layer_normalization", x, values(4, seed=1), epsilon=epsilon, rms_scaling=True)
cases.add("rms_normalization", values(2, 3), values(3, seed=1), axis=1, epsilon=0.1)
cases.add("layer_normalization", values(1, 1, 2, 1, 2, 3), values(3), values(3), epsilon=0.1, reference=layer)
for op in ("layer_normalization", "rms_normalization"):
    # A constant row, a far-away mean, huge and special values, no rows.
    cases.add(op, np.ones((2, 3), "float32"), epsilon=0.1, gradient=1)
    cases.add(op, np.float32([[10001, 10002, 10006]]), epsilon=1e-3, gradient=0)
    cases.add(op, np.float32([[1e15, -1e15, 1e10], [np.nan, 1, 2]]), epsilon=1e-3, gradient=0)
    cases.add(op, values(0, 3), epsilon=1e-3, gradient=0)
    cases.add(op, values(2, 4).astype("float16"), epsilon=1e-3, gradient=0, tolerance=1e-3, note="the result is stored as float16")
