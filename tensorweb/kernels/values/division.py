"""Division of float32 lanes that is rounded down, and what it leaves. The results are exact, as NumPy's."""

from __future__ import annotations

import math

from .code import Code, Value
from .numerics import either_sign, product

_WHOLE = 2.0**24  # from here on, every float32 is a whole number


def _short_division(b: Code, size: Value, divisor: Value) -> tuple[Value, Value]:
    """Return the quotient of positive numbers rounded down, and the exact rest; right for quotients below 2**24."""
    q = b.op("trunc", size / divisor)
    p, e = product(b, q, divisor)
    rest = (size - p) - e
    over = rest < 0.0  # the quotient was rounded up to a whole number
    q, rest = b.select(over, q - 1.0, q), b.select(over, rest + divisor, rest)
    less = size < divisor  # also an infinite divisor, of which the product is NaN
    return b.select(less, 0.0, q), b.select(less, size, rest)


def _long_division(b: Code, size: Value, divisor: Value) -> tuple[Value, Value]:
    """Return what _short_division does, the rest for quotients of any size: NaN for infinite numbers and division by 0.

    Powers of two times the divisor are subtracted, the largest first, of which each difference is exact.
    """
    usual = (size < math.inf) & (divisor >= b.smallest)
    size, divisor = b.select(usual, size, 0.0), b.select(usual, divisor, 1.0)
    by, power = b.variable("vf", divisor), b.variable("vf", 1.0)
    with b.repeat() as again:
        more = by.value <= size * 0.5
        again.stop_when(~b.any(more))
        for x in (by, power):
            x.set(b.select(more, x.value + x.value, x.value))
    q, rest = b.variable("vf", 0.0), b.variable("vf", size)
    with b.repeat() as again:
        fits = rest.value >= by.value
        q.set(b.select(fits, q.value + power.value, q.value))
        rest.set(b.select(fits, rest.value - by.value, rest.value))
        more = by.value > divisor
        again.stop_when(~b.any(more))
        for x in (by, power):
            x.set(b.select(more, x.value * 0.5, x.value))
    return b.select(usual, q.value, math.nan), b.select(usual, rest.value, math.nan)


def _rest(b: Code, size: Value, divisor: Value) -> Value:
    """Return the exact rest of positive numbers."""
    if not b.divides_exactly:
        return _long_division(b, size, divisor)[1]
    rest = b.variable("vf", _short_division(b, size, divisor)[1])
    far = size / divisor >= _WHOLE
    with b.when(b.any(far)):
        rest.set(b.select(far, _long_division(b, size, divisor)[1], rest.value))
    return rest.value


def mod(b: Code, x: Value, y: Value) -> Value:
    """Return x - floor(x / y) * y, which has the sign of y: NaN for an infinite x and for y = 0."""
    divisor = b.op("abs", y)
    r = _rest(b, b.op("abs", x), divisor)
    other_side = ((b.bits(x, "vi") ^ b.bits(y, "vi")) < 0) & (r != 0.0)
    return either_sign(b, b.select(other_side, divisor - r, r), y)


def floordiv(b: Code, x: Value, y: Value) -> Value:
    """Return floor(x / y): x / y for y = 0, NaN for an infinite x."""
    size = b.op("abs", x)
    q, rest = (_short_division if b.divides_exactly else _long_division)(b, size, b.op("abs", y))
    opposite = (b.bits(x, "vi") ^ b.bits(y, "vi")) < 0
    result = b.select(opposite, -b.select(rest != 0.0, q + 1.0, q), q)
    quotient = x / y
    result = b.select(b.op("abs", quotient) >= _WHOLE, quotient, result)
    return b.select((size == math.inf) & (y != 0.0), b.constant("vf", math.nan), result)
