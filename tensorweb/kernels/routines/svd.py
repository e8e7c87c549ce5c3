"""The host routine svd: pivoted QR, then one-sided Jacobi. Eigenvalues are in spectral.py.

Jacobi is slower than bidiagonal QR but simple, and it finds small singular values to high relative accuracy.
Source: Drmac and Veselic, New fast and accurate Jacobi SVD algorithm, SIAM J. Matrix Anal. Appl. 29 (2008).
"""

from __future__ import annotations

import math

from .base import HostArray, fail, routine
from .matrix import EPS, Matrix, conjugate, dot, form_q, householder, identity, phase, scaled, split, transpose

SWEEPS = 60  # passes over all pairs of columns; after pivoting five or six are usual


@routine
def svd(x: HostArray, *, full_matrices: bool = True, compute_uv: bool = True) -> list[HostArray]:
    """Return [u, s, vh] with x = u diag(s) vh, or [s] unless `compute_uv`; s descends.

    x: [..., m, n], k = min(m, n); s: [..., k], real; u: [..., m, m] and vh: [..., n, n], or [..., m, k] and [..., k, n] unless
    `full_matrices`. The leading component of each of the first k rows of vh is real and positive. Raises ValueError on NaN and
    infinity. Source: numpy.linalg.svd.
    """
    batch = split("svd", x)
    m, n = batch.rows, batch.columns
    k = min(m, n)
    us, values, vhs = [], [], []
    for rows in batch.matrices:
        a, scale = scaled("svd", rows)
        u, s, v = _decompose(a, m, n, full_matrices, compute_uv)
        values += [value * scale for value in s]
        if compute_uv:
            for j in range(k):
                unit = phase(v[j])
                u[j], v[j] = [c * unit for c in u[j]], [c * unit for c in v[j]]
            us.append(transpose(u, m))
            vhs.append([conjugate(column) for column in v])
    singular = HostArray(values, (*batch.shape, k), "float32" if batch.dtype == "complex64" else batch.dtype)
    if not compute_uv:
        return [singular]
    left, right = (m, n) if full_matrices else (k, k)
    return [batch.pack_matrices(us, m, left), singular, batch.pack_matrices(vhs, right, n)]


def _decompose(a: Matrix, m: int, n: int, full: bool, vectors: bool) -> tuple[Matrix, list[float], Matrix]:
    """Return the columns of U, the singular values and the columns of V (U and V empty unless `vectors`)."""
    if m < n:
        v, s, u = _decompose([conjugate(column) for column in transpose(a, n)], n, m, full, vectors)
        return u, s, v
    columns, order = transpose(a, n), list(range(n))
    reflectors = householder(columns, m, order)
    # a P = Q R. Jacobi turns the columns of R^H, which are R's rows conjugated, into W S: then a = (Q J) S (P W)^H.
    work = [[columns[j][i].conjugate() for j in range(n)] for i in range(n)]
    turns = identity(n, n) if vectors else None
    s = _jacobi(work, turns)
    rank_order = sorted(range(n), key=lambda j: -s[j])
    values = [s[j] for j in rank_order]
    if turns is None:
        return [], values, []
    q = form_q(reflectors, m, m if full else n)
    q_rows = [row[:n] for row in transpose(q, m)]
    u = [[dot(row, turns[j]) for row in q_rows] for j in rank_order] + q[n:]
    w = _orthonormal([work[j] for j in rank_order], values)
    v = []
    for column in w:
        restored = [0.0] * n
        for position, index in enumerate(order):
            restored[index] = column[position]
        v.append(restored)
    return u, values, v


def _jacobi(work: Matrix, turns: Matrix | None) -> list[float]:
    """Rotate pairs of columns until all are orthogonal, in place, and return their lengths; do the same to `turns`."""
    n = len(work)
    squares = [_square(column) for column in work]
    tolerance = EPS * max(n, 8)
    for _ in range(SWEEPS):
        quiet = True
        for p in range(n - 1):
            for q in range(p + 1, n):
                limit = tolerance * math.sqrt(squares[p]) * math.sqrt(squares[q])
                if not limit:
                    continue
                cross = dot(conjugate(work[p]), work[q])
                if abs(cross) <= limit:
                    continue
                quiet = False
                for columns in (work, turns) if turns is not None else (work,):
                    _rotate(columns, p, q, cross, squares[q] - squares[p])
                squares[p], squares[q] = _square(work[p]), _square(work[q])
        if quiet:
            return [math.sqrt(square) for square in squares]
    fail("svd", f"convergence in {SWEEPS} sweeps", "none", "Scale the matrix, or report this one.")


def _square(column: list) -> float:
    return dot(conjugate(column), column).real


def _rotate(columns: Matrix, p: int, q: int, cross, gap: float) -> None:
    """Rotate columns p and q by the angle that makes the worked columns orthogonal; `gap` is the difference of their squares."""
    size = abs(cross)
    zeta = gap / (2 * size)
    tangent = math.copysign(1.0, zeta) / (abs(zeta) + math.hypot(1.0, zeta))
    c = 1 / math.hypot(1.0, tangent)
    s = c * tangent
    # Turning column q by the phase of the cross product first makes the product real.
    unit = cross.conjugate() / size
    first, second = columns[p], columns[q] if unit == 1 else [v * unit for v in columns[q]]
    columns[p] = [c * u - s * v for u, v in zip(first, second, strict=True)]
    columns[q] = [s * u + c * v for u, v in zip(first, second, strict=True)]


def _orthonormal(columns: Matrix, lengths: list[float]) -> Matrix:
    """Return the columns divided by their lengths, and in place of those of length zero whatever completes the basis."""
    kept = [[v / length for v in column] for column, length in zip(columns, lengths, strict=True) if length]
    missing = len(columns) - len(kept)
    if not missing:
        return kept
    reflectors = householder([list(column) for column in kept], len(columns))
    return kept + form_q(reflectors, len(columns), len(columns))[len(kept) :]
