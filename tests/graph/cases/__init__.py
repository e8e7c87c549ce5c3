"""Cases of graph ops, by subject: what TensorFlow is asked. Answers are written by `generate_tensorflow.py`; needs NumPy and TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Case(NamedTuple):
    """An op on inputs: arrays, or lists of arrays where the op takes any number. `reference` computes what TensorFlow has no op for."""

    op: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any]
    reference: Callable[..., Any] | None = None
    tolerance: float | None = None  # of the largest value, where 1e-5 is too little
    outputs: int | None = None  # how many of the outputs have defined values


CASES: list[Case] = []


def case(op: str, *inputs: Any, reference: Any = None, tolerance: float | None = None, outputs: int | None = None, **attrs: Any) -> None:
    """Add a case; Python floats are float32, ints int32."""
    CASES.append(Case(op, tuple(_array(x) for x in inputs), attrs, reference, tolerance, outputs))


def _array(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, tuple):  # several arrays for one argument
        return [_array(x) for x in value]
    made = np.array(value)
    if made.dtype.kind in "US":
        return made.astype(object)
    return made.astype({"f": "float32", "i": "int32", "c": "complex64"}.get(made.dtype.kind, made.dtype))


_random = np.random.default_rng(6)


def floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Return random float32 numbers of few digits."""
    return np.round(_random.uniform(low, high, shape), 2).astype("float32")


def ints(*shape: int, low: int = -9, high: int = 10, dtype: str = "int32") -> np.ndarray:
    """Return random integers from low up to and without high."""
    return _random.integers(low, high, shape).astype(dtype)


def bools(*shape: int) -> np.ndarray:
    """Return random truth values."""
    return _random.random(shape) < 0.5


def complexes(*shape: int) -> np.ndarray:
    """Return random complex64 numbers."""
    return (floats(*shape) + 1j * floats(*shape)).astype("complex64")


def empty(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Return a tensor with no elements."""
    return np.zeros(shape, dtype)


NAN, INF = float("nan"), float("inf")
SPECIAL = np.array([0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 1.5, -1.5, 1e-6, 30.0, -30.0, INF, -INF, NAN], "float32")
