"""Oracle cases of activations: values, both derivatives, and large inputs, where nothing may become NaN."""

import keras
import numpy as np
import scipy.special
import tensorflow as tf

from .common import Cases, values

cases = Cases("activations")
inf, nan = float("inf"), float("nan")


def f32(*items):
    """Return a float32 vector."""
    return np.array(items, "float32")


# Name: keyword sets, and the limits at -inf and inf of the value and of the derivative.
POINTWISE = {
    "celu": ([{"alpha": 1.0}, {"alpha": 0.5}, {"alpha": 2.5}], (-1, inf), (0, 1)),
    "elu": ([{"alpha": 1.0}, {"alpha": 0.3}], (-1, inf), (0, 1)),
    "selu": ([], (-1.7580993408473766, inf), (0, 1.0507009873554805)),
    "gelu": ([{"approximate": True}, {"approximate": False}], (0, inf), (0, 1)),
    "silu": ([], (0, inf), (0, 1)), "swish": ([], (0, inf), (0, 1)),
    "relu": ([], (0, inf), (0, 1)), "relu6": ([], (0, 6), (0, 0)),
    "leaky_relu": ([{"negative_slope": 0.2}, {"negative_slope": 0.01}, {"negative_slope": 1.5}], (-inf, inf), (0.2, 1)),
    "sigmoid": ([], (0, 1), (0, 0)), "log_sigmoid": ([], (-inf, 0), (1, 0)), "softplus": ([], (0, inf), (0, 1)),
    "softsign": ([], (-1, 1), (0, 0)), "squareplus": ([{"b": 4}, {"b": 0.5}], (0, inf), (0, 1)),
    "hard_sigmoid": ([], (0, 1), (0, 0)), "hard_silu": ([], (0, inf), (0, 1)), "hard_swish": ([], (0, inf), (0, 1)),
    "hard_tanh": ([], (-1, 1), (0, 0)), "tanh_shrink": ([], (-inf, inf), (1, 1)), "tanh": ([], (-1, 1), (0, 0)),
    "hard_shrink": ([{"threshold": 0.5}, {"threshold": 1.25}], (-inf, inf), (1, 1)),
    "soft_shrink": ([{"threshold": 0.5}, {"threshold": 1.25}], (-inf, inf), (1, 1)),
    "sparse_plus": ([], (0, inf), (0, 1)), "sparse_sigmoid": ([], (0, 1), (0, 0)),
}  # fmt: skip
# Keras's squareplus and celu with a float b or alpha mix dtypes in float64: the same formulas.
REFERENCES = {
    "softsign": lambda x: x / (1 + tf.abs(x)),
    "squareplus": lambda x, b=4: 0.5 * (x + tf.sqrt(x * x + tf.cast(b, x.dtype))),
    "elu": lambda x, alpha=1.0: tf.where(x > 0, x, alpha * tf.math.expm1(tf.minimum(x, 0))),
    "hard_shrink": lambda x, threshold=0.5: tf.where(tf.abs(x) > threshold, x, tf.zeros_like(x)),
    "soft_shrink": lambda x, threshold=0.5: tf.where(x > threshold, x - threshold, tf.where(x < -threshold, x + threshold,
        tf.zeros_like(x))),
}  # fmt: skip
for name, (keywords, at, slope) in POINTWISE.items():
    reference = REFERENCES.get(name)
    for i, shape in enumerate([(2, 3), (), (7,), (1, 2, 1, 2, 1, 2)]):
        for kwargs in [{}, *keywords]:
            cases.add(name, values(*shape, seed=i, low=-4, high=4), **kwargs, reference=reference)
    cases.add(name, np.zeros((0, 2), "float32"), expected=np.zeros((0, 2), "float32"))
    cases.add(name, f32(-30, -8, 8, 30), reference=reference, gradient=1)
    # The limits: no NaN in value or derivative.
    cases.add(name, f32(-inf, inf, nan), expected=f32(*at, nan))
    far = f32(-3e38, 3e38)
    expected = [(-3e38 * slope[0] if at[0] == -inf else at[0]), (3e38 * slope[1] if at[1] == inf else at[1])]
    cases.add(name, far, expected=f32(*expected))
    for case, points in ((cases.cases[-2], 3), (cases.cases[-1], 2)):
        case.pop("grads", None)
        weights = np.cos(np.arange(points))
        if points == 2:
            case["grads"] = [{"t": [float(f"{s * w:.9g}") for s, w in zip(slope, weights)], "s": [2], "d": "float32"}]
POINTS = f32(-1.5, -0.25, 0.0, 0.75, 2.0)
for name, derivative in {  # the derivative at 0
    "relu": 0, "elu": 1, "celu": 1, "selu": 1.7580993408473766, "leaky_relu": 0.2, "gelu": 0.5, "silu": 0.5, "softplus": 0.5,
        "sigmoid": 0.25,
    "softsign": 1, "squareplus": 0.5, "tanh_shrink": 0, "hard_shrink": 0, "soft_shrink": 0, "hard_silu": 0.5, "log_sigmoid": 0.5,
}.items():  # fmt: skip
    x = np.zeros((1,), "float32")
    cases.add(name, x, reference=REFERENCES.get(name), gradient=0)
    cases.cases[-1]["grads"] = [{"t": [float(derivative)], "s": [1], "d": "float32"}]
