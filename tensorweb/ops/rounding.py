"""Rounding and bounds, element by element: floor to clip, and the cure of NaN."""

from __future__ import annotations

from typing import Any

from .. import dtypes
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import composite, elementwise, named, op
from .elementwise import maximum, minimum

floor = named("floor", lambda x: e.floor(e.result_like(x, 0.0)), "Return the largest whole number not above x, as a float.")
ceil = named("ceil", lambda x: e.ceil(e.result_like(x, 0.0)), "Return the smallest whole number not below x, as a float.")
trunc = named("trunc", lambda x: e.trunc(x), "Return x without its fraction.")


@elementwise(static=("decimals",))
def round(x: Any, decimals: int = 0) -> Any:
    """Return x rounded to `decimals` places, halves to the even neighbour; negative `decimals` round to tens, hundreds and so on.

    >>> import tensorweb as tw
    >>> tw.round(tw.tensor([0.5, 1.5, -2.6])).tolist()
    [0.0, 2.0, -3.0]
    """
    if decimals == 0:
        return e.rint(x)
    scale = 10 ** abs(decimals)
    if decimals > 0:
        return e.cast_like(e.rint(x * float(scale)) / float(scale), x)
    # On whole quotients, so that large integers keep all their digits.
    x = e.stop(x)
    quotient = x // scale
    rest = x - quotient * scale
    up = e.logical_or(rest > scale // 2, e.logical_and(e.equal(rest, scale // 2), e.equal(e.mod(quotient, 2), 1)))
    return e.where(e.isinf(x), x, (quotient + e.cast_like(up, x)) * scale)


@composite
def clip(x: Any, x_min: Any = None, x_max: Any = None) -> Any:
    """Return x with what is below `x_min` or above `x_max` (numbers or tensors; None: no bound) replaced by the bound.

    The gradient passes where x is within the bounds or on one. TensorFlow.js's clipByValue.

    >>> import tensorweb as tw
    >>> tw.clip(tw.tensor([-2.0, 0.5, 3.0]), 0.0, 1.0).tolist()
    [0.0, 0.5, 1.0]
    """
    if x_min is None or x_max is None:
        return op("copy")(x) if x_min is x_max else minimum(x, x_max) if x_min is None else maximum(x, x_min)
    return _clip(x, x_min, x_max)


@elementwise
def _clip(x: Any, x_min: Any, x_max: Any) -> Any:
    return e.minimum(e.maximum(x, x_min), x_max)


@elementwise
def _replace(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    finite = e.where(e.isnan(x), nan, x)
    return e.where(e.isinf(x), e.where(x > 0, posinf, neginf), finite)


@composite
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Return x with NaN and the infinities replaced; by default the infinities become the largest numbers of the dtype.

    >>> import tensorweb as tw
    >>> tw.nan_to_num(tw.tensor([1.0, float("nan"), float("inf")]), posinf=9.0).tolist()
    [1.0, 0.0, 9.0]
    """
    x = as_tensor(x, "nan_to_num")
    if x.dtype == "complex64":
        return op("complex")(*(nan_to_num(part, nan, posinf, neginf) for part in (op("real")(x), op("imag")(x))))
    if not dtypes.is_float(x.dtype):
        return op("copy")(x)
    bounds = dtypes.TABLE[x.dtype]
    return _replace(x, nan, bounds.high if posinf is None else posinf, bounds.low if neginf is None else neginf)
