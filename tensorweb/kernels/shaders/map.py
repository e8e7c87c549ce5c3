"""The map pattern as threads: each computes an element of the result, or four neighbours where all operands lie that way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..loops.row import Source
from ..patterns import Map, Spec
from ..program import Instruction, Program
from ..strides import broadcast_strides, collapse, strides_of
from ..values.body import evaluate
from ..values.code import Lanes, Value
from .builder import Shader
from .elements import digits, give, load, load_lanes, offset
from .launch import Launch, Lowered, Number, Storage, Target, array_in, array_out, emitter, lowering, words_of
from .stages import Result, Stages, redirected, storage_of

NUMBER_KINDS = {"float32": ("f32",), "int32": ("i32",), "bool": ("i32",), "complex64": ("re", "im")}


class Argument(NamedTuple):
    """How an argument is read: from storage number `array`, the same element in all lanes if `step` is 0; or it is a Python number."""

    dtype: str
    array: int | None
    step: int = 0


@lowering(Map)
def lower_map(k: Map, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a map: one, or several where one command cannot bind all operands."""
    if 0 in outputs[0].shape:
        return Lowered(())
    updated = len(outputs) if k.in_place and target.groups else 0
    storages = sum(not isinstance(s.dtype, type) for s in inputs) - updated + len(outputs)
    alike = len({words_of(str(s.dtype)) for s in outputs}) == 1
    if alike and len(outputs) <= target.max_outputs and storages <= target.max_storages:
        return Lowered((_launch(k.program, inputs, outputs, updated),), in_place=updated)
    stages = _MapStages(k.program, inputs, outputs, target)
    results = [Result(i, (str(s.dtype),), (array_out(n, s),)) for n, (i, s) in enumerate(zip(k.program.outputs, outputs, strict=True))]
    for group in stages.groups(results):
        stages.add(group)
    return Lowered(tuple(stages.launches), tuple(stages.scratch))


class _MapStages(Stages):
    """The state of the lowering of a map that one command cannot do."""

    def __init__(self, program: Program, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target):
        super().__init__(program, inputs, target)
        self.shape = outputs[0].shape

    def part(self, i: int) -> Source:
        made = self.new(self.shape, self.program.steps[i].dtype)
        self.add([Result(i, (str(made.spec.dtype),), (storage_of(made),))])
        return made

    def add(self, results: Sequence[Result]) -> None:
        """Add the launch that gives some steps."""
        piece = self.piece([r.step for r in results])
        program = piece.program([piece.take(r.step) for r in results])
        call = _launch(program, [s.spec for s in piece.sources], [Spec(self.shape, r.dtypes[0]) for r in results], 0)
        self.launches.append(redirected(call, piece, [r.targets[0] for r in results]))


