"""Special functions, element by element: the error function and its kin, Bessel's I0. The polynomials are our own least-error fits."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import Any

from ..kernels import expression as e
from .define import elementwise

# erf(x) / x in powers of x**2 for |x| < 1.
_ERF = (1.12837917, -0.376126258, 0.112835851, -0.0268538119, 0.00518832756, -0.000801019252, 7.85385771e-05)
# (1 + 2 x) exp(x**2) erfc(x) in powers of (x - 3) / (x + 3) for x from 0.9 to 10.5.
_ERFC = (
    1.25300806, -0.135620914, -0.0475618918, 0.129636492, -0.119281907, 0.0684140308, -0.0237139463, 0.00204312605, 0.00174409542,
)  # fmt: skip
# erfinv(x) / x by w = -log(1 - x**2): in powers of w - 2.5 for w < 5, of sqrt(w) - 3 beyond.
_ERFINV = (
    1.50140942, 0.246640726, -0.00417770774, -0.00125370752, 0.000218602194, -4.39678125e-06, -3.52885955e-06, 3.4372706e-07, 2.853479e-08,
)  # fmt: skip
_ERFINV_TAIL = (
    2.8329771, 1.0016747, 0.00943154374, -0.0076339447, 0.00578686154, -0.00362936347, 0.00124740817, 5.67988799e-05, -0.000127513503,
)  # fmt: skip
# I0(x) and I1(x) / x in powers of (x / 6)**2 for |x| < 6; I(x) exp(-x) sqrt(x) in powers of 6 / x beyond.
_I0 = (1.0, 9.00000002, 20.249999, 20.2500183, 11.3904718, 4.10133081, 1.02324865, 0.191382161, 0.0235581906, 0.00439813792)
_I1 = (0.5, 2.25, 3.37499993, 2.53125116, 1.13905353, 0.341757403, 0.0731265798, 0.0119212771, 0.00133181524, 0.000214437064)
_I0_TAIL = (0.398942274, 0.00831175142, 0.000774057568, 0.000155019306, 6.44482142e-06, 1.64786216e-05, 1.96525925e-05)
_I1_TAIL = (0.398942287, -0.0249343788, -0.00129331198, -0.000209052189, -1.90967669e-05, -1.27084221e-05, -2.52558823e-05)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    """Return c0 + c1 x + c2 x**2 + ... by Horner's rule."""
    result: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        result = result * x + c
    return result


def _erfc_tail(a: Any) -> Any:
    """Return erfc(a) for a of 1 and more."""
    a = e.minimum(a, 12.0)
    # exp(-a**2) in two factors, the first of an exact square: a rounded square would cost digits.
    coarse = e.floor(a * 16.0) / 16.0
    gaussian = e.exp(-coarse * coarse) * e.exp(-(a - coarse) * (a + coarse))
    return gaussian * (_polynomial(_ERFC, (a - 3.0) / (a + 3.0)) / (1.0 + 2.0 * a))


@elementwise
def erf(x: Any) -> Any:
    """Return the error function of x, to 1e-6 relative.

    >>> import tensorweb as tw
    >>> tw.erf(tw.tensor([0.0, 10.0])).tolist()
    [0.0, 1.0]
    """
    a = e.absolute(x)
    return e.where(a < 1.0, x * _polynomial(_ERF, x * x), e.sign(x) * (1.0 - _erfc_tail(a)))


@erf.derivative
def _erf_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * (2.0 / sqrt(pi)) * e.exp(-x * x)


@elementwise
def erfc(x: Any) -> Any:
    """Return 1 - erf(x), to 1e-6 relative also where that is tiny."""
    a = e.absolute(x)
    tail = _erfc_tail(a)
    return e.where(a < 1.0, 1.0 - x * _polynomial(_ERF, x * x), e.where(x < 0, 2.0 - tail, tail))


@erfc.derivative
def _erfc_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * (-2.0 / sqrt(pi)) * e.exp(-x * x)


@elementwise
def erfinv(x: Any) -> Any:
    """Return the inverse of erf: infinite at -1 and 1, NaN outside.

    >>> import tensorweb as tw
    >>> tw.erfinv(tw.tensor([0.0, 1.0])).tolist()
    [0.0, inf]
    """
    w = -e.log((1.0 - x) * (1.0 + x))
    inner = _polynomial(_ERFINV, e.minimum(w, 5.0) - 2.5)
    outer = _polynomial(_ERFINV_TAIL, e.sqrt(e.minimum(e.maximum(w, 5.0), 18.0)) - 3.0)
    return e.where(e.equal(e.absolute(x), 1), x * inf, x * e.where(w < 5.0, inner, outer))


@erfinv.derivative
def _erfinv_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * (sqrt(pi) / 2.0) * e.exp(y * y)


def _bessel(x: Any, near: tuple[float, ...], tail: tuple[float, ...], odd: bool) -> Any:
    a = e.absolute(x)
    ratio = e.minimum(a, 6.0) / 6.0
    far = e.maximum(a, 6.0)
    # exp(a) overflows before the result does, hence its two halves.
    half = e.exp(far * 0.5)
    beyond = half * (_polynomial(tail, 6.0 / far) / e.sqrt(far)) * half
    within = _polynomial(near, ratio * ratio)
    return e.where(a < 6.0, x * within, e.sign(x) * beyond) if odd else e.where(a < 6.0, within, beyond)


@elementwise
def i0(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 0.

    >>> import tensorweb as tw
    >>> tw.i0(tw.tensor([0.0])).tolist()
    [1.0]
    """
    return _bessel(x, _I0, _I0_TAIL, odd=False)


@i0.derivative
def _i0_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * _i1(x)


@elementwise
def _i1(x: Any) -> Any:
    return _bessel(x, _I1, _I1_TAIL, odd=True)


@_i1.derivative
def _i1_derivative(g: Any, y: Any, x: Any) -> Any:
    return g * (i0(x) - e.where(e.equal(x, 0), 0.5, y / e.where(e.equal(x, 0), 1.0, x)))
