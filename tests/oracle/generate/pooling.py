"""Oracle cases of pooling, patches, folds and local response normalization."""

import keras
import numpy as np
import tensorflow as tf

from ._windows import border, each
from .common import Cases, values

cases = Cases("pooling")
FIRST = ("channels_first", "NCHW")


def pooled(kind, x, size, strides=None, padding="valid", data_format=None, dilations=1):
    """Return the pooling that the cases are compared with: TensorFlow's, with explicit paddings by -inf or by a weighted mean."""
    n = len(x.shape) - 2
    if data_format in FIRST:
        y = pooled(kind, tf.transpose(x, [0, *range(2, n + 2), 1]), size, strides, padding, None, dilations)
        return tf.transpose(y, [0, n + 1, *range(1, n + 1)])
    size, strides = each(size, n), each(size if strides is None else strides, n)
    around = border(padding, n, size)
    if isinstance(around, str):
        return tf.nn.pool(x, size, kind.upper(), strides, around, dilations=each(dilations, n))
    edges = [(0, 0), *around, (0, 0)]
    if kind == "max":
        return tf.nn.pool(tf.pad(x, edges, constant_values=-np.inf), size, "MAX", strides, "VALID")
    inside = tf.pad(tf.ones_like(x), edges)
    return tf.nn.pool(tf.pad(x, edges), size, "AVG", strides, "VALID") / tf.nn.pool(inside, size, "AVG", strides, "VALID")


