"""The code of a thread that sums, or takes the greatest, over labels. Which labels, and how: `nest.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, cast

from ...dtypes import TABLE, kind
from ..program import Instruction
from ..values.body import evaluate
from ..values.code import Lanes, Value, Variable
from . import elements
from .builder import Shader
from .launch import emitter
from .map import NUMBER_KINDS, read_number
from .nest import BLOCK, Nest

if TYPE_CHECKING:
    from ..wgsl import WgslShader

Offsets = list[Value]  # where the thread is in each operand


@emitter("nest")
def emit_nest(b: Shader, *key: Any) -> None:
    """Write a thread: key of the launch made by `nest.py`."""
    n = Nest(*key)
    thread = _Thread(b, n)
    sums = {"product": _Products, "max": _Greatest, "argmax": _Place}[n.kind](thread)
    offsets, values, masks, met = thread.begin()
    with ExitStack() as stack:
        if met is not None:
            stack.enter_context(b.when(met))
        thread.walk(n.bound, offsets, values, masks, sums)
    for r in range(n.rows):
        thread.finish(r, sums.result(r), offsets, values)


class _Thread:
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
        self.chunk = size() if n.split >= 0 else None
        words = [size() for a in n.arguments if a.array is None for _ in NUMBER_KINDS[a.dtype]]
        self.numbers = {i: read_number(b, a.dtype, words) for i, a in enumerate(n.arguments) if a.array is None}

    def move(self, operand: int, at: Value, label: int, by: Value | int) -> Value:
        """Return where an operand is after so many steps along a label."""
        access, step = self.operands[operand], self.steps[operand][label]
        if access.steps[label] == 0 or (type(by) is int and by == 0):
            return at
        distance: Any = by if step is None else step if type(by) is int and by == 1 else step * by
        return at + distance

    def begin(self) -> tuple[Offsets, dict[int, Value], list[Value | None], Value | None]:
        """Return where the thread's first element is: offsets, its labels, what each row must meet, and what all of them must."""
        b, n = self.b, self.n
        dims = [(d + (n.rows - 1)) >> (n.rows.bit_length() - 1) if i == n.row else d for i, d in enumerate(self.sizes[: n.bound])]
        found = elements.digits(b, b.at, dims[1:]) if dims else []
        values = {i: v * n.rows if i == n.row else v for i, v in enumerate(found)}
        offsets = []
        for operand, at in enumerate(self.starts):
            for label, v in values.items():
                at = self.move(operand, at, label, v)
            offsets.append(at)
        met = None
        for i, tie in enumerate(n.ties):
            if tie.inner < n.bound:
                first, last = self._range(i, values)
                own = (values[tie.inner] >= first) & (values[tie.inner] < last)
                met = own if met is None else met & own
        return offsets, values, [None] * n.rows, met

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

    def walk(self, label: int, offsets: Offsets, values: dict[int, Value], masks: list[Value | None], sums: _Sums) -> None:
        """Write the loops from a label on."""
        b, n = self.b, self.n
        if label == n.labels:
            sums.add(offsets, values, masks)
            return
        first, last, bounds = self._bounds(label, values)
        innermost = label == n.labels - 1
        step = 4 if innermost and n.quad else 1
        with ExitStack() as stack:
            if innermost and n.block == n.labels - n.bound:
                piece = stack.enter_context(b.loop(first, last, BLOCK))
                stack.enter_context(sums.block())
                first, last = piece, b.minimum(piece + BLOCK, last)
            v = stack.enter_context(b.loop(first, last, step))
            if label - n.bound == n.block - 1 and not innermost:
                stack.enter_context(sums.block())
            own = [_both(m, v, bound) for m, bound in zip(masks, bounds, strict=True)]
            here = [self.move(i, at, label, v) if i < len(n.factors) else at for i, at in enumerate(offsets)]
            self.walk(label + 1, here, {**values, label: v}, own, sums)

    def _bounds(self, label: int, values: dict[int, Value]) -> tuple[Value, Value, list[tuple[Value, Value] | None]]:
        """Return the bounds of a loop, and those of single rows where they differ."""
        b, n = self.b, self.n
        first, last = b.index(0), self.sizes[label]
        bounds: list[tuple[Value, Value] | None] = [None] * n.rows
        if label == n.split and self.chunk is not None:
            first = values[0] * self.chunk
            last = b.minimum(first + self.chunk, last)
        for i, tie in enumerate(n.ties):
            if tie.inner != label:
                continue
            if tie.known == n.row:
                bounds = [self._range(i, values, r) for r in range(n.rows)]
            else:
                low, high = self._range(i, values)
                first, last = b.maximum(low, first), b.minimum(high, last)
        return first, last, bounds

    # --- reading ---

    def rows_of(self, operand: int) -> int:
        return self.n.rows if self.n.row >= 0 and self.operands[operand].steps[self.n.row] else 1

    def fetch(self, operand: int, at: Value, row: int) -> list[Value]:
        """Return an operand's elements at the steps of the innermost loop; a Value may be one number for all lanes."""
        b, n, access = self.b, self.n, self.operands[operand]
        steps = [self.move(operand, at, n.labels - 1, j) if n.quad and j else at for j in range(4 if n.quad else 1)]
        if access.lane == "vector":
            return [b.load_vector(operand, s) for s in steps]
        if access.along:
            if access.lane == "one":
                return _components(b.load_vector(operand, at))
            columns = [b.load_vector(operand, self.move(operand, at, n.bound - 1, i)) for i in range(4)]
            return [_gathered(b, [f"{c.ref}.{'xyzw'[j]}" for c in columns], columns[0].type) for j in range(4)]
        return [self.one(operand, s) for s in steps]

    def one(self, operand: int, at: Value) -> Value:
        """Return the element at a place in each lane, or those that lie apart."""
        b, access = self.b, self.operands[operand]
        found = b.load(operand, at)
        if access.lane == "one":
            return found if b.lanes == 4 else b.splat(found)
        others = [b.load(operand, self.move(operand, at, self.n.bound - 1, i)) for i in range(1, 4)]
        return _gathered(b, [v.ref for v in (found, *others)], "vf" if found.type == "f32" else "vi")

    # --- the end ---

    def finish(self, row: int, made: Lanes, offsets: Offsets, values: dict[int, Value]) -> None:
        """Give a row of the output, after the epilogue if there is one."""
        b, n = self.b, self.n
        with ExitStack() as stack:
            if n.row >= 0:
                stack.enter_context(b.when(values[n.row] + row < self.sizes[n.row]))
            at = [self.move(i, at, n.row, row) if n.row >= 0 else at for i, at in enumerate(offsets)]
            if n.epilogue is not None:
                made = self._epilogue(made, at)
            if n.row < 0:
                elements.give(b, 0, n.out.dtype, made)
            else:
                assert isinstance(made, Value)
                cast("WgslShader", b).store_vector(0, at[-1], elements.as_stored(b, n.out.dtype, made))

    def _epilogue(self, made: Lanes, at: Offsets) -> Lanes:
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


