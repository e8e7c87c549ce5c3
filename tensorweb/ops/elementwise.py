"""Arithmetic, comparisons, logic, bits, rounding, exponentials and trigonometry, element by element. Activations: `activations.py`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .. import engine
from ..dtypes import canonical
from ..errors import DTypeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import Body, also, elementwise, op, public

# --- arithmetic ---


@elementwise
def add(x1: Any, x2: Any) -> Any:
    """Return x1 + x2, element by element, with broadcasting.

    >>> import tensorweb as tw
    >>> tw.add(tw.tensor([1.0, 2.0]), 3).tolist()
    [4.0, 5.0]
    """
    return x1 + x2


@elementwise
def subtract(x1: Any, x2: Any) -> Any:
    """Return x1 - x2, element by element."""
    return x1 - x2


@elementwise
def multiply(x1: Any, x2: Any) -> Any:
    """Return x1 * x2, element by element."""
    return x1 * x2


@elementwise
def divide(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, element by element; integers give float32."""
    return x1 / x2


also("true_divide", divide)


@elementwise
def maximum(x1: Any, x2: Any) -> Any:
    """Return the larger of x1 and x2, element by element; NaN wins."""
    return e.maximum(x1, x2)


@elementwise
def negative(x: Any) -> Any:
    """Return -x."""
    return -x


@elementwise
def exp(x: Any) -> Any:
    """Return e to the power x."""
    return e.exp(x)


@elementwise
def equal(x1: Any, x2: Any) -> Any:
    """Return x1 == x2, element by element, as bool."""
    return e.equal(x1, x2)


@elementwise
def relu(x: Any) -> Any:
    """Return max(x, 0); the derivative at 0 is 0."""
    return e.maximum(0, x)


# --- dtypes ---


@public("map")
def cast(x: Any, dtype: Any) -> Any:
    """Return x converted to `dtype`: floats are truncated into integers and saturate, NaN becomes 0; integers wrap.

    >>> import tensorweb as tw
    >>> tw.cast(tw.tensor([1.7, -1.7]), "int32").tolist()
    [1, -1]
    """
    x, target = as_tensor(x, "cast"), canonical(dtype, "cast")
    if x.dtype == target:
        return op("copy")(x)
    if "string" in (x.dtype, target):
        raise DTypeError(message("cast", "numbers", f"{x.dtype} to {target}", "Strings and numbers do not convert."))
    return engine.run(_cast_body(target), (x,))


@lru_cache(maxsize=16)
def _cast_body(dtype: str) -> Body:
    symbol = e.argument(0)
    return Body("cast", [e.cast(symbol, dtype)], [symbol])
