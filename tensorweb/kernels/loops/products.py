"""Makes launches of contractions: the blocked product of `gemm.py` where the labels allow it, else the loops of `direct.py`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, product
from math import prod
from typing import NamedTuple

from ..patterns import Contract, Map, Pad, Spec
from ..program import Program
from ..strides import broadcast_strides, collapse, strides_of
from .contract import Axis, Batch, Product, Roles, products, roles
from .direct import lower_direct
from .gemm import ROW_BLOCK, Gemm, Layout, spread_steps
from .launch import GRAIN, LOWERINGS, Derived, Launch, Lowered, Slot, Target, chain, lowering
from .map import Argument, argument_slots
from .packing import Packing

_BLOCK = 512  # steps of the summed index in a block: a panel of B stays in the first or second cache
_ROWS_TO_PACK = 32  # from so many rows of A on, packing B pays
_MAX_PIECES = 1 << 14
_SHORT = 16  # pieces shorter than this are worth a copy of A with its padding
_GRAIN = 1 << 18  # products that pay for handing a unit to another thread
_CACHED_ROWS = 1 << 16  # elements of A that a unit of work goes over again and again


@lowering(Contract)
def lower_contract(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a contraction and its epilogue."""
    f = roles(k)
    if f is None or any(s.dtype != "float32" for s in inputs[:2]) or 0 in outputs[0].shape:
        return lower_direct(k, inputs, outputs, target)
    found = products(k, f)
    for p in found:
        p.summed = _joined(p.summed)
    if any(prod(a.size for a in p.summed) > _MAX_PIECES * _inner(p)[1] for p in found) or _is_thin(found):
        return lower_direct(k, inputs, outputs, target)
    if any(p.limits and _is_short(p) for p in found):
        padded = _padded(k, f, inputs, outputs, target)
        if padded is not None:
            return padded
    after = _epilogue(k, inputs, outputs)
    if after is None:
        return _then_map(k, inputs, outputs, target)
    a, b = (0, 1) if f.b_is_right else (1, 0)
    launches: list[Launch] = []
    derived: list[Derived] = []
    zeros = 0
    for p in found:
        launch, form, longest = _product(p, a, b, len(derived), after, k.epilogue, target)
        launches.append(launch)
        derived += form
        zeros = max(zeros, longest)
    return Lowered(tuple(launches), derived=tuple(derived), tables=(bytes(zeros),))


def _is_thin(found: Sequence[Product]) -> bool:
    """Tell whether nothing is summed: the direct loops have less to do then."""
    return all(prod(a.size for a in p.summed) <= 1 for p in found)


