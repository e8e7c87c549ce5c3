"""The code of a thread that sums, or takes the greatest, over labels. Which labels, and how: `nest.py`; what is kept: `sums.py`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..program import Instruction
from ..values.body import evaluate
from ..values.code import Lanes, Value
from . import elements
from .builder import Shader
from .launch import emitter
from .map import NUMBER_KINDS, read_number
from .nest import Nest
from .sums import SUMS, Sums, components, gathered

if TYPE_CHECKING:
    from ..wgsl import WgslShader


class Place(NamedTuple):
    """Where a thread is: in each operand (of factors, at each row that they move along), its labels, and which rows meet anything."""

    offsets: list[list[Value]]
    values: dict[int, Value]
    masks: list[Value | None]


@emitter("nest")
def emit_nest(b: Shader, *key: Any) -> None:
    """Write a thread: key of the launch made by `nest.py`."""
    n = Nest(*key)
    thread = Thread(b, n)
    sums = SUMS[n.kind](thread)
    place, met = thread.begin()
    with ExitStack() as stack:
        if met is not None:
            stack.enter_context(b.when(met))
        thread.walk(n.bound, place, sums)
    for r in range(n.rows):
        with ExitStack() as stack:
            if n.rows > 1 and not n.apart:
                stack.enter_context(b.when(place.values[n.row] + r < thread.sizes[n.row]))
            for c in range(n.columns):
                thread.finish(r, c, sums.result(r, c), place)


class Thread:
    """The sizes of a launch as values, and how a thread goes through them."""

    def __init__(self, b: Shader, n: Nest):
        self.b, self.n = b, n
        size = b.sizes()
        self.sizes = [size() for _ in range(n.labels)]
        self.ties = [[size() for _ in range(6)] for _ in n.ties]
        self.starts: list[Value] = []
        self.steps: list[list[Value | None]] = []
        self.operands = [*n.factors, *n.extras, n.out]
        for access in self.operands:
            self.starts.append(size())
            self.steps.append([size() if s == 2 else None for s in access.steps])
        self.chunks = [size() for _ in n.splits]
        words = [size() for a in n.arguments if a.array is None for _ in NUMBER_KINDS[a.dtype]]
        self.numbers = {i: read_number(b, a.dtype, words) for i, a in enumerate(n.arguments) if a.array is None}
        # Vectors of a thread lie a half, or another part, of the lanes' label apart: then neighbouring threads read neighbours.
        self.width = b.op("div_s", self.sizes[n.bound - 1], n.columns) if n.columns > 1 else None
        # Of the innermost loop: to each of its four steps, and over all of them.
        last = n.labels - 1
        apart = [n.quad and not a.along for a in n.factors]
        self.jumps = [[self.distance(i, last, j) for j in range(4)] if apart[i] else [None] for i in range(len(n.factors))]
        self.strides = [self.distance(i, last, 4) if n.quad else None for i in range(len(n.factors))]

    def distance(self, operand: int, label: int, by: Value | int) -> Value | int | None:
        """Return how far an operand moves in so many steps along a label, None if it does not."""
        if (type(by) is int and by == 0) or self.operands[operand].steps[label] == 0:
            return None
        step = self.steps[operand][label]
        if step is None and self.operands[operand].quads:
            return (by // 4 or None) if type(by) is int else cast(Value, by) >> 2
        return by if step is None else step if type(by) is int and by == 1 else step * by

    def move(self, operand: int, at: Value, label: int, by: Value | int) -> Value:
        """Return where an operand is after so many steps along a label."""
        distance = self.distance(operand, label, by)
        return at if distance is None else at + distance

    def rows_of(self, operand: int) -> int:
        """Return at how many rows an operand is read."""
        return self.n.rows if self.n.row >= 0 and self.operands[operand].steps[self.n.row] else 1

    def begin(self) -> tuple[Place, Value | None]:
        """Return where the thread begins, and what its labels must meet."""
        b, n = self.b, self.n
        dims = list(self.sizes[: n.bound])
        if n.rows > 1:
            dims[n.row] = (dims[n.row] + (n.rows - 1)) >> (n.rows.bit_length() - 1)
        if self.width is not None:
            dims[-1] = self.width
        found = elements.digits(b, b.at, dims[1:]) if dims else []
        values = {i: v * n.rows if i == n.row and n.rows > 1 else v for i, v in enumerate(found)}
        met = None
        for i, tie in enumerate(n.ties):
            if tie.inner < n.bound:
                first, last = self._range(i, values)
                own = (values[tie.inner] >= first) & (values[tie.inner] < last)
                met = own if met is None else met & own
        return Place(self.offsets(values), values, [None] * n.rows), met

    def offsets(self, values: dict[int, Value]) -> list[list[Value]]:
        """Return where the operands are at values of the output's labels, factors at each row."""
        n, offsets = self.n, []
        for operand, at in enumerate(self.starts):
            factor = operand < len(n.factors)
            for label, v in values.items():
                if n.kind == "merge" and factor and label == n.row:
                    v = v >> (len(n.factors).bit_length() - 1)
                at = self.move(operand, at, label, v)
            offsets.append([self.move(operand, at, n.row, r) for r in range(self.rows_of(operand) if factor else 1)])
        return offsets

    def _range(self, tie: int, values: dict[int, Value], row: int = 0) -> tuple[Value, Value]:
        """Return the bounds of a tie's inner label."""
        b, k = self.b, self.n.ties[tie]
        step, base, slope, turn, low, high = self.ties[tie]
        known = values[k.known] + row if row else values[k.known]
        at = base + slope * known
        if k.follow >= 0:
            low = high = turn * values[k.follow]
        if k.unit:
            first, last = at + low, at + high + 1
        else:
            first = b.op("div_s", b.maximum(at + low + (step - 1), 0), step)
            last = b.op("div_s", b.maximum(at + high + step, 0), step)
        return b.maximum(first, 0), b.minimum(last, self.sizes[k.inner])

    def walk(self, label: int, place: Place, sums: Sums) -> None:
        """Write the loops from a label on."""
        b, n = self.b, self.n
        if label == n.labels:
            sums.add(place)
            return
        first, last, bounds = self._bounds(label, place.values)
        innermost = label == n.labels - 1
        unit = 4 if innermost and n.quad else 1
        if unit == 4:
            first, last = first >> 2, last >> 2
        with ExitStack() as stack:
            if innermost and n.block == n.labels - n.bound:
                piece = stack.enter_context(b.loop(first, last, n.piece // unit))
                stack.enter_context(sums.block())
                first, last = piece, b.minimum(piece + n.piece // unit, last)
            v = stack.enter_context(b.loop(first, last))
            if label - n.bound == n.block - 1 and not innermost:
                stack.enter_context(sums.block())
            masks = [self._both(m, v, bound) for m, bound in zip(place.masks, bounds, strict=True)]
            self.walk(label + 1, Place(self._advanced(place.offsets, label, v, unit), {**place.values, label: v}, masks), sums)

    def _advanced(self, offsets: list[list[Value]], label: int, v: Value, unit: int) -> list[list[Value]]:
        """Return where the factors are at a value of a summed label, which counts units."""
        made = list(offsets)
        for i in range(len(self.n.factors)):
            distance = self.distance(i, label, v) if unit == 1 else _times(v, self.strides[i])
            if distance is not None:
                made[i] = [at + distance for at in offsets[i]]
        return made

    def _bounds(self, label: int, values: dict[int, Value]) -> tuple[Value, Value, Sequence[tuple[Value, Value] | None]]:
        """Return the bounds of a loop, and those of single rows where they differ."""
        b, n = self.b, self.n
        first, last = b.index(0), self.sizes[label]
        bounds: Sequence[tuple[Value, Value] | None] = [None] * n.rows
        if label in n.splits:
            part = n.splits.index(label)
            first = values[part] * self.chunks[part]
            last = b.minimum(first + self.chunks[part], last)
        for i, tie in enumerate(n.ties):
            if tie.inner != label:
                continue
            if tie.known == n.row and n.rows > 1:
                bounds = [self._range(i, values, r) for r in range(n.rows)]
            else:
                low, high = self._range(i, values)
                first, last = b.maximum(low, first), b.minimum(high, last)
        return first, last, bounds

    def _both(self, mask: Value | None, v: Value, bounds: tuple[Value, Value] | None) -> Value | None:
        """Return whether a row meets anything, in each lane."""
        if bounds is None:
            return mask
        own = self.b.splat((v >= bounds[0]) & (v < bounds[1]))
        return own if mask is None else mask & own

    # --- reading ---

    def fetch(self, operand: int, at: Value, column: int = 0) -> list[Value]:
        """Return an operand's elements at the steps of the innermost loop; a Value may be one number for all lanes."""
        b, n, access = self.b, self.n, self.operands[operand]
        at = self._column(operand, at, column)
        if access.along:
            if access.lane == "one":
                return components(self.vector(operand, at))
            found = [self.vector(operand, self.move(operand, at, n.bound - 1, i)) for i in range(4)]
            return [gathered(b, [f"{c.ref}.{'xyzw'[j]}" for c in found], found[0].type) for j in range(4)]
        steps = [at if jump is None else at + jump for jump in self.jumps[operand]]
        if access.lane == "vector":
            return [self.vector(operand, s) for s in steps]
        return [self.one(operand, s) for s in steps]

    def vector(self, operand: int, at: Value) -> Value:
        """Return four neighbours of an operand."""
        return self.b.load_quad(operand, at) if self.operands[operand].quads else self.b.load_vector(operand, at)

    def _column(self, operand: int, at: Value, column: int) -> Value:
        return at if not column or self.width is None else self.move(operand, at, self.n.bound - 1, self.width * column)

    def one(self, operand: int, at: Value) -> Value:
        """Return the element at a place in each lane, or those that lie apart."""
        b, access = self.b, self.operands[operand]
        found = b.load(operand, at)
        if access.lane == "one":
            return found if b.lanes == 4 else b.splat(found)
        others = [b.load(operand, self.move(operand, at, self.n.bound - 1, i)) for i in range(1, 4)]
        return gathered(b, [v.ref for v in (found, *others)], "vf" if found.type == "f32" else "vi")

    # --- the end ---

    def finish(self, row: int, column: int, made: Lanes, place: Place) -> None:
        """Give a vector of the output, after the epilogue if there is one."""
        b, n = self.b, self.n
        at = [self._column(i, rows[0], column) for i, rows in enumerate(place.offsets)]
        if row and not n.apart:
            at = [self.move(i, x, n.row, row) for i, x in enumerate(at)]
        if n.epilogue is not None:
            made = self._epilogue(made, at)
        if n.rows * n.columns == 1 or n.apart:
            elements.give(b, row, n.out.dtype, made)
        else:
            assert isinstance(made, Value)
            cast("WgslShader", b).store_vector(0, at[-1], elements.as_stored(b, n.out.dtype, made))

    def _epilogue(self, made: Lanes, at: Sequence[Value]) -> Lanes:
        b, n = self.b, self.n
        assert n.epilogue is not None
        arrays = [i for i, a in enumerate(n.arguments) if a.array is not None]

        def read(i: int, step: Instruction) -> Lanes:
            if step.value == 0:
                return made
            number = step.value - 1
            if number in self.numbers:
                return self.numbers[number]
            operand = len(n.factors) + arrays.index(number)
            access = self.operands[operand]
            if access.lane == "vector":
                return elements.load_lanes(b, operand, access.dtype, at[operand])
            if access.lane == "one":
                return elements.load(b, operand, access.dtype, at[operand])
            found = self.one(operand, at[operand])
            return found != 0 if access.dtype == "bool" else found

        known: dict[int, Lanes] = {}
        evaluate(b, n.epilogue, n.epilogue.outputs, known, read)
        return known[n.epilogue.outputs[0]]


def _times(v: Value, stride: Value | int | None) -> Value | None:
    if stride is None or (type(stride) is int and stride == 1):
        return None if stride is None else v
    return v * stride
