"""How `compile` reads "accuracy" and "crossentropy": binary, sparse or categorical, by the shapes of target and prediction."""

from __future__ import annotations

from typing import Any

SHORT = {"acc": "accuracy", "ce": "crossentropy"}


def kind_by_shapes(target: Any, prediction: Any) -> int:
    """Return 0 for binary, 1 for integer labels (sparse), 2 for one-hot ones."""
    shape, target_shape = tuple(prediction.shape), tuple(getattr(target, "shape", ()))
    last = shape[-1] if shape else 1
    sparse = (len(target_shape) < len(shape) or (bool(target_shape) and target_shape[-1] == 1)) and last > 1
    return 0 if last == 1 else 1 if sparse else 2


def name_of(value: Any) -> str:
    """Return the name of a function or object, to be shown in logs."""
    return getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__
