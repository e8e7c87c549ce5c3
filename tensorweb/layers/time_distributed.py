"""TimeDistributed: a layer applied to each step of a sequence."""

from __future__ import annotations

from typing import Any

from ..engine import changed_state
from ..errors import ShapeError, message
from ..ops.steps import parts
from ..serialization import house_of
from ..tensor import op
from .keras2 import keras2_config
from .wrappers import Wrapper


class TimeDistributed(Wrapper):
    """A layer applied to each step of inputs [batch, time, ...] by itself, with the same weights. Keras's class.

    Args: `layer`. Call: `inputs`, `training`, `mask` [batch, time], whose steps go to the layer if it takes a mask.

    >>> import tensorweb as tw
    >>> tw.layers.TimeDistributed(tw.layers.Dense(4))(tw.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        """Build the layer for one step; raises ShapeError for inputs of fewer than three axes."""
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            wanted = "`input_shape` with at least 3 dimensions"
            raise ShapeError(message(self.name, wanted, input_shape, "Batch, time, and what a step has."))
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Return the layer's outputs for the steps, [batch, time, ...]."""
        batch, steps = inputs.shape[:2]
        if mask is not None and mask.shape[:2] != (batch, steps):
            got = f"The `mask` passed to the `TimeDistributed` layer has a shape {mask.shape}" if len(mask.shape) > 1 else None
            got = got or f"one of {len(mask.shape)} dimension(s)"
            wanted = f"a mask that is at least 2D, its shape beginning with ({batch}, {steps})"
            raise ShapeError(message(self.name, wanted, got, "A mask has the batch and the steps of the inputs."))
        if inputs.is_abstract or self._sees_samples_alone(training):
            return self._all_at_once(inputs, training, mask)
        masks = [None] * steps if mask is None else _steps(mask)
        made = [self._call_layer(x, training, m) for x, m in zip(_steps(inputs), masks, strict=True)]
        return op("stack")(made, axis=1)

    def _sees_samples_alone(self, training: Any) -> bool:
        """Tell whether the layer treats each sample by itself, so that all steps may be one batch."""
        within = self.layer._flatten_layers()
        known = all(house_of(type(v)) is not None and type(v).__name__ != "Lambda" and not getattr(v, "stateful", False) for v in within)
        return known and not (training and (self.layer.seed_generators or self.layer.non_trainable_weights))

    def _all_at_once(self, inputs: Any, training: Any, mask: Any) -> Any:
        batch, steps = inputs.shape[:2]
        flat = op("reshape")(inputs, (batch * steps, *inputs.shape[2:]))
        flat_mask = None if mask is None else op("reshape")(mask, (batch * steps, *mask.shape[2:]))
        made = self._call_layer(flat, training, flat_mask)
        return op("reshape")(made, (batch, steps, *made.shape[1:]))

    def _call_layer(self, x: Any, training: Any, mask: Any) -> Any:
        spec, kwargs = self.layer._call_spec_of(), {}
        if spec.has_mask and mask is not None:
            kwargs["mask"] = mask
        if spec.has_training:
            kwargs["training"] = training
        with changed_state(unknown=0):
            return self.layer.call(x, **kwargs)

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer of a config of Keras 2 or TensorFlow.js."""
        return cls(**keras2_config(cls.__name__, config))


def _steps(x: Any) -> list[Any]:
    batch, steps = x.shape[:2]
    by_time = op("transpose")(x, (1, 0, *range(2, len(x.shape))))
    return list(parts(op("reshape")(by_time, (steps * batch, *x.shape[2:])), steps, 0))
