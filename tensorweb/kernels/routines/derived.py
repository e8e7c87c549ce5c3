"""Host routines that follow from a factorization in linalg.py or svd.py: slogdet, cofactor, pinv."""

from __future__ import annotations

import math

from .base import HostArray, routine
from .linalg import _lu
from .matrix import Matrix, conjugate, dot, split, transpose
from .svd import svd


@routine
def slogdet(x: HostArray) -> list[HostArray]:
    """Return [the sign (on the unit circle, or 0), the logarithm of the magnitude] of the determinant of x [..., n, n].

    Source: numpy.linalg.slogdet.
    """
    batch = split("slogdet", x, square=True)
    signs, logs = [], []
    for a in batch.matrices:
        sign = -1.0 if sum(p != k for k, p in enumerate(_lu(a, batch.rows))) % 2 else 1.0
        log = 0.0
        for k in range(batch.rows):
            size = abs(a[k][k])
            sign = sign * (a[k][k] / size) if size else 0.0
            log += math.log(size) if size else -math.inf
        signs.append(sign)
        logs.append(log)
    real = "float32" if batch.dtype == "complex64" else batch.dtype
    return [batch.pack(signs), HostArray(logs, batch.shape, real)]


@routine
def cofactor(x: HostArray) -> list[HostArray]:
    """Return [the cofactors] of x [..., n, n]: the derivative of the determinant, also where x is singular.

    With x = U S V^H, real: cofactor(x) = det(U) det(V) U cofactor(S) V^T, and that of a diagonal matrix is made of products.
    """
    batch = split("cofactor", x, square=True)
    n = batch.rows
    results = []
    for a in batch.matrices:
        flat = HostArray([v for row in a for v in row], (n, n), batch.dtype)
        u, s, vh = (_rows(part, n) for part in svd(flat))
        values = s[0] if s else []
        others = [math.prod(values[:k] + values[k + 1 :]) for k in range(n)]
        turn = _det(u, n) * _det(vh, n)
        turn = turn.conjugate()
        columns = transpose(vh, n)
        left = [[turn * c * o for c, o in zip(row, others, strict=True)] for row in u]
        product = [[dot(row, column) for column in columns] for row in left]
        results.append(product)
    return [batch.pack_matrices(results, n, n)]


def _rows(x: HostArray, n: int) -> Matrix:
    return [x.values[i : i + n] for i in range(0, len(x.values), n)] if n else []


def _det(a: Matrix, n: int):
    a = [list(row) for row in a]
    sign = -1.0 if sum(p != k for k, p in enumerate(_lu(a, n))) % 2 else 1.0
    return sign * math.prod(a[k][k] for k in range(n))


@routine
def pinv(x: HostArray, *, rcond: float) -> list[HostArray]:
    """Return [the Moore-Penrose inverse [..., n, m]] of x [..., m, n]; singular values up to rcond * largest count as zero.

    Source: numpy.linalg.pinv.
    """
    batch = split("pinv", x)
    m, n = batch.rows, batch.columns
    k = min(m, n)
    results = []
    for a in batch.matrices:
        flat = HostArray([v for row in a for v in row], (m, n), batch.dtype)
        u, s, vh = svd(flat, full_matrices=False)
        cut = rcond * max(s.values, default=0.0)
        inverse = [1 / v if v > cut else 0.0 for v in s.values]
        rows = [conjugate(u.values[i * k : (i + 1) * k]) for i in range(m)]
        right = transpose([conjugate(vh.values[i * n : (i + 1) * n]) for i in range(k)], n)
        results.append([[dot([c * w for c, w in zip(v, inverse, strict=True)], row) for row in rows] for v in right])
    return [batch.pack_matrices(results, n, m)]
