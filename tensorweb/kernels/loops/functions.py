"""The scalar functions on lanes of float32, by the names of `program.py`, with their errors."""

from __future__ import annotations

from collections.abc import Callable

from .builder import Value
from .division import floordiv, mod
from .exponentials import exp, expm1, log, log1p, power
from .hyperbolic import acosh, asinh, atanh, cosh, sinh, tanh
from .trigonometry import acos, asin, atan, atan2, cos, sin, tan

REAL: dict[str, Callable[..., Value]] = {
    "exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "pow": power, "sin": sin, "cos": cos, "tan": tan, "asin": asin, "acos": acos,
    "atan": atan, "atan2": atan2, "sinh": sinh, "cosh": cosh, "tanh": tanh, "asinh": asinh, "acosh": acosh, "atanh": atanh, "mod": mod,
    "floordiv": floordiv,
}  # fmt: skip
