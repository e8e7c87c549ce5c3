"""What the scalar functions on lanes are made of: polynomials, signs, and sums and products whose rounding errors are kept.

The functions themselves are in `exponentials.py`, `trigonometry.py`, `hyperbolic.py`, `division.py` and `complex_numbers.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .code import Code, Operand, Value

SIGN = -(2**31)  # the bit of an int32 that is a float's sign


def polynomial(b: Code, x: Value, coefficients: Sequence[float]) -> Value:
    """Return the polynomial at x by Horner's rule; the coefficient of the highest power comes first."""
    result = b.constant(x.type, coefficients[0])
    for c in coefficients[1:]:
        result = b.fma(result, x, c)
    return result


def either_sign(b: Code, x: Value, sign: Value) -> Value:
    """Return x, which is not negative, with the sign of a float (-0 included)."""
    return b.bits(b.bits(x, "vi") | (b.bits(sign, "vi") & SIGN), "vf")


def flip_sign(b: Code, x: Value, bits: Value) -> Value:
    """Return x with its sign turned where the sign bit of an int32 is set."""
    return b.bits(b.bits(x, "vi") ^ (bits & SIGN), "vf")


def unchanged_by_doubling(b: Code, x: Value) -> Value:
    """Return whether x is 0 or infinite; NaN may be either."""
    return b.bits(x + x, "vi") == b.bits(x, "vi")  # a comparison of the floats might be simplified to x == 0


def ordered_sum(b: Code, big: Value, small: Value) -> tuple[Value, Value]:
    """Return big + small and the rounding error of it; |big| >= |small|, or big is 0."""
    total = b.fence(big + small)
    return total, small - b.fence(total - big)


def two_sum(b: Code, x: Value, y: Value) -> tuple[Value, Value]:
    """Return x + y and the rounding error of it, whichever is larger."""
    total = b.fence(x + y)
    of_y = b.fence(total - x)
    return total, (x - b.fence(total - of_y)) + (y - of_y)


def product(b: Code, x: Value, y: Operand) -> tuple[Value, Value]:
    """Return x * y and the rounding error of it."""
    x, y = b.operands(x, y)
    high = b.fence(x * y)
    if b.rounds_once:
        return high, b.fma(x, y, -high)
    (x1, x2), (y1, y2) = _halves(b, x), _halves(b, y)
    return high, (b.fence(x1 * y1 - high) + x1 * y2 + x2 * y1) + x2 * y2


def _halves(b: Code, x: Value) -> tuple[Value, Value]:
    """Return two parts of 12 bits each: products of such parts are exact."""
    high = b.bits(b.bits(x, "vi") & -4096, "vf")
    return high, x - high
