"""Reductions along axes: sums, extremes, means, norms."""

from __future__ import annotations

from typing import Any

from ..kernels.expression import reduce
from .define import reduction


@reduction
def sum(x: Any) -> Any:
    """Return the sum over `axis` (all axes if None); bool and 8-bit integers are summed in int32.

    >>> import tensorweb as tw
    >>> tw.sum(tw.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [4.0, 6.0]
    """
    return reduce.sum(x)


@reduction
def max(x: Any) -> Any:
    """Return the largest element over `axis`; NaN wins; ties share the gradient evenly."""
    return reduce.max(x)


@reduction
def mean(x: Any) -> Any:
    """Return the mean over `axis`; integers give float32."""
    return reduce.sum(x) / reduce.count()