for args in ((0.5, 0.0), (-1.0, 2.5), (0.0, -1.0)):
    cases.add("threshold", POINTS, *args)
    cases.add("threshold", values(2, 3), *args)
    cases.add("threshold", values(1, 2, 1, 2), *args)
cases.add("threshold", POINTS, threshold=0.5, default_value=9.0)
for name in ("sigmoid", "softplus", "gelu", "silu", "elu", "selu", "log_sigmoid", "tanh", "softsign"):
    ints = np.array([-3, 0, 2], "int32")
    cases.add(name, ints, reference=lambda x, n=name: getattr(keras.ops, n)(tf.cast(x, "float32")), wide=False)
for name in ("relu", "relu6", "hard_tanh"):
    cases.add(
        name,
        np.array([-3, 0, 1, 9], "int32"),
        expected=np.clip(
            np.array([-3, 0, 1, 9], "int32"), -1 if name == "hard_tanh" else 0, {"relu": 99, "relu6": 6, "hard_tanh": 1}[name]
        ),
    )
for alpha in (values(3, seed=9), values(2, 1, seed=9)):
    cases.add("leaky_relu", values(2, 3), alpha, reference=lambda x, a: tf.where(x > 0, x, a * x), note="the slope may be a tensor")

# --- along an axis -----------------------------------------------------------------------------------------------------------


def sparsemax(x, axis=-1):
    """Return the projection on the simplex; what Keras computes along other axes, and for many rows, does not sum to 1."""
    z = tf.experimental.numpy.moveaxis(x, axis, -1)
    ordered = tf.sort(z, direction="DESCENDING")
    places = tf.cast(tf.range(1, z.shape[-1] + 1), z.dtype)
    support = tf.cast(1 + places * ordered > tf.cumsum(ordered, -1), z.dtype)
    level = (tf.reduce_sum(ordered * support, -1, keepdims=True) - 1) / tf.reduce_sum(support, -1, keepdims=True)
    return tf.experimental.numpy.moveaxis(tf.nn.relu(z - level), -1, axis)


AXES = [((5,), -1), ((2, 3), 1), ((2, 3), 0), ((2, 3, 4), 1), ((2, 1, 3), -2), ((1, 2, 1, 2, 1, 3), -1), ((1, 3), -1)]
REFERENCE = {"softmax": tf.nn.softmax, "log_softmax": tf.nn.log_softmax}
for i, (shape, axis) in enumerate(AXES):
    for name in ("softmax", "log_softmax"):
        cases.add(name, values(*shape, seed=i), axis=axis)
    if len(shape) < 3 or axis == -1:
        cases.add("sparsemax", values(*shape, seed=i), axis=axis, reference=sparsemax)
    if shape[axis] % 2 == 0:
        cases.add("glu", values(*shape, seed=i), axis=axis)
for name, function in (("softmax", scipy.special.softmax), ("log_softmax", scipy.special.log_softmax)):
    cases.add(name, values(2, 3))
    for x in (f32(1000, 1000, -1000), f32(-inf, 0, 1), f32(1e38, -1e38, 0), f32(nan, 0, 1)):
        with np.errstate(all="ignore"):
            cases.add(name, x, expected=function(x.astype("float64")))
    cases.add(name, np.array([[1, 2], [3, 5]], "int32"), axis=0, expected=function(np.array([[1.0, 2], [3, 5]]), axis=0))

    def flat(x, axis, n=name):
        return tf.reshape(REFERENCE[n](tf.reshape(x, [-1])), x.shape)

    cases.add(name, values(2, 3), axis=None, reference=flat)
    cases.add(name, values(2, 3), axis=(0, 1), reference=flat)
    cases.add(
        name,
        values(2, 2, 3),
        axis=(0, -1),
        reference=lambda x, axis, n=name: tf.transpose(
            tf.reshape(REFERENCE[n](tf.reshape(tf.transpose(x, [1, 0, 2]), [2, 6])), [2, 2, 3]), [1, 0, 2]
        ),
    )
    cases.add(name, np.zeros((0, 3), "float32"), expected=np.zeros((0, 3), "float32"))
for x in (f32(1000, 1000, -1000), f32(0.1, 0.1, 0.1), f32(3, 0, 0), f32(-5, -5.25, -5.5)):
    shifted = np.sort(x.astype("float64"))[::-1]
    support = np.flatnonzero(1 + np.arange(1, 4) * shifted > np.cumsum(shifted))[-1] + 1
    cases.add("sparsemax", x, expected=np.maximum(x - (shifted[:support].sum() - 1) / support, 0))
for shape, axis in (((4,), -1), ((2, 4), 1), ((2, 3), 0), ((4, 2, 3), 0), ((1, 2, 1, 2), 3), ((2, 2, 2), -2)):
    cases.add("sparsemax", values(*shape, seed=7), axis=axis, reference=sparsemax)
    cases.add("glu", values(*shape, seed=7), axis=axis)
cases.add("glu", values(3, 4))
cases.add("sparsemax", values(3, 4), reference=sparsemax)
