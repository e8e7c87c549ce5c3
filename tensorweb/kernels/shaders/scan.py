"""The scan pattern as threads: each joins its element to those before it in a chunk, and to what the chunks before give together.

Those are the scan, again, of what each chunk gives. No sum is longer than a few chunks, so sums are as accurate as pairwise ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...dtypes import kind
from ..patterns import Scan, Spec
from ..program import Instruction
from ..values.body import cast
from ..values.code import Value
from .builder import Shader
from .elements import give, load_lanes
from .launch import Launch, Lowered, Storage, Target, array_in, array_out, emitter, lowering, stored, words_of
from .reductions import Accumulator, Reduction, lift, result

CHUNK = 32  # elements that a thread joins one after the other
_REDUCTIONS = {"add": "sum", "mul": "prod", "max": "max", "min": "min"}
_OF_TRUTH = {"add": "any", "mul": "all", "max": "any", "min": "all"}


@lowering(Scan)
def lower_scan(k: Scan, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a scan: totals of chunks until there is one chunk, then the scans of those, the shortest first."""
    dtype = str(inputs[0].dtype)
    reduction = Reduction((_OF_TRUTH if dtype == "bool" else _REDUCTIONS)[k.kind], dtype)
    launches: list[Launch] = []
    scratch: list[tuple[int, str]] = []

    def new(count: int, r: Reduction) -> Storage:
        scratch.append((count * words_of(r.dtype), stored(r.dtype)))
        return Storage("scratch", len(scratch) - 1, stored(r.dtype))

    def scan(k: Scan, r: Reduction, source: Storage, made: Storage) -> None:
        above: tuple[Storage, ...] = ()
        if k.n > CHUNK:
            chunks = -(-k.n // CHUNK)
            between = r._replace(dtype=r.parts[0])
            totals, before = (new(k.outer * chunks * k.inner, between) for _ in range(2))
            launches.append(_launch("scan_totals", (r, k.reverse), k, chunks, r, (source,), totals))
            scan(Scan(k.outer, chunks, k.inner, k.kind, True, False), between, totals, before)
            above = (before,)
        launches.append(_launch("scan", (r, k.exclusive, k.reverse, bool(above)), k, k.n, r, (source, *above), made))

    if k.outer * k.n * k.inner:
        scan(k, reduction, array_in(0, inputs[0]), array_out(0, outputs[0]))
    return Lowered(tuple(launches), tuple(scratch))


def _launch(family: str, key: tuple, k: Scan, length: int, r: Reduction, reads: tuple[Storage, ...], made: Storage) -> Launch:
    """Return a launch that gives `length` elements for each of the columns that are scanned."""
    lanes = 4 if k.inner % 4 == 0 and r.dtype != "complex64" else 1
    threads = k.outer * length * k.inner // lanes
    sizes = (k.n, -(-k.n // CHUNK), k.inner)
    return Launch(family, key, reads, (made,), threads, sizes, (), lanes, words_of(r.dtype))


class _Columns:
    """Where a thread's column lies, and how far along it the thread is; positions are counted in the order of the scan."""

    def __init__(self, b: Shader, reverse: bool, of_chunks: bool):
        size = b.sizes()
        self.b, self.reverse = b, reverse
        self.n, self.chunks, self.inner = size(), size(), size()
        row = b.op("div_s", b.at, self.inner)
        self.column = b.at - row * self.inner
        length = self.chunks if of_chunks else self.n
        self.outer = b.op("div_s", row, length)
        index = row - self.outer * length
        self.position = self.n - 1 - index if reverse and not of_chunks else index

    def at(self, position: Value) -> Value:
        """Return where the element of a position lies."""
        index = self.n - 1 - position if self.reverse else position
        return (self.outer * self.n + index) * self.inner + self.column

    def joined(self, r: Reduction, start: Value, stop: Value, total: Accumulator) -> None:
        """Join the elements of positions to a state."""
        with self.b.loop(start, stop) as position:
            total.join(lift(self.b, r, load_lanes(self.b, 0, r.dtype, self.at(position))))


@emitter("scan_totals")
def emit_totals(b: Shader, r: Reduction, reverse: bool) -> None:
    """Write a thread that joins the elements of a chunk."""
    columns, total = _Columns(b, reverse, of_chunks=True), Accumulator(b, r)
    start = columns.position * CHUNK
    columns.joined(r, start, b.minimum(start + CHUNK, columns.n), total)
    give(b, 0, r.parts[0], result(b, r, total.state))


@emitter("scan")
def emit_scan(b: Shader, r: Reduction, exclusive: bool, reverse: bool, chunked: bool) -> None:
    """Write a thread that joins what comes before its element."""
    columns, total = _Columns(b, reverse, of_chunks=False), Accumulator(b, r)
    position, start = columns.position, b.index(0)
    if chunked:
        chunk = b.op("div_s", position, CHUNK)
        start = chunk * CHUNK
    columns.joined(r, start, position if exclusive else position + 1, total)
    if chunked:  # last: it is the largest, so a sum is rounded to its last place once
        before = (columns.outer * columns.chunks + chunk) * columns.inner + columns.column
        total.join(lift(b, r, load_lanes(b, 1, r.parts[0], before)))
    made = result(b, r, total.state)
    if kind(r.dtype) == "i" and isinstance(made, Value):
        made = cast(b, made, Instruction("arg", (), None, "int32"), r.dtype)  # wraps
    give(b, 0, r.dtype, made)
