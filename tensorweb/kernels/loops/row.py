"""The row pattern as launches: one where there are rows enough for all threads, else stages over parts of rows.

In stages, parts of rows are reduced side by side, their results brought together, and so on for each level of the program. A stage is a
row kernel (the last one a map) whose program is cut out of the whole one; what passes between stages lies in scratch. How a row is cut
follows from its shape alone, so results do not depend on the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd, prod
from typing import NamedTuple

from ..patterns import Map, Row, Spec
from ..program import Instruction, Program
from .launch import Launch, Lowered, Slot, Target, lowering
from .map import lower_map
from .memory import itemsize
from .reductions import NO_INDEX, reduction_of
from .row_launch import Axes, Problem, axes_of, joined, launch, problem, without_elements

UNITS = 32  # units of work to cut a kernel into
_FEW = 16  # with fewer units than this, rows are cut
_PART = 1 << 14  # the least elements of a unit
_WORTH = 1 << 17  # elements from which on two more launches pay
_WORTH_FOLDING = 1 << 15  # the same where parts also fill the lanes
_FOLDED = 64  # kept elements that follow one another fill lanes from here on


class Cut(NamedTuple):
    """A reduced axis of n elements as `parts` parts of `length` groups of `beside` elements, and what remains as one part more.

    The parts, and the elements of a group, are kept apart: `beside` widens an innermost axis that would not fill the lanes.
    """

    axis: int
    parts: int
    length: int
    beside: int

    @property
    def covered(self) -> int:
        return self.parts * self.length * self.beside


def cut_of(p: Problem, axes: Axes, units: int) -> Cut | None:
    """Return how to cut the rows of a kernel that has so many units of work whole; None if that does not pay."""
    total = prod(axes.dims)
    if not any(axes.reduced) or not total:
        return None
    beside = _beside(axes, p.short_outputs)
    if total < (_WORTH_FOLDING if beside > 1 else _WORTH) or (units >= _FEW and beside == 1):
        return None
    last = len(axes.dims) - 1
    if beside > 1:
        units = beside * axes.dims[-1] // _FOLDED
    parts = max(1, min(UNITS // units, total // units // _PART))
    reduced = [d for d in range(last + 1) if axes.reduced[d]]
    long = [d for d in reduced if axes.dims[d] >= 2 * parts]
    axis = last - 1 if beside > 1 else long[0] if long else max(reduced, key=axes.dims.__getitem__)
    parts = min(parts, axes.dims[axis] // beside)
    if parts * beside == 1:
        return None
    length = axes.dims[axis] // (parts * beside)
    if axis == last and length >= _FOLDED:
        length -= length % _FOLDED  # parts begin where a vector does
    return Cut(axis, parts, length, beside)


def _uncut(axes: Axes) -> Cut:
    axis = axes.reduced.index(True)
    return Cut(axis, 1, axes.dims[axis], 1)


def _beside(axes: Axes, outputs: range) -> int:
    """Return how many elements of the last reduced axis to put beside the innermost axis, which is kept, to fill the lanes."""
    last, width = len(axes.dims) - 1, axes.dims[-1]
    if axes.reduced[-1] or axes.reduced.count(False) > 1 or width >= _FOLDED:
        return 1
    beside = _FOLDED // gcd(_FOLDED, width)
    together = all(s[last - 1] == s[last] * width for o, s in enumerate(axes.strides) if o not in outputs)
    return beside if together and axes.dims[last - 1] >= 4 * beside else 1


def cut_axes(axes: Axes, cut: Cut, outputs: range, rows: int) -> list[Axes]:
    """Return the axes of the cut part and of what remains; outputs become arrays [parts * beside (+ 1), rows]."""
    a, n = cut.axis, axes.dims[cut.axis]
    steps = (cut.length * cut.beside, cut.beside, 1)

    def replaced(strides: list[int], new: Sequence[int]) -> list[int]:
        return [*strides[:a], *new, *strides[a + 1 :]]

    strides = [
        replaced(s, (cut.beside * rows, 0, rows) if o in outputs else [s[a] * step for step in steps]) for o, s in enumerate(axes.strides)
    ]
    dims = replaced(axes.dims, (cut.parts, cut.length, cut.beside))
    made = [Axes(dims, [*axes.reduced[:a], False, True, False, *axes.reduced[a + 1 :]], strides, axes.offsets)]
    if cut.covered < n:
        offsets = [cut.parts * cut.beside * rows if o in outputs else s[a] * cut.covered for o, s in enumerate(axes.strides)]
        made.append(Axes(replaced(axes.dims, (n - cut.covered,)), axes.reduced, axes.strides, offsets))
    return [joined(x) for x in made]


class Source(NamedTuple):
    """What a stage reads: an input of the kernel, or what an earlier stage left in scratch or in an output."""

    spec: Spec
    slot: Slot


class Piece:
    """A program cut out of another: `take` steps of it, those that are `given` become arguments, and `add` new ones."""

    def __init__(self, program: Program, inputs: Sequence[Spec], given: dict[int, Source]):
        self.whole, self.inputs, self.given = program, inputs, given
        self.steps: list[Instruction] = []
        self.sources: list[Source] = []
        self.place: dict[int, int] = {}

    def add(self, op: str, args: tuple[int, ...], value: object, dtype: str) -> int:
        self.steps.append(Instruction(op, args, value, dtype))
        return len(self.steps) - 1

    def read(self, source: Source, dtype: str) -> int:
        self.sources.append(source)
        return self.add("arg", (), len(self.sources) - 1, dtype)

    def take(self, i: int) -> int:
        """Return where a step of the whole program stands in this one."""
        if i not in self.place:
            step = self.whole.steps[i]
            if i in self.given:
                self.place[i] = self.read(self.given[i], step.dtype)
            elif step.op == "arg":
                self.place[i] = self.read(Source(self.inputs[step.value], Slot("in", step.value)), step.dtype)
            else:
                self.place[i] = self.add(step.op, tuple(self.take(a) for a in step.args), step.value, step.dtype)
        return self.place[i]

    def program(self, outputs: Sequence[int]) -> Program:
        return Program(tuple(self.steps), tuple(outputs), tuple(() for _ in self.steps))


def redirected(call: Launch, sources: Sequence[Source], targets: Sequence[Slot]) -> Launch:
    """Return a launch with the kernel's own slots in place of a stage's inputs and outputs."""

    def moved(slot: Slot) -> Slot:
        if slot.kind == "out":
            return targets[slot.number]
        source = sources[slot.number].slot
        return Slot(slot.kind, source.number) if source.kind == "in" else source

    return call._replace(slots=tuple(moved(s) for s in call.slots))


@lowering(Row)
def lower_row(k: Row, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a row kernel."""
    p = problem(k, inputs, outputs)
    if not prod(n for d, n in enumerate(k.shape) if d not in k.axes):
        return Lowered(())
    axes = axes_of(k, inputs, p.indexed) if p.length else without_elements(p)
    whole = launch(p, axes, target)
    steps = p.steps
    short_varies = any(not full and not steps.constant[o] for o, full in zip(k.program.outputs, k.full, strict=True))
    if not steps.last or short_varies or cut_of(p, axes, whole.units) is None:
        return Lowered((whole,))
    return _Stages(p, outputs, target).lower()


