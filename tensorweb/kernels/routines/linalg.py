"""Host routines of dense linear algebra that end after a fixed number of steps: cholesky, qr, lu_factor, solve, inv, det.

Eigenvalues are in spectral.py, singular values in svd.py; triangular solves and least squares are composites of ops.
The algorithms are the textbook ones (Golub and Van Loan, Matrix Computations, chapters 3 to 5), with LAPACK's signs and pivots.
"""

from __future__ import annotations

import math

from .base import HostArray, fail, routine
from .matrix import Batch, Matrix, conjugate, dot, form_q, householder, split, transpose


@routine
def cholesky(x: HostArray, *, upper: bool = False) -> list[HostArray]:
    """Return [L] with x = L L^H, or [U] with x = U^H U where `upper`.

    x: [..., n, n], Hermitian and positive definite; only the triangle that is asked for is read. Raises ValueError where
    it is not positive definite, NaN included. Source: numpy.linalg.cholesky.
    """
    batch = split("cholesky", x, square=True)
    n = batch.rows
    factors = []
    for a in batch.matrices:
        factor = _cholesky([conjugate(column) for column in transpose(a, n)] if upper else a)
        factors.append([conjugate(column) for column in transpose(factor, n)] if upper else factor)
    return [batch.pack_matrices(factors, n, n)]


def _cholesky(a: Matrix) -> Matrix:
    rows: Matrix = []
    conjugates: Matrix = []
    for i, source in enumerate(a):
        row: list = []
        for j in range(i):
            row.append((source[j] - dot(row, conjugates[j])) / rows[j][j])
        pivot = source[i].real - sum(v.real * v.real + v.imag * v.imag for v in row)
        if not pivot > 0:  # so that NaN fails as well
            fail("cholesky", "a positive definite matrix", f"pivot {pivot} in row {i}", "Add a small multiple of the identity.")
        row.append(math.sqrt(pivot))
        conjugates.append(conjugate(row))
        rows.append(row)
    return [row + [0.0] * (len(a) - len(row)) for row in rows]


@routine
def qr(x: HostArray, *, full_matrices: bool = False) -> list[HostArray]:
    """Return [q, r] with x = q r, q's columns orthonormal and r upper triangular.

    x: [..., m, n], k = min(m, n); q: [..., m, k], r: [..., k, n], or [..., m, m] and [..., m, n] where `full_matrices`.
    Signs are LAPACK's, so the diagonal of r may be negative. Source: numpy.linalg.qr, TensorFlow.js linalg.qr.
    """
    batch = split("qr", x)
    m, n = batch.rows, batch.columns
    k = m if full_matrices else min(m, n)
    qs, rs = [], []
    for a in batch.matrices:
        columns = transpose(a, n)
        reflectors = householder(columns, m)
        qs.append(transpose(form_q(reflectors, m, k), m))
        rs.append(transpose([column[:k] for column in columns], k))
    return [batch.pack_matrices(qs, m, k), batch.pack_matrices(rs, k, n)]


def _lu(rows: Matrix, n: int) -> list[int]:
    """Factor the rows in place (L below the diagonal with ones left out, U above) and return each step's pivot row."""
    m = len(rows)
    pivots = []
    for k in range(min(m, n)):
        # |re| + |im| rather than the modulus: LAPACK's choice, and a choice that decides which pivots come out.
        p = max(range(k, m), key=lambda i: abs(rows[i][k].real) + abs(rows[i][k].imag))
        pivots.append(p)
        rows[k], rows[p] = rows[p], rows[k]
        pivot, tail = rows[k][k], rows[k][k + 1 :]
        if pivot == 0:
            continue
        for row in rows[k + 1 :]:
            factor = row[k] / pivot
            row[k:] = [factor, *(a - factor * b for a, b in zip(row[k + 1 :], tail, strict=True))]
    return pivots


@routine
def lu_factor(x: HostArray) -> list[HostArray]:
    """Return [lu, pivots]: L (unit diagonal left out) and U in one matrix, and with which row each row was swapped, in order.

    x, lu: [..., m, n]; pivots: int32 [..., min(m, n)]. A singular x is factored too. Source: scipy.linalg.lu_factor.
    """
    batch = split("lu_factor", x)
    m, n = batch.rows, batch.columns
    pivots = [p for a in batch.matrices for p in _lu(a, n)]
    return [batch.pack_matrices(batch.matrices, m, n), HostArray(pivots, (*batch.shape, min(m, n)), "int32")]


def _solve_columns(name: str, a: Matrix, columns: Matrix) -> Matrix:
    """Return the columns of a^-1 B for the columns of B; `a` is overwritten by its factors."""
    n = len(a)
    order = list(range(n))
    for k, p in enumerate(_lu(a, n)):
        order[k], order[p] = order[p], order[k]
    for k in range(n):
        if a[k][k] == 0:
            fail(name, "a matrix that can be inverted", f"a singular one (pivot {k} is zero)", "Use lstsq or pinv, or add to the diagonal.")
    backwards = [row[::-1] for row in a]
    results = []
    for column in columns:
        # `dot` stops at the shorter list, and that is always the part solved so far.
        y: list = []
        for i in range(n):
            y.append(column[order[i]] - dot(a[i], y))
        z: list = []
        for i in reversed(range(n)):
            z.append((y[i] - dot(backwards[i], z)) / a[i][i])
        results.append(z[::-1])
    return results


@routine
def solve(a: HostArray, b: HostArray) -> list[HostArray]:
    """Return [x] with a x = b, by LU with partial pivoting.

    a: [..., n, n]; b and x: [..., n, k], or [..., n] where b has a's shape without its last dimension. Batch dimensions are
    equal. Raises ValueError where a is singular. Source: numpy.linalg.solve, keras.ops.solve.
    """
    left = split("solve", a, "a", square=True)
    vector = b.shape == a.shape[:-1]
    right = split("solve", HostArray(b.values, (*b.shape, 1), b.dtype) if vector else b, "b")
    if right.shape != left.shape or right.rows != left.rows:
        fail("solve", f"b of shape {[*a.shape[:-1]]} or {[*a.shape[:-1], 'k']}", list(b.shape), "Reshape or broadcast b to fit a.")
    dtype = "complex64" if "complex64" in (left.dtype, right.dtype) else left.dtype
    n, k = left.rows, right.columns
    results = []
    for matrix, rows in zip(left.matrices, right.matrices, strict=True):
        results.append(transpose(_solve_columns("solve", matrix, transpose(rows, k)), n))
    packed = Batch(left.shape, n, k, dtype, []).pack_matrices(results, n, k)
    return [packed._replace(shape=b.shape)]


@routine
def inv(x: HostArray) -> list[HostArray]:
    """Return [the inverse] of x [..., n, n]. Raises ValueError where x is singular. Source: numpy.linalg.inv."""
    batch = split("inv", x, square=True)
    n = batch.rows
    unit = [[1.0 if i == j else 0.0 for i in range(n)] for j in range(n)]
    inverses = [transpose(_solve_columns("inv", a, unit), n) for a in batch.matrices]
    return [batch.pack_matrices(inverses, n, n)]


@routine
def det(x: HostArray) -> list[HostArray]:
    """Return [the determinant, of shape [...]] of x [..., n, n], as the product of the LU pivots. Source: numpy.linalg.det."""
    batch = split("det", x, square=True)
    results = []
    for a in batch.matrices:
        swaps = sum(p != k for k, p in enumerate(_lu(a, batch.rows)))
        results.append(math.prod((a[k][k] for k in range(batch.rows)), start=-1.0 if swaps % 2 else 1.0))
    return [batch.pack(results)]
