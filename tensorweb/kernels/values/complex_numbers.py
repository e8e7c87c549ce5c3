"""Complex numbers on lanes: pairs of float32 vectors (real part, imaginary part). The meaning is that of `scalars.py`.

Errors are below 5e-7 of the size of the result; of u**v they grow with the angle, to 6e-7 (1 + |v| (pi + |log|u||)). Branch cuts follow
the sign of zero. Infinite parts give what arithmetic makes of them, which may be NaN where C's annex G names a limit; abs and sqrt have
those limits. What exceeds 2**126 may overflow in between, except in abs, div, sqrt, log and sign.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import exponentials, hyperbolic, trigonometry
from .code import Code, Value
from .numerics import either_sign, product, two_sum

Pair = tuple[Value, Value]

_LN2 = 0.6931471805599453
_FAR, _SHIFT = 60.0, 40.0  # beyond FAR, exponents are lowered by SHIFT and the result is multiplied by exp(SHIFT)


# --- sizes ---


def _order(b: Code, z: Pair) -> tuple[Value, Value, Value]:
    """Return the larger and the smaller size of the parts, and their ratio: 1 if both are infinite, 0 if both are 0."""
    x, y = b.op("abs", z[0]), b.op("abs", z[1])
    steep = y > x
    small, large = b.select(steep, x, y), b.select(steep, y, x)
    ratio = small / b.op("max", b.smallest, large)  # instead of 0 / 0, which is NaN, 0 / smallest
    return large, small, b.select((small == math.inf) & (large == math.inf), 1.0, ratio)


def _stretch(b: Code, ratio: Value) -> Value:
    """Return the absolute value of a number whose larger part is 1."""
    return b.op("sqrt", b.fma(ratio, ratio, 1.0))


def absolute(b: Code, z: Pair) -> Value:
    """Return |z| without overflow between; infinite if a part is, even beside NaN."""
    large, _, ratio = _order(b, z)
    return b.select(isinf(b, z), b.constant("vf", math.inf), large * _stretch(b, ratio))


def sign(b: Code, z: Pair) -> Pair:
    """Return z / |z|, and 0 for 0."""
    large, _, ratio = _order(b, z)
    divisor, stretch = b.op("max", b.smallest, large), _stretch(b, ratio)
    return z[0] / divisor / stretch, z[1] / divisor / stretch


# --- arithmetic ---


def multiply(b: Code, u: Pair, v: Pair) -> Pair:
    """Return u * v."""
    return u[0] * v[0] - u[1] * v[1], u[0] * v[1] + u[1] * v[0]


def _normalized(b: Code, z: Pair) -> tuple[Pair, Value]:
    """Return z with its larger part from 1 to below 4, and the power of two (a vi) that was taken off."""
    large, _, _ = _order(b, z)
    power = b.bits(large, "vi") >> 23
    power = b.select(power < 1, 1, b.select(power > 253, 253, power))
    scale = b.bits((254 - power) << 23, "vf")
    return (z[0] * scale, z[1] * scale), power


def divide(b: Code, u: Pair, v: Pair) -> Pair:
    """Return u / v, NaN for v = 0: Smith's rule on numbers of size about 1."""
    (p, q), upper = _normalized(b, u)
    (c, d), lower = _normalized(b, v)
    level = b.op("abs", c) >= b.op("abs", d)
    big, small = b.select(level, c, d), b.select(level, d, c)
    first, second = b.select(level, p, q), b.select(level, q, p)
    ratio = small / big
    divisor = b.fma(small, ratio, big)
    x, y = b.fma(second, ratio, first) / divisor, b.fma(-first, ratio, second) / divisor
    y = b.select(level, y, -y)
    shift = b.convert(upper - lower, "vf")
    return b.scale(x, shift), b.scale(y, shift)


