"""Gather and Scatter: copies, and updates in order, at places that indices in memory name. Copies between fixed places: `moves.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..patterns import Gather, Scatter, Spec
from ..program import Instruction, Program
from ..values.body import evaluate
from ..values.code import Value
from .builder import Builder
from .copying import PARTS, copy_element, copy_run, fill_run
from .launch import GRAIN, Launch, Lowered, Slot, Target, emitter, lowering
from .memory import itemsize, load_lanes, load_splat, store_first, store_lanes
from .moves import move

_PART = 1 << 12  # elements that a unit moves, about
_SCAN = 8  # an index that a unit reads but does not follow costs about 1 / _SCAN of an update


@lowering(Gather)
def lower_gather(k: Gather, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a gather; units are blocks of indices and of columns."""
    if not k.batch * k.m * k.inner:
        return Lowered(())
    size = itemsize(str(inputs[0].dtype))
    columns = min(k.inner, _PART)
    rows = max(1, min(k.m, _PART // columns))
    row_blocks, column_blocks = -(-k.m // rows), -(-k.inner // columns)
    slots = (Slot("in", 0), Slot("in", 1), Slot("out", 0))
    sizes = (k.n, k.m, k.inner, rows, columns, row_blocks, column_blocks)
    units = k.batch * row_blocks * column_blocks
    grain = max(1, GRAIN // (rows * columns))
    return Lowered((Launch("gather", (size, k.inner == 1), sizes, slots, units, grain),))


@emitter("gather")
def emit_gather(b: Builder, size: int, single: bool) -> None:
    """Write the loops of a gather of elements of `size` bytes, of one column if `single`."""
    source, indices, target = (b.slot(i) for i in (1, 2, 3))
    size_of = b.sizes()
    n, m, inner, rows, columns, row_blocks, column_blocks = (size_of() for _ in range(7))
    below = b.convert(n, "i32")
    with b.loop(b.begin, b.end) as unit:
        block, column = _digit(unit, column_blocks)
        batch, row = _digit(block, row_blocks)
        first = row * rows
        offset = column * columns * size
        width = b.minimum(inner - column * columns, columns) * size
        own = source + batch * n * inner * size + offset
        with b.loop(first, b.minimum(first + rows, m)) as i:
            at = batch * m + i
            index = b.load("i32", indices + at * 4)
            inside = b.op("lt_u", index, below)
            place = target + at * inner * size + offset
            if single:
                _gather_element(b, size, own, index, inside, place)
            else:
                with b.when(inside) as branch:
                    copy_run(b, size, own + b.convert(index, "index") * inner * size, place, width)
                    branch.otherwise()
                    fill_run(b, size, b.constant("vi", 0), place, width)


def _gather_element(b: Builder, size: int, source: Value, index: Value, inside: Value, target: Value) -> None:
    """Copy one element; what is read for an index out of range is the first one, which each buffer has, and dropped."""
    place = source + b.convert(b.select(inside, index, 0), "index") * size
    kind, offsets = PARTS[size]
    for offset in offsets:
        b.store(kind, target, b.select(inside, b.load(kind, place, offset), 0), offset)


def _digit(number: Value, count: Value) -> tuple[Value, Value]:
    above = number // count
    return above, number - above * count


@lowering(Scatter)
def lower_scatter(k: Scatter, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return a copy of the target and the updates. Units are blocks of columns, and ranges of places: each goes through all indices."""
    dtype = str(inputs[0].dtype)
    size = itemsize(dtype)
    copy = move((k.batch * k.n * k.inner,), (1,), (1,), size, target.lanes)
    if not k.batch * k.n * k.m * k.inner:
        return Lowered(copy)
    columns = min(k.inner, max(_PART // k.m, 16 * target.lanes))
    column_blocks = -(-k.inner // columns)
    work = k.batch * k.m * k.inner
    ranges = 1
    if target.threads > 1 and work >= 2 * GRAIN:
        wanted = -(-2 * target.threads // (k.batch * column_blocks))
        ranges = max(1, min(wanted, columns * _SCAN // 2, k.n))
    places = -(-k.n // ranges)
    ranges = -(-k.n // places)
    units = k.batch * column_blocks * ranges
    slots = (Slot("in", 1), Slot("in", 2), Slot("out", 0))
    sizes = (k.n, k.m, k.inner, columns, places, column_blocks, ranges)
    key = (size if k.kind == "set" else dtype, k.kind, k.inner == 1)
    return Lowered((*copy, Launch("scatter", key, sizes, slots, units, max(1, GRAIN * units // work))))


@emitter("scatter")
def emit_scatter(b: Builder, element: Any, kind: str, single: bool) -> None:
    """Write the loops of updates; `element` is the dtype, or for `set` the bytes of an element, and `single` tells of one column."""
    size = element if kind == "set" else itemsize(element)
    indices, updates, target = (b.slot(i) for i in (1, 2, 3))
    size_of = b.sizes()
    n, m, inner, columns, places, column_blocks, ranges = (size_of() for _ in range(7))
    with b.loop(b.begin, b.end) as unit:
        block, column = _digit(unit, column_blocks)
        batch, part = _digit(block, ranges)
        low = part * places
        first, count = b.convert(low, "i32"), b.convert(b.minimum(n - low, places), "i32")
        offset = column * columns * size
        width = b.minimum(inner - column * columns, columns)
        own = target + (batch * n + low) * inner * size + offset
        with b.loop(0, m) as i:
            at = batch * m + i
            index = b.load("i32", indices + at * 4) - first
            with b.when(b.op("lt_u", index, count)):
                place = own + b.convert(index, "index") * inner * size
                given = updates + at * inner * size + offset
                if kind == "set":
                    copy_element(b, size, given, place) if single else copy_run(b, size, given, place, width * size)
                elif single:
                    store_first(
                        b, element, place, _combined(b, element, kind, load_splat(b, element, place), load_splat(b, element, given))
                    )
                else:
                    _update_run(b, element, kind, given, place, width)


def _update_run(b: Builder, dtype: str, kind: str, source: Value, target: Value, count: Value) -> None:
    size, whole = itemsize(dtype), count & -b.lanes

    def update(at: Value, count: Value | None) -> None:
        old, new = (load_lanes(b, dtype, base + at * size, count) for base in (target, source))
        store_lanes(b, dtype, target + at * size, _combined(b, dtype, kind, old, new), count)

    with b.loop(0, whole, b.lanes) as at:
        update(at, None)
    with b.when(whole < count):
        update(whole, count - whole)


def _combined(b: Builder, dtype: str, kind: str, old: Any, new: Any) -> Any:
    """Return lanes of a dtype added, multiplied, or compared, as a program has it."""
    steps = (Instruction("arg", (), 0, dtype), Instruction("arg", (), 1, dtype), Instruction(kind, (0, 1), None, dtype))
    known: dict[int, Any] = {}
    evaluate(b, Program(steps, (2,), ((), (), (0, 1))), (2,), known, lambda i, _: (old, new)[i])
    return known[2]
