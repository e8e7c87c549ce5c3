"""ConvNeXts (Liu et al., 2022): tiny, small, base, large and extra large. Channels are last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import initializers, layers
from ..errors import ArgumentError, message
from ..models import Functional, Sequential
from .assembling import assemble, channels_first, channels_of, check_arguments, image_input, image_shape, pooled
from .imagenet_utils import TORCH_DEVIATION, TORCH_MEAN, decode_predictions, preprocessor

# Network: (blocks in each stage, filters of each stage).
SIZES = {
    "Tiny": ((3, 3, 9, 3), (96, 192, 384, 768)),
    "Small": ((3, 3, 27, 3), (96, 192, 384, 768)),
    "Base": ((3, 3, 27, 3), (128, 256, 512, 1024)),
    "Large": ((3, 3, 27, 3), (192, 384, 768, 1536)),
    "XLarge": ((3, 3, 27, 3), (256, 512, 1024, 2048)),
}
SCALE = 1e-6

preprocess_input = preprocessor("ConvNeXt", None)
__all__ = [*(f"ConvNeXt{k}" for k in SIZES), "decode_predictions", "preprocess_input"]


class LayerScale(layers.Layer):
    """Multiplication of each of `projection_dim` channels with a weight, at first `init_values`. Keras's layer of this network."""

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.init_values, self.projection_dim = init_values, projection_dim

    def build(self, input_shape: Any) -> None:
        """Make the weight."""
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializers.Constant(self.init_values))

    def call(self, inputs: Any) -> Any:
        """Return the scaled inputs."""
        return inputs * self.gamma


def _normalization(name: str | None = None) -> Any:
    return layers.LayerNormalization(epsilon=1e-6, name=name)


def _block(inputs: Any, filters: int, name: str) -> Any:
    x = layers.Conv2D(filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv")(inputs)
    x = _normalization(f"{name}_layernorm")(x)
    x = layers.Dense(4 * filters, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(filters, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(SCALE, filters, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def _downsampling(widths: tuple[int, ...], name: str) -> list[Any]:
    """Return what comes before each stage: the stem, then halvings."""
    stem = [layers.Conv2D(widths[0], 4, 4, name=f"{name}_stem_conv"), _normalization(f"{name}_stem_layernorm")]
    made = [Sequential(stem, name=f"{name}_stem")]
    for i, filters in enumerate(widths[1:]):
        halving = [
            _normalization(f"{name}_downsampling_layernorm_{i}"),
            layers.Conv2D(filters, 2, 2, name=f"{name}_downsampling_conv_{i}"),
        ]
        made.append(Sequential(halving, name=f"{name}_downsampling_block_{i}"))
    return made


def _features(x: Any, depths: tuple[int, ...], widths: tuple[int, ...], include_preprocessing: bool, name: str) -> Any:
    if include_preprocessing and channels_of(x) == 3:
        mean, variance = [m * 255 for m in TORCH_MEAN], [(d * 255) ** 2 for d in TORCH_DEVIATION]
        x = layers.Normalization(mean=mean, variance=variance, name=f"{name}_prestem_normalization")(x)
    for i, before in enumerate(_downsampling(widths, name)):
        x = before(x)
        for j in range(depths[i]):
            x = _block(x, widths[i], f"{name}_stage_{i}_block_{j}")
    return x


def _function(key: str) -> Callable[..., Functional]:
    where, (depths, widths) = f"ConvNeXt{key}", SIZES[key]

    def make(
        include_top: bool = True, include_preprocessing: bool = True, weights: Any = "imagenet", input_tensor: Any = None,
        input_shape: Any = None, pooling: str | None = None, classes: int = 1000, classifier_activation: Any = "softmax",
        name: str = f"convnext_{key.lower()}",
    ) -> Functional:  # fmt: skip
        if channels_first():
            raise ArgumentError(message(where, "channels_last", "channels_first", "Call config.set_image_data_format first."))
        check_arguments(where, weights, include_top, classifier_activation)
        inputs = image_input(where, image_shape(where, input_shape, 224, include_top), input_tensor)
        x = _features(inputs, depths, widths, include_preprocessing, name)
        if include_top:
            x = layers.GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
            x = _normalization(f"{name}_head_layernorm")(x)
            x = layers.Dense(classes, activation=classifier_activation, name=f"{name}_head_dense")(x)
        else:
            x = _normalization()(pooled(x, pooling, (None, None)))
        return assemble(inputs, x, name, weights)

    make.__name__ = make.__qualname__ = where
    make.__doc__ = f"""Return a {where}, of {sum(depths)} blocks; pixels are in [0, 255] unless `include_preprocessing` is False.

    Other arguments as in ResNet50. Raises ArgumentError for weights="imagenet", which would have to be downloaded. Keras's {where}.
    """
    return make


ConvNeXtTiny, ConvNeXtSmall, ConvNeXtBase = _function("Tiny"), _function("Small"), _function("Base")
ConvNeXtLarge, ConvNeXtXLarge = _function("Large"), _function("XLarge")
