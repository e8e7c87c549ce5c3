"""Comparisons and tests, element by element: everything that answers with bool; and `where`, which chooses by such an answer."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..kernels import expression as e
from .define import composite, elementwise, named, op


@elementwise
def equal(x1: Any, x2: Any) -> Any:
    """Return x1 == x2, element by element, as bool; NaN equals nothing.

    >>> import tensorweb as tw
    >>> tw.equal(tw.tensor([1, 2]), 2).tolist()
    [False, True]
    """
    return e.equal(x1, x2)


not_equal = named("not_equal", lambda x1, x2: e.not_equal(x1, x2), "Return x1 != x2, element by element, as bool.")
less = named("less", lambda x1, x2: x1 < x2, "Return x1 < x2, element by element, as bool.")
less_equal = named("less_equal", lambda x1, x2: x1 <= x2, "Return x1 <= x2, element by element, as bool.")
greater = named("greater", lambda x1, x2: x1 > x2, "Return x1 > x2, element by element, as bool.")
greater_equal = named("greater_equal", lambda x1, x2: x1 >= x2, "Return x1 >= x2, element by element, as bool.")

isnan = named("isnan", lambda x: e.isnan(x), "Return whether each element is NaN.")
isinf = named("isinf", lambda x: e.isinf(x), "Return whether each element is an infinity of either sign.")
isposinf = named("isposinf", lambda x: e.logical_and(e.isinf(x), x > 0), "Return whether each element is the positive infinity.")
isneginf = named("isneginf", lambda x: e.logical_and(e.isinf(x), x < 0), "Return whether each element is the negative infinity.")
isreal = named("isreal", lambda x: e.equal(e.imag(x), 0), "Return whether each element has no imaginary part; True for real dtypes.")


@elementwise
def isfinite(x: Any) -> Any:
    """Return whether each element is neither NaN nor an infinity.

    >>> import tensorweb as tw
    >>> tw.isfinite(tw.tensor([1.0, float("inf")])).tolist()
    [True, False]
    """
    return e.logical_not(e.logical_or(e.isnan(x), e.isinf(x)))


@elementwise(static=("equal_nan",))
def isclose(x1: Any, x2: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Return whether |x1 - x2| <= atol + rtol * |x2|, element by element; with `equal_nan` two NaN are close.

    >>> import tensorweb as tw
    >>> tw.isclose(tw.tensor([1.0, 2.0]), tw.tensor([1.000001, 2.1])).tolist()
    [True, False]
    """
    a, b = e.result_like(x1, x2, 0.0), e.result_like(x2, x1, 0.0)
    near = e.logical_and(e.absolute(a - b) <= atol + rtol * e.absolute(b), e.logical_not(e.isinf(b)))
    close = e.logical_or(e.equal(a, b), near)
    return e.logical_or(close, e.logical_and(e.isnan(a), e.isnan(b))) if equal_nan else close


@elementwise
def _where(condition: Any, x1: Any, x2: Any) -> Any:
    return e.where(condition, x1, x2)


@composite
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Return elements of x1 where `condition` is true, of x2 elsewhere, with broadcasting; without x1 and x2, `nonzero(condition)`.

    >>> import tensorweb as tw
    >>> tw.where(tw.tensor([True, False]), tw.tensor([1, 2]), 0).tolist()
    [1, 0]
    """
    if x1 is None and x2 is None:
        return op("nonzero")(condition)
    if x1 is None or x2 is None:
        raise ArgumentError(message("where", "both x1 and x2, or neither", "one of them", "Pass the other one too."))
    return _where(condition, x1, x2)


@composite(gradient="none")
def allclose(x1: Any, x2: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: bool = False) -> Any:
    """Return whether all elements of x1 and x2 are close, as a bool scalar; see `isclose`.

    >>> import tensorweb as tw
    >>> bool(tw.allclose(tw.tensor([1.0, 2.0]), tw.tensor([1.0, 2.000001])))
    True
    """
    return op("all")(isclose(x1, x2, rtol, atol, equal_nan))
