"""Matrices and their diagonals: triangles, diag, trace, vander. Decompositions are `linalg.py`'s."""

from __future__ import annotations

from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..shapes import as_ints, normalize_axis
from ..tensor import as_tensor
from .creation import generate
from .define import composite, op, public, row_body
from .primitives import scan_rows
from .shaping import broadcast_to, moveaxis, need_rank, pad_interior, ravel, reshape, take_slice


def count(value: Any, where: str, what: str) -> int:
    """Return an argument that must be an int of 0 or more."""
    (n,) = as_ints((value,), where, what)
    if n < 0:
        raise ArgumentError(message(where, f"`{what}` of 0 or more", n, "Pass a size."))
    return n


def _offset(k: Any, where: str) -> int:
    return as_ints((k,), where, "k")[0]


def _above(x: Any, k: Any, rank: int) -> Any:
    return e.where(e.coordinate(rank - 1) - e.coordinate(rank - 2) >= k, x, e.cast_like(0, x))


def _below(x: Any, k: Any, rank: int) -> Any:
    return e.where(e.coordinate(rank - 1) - e.coordinate(rank - 2) <= k, x, e.cast_like(0, x))


def _triangle(x: Any, k: Any, where: str, body: Any) -> Any:
    x = as_tensor(x, where)
    need_rank(x, 2, where)
    made = row_body(body, None, True, 2, (("rank", len(x.shape)),))
    return engine.run(made, (x, _offset(k, where)))


@public("map")
def triu(x: Any, k: int = 0) -> Any:
    """Return the matrices with zeros below diagonal k; 0 is the main one, positive ones lie above."""
    return _triangle(x, k, "triu", _above)


@public("map")
def tril(x: Any, k: int = 0) -> Any:
    """Return the matrices with zeros above diagonal k.

    >>> import tensorweb as tw
    >>> tw.tril(tw.tensor([[1, 2], [3, 4]])).tolist()
    [[1, 0], [3, 4]]
    """
    return _triangle(x, k, "tril", _below)


def _tri(c: Any, k: Any) -> Any:
    return c[1] - c[0] <= k


def _unit(c: Any, k: Any) -> Any:
    return e.equal(c[1] - c[0], k)


def _made(body: Any, rows: Any, columns: Any, k: Any, dtype: Any, where: str) -> Any:
    n = count(rows, where, "N")
    shape = (n, n if columns is None else count(columns, where, "M"))
    return generate(body, shape, dtypes.canonical("float32" if dtype is None else dtype, where), _offset(k, where))


@public("map", gradient="none", method=False)
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return an N x M matrix with ones on and below diagonal k, zeros above."""
    return _made(_tri, N, M, k, dtype, "tri")


@public("map", gradient="none", method=False)
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Return an N x M matrix with ones on diagonal k and zeros elsewhere, float32 unless `dtype` is given.

    >>> import tensorweb as tw
    >>> tw.eye(2, 3, k=1).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    return _made(_unit, N, M, k, dtype, "eye")


@public("map", gradient="none", method=False)
def identity(n: int, dtype: Any = None) -> Any:
    """Return the n x n identity matrix."""
    return _made(_unit, n, None, 0, dtype, "identity")


@composite
def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the diagonals of the matrices along two axes, as a new last axis; `offset` as k of `triu`."""
    x = as_tensor(x, "diagonal")
    need_rank(x, 2, "diagonal")
    pair = [normalize_axis(a, len(x.shape), "diagonal") for a in (axis1, axis2)]
    if pair[0] == pair[1]:
        raise ShapeError(message("diagonal", "two different axes", (axis1, axis2), "Name the matrices' two axes."))
    k = _offset(offset, "diagonal")
    x = moveaxis(x, pair, (-2, -1))
    *batch, n, m = x.shape
    length = max(0, min(n, m - k) if k >= 0 else min(n + k, m))
    start = (k if k >= 0 else -k * m) if length else 0
    flat = reshape(x, (*batch, n * m))
    return take_slice(flat, (*(0 for _ in batch), start), (*batch, length), (*(1 for _ in batch), m + 1))


@composite
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return the sums of the diagonals of the matrices along two axes."""
    return op("sum")(diagonal(as_tensor(x, "trace"), offset, axis1, axis2), axis=-1)


@composite
def diagflat(x: Any, k: int = 0) -> Any:
    """Return the square matrix that has the elements of x on diagonal k."""
    x, k = ravel(x), _offset(k, "diagflat")
    (n,) = x.shape
    side = n + abs(k)
    if not n:
        return op("zeros")((side, side), x.dtype)
    low = k if k >= 0 else -k * side
    covered = low + (n - 1) * (side + 1) + 1
    return reshape(pad_interior(x, (low,), (side * side - covered,), (side,), 0), (side, side))


@composite
def diag(x: Any, k: int = 0) -> Any:
    """Return diagonal k of a matrix, or the square matrix that has a vector on diagonal k.

    >>> import tensorweb as tw
    >>> tw.diag(tw.tensor([1, 2])).tolist()
    [[1, 0], [0, 2]]
    """
    x = as_tensor(x, "diag")
    if len(x.shape) not in (1, 2):
        raise ShapeError(message("diag", "a vector or a matrix", f"shape {x.shape}", "Use diagonal for the diagonals of stacked matrices."))
    return diagflat(x, k) if len(x.shape) == 1 else diagonal(x, k)


@composite
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Return the matrix whose row i holds the powers N-1, ..., 0 of x[i] (0, ..., N-1 if `increasing`)."""
    x = as_tensor(x, "vander")
    if len(x.shape) != 1:
        raise ShapeError(message("vander", "a vector", f"shape {x.shape}", "Flatten it."))
    n = x.shape[0] if N is None else count(N, "vander", "N")
    # A running product rather than powers: all its derivatives are right at 0.
    made = reshape(scan_rows(broadcast_to(reshape(x, (x.size, 1, 1)), (x.size, n, 1)), "mul", True, False), (x.size, n))
    return made if increasing else op("flip")(made, axis=1)
