"""ResNets (He et al., 2015) of 50, 101 and 152 layers. Those of the second version: `resnet_v2.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from .assembling import Network, channel_axis, function_of
from .imagenet_utils import decode_predictions, preprocessor

# Blocks in each of the four stacks.
DEPTHS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}
WIDTHS = (64, 128, 256, 512)

preprocess_input = preprocessor("ResNet", "caffe")
__all__ = ["ResNet50", "ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]


def normalized(x: Any, name: str) -> Any:
    """Return the images normalized with the family's epsilon."""
    return layers.BatchNormalization(axis=channel_axis(3), epsilon=1.001e-5, name=name)(x)


def active(x: Any, name: str) -> Any:
    """Return the images normalized and activated; `name` has a place for what is done: conv1_{}."""
    return layers.Activation("relu", name=name.format("relu"))(normalized(x, name.format("bn")))


def _block(x: Any, filters: int, stride: int, shortcut: bool, name: str) -> Any:
    inputs = x
    if shortcut:
        inputs = layers.Conv2D(4 * filters, 1, stride, name=f"{name}_0_conv")(x)
        inputs = normalized(inputs, f"{name}_0_bn")
    x = layers.Conv2D(filters, 1, stride, name=f"{name}_1_conv")(x)
    x = active(x, f"{name}_1_{{}}")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = active(x, f"{name}_2_{{}}")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = normalized(x, f"{name}_3_bn")
    x = layers.Add(name=f"{name}_add")([inputs, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


def stem(x: Any, normed: bool) -> Any:
    """Return the images after the first convolution and pooling, a quarter of their size."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, 2, name="conv1_conv")(x)
    x = active(x, "conv1_{}") if normed else x
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, 2, name="pool1_pool")(x)


def _body(depths: tuple[int, ...]) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        x = stem(x, normed=True)
        for i, (filters, depth) in enumerate(zip(WIDTHS, depths), 2):
            for j in range(1, depth + 1):
                x = _block(x, filters, 2 if i > 2 and j == 1 else 1, j == 1, f"conv{i}_block{j}")
        return x

    return body


ResNet50, ResNet101, ResNet152 = (
    function_of(Network(f"ResNet{size}", _body(depths), f"Return a ResNet of {size} layers.")) for size, depths in DEPTHS.items()
)
