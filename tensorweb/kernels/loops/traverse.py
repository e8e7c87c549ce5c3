"""Writes the loops of a `schedule.Form`: units, tiles and lanes of the output, and for each the sums over what is tied to it.

Addresses move along labels as their values become known; a tie then gives the bounds of the label it ties, so that inside of the loops
nothing is tested. Where a tile or the lanes run along a tied label its rows or lanes share loops: what not all of them meet is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace

from ..program import Instruction
from ..values.body import evaluate, uniform_steps
from ..values.code import Lanes, Value
from .builder import Builder
from .lanes import Cell, LongSum, chosen, each, filled, larger, lowest, plus, times_plus
from .launch import emitter
from .map import read_number
from .memory import itemsize, load_lanes, load_splat, load_strided, store_first, store_lanes, store_strided
from .schedule import Finish, Form, names

Range = tuple[Value, Value]


@dataclass(frozen=True)
class _Place:
    """Where the loops are: the operands' addresses, the labels' values, the ranges of those that have none yet.

    `common` is the part of the range of the label tied to the tile that all rows meet; `met` tells which rows meet its value if not all.
    """

    addresses: tuple[Value, ...]
    values: dict[int, Value]
    ranges: dict[int, Range]
    common: Range | None = None
    met: tuple[Value, ...] = ()


class _Sum:
    """An accumulator: lanes, and for argmax the places they come from."""

    def __init__(self, b: Builder, form: Form, dtype: str):
        self.b, self.first = b, filled(b, dtype, lowest(dtype) if form.kind in ("max", "argmax") else 0)
        self.best = Cell(b, self.first)
        self.place = Cell(b, b.constant("vi", -1)) if form.kind == "argmax" else None

    def clear(self) -> None:
        self.best.set(self.first)
        if self.place is not None:
            self.place.set(self.b.constant("vi", -1))


@emitter("nest")
def emit_nest(b: Builder, *key: object) -> None:
    """Write the loops of a form."""
    _Nest(b, Form(*key)).write()  # type: ignore[arg-type]


class _Nest:
    def __init__(self, b: Builder, form: Form):
        self.b, self.form = b, form
        size = b.sizes()
        self.sizes = {name: size() for name in names(form)}
        self.buffers = [b.slot(1 + o) for o in range(len(form.dtypes))]
        self.out = len(form.dtypes) - 1
        self.dtype = form.dtypes[0]
        self.zero = filled(b, self.dtype, 0)
        self.finish = _Finisher(b, form, self) if form.finish else None
        self.row_steps = [[self._stride(o, form.tile) * r for r in range(form.rows)] for o in range(len(form.dtypes))]
        self.sums = [[_Sum(b, form, self.dtype) for _ in range(form.rows)] for _ in range(form.unroll)]
        self.totals = [LongSum(b, self.zero) for _ in range(form.rows)] if form.flush >= 0 else []

    def _stride(self, o: int, label: int) -> Value:
        return self.sizes.get(("stride", o, label), self.b.index(0))

    # --- units ---

    def write(self) -> None:
        b, form = self.b, self.form
        with b.loop(b.begin, b.end) as unit:
            addresses = tuple(base + self.sizes["offset", o] for o, base in enumerate(self.buffers))
            ranges = {label: (b.index(0), self.sizes["size", label]) for label in range(len(form.moves))}
            place = _Place(addresses, {}, ranges)
            digits = self._digits(unit)
            for i, (digit, value) in enumerate(zip(form.digits, digits)):
                if digit.chunked:
                    place = self._part(place, i, digit.label, value)
            for digit, value in zip(form.digits, digits):
                if not digit.chunked:
                    place = self.moved(place, digit.label, value)
            self._tiles(place)

    def _digits(self, unit: Value) -> list[Value]:
        """Return the digits of a unit's number."""
        made: list[Value] = []
        for i, digit in reversed(list(enumerate(self.form.digits))):
            if i == 0:
                made.append(unit)
                break
            count = self.sizes["parts", i] if digit.chunked else self.sizes["size", digit.label]
            above = unit // count
            made.append(unit - above * count)
            unit = above
        return made[::-1]

    def _part(self, place: _Place, i: int, label: int, value: Value) -> _Place:
        """Narrow the range of a label to one part; the last part takes what is left."""
        b, length = self.b, self.sizes["part", i]
        start, size = value * length, self.sizes["size", label]
        stop = b.select(value == self.sizes["parts", i] - 1, size, start + length)
        addresses = list(place.addresses)
        if self.form.digits[i].apart:
            addresses[self.out] = addresses[self.out] + value * self.sizes["apart", i]
        return replace(place, addresses=tuple(addresses), ranges={**place.ranges, label: (start, stop)})

    # --- labels ---

    def moved(self, place: _Place, label: int, value: Value, bounds: bool = True) -> _Place:
        """Return the place at a label's value; without `bounds`, what is tied to it is known to keep its range."""
        moving = self.form.moves[label]
        addresses = tuple(a + value * self.sizes["stride", o, label] if o in moving else a for o, a in enumerate(place.addresses))
        values, ranges = {**place.values, label: value}, dict(place.ranges)
        for i, tie in enumerate(self.form.ties):
            if bounds and label in (tie.known, tie.follow) and tie.known in values and (tie.follow < 0 or tie.follow in values):
                at = self._base(i, values[tie.known])
                if tie.follow >= 0:
                    at = at + values[tie.follow] * self.sizes["turn", i]
                ranges[tie.inner] = self._bounds(i, at, at, ranges[tie.inner])
        return replace(place, addresses=addresses, values=values, ranges=ranges)

    def _base(self, tie: int, known: Value) -> Value:
        return self.sizes["base", tie] + known * self.sizes["slope", tie]

    def _bounds(self, i: int, least: Value, most: Value, within: Range) -> Range:
        """Return the range of a tie's inner label for bases from `least` to `most`."""
        b, step = self.b, self.sizes["step", i]
        low = b.maximum(least + self.sizes["low", i], 0)
        high = b.maximum(most + self.sizes["high", i] + step, 0)
        if not self.form.ties[i].unit:
            low, high = (low + step - 1) // step, high // step
        return b.maximum(low, within[0]), b.minimum(high, within[1])

    # --- tiles ---

    def _tiles(self, place: _Place) -> None:
        b, label, rows = self.b, self.form.tile, self.form.rows
        if label < 0:
            self._blocks(place)
            return
        start, stop = place.ranges[label]
        with b.loop(start, stop, rows) as at:
            # The last tile overlaps the one before.
            self._blocks(self._shared(place, label, b.minimum(at, stop - rows), rows))

    def _shared(self, place: _Place, label: int, at: Value, width: int) -> _Place:
        """Return the place at `width` neighbours along a label: what is tied to it gets the range that any of them meets."""
        i = self.form.tie_of(label)
        made = self.moved(place, label, at, bounds=False)
        if i < 0:
            return made
        ends = self._base(i, at), self._base(i, at + (width - 1))
        least, most = self.b.minimum(*ends), self.b.maximum(*ends)
        inner = self.form.ties[i].inner
        within = place.ranges[inner]
        made = replace(made, ranges={**made.ranges, inner: self._bounds(i, least, most, within)})
        return replace(made, common=self._bounds(i, most, least, within)) if label == self.form.tile else made

    def _follow(self, i: int, place: _Place) -> Value:
        """Return the value of the label that a tie has replaced."""
        tie = self.form.ties[i]
        return (place.values[tie.inner] * self.sizes["step", i] - self._base(i, place.values[tie.known])) * self.sizes["turn", i]

    def _exists(self, i: int, follow: Value) -> Value:
        return (follow >= 0) & (follow < self.sizes["extent", i])

    # --- lanes ---

    def _blocks(self, place: _Place) -> None:
        b, form, label = self.b, self.form, self.form.lanes
        if label < 0 or form.across:
            self._result(place)
        elif form.narrow:
            self._result(self._shared(place, label, b.index(0), b.lanes))
        else:
            start, stop = place.ranges[label]
            with b.loop(start, stop, b.lanes) as at:
                self._result(self._shared(place, label, b.minimum(at, stop - b.lanes), b.lanes))

    # --- sums ---

    def _result(self, place: _Place) -> None:
        """Compute and store the results of a tile and a vector of lanes."""
        b, form = self.b, self.form
        for total in self.totals:
            total.clear(self.zero)
        self._clear()
        with ExitStack() as inside:
            for tie in form.ties:
                if tie.inner in place.values:
                    (start, stop), value = place.ranges[tie.inner], place.values[tie.inner]
                    inside.enter_context(b.when((value >= start) & (value < stop)))
            self._sum(0, place, 0)
        for r in range(form.rows):
            self._store(place, r, self._settled(r))

    def _clear(self) -> None:
        for group in self.sums:
            for s in group:
                s.clear()

    def _sum(self, depth: int, place: _Place, group: int) -> None:
        form, b = self.form, self.b
        if depth == len(form.loops):
            self._element(place, group)
            return
        start, stop = place.ranges[form.loops[depth]]
        if depth != form.flush:
            self._run(depth, place, start, stop, group)
            return
        block = self.sizes["block",]
        with b.loop(start, stop, block) as first:
            self._run(depth, place, first, b.minimum(first + block, stop), group)
            for r, total in enumerate(self.totals):
                total.add(self._gathered(r))
            self._clear()

    def _run(self, depth: int, place: _Place, start: Value, stop: Value, group: int) -> None:
        """Go through a range of one summed label, and all that is inside of it."""
        b, form, label = self.b, self.form, self.form.loops[depth]
        i = form.tie_of(form.tile) if form.tile >= 0 else -1
        if form.across and label == form.lanes:
            self._run_lanes(place, start, stop)
        elif i < 0 or form.ties[i].inner != label:
            self._run_plainly(depth, place, start, stop, group)
        else:
            assert place.common is not None
            first = b.minimum(b.maximum(start, place.common[0]), stop)
            last = b.maximum(b.minimum(stop, place.common[1]), first)
            self._run_plainly(depth, place, first, last, group)
            with b.loop(start, stop - (last - first)) as n:
                here = self.moved(place, label, b.select(n < first, n, n + (last - first)))
                row, met = self._follow(i, here), []
                for _ in range(form.rows):
                    met.append(self._exists(i, row))
                    row = row + self.sizes["advance", i]
                self._sum(depth + 1, replace(here, met=tuple(met)), group)

    def _run_plainly(self, depth: int, place: _Place, start: Value, stop: Value, group: int) -> None:
        b, form, label = self.b, self.form, self.form.loops[depth]
        if form.unroll > 1 and depth == len(form.loops) - 1:
            span = b.maximum(stop - start, 0)
            whole = start + (span - span % form.unroll)
            with b.loop(start, whole, form.unroll) as at:
                for other in range(form.unroll):
                    self._sum(depth + 1, self.moved(place, label, at + other), other)
            start = whole
        with b.loop(start, stop) as at:
            self._sum(depth + 1, self.moved(place, label, at), group)

    def _run_lanes(self, place: _Place, start: Value, stop: Value) -> None:
        """Go through a summed label by vectors; those of the last one that are left are masked."""
        b, label = self.b, self.form.lanes
        whole = stop - (stop - start) % b.lanes
        with b.loop(start, whole, b.lanes) as at:
            self._element(self.moved(place, label, at), 0)
        with b.when(whole < stop):
            count = stop - whole
            mask = b.iota() < b.splat(b.convert(count, "i32"))
            self._element(self.moved(place, label, whole), 0, count, mask)

    # --- elements ---

    def _element(self, place: _Place, group: int, count: Value | None = None, mask: Value | None = None) -> None:
        """Add what lies at a place to the sums of each row."""
        b, form = self.b, self.form
        i = form.tie_of(form.lanes) if form.lanes >= 0 and not form.across else -1
        if form.narrow:
            count = self.sizes["size", form.lanes]

        def plain(o: int, address: Value) -> Lanes:
            return self.read(o, address, count)

        if i < 0:
            self._accumulate(place, group, plain, mask)
            return
        at = self._follow(i, place)
        with b.when((at >= 0) & (at + self.sizes["advance", i] * (b.lanes - 1) < self.sizes["extent", i])) as branch:
            self._accumulate(place, group, plain, None)
            branch.otherwise()
            self._accumulate_edge(i, at, place, group, plain)

    def _accumulate_edge(self, i: int, at: Value, place: _Place, group: int, plain: Callable[[int, Value], Lanes]) -> None:
        """Add lanes some of which lie outside: they are read with the others if that is no worse than reading a neighbour."""
        mask = self._met(i, at)
        if 2 in self.form.steps[: self.form.combined]:
            self._accumulate(place, group, self._one_by_one(i, at), mask)
            return
        with self.b.when(self._readable(place)) as branch:
            self._accumulate(place, group, plain, mask)
            branch.otherwise()
            self._accumulate(place, group, self._one_by_one(i, at), mask)

    def _met(self, i: int, at: Value) -> Value:
        """Return which lanes meet something where lanes run along a tied label."""
        b = self.b
        number, advance, extent = (b.splat(b.convert(x, "i32")) for x in (at, self.sizes["advance", i], self.sizes["extent", i]))
        return b.op("lt_u", number + b.iota() * advance, extent)

    def _readable(self, place: _Place) -> Value:
        """Return whether whole vectors at a place lie within the operands' buffers."""
        b, form = self.b, self.form
        made = b.constant("bit", True)
        for o in range(form.combined):
            if form.steps[o] == 1:
                first = last = place.addresses[o]
                if form.tile >= 0 and o in form.moves[form.tile]:
                    last = first + self.row_steps[o][-1]
                    first, last = b.minimum(first, last), b.maximum(first, last)
                end = self.buffers[o] + self.sizes["bytes", o]
                made = made & (first >= self.buffers[o]) & (last + b.lanes * itemsize(form.dtypes[o]) <= end)
        return made

    def _one_by_one(self, i: int, at: Value) -> Callable[[int, Value], Lanes]:
        """Return how to read lanes some of which lie outside of the operands."""
        b, form = self.b, self.form
        inside = []
        for lane in range(b.lanes):
            here = self._exists(i, at)
            inside.append(here & (b.index(lane) < self.sizes["size", form.lanes]) if form.narrow else here)
            at = at + self.sizes["advance", i]

        def read(o: int, address: Value) -> Lanes:
            if not form.steps[o]:
                return load_splat(b, form.dtypes[o], address)
            found = []
            for lane in range(b.lanes):
                found.append(load_splat(b, form.dtypes[o], b.select(inside[lane], address, self.buffers[o])))
                address = address + self._stride(o, form.lanes)
            made = found[0]
            for lane in range(1, b.lanes):
                made = each(lambda x, y, i=lane: b.with_lane(x, i, b.lane(y, 0)), made, found[lane])
            return made

        return read

    def read(self, o: int, address: Value, count: Value | None) -> Lanes:
        """Return an operand's lanes."""
        b, step, dtype = self.b, self.form.steps[o], self.form.dtypes[o]
        if step == 0:
            return load_splat(b, dtype, address)
        if step == 1:
            return load_lanes(b, dtype, address, count)
        return load_strided(b, dtype, address, self._stride(o, self.form.lanes), count)

    def _accumulate(self, place: _Place, group: int, read: Callable[[int, Value], Lanes], mask: Value | None) -> None:
        form = self.form
        shared = {o: read(o, place.addresses[o]) for o in range(form.combined) if form.tile < 0 or o not in form.moves[form.tile]}
        for r, total in enumerate(self.sums[group]):
            with self.b.when(place.met[r]) if place.met else nullcontext():
                addresses = [place.addresses[o] + self.row_steps[o][r] if r else place.addresses[o] for o in range(form.combined)]
                found = [shared[o] if o in shared else read(o, addresses[o]) for o in range(form.combined)]
                self._add(total, found, addresses[0], mask)

    def _add(self, total: _Sum, found: Sequence[Lanes], address: Value, mask: Value | None) -> None:
        """Add elements to a sum, only where the mask is set if there is one."""
        if self.form.kind == "argmax":
            self._best(total, found[0], address, mask)
            return
        old = total.best.value
        new = times_plus(self.b, found[0], found[1], old) if self.form.kind == "product" else self._combined(found[0], old)
        total.best.set(new if mask is None else chosen(self.b, mask, new, old))

    def _combined(self, x: Lanes, y: Lanes) -> Lanes:
        return larger(self.b, x, y) if self.form.kind == "max" else plus(x, y)

    def _best(self, best: _Sum, x: Lanes, address: Value, mask: Value | None) -> None:
        """Keep the first of the largest elements and where it lies; the first NaN is larger than all."""
        b, form, old = self.b, self.form, best.best.value
        assert best.place is not None and isinstance(x, Value) and isinstance(old, Value)
        place = best.place.value
        assert isinstance(place, Value)
        better = (x > old) | (place < 0)
        if x.type == "vf":
            better = better | ((x != x) & (old == old))
        if mask is not None:
            better = better & mask
        shift = itemsize(self.dtype).bit_length() - 1
        at = b.splat(b.convert((address - self.buffers[0]) >> shift, "i32"))
        if form.steps[0]:
            step = b.splat(b.convert(self._stride(0, form.lanes) >> shift, "i32"))
            at = at + (b.iota() if form.steps[0] == 1 else b.iota() * step)
        best.best.set(b.select(better, x, old))
        best.place.set(b.select(better, at, place))

    # --- results ---

    def _gathered(self, r: int) -> Lanes:
        """Return what the accumulators of a row hold together."""
        found = [group[r].best.value for group in self.sums]
        while len(found) > 1:
            found = [self._combined(x, y) for x, y in zip(found[::2], found[1::2])]
        return found[0]

    def _settled(self, r: int) -> Lanes:
        """Return the result of a row."""
        place = self.sums[0][r].place
        if place is not None:
            return place.value
        made = self.totals[r].value if self.totals else self._gathered(r)
        if not self.form.across:
            return made
        b = self.b
        return each(lambda v: b.splat(b.horizontal(lambda x, y: self._combined(x, y), v)), made)  # type: ignore[arg-type,return-value]

    def _store(self, place: _Place, r: int, result: Lanes) -> None:
        b, form, o = self.b, self.form, self.out
        count = self.sizes["size", form.lanes] if form.narrow else None
        addresses = [a + self.row_steps[x][r] if r else a for x, a in enumerate(place.addresses)]
        if self.finish is not None:
            result = self.finish(result, addresses, count)
        dtype = form.dtypes[o]
        if form.steps[o] == 0:
            store_first(b, dtype, addresses[o], result)
        elif form.steps[o] == 1:
            store_lanes(b, dtype, addresses[o], result, count)
        else:
            store_strided(b, dtype, addresses[o], result, self._stride(o, form.lanes), count)


class _Finisher:
    """The program that is applied to a result before it is stored."""

    def __init__(self, b: Builder, form: Form, nest: _Nest):
        assert form.finish is not None
        self.b, self.nest, self.first = b, nest, form.combined
        self.finish: Finish = form.finish
        self.known: dict[int, Lanes] = {}
        numbers = [i + 1 for i, a in enumerate(self.finish.arguments) if a.step is None]
        steps = uniform_steps(self.finish.program, numbers)
        evaluate(b, self.finish.program, steps, self.known, lambda i, s: read_number(b, self.finish.arguments[s.value - 1]))

    def __call__(self, result: Lanes, addresses: Sequence[Value], count: Value | None) -> Lanes:
        arguments, program = self.finish.arguments, self.finish.program

        def load(i: int, step: Instruction) -> Lanes:
            if step.value == 0:
                return result
            before = sum(a.step is not None for a in arguments[: step.value - 1])
            o = self.first + before
            return self.nest.read(o, addresses[o], count)

        known = dict(self.known)
        evaluate(self.b, program, program.outputs, known, load)
        return known[program.outputs[0]]
