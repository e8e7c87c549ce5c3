"""What VGG16 and VGG19 share (Simonyan and Zisserman, 2014): groups of convolutions, each followed by pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import layers
from ..models import Functional
from .assembling import Network, function_of

WIDTHS = (64, 128, 256, 512, 512)


def _top(x: Any) -> Any:
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
    return x


def vgg(name: str, depths: tuple[int, ...]) -> Callable[..., Functional]:
    """Return the function that makes the network with so many convolutions in each group."""

    def body(x: Any) -> Any:
        for i, (filters, depth) in enumerate(zip(WIDTHS, depths), 1):
            for j in range(1, depth + 1):
                x = layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"block{i}_conv{j}")(x)
            x = layers.MaxPooling2D(2, 2, name=f"block{i}_pool")(x)
        return x

    return function_of(Network(name, body, f"Return a {name}.", top=_top, pool_names=(None, None)))
