"""InceptionResNetV2 (Szegedy et al., 2016): inception modules, most of them residual."""

from __future__ import annotations

from typing import Any

from .. import layers
from .assembling import Network, channel_axis, channels_of, function_of
from .imagenet_utils import decode_predictions, preprocessor
from .inception_v3 import Step, joined, stem

preprocess_input = preprocessor("InceptionResNetV2", "tf")
__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

# Kind of block: (how many, scale of what they add, branches).
BLOCKS: dict[str, tuple[int, float, tuple[tuple[Step, ...], ...]]] = {
    "block35": (10, 0.17, (((32, 1, 1),), ((32, 1, 1), (32, 3, 3)), ((32, 1, 1), (48, 3, 3), (64, 3, 3)))),
    "block17": (20, 0.1, (((192, 1, 1),), ((128, 1, 1), (160, 1, 7), (192, 7, 1)))),
    "block8": (10, 0.2, (((192, 1, 1),), ((192, 1, 1), (224, 1, 3), (256, 3, 1)))),
}
# The module before each kind of block.
MODULES: dict[str, tuple[tuple[Step, ...], ...]] = {
    "mixed_5b": (((96, 1, 1),), ((48, 1, 1), (64, 5, 5)), ((64, 1, 1), (96, 3, 3), (96, 3, 3)), ("avg", (64, 1, 1))),
    "mixed_6a": (((384, 3, 3, 2),), ((256, 1, 1), (256, 3, 3), (384, 3, 3, 2)), ("max",)),
    "mixed_7a": (
        ((256, 1, 1), (384, 3, 3, 2)), ((256, 1, 1), (288, 3, 3, 2)), ((256, 1, 1), (288, 3, 3), (320, 3, 3, 2)), ("max",),
    ),
}  # fmt: skip


class CustomScaleLayer(layers.Layer):
    """The first input plus `scale` times the second. Keras's layer of this network."""

    def __init__(self, scale: float, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        """Return the scaled sum."""
        return inputs[0] + inputs[1] * self.scale


def _block(x: Any, kind: str, number: int) -> Any:
    count, scale, branches = BLOCKS[kind]
    last = kind == "block8" and number == count
    name = f"{kind}_{number}"
    more = joined(x, branches, f"{name}_mixed")
    more = layers.Conv2D(channels_of(x), 1, padding="same", name=f"{name}_conv")(more)
    x = CustomScaleLayer(1.0 if last else scale)([x, more])
    return x if last else layers.Activation("relu", name=f"{name}_ac")(x)


def _body(x: Any) -> Any:
    x = stem(x)
    for (name, branches), kind in zip(MODULES.items(), BLOCKS):
        x = joined(x, branches, name)
        for number in range(1, BLOCKS[kind][0] + 1):
            x = _block(x, kind, number)
    x = layers.Conv2D(1536, 1, padding="same", use_bias=False, name="conv_7b")(x)
    x = layers.BatchNormalization(axis=channel_axis(3), scale=False, name="conv_7b_bn")(x)
    return layers.Activation("relu", name="conv_7b_ac")(x)


_NETWORK = Network("InceptionResNetV2", _body, "Return an InceptionResNetV2 network.", 299, 75, pool_names=(None, None))
InceptionResNetV2 = function_of(_NETWORK, "inception_resnet_v2")
