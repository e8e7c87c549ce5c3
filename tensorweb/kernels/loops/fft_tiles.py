"""The loops of Fft: a tile of columns is read, transformed factor by factor, and written. What the passes are is decided in `fft.py`.

In a tile real and imaginary parts lie apart, rows after rows; the steps go to and fro between two such places (Stockham's order, in which
nothing is ever permuted). No loop here has an edge: a tile is a whole number of vectors wide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi, sin, sqrt
from typing import NamedTuple

from ..values.code import Value, Variable
from .builder import Builder
from .copying import fill_run, transposed
from .launch import emitter
from .memory import load_lanes, store_lanes

Pair = tuple[Value, Value]  # real and imaginary parts

_PAIR = 8  # bytes of a complex64


class _Tile(NamedTuple):
    """The rows of a tile, its width in elements, how many of its columns count, and the bytes from real to imaginary parts."""

    size: Value
    width: Value
    columns: Value
    part: Value


class _Outside(NamedTuple):
    """Memory that a tile is read from or written to: its first element, bytes from row to row (turned: from column to column)."""

    address: Value
    pitch: Value


@emitter("fft")
def emit_fft(b: Builder, turned_source: bool, turned_target: bool, turn: bool) -> None:
    """Write the loops over tiles; slots: 1 source, 2 target, 3 scratch, 4 the steps' roots, 5 the roots of the turn that may follow."""
    source, target, scratch, roots = (b.slot(i) for i in (1, 2, 3, 4))
    turns = b.slot(5) if turn else None
    size_of = b.sizes()
    regions, tiles, in_matrix, size, columns, width, part, source_matrix, source_pitch, target_matrix, target_pitch = (
        size_of() for _ in range(11)
    )
    scale = b.splat(b.bits(b.convert(size_of(), "i32"), "f32"))
    # The inverse exchanges real and imaginary parts outside of the tile.
    real = size_of() * part
    steps, first_step = size_of(), b.slot(0) + 14 * b.index_bytes
    with b.loop(b.begin, b.end) as unit, b.loop(unit * tiles // regions, (unit + 1) * tiles // regions) as number:
        matrix = number // in_matrix
        column = (number - matrix * in_matrix) * width
        tile = _Tile(size, width, b.minimum(columns - column, width), part)
        here = b.variable("index", scratch + unit * part * 4)
        there = b.variable("index", here.value + part * 2)
        outside = _Outside(source + matrix * source_matrix + column * (source_pitch if turned_source else _PAIR), source_pitch)
        (_read_turned if turned_source else _read)(b, tile, outside, (here.value + real, here.value + part - real))
        _transform(b, tile, here, there, roots, steps, first_step)
        finish = _Finish(b, scale, turns, size, columns, column)
        outside = _Outside(target + matrix * target_matrix + column * (target_pitch if turned_target else _PAIR), target_pitch)
        (_write_turned if turned_target else _write)(b, tile, outside, (here.value + real, here.value + part - real), finish)


# --- reading and writing ------------------------------------------------------------------------------------------------------


class _Finish:
    """What becomes of results on their way out: the scale, and the turn by the root that belongs to row and column."""

    def __init__(self, b: Builder, scale: Value, turns: Value | None, size: Value, columns: Value, first_column: Value):
        self.b, self.scale, self.turns, self.first_column = b, scale, turns, first_column
        self.vectors = (columns + (b.lanes - 1)) // b.lanes
        self.rows = (size + (b.lanes - 1)) & -b.lanes

    def __call__(self, pair: Pair, row: Value, column: Value) -> Pair:
        b, width = self.b, 4 * self.b.lanes
        if self.turns is None:
            return pair[0] * self.scale, pair[1] * self.scale
        near = self.turns + row * (2 * width)
        vector = (self.first_column + column) // b.lanes
        far = self.turns + self.rows * (2 * width) + (row * self.vectors + vector) * _PAIR
        root = _times(b, (b.load_vector("f32", near), b.load_vector("f32", near, width)), _splat_pair(b, far))
        return _times(b, pair, root)


def _splat_pair(b: Builder, address: Value, offset: int = 0) -> Pair:
    """Return a complex number in all lanes."""
    return b.splat(b.load("f32", address, offset)), b.splat(b.load("f32", address, offset + 4))


def _times(b: Builder, x: Pair, y: Pair) -> Pair:
    return b.fma(x[0], y[0], -(x[1] * y[1])), b.fma(x[0], y[1], x[1] * y[0])


def _pair(lanes: object) -> Pair:
    assert isinstance(lanes, tuple)
    return lanes


def _over_vectors(b: Builder, columns: Value, do: Callable[[Value, Value | None], None]) -> None:
    """Call `do` with the first column of each vector, and with how many columns there are if the last is not whole."""
    whole = columns & -b.lanes
    with b.loop(0, whole, b.lanes) as column:
        do(column, None)
    with b.when(whole < columns):
        do(whole, columns - whole)


def _read(b: Builder, tile: _Tile, source: _Outside, parts: Pair) -> None:
    with b.loop(0, tile.size) as row:

        def read(column: Value, count: Value | None) -> None:
            loaded = _pair(load_lanes(b, "complex64", source.address + row * source.pitch + column * _PAIR, count))
            for base, vector in zip(parts, loaded):
                b.store_vector("f32", base + (row * tile.width + column) * 4, vector)

        _over_vectors(b, tile.columns, read)


def _write(b: Builder, tile: _Tile, target: _Outside, parts: Pair, finish: _Finish) -> None:
    with b.loop(0, tile.size) as row:

        def write(column: Value, count: Value | None) -> None:
            re, im = (b.load_vector("f32", base + (row * tile.width + column) * 4) for base in parts)
            store_lanes(b, "complex64", target.address + row * target.pitch + column * _PAIR, finish((re, im), row, column), count)

        _over_vectors(b, tile.columns, write)


def _read_turned(b: Builder, tile: _Tile, source: _Outside, parts: Pair) -> None:
    with b.loop(0, tile.columns, b.lanes) as column, b.loop(0, tile.size, b.lanes) as row:
        count = b.minimum(tile.size - row, b.lanes)
        loaded = []
        for i in range(b.lanes):
            own = b.minimum(column + i, tile.columns - 1)
            loaded.append(_pair(load_lanes(b, "complex64", source.address + own * source.pitch + row * _PAIR, count)))
        for base, vectors in zip(parts, zip(*loaded)):
            at = base + (row * tile.width + column) * 4
            for vector in transposed(b, vectors):
                b.store_vector("f32", at, vector)
                at = at + tile.width * 4


def _write_turned(b: Builder, tile: _Tile, target: _Outside, parts: Pair, finish: _Finish) -> None:
    with b.loop(0, tile.columns, b.lanes) as column, b.loop(0, tile.size, b.lanes) as row:
        count = b.minimum(tile.size - row, b.lanes)
        made = []
        for i in range(b.lanes):
            re, im = (b.load_vector("f32", base + ((row + i) * tile.width + column) * 4) for base in parts)
            made.append(finish((re, im), row + i, column))
        turned = [transposed(b, vectors) for vectors in zip(*made)]
        for i, pair in enumerate(zip(*turned)):
            with b.when(column + i < tile.columns):
                store_lanes(b, "complex64", target.address + (column + i) * target.pitch + row * _PAIR, _pair(pair), count)


# --- steps --------------------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """One factor: from where to where, its roots, how many blocks of rows there are, and the bytes of a block."""

    source: Value
    target: Value
    roots: Value
    blocks: Value
    block: Value
    part: Value


def _transform(b: Builder, tile: _Tile, here: Variable, there: Variable, roots: Value, steps: Value, first_step: Value) -> None:
    """Do all steps; `here` is where the tile is before and after."""
    left, block, root = b.variable("index", tile.size), b.variable("index", tile.width * 4), b.variable("index", roots)
    with b.loop(0, steps) as i:
        entry = first_step + i * (2 * b.index_bytes)
        factor = b.load_index(entry)
        left.set(left.value // factor)
        _choose(b, factor, _Step(here.value, there.value, root.value, left.value, block.value, tile.part), list(_BUTTERFLIES))
        block.set(block.value * factor)
        root.add(b.load_index(entry, b.index_bytes))
        last = here.value
        here.set(there.value)
        there.set(last)


def _choose(b: Builder, factor: Value, step: _Step, known: Sequence[int]) -> None:
    """Do a step by the form of its factor, if it is one of the known."""
    if not known:
        _any_factor(b, factor, step)
        return
    with b.when(factor == known[0]) as branch:
        _known_factor(b, known[0], step)
        branch.otherwise()
        _choose(b, factor, step, known[1:])


def _load(b: Builder, address: Value, part: Value) -> Pair:
    return b.load_vector("f32", address), b.load_vector("f32", address + part)


def _store(b: Builder, address: Value, part: Value, pair: Pair) -> None:
    b.store_vector("f32", address, pair[0])
    b.store_vector("f32", address + part, pair[1])


def _known_factor(b: Builder, p: int, step: _Step) -> None:
    apart = step.blocks * step.block
    with b.loop(0, step.blocks) as j:
        roots = [_splat_pair(b, step.roots + j * ((p - 1) * _PAIR), k * _PAIR) for k in range(p - 1)]
        source, target = step.source + j * step.block, step.target + j * step.block * p
        with b.loop(0, step.block, 4 * b.lanes) as at:
            x = [_load(b, source + at + apart * r, step.part) for r in range(p)]
            first, *others = _BUTTERFLIES[p](b, x)
            for k, y in enumerate([first, *(_times(b, y, w) for y, w in zip(others, roots))]):
                _store(b, target + at + step.block * k, step.part, y)


def _any_factor(b: Builder, p: Value, step: _Step) -> None:
    """Do a step by its definition: sums of products with the p-th roots, which come first in the table."""
    apart = step.blocks * step.block
    with b.loop(0, step.blocks) as j, b.loop(0, p) as k:
        turn = _splat_pair(b, step.roots + (p + j * p + k) * _PAIR)
        with b.loop(0, step.block, 4 * b.lanes) as at:
            sums = [b.variable("vf", 0.0) for _ in range(2)]
            number, source = b.variable("index", 0), b.variable("index", step.source + j * step.block + at)
            with b.loop(0, p):
                (re, im), (x, y) = _splat_pair(b, step.roots + number.value * _PAIR), _load(b, source.value, step.part)
                sums[0].set(b.fma(x, re, b.fma(-y, im, sums[0].value)))
                sums[1].set(b.fma(x, im, b.fma(y, re, sums[1].value)))
                following = number.value + k
                number.set(b.select(following < p, following, following - p))
                source.add(apart)
            _store(b, step.target + (j * p + k) * step.block + at, step.part, _times(b, (sums[0].value, sums[1].value), turn))


# --- butterflies --------------------------------------------------------------------------------------------------------------


def _add(x: Pair, y: Pair) -> Pair:
    return x[0] + y[0], x[1] + y[1]


def _sub(x: Pair, y: Pair) -> Pair:
    return x[0] - y[0], x[1] - y[1]


def _around(x: Pair, y: Pair) -> tuple[Pair, Pair]:
    """Return x - i y and x + i y."""
    return (x[0] + y[1], x[1] - y[0]), (x[0] - y[1], x[1] + y[0])


def _weighted(b: Builder, start: Pair | None, terms: Sequence[tuple[Pair, float]]) -> Pair:
    """Return start plus each pair times a number."""
    made = []
    for i in range(2):
        total = start[i] if start else None
        for pair, weight in terms:
            total = pair[i] * weight if total is None else b.fma(pair[i], weight, total)
        made.append(total)
    return made[0], made[1]  # type: ignore[return-value]


def _two(b: Builder, x: Sequence[Pair]) -> list[Pair]:
    return [_add(x[0], x[1]), _sub(x[0], x[1])]


def _four(b: Builder, x: Sequence[Pair]) -> list[Pair]:
    even, odd = (_add(x[0], x[2]), _sub(x[0], x[2])), (_add(x[1], x[3]), _sub(x[1], x[3]))
    second, fourth = _around(even[1], odd[1])
    return [_add(even[0], odd[0]), second, _sub(even[0], odd[0]), fourth]


def _eight(b: Builder, x: Sequence[Pair]) -> list[Pair]:
    even, (first, second, third, fourth) = _four(b, x[::2]), _four(b, x[1::2])
    half = sqrt(0.5)
    second = (second[0] + second[1]) * half, (second[1] - second[0]) * half
    fourth = (fourth[1] - fourth[0]) * half, (fourth[0] + fourth[1]) * -half
    made = [(_add(even[0], first), _sub(even[0], first)), (_add(even[1], second), _sub(even[1], second)), _around(even[2], third)]
    made.append((_add(even[3], fourth), _sub(even[3], fourth)))
    return [a for a, _ in made] + [b for _, b in made]


def _odd(b: Builder, x: Sequence[Pair]) -> list[Pair]:
    """Return the transform of 3 or 5: elements k and p - k share cosines, and sines but for the sign."""
    p = len(x)
    half = p // 2
    sums, differences = [_add(x[r], x[p - r]) for r in range(1, half + 1)], [_sub(x[r], x[p - r]) for r in range(1, half + 1)]
    first = x[0]
    for s in sums:
        first = _add(first, s)
    made: list[Pair] = [first] * p
    for k in range(1, half + 1):
        angles = [2 * pi * (r * k % p) / p for r in range(1, half + 1)]
        along = _weighted(b, x[0], [(s, cos(a)) for s, a in zip(sums, angles)])
        across = _weighted(b, None, [(d, sin(a)) for d, a in zip(differences, angles)])
        made[k], made[p - k] = _around(along, across)
    return made


_BUTTERFLIES: dict[int, Callable[[Builder, Sequence[Pair]], list[Pair]]] = {8: _eight, 4: _four, 2: _two, 3: _odd, 5: _odd}


# --- convolutions -------------------------------------------------------------------------------------------------------------


@emitter("fft_multiply")
def emit_multiply(b: Builder) -> None:
    """Write the product of each row with one row: slots 1 the rows, 2 the one, which begins at an element of its own, 3 the result."""
    source, factor, target = (b.slot(i) for i in (1, 2, 3))
    size_of = b.sizes()
    count, source_pitch, target_pitch, start = (size_of() for _ in range(4))
    factor = factor + start * _PAIR
    with b.loop(b.begin, b.end) as row:
        own, made = source + row * source_pitch * _PAIR, target + row * target_pitch * _PAIR

        def multiply(at: Value, some: Value | None) -> None:
            x, y = (_pair(load_lanes(b, "complex64", base + at * _PAIR, some)) for base in (own, factor))
            store_lanes(b, "complex64", made + at * _PAIR, _times(b, x, y), some)

        _over_vectors(b, count, multiply)
        fill_run(b, _PAIR, b.constant("vi", 0), made + count * _PAIR, (target_pitch - count) * _PAIR)
