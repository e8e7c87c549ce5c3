"""Optimizers and learning-rate schedules, by Keras's names."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, get_object, get_registered_object, serialize_keras_object
from . import schedules
from .base import Optimizer
from .rules import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Ftrl, Lion, Nadam, RMSprop, ScheduleFreeAdamW
from .whole_rules import Adafactor, Lamb, Muon
from .wrappers import LossScaleOptimizer, MultiOptimizer, OptimizerMap

_BUILT_IN: dict[str, Any] = {
    c.__name__: c
    for c in (
        Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, MultiOptimizer, Muon, Nadam, Optimizer,
        OptimizerMap, RMSprop, SGD, ScheduleFreeAdamW,
    )
}  # fmt: skip
# Names in files and of TensorFlow.js, in lower case.
_NAMES = {**{n.lower(): n for n in _BUILT_IN}, "momentum": "SGD"}


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """Return the config of an optimizer: its class and constructor's arguments, without its state."""
    return serialize_keras_object(optimizer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the optimizer of a config; a built-in class may be spelled in any case. Raises a ValueError for what cannot be made."""
    name, ours = config.get("class_name"), str(config.get("module") or "keras").startswith(("keras", "tensorflow"))
    if ours and isinstance(name, str) and get_registered_object(name, custom_objects) is None:
        config = {**config, "class_name": _NAMES.get(name.lower(), name)}
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_BUILT_IN)


def get(identifier: Any) -> Any:
    """Return the optimizer that `identifier` means: None, an Optimizer, a config, or a name in any case.

    >>> import tensorweb as tw
    >>> type(tw.optimizers.get("rmsprop")).__name__
    'RMSprop'
    """
    if isinstance(identifier, str):
        if identifier.lower() == "momentum":  # TensorFlow.js has a class for it
            return SGD(momentum=0.9)
        found = get_object(identifier, "optimizers", "an optimizer", _BUILT_IN)
    else:
        found = deserialize(identifier) if isinstance(identifier, dict) else identifier
    if found is None or isinstance(found, Optimizer):
        return found
    wanted = "the name or config of an optimizer, or an Optimizer"
    raise ArgumentError(message("optimizers.get", wanted, repr(identifier)[:80], "See optimizers for what there is."))


__all__ = [
    "SGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion", "LossScaleOptimizer", "MultiOptimizer",
    "Muon", "Nadam", "Optimizer", "OptimizerMap", "RMSprop", "ScheduleFreeAdamW", "deserialize", "get", "schedules", "serialize",
]  # fmt: skip
