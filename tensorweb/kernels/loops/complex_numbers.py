"""Complex numbers on lanes: pairs of vectors (real part, imaginary part)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

COMPLEX: dict[str, Callable[..., Any]] = {}
