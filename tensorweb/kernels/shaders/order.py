"""Rows of int32 keys in stable order, by merging: each pass merges pairs of sorted runs, and each thread finds what comes to its place."""

from __future__ import annotations

from .builder import Shader
from .elements import digits, give
from .launch import Launch, Storage, emitter

SCRATCH = 4  # storages that sorting takes, each as large as the keys


def sorted_order(keys: Storage, rows: int, n: int, scratch: int) -> tuple[tuple[Launch, ...], Storage, Storage]:
    """Return the launches that sort rows of `n` keys, and the storages of the sorted keys and of where in their rows they came from.

    They use SCRATCH scratch storages of rows * n words, "i", from number `scratch` on. Equal keys keep their order.
    """
    numbers = [Storage("scratch", scratch + i, "i") for i in range(SCRATCH)]
    pairs = (numbers[0], numbers[1]), (numbers[2], numbers[3])
    launches: list[Launch] = []
    reads: tuple[Storage, ...] = (keys,)
    run = 1
    while run < n or not launches:
        writes = pairs[len(launches) % 2]
        launches.append(Launch("merge", (not launches,), reads, writes, rows * n, (n, run)))
        reads = writes
        run *= 2
    return tuple(launches), reads[0], reads[1]


@emitter("merge")
def emit_merge(b: Shader, first: bool) -> None:
    """Write a thread of a pass: of two neighbouring runs it finds how many keys of each are before its place.

    In the `first` pass keys are where they came from.
    """
    size = b.sizes()
    n, run = size(), size()
    row, column = digits(b, b.at, [n])
    span = run * 2
    start = b.op("div_s", column, span) * span
    place = column - start
    left = b.minimum(n - start, run)
    right = b.minimum(n - start - left, run)
    a = row * n + start
    z = a + left
    low, high = b.variable("index", b.maximum(place - right, 0)), b.variable("index", b.minimum(place, left))
    with b.repeat() as again:
        again.stop_when(low.value >= high.value)
        middle = (low.value + high.value) >> 1
        with b.when(b.load(0, a + middle) <= b.load(0, z + place - 1 - middle)) as branch:
            low.set(middle + 1)
            branch.otherwise()
            high.set(middle)
    i = low.value
    j = place - i
    # Where a run has ended its key is not looked at; the other's place stands in for it.
    at_a, at_z = b.select(i < left, a + i, z + j), b.select(j < right, z + j, a + i)
    key_a, key_z = b.load(0, at_a), b.load(0, at_z)
    at = b.select(key_a <= key_z, at_a, at_z)
    give(b, 0, "int32", b.splat(b.select(key_a <= key_z, key_a, key_z)))
    give(b, 1, "int32", b.splat(b.convert(at - row * n, "i32") if first else b.load(1, at)))
