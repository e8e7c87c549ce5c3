"""Plans sums, maxima and products over labels as launches: which label runs along lanes, which along rows, what is unrolled.

The algebra of labels is `loops.nest`, the code of a thread `traverse.py`, how sums are divided among threads `divided.py`. A thread
computes a tile of the output: so many vectors of neighbours, of so many rows. What it reads of an operand that stands still along the
rows serves all rows, and what it reads of one that stands still along the neighbours serves all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ...dtypes import kind as dtype_kind
from ..loops.nest import Operand, Problem, simplified
from ..patterns import Relation
from ..program import Program
from .divided import Parts, Tile, divided, is_part, parts_of
from .launch import Launch, Lowered, Number, Storage, Target, stored, words_of
from .map import Argument

# Sums longer than the first are added up in blocks of the second: of products, of products in large tiles, where a block needs many
# registers, and of parts of sums, which are large.
_SUMS = {"small": (512, 128), "large": (8192, 128), "parts": (16, 8)}
# Rows and vectors of a thread, the largest first, by whether threads write where they like; else each row goes to a storage of its own.
_TILES = {True: ((8, 2), (8, 1), (4, 1)), False: ((8, 1), (4, 1))}
_WORTH = 32  # products in a sum from which on rows in several storages are worth putting together


class Tied(NamedTuple):
    """A tie by the numbers of its labels; `follow` is -1 where it has been substituted. `unit`: nothing is divided."""

    known: int
    inner: int
    follow: int
    unit: bool


class Access(NamedTuple):
    """How an operand is read: its dtype and, for each label, 0 (stands still), 1 (a neighbour) or 2 (further).

    `lane`: "one" element for all lanes, a "vector", or elements "apart". Four steps of the summed index are `along` one vector, or four
    rows `across` one. What is read in vectors only is counted in `quads`, its steps and all.
    """

    dtype: str
    steps: tuple[int, ...]
    lane: str
    along: bool = False
    across: bool = False
    quads: bool = False


class Nest(NamedTuple):
    """The key of a kernel. Labels are numbers, those of the output first; loops run over the others in their order.

    `kind` is product, max or argmax; merge: a sum of what lies in one of several storages by the row; pick: the places of maxima among
    places. `made` is the dtype of the result, `row` the label of the rows, or -1. A thread computes `rows` times `columns` vectors, the
    rows for several storages if they lie `apart`. `quad` tells whether the innermost loop takes four steps at once; sums are added in
    blocks from loop `block` on (-1: none; the number of loops: in pieces of the last one, so many steps long). The first labels number
    parts of the labels `splits`.
    """

    kind: str
    made: str
    bound: int
    labels: int
    factors: tuple[Access, ...]
    extras: tuple[Access, ...]
    out: Access
    ties: tuple[Tied, ...]
    lanes: int
    row: int
    rows: int
    columns: int
    apart: bool
    quad: bool
    block: int
    piece: int
    splits: tuple[int, ...]
    epilogue: Program | None
    arguments: tuple[Argument, ...]


class Finish(NamedTuple):
    """The epilogue of a contraction: its program, how its arguments from 1 on are read, and those that are numbers."""

    program: Program
    arguments: tuple[Argument, ...]
    numbers: tuple[Number, ...]


def lower_nest(given: Problem, kind: str, target: Target, finish: Finish | None = None) -> Lowered:
    """Return the launches of a problem; its operands are one or two factors, arguments of the epilogue, the output."""
    (p,) = simplified(given, 1, residues=False)
    if not prod(p.sizes[x] for x in p.bound):
        return Lowered(())
    others = 1 + (sum(a.array is not None for a in finish.arguments) if finish else 0)
    factors = len(p.operands) - others
    p.summed = _ordered(p, factors)
    plan = _Plan(p, factors, kind)
    tile = plan.tile(target)
    parts = parts_of(p, kind, target, tile, plan.lanes, plan.quad)
    apart = tile.rows > 1 and not target.groups
    if not parts and not apart:
        return Lowered((plan.launch(tile, finish),))
    first, second, between = divided(p, factors, kind, parts, tile if apart else Tile())
    again = {"argmax": "pick", "product": "merge" if apart else "product"}.get(kind, kind)
    calls = (
        _Plan(first, factors, kind).launch(tile, None, parts, between.storages),
        _Plan(second, len(second.operands) - others, again).launch(Tile(tile.row) if apart else Tile(), finish),
    )
    return Lowered(calls, ((between.words, between.type),) * between.storages)


def _ordered(p: Problem, factors: int) -> list[str]:
    """Return the summed labels from the outermost loop to the innermost: what steps least comes last, bounds after what they depend on."""
    step = {x: min((abs(o.along(x)) for o in p.operands[:factors] if o.along(x)), default=0) for x in p.summed}
    rest = sorted(p.summed, key=lambda x: -step[x])
    made: list[str] = []
    while rest:
        ready = [x for x in rest if not any(x == t.inner and (t.known in rest or t.follow in rest) for t in p.ties)]
        made.append(ready[0])
        rest.remove(ready[0])
    return made


def _is_aligned(o: Operand, besides: str) -> bool:
    """Tell whether elements that step by one along a label begin at multiples of four, wherever the other labels are."""
    return o.along(besides) == 1 and o.offset % 4 == 0 and all(s % 4 == 0 for x, s in o.strides.items() if x != besides)


class _Plan:
    """How a thread runs through a problem without relations, whose first operands are factors."""

    def __init__(self, p: Problem, factors: int, kind: str):
        self.p, self.factors, self.kind = p, factors, kind
        self.read = p.operands[:factors]
        self.lanes = 4 if self._has_lanes() else 1
        self.lane = p.bound[-1] if self.lanes == 4 else ""
        self.quad = kind == "product" and self._is_quad()

    def _has_lanes(self) -> bool:
        """Tell whether threads compute four neighbours of the output."""
        p = self.p
        if not p.bound or any(o.dtype == "complex64" for o in p.operands):
            return False
        last = p.bound[-1]
        return p.sizes[last] % 4 == 0 and not p.tied(last) and not is_part(last)

    def _is_quad(self) -> bool:
        """Tell whether four steps of the innermost loop at once read less."""
        p = self.p
        if not p.summed or p.tied(p.summed[-1]) or p.sizes[p.summed[-1]] % 4:
            return False
        along = [_is_aligned(o, p.summed[-1]) for o in self.read]
        return any(along) if self.lanes == 4 else len(self.read) == 2 and all(along) and dtype_kind(self.read[0].dtype) == "f"

    def tile(self, target: Target) -> Tile:
        """Return the largest tile that leaves the device enough threads."""
        p = self.p
        if self.kind != "product" or not self.lane or len(self.read) < 2 or not p.summed:
            return Tile()
        if not target.groups and prod(p.sizes[x] for x in p.summed) < _WORTH:
            return Tile()
        row = self._row()
        vectors, others = prod(p.sizes[x] for x in p.bound) // 4, len(p.operands) - self.factors
        for rows, columns in _TILES[target.groups] if row else ():
            padded = -(-p.sizes[row] // rows) * rows
            enough = vectors // (rows * columns) >= target.busy and padded * 4 <= p.sizes[row] * 5
            fits = target.groups or (rows <= target.max_outputs and others + rows <= target.max_storages)
            if enough and fits and p.sizes[self.lane] % (4 * columns) == 0:
                return Tile(row, rows, columns)
        return Tile()

    def _row(self) -> str:
        """Return the label along which a thread computes several rows, "" if none fits: one operand stands still along it."""
        p = self.p
        inner = {x for t in p.ties for x in (t.inner, t.follow, t.known if t.inner in p.bound else t.inner)}
        fitting = [x for x in p.bound if x != self.lane and x not in inner and sum(o.along(x) == 0 for o in self.read) == 1]
        return max(reversed(fitting), key=lambda x: (min(p.sizes[x], 8), not p.tied(x), p.sizes[x]), default="")

    def launch(self, tile: Tile, finish: Finish | None, parts: Parts | None = None, copies: int = 1) -> Launch:
        """Return the launch; with `copies`, the output's rows go to so many scratch storages."""
        p, parts = self.p, parts or {}
        labels = [*p.bound, *p.summed]
        number = {x: i for i, x in enumerate(labels)}
        made = "int32" if self.kind in ("argmax", "pick") else self.read[0].dtype
        access = [self._access(o, labels, tile, i < self.factors) for i, o in enumerate(p.operands)]
        ties = tuple(Tied(number[t.known], number[t.inner], number[t.follow] if t.bound else -1, t.step == 1) for t in p.ties)
        key = Nest(
            self.kind, made, len(p.bound), len(labels), tuple(access[: self.factors]), tuple(access[self.factors : -1]), access[-1], ties,
            self.lanes, number.get(tile.row, -1), tile.rows, tile.columns, copies > 1, self.quad, *self._blocks(made, tile, parts),
            tuple(number[x] for x in parts), finish.program if finish else None, finish.arguments if finish else (),
        )  # fmt: skip
        sizes = [p.sizes[x] for x in labels]
        sizes += [v for t in p.ties for v in (t.step, t.base, t.slope, t.turn, *t.reach)]
        for o, a in zip(p.operands, access, strict=True):
            own = [o.offset, *(o.along(x) for x, s in zip(labels, a.steps, strict=True) if s == 2)]
            sizes += [n // 4 for n in own] if a.quads else own
        sizes += parts.values()
        storages = [Storage(o.slot.kind, o.slot.number, stored(o.dtype)) for o in p.operands]
        writes = tuple(storages[-1]._replace(number=i) for i in range(copies)) if copies > 1 else (storages[-1],)
        count = prod(-(-p.sizes[x] // tile.rows) if x == tile.row else p.sizes[x] for x in p.bound) // tile.columns
        return Launch(
            "nest", key, tuple(storages[:-1]), writes, -(-count // self.lanes), tuple(sizes),
            finish.numbers if finish else (), self.lanes, words_of(p.out.dtype),
        )  # fmt: skip

    def _access(self, o: Operand, labels: Sequence[str], tile: Tile, factor: bool) -> Access:
        """Return how an operand is read."""
        steps = tuple({0: 0, 1: 1}.get(o.along(x), 2) for x in labels)
        how = "one" if not self.lane or not o.along(self.lane) else "vector" if _is_aligned(o, self.lane) else "apart"
        along = self.quad and how != "vector" and _is_aligned(o, self.p.summed[-1])
        across = tile.rows % 4 == 0 and how == "one" and not along and _is_aligned(o, tile.row) and not self.p.tied(tile.row)
        quads = factor and self.kind in ("product", "merge") and (how == "vector" or along or across)
        return Access(o.dtype, steps, how, along, across, quads)

    def _blocks(self, made: str, tile: Tile, parts: Parts) -> tuple[int, int]:
        """Return from which loop on sums are blocks, and the length of one."""
        sizes = [parts.get(x, self.p.sizes[x]) for x in self.p.summed]
        divided = any(is_part(x) for x in self.p.summed)
        long, piece = _SUMS["parts" if divided else "small" if tile.rows * tile.columns <= 4 else "large"]
        if self.kind not in ("product", "merge") or dtype_kind(made) not in "fc" or prod(sizes) <= long:
            return -1, piece
        level = len(sizes)
        while level > 1 and prod(sizes[level - 1 :]) <= piece:
            level -= 1
        return level, piece


def distinct(out: str, sizes: dict[str, int], relations: Sequence[Relation]) -> tuple[str, dict[str, int], tuple[Relation, ...]]:
    """Return labels of an output of which none repeats, the sizes and the relations; a label that repeats equals its first one.

    Only the diagonal of the output is not zero then.
    """
    made, sizes, ties = "", dict(sizes), list(relations)
    for label in out:
        if label in made:
            twin, nothing = (chr(0xE000 + 2 * len(made) + i) for i in (0, 1))
            sizes |= {twin: sizes[label], nothing: 1}
            ties.append(Relation(twin, label, nothing, 1, 1, 0))
            label = twin
        made += label
    return made, sizes, tuple(ties)
