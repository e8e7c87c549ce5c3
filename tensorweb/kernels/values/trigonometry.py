"""Trigonometric functions and their inverses on lanes of float32. Errors are stated in `functions.py`."""

from __future__ import annotations

import math

from .code import Code, Value
from .numerics import either_sign, flip_sign, ordered_sum, polynomial, product

# (sin(r) - r) / r**3 and (cos(r) - 1 + r**2 / 2) / r**4 in powers of r**2, |r| <= pi / 4: degree 2 (2**-27.9 and 2**-33.0).
_SIN = (-0.00019518095, 0.008332188, -0.16666655)
_COS = (2.4432327e-05, -0.001388731, 0.041666646)
# (tan(r) - r) / r**3 in the same way: degree 6 (2**-29.5).
_TAN = (0.004376413, 9.123098e-05, 0.010832477, 0.021284511, 0.054059178, 0.13332674, 0.3333335)
# (asin(s) - s) / s**3 in powers of s**2, |s| <= 1/2: degree 4 (2**-27.6).
_ASIN = (0.042158388, 0.024184743, 0.045469154, 0.074953094, 0.16666752)
# (atan(t) - t) / t**3 in powers of t**2, |t| <= 1: degree 8 (2**-28.5).
_ATAN = (
    -0.0017830074, 0.010869233, -0.0310976, 0.057881717, -0.083993144, 0.10950881, -0.14264016, 0.1999853, -0.333333,
)  # fmt: skip

# Quarter turns are taken off in parts: of 24 bits where fma rounds once, else of 11 bits, whose products with up to 2**13 are exact.
_NEAR = 8192.0
_HALF_PI_FUSED = (1.5707963705062866, -4.371138828673793e-08, -1.7151245100058819e-15)
_HALF_PI_PLAIN = (1.5703125, 0.0004837512969970703, 7.549533620476723e-08, 2.5632829192545614e-12, 6.123234262925839e-17)
# The bits of 2 / pi, 32 in each word, after a word of zeros.
_TWO_OVER_PI = (0, 0xA2F9836E, 0x4E441529, 0xFC2757D1, 0xF534DDC0, 0xDB629599, 0x3C439041, 0xFE5163AB)
_HALF_PI, _HALF_PI_LOW = 1.5707963705062866, -4.371138828673793e-08


def _reduce(b: Code, x: Value) -> tuple[Value, Value]:
    """Return r and whole numbers n with x = r + n pi / 2 and |r| <= pi / 4; only the last two bits of n count."""
    quarters, whole = b.whole(x, 2 / math.pi)
    rest = x
    for part in _HALF_PI_FUSED if b.rounds_once else _HALF_PI_PLAIN:
        rest = b.fence(b.fma(quarters, -part, rest))
    r, n = b.variable("vf", rest), b.variable("vi", whole)
    far = b.op("abs", x) > _NEAR
    with b.when(b.any(far)):
        far_rest, far_whole = _reduce_far(b, x)
        r.set(b.select(far, far_rest, rest))
        n.set(b.select(far, far_whole, n.value))
    return r.value, n.value


def _reduce_far(b: Code, x: Value) -> tuple[Value, Value]:
    """Return what _reduce does for numbers from 1/2 on, with 96 bits of 2 / pi (Payne and Hanek); infinities give NaN."""
    bits = b.bits(x, "vi")
    # x is a whole number of 24 bits times 2**(exponent - 150). Bits of 2 / pi before `start` would add whole turns only.
    start = ((bits >> 23) & 255) - 120
    factor = (bits & 0x7FFFFF) | 0x800000
    for place in range(3):
        factor = b.select(_has_bit(start, place), factor << (1 << place), factor)
    high, low = _product_with_window(b, factor, _window(b, start))
    n = b.op("shr_u", high + (1 << 29), 30)
    rest = high - (n << 30)  # in units of 2**-30, and 32 bits more in `low`
    parts = (rest >> 7, ((rest & 127) << 17) | b.op("shr_u", low, 15), low & 0x7FFF)  # of 24, 24 and 15 bits
    first, second, third = (b.convert(part, "vf") * 2.0**-bit for part, bit in zip(parts, (23, 47, 62), strict=True))
    share, error = ordered_sum(b, first, second)
    p, e = product(b, share, _HALF_PI)
    r = p + (b.fma(share, _HALF_PI_LOW, e) + (error + third) * _HALF_PI)
    r = b.select(b.op("abs", x) < math.inf, flip_sign(b, r, bits), math.nan)
    return r, b.select(bits < 0, 0 - n, n)


def _has_bit(x: Value, place: int) -> Value:
    return (x << (31 - place)) < 0


