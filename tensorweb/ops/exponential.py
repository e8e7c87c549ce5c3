"""Exponentials and logarithms, element by element."""

from __future__ import annotations

from math import log as _log
from typing import Any

from ..kernels import expression as e
from .activations import sigmoid
from .define import elementwise, named


@elementwise
def exp(x: Any) -> Any:
    """Return e to the power x; integers give float32.

    >>> import tensorweb as tw
    >>> tw.exp(tw.tensor([0.0])).tolist()
    [1.0]
    """
    return e.exp(x)


exp2 = named("exp2", lambda x: e.power(2.0, x), "Return 2 to the power x; integers give float32.")
expm1 = named("expm1", lambda x: e.expm1(x), "Return exp(x) - 1, accurate for small x.")


@elementwise
def log(x: Any) -> Any:
    """Return the natural logarithm of x: -inf at 0, NaN below.

    >>> import tensorweb as tw
    >>> tw.log(tw.tensor([1.0, 0.0])).tolist()
    [0.0, -inf]
    """
    return e.log(x)


log1p = named("log1p", lambda x: e.log1p(x), "Return log(1 + x), accurate for small x.")
log2 = named("log2", lambda x: e.log(x) / _log(2.0), "Return the logarithm of x to base 2.")
log10 = named("log10", lambda x: e.log(x) / _log(10.0), "Return the logarithm of x to base 10.")


@elementwise
def logaddexp(x1: Any, x2: Any) -> Any:
    """Return log(exp(x1) + exp(x2)) without overflow.

    >>> import tensorweb as tw
    >>> tw.logaddexp(tw.tensor([1000.0]), 0.0).tolist()
    [1000.0]
    """
    # Equal operands apart: the difference of two infinities is NaN.
    return e.where(e.equal(x1, x2), x1 + _log(2.0), e.maximum(x1, x2) + e.log1p(e.exp(-e.absolute(x1 - x2))))


@logaddexp.derivative
def _logaddexp_derivative(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    difference = e.where(e.equal(x1, x2), 0.0, x1 - x2)
    return g * sigmoid(difference), g * sigmoid(-difference)


@elementwise
def logaddexp2(x1: Any, x2: Any) -> Any:
    """Return log2(2 ** x1 + 2 ** x2) without overflow."""
    return e.where(e.equal(x1, x2), x1 + 1.0, e.maximum(x1, x2) + e.log1p(e.power(2.0, -e.absolute(x1 - x2))) / _log(2.0))


@logaddexp2.derivative
def _logaddexp2_derivative(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    difference = e.where(e.equal(x1, x2), 0.0, x1 - x2) * _log(2.0)
    return g * sigmoid(difference), g * sigmoid(-difference)
