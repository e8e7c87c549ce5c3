"""What a thread keeps of the elements that it goes through: sums of products, the greatest, and where that is. The way: `traverse.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ...dtypes import TABLE, kind
from ..values.code import Lanes, Value, Variable
from . import elements
from .builder import Shader

if TYPE_CHECKING:
    from .traverse import Place, Thread


def components(vector: Value) -> list[Value]:
    """Return the four elements of a vector."""
    scalar = {"vf": "f32", "vi": "i32"}[vector.type]
    return [Value(vector.builder, scalar, f"{vector.ref}.{c}") for c in "xyzw"]


def gathered(b: Shader, parts: Sequence[str], type: str) -> Value:
    """Return the vector of four elements, each a piece of text."""
    return b.emit(type, f"{b.type_name(type)}({', '.join(parts)})")


class Sums(ABC):
    """What a thread keeps while it goes through its loops."""

    def __init__(self, thread: Thread):
        self.thread, self.b, self.n = thread, thread.b, thread.n

    @abstractmethod
    def add(self, place: Place) -> None:
        """Take in what lies where the loops are."""

    @abstractmethod
    def result(self, row: int, column: int) -> Lanes:
        """Return what was made of it all, for a vector of the output."""

    @contextmanager
    def block(self) -> Iterator[None]:
        """Keep what is within apart, then take it in as one."""
        yield


class Products(Sums):
    """Sums of products, or of the elements of one operand."""

    def __init__(self, thread: Thread):
        super().__init__(thread)
        self.complex = self.n.made == "complex64"
        self.type = "vf" if kind(self.n.made) in "fc" else "vi"
        self.totals = self._zeros()

    def _zeros(self) -> list[list[Variable]]:
        """Return new sums: for each row those of its vectors, or the parts of a complex number."""
        return [[self.b.variable(self.type, 0) for _ in range(self.n.columns + self.complex)] for _ in range(self.n.rows)]

    @contextmanager
    def block(self) -> Iterator[None]:
        before, self.totals = self.totals, self._zeros()
        yield
        for own, part in zip(before, self.totals, strict=True):
            for total, more in zip(own, part, strict=True):
                total.add(more.value)
        self.totals = before

    def result(self, row: int, column: int) -> Lanes:
        if self.complex:
            real, imaginary = self.totals[row]
            return real.value, imaginary.value
        total = self.totals[row][column].value
        if self.n.made in ("int8", "uint8"):
            return (total << 24) >> 24 if self.n.made == "int8" else total & 255
        return total

    def add(self, place: Place) -> None:
        if self.complex:
            self._add_complex(place)
        elif self.b.lanes == 1 and self.n.quad:
            self._add_dot(place)
        else:
            self._add_tile(place)

    def _add_complex(self, place: Place) -> None:
        b, (real, imaginary) = self.b, self.totals[0]
        pairs: list[Any] = [elements.load(b, i, "complex64", place.offsets[i][0]) for i in range(len(self.n.factors))]
        if len(pairs) == 2:
            (p, q), (r, s) = pairs
            pairs = [(p * r - q * s, p * s + q * r)]
        real.add(pairs[0][0])
        imaginary.add(pairs[0][1])

    def _add_dot(self, place: Place) -> None:
        """Add the products of four elements that are neighbours in both operands."""
        b = self.b
        b.vector_arrays.update((0, 1))
        x, y = (b.load_quad_text(i, place.offsets[i][0].ref) for i in (0, 1))
        self.totals[0][0].add(b.emit(self.type, f"dot({x}, {y})"))

    def _add_tile(self, place: Place) -> None:
        """Add the products of each row and vector; what several of them need is read once."""
        n, known = self.n, dict[tuple[int, int, int], list[Value]]()
        for r in range(n.rows):
            for c in range(n.columns):
                self.multiply(r, c, [self._found(known, i, r, c, place) for i in range(len(n.factors))], place.masks[r])

    def _found(self, known: dict[tuple[int, int, int], list[Value]], i: int, row: int, column: int, place: Place) -> list[Value]:
        """Return a factor's elements at the steps of the innermost loop."""
        t, access = self.thread, self.n.factors[i]
        row = row if t.rows_of(i) > 1 else 0
        key = i, row, column if access.lane != "one" else 0
        if key not in known:
            if access.across:
                for j, steps in enumerate(self._across(i, place.offsets[i][row])):
                    known[i, row + j, 0] = steps
            else:
                known[key] = t.fetch(i, place.offsets[i][row], key[2])
        return known[key]

    def _across(self, operand: int, at: Value) -> list[list[Value]]:
        """Return an operand's elements of four rows at each step, from one vector a step."""
        steps = [at if jump is None else at + jump for jump in self.thread.jumps[operand]]
        vectors = [components(self.thread.vector(operand, s)) for s in steps]
        return [list(row) for row in zip(*vectors, strict=True)]

    def multiply(self, row: int, column: int, found: Sequence[Sequence[Value]], mask: Value | None = None) -> None:
        """Add the products of factors at each step to a sum, where there is something: 0 times infinity would not be nothing."""
        b, total = self.b, self.totals[row][column]
        terms = []
        for steps in zip(*found, strict=True):
            text = " * ".join(v.ref for v in steps)
            if b.is_wide(self.type) and not any(v.type == self.type for v in steps):
                text = f"{b.type_name(self.type)}({text})"
            terms.append(text)
        text = " + ".join([total.ref, *terms])
        if mask is None:
            b.line(f"{total.ref} = {text};")
        else:
            total.set(b.select(mask, b.emit(self.type, text), total.value))


