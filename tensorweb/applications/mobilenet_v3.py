"""MobileNetV3, small and large (Howard et al., 2019): inverted residual blocks with squeeze and excitation, hard swish."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from ..errors import ShapeError, message
from ..models import Functional
from ..symbolic import KerasTensor
from .assembling import (
    MIN_SIZE,
    assemble,
    channels_first,
    channels_of,
    check_arguments,
    divisible,
    half_padding,
    image_input,
    pooled,
)
from .imagenet_utils import decode_predictions, preprocessor
from .mobilenet_v2 import check_both, normalized

# (expansion, filters, large kernel, stride, excitation, hard swish) of each block.
SMALL = (
    (1, 16, 0, 2, 1, 0), (72 / 16, 24, 0, 2, 0, 0), (88 / 24, 24, 0, 1, 0, 0), (4, 40, 1, 2, 1, 1), (6, 40, 1, 1, 1, 1),
    (6, 40, 1, 1, 1, 1), (3, 48, 1, 1, 1, 1), (3, 48, 1, 1, 1, 1), (6, 96, 1, 2, 1, 1), (6, 96, 1, 1, 1, 1), (6, 96, 1, 1, 1, 1),
)  # fmt: skip
LARGE = (
    (1, 16, 0, 1, 0, 0), (4, 24, 0, 2, 0, 0), (3, 24, 0, 1, 0, 0), (3, 40, 1, 2, 1, 0), (3, 40, 1, 1, 1, 0), (3, 40, 1, 1, 1, 0),
    (6, 80, 0, 2, 0, 1), (2.5, 80, 0, 1, 0, 1), (2.3, 80, 0, 1, 0, 1), (2.3, 80, 0, 1, 0, 1), (6, 112, 0, 1, 1, 1), (6, 112, 0, 1, 1, 1),
    (6, 160, 1, 2, 1, 1), (6, 160, 1, 1, 1, 1), (6, 160, 1, 1, 1, 1),
)  # fmt: skip

preprocess_input = preprocessor("MobileNetV3", None)
__all__ = ["MobileNetV3Large", "MobileNetV3Small", "decode_predictions", "preprocess_input"]


def _relu(x: Any) -> Any:
    return layers.ReLU()(x)


def _hard_swish(x: Any) -> Any:
    return layers.Activation("hard_swish")(x)


def _excited(x: Any, filters: int, prefix: str) -> Any:
    """Return the images with each channel scaled by a network of the channels' means."""
    name = f"{prefix}squeeze_excite_"
    scale = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    scale = layers.Conv2D(divisible(filters * 0.25), 1, padding="same", name=f"{name}conv")(scale)
    scale = layers.ReLU(name=f"{name}relu")(scale)
    scale = layers.Conv2D(filters, 1, padding="same", name=f"{name}conv_1")(scale)
    scale = layers.ReLU(6.0)(scale + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{name}mul")([x, scale])


def _block(x: Any, expansion: float, filters: int, kernel: int, stride: int, excite: bool, activation: Callable, number: int) -> Any:
    inputs, channels, prefix = x, channels_of(x), f"expanded_conv_{number}_" if number else "expanded_conv_"
    expanded = divisible(channels * expansion)
    if number:
        x = layers.Conv2D(expanded, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = activation(normalized(x, f"{prefix}expand_bn"))
    if stride == 2:
        x = layers.ZeroPadding2D(half_padding(x, kernel), name=f"{prefix}depthwise_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(kernel, stride, padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = activation(normalized(x, f"{prefix}depthwise_bn"))
    if excite:
        x = _excited(x, expanded, prefix)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = normalized(x, f"{prefix}project_bn")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if stride == 1 and channels == filters else x


def _images(where: str, input_shape: Any, input_tensor: Any) -> Any:
    check_both(where, input_shape, input_tensor)
    if input_shape is None:
        anything = (3, None, None) if channels_first() else (None, None, 3)
        input_shape = input_tensor.shape[1:] if isinstance(input_tensor, KerasTensor) else anything
    sizes = input_shape[1:] if channels_first() else input_shape[:2]
    if None not in sizes and min(sizes) < MIN_SIZE:
        raise ShapeError(message(where, f"an `input_shape` of at least {MIN_SIZE} by {MIN_SIZE}", input_shape, "Enlarge the images."))
    return image_input(where, tuple(input_shape), input_tensor)


def _features(x: Any, blocks: tuple, alpha: float, minimalistic: bool, include_preprocessing: bool) -> tuple[Any, Callable]:
    """Return the features of images, and the activation of the network."""
    activation = _relu if minimalistic else _hard_swish
    if include_preprocessing:
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(x)
    x = layers.Conv2D(16, 3, 2, "same", use_bias=False, name="conv")(x)
    x = activation(normalized(x, "conv_bn"))
    for number, (expansion, filters, large, stride, excite, swish) in enumerate(blocks):
        kernel = 5 if large and not minimalistic else 3
        excited = bool(excite) and not minimalistic
        x = _block(x, expansion, divisible(filters * alpha), kernel, stride, excited, activation if swish else _relu, number)
    x = layers.Conv2D(divisible(channels_of(x) * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    return activation(normalized(x, "conv_1_bn")), activation


def _network(network: str, blocks: tuple, width: int) -> Callable[..., Functional]:
    """Return the function that makes one of the two networks, whose last layer before the classifier has `width` filters."""

    def make(
        input_shape: Any = None, alpha: float = 1.0, minimalistic: bool = False, include_top: bool = True, weights: Any = "imagenet",
        input_tensor: Any = None, classes: int = 1000, pooling: str | None = None, dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax", include_preprocessing: bool = True, name: str | None = network,
    ) -> Functional:  # fmt: skip
        check_arguments(network, weights, include_top, classifier_activation)
        inputs = _images(network, input_shape, input_tensor)
        x, activation = _features(inputs, blocks, alpha, minimalistic, include_preprocessing)
        if include_top:
            x = layers.GlobalAveragePooling2D(keepdims=True)(x)
            x = layers.Conv2D(divisible(width * alpha) if alpha > 1.0 else width, 1, padding="same", name="conv_2")(x)
            x = activation(x)
            if dropout_rate > 0:
                x = layers.Dropout(dropout_rate)(x)
            x = layers.Conv2D(classes, 1, padding="same", name="logits")(x)
            x = layers.Flatten()(x)
            x = layers.Activation(classifier_activation, name="predictions")(x)
        else:
            x = pooled(x, pooling)
        return assemble(inputs, x, name, weights)

    make.__name__ = make.__qualname__ = network
    make.__doc__ = f"""Return a {network}; `alpha` scales the filters, `minimalistic` leaves out excitation, hard swish and large kernels.

    Pixels are in [0, 255], or in [-1, 1] with `include_preprocessing=False`. Other arguments as in ResNet50. Raises ArgumentError
    for weights="imagenet", which would have to be downloaded. Keras's {network}.
    """
    return make


MobileNetV3Small, MobileNetV3Large = _network("MobileNetV3Small", SMALL, 1024), _network("MobileNetV3Large", LARGE, 1280)
