"""The row pattern as launches: for each level of reductions stages over parts of rows, then a map for outputs of the row's length.

A stage's program is cut out of the whole one; what passes between stages lies in scratch. A thread adds up so few elements, and parts
are so many, that sums are as accurate as pairwise ones. What a thread does is in `row_threads.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..loops.row import Piece, Source
from ..loops.row_steps import RowSteps
from ..patterns import Map, Row, Spec
from ..program import Program
from ..strides import broadcast_strides, collapse
from .launch import Launch, Lowered, Number, Storage, Target, lowering, stored, words_of
from .map import NUMBER_KINDS, Argument, lower_map
from .reductions import reduction_of
from .row_threads import RowKey
from .stages import Result, Stages, arrays_of, reads_of, redirected, storage_of

_FEW, _MANY = 64, 128  # the most elements, or vectors, that a thread joins one after the other
_THREADS = 4096  # where there are so many rows, threads may take many


class Rows(NamedTuple):
    """The elements that a stage works on: those of `shape`, in rows along `axes` of `length` elements of the kernel's own rows."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    length: int

    @property
    def kept(self) -> list[int]:
        return [d for d in range(len(self.shape)) if d not in self.axes]

    @property
    def number(self) -> int:
        """How many rows there are."""
        return prod(self.shape[d] for d in self.kept)

    @property
    def size(self) -> int:
        """The number of elements of a row."""
        return prod(self.shape[d] for d in self.axes)

    @property
    def along(self) -> bool:
        """Whether neighbours in memory are of one row."""
        wide = [d for d, n in enumerate(self.shape) if n > 1]
        return not wide or wide[-1] in self.axes

    def is_constant(self, spec: Spec) -> bool:
        """Tell whether an operand does not change along the rows."""
        padded = (1,) * (len(self.shape) - len(spec.shape)) + spec.shape
        return isinstance(spec.dtype, type) or all(padded[d] == 1 for d in self.axes)

    def of_parts(self, parts: int) -> Rows:
        """Return the rows of what so many parts of each row give."""
        short = [1 if d in self.axes else n for d, n in enumerate(self.shape)]
        if not self.along:
            return Rows((parts, *short), (0,), self.length)
        axis = max((d for d in self.axes if self.shape[d] > 1), default=0)
        return Rows((*short[:axis], parts, *short[axis + 1 :]), self.axes, self.length)


class Layout(NamedTuple):
    """How the operands of a launch lie: sizes of rows' and row's axes, their steps along both, and whether vectors have neighbours."""

    kept: list[int]
    run: list[int]
    kept_steps: list[list[int]]
    run_steps: list[list[int]]
    wide: bool
    turns: int  # elements or vectors of a row