def power(b: Code, u: Pair, v: Pair) -> Pair:
    """Return u**v: 1 for v = 0, NaN for 0 to a power that is not positive; small whole powers are products."""
    size, angle = absolute(b, u), trigonometry.atan2(b, u[1], u[0])
    root = exponentials.power(b, size, v[0] * 0.25) * exponentials.exp(b, angle * v[1] * -0.25)  # one may be huge, the other tiny
    length = root * root * (root * root)
    turned = b.select(v[1] == 0.0, 0.0, v[1] * exponentials.log(b, size))
    s, c = trigonometry.sin_and_cos(b, b.fma(angle, v[0], turned))
    zero = (u[0] == 0.0) & (u[1] == 0.0)
    at_zero = b.select((v[0] > 0.0) & (v[1] == 0.0), b.constant("vf", 0.0), math.nan)
    x, y = (b.variable("vf", b.select(zero, at_zero, length * part)) for part in (c, s))
    whole = (v[1] == 0.0) & (b.op("trunc", v[0]) == v[0]) & (b.op("abs", v[0]) <= 100.0)
    with b.when(b.any(whole)):
        made = _whole_power(b, u, b.select(whole, v[0], 0.0))
        x.set(b.select(whole, made[0], x.value))
        y.set(b.select(whole, made[1], y.value))
    return x.value, y.value


def _whole_power(b: Code, u: Pair, exponent: Value) -> Pair:
    """Return u to whole powers by squaring."""
    left = b.variable("vi", b.convert(b.op("abs", exponent), "vi"))
    result = [b.variable("vf", 1.0), b.variable("vf", 0.0)]
    square = [b.variable("vf", part) for part in u]
    with b.repeat() as again:
        bits = left.value
        again.stop_when(~b.any(bits > 0))
        now, base = (result[0].value, result[1].value), (square[0].value, square[1].value)
        made, next_square = multiply(b, now, base), multiply(b, base, base)
        for i in range(2):
            result[i].set(b.select((bits & 1) != 0, made[i], now[i]))
            square[i].set(next_square[i])
        left.set(bits >> 1)
    made = (result[0].value, result[1].value)
    inverse = divide(b, (b.constant("vf", 1.0), b.constant("vf", 0.0)), made)
    return b.select(exponent < 0.0, inverse[0], made[0]), b.select(exponent < 0.0, inverse[1], made[1])


def sqrt(b: Code, z: Pair) -> Pair:
    """Return the root with a real part that is not negative."""
    large, _, ratio = _order(b, z)
    tiny = large < 2.0**-100
    scale, back = b.select(tiny, b.constant("vf", 2.0**48), 2.0**-4), b.select(tiny, b.constant("vf", 2.0**-24), 4.0)
    x, y = b.op("abs", z[0]) * scale, b.op("abs", z[1]) * scale
    main = b.op("sqrt", (x + large * scale * _stretch(b, ratio)) * 0.5)
    other = y / b.op("max", b.smallest, main + main)
    other = b.select(y == math.inf, y, other)
    main = b.select(y == math.inf, y, main)
    right = z[0] >= 0.0
    return b.select(right | (main == 0.0), main, other) * back, either_sign(b, b.select(right, other, main) * back, z[1])


# --- exponentials and logarithms ---


def _lowered(b: Code, x: Value) -> tuple[Value, Value]:
    """Return x nearer to 0 where its exponential may overflow, and the factor that this takes off the exponential of |x|."""
    far = b.op("abs", x) > _FAR
    return b.select(far, x - either_sign(b, b.constant("vf", _SHIFT), x), x), b.select(far, b.constant("vf", math.exp(_SHIFT)), 1.0)


def exp(b: Code, z: Pair) -> Pair:
    """Return exp(z)."""
    far = z[0] > _FAR
    size = exponentials.exp(b, b.select(far, z[0] - _SHIFT, z[0]))
    factor = b.select(far, b.constant("vf", math.exp(_SHIFT)), 1.0)
    s, c = trigonometry.sin_and_cos(b, z[1])
    return size * c * factor, b.select(z[1] == 0.0, z[1], size * s * factor)


