"""Cases of the depthwise and separable convolutions: python -m tests.layers.generate separable"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras
from tests.layers.generate.convolution_options import COMMON, FIRST, PLAIN, each

install()
L = keras.layers
cases = LayerCases("separable")
DEPTHWISE_OPTIONS = {
    "depthwise_initializer": "ones", "depthwise_regularizer": "l1", "depthwise_constraint": "unit_norm", "bias_regularizer": "l2",
}  # fmt: skip
each(cases, lambda rank: (L.DepthwiseConv1D, L.DepthwiseConv2D)[rank - 1], (1, 2), [
    *({"kernel_size": 2, **o} for o in COMMON), *({"kernel_size": 2, "depth_multiplier": 3, **o} for o in COMMON[:4]),
    {"kernel_size": 3, "channels": 1}, {"kernel_size": 2, "activation": "relu6"}, {"kernel_size": 2, "activation": "softmax"},
    {"kernel_size": 2, **DEPTHWISE_OPTIONS}, {"kernel_size": 2, "depth_multiplier": 2, "data_format": FIRST, "activation": "relu"},
])  # fmt: skip
each(cases, lambda rank: L.DepthwiseConv2D, (2,), [{"kernel_size": (3, 1)}, {"kernel_size": (1, 2), "padding": "same", "dilation_rate": 2}])

POINTWISE_OPTIONS = {
    "pointwise_initializer": "he_uniform", "pointwise_regularizer": {"class_name": "L1L2", "config": {"l1": 0.1,
    "l2": 0.2}}, "pointwise_constraint": "non_neg",
}  # fmt: skip
each(cases, lambda rank: (L.SeparableConv1D, L.SeparableConv2D)[rank - 1], (1, 2), [
    *PLAIN, *({**o, "depth_multiplier": 2} for o in PLAIN[:4]), {"filters": 1, "kernel_size": 3, "channels": 1},
    {"filters": 3, "kernel_size": 2, "activation": "relu"}, {"filters": 3, "kernel_size": 2, "activation": "softmax"},
    {"filters": 3, "kernel_size": 2, **DEPTHWISE_OPTIONS, **POINTWISE_OPTIONS},
])  # fmt: skip
each(cases, lambda rank: L.SeparableConv2D, (2,), [
    {"filters": 3, "kernel_size": (3, 1)},
    {"filters": 5, "kernel_size": 3, "padding": "same", "depth_multiplier": 3},
])  # fmt: skip
