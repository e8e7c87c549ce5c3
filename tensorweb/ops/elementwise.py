"""Arithmetic, element by element: sums to powers, extremes, signs, whole-number functions.

Beside this file: `rounding`, `exponential`, `trigonometry`, `comparison`, `logic`, `special`, `complex`, `casting`, `activations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import also, composite, elementwise, named, op

# --- the four operations and their kin ---


@elementwise
def add(x1: Any, x2: Any) -> Any:
    """Return x1 + x2, element by element, with broadcasting.

    >>> import tensorweb as tw
    >>> tw.add(tw.tensor([1.0, 2.0]), 3).tolist()
    [4.0, 5.0]
    """
    return x1 + x2


subtract = named("subtract", lambda x1, x2: x1 - x2, "Return x1 - x2, element by element; booleans give int32.")
multiply = named("multiply", lambda x1, x2: x1 * x2, "Return x1 * x2, element by element, with broadcasting.")


@elementwise
def divide(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, element by element; integers give float32.

    >>> import tensorweb as tw
    >>> tw.divide(tw.tensor([1, 2, 3]), 2).tolist()
    [0.5, 1.0, 1.5]
    """
    return x1 / x2


also("true_divide", divide)


@elementwise
def divide_no_nan(x1: Any, x2: Any) -> Any:
    """Return x1 / x2, and 0 where x2 is 0; so are the derivatives there.

    >>> import tensorweb as tw
    >>> tw.divide_no_nan(tw.tensor([1.0, 3.0]), tw.tensor([0.0, 2.0])).tolist()
    [0.0, 1.5]
    """
    return e.where(e.equal(x2, 0), 0.0, x1 / e.where(e.equal(x2, 0), 1, x2))


@elementwise
def floor_divide(x1: Any, x2: Any) -> Any:
    """Return the floor of x1 / x2, the meaning of `//`; integers divided by 0 give 0.

    >>> import tensorweb as tw
    >>> tw.floor_divide(tw.tensor([7, -7]), 2).tolist()
    [3, -4]
    """
    return x1 // x2


@elementwise
def mod(x1: Any, x2: Any) -> Any:
    """Return what `floor_divide` leaves, with the sign of x2, the meaning of `%`; integers modulo 0 give 0.

    >>> import tensorweb as tw
    >>> tw.mod(tw.tensor([7, -7]), 3).tolist()
    [1, 2]
    """
    return e.mod(x1, x2)


@elementwise
def fmod(x1: Any, x2: Any) -> Any:
    """Return what a division that truncates leaves, with the sign of x1, as C's fmod."""
    # A divisor of x1's sign makes both kinds of division the same, without a rounding.
    return e.mod(x1, e.where(e.not_equal(x1 < 0, x2 < 0), -x2, x2))


@elementwise
def squared_difference(x1: Any, x2: Any) -> Any:
    """Return (x1 - x2) ** 2, as TensorFlow.js's squaredDifference."""
    return (x1 - x2) * e.conj(x1 - x2)


@composite(method=False)
def add_n(xs: Sequence[Any]) -> Any:
    """Return the sum of tensors of one shape, as TensorFlow.js's addN. Raises ArgumentError for none, ShapeError for unequal shapes.

    >>> import tensorweb as tw
    >>> tw.add_n([tw.ones((2,)), tw.ones((2,)), tw.ones((2,))]).tolist()
    [3.0, 3.0]
    """
    tensors = [as_tensor(x, "add_n") for x in xs]
    if not tensors:
        raise ArgumentError(message("add_n", "at least one tensor", "none", "Pass a list of tensors."))
    total = tensors[0]
    for x in tensors[1:]:
        if x.shape != total.shape:
            raise ShapeError(message("add_n", f"tensors of shape {total.shape}", f"one of shape {x.shape}", "Use add for broadcasting."))
        total = add(total, x)
    return total if len(tensors) > 1 else op("copy")(total)


# --- powers and roots ---


@elementwise
def power(x1: Any, x2: Any) -> Any:
    """Return x1 ** x2, element by element. Integers stay integers and wrap; their negative powers truncate to 0, 1 or -1.

    >>> import tensorweb as tw
    >>> tw.power(tw.tensor([1.0, 2.0, 3.0]), 2).tolist()
    [1.0, 4.0, 9.0]
    """
    return e.power(x1, x2)


