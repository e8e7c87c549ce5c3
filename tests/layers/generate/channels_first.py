"""Lets Keras on TensorFlow's CPU compute cases it has no kernels for (channels_first, groups, dilation) from those it has."""

import inspect
from functools import cache

from keras.src import backend

from tests.layers.generate.common import tf

OPS = (
    "conv", "depthwise_conv", "separable_conv", "conv_transpose", "max_pool", "average_pool", "adaptive_average_pool", "adaptive_max_pool",
)  # fmt: skip


def _moved(original, single):
    """Return the op that moves the channels last for `original` and back; `single` computes in float32."""
    signature = inspect.signature(original)

    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given, first = bound.arguments, bound.arguments.get("data_format") == "channels_first"
        x = tf.convert_to_tensor(given["inputs"])
        rank, dtype = len(x.shape), x.dtype
        given["inputs"] = tf.transpose(x, (0, *range(2, rank), 1)) if first else x
        given["data_format"] = "channels_last"
        if original.__name__ == "conv_transpose":
            rates = given["dilation_rate"]
            given["kernel"] = _spread(tf.convert_to_tensor(given["kernel"]), [rates] * (rank - 2) if isinstance(rates, int) else rates)
            given["dilation_rate"] = 1
        if single and dtype == tf.float64 and rank == 5:
            given["inputs"] = tf.cast(given["inputs"], tf.float32)
        if original.__name__ == "adaptive_max_pool":
            out = _by_definition(given["inputs"], given["output_size"])
            if rank < 5:
                tf.debugging.assert_equal(out, original(**given))
        else:
            out = _grouped(original, given)
        out = tf.cast(out, dtype)
        return tf.transpose(out, (0, rank - 1, *range(1, rank - 1))) if first else out

    return call


def _by_definition(x, sizes):
    """Return adaptive maxima from single bins: of TensorFlow's kernel the gradient is wrong, and for volumes it divides by zero."""
    for axis, bins in enumerate(sizes, 1):
        n = x.shape[axis]
        parts = [tf.gather(x, range(i * n // bins, -(-(i + 1) * n // bins)), axis=axis) for i in range(bins)]
        x = tf.stack([tf.reduce_max(p, axis) for p in parts], axis)
    return x


def _spread(kernel, rates):
    """Return a kernel with zeros between its taps in place of a dilation."""
    for axis, rate in enumerate(rates):
        n, shape = kernel.shape[axis], list(kernel.shape)
        shape[axis] = n * rate
        spread = tf.stack([kernel, *[tf.zeros_like(kernel)] * (rate - 1)], axis + 1)
        kernel = tf.gather(tf.reshape(spread, shape), range((n - 1) * rate + 1), axis=axis)
    return kernel


def _grouped(original, given):
    """Return the op's result, a grouped convolution as several convolutions."""
    x, kernel = given["inputs"], given.get("kernel")
    groups = 1 if kernel is None or original.__name__ != "conv" else x.shape[-1] // kernel.shape[-2]
    if groups == 1:
        return original(**given)
    pairs = zip(tf.split(x, groups, -1), tf.split(tf.convert_to_tensor(kernel), groups, -1))
    return tf.concat([original(**{**given, "inputs": a, "kernel": b}) for a, b in pairs], -1)


@cache
def install():
    """Replace the backend's ops, once."""
    # Keras takes a channels_first bias for one along the last axis where both have the same size.
    backend.numpy.add = tf.add
    for name in OPS:
        setattr(backend.nn, name, _moved(getattr(backend.nn, name), "pool" in name))
