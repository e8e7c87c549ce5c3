"""Scatter: each element applies its own updates in their order, so there are no atomic operations and results depend on no device.

It looks through all indices of its batch, or where they are many through the run of its place in the sorted indices.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import Scatter, Spec
from ..program import Instruction, Program
from ..values.body import evaluate
from ..values.code import Lanes, Value
from ..values.half import float_to_half, half_to_float
from .builder import Shader
from .elements import digits, give, load_lanes, word_dtype
from .launch import Launch, Lowered, Storage, Target, array_in, array_out, emitter, lowering, words_of
from .order import SCRATCH, sorted_order

Operands = tuple[Storage, Storage, Storage]

_FEW = 8  # so many indices, or so many looks at them, are not worth sorting
_LOOKS = 1 << 20
# Rasterisers in software end the loops of a thread after 65535 rounds (of WebGL's four elements together): so long a run is
# given to several launches.
_ROUNDS = 1 << 13
_TOGETHER = 4  # updates in a round: their loads do not wait for one another


@lowering(Scatter)
def lower_scatter(k: Scatter, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return one launch, or with many indices those that sort them, find the runs, and update."""
    x, indices, updates = (array_in(i, s) for i, s in enumerate(inputs))
    return scattered(k, str(inputs[0].dtype), (x, indices, updates), array_out(0, outputs[0]), 0)


def scattered(k: Scatter, dtype: str, operands: Operands, out: Storage, scratch: int) -> Lowered:
    """Return the launches of a scatter of (x, indices, updates) to `out`; their scratch storages are numbered from `scratch` on."""
    inner = k.inner
    if k.kind == "set":  # words are moved, whatever they mean
        inner, dtype = inner * words_of(dtype), word_dtype(out.type)
    words = words_of(dtype)
    lanes = 1 if inner % 4 or words == 2 else 4
    threads = k.batch * k.n * inner // lanes
    x, indices, updates = operands
    direct = k.m <= _FEW or (k.m <= _ROUNDS and threads * k.m <= _LOOKS)
    reads = (x, updates, indices)
    launch = Launch("scatter", (dtype, k.kind, not direct), reads, (out,), threads, (k.n, k.m, inner), lanes=lanes, words=words)
    return Lowered((launch,)) if direct else _by_runs(k, launch, scratch)


def _by_runs(k: Scatter, launch: Launch, scratch: int) -> Lowered:
    """Return the launches that sort the indices, find the run of each place, and update: a few where a run may be too long for one."""
    (x, updates, indices), (out,) = launch.reads, launch.writes
    sorting, keys, order = sorted_order(indices, k.batch, k.m, scratch)
    runs, *held = (Storage("scratch", scratch + SCRATCH + i, type) for i, type in enumerate("i" + 2 * out.type))
    count, most = k.batch * (k.n + 1), _ROUNDS * _TOGETHER
    launches = [*sorting, Launch("runs", (), (keys,), (runs,), count, (k.n, k.m))]
    starts = range(0, 1 if k.kind == "set" else k.m, most)
    for i, start in enumerate(starts):
        to = out if i == len(starts) - 1 else held[i % 2]
        launches.append(launch._replace(reads=(x, updates, order, runs), writes=(to,), sizes=(*launch.sizes, start, most)))
        x = to
    words = launch.threads * launch.lanes * launch.words
    part = [(words, out.type)] * min(2, len(starts) - 1)
    return Lowered(tuple(launches), (*[(k.batch * k.m, "i")] * SCRATCH, (count, "i"), *part))


@emitter("runs")
def emit_runs(b: Shader) -> None:
    """Write a thread that counts the keys of a sorted row below a number; there is one more number than there are places."""
    size = b.sizes()
    n, m = size(), size()
    row, place = digits(b, b.at, [n + 1])
    low, high = b.variable("index", 0), b.variable("index", m)
    first, wanted = row * m, b.convert(place, "i32")
    with b.repeat() as again:
        again.stop_when(low.value >= high.value)
        middle = (low.value + high.value) >> 1
        with b.when(b.load(0, first + middle) < wanted) as branch:
            low.set(middle + 1)
            branch.otherwise()
            high.set(middle)
    give(b, 0, "int32", b.splat(b.convert(low.value, "i32")))


@emitter("scatter")
def emit_scatter(b: Shader, dtype: str, kind: str, ordered: bool) -> None:
    """Write a thread of a scatter; with `ordered`, arrays 2 and 3 are the order of the indices and where runs begin, else the indices."""
    size = b.sizes()
    n, m, inner = size(), size(), size()
    row, column = digits(b, b.at, [inner])
    batch, place = digits(b, row, [n])
    first = batch * m
    found = load_lanes(b, 0, dtype, b.at)
    held = [b.variable(part.type, part) for part in (found if isinstance(found, tuple) else (found,))]

    def current() -> Lanes:
        return (held[0].value, held[1].value) if len(held) == 2 else held[0].value

    def update(number: Value) -> None:
        new = load_lanes(b, 1, dtype, (first + number) * inner + column)
        made = new if kind == "set" else _combined(b, dtype, kind, current(), new)
        for variable, part in zip(held, made if isinstance(made, tuple) else (made,), strict=True):
            variable.set(part)

    if ordered:
        start, most = size(), size()
        begin, end = (b.convert(b.load(3, row + batch + i), "index") for i in (0, 1))
        if kind == "set":  # only the last one counts
            begin = b.maximum(begin, end - 1)
        begin = begin + start
        end = b.minimum(end, begin + most)
        with b.loop(begin, end, _TOGETHER) as at:
            for i in range(1 if kind == "set" else _TOGETHER):
                with b.when(at + i < end):
                    update(b.convert(b.load(2, first + at + i), "index"))
    else:
        wanted = b.convert(place, "i32")
        with b.loop(0, m) as number, b.when(b.load(2, first + number) == wanted):
            update(number)
    give(b, 0, dtype, current())


def _combined(b: Shader, dtype: str, kind: str, old: Lanes, new: Lanes) -> Lanes:
    """Return lanes of a dtype added, multiplied, or compared, as a program has it; float16 is rounded each time."""
    steps = (Instruction("arg", (), 0, dtype), Instruction("arg", (), 1, dtype), Instruction(kind, (0, 1), None, dtype))
    known: dict[int, Lanes] = {}
    evaluate(b, Program(steps, (2,), ((), (), (0, 1))), (2,), known, lambda i, _: (old, new)[i])
    made = known[2]
    return half_to_float(b, float_to_half(b, made)) if dtype == "float16" and isinstance(made, Value) else made
