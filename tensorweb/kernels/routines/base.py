"""What every host routine shares: HostArray, the registry, and how a routine refuses its input. No routine lives here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, NoReturn


class HostArray(NamedTuple):
    """An array on the host: `values` flat in row-major order, a shape, and the name of a dtype."""

    values: list
    shape: tuple[int, ...]
    dtype: str


MOST_VALUES = 1 << 25

ROUTINES: dict[str, Callable[..., list[HostArray]]] = {}


def routine(function: Callable[..., list[HostArray]]) -> Callable[..., list[HostArray]]:
    """Register `function` under its own name."""
    ROUTINES[function.__name__] = function
    return function


def fail(name: str, expected: str, got: object, advice: str) -> NoReturn:
    """Raise the ValueError of routine `name` in the library's one form."""
    raise ValueError(f"{name}: expected {expected}, got {got}. {advice}")


def check(name: str, what: str, x: HostArray, rank: int | None = None) -> None:
    """Raise unless `x` holds as many values as its shape says and, where `rank` is given, has that rank."""
    if rank is not None and len(x.shape) != rank:
        fail(name, f"{what} of rank {rank}", f"shape {list(x.shape)}", "Reshape it.")
    if len(x.values) != math.prod(x.shape):
        fail(name, f"{what} with {math.prod(x.shape)} values (shape {list(x.shape)})", len(x.values), "Pass values that fill the shape.")


def bounded(name: str, count: int) -> None:
    """Raise unless a result of `count` values may be made: shapes and ranges come from files, too."""
    if count > MOST_VALUES:
        fail(name, f"at most {MOST_VALUES} values on the host", count, "Ask for less.")


def ints(values: list, dtype: str = "int32") -> HostArray:
    """Return integers as a HostArray of rank 1."""
    return HostArray(values, (len(values),), dtype)