def _window(b: Code, start: Value) -> list[Value]:
    """Return three words of _TWO_OVER_PI from a bit on: each lane's own, from 0 to 159, rounded down to a multiple of 8."""
    fours, twos, ones = (_has_bit(start, place) for place in (7, 6, 5))
    words = []
    for at in range(4):
        given = [b.constant("vi", word) for word in _TWO_OVER_PI[at : at + 5]]
        low, high = b.select(ones, given[1], given[0]), b.select(ones, given[3], given[2])
        words.append(b.select(fours, given[4], b.select(twos, high, low)))
    for place in (4, 3):
        moves, count = _has_bit(start, place), 1 << place
        rests = [*(b.op("shr_u", word, 32 - count) for word in words[1:]), b.constant("vi", 0)]
        words = [b.select(moves, (word << count) | rest, word) for word, rest in zip(words, rests, strict=True)]
    return words[:3]


def _product_with_window(b: Code, factor: Value, window: list[Value]) -> tuple[Value, Value]:
    """Return the upper two words of a number of 31 bits times three words, modulo 2**96."""
    above, below = factor >> 16, factor & 0xFFFF
    digits = [digit for word in window for digit in (b.op("shr_u", word, 16), word & 0xFFFF)]
    made = []
    carry = b.constant("vi", 0)
    for digit in reversed(digits):
        lower = below * digit  # 32 bits without a sign, as the sums
        total = carry + (lower & 0xFFFF)
        made.append(total & 0xFFFF)
        carry = b.op("shr_u", total, 16) + b.op("shr_u", lower, 16) + above * digit
    return (made[5] << 16) | made[4], (made[3] << 16) | made[2]


def sin_and_cos(b: Code, x: Value) -> tuple[Value, Value]:
    """Return sin(x) and cos(x), for x of any size: NaN for infinities."""
    r, n = _reduce(b, x)
    z = r * r
    s, c = b.fma(z * r, polynomial(b, z, _SIN), r), b.fma(z, b.fma(z, polynomial(b, z, _COS), -0.5), 1.0)
    even = (n & 1) == 0
    sine = flip_sign(b, b.select(even, s, c), n << 30)
    return b.select(x == 0.0, x, sine), flip_sign(b, b.select(even, c, s), (n + 1) << 30)


def sin(b: Code, x: Value) -> Value:
    """Return sin(x), for x of any size: NaN for infinities."""
    return sin_and_cos(b, x)[0]


def cos(b: Code, x: Value) -> Value:
    """Return cos(x), for x of any size: NaN for infinities."""
    return sin_and_cos(b, x)[1]


def tan(b: Code, x: Value) -> Value:
    """Return tan(x), for x of any size: NaN for infinities."""
    r, n = _reduce(b, x)
    z = r * r
    t = b.fma(z * r, polynomial(b, z, _TAN), r)
    result = b.select((n & 1) == 0, t, -1.0 / t)
    return b.select(x == 0.0, x, result)


def _asin_of_part(b: Code, size: Value) -> tuple[Value, Value, Value]:
    """Return whether a size is above 1/2; s, the size, or for those sqrt((1 - size) / 2), so that acos is 2 asin(s); and asin(s) - s."""
    above = size > 0.5
    z = b.select(above, 0.5 - size * 0.5, size * size)
    s = b.select(above, b.op("sqrt", z), size)
    return above, s, z * s * polynomial(b, z, _ASIN)


def asin(b: Code, x: Value) -> Value:
    """Return asin(x): NaN beyond 1."""
    above, s, tail = _asin_of_part(b, b.op("abs", x))
    large = (_HALF_PI - (s + s)) - (tail + tail - _HALF_PI_LOW)
    return either_sign(b, b.select(above, large, s + tail), x)


def acos(b: Code, x: Value) -> Value:
    """Return acos(x): NaN beyond 1."""
    above, s, tail = _asin_of_part(b, b.op("abs", x))
    part = s + tail
    middle = _HALF_PI - (either_sign(b, part, x) - _HALF_PI_LOW)
    twice = part + part
    return b.select(above, b.select(x < 0.0, 2 * _HALF_PI - (twice - 2 * _HALF_PI_LOW), twice), middle)


def _atan_of_part(b: Code, t: Value) -> Value:
    """Return atan(t) for t from 0 to 1."""
    z = t * t
    return b.fma(polynomial(b, z, _ATAN), z * t, t)


def atan(b: Code, x: Value) -> Value:
    """Return atan(x)."""
    size = b.op("abs", x)
    above = size > 1.0
    part = _atan_of_part(b, b.select(above, 1.0 / size, size))
    return either_sign(b, b.select(above, _HALF_PI - (part - _HALF_PI_LOW), part), x)


def atan2(b: Code, y: Value, x: Value) -> Value:
    """Return the angle of the point (x, y), with the signs of zeros as C's atan2."""
    up, across = b.op("abs", y), b.op("abs", x)
    steep = up > across
    small, large = b.select(steep, across, up), b.select(steep, up, across)
    t = b.fence(small) / b.op("max", b.smallest, large)  # of a constant y, compilers would say that 0 / NaN is 0
    part = _atan_of_part(b, b.select((small == math.inf) & (large == math.inf), 1.0, t))
    part = b.select(steep, _HALF_PI - (part - _HALF_PI_LOW), part)
    part = b.select(b.bits(x, "vi") < 0, 2 * _HALF_PI - (part - 2 * _HALF_PI_LOW), part)
    return either_sign(b, part, y)
