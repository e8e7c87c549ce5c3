"""Matrices as lists of rows, and Householder reflectors: what the linear-algebra routines share. No routine lives here.

Real matrices hold floats and complex ones complex numbers; the same code serves both, because a Python float has `.real`,
`.imag` and `.conjugate()` too.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterable
from operator import mul
from typing import NamedTuple

from .base import HostArray, check, fail

EPS = 2.0**-52

Matrix = list[list]


class Batch(NamedTuple):
    """The matrices of an array [..., rows, columns], and what is needed to put results of the same batch together."""

    shape: tuple[int, ...]
    rows: int
    columns: int
    dtype: str
    matrices: list[Matrix]

    def pack(self, values: Iterable, *shape: int) -> HostArray:
        """Return numbers as an array of shape batch + `shape`, in the dtype of the batch."""
        number = complex if self.dtype == "complex64" else float
        return HostArray([number(v) for v in values], (*self.shape, *shape), self.dtype)

    def pack_matrices(self, matrices: list[Matrix], rows: int, columns: int) -> HostArray:
        """Return matrices as an array of shape batch + [rows, columns]."""
        return self.pack((v for matrix in matrices for row in matrix for v in row), rows, columns)


def split(name: str, x: HostArray, what: str = "a matrix", square: bool = False) -> Batch:
    """Return fresh copies of the matrices in `x` [..., m, n], as floats or complex numbers; raise ValueError if there are none."""
    if x.dtype == "string":
        fail(name, f"{what} of numbers", "strings", "Convert it to float32 first.")
    if len(x.shape) < 2:
        fail(name, f"{what} of rank 2 or more", f"shape {list(x.shape)}", "Reshape it to [..., rows, columns].")
    check(name, what, x)
    *batch, m, n = x.shape
    if square and m != n:
        fail(name, f"{what} that is square", f"shape {list(x.shape)}", "Pass [..., n, n].")
    number = complex if x.dtype == "complex64" else float
    flat = [number(v) for v in x.values]
    size = m * n
    starts = range(0, math.prod(batch) * size, size) if size else [0] * math.prod(batch)
    matrices = [[flat[s + i * n : s + (i + 1) * n] for i in range(m)] for s in starts]
    dtype = x.dtype if x.dtype == "complex64" or x.dtype.startswith("float") else "float32"
    return Batch(tuple(batch), m, n, dtype, matrices)


def scaled(name: str, rows: Matrix) -> tuple[Matrix, float]:
    """Return the matrix divided by a power of two that brings its largest entry below 1, and that power; raise on NaN and infinity.

    The iterative routines start here: without NaN they converge, and near 1 no square overflows or underflows.
    """
    largest = 0.0
    for row in rows:
        for v in row:
            if not cmath.isfinite(v):
                fail(name, "finite values", v, "Remove NaN and infinity first.")
            largest = max(largest, abs(v.real), abs(v.imag))
    # Clamped, because neither 2**1024 nor the inverse of 2**-1074 is a float.
    scale = math.ldexp(1.0, min(max(math.frexp(largest)[1], -1000), 1000))
    return [[v / scale for v in row] for row in rows], scale


def transpose(rows: Matrix, count: int) -> Matrix:
    """Return the transpose; `count` is the number of columns, which an empty matrix does not tell."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(count)]


def identity(m: int, count: int) -> Matrix:
    """Return the first `count` columns of the m x m identity, as a list of columns."""
    return [[1.0 if i == j else 0.0 for i in range(m)] for j in range(count)]


def conjugate(values: list) -> list:
    """Return the complex conjugates (real numbers as they are)."""
    return [v.conjugate() for v in values]


def dot(a: list, b: list):
    """Return the sum of products, nothing conjugated, up to the shorter length."""
    return sum(map(mul, a, b))


class Reflector(NamedTuple):
    """H = I - tau v v^H, made so that H^H x = beta e1 with a real beta; `vh` is v conjugated."""

    v: list
    vh: list
    tau: complex
    beta: float


def reflector(x: list) -> Reflector:
    """Return the Householder reflector of `x` with LAPACK's signs: beta is opposite to Re x[0], and H = I where x is beta e1 already."""
    alpha = x[0]
    tail = math.hypot(*[part for v in x[1:] for part in (v.real, v.imag)])
    if tail == 0 and alpha.imag == 0:
        v = [1.0] + [0.0] * (len(x) - 1)
        return Reflector(v, v, 0.0, alpha.real)
    beta = -math.copysign(math.hypot(alpha.real, alpha.imag, tail), alpha.real)
    scale = alpha - beta
    v = [1.0] + [t / scale for t in x[1:]]
    return Reflector(v, conjugate(v), (beta - alpha) / beta, beta)


def reflect(h: Reflector, tau: complex, columns: Matrix, start: int) -> None:
    """Apply I - tau v v^H to the columns in place, from row `start` on: H where tau is h.tau, H^H where it is the conjugate."""
    if tau:
        for column in columns:
            weight = tau * dot(h.vh, column[start:])
            column[start:] = [c - weight * v for c, v in zip(column[start:], h.v, strict=True)]


def householder(columns: Matrix, m: int, order: list[int] | None = None) -> list[Reflector]:
    """Turn the columns of an m x n matrix into those of R, in place, and return the reflectors whose product is Q.

    With `order` (a list of column numbers, permuted in place) the longest remaining column comes first at each step.
    """
    reflectors = []
    for k in range(min(m, len(columns))):
        if order is not None:
            j = max(range(k, len(columns)), key=lambda j: math.hypot(*map(abs, columns[j][k:])))
            columns[k], columns[j] = columns[j], columns[k]
            order[k], order[j] = order[j], order[k]
        h = reflector(columns[k][k:])
        columns[k][k:] = [h.beta] + [0.0] * (m - k - 1)
        reflect(h, h.tau.conjugate(), columns[k + 1 :], k)
        reflectors.append(h)
    return reflectors


def form_q(reflectors: list[Reflector], m: int, count: int, offset: int = 0) -> Matrix:
    """Return the first `count` columns of the product of m x m reflectors; number k acts from row k + offset on."""
    columns = identity(m, count)
    for k in reversed(range(len(reflectors))):
        # The columns before are still those of the identity, which this reflector leaves alone.
        reflect(reflectors[k], reflectors[k].tau, columns[k + offset :], k + offset)
    return columns


def phase(vector: list):
    """Return the unit number that, multiplied in, makes the leading component real and positive.

    Leading is the first component within 1% of the largest: a tie decided by rounding would make signs differ between machines.
    """
    sizes = [abs(v) for v in vector]
    largest = max(sizes, default=0.0)
    if not largest:
        return 1.0
    lead = next(i for i, size in enumerate(sizes) if size >= 0.99 * largest)
    return vector[lead].conjugate() / sizes[lead]
