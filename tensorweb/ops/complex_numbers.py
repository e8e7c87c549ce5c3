"""Complex numbers: their parts, and making them of parts."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import also, composite, elementwise, named, op
from .shaping import take_slice

real = named("real", lambda x: e.real(x), "Return the real part of x; real numbers as they are.")
imag = named("imag", lambda x: e.imag(x), "Return the imaginary part of x; 0 for real numbers.")
conjugate = named("conjugate", lambda x: e.conj(x), "Return x with its imaginary part negated; real numbers as they are.")
also("conj", conjugate)
angle = named("angle", lambda x: e.atan2(e.imag(x), e.real(x)), "Return the angle of x in the complex plane, in [-pi, pi].")


@elementwise
def complex(real: Any, imag: Any) -> Any:
    """Return the complex64 tensor with these parts, as TensorFlow.js's complex.

    >>> import tensorweb as tw
    >>> tw.complex(tw.tensor([1.0]), tw.tensor([2.0])).tolist()
    [(1+2j)]
    """
    return e.make_complex(real, imag)


@elementwise
def polar(abs_: Any, angle: Any) -> Any:
    """Return the complex64 tensor of moduli `abs_` and angles `angle`."""
    return e.make_complex(abs_ * e.cos(angle), abs_ * e.sin(angle))


@composite
def view_as_complex(x: Any) -> Any:
    """Return [..., 2] real and imaginary parts as complex numbers [...]. Raises ShapeError for another last dimension.

    >>> import tensorweb as tw
    >>> tw.view_as_complex(tw.tensor([[1.0, 2.0]])).tolist()
    [(1+2j)]
    """
    x = as_tensor(x, "view_as_complex")
    if not x.shape or x.shape[-1] != 2:
        raise ShapeError(message("view_as_complex", "a last dimension of 2", f"shape {x.shape}", "Stack both parts along the last axis."))
    return complex(_part(x, 0), _part(x, 1))


def _part(x: Any, k: int) -> Any:
    lead = x.shape[:-1]
    start = (0,) * len(lead) + (k,)
    return op("reshape")(take_slice(x, start, (*lead, 1), (1,) * len(start)), lead)


@composite
def view_as_real(x: Any) -> Any:
    """Return complex numbers [...] as real and imaginary parts [..., 2]."""
    x = as_tensor(x, "view_as_real")
    return _choose_part(op("reshape")(x, (*x.shape, 1)), op("arange")(2, dtype="int32"))


@elementwise
def _choose_part(x: Any, k: Any) -> Any:
    return e.where(e.equal(k, 0), e.real(x), e.imag(x))
