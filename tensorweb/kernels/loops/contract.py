"""How the labels of a contraction become rows, columns and summed axes of matrix products. `products.py` makes launches of them.

The operand that has the output's last label is B, whose columns are the lanes; the other is A. Labels of A and the output are rows,
labels of A and B are summed, labels of B and the output (but the last) count as batch, along which A stands still. A relation ties a
row label, a summed label and a label of A: A's place, and the coordinate that padding bounds, are linear in the other two. Where the
position is a row and the stride is not 1 (gradients of strided convolutions), each phase of the stride is a product of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple

from ..patterns import Contract, Relation
from ..strides import strides_of


class Axis(NamedTuple):
    """An axis of the rows or of the summed index: its size, bytes to the next in A, in the other (output or B), in each coordinate."""

    size: int
    a: int
    other: int
    coordinates: tuple[int, ...]


class Batch(NamedTuple):
    """An axis of the batch: its size, bytes to the next in A, B and the output."""

    size: int
    a: int
    b: int
    out: int


@dataclass
class Product:
    """One product of matrices, in bytes from the operands' beginnings; `limits` bound the coordinates, which begin at `start`."""

    columns: int
    column_step: int
    rows: list[Axis] = field(default_factory=list)
    summed: list[Axis] = field(default_factory=list)
    batch: list[Batch] = field(default_factory=list)
    a_start: int = 0
    b_start: int = 0
    out_start: int = 0
    start: tuple[int, ...] = ()
    limits: tuple[int, ...] = ()


class Roles(NamedTuple):
    """The labels of A, of B and of the output, and whether B is the right operand."""

    a: str
    b: str
    out: str
    b_is_right: bool


def roles(k: Contract) -> Roles | None:
    """Return which operand is A and which is B, or None if the contraction is no product of matrices."""
    if not k.out:
        return None
    last = k.out[-1]
    tied = {x for r in k.relations for x in r[:3]}
    if (last in k.lhs) == (last in k.rhs) or last in tied:
        return None
    found = Roles(k.lhs, k.rhs, k.out, True) if last in k.rhs else Roles(k.rhs, k.lhs, k.out, False)
    where = [set(found.a), set(found.b), set(found.out)]
    if any(sum(x in labels for labels in where) < 2 for x in set(k.lhs + k.rhs + k.out) - tied - {last}):
        return None  # summed alone, or repeated along the output
    return found if all(_reads(found, r) or _is_read(found, r) for r in k.relations) else None


def _places(f: Roles, label: str) -> tuple[bool, bool, bool]:
    return label in f.a, label in f.b, label in f.out


def _reads(f: Roles, r: Relation) -> bool:
    """Tell whether A has the position; its output and tap are a row and a summed index, in either order."""
    others = {_places(f, r.output), _places(f, r.tap)}
    return _places(f, r.position) == (True, False, False) and others == {(False, True, False), (False, False, True)}


def _is_read(f: Roles, r: Relation) -> bool:
    """Tell whether A has the relation's output, the position is a row and the tap is summed: the gradient of what `_reads`."""
    return [_places(f, x) for x in r[:3]] == [(False, False, True), (True, False, False), (False, True, False)]


class _Labels:
    """One product under construction: relations give axes to the labels they tie."""

    def __init__(self, f: Roles, sizes: dict[str, int]):
        self.sizes = sizes
        self.a, self.b, self.out = (
            {x: 4 * s for x, s in zip(labels, strides_of([sizes[x] for x in labels]), strict=True)} for labels in f[:3]
        )
        last = f.out[-1]
        self.product = Product(sizes[last], self.b[last])
        self.tied: dict[str, tuple[int, int, int, int, int | None]] = {}  # label: size, A, other, coordinate step, its number
        self.starts: list[int] = []
        self.limits: list[int] = []

    def read(self, f: Roles, r: Relation) -> None:
        """Tie a position of A to a row and a summed index: position = stride * output + dilation * tap - padding."""
        step, last = self.a[r.position], 0
        for label, factor in ((r.output, r.stride), (r.tap, r.dilation)):
            last += factor * (self.sizes[label] - 1)
            other = self.out[label] if label in f.out else self.b[label]
            self.tied[label] = (self.sizes[label], factor * step, other, factor, len(self.limits))
        self.product.a_start -= r.padding * step
        self._bound((r.output, r.tap), -r.padding, last - r.padding, self.sizes[r.position])

    def is_read(self, r: Relation, phase: int) -> None:
        """Tie an output of A to a row (positions of one phase) and the taps that meet it."""
        taps = [t for t in range(self.sizes[r.tap]) if (phase + r.padding - r.dilation * t) % r.stride == 0]
        count = -(-(self.sizes[r.position] - phase) // r.stride)
        step = self.a[r.output]
        self.tied[r.position] = (count, step, r.stride * self.out[r.position], 1, len(self.limits))
        self.product.out_start += phase * self.out[r.position]
        between = taps[1] - taps[0] if len(taps) > 1 else 0
        back = -r.dilation * between // r.stride
        self.tied[r.tap] = (len(taps), back * step, between * self.b[r.tap], back, len(self.limits))
        first = (phase + r.padding - r.dilation * taps[0]) // r.stride if taps else 0
        self.product.a_start += first * step
        self.product.b_start += taps[0] * self.b[r.tap] if taps else 0
        lowest = first + back * (len(taps) - 1)
        self._bound((r.position, r.tap), first, first + count - 1, self.sizes[r.output], lowest)

    def _bound(self, labels: Sequence[str], first: int, last: int, limit: int, lowest: int | None = None) -> None:
        """Note a coordinate that may lie outside; where it cannot, the labels are as any others."""
        if min(first, first if lowest is None else lowest) < 0 or last >= limit:
            self.starts.append(first)
            self.limits.append(limit)
        else:
            for label in labels:
                self.tied[label] = (*self.tied[label][:4], None)

    def finish(self, f: Roles) -> Product:
        p = self.product
        p.start, p.limits = tuple(self.starts), tuple(self.limits)
        for x in f.out[:-1]:
            if x in self.tied or x not in f.b:
                p.rows.append(self._axis(x, self.out))
            else:
                p.batch.append(Batch(self.sizes[x], self.a.get(x, 0), self.b[x], self.out[x]))
        p.summed = [self._axis(x, self.b) for x in f.b if x in self.tied or (x in f.a and x not in f.out)]
        return p

    def _axis(self, label: str, other: dict[str, int]) -> Axis:
        none = (0,) * len(self.limits)
        if label not in self.tied:
            return Axis(self.sizes[label], self.a[label], other[label], none)
        size, a, beside, factor, number = self.tied[label]
        return Axis(size, a, beside, tuple(factor if i == number else 0 for i in range(len(none))))


def products(k: Contract, f: Roles) -> list[Product]:
    """Return the products that a contraction is: one, or one for each phase of its strides."""
    made = []
    reading = [_reads(f, r) for r in k.relations]
    for phases in product(*(range(1 if reads else r.stride) for r, reads in zip(k.relations, reading, strict=True))):
        labels = _Labels(f, dict(k.sizes))
        for r, reads, phase in zip(k.relations, reading, phases, strict=True):
            if reads:
                labels.read(f, r)
            else:
                labels.is_read(r, phase)
        p = labels.finish(f)
        if all(axis.size for axis in p.rows):
            made.append(p)
    return made
