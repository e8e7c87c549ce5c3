"""The map pattern as loops over lanes: one flat loop where nothing broadcasts, else rows along the innermost axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..patterns import Map, Spec
from ..program import Instruction, Program
from ..strides import broadcast_strides, collapse, strides_of
from ..values.body import Load, evaluate, evaluation, uniform_steps
from ..values.code import Lanes, Value
from .builder import Builder
from .launch import GRAIN, Launch, Lowered, Slot, Target, emitter, lowering
from .memory import itemsize, load_lanes, load_splat, store_lanes
from .row_steps import DEAR, cost


class Argument(NamedTuple):
    """How an argument is read: from slot number `slot`, with `step` elements between lanes (0 or 1), or a Python number (step None)."""

    dtype: str
    step: int | None
    slot: int


NUMBER_KINDS = {"float32": ("f32",), "int32": ("i32",), "bool": ("i32",), "complex64": ("re", "im")}


def argument_slots(program: Program, inputs: Sequence[Spec], steps: Sequence[int]) -> tuple[tuple[Argument, ...], list[Slot]]:
    """Return how each argument is read, and the slots that hold addresses and numbers; `steps` has one entry for each array."""
    dtypes = {s.value: s.dtype for s in program.steps if s.op == "arg"}
    arguments: list[Argument] = []
    slots: list[Slot] = []
    remaining = iter(steps)
    for i, spec in enumerate(inputs):
        number = isinstance(spec.dtype, type)
        dtype = dtypes.get(i, "float32") if number else str(spec.dtype)
        arguments.append(Argument(dtype, None if number else next(remaining), 1 + len(slots)))
        slots += [Slot(k, i) for k in NUMBER_KINDS[dtype]] if number else [Slot("in", i)]
    return tuple(arguments), slots


@lowering(Map)
def lower_map(k: Map, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a map."""
    shape = outputs[0].shape
    arrays = [s for s in inputs if not isinstance(s.dtype, type)]
    coordinates = tuple(sorted({s.value for s in k.program.steps if s.op == "coord"}))
    units_along = [strides_of(shape) if axis < 0 else [int(d == axis) for d in range(len(shape))] for axis in coordinates]
    views = [broadcast_strides(s.shape, shape) for s in arrays] + units_along
    dims, steps = collapse(shape, [*views, strides_of(shape)])
    # Kernels exist for few ranks: an axis of size 1 in front changes nothing.
    while 1 < len(dims) < 3:
        dims.insert(0, 1)
        for s in steps:
            s.insert(0, 0)
    n, rows = dims[-1], dims[:-1]
    inner = [s[-1] for s in steps[:-1]]
    arguments, slots = argument_slots(k.program, inputs, inner[: len(arrays)])
    slots += [Slot("out", i) for i in range(len(outputs))]
    scales = [itemsize(str(s.dtype)) for s in arrays] + [1] * len(coordinates)
    sizes = [n, *rows[1:], *(s[d] * scale for s, scale in zip(steps[:-1], scales, strict=True) for d in range(len(rows)))]
    made = tuple(str(s.dtype) for s in outputs)
    along = tuple(zip(coordinates, inner[len(arrays) :], strict=True))
    key = (k.program, arguments, made, len(slots) - len(outputs) + 1, along, len(rows))
    aliases = tuple(range(len(outputs))) if k.in_place else None
    count = 1
    for d in rows:
        count *= d
    if 0 in shape:
        return Lowered((), aliases=aliases)
    units, grain = (-(-n // target.lanes), GRAIN // target.lanes) if not rows else (count, max(1, GRAIN // n))
    return Lowered((Launch("map", key, tuple(sizes), tuple(slots), units, grain),), aliases=aliases)


class _Operands:
    """The addresses of a row's operands, and how to read them at an element of the row."""

    def __init__(self, b: Builder, program: Program, arguments: Sequence[Argument]):
        self.b, self.program, self.arguments = b, program, arguments
        self.bases = [None if a.step is None else b.slot(a.slot) for a in arguments]
        self.known: dict[int, Lanes] = {}
        numbers = [i for i, a in enumerate(arguments) if a.step is None]
        evaluate(b, program, uniform_steps(program, numbers), self.known, self._number)

    def _number(self, i: int, step: Instruction) -> Lanes:
        return read_number(self.b, self.arguments[step.value])


def read_number(b: Builder, a: Argument) -> Lanes:
    """Return a Python number that the call brought, in every lane."""
    if a.dtype == "complex64":
        return b.splat(b.number(a.slot, "f32")), b.splat(b.number(a.slot + 1, "f32"))
    if a.dtype == "float32":
        return b.splat(b.number(a.slot, "f32"))
    value = b.splat(b.number(a.slot, "i32"))
    return value != 0 if a.dtype == "bool" else value


def read_element(b: Builder, a: Argument, row: Value, at: Value, count: Value | None) -> Lanes:
    """Return an array argument from element `at` of a row on."""
    if a.step == 0:
        return load_splat(b, a.dtype, row)
    return load_lanes(b, a.dtype, row + at * itemsize(a.dtype), count)


def decode(b: Builder, row: Value, dims: Sequence[Value], steps: Sequence[Sequence[Value]]) -> list[Value]:
    """Return for each operand the offset of a row whose number counts through the outer axes; dims lack the first axis's size."""
    digits: list[Value] = []
    for dim in reversed(dims):
        above = row // dim
        digits.append(row - above * dim)
        row = above
    digits.append(row)
    digits.reverse()
    offsets = []
    for own in steps:
        offset = digits[0] * own[0]
        for digit, step in zip(digits[1:], own[1:]):
            offset = offset + digit * step
        offsets.append(offset)
    return offsets


@emitter("map")
def emit_map(
    b: Builder,
    program: Program,
    arguments: Sequence[Argument],
    made: Sequence[str],
    first_output: int,
    along: Sequence[tuple[int, int]],
    outer: int,
) -> None:
    """Write the loops of a map: key of the launch made by `lower_map`."""
    size = b.sizes()
    n = size()
    dims = [size() for _ in range(outer - 1)]
    arrays = [a for a in arguments if a.step is not None]
    steps = [[size() for _ in range(outer)] for _ in range(len(arrays) + len(along))]
    targets = [b.slot(first_output + i) for i in range(len(made))]
    operands = _Operands(b, program, arguments)
    axes = {axis: (i, step) for i, (axis, step) in enumerate(along)}

    def loader(offsets: Sequence[Value], at: Value, count: Value | None) -> Load:
        def load(i: int, step: Instruction) -> Lanes:
            if step.op == "coord":
                number, unit = axes[step.value]
                first = b.splat(b.convert(offsets[len(arrays) + number], "i32"))
                return first if not unit else first + b.splat(b.convert(at, "i32")) + b.iota()
            position = sum(a.step is not None for a in arguments[: step.value])
            base = operands.bases[step.value]
            assert base is not None
            return read_element(b, arguments[step.value], base + offsets[position], at, count)

        return load

    def elements(offsets: Sequence[Value], outputs: Sequence[Value], *places: Value, count: Value | None = None) -> None:
        known = [dict(operands.known) for _ in places]
        # Step by step in turns: their chains of dependent instructions overlap.
        for _ in zip(*(evaluation(b, program, program.outputs, k, loader(offsets, at, count)) for k, at in zip(known, places))):
            pass
        for k, at in zip(known, places):
            for dtype, address, i in zip(made, outputs, program.outputs, strict=True):
                store_lanes(b, dtype, address + at * itemsize(dtype), k[i], count)

    zero = [b.index(0)] * len(steps)
    if not outer:
        # Buffers end on a whole number of vectors, so the last one needs no care.
        first = b.begin
        if b.registers >= 32 and cost(program.steps) > DEAR:
            first = b.end - ((b.end - b.begin) & 1)
            with b.loop(b.begin, first, 2) as u:
                elements(zero, targets, u * b.lanes, (u + 1) * b.lanes)
        with b.loop(first, b.end) as u:
            elements(zero, targets, u * b.lanes)
        return
    whole = n - n % b.lanes
    with b.loop(b.begin, b.end) as row:
        offsets = decode(b, row, dims, steps)
        outputs = [t + row * n * itemsize(d) for t, d in zip(targets, made, strict=True)]
        with b.loop(0, whole, b.lanes) as at:
            elements(offsets, outputs, at)
        with b.when(whole < n):
            elements(offsets, outputs, whole, count=n - whole)
