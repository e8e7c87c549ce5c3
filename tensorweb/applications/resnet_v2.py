"""ResNets of the second version (He et al., 2016), whose blocks begin with the normalization, of 50, 101 and 152 layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from .assembling import Network, function_of
from .imagenet_utils import decode_predictions, preprocessor
from .resnet import DEPTHS, WIDTHS, active, stem

preprocess_input = preprocessor("ResNetV2", "tf")
__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def _block(x: Any, filters: int, stride: int, shortcut: bool, name: str) -> Any:
    before = active(x, f"{name}_preact_{{}}")
    if shortcut:
        inputs = layers.Conv2D(4 * filters, 1, stride, name=f"{name}_0_conv")(before)
    else:
        inputs = layers.MaxPooling2D(1, stride)(x) if stride > 1 else x
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(before)
    x = active(x, f"{name}_1_{{}}")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = active(x, f"{name}_2_{{}}")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([inputs, x])


def _body(depths: tuple[int, ...]) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        x = stem(x, normed=False)
        for i, (filters, depth) in enumerate(zip(WIDTHS, depths), 2):
            for j in range(1, depth + 1):
                x = _block(x, filters, 2 if i < 5 and j == depth else 1, j == 1, f"conv{i}_block{j}")
        return active(x, "post_{}")

    return body


ResNet50V2, ResNet101V2, ResNet152V2 = (
    function_of(Network(f"ResNet{size}V2", _body(depths), f"Return a ResNet of the second version of {size} layers."))
    for size, depths in DEPTHS.items()
)
