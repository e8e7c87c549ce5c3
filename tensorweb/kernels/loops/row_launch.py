"""One launch of a row kernel: how axes are joined, which way the lanes lie, sizes and key. The loops themselves are in `row_loops.py`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..patterns import Row, Spec
from ..strides import broadcast_strides, collapse, strides_of
from .launch import GRAIN, Launch, Slot, Target
from .map import argument_slots
from .memory import itemsize
from .reductions import reduction_of
from .row_loops import Result, RowKey
from .row_steps import RowSteps

_TOGETHER = 12  # the most work at an element, in additions, for which vectors of neighbouring rows go together
_MANY_REGISTERS = 32


class Axes(NamedTuple):
    """The axes of rows after joining, and the strides of operands along them: arrays, then outputs, then the index into the row."""

    dims: list[int]
    reduced: list[bool]
    strides: list[list[int]]
    offsets: list[int]


def axes_of(k: Row, inputs: Sequence[Spec], indexed: bool) -> Axes:
    """Return the axes of a kernel with rows that are not empty."""
    kept = [d for d in range(len(k.shape)) if d not in k.axes]
    short, index = [0] * len(k.shape), [0] * len(k.shape)
    for axes, strides in ((kept, short), (k.axes, index)):
        for d, stride in zip(axes, strides_of([k.shape[d] for d in axes]), strict=True):
            strides[d] = stride
    views = [broadcast_strides(s.shape, k.shape) for s in inputs if not isinstance(s.dtype, type)]
    views += [strides_of(k.shape) if full else short for full in k.full]
    views += [index] if indexed else []
    return joined(Axes(list(k.shape), [d in k.axes for d in range(len(k.shape))], views, [0] * len(views)))


def joined(axes: Axes) -> Axes:
    """Return the axes without those of size 1 and with neighbours joined that every operand steps along as one."""
    marks = [[0 if r is other else s for r, s in zip(axes.reduced, strides_of(axes.dims), strict=True)] for other in (True, False)]
    dims, (mark, _, *strides) = collapse(axes.dims, [*marks, *axes.strides])
    return Axes(dims, [not m for m in mark], strides, axes.offsets)


def is_row_constant(spec: Spec, k: Row) -> bool:
    """Tell whether an argument does not change along the row."""
    padded = (1,) * (len(k.shape) - len(spec.shape)) + spec.shape
    return isinstance(spec.dtype, type) or all(padded[d] == 1 for d in k.axes)


class Problem(NamedTuple):
    """A row kernel whose operands are known: what `launch` needs beside the axes."""

    kernel: Row
    inputs: tuple[Spec, ...]
    dtypes: tuple[str, ...]  # of the outputs in memory
    length: int  # of a row

    @property
    def steps(self) -> RowSteps:
        return RowSteps(self.kernel.program, [is_row_constant(s, self.kernel) for s in self.inputs])

    @property
    def outputs(self) -> range:
        """Which operands of the axes are outputs."""
        arrays = sum(not isinstance(s.dtype, type) for s in self.inputs)
        return range(arrays, arrays + len(self.dtypes))

    @property
    def short_outputs(self) -> range:
        """Which of them have one element for each row; in front, where both kinds occur in a stage."""
        return self.outputs[: self.kernel.full.count(False)]

    @property
    def indexed(self) -> bool:
        program = self.kernel.program
        return any(s.op == "reduce" and reduction_of(program, i).indexed for i, s in enumerate(program.steps))


def together(p: Problem, axes: Axes, target: Target) -> int:
    """Return how many vectors of neighbouring rows go together; 0 if the lanes are along the row."""
    if axes.reduced[-1]:
        return 0
    steps = p.steps
    work = sum(steps.cost(steps.needed(steps.wanted(level, p.kernel.full))) for level in range(steps.last + 1))
    most = 4 if target.registers >= _MANY_REGISTERS else 2
    return min(most, -(-axes.dims[-1] // target.lanes)) if work <= _TOGETHER else 1


def launch(p: Problem, axes: Axes, target: Target) -> Launch:
    """Return the call that computes a row kernel along given axes."""
    across = together(p, axes, target)
    last = len(axes.dims) - 1
    kept = [d for d in range(last + (not across)) if not axes.reduced[d]]
    reduced = [d for d in range(last + 1) if axes.reduced[d]]
    kept_dims, run_dims = [axes.dims[d] for d in kept] or [1], [axes.dims[d] for d in reduced] or [1]
    arguments, slots = argument_slots(p.kernel.program, p.inputs, [s[-1] for s in axes.strides[: p.outputs.start]])
    results = tuple(Result(d, full) for d, full in zip(p.dtypes, p.kernel.full, strict=True))
    scales = [itemsize(a.dtype) for a in arguments if a.step is not None] + [itemsize(d) for d in p.dtypes] + [1]
    sizes = [p.length, run_dims[-1]]
    blocks = 1
    if across:
        blocks = -(-axes.dims[-1] // (across * target.lanes))
        sizes += [axes.dims[-1], blocks]
    sizes += [*kept_dims[1:], *run_dims[:-1]]
    for strides, offset, scale in zip(axes.strides, axes.offsets, scales):
        sizes += [scale * s for s in (offset, *([strides[d] for d in kept] or [0]), *([strides[d] for d in reduced] or [0]))]
    constant = tuple(is_row_constant(s, p.kernel) for s in p.inputs)
    first_output = 1 + len(slots)
    slots += [Slot("out", i) for i in range(len(results))]
    key = RowKey(p.kernel.program, arguments, constant, results, first_output, across, len(kept_dims), len(run_dims), p.indexed)
    units = prod(kept_dims) * blocks
    steps = p.steps
    work = prod(run_dims) * max(1, across) * (1 + steps.cost(range(len(steps.level))) // 16)
    grain = max(1, GRAIN // max(1, work * (target.lanes if across else 1)))
    return Launch("row", key, tuple(sizes), tuple(slots), units, grain)


def without_elements(p: Problem) -> Axes:
    """Return the axes of a kernel whose rows are empty: nothing varies that could be read."""
    rows = prod(d for i, d in enumerate(p.kernel.shape) if i not in p.kernel.axes)
    outputs = [[int(not full), 0] for full in p.kernel.full]
    strides = [[0, 0]] * p.outputs.start + outputs + [[0, 0]] * p.indexed
    return Axes([rows, 0], [False, True], strides, [0] * len(strides))


def problem(k: Row, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Problem:
    """Return a kernel with its operands."""
    return Problem(k, tuple(inputs), tuple(str(s.dtype) for s in outputs), prod(k.shape[d] for d in k.axes))
