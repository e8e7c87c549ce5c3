"""Oracle cases of cross-entropies, CTC, and TensorFlow.js's reducing losses (their formulas are TensorFlow's of version 1)."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("losses")


def chances(*shape, seed=0):
    return values(*shape, seed=seed, low=0.05, high=0.95)


def simplex(*shape, seed=0, axis=-1):
    x = chances(*shape, seed=seed)
    return x / x.sum(axis=axis, keepdims=True)


# --- keras.ops ---

for shape in ((4,), (2, 3), (1, 2, 3), (2, 1, 1, 2), (), (0, 3)):
    cases.add("binary_crossentropy", chances(*shape, seed=1), chances(*shape, seed=2))
    cases.add("binary_crossentropy", chances(*shape, seed=1), values(*shape, seed=2, low=-5, high=5), from_logits=True)
    cases.add("binary_crossentropy", values(*shape, dtype="bool").astype("float32"), chances(*shape, seed=3), from_logits=False)
edge = np.float32([0, 0, 1, 1])
cases.add("binary_crossentropy", edge, np.float32([0, 1, 0, 1]), gradient=0)
cases.add("binary_crossentropy", edge, np.float32([0, 50, -50, 200]), from_logits=True)
cases.add("binary_crossentropy", edge, np.float32([np.inf, np.nan, -100, 0]), from_logits=True, gradient=0)
cases.add("binary_crossentropy", np.int32([0, 1]), chances(2), reference=lambda t, x: keras.ops.binary_crossentropy(tf.cast(t, x.dtype), x))


def categorical(target, output, from_logits=False, axis=-1):
    # TensorFlow's own gradient takes the targets' sum for 1 even where second derivatives move it.
    return -tf.reduce_sum(target * tf.nn.log_softmax(output, axis), axis)


for shape, axis in (((3,), -1), ((2, 3), -1), ((3, 2), 0), ((2, 3, 2), 1), ((2, 1, 3), -1), ((1, 1, 2, 1, 2, 3), -1)):
    target = simplex(*shape, seed=1, axis=axis)
    cases.add("categorical_crossentropy", target, simplex(*shape, seed=2, axis=axis), axis=axis)
    cases.add("categorical_crossentropy", target, chances(*shape, seed=3), axis=axis)
    for t, x in ((target, values(*shape, seed=2)), (chances(*shape, seed=5), 5 * values(*shape, seed=2))):
        cases.add("categorical_crossentropy", t, x, from_logits=True, axis=axis, reference=categorical)
turned, far = np.float32([[0, 1], [1, 0]]), np.float32([[500, -500], [1e4, 0]])
cases.add("categorical_crossentropy", turned, np.float32([[1, 0], [1, 0]]), gradient=0, wide=False)
cases.add("categorical_crossentropy", turned, far, from_logits=True, reference=categorical)
cases.add("categorical_crossentropy", np.zeros((0, 2), "float32"), np.zeros((0, 2), "float32"), gradient=0)


def sparse(target, output, from_logits=False, axis=-1):
    moved = tf.experimental.numpy.moveaxis(output, axis, -1)
    return keras.ops.sparse_categorical_crossentropy(target, moved, from_logits=from_logits)


for shape, axis in (((3,), -1), ((2, 3), -1), ((2, 3), 1), ((3, 2), 0), ((2, 3, 2), 1), ((2, 1, 2, 4), -1)):
    rest = [d for i, d in enumerate(shape) if i != axis % len(shape)]
    target = np.asarray(values(*rest, low=0, high=shape[axis] - 1, dtype="int32", seed=4), "int32")
    cases.add("sparse_categorical_crossentropy", target, simplex(*shape, seed=2, axis=axis), axis=axis, reference=sparse)
    cases.add("sparse_categorical_crossentropy", target, 3 * values(*shape, seed=2), from_logits=True, axis=axis, reference=sparse)
cases.add("sparse_categorical_crossentropy", np.int32([[1], [0]]), simplex(2, 3))
cases.add("sparse_categorical_crossentropy", np.float32([1, 0]), chances(2, 3), gradient=0)
cases.add("sparse_categorical_crossentropy", np.int32([1, 1]), np.float32([[500, -500], [0, 1e4]]), from_logits=True, gradient=1)
out = np.float32([np.log(2), np.nan, np.nan])
cases.add("sparse_categorical_crossentropy", np.int32([0, -1, 2]), np.zeros((3, 2), "float32"), from_logits=True, expected=out)

# --- CTC ---


def ctc(target, output, target_length, output_length, mask_index=0):
    return tf.nn.ctc_loss(target, output, target_length, output_length, logits_time_major=False, blank_index=mask_index % output.shape[2])


SINGLE = {"wide": False, "tolerance": 2e-4, "note": "TensorFlow computes this in float32"}
SIZES = ((1, 1, 2, 1), 0), ((1, 3, 3, 1), 0), ((2, 4, 3, 2), 0), ((2, 5, 4, 2), 3), ((1, 5, 3, 2), -1), ((2, 6, 2, 2), 0), ((3, 4, 5, 1), 2)
for (b, t, c, n), blank in SIZES:
    labels = [k for k in range(c) if k != blank % c]
    target = np.int32([[labels[(3 * i + 5 * j) % len(labels)] for j in range(n)] for i in range(b)])
    lengths, frames = np.int32([n - i % 2 if n > 1 else n for i in range(b)]), np.int32([t - i for i in range(b)])
    for f in (frames, np.full(b, t, "int32")):
        cases.add("ctc_loss", target, values(b, t, c), lengths, f, mask_index=blank, reference=ctc, gradient=1, **SINGLE)
repeat = np.int32([[1, 1]]), values(1, 4, 3), np.int32([2]), np.int32([4])
cases.add("ctc_loss", *repeat, reference=ctc, gradient=1, **SINGLE)
cases.add("ctc_loss", *repeat[:3], np.int32([2]), expected=np.float32([np.inf]))
uniform = np.zeros((1, 3, 2), "float32")
cases.add("ctc_loss", np.int32([[1]]), uniform, np.int32([0]), np.int32([3]), expected=np.float32([3 * np.log(2)]))
cases.add("ctc_loss", np.int32([[1]]), uniform, np.int32([1]), np.int32([3]), expected=np.float32([-np.log(6 / 8)]))

for b, t, c in ((1, 1, 2), (1, 4, 3), (2, 5, 3), (3, 4, 2), (2, 6, 4)):
    x, lengths = 2 * values(b, t, c, seed=3), np.int32([t - i for i in range(b)])
    for merge in (True, False):
        for blank in (0, c - 1, None):
            cases.add("ctc_decode", x, lengths, merge_repeated=merge, mask_index=blank, gradient=0, wide=False)
    for width, paths in ((100, 1), (100, 2), (10, 1)):
        for blank in (0, c - 1) if c > 2 or paths == 1 else ():
            cases.add("ctc_decode", x, lengths, "beam_search", width, paths, mask_index=blank, gradient=0, **SINGLE)

# --- TensorFlow.js ---


def reduced(losses, weights, reduction):
    if weights is None:
        return [losses, tf.reduce_mean(losses), tf.reduce_sum(losses), tf.reduce_mean(losses)][reduction]
    weighted, everywhere = losses * weights, tf.broadcast_to(weights, losses.shape)
    total, nonzero = tf.reduce_sum(weighted), tf.reduce_sum(tf.cast(everywhere != 0, losses.dtype))
    return [weighted, total / tf.reduce_sum(everywhere), total, total / nonzero][reduction]


def loss(function):
    def reference(labels, x, *rest, weights=None, reduction=3, **options):
        return reduced(function(labels, x, *rest, **options), weights, reduction)

    return reference


def huber(t, x, delta=1.0):
    error = tf.abs(x - t)
    small = tf.minimum(error, delta)
    return 0.5 * small**2 + delta * (error - small)


def sigmoid(t, x, label_smoothing=0.0):
    return tf.nn.sigmoid_cross_entropy_with_logits(t * (1 - label_smoothing) + 0.5 * label_smoothing, x)


def softmax(t, x, label_smoothing=0.0):
    return categorical(t * (1 - label_smoothing) + label_smoothing / t.shape[-1], x)


def log(t, x, epsilon=1e-7):
    return -t * tf.math.log(x + epsilon) - (1 - t) * tf.math.log(1 - x + epsilon)


FORMULAS = {
    "absolute_difference": (lambda t, x: tf.abs(t - x), [{}]),
    "hinge_loss": (lambda t, x: tf.nn.relu(1 - (2 * t - 1) * x), [{}]),
    "huber_loss": (huber, [{}, {"delta": 0.3}]),
    "log_loss": (log, [{}, {"epsilon": 0.1}]),
    "mean_squared_error": (lambda t, x: (t - x) ** 2, [{}]),
    "sigmoid_cross_entropy": (sigmoid, [{}, {"label_smoothing": 0.2}]),
    "softmax_cross_entropy": (softmax, [{}, {"label_smoothing": 0.3}]),
    "cosine_distance": (lambda t, x, axis: 1 - tf.reduce_sum(t * x, axis, keepdims=True), [{"axis": 1}, {"axis": -2}]),
}
for name, (formula, variants) in FORMULAS.items():
    for options in variants:
        t, x = chances(2, 3, seed=1), chances(2, 3, seed=2) if name == "log_loss" else values(2, 3, seed=2)
        shape = formula(tf.constant(t), tf.constant(x), **options).shape
        for reduction in range(4):
            some = np.float32([[0, 2, 1], [1, 0, 0]])[: shape[0], : shape[1]] if len(shape) == 2 else np.float32([0, 2])
            kinds = [None, np.float32(0.5), chances(*shape, seed=3), some]
            for weights in kinds if reduction in (1, 3) or not options else kinds[:1]:
                if weights is not None and reduction in (1, 3) and not weights.any():
                    continue
                # A mean does not depend on a single weight: only rounding would be compared.
                order = 2 if weights is None else 0 if reduction == 1 and not weights.shape else 1
                given = {**options, "weights": weights, "reduction": reduction}
                cases.add(f"tfjs.losses.{name}", t, x, **given, reference=loss(formula), gradient=order)
        cases.add(f"tfjs.losses.{name}", t, x, **options, reference=loss(formula))
for shape in ((3,), (2, 3), (0,)):
    for reduction in range(4):
        if shape != (0,) or reduction in (0, 2):
            for weights in (None, np.float32(2), chances(*shape, seed=1)):
                order = 0 if reduction == 1 and weights is not None and not weights.shape else 2
                cases.add("tfjs.losses.compute_weighted_loss", values(*shape), weights, reduction, reference=reduced, gradient=order)
cases.add("tfjs.losses.compute_weighted_loss", values(2, 3), np.zeros((2, 3), "float32"), 3, gradient=0, reference=reduced)
cases.add("tfjs.losses.compute_weighted_loss", values(2, 3), np.float32([[1], [0]]), 1, reference=reduced)
cases.add("tfjs.losses.compute_weighted_loss", values(2, 3), np.float32([1, 0, 3]), 3, reference=reduced)
