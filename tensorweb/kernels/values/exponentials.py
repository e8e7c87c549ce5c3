"""exp, log, their relatives near zero, and pow, on lanes of float32. Errors are stated in `functions.py`.

Splits of constants keep reductions exact also where fma rounds twice. All coefficients are minimax: of the relative error of the whole
function on the interval that is named, rounded to float32 from the lowest power up.
"""

from __future__ import annotations

import math

from .code import Code, Value
from .numerics import flip_sign, ordered_sum, polynomial, product, unchanged_by_doubling

LOG2E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693359375, -2.1219444170128554e-4  # the high part has 10 bits: its products with exponents are exact

# (exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2: degree 4 for exp (2**-28.2), degree 5 for expm1 (2**-31.1).
_EXP = (0.0013838903, 0.0083691925, 0.041668102, 0.16666517, 0.49999994)
_EXPM1 = (0.00019760994, 0.0013932316, 0.008333547, 0.041666493, 0.16666666, 0.5)
# (2**r - 1) / r for |r| <= 1 / 2: degree 5 (2**-28.3).
_EXP2 = (0.00015326496, 0.0013390812, 0.009618506, 0.0555036, 0.24022648, 0.6931472)
# (log(1 + f) - f + f**2 / 2) / f**3 for 1 + f from sqrt(1/2) to sqrt(2): degree 7 (2**-27.3).
_LOG = (-0.07641156, 0.12765709, -0.13159545, 0.14201072, -0.16623345, 0.2000126, -0.25000823, 0.3333333)
# ((2 atanh(s) / s - 2) / s**2 - 2 / 3) / s**2 in powers of s**2, for s = (m - 1) / (m + 1) with m as above: degree 2 (2**-36.7).
_ATANH = (0.23419768, 0.28547087, 0.40000153)

_SQRT_HALF = 0x3F3504F3  # the bits of sqrt(1/2)
_MANTISSA = 0x007FFFFF
_ONE = 0x3F800000
_SMALLEST_NORMAL = 2.0**-126


def exp(b: Code, x: Value, halvings: int = 0) -> Value:
    """Return exp(x), or exp(x) / 2**halvings without the overflow between."""
    x = b.op("max", -104.0, b.op("min", 90.0, x))
    n, _ = b.whole(x, LOG2E)
    r = _remainder(b, x, n)
    q = b.fma(polynomial(b, r, _EXP), r, 1.0)
    return b.scale(b.fma(q, r, 1.0), n - float(halvings) if halvings else n)


def _remainder(b: Code, x: Value, n: Value) -> Value:
    """Return x - n ln(2)."""
    return b.fma(n, -LN2_LOW, b.fence(b.fma(n, -LN2_HIGH, x)))


def expm1(b: Code, x: Value) -> Value:
    """Return exp(x) - 1."""
    given = x
    x = b.op("max", -25.0, b.op("min", 89.0, x))
    n, exponent = b.whole(x, LOG2E, 126)
    r = _remainder(b, x, n)
    p = b.fma(polynomial(b, r, _EXPM1), r * r, r)
    half = b.bits(exponent << 23, "vf")  # half the scale: the whole one may overflow where the result does not
    result = b.fma(half, p, half - 0.5)
    return b.select(given == 0.0, given, result + result)


def _split(b: Code, x: Value) -> tuple[Value, Value]:
    """Return f and n with x = (1 + f) * 2**n, 1 + f from sqrt(1/2) to sqrt(2); x is positive."""
    tiny = x < _SMALLEST_NORMAL
    i = b.bits(b.select(tiny, x * 2.0**23, x), "vi") - _SQRT_HALF
    f = b.bits((i & _MANTISSA) + _SQRT_HALF, "vf") - 1.0
    return f, b.convert(i >> 23, "vf") + b.select(tiny, b.constant("vf", -23.0), 0.0)


def _log_of(b: Code, f: Value, n: Value) -> Value:
    """Return log((1 + f) * 2**n)."""
    f2 = f * f
    tail = b.fma(f2 * f, polynomial(b, f, _LOG), n * LN2_LOW)
    return b.fma(n, LN2_HIGH, f + b.fma(f2, -0.5, tail))


