"""Distances between collections of vectors."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import composite, elementwise, op


@elementwise
def _length(square: Any) -> Any:
    # The root has no derivative at 0: equal vectors receive 0, as in TensorFlow's norms, not NaN.
    inside = square > 0
    return e.where(inside, e.sqrt(e.where(inside, square, 1.0)), 0.0)


@composite
def cdist(x: Any, y: Any) -> Any:
    """Return the Euclidean distances [..., m, n] between the vectors of x [..., m, d] and of y [..., n, d].

    >>> import tensorweb as tw
    >>> tw.cdist(tw.tensor([[0.0, 0.0]]), tw.tensor([[3.0, 4.0], [0.0, 1.0]])).tolist()
    [[5.0, 1.0]]
    """
    x, y = as_tensor(x, "cdist"), as_tensor(y, "cdist")
    if len(x.shape) < 2 or len(y.shape) < 2 or x.shape[-1] != y.shape[-1]:
        raise ShapeError(
            message("cdist", "vectors [..., m, d] and [..., n, d]", f"{x.shape} and {y.shape}", "Give both the same last axis.")
        )
    difference = op("subtract")(op("expand_dims")(x, -2), op("expand_dims")(y, -3))
    return _length(op("sum")(op("square")(difference), axis=-1))
