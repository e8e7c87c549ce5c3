"""Identity, Masking and Lambda. What has weights is elsewhere."""

from __future__ import annotations

import inspect
from typing import Any

from .. import dtype_policies
from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, dump_code, load_code, safe_mode_scope, serialize_keras_object
from ..symbolic import KerasTensor
from ..tensor import op
from .layer import Layer


class Identity(Layer):
    """Returns its inputs, nested as they are. Keras's Identity."""

    supports_masking = True

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs


class Masking(Layer):
    """Masks the steps of sequences (batch, steps, ...) all of whose values are `mask_value`, and sets them to 0. Keras's Masking.

    TensorFlow.js's masking.

    >>> import tensorweb as tw
    >>> tw.layers.Masking(9.0)(tw.tensor([[[9.0, 9.0], [9.0, 1.0]]])).tolist()
    [[[0.0, 0.0], [9.0, 1.0]]]
    """

    supports_masking = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        mask_value = deserialize_keras_object(mask_value) if isinstance(mask_value, dict) else mask_value
        self.mask_value = 0.0 if mask_value is None else mask_value.item() if hasattr(mask_value, "item") else mask_value
        self.built = type(self).build is Layer.build

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return which steps have another value."""
        return op("any")(op("not_equal")(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with masked steps set to 0."""
        mask = self.compute_mask(inputs)
        made = op("where")(op("expand_dims")(mask, -1), inputs, 0)
        made._keras_mask = mask
        return made


class Lambda(Layer):
    """function(inputs, **arguments), with `mask` and `training` if the function has arguments of these names. Keras's Lambda.

    Args: `function`; `output_shape`: the outputs' shape without the batch, or a function of the inputs' shape, if it cannot be found by
    running the function; `mask`: a mask, or a function (inputs, mask) of it; `arguments`: keywords. A lambda is saved as code and
    revived only with safe_mode=False; a named function is saved by name.

    >>> import tensorweb as tw
    >>> tw.layers.Lambda(lambda x: x**2)(tw.tensor([3.0])).tolist()
    [9.0]
    """

    def __init__(self, function: Any, output_shape: Any = None, mask: Any = None, arguments: dict[str, Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not callable(function):
            raise ArgumentError(message("Lambda", "a function", repr(function)[:80], "Pass something callable."))
        self.function, self.arguments, self.mask = function, arguments or {}, mask
        self.supports_masking = mask is not None
        self._output_shape = output_shape
        try:
            names = set(inspect.signature(function).parameters)
        except (TypeError, ValueError):
            names = set()
        self._wanted = names & {"mask", "training"}

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """Return the function of the inputs."""
        more = {k: v for k, v in (("mask", mask), ("training", training)) if k in self._wanted}
        return self.function(inputs, **self.arguments, **more)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask, or what its function gives."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the outputs' shape: as given, else found by running the function on abstract tensors."""
        if self._output_shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        first = input_shape[0] if input_shape else None
        batch = first[0] if isinstance(first, (list, tuple)) else first
        return (batch, *self._output_shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors of the outputs' shapes."""
        if self._output_shape is None:
            return super().compute_output_spec(*args, **kwargs)
        given = args[0] if args else kwargs["inputs"]
        shape = [tuple(t.shape) for t in given] if isinstance(given, (list, tuple)) else tuple(given.shape)
        found = self.compute_output_shape(shape)
        many = bool(found) and isinstance(found[0], (list, tuple))
        return [KerasTensor(s, self.compute_dtype) for s in found] if many else KerasTensor(found, self.compute_dtype)

    # --- configs ---

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; a lambda as code."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        config["function"] = _function_config(self.function)
        if self._output_shape is not None:
            config["output_shape"] = _function_config(self._output_shape) if callable(self._output_shape) else self._output_shape
        if self.mask is not None:
            config["mask"] = _function_config(self.mask) if callable(self.mask) else self.mask
        return {**config, "arguments": serialize_keras_object(self.arguments)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None, safe_mode: bool | None = None) -> Any:
        """Return a layer of a config of Keras 3 or Keras 2; raise DeserializationError for code in safe mode."""
        if safe_mode is not None:
            with safe_mode_scope(safe_mode):
                return cls.from_config(config, custom_objects)
        config = dict(config)
        for name in ("function", "output_shape", "mask"):
            # Keras 2 keeps the kind of a function beside it.
            kind = config.pop(f"{name}_type", None)
            config.pop(f"{name}_module" if name != "function" else "module", None)
            if config.get(name) is not None:
                config[name] = _revived(config[name], kind, custom_objects)
        config.pop("module", None)
        if config.get("arguments") is not None:
            config["arguments"] = deserialize_keras_object(config["arguments"], custom_objects)
        return cls(**config)


def _function_config(function: Any) -> Any:
    if getattr(function, "__name__", "") != "<lambda>":
        return serialize_keras_object(function)
    code, defaults, closure = dump_code(function)
    return {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": closure}}


def _revived(value: Any, kind: str | None, custom_objects: dict[str, Any] | None) -> Any:
    if kind == "lambda":
        return load_code(value, "Lambda")
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":
        return load_code(value["config"], "Lambda")
    found = deserialize_keras_object(value, custom_objects)
    if kind == "function" and isinstance(found, str):
        raise ArgumentError(message("Lambda", "a function of a known name", found, "Pass it in custom_objects."))
    return tuple(found) if isinstance(found, list) and all(d is None or isinstance(d, int) for d in found) else found
