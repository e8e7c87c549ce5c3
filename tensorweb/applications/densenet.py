"""DenseNets (Huang et al., 2016) of 121, 169 and 201 layers: each block sees the outputs of all before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from .assembling import Network, channel_axis, channels_of, function_of
from .imagenet_utils import decode_predictions, preprocessor
from .resnet import active

DEPTHS = {"121": (6, 12, 24, 16), "169": (6, 12, 32, 32), "201": (6, 12, 48, 32)}
GROWTH = 32

preprocess_input = preprocessor("DenseNet", "torch")
__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]


def _block(x: Any, name: str) -> Any:
    made = active(x, f"{name}_0_{{}}")
    made = layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(made)
    made = active(made, f"{name}_1_{{}}")
    made = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(made)
    return layers.Concatenate(axis=channel_axis(3), name=f"{name}_concat")([x, made])


def _transition(x: Any, name: str) -> Any:
    """Return the images with half the channels and half the size."""
    x = active(x, f"{name}_{{}}")
    x = layers.Conv2D(channels_of(x) // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, 2, name=f"{name}_pool")(x)


def _body(depths: tuple[int, ...]) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        x = layers.ZeroPadding2D(3)(x)
        x = layers.Conv2D(64, 7, 2, use_bias=False, name="conv1_conv")(x)
        x = layers.ZeroPadding2D(1)(active(x, "conv1_{}"))
        x = layers.MaxPooling2D(3, 2, name="pool1")(x)
        for i, depth in enumerate(depths, 2):
            for j in range(1, depth + 1):
                x = _block(x, f"conv{i}_block{j}")
            x = _transition(x, f"pool{i}") if i < 5 else x
        return active(x, "{}")

    return body


DenseNet121, DenseNet169, DenseNet201 = (
    function_of(Network(f"DenseNet{size}", _body(depths), f"Return a DenseNet of {size} layers.")) for size, depths in DEPTHS.items()
)