def _launch(program: Program, inputs: Sequence[Spec], outputs: Sequence[Spec], updated: int) -> Launch:
    """Return the launch of a map; the first `updated` inputs are overwritten by the outputs of their numbers."""
    shape = outputs[0].shape
    dtypes = {s.value: s.dtype for s in program.steps if s.op == "arg"}
    coordinates = tuple(sorted({s.value for s in program.steps if s.op == "coord"}))
    arrays = [i for i, s in enumerate(inputs) if not isinstance(s.dtype, type)]
    along = [strides_of(shape) if axis < 0 else [int(d == axis) for d in range(len(shape))] for axis in coordinates]
    views = [broadcast_strides(inputs[i].shape, shape) for i in arrays] + along
    dims, steps = collapse(shape, [*views, strides_of(shape)])
    steps = steps[:-1]
    made = tuple(str(s.dtype) for s in outputs)
    wide = _is_wide(dims, steps[: len(arrays)], [*(str(inputs[i].dtype) for i in arrays), *made])
    reads, places = _storages(arrays, inputs, updated)
    arguments = tuple(
        Argument(dtypes.get(i, "float32") if isinstance(s.dtype, type) else str(s.dtype), places.get(i), _step(i, arrays, steps))
        for i, s in enumerate(inputs)
    )
    numbers = tuple(Number(kind, i) for i, a in enumerate(arguments) if a.array is None for kind in NUMBER_KINDS[a.dtype])
    # Kernels exist for few ranks: an axis of size 1 in front changes nothing.
    while 1 < len(dims) < 3:
        dims.insert(0, 1)
        for s in steps:
            s.insert(0, 0)
    count = 1
    for d in dims:
        count *= d
    key = (program, arguments, made, tuple((axis, s[-1]) for axis, s in zip(coordinates, steps[len(arrays) :])), len(dims))
    sizes = (*dims[1:], *(n for s in steps for n in (s if len(dims) > 1 else ())))
    writes = tuple(array_out(i, s) for i, s in enumerate(outputs))
    lanes = 4 if wide else 1
    return Launch("map", key, reads, writes, -(-count // lanes), sizes, numbers, lanes, words_of(made[0]))


def _is_wide(dims: Sequence[int], steps: Sequence[Sequence[int]], dtypes: Sequence[str]) -> bool:
    """Tell whether four neighbours of the result have four neighbours, or one element, of each operand."""
    if "complex64" in dtypes or (len(dims) > 1 and dims[-1] % 4):
        return False
    return all(s[-1] == 0 or (s[-1] == 1 and all(n % 4 == 0 for n in s[:-1])) for s in steps)


def _step(i: int, arrays: Sequence[int], steps: Sequence[Sequence[int]]) -> int:
    return steps[arrays.index(i)][-1] if i in arrays else 0


def _storages(arrays: Sequence[int], inputs: Sequence[Spec], updated: int) -> tuple[tuple[Storage, ...], dict[int, int]]:
    """Return what is read, and the number of the array of each input; what is updated in place is read where it is written."""
    reads = [i for i in arrays if i >= updated]
    places = {i: n for n, i in enumerate(reads)}
    return tuple(array_in(i, inputs[i]) for i in reads), places | {i: len(reads) + i for i in range(updated)}


def read_number(b: Shader, dtype: str, words: list[Value]) -> Lanes:
    """Return a Python number, whose words come next, in every lane."""
    values = [b.splat(words.pop(0)) for _ in NUMBER_KINDS[dtype]]
    if dtype in ("float32", "complex64"):
        parts = [b.bits(v, "vf") for v in values]
        return parts[0] if dtype == "float32" else (parts[0], parts[1])
    return values[0] != 0 if dtype == "bool" else values[0]


@emitter("map")
def emit_map(
    b: Shader, program: Program, arguments: Sequence[Argument], made: Sequence[str], along: Sequence[tuple[int, int]], rank: int
) -> None:
    """Write a thread of a map: key of the launch made by `_launch`."""
    size = b.sizes()
    dims = [size() for _ in range(rank - 1)]
    arrays = [i for i, a in enumerate(arguments) if a.array is not None]
    operands = len(arrays) + len(along)
    steps = [[size() for _ in range(rank)] for _ in range(operands)] if rank > 1 else []
    words = [size() for a in arguments if a.array is None for _ in NUMBER_KINDS[a.dtype]]
    numbers = {i: read_number(b, a.dtype, words) for i, a in enumerate(arguments) if a.array is None}
    if rank > 1:
        indices = digits(b, b.at, dims)
        offsets = [offset(b, indices, s) for s in steps]
    else:
        inner = [arguments[i].step for i in arrays] + [step for _, step in along]
        offsets = [b.at if step else b.index(0) for step in inner]

    def read(i: int, step: Instruction) -> Lanes:
        if step.op == "coord":
            place = next(n for n, (axis, _) in enumerate(along) if axis == step.value)
            first = b.splat(b.convert(offsets[len(arrays) + place], "i32"))
            return first + b.iota() if along[place][1] else first
        a = arguments[step.value]
        if a.array is None:
            return numbers[step.value]
        at = offsets[arrays.index(step.value)]
        return load_lanes(b, a.array, a.dtype, at) if a.step else load(b, a.array, a.dtype, at)

    known: dict[int, Lanes] = {}
    evaluate(b, program, program.outputs, known, read)
    for k, (dtype, i) in enumerate(zip(made, program.outputs, strict=True)):
        give(b, k, dtype, known[i])
