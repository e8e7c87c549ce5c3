"""Oracle cases of convolutions; the references are in `_windows.py`."""

import numpy as np
import tensorflow as tf

from ._windows import conv, conv_transpose, depthwise, each, separable
from .common import Cases, values

cases = Cases("convolution")


# --- conv ---
CASES = [
    ((1, 6, 2), (3, 2, 2), {}), ((2, 6, 1), (3, 1, 2), {"padding": "same"}), ((1, 7, 2), (3, 2, 1), {"strides": 2, "padding": "same"}),
    ((1, 6, 1), (3, 1, 2), {"padding": "causal"}), ((1, 8, 1), (2, 1, 1), {"padding": "causal", "dilation_rate": 3}),
    ((1, 2, 6), (3, 2, 2), {"data_format": "channels_first"}), ((1, 9, 1), (3, 1, 2), {"dilation_rate": 2, "padding": "same"}),
    ((1, 4, 4, 2), (3, 3, 2, 2), {}), ((1, 4, 4, 2), (3, 3, 2, 2), {"padding": "same"}), ((2, 4, 4, 1), (1, 1, 1, 3), {}),
    ((1, 5, 4, 2), (3, 2, 2, 1), {"strides": 2}), ((1, 5, 4, 2), (3, 2, 2, 1), {"strides": 2, "padding": "same"}),
    ((1, 6, 5, 1), (3, 2, 1, 2), {"strides": (2, 1), "padding": "same"}), ((1, 6, 6, 1), (2, 2, 1, 2), {"strides": 3}),
    ((1, 6, 5, 1), (2, 2, 1, 2), {"dilation_rate": 2}), ((1, 6, 5, 1), (3, 2, 1, 2), {"dilation_rate": (2, 1), "padding": "same"}),
    ((1, 7, 7, 1), (2, 2, 1, 1), {"dilation_rate": 2, "strides": 2}),
    ((1, 2, 4, 4), (3, 3, 2, 2), {"data_format": "channels_first", "padding": "same"}),
    ((1, 4, 4, 4), (2, 2, 2, 2), {}), ((1, 4, 4, 4), (2, 2, 2, 4), {"strides": 2}), ((1, 3, 3, 3), (2, 2, 1, 3), {"padding": "same"}),
    ((1, 4, 4, 1), (3, 3, 1, 2), {"padding": 1}), ((1, 4, 4, 1), (3, 3, 1, 1), {"padding": [[0, 2], [1, 0]]}),
    ((1, 4, 4, 1), (3, 3, 1, 1), {"padding": [[0, 0], [0, 2], [1, 0], [0, 0]]}), ((1, 4, 4, 1), (2, 2, 1, 1), {"padding": 3, "strides": 2}),
    ((1, 3, 3, 3, 1), (2, 2, 2, 1, 2), {}), ((1, 3, 4, 3, 1), (2, 3, 2, 1, 1), {"strides": 2, "padding": "same"}),
    ((1, 1, 3, 3, 3), (2, 2, 2, 1, 1), {"data_format": "channels_first"}), ((1, 4, 3, 3, 1), (2, 2, 1, 1, 1), {"dilation_rate": (2, 1, 1)}),
    ((1, 4, 4, 1), (2, 2, 1, 1), {"strides": 5, "padding": "same"}), ((1, 1, 1, 2), (3, 3, 2, 2), {"padding": "same"}),
]  # fmt: skip
for shape, kernel, kwargs in CASES:
    cases.add("conv", values(*shape), values(*kernel, seed=1), reference=conv, **kwargs)
cases.add("conv", values(0, 4, 4, 1), values(2, 2, 1, 1), expected=np.zeros((0, 3, 3, 1), "float32"))
cases.add(
    "conv",
    values(1, 4, 1, dtype="int32"),
    values(2, 1, 1, dtype="int32"),
    reference=lambda x, k: tf.cast(conv(tf.cast(x, "float64"), tf.cast(k, "float64")), "int32"),
)
cases.add("conv", np.array([1, np.nan, np.inf, 2, 3], "float32").reshape(1, 5, 1), values(2, 1, 1), gradient=0, reference=conv)

# --- depthwise, separable ---
DEPTHWISE = [
    ((1, 6, 2), (3, 2, 1), {}), ((1, 6, 2), (3, 2, 2), {"strides": 2, "padding": "same"}), ((1, 4, 4, 3), (3, 3, 3, 1), {}),
    ((1, 4, 4, 2), (3, 3, 2, 2), {"padding": "same"}), ((2, 5, 5, 1), (3, 3, 1, 2), {"strides": 2}),
    ((1, 5, 6, 2), (3, 3, 2, 1), {"strides": 2, "padding": "same"}),
    ((1, 6, 6, 1), (2, 2, 1, 2), {"dilation_rate": 2}), ((1, 6, 6, 2), (3, 3, 2, 1), {"dilation_rate": 2, "padding": "same"}),
    ((1, 2, 4, 4), (2, 2, 2, 1), {"data_format": "channels_first"}), ((1, 4, 4, 2), (3, 3, 2, 1), {"padding": 1}),
    ((1, 4, 4, 1), (1, 1, 1, 1), {}),
    ((1, 3, 3, 3, 2), (2, 2, 2, 2, 1), {"padding": "same"}),
]  # fmt: skip
for shape, kernel, kwargs in DEPTHWISE:
    cases.add("depthwise_conv", values(*shape), values(*kernel, seed=1), reference=depthwise, **kwargs)
