"""Host routines for which NumPy has a faster form than `kernels.routines`; the results mean the same.

Each is called as fast(outputs, *arrays, **attributes) and returns the outputs' arrays; where `outputs` is None, pairs of array and
Spec. What a routine refuses it refuses in the words of its plain form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...kernels.routines.base import fail
from .functions import NUMPY_DTYPES

Array = Any

ROUTINES: dict[str, Callable[..., list[Any]]] = {}


def _routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register a function of arrays in double precision, the plain forms' own; its results are stored as the outputs' dtypes say."""
    name = function.__name__.strip("_")

    def fast(outputs: Any, *arrays: Array, **attrs: Any) -> list[Any]:
        wide = [x.astype(np.complex128 if x.dtype.kind == "c" else np.float64) for x in arrays]
        with np.errstate(all="ignore"):
            made = function(*wide, **attrs)
            made = made if isinstance(made, tuple) else (made,)
            # The engine wants contiguous arrays of the exact shape, also where a batch is empty.
            stored = zip(made, outputs, strict=True)
            return [np.ascontiguousarray(y, NUMPY_DTYPES[str(s.dtype)]).reshape(s.shape) for y, s in stored]

    ROUTINES[name] = fast
    return function


def _adjoint(x: Array) -> Array:
    return np.swapaxes(x, -1, -2).conj()


def _finite(name: str, x: Array) -> None:
    bad = x[~np.isfinite(x)]
    if bad.size:
        fail(name, "finite values", bad[0].item(), "Remove NaN and infinity first.")


def _phase(vectors: Array, axis: int) -> Array:
    """Return the unit numbers that make each vector's leading component (first within 1% of the largest) real and positive."""
    sizes = np.abs(vectors)
    largest = sizes.max(axis=axis, keepdims=True, initial=0.0)
    if not vectors.size:
        return np.ones(largest.shape)
    lead = np.argmax(sizes >= 0.99 * largest, axis=axis)
    value = np.take_along_axis(vectors, np.expand_dims(lead, axis), axis)
    size = np.abs(value)
    return np.where(size > 0, value.conj() / np.where(size > 0, size, 1), 1)


# --- factorizations ---


@_routine
def cholesky(x: Array, upper: bool = False) -> Array:
    try:
        factor = np.linalg.cholesky(_adjoint(x) if upper else x)
    except np.linalg.LinAlgError:
        factor = np.full((1, 1), np.nan)
    if np.isnan(factor).any():
        fail("cholesky", "a positive definite matrix", "one that is not", "Add a small multiple of the identity.")
    return _adjoint(factor) if upper else factor


@_routine
def qr(x: Array, full_matrices: bool = False) -> Any:
    return tuple(np.linalg.qr(x, "complete" if full_matrices else "reduced"))


@_routine
def eigh(x: Array) -> Any:
    _finite("eigh", np.tril(x))
    values, vectors = np.linalg.eigh(x)
    return values, vectors * _phase(vectors, -2)


@_routine
def eig(x: Array) -> Any:
    _finite("eig", x)
    values, vectors = np.linalg.eig(x)
    return values, vectors * _phase(vectors, -2)


@_routine
def svd(x: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    _finite("svd", x)
    if not compute_uv:
        return np.linalg.svd(x, compute_uv=False)
    u, s, vh = np.linalg.svd(x, full_matrices)
    k = s.shape[-1]
    unit = _phase(vh[..., :k, :].conj(), -1)
    u[..., :, :k] *= np.swapaxes(unit, -1, -2)
    vh[..., :k, :] *= unit.conj()
    return u, s, vh


# --- equations and determinants ---


@_routine
def solve(a: Array, b: Array) -> Array:
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        fail("solve", "a matrix that can be inverted", "a singular one", "Use lstsq or pinv, or add to the diagonal.")


@_routine
def inv(x: Array) -> Array:
    try:
        return np.linalg.inv(x)
    except np.linalg.LinAlgError:
        fail("inv", "a matrix that can be inverted", "a singular one", "Use lstsq or pinv, or add to the diagonal.")


@_routine
def det(x: Array) -> Array:
    return np.linalg.det(x)


@_routine
def slogdet(x: Array) -> Any:
    return tuple(np.linalg.slogdet(x))


@_routine
def cofactor(x: Array) -> Array:
    _finite("svd", x)
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.where(np.eye(n, dtype=bool), 1.0, s[..., None, :]).prod(axis=-1)
    turn = (np.linalg.det(u) * np.linalg.det(vh)).conj()
    return (u * (others * turn[..., None])[..., None, :]) @ vh


@_routine
def pinv(x: Array, rcond: float) -> Array:
    _finite("svd", x)
    return np.linalg.pinv(x, rcond)
