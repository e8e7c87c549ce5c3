"""View, Slice, Place, Pad and Concat: one family of strided copies, tile by tile. What indices in memory decide is in `gather.py`.

A copy runs over two axes in tiles, the columns (neighbours in the target where there are such) and the rows, and over the other axes one
by one. All strides and offsets are sizes of the launch; the key has how a tile is copied and the bytes of an element.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any, NamedTuple

from ...dtypes import TABLE, kind
from ..patterns import Concat, Pad, Place, Slice, Spec, View
from ..strides import collapse, strides_of
from ..values.code import Value
from .builder import Builder
from .copying import PARTS, copy_element, copy_run, fill_run, pattern, transposed
from .launch import GRAIN, Launch, Lowered, Slot, Target, emitter, lowering
from .memory import itemsize

_TILE = 1 << 12  # elements of a tile: source and target stay in the first cache
_SIDE = 64  # of a tile in which source and target run along different axes
_TOGETHER = 4  # elements that a loop over single ones copies at a time
_SHORT = 8  # loops shorter than this cost more than what they do

# --- lowering -----------------------------------------------------------------------------------------------------------------


class _Axes(NamedTuple):
    """How the tiles lie: the way to copy one, the axes of columns and rows (None: there is one row), and a tile's extent."""

    way: str
    column: int
    row: int | None
    columns: int
    rows: int