def _both(mask: Value | None, v: Value, bounds: tuple[Value, Value] | None) -> Value | None:
    if bounds is None:
        return mask
    own = (v >= bounds[0]) & (v < bounds[1])
    return own if mask is None else mask & own


def _components(vector: Value) -> list[Value]:
    scalar = {"vf": "f32", "vi": "i32"}[vector.type]
    return [Value(vector.builder, scalar, f"{vector.ref}.{c}") for c in "xyzw"]


def _gathered(b: Shader, parts: Sequence[str], type: str) -> Value:
    return b.emit(type, f"{b.type_name(type)}({', '.join(parts)})")


# --- what is made of the elements -------------------------------------------------------------------------------------------------


class _Sums:
    """What a thread keeps while it goes through its loops."""

    def __init__(self, thread: _Thread):
        self.thread, self.b, self.n = thread, thread.b, thread.n

    def add(self, offsets: Offsets, values: dict[int, Value], masks: Sequence[Value | None]) -> None:
        raise NotImplementedError

    def result(self, row: int) -> Lanes:
        raise NotImplementedError

    @contextmanager
    def block(self) -> Iterator[None]:
        yield


class _Products(_Sums):
    """Sums of products, or of the elements of one operand."""

    def __init__(self, thread: _Thread):
        super().__init__(thread)
        self.complex = self.n.made == "complex64"
        self.type = "vf" if kind(self.n.made) in "fc" else "vi"
        self.totals = self._zeros()

    def _zeros(self) -> list[list[Variable]]:
        return [[self.b.variable(self.type, 0) for _ in range(1 + self.complex)] for _ in range(self.n.rows)]

    @contextmanager
    def block(self) -> Iterator[None]:
        """Add up what is within on its own, then add it to the rest."""
        before, self.totals = self.totals, self._zeros()
        yield
        for own, part in zip(before, self.totals, strict=True):
            for total, more in zip(own, part, strict=True):
                total.add(more.value)
        self.totals = before

    def result(self, row: int) -> Lanes:
        own = [v.value for v in self.totals[row]]
        if self.n.made in ("int8", "uint8"):
            return (own[0] << 24) >> 24 if self.n.made == "int8" else own[0] & 255
        return (own[0], own[1]) if self.complex else own[0]

    def add(self, offsets: Offsets, values: dict[int, Value], masks: Sequence[Value | None]) -> None:
        if self.complex:
            self._add_complex(offsets)
        elif self.b.lanes == 1 and self.n.quad:
            self._add_dot(offsets)
        else:
            self._add_rows(offsets, masks)

    def _add_complex(self, offsets: Offsets) -> None:
        b, (real, imaginary) = self.b, self.totals[0]
        pairs: list[Any] = [elements.load(b, i, "complex64", at) for i, at in enumerate(offsets[: len(self.n.factors)])]
        if len(pairs) == 2:
            (p, q), (r, s) = pairs
            pairs = [(p * r - q * s, p * s + q * r)]
        real.add(pairs[0][0])
        imaginary.add(pairs[0][1])

    def _add_dot(self, offsets: Offsets) -> None:
        """Add the products of four elements that are neighbours in both operands."""
        b = self.b
        b.vector_arrays.update((0, 1))
        x, y = (b.load_vector_text(i, offsets[i].ref) for i in (0, 1))
        self.totals[0][0].add(b.emit(self.type, f"dot({x}, {y})"))

    def _add_rows(self, offsets: Offsets, masks: Sequence[Value | None]) -> None:
        t, n, b = self.thread, self.n, self.b
        count = len(n.factors)
        still: dict[int, list[Value]] = {i: t.fetch(i, offsets[i], 0) for i in range(count) if t.rows_of(i) == 1}
        across: dict[int, list[list[Value]]] = {}
        for i in range(count):
            if i not in still and n.factors[i].across:
                across[i] = self._across(i, offsets[i])
        for r in range(n.rows):
            with ExitStack() as stack:
                mask = masks[r]
                if mask is not None:
                    stack.enter_context(b.when(mask))
                found = []
                for i in range(count):
                    if i in still:
                        found.append(still[i])
                    elif i in across:
                        found.append(across[i][r])
                    else:
                        found.append(t.fetch(i, t.move(i, offsets[i], n.row, r), r))
                self._multiply(r, found)

    def _across(self, operand: int, at: Value) -> list[list[Value]]:
        """Return an operand's elements of each row at each step, four rows from one vector."""
        t, n, b = self.thread, self.n, self.b
        made: list[list[Value]] = [[] for _ in range(n.rows)]
        for j in range(4 if n.quad else 1):
            step = t.move(operand, at, n.labels - 1, j) if j else at
            for r in range(0, n.rows, 4):
                for i, v in enumerate(_components(b.load_vector(operand, t.move(operand, step, n.row, r)))):
                    made[r + i].append(v)
        return made

    def _multiply(self, row: int, found: Sequence[Sequence[Value]]) -> None:
        """Add the products of factors at each step to a row's sum."""
        b, total = self.b, self.totals[row][0]
        terms = []
        for steps in zip(*found, strict=True):
            text = " * ".join(v.ref for v in steps)
            if b.is_wide(self.type) and not any(v.type == self.type for v in steps):
                text = f"{b.type_name(self.type)}({text})"
            terms.append(text)
        b.line(f"{total.ref} = {' + '.join([total.ref, *terms])};")


