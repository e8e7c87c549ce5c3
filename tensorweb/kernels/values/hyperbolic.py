"""Hyperbolic functions and their inverses on lanes of float32. Errors are stated in `functions.py`."""

from __future__ import annotations

import math

from .code import Code, Value
from .exponentials import LN2_HIGH, LN2_LOW, LOG2E, exp, log1p
from .numerics import either_sign, polynomial

# (expm1(2 r) - 2 r) / r**2 for |r| <= ln(2) / 4: degree 5 (2**-31.1).
_TANH = (0.025294073, 0.08916682, 0.2666735, 0.6666639, 1.3333333, 2.0)
# (f(x) - x) / x**3 in powers of x**2: sinh for |x| <= 1, degree 3 (2**-31.6); atanh for |x| <= 1/2, degree 5 (2**-29.4); asinh for
# x**2 <= 1/2, degree 5 (2**-28.0).
_SINH = (2.7822132e-06, 0.00019842896, 0.0083333105, 0.16666667)
_ATANH = (0.1764066, 0.05158585, 0.11816823, 0.14223742, 0.20002455, 0.33333302)
_ASINH = (0.0052970815, -0.016216766, 0.02861125, -0.0443703, 0.07498018, -0.16666618)

_LN2 = 0.6931471805599453
_HUGE = 2.0**26  # from here on, x**2 + 1 is x**2


def tanh(b: Code, x: Value) -> Value:
    """Return tanh(x), as t / (t + 2) with t = expm1(2 |x|)."""
    size = b.op("min", 10.0, b.op("abs", x))
    n, exponent = b.whole(size, 2 * LOG2E, 127)
    r = b.fma(n, -LN2_LOW / 2, b.fence(b.fma(n, -LN2_HIGH / 2, size)))
    p = b.fma(polynomial(b, r, _TANH), r * r, r + r)
    scale = b.bits(exponent << 23, "vf")
    t = b.fma(scale, p, scale - 1.0)
    return either_sign(b, t / (t + 2.0), x)


def sinh(b: Code, x: Value) -> Value:
    """Return sinh(x)."""
    size = b.op("abs", x)
    half = exp(b, size, halvings=1)
    z = x * x
    small = b.fma(polynomial(b, z, _SINH), z * size, size)
    return either_sign(b, b.select(size < 1.0, small, half - 0.25 / half), x)


def cosh(b: Code, x: Value) -> Value:
    """Return cosh(x)."""
    half = exp(b, b.op("abs", x), halvings=1)
    return half + 0.25 / half


def asinh(b: Code, x: Value) -> Value:
    """Return asinh(x)."""
    size = b.op("abs", x)
    z = x * x
    huge = size > _HUGE
    argument = b.select(huge, size, size + z / (b.op("sqrt", z + 1.0) + 1.0))
    large = log1p(b, argument) + b.select(huge, b.constant("vf", _LN2), 0.0)
    small = b.fma(polynomial(b, z, _ASINH), z * size, size)
    return either_sign(b, b.select(z < 0.5, small, large), x)


def acosh(b: Code, x: Value) -> Value:
    """Return acosh(x): NaN below 1."""
    above = x - 1.0
    huge = x > _HUGE
    argument = b.select(huge, above, above + b.op("sqrt", b.fma(above, above, above + above)))
    result = log1p(b, argument) + b.select(huge, b.constant("vf", _LN2), 0.0)
    return b.select(x < 1.0, b.constant("vf", math.nan), result)


def atanh(b: Code, x: Value) -> Value:
    """Return atanh(x): infinite for 1 and -1, NaN beyond."""
    size = b.op("abs", x)
    z = x * x
    small = b.fma(polynomial(b, z, _ATANH), z * size, size)
    large = log1p(b, (size + size) / (1.0 - size)) * 0.5
    return either_sign(b, b.select(size < 0.5, small, large), x)
