"""Graph ops of linear algebra: factorizations, solutions. Products: `matrices.py`; diagonals: `diagonals.py`."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..define import graph_op
from .support import plain_ops

plain_ops(
    {
        "Cholesky": ops.cholesky,
        "Cross": ops.cross,
        "LogMatrixDeterminant": lambda x: list(ops.slogdet(x)),
        "MatrixDeterminant": ops.det,
    }
)


def _adjoint_if(node: Any, x: Any) -> Any:
    return ops.conjugate(ops.swapaxes(x, -1, -2)) if node.attrs.get("adjoint") else x


@graph_op("MatrixInverse")
def _inverse(node: Any, x: Any) -> Any:
    return ops.inv(_adjoint_if(node, x))


@graph_op("MatrixSolve")
def _solve(node: Any, a: Any, b: Any) -> Any:
    return ops.solve(_adjoint_if(node, a), b)


@graph_op("MatrixTriangularSolve")
def _solve_triangular(node: Any, a: Any, b: Any) -> Any:
    lower = bool(node.attrs.get("lower", True))
    return ops.solve_triangular(_adjoint_if(node, a), b, lower != bool(node.attrs.get("adjoint")))


@graph_op("Qr")
def _qr(node: Any, x: Any) -> list[Any]:
    return list(ops.qr(x, "complete" if node.attrs.get("full_matrices") else "reduced"))


@graph_op("SelfAdjointEigV2")
def _eigenvalues(node: Any, x: Any) -> list[Any]:
    """Return (values, vectors); without `compute_v` the vectors are empty."""
    values, vectors = ops.eigh(x)
    return [values, vectors if node.attrs.get("compute_v", True) else ops.zeros((0,), vectors.dtype)]


@graph_op("Svd")
def _svd(node: Any, x: Any) -> list[Any]:
    """Return (values, left vectors, right vectors as columns)."""
    if not node.attrs.get("compute_uv", True):
        return [ops.svd(x, compute_uv=False), ops.zeros((0,), x.dtype), ops.zeros((0,), x.dtype)]
    left, values, right = ops.svd(x, bool(node.attrs.get("full_matrices")))
    return [values, left, ops.conjugate(ops.swapaxes(right, -1, -2))]
