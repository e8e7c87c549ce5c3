"""Rescaling: inputs times a number plus a number."""

from __future__ import annotations

from typing import Any

from .. import config as settings
from .. import ops
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import as_tensor
from .layer import Layer


class Rescaling(Layer):
    """Returns `inputs * scale + offset` in the compute dtype. Keras's Rescaling, TensorFlow.js's rescaling.

    `scale` and `offset` are numbers, or tensors that broadcast; with the image data format channels_first a vector holds one for
    each channel.

    >>> import tensorweb as tw
    >>> tw.layers.Rescaling(1 / 127.5, offset=-1)(tw.tensor([0, 255])).tolist()
    [-1.0, 1.0]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self._numbers = tuple(self._number(v, "scale" if v is scale else "offset") for v in (scale, offset))

    def _number(self, value: Any, name: str) -> Any:
        return value if isinstance(value, (int, float)) else as_tensor(value, f"Rescaling.{name}", None)

    def call(self, inputs: Any) -> Any:
        """Return the inputs rescaled."""
        dtype = self.compute_dtype
        x = as_tensor(inputs, self.name)
        x = x if x.dtype == dtype else ops.cast(x, dtype)
        scale, offset = (v if isinstance(v, (int, float)) or v.dtype == dtype else ops.cast(v, dtype) for v in self._numbers)
        rank = len(getattr(scale, "shape", ()))
        if 0 < rank < 3 and settings.image_data_format() == "channels_first":
            scale = ops.reshape(scale, (*scale.shape, *(1,) * (3 - rank)))
        return x * scale + offset

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return {**super().get_config(), **{k: serialize_keras_object(getattr(self, k)) for k in ("scale", "offset")}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of a config."""
        return cls(**{k: deserialize_keras_object(v) if k in ("scale", "offset") else v for k, v in config.items()})
