"""How a pattern becomes calls of kernels: `Launch` is one call, `Lowered` all that a plan needs. The loops are in the files beside this.

`LOWERINGS` has, for each pattern, the function from (kernel, inputs, outputs, target) to Lowered; `EMITTERS`, for each family of
kernels, the function (builder, *key) that writes its code. Shapes are sizes of a launch, never part of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..patterns import Spec
from ..tables import put_in
from .builder import Builder


class Target(NamedTuple):
    """What a lowering may ask of the machine: lanes of a vector, vector registers, whether fma is one instruction, threads.

    `fused_products`: whether fma makes products of matrices faster.
    """

    lanes: int
    registers: int
    fused: bool
    threads: int = 1
    index_bytes: int = 8
    fused_products: bool = True


class Slot(NamedTuple):
    """What one slot of a call holds: an address, or an input that is a Python number.

    kind is in, out, scratch, derived, table (the address of the one with this number), or f32, i32, index, re, im (a number).
    """

    kind: str
    number: int


class Launch(NamedTuple):
    """One call of a kernel over `units` of work; slots are numbered from 1. Threads take no fewer than `grain` units at a time."""

    family: str
    key: tuple
    sizes: tuple[int, ...]
    slots: tuple[Slot, ...]
    units: int
    grain: int = 1


class Derived(NamedTuple):
    """Another form of an input that stays with the input's buffer while its values do: a packed matrix. `name` tells its layout."""

    input: int
    name: str
    nbytes: int
    launch: Launch


class Lowered(NamedTuple):
    """The launches of a plan in order, and what they need: bytes of scratch buffers, derived forms of inputs, constant tables.

    `aliases` gives for each output the input whose memory it takes (None: its own), as updates in place have it.
    """

    launches: tuple[Launch, ...]
    scratch: tuple[int, ...] = ()
    derived: tuple[Derived, ...] = ()
    tables: tuple[bytes, ...] = ()
    aliases: tuple[int | None, ...] | None = None


def chain(first: Lowered, nbytes: int, second: Lowered, renumber: Callable[[int], int | None]) -> Lowered:
    """Return two plans as one: the only output of the first, `nbytes` long, goes to scratch memory and is an input of the second.

    `renumber` gives the number that an input of the second has in the whole, None for the first's output.
    """
    between = Slot("scratch", len(first.scratch))
    shifts = {"scratch": between.number + 1, "derived": len(first.derived), "table": len(first.tables)}

    def moved(slot: Slot) -> Slot:
        if slot.kind == "out":
            return slot
        if slot.kind in shifts:
            return slot._replace(number=slot.number + shifts[slot.kind])
        number = renumber(slot.number)
        return between if number is None else slot._replace(number=number)

    def within(launch: Launch, change: Callable[[Slot], Slot]) -> Launch:
        return launch._replace(slots=tuple(map(change, launch.slots)))

    def form(d: Derived) -> Derived:
        # The launch of a derived form knows one form only: its own.
        slots = tuple(s if s.kind == "derived" else moved(s) for s in d.launch.slots)
        return d._replace(input=slots[0].number, launch=d.launch._replace(slots=slots))

    return Lowered(
        (
            *(within(x, lambda s: between if s.kind == "out" else s) for x in first.launches),
            *(within(x, moved) for x in second.launches),
        ),
        (*first.scratch, nbytes, *second.scratch),
        (*first.derived, *map(form, second.derived)),
        (*first.tables, *second.tables),
    )


Lowering = Callable[[Any, Sequence[Spec], Sequence[Spec], Target], Lowered]

LOWERINGS: dict[type, Lowering] = {}
EMITTERS: dict[str, Callable[..., None]] = {}

# About how many elements of simple work pay for handing a part to another thread.
GRAIN = 1 << 14


lowering = put_in(LOWERINGS)  # decorates the lowering of a pattern
emitter = put_in(EMITTERS)  # decorates the function that writes a family's code: (builder, *key)


def emit(builder: Builder, launch: Launch) -> None:
    """Write a launch's kernel."""
    EMITTERS[launch.family](builder, *launch.key)
