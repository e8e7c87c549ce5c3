"""Host routines for which NumPy has a faster form than `kernels.routines`; the results mean the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

ROUTINES: dict[str, Callable[..., list[Any]]] = {}
