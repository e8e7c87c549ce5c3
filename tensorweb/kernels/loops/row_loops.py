"""The loops of rows: passes over each row, with the lanes along the row or across rows. How rows become launches is in `row.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..program import Instruction, Program
from ..values.body import evaluate, uniform_steps
from ..values.code import Lanes, Value
from .builder import Builder
from .lanes import chosen
from .launch import emitter
from .map import Argument, decode, read_number
from .memory import itemsize, load_lanes, load_splat, store_first, store_lanes
from .reductions import BLOCK, Accumulator, reduction_of
from .row_steps import RowSteps

UNROLLED = 4  # vectors per turn of a loop with little work: additions wait for one another only within each
LITTLE_WORK = 6


class Result(NamedTuple):
    """An output: `full` if it has the row's length, else one element for each row."""

    dtype: str
    full: bool


class _Operand(NamedTuple):
    """Where an argument or output lies: an address, and the bytes from element to element along axes kept, outer reduced, and the run.

    `step` is the number of elements (0 or 1) from lane to lane. The index into the row is an operand too, at address 0.
    """

    base: Value
    kept: list[Value]
    outer: list[Value]
    run: Value
    step: int
    dtype: str


class _Site(NamedTuple):
    """A vector's worth of work on one row, or on as many neighbouring rows as there are lanes (or on the first `few` of these)."""

    addresses: list[Value]
    known: dict[int, Lanes]
    few: Value | None


class RowKey(NamedTuple):
    """What the code of a row kernel depends on.

    `constant[i]`: argument i does not change along the row. The axes are `kept` outer ones, `reduced - 1` outer ones that are reduced,
    and the run. `across` is the number of vectors of neighbouring rows that go together, along one more axis that is kept; 0 for lanes
    along the run. `indexed`: the indices of elements matter.
    """

    program: Program
    arguments: tuple[Argument, ...]
    constant: tuple[bool, ...]
    results: tuple[Result, ...]
    first_output: int
    across: int
    kept: int
    reduced: int
    indexed: bool


@emitter("row")
def emit_row(b: Builder, *key: Any) -> None:
    """Write the loops of rows: key of the launch made by `row.launch`."""
    _Rows(b, RowKey(*key)).emit()