class _Merged(Products):
    """Sums of elements that lie, by the row, in one of several storages."""

    def add(self, place: Place) -> None:
        b, n, t = self.b, self.n, self.thread
        which = place.values[n.row] & (len(n.factors) - 1)
        for i in range(len(n.factors)):
            with b.when(which == i):
                self.multiply(0, 0, [t.fetch(i, place.offsets[i][0])])


class _Greatest(Sums):
    """The greatest element, NaN if there is one. NaN is noted apart: compilers may think that there is none."""

    def __init__(self, thread: Thread):
        super().__init__(thread)
        self.source = 1 if self.n.kind == "pick" else 0
        self.dtype = self.n.factors[self.source].dtype
        self.floats = kind(self.dtype) == "f"
        low: float = float("-inf") if self.floats else int(TABLE[self.dtype].low)
        self.best = self.b.variable("vf" if self.floats else "vi", low)
        self.nan = self.b.variable("vf", 0.0) if self.floats else None

    def _element(self, place: Place) -> Value:
        found = self.thread.fetch(0, place.offsets[0][0])[0]
        return found if found.type in ("vf", "vi") else self.b.splat(found)

    def add(self, place: Place) -> None:
        b, x = self.b, self._element(place)
        self.best.set(b.emit(x.type, f"max({self.best.value.ref}, {x.ref})"))
        if self.nan is not None:
            self.nan.set(b.select(x != x, x, self.nan.value))

    def result(self, row: int, column: int) -> Lanes:
        if self.nan is None:
            return self.best.value
        nan = self.nan.value
        return self.b.select(nan != nan, nan, self.best.value)


class _Where(_Greatest):
    """The flat index of the first of the greatest elements, or of the first NaN; -1 of none."""

    def __init__(self, thread: Thread):
        super().__init__(thread)
        self.index = self.b.variable("vi", -1)

    def add(self, place: Place) -> None:
        b, at = self.b, self.b.splat(self.b.convert(place.offsets[0][0], "i32"))
        if self.n.factors[0].lane != "one":
            step = self.thread.steps[0][self.n.bound - 1]
            lanes = b.iota()
            at = at + (lanes if step is None else lanes * b.splat(b.convert(step, "i32")))
        self._take(self._element(place), at)

    def _take(self, x: Value, at: Value, there: Value | None = None) -> None:
        """Take in elements and their places; `there` tells which there are."""
        b, best, index = self.b, self.best.value, self.index.value
        better = (x > best) | (index < 0)
        if self.floats:
            better = (better | (x != x)) & (best == best)
        if there is not None:
            better = better & there
        self.best.set(b.select(better, x, best))
        self.index.set(b.select(better, at, index))

    def result(self, row: int, column: int) -> Lanes:
        return self.index.value


class _Picked(_Where):
    """The first place of the greatest elements among places, -1 being none."""

    def add(self, place: Place) -> None:
        b, at = self.b, self._element(place)
        places = [b.convert(b.lane(at, i), "index") for i in range(b.lanes)]
        found = [b.load(self.source, b.maximum(p, 0)) for p in places]
        x = gathered(b, [v.ref for v in found], "vf" if self.floats else "vi") if b.lanes == 4 else b.splat(found[0])
        self._take(x, at, at >= 0)


SUMS: dict[str, type[Sums]] = {"product": Products, "merge": _Merged, "max": _Greatest, "argmax": _Where, "pick": _Picked}
