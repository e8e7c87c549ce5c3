"""Cuts a program into launches that a device can bind: few storages each, steps of the program passing through scratch between them.

Which launch gives a step is the pattern's business (`map.py`, `rows.py`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from ..loops.launch import Slot
from ..loops.row import Piece, Source
from ..patterns import Spec
from ..program import Program
from .launch import Launch, Storage, Target, stored, words_of


class Result(NamedTuple):
    """A step that a launch gives, and where to: one storage, or one for each of a reduction's parts."""

    step: int
    dtypes: tuple[str, ...]
    targets: tuple[Storage, ...]


def storage_of(source: Source) -> Storage:
    """Return the storage of what a stage reads."""
    return Storage(source.slot.kind, source.slot.number, stored(str(source.spec.dtype)))


def arrays_of(piece: Piece) -> list[Source]:
    """Return what a piece of a program reads that is no Python number."""
    return [s for s in piece.sources if not isinstance(s.spec.dtype, type)]


def reads_of(piece: Piece) -> list[Storage]:
    """Return the storages that a piece of a program reads."""
    return list(dict.fromkeys(map(storage_of, arrays_of(piece))))


def redirected(call: Launch, piece: Piece, targets: Sequence[Storage]) -> Launch:
    """Return the launch of a map with the kernel's own storages in place of those of a piece."""
    reads = tuple(storage_of(piece.sources[s.number]) for s in call.reads)
    writes = tuple(targets[s.number] for s in call.writes)
    numbers = tuple(n._replace(number=piece.sources[n.number].slot.number) for n in call.numbers)
    return call._replace(reads=reads, writes=writes, numbers=numbers)


class Stages(ABC):
    """The state of one lowering: launches so far, scratch, and the steps that lie there (`given`)."""

    def __init__(self, program: Program, inputs: Sequence[Spec], target: Target):
        self.program, self.inputs, self.target = program, inputs, target
        self.launches: list[Launch] = []
        self.scratch: list[tuple[int, str]] = []
        self.given: dict[int, Source] = {}

    @abstractmethod
    def part(self, i: int) -> Source:
        """Add a launch that leaves a step in scratch, and return where."""

    def new(self, shape: tuple[int, ...], dtype: str) -> Source:
        """Return new scratch; what is computed in float32 lies there so."""
        spec = Spec(shape, "float32" if dtype == "float16" else dtype)
        self.scratch.append((prod(shape) * words_of(dtype), stored(dtype)))
        return Source(spec, Slot("scratch", len(self.scratch) - 1))

    def piece(self, wanted: Sequence[int]) -> Piece:
        """Return the program of the wanted steps."""
        piece = Piece(self.program, self.inputs, self.given)
        for i in wanted:
            piece.take(i)
        return piece

    def groups(self, results: Sequence[Result]) -> list[list[Result]]:
        """Return the results by the launches that can give them, in order."""
        groups: list[list[Result]] = []
        for r in results:
            self._lighten(r)
            if groups and self.fits([*groups[-1], r]):
                groups[-1].append(r)
            else:
                groups.append([r])
        return groups

    def fits(self, results: Sequence[Result]) -> bool:
        """Tell whether one launch can give several results."""
        outputs = [d for r in results for d in r.dtypes]
        reads = reads_of(self.piece([r.step for r in results]))
        fewer = len(outputs) <= self.target.max_outputs and len(reads) + len(outputs) <= self.target.max_storages
        return fewer and len({words_of(d) for d in outputs}) == 1

    def _lighten(self, r: Result) -> None:
        """See to it that one launch can give a result: what would read too much gets parts of it from scratch."""
        room = self.target.max_storages - len(r.dtypes)
        while len(reads_of(self.piece([r.step]))) > room:
            weights = [len(reads_of(self.piece([i]))) for i in range(r.step + 1)]
            heavy = next(i for i, n in enumerate(weights) if n > room)
            i = max(self.program.steps[heavy].args, key=weights.__getitem__)
            self.given[i] = self.part(i)
