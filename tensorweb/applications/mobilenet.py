"""MobileNet (Howard et al., 2017): depthwise convolutions, then mixes of channels."""

from __future__ import annotations

from typing import Any

from .. import layers
from ..models import Functional
from .assembling import assemble, channel_axis, channels_first, check_arguments, image_input, image_shape, pooled
from .imagenet_utils import decode_predictions, preprocessor

SIZES = (128, 160, 192, 224)
# (filters, stride) of each block.
BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip

preprocess_input = preprocessor("MobileNet", "tf")
__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]


def default_size(shape: Any, sizes: tuple[int, ...]) -> int:
    """Return the size of images [rows, columns] if it is one the network was trained for, else 224."""
    rows, columns = shape[1:3] if channels_first() else shape[:2]
    return rows if rows == columns and rows in sizes else 224


def _normed(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _block(x: Any, filters: int, stride: int, depth_multiplier: int, number: int) -> Any:
    if stride == 2:
        x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
    padding, name = "same" if stride == 1 else "valid", f"conv_dw_{number}"
    x = layers.DepthwiseConv2D(3, stride, padding, depth_multiplier, use_bias=False, name=name)(x)
    x = _normed(x, name)
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _normed(x, f"conv_pw_{number}")


def MobileNet(
    input_shape: Any = None, alpha: float = 1.0, depth_multiplier: int = 1, dropout: float = 1e-3, include_top: bool = True,
    weights: Any = "imagenet", input_tensor: Any = None, pooling: str | None = None, classes: int = 1000,
    classifier_activation: Any = "softmax", name: str | None = None,
) -> Functional:  # fmt: skip
    """Return a MobileNet; `alpha` scales the filters of each layer, `depth_multiplier` those of depthwise convolutions.

    Other arguments as in ResNet50. Raises ArgumentError for weights="imagenet", which would have to be downloaded. Keras's MobileNet.

    >>> import tensorweb as tw
    >>> model = tw.applications.MobileNet((32, 32, 3), alpha=0.25, weights=None, classes=10)
    >>> model.name, model.count_params()
    ('mobilenet_0.25_32', 221114)
    """
    check_arguments("MobileNet", weights, include_top, classifier_activation)
    size = 224 if input_shape is None else default_size(input_shape, SIZES)
    shape = image_shape("MobileNet", input_shape, size, include_top)
    inputs = x = image_input("MobileNet", shape, input_tensor)
    x = layers.Conv2D(int(32 * alpha), 3, 2, "same", use_bias=False, name="conv1")(x)
    x = _normed(x, "conv1")
    for number, (filters, stride) in enumerate(BLOCKS, 1):
        x = _block(x, int(filters * alpha), stride, depth_multiplier, number)
    if include_top:
        x = layers.GlobalAveragePooling2D(keepdims=True)(x)
        x = layers.Dropout(dropout, name="dropout")(x)
        x = layers.Conv2D(classes, 1, padding="same", name="conv_preds")(x)
        x = layers.Reshape((classes,), name="reshape_2")(x)
        x = layers.Activation(classifier_activation, name="predictions")(x)
    else:
        x = pooled(x, pooling, (None, None))
    rows = shape[1] if channels_first() else shape[0]
    return assemble(inputs, x, name or f"mobilenet_{alpha:0.2f}_{rows}", weights)
