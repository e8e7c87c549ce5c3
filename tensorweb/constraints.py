"""Constraints project a weight after each update: Keras's classes and second names, and how a name or config becomes one."""

from __future__ import annotations

from typing import Any

from .naming import to_snake_case
from .numerics import epsilon
from .serialization import deserialize_keras_object, get_object, serialize_keras_object
from .tensor import as_tensor, op


class Constraint:
    """The base class of constraints: called with a weight, it returns the nearest value that is allowed. Keras's Constraint.

    Subclasses define `__call__`, and `get_config` if they have arguments.
    """

    def __call__(self, w: Any) -> Any:
        """Return the weight as it shall be."""
        return w

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the constraint of a config."""
        return cls(**config)


def _with_norms(w: Any, axis: Any) -> tuple[Any, Any]:
    """Return the weight as a tensor, and its Euclidean norms along `axis`, broadcastable to it."""
    w = as_tensor(w, "constraint")
    return w, op("sqrt")(op("sum")(op("square")(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Bound the norms along `axis` (an int or a list: all axes of a unit's inputs) by max_value. Keras's MaxNorm.

    >>> import tensorweb as tw
    >>> tw.constraints.MaxNorm(2.0)(tw.tensor([[0.0, 1.0], [4.0, 0.0]])).tolist()
    [[0.0, 0.9999998807907104], [2.0, 0.0]]
    """

    def __init__(self, max_value: float = 2, axis: Any = 0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w: Any) -> Any:
        """Return the weight as it shall be."""
        w, norms = _with_norms(w, self.axis)
        return w * (op("clip")(norms, 0, self.max_value) / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Replace negative elements by 0. Keras's NonNeg."""

    def __call__(self, w: Any) -> Any:
        """Return the weight as it shall be."""
        return op("maximum")(w, 0)


class UnitNorm(Constraint):
    """Divide by the norms along `axis`. Keras's UnitNorm."""

    def __init__(self, axis: Any = 0):
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        """Return the weight as it shall be."""
        w, norms = _with_norms(w, self.axis)
        return w / (epsilon() + norms)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Move the norms along `axis` by a share `rate` of the way into [min_value, max_value]. Keras's MinMaxNorm."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Any = 0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w: Any) -> Any:
        """Return the weight as it shall be."""
        w, norms = _with_norms(w, self.axis)
        desired = self.rate * op("clip")(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (desired / (epsilon() + norms))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


# Keras's second names.
max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm

_CLASSES = (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
_OBJECTS: dict[str, Any] = {n: c for c in _CLASSES for n in (c.__name__, to_snake_case(c.__name__))}


def serialize(constraint: Any) -> Any:
    """Return the config of a constraint."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the constraint of a config."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_OBJECTS)


def get(identifier: Any) -> Any:
    """Return the constraint that a name, a config, a class or a function of a tensor means; None for None.

    Raises ArgumentError for a name that nothing has.
    """
    return get_object(identifier, "constraints", "a constraint", _OBJECTS)
