"""Division of float32 lanes that is rounded down, and what it leaves. The results are exact, as NumPy's."""

from __future__ import annotations

import math

from .builder import Builder, Value
from .numerics import either_sign, product

_WHOLE = 2.0**24  # from here on, every float32 is a whole number
_STEP = 28  # bits of a quotient that one step in float64 takes off: the product with 24 bits is exact
_STEPS = 10  # 280 bits: the quotients of float32 numbers have at most 277


def _parts(b: Builder, size: Value, divisor: Value) -> tuple[Value, Value]:
    """Return the quotient of positive numbers rounded down, and the exact rest; right for quotients below 2**24."""
    q = b.op("trunc", size / divisor)
    p, e = product(b, q, divisor)
    rest = (size - p) - e
    over = rest < 0.0  # the quotient was rounded up to a whole number
    q, rest = b.select(over, q - 1.0, q), b.select(over, rest + divisor, rest)
    less = size < divisor  # also an infinite divisor, of which the product is NaN
    return b.select(less, 0.0, q), b.select(less, size, rest)


def _far_rest(b: Builder, size: Value, divisor: Value) -> Value:
    """Return the exact rest of any positive numbers, lane after lane in float64; NaN for infinite numbers and division by 0."""
    memory, divisors = b.scratch(4 * b.lanes), b.scratch(4 * b.lanes)
    b.store_vector("f32", memory, size)
    b.store_vector("f32", divisors, divisor)
    with b.loop(0, b.lanes) as i:
        rest = b.variable("f64", b.convert(b.load("f32", memory + i * 4), "f64"))
        d = b.convert(b.load("f32", divisors + i * 4), "f64")
        scaled = b.variable("f64", d * 2.0 ** (_STEP * (_STEPS - 1)))
        with b.loop(0, _STEPS):
            by = scaled.value
            left = rest.value - b.op("trunc", rest.value / by) * by
            rest.set(b.select(left < 0.0, left + by, left))
            scaled.set(by * 2.0**-_STEP)
        b.store("f32", memory + i * 4, b.convert(rest.value, "f32"))
    return b.load_vector("f32", memory)


def mod(b: Builder, x: Value, y: Value) -> Value:
    """Return x - floor(x / y) * y, which has the sign of y: NaN for an infinite x and for y = 0."""
    size, divisor = b.op("abs", x), b.op("abs", y)
    rest = b.variable("vf", _parts(b, size, divisor)[1])
    far = size / divisor >= _WHOLE
    with b.when(b.any(far)):
        rest.set(b.select(far, _far_rest(b, size, divisor), rest.value))
    r = rest.value
    other_side = ((b.bits(x, "vi") ^ b.bits(y, "vi")) < 0) & (r != 0.0)
    return either_sign(b, b.select(other_side, divisor - r, r), y)


def floordiv(b: Builder, x: Value, y: Value) -> Value:
    """Return floor(x / y): x / y for y = 0, NaN for an infinite x."""
    size = b.op("abs", x)
    q, rest = _parts(b, size, b.op("abs", y))
    opposite = (b.bits(x, "vi") ^ b.bits(y, "vi")) < 0
    result = b.select(opposite, -b.select(rest != 0.0, q + 1.0, q), q)
    quotient = x / y
    result = b.select(b.op("abs", quotient) >= _WHOLE, quotient, result)
    return b.select((size == math.inf) & (y != 0.0), b.constant("vf", math.nan), result)
