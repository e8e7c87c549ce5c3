"""EfficientNets B0 to B7 (Tan and Le, 2019): inverted residual blocks with excitation, scaled in width, depth and image size."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from .. import layers
from ..models import Functional
from .assembling import Network, channel_axis, channels_first, channels_of, divisible, function_of, half_padding
from .imagenet_utils import decode_predictions, preprocessor

# Network: (width, depth, image size, rate of the classifier's dropout).
SCALES = {
    "B0": (1.0, 1.0, 224, 0.2), "B1": (1.0, 1.1, 240, 0.2), "B2": (1.1, 1.2, 260, 0.3), "B3": (1.2, 1.4, 300, 0.3),
    "B4": (1.4, 1.8, 380, 0.4), "B5": (1.6, 2.2, 456, 0.4), "B6": (1.8, 2.6, 528, 0.5), "B7": (2.0, 3.1, 600, 0.5),
}  # fmt: skip
# (kernel, how many, filters, expansion, stride of the first) of each group of blocks of B0.
GROUPS = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2), (3, 1, 320, 6, 1),
)  # fmt: skip
DROP_RATE, EXCITATION = 0.2, 0.25

preprocess_input = preprocessor("EfficientNet", None)
__all__ = [*(f"EfficientNet{k}" for k in SCALES), "decode_predictions", "preprocess_input"]


def initializer(scale: float, distribution: str) -> dict[str, Any]:
    """Return the config of the family's initializers."""
    return {"class_name": "VarianceScaling", "config": {"scale": scale, "mode": "fan_out", "distribution": distribution}}


KERNELS = initializer(2.0, "truncated_normal")


def conv(filters: int, size: int = 1, strides: int = 1, padding: str = "same", **options: Any) -> Any:
    """Return a convolution with the family's initializer."""
    return layers.Conv2D(filters, size, strides, padding, kernel_initializer=KERNELS, **options)


def _normalized(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(3), name=name)(x)


def _active(x: Any, name: str) -> Any:
    return layers.Activation("swish", name=f"{name}activation")(_normalized(x, f"{name}bn"))


def excited(x: Any, squeezed: int, name: str) -> Any:
    """Return the images with each channel scaled by a network of the channels' means."""
    filters = channels_of(x)
    scale = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    scale = layers.Reshape((filters, 1, 1) if channels_first() else (1, 1, filters), name=f"{name}se_reshape")(scale)
    scale = conv(squeezed, activation="swish", name=f"{name}se_reduce")(scale)
    scale = conv(filters, activation="sigmoid", name=f"{name}se_expand")(scale)
    return layers.Multiply(name=f"{name}se_excite")([x, scale])


def _block(x: Any, kernel: int, filters: int, expansion: int, stride: int, drop_rate: float, name: str) -> Any:
    inputs, channels = x, channels_of(x)
    if expansion != 1:
        x = conv(channels * expansion, use_bias=False, name=f"{name}expand_conv")(x)
        x = _active(x, f"{name}expand_")
    if stride == 2:
        x = layers.ZeroPadding2D(half_padding(x, kernel), name=f"{name}dwconv_pad")(x)
    padding = "valid" if stride == 2 else "same"
    x = layers.DepthwiseConv2D(kernel, stride, padding, use_bias=False, depthwise_initializer=KERNELS, name=f"{name}dwconv")(x)
    x = _active(x, name)
    x = excited(x, max(1, int(channels * EXCITATION)), name)
    x = conv(filters, use_bias=False, name=f"{name}project_conv")(x)
    x = _normalized(x, f"{name}project_bn")
    if stride > 1 or channels != filters:
        return x
    if drop_rate > 0:
        x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, inputs])


def _body(width: float, depth: float) -> Callable[[Any], Any]:
    def body(x: Any) -> Any:
        x = layers.Rescaling(1.0 / 255.0)(x)
        x = layers.Normalization(axis=channel_axis(3))(x)
        x = layers.ZeroPadding2D(half_padding(x, 3), name="stem_conv_pad")(x)
        x = conv(divisible(32 * width), 3, 2, "valid", use_bias=False, name="stem_conv")(x)
        x = _active(x, "stem_")
        counts = [ceil(depth * group[1]) for group in GROUPS]
        done, total = 0, sum(counts)
        for i, ((kernel, _, filters, expansion, stride), count) in enumerate(zip(GROUPS, counts), 1):
            for j in range(count):
                name = f"block{i}{chr(ord('a') + j)}_"
                x = _block(x, kernel, divisible(filters * width), expansion, stride if j == 0 else 1, DROP_RATE * done / total, name)
                done += 1
        x = conv(divisible(1280 * width), use_bias=False, name="top_conv")(x)
        return _active(x, "top_")

    return body


def _efficientnet(name: str) -> Callable[..., Functional]:
    width, depth, size, dropout = SCALES[name]

    def top(x: Any) -> Any:
        x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
        return layers.Dropout(dropout, name="top_dropout")(x)

    doc = f"Return an EfficientNet{name}, for images of {size} by {size} with pixels in [0, 255] unless told otherwise."
    return function_of(Network(f"EfficientNet{name}", _body(width, depth), doc, size, top=top, initializer=initializer(1 / 3, "uniform")))


EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3 = map(_efficientnet, ("B0", "B1", "B2", "B3"))
EfficientNetB4, EfficientNetB5, EfficientNetB6, EfficientNetB7 = map(_efficientnet, ("B4", "B5", "B6", "B7"))
