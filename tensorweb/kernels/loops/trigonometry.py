"""Trigonometric functions and their inverses on lanes of float32. Errors are stated in `functions.py`."""

from __future__ import annotations

import math

from .builder import Builder, Value
from .exponentials import MAGIC
from .numerics import either_sign, flip_sign, polynomial

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
# 2 / pi in parts of 29 bits: the product of a float32 and each is exact in float64.
_TWO_OVER_PI = (
    0.636619770899415, 1.4681663246252086e-09, 2.2760100671971816e-18, 5.8812147387730434e-27, 1.0346868700836215e-35,
    3.783256351091319e-45, 3.720474878517739e-53,
)  # fmt: skip
_HALF_PI, _HALF_PI_LOW = 1.5707963705062866, -4.371138828673793e-08


def _reduce(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return r and whole numbers n with x = r + n pi / 2 and |r| <= pi / 4; only the last two bits of n count."""
    shifted = b.fma(x, 2 / math.pi, MAGIC)
    turns = shifted - MAGIC
    rest = x
    for part in _HALF_PI_FUSED if b.rounds_once else _HALF_PI_PLAIN:
        rest = b.fma(turns, -part, rest)
    r, n = b.variable("vf", rest), b.variable("vi", b.bits(shifted, "vi"))
    far = b.op("abs", x) > _NEAR
    with b.when(b.any(far)):
        far_rest, far_turns = _reduce_far(b, x)
        r.set(b.select(far, far_rest, rest))
        n.set(b.select(far, far_turns, n.value))
    return r.value, n.value


def _reduce_far(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return what _reduce does for numbers of any size, lane after lane in float64; infinities give NaN."""
    memory, turns = b.scratch(4 * b.lanes), b.scratch(4 * b.lanes)
    b.store_vector("f32", memory, x)
    with b.loop(0, b.lanes) as i:
        wide = b.convert(b.load("f32", memory + i * 4), "f64")
        rest, n = b.constant("f64", 0.0), b.constant("i32", 0)
        for part in _TWO_OVER_PI:
            p = wide * part
            rest = rest + (p - b.op("nearest", p * 0.25) * 4.0)  # whole turns do not count
            whole = b.op("nearest", rest)
            rest, n = rest - whole, n + b.convert(whole, "i32")
        b.store("f32", memory + i * 4, b.convert(rest * (math.pi / 2), "f32"))
        b.store("i32", turns + i * 4, n)
    return b.load_vector("f32", memory), b.load_vector("i32", turns)


def sin_and_cos(b: Builder, x: Value) -> tuple[Value, Value]:
    """Return sin(x) and cos(x), for x of any size: NaN for infinities."""
    r, n = _reduce(b, x)
    z = r * r
    s, c = b.fma(z * r, polynomial(b, z, _SIN), r), b.fma(z, b.fma(z, polynomial(b, z, _COS), -0.5), 1.0)
    even = (n & 1) == 0
    sine = flip_sign(b, b.select(even, s, c), n << 30)
    return b.select(x == 0.0, x, sine), flip_sign(b, b.select(even, c, s), (n + 1) << 30)


def sin(b: Builder, x: Value) -> Value:
    """Return sin(x), for x of any size: NaN for infinities."""
    return sin_and_cos(b, x)[0]


def cos(b: Builder, x: Value) -> Value:
    """Return cos(x), for x of any size: NaN for infinities."""
    return sin_and_cos(b, x)[1]


def tan(b: Builder, x: Value) -> Value:
    """Return tan(x), for x of any size: NaN for infinities."""
    r, n = _reduce(b, x)
    z = r * r
    t = b.fma(z * r, polynomial(b, z, _TAN), r)
    result = b.select((n & 1) == 0, t, -1.0 / t)
    return b.select(x == 0.0, x, result)


def _asin_of_part(b: Builder, size: Value) -> tuple[Value, Value, Value]:
    """Return whether a size is above 1/2; s, the size, or for those sqrt((1 - size) / 2), so that acos is 2 asin(s); and asin(s) - s."""
    above = size > 0.5
    z = b.select(above, 0.5 - size * 0.5, size * size)
    s = b.select(above, b.op("sqrt", z), size)
    return above, s, z * s * polynomial(b, z, _ASIN)


def asin(b: Builder, x: Value) -> Value:
    """Return asin(x): NaN beyond 1."""
    above, s, tail = _asin_of_part(b, b.op("abs", x))
    large = (_HALF_PI - (s + s)) - (tail + tail - _HALF_PI_LOW)
    return either_sign(b, b.select(above, large, s + tail), x)


def acos(b: Builder, x: Value) -> Value:
    """Return acos(x): NaN beyond 1."""
    above, s, tail = _asin_of_part(b, b.op("abs", x))
    part = s + tail
    middle = _HALF_PI - (either_sign(b, part, x) - _HALF_PI_LOW)
    twice = part + part
    return b.select(above, b.select(x < 0.0, 2 * _HALF_PI - (twice - 2 * _HALF_PI_LOW), twice), middle)


def _atan_of_part(b: Builder, t: Value) -> Value:
    """Return atan(t) for t from 0 to 1."""
    z = t * t
    return b.fma(polynomial(b, z, _ATAN), z * t, t)


def atan(b: Builder, x: Value) -> Value:
    """Return atan(x)."""
    size = b.op("abs", x)
    above = size > 1.0
    part = _atan_of_part(b, b.select(above, 1.0 / size, size))
    return either_sign(b, b.select(above, _HALF_PI - (part - _HALF_PI_LOW), part), x)


def atan2(b: Builder, y: Value, x: Value) -> Value:
    """Return the angle of the point (x, y), with the signs of zeros as C's atan2."""
    up, across = b.op("abs", y), b.op("abs", x)
    steep = up > across
    small, large = b.select(steep, across, up), b.select(steep, up, across)
    t = small / b.op("max", 2.0**-149, large)
    part = _atan_of_part(b, b.select((small == math.inf) & (large == math.inf), 1.0, t))
    part = b.select(steep, _HALF_PI - (part - _HALF_PI_LOW), part)
    part = b.select(b.bits(x, "vi") < 0, 2 * _HALF_PI - (part - 2 * _HALF_PI_LOW), part)
    return either_sign(b, part, y)
