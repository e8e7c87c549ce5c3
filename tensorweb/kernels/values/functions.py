"""The scalar functions on lanes of float32, by the names of `program.py`, with their errors."""

from __future__ import annotations

from collections.abc import Callable

from .code import Value
from .division import floordiv, mod
from .exponentials import exp, expm1, log, log1p, power
from .hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from .trigonometry import acos, asin, atan, atan2, cos, sin, tan

REAL: dict[str, Callable[..., Value]] = {
    "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "pow": power, "sin": sin, "cos": cos, "tan": tan, "asin": asin, "acos": acos,
    "atan": atan, "atan2": atan2, "sinh": sinh, "cosh": cosh, "tanh": tanh, "asinh": asinh, "acosh": acosh, "atanh": atanh, "mod": mod,
    "floordiv": floordiv,
}  # fmt: skip

# The largest error in units of the last place, measured on tens of millions of numbers with fma and without.
ULPS: dict[str, float] = {
    "exp": 1.25, "expm1": 1.5, "log": 1.0, "log1p": 1.5, "pow": 1.5, "sin": 2.25, "cos": 2.25, "tan": 3.25, "asin": 2.25, "acos": 1.25,
    "atan": 1.75, "atan2": 2.0, "sinh": 2.0, "cosh": 1.75, "tanh": 2.5, "asinh": 2.0, "acosh": 2.25, "atanh": 1.25, "mod": 0.5,
    "floordiv": 1.0,
}  # fmt: skip