def expm1(b: Code, z: Pair) -> Pair:
    """Return exp(z) - 1, accurate near 0."""
    x, y = exp(b, z)
    c = trigonometry.cos(b, z[1])
    half = trigonometry.sin(b, z[1] * 0.5)
    return b.select(z[0] > _FAR, x, b.fma(exponentials.expm1(b, z[0]), c, half * half * -2.0)), y


def _half_log1p_of_square(b: Code, u: Value, v: Value) -> Value:
    """Return log|1 + u + iv|, that is log1p(2 u + u**2 + v**2) / 2 with the rounding errors of the sum."""
    p, p_low = product(b, v, v)
    q, q_low = product(b, u, u)
    total, low = two_sum(b, u + u, p)
    total, more = two_sum(b, total, q)
    return exponentials.log1p(b, total + ((low + more) + (p_low + q_low))) * 0.5


def _log_size(b: Code, z: Pair, near: Value | None = None, excess: Pair | None = None) -> Value:
    """Return log|z|; where `near`, z is 1 + excess, and the excess is the more exact."""
    large, small, ratio = _order(b, z)
    far = exponentials.log(b, large) + exponentials.log1p(b, ratio * ratio) * 0.5
    close = (large >= 0.5) & (large <= 2.0)
    u, v = large - 1.0, small
    if near is not None and excess is not None:
        close, u, v = close | near, b.select(near, excess[0], u), b.select(near, excess[1], v)
    bounded = [b.select(close, part, 0.0) for part in (u, v)]
    return b.select(close, _half_log1p_of_square(b, *bounded), far)


def log(b: Code, z: Pair) -> Pair:
    """Return log(z), the angle from -pi to pi."""
    return _log_size(b, z), trigonometry.atan2(b, z[1], z[0])


def log1p(b: Code, z: Pair) -> Pair:
    """Return log(1 + z), accurate near 0."""
    near = (b.op("abs", z[0]) <= 0.5) & (b.op("abs", z[1]) <= 1.0)
    x = z[0] + 1.0
    return _log_size(b, (x, z[1]), near, z), trigonometry.atan2(b, z[1], x)


# --- trigonometric and hyperbolic functions ---


def _times_i(z: Pair) -> Pair:
    return -z[1], z[0]


def _rotated(function: Callable[[Code, Pair], Pair], name: str) -> Callable[[Code, Pair], Pair]:
    """Return z -> -i f(i z): it leads from sin to sinh, from atanh to atan."""

    def rotated(b: Code, z: Pair) -> Pair:
        x, y = function(b, _times_i(z))
        return y, -x

    rotated.__name__ = name
    rotated.__doc__ = f"Return {name}(z)."
    return rotated


def sin(b: Code, z: Pair) -> Pair:
    """Return sin(z)."""
    s, c = trigonometry.sin_and_cos(b, z[0])
    y, factor = _lowered(b, z[1])
    x = s * hyperbolic.cosh(b, y) * factor
    return b.select(z[0] == 0.0, z[0], x), c * hyperbolic.sinh(b, y) * factor


def cos(b: Code, z: Pair) -> Pair:
    """Return cos(z)."""
    s, c = trigonometry.sin_and_cos(b, z[0])
    y, factor = _lowered(b, z[1])
    return c * hyperbolic.cosh(b, y) * factor, b.select(z[0] == 0.0, z[0], s * factor) * -hyperbolic.sinh(b, y)


def cosh(b: Code, z: Pair) -> Pair:
    """Return cosh(z)."""
    return cos(b, _times_i(z))


