"""The algebra of labels under contractions and windows: relations become bounds of loops and strides. Pure planning, no code.

A `Problem` has sizes of labels, and operands that move so many elements along each; the last operand is the output. Labels that the
output has are bound, the others are summed. A relation position = stride * output + dilation * tap - padding loses one of its labels,
which moves the operands along the other two instead; what is left of it, where it can be violated, is a `Tie`: bounds of one label
that depend on another. Choosing lanes and tiles is in `schedule.py`, writing the loops in `traverse.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import gcd

from ..patterns import Relation
from ..strides import strides_of
from .launch import Slot


@dataclass
class Operand:
    """A buffer, where its first element is, and how many elements it moves along each label; `count` elements in all."""

    slot: Slot
    dtype: str
    strides: dict[str, int]
    count: int
    offset: int = 0

    def along(self, label: str) -> int:
        return self.strides.get(label, 0)

    def move(self, label: str, step: int) -> None:
        """Move `step` more elements along a label."""
        self.strides[label] = self.along(label) + step


@dataclass
class Tie:
    """step * inner = base + slope * known + turn * follow, where 0 <= follow < extent: this bounds `inner`.

    `bound` tells whether follow is a label still; if not, it has been substituted (turn is 1 or -1). step is positive.
    """

    known: str
    inner: str
    follow: str
    step: int
    base: int
    slope: int
    turn: int
    extent: int
    bound: bool

    @property
    def reach(self) -> tuple[int, int]:
        """The least and greatest of turn * follow where follow is free."""
        ends = (0, 0) if self.bound else (0, self.turn * (self.extent - 1))
        return (ends[0], ends[1]) if self.turn > 0 else (ends[1], ends[0])

    @property
    def advance(self) -> int:
        """How far `follow` moves as `known` grows by one; 0 if it is bound."""
        return 0 if self.bound else -self.turn * self.slope

    def range_of(self, known: int, size: int) -> tuple[int, int]:
        """Return the bounds of `inner`, which has `size` values, at a value of `known`; follow is free."""
        low, high = (self.base + self.slope * known + r for r in self.reach)
        start = min(max(0, -(-low // self.step)), size)
        return start, max(start, min(size, high // self.step + 1))


@dataclass
class Problem:
    """What is to be computed; `bound` is ordered from the outermost axis of the output to the innermost."""

    sizes: dict[str, int]
    bound: list[str]
    summed: list[str]
    operands: list[Operand]
    relations: list[Relation] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)

    @property
    def out(self) -> Operand:
        return self.operands[-1]

    def remove(self, label: str) -> None:
        """Forget a label."""
        for group in (self.bound, self.summed):
            if label in group:
                group.remove(label)
        for operand in self.operands:
            operand.strides.pop(label, None)
        self.sizes.pop(label, None)

    def tied(self, label: str) -> bool:
        return any(label in (t.known, t.inner, t.follow) for t in self.ties)


def operand(slot: Slot, dtype: str, labels: str, shape: Sequence[int]) -> Operand:
    """Return a whole tensor as an operand; a label that it has twice walks the diagonal."""
    made = Operand(slot, dtype, {}, 1)
    for label, dim, step in zip(labels, shape, strides_of(shape), strict=True):
        made.move(label, step)
        made.count *= dim
    return made


def problem(sizes: dict[str, int], out: str, operands: list[Operand], relations: Sequence[Relation]) -> Problem:
    """Return the problem of some operands, the output being the last; relations share no label."""
    labels = dict.fromkeys(label for x in operands for label in x.strides)
    labels.update(dict.fromkeys(label for r in relations for label in (r.output, r.tap, r.position)))
    bound = list(dict.fromkeys(out))
    return Problem({x: sizes[x] for x in labels}, bound, [x for x in labels if x not in bound], operands, list(relations))


def simplified(given: Problem, lanes: int, residues: bool = True) -> Iterator[Problem]:
    """Yield problems without relations that write disjoint parts of the output; neighbouring labels that step as one are joined.

    Without `residues` it is one problem.
    """
    _exchange_exact(given)
    for part in _residues(given) if residues else [given]:
        for relation in part.relations:
            _substitute(part, relation)
        part.relations = []
        for label in [x for x, n in part.sizes.items() if n == 1 and not part.tied(x)]:
            part.remove(label)
        while _join(part, lanes):
            pass
        part.bound.sort(key=lambda x: -part.out.along(x))
        yield part


# --- relations ----------------------------------------------------------------------------------------------------------------


def _exchange_exact(p: Problem) -> None:
    """Where each position of the output belongs to just one pair (output, tap), the pair takes its place."""
    for r in list(p.relations):
        n, o, t = (p.sizes[x] for x in (r.position, r.output, r.tap))
        exact = r.padding == 0 and r.dilation == 1 and (n == t and o == 1 if r.stride != t else n == o * t)
        if exact and r.position in p.bound and r.output in p.summed and r.tap in p.summed:
            at = p.bound.index(r.position)
            p.bound[at : at + 1] = [r.output, r.tap]
            p.summed = [x for x in p.summed if x not in (r.output, r.tap)]
            for x in p.operands:
                step = x.strides.pop(r.position, 0)
                x.move(r.output, step * r.stride)
                x.move(r.tap, step)
            del p.sizes[r.position]
            p.relations.remove(r)


# Up to this stride, positions of the output are computed residue by residue.
_FEW_RESIDUES = 4


def _residues(p: Problem) -> Iterator[Problem]:
    """Split positions of the output by their residue modulo the stride: each meets its own taps, with stride 1."""
    for i, r in enumerate(p.relations):
        free = r.position in p.bound and r.output in p.summed and r.tap in p.summed
        if free and r.stride > 1 and (r.stride <= _FEW_RESIDUES or r.dilation > 1):
            for residue in range(min(r.stride, p.sizes[r.position])):
                yield from _residues(_residue(p, i, residue))
            return
    yield p


def _residue(p: Problem, i: int, residue: int) -> Problem:
    """Return the problem of the positions stride * q + residue of relation i, at which every so many taps are met."""
    r = p.relations[i]
    shared = gcd(r.stride, r.dilation)
    every, shift = r.stride // shared, residue + r.padding
    met = shift % shared == 0
    first = shift // shared * pow(r.dilation // shared, -1, every) % every if met and every > 1 else 0
    sizes = dict(p.sizes)
    sizes[r.position] = -(-(sizes[r.position] - residue) // r.stride)
    sizes[r.tap] = max(0, -(-(sizes[r.tap] - first) // every)) if met else 0
    operands = []
    for x in p.operands:
        strides = dict(x.strides)
        offset = x.offset + x.along(r.position) * residue + x.along(r.tap) * first
        for label, factor in ((r.position, r.stride), (r.tap, every)):
            if label in strides:
                strides[label] *= factor
        operands.append(replace(x, strides=strides, offset=offset))
    relations = list(p.relations)
    padding = (shift - r.dilation * first) // r.stride if met else 0
    relations[i] = r._replace(stride=1, dilation=r.dilation // shared, padding=padding)
    return Problem(sizes, list(p.bound), list(p.summed), operands, relations)


def _substitute(p: Problem, r: Relation) -> None:
    """Replace a relation by a tie, or by nothing if it always holds."""
    tie = _tie(p, r)
    if not tie.bound:
        for x in p.operands:
            step = tie.turn * x.strides.pop(tie.follow, 0)
            if step:
                x.move(tie.known, -tie.slope * step)
                x.move(tie.inner, tie.step * step)
                x.offset -= tie.base * step
        p.remove(tie.follow)
        known, inner = p.sizes[tie.known], p.sizes[tie.inner]
        if not known or not inner or all(tie.range_of(k, inner) == (0, inner) for k in (0, known - 1)):
            return
        if known == 1 and tie.inner in p.summed:
            start, stop = tie.range_of(0, inner)
            p.sizes[tie.inner] = stop - start
            for x in p.operands:
                x.offset += start * x.along(tie.inner)
            return
    p.ties.append(tie)


def _tie(p: Problem, r: Relation) -> Tie:
    """Choose which label follows from the other two (a free one that no division leads to), and which one's bounds are to be found."""
    factors = {r.position: -1, r.output: r.stride, r.tap: r.dilation}
    bound = [x for x in factors if x in p.bound]
    if not bound:
        bound = [r.output]
    free = [x for x in (r.position, r.output, r.tap) if x not in bound and abs(factors[x]) == 1]
    if free:
        follow = free[0]
        rest = [x for x in factors if x != follow]
        known = min((x for x in rest if x in bound), key=p.out.along)
        inner = next(x for x in rest if x != known)
    else:
        known = r.position
        inner = next((x for x in (r.output, r.tap) if x not in bound), r.output)
        follow = r.tap if inner == r.output else r.output
    sign = 1 if factors[inner] > 0 else -1
    turn = -sign * factors[follow]
    return Tie(known, inner, follow, abs(factors[inner]), sign * r.padding, -sign * factors[known], turn, p.sizes[follow], not free)


# --- joining ------------------------------------------------------------------------------------------------------------------


def _join(p: Problem, lanes: int) -> bool:
    """Join two labels that every operand steps through as through one; tell whether there were any."""
    for group in (p.bound, p.summed):
        for outer in group:
            for inner in group:
                if inner == outer or p.tied(inner):
                    continue
                n = p.sizes[inner]
                steps = all(x.along(outer) == x.along(inner) * n for x in p.operands)
                if steps and (not p.tied(outer) or _widen(p, outer, n, lanes)):
                    p.sizes[outer] *= n
                    for x in p.operands:
                        x.strides[outer] = x.along(inner)
                    p.remove(inner)
                    return True
    return False


def _widen(p: Problem, label: str, n: int, lanes: int) -> bool:
    """Count in n-ths along a label with one tie whose `follow` moves as it does; for few channels only: lanes then run over both."""
    ties = [t for t in p.ties if label in (t.known, t.inner, t.follow)]
    if len(ties) != 1 or label != ties[0].known or ties[0].advance != 1 or label not in p.bound or n >= lanes:
        return False
    tie = ties[0]
    tie.step, tie.base, tie.extent = tie.step * n, tie.base * n, tie.extent * n
    return True
