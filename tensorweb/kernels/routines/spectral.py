"""Host routines for eigenvalues: eigh (Hermitian) and eig (general). Singular values are in svd.py.

Every loop is bounded: what does not converge raises. Source of the algorithms: Golub and Van Loan, Matrix Computations,
sections 8.3 (tridiagonal QR with Wilkinson's shift) and 7.4 to 7.6 (Hessenberg QR, here in complex arithmetic throughout).
"""

from __future__ import annotations

import cmath
import math

from .base import HostArray, fail, routine
from .matrix import EPS, Batch, Matrix, Reflector, conjugate, dot, form_q, phase, reflect, reflector, scaled, split, transpose

STEPS = 60  # QR steps an eigenvalue may take; two or three are usual
TINY = 1e-290  # below this an off-diagonal entry is zero, beside entries near 1


@routine
def eigh(x: HostArray) -> list[HostArray]:
    """Return [w, v]: the eigenvalues in ascending order, and the eigenvectors as columns, x v = v diag(w).

    x: [..., n, n], Hermitian, of which only the lower triangle is read; w: [..., n], real; v: [..., n, n], orthonormal,
    each column's leading component made real and positive. Raises ValueError on NaN and infinity. Source: numpy.linalg.eigh.
    """
    batch = split("eigh", x, square=True)
    n = batch.rows
    values, vectors = [], []
    for rows in batch.matrices:
        lower, scale = scaled("eigh", [row[: i + 1] for i, row in enumerate(rows)])
        full = [[lower[i][j] if j <= i else lower[j][i].conjugate() for j in range(n)] for i in range(n)]
        d, e, reflectors = _tridiagonalize(full)
        columns = form_q(reflectors, n, n, offset=1)
        _tridiagonal_qr(d, e, columns)
        order = sorted(range(n), key=d.__getitem__)
        values += [d[k] * scale for k in order]
        turned = [[c * unit for c in columns[k]] for k in order for unit in [phase(columns[k])]]
        vectors.append(transpose(turned, n))
    w = HostArray(values, (*batch.shape, n), "float32" if batch.dtype == "complex64" else batch.dtype)
    return [w, batch.pack_matrices(vectors, n, n)]


def _tridiagonalize(a: Matrix) -> tuple[list[float], list[float], list[Reflector]]:
    """Return the diagonal and off-diagonal of the real tridiagonal T = Q^H a Q, and the reflectors of Q from row 1 on."""
    d, e, reflectors = [], [], []
    while a:
        d.append(a[0][0].real)
        if len(a) == 1:
            break
        h = reflector([row[0] for row in a[1:]])
        a = [row[1:] for row in a[1:]]
        if h.tau:
            # H^H a H = a - v w^H - w v^H: a rank-two update instead of two products.
            p = [h.tau * dot(row, h.v) for row in a]
            alpha = -0.5 * h.tau * dot(conjugate(p), h.v)
            w = [pi + alpha * vi for pi, vi in zip(p, h.v, strict=True)]
            pairs = list(zip(conjugate(w), h.vh, strict=True))
            a = [[c - vi * wj - wi * vj for c, (wj, vj) in zip(row, pairs, strict=True)] for row, vi, wi in zip(a, h.v, w, strict=True)]
        e.append(h.beta)
        reflectors.append(h)
    return d, e, reflectors


def _tridiagonal_qr(d: list[float], e: list[float], columns: Matrix) -> None:
    """Turn `d` into the eigenvalues of the tridiagonal matrix (d, e), in place, and the columns into the eigenvectors."""
    hi, steps = len(d) - 1, 0
    while hi > 0:
        lo = hi
        while lo > 0 and abs(e[lo - 1]) > EPS * (abs(d[lo - 1]) + abs(d[lo])) + TINY:
            lo -= 1
        if lo == hi:
            hi, steps = hi - 1, 0
            continue
        steps += 1
        if steps > STEPS:
            fail("eigh", f"convergence in {STEPS} steps", "none", "Scale the matrix, or report this one.")
        _tridiagonal_step(d, e, columns, lo, hi)


def _tridiagonal_step(d: list[float], e: list[float], columns: Matrix, lo: int, hi: int) -> None:
    """Do one implicit QR step with Wilkinson's shift on rows lo to hi, chasing the bulge down."""
    half, last = (d[hi - 1] - d[hi]) / 2, e[hi - 1]
    shift = d[hi] - last * (last / (half + math.copysign(math.hypot(half, last), half)))
    x, y = d[lo] - shift, e[lo]
    for k in range(lo, hi):
        r = math.hypot(x, y)
        c, s = (x / r, y / r) if r else (1.0, 0.0)
        if k > lo:
            e[k - 1] = r
        a, b, q = d[k], e[k], d[k + 1]
        d[k] = c * c * a + 2 * c * s * b + s * s * q
        d[k + 1] = s * s * a - 2 * c * s * b + c * c * q
        e[k] = c * s * (q - a) + (c * c - s * s) * b
        if k < hi - 1:
            x, y = e[k], s * e[k + 1]
            e[k + 1] *= c
        first, second = columns[k], columns[k + 1]
        columns[k] = [c * u + s * v for u, v in zip(first, second, strict=True)]
        columns[k + 1] = [c * v - s * u for u, v in zip(first, second, strict=True)]


