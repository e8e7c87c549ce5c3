"""Oracle cases for keywords that the subjects' own cases leave at one value: rounding modes, dilations, rarely set options."""

import keras
import numpy as np
import tensorflow as tf

from .common import Cases, values

cases = Cases("keywords")


def with_rounding(conv, axes, taps, stride, pad, mode):
    """Return a convolution that pads by hand, as much as the rounding mode's number of outputs needs."""
    count = {"floor": np.floor, "round": lambda v: np.floor(v + 0.5), "ceil": np.ceil}[mode]

    def reference(x, *rest, **_):
        pads = [[0, 0] for _ in x.shape]
        for axis in axes:
            outputs = int(count((x.shape[axis] + 2 * pad - taps) / stride)) + 1
            pads[axis] = [pad, max(0, (outputs - 1) * stride + taps - x.shape[axis] - pad)]
        return conv(tf.pad(x, pads), *rest)

    return reference


for mode in ("floor", "round", "ceil"):
    for n in (5, 6):
        conv = with_rounding(lambda x, w, *_: tf.nn.conv1d(x, w, 2, "VALID"), [1], 3, 2, 1, mode)
        cases.add("conv1d", values(1, n, 2), values(3, 2, 3), 2, 1, dim_rounding_mode=mode, reference=conv, gradient=1)
        x, w = values(1, n, n, 2), values(3, 3, 2, 1)
        conv = with_rounding(lambda x, w, *_: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "VALID"), [1, 2], 3, 2, 1, mode)
        cases.add("depthwise_conv2d", x, w, 2, 1, dim_rounding_mode=mode, reference=conv, gradient=1)
        cases.add("fused.depthwise_conv2d", x, w, 2, 1, dim_rounding_mode=mode, reference=conv, gradient=1)
        conv = with_rounding(lambda x, w, *_: tf.nn.conv2d(x, w, 2, "VALID"), [1, 2], 3, 2, 1, mode)
        cases.add("fused.conv2d", x, values(3, 3, 2, 2), 2, 1, dim_rounding_mode=mode, reference=conv, gradient=1)


def plain(x, w):
    """Return the valid convolution."""
    return tf.nn.conv3d(x, w, [1] * 5, "VALID")


def spread(w, rate):
    """Return a kernel with zeros between its taps: what dilation means."""
    for axis in range(3):
        w = tf.repeat(w, rate, axis=axis) * tf.reshape(
            tf.cast(tf.range(w.shape[axis] * rate) % rate == 0, w.dtype), [-1 if a == axis else 1 for a in range(5)]
        )
    return w[: w.shape[0] - rate + 1, : w.shape[1] - rate + 1, : w.shape[2] - rate + 1]


for seed in range(2):
    x, w = values(1, 4, 4, 3, 1, seed=seed), values(2, 2, 2, 1, 2, seed=seed)
    cases.add("conv3d", x, w, 1, "valid", dilations=2, reference=lambda x, w, s, p, dilations: plain(x, spread(w, 2)), gradient=1)
    cases.add("conv3d", x, w, 1, "valid", data_format="NDHWC", reference=lambda x, w, s, p, data_format: plain(x, w), gradient=1)
    moved = np.ascontiguousarray(np.moveaxis(x, -1, 1))
    cases.add(
        "conv3d", moved, w, 1, "valid", data_format="NCDHW",
        reference=lambda x, w, s, p, data_format: tf.transpose(plain(tf.transpose(x, [0, 2, 3, 4, 1]), w), [0, 4, 1, 2, 3]), gradient=1,
    )  # fmt: skip
    x, w = values(1, 2, 1, 2, 1, seed=seed), values(1, 1, 1, 2, 1, seed=seed)
    back = lambda x, w, o, s, p: tf.nn.conv3d_transpose(x, w, o, s, "VALID")  # noqa: E731
    cases.add("conv3d_transpose", x, w, (1, 2, 1, 2, 2), 1, "valid", reference=back, gradient=1)