negative = named("negative", lambda x: -x, "Return -x.")
square = named("square", lambda x: x * x, "Return x * x.")
reciprocal = named("reciprocal", lambda x: 1.0 / x, "Return 1 / x; integers give float32.")
sqrt = named("sqrt", lambda x: e.sqrt(x), "Return the square root of x; NaN below 0. Integers give float32.")
rsqrt = named("rsqrt", lambda x: 1.0 / e.sqrt(x), "Return 1 / sqrt(x).")


@elementwise
def cbrt(x: Any) -> Any:
    """Return the real cube root of x, also below 0.

    >>> import tensorweb as tw
    >>> tw.cbrt(tw.tensor([27.0, -8.0])).tolist()
    [3.0, -2.0]
    """
    a = e.absolute(e.result_like(x, 0.0))
    plain = e.logical_or(e.equal(a, 0), e.equal(a, inf))
    safe = e.where(plain, 1.0, a)
    guess = e.power(safe, 1 / 3)
    # One step of Newton's method: the power's own error grows with the logarithm.
    return e.sign(x) * e.where(plain, a, guess - (guess - safe / (guess * guess)) / 3.0)


@cbrt.derivative
def _cbrt_derivative(g: Any, y: Any, x: Any) -> Any:
    return g / (3.0 * y * y)


@elementwise
def hypot(x1: Any, x2: Any) -> Any:
    """Return sqrt(x1 ** 2 + x2 ** 2) without overflow on the way; the derivatives at (0, 0) are 0.

    >>> import tensorweb as tw
    >>> tw.hypot(tw.tensor([3.0]), tw.tensor([4.0])).tolist()
    [5.0]
    """
    a, b = e.absolute(e.result_like(x1, x2, 0.0)), e.absolute(e.result_like(x2, x1, 0.0))
    large = e.maximum(a, b)
    ratio = e.minimum(a, b) / e.where(e.equal(large, 0), 1, large)
    infinite = e.logical_or(e.isinf(a), e.isinf(b))
    return e.where(infinite, inf, large * e.sqrt(1.0 + ratio * ratio))


