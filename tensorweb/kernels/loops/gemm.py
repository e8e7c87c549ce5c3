"""The blocked matrix product: tiles of rows by panels of columns, kept in registers. `contract.py` plans it, `packing.py` packs.

One element of A counts for all lanes. Rows of A are read where they lie; or, where the machine is slow at that, a tile's elements are
*spread* first: copied to scratch memory, each to all lanes of a vector, for use with panel after panel. The summed index runs through
*pieces*: stretches along which A and B step evenly (of a convolution: the channels under one tap). A row that a piece does not meet
(padding) reads zeros. Pieces are grouped in blocks whose sums are added to the output one after the other: what lies in a cache stays
there, and long sums keep their digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import NamedTuple

from ..program import Instruction, Program
from ..values.body import evaluate
from ..values.code import Lanes, Value, Variable
from .builder import Builder
from .launch import emitter
from .map import Argument, decode, read_element, read_number
from .row_steps import cost

ROW_BLOCK = 512  # rows of a unit of work at most
UNROLL = 4  # steps at a time over what is spread
_SPREAD = 704 * 4  # elements that are spread at most: they share the first cache with a panel of B
_SHORT = 8  # what an epilogue costs at most, in additions, that is written out for each of the sums


class Gemm(NamedTuple):
    """The key of a product: all that its code depends on.

    A tile is `rows` x `vectors`. `row_axes`, `batch_axes`: how many axes rows and batch have. `bounded`: how many relations bound the
    rows. `blocked`: whether there are several blocks of pieces. `ragged`: whether the last panel is narrower. `spread`: whether elements
    of A are spread; B is packed then. `adjacent`: whether the elements of a row are neighbours. `fused`: whether fma adds the products.
    """

    rows: int
    vectors: int
    row_axes: int
    batch_axes: int
    bounded: int
    blocked: bool
    ragged: bool
    spread: bool
    adjacent: bool
    fused: bool
    epilogue: Program | None = None
    arguments: tuple[Argument, ...] = ()


def spread_steps(rows: int) -> int:
    """Return the steps that are spread at most for a tile of so many rows."""
    return _SPREAD // max(4, rows)


class Layout(NamedTuple):
    """The sizes of a launch, written by `contract.py` and read here in the order of `flat`.

    `m` rows, `n` columns; rows of a unit, number of such blocks, panels of a unit, number of such blocks. In bytes: from an element of
    A and a row of B to the next within a piece, from a panel of B to the next, to the output's first element. For each axis of the
    rows its size, and its steps in A, in the output, and in each bounded coordinate; of the batch its steps in A, B and the output.
    Limits of the coordinates. Pieces: bytes in A, bytes in B, length, shifts of the coordinates; `ends`: the first piece of each block,
    and the number of pieces.
    """

    m: int
    n: int
    row_block: int
    row_blocks: int
    panel_block: int
    panel_blocks: int
    a_step: int
    b_step: int
    panel_step: int
    out_start: int
    row_dims: Sequence[int]
    row_steps: Sequence[Sequence[int]]
    batch_dims: Sequence[int]
    batch_steps: Sequence[Sequence[int]]
    limits: Sequence[int]
    ends: Sequence[int]
    pieces: Sequence[Sequence[int]]

    def flat(self) -> tuple[int, ...]:
        """Return all sizes in one row."""
        numbers = list(self[:10])
        numbers += [len(self.ends) - 1, *self.row_dims[1:], *(s for own in self.row_steps for s in own)]
        numbers += [*self.batch_dims[1:], *(s for own in self.batch_steps for s in own), *self.limits]
        return (*numbers, *self.ends, *(v for piece in self.pieces for v in piece))


class _Frame:
    """The sizes of a launch as values in the kernel, and the slots: 1 A, 2 B, 3 output, 4 zeros."""

    def __init__(self, b: Builder, k: Gemm):
        self.k = k
        size = b.sizes()
        self.m, self.n, self.row_block, self.row_blocks = size(), size(), size(), size()
        self.panel_block, self.panel_blocks = size(), size()
        self.a_step, self.b_step, self.panel_step, out_start, self.blocks = size(), size(), size(), size(), size()
        self.row_dims = [size() for _ in range(k.row_axes - 1)]
        self.row_steps = [[size() for _ in range(k.row_axes)] for _ in range(2 + k.bounded)]
        self.batch_dims = [size() for _ in range(k.batch_axes - 1)]
        self.batch_steps = [[size() for _ in range(k.batch_axes)] for _ in range(3)]
        self.limits = [size() for _ in range(k.bounded)]
        fixed = 11 + len(self.row_dims) + len(self.batch_dims) + (2 + k.bounded) * k.row_axes + 3 * k.batch_axes + k.bounded
        self.ends = b.slot(0) + fixed * b.index_bytes
        self.pieces = self.ends + (self.blocks + 1) * b.index_bytes
        self.a, self.b, out, self.zeros = (b.slot(i) for i in range(1, 5))
        self.out = out + out_start
        self.row_bytes = (2 + k.bounded) * b.index_bytes
        self.table = b.scratch(ROW_BLOCK * self.row_bytes)
        self.width = 4 * b.lanes * k.vectors  # bytes of a panel's row
        self.spread = b.scratch(spread_steps(k.rows) * k.rows * 4 * b.lanes) if k.spread else None
        self.spread_step = 4 * b.lanes * k.rows


@emitter("gemm")
def emit_gemm(b: Builder, *key: object) -> None:
    """Write the kernel of a product."""
    k = Gemm(*key)  # type: ignore[arg-type]
    f = _Frame(b, k)
    epilogue = _Epilogue(b, f, k.epilogue) if k.epilogue is not None else None
    panels = (f.n + (k.vectors * b.lanes - 1)) // (k.vectors * b.lanes)
    with b.loop(b.begin, b.end) as unit:
        rest = unit // f.panel_blocks
        first_panel = (unit - rest * f.panel_blocks) * f.panel_block
        batch = rest // f.row_blocks
        first = (rest - batch * f.row_blocks) * f.row_block
        a_batch, b_batch, out_batch = decode(b, batch, f.batch_dims, f.batch_steps)
        count = b.minimum(f.m - first, f.row_block)
        with b.loop(0, count) as r:
            a_row, out_row, *coordinates = decode(b, first + r, f.row_dims, f.row_steps)
            for i, value in enumerate((f.a + a_batch + a_row, f.out + out_batch + out_row, *coordinates)):
                b.store_index(f.table + r * f.row_bytes, value, i * b.index_bytes)
        last_panel = b.minimum(first_panel + f.panel_block, panels)
        with b.loop(0, f.blocks) as block:
            if f.spread is None:
                with b.loop(first_panel, last_panel) as panel, b.loop(0, count, k.rows) as at:
                    t = Tile(_tile_rows(b, f, at, count), count - at, panel, block)
                    sums = _zeros(b, f)
                    _sum_pieces(b, f, t, sums, f.b + b_batch + panel * f.panel_step)
                    _finish(b, f, t, sums, epilogue)
            else:
                with b.loop(0, count, k.rows) as at:
                    rows = _tile_rows(b, f, at, count)
                    start, steps = _spread_rows(b, f, rows, block)
                    with b.loop(first_panel, last_panel) as panel:
                        sums = _zeros(b, f)
                        _sum_spread(b, f, sums, f.b + b_batch + panel * f.panel_step + start, steps)
                        _finish(b, f, Tile(rows, count - at, panel, block), sums, epilogue)


class Tile(NamedTuple):
    """Where a tile is: the entries of its rows in the table, how many rows are left, the panel, the block of pieces."""

    rows: Sequence[Value]
    left: Value
    panel: Value
    block: Value


def _tile_rows(b: Builder, f: _Frame, at: Value, count: Value) -> list[Value]:
    """Return the entries of a tile's rows in the table; rows beyond the last stand for the last, and are not stored."""
    return [f.table + b.minimum(at + r, count - 1) * f.row_bytes for r in range(f.k.rows)]


