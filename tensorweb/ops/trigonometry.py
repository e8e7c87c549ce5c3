"""Trigonometric and hyperbolic functions, element by element; angles are in radians, integers give float32."""

from __future__ import annotations

from math import pi
from typing import Any

from ..kernels import expression as e
from .define import elementwise, named


@elementwise
def sin(x: Any) -> Any:
    """Return the sine of x.

    >>> import tensorweb as tw
    >>> tw.sin(tw.tensor([0.0])).tolist()
    [0.0]
    """
    return e.sin(x)


cos = named("cos", lambda x: e.cos(x), "Return the cosine of x.")
tan = named("tan", lambda x: e.tan(x), "Return the tangent of x.")
arcsin = named("arcsin", lambda x: e.asin(x), "Return the angle in [-pi/2, pi/2] whose sine is x; NaN outside [-1, 1].")
arccos = named("arccos", lambda x: e.acos(x), "Return the angle in [0, pi] whose cosine is x; NaN outside [-1, 1].")
arctan = named("arctan", lambda x: e.atan(x), "Return the angle in [-pi/2, pi/2] whose tangent is x.")
arctan2 = named("arctan2", lambda x1, x2: e.atan2(x1, x2), "Return the angle in [-pi, pi] of the point with ordinate x1 and abscissa x2.")
sinh = named("sinh", lambda x: e.sinh(x), "Return the hyperbolic sine of x.")
cosh = named("cosh", lambda x: e.cosh(x), "Return the hyperbolic cosine of x.")
tanh = named("tanh", lambda x: e.tanh(x), "Return the hyperbolic tangent of x.")
arcsinh = named("arcsinh", lambda x: e.asinh(x), "Return the inverse hyperbolic sine of x.")
arccosh = named("arccosh", lambda x: e.acosh(x), "Return the inverse hyperbolic cosine of x; NaN below 1.")
arctanh = named("arctanh", lambda x: e.atanh(x), "Return the inverse hyperbolic tangent of x; NaN outside [-1, 1].")
deg2rad = named("deg2rad", lambda x: x * (pi / 180.0), "Return degrees as radians.")
rad2deg = named("rad2deg", lambda x: x * (180.0 / pi), "Return radians as degrees.")


@elementwise
def sinc(x: Any) -> Any:
    """Return sin(pi x) / (pi x), 1 at 0.

    >>> import tensorweb as tw
    >>> tw.sinc(tw.tensor([0.0])).tolist()
    [1.0]
    """
    t = x * pi
    small = e.absolute(t) < 0.8
    # The series near 0 keeps derivatives of any order right there.
    square = e.where(small, t * t, 0.0)
    series = 1.0 + square * (-1 / 6 + square * (1 / 120 + square * (-1 / 5040 + square * (1 / 362880 - square / 39916800))))
    return e.where(small, series, e.sin(t) / e.where(small, 1.0, t))
