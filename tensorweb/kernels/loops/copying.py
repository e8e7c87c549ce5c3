"""What loops that move data without looking at it share: elements by size, runs of bytes, squares of lanes. No pattern is known here."""

from __future__ import annotations

from collections.abc import Sequence

from ..values.code import Value
from .builder import Builder

# Of an element of so many bytes: the kind of memory of its parts, and where they begin.
PARTS = {1: ("u8", (0,)), 2: ("u16", (0,)), 4: ("i32", (0,)), 8: ("i32", (0, 4))}


def copy_element(b: Builder, size: int, source: Value, target: Value) -> None:
    """Copy one element of `size` bytes."""
    kind, offsets = PARTS[size]
    loaded = [b.load(kind, source, o) for o in offsets]
    for value, offset in zip(loaded, offsets):
        b.store(kind, target, value, offset)


def copy_run(b: Builder, size: int, source: Value, target: Value, nbytes: Value) -> None:
    """Copy a run of elements of `size` bytes, and no byte beyond it."""
    width = 4 * b.lanes
    with b.loop(0, nbytes & -width, width) as at:
        b.store_vector("i32", target + at, b.load_vector("i32", source + at))
    kind, step = _tail(b, size)

    def copy_some(at: Value, count: Value) -> None:
        b.store_vector(kind, target + at, b.load_vector(kind, source + at, 0, count), 0, count)

    with b.loop(nbytes & -width, nbytes, step) as at:
        copy_some(at, b.minimum((nbytes - at) // (step // b.lanes), b.lanes))


def fill_run(b: Builder, size: int, pattern: Value, target: Value, nbytes: Value) -> None:
    """Fill a run of elements of `size` bytes with a vi that `pattern` made, and no byte beyond it."""
    width = 4 * b.lanes
    with b.loop(0, nbytes & -width, width) as at:
        b.store_vector("i32", target + at, pattern)
    kind, step = _tail(b, size)
    with b.loop(nbytes & -width, nbytes, step) as at:
        b.store_vector(kind, target + at, pattern, 0, b.minimum((nbytes - at) // (step // b.lanes), b.lanes))


def _tail(b: Builder, size: int) -> tuple[str, int]:
    """Return the kind of memory for the end of a run, and the bytes of `lanes` elements of it."""
    return PARTS[size][0], min(size, 4) * b.lanes


def pattern(b: Builder, size: int, source: Value) -> Value:
    """Return the vi whose bytes are the element at an address over and over."""
    kind, offsets = PARTS[size]
    parts = [b.load(kind, source, o) for o in offsets]
    if size == 8:
        return b.interleave(b.splat(parts[0]), b.splat(parts[1]))[0]
    return b.splat(parts[0] * {1: 0x01010101, 2: 0x00010001, 4: 1}[size])


def transposed(b: Builder, rows: Sequence[Value]) -> list[Value]:
    """Return the columns of a square of `lanes` vectors.

    Interleaving row i with row i + lanes / 2 turns the bits of (row, lane) by one place; after as many turns as a lane has bits, rows and
    lanes have changed places.
    """
    half, made = b.lanes // 2, list(rows)
    for _ in range(half.bit_length()):
        made = [x for i in range(half) for x in b.interleave(made[i], made[i + half])]
    return made
