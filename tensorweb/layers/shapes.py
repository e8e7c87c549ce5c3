"""Shapes as layers are given them: nested, in lists for tuples, or by the legacy arguments of a first layer. No layer here."""

from __future__ import annotations

from typing import Any

from ..autodiff import map_leaves
from ..symbolic import KerasTensor


def batch_shape(kwargs: dict[str, Any]) -> tuple | None:
    """Return the batch shape that the legacy arguments of a first layer name, taken out of `kwargs`; None without."""
    batch, dim = kwargs.pop("batch_size", None), kwargs.pop("input_dim", None)
    shape = kwargs.pop("input_shape", None)
    full = kwargs.pop("batch_input_shape", None)
    length = kwargs.pop("input_length", None)
    if full is not None:
        return tuple(full)
    if shape is not None:
        return (batch, *((shape,) if isinstance(shape, int) else shape))
    if length is not None and dim is None:
        return (batch, length)
    return (batch, dim) if dim is not None else None


def as_shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: as_shape(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and any(isinstance(v, (list, tuple, dict)) for v in value):
        return [as_shape(v) for v in value]
    return tuple(value) if isinstance(value, (list, tuple)) else value


def symbols(shapes: Any, dtype: str = "float32") -> Any:
    """Return KerasTensors for a shape, or nested ones for nested shapes."""
    if isinstance(shapes, dict):
        return {k: symbols(v, dtype) for k, v in shapes.items()}
    if isinstance(shapes, (list, tuple)) and shapes and isinstance(shapes[0], (list, tuple, dict)):
        return type(shapes)(symbols(s, dtype) for s in shapes)
    return KerasTensor(shapes, dtype)


def shapes_in(value: Any) -> Any:
    """Return the shapes of nested tensors."""
    return map_leaves(lambda t: tuple(t.shape) if hasattr(t, "shape") else t, value)
