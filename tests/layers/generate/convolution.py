"""Cases of the convolution layers: python -m tests.layers.generate convolution"""

from tests.layers.generate.channels_first import install
from tests.layers.generate.common import LayerCases, keras
from tests.layers.generate.convolution_options import FIRST, PLAIN, each, image

install()
L = keras.layers
cases = LayerCases("convolution")
WEIGHT_OPTIONS = {
    "kernel_initializer": "he_normal", "bias_initializer": {"class_name": "Constant", "config": {"value": 0.5}}, "kernel_regularizer": "l2",
    "bias_regularizer": {"class_name": "L1", "config": {"l1": 0.1}}, "activity_regularizer": "l1", "kernel_constraint": "max_norm",
    "bias_constraint": "non_neg",
}  # fmt: skip
ACTIVATIONS = (
    "relu", "relu6", "elu", "gelu", "silu", "leaky_relu", "softmax", "sigmoid", "exponential", "hard_sigmoid", "mish", "log_softmax",
)  # fmt: skip

each(cases, lambda rank: (L.Conv1D, L.Conv2D, L.Conv3D)[rank - 1], (1, 2, 3), PLAIN)
each(cases, lambda rank: L.Conv1D, (1,), [
    {"filters": 3, "kernel_size": 3, "padding": "causal"}, {"filters": 3, "kernel_size": 2, "padding": "causal", "dilation_rate": 2},
    {"filters": 3, "kernel_size": 3, "padding": "causal", "strides": 2, "size": 6},
    {"filters": 4, "kernel_size": 2, "groups": 2, "channels": 4},
    {"filters": 2, "kernel_size": 3, "padding": "causal", "data_format": FIRST}, {"filters": 1, "kernel_size": [5]},
    {"filters": 3, "kernel_size": 2, **WEIGHT_OPTIONS},
])  # fmt: skip
each(cases, lambda rank: L.Conv2D, (2,), [
    {"filters": 4, "kernel_size": 2, "groups": 2, "channels": 4},
    {"filters": 6, "kernel_size": 3, "groups": 3, "channels": 3, "padding": "same"},
    {"filters": 4, "kernel_size": 1, "groups": 2, "channels": 4, "data_format": FIRST}, {"filters": 3, "kernel_size": (1, 3)},
    {"filters": 3, "kernel_size": [3, 2], "strides": (2, 1)}, {"filters": 3, "kernel_size": (2, 3), "dilation_rate": (1, 2), "size": 7},
    {"filters": 3, "kernel_size": 5, "padding": "same"}, {"filters": 2, "kernel_size": 1, "strides": 2},
    {"filters": 2, "kernel_size": 3, "channels": 1},
    {"filters": 3, "kernel_size": 2, **WEIGHT_OPTIONS}, *({"filters": 3, "kernel_size": 2, "activation": a} for a in ACTIVATIONS),
    {"filters": 3, "kernel_size": 4, "padding": "same", "strides": (1, 2), "size": 6, "activation": "relu"},
])  # fmt: skip
each(cases, lambda rank: L.Conv3D, (3,), [
    {"filters": 4, "kernel_size": 2, "groups": 2, "channels": 2}, {"filters": 1, "kernel_size": (1, 2, 1), "strides": (2, 1, 1)},
])  # fmt: skip

TRANSPOSED = [o for o in PLAIN if "dilation_rate" not in o]
SIZES = [
    {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 0},
    {"filters": 2, "kernel_size": 3, "strides": 2, "output_padding": 1},
    {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
    {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 0},
    {"filters": 2, "kernel_size": 2, "strides": 3, "output_padding": 2}, {"filters": 2, "kernel_size": 2, "strides": 3},
    {"filters": 2, "kernel_size": 3, "strides": 2, "data_format": FIRST, "output_padding": 1},
]  # fmt: skip
each(cases, lambda rank: (L.Conv1DTranspose, L.Conv2DTranspose)[rank - 1], (1, 2), TRANSPOSED + SIZES)
each(cases, lambda rank: L.Conv3DTranspose, (3,), [{**o, "size": 3} for o in TRANSPOSED + SIZES])
each(cases, lambda rank: L.Conv2DTranspose, (2,), [
    {"filters": 3, "kernel_size": 2, **WEIGHT_OPTIONS}, {"filters": 3, "kernel_size": (1, 3), "strides": (1, 2), "activation": "relu"},
    {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, {"filters": 3, "kernel_size": 2, "dilation_rate": (2, 1), "padding": "same"},
    {"filters": 1, "kernel_size": 4, "strides": 2, "padding": "same", "activation": "softplus"},
    {"filters": 2, "kernel_size": 1, "strides": 2},
])  # fmt: skip
each(cases, lambda rank: L.Conv1DTranspose, (1,), [
    {"filters": 3, "kernel_size": 3, "dilation_rate": 2}, {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "same"},
])  # fmt: skip

# NaN and infinity in the inputs.
broken = image(2)
broken[0, 0, 0, 0], broken[0, 4, 3, 1] = float("nan"), float("inf")
cases.add(L.Conv2D(3, 2, activation="relu"), broken, gradient=False)
