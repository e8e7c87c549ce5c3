"""Arrays that a program may change: NumPy's where NumPy is installed, tensors elsewhere."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


def as_array(values: Tensor) -> Any:
    """Return a NumPy array with a copy of the values, or the tensor itself where there is no NumPy."""
    try:
        return values.numpy().copy()
    except ImportError:
        return values
