"""What TensorFlow.js 4.22 knows: its layers, activations, initializers, and the options that it lacks or reads otherwise. Data only."""

from __future__ import annotations

from typing import Any

CLASSES = frozenset(
    (
        "Activation Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D BatchNormalization Bidirectional "
        "CategoryEncoding CenterCrop Concatenate Conv1D Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM2D ConvLSTM2DCell "
        "Cropping2D Dense DepthwiseConv2D Dot Dropout ELU Embedding Flatten GRU GRUCell GaussianDropout GaussianNoise "
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D InputLayer LSTM LSTMCell "
        "LayerNormalization LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Multiply PReLU Permute RNN "
        "RandomWidth ReLU RepeatVector Rescaling Reshape Resizing SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D "
        "StackedRNNCells ThresholdedReLU TimeDistributed UpSampling2D ZeroPadding2D"
    ).split()
)
# By Keras 3's name. hard_sigmoid is not here: TensorFlow.js's is Keras 2's, another function.
ACTIVATIONS = {
    **{n: n for n in "elu gelu linear log_softmax mish relu relu6 selu sigmoid softmax softplus softsign tanh".split()},
    "silu": "swish", "swish": "swish", "_keras2_hard_sigmoid": "hard_sigmoid",
}  # fmt: skip
INITIALIZERS = {
    **{
        n: n
        for n in (
            "Zeros Ones Constant RandomUniform RandomNormal TruncatedNormal Identity VarianceScaling GlorotUniform GlorotNormal "
            "HeNormal HeUniform Orthogonal"
        ).split()
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
# Options that must have one of these values for TensorFlow.js to do the same.
MUST_BE: dict[str, dict[str, tuple[Any, ...]]] = {
    "GRU": {"reset_after": (False,)}, "GRUCell": {"reset_after": (False,)},
    **{n: _CONV for n in ("Conv1D", "Conv2D", "Conv3D")},
    "Conv2DTranspose": {"dilation_rate": _ONE, "output_padding": (None,)},
    "Conv3DTranspose": {"dilation_rate": _ONE, "output_padding": (None,)},
    "ReLU": {"negative_slope": (0, None), "threshold": (0, None)},
    "BatchNormalization": {"renorm": (False,), "synchronized": (False,)},
    "LayerNormalization": {"rms_scaling": (False,)},
    **{n: {"keepdims": (False,)} for n in ("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D")},
    "Bidirectional": {"backward_layer": (None,)},
    "Resizing": {"crop_to_aspect_ratio": (False,), "pad_to_aspect_ratio": (False,)},
    "CategoryEncoding": {"sparse": (False,)},
    "ELU": {"alpha": (1, None)},
    "Softmax": {"axis": (-1, *range(10))},
}  # fmt: skip