def log(b: Code, x: Value) -> Value:
    """Return log(x): -inf for zeros, NaN for what is below."""
    result = _log_of(b, *_split(b, x))
    result = b.select(x < math.inf, result, x)
    return b.select(x > 0.0, result, b.select(x == 0.0, b.constant("vf", -math.inf), math.nan))


def log1p(b: Code, x: Value) -> Value:
    """Return log(1 + x): -inf for -1, NaN for what is below."""
    i = b.bits(x + 1.0, "vi") - _SQRT_HALF
    k = i & ~_MANTISSA
    # x / 2**n + (1 / 2**n - 1), of which 4 / 2**n is a normal number for every n.
    f = b.bits(b.bits(x, "vi") - k, "vf") + b.fma(b.bits(_ONE + (2 << 23) - k, "vf"), 0.25, -1.0)
    result = _log_of(b, f, b.convert(i >> 23, "vf"))
    result = b.select(unchanged_by_doubling(b, x), x, result)  # zeros keep their sign, infinity stays
    return b.select(x > -1.0, result, b.select(x == -1.0, b.constant("vf", -math.inf), math.nan))


def _log2_in_parts(b: Code, x: Value) -> tuple[Value, Value]:
    """Return log2(x) as the sum of two numbers, to about 2**-30 of it; x is positive and finite."""
    f, n = _split(b, x)
    d = b.fence(f + 2.0)
    inverse = 1.0 / d
    s = f * inverse
    p, e = product(b, s, d)
    s_low = (((f - p) - e) - s * (f - (d - 2.0))) * inverse
    high, low = _twice_atanh(b, s, s_low)
    p, e = product(b, high, 1.4426950216293335)
    e = b.fma(low, LOG2E, b.fma(high, 1.925963033500011e-08, e))
    high, low = ordered_sum(b, n, p)
    return ordered_sum(b, high, low + e)


def _twice_atanh(b: Code, s: Value, s_low: Value) -> tuple[Value, Value]:
    """Return 2 atanh(s + s_low) as the sum of two numbers."""
    z, z_low = product(b, s, s)
    z_low = b.fma(s + s, s_low, z_low)
    q, q_low = ordered_sum(b, b.constant("vf", 0.6666666865348816), z * polynomial(b, z, _ATANH))
    t, t_low = product(b, z, q)
    t_low = b.fma(z, q_low - 1.9868215517249155e-08, b.fma(z_low, q, t_low))
    u, u_low = product(b, s, t)
    high, low = ordered_sum(b, s + s, u)
    return high, low + b.fma(s, t_low, b.fma(s_low, t + 2.0, u_low))


def _exp2_of_parts(b: Code, high: Value, low: Value) -> Value:
    """Return 2**(high + low)."""
    bounded = b.op("max", -160.0, b.op("min", 160.0, high))
    n = b.op("nearest", bounded)
    r = b.op("max", -1.0, b.op("min", 1.0, (bounded - n) + low))
    return b.scale(b.fma(polynomial(b, r, _EXP2), r, 1.0), n)


def power(b: Code, x: Value, y: Value) -> Value:
    """Return x**y as C's pow: 1 for any x**0 and 1**y, the sign of x for odd y, NaN for a negative x and a y that is not whole."""
    size = b.op("abs", x)
    exponent = b.op("max", -(2.0**40), b.op("min", 2.0**40, y))  # beyond, the result does not change
    high, low = _log2_in_parts(b, size)
    p, e = product(b, exponent, high)
    result = _exp2_of_parts(b, p, b.fma(exponent, low, e))
    half = y * 0.5
    whole = b.op("trunc", y) == y
    odd = whole & (b.op("trunc", half) != half)
    result = b.select((x < 0.0) & ~whole, b.constant("vf", math.nan), result)
    result = b.select(unchanged_by_doubling(b, size), b.select((y < 0.0) ^ (size == 0.0), b.constant("vf", 0.0), math.inf), result)
    result = flip_sign(b, result, b.select(odd, b.bits(x, "vi"), 0))
    result = b.select((x != x) | (y != y), b.constant("vf", math.nan), result)
    return b.select((x == 1.0) | (y == 0.0), b.constant("vf", 1.0), result)
