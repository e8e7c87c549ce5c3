"""Copies a matrix into panels: for each step of the summed index the columns of a panel side by side, zeros beyond the last column."""

from __future__ import annotations

from typing import NamedTuple

from ..values.code import Value
from .builder import Builder
from .launch import emitter
from .map import decode
from .memory import load_strided


class Packing(NamedTuple):
    """The key: vectors of a panel's row, whether columns are neighbours in memory, axes of the batch, whether the last panel is ragged."""

    vectors: int
    contiguous: bool
    batch_axes: int
    ragged: bool


@emitter("pack")
def emit_pack(b: Builder, *key: object) -> None:
    """Write the copy; slots: 1 the matrix, 2 the panels. Sizes: see `contract._packing`."""
    k = Packing(*key)  # type: ignore[arg-type]
    source, target = b.slot(1), b.slot(2)
    size = b.sizes()
    n, n_step, k_step, panels, panel_bytes, pieces = (size() for _ in range(6))
    batch_dims = [size() for _ in range(k.batch_axes - 1)]
    batch_steps = [size() for _ in range(k.batch_axes)]
    table = b.slot(0) + (6 + 2 * k.batch_axes - 1) * b.index_bytes
    width = k.vectors * b.lanes
    with b.loop(b.begin, b.end) as unit:
        batch = unit // panels
        first = (unit - batch * panels) * width
        origin = source + decode(b, batch, batch_dims, [batch_steps])[0]
        place = b.variable("index", target + unit * panel_bytes)
        with b.loop(0, pieces) as number:
            piece = table + number * (2 * b.index_bytes)
            at = b.variable("index", origin + b.load_index(piece))
            with b.loop(0, b.load_index(piece, b.index_bytes)):
                for v in range(k.vectors):
                    loaded = _load(b, k, at.value, n, n_step, first + v * b.lanes)
                    b.store_vector("f32", place.value, loaded, 4 * b.lanes * v)
                at.add(k_step)
                place.add(4 * width)


def _load(b: Builder, k: Packing, row: Value, n: Value, n_step: Value, column: Value) -> Value:
    left = b.minimum(b.maximum(n - column, 0), b.lanes) if k.ragged else None
    if k.contiguous:
        return b.load_vector("f32", row + column * 4, 0, left)
    if left is not None:  # lanes beyond the last column repeat it
        column, left = b.minimum(column, n - 1), b.maximum(left, 1)
    loaded = load_strided(b, "float32", row + column * n_step, n_step, left)
    assert isinstance(loaded, Value)
    return loaded