class _Rows:
    """The state of one emission."""

    def __init__(self, b: Builder, key: RowKey):
        self.b, self.program, self.results, self.across = b, key.program, key.results, key.across
        self.steps = RowSteps(key.program, key.constant)
        self.full = [r.full for r in key.results]
        self.saved = self.steps.saved(self.full)
        size = b.sizes()
        self.count, self.n = size(), size()
        self.width, self.blocks = (size(), size()) if key.across else (b.index(1), b.index(1))
        self.kept = [size() for _ in range(key.kept - 1)]
        self.outer = [size() for _ in range(key.reduced - 1)]

        def operand(base: Value, step: int, dtype: str) -> _Operand:
            return _Operand(base + size(), [size() for _ in range(key.kept)], [size() for _ in self.outer], size(), step, dtype)

        arrays = [(i, a) for i, a in enumerate(key.arguments) if a.step is not None]
        self.place = {i: k for k, (i, _) in enumerate(arrays)}
        self.operands = [operand(b.slot(a.slot), a.step or 0, a.dtype) for _, a in arrays]
        self.first_result = len(arrays)
        self.operands += [operand(b.slot(key.first_output + k), 1, r.dtype) for k, r in enumerate(key.results)]
        if key.indexed:
            self.operands.append(operand(b.index(0), 0, "int8"))
        self.uniform: dict[int, Lanes] = {}
        numbers = [i for i, a in enumerate(key.arguments) if a.step is None]
        uniform = uniform_steps(key.program, numbers)
        evaluate(b, key.program, uniform, self.uniform, lambda i, step: read_number(b, key.arguments[step.value]))

    def emit(self) -> None:
        b = self.b
        with b.loop(b.begin, b.end) as unit:
            if not self.across:
                self._rows([self._site(unit, None, None)])
                return
            row = unit // self.blocks
            together = self.across * b.lanes
            first = (unit - row * self.blocks) * together
            with b.when(first + together <= self.width) as branch:
                self._rows([self._site(row, first + j * b.lanes, None) for j in range(self.across)])
                branch.otherwise()
                with b.loop(first, self.width, b.lanes) as column:
                    self._rows([self._site(row, column, b.minimum(self.width - column, b.lanes))])

    def _site(self, row: Value, column: Value | None, count: Value | None) -> _Site:
        offsets = decode(self.b, row, self.kept, [o.kept for o in self.operands])
        addresses = [o.base + offset for o, offset in zip(self.operands, offsets, strict=True)]
        if column is not None:
            addresses = [a + column * itemsize(o.dtype) if o.step else a for a, o in zip(addresses, self.operands, strict=True)]
        return _Site(addresses, dict(self.uniform), count)

    # --- passes ---

    def _rows(self, sites: Sequence[_Site]) -> None:
        """Compute one row, or rows side by side: pass after pass, then what has one element for each row."""
        for level in range(self.steps.last + 1):
            for site in sites:
                evaluate(self.b, self.program, self.steps.constants(level), site.known, self._loader(site))
            if self.steps.wanted(level, self.full):
                _Pass(self, level, sites).emit()
        for site in sites:
            short = [k for k, r in enumerate(self.results) if not r.full]
            evaluate(self.b, self.program, [self.program.outputs[k] for k in short], site.known, self._loader(site))
            for k in short:
                lanes, address = site.known[self.program.outputs[k]], site.addresses[self.first_result + k]
                if self.across:
                    store_lanes(self.b, self.results[k].dtype, address, lanes, site.few)
                else:
                    store_first(self.b, self.results[k].dtype, address, lanes)

    def _loader(self, site: _Site) -> Callable[[int, Instruction], Lanes]:
        """Return how steps are read that are constant along the row: from its first element."""

        def load(i: int, step: Instruction) -> Lanes:
            if step.op == "count":
                return self.b.splat(self.b.convert(self.count, "i32"))
            place = self.place[step.value]
            return self.read(place, site.addresses[place], site.few, bool(self.across))

        return load

    def read(self, place: int, address: Value, count: Value | None, lanes: bool) -> Lanes:
        """Return lanes of an operand, or one element in all of them."""
        operand = self.operands[place]
        if lanes and operand.step:
            return load_lanes(self.b, operand.dtype, address, count)
        return load_splat(self.b, operand.dtype, address)


