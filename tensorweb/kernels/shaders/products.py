"""Products of large matrices on GPUs: workgroups compute squares of 64 by 64 from panels of both factors in memory that they share.

A thread computes 8 rows of two vectors, so that each element it reads from shared memory serves several products. This is for devices
whose threads are many: where the processor computes them, shared memory is as slow as any and barriers are dear, and the loops of
`traverse.py` over the same tiles are three times as fast.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, cast

from ..values.code import Value
from .builder import Shader
from .elements import digits
from .launch import Launch, Target, emitter
from .nest import Nest
from .sums import Products, components, gathered
from .traverse import Place, Thread

if TYPE_CHECKING:
    from ..wgsl import WgslShader

SIDE = 64  # of a workgroup's square
DEEP = 16  # steps of the sum in a panel
THREADS = 8  # of a workgroup along each side
ROWS, COLUMNS = SIDE // THREADS, SIDE // THREADS // 4  # of a thread: rows, and vectors
_PITCH = DEEP // 4 + 1  # vectors between rows of the left panel: threads of several rows read from different banks
_PANEL = SIDE * DEEP // 4 // THREADS**2  # vectors of a panel that each thread brings
_MANY = 1024  # threads that keep a GPU busy, at least; the processor needs fewer
_LONGEST = 1 << 14  # a sum in one piece


def as_product(launch: Launch, target: Target) -> Launch | None:
    """Return the launch in this form, given that of threads with tiles of ROWS and COLUMNS; None if it is no product of large matrices."""
    n = Nest(*launch.key)
    sizes = launch.sizes[: n.labels]
    tiles = (n.rows, n.columns) == (ROWS, COLUMNS) and n.labels == n.bound + 1 and not n.ties
    if target.busy < _MANY or not tiles or sizes[-1] > _LONGEST:
        return None
    left, right = _sides(n)
    a, b = n.factors[left], n.factors[right]
    fitting = a.lane == "one" and (a.along or a.across) and not b.steps[n.row] and (b.lane == "vector" or b.along)
    batch = prod(x for i, x in enumerate(sizes[: n.bound]) if i not in (n.row, n.bound - 1))
    grid = (-(-sizes[n.bound - 1] // SIDE), -(-sizes[n.row] // SIDE), batch)
    if not fitting or max(grid) > 65_535 or prod(grid) * THREADS**2 < target.busy:
        return None
    return launch._replace(family="product", grid=grid)


def _sides(n: Nest) -> tuple[int, int]:
    """Return the numbers of the factors that move along the rows and along the lanes."""
    return (0, 1) if n.factors[0].steps[n.row] else (1, 0)


@emitter("product")
def emit_product(b: Shader, *key: Any) -> None:
    """Write a thread of a workgroup: key of the launch made by `nest.py`."""
    square = _Square(cast("WgslShader", b), Nest(*key))
    n, sums = square.n, Products(square)
    place = square.place()
    with b.loop(0, square.length, DEEP) as k:
        square.bring(k)
        square.shader.barrier()
        with b.loop(0, DEEP // 4) as quad:
            right = [[square.right(quad * 4 + j, c) for j in range(4)] for c in range(COLUMNS)]
            for r in range(ROWS):
                left = components(square.left(r, quad))
                for c in range(COLUMNS):
                    sums.multiply(r, c, [left, right[c]])
        square.shader.barrier()
    rows, columns = square.sizes[n.row], square.sizes[n.bound - 1]
    for r in range(ROWS):
        for c in range(COLUMNS):
            row, column = place.values[n.row] + THREADS * r, place.values[n.bound - 1] + THREADS * 4 * c
            with b.when((row < rows) & (column < columns)):
                square.finish(THREADS * r, c, sums.result(r, c), place)


class _Square(Thread):
    """A thread of a workgroup that computes a square of the output."""

    def __init__(self, b: WgslShader, n: Nest):
        super().__init__(b, n)
        self.shader = b
        b.workgroup = THREADS, THREADS, 1
        self.width = b.index(THREADS * 4)
        self.length = self.sizes[n.bound]
        self.sides = _sides(n)
        self.type = "vf" if n.made.startswith("float") else "vi"
        b.share("left", b.type_name(self.type), SIDE * _PITCH)
        b.share("right", b.type_name(self.type), SIDE // 4 * DEEP)
        self.corner = b.emit("index", (b.group(1) * SIDE).ref), b.emit("index", (b.group(0) * SIDE).ref)
        self.thread = b.emit("index", (b.local(1) * THREADS + b.local(0)).ref)
        others = [i for i in range(n.bound) if i not in (n.row, n.bound - 1)]
        found = digits(b, b.group(2), [self.sizes[i] for i in others[1:]]) if others else []
        self.batch = dict(zip(others, found, strict=True))
        self.origins = [self._origin(i) for i in (0, 1)]

    def place(self) -> Place:
        """Return where the thread's first vector is."""
        b, n = self.shader, self.n
        values = {**self.batch, n.row: self.corner[0] + b.local(1), n.bound - 1: self.corner[1] + b.local(0) * 4}
        return Place(self.offsets(values), values, [None] * n.rows)

    def _origin(self, operand: int) -> Value:
        """Return where a factor's matrix begins."""
        at = self.starts[operand]
        for label, v in self.batch.items():
            at = self.move(operand, at, label, v)
        return at

    # --- panels ---

    def bring(self, k: Value) -> None:
        """Write the parts of the panels from step k on that are this thread's."""
        left, right = self.sides
        (self._bring_rows if self.n.factors[left].along else self._bring_turned_rows)(left, k)
        (self._bring_turned_columns if self.n.factors[right].along else self._bring_columns)(right, k)

    def _read(self, operand: int, at: Value, k: Value) -> Value:
        """Return a vector of a factor, zeros where the sum has ended."""
        b = self.shader
        return b.select(b.splat(k < self.length), b.load_quad(operand, at), 0)

    def _bring_rows(self, operand: int, k: Value) -> None:
        """Bring vectors that lie along the sum, of a row each."""
        b, n = self.shader, self.n
        for i in range(_PANEL):
            e = self.thread + i * THREADS**2
            row, quad = e >> 2, e & 3
            at = self._along(operand, n.row, b.minimum(self.corner[0] + row, self.sizes[n.row] - 1)) + (k >> 2) + quad
            b.line(f"left[{(row * _PITCH + quad).ref}] = {self._read(operand, at, k + quad * 4).ref};")

    def _bring_turned_rows(self, operand: int, k: Value) -> None:
        """Bring a block of four rows, whose vectors lie across them, by four steps."""
        b, n = self.shader, self.n
        four, quad = self.thread >> 2, self.thread & 3
        last = (self.sizes[n.row] - 1) >> 2
        base = self.origins[operand] + b.minimum((self.corner[0] >> 2) + four, last)
        for i, v in enumerate(self._block(operand, base, n.bound, k + quad * 4)):
            b.line(f"left[{((four * 4 + i) * _PITCH + quad).ref}] = {v.ref};")

    def _bring_columns(self, operand: int, k: Value) -> None:
        """Bring vectors that lie along the lanes, of a step each."""
        b, n = self.shader, self.n
        last = (self.sizes[n.bound - 1] - 1) >> 2
        for i in range(_PANEL):
            e = self.thread + i * THREADS**2
            step, four = e >> 4, e & 15
            at = self._along(operand, n.bound, k + step) + b.minimum((self.corner[1] >> 2) + four, last)
            b.line(f"right[{e.ref}] = {self._read(operand, at, k + step).ref};")

    def _bring_turned_columns(self, operand: int, k: Value) -> None:
        """Bring a block of four lanes, whose vectors lie along the sum, by four steps."""
        b, n = self.shader, self.n
        four, quad = self.thread & 15, self.thread >> 4
        first = b.minimum(self.corner[1] + four * 4, self.sizes[n.bound - 1] - 4)
        base = self.origins[operand] + (k >> 2) + quad
        found = [self._read(operand, self.move(operand, base, n.bound - 1, first + i), k + quad * 4) for i in range(4)]
        for i, v in enumerate(self._turned(found)):
            b.line(f"right[{((quad * 4 + i) * (SIDE // 4) + four).ref}] = {v.ref};")

    def _along(self, operand: int, label: int, by: Value) -> Value:
        return self.move(operand, self.origins[operand], label, by)

    def _block(self, operand: int, base: Value, label: int, first: Value) -> list[Value]:
        """Return four vectors at neighbouring values of a label, turned."""
        return self._turned([self._read(operand, self.move(operand, base, label, first + i), first + i) for i in range(4)])

    def _turned(self, found: list[Value]) -> list[Value]:
        return [gathered(self.shader, [f"{v.ref}.{x}" for v in found], self.type) for x in "xyzw"]

    def left(self, row: int, quad: Value) -> Value:
        """Return four steps of a row of this thread."""
        b = self.shader
        return b.emit(self.type, f"left[{((b.local(1) + THREADS * row) * _PITCH + quad).ref}]")

    def right(self, step: Value, column: int) -> Value:
        """Return a vector of this thread at a step."""
        b = self.shader
        return b.emit(self.type, f"right[{(step * (SIDE // 4) + b.local(0) + THREADS * column).ref}]")