def _then_map(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return a contraction into scratch memory, and the map that its epilogue is."""
    assert k.epilogue is not None
    between = outputs[0]._replace(dtype=inputs[0].dtype)
    first = lower_contract(k._replace(epilogue=None), inputs[:2], [between], target)
    second = LOWERINGS[Map](Map(k.epilogue), [between, *inputs[2:]], outputs, target)
    return chain(first, 4 * prod(between.shape), second, lambda i: i + 1 if i else None)


def _padded(k: Contract, f: Roles, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered | None:
    """Return the plan on a copy of A with its padding around it, if the pieces would be short otherwise; else None.

    Without bounds the last tap and the channels are one piece.
    """
    sizes, number = dict(k.sizes), 0 if f.b_is_right else 1
    low, high = [0] * len(f.a), [0] * len(f.a)
    relations = []
    for r in k.relations:
        if r.position not in f.a or r.padding < 0:
            return None
        at = f.a.index(r.position)
        last = r.stride * (sizes[r.output] - 1) + r.dilation * (sizes[r.tap] - 1) - r.padding
        low[at], high[at] = r.padding, max(0, last + 1 - sizes[r.position])
        sizes[r.position] += low[at] + high[at]
        relations.append(r._replace(padding=0))
    if not any(low + high):
        return None
    whole = Spec(tuple(sizes[x] for x in f.a), "float32")
    pad = LOWERINGS[Pad](Pad(tuple(low), tuple(high), (0,) * len(low), 0.0), [inputs[number]], [whole], target)
    first = pad._replace(
        launches=tuple(x._replace(slots=tuple(s._replace(number=number) if s.kind == "in" else s for s in x.slots)) for x in pad.launches)
    )
    changed = [whole if i == number else s for i, s in enumerate(inputs)]
    plain = k._replace(sizes=tuple(sorted(sizes.items())), relations=tuple(relations))
    second = lower_contract(plain, changed, outputs, target)
    return chain(first, 4 * prod(whole.shape), second, lambda i: None if i == number else i)


def _epilogue(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> tuple[tuple[Argument, ...], list[Slot]] | None:
    """Return how the epilogue's arguments are read, with slots from 5 on; None if it needs a kernel of its own."""
    if k.epilogue is None:
        return (), []
    shape = outputs[0].shape
    steps = []
    for s in inputs[2:]:
        if isinstance(s.dtype, type):
            continue
        strides = broadcast_strides(s.shape, shape)
        if strides == strides_of(shape) and s.dtype == "float32" and len(shape) > 1:
            steps.append(2)
        elif not any(stride for stride, dim in zip(strides[:-1], shape[:-1]) if dim > 1):
            steps.append(int(bool(strides[-1])))
        else:
            return None
    if outputs[0].dtype != "float32":
        return None
    program = k.epilogue._replace(steps=tuple(s._replace(value=s.value - 1) if s.op == "arg" else s for s in k.epilogue.steps))
    arguments, slots = argument_slots(program, inputs[2:], steps)
    return tuple(a._replace(slot=a.slot + 4) for a in arguments), [s._replace(number=s.number + 2) for s in slots]


def _inner(p: Product) -> tuple[int, int]:
    """Return the number of the summed axis that is innermost, and its size: that nothing bounds, and that steps least in A."""
    # Rows that padding bounds may read zeros, which lie behind an address, not before it.
    free = [i for i, a in enumerate(p.summed) if not any(a.coordinates) and (a.a > 0 or not p.limits)]
    if not free:
        return -1, 1
    best = min(free, key=lambda i: abs(p.summed[i].a))
    return best, p.summed[best].size


def _is_short(p: Product) -> bool:
    """Tell whether pieces are short, or not contiguous in A."""
    number, size = _inner(p)
    return size < _SHORT or p.summed[number].a != 4


def _joined(axes: Sequence[Axis]) -> list[Axis]:
    """Return axes with neighbours joined that step as one."""
    if not axes or any(not a.size for a in axes):
        return list(axes)
    count = len(axes[0].coordinates)
    steps = [[a.a for a in axes], [a.other for a in axes], *([a.coordinates[i] for a in axes] for i in range(count))]
    dims, made = collapse([a.size for a in axes], steps)
    return [Axis(d, made[0][i], made[1][i], tuple(own[i] for own in made[2:])) for i, d in enumerate(dims)]


def _pieces(p: Product, most: int) -> tuple[Axis, list[tuple[int, int, int, tuple[int, ...]]]]:
    """Return the innermost summed axis, and the pieces: bytes in A and B, length (at most `most`), shifts of the coordinates."""
    number, length = _inner(p)
    none = (0,) * len(p.limits)
    inner = p.summed[number] if number >= 0 else Axis(1, 4, 4, none)
    outer = [a for i, a in enumerate(p.summed) if i != number]
    parts = -(-length // most) if length else 0
    found = []
    for index in product(*(range(a.size) for a in outer)):
        at = p.a_start + sum(i * a.a for i, a in zip(index, outer))
        beside = p.b_start + sum(i * a.other for i, a in zip(index, outer))
        shifts = tuple(s + sum(i * a.coordinates[c] for i, a in zip(index, outer)) for c, s in enumerate(p.start))
        for part in range(parts):
            first, last = part * length // parts, (part + 1) * length // parts
            found.append((at + first * inner.a, beside + first * inner.other, last - first, shifts))
    return inner, found


def _blocks(lengths: Sequence[int], most: int) -> list[int]:
    """Return the first piece of each block, and the number of pieces: blocks of about `most` steps, always less than twice that."""
    total = sum(lengths)
    wanted = max(1, -(-total // most))
    ends, done = [0], 0
    for i, length in enumerate(lengths):
        done += length
        if done * wanted >= total * len(ends) and i + 1 < len(lengths):
            ends.append(i + 1)
    return [*ends, len(lengths)]


class Tile(NamedTuple):
    """The sums that are kept in registers."""

    rows: int
    vectors: int


def _tile(m: int, n: int, target: Target) -> Tile:
    """Return rows and vectors of a tile: as many sums as there are registers for, and few rows that do not exist."""
    if target.lanes == 4:  # of 16 registers browsers keep one; a product needs more of them where it is two instructions
        most, room = (6 if target.fused_products else 4), 8
    else:
        most, room = (8, 16) if target.registers >= 32 else (6, 12)
    # A step over a tile costs its rows, and loads of B as two more.
    rows = min(range(1, most + 1), key=lambda r: (-(-m // r) * (r + 2), r))
    # Few rows leave room for more vectors, which read B in longer stretches.
    vectors = min(8, room // m) if m < _ROWS_TO_PACK and 4 * m <= room else 2
    return Tile(rows, min(vectors, -(-n // target.lanes)))


def _product(
    p: Product, a: int, b: int, number: int, after: tuple[tuple[Argument, ...], list[Slot]], program: Program | None, target: Target
) -> tuple[Launch, list[Derived], int]:
    """Return the launch of a product, the packed form of B if it has one, and the bytes of zeros that it reads."""
    none = (0,) * len(p.limits)
    rows = _joined(p.rows) or [Axis(1, 0, 0, none)]
    batch = p.batch or [Batch(1, 0, 0, 0)]
    m = prod(axis.size for axis in rows)
    tile = _tile(m, p.columns, target)
    width = 4 * target.lanes * tile.vectors
    panels = -(-4 * p.columns // width)
    packs = p.column_step != 4 or m >= _ROWS_TO_PACK
    spreads = packs and target.lanes == 4
    most = spread_steps(tile.rows) // 2 if spreads else _BLOCK
    inner, pieces = _pieces(p, most)
    lengths = [length for _, _, length, _ in pieces]
    ends = _blocks(lengths, most)
    form: list[Derived] = []
    b_steps, b_step, panel_step = [x.b for x in batch], inner.other, width
    if packs:
        panel_step, b_step = sum(lengths) * width, width
        launch, b_steps = _packing(p, batch, b, tile.vectors, inner.other, pieces, panels, panel_step)
        form = [Derived(b, repr((launch.key, launch.sizes)), launch.units * panel_step, launch)]
        starts = accumulate([0, *lengths])
        pieces = [(at, start * width, length, shifts) for (at, _, length, shifts), start in zip(pieces, starts)]
    many = prod(x.size for x in batch)
    row_block, panel_block = _units(m, panels, many, tile.rows, sum(lengths), len(ends) - 1, target)
    row_blocks, panel_blocks = -(-m // row_block), -(-panels // panel_block)
    key = Gemm(
        tile.rows, tile.vectors, len(rows), len(batch), len(p.limits), len(ends) > 2, bool(p.columns % (target.lanes * tile.vectors)),
        spreads, spreads and inner.a == 4, target.fused_products, program, after[0],
    )  # fmt: skip
    row_steps = [[x.a for x in rows], [x.other for x in rows], *([x.coordinates[i] for x in rows] for i in range(len(none)))]
    layout = Layout(
        m, p.columns, row_block, row_blocks, panel_block, panel_blocks, inner.a, b_step, panel_step, p.out_start,
        [x.size for x in rows], row_steps,
        [x.size for x in batch], [[x.a for x in batch], b_steps, [x.out for x in batch]],
        p.limits, ends, [(at, beside, length, *shifts) for at, beside, length, shifts in pieces],
    )  # fmt: skip
    slots = (Slot("in", a), Slot("derived", number) if form else Slot("in", b), Slot("out", 0), Slot("table", 0), *after[1])
    units = many * row_blocks * panel_blocks
    work = max(1, row_block * panel_block * width // 4 * sum(lengths))
    launch = Launch("gemm", tuple(key), layout.flat(), slots, units, max(1, _GRAIN // work))
    return launch, form, max(lengths, default=1) * abs(inner.a) if p.limits else 0


def _packing(
    p: Product, batch: Sequence[Batch], b: int, vectors: int, k_step: int, pieces: Sequence[tuple], panels: int, panel_step: int
) -> tuple[Launch, list[int]]:
    """Return the launch that packs B, and the bytes from one packed matrix to the next along each axis of the batch."""
    own = [(x.size, x.b) for x in batch if x.b] or [(1, 0)]
    strides = iter(strides_of([size for size, _ in own]))
    steps = [next(strides) * panels * panel_step if x.b else 0 for x in batch]
    ragged = bool(p.columns * 4 % (panel_step // max(1, sum(x[2] for x in pieces)) or 4))
    key = Packing(vectors, p.column_step == 4, len(own), ragged)
    table = [v for _, beside, length, _ in pieces for v in (beside, length)]
    sizes = (
        p.columns, p.column_step, k_step, panels, panel_step, len(pieces), *(size for size, _ in own[1:]), *(s for _, s in own), *table,
    )  # fmt: skip
    units = prod(size for size, _ in own) * panels
    grain = max(1, GRAIN * 4 // max(1, panel_step))
    return Launch("pack", tuple(key), sizes, (Slot("in", b), Slot("derived", 0)), units, grain), steps


def _units(m: int, panels: int, batch: int, rows: int, total: int, blocks: int, target: Target) -> tuple[int, int]:
    """Return the rows and the panels of a unit of work: what the second cache holds, less where there would be too few units."""
    long = total > 8 * m  # B is what is large then: it should pass few times
    fitting = max(1, min(ROW_BLOCK, ROW_BLOCK if long else _CACHED_ROWS // max(1, total // blocks)) // rows)
    wanted = 1 if target.threads == 1 else -(-(target.threads if long else 4 * target.threads) // batch)
    if not long or panels < 4 * wanted:
        fitting = min(fitting, max(1, -(-m // (rows * wanted))))
    row_block = fitting * rows
    count = batch * -(-m // row_block)
    parts = max(1, min(panels, wanted * batch // count))
    # Few units are to be as many for each thread.
    while count * parts < 8 * target.threads and count * parts % target.threads and parts < panels // 4:
        parts += 1
    return row_block, -(-panels // parts)
