"""EfficientNets V2 (Tan and Le, 2021): B0 to B3, S, M and L, whose first blocks have no depthwise convolution."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any

from .. import layers
from ..models import Functional
from .assembling import Network, build, channel_axis, channels_of, described
from .efficientnet import DROP_RATE, EXCITATION, KERNELS, conv, excited, initializer
from .imagenet_utils import TORCH_DEVIATION, TORCH_MEAN, decode_predictions, preprocessor

# (how many, filters, expansion, stride of the first, whether fused) of each group of blocks; the stem has as many filters as `STEMS` says.
_BASE = ((1, 16, 1, 1, 1), (2, 32, 4, 2, 1), (2, 48, 4, 2, 1), (3, 96, 4, 2, 0), (5, 112, 6, 1, 0), (8, 192, 6, 2, 0))
GROUPS = {
    "S": ((2, 24, 1, 1, 1), (4, 48, 4, 2, 1), (4, 64, 4, 2, 1), (6, 128, 4, 2, 0), (9, 160, 6, 1, 0), (15, 256, 6, 2, 0)),
    "M": ((3, 24, 1, 1, 1), (5, 48, 4, 2, 1), (5, 80, 4, 2, 1), (7, 160, 4, 2, 0), (14, 176, 6, 1, 0), (18, 304, 6, 2, 0),
        (5, 512, 6, 1, 0)),
    "L": ((4, 32, 1, 1, 1), (7, 64, 4, 2, 1), (7, 96, 4, 2, 1), (10, 192, 4, 2, 0), (19, 224, 6, 1, 0), (25, 384, 6, 2, 0),
        (7, 640, 6, 1, 0)),
}  # fmt: skip
STEMS = {"S": 24, "M": 24, "L": 32}
# Network: (width, depth, image size).
SCALES = {
    "B0": (1.0, 1.0, 224), "B1": (1.0, 1.1, 240), "B2": (1.1, 1.2, 260), "B3": (1.2, 1.4, 300), "S": (1.0, 1.0, 384),
    "M": (1.0, 1.0, 480), "L": (1.0, 1.0, 480),
}  # fmt: skip

preprocess_input = preprocessor("EfficientNetV2", None)
__all__ = [*(f"EfficientNetV2{k}" for k in SCALES), "decode_predictions", "preprocess_input"]


def _multiple_of_8(filters: float) -> int:
    return max(8, int(filters + 4) // 8 * 8)


def _active(x: Any, name: str, batch_norm: str = "bn") -> Any:
    x = layers.BatchNormalization(axis=channel_axis(3), momentum=0.9, name=f"{name}{batch_norm}")(x)
    return layers.Activation("swish", name=f"{name}activation")(x)


def _separated(x: Any, expanded: int, stride: int, name: str) -> Any:
    """Return the images expanded, convolved channel by channel and excited."""
    squeezed = max(1, int(channels_of(x) * EXCITATION))
    x = _active(conv(expanded, use_bias=False, name=f"{name}expand_conv")(x), f"{name}expand_")
    x = layers.DepthwiseConv2D(3, stride, "same", use_bias=False, depthwise_initializer=KERNELS, name=f"{name}dwconv2")(x)
    return excited(_active(x, name), squeezed, name)


def _block(x: Any, filters: int, expansion: int, stride: int, fused: int, drop_rate: float, name: str) -> Any:
    inputs, channels = x, channels_of(x)
    if not fused:
        x = _separated(x, channels * expansion, stride, name)
    elif expansion != 1:
        x = _active(conv(channels * expansion, 3, stride, use_bias=False, name=f"{name}expand_conv")(x), f"{name}expand_")
    single = fused and expansion == 1
    x = conv(filters, 3 if single else 1, stride if single else 1, use_bias=False, name=f"{name}project_conv")(x)
    x = layers.BatchNormalization(axis=channel_axis(3), momentum=0.9, name=f"{name}project_bn")(x)
    x = layers.Activation("swish", name=f"{name}project_activation")(x) if single else x
    if stride > 1 or channels != filters:
        return x
    if drop_rate > 0:
        x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, inputs])


def _body(key: str) -> Callable[[Any], Any]:
    width, depth, _ = SCALES[key]
    groups = GROUPS.get(key, _BASE)

    def body(x: Any) -> Any:
        x = _active(conv(_multiple_of_8(STEMS.get(key, 32) * width), 3, 2, use_bias=False, name="stem_conv")(x), "stem_")
        done, total = 0, sum(count for count, *_ in groups)
        for i, (count, filters, expansion, stride, fused) in enumerate(groups, 1):
            for j in range(ceil(depth * count)):
                rate, name = DROP_RATE * done / total, f"block{i}{chr(ord('a') + j)}_"
                x = _block(x, _multiple_of_8(filters * width), expansion, stride if j == 0 else 1, fused, rate, name)
                done += 1
        return _active(conv(_multiple_of_8(1280 * width), use_bias=False, name="top_conv")(x), "top_")

    return body


def _top(x: Any) -> Any:
    return layers.Dropout(0.2, name="top_dropout")(layers.GlobalAveragePooling2D(name="avg_pool")(x))


def _scaled(x: Any, by_imagenet: bool) -> Any:
    """Return pixels in [0, 255] as the network takes them."""
    if not by_imagenet or channels_of(x) != 3:
        return layers.Rescaling(1.0 / 128.0, offset=-1)(x)
    x = layers.Rescaling(1.0 / 255)(x)
    return layers.Normalization(mean=list(TORCH_MEAN), variance=[d * d for d in TORCH_DEVIATION], axis=channel_axis(3))(x)


def _function(key: str) -> Callable[..., Functional]:
    doc = f"Return an EfficientNetV2{key}; pixels are in [0, 255], or scaled as it takes them with `include_preprocessing=False`."
    network = Network(f"EfficientNetV2{key}", _body(key), doc, SCALES[key][2], top=_top, initializer=initializer(1 / 3, "uniform"))

    def make(
        include_top: bool = True, weights: Any = "imagenet", input_tensor: Any = None, input_shape: Any = None,
        pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax", include_preprocessing: bool = True,
        name: str | None = f"efficientnetv2-{key.lower()}",
    ) -> Functional:  # fmt: skip
        before = (lambda x: _scaled(x, key.startswith("B"))) if include_preprocessing else None
        return build(network, include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name, before)

    return described(make, network)


EfficientNetV2B0, EfficientNetV2B1, EfficientNetV2B2, EfficientNetV2B3 = map(_function, ("B0", "B1", "B2", "B3"))
EfficientNetV2S, EfficientNetV2M, EfficientNetV2L = map(_function, ("S", "M", "L"))