for shape, kernel, kwargs in DEPTHWISE[:10]:
    channels = kernel[-1] * kernel[-2]
    point = values(*(1,) * (len(kernel) - 2), channels, 2, seed=2)
    cases.add("separable_conv", values(*shape), values(*kernel, seed=1), point, gradient=1, reference=separable, **kwargs)

# --- transposed ---
for shape, kernel, kwargs in [
    ((1, 4, 2), (3, 1, 2), {}), ((1, 4, 1), (3, 2, 1), {"strides": 2}), ((1, 4, 1), (3, 2, 1), {"strides": 2, "padding": "same"}),
    ((1, 3, 1), (2, 1, 1), {"strides": 3}), ((1, 3, 1), (2, 1, 1), {"strides": 3, "padding": "same"}),
    ((1, 3, 1), (3, 1, 1), {"strides": 2, "output_padding": 1}),
    ((1, 3, 1), (3, 1, 1), {"strides": 2, "padding": "same", "output_padding": 1}),
    ((1, 3, 1), (4, 1, 1), {"strides": 3, "padding": "same", "output_padding": 2}),
    ((1, 3, 3, 2), (3, 3, 1, 2), {}), ((1, 3, 3, 2), (3, 3, 1, 2), {"strides": 2, "padding": "same"}),
    ((1, 3, 2, 1), (2, 3, 2, 1), {"strides": (2, 1)}),
    ((1, 3, 3, 1), (3, 3, 1, 1), {"padding": "same"}), ((1, 2, 3, 3), (2, 2, 1, 2), {"strides": 2, "data_format": "channels_first"}),
    ((1, 3, 3, 1), (2, 2, 2, 1), {"dilation_rate": 2}), ((1, 3, 3, 1), (3, 2, 1, 1), {"dilation_rate": 2, "padding": "same"}),
    ((1, 3, 3, 1), (2, 2, 1, 1), {"strides": 2, "output_padding": (1, 0)}),
    ((1, 2, 2, 2, 1), (2, 2, 2, 1, 1), {"strides": 2, "padding": "same"}),
    ((1, 2, 2, 2, 1), (2, 3, 2, 1, 1), {}), ((1, 1, 1, 1), (1, 1, 2, 1), {"strides": 2}),
]:  # fmt: skip
    cases.add("conv_transpose", values(*shape), values(*kernel, seed=1), reference=conv_transpose, **kwargs)

# --- TensorFlow.js's names ---
for op, shape, kernel, args in [
    ("conv1d", (1, 6, 2), (3, 2, 2), (1, "same")), ("conv1d", (6, 2), (3, 2, 2), (2, "valid")),
    ("conv1d", (1, 2, 6), (3, 2, 2), (1, "valid", "NCW")),
    ("conv1d", (1, 6, 1), (2, 1, 2), (1, "valid", "NWC", 2)), ("conv1d", (1, 6, 1), (2, 1, 2), (1, 1)),
    ("conv2d", (1, 4, 4, 2), (2, 2, 2, 2), (1, "same")),
    ("conv2d", (4, 4, 2), (2, 2, 2, 2), ((2, 1), "valid")), ("conv2d", (1, 2, 4, 4), (2, 2, 2, 2), (2, "same", "NCHW")),
    ("conv2d", (1, 4, 4, 1), (2, 2, 1, 2), (1, "valid", "NHWC", 2)),
    ("conv2d", (1, 4, 4, 1), (2, 2, 1, 2), (1, [[0, 0], [1, 0], [0, 1], [0, 0]])),
    ("conv2d", (1, 5, 5, 1), (2, 2, 1, 1), (2, 1, "NHWC", 1, "floor")),
    ("conv3d", (1, 3, 3, 3, 1), (2, 2, 2, 1, 2), (1, "same")), ("conv3d", (3, 3, 3, 1), (2, 2, 2, 1, 1), (1, "valid")),
    ("conv3d", (1, 4, 3, 3, 1), (2, 2, 2, 1, 1), (2, "same", "NDHWC", 1)),
    ("depthwise_conv2d", (1, 4, 4, 2), (2, 2, 2, 2), (1, "same")), ("depthwise_conv2d", (4, 4, 2), (3, 3, 2, 1), (2, "same")),
    ("depthwise_conv2d", (1, 5, 5, 2), (2, 2, 2, 1), (1, "valid", "NHWC", 2)),
    ("depthwise_conv2d", (1, 2, 4, 4), (2, 2, 2, 1), (1, 1, "NCHW")),
]:  # fmt: skip
    reference = depthwise if op[0] == "d" else conv
    cases.add(op, values(*shape), values(*kernel, seed=1), *args, gradient=1, reference=lambda x, k, *a, f=reference: f(x, k, *a[:4]))
