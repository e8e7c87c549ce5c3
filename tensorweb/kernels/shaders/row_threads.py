"""What threads of a row launch do: each reduces a row, or a part of one. How a row becomes launches is in `rows.py`.

Elements of part p of P are p, p + P, p + 2 P, ...: neighbouring threads read neighbouring elements. Vectors lie along the row (each has
four elements of it, which are joined in the end) or across rows (a thread has four rows).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..program import Instruction, Program
from ..values.body import evaluate
from ..values.code import Lanes, Value
from .builder import Shader
from .elements import digits, give, load, load_lanes, offset
from .launch import emitter
from .map import NUMBER_KINDS, Argument, read_number
from .reductions import Accumulator, Reduction, State, apart, lift, lift_parts, narrowed, parts_of, reduction_of, result


class RowKey(NamedTuple):
    """What the code of a row launch depends on."""

    program: Program  # its outputs are what a launch gives; of parts, its reductions
    arguments: tuple[Argument, ...]
    constant: tuple[bool, ...]  # which arguments do not change along the row
    made: tuple[str, ...]  # dtypes of the outputs
    parts: bool  # whether the outputs are results of parts
    along: bool  # whether neighbouring elements are of one row
    wide: bool  # whether vectors have four neighbours
    kept_rank: int
    rank: int  # of the row

    @property
    def reductions(self) -> list[tuple[int, Reduction]]:
        """The steps that reduce."""
        return [(i, reduction_of(self.program, s)) for i, s in enumerate(self.program.steps) if s.op == "reduce"]

    @property
    def folds(self) -> bool:
        """Whether a thread joins the lanes of its vectors."""
        return self.along and self.wide


Load = Callable[[int, Instruction], Lanes]


class _Row:
    """A thread's row while its code is written: where its operands lie."""

    def __init__(self, b: Shader, key: RowKey):
        size = b.sizes()
        self.b, self.key = b, key
        self.length, self.count, self.parts, self.rows = size(), size(), size(), size()
        kept_dims, self.dims = [[size() for _ in range(r - 1)] for r in (key.kept_rank, key.rank)]
        self.arrays = [i for i, a in enumerate(key.arguments) if a.array is not None]
        kept = [[size() for _ in range(key.kept_rank)] for _ in self.arrays]
        self.steps = [[size() for _ in range(key.rank)] for _ in self.arrays]
        self.numbers = {i: [size() for _ in NUMBER_KINDS[a.dtype]] for i, a in enumerate(key.arguments) if a.array is None}
        self.part, row = self._place()
        places = digits(b, row, kept_dims)
        self.starts = [offset(b, places, s) for s in kept]

    def _place(self) -> tuple[Value, Value]:
        """Return the numbers of this thread's part and row."""
        b = self.b
        if not self.key.parts:
            return b.index(0), b.at
        above = b.op("div_s", b.at, self.parts if self.key.along else self.rows)
        return (b.at - above * self.parts, above) if self.key.along else (above, b.at - above * self.rows)

    def loader(self, offsets: Sequence[Value]) -> Load:
        """Return the function that gives arguments, those of storage at offsets, and the length of the row."""
        b, arguments = self.b, self.key.arguments

        def read(_: int, step: Instruction) -> Lanes:
            if step.op == "count":
                return b.splat(b.convert(self.length, "i32"))
            a = arguments[step.value]
            if a.array is None:
                return read_number(b, a.dtype, list(self.numbers[step.value]))
            at = offsets[self.arrays.index(step.value)]
            return load_lanes(b, a.array, a.dtype, at) if a.step else load(b, a.array, a.dtype, at)

        return read

    def at(self, index: Value) -> list[Value]:
        """Return where the elements of an index into the row lie."""
        places = digits(self.b, index, self.dims)
        return [start + offset(self.b, places, s) for start, s in zip(self.starts, self.steps, strict=True)]


@emitter("row")
def emit_row(b: Shader, *key: object) -> None:
    """Write a thread that reduces: key of the launch made by `rows.launch`."""
    k = RowKey(*key)  # type: ignore[arg-type]
    row = _Row(b, k)
    known: dict[int, Lanes] = {}
    for i, r, state in _reduced(b, k, row):
        if k.parts:
            for n, part in enumerate(parts_of(b, r, state)):
                give(b, _first_output(k, i) + n, r.parts[n], part)
        else:
            known[i] = result(b, r, state)
    if not k.parts:
        evaluate(b, k.program, k.program.outputs, known, row.loader(row.starts))
        for n, (dtype, i) in enumerate(zip(k.made, k.program.outputs, strict=True)):
            give(b, n, dtype, known[i])


def _first_output(k: RowKey, i: int) -> int:
    """Return the number of the first output that a reduction gives of a part."""
    return sum(len(r.parts) for j, r in k.reductions if j < i)


def _reduced(b: Shader, k: RowKey, row: _Row) -> list[tuple[int, Reduction, State]]:
    """Write the loop over a row, and return the state of each reduction."""
    reductions = k.reductions
    if not reductions:
        return []
    if k.folds:
        b.lanes = 4
    found = [Accumulator(b, r) for _, r in reductions]
    constant = _constants(k)
    unchanging: dict[int, Lanes] = {}
    evaluate(b, k.program, constant, unchanging, row.loader(row.starts))
    with b.loop(row.part, row.count, row.parts) as turn:
        index = turn * 4 if k.folds else turn
        known = dict(unchanging)
        operands = [k.program.steps[i].args for i, _ in reductions]
        evaluate(b, k.program, [i for args in operands for i in args], known, row.loader(row.at(index)))
        place = b.splat(b.convert(index, "i32")) + b.iota() if k.folds else b.splat(b.convert(index, "i32"))
        for (_, r), args, total in zip(reductions, operands, found, strict=True):
            seen = [known[i] for i in args]
            total.join(lift_parts(b, r, seen) if len(args) > 1 else lift(b, r, seen[0], place))
    states = [total.state for total in found]
    if k.folds:
        lanes = [apart(b, s) for s in states]
        b.lanes = 1
        states = [narrowed(b, r, parts) for (_, r), parts in zip(reductions, lanes, strict=True)]
    return [(i, r, state) for (i, r), state in zip(reductions, states, strict=True)]


def _constants(k: RowKey) -> list[int]:
    """Return the steps that do not change along the row and that what is reduced needs."""
    steps = k.program.steps
    constant: list[bool] = []
    for s in steps:
        constant.append(k.constant[s.value] if s.op == "arg" else s.op != "reduce" and all(constant[a] for a in s.args))
    needed = {a for s in steps if s.op == "reduce" for a in s.args}
    for i in range(len(steps) - 1, -1, -1):
        if i in needed and steps[i].op != "reduce":
            needed.update(steps[i].args)
    return [i for i in sorted(needed) if constant[i]]