@routine
def eig(x: HostArray) -> list[HostArray]:
    """Return [w, v]: eigenvalues in no particular order, and eigenvectors as columns, x v = v diag(w), both complex64.

    x: [..., n, n]; w: [..., n]; v: [..., n, n], columns of length 1, the leading component real and positive. Raises
    ValueError on NaN and infinity. Source: numpy.linalg.eig (whose order and phases differ).
    """
    batch = split("eig", x, square=True)
    n = batch.rows
    result = Batch(batch.shape, n, n, "complex64", [])
    values, vectors = [], []
    for rows in batch.matrices:
        a, scale = scaled("eig", rows)
        t, columns = _hessenberg(a)
        _schur(t, columns)
        spread = n * EPS * max((abs(v) for row in t for v in row), default=0.0)
        for k in range(n):
            w = t[k][k]
            # A real matrix has real eigenvalues exactly; complex arithmetic leaves a rounding error in the imaginary part.
            values.append((w.real if batch.dtype != "complex64" and abs(w.imag) <= spread else w) * scale)
        vectors.append(transpose([_eigenvector(t, columns, k) for k in range(n)], n))
    return [result.pack(values, n), result.pack_matrices(vectors, n, n)]


def _hessenberg(a: Matrix) -> tuple[Matrix, Matrix]:
    """Return H = Q^H a Q, zero below its first subdiagonal, and the columns of Q, all complex."""
    n = len(a)
    reflectors = []
    for k in range(n - 2):
        h = reflector([row[k] for row in a[k + 1 :]])
        columns = transpose(a, n)
        reflect(h, h.tau.conjugate(), columns[k:], k + 1)
        columns[k][k + 1 :] = [h.beta] + [0.0] * (n - k - 2)
        a = transpose(columns, n)
        for row in a:
            weight = h.tau * dot(row[k + 1 :], h.v)
            row[k + 1 :] = [c - weight * v for c, v in zip(row[k + 1 :], h.vh, strict=True)]
        reflectors.append(h)
    columns = form_q(reflectors, n, n, offset=1)
    return [[complex(v) for v in row] for row in a], [[complex(v) for v in column] for column in columns]


def _schur(t: Matrix, columns: Matrix) -> None:
    """Turn a Hessenberg matrix into an upper triangular one, in place, by shifted QR steps, and carry the columns of Q along."""
    norm = max((abs(v) for row in t for v in row), default=0.0)
    hi, steps = len(t) - 1, 0
    while hi > 0:
        lo = hi
        while lo > 0 and abs(t[lo][lo - 1]) > EPS * ((abs(t[lo - 1][lo - 1]) + abs(t[lo][lo])) or norm):
            lo -= 1
        if lo > 0:
            t[lo][lo - 1] = 0j
        if lo == hi:
            hi, steps = hi - 1, 0
            continue
        steps += 1
        if steps > STEPS:
            fail("eig", f"convergence in {STEPS} steps", "none", "Scale the matrix, or report this one.")
        # Now and then a shift from outside the matrix breaks a cycle, which a permutation matrix otherwise stays in.
        shift = _shift(t, hi) if steps % 10 else t[hi][hi] + 0.75 * abs(t[hi][hi - 1])
        _schur_step(t, columns, lo, hi, shift)


def _shift(t: Matrix, hi: int) -> complex:
    """Return the eigenvalue of the last 2 x 2 block that is nearer to its last entry (Wilkinson's shift)."""
    a, b, c, d = t[hi - 1][hi - 1], t[hi - 1][hi], t[hi][hi - 1], t[hi][hi]
    half = (a - d) / 2
    root = cmath.sqrt(half * half + b * c)
    if (half * root.conjugate()).real < 0:
        root = -root
    return d - b * c / (half + root) if half + root else d


def _schur_step(t: Matrix, columns: Matrix, lo: int, hi: int, shift: complex) -> None:
    """Do one QR step on rows lo to hi: t - shift = Q R by rotations, then R Q + shift."""
    for k in range(lo, hi + 1):
        t[k][k] -= shift
    rotations = []
    for k in range(lo, hi):
        x, y = t[k][k], t[k + 1][k]
        r = math.hypot(x.real, x.imag, y.real, y.imag)
        c, s = (x / r, y / r) if r else (1 + 0j, 0j)
        ch, sh = c.conjugate(), s.conjugate()
        upper, lower = t[k][k:], t[k + 1][k:]
        t[k][k:] = [ch * u + sh * v for u, v in zip(upper, lower, strict=True)]
        t[k + 1][k:] = [c * v - s * u for u, v in zip(upper, lower, strict=True)]
        first, second = columns[k], columns[k + 1]
        columns[k] = [c * u + s * v for u, v in zip(first, second, strict=True)]
        columns[k + 1] = [ch * v - sh * u for u, v in zip(first, second, strict=True)]
        rotations.append((k, c, s, ch, sh))
    for i, row in enumerate(t[: hi + 1]):
        for k, c, s, ch, sh in rotations[max(i - 1 - lo, 0) :]:
            u, v = row[k], row[k + 1]
            row[k], row[k + 1] = c * u + s * v, ch * v - sh * u
    for k in range(lo, hi + 1):
        t[k][k] += shift


def _eigenvector(t: Matrix, columns: Matrix, k: int) -> list[complex]:
    """Return the eigenvector for the triangular t's k-th eigenvalue, in the basis of `columns`, normalised."""
    smallest = EPS * max(abs(v) for row in t for v in row) or 1.0
    x = [1 + 0j]  # components i + 1 to k
    for i in reversed(range(k)):
        gap = t[i][i] - t[k][k]
        # Equal eigenvalues: a gap of rounding size gives the same vector again where the matrix is defective.
        value = -dot(t[i][i + 1 : k + 1], x) / (gap if abs(gap) > smallest else smallest)
        x = [value, *x]
        if abs(value) > 1e100:
            x = [v / abs(value) for v in x]
    vector = [dot(x, list(row)) for row in zip(*columns, strict=True)]
    length = math.hypot(*map(abs, vector))
    unit = phase(vector) / length
    return [v * unit for v in vector]
