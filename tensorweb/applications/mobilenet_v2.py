"""MobileNetV2 (Sandler et al., 2018): inverted residual blocks."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..errors import ShapeError, message
from ..models import Functional
from ..symbolic import KerasTensor
from .assembling import (
    assemble,
    channel_axis,
    channels_first,
    channels_of,
    check_arguments,
    divisible,
    half_padding,
    image_input,
    image_shape,
    pooled,
)
from .imagenet_utils import decode_predictions, preprocessor
from .mobilenet import default_size

SIZES = (96, 128, 160, 192, 224)
# (filters, stride of the first, how many) of each group of blocks.
GROUPS = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))

preprocess_input = preprocessor("MobileNetV2", "tf")
__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]


def normalized(x: Any, name: str) -> Any:
    """Return the images normalized with the family's momentum and epsilon."""
    return layers.BatchNormalization(axis=channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(x: Any, filters: int, stride: int, number: int) -> Any:
    inputs, channels, prefix = x, channels_of(x), f"block_{number}_" if number else "expanded_conv_"
    if number:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = normalized(x, f"{prefix}expand_BN")
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(x)
    if stride == 2:
        x = layers.ZeroPadding2D(half_padding(x, 3), name=f"{prefix}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, stride, padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = normalized(x, f"{prefix}depthwise_BN")
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(x)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = normalized(x, f"{prefix}project_BN")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if channels == filters and stride == 1 else x


def check_both(where: str, input_shape: Any, input_tensor: Any) -> None:
    """Raise ShapeError if the shape is not that of the symbolic images."""
    if input_shape is None or not isinstance(input_tensor, KerasTensor):
        return
    axis = 1 if channels_first() else 2
    if input_tensor.shape[axis] != input_shape[1]:
        raise ShapeError(message(where, f"an input_tensor that fits {tuple(input_shape)}", input_tensor.shape, "Pass one of both."))


def MobileNetV2(
    input_shape: Any = None, alpha: float = 1.0, include_top: bool = True, weights: Any = "imagenet", input_tensor: Any = None,
    pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax", name: str | None = None,
) -> Functional:  # fmt: skip
    """Return a MobileNetV2; `alpha` scales the filters of each layer.

    Other arguments as in ResNet50. Raises ArgumentError for weights="imagenet", which would have to be downloaded. Keras's MobileNetV2.
    """
    where = "MobileNetV2"
    check_arguments(where, weights, include_top, classifier_activation)
    check_both(where, input_shape, input_tensor)
    known = input_shape if input_shape is not None else input_tensor.shape[1:] if isinstance(input_tensor, KerasTensor) else None
    shape = image_shape(where, input_shape, 224 if known is None else default_size(known, SIZES), include_top)
    inputs = x = image_input(where, shape, input_tensor)
    x = layers.Conv2D(divisible(32 * alpha), 3, 2, "same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(normalized(x, "bn_Conv1"))
    strides = [(filters, stride if i == 0 else 1) for filters, stride, count in GROUPS for i in range(count)]
    for number, (filters, stride) in enumerate(strides):
        x = _block(x, divisible(int(filters * alpha)), stride, number)
    x = layers.Conv2D(divisible(1280 * alpha) if alpha > 1.0 else 1280, 1, use_bias=False, name="Conv_1")(x)
    x = layers.ReLU(6.0, name="out_relu")(normalized(x, "Conv_1_bn"))
    if include_top:
        x = layers.GlobalAveragePooling2D()(x)
        x = layers.Dense(classes, activation=classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling, (None, None))
    rows = shape[1] if channels_first() else shape[0]
    return assemble(inputs, x, name or f"mobilenetv2_{alpha:0.2f}_{rows}", weights)
