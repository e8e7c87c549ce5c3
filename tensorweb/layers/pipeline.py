"""Pipeline: preprocessing layers one after another."""

from __future__ import annotations

from typing import Any

from ..autodiff import map_leaves
from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from .layer import Layer, is_layer


class Pipeline(Layer):
    """Applies layers one after another, on images or dicts of them; unlike a Sequential it is not a model. Keras's Pipeline.

    >>> import tensorweb as tw
    >>> made = tw.layers.Pipeline([tw.layers.Rescaling(2.0), tw.layers.Rescaling(1.0, offset=1.0)])
    >>> made(tw.tensor([1.0, 2.0])).tolist()
    [3.0, 5.0]
    """

    def __init__(self, layers: Any, name: str | None = None):
        super().__init__(name=name, autocast=False)
        if not isinstance(layers, (list, tuple)) or not all(is_layer(v) for v in layers):
            raise ArgumentError(message("Pipeline", "`layers`: a list of layers", repr(layers)[:80], "Pass layers, not functions."))
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        """Return what the last layer gives."""
        for layer in self._pipeline_layers:
            spec = layer._call_spec_of()
            given: dict[str, Any] = {"mask": mask} if spec.has_mask else {}
            if spec.has_training and training is not None:
                given["training"] = training
            inputs = layer(inputs, **given)
            mask = map_leaves(lambda t: getattr(t, "_keras_mask", None), inputs)
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the layers' configs and the name."""
        return {"layers": serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a pipeline of a config; raises ArgumentError if it lists no layers."""
        if not isinstance(config.get("layers"), (list, tuple)):
            raise ArgumentError(message("Pipeline", "a config with a list `layers`", repr(config.get("layers")), "Take get_config's."))
        return cls(**{**config, "layers": [v if is_layer(v) else deserialize_keras_object(v) for v in config["layers"]]})