def tanh(b: Code, z: Pair) -> Pair:
    """Return tanh(z)."""
    t, u = hyperbolic.tanh(b, z[0]), trigonometry.tan(b, z[1])
    inverse = 1.0 / hyperbolic.cosh(b, z[0])
    divisor = b.fma(t * u, t * u, 1.0)
    return t * b.fma(u, u, 1.0) / divisor, u / divisor * inverse * inverse


def _roots(b: Code, z: Pair) -> tuple[Pair, Pair]:
    """Return the roots of 1 - z and 1 + z, of which Kahan's formulas for the inverse functions are made."""
    return sqrt(b, (1.0 - z[0], -z[1])), sqrt(b, (z[0] + 1.0, z[1]))


def asin(b: Code, z: Pair) -> Pair:
    """Return asin(z)."""
    (p, q), (r, s) = _roots(b, z)
    return trigonometry.atan2(b, z[0], p * r - q * s), hyperbolic.asinh(b, p * s - q * r)


def acos(b: Code, z: Pair) -> Pair:
    """Return acos(z)."""
    (p, q), (r, s) = _roots(b, z)
    return trigonometry.atan2(b, p, r) * 2.0, hyperbolic.asinh(b, r * q - s * p)


def acosh(b: Code, z: Pair) -> Pair:
    """Return acosh(z)."""
    (p, q), (r, s) = sqrt(b, (z[0] - 1.0, z[1])), sqrt(b, (z[0] + 1.0, z[1]))
    return hyperbolic.asinh(b, p * r + q * s), trigonometry.atan2(b, q, r) * 2.0


def atanh(b: Code, z: Pair) -> Pair:
    """Return atanh(z): infinite for 1 and -1."""
    x, y = b.op("abs", z[0]), z[1]
    left = 1.0 - x
    gap = absolute(b, (left, y))
    far = exponentials.log1p(b, x * 4.0 / gap / gap) * 0.25
    close = (_LN2 - exponentials.log(b, gap)) * 0.5  # the quotient would overflow
    size = b.select(gap < 2.0**-30, close, far)
    angle = trigonometry.atan2(b, y, (left * (x + 1.0) - y * y) * 0.5) * 0.5
    return either_sign(b, size, z[0]), angle


# --- questions and parts ---


def equal(b: Code, u: Pair, v: Pair) -> Value:
    """Return whether both parts are equal."""
    return (u[0] == v[0]) & (u[1] == v[1])


def isnan(b: Code, z: Pair) -> Value:
    """Return whether a part is NaN."""
    return (z[0] != z[0]) | (z[1] != z[1])


def isinf(b: Code, z: Pair) -> Value:
    """Return whether a part is infinite."""
    return (b.op("abs", z[0]) == math.inf) | (b.op("abs", z[1]) == math.inf)


# By the names of `program.py`. The results are pairs, but for abs, real and imag (vf) and eq, ne, isnan and isinf (vm).
COMPLEX: dict[str, Callable[..., Any]] = {
    "add": lambda b, u, v: (u[0] + v[0], u[1] + v[1]), "sub": lambda b, u, v: (u[0] - v[0], u[1] - v[1]),
    "neg": lambda b, z: (-z[0], -z[1]), "conj": lambda b, z: (z[0], -z[1]), "mul": multiply, "div": divide, "pow": power,
    "abs": absolute, "sign": sign, "sqrt": sqrt, "exp": exp, "expm1": expm1, "log": log, "log1p": log1p,
    "sin": sin, "cos": cos, "tan": _rotated(tanh, "tan"), "sinh": _rotated(sin, "sinh"), "cosh": cosh, "tanh": tanh,
    "asin": asin, "acos": acos, "atan": _rotated(atanh, "atan"), "asinh": _rotated(asin, "asinh"), "acosh": acosh, "atanh": atanh,
    "real": lambda b, z: z[0], "imag": lambda b, z: z[1], "isnan": isnan, "isinf": isinf,
    "eq": equal, "ne": lambda b, u, v: ~equal(b, u, v),
}  # fmt: skip
