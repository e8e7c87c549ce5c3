"""Chooses how the labels of a problem become loops: lanes, tiles, order, parts for threads, and when partial sums are put away.

The outcome is a `Form`, all that the code depends on, and the sizes in the order of `names`. The code is in `traverse.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from ...dtypes import kind
from ..program import Program
from .launch import GRAIN, Launch, Lowered, Slot, Target
from .map import Argument
from .memory import itemsize
from .nest import Operand, Problem, simplified

_ROWS = {1: (7, 6, 5, 4), 2: (4, 3)}  # how many outputs are computed at once along the tile's label, by the vectors that one takes
_UNROLL = 4  # accumulators that a long sum is spread over
SHORT_SUM = 256  # how many elements one accumulator may take
_PART_BYTES = 1 << 17  # the part of the operands that a partial sum runs over should stay in a processor's cache
_PARTS = 64  # parts of a launch: enough for the threads of a large machine


class Digit(NamedTuple):
    """One digit of a unit's number: a label's value, or (`chunked`) which part of its range; `apart`: parts have outputs of their own."""

    label: int
    chunked: bool
    apart: bool


class TieForm(NamedTuple):
    """What the code knows of a `nest.Tie`: its labels (`follow` is -1 unless it is bound) and whether `step` is 1."""

    known: int
    inner: int
    follow: int
    unit: bool


class Finish(NamedTuple):
    """What is made of a result before it is stored: a program of it and of extra inputs."""

    program: Program
    arguments: tuple[Argument, ...]


class Form(NamedTuple):
    """The key of a kernel: labels are numbers, operands are first those that are combined, then the extra ones, then the output.

    kind: product, sum, max or argmax. moves: for each label, the operands that move along it. steps: how each operand is read along
    the lanes: 0 splat, 1 neighbours, 2 others. lanes and tile are labels or -1; `across`: lanes run along a summed label; `narrow`:
    there are fewer elements than lanes. flush: the loop that is cut into blocks whose sums are added up apart, or -1.
    """

    kind: str
    dtypes: tuple[str, ...]
    combined: int
    moves: tuple[tuple[int, ...], ...]
    digits: tuple[Digit, ...]
    tile: int
    rows: int
    lanes: int
    across: bool
    narrow: bool
    steps: tuple[int, ...]
    loops: tuple[int, ...]
    ties: tuple[TieForm, ...]
    flush: int
    unroll: int
    finish: Finish | None

    def tie_of(self, label: int) -> int:
        """Return the tie whose `known` a label is, or -1."""
        return next((i for i, t in enumerate(self.ties) if t.known == label), -1)


def names(form: Form) -> list[tuple]:
    """Return what each size of a launch is, in order."""
    made: list[tuple] = [(name, o) for o in range(len(form.dtypes)) for name in ("offset", "bytes")]
    made += [("stride", o, label) for label, moving in enumerate(form.moves) for o in moving]
    made += [("size", label) for label in range(len(form.moves))]
    made += [(name, i) for i, d in enumerate(form.digits) if d.chunked for name in ("parts", "part", "apart")]
    made += [(name, i) for i in range(len(form.ties)) for name in ("base", "slope", "turn", "step", "low", "high", "advance", "extent")]
    return made + [("block",)]


class _Plan:
    """A problem with the choices made so far; labels keep their names."""

    def __init__(self, p: Problem, kind: str, target: Target):
        self.p, self.kind, self.target = p, kind, target
        self.inputs = p.operands[: 2 if kind == "product" else 1]
        self.length = prod(p.sizes[x] for x in p.summed)
        self.count = prod(p.sizes[x] for x in p.bound)
        self.lanes, self.across = self._choose_lanes()
        self.tile = self._choose_tile()
        self.rows = self._choose_rows()
        self.loops = sorted((x for x in p.summed if x != self.lanes), key=self._order)
        if self.across:
            self.loops.append(self.lanes)

    def _order(self, label: str) -> tuple[bool, int]:
        """Put long steps outside; what a bound depends on goes before what it bounds."""
        return any(t.inner == label for t in self.p.ties), -max(abs(x.along(label)) for x in self.inputs)

    # --- lanes ---

    def _choose_lanes(self) -> tuple[str, bool]:
        """Return the label along which most results are made for the work, and whether it is summed."""
        best, chosen = 0.0, ("", False)
        for label in reversed(self.p.bound):
            if self._may_be_lanes(label):
                gain = self._gain_of_bound(label)
                best, chosen = max((best, chosen), (gain, (label, False)), key=lambda x: x[0])
        for label in self.p.summed:
            if not self.p.tied(label) and self.kind != "argmax":
                gain = self._gain_of_summed(label)
                best, chosen = max((best, chosen), (gain, (label, True)), key=lambda x: x[0])
        return chosen

    def _may_be_lanes(self, label: str) -> bool:
        ties = [t for t in self.p.ties if label in (t.known, t.inner, t.follow)]
        return not ties or (len(ties) == 1 and ties[0].known == label and ties[0].advance > 0)

    def _vectors(self, label: str) -> int:
        return -(-self.p.sizes[label] // self.target.lanes)

    def _loads(self, label: str) -> int:
        """Return about how many instructions it takes to read the operands along a label."""
        return sum(1 if x.along(label) in (0, 1) else self.target.lanes for x in self.inputs)

    def _gain_of_bound(self, label: str) -> float:
        store = 1 if self.p.out.along(label) == 1 else self.target.lanes
        tied = 2 if self.p.tied(label) else 1
        return self.p.sizes[label] / self._vectors(label) / (self.length * self._loads(label) * tied + store + 4)

    def _gain_of_summed(self, label: str) -> float:
        rest = self.length / max(1, self.p.sizes[label])
        return 1 / (rest * self._vectors(label) * self._loads(label) + 16)

    # --- tile ---

    def _choose_tile(self) -> str:
        """Return the label whose neighbours share most operands, the innermost of equals; "" if a tile gains nothing."""
        if self.length < 2:
            return ""
        fits = [x for x in self.p.bound if x != self.lanes and self._may_be_tile(x)]
        return max(fits, key=lambda x: (sum(o.along(x) == 0 for o in self.inputs), -self.p.out.along(x)), default="")

    def _may_be_tile(self, label: str) -> bool:
        ties = [t for t in self.p.ties if label in (t.known, t.inner, t.follow)]
        if self.p.sizes[label] < 2 or (ties and self.kind == "argmax"):
            return False
        return not ties or (len(ties) == 1 and ties[0].known == label and not ties[0].bound and ties[0].inner in self.p.summed)

    def _choose_rows(self) -> int:
        """Return how many values of the tile's label are taken at once; the last ones are computed twice if they do not fill a tile."""
        n = self.p.sizes.get(self.tile, 1)
        choices = _ROWS[2 if self.kind == "argmax" or self.inputs[0].dtype == "complex64" else 1]
        return n if n <= choices[0] else min(choices, key=lambda rows: -(-n // rows) * rows)

    # --- sums ---

    def blocks(self) -> tuple[int, int]:
        """Return which loop is cut into blocks, and how long they are, so that no accumulator takes too many elements; or (-1, 1)."""
        if self.kind not in ("product", "sum") or kind(self.inputs[0].dtype) in "ib":
            return -1, 1
        inside = 1
        for i in reversed(range(len(self.loops))):
            label = self.loops[i]
            n = self.p.sizes[label]
            per_step = self.target.lanes if label == self.lanes else 1
            if inside * n > SHORT_SUM * per_step:
                return i, per_step * max(1, SHORT_SUM // 2 // inside)
            inside *= -(-n // per_step)
        return -1, 1

    def unroll(self) -> int:
        """Return how many elements of the innermost sum are taken at once, each to its own accumulator."""
        long = self.loops and not self.across and self.p.sizes[self.loops[-1]] >= 2 * _UNROLL
        return max(1, _UNROLL // self.rows) if long and self.kind != "argmax" else 1

    def partial_sums(self) -> dict[str, int]:
        """Return the summed labels whose parts get outputs of their own, and the length of a part: few long sums over much data."""
        elements = sum(x.count for x in self.inputs)
        nbytes = sum(x.count * itemsize(x.dtype) for x in self.inputs)
        if self.kind == "argmax" or self.length < 1024 or nbytes < 2 * _PART_BYTES or self.count * 16 > elements:
            return {}
        found: dict[str, int] = {}
        parts = 1
        for label in self.loops:
            n, unit = self.p.sizes[label], self.target.lanes if label == self.lanes else 1
            part = unit * max(1, int(n * _PART_BYTES / nbytes) // unit)
            # The partial sums are to be much less than the operands.
            part = max(part, -(-16 * parts * n * self.count // elements))
            if n // part > 1:
                found[label] = part
                parts *= n // part
            if part > 1:
                break
            nbytes = max(1, nbytes // n)
        return found


def lower_problem(given: Problem, kind: str, target: Target, finish: Finish | None = None, slots: Sequence[Slot] = ()) -> Lowered:
    """Return the launches of a problem; `slots` are those that numbers for `finish` come in."""
    launches: list[Launch] = []
    scratch: list[int] = []
    if 0 in [given.sizes[x] for x in given.bound]:
        return Lowered(())
    for part in simplified(given, target.lanes):
        _lower_part(part, kind, target, finish, slots, launches, scratch)
    return Lowered(tuple(launches), tuple(scratch))


def _lower_part(
    p: Problem, kind: str, target: Target, finish: Finish | None, slots: Sequence[Slot], launches: list[Launch], scratch: list[int]
) -> None:
    plan = _Plan(p, kind, target)
    apart = plan.partial_sums()
    if not apart:
        launches.append(_launch(plan, {}, finish, slots))
        return
    parts = prod(p.sizes[x] // n for x, n in apart.items())
    dtype = {"float16": "float32", "int8": "int32", "uint8": "int32"}.get(p.out.dtype, p.out.dtype)
    slot = Slot("scratch", len(scratch))
    scratch.append(parts * p.out.count * itemsize(dtype))
    partial = Operand(slot, dtype, dict(p.out.strides), parts * p.out.count, p.out.offset)
    extras = p.operands[len(plan.inputs) : -1]
    first = Problem(p.sizes, p.bound, p.summed, [*plan.inputs, partial], ties=p.ties)
    launches.append(_launch(_Plan(first, kind, target), apart, None, ()))
    partial = Operand(slot, dtype, {"parts": p.out.count, **p.out.strides}, partial.count, p.out.offset)
    sizes = {"parts": parts, **{x: p.sizes[x] for x in p.bound}}
    second = Problem(sizes, list(p.bound), ["parts"], [partial, *extras, p.out])
    (joined,) = simplified(second, target.lanes)
    launches.append(_launch(_Plan(joined, "sum" if kind == "product" else kind, target), {}, finish, slots))


# --- parts --------------------------------------------------------------------------------------------------------------------


def _parts(plan: _Plan, others: int) -> dict[str, int]:
    """Return into parts of what length the tile's and the lanes' labels are cut: for enough units of work that are not too small."""
    p, found = plan.p, {}
    work = others * plan.count * plan.length
    units = others * prod(p.sizes[x] for x in p.bound if x not in (plan.tile, plan.lanes))
    for label, least in ((plan.tile, plan.rows), (plan.lanes, plan.target.lanes)):
        if not label or (label == plan.lanes and plan.across):
            continue
        n = p.sizes[label]
        wanted = max(1, min(-(-_PARTS // units), work // units // GRAIN))
        length = least * max(1, -(-n // wanted) // least)
        found[label] = length
        units *= max(1, n // length)
    return found


def _launch(plan: _Plan, apart: dict[str, int], finish: Finish | None, slots: Sequence[Slot]) -> Launch:
    p = plan.p
    parts = {x: p.sizes[x] // n for x, n in apart.items()}
    chunks = _parts(plan, prod(parts.values()))
    outer = [x for x in p.bound if x not in (plan.tile, plan.lanes)]
    tail = [x for x in (plan.tile, plan.lanes) if x in chunks]
    labels = outer + tail + plan.loops
    number = {x: i for i, x in enumerate(labels)}
    digits = (
        *(Digit(number[x], True, True) for x in apart),
        *(Digit(number[x], False, False) for x in outer),
        *(Digit(number[x], True, False) for x in tail),
    )
    flush, block = plan.blocks()
    ties = tuple(TieForm(number[t.known], number[t.inner], number[t.follow] if t.bound else -1, t.step == 1) for t in p.ties)
    form = Form(
        plan.kind, tuple(x.dtype for x in p.operands), len(plan.inputs),
        tuple(tuple(o for o, x in enumerate(p.operands) if x.along(label)) for label in labels), digits,
        number.get(plan.tile, -1), plan.rows, number.get(plan.lanes, -1), plan.across,
        bool(plan.lanes) and not plan.across and p.sizes[plan.lanes] < plan.target.lanes,
        tuple(min(abs(s), 2) if (s := x.along(plan.lanes)) >= 0 else 2 for x in p.operands),
        tuple(number[x] for x in plan.loops), ties, flush, plan.unroll(), finish,
    )  # fmt: skip
    lengths = {**apart, **chunks}
    values = _values(plan, form, labels, lengths, apart, block)
    units = prod(parts.values()) * prod(p.sizes[x] for x in outer) * prod(max(1, p.sizes[x] // chunks[x]) for x in tail)
    work = max(1, plan.count * plan.length // max(1, units))
    sizes = tuple(values[name] for name in names(form))
    own = tuple(x.slot for x in p.operands)
    return Launch("nest", tuple(form), sizes, own + tuple(slots), units, max(1, GRAIN // work))


def _values(plan: _Plan, form: Form, labels: Sequence[str], lengths: dict[str, int], apart: dict[str, int], block: int) -> dict[tuple, int]:
    """Return the sizes of a launch by name; what does not apply is 0."""
    p = plan.p
    scale = [itemsize(x.dtype) for x in p.operands]
    values: dict[tuple, Any] = {("offset", o): x.offset * scale[o] for o, x in enumerate(p.operands)}
    values |= {("bytes", o): x.count * scale[o] for o, x in enumerate(p.operands)}
    values |= {("stride", o, i): x.along(label) * scale[o] for i, label in enumerate(labels) for o, x in enumerate(p.operands)}
    values |= {("size", i): p.sizes[label] for i, label in enumerate(labels)}
    step = p.out.count // max(1, prod(p.sizes[x] // n for x, n in apart.items()))
    for i, d in reversed(list(enumerate(form.digits))):
        if d.chunked:
            n, length = p.sizes[labels[d.label]], lengths[labels[d.label]]
            parts = max(1, n // length)
            values |= {("parts", i): parts, ("part", i): length, ("apart", i): step * scale[-1] if d.apart else 0}
            step *= parts if d.apart else 1
    for i, t in enumerate(p.ties):
        values |= {("base", i): t.base, ("slope", i): t.slope, ("turn", i): t.turn, ("step", i): t.step}
        values |= {("low", i): t.reach[0], ("high", i): t.reach[1], ("advance", i): t.advance, ("extent", i): t.extent}
    return values | {("block",): block}
