"""Writes ops on matrices: products, bands, diagonals, determinants."""

from __future__ import annotations

from typing import Any

from ...graph.definition import Node
from .scope import Scope, Unwritable, Value, writes


@writes("MatMul", "SparseMatMul")
def matmul(b: Scope, node: Node, x: Value, y: Value, bias: Value | None = None) -> Value:
    turned = [bool(node.attrs.get(name)) for name in ("transpose_a", "transpose_b")]
    if turned[1] and y.constant and b.rank(y) == 2:
        y, turned[1] = b.transpose(y, [1, 0]), False
    flat = x.dtype == "float32" and all(v.shape is not None and len(v.shape) == 2 for v in (x, y))
    if flat and (bias is not None or any(turned)):
        return b("Gemm", x, y, bias, transA=int(turned[0]), transB=int(turned[1]), shape=_product_shape(x, y, turned))
    made = b("MatMul", *(_swapped(b, v) if t else v for v, t in zip((x, y), turned)), shape=_product_shape(x, y, turned))
    return made if bias is None else b("Add", made, bias)


def _product_shape(x: Value, y: Value, turned: list[bool]) -> Any:
    if x.shape is None or y.shape is None or len(x.shape) != 2 or len(y.shape) != 2:
        return None
    return (x.shape[1 if turned[0] else 0], y.shape[0 if turned[1] else 1])


def _swapped(b: Scope, x: Value) -> Value:
    rank = b.rank(x)
    return b.transpose(x, [*range(rank - 2), rank - 1, rank - 2])


@writes("BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
def batch_matmul(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return b("MatMul", *(_swapped(b, v) if node.attrs.get(name) else v for v, name in ((x, "adj_x"), (y, "adj_y"))))


@writes("Einsum")
def einsum(b: Scope, node: Node, *inputs: Value) -> Value:
    return b("Einsum", *inputs, equation=node.attrs["equation"].decode())


@writes("Cross")
def cross(b: Scope, node: Node, x: Value, y: Value) -> Value:
    def turned(v: Value, by: int) -> Value:
        return b("Gather", v, b.value([by % 3, (by + 1) % 3, (by + 2) % 3]), axis=-1)

    return b("Sub", b("Mul", turned(x, 1), turned(y, 2)), b("Mul", turned(x, 2), turned(y, 1)))


@writes("MatrixDeterminant")
def determinant(b: Scope, node: Node, x: Value) -> Value:
    return b("Det", x)


# --- bands and diagonals ----------------------------------------------------------------------------------------------------


def _triangle(b: Scope, x: Value, upper: int, k: int) -> Value:
    """ONNX Runtime has it for float32 and int64."""
    wide = b.int64(x) if x.dtype == "int32" else x
    return b.cast(b("Trilu", wide, b.int64(k), upper=upper), x.dtype)


@writes("MatrixBandPart", "BatchMatrixBandPart")
def band_part(b: Scope, node: Node, x: Value, below: Value, above: Value) -> Value:
    """Keep so many diagonals below and above the main one; all where negative."""
    (down,), (up,) = b.ints(below, "bounds"), b.ints(above, "bounds")
    made = x if down < 0 else _triangle(b, x, 1, -down)
    return made if up < 0 else _triangle(b, made, 0, up)


def _main_only(b: Scope, k: Value | None, *others: Value | None) -> None:
    if k is not None and any(b.ints(k, "diagonals")):
        raise Unwritable("it has other diagonals than the main one")
    if any(v is not None and b.ints(v, "sizes") not in ([-1], [0]) for v in others):
        raise Unwritable("it has other sizes than those of the diagonal, or a padding")



def _on_diagonal(b: Scope, x: Value) -> Value:
    """Return a matrix of truths: where the main diagonals of matrices are."""
    rows, columns = (b.range(b.size(x, axis % b.rank(x))) for axis in (-2, -1))
    return b("Equal", b("Unsqueeze", rows, [1]), columns)


@writes("MatrixDiag", "BatchMatrixDiag", "MatrixDiagV2", "MatrixDiagV3")
def matrix_diag(b: Scope, node: Node, x: Value, k: Value | None = None, rows: Value | None = None, columns: Value | None = None,
                padding: Value | None = None) -> Value:  # fmt: skip
    _main_only(b, k, rows, columns)
    places = b.range(b.size(x, b.rank(x) - 1))
    empty = b.zero(x.dtype) if padding is None else padding
    return b("Where", b("Equal", b("Unsqueeze", places, [1]), places), b("Unsqueeze", x, [-1]), empty)


@writes("MatrixSetDiag", "BatchMatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3")
def set_diag(b: Scope, node: Node, x: Value, diagonal: Value, k: Value | None = None) -> Value:
    """A matrix that is not square has a diagonal that is shorter than one side: it is filled up."""
    _main_only(b, k)
    rank = b.rank(x)
    short = b("Sub", b.size(x, rank - 1), b("Shape", diagonal, start=rank - 2, shape=(1,)))
    filled = b("Pad", diagonal, b("Concat", b.value([0] * (2 * rank - 3)), b("Max", short, 0), axis=0), b.zero(x.dtype))
    row = b.slice(filled, rank - 2, 0, b.size(x, rank - 1))
    return b("Where", _on_diagonal(b, x), b("Unsqueeze", row, [-2]), x)


@writes("MatrixDiagPart", "BatchMatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3")
def diag_part(b: Scope, node: Node, x: Value, k: Value | None = None, padding: Value | None = None) -> Value:
    _main_only(b, k)
    rank = b.rank(x)
    least = b("Min", b.size(x, rank - 2), b.size(x, rank - 1))
    flat = b("Reshape", x, b("Concat", b("Shape", x, start=0, end=rank - 2, shape=(rank - 2,)), b.value([-1]), axis=0))
    step = b("Add", b.number(b.size(x, rank - 1)), 1)
    return b("Gather", flat, b("Mul", b.range(least), step), axis=-1)