def adapted(kind, x, size, data_format=None):
    """Return the adaptive pooling axis by axis, bin by bin: Keras's own crashes TensorFlow on a CPU for some sizes."""
    n = len(x.shape) - 2
    for i, bins in enumerate(each(size, n)):
        axis = i + (2 if data_format in FIRST else 1)
        count = x.shape[axis]
        parts = [tf.gather(x, range(b * count // bins, -(-(b + 1) * count // bins)), axis=axis) for b in range(bins)]
        x = tf.concat([(tf.reduce_max if kind == "max" else tf.reduce_mean)(p, axis, keepdims=True) for p in parts], axis)
    return x


for kind, op in (("max", "max_pool"), ("avg", "average_pool")):

    def reference(x, *args, kind=kind, **kwargs):
        return pooled(kind, x, *args, **kwargs)

    def bins(x, *args, kind=kind, **kwargs):
        return adapted(kind, x, *args, **kwargs)

    for shape, size, kwargs in [
        ((1, 6, 2), 2, {}), ((2, 5, 1), 3, {"strides": 2}), ((1, 5, 2), 2, {"padding": "same"}),
        ((1, 2, 6), 2, {"data_format": "channels_first"}),
        ((1, 4, 4, 2), 2, {}), ((1, 5, 4, 1), (3, 2), {"strides": 1}), ((1, 5, 4, 1), 2, {"padding": "same"}),
        ((1, 5, 5, 1), 3, {"strides": 2, "padding": "same"}),
        ((2, 4, 4, 1), (2, 2), {"strides": (1, 2)}), ((1, 2, 4, 4), 2, {"data_format": "channels_first", "padding": "same"}),
        ((1, 4, 4, 1), 1, {}),
        ((1, 4, 4, 1), 4, {}), ((1, 4, 4, 1), 3, {"padding": "same", "strides": 1}), ((1, 3, 4, 2, 1), 2, {}),
        ((1, 3, 4, 3, 1), 2, {"padding": "same"}),
        ((1, 4, 4, 1), 3, {"padding": 1}), ((1, 4, 4, 1), 2, {"padding": [[1, 0], [0, 1]], "strides": 1}),
        ((1, 4, 5, 1), 3, {"padding": [[0, 0], [1, 1], [0, 2], [0, 0]], "strides": 2}),
        ((1, 1, 3, 3, 3), 2, {"data_format": "channels_first", "strides": 1}),
    ]:  # fmt: skip
        cases.add(op, values(*shape), size, wide=len(shape) < 5, gradient=2 if len(shape) < 5 else 1, reference=reference, **kwargs)
    for mode, n in (("ceil", 3), ("floor", 2), ("round", 3)):
        cases.add(
            op,
            values(1, 5, 5, 1),
            2,
            2,
            0,
            dim_rounding_mode=mode,
            reference=lambda x, *a, n=n, kind=kind, **k: pooled(kind, x, 2, 2, [[0, 1], [0, 1]])[:, :n, :n],
        )
    cases.add(op, values(0, 4, 1), 2, expected=np.zeros((0, 2, 1), "float32"))
    cases.add(
        op,
        np.array([1, np.nan, np.inf, 2, -np.inf, -np.inf], "float32").reshape(1, 6, 1),
        2,
        gradient=0,
        expected=np.array([np.nan, np.inf, -np.inf], "float32").reshape(1, 3, 1),
    )
    for shape, args in [((1, 5, 5, 1), (2, kind, "valid", 2)), ((1, 5, 5, 1), (2, kind, "valid")),
    ((1, 4, 4, 1), (3, kind, "same", 1, 2)), ((1, 6, 5, 2), ((2, 1), kind, "valid", (2, 1), 1)),
                        ((1, 4, 4, 1), (3, kind, 1)), ((1, 4, 4, 1), (2, kind, [[0, 0], [1, 0], [0, 1], [0, 0]], 1, 1))]:  # fmt: skip
        cases.add("pool", values(*shape), *args, reference=lambda x, w, t, pad, d=1, s=1: pooled(t, x, w, s, pad, None, d))
    cases.add("pool", values(4, 4, 1), 2, kind, "same", reference=lambda x, w, t, pad: pooled(t, x[None], w, 1, pad)[0])
    adaptive = "adaptive_" + op
    for shape, size in [
        ((1, 7, 2), 3),
        ((1, 6, 1), 2),
        ((1, 5, 1), 5),
        ((1, 4, 6, 1), 2),
        ((1, 5, 7, 1), (2, 3)),
        ((2, 5, 3, 1), (1, 2)),
        ((1, 3, 3, 1), (3, 1)),
        ((1, 7, 5, 2), 1),
        ((1, 3, 4, 5, 1), 2),
        ((1, 4, 4, 2, 1), (3, 2, 1)),
    ]:
        cases.add(adaptive, values(*shape), size, reference=bins)
    cases.add(adaptive, values(1, 2, 5, 4), (3, 2), data_format="channels_first", reference=bins)
    cases.add(adaptive, values(1, 2, 5), 3, data_format="channels_first", reference=bins)
    up = np.array([[1, 2, 3], [1, 2, 3]], "float32").reshape(2, 3, 1)
    want = {"max": [[1, 2, 2, 3, 3]] * 2, "avg": [[1, 1.5, 2, 2.5, 3]] * 2}[kind]
    cases.add(
        adaptive, up, 5, expected=np.array(want, "float32").reshape(2, 5, 1), note="Keras on TensorFlow has no more bins than elements"
    )
ints = np.array([[3, -1], [7, 2], [2**31 - 1, -(2**31)], [0, 5]], "int32").reshape(1, 4, 2)
cases.add("max_pool", ints, 2, expected=np.array([[7, 2], [2**31 - 1, 5]], "int32").reshape(1, 2, 2))
cases.add("average_pool", np.array([3, -1, 7, 2], "int32").reshape(1, 4, 1), 2, expected=np.array([1, 4.5], "float32").reshape(1, 2, 1))
cases.add("max_pool", np.array([1, 1, 2, 2], "float32").reshape(1, 4, 1), 2)
cases.add(
    "pool",
    np.arange(5, dtype="float32").reshape(1, 5, 1, 1),
    (2, 1),
    "avg",
    "same",
    (2, 1),
    expected=np.array([1, 1, 2, 3, 3], "float32").reshape(1, 5, 1, 1),
)

# --- with indices ---
for shape, size, strides, pad in [
    ((1, 4, 4, 2), 2, 2, "valid"),
    ((2, 4, 4, 1), 2, 1, "same"),
    ((2, 5, 4, 1), (3, 2), 2, "same"),
    ((1, 3, 3, 2), 2, 1, "valid"),
    ((2, 3, 3, 2), 3, 3, "same"),
]:
    for whole in (False, True):

        def reference(x, size, strides, pad, include_batch_in_index):
            y, i = tf.nn.max_pool_with_argmax(
                x, each(size, 2), each(strides, 2), pad.upper(), include_batch_in_index=include_batch_in_index
            )
            return y, tf.cast(i, tf.int32)

        cases.add("max_pool_with_argmax", values(*shape), size, strides, pad, include_batch_in_index=whole, gradient=1, reference=reference)

# --- patches: Keras's unfold and fold ---
UNFOLD = [((1, 2, 4, 4), 2, {}), ((1, 1, 4, 5), (3, 2), {}), ((2, 1, 4, 4), 2, {"stride": 2}), ((1, 1, 5, 5), 2, {"dilation": 2}),
((1, 2, 3, 3), 2, {"padding": 1}), ((1, 1, 5, 4), (2, 3), {"padding": (1, 0), "stride": (2, 1)}),
          ((1, 1, 5, 5), 2, {"dilation": (2, 1), "padding": 1, "stride": 2}), ((1, 1, 3, 3), 3, {}), ((1, 3, 2, 2), 1, {}),
          ((1, 2, 4, 4), (1, 4), {"stride": (1, 4)})]  # fmt: skip
for shape, size, kwargs in UNFOLD:
    cases.add("unfold", values(*shape), size, **kwargs)
    windows = keras.ops.unfold(values(*shape), size, **kwargs).shape
    cases.add("fold", values(*map(int, windows), seed=3), shape[2:], size, **kwargs)

# --- local response normalization ---
for shape, kwargs in [((1, 2, 2, 5), {"depth_radius": 1}), ((1, 1, 2, 6), {}), ((2, 2, 1, 3), {"depth_radius": 2, "bias": 2.0}),
((1, 1, 2, 5), {"depth_radius": 0}), ((1, 2, 1, 5), {"depth_radius": 1, "alpha": 0.3}),
                      ((1, 1, 1, 4), {"depth_radius": 2, "beta": 0.75}),
                      ((1, 1, 2, 4), {"depth_radius": 9, "alpha": 0.1, "beta": 1.5, "bias": 0.5})]:  # fmt: skip

    def reference(x, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
        near = tf.cast(np.abs(np.subtract.outer(*[range(x.shape[-1])] * 2)) <= depth_radius, x.dtype)
        return x / (bias + alpha * tf.tensordot(x * x, near, 1)) ** beta

    cases.add("local_response_normalization", values(*shape), reference=reference, **kwargs)
cases.add(
    "local_response_normalization",
    values(1, 2, 5),
    depth_radius=1,
    reference=lambda x, depth_radius: tf.nn.lrn(tf.cast(x, "float32")[None], 1)[0],
    gradient=0,
)
