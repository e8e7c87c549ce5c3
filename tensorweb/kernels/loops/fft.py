"""Fft: how a transform becomes passes over tiles. The loops of a tile are in `fft_tiles.py`.

A tile is `size` rows of columns, a multiple of the lanes; all its columns are transformed at once, so that no lane ever meets another.
- A short transform takes as columns the rows of the pattern, turned while they are read and written.
- A long one is cut, n = first * second: a row is a matrix [first, second]. Its columns are transformed, turned by the roots of unity
  w ** (row * column) and written as [second, first], whose columns are transformed again and written as they lie: that is the result.
- With a large prime factor it becomes a circular convolution of a power of two (Bluestein): w ** (j * k) is, with c(j) = w ** (j * j / 2),
  the product c(j) * c(k) / c(k - j).
The inverse is the same with real and imaginary parts exchanged when they are read and when they are written.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import cos, isqrt, pi, sin
from typing import NamedTuple

from ..patterns import Fft, Spec
from .launch import GRAIN, Launch, Lowered, Slot, Target, lowering
from .moves import move

_LARGEST_PRIME = 50  # a factor p costs p multiplications an element
FORMS = (2, 3, 4, 5, 8)  # factors that loops of their own exist for
_COSTS = {2: 2.0, 3: 4.0, 4: 2.5, 5: 6.0, 8: 3.5}  # of a factor, an element; others cost themselves
_SECOND_PASS = 5.0  # the cost of a second pass, an element
_SECOND_LAUNCH = 20000.0  # of calling it
_CACHED = 1 << 14  # elements of a tile that stays in the caches
_PAIR = 8  # bytes of a complex64
_TILE = 1 << 11  # elements of a tile, unless one vector's width is more


def factors(n: int) -> list[int]:
    """Return the factors of n by which a tile is transformed: eights and fours, then primes, the smallest first."""
    found = []
    while n % 8 == 0 and n % 32 != 16:  # 16 is 4 * 4
        found.append(8)
        n //= 8
    while n % 4 == 0:
        found.append(4)
        n //= 4
    p = 2
    while n > 1:
        if p * p > n:
            p = n
        while n % p == 0:
            found.append(p)
            n //= p
        p += 1
    return found


def _cost(n: int) -> float:
    return sum(_COSTS.get(p, float(p)) for p in factors(n)) + 1


def _padded(n: int, lanes: int) -> int:
    return -(-n // lanes) * lanes


@lru_cache(maxsize=256)
def _cut(n: int, rows: int, lanes: int) -> int:
    """Return the `first` of the cheapest cut n = first * second, 1 for a transform that is not cut."""
    # Columns that are there only to fill vectors cost as much as others; tiles that leave the caches cost more.
    whole = _cost(n) * _padded(rows, lanes) / rows * (1 if n * lanes <= _CACHED else 2)
    more = _SECOND_PASS + _SECOND_LAUNCH / (n * rows)
    best = (whole, 1)
    for first in range(2, isqrt(n) + 1):
        if n % first == 0:
            for a, b in ((first, n // first), (n // first, first)):
                cost = _cost(a) * _padded(b, lanes) / b + _cost(b) * _padded(a, lanes) / a
                best = min(best, (cost + more, a))
    return best[1]


# --- tables -------------------------------------------------------------------------------------------------------------------


def _root(numerator: int, n: int) -> tuple[float, float]:
    """Return cosine and sine of -2 pi numerator / n."""
    angle = -2 * pi * (numerator % n) / n
    return cos(angle), sin(angle)


def _floats(pairs: Iterable[tuple[float, float]]) -> bytes:
    return array("f", [x for pair in pairs for x in pair]).tobytes()


@lru_cache(maxsize=64)
def _steps(n: int) -> tuple[tuple[int, bytes], ...]:
    """Return for each factor the roots that turn what its step makes; p-th roots come first if it has no form of its own.

    What a form makes first is turned by 1, so that root is left out.
    """
    left, found = n, []
    for p in factors(n):
        formed = p in FORMS
        own = [] if formed else [_root(i, p) for i in range(p)]
        found.append((p, _floats([*own, *(_root(j * k, left) for j in range(left // p) for k in range(formed, p))])))
        left //= p
    return tuple(found)


@lru_cache(maxsize=64)
def _turns(first: int, second: int, lanes: int, inverse: bool) -> bytes:
    """Return what w ** (row * column) is made of: for each row the roots of the first columns, and one for the start of each vector.

    The former are `lanes` real parts and as many imaginary ones. Rows are filled up to a multiple of the lanes.
    """
    n, rows, vectors = first * second, _padded(first, lanes), _padded(second, lanes) // lanes
    sign = -1 if inverse else 1
    near = [[_root(sign * row * lane, n) for lane in range(lanes)] for row in range(rows)]
    split = array("f", [root[part] for roots in near for part in (0, 1) for root in roots])
    return split.tobytes() + _floats(_root(sign * row * v * lanes, n) for row in range(rows) for v in range(vectors))


@lru_cache(maxsize=16)
def _chirps(n: int, padded: int, inverse: bool) -> tuple[bytes, bytes]:
    """Return c(j) = w ** (j * j / 2) for j below n, and 1 / c(j) for -n < j < n around a circle of `padded` elements."""
    sign = -1 if inverse else 1
    forward = [_root(sign * (j * j % (2 * n)), 2 * n) for j in range(n)]
    back = [(re, -im) for re, im in forward]
    return _floats(forward), _floats([*back, *([(0.0, 0.0)] * (padded - 2 * n + 1)), *back[:0:-1]])


# --- launches -----------------------------------------------------------------------------------------------------------------


class _Layout(NamedTuple):
    """How the columns of matrices lie: elements from one matrix to the next, and from one row, or column if turned, to the next."""

    matrix: int
    pitch: int
    turned: bool


class _Plan:
    """The launches of transforms in the making, with the scratch memory and tables that they need."""

    def __init__(self, target: Target, inverse: bool):
        self.target, self.inverse = target, inverse
        self.launches: list[Launch] = []
        self.scratch: list[int] = []
        self.tables: list[bytes] = []

    def memory(self, nbytes: int) -> Slot:
        """Return new scratch memory."""
        self.scratch.append(nbytes)
        return Slot("scratch", len(self.scratch) - 1)

    def table(self, content: bytes) -> Slot:
        """Return a new table."""
        self.tables.append(content)
        return Slot("table", len(self.tables) - 1)

    def transform(self, rows: int, n: int, source: Slot, made: Slot, inverse: bool, scale: float = 1.0) -> None:
        """Add the transform of rows whose length has no large prime factor, times a scale."""
        lanes = self.target.lanes
        first = _cut(n, rows, lanes)
        second = n // first
        if first == 1:
            self._tiles(n, rows, 1, (source, made), (_Layout(0, n, True), _Layout(0, n, True)), inverse, scale)
            return
        between = self.memory(rows * n * _PAIR)
        layouts = _Layout(n, second, False), _Layout(n, first, True)
        self._tiles(first, second, rows, (source, between), layouts, inverse, 1.0, _turns(first, second, lanes, inverse))
        self._tiles(second, first, rows, (between, made), (_Layout(n, first, False),) * 2, inverse, scale)

    def _tiles(
        self,
        size: int,
        columns: int,
        count: int,
        slots: tuple[Slot, Slot],
        layouts: tuple[_Layout, _Layout],
        inverse: bool,
        scale: float,
        turns: bytes = b"",
    ) -> None:
        """Add the launch that transforms all columns of `count` matrices [size, columns]; units are regions of scratch memory."""
        lanes, threads, chosen = self.target.lanes, self.target.threads, _steps(size)
        # As many whole vectors a tile as it may have, about as many in each.
        vectors = -(-columns // lanes)
        tiles = -(-vectors // max(1, _TILE // (size * lanes)))
        width = -(-vectors // tiles) * lanes
        tiles = -(-columns // width)
        part = _padded(size, lanes) * width * 4
        regions = min(count * tiles, 4 * threads) if threads > 1 else 1
        steps = [x * _PAIR for layout in layouts for x in (layout.matrix, layout.pitch)]
        (bits,) = struct.unpack("=i", struct.pack("=f", scale))
        own = [x for p, roots in chosen for x in (p, len(roots))]
        sizes = (regions, count * tiles, tiles, size, columns, width, part, *steps, bits, int(inverse), len(chosen), *own)
        tables = [self.table(t) for t in (b"".join(roots for _, roots in chosen), turns) if t]
        key = (layouts[0].turned, layouts[1].turned, bool(turns))
        grain = max(1, GRAIN * regions // (8 * count * columns * size))
        self.launches.append(Launch("fft", key, sizes, (*slots, self.memory(regions * 4 * part), *tables), regions, grain))

    def multiply(self, rows: int, count: int, slots: tuple[Slot, Slot, Slot], pitches: tuple[int, int], start: int = 0) -> None:
        """Add the launch that multiplies `count` elements of each row by a row that begins at `start`; zeros follow in the result."""
        sizes = (count, *pitches, start)
        self.launches.append(Launch("fft_multiply", (), sizes, slots, rows, max(1, GRAIN // pitches[1])))

    def convolve(self, rows: int, n: int, source: Slot, made: Slot, scale: float) -> None:
        """Add the transform of rows of any length, by convolutions of a power of two; the chirp's own transform is one more row."""
        padded = 1 << (2 * n - 2).bit_length()
        forward, back = _chirps(n, padded, self.inverse)
        chirp, around = self.table(forward), self.table(back)
        left, right = (self.memory((rows + 1) * padded * _PAIR) for _ in range(2))
        self.multiply(rows, n, (source, chirp, left), (n, padded))
        self.launches += move((padded,), (1,), (1,), _PAIR, self.target.lanes, (around, left), (0, rows * padded))
        self.transform(rows + 1, padded, left, right, False)
        self.multiply(rows, padded, (right, right, left), (padded, padded), rows * padded)
        self.transform(rows, padded, left, right, True, scale / padded)
        self.multiply(rows, n, (right, chirp, made), (padded, n))


@lowering(Fft)
def lower_fft(k: Fft, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a transform: of its rows or, if they are long, of the two sides of the matrices that they are."""
    source, made = Slot("in", 0), Slot("out", 0)
    if k.outer * k.n == 0 or k.n == 1:
        return Lowered(move((k.outer * k.n,), (1,), (1,), _PAIR, target.lanes))
    plan = _Plan(target, k.inverse)
    scale = 1 / k.n if k.inverse else 1.0
    if max(factors(k.n)) > _LARGEST_PRIME:
        plan.convolve(k.outer, k.n, source, made, scale)
    else:
        plan.transform(k.outer, k.n, source, made, k.inverse, scale)
    return Lowered(tuple(plan.launches), tuple(plan.scratch), (), tuple(plan.tables))