class _Stages:
    """The state of one lowering: launches so far, bytes of scratch, and the steps that lie there."""

    def __init__(self, p: Problem, outputs: Sequence[Spec], target: Target):
        self.p, self.outputs, self.target, self.steps = p, outputs, target, p.steps
        kernel = p.kernel
        self.short = tuple(1 if d in kernel.axes else n for d, n in enumerate(kernel.shape))
        self.launches: list[Launch] = []
        self.scratch: list[int] = []
        self.given: dict[int, Source] = {}

    def lower(self) -> Lowered:
        for level in range(self.steps.last):
            self._combine(level, self._reduce(level))
        self._finish()
        return Lowered(tuple(self.launches), tuple(self.scratch))

    def _piece(self) -> Piece:
        return Piece(self.p.kernel.program, self.p.inputs, self.given)

    def _new(self, shape: tuple[int, ...], dtype: str) -> Source:
        spec = Spec(shape, _between_stages(dtype))
        self.scratch.append(itemsize(str(spec.dtype)) * prod(shape))
        return Source(spec, Slot("scratch", len(self.scratch) - 1))

    def _problem(
        self, piece: Piece, made: Sequence[int], shape: tuple[int, ...], axes: tuple[int, ...], dtypes: Sequence[str], full: int = 0
    ) -> Problem:
        """Return the row kernel of a piece whose last `full` outputs have the row's length."""
        kernel = Row(piece.program(made), shape, axes, tuple(k >= len(made) - full for k in range(len(made))))
        return Problem(kernel, tuple(s.spec for s in piece.sources), tuple(dtypes), self.p.length)

    def _reduce(self, level: int) -> dict[int, list[Source]]:
        """Launch the reductions of a level on parts of rows; return for each where the results lie: its own, and the indices."""
        piece, program = self._piece(), self.p.kernel.program
        made: list[tuple[int, int]] = []  # (the reduction, the step of the piece)
        for i in self.steps.reductions(level):
            r = reduction_of(program, i)
            if r.indexed:
                made.append((i, piece.add("reduce", (piece.take(program.steps[i].args[0]),), r.kind[3:], r.dtype)))
            made.append((i, piece.take(i)))
        kept = {i: s.output for i, s in self.steps.saved(self.p.kernel.full).items() if s.level == level}
        dtypes = [_between_stages(piece.steps[j].dtype) for _, j in made] + [program.steps[i].dtype for i in kept]
        steps = [j for _, j in made] + [piece.take(i) for i in kept]
        p = self._problem(piece, steps, self.p.kernel.shape, self.p.kernel.axes, dtypes, len(kept))
        axes = axes_of(p.kernel, p.inputs, p.indexed)
        whole = launch(p, axes, self.target)
        cut = cut_of(p, axes, whole.units) or _uncut(axes)
        calls = cut_axes(axes, cut, p.short_outputs, prod(self.short))
        found: dict[int, list[Source]] = {}
        targets = []
        for (i, _), dtype in zip(made, dtypes):
            found.setdefault(i, []).append(self._new((cut.parts * cut.beside + len(calls) - 1, *self.short), dtype))
            targets.append(found[i][-1].slot)
        for i, k in kept.items():
            targets.append(Slot("out", k))
            self.given[i] = Source(Spec(self.p.kernel.shape, program.steps[i].dtype), Slot("out", k))
        self.launches += [redirected(launch(p, x, self.target), piece.sources, targets) for x in calls]
        return found

    def _combine(self, level: int, found: dict[int, list[Source]]) -> None:
        """Launch what brings the parts together; later stages read what is constant along the row and known then."""
        piece, program = self._piece(), self.p.kernel.program
        for i, sources in found.items():
            step = program.steps[i]
            operand = program.steps[step.args[0]].dtype
            results = [piece.read(s, d) for s, d in zip(sources, (operand, "int32") if len(sources) == 2 else (step.dtype,), strict=True)]
            combined = _first_place if len(sources) == 2 else _again
            piece.place[i] = combined(piece, step, operand, results)
        passed = [i for i in range(len(program.steps)) if self._passes(i, level)]
        short = [k for k, o in enumerate(program.outputs) if not self.p.kernel.full[k] and max(1, self.steps.level[o]) == level + 1]
        wanted = [piece.take(i) for i in [*passed, *(program.outputs[k] for k in short)]]
        if not wanted:
            return
        kept = {i: self._new(self.short, program.steps[i].dtype) for i in passed}
        dtypes = [str(s.spec.dtype) for s in kept.values()] + [str(self.outputs[k].dtype) for k in short]
        parts = next(iter(found.values()))[0].spec.shape[0]
        p = self._problem(piece, wanted, (parts, *self.short), (0,), dtypes)
        targets = [s.slot for s in kept.values()] + [Slot("out", k) for k in short]
        call = launch(p, axes_of(p.kernel, p.inputs, p.indexed), self.target)
        self.launches.append(redirected(call, piece.sources, targets))
        self.given.update(kept)

    def _passes(self, i: int, level: int) -> bool:
        """Tell whether a step is constant along the row, known after a level, and read by a later stage."""
        steps, program = self.steps, self.p.kernel.program
        if not steps.constant[i] or steps.level[i] > level + 1 or i in self.given or not self._reduced(i):
            return False
        if any(o == i and f for o, f in zip(program.outputs, self.p.kernel.full, strict=True)):
            return True
        users = [j for j, s in enumerate(program.steps) if i in s.args]
        return any(not steps.constant[j] or steps.level[j] > level + 1 for j in users)

    def _reduced(self, i: int) -> bool:
        """Tell whether a step rests on a reduction or on the length of the row; others are computed anew where they are needed."""
        step = self.p.kernel.program.steps[i]
        return step.op in ("reduce", "count") or any(self._reduced(a) for a in step.args)

    def _finish(self) -> None:
        """Launch the map that makes the outputs of the row's length."""
        full = [k for k, f in enumerate(self.p.kernel.full) if f]
        if not full:
            return
        piece = self._piece()
        made = [piece.take(self.p.kernel.program.outputs[k]) for k in full]
        kernel = Map(piece.program(made))
        lowered = lower_map(kernel, [s.spec for s in piece.sources], [self.outputs[k] for k in full], self.target)
        self.launches += [redirected(call, piece.sources, [Slot("out", k) for k in full]) for call in lowered.launches]


def _between_stages(dtype: str) -> str:
    """Return the dtype in which a step lies in scratch: what is computed in float32 stays so."""
    return "float32" if dtype == "float16" else dtype


def _again(piece: Piece, step: Instruction, dtype: str, parts: Sequence[int]) -> int:
    """Reduce the results of the parts."""
    return piece.add("reduce", tuple(parts), step.value, step.dtype)


def _first_place(piece: Piece, step: Instruction, dtype: str, parts: Sequence[int]) -> int:
    """Return the least of the indices of those parts that have the best element; a NaN is the best."""
    values, indices = parts
    best = piece.add("reduce", (values,), step.value[3:], dtype)
    hit = piece.add("eq", (values, best), None, "bool")
    if dtype in ("float32", "float16"):
        hit = piece.add("or", (hit, piece.add("isnan", (values,), None, "bool")), None, "bool")
    nowhere = piece.add("const", (), NO_INDEX, "int32")
    return piece.add("reduce", (piece.add("select", (hit, indices, nowhere), None, "int32"),), "min", "int32")
