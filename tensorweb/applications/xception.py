"""Xception (Chollet, 2016): residual blocks of separable convolutions."""

from __future__ import annotations

from typing import Any

from .. import layers
from .assembling import Network, channel_axis, function_of
from .imagenet_utils import decode_predictions, preprocessor

preprocess_input = preprocessor("Xception", "tf")
__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def _normalized(x: Any, name: str | None = None) -> Any:
    return layers.BatchNormalization(axis=channel_axis(), name=name)(x)


def _relu(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=f"{name}_act")(x)


def _separable(x: Any, filters: int, name: str) -> Any:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _normalized(x, f"{name}_bn")


def _halving(x: Any, filters: tuple[int, int], number: int) -> Any:
    """Return the images after two separable convolutions and pooling, plus themselves at half the size."""
    inputs = layers.Conv2D(filters[1], 1, 2, padding="same", use_bias=False)(x)
    inputs = _normalized(inputs)
    for i, count in enumerate(filters, 1):
        name = f"block{number}_sepconv{i}"
        x = x if number == 2 and i == 1 else _relu(x, name)
        x = _separable(x, count, name)
    x = layers.MaxPooling2D(3, 2, padding="same", name=f"block{number}_pool")(x)
    return layers.Add()([x, inputs])


def _body(x: Any) -> Any:
    for i, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        x = layers.Conv2D(filters, 3, stride, use_bias=False, name=f"block1_conv{i}")(x)
        x = _relu(_normalized(x, f"block1_conv{i}_bn"), f"block1_conv{i}")
    for number, filters in ((2, 128), (3, 256), (4, 728)):
        x = _halving(x, (filters, filters), number)
    for number in range(5, 13):
        inputs = x
        for i in range(1, 4):
            x = _separable(_relu(x, f"block{number}_sepconv{i}"), 728, f"block{number}_sepconv{i}")
        x = layers.Add()([x, inputs])
    x = _halving(x, (728, 1024), 13)
    for i, filters in enumerate((1536, 2048), 1):
        x = _relu(_separable(x, filters, f"block14_sepconv{i}"), f"block14_sepconv{i}")
    return x


Xception = function_of(Network("Xception", _body, "Return an Xception network.", 299, 71, pool_names=(None, None)))
