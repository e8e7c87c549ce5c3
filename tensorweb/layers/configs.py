"""serialize and deserialize: layers to configs and back, as `saving` does it for all objects."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from .layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """Return the config of a layer. Keras's layers.serialize.

    >>> import tensorweb as tw
    >>> tw.layers.serialize(tw.layers.Flatten(name="flat"))["class_name"]
    'Flatten'
    """
    return serialize_keras_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Layer:
    """Return the layer of a config; raise ArgumentError if it describes something else. Keras's layers.deserialize."""
    made = deserialize_keras_object(config, custom_objects)
    if not isinstance(made, Layer):
        raise ArgumentError(message("layers.deserialize", "a layer's config", type(made).__name__, "Use saving.deserialize_keras_object."))
    return made
