"""Graph ops that read and write diagonals of matrices, single ones and bands of them. Bands kept within a matrix: `matrices.py`."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ...tensor import tensor
from ..define import graph_op
from .support import as_list, plain_ops, text

plain_ops(
    {
        "Diag": lambda x: ops.reshape(ops.diagflat(x), (*x.shape, *x.shape)),
        "DiagPart": lambda x: ops.reshape(ops.diagonal(ops.reshape(x, (_half(x), _half(x)))), x.shape[: len(x.shape) // 2]),
    }
)


def _half(x: Any) -> int:
    return prod(x.shape[: len(x.shape) // 2])


@lru_cache(maxsize=64)
def _places(rows: int, columns: int, low: int, high: int, align: str) -> tuple[tuple[int, ...], int]:
    """Return where in a flat matrix each element of the diagonals from `high` down to `low` stands, -1 for padding; and their length.

    Shorter diagonals are padded in front where they are aligned to the right: first of `align` is meant for those above the main one.
    """
    if (low != 0 and low <= -rows) or (high != 0 and high >= columns):
        raise FormatError(message("diagonals", f"some of a matrix of {rows} x {columns}", f"{low} to {high}", "The file is damaged."))
    sizes = {d: max(0, min(rows + min(d, 0), columns - max(d, 0))) for d in range(low, high + 1)}
    longest = max(sizes.values(), default=0)
    above, _, below = align.partition("_")
    found: list[int] = []
    for d in range(high, low - 1, -1):
        padding = [-1] * (longest - sizes[d])
        places = [(i - min(d, 0)) * columns + i + max(d, 0) for i in range(sizes[d])]
        found += padding + places if (above if d >= 0 else below) == "RIGHT" else places + padding
    return tuple(found), longest


def _bounds(node: Any, k: Any) -> tuple[int, int]:
    low, high = (as_list(k) * 2)[:2]
    if low > high:
        bounds = f"{low} and {high}"
        raise FormatError(message(f"node {node.name!r}", "a lowest diagonal below the highest", bounds, "The file is damaged."))
    return low, high


def _align(node: Any) -> str:
    """Version 2 aligns all diagonals to the left."""
    return text(node, "align", "RIGHT_LEFT" if node.op.endswith("V3") else "LEFT_LEFT")


@graph_op("MatrixDiagPart", "BatchMatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3", host=(1,))
def _diagonal_part(node: Any, x: Any, k: Any = 0, padding: Any = 0) -> Any:
    low, high = _bounds(node, k)
    *lead, rows, columns = x.shape
    places, longest = _places(rows, columns, low, high, _align(node))
    index = tensor([max(p, 0) for p in places], (len(places),), "int32")
    made = ops.gather(ops.reshape(x, (*lead, rows * columns)), index, axis=len(lead))
    if -1 in places:
        made = ops.where(tensor([p >= 0 for p in places], (len(places),), "bool"), made, padding)
    return ops.reshape(made, (*lead, longest) if low == high else (*lead, high - low + 1, longest))


def _with_diagonals(node: Any, x: Any, diagonals: Any, low: int, high: int) -> Any:
    """Return matrices with some diagonals replaced."""
    *lead, rows, columns = x.shape
    places, _ = _places(rows, columns, low, high, _align(node))
    real = [i for i, place in enumerate(places) if place >= 0]
    batch = prod(lead)
    flat = ops.transpose(ops.reshape(diagonals, (batch, len(places))))
    updates = ops.gather(flat, tensor(real, (len(real),), "int32"))
    targets = tensor([places[i] for i in real], (len(real), 1), "int32")
    made = ops.scatter_update(ops.transpose(ops.reshape(x, (batch, rows * columns))), targets, updates)
    return ops.reshape(ops.transpose(made), x.shape)


@graph_op("MatrixSetDiag", "BatchMatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3", host=(2,))
def _set_diagonal(node: Any, x: Any, diagonals: Any, k: Any = 0) -> Any:
    return _with_diagonals(node, x, diagonals, *_bounds(node, k))


@graph_op("MatrixDiag", "BatchMatrixDiag", "MatrixDiagV2", "MatrixDiagV3", host=(1, 2, 3))
def _matrix_of(node: Any, diagonals: Any, k: Any = 0, rows: int = -1, columns: int = -1, padding: Any = 0) -> Any:
    """Sizes that are not given are the least that fit."""
    low, high = _bounds(node, k)
    lead = diagonals.shape[: -1 if low == high else -2]
    longest = diagonals.shape[-1]
    least = longest - min(high, 0), longest + max(low, 0)
    if rows < 0 and columns < 0:
        rows = columns = max(least)
    rows, columns = (wanted if wanted >= 0 else size for wanted, size in zip((rows, columns), least))
    nothing = ops.broadcast_to(ops.cast(padding, diagonals.dtype), (*lead, rows, columns))
    return _with_diagonals(node, nothing, diagonals, low, high)
