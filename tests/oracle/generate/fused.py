"""Oracle cases of the fused ops: contraction, bias, scale, shift, residual, activation."""

import numpy as np
import tensorflow as tf

from ._windows import conv, depthwise
from .common import Cases, values

cases = Cases("fused")
ACTIVATIONS = {
    None: lambda x: x, "linear": lambda x: x, "relu": tf.nn.relu, "relu6": lambda x: tf.minimum(tf.maximum(x, 0), 6),
    "elu": tf.nn.elu, "sigmoid": tf.sigmoid,
    "tanh": tf.tanh, "silu": tf.nn.silu, "softplus": tf.math.softplus, "exp": tf.exp,
}  # fmt: skip


def after(y, bias=0, activation=None, prelu_weights=None, leakyrelu_alpha=0.2, residual=0, scale=1, shift=0, **_):
    """Return what follows the contraction."""
    y = (y + bias) * scale + shift + residual
    if activation == "prelu":
        return tf.where(y > 0, y, y * prelu_weights)
    return tf.where(y > 0, y, y * leakyrelu_alpha) if activation == "leakyrelu" else ACTIVATIONS[activation](y)


def product(a, b, transpose_a=False, transpose_b=False, **rest):
    """Return fused.matmul."""
    return after(tf.matmul(a, b, transpose_a, transpose_b), **rest)


A, B, BIAS = values(2, 3), values(3, 4, seed=1), values(4, seed=2)
for name in ACTIVATIONS:
    cases.add("fused.matmul", A, B, activation=name, reference=product)
    cases.add("fused.matmul", A, B, bias=BIAS, activation=name, reference=product)
for extra in [
    {"activation": "prelu", "prelu_weights": values(4, seed=3)},
    {"activation": "prelu", "prelu_weights": values(2, 4, seed=3), "bias": BIAS}, {"activation": "leakyrelu"},
    {"activation": "leakyrelu", "leakyrelu_alpha": 0.5, "bias": BIAS}, {"scale": values(4, seed=4)},
    {"shift": values(4, seed=4), "activation": "relu"}, {"residual": values(2, 4, seed=5)},
    {"bias": BIAS, "scale": values(4, seed=4), "shift": values(4, seed=5), "residual": values(2, 4, seed=6), "activation": "relu6"},
    {"bias": 0.5, "scale": 2.0, "activation": "tanh"},
]:  # fmt: skip
    cases.add("fused.matmul", A, B, reference=product, **extra)
cases.add(
    "fused.matmul", values(2, 3, 2), values(2, 4, 3), transpose_a=True, transpose_b=True, bias=BIAS, activation="relu", reference=product
)
cases.add("fused.matmul", values(2, 2, 3), values(2, 3, 4), bias=BIAS, activation="sigmoid", reference=product)
cases.add("fused.matmul", A, B, activation="softmax", gradient=1, reference=lambda a, b, activation: tf.nn.softmax(a @ b))
cases.add(
    "fused.matmul",
    np.array([[np.nan, 1]], "float32"),
    np.ones((2, 2), "float32"),
    activation="relu",
    gradient=0,
    expected=np.full((1, 2), np.nan, "float32"),
)
for op, convolution, kernel in (("fused.conv2d", conv, (2, 2, 2, 2)), ("fused.depthwise_conv2d", depthwise, (2, 2, 2, 1))):

    def reference(x, k, strides=1, pad="valid", data_format=None, dilations=1, convolution=convolution, **rest):
        if data_format == "NCHW":
            rest = {n: v[:, None, None] if getattr(v, "shape", None) is not None and len(v.shape) == 1 else v for n, v in rest.items()}
        return after(convolution(x, k, strides, pad, data_format, dilations), **rest)

    bias = values(2, seed=7)
    for kwargs in [
        {}, {"bias": bias}, {"bias": bias, "activation": "relu"}, {"bias": bias, "activation": "relu6", "pad": "same"},
        {"strides": 2, "activation": "elu"}, {"bias": bias, "pad": 1},
        {"bias": bias, "activation": "prelu", "prelu_weights": values(2, seed=8)}, {"activation": "leakyrelu", "leakyrelu_alpha": 0.1},
        {"dilations": 2, "bias": bias, "activation": "sigmoid"},
        {"pad": "same", "residual": values(1, 4, 4, 2, seed=9), "activation": "relu"},
        {"scale": bias, "shift": values(2, seed=5), "activation": "relu6"}, {"bias": bias, "data_format": "NCHW", "activation": "relu"},
        {"bias": bias, "scale": values(2, seed=3), "activation": "tanh", "strides": (2, 1), "pad": "same"},
    ]:  # fmt: skip
        shape = (1, 2, 4, 4) if kwargs.get("data_format") == "NCHW" else (1, 4, 4, 2)
        cases.add(op, values(*shape), values(*kernel, seed=1), gradient=1, reference=reference, **kwargs)
    cases.add(op, values(4, 4, 2), values(*kernel, seed=1), bias=bias, activation="relu", gradient=1, reference=reference)
