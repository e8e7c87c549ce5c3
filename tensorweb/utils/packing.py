"""Packing inputs, targets and sample weights into the tuples that `fit` reads, and unpacking them."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return (x, y, sample_weight) of x, (x,), (x, y) or (x, y, sample_weight); None for what is missing. Keras's function.

    >>> import tensorweb as tw
    >>> tw.utils.unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ArgumentError(
            message("unpack_x_y_sample_weight", "x, (x,), (x, y) or (x, y, sample_weight)", f"{len(data)} parts", "Nest several inputs.")
        )
    x, y, weight = (*data, None, None)[:3]
    return x, y, weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return x, (x,), (x, y) or (x, y, sample_weight), whichever `fit` takes for the same. Keras's function."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