def _zeros(b: Builder, f: _Frame) -> list[list[Variable]]:
    """Return the sums of a tile: for each row a variable for each vector."""
    return [[b.variable("vf", 0.0) for _ in range(f.k.vectors)] for _ in range(f.k.rows)]


def _finish(b: Builder, f: _Frame, t: Tile, sums: Sequence[Sequence[Variable]], epilogue: _Epilogue | None) -> None:
    """Write what a block of pieces adds to a tile, and end with the epilogue if there is one."""
    if f.k.blocked:
        with b.when(t.block > 0):
            _add_earlier(b, f, t, sums)
    if epilogue is None:
        _store(b, f, t, sums)
    elif epilogue.short:
        with b.when(t.block == f.blocks - 1) if f.k.blocked else nullcontext():
            epilogue.change(t, sums)
        _store(b, f, t, sums)
    else:
        _store(b, f, t, sums)
        epilogue.emit(t)


def _block_ends(b: Builder, f: _Frame, block: Value) -> tuple[Value, Value]:
    ends = f.ends + block * b.index_bytes
    return b.load_index(ends), b.load_index(ends, b.index_bytes)


def _piece(b: Builder, f: _Frame, number: Value) -> list[Value]:
    """Return what the table says of a piece: bytes in A and in B, length, shifts."""
    piece = f.pieces + number * ((3 + f.k.bounded) * b.index_bytes)
    return [b.load_index(piece, i * b.index_bytes) for i in range(3 + f.k.bounded)]