for axis in (0, 1):
    cases.add("multi_hot", np.int32([[0, 2], [1, 1]]), 3, axis=axis - 1)
    for keepdims in (False, True):
        x, axes = values(2, 3), 0 if axis == 0 else None
        cases.add("percentile", x, 30.0, axis=axes, keepdims=keepdims, expected=np.percentile(x, 30.0, axis=axes, keepdims=keepdims))
        gaps = np.where(x > 1, np.float32(np.nan), x)
        for q in (30.0, 75.0):
            expected = np.nanpercentile(gaps, q, axis=axes, keepdims=keepdims)
            cases.add("nanpercentile", gaps, q, axis=axes, keepdims=keepdims, expected=expected)
cases.add("geomspace", 1, 8, 4, dtype="int32", expected=np.geomspace(1, 8, 4).round().astype("int32")[[0, 1, 2, 3]])
cases.add("geomspace", 1.0, 16.0, 5, dtype="float32", expected=np.geomspace(1, 16, 5).astype("float32"))
cases.add("trace", values(2, 3, 3), axis1=1, axis2=2)
cases.add("trace", values(3, 2, 3), axis1=0, axis2=2)
cases.add("trace", values(3, 3, 2), axis1=-3, axis2=1)
cases.add("einsum", "ij,jk->ik", values(2, 3), values(3, 2), optimize="greedy", reference=lambda s, a, b, optimize: tf.einsum(s, a, b))
cases.add("dropout", values(2, 3), 0.0, noise_shape=(2, 1), reference=lambda x, rate, noise_shape: x + 0.0)
cases.add(
    "moments", values(2, 3), axes=[0], synchronized=False, reference=lambda x, axes, synchronized: keras.ops.moments(x, axes), gradient=1
)
data, splits = np.array(["a", "b", "c", "d"], object), np.int32([0, 3, 4])
for separator, pad, width in ((" ", "", [2]), ("-", "_", [1, 2]), ("", "<", [3])):
    made = tf.raw_ops.StringNGrams(
        data=data.astype(str), data_splits=splits, separator=separator, ngram_widths=width, left_pad=pad, right_pad=pad, pad_width=-1,
        preserve_short_sequences=False,
    )  # fmt: skip
    cases.add(
        "strings.string_n_grams", data, splits, separator, width, pad, pad, -1, False, expected=(made[0].numpy(), np.int32(made[1].numpy()))
    )
for i in range(6):
    x = np.float32(i + 2).reshape(1, 1)
    cases.add("eig", x, expected=(x[..., 0].astype("complex64"), np.ones(x.shape, "complex64")))
for mode in ("floor", "round", "ceil"):
    x = values(1, 6, 6, 2)
    pooled = with_rounding(lambda x, *_: tf.nn.max_pool2d(x, 3, 2, "VALID"), [1, 2], 3, 2, 1, mode)
    # Padding is no candidate for a maximum: the positive input makes zeros lose as well.
    cases.add("pool", x + 3, 3, "max", 1, strides=2, dim_rounding_mode=mode, reference=pooled, gradient=0)
    w = values(3, 3, 3, 2)
    same = lambda x, w, o, s, p, dim_rounding_mode: tf.nn.conv2d_transpose(x, w, o, s, [[0, 0], [1, 1], [1, 1], [0, 0]])  # noqa: E731
    cases.add("conv2d_transpose", x[:, :4, :4], w, (1, 4, 4, 3), 1, 1, dim_rounding_mode=mode, reference=same, gradient=0)
for rate in (1, 2):
    x = values(1, 4, 4, 4, 1)
    cases.add("image.extract_patches_3d", x, (2, 2, 2), strides=1, dilation_rate=rate, padding="valid", gradient=0, expected=np.stack([
        x[0, a : a + rate + 1 : rate, b : b + rate + 1 : rate, c : c + rate + 1 : rate, 0].reshape(-1)
        for a in range(4 - rate) for b in range(4 - rate) for c in range(4 - rate)
    ]).reshape(1, 4 - rate, 4 - rate, 4 - rate, 8))  # fmt: skip
x, w = values(1, 4, 4, 2), values(2, 2, 2, seed=3)
for data_format in ("NHWC", "NCHW"):
    moved = x if data_format == "NHWC" else np.ascontiguousarray(np.moveaxis(x, -1, 1))
    out = tf.nn.dilation2d(x, w, [1] * 4, "VALID", "NHWC", [1] * 4).numpy()
    expected = out if data_format == "NHWC" else np.moveaxis(out, -1, 1)
    cases.add("dilation2d", moved, w, data_format=data_format, expected=expected)
