"""Plans sums, maxima and products over labels as launches: which label runs along lanes, which along rows, what is unrolled and split.

The algebra of labels is `loops.nest`, the code of a thread `traverse.py`. A thread computes `lanes` neighbours of the output, of so
many rows; each row needs what the lanes' operand gives all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

from ...dtypes import kind as dtype_kind
from ..loops.launch import Slot
from ..loops.nest import Operand, Problem, simplified
from ..patterns import Relation
from ..program import Program
from .launch import Launch, Lowered, Number, Storage, Target, stored, words_of
from .map import Argument

BLOCK = 128  # so many products are added up before their sum is added to the others
_LONG = 512  # longer sums are added in blocks
_PIECE = 256  # a part of a sum that is split among threads is at least so long
_MANY = 4096  # threads that keep a device busy
_MOST_PARTS = 512
_ROWS = ((8, 1 << 14), (4, 1 << 12))  # rows of a thread, where so many threads are left


class Tied(NamedTuple):
    """A tie by the numbers of its labels; `follow` is -1 where it has been substituted. `unit`: nothing is divided."""

    known: int
    inner: int
    follow: int
    unit: bool


class Access(NamedTuple):
    """How an operand is read: its dtype and, for each label, 0 (stands still), 1 (a neighbour) or 2 (further).

    `lane`: "one" element for all lanes, a "vector", or elements "apart". Four steps of the summed index are `along` one vector, or four
    rows `across` one.
    """

    dtype: str
    steps: tuple[int, ...]
    lane: str
    along: bool = False
    across: bool = False


class Nest(NamedTuple):
    """The key of a kernel. Labels are numbers, those of the output first; loops run over the others in their order.

    `kind` is product, max or argmax; `made` the dtype of its result. `row` is the label of the rows, or -1; `quad` tells whether the
    innermost loop takes four steps at once; sums are added in blocks from loop `block` on (-1: none; the number of loops: in pieces of the
    last one). Label 0 numbers the parts of the sum along loop `split`, if that is not -1.
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
    quad: bool
    block: int
    split: int
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
    factors = len(p.operands) - 1 - (sum(a.array is not None for a in finish.arguments) if finish else 0)
    p.summed = _ordered(p, factors)
    parts = _parts(p, kind)
    if parts == 1:
        return Lowered((_launch(p, factors, kind, target, finish),))
    first, second, words, type = _split(p, factors, parts)
    return Lowered((_launch(first, factors, kind, target, None, True), _launch(second, 1, kind, target, finish)), ((words, type),))


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


# --- splitting ----------------------------------------------------------------------------------------------------------------

_PARTS = "#"  # the label that numbers the parts of sums