def _sum_pieces(b: Builder, f: _Frame, t: Tile, sums: Sequence[Sequence[Variable]], columns: Value) -> None:
    """Add the products of one block of pieces to the sums."""
    with b.loop(*_block_ends(b, f, t.block)) as number:
        in_a, in_b, length, *shifts = _piece(b, f, number)
        pointers = [_pointer(b, f, row, in_a, shifts) for row in t.rows]
        _accumulate(b, f, sums, pointers, columns + in_b, length)


def _spread_rows(b: Builder, f: _Frame, rows: Sequence[Value], block: Value) -> tuple[Value, Value]:
    """Spread a tile's elements of A in one block; return where the block begins in a panel of B, in bytes, and its steps."""
    assert f.spread is not None
    first, last = _block_ends(b, f, block)
    steps = b.variable("index", 0)
    with b.loop(first, last) as number:
        in_a, _, length, *shifts = _piece(b, f, number)
        pointers = [_pointer(b, f, row, in_a, shifts) for row in rows]
        _spread(b, f, pointers, f.spread + steps.value * f.spread_step, length)
        steps.add(length)
    return _piece(b, f, first)[1], steps.value


def _sum_spread(b: Builder, f: _Frame, sums: Sequence[Sequence[Variable]], columns: Value, steps: Value) -> None:
    """Add the products of the spread elements and as many rows of a panel to the sums."""
    assert f.spread is not None
    spread, line, end = b.variable("index", f.spread), b.variable("index", 0), steps * f.width
    with b.when(steps > 0), b.repeat() as again:
        ones, at = spread.value, line.value
        here = columns + at
        for i in range(UNROLL):
            if i:  # a branch between the steps keeps compilers from loading all operands first, for which there are no registers
                again.stop_when(at + f.width * i >= end)
            vectors = [b.load_vector("f32", here, f.width * i + 4 * b.lanes * v) for v in range(f.k.vectors)]
            for r, own in enumerate(sums):
                one = b.load_vector("f32", ones, f.spread_step * i + 4 * b.lanes * r)
                for total, vector in zip(own, vectors, strict=True):
                    total.set(_plus_product(b, f, one, vector, total.value))
        spread.set(ones + f.spread_step * UNROLL)
        line.set(at + f.width * UNROLL)
        again.stop_when(line.value >= end)


def _plus_product(b: Builder, f: _Frame, x: Value, y: Value, total: Value) -> Value:
    return b.fma(x, y, total) if f.k.fused else x * y + total


def _spread(b: Builder, f: _Frame, rows: Sequence[Value], to: Value, length: Value) -> None:
    """Spread the elements of a piece: by vectors where they are neighbours, what is left one by one."""
    done = b.index(0)
    here = b.variable("index", to)
    if f.k.adjacent:
        done = length - length % b.lanes
        with b.loop(0, done, b.lanes) as at:
            for r, row in enumerate(rows):
                vector = b.load_vector("f32", row + at * 4)
                for lane in range(b.lanes):
                    one = b.shuffle(vector, vector, [lane] * b.lanes)
                    b.store_vector("f32", here.value, one, f.spread_step * lane + 4 * b.lanes * r)
            here.add(f.spread_step * b.lanes)
    offset = b.variable("index", done * f.a_step)
    with b.loop(done, length):
        for r, row in enumerate(rows):
            b.store_vector("f32", here.value, b.splat(b.load("f32", row + offset.value)), 4 * b.lanes * r)
        offset.add(f.a_step)
        here.add(f.spread_step)


def _pointer(b: Builder, f: _Frame, row: Value, offset: Value, shifts: Sequence[Value]) -> Value:
    """Return where a row reads a piece of A: zeros if a coordinate lies outside."""
    pointer = b.load_index(row) + offset
    inside = None
    for i, (shift, limit) in enumerate(zip(shifts, f.limits, strict=True)):
        at = b.load_index(row, (2 + i) * b.index_bytes) + shift
        own = (at >= 0) & (at < limit)
        inside = own if inside is None else inside & own
    return pointer if inside is None else b.select(inside, pointer, f.zeros)


def _accumulate(
    b: Builder, f: _Frame, sums: Sequence[Sequence[Variable]], rows: Sequence[Value], column: Value, length: Value
) -> None:  # fmt: skip
    """Add the products of `length` elements of each row with as many rows of a panel to the sums."""
    offset, line = b.variable("index", 0), b.variable("index", column)
    with b.loop(0, length):
        at, here = offset.value, line.value
        vectors = [b.load_vector("f32", here, 4 * b.lanes * v) for v in range(f.k.vectors)]
        for row, own in zip(rows, sums, strict=True):
            one = b.splat(b.load("f32", row + at))
            for total, vector in zip(own, vectors, strict=True):
                total.set(_plus_product(b, f, one, vector, total.value))
        offset.set(at + f.a_step)
        line.set(here + f.b_step)


