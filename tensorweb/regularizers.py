"""Regularizers give the penalty of a weight or of an output: Keras's classes and second names, and how a name or config becomes one."""

from __future__ import annotations

from math import isfinite
from typing import Any

from .errors import ArgumentError, ShapeError, message
from .naming import to_snake_case
from .serialization import deserialize_keras_object, get_object, serialize_keras_object
from .tensor import as_tensor, op, tensor


def validate_float_arg(value: Any, name: str) -> float:
    """Return `value` as a float, or raise ArgumentError unless it is a finite number of 0 or more."""
    if not isinstance(value, (float, int)) or not isfinite(value) or value < 0:
        raise ArgumentError(message(name, "a non-negative float", repr(value), "Give a factor of 0 or more."))
    return float(value)


def _in_float32(value: float) -> float:
    """Return the number rounded to float32: Keras keeps some factors as tensors, and so they stand in its configs."""
    return tensor(value, dtype="float32").item()


class Regularizer:
    """The base class of regularizers: called with a tensor, it returns a scalar to add to the loss. Keras's Regularizer.

    Subclasses define `__call__` and `get_config`.
    """

    def __call__(self, x: Any) -> Any:
        """Return the penalty of x."""
        return 0.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the regularizer of a config."""
        return cls(**config)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config.")


def _operand(x: Any) -> Any:
    return x if hasattr(x, "dtype") else as_tensor(x, "regularizer")


def _absolute(x: Any) -> Any:
    return op("sum")(op("absolute")(x))


def _squares(x: Any) -> Any:
    return op("sum")(op("square")(x))


class L1L2(Regularizer):
    """Penalize by l1 * sum(|x|) + l2 * sum(x**2), both factors 0 unless given. Keras's L1L2.

    >>> import tensorweb as tw
    >>> tw.regularizers.L1L2(l1=1.0, l2=0.5)(tw.tensor([-2.0, 1.0])).item()
    5.5
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0):
        self.l1 = validate_float_arg(0.0 if l1 is None else l1, "l1")
        self.l2 = validate_float_arg(0.0 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Any:
        """Return the penalty of x."""
        x = _operand(x)
        parts = [factor * penalty(x) for factor, penalty in ((self.l1, _absolute), (self.l2, _squares)) if factor]
        return sum(parts[1:], parts[0]) if parts else op("zeros")((), x.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """Penalize by l1 * sum(|x|). Keras's L1."""

    def __init__(self, l1: float | None = 0.01):
        self.l1 = _in_float32(validate_float_arg(0.01 if l1 is None else l1, "l1"))

    def __call__(self, x: Any) -> Any:
        """Return the penalty of x."""
        return self.l1 * _absolute(_operand(x))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l1": self.l1}


class L2(Regularizer):
    """Penalize by l2 * sum(x**2). Keras's L2.

    >>> import tensorweb as tw
    >>> tw.regularizers.L2(2.0)(tw.ones((5, 5))).item()
    50.0
    """

    def __init__(self, l2: float | None = 0.01):
        self.l2 = validate_float_arg(0.01 if l2 is None else l2, "l2")

    def __call__(self, x: Any) -> Any:
        """Return the penalty of x."""
        return self.l2 * _squares(_operand(x))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalize by factor times the mean of |cosine| between two different rows (or columns) of a matrix. Keras's class.

    `mode`: "rows" or "columns". Raises ShapeError for what is no matrix. A matrix of one row has no pairs: NaN.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows"):
        self.factor = _in_float32(validate_float_arg(factor, "factor"))
        if mode not in ("rows", "columns"):
            raise ArgumentError(message("Invalid value for argument `mode`", '"rows" or "columns"', repr(mode), "Choose one of them."))
        self.mode = mode

    def __call__(self, inputs: Any) -> Any:
        """Return the penalty of a matrix."""
        x = _operand(inputs)
        if len(x.shape) != 2:
            where, advice = "OrthogonalRegularizer", "Inputs to OrthogonalRegularizer must have rank 2."
            raise ShapeError(message(where, "a matrix", f"shape {tuple(x.shape)}", advice))
        x = op("normalize")(x if self.mode == "rows" else op("transpose")(x), axis=1)
        size = x.shape[0]
        others = op("matmul")(x, op("transpose")(x)) * (1.0 - op("eye")(size, dtype=x.dtype))
        pairs = size * (size - 1) / 2
        return op("divide")(self.factor * 0.5 * _absolute(others), pairs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"factor": self.factor, "mode": self.mode}


# Keras's second names.
l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_CLASSES = (Regularizer, L1, L2, L1L2, OrthogonalRegularizer)
_OBJECTS: dict[str, Any] = {n: c for c in _CLASSES for n in (c.__name__, to_snake_case(c.__name__))} | {"l1_l2": L1L2}


def serialize(regularizer: Any) -> Any:
    """Return the config of a regularizer."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the regularizer of a config."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_OBJECTS)


def get(identifier: Any) -> Any:
    """Return the regularizer that a name, a config, a class or a function of a tensor means; None for None.

    Raises ArgumentError for a name that nothing has.
    """
    return get_object(identifier, "regularizers", "a regularizer", _OBJECTS)
