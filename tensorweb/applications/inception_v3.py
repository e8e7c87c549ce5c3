"""InceptionV3 (Szegedy et al., 2015): parallel branches of convolutions, joined."""

from __future__ import annotations

from typing import Any

from .. import layers
from .assembling import Network, channel_axis, function_of
from .imagenet_utils import decode_predictions, preprocessor

preprocess_input = preprocessor("InceptionV3", "tf")
__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]

# A step of a branch: "avg" or "max" pooling, or (filters, rows, columns[, stride]) of a convolution; with stride 2 it has no padding.
Step = Any


def convolved(x: Any, filters: int, size: Any, strides: int = 1, padding: str = "same") -> Any:
    """Return the images after a convolution, normalization without scale, and relu."""
    x = layers.Conv2D(filters, size, strides, padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=channel_axis(3), scale=False)(x)
    return layers.Activation("relu")(x)


def stem(x: Any) -> Any:
    """Return the images after the first five convolutions and two poolings."""
    x = convolved(x, 32, 3, 2, "valid")
    x = convolved(x, 32, 3, 1, "valid")
    x = convolved(x, 64, 3)
    x = layers.MaxPooling2D(3, 2)(x)
    x = convolved(x, 80, 1, 1, "valid")
    x = convolved(x, 192, 3, 1, "valid")
    return layers.MaxPooling2D(3, 2)(x)


def branch(x: Any, steps: tuple[Step, ...]) -> Any:
    """Return the images after the steps of a branch."""
    for step in steps:
        if step == "avg":
            x = layers.AveragePooling2D(3, 1, padding="same")(x)
        elif step == "max":
            x = layers.MaxPooling2D(3, 2)(x)
        else:
            filters, rows, columns, *strides = step
            x = convolved(x, filters, (rows, columns), *strides, *(["valid"] if strides else []))
    return x


def joined(x: Any, branches: tuple[tuple[Step, ...], ...], name: str | None) -> Any:
    """Return the results of all branches, side by side."""
    return layers.Concatenate(axis=channel_axis(3), name=name)([branch(x, steps) for steps in branches])


def _wide(n: int) -> tuple[tuple[Step, ...], ...]:
    """Return the branches with kernels of 7 and n filters within."""
    return (
        ((192, 1, 1),), ((n, 1, 1), (n, 1, 7), (192, 7, 1)), ((n, 1, 1), (n, 7, 1), (n, 1, 7), (n, 7, 1), (192, 1, 7)),
        ("avg", (192, 1, 1)),
    )  # fmt: skip


def _small(n: int) -> tuple[tuple[Step, ...], ...]:
    """Return the branches with kernels of 3 and 5, n filters after pooling."""
    return ((64, 1, 1),), ((48, 1, 1), (64, 5, 5)), ((64, 1, 1), (96, 3, 3), (96, 3, 3)), ("avg", (n, 1, 1))


MODULES = (
    _small(32), _small(64), _small(64), (((384, 3, 3, 2),), ((64, 1, 1), (96, 3, 3), (96, 3, 3, 2)), ("max",)), _wide(128), _wide(160),
    _wide(160), _wide(192),
    (((192, 1, 1), (320, 3, 3, 2)), ((192, 1, 1), (192, 1, 7), (192, 7, 1), (192, 3, 3, 2)), ("max",)),
)  # fmt: skip


def _last(x: Any, number: int) -> Any:
    """Return one of the last two modules, where two branches part again."""
    parts = ((384, 1, 3),), ((384, 3, 1),)
    first = branch(x, ((320, 1, 1),))
    second = joined(branch(x, ((384, 1, 1),)), parts, f"mixed9_{number}")
    third = joined(branch(x, ((448, 1, 1), (384, 3, 3))), parts, None)
    fourth = branch(x, ("avg", (192, 1, 1)))
    return layers.Concatenate(axis=channel_axis(3), name=f"mixed{9 + number}")([first, second, third, fourth])


def _body(x: Any) -> Any:
    x = stem(x)
    for i, branches in enumerate(MODULES):
        x = joined(x, branches, f"mixed{i}")
    return _last(_last(x, 0), 1)


InceptionV3 = function_of(Network("InceptionV3", _body, "Return an InceptionV3 network.", 299, 75, pool_names=(None, None)), "inception_v3")