def _columns_left(b: Builder, f: _Frame, panel: Value, vector: int) -> Value:
    """Return how many columns of a panel's vector exist."""
    left = f.n - (panel * f.k.vectors + vector) * b.lanes
    return b.minimum(b.maximum(left, 0), b.lanes)


def _add_earlier(b: Builder, f: _Frame, t: Tile, sums: Sequence[Sequence[Variable]]) -> None:
    """Add what earlier blocks wrote. Lanes beyond the last column read what is not theirs, and are not stored."""
    for row, own in zip(t.rows, sums, strict=True):
        address = b.load_index(row, b.index_bytes) + t.panel * f.width
        for v, total in enumerate(own):
            total.add(b.load_vector("f32", address, 4 * b.lanes * v))


def _store(b: Builder, f: _Frame, t: Tile, sums: Sequence[Sequence[Variable]]) -> None:
    """Write the sums of a tile."""
    k = f.k

    def store(counts: Sequence[Value | None]) -> None:
        for r, (row, own) in enumerate(zip(t.rows, sums, strict=True)):
            with b.when(b.index(r) < t.left):
                address = b.load_index(row, b.index_bytes) + t.panel * f.width
                for v, (total, count) in enumerate(zip(own, counts, strict=True)):
                    b.store_vector("f32", address, total.value, 4 * b.lanes * v, count)

    if not k.ragged:
        store([None] * k.vectors)
        return
    with b.when((t.panel + 1) * (k.vectors * b.lanes) <= f.n) as whole:
        store([None] * k.vectors)
        whole.otherwise()
        store([_columns_left(b, f, t.panel, v) for v in range(k.vectors)])


class _Epilogue:
    """The body that follows the sums, once the last block is added.

    A `short` one is applied to the sums in their registers, another in a loop over the tile while that is in the cache.
    """

    def __init__(self, b: Builder, f: _Frame, program: Program):
        self.b, self.f, self.program = b, f, program
        self.short = cost(program.steps) <= _SHORT
        self.numbers = {i: read_number(b, a) for i, a in enumerate(f.k.arguments) if a.step is None}
        self.bases = {i: b.slot(a.slot) for i, a in enumerate(f.k.arguments) if a.step is not None}

    def change(self, t: Tile, sums: Sequence[Sequence[Variable]]) -> None:
        """Apply the body to sums. Lanes beyond the last column read what is not theirs, and are not stored."""
        b = self.b
        for row, own in zip(t.rows, sums, strict=True):
            out = b.load_index(row, b.index_bytes)
            for v, total in enumerate(own):
                total.set(self._body(total.value, out, (t.panel * len(own) + v) * b.lanes, None))

    def emit(self, t: Tile) -> None:
        """Apply the body to a tile that is stored."""
        b, f = self.b, self.f
        with b.when(t.block == f.blocks - 1), b.loop(0, b.minimum(t.left, f.k.rows)) as r:
            self._row(b.load_index(t.rows[0] + r * f.row_bytes, b.index_bytes), t.panel)

    def _row(self, out: Value, panel: Value) -> None:
        b, f = self.b, self.f
        first = panel * (f.k.vectors * b.lanes)
        last = b.minimum(first + f.k.vectors * b.lanes, f.n)
        whole = last - (last - first) % b.lanes if f.k.ragged else last
        with b.loop(first, whole, b.lanes) as at:
            self._vector(out, at, None)
        if f.k.ragged:
            with b.when(whole < last):
                self._vector(out, whole, last - whole)

    def _vector(self, out: Value, at: Value, count: Value | None) -> None:
        b = self.b
        b.store_vector("f32", out + at * 4, self._body(b.load_vector("f32", out + at * 4, 0, count), out, at, count), 0, count)

    def _body(self, total: Value, out: Value, at: Value, count: Value | None) -> Value:
        """Return what becomes of the sums from column `at` of a row on."""
        b = self.b

        def load(i: int, step: Instruction) -> Lanes:
            if step.value == 0:
                return total
            number = step.value - 1
            if number in self.numbers:
                return self.numbers[number]
            a = self.f.k.arguments[number]
            # An argument of the output's shape lies at the same place in its buffer; the others have one element a column, or one.
            row = self.bases[number] + (out - b.slot(3)) if a.step == 2 else self.bases[number]
            return read_element(b, a._replace(step=min(a.step or 0, 1)), row, at, count)

        known: dict[int, Lanes] = {}
        evaluate(b, self.program, self.program.outputs, known, load)
        made = known[self.program.outputs[0]]
        assert isinstance(made, Value)
        return made
