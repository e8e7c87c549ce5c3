"""Writes the loops of a `schedule.Form`: units, tiles and lanes of the output, and for each the sums over what is tied to it.

Addresses move along labels as their values become known; a tie then gives the bounds of the label it ties, so that inside of the loops
nothing is tested. Only where the lanes themselves run along a tied label are elements at the edges looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from ..program import Instruction
from .body import evaluate, uniform_steps
from .builder import Builder, Value
from .lanes import Cell, LongSum, chosen, each, filled, larger, lowest, plus, times_plus
from .launch import emitter
from .map import read_number
from .memory import Lanes, itemsize, load_lanes, load_splat, load_strided, store_first, store_lanes, store_strided
from .schedule import Finish, Form, names

Range = tuple[Value, Value]


@dataclass(frozen=True)
class _Place:
    """Where the loops are: the operands' addresses, the labels' values, the ranges of those that have none yet."""

    addresses: tuple[Value, ...]
    values: dict[int, Value]
    ranges: dict[int, Range]


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
        groups = max(form.rows, form.unroll)
        self.sums = [_Sum(b, form, self.dtype) for _ in range(groups)]
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
        return _Place(addresses, values, ranges)

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
        b, label = self.b, self.form.tile
        if label < 0:
            self._blocks(place, 1)
            return
        rows, (start, stop) = self.form.rows, place.ranges[label]
        if self.form.tie_of(label) < 0:
            # The last tile overlaps the one before.
            with b.loop(start, stop, rows) as at:
                self._blocks(self.moved(place, label, b.minimum(at, stop - rows)), rows)
            return
        first = b.minimum(b.maximum(start, self.sizes["first",]), stop)
        last = b.maximum(b.minimum(stop, self.sizes["last",]), first)
        last = b.select(last - first < rows, first, last)
        at_label = b.variable("index", start)
        with b.repeat() as again:
            x = at_label.value
            again.stop_when(x >= stop)
            with b.when((x >= first) & (x < last)) as branch:
                tile = b.minimum(x, last - rows)
                self._blocks(self.moved(place, label, tile, bounds=False), rows)
                at_label.set(tile + rows)
                branch.otherwise()
                self._blocks(self.moved(place, label, x), 1)
                at_label.set(x + 1)

    # --- lanes ---

    def _blocks(self, place: _Place, rows: int) -> None:
        b, form, label = self.b, self.form, self.form.lanes
        if label < 0 or form.across:
            self._result(place, rows)
        elif form.narrow:
            self._result(self._lanes_at(place, b.index(0)), rows)
        else:
            start, stop = place.ranges[label]
            with b.loop(start, stop, b.lanes) as at:
                self._result(self._lanes_at(place, b.minimum(at, stop - b.lanes)), rows)

    def _lanes_at(self, place: _Place, at: Value) -> _Place:
        """Return the place at a vector of a label's values: the range of what is tied to it is what any lane needs."""
        b, i = self.b, self.form.tie_of(self.form.lanes)
        made = self.moved(place, self.form.lanes, at, bounds=False)
        if i < 0:
            return made
        ends = self._base(i, at), self._base(i, at + (b.lanes - 1))
        inner = self.form.ties[i].inner
        bounds = self._bounds(i, b.minimum(*ends), b.maximum(*ends), place.ranges[inner])
        return replace(made, ranges={**made.ranges, inner: bounds})

    # --- sums ---

    def _result(self, place: _Place, rows: int) -> None:
        """Compute and store the results of a tile and a vector of lanes."""
        b, form = self.b, self.form
        for total in self.totals[:rows]:
            total.clear(self.zero)
        self._clear()
        with ExitStack() as inside:
            for tie in form.ties:
                if tie.inner in place.values:
                    (start, stop), value = place.ranges[tie.inner], place.values[tie.inner]
                    inside.enter_context(b.when((value >= start) & (value < stop)))
            self._sum(0, place, rows, 0)
        for r in range(rows):
            self._store(place, r, self._settled(r, rows))

    def _clear(self) -> None:
        for s in self.sums:
            s.clear()

    def _sum(self, depth: int, place: _Place, rows: int, group: int) -> None:
        form, b = self.form, self.b
        if depth == len(form.loops):
            self._element(place, self.sums[group:] if rows == 1 else self.sums, rows)
            return
        start, stop = place.ranges[form.loops[depth]]
        if depth != form.flush:
            self._run(depth, place, rows, start, stop)
            return
        block = self.sizes["block",]
        with b.loop(start, stop, block) as first:
            self._run(depth, place, rows, first, b.minimum(first + block, stop))
            for r, total in enumerate(self.totals[:rows]):
                total.add(self._gathered(r, rows))
            self._clear()

    def _run(self, depth: int, place: _Place, rows: int, start: Value, stop: Value) -> None:
        """Go through a range of one summed label, and all that is inside of it."""
        b, form, label = self.b, self.form, self.form.loops[depth]
        if form.across and label == form.lanes:
            self._run_lanes(place, rows, start, stop)
            return
        if form.unroll > 1 and depth == len(form.loops) - 1:
            span = b.maximum(stop - start, 0)
            whole = start + (span - span % form.unroll)
            with b.loop(start, whole, form.unroll) as at:
                for group in range(form.unroll):
                    self._sum(depth + 1, self.moved(place, label, at + group), rows, group)
            start = whole
        with b.loop(start, stop) as at:
            self._sum(depth + 1, self.moved(place, label, at), rows, 0)

    def _run_lanes(self, place: _Place, rows: int, start: Value, stop: Value) -> None:
        """Go through a summed label by vectors; those of the last one that are left are masked."""
        b, label = self.b, self.form.lanes
        whole = stop - (stop - start) % b.lanes
        with b.loop(start, whole, b.lanes) as at:
            self._element(self.moved(place, label, at), self.sums, rows)
        with b.when(whole < stop):
            count = stop - whole
            mask = b.iota() < b.splat(b.convert(count, "i32"))
            self._element(self.moved(place, label, whole), self.sums, rows, count, mask)

    # --- elements ---

    def _element(self, place: _Place, sums: Sequence[_Sum], rows: int, count: Value | None = None, mask: Value | None = None) -> None:
        """Add what lies at a place to the sums of each row."""
        b, form = self.b, self.form
        i = form.tie_of(form.lanes) if form.lanes >= 0 and not form.across else -1
        if form.narrow:
            count = self.sizes["size", form.lanes]

        def plain(o: int, address: Value) -> Lanes:
            return self.read(o, address, count)

        if i < 0:
            self._accumulate(place, sums, rows, plain, mask)
            return
        tie = form.ties[i]
        base = self._base(i, place.values[tie.known])
        at = (place.values[tie.inner] * self.sizes["step", i] - base) * self.sizes["turn", i]
        advance, extent = self.sizes["advance",], self.sizes["extent",]
        whole = (at >= 0) & (at + advance * (b.lanes - 1) < extent)
        with b.when(whole) as branch:
            self._accumulate(place, sums, rows, plain, None)
            branch.otherwise()
            self._accumulate(place, sums, rows, *self._edge(at))

    def _edge(self, at: Value) -> tuple[Callable[[int, Value], Lanes], Value]:
        """Return how to read lanes some of which lie outside of the operands, and the mask of those inside."""
        b, form = self.b, self.form
        inside = []
        for lane in range(b.lanes):
            here = (at >= 0) & (at < self.sizes["extent",])
            inside.append(here & (b.index(lane) < self.sizes["size", form.lanes]) if form.narrow else here)
            at = at + self.sizes["advance",]
        mask = b.splat(b.convert(inside[0], "i32"))
        for lane in range(1, b.lanes):
            mask = b.with_lane(mask, lane, b.convert(inside[lane], "i32"))

        def read(o: int, address: Value) -> Lanes:
            if not form.steps[o]:
                return load_splat(b, form.dtypes[o], address)
            found = []
            for lane in range(b.lanes):
                found.append(load_splat(b, form.dtypes[o], b.select(inside[lane], address, self.buffers[o])))
                address = address + self._stride(o, form.lanes)
            made = found[0]
            for lane in range(1, b.lanes):
                made = each(lambda x, y, i=lane: b.with_lane(x, i, b.lane(y, 0)), made, found[lane])  # type: ignore[misc]
            return made

        return read, mask != 0

    def read(self, o: int, address: Value, count: Value | None) -> Lanes:
        """Return an operand's lanes."""
        b, step, dtype = self.b, self.form.steps[o], self.form.dtypes[o]
        if step == 0:
            return load_splat(b, dtype, address)
        if step == 1:
            return load_lanes(b, dtype, address, count)
        return load_strided(b, dtype, address, self._stride(o, self.form.lanes), count)

    def _accumulate(self, place: _Place, sums: Sequence[_Sum], rows: int, read: Callable[[int, Value], Lanes], mask: Value | None) -> None:
        b, form = self.b, self.form
        shared = {o: read(o, place.addresses[o]) for o in range(form.combined) if form.tile < 0 or o not in form.moves[form.tile]}
        for r in range(rows):
            addresses = [place.addresses[o] + self.row_steps[o][r] if r else place.addresses[o] for o in range(form.combined)]
            found = [shared[o] if o in shared else read(o, addresses[o]) for o in range(form.combined)]
            if form.kind == "argmax":
                self._best(sums[r], found[0], addresses[0], mask)
                continue
            old = sums[r].best.value
            new = times_plus(b, found[0], found[1], old) if form.kind == "product" else self._combined(found[0], old)
            sums[r].best.set(new if mask is None else chosen(b, mask, new, old))

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
        at = b.splat(b.convert((address - self.buffers[0]) // itemsize(self.dtype), "i32"))
        if form.steps[0]:
            step = b.splat(b.convert(self._stride(0, form.lanes) // itemsize(self.dtype), "i32"))
            at = at + (b.iota() if form.steps[0] == 1 else b.iota() * step)
        best.best.set(b.select(better, x, old))
        best.place.set(b.select(better, at, place))

    # --- results ---

    def _gathered(self, r: int, rows: int) -> Lanes:
        """Return what the accumulators of a row hold together."""
        found = [s.best.value for s in (self.sums[r : r + 1] if rows > 1 or self.form.unroll == 1 else self.sums)]
        while len(found) > 1:
            found = [self._combined(x, y) for x, y in zip(found[::2], found[1::2])]
        return found[0]

    def _settled(self, r: int, rows: int) -> Lanes:
        """Return the result of a row."""
        place = self.sums[r].place
        if place is not None:
            return place.value
        made = self.totals[r].value if self.totals else self._gathered(r, rows)
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