class _Pass:
    """One pass over the rows of some sites: the reductions of a level, and the outputs of the row's length that it can give."""

    def __init__(self, rows: _Rows, level: int, sites: Sequence[_Site]):
        self.rows, self.level, self.sites, self.b = rows, level, sites, rows.b
        steps = rows.steps
        self.reductions = {i: reduction_of(rows.program, i) for i in steps.reductions(level)}
        self.long = any(r.long for r in self.reductions.values())
        self.wanted = steps.wanted(level, rows.full)
        self.stored = {i: s.output for i, s in rows.saved.items() if s.level == level}
        self.loaded = {i: s.output for i, s in rows.saved.items() if s.level < level <= steps.level[rows.program.outputs[s.output]]}
        little = steps.cost(steps.needed(self.wanted, self.loaded)) <= LITTLE_WORK
        self.turns = UNROLLED if little and not rows.across else 1
        self.accumulators = [{i: Accumulator(self.b, r, self.turns) for i, r in self.reductions.items()} for _ in sites]

    def emit(self) -> None:
        self._outer(0, [self.b.index(0) for _ in self.rows.operands])
        for site, own in zip(self.sites, self.accumulators, strict=True):
            for i, accumulator in own.items():
                site.known[i] = accumulator.result(across=not self.rows.across)

    def _outer(self, depth: int, offsets: Sequence[Value]) -> None:
        """Write the loops over the outer axes that are reduced, then the run."""
        if depth == len(self.rows.outer):
            self._run(offsets)
            return
        with self.b.loop(0, self.rows.outer[depth]) as i:
            self._outer(depth + 1, [at + i * o.outer[depth] for at, o in zip(offsets, self.rows.operands, strict=True)])

    def _run(self, offsets: Sequence[Value]) -> None:
        b, n = self.b, self.rows.n
        if self.rows.across:
            self._blocks(n, 1, offsets)
            return
        whole = n - n % (self.turns * b.lanes)
        self._blocks(whole, self.turns * b.lanes, offsets)
        with b.when(whole < n):
            with b.loop(whole, n, b.lanes) as at:
                self._element(0, 0, offsets, at, b.minimum(n - at, b.lanes))
            self._flush(1)

    def _blocks(self, stop: Value, step: int, offsets: Sequence[Value]) -> None:
        """Write the loop over a run from 0 to `stop`, in blocks if sums have to be flushed."""
        b = self.b
        if not self.long:
            with b.loop(0, stop, step) as at:
                self._turn(offsets, at)
            return
        with b.loop(0, stop, BLOCK * step) as start:
            with b.loop(start, b.minimum(start + BLOCK * step, stop), step) as at:
                self._turn(offsets, at)
            self._flush(self.turns)

    def _turn(self, offsets: Sequence[Value], at: Value) -> None:
        for s in range(len(self.sites)):
            for turn in range(self.turns):
                self._element(s, turn, offsets, at, None)

    def _flush(self, turns: int) -> None:
        for own in self.accumulators:
            for accumulator in own.values():
                accumulator.flush(turns)

    # --- elements ---

    def _element(self, s: int, turn: int, offsets: Sequence[Value], at: Value, count: Value | None) -> None:
        """Compute a vector of elements, `turn` vectors after `at`; what lies beyond `count` along a row may not come into reductions."""
        b, rows, site = self.b, self.rows, self.sites[s]
        lanes = site.few if rows.across else count

        def address(place: int) -> Value:
            operand = rows.operands[place]
            here = site.addresses[place] + offsets[place]
            if rows.across:
                return here + at * operand.run
            return here + (at + turn * b.lanes) * itemsize(operand.dtype) if operand.step else here

        def load(i: int, step: Instruction) -> Lanes:
            return rows.read(rows.place[step.value], address(rows.place[step.value]), lanes, True)

        known = dict(site.known)
        for i, k in self.loaded.items():
            known[i] = rows.read(rows.first_result + k, address(rows.first_result + k), lanes, True)
        evaluate(b, rows.program, self.wanted, known, load)
        inside = None if count is None else b.iota() < b.splat(b.convert(count, "i32"))
        for i, accumulator in self.accumulators[s].items():
            x = known[rows.program.steps[i].args[0]]
            if isinstance(x, Value) and x.type == "vm" and accumulator.r.indexed:
                x = b.convert(x, "vi")
            if inside is not None:
                x = chosen(b, inside, x, accumulator.identity)
            accumulator.add(turn, x, self._index(site, turn, offsets, at) if accumulator.r.indexed else None)
        outputs = rows.program.outputs
        due = {k: o for k, o in enumerate(outputs) if rows.full[k] and rows.steps.level[o] == self.level}
        for k, i in (*((k, i) for i, k in self.stored.items()), *due.items()):
            store_lanes(b, rows.results[k].dtype, address(rows.first_result + k), known[i], lanes)

    def _index(self, site: _Site, turn: int, offsets: Sequence[Value], at: Value) -> Value:
        b, operand = self.b, self.rows.operands[-1]
        first = b.splat(b.convert(site.addresses[-1] + offsets[-1] + at * operand.run, "i32"))
        return first if self.rows.across else first + (b.iota() + turn * b.lanes)
