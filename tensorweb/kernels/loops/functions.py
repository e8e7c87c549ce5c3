"""The scalar functions on lanes of float32, by the names of `program.py`, with their errors."""

from __future__ import annotations

from collections.abc import Callable

from .builder import Value
from .exponentials import exp, expm1, log, log1p, power

REAL: dict[str, Callable[..., Value]] = {"exp": exp, "expm1": expm1, "log": log, "log1p": log1p, "pow": power}
