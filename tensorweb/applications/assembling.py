"""What all networks of `applications` share: arguments, the input, steps of several layers, the classifier, the model."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from .. import activations, config, layers
from ..errors import ArgumentError, ShapeError, message
from ..models import Functional
from ..symbolic import KerasTensor, node_of

Body = Callable[[Any], Any]
MIN_SIZE = 32


def channels_first() -> bool:
    """Tell whether images have their channels first."""
    return config.image_data_format() == "channels_first"


def channel_axis(last: int = -1) -> int:
    """Return the axis of channels, `last` if it is the last one."""
    return 1 if channels_first() else last


def channels_of(x: Any) -> int:
    """Return how many channels a symbolic image has."""
    return x.shape[channel_axis()]


# --- arguments ---


def check_arguments(where: str, weights: Any, include_top: bool, classifier_activation: Any) -> None:
    """Raise ArgumentError for weights that cannot be had, and for an activation that trained weights were not made for."""
    if weights == "imagenet":
        advice = "Nothing is downloaded: pass weights=None, or the path of a file of weights that you have."
        raise ArgumentError(message(where, "`weights` None or a file's path", "'imagenet'", advice))
    if weights is None:
        return
    if not Path(weights).is_file():
        raise ArgumentError(message(where, "`weights` None or a file's path", repr(weights), "There is no such file."))
    if include_top and activations.get(classifier_activation) not in (activations.linear, activations.softmax):
        wanted = "`classifier_activation` softmax or None with trained weights"
        raise ArgumentError(message(where, wanted, repr(classifier_activation), "They were trained with softmax."))


def image_shape(
    where: str, input_shape: Any, default_size: int, include_top: bool, min_size: int = MIN_SIZE
) -> tuple[int | None, ...]:
    """Return the shape of input images, checked; without one the default size with a classifier, else any."""
    first = channels_first()
    if not input_shape:
        size = default_size if include_top else None
        return (3, size, size) if first else (size, size, 3)
    if len(input_shape) != 3:
        raise ShapeError(message(where, "an `input_shape` of three integers", input_shape, "Height, width and channels."))
    shape = tuple(input_shape)
    sizes, channels = (shape[1:], shape[0]) if first else (shape[:2], shape[2])
    if channels not in (1, 3):
        warnings.warn(f"{where}: images usually have 1 or 3 channels, these have {channels}", stacklevel=4)
    if any(s is not None and s < min_size for s in sizes):
        raise ShapeError(message(where, f"an `input_shape` of at least {min_size} by {min_size}", shape, "The network halves it 5 times."))
    if include_top and None in shape:
        raise ShapeError(message(where, "a fixed `input_shape` with include_top", shape, "Fix all sizes, or pass include_top=False."))
    return shape


def image_input(where: str, shape: tuple[int | None, ...], input_tensor: Any) -> Any:
    """Return the symbolic images the network begins with."""
    if input_tensor is None:
        return layers.Input(shape=shape)
    if not isinstance(input_tensor, KerasTensor):
        raise ArgumentError(message(where, "a symbolic `input_tensor`", type(input_tensor).__name__, "Make it by tw.Input."))
    return input_tensor


def sources(x: Any) -> Any:
    """Return the Inputs that a symbolic tensor comes from: one, or a list."""
    found: dict[int, Any] = {}
    waiting, seen = [x], set()
    while waiting:
        t = waiting.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        parents = node_of(t).input_tensors
        if not parents:
            found[id(t)] = t
        waiting.extend(reversed(parents))
    return next(iter(found.values())) if len(found) == 1 else list(found.values())


# --- steps ---


def divisible(v: float, divisor: int = 8) -> int:
    """Return v rounded to a multiple of `divisor`, never down by more than a tenth."""
    rounded = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * v else rounded


def half_padding(x: Any, kernel_size: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the padding with which a convolution of stride 2 halves an image's sizes, even and odd ones."""
    sizes = x.shape[2:4] if channels_first() else x.shape[1:3]
    even = (1, 1) if sizes[0] is None else tuple(1 - s % 2 for s in sizes)
    half = kernel_size // 2
    return (half - even[0], half), (half - even[1], half)


def pooled(x: Any, pooling: str | None, names: tuple[str | None, str | None] = ("avg_pool", "max_pool")) -> Any:
    """Return the images, or their global average or maximum, as `pooling` says: None, avg or max."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name=names[0])(x)
    return layers.GlobalMaxPooling2D(name=names[1])(x) if pooling == "max" else x


def assemble(inputs: Any, outputs: Any, name: str | None, weights: Any) -> Functional:
    """Return the model from the Inputs that `inputs` comes from, with weights from a file if there is one."""
    model = Functional(sources(inputs), outputs, name=name)
    if weights is not None:
        model.load_weights(weights)
    return model


# --- networks with the same arguments ---


class Network(NamedTuple):
    """What tells one network from another: `body` makes features of images, `top` a vector of features (by default their average)."""

    name: str
    body: Body
    doc: str
    default_size: int = 224
    min_size: int = MIN_SIZE
    top: Body | None = None
    initializer: Any = "glorot_uniform"
    pool_names: tuple[str | None, str | None] = ("avg_pool", "max_pool")


def build(
    network: Network, include_top: bool, weights: Any, input_tensor: Any, input_shape: Any, pooling: str | None, classes: int,
    classifier_activation: Any, name: str | None, before: Body | None = None,
) -> Functional:  # fmt: skip
    """Return the model of a network; `before` is what its images go through first."""
    where = network.name
    check_arguments(where, weights, include_top, classifier_activation)
    shape = image_shape(where, input_shape, network.default_size, include_top, network.min_size)
    inputs = image_input(where, shape, input_tensor)
    x = network.body(inputs if before is None else before(inputs))
    if include_top:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x) if network.top is None else network.top(x)
        x = layers.Dense(classes, activation=classifier_activation, kernel_initializer=network.initializer, name="predictions")(x)
    else:
        x = pooled(x, pooling, network.pool_names)
    return assemble(inputs, x, name, weights)


def described(make: Callable[..., Functional], network: Network) -> Callable[..., Functional]:
    """Return the function that makes a network, with its name and text."""
    make.__name__ = make.__qualname__ = network.name
    make.__doc__ = f"""{network.doc}

    Args: `include_top`: with the classifier; `weights`: None (random) or the path of a file; `input_tensor`: a symbolic tensor to
    use as images; `input_shape` without the batch; `pooling` of the features without the top: None, avg or max; `classes`;
    `classifier_activation`; `name`. Raises ArgumentError for weights="imagenet", which would have to be downloaded, ShapeError for
    images that are too small. Keras's {network.name}.
    """
    return make


def function_of(network: Network, name: str | None = None) -> Callable[..., Functional]:
    """Return the function with Keras's arguments that makes a network."""

    def make(
        include_top: bool = True, weights: Any = "imagenet", input_tensor: Any = None, input_shape: Any = None,
        pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax",
        name: str | None = name or network.name.lower(),
    ) -> Functional:  # fmt: skip
        return build(network, include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)

    return described(make, network)
