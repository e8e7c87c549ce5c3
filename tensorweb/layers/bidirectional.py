"""Bidirectional: a recurrent layer forwards and its twin backwards, their outputs merged."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import op
from .keras2 import keras2_config
from .layer import Layer
from .rnn import states_apart

_MERGES: dict[Any, Any] = {
    "concat": lambda y, back: op("concatenate")([y, back], axis=-1),
    "sum": lambda y, back: y + back,
    "ave": lambda y, back: (y + back) / 2,
    "mul": lambda y, back: y * back,
    None: lambda y, back: (y, back),
}


class Bidirectional(Layer):
    """A recurrent layer run in both directions. Keras's class.

    Args: `layer`: an RNN, or a layer with go_backwards, return_sequences, return_state and stateful; it is copied, without its
    weights. `merge_mode`: concat, sum, mul, ave, or None for a pair of outputs. `backward_layer`: what runs backwards, if not a
    copy of `layer`. Masked steps give zeros.

    Call: those of the layer; the first half of `initial_state` is for the forward layer. With `return_state` the states of the
    forward and then the backward layer follow the output.

    >>> import tensorweb as tw
    >>> tw.layers.Bidirectional(tw.layers.LSTM(4, return_sequences=True))(tw.zeros((2, 5, 3))).shape
    (2, 5, 8)
    """

    supports_masking = True

    def __init__(self, layer: Any, merge_mode: str | None = "concat", weights: Any = None, backward_layer: Any = None, **kwargs: Any):
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(given, Layer) and (given is not None or name == "layer"):
                raise ArgumentError(message("Bidirectional", f"a Layer instance as `{name}`", repr(given), "Pass tw.layers.LSTM(8)."))
        if merge_mode not in _MERGES:
            raise ArgumentError(message("Bidirectional", "Invalid merge mode: one of concat, sum, mul, ave, None", repr(merge_mode), ""))
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, f"forward_{layer.name.removeprefix('forward_')}")
        name = f"backward_{layer.name.removeprefix('backward_')}"
        self.backward_layer = _copy(layer, name, go_backwards=True) if backward_layer is None else backward_layer
        self._check_twins()
        for twin in (self.forward_layer, self.backward_layer):
            if getattr(twin, "zero_output_for_mask", None) is not None:
                twin.zero_output_for_mask = twin.return_sequences
        self.merge_mode, self.stateful = merge_mode, layer.stateful
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.input_spec = layer.input_spec

    def _check_twins(self) -> None:
        one, other = self.forward_layer, self.backward_layer
        if one.go_backwards == other.go_backwards:
            got = f"{one.go_backwards} for both"
            raise ArgumentError(message("Bidirectional", "different `go_backwards` value of the two layers", got, "Set one of them."))
        for name in ("stateful", "return_sequences", "return_state"):
            values = getattr(one, name), getattr(other, name)
            if values[0] != values[1]:
                wanted = f'the same value for attribute "{name}" of both layers'
                raise ArgumentError(message("Bidirectional", wanted, values, "Change one."))

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and type(args[0]) in (list, tuple):
            args, kwargs = states_apart(args, kwargs)
        return super().__call__(*args, **kwargs)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = None) -> Any:
        """Return the merged outputs, and the states with `return_state`."""
        half = len(initial_state) // 2 if initial_state is not None else 0
        given = (None, None) if initial_state is None else (initial_state[:half], initial_state[half:])
        y, back = (
            self._run_one(layer, sequences, state, mask, training)
            for layer, state in zip((self.forward_layer, self.backward_layer), given, strict=True)
        )
        states: tuple = ()
        if self.return_state:
            states = (*y[1:], *back[1:])
            y, back = y[0], back[0]
        y, back = (t if t.dtype == self.compute_dtype else op("cast")(t, self.compute_dtype) for t in (y, back))
        if self.return_sequences:
            back = op("flip")(back, axis=1)
        merged = _MERGES[self.merge_mode](y, back)
        if not self.return_state:
            return merged
        return (*merged, *states) if self.merge_mode is None else (merged, *states)

    def _run_one(self, layer: Any, sequences: Any, state: Any, mask: Any, training: Any) -> Any:
        spec, kwargs = layer._call_spec_of(), {}
        if spec.has_training and training is not None:
            kwargs["training"] = training
        if spec.has_mask and mask is not None:
            kwargs["mask"] = mask
        if state is not None:
            kwargs["initial_state"] = state
        return layer(sequences, **kwargs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks of the outputs: the inputs' if they are sequences."""
        mask = mask[0] if isinstance(mask, list) else mask
        mask = mask if self.return_sequences else None
        own = (mask, mask) if self.merge_mode is None else mask
        if not self.return_state:
            return own
        return own if self.merge_mode is None else (own,)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the outputs' shape for inputs of a shape (None: unknown sizes)."""
        return super().compute_output_shape(sequences_shape)

    # --- states ---

    @property
    def states(self) -> tuple | None:
        """The variables of the forward and the backward layer's states; None if they are not stateful, or not built."""
        found = [getattr(layer, "states", None) for layer in (self.forward_layer, self.backward_layer)]
        return (*found[0], *found[1]) if found[0] and found[1] else None

    def reset_state(self) -> None:
        """Set the states of both layers to zeros; raises AttributeError if they are not stateful."""
        if not self.stateful:
            raise AttributeError(message(self.name, "a stateful layer", "stateful=False", "Layer must be stateful: pass stateful=True."))
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    # --- configs ---

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs: both layers' configs and the merge mode."""
        layers = {"layer": serialize_keras_object(self.forward_layer), "backward_layer": serialize_keras_object(self.backward_layer)}
        base = super().get_config()
        return {**{k: v for k, v in base.items() if k != "weights"}, "merge_mode": self.merge_mode, **layers}

    @property
    def layer(self) -> Any:
        """The forward layer."""
        return self.forward_layer

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer of a config."""
        made = dict(config)
        for key in ("layer", "backward_layer"):
            if isinstance(made.get(key), dict):
                made[key] = deserialize_keras_object(made[key], custom_objects=custom_objects)
        return cls(**made)

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer of a config of Keras 2 or TensorFlow.js."""
        return cls.from_config(keras2_config(cls.__name__, config))


def _copy(layer: Any, name: str, **changes: Any) -> Any:
    """Return a layer of the same class and config, with another name; its weights are new."""
    config = serialize_keras_object(layer)
    config["config"].update(name=name, **changes)
    config.pop("build_config", None)
    # The config comes from an object of this program: its classes are known, and code in it is the user's own.
    within = [*layer._flatten_layers(), getattr(layer, "cell", layer)]
    made = deserialize_keras_object(config, custom_objects={type(v).__name__: type(v) for v in within}, safe_mode=False)
    if hasattr(layer, "use_cudnn"):
        made.use_cudnn = layer.use_cudnn
    return made