class _Greatest(_Sums):
    """The greatest element, NaN if there is one. NaN is noted apart: compilers may think that there is none."""

    def __init__(self, thread: _Thread):
        super().__init__(thread)
        self.dtype = self.n.factors[0].dtype
        self.floats = kind(self.dtype) == "f"
        low: float = float("-inf") if self.floats else int(TABLE[self.dtype].low)
        self.best = self.b.variable("vf" if self.floats else "vi", low)
        self.nan = self.b.variable("vf", 0.0) if self.floats else None

    def _element(self, offsets: Offsets) -> Value:
        found = self.thread.fetch(0, offsets[0], 0)[0]
        return found if found.type == self.best.type else self.b.splat(found)

    def add(self, offsets: Offsets, values: dict[int, Value], masks: Sequence[Value | None]) -> None:
        b, x = self.b, self._element(offsets)
        self.best.set(b.emit(x.type, f"max({self.best.value.ref}, {x.ref})"))
        if self.nan is not None:
            self.nan.set(b.select(x != x, x, self.nan.value))

    def result(self, row: int) -> Lanes:
        if self.nan is None:
            return self.best.value
        nan = self.nan.value
        return self.b.select(nan != nan, nan, self.best.value)


class _Place(_Greatest):
    """The flat index of the first of the greatest elements, or of the first NaN; -1 of none."""

    def __init__(self, thread: _Thread):
        super().__init__(thread)
        self.index = self.b.variable("vi", -1)

    def add(self, offsets: Offsets, values: dict[int, Value], masks: Sequence[Value | None]) -> None:
        b, x = self.b, self._element(offsets)
        best, index = self.best.value, self.index.value
        better = (x > best) | (index < 0)
        if self.floats:
            better = (better | (x != x)) & (best == best)
        access, at = self.n.factors[0], b.splat(b.convert(offsets[0], "i32"))
        if access.lane != "one":
            step = self.thread.steps[0][self.n.bound - 1]
            lanes = b.iota()
            at = at + (lanes if step is None else lanes * b.splat(b.convert(step, "i32")))
        self.best.set(b.select(better, x, best))
        self.index.set(b.select(better, at, index))

    def result(self, row: int) -> Lanes:
        return self.index.value