@hypot.derivative
def _hypot_derivative(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    zero, size = e.equal(y, 0), e.where(e.equal(y, 0), 1, y)
    return e.where(zero, 0.0, g * (x1 / size)), e.where(zero, 0.0, g * (x2 / size))


# --- extremes and signs ---


@elementwise
def maximum(x1: Any, x2: Any) -> Any:
    """Return the larger of x1 and x2, element by element; NaN wins. Where they are equal x1 gets the gradient.

    >>> import tensorweb as tw
    >>> tw.maximum(tw.tensor([1, 5]), 3).tolist()
    [3, 5]
    """
    return e.maximum(x1, x2)


@elementwise
def minimum(x1: Any, x2: Any) -> Any:
    """Return the smaller of x1 and x2, element by element; NaN wins. Where they are equal x1 gets the gradient."""
    return e.minimum(x1, x2)


@elementwise
def fmax(x1: Any, x2: Any) -> Any:
    """Return the larger of x1 and x2, the other one where one is NaN."""
    return e.where(e.isnan(x1), x2, e.where(e.isnan(x2), x1, e.maximum(x1, x2)))


@elementwise
def fmin(x1: Any, x2: Any) -> Any:
    """Return the smaller of x1 and x2, the other one where one is NaN."""
    return e.where(e.isnan(x1), x2, e.where(e.isnan(x2), x1, e.minimum(x1, x2)))


@elementwise
def absolute(x: Any) -> Any:
    """Return |x|; of complex numbers the modulus, as float32. The derivative at 0 is 0.

    >>> import tensorweb as tw
    >>> tw.abs(tw.tensor([-1.5, 2.0])).tolist()
    [1.5, 2.0]
    """
    return e.absolute(x)


also("abs", absolute)
fabs = named("fabs", lambda x: e.absolute(e.result_like(x, 0.0)), "Return |x| as a float.")
sign = named("sign", lambda x: e.sign(x), "Return -1, 0 or 1 by the sign of x; x / |x| of complex numbers; NaN stays.")


@elementwise
def signbit(x: Any) -> Any:
    """Return whether the sign bit of x is set: True for -0.0 as well."""
    return e.bitcast(e.cast(x, "float32"), "int32") < 0


@elementwise
def heaviside(x1: Any, x2: Any) -> Any:
    """Return 0 where x1 is below 0, 1 above, x2 where it is 0; NaN stays. Integers give float32.

    >>> import tensorweb as tw
    >>> tw.heaviside(tw.tensor([-1.0, 0.0, 2.0]), 0.5).tolist()
    [0.0, 0.5, 1.0]
    """
    x1 = e.stop(e.result_like(x1, x2, 0.0))
    return e.where(e.isnan(x1), x1, e.where(e.equal(x1, 0), x2, e.where(x1 < 0, 0.0, 1.0)))


@elementwise
def step(x: Any, alpha: Any = 0.0) -> Any:
    """Return 1 where x is above 0, else `alpha`; NaN stays. As TensorFlow.js's step."""
    return e.where(e.isnan(x), e.stop(x), e.where(x > 0, 1.0, e.stop(alpha)))


# --- whole numbers and bits of floats ---


def _integers(*values: Any, where: str) -> list[Any]:
    tensors = [as_tensor(v, where) for v in values]
    for t in tensors:
        if t.dtype not in ("bool", "int8", "uint8", "int32"):
            raise DTypeError(message(where, "integers", f"dtype {t.dtype}", "Cast them to int32 first."))
    return tensors


@elementwise
def _gcd(x1: Any, x2: Any) -> Any:
    a, b = e.absolute(x1), e.absolute(x2)
    # Euclid's algorithm: 46 rounds are enough for 32 bits (Fibonacci numbers need most), and a % 0 is 0.
    for _ in range(46):
        a, b = e.where(e.equal(b, 0), a, b), e.mod(a, b)
    return e.absolute(a)


@composite(gradient="none")
def gcd(x1: Any, x2: Any) -> Any:
    """Return the greatest common divisor of integers. Raises DTypeError for floats.

    >>> import tensorweb as tw
    >>> tw.gcd(tw.tensor([12, 18]), 8).tolist()
    [4, 2]
    """
    return _gcd(*_integers(x1, x2, where="gcd"))


@elementwise
def _lcm(x1: Any, x2: Any) -> Any:
    return e.absolute((x1 // _gcd(x1, x2)) * x2)


@composite(gradient="none")
def lcm(x1: Any, x2: Any) -> Any:
    """Return the least common multiple of integers, 0 if one is 0. Raises DTypeError for floats."""
    return _lcm(*_integers(x1, x2, where="lcm"))


@elementwise
def _ldexp(x1: Any, x2: Any) -> Any:
    # In two halves, since 2 ** x2 alone may leave the range that the product is in.
    half = x2 // 2
    return x1 * e.power(2.0, half) * e.power(2.0, x2 - half)


@composite
def ldexp(x1: Any, x2: Any) -> Any:
    """Return x1 * 2 ** x2 for integers x2. Raises DTypeError where x2 is not of integers.

    >>> import tensorweb as tw
    >>> tw.ldexp(tw.tensor([0.5, 0.75]), tw.tensor([2, 3])).tolist()
    [2.0, 6.0]
    """
    return _ldexp(x1, *_integers(x2, where="ldexp"))


@elementwise
def nextafter(x1: Any, x2: Any) -> Any:
    """Return the float32 that follows x1 in the direction of x2."""
    x1, x2 = e.cast(x1, "float32"), e.cast(x2, "float32")
    bits = e.bitcast(x1, "int32")
    away = e.equal(x2 > x1, x1 > 0)
    moved = e.bitcast(e.where(away, bits + 1, bits - 1), "float32")
    smallest = e.bitcast(e.where(x2 > 0, 1, -0x7FFFFFFF), "float32")
    result = e.where(e.equal(x1, x2), x2, e.where(e.equal(x1, 0), smallest, moved))
    return e.where(e.logical_or(e.isnan(x1), e.isnan(x2)), x1 + x2, result)


@nextafter.derivative
def _nextafter_derivative(g: Any, y: Any, x1: Any, x2: Any) -> Any:
    return g, None
