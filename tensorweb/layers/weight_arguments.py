"""Arguments that describe weights: `<weight>_initializer`, `<weight>_regularizer`, `<weight>_constraint`. Sizes: `arguments`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from .. import constraints, initializers, regularizers
from ..errors import ArgumentError, message
from ..tensor import Variable

_GETTERS = {"initializer": initializers.get, "regularizer": regularizers.get, "constraint": constraints.get}


def set_weight_arguments(layer: Any, **given: Any) -> None:
    """Set each argument as the layer's attribute of that name, made the object that its last word says."""
    for name, value in given.items():
        setattr(layer, name, _GETTERS[name.rpartition("_")[2]](value))


def add_described(layer: Any, weight: str, shape: Sequence[Any], like: str | None = None, **more: Any) -> Variable:
    """Return a new weight with the initializer, regularizer and constraint that the attributes of `like` (the weight) hold."""
    found = {role: getattr(layer, f"{like or weight}_{role}", None) for role in _GETTERS}
    return layer.add_weight(**{"shape": tuple(shape), "name": weight, **found, **more})


def drop_unsupported(layer_name: str, kwargs: dict[str, Any]) -> None:
    """Take quantization and LoRA keys of Keras's configs out of `kwargs`: files hold LoRA's kernels merged, quantized ones raise."""
    kwargs.pop("lora_alpha", None)
    kwargs.pop("gptq_unpacked_column_size", None)
    if kwargs.pop("lora_rank", None) is not None:
        warnings.warn(f"{layer_name}: lora_rank is not used; the whole kernel trains", stacklevel=4)
    if kwargs.pop("quantization_config", None) is not None:
        raise ArgumentError(message(layer_name, "no quantization_config", "one", "Save the model before it is quantized."))


def positive_int(value: Any, name: str, where: str) -> int:
    """Return a count of at least 1; raise ArgumentError for anything else."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value.__index__() < 1:
        raise ArgumentError(message(where, f"`{name}`, a positive integer", repr(value), "Count at least one."))
    return value.__index__()