def layout_of(rows: Rows, specs: Sequence[Spec], dtypes: Sequence[str]) -> Layout:
    """Return how operands lie; `dtypes` are those of the outputs."""
    views = [broadcast_strides(s.shape, rows.shape) for s in specs]
    kept, kept_steps = collapse([rows.shape[d] for d in rows.kept], [[v[d] for d in rows.kept] for v in views])
    run, run_steps = collapse([rows.shape[d] for d in rows.axes], [[v[d] for d in rows.axes] for v in views])
    inner, outer = (run_steps, kept_steps) if rows.along else (kept_steps, run_steps)
    width = (run if rows.along else kept)[-1]
    wide = rows.size > 0 and width % 4 == 0 and "complex64" not in [*dtypes, *(str(s.dtype) for s in specs)]
    for near, far in zip(inner, outer, strict=True):
        wide = wide and (near[-1] == 0 or (near[-1] == 1 and all(n % 4 == 0 for n in (*near[:-1], *far))))
    return Layout(kept, run, kept_steps, run_steps, wide, rows.size // 4 if wide and rows.along else rows.size)


def parts_for(rows: Rows, turns: int) -> int:
    """Return into how many parts to cut rows of so many elements or vectors: as few stages as can be, of about equal length."""
    most = _MANY if rows.number >= _THREADS else _FEW
    stages = 1
    while most**stages < turns:
        stages += 1
    if stages == 1:
        return 1
    parts = round(turns ** ((stages - 1) / stages))
    return -(-parts // 4) * 4  # for vectors


class Joined(Piece):
    """A piece of a program in which reductions join what parts of rows gave: `found` says where that lies."""

    def __init__(self, program: Program, inputs: Sequence[Spec], given: dict[int, Source], found: dict[int, list[Source]]):
        super().__init__(program, inputs, given)
        self.found = found

    def take(self, i: int) -> int:
        if i in self.found and i not in self.place:
            parts = tuple(self.read(s, str(s.spec.dtype)) for s in self.found[i])
            self.place[i] = self.add("reduce", parts, self.whole.steps[i].value, self.whole.steps[i].dtype)
        return super().take(i)


def launch(rows: Rows, piece: Joined, results: Sequence[Result], parts: int) -> Launch:
    """Return the launch that gives steps of a piece, or what each of several parts gives of the reductions that they are."""
    dtypes = tuple(d for r in results for d in r.dtypes)
    program = piece.program([piece.take(r.step) for r in results])
    laid, reads = layout_of(rows, [s.spec for s in arrays_of(piece)], dtypes), reads_of(piece)
    inner = iter(laid.run_steps if rows.along else laid.kept_steps)
    types = {s.value: s.dtype for s in piece.steps if s.op == "arg"}
    arguments: list[Argument] = []
    for i, s in enumerate(piece.sources):
        number = isinstance(s.spec.dtype, type)
        step = 0 if number else next(inner)[-1]
        arguments.append(Argument(types[i], None) if number else Argument(types[i], reads.index(storage_of(s)), step if laid.wide else 0))
    numbers = tuple(
        Number(kind, s.slot.number)
        for s, a in zip(piece.sources, arguments, strict=True)
        if a.array is None
        for kind in NUMBER_KINDS[a.dtype]
    )
    constant = tuple(rows.is_constant(s.spec) for s in piece.sources)
    key = RowKey(program, tuple(arguments), constant, dtypes, parts > 1, rows.along, laid.wide, len(laid.kept), len(laid.run))
    sizes = [rows.length, laid.turns, parts, rows.number, *laid.kept[1:], *laid.run[1:]]
    sizes += [n for steps in (*laid.kept_steps, *laid.run_steps) for n in steps]
    lanes = 4 if laid.wide and not key.folds else 1
    targets = tuple(t for r in results for t in r.targets)
    return Launch("row", key, tuple(reads), targets, rows.number * parts // lanes, tuple(sizes), numbers, lanes, words_of(dtypes[0]))


@lowering(Row)
def lower_row(k: Row, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a row kernel."""
    rows = Rows(k.shape, k.axes, prod(k.shape[d] for d in k.axes))
    return _RowStages(k, rows, inputs, outputs, target).lower() if rows.number else Lowered(())


class _RowStages(Stages):
    """The state of one lowering."""

    def __init__(self, k: Row, rows: Rows, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target):
        super().__init__(k.program, inputs, target)
        self.k, self.rows, self.outputs = k, rows, outputs
        self.steps = RowSteps(k.program, [rows.is_constant(s) for s in inputs])
        self.short = tuple(1 if d in k.axes else n for d, n in enumerate(k.shape))
        # Of the level in hand: what parts of rows gave so far, and the rows of that.
        self.found: dict[int, list[Source]] = {}
        self.left = rows

    def lower(self) -> Lowered:
        for level in range(max(1, self.steps.last)):
            self._reduce(self.steps.reductions(level))
            self._conclude(level)
        self._finish()
        return Lowered(tuple(self.launches), tuple(self.scratch))

    def piece(self, wanted: Sequence[int]) -> Joined:
        piece = Joined(self.program, self.inputs, self.given, self.found)
        for i in wanted:
            piece.take(i)
        return piece

    def part(self, i: int) -> Source:
        constant, dtype = self.steps.constant[i], self.program.steps[i].dtype
        made = self.new(self.short if constant else self.k.shape, dtype)
        result = Result(i, (str(made.spec.dtype),), (storage_of(made),))
        if constant:
            self._add([result], 1)
        else:
            self._map([result])
        return made

    # --- levels ---

    def _reduce(self, reductions: list[int]) -> None:
        """Add the stages that bring rows down to a length that one thread can join."""
        self.found, self.left = {}, self.rows
        while reductions:
            arrays = arrays_of(self.piece(reductions))
            parts = parts_for(self.left, layout_of(self.left, [s.spec for s in arrays], ()).turns)
            if parts == 1:
                return
            rows = self.left.of_parts(parts)
            made = {i: reduction_of(self.program, self.program.steps[i]).parts for i in reductions}
            found = {i: [self.new(rows.shape, d) for d in dtypes] for i, dtypes in made.items()}
            self._add([Result(i, made[i], tuple(map(storage_of, found[i]))) for i in reductions], parts)
            self.found, self.left = found, rows

    def _conclude(self, level: int) -> None:
        """Add the launches that give what follows from a level's reductions: short outputs, and what later stages read."""
        results, passed = [], {}
        for i, step in enumerate(self.program.steps):
            if self._passes(i, level):
                passed[i] = self.new(self.short, step.dtype)
                results.append(Result(i, (str(passed[i].spec.dtype),), (storage_of(passed[i]),)))
        for k, o in enumerate(self.program.outputs):
            if not self.k.full[k] and max(1, self.steps.level[o]) == level + 1:
                results.append(self._output(k))
        self._add(results, 1)
        self.given.update(passed)

    def _output(self, k: int) -> Result:
        dtype = str(self.outputs[k].dtype)
        return Result(self.program.outputs[k], (dtype,), (Storage("out", k, stored(dtype)),))

    def _passes(self, i: int, level: int) -> bool:
        """Tell whether a step is constant along the row, known after a level, and read by a later stage."""
        steps, program = self.steps, self.program
        if not steps.constant[i] or steps.level[i] > level + 1 or i in self.given or not self._reduced(i):
            return False
        if any(o == i and f for o, f in zip(program.outputs, self.k.full, strict=True)):
            return True
        users = [j for j, s in enumerate(program.steps) if i in s.args]
        return any(not steps.constant[j] or steps.level[j] > level + 1 for j in users)

    def _reduced(self, i: int) -> bool:
        """Tell whether a step rests on a reduction or on the length of the row; others are computed anew where they are needed."""
        step = self.program.steps[i]
        return step.op in ("reduce", "count") or any(self._reduced(a) for a in step.args)

    def _finish(self) -> None:
        """Add the maps that make the outputs of the row's length."""
        if self.rows.size:
            self.found = {}
            for group in self.groups([self._output(k) for k, full in enumerate(self.k.full) if full]):
                self._map(group)

    # --- launches ---

    def _add(self, results: list[Result], parts: int) -> None:
        """Add the launches that give results of the rows that are left."""
        for group in self.groups(results):
            self.launches.append(launch(self.left, self.piece([r.step for r in group]), group, parts))

    def _map(self, results: Sequence[Result]) -> None:
        """Add the map that gives results of the row's length."""
        piece = self.piece([r.step for r in results])
        kernel = Map(piece.program([piece.take(r.step) for r in results]))
        made = [Spec(self.k.shape, r.dtypes[0]) for r in results]
        lowered = lower_map(kernel, [s.spec for s in piece.sources], made, self.target)
        self.launches += [redirected(call, piece, [r.targets[0] for r in results]) for call in lowered.launches]