def move(
    shape: Sequence[int],
    source: Sequence[int],
    target: Sequence[int],
    size: int,
    lanes: int,
    slots: Sequence[Slot] = (Slot("in", 0), Slot("out", 0)),
    starts: tuple[int, int] = (0, 0),
    moving: int | None = None,
) -> tuple[Launch, ...]:
    """Return the launch that copies elements of `size` bytes between two layouts of `shape`, each strides and a start; none if empty.

    `slots` are source and target, and if `moving` tells which of them begins at an offset that the call brings, that number.
    """
    if 0 in shape:
        return ()
    dims, (s, t) = collapse(shape, [source, target])
    if dims == [1]:
        s, t = [1], [1]
    axes = _axes(dims, s, t, size, lanes)
    digits: list[int] = []
    units = 1
    for d in reversed(range(len(dims))):
        per = axes.columns if d == axes.column else axes.rows if d == axes.row else 1
        count = -(-dims[d] // per)
        if count > 1:
            digits += [count, s[d] * per * size, t[d] * per * size, per if d == axes.row else 0, per if d == axes.column else 0]
            units *= count
    rows = (1, 0, 0) if axes.row is None else (dims[axes.row], s[axes.row] * size, t[axes.row] * size)
    extents = (*rows, axes.rows, dims[axes.column], s[axes.column] * size, t[axes.column] * size, axes.columns)
    sizes = (starts[0] * size, starts[1] * size, *extents, len(digits) // 5, *digits)
    grain = max(1, GRAIN // (axes.rows * axes.columns))
    return (Launch("move", (axes.way, size, moving), sizes, tuple(slots), units, grain),)


def _axes(dims: Sequence[int], source: Sequence[int], target: Sequence[int], size: int, lanes: int) -> _Axes:
    """Choose how to copy: along neighbours of the target if possible, and by squares where the source's neighbours lie otherwise."""
    column = _last(target, 1)
    near = _last(source, 1)
    if column is None:
        column = len(dims) - 1 if near is None else near
        way = "scattered"
    else:
        way = {1: "runs", 0: "same", -1: "reversed" if size < 8 else "scattered"}.get(source[column], "scattered")
    others = [d for d in range(len(dims)) if d != column]
    if not others:
        return _Axes(way, column, None, min(dims[column], _TILE), 1)
    row = others[-1]
    if way == "scattered" and near is not None and near != column:
        row = near
        if size < 8 and min(dims[row], dims[column]) >= lanes:
            way = "squares"
    elif dims[row] < _SHORT:
        row = max(others, key=lambda d: dims[d])
    if way == "scattered" and dims[column] < _SHORT < dims[row]:
        row, column = column, row
    columns = min(dims[column], _SIDE if way in ("squares", "scattered") else _TILE)
    rows = min(dims[row], _TILE // columns)
    if way in ("squares", "scattered"):
        columns = min(dims[column], max(columns, _TILE // rows))
    if way == "squares":  # only the last tile may have an edge
        columns, rows = (n if n == d else n & -_SIDE or _SIDE for n, d in ((columns, dims[column]), (rows, dims[row])))
    return _Axes(way, column, row, columns, rows)


def _last(strides: Sequence[int], wanted: int) -> int | None:
    return next((d for d in reversed(range(len(strides))) if strides[d] == wanted), None)


def _fill(count: int, size: int, lanes: int) -> tuple[Launch, ...]:
    """Return the launch that fills the output with the element of the first table."""
    return move((count,), (0,), (1,), size, lanes, (Slot("table", 0), Slot("out", 0)))


@lowering(View)
def lower_view(k: View, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the copy that a view is: outputs have memory of their own."""
    shape = outputs[0].shape
    return Lowered(move(shape, k.strides, strides_of(shape), itemsize(str(outputs[0].dtype)), target.lanes))


@lowering(Slice)
def lower_slice(k: Slice, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the copy from the offset that the second input is."""
    shape = outputs[0].shape
    slots = (Slot("in", 0), Slot("out", 0), Slot("index", 1))
    return Lowered(move(shape, k.strides, strides_of(shape), itemsize(str(outputs[0].dtype)), target.lanes, slots, moving=0))


@lowering(Place)
def lower_place(k: Place, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the zeros, unless the input covers them, and the copy to the offset that the second input is."""
    shape, size, count = inputs[0].shape, itemsize(str(outputs[0].dtype)), prod(outputs[0].shape)
    slots = (Slot("in", 0), Slot("out", 0), Slot("index", 1))
    copy = move(shape, strides_of(shape), k.strides, size, target.lanes, slots, moving=1)
    return _filled_first(count - prod(shape), bytes(size), copy, count, size, target)


@lowering(Pad)
def lower_pad(k: Pad, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the filling, unless the input covers it, and the copy of what is not cut off."""
    shape, dtype = outputs[0].shape, str(outputs[0].dtype)
    size, count = itemsize(dtype), prod(shape)
    kept: list[int] = []
    starts = [0, 0]
    steps = [gap + 1 for gap in k.interior]
    source, made = strides_of(inputs[0].shape), strides_of(shape)
    for d, (n, limit) in enumerate(zip(inputs[0].shape, shape)):
        first = max(0, -(k.low[d] // steps[d]))
        last = min(n, (limit - 1 - k.low[d]) // steps[d] + 1)
        kept.append(max(0, last - first))
        starts[0] += first * source[d]
        starts[1] += (first * steps[d] + k.low[d]) * made[d]
    copy = move(kept, source, [s * step for s, step in zip(made, steps)], size, target.lanes, starts=(starts[0], starts[1]))
    return _filled_first(count - prod(kept), _element(k.value, dtype), copy, count, size, target)


def _filled_first(free: int, element: bytes, copy: tuple[Launch, ...], count: int, size: int, target: Target) -> Lowered:
    """Return a copy after a filling of the output, which is left out if no place stays free."""
    if not free:
        return Lowered(copy)
    return Lowered((*_fill(count, size, target.lanes), *copy), tables=(element,))


_FORMATS = {"float32": "f", "float16": "e", "int32": "i", "int8": "b", "uint8": "B", "bool": "?"}


def _element(value: Any, dtype: str) -> bytes:
    """Return the bytes of a number as a dtype has it; floats that are too large become infinite."""
    if dtype == "complex64":
        value = complex(value)
        return _element(value.real, "float32") + _element(value.imag, "float32")
    if kind(dtype) == "i":
        low, high = int(TABLE[dtype].low), int(TABLE[dtype].high)
        value = (int(value) - low) % (high - low + 1) + low
    try:
        return struct.pack("=" + _FORMATS[dtype], value)
    except OverflowError:
        return struct.pack("=" + _FORMATS[dtype], inf if value > 0 else -inf)


@lowering(Concat)
def lower_concat(k: Concat, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return one copy for each input."""
    shape, size = outputs[0].shape, itemsize(str(outputs[0].dtype))
    outer, pitch = prod(shape[: k.axis]), prod(shape[k.axis :])
    launches: tuple[Launch, ...] = ()
    start = 0
    for i, spec in enumerate(inputs):
        block = prod(spec.shape[k.axis :])
        slots = (Slot("in", i), Slot("out", 0))
        launches += move((outer, block), (block, 1), (pitch, 1), size, target.lanes, slots, (0, start))
        start += block
    return Lowered(launches)


# --- loops --------------------------------------------------------------------------------------------------------------------


class _Tile(NamedTuple):
    """Where a tile begins, its rows and columns, and the bytes from one to the next in source and target."""

    source: Value
    target: Value
    rows: Value
    columns: Value
    source_row: Value
    target_row: Value
    source_column: Value
    target_column: Value


@emitter("move")
def emit_move(b: Builder, way: str, size: int, moving: int | None) -> None:
    """Write the copy made by `move`: slots 1 source, 2 target, 3 the offset in elements of the one that `moving` names."""
    size_of = b.sizes()
    places = [b.slot(1) + size_of(), b.slot(2) + size_of()]
    if moving is not None:
        places[moving] = places[moving] + b.slot(3) * size
    all_rows, source_row, target_row, rows, all_columns, source_column, target_column, columns, count = (size_of() for _ in range(9))
    first_digit = b.slot(0) + 11 * b.index_bytes
    with b.loop(b.begin, b.end) as unit:
        rest = b.variable("index", unit)
        found = [b.variable("index", x) for x in (*places, b.index(0), b.index(0))]
        digit_at = b.variable("index", first_digit)
        with b.loop(0, count):
            here = digit_at.value
            above = rest.value // b.load_index(here)
            digit = rest.value - above * b.load_index(here)
            for i, place in enumerate(found):
                place.add(digit * b.load_index(here, (i + 1) * b.index_bytes))
            rest.set(above)
            digit_at.set(here + 5 * b.index_bytes)
        source, target, row, column = (x.value for x in found)
        here_rows, here_columns = b.minimum(all_rows - row, rows), b.minimum(all_columns - column, columns)
        tile = _Tile(source, target, here_rows, here_columns, source_row, target_row, source_column, target_column)
        _WAYS[way](b, tile, size)


def _by_rows(copy_row: Callable[[Builder, _Tile, int, Value, Value], None]) -> Callable[[Builder, _Tile, int], None]:
    """Return the way that copies a tile row by row."""

    def copy(b: Builder, tile: _Tile, size: int) -> None:
        source, target = b.variable("index", tile.source), b.variable("index", tile.target)
        with b.loop(0, tile.rows):
            copy_row(b, tile, size, source.value, target.value)
            source.add(tile.source_row)
            target.add(tile.target_row)

    return copy


@_by_rows
def _runs(b: Builder, tile: _Tile, size: int, source: Value, target: Value) -> None:
    copy_run(b, size, source, target, tile.columns * size)


@_by_rows
def _same(b: Builder, tile: _Tile, size: int, source: Value, target: Value) -> None:
    fill_run(b, size, pattern(b, size, source), target, tile.columns * size)


@_by_rows
def _reversed(b: Builder, tile: _Tile, size: int, source: Value, target: Value) -> None:
    kind, lanes = PARTS[size][0], b.lanes
    whole = tile.columns & -lanes
    with b.loop(0, whole, lanes) as at:
        loaded = b.load_vector(kind, source - at * size, -(lanes - 1) * size)
        b.store_vector(kind, target + at * size, b.shuffle(loaded, loaded, range(lanes - 1, -1, -1)))
    with b.loop(whole, tile.columns) as at:
        copy_element(b, size, source - at * size, target + at * size)


@_by_rows
def _scattered(b: Builder, tile: _Tile, size: int, source: Value, target: Value) -> None:
    source_at, target_at = b.variable("index", source), b.variable("index", target)

    def copy(count: int) -> None:
        for _ in range(count):
            here, there = source_at.value, target_at.value
            copy_element(b, size, here, there)
            source_at.set(here + tile.source_column)
            target_at.set(there + tile.target_column)

    some = tile.columns & -_TOGETHER
    with b.loop(0, some, _TOGETHER):
        copy(_TOGETHER)
    with b.loop(some, tile.columns):
        copy(1)


def _squares(b: Builder, tile: _Tile, size: int) -> None:
    """Copy where rows are neighbours in the source and columns in the target."""
    kind, lanes = PARTS[size][0], b.lanes
    rows, columns = tile.rows & -lanes, tile.columns & -lanes
    with b.loop(0, columns, lanes) as column, b.loop(0, rows, lanes) as row:
        source = tile.source + row * size + column * tile.source_column
        target = tile.target + row * tile.target_row + column * size
        loaded = []
        for _ in range(lanes):
            loaded.append(b.load_vector(kind, source))
            source = source + tile.source_column
        for vector in transposed(b, loaded):
            b.store_vector(kind, target, vector)
            target = target + tile.target_row
    below = (rows, b.index(0), tile.rows - rows, tile.columns)
    beside = (b.index(0), columns, rows, tile.columns - columns)
    for row, column, height, width in (below, beside):
        source = tile.source + row * size + column * tile.source_column
        target = tile.target + row * tile.target_row + column * size
        _scattered(b, tile._replace(source=source, target=target, rows=height, columns=width), size)


_WAYS = {"runs": _runs, "same": _same, "reversed": _reversed, "scattered": _scattered, "squares": _squares}
