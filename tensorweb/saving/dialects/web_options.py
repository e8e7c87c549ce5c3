"""What TensorFlow.js 4.22 knows: its layers, activations, initializers, and the options that it lacks or reads otherwise. Data only."""

from __future__ import annotations

from typing import Any

CLASSES = frozenset(
    [
        "Activation",
        "Add",
        "AlphaDropout",
        "Average",
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "BatchNormalization",
        "Bidirectional",
        "Concatenate",
        "Conv1D",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "ConvLSTM2D",
        "ConvLSTM2DCell",
        "Cropping2D",
        "Dense",
        "DepthwiseConv2D",
        "Dot",
        "Dropout",
        "ELU",
        "Embedding",
        "Flatten",
        "GRU",
        "GRUCell",
        "GaussianDropout",
        "GaussianNoise",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "InputLayer",
        "LSTM",
        "LSTMCell",
        "LayerNormalization",
        "LeakyReLU",
        "Masking",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
        "Maximum",
        "Minimum",
        "Multiply",
        "PReLU",
        "Permute",
        "RNN",
        "RandomWidth",
        "ReLU",
        "RepeatVector",
        "Rescaling",
        "Reshape",
        "SeparableConv2D",
        "SimpleRNN",
        "SimpleRNNCell",
        "Softmax",
        "SpatialDropout1D",
        "StackedRNNCells",
        "ThresholdedReLU",
        "TimeDistributed",
        "UpSampling2D",
        "ZeroPadding2D",
    ]
)
# It has Resizing, CenterCrop and CategoryEncoding too, but models with them do not run: their shapes come out wrong.
# By Keras 3's name. hard_sigmoid is not here: TensorFlow.js's is Keras 2's, another function.
ACTIVATIONS = {
    **{n: n for n in [
            "elu", "gelu", "linear", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "softmax", "softplus", "softsign",
            "tanh",
        ]},
    "silu": "swish", "swish": "swish", "_keras2_hard_sigmoid": "hard_sigmoid",
}  # fmt: skip
INITIALIZERS = {
    **{
        n: n
        for n in [
                "Zeros", "Ones", "Constant", "RandomUniform", "RandomNormal", "TruncatedNormal", "Identity", "VarianceScaling",
                "GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "Orthogonal",
            ]
    },
    "LecunNormal": "LeCunNormal", "LecunUniform": "LeCunUniform", "OrthogonalInitializer": "Orthogonal",
    "IdentityInitializer": "Identity",
}  # fmt: skip
ZEROS: dict[str, Any] = {"class_name": "Zeros", "config": {}}
CONSTRAINTS = ("MaxNorm", "UnitNorm", "NonNeg", "MinMaxNorm")
DTYPES = ("float32", "int32", "bool", "string", "complex64")
DROPPED = frozenset(("optional", "quantization_config", "use_cudnn", "autocast", "ragged"))
RENAMED_KEYS = {"LeakyReLU": {"negative_slope": "alpha"}}
_ONE = (1, [1], [1, 1], [1, 1, 1])
_CONV: dict[str, tuple[Any, ...]] = {"groups": (1,)}
_LAST: dict[str, tuple[Any, ...]] = {"data_format": ("channels_last", None), "keepdims": (False,)}
# Options that must have one of these values for TensorFlow.js to do the same.
MUST_BE: dict[str, dict[str, tuple[Any, ...]]] = {
    "GRU": {"reset_after": (False,)}, "GRUCell": {"reset_after": (False,)},
    **dict.fromkeys(("Conv2D", "Conv3D"), _CONV),
    "Conv1D": {**_CONV, **_LAST, "padding": ("valid", "same")},
    "DepthwiseConv2D": {"dilation_rate": _ONE},
    **dict.fromkeys(("SeparableConv2D", "MaxPooling1D", "AveragePooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D"), _LAST),
    "Conv2DTranspose": {"dilation_rate": _ONE, "output_padding": (None,)},
    "Conv3DTranspose": {"dilation_rate": _ONE, "output_padding": (None,)},
    "ReLU": {"negative_slope": (0, None), "threshold": (0, None)},
    "BatchNormalization": {"renorm": (False,), "synchronized": (False,)},
    "LayerNormalization": {"rms_scaling": (False,)},
    **{n: {"keepdims": (False,)} for n in ("GlobalAveragePooling2D", "GlobalMaxPooling2D")},
    "UpSampling2D": {"interpolation": ("nearest",)},
    "Bidirectional": {"backward_layer": (None,)},
    "ELU": {"alpha": (1, None)},
    "Softmax": {"axis": (-1,)},
}  # fmt: skip


def problems(class_name: str, config: dict[str, Any], shape: Any) -> list[str]:
    """Return what TensorFlow.js does otherwise for reasons beyond single options. `shape`: of the input; None or [...] of several."""
    found = []
    several = isinstance(shape, (list, tuple)) and bool(shape) and isinstance(shape[0], (list, tuple))
    rank = None if shape is None else max(map(len, shape)) if several else len(shape)
    if config.get("activity_regularizer") is not None:
        found.append("an activity regularizer")
    if class_name == "BatchNormalization" and rank is not None and config["axis"] not in (-1, rank - 1):
        found.append(f"axis={config['axis']}")
    if class_name == "Flatten" and rank is not None and rank < 3:
        found.append(f"an input of {rank} axes")
    if class_name == "Dot" and rank is not None and rank > 3:
        found.append(f"inputs of {rank} axes")
    if class_name == "RNN" and config.get("return_state") and config["cell"]["class_name"] == "StackedRNNCells":
        found.append("the order of states")
    wide = class_name in ("Conv3D", "Conv3DTranspose") and config["padding"] == "same"
    if wide and any(s > k for s, k in zip(config["strides"], config["kernel_size"])):
        found.append("strides larger than the kernel")
    if class_name == "InputLayer" and config["dtype"] not in DTYPES:
        found.append(f"dtype={config['dtype']!r}")
    if class_name == "InputLayer" and len(config["batch_shape"]) < 2:
        found.append("a shape of one axis")
    return found