def _parts(p: Problem, kind: str) -> int:
    """Return in how many parts each sum is made by as many threads."""
    threads = prod(p.sizes[x] for x in p.bound) // 4
    length = prod(p.sizes[x] for x in p.summed)
    if kind != "product" or threads >= _MANY or length < 4 * _PIECE:
        return 1
    return min(-(-_MANY // max(1, threads)), length // _PIECE, p.sizes[_split_label(p)], _MOST_PARTS)


def _split_label(p: Problem) -> str:
    """Return the summed label that has most to divide."""
    return max(p.summed, key=lambda x: p.sizes[x])


def _split(p: Problem, factors: int, parts: int) -> tuple[Problem, Problem, int, str]:
    """Return the problem of the parts and that of their sums, and the words and type of the storage between."""
    out, label = p.out, _split_label(p)
    chunk = -(-p.sizes[label] // parts // 4) * 4
    parts = -(-p.sizes[label] // chunk)
    count = prod(p.sizes[x] for x in p.bound)
    dtype = {"float16": "float32"}.get(p.operands[0].dtype, p.operands[0].dtype)
    between = Operand(Slot("scratch", 0), dtype, {**out.strides, _PARTS: count}, count * parts)
    sizes = {**p.sizes, _PARTS: parts}
    first = replace(p, sizes=sizes, bound=[_PARTS, *p.bound], operands=[*p.operands[:factors], between])
    own = {x: n for x, n in sizes.items() if x == _PARTS or x in p.bound}
    second = Problem(own, list(p.bound), [_PARTS], [between, *p.operands[factors:]])
    return first, second, between.count * words_of(dtype), stored(dtype)


# --- a launch -----------------------------------------------------------------------------------------------------------------


def _launch(p: Problem, factors: int, kind: str, target: Target, finish: Finish | None, split: bool = False) -> Launch:
    """Return the launch of a problem without relations."""
    labels = [*p.bound, *p.summed]
    read = p.operands[:factors]
    made = "int32" if kind == "argmax" else read[0].dtype
    lanes = 4 if _has_lanes(p) else 1
    lane = p.bound[-1] if lanes == 4 else ""
    quad = kind == "product" and _is_quad(p, read, lanes)
    row, rows = _rows(p, read, lane, target) if kind == "product" and target.groups else ("", 1)
    inner = p.summed[-1] if quad else ""
    access = [_access(o, labels, lane, inner, row if rows == 4 or rows == 8 else "", p) for o in p.operands]
    number = {x: i for i, x in enumerate(labels)}
    ties = tuple(Tied(number[t.known], number[t.inner], number[t.follow] if t.bound else -1, t.step == 1) for t in p.ties)
    label = _split_label(p) if split else ""
    extras = tuple(access[factors:-1])
    key = Nest(
        kind, made, len(p.bound), len(labels), tuple(access[:factors]), extras, access[-1], ties, lanes,
        number.get(row, -1), rows, quad, _block(p, made, kind), number.get(label, -1),
        finish.program if finish else None, finish.arguments if finish else (),
    )  # fmt: skip
    sizes = [p.sizes[x] for x in labels]
    sizes += [v for t in p.ties for v in (t.step, t.base, t.slope, t.turn, *t.reach)]
    for o, a in zip(p.operands, access, strict=True):
        sizes += [o.offset, *(o.along(x) for x, s in zip(labels, a.steps, strict=True) if s == 2)]
    if split:
        sizes.append(-(-p.sizes[label] // p.sizes[_PARTS] // 4) * 4)
    count = prod(p.sizes[x] if x != row else -(-p.sizes[x] // rows) for x in p.bound)
    storages = [Storage(o.slot.kind, o.slot.number, stored(o.dtype)) for o in p.operands]
    return Launch(
        "nest", key, tuple(storages[:-1]), (storages[-1],), -(-count // lanes), tuple(sizes),
        finish.numbers if finish else (), lanes, words_of(p.out.dtype),
    )  # fmt: skip


def _has_lanes(p: Problem) -> bool:
    """Tell whether threads compute four neighbours of the output."""
    if not p.bound or any(o.dtype == "complex64" for o in p.operands):
        return False
    return p.sizes[p.bound[-1]] % 4 == 0 and not p.tied(p.bound[-1])


def _is_aligned(o: Operand, besides: str) -> bool:
    """Tell whether elements that step by one along a label begin at multiples of four, wherever the other labels are."""
    return o.along(besides) == 1 and o.offset % 4 == 0 and all(s % 4 == 0 for x, s in o.strides.items() if x != besides)


def _is_quad(p: Problem, read: Sequence[Operand], lanes: int) -> bool:
    """Tell whether four steps of the innermost loop at once read less."""
    if not p.summed or p.tied(p.summed[-1]) or p.sizes[p.summed[-1]] % 4:
        return False
    along = [_is_aligned(o, p.summed[-1]) for o in read]
    return any(along) if lanes == 4 else len(read) == 2 and all(along) and dtype_kind(read[0].dtype) == "f"


def _rows(p: Problem, read: Sequence[Operand], lane: str, target: Target) -> tuple[str, int]:
    """Return the label along which a thread computes several rows, and how many: one operand stands still along it."""
    if not lane or len(read) < 2 or not p.summed:
        return "", 1
    inner = {x for t in p.ties for x in (t.inner, t.follow)}
    fitting = [x for x in p.bound if x not in (lane, *inner, _PARTS) and sum(o.along(x) == 0 for o in read) == 1]
    if not fitting:
        return "", 1
    best = max(fitting, key=lambda x: (min(p.sizes[x], 8), not p.tied(x), p.sizes[x]))
    count = prod(p.sizes[x] for x in p.bound) // 4
    for rows, threads in _ROWS:
        if p.sizes[best] >= rows and count // rows >= threads // rows:
            return best, rows
    return "", 1


def _access(o: Operand, labels: Sequence[str], lane: str, inner: str, row: str, p: Problem) -> Access:
    """Return how an operand is read."""
    steps = tuple({0: 0, 1: 1}.get(o.along(x), 2) for x in labels)
    how = "one" if not lane or not o.along(lane) else "vector" if _is_aligned(o, lane) else "apart"
    along = bool(inner) and how != "vector" and _is_aligned(o, inner)
    across = bool(row) and how == "one" and not along and _is_aligned(o, row) and not p.tied(row)
    return Access(o.dtype, steps, how, along, across)


def _block(p: Problem, made: str, kind: str) -> int:
    """Return from which loop on sums are blocks."""
    sizes = [p.sizes[x] for x in p.summed]
    if kind != "product" or dtype_kind(made) not in "fc" or prod(sizes) <= _LONG:
        return -1
    level = len(sizes)
    while level > 1 and prod(sizes[level - 1 :]) <= BLOCK:
        level -= 1
    return level



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
