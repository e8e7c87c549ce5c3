"""Window functions by length, under Keras's names, and what goes with them. Frames and transforms: `frames.py`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, message
from ..kernels import expression as e
from .creation import generate, ones
from .define import public
from .linalg import as_count


def count(value: Any, where: str, name: str, least: int) -> int:
    n = as_count(value, where, name)
    if n < least:
        raise ArgumentError(message(where, f"{name} of {least} or more", n, "Correct the length."))
    return n


def _made(where: str, length: Any, body: Callable[..., Any], *numbers: float) -> Any:
    """Return the window of `length` whose elements are body(index, length - 1, *numbers); a single one is 1."""
    n = count(length, where, "x", 0)
    return ones((n,)) if n < 2 else generate(body, (n,), "float32", float(n - 1), *numbers)


def cosines(c: Any, span: Any, a: Any, b: Any, d: Any) -> Any:
    turn = e.cast(c[0], "float32") / span * (2 * math.pi)
    return a - b * e.cos(turn) + d * e.cos(2.0 * turn)


def _tent(c: Any, span: Any) -> Any:
    return 1.0 - e.absolute(2.0 * e.cast(c[0], "float32") / span - 1.0)


@public("map", gradient="none", method=False)
def bartlett(x: int) -> Any:
    """Return the triangular window of length x, zero at both ends. keras.ops.bartlett.

    >>> import tensorweb as tw
    >>> tw.bartlett(5).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return _made("bartlett", x, _tent)


@public("map", gradient="none", method=False)
def blackman(x: int) -> Any:
    """Return the Blackman window of length x. keras.ops.blackman."""
    return _made("blackman", x, cosines, 0.42, 0.5, 0.08)


@public("map", gradient="none", method=False)
def hamming(x: int) -> Any:
    """Return the symmetric Hamming window of length x. keras.ops.hamming."""
    return _made("hamming", x, cosines, 0.54, 0.46, 0.0)


@public("map", gradient="none", method=False)
def hanning(x: int) -> Any:
    """Return the symmetric Hann window of length x. keras.ops.hanning."""
    return _made("hanning", x, cosines, 0.5, 0.5, 0.0)


# exp(-z) I0(z) for z = 3.75 t: the polynomials 9.8.1 and 9.8.2 of Abramowitz and Stegun, errors below 2e-7.
_NEAR = (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813)
_FAR = (0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377)


def _polynomial(coefficients: tuple[float, ...], x: Any) -> Any:
    total: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        total = total * x + c
    return total


def _scaled_i0(z: Any) -> Any:
    near, far = e.minimum(z, 3.75), e.maximum(z, 3.75)
    return e.where(z <= 3.75, _polynomial(_NEAR, (near / 3.75) * (near / 3.75)) * e.exp(-near), _polynomial(_FAR, 3.75 / far) / e.sqrt(far))


def _kaiser(c: Any, span: Any, beta: Any) -> Any:
    place = e.cast(c[0], "float32") / span
    # 1 - (2p - 1)**2 without the loss of digits at the ends.
    z = beta * e.sqrt(e.maximum(4.0 * place * (1.0 - place), 0.0))
    return e.exp(z - beta) * _scaled_i0(z) / _scaled_i0(beta)


@public("map", gradient="none", method=False)
def kaiser(x: int, beta: float) -> Any:
    """Return the Kaiser window of length x; `beta` sets its shape, the sign does not matter. keras.ops.kaiser."""
    return _made("kaiser", x, _kaiser, abs(float(beta)))
