"""The convolutions that generated cases are compared with.

Dilated kernels are spread and groups split, since TensorFlow on a CPU lacks gradients of such.
"""

import tensorflow as tf
from keras.src.backend.common.backend_utils import compute_conv_transpose_output_shape


def spread(kernel, rates):
    """Return the kernel with rate - 1 zeros between its taps."""
    for axis, rate in enumerate(rates):
        parts = tf.split(kernel, kernel.shape[axis], axis)
        gap = [tf.zeros_like(parts[0])] * (rate - 1)
        kernel = tf.concat([p for part in parts[:-1] for p in [part, *gap]] + parts[-1:], axis)
    return kernel


def each(value, n):
    """Return an int or a sequence as a list of n."""
    return [value] * n if isinstance(value, int) else list(value)[-n:]


def border(padding, n, spans, rounded=False):
    """Return explicit paddings as pairs, or the name that TensorFlow knows."""
    if padding == "causal":
        return [(spans[0] - 1, 0)]
    if isinstance(padding, int):
        return [(padding, padding)] * n
    return padding.upper() if isinstance(padding, str) else [tuple(p) for p in padding][-n - 1 : -1] if len(padding) == n + 2 else padding


def conv(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1, depthwise=False):
    """Return the convolution that all cases are compared with."""
    n = len(kernel.shape) - 2
    single = len(x.shape) == n + 1
    x = x[None] if single else x
    first = data_format is not None and data_format in ("channels_first", "NCHW", "NCW", "NCDHW")
    if first:
        x = tf.transpose(x, [0, *range(2, n + 2), 1])
    kernel = spread(kernel, each(dilation_rate, n))
    if depthwise:
        kernel = tf.reshape(kernel, [*kernel.shape[:-2], 1, kernel.shape[-2] * kernel.shape[-1]])
    around = border(padding, n, kernel.shape[:n])
    if not isinstance(around, str):
        x, around = tf.pad(x, [(0, 0), *around, (0, 0)]), "VALID"
    groups = x.shape[-1] // kernel.shape[-2]
    parts = [
        tf.nn.convolution(a, k, each(strides, n), around, ["NWC", "NHWC", "NDHWC"][n - 1])
        for a, k in zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
    ]
    y = tf.concat(parts, -1)
    if first:
        y = tf.transpose(y, [0, n + 1, *range(1, n + 1)])
    return y[0] if single else y


def depthwise(x, kernel, *args, **kwargs):
    """Return the depthwise convolution."""
    return conv(x, kernel, *args, depthwise=True, **kwargs)


def separable(x, deep, point, *args, **kwargs):
    """Return the separable convolution."""
    data_format = kwargs.get("data_format")
    return conv(depthwise(x, deep, *args, **kwargs), point, data_format=data_format)


def conv_transpose(x, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1):
    """Return the transposed convolution, to Keras's output shape."""
    n = len(kernel.shape) - 2
    if data_format == "channels_first":
        y = conv_transpose(tf.transpose(x, [0, *range(2, n + 2), 1]), kernel, strides, padding, output_padding, None, dilation_rate)
        return tf.transpose(y, [0, n + 1, *range(1, n + 1)])
    shape = compute_conv_transpose_output_shape(
        list(x.shape),
        kernel.shape[:n],
        kernel.shape[-2],
        each(strides, n),
        padding,
        output_padding,
        "channels_last",
        each(dilation_rate, n),
    )
    return tf.nn.conv_transpose(
        x, spread(kernel, each(dilation_rate, n)), shape, each(strides, n), padding.upper(), ["NWC", "NHWC", "NDHWC"][n - 1]
    )