for mode, size in (("ceil", 3), ("floor", 2), ("round", 3)):
    x, k = values(1, 5, 5, 1), values(2, 2, 1, 1, seed=1)
    cases.add(
        "conv2d",
        x,
        k,
        2,
        0,
        dim_rounding_mode=mode,
        reference=lambda x, k, *a, n=size, **kw: conv(tf.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)]), k, 2)[:, :n, :n],
    )
for shape, args in [
    ((1, 4, 4, 2), (1, "same")),
    ((4, 4, 2), (2, "valid")),
    ((1, 6, 6, 2), (1, "valid", 2)),
    ((1, 2, 4, 4), (1, "same", 1, "NCHW")),
]:

    def reference(x, d, p, strides, pad, dilation=1, data_format=None):
        return conv(conv(x, d, strides, pad, data_format, dilation, depthwise=True), p, data_format=data_format)

    cases.add("separable_conv2d", values(*shape), values(2, 2, 2, 2), values(1, 1, 4, 2), *args, gradient=1, reference=reference)
for shape, kernel, out, strides, pad in [
    ((1, 3, 3, 2), (2, 2, 1, 2), (1, 4, 4, 1), 1, "valid"), ((1, 2, 2, 1), (3, 3, 2, 1), (1, 4, 4, 2), 2, "same"),
    ((1, 2, 2, 1), (3, 3, 2, 1), (1, 3, 4, 2), 2, "same"),
    ((1, 2, 2, 1), (2, 2, 1, 1), (1, 5, 4, 1), 2, "valid"), ((1, 2, 3, 1), (3, 2, 1, 1), (1, 4, 3, 1), (2, 1), "same"),
]:  # fmt: skip
    cases.add(
        "conv2d_transpose",
        values(*shape),
        values(*kernel, seed=1),
        out,
        strides,
        pad,
        gradient=1,
        reference=lambda x, k, o, s, p: tf.nn.conv2d_transpose(x, k, o, s, p.upper()),
    )
cases.add(
    "conv2d_transpose",
    values(2, 2, 1),
    values(3, 3, 2, 1),
    (4, 4, 2),
    2,
    "same",
    gradient=1,
    reference=lambda x, k, o, s, p: tf.nn.conv2d_transpose(x[None], k, (1, *o), s, p.upper())[0],
)
cases.add(
    "conv2d_transpose",
    values(1, 3, 3, 1),
    values(3, 3, 2, 1),
    (1, 5, 5, 2),
    2,
    1,
    gradient=1,
    reference=lambda x, k, o, s, p: tf.nn.conv2d_transpose(x, k, o, s, [(0, 0), (1, 1), (1, 1), (0, 0)]),
)
for shape, kernel, out, strides, pad in [
    ((1, 2, 2, 2, 1), (2, 2, 2, 2, 1), (1, 3, 3, 3, 2), 1, "valid"),
    ((1, 2, 1, 2, 1), (2, 2, 2, 1, 1), (1, 4, 2, 4, 1), 2, "same"),
    ((1, 2, 2, 2, 1), (3, 2, 1, 1, 1), (1, 2, 2, 2, 1), 1, "same"),
]:
    cases.add(
        "conv3d_transpose",
        values(*shape),
        values(*kernel, seed=1),
        out,
        strides,
        pad,
        gradient=1,
        reference=lambda x, k, o, s, p: tf.nn.conv3d_transpose(x, k, o, each(s, 3), p.upper()),
    )
for shape, kernel, args in [
    ((1, 4, 4, 2), (2, 2, 2), (1, "valid")), ((1, 4, 4, 2), (2, 2, 2), (1, "same")), ((2, 4, 5, 1), (3, 2, 1), (2, "same")),
    ((1, 5, 5, 1), (2, 2, 1), (1, "valid", 2)),
    ((1, 5, 5, 1), (3, 2, 1), (1, "same", 2)), ((1, 4, 4, 1), (1, 1, 1), (1, "valid")), ((1, 6, 4, 1), (3, 3, 1), ((2, 1), "same")),
    ((4, 4, 2), (2, 2, 2), (1, "same")),
    ((1, 6, 5, 1), (2, 3, 1), (2, "valid", (2, 1))), ((1, 1, 1, 1), (3, 3, 1), (1, "same")),
]:  # fmt: skip

    def reference(x, k, strides, pad, dilations=1):
        single = len(x.shape) == 3
        x = x[None] if single else x
        y = tf.nn.dilation2d(x, k, [1, *each(strides, 2), 1], pad.upper(), "NHWC", [1, *each(dilations, 2), 1])
        return y[0] if single else y

    cases.add("dilation2d", values(*shape), values(*kernel, seed=1), *args, gradient=1, reference=reference)
