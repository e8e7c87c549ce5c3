"""NASNet-A, mobile and large (Zoph et al., 2017): cells whose structure a search found. Channels are last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import layers
from ..errors import ArgumentError, message
from ..models import Functional
from .assembling import Network, build, channels_first, described, half_padding
from .imagenet_utils import decode_predictions, preprocessor

preprocess_input = preprocessor("NASNet", "tf")
__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]


class _Size(NamedTuple):
    """How large a NASNet is: `filters` of its first cells, cells between reductions, filters of the stem, image size.

    `skips`: whether the cells after a reduction see what came before the reduction's own input.
    """

    filters: int
    cells: int
    stem: int
    images: int
    skips: bool


_SIZES = {"Mobile": _Size(44, 4, 32, 224, False), "Large": _Size(168, 6, 96, 331, True)}


def _relu(x: Any, name: str | None = None) -> Any:
    return layers.Activation("relu", name=name)(x)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=-1, momentum=0.9997, epsilon=1e-3, name=name)(x)


def _conv(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _separable(x: Any, filters: int, size: int, name: str, stride: int = 1) -> Any:
    """Return the images after two separable convolutions, the first of which has the stride."""
    for i, step in ((1, stride), (2, 1)):
        x = _relu(x)
        if step == 2:
            x = layers.ZeroPadding2D(half_padding(x, size), name=f"separable_conv_{i}_pad_{name}")(x)
        padding = "valid" if step == 2 else "same"
        x = layers.SeparableConv2D(filters, size, step, padding, use_bias=False, name=f"separable_conv_{i}_{name}")(x)
        x = _normalized(x, f"separable_conv_{i}_bn_{name}")
    return x


def _halved(p: Any, filters: int, name: str) -> Any:
    """Return every second pixel and, shifted by one, every other second pixel, each mixed to half the filters."""
    p = _relu(p, f"adjust_relu_1_{name}")
    first = layers.AveragePooling2D(1, 2, name=f"adjust_avg_pool_1_{name}")(p)
    first = _conv(first, filters // 2, f"adjust_conv_1_{name}")
    second = layers.ZeroPadding2D(((0, 1), (0, 1)))(p)
    second = layers.Cropping2D(((1, 0), (1, 0)))(second)
    second = layers.AveragePooling2D(1, 2, name=f"adjust_avg_pool_2_{name}")(second)
    second = _conv(second, filters // 2, f"adjust_conv_2_{name}")
    return _normalized(layers.Concatenate(axis=-1)([first, second]), f"adjust_bn_{name}")


def _adjusted(p: Any, x: Any, filters: int, name: str) -> Any:
    """Return what the cell before saw, in this cell's size and number of filters."""
    if p is None:
        return x
    if p.shape[-2] != x.shape[-2]:
        return _halved(p, filters, name)
    if p.shape[-1] == filters:
        return p
    return _normalized(_conv(_relu(p), filters, f"adjust_conv_projection_{name}"), f"adjust_bn_{name}")


def _add(parts: list[Any], name: str | None = None) -> Any:
    return layers.Add(name=name)(parts)


def _normal(x: Any, p: Any, filters: int, name: str) -> Any:
    """Return the result of a normal cell for the last cell's result and that of the one before."""
    p = _adjusted(p, x, filters, name)
    h = _normalized(_conv(_relu(x), filters, f"normal_conv_1_{name}"), f"normal_bn_1_{name}")

    def average(value: Any, place: str) -> Any:
        return layers.AveragePooling2D(3, 1, padding="same", name=f"normal_{place}_{name}")(value)

    def separable(value: Any, size: int, place: str) -> Any:
        return _separable(value, filters, size, f"normal_{place}_{name}")

    parts = [
        _add([separable(h, 5, "left1"), separable(p, 3, "right1")], f"normal_add_1_{name}"),
        _add([separable(p, 5, "left2"), separable(p, 3, "right2")], f"normal_add_2_{name}"),
        _add([average(h, "left3"), p], f"normal_add_3_{name}"),
        _add([average(p, "left4"), average(p, "right4")], f"normal_add_4_{name}"),
        _add([separable(h, 3, "left5"), h], f"normal_add_5_{name}"),
    ]
    return layers.Concatenate(axis=-1, name=f"normal_concat_{name}")([p, *parts])


def _reduced(x: Any, p: Any, filters: int, name: str) -> Any:
    """Return the result of a reduction cell, half the size, for the last cell's result and that of the one before."""
    p = _adjusted(p, x, filters, name)
    h = _normalized(_conv(_relu(x), filters, f"reduction_conv_1_{name}"), f"reduction_bn_1_{name}")
    padded = layers.ZeroPadding2D(half_padding(h, 3), name=f"reduction_pad_1_{name}")(h)

    def separable(value: Any, size: int, place: str, stride: int = 2) -> Any:
        return _separable(value, filters, size, f"reduction_{place}_{name}", stride)

    x1 = _add([separable(h, 5, "left1"), separable(p, 7, "right1")], f"reduction_add_1_{name}")
    left = layers.MaxPooling2D(3, 2, name=f"reduction_left2_{name}")(padded)
    x2 = _add([left, separable(p, 7, "right2")], f"reduction_add_2_{name}")
    left = layers.AveragePooling2D(3, 2, name=f"reduction_left3_{name}")(padded)
    x3 = _add([left, separable(p, 5, "right3")], f"reduction_add3_{name}")
    x4 = _add([x2, layers.AveragePooling2D(3, 1, padding="same", name=f"reduction_left4_{name}")(x1)])
    left = separable(x1, 3, "left4", 1)
    x5 = _add([left, layers.MaxPooling2D(3, 2, name=f"reduction_right5_{name}")(padded)], f"reduction_add4_{name}")
    return layers.Concatenate(axis=-1, name=f"reduction_concat_{name}")([x2, x3, x4, x5])


def _body(size: _Size) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        x = layers.Conv2D(size.stem, 3, 2, use_bias=False, kernel_initializer="he_normal", name="stem_conv1")(x)
        x, p = _normalized(x, "stem_bn1"), None
        for i, part in ((1, 4), (2, 2)):
            x, p = _reduced(x, p, size.filters // part, f"stem_{i}"), x
        for group in range(3):
            filters = size.filters * 2**group
            if group:
                x, before = _reduced(x, p, filters, f"reduce_{group * size.cells}"), x
                p = p if size.skips else before
            for i in range(size.cells):
                x, p = _normal(x, p, filters, f"{group * size.cells + i + (group > 0)}"), x
        return _relu(x)

    return body


def _function(key: str) -> Callable[..., Functional]:
    size = _SIZES[key]
    doc = f"Return a NASNet-A, {key.lower()}."
    network = Network(f"NASNet{key}", _body(size), doc, size.images, top=_averaged, pool_names=(None, None))

    def make(
        input_shape: Any = None, include_top: bool = True, weights: Any = "imagenet", input_tensor: Any = None,
        pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax",
        name: str | None = f"nasnet_{key.lower()}",
    ) -> Functional:  # fmt: skip
        if channels_first():
            raise ArgumentError(message(network.name, "channels_last", "channels_first", "Call config.set_image_data_format first."))
        shape = input_shape if input_shape is not None or include_top else (size.images, size.images, 3)
        return build(network, include_top, weights, input_tensor, shape, pooling, classes, classifier_activation, name)

    return described(make, network)


def _averaged(x: Any) -> Any:
    """Return the average of the features, by a layer without a name of its own."""
    return layers.GlobalAveragePooling2D()(x)


NASNetMobile, NASNetLarge = _function("Mobile"), _function("Large")
