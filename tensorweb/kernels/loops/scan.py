"""The scan pattern: running sums, products and extremes, with the lanes across the inner axis or, where there is none, along the scan."""

from __future__ import annotations

from collections.abc import Sequence

from ...dtypes import kind
from ..patterns import Scan, Spec
from ..values.code import Lanes, Value
from .builder import Builder
from .lanes import Cell, chosen, each, filled, plus
from .launch import GRAIN, Launch, Lowered, Slot, Target, emitter, lowering
from .memory import itemsize, load_lanes, store_lanes
from .reductions import Reduction, combine, identity

_KINDS = {"add": "sum", "mul": "prod", "max": "max", "min": "min"}

State = tuple[Lanes, ...]  # what has been combined; of float sums also the rounding errors, added up


@lowering(Scan)
def lower_scan(k: Scan, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a scan."""
    if not k.outer * k.n * k.inner:
        return Lowered(())
    dtype, step, along = str(inputs[0].dtype), itemsize(str(inputs[0].dtype)), k.inner == 1
    blocks = -(-k.inner // target.lanes)
    sizes = (k.n, k.inner, blocks, k.n * k.inner * step, k.inner * step)
    grain = max(1, GRAIN // (k.n if along else k.n * target.lanes))
    key = (dtype, k.kind, k.exclusive, k.reverse, along)
    return Lowered((Launch("scan", key, sizes, (Slot("in", 0), Slot("out", 0)), k.outer * blocks, grain),))


class _Running:
    """What a scan carries from element to element, in lanes."""

    def __init__(self, b: Builder, name: str, dtype: str):
        self.b, self.reduction = b, Reduction(_KINDS[name], dtype)
        self.zero = filled(b, dtype, 0) if kind(dtype) in "fc" and name == "add" else None

    def lift(self, x: Lanes) -> State:
        return (x,) if self.zero is None else (x, self.zero)

    @property
    def identity(self) -> State:
        return self.lift(identity(self.b, self.reduction))

    def join(self, x: State, y: State) -> State:
        """Return x, then y."""
        if self.zero is None:
            return (combine(self.b, self.reduction, x[0], y[0]),)
        total = plus(x[0], y[0])
        error = each(lambda s, u, v: (u - (s - (s - u))) + (v - (s - u)), total, x[0], y[0])
        return total, plus(plus(x[1], y[1]), error)

    def settled(self, x: State) -> State:
        """Return the same with errors below half a unit of the result's last place: over a long scan they would grow and be rounded."""
        if self.zero is None:
            return x
        total = self.value(x)
        left = each(lambda s, t, e: e - (s - t), total, x[0], x[1])
        return total, each(lambda v: self.b.select(v - v == 0.0, v, 0.0), left)

    def value(self, x: State) -> Lanes:
        """Return the result; the errors of an infinite sum are NaN and do not count."""
        return x[0] if self.zero is None else each(lambda t, e: self.b.select(e == e, t + e, t), *x)

    def from_lanes(self, x: State, order: Sequence[int]) -> State:
        """Return lanes in another order, those of the identity from `lanes` on."""
        return tuple(each(lambda u, v: self.b.shuffle(u, v, order), u, v) for u, v in zip(x, self.identity, strict=True))


@emitter("scan")
def emit_scan(b: Builder, dtype: str, name: str, exclusive: bool, reverse: bool, along: bool) -> None:
    """Write the loops of a scan: key of the launch made by `lower_scan`."""
    size = b.sizes()
    n, inner, blocks, row, step = size(), size(), size(), size(), size()
    running = _Running(b, name, dtype)
    with b.loop(b.begin, b.end) as unit:
        if along:
            _along(running, n, [b.slot(i) + unit * row for i in (1, 2)], exclusive, reverse)
        else:
            outer = unit // blocks
            column = (unit - outer * blocks) * b.lanes
            places = [b.slot(i) + outer * row + column * itemsize(dtype) for i in (1, 2)]
            with b.when(column + b.lanes <= inner) as branch:
                _across(running, n, step, places, None, exclusive, reverse)
                branch.otherwise()
                _across(running, n, step, places, inner - column, exclusive, reverse)


def _across(r: _Running, n: Value, step: Value, places: Sequence[Value], count: Value | None, exclusive: bool, reverse: bool) -> None:
    """Write the scans of neighbouring columns, element after element."""
    b, dtype = r.b, r.reduction.dtype
    carried = [Cell(b, x) for x in r.identity]
    with b.loop(0, n) as i:
        source, target = (p + (n - 1 - i if reverse else i) * step for p in places)
        before = tuple(c.value for c in carried)
        after = r.settled(r.join(before, r.lift(load_lanes(b, dtype, source, count))))
        store_lanes(b, dtype, target, r.value(before if exclusive else after), count)
        for c, x in zip(carried, after, strict=True):
            c.set(x)


def _along(r: _Running, n: Value, places: Sequence[Value], exclusive: bool, reverse: bool) -> None:
    """Write the scan of one row, a vector at a time."""
    b = r.b
    carried = [Cell(b, x) for x in r.identity]
    whole = n - n % b.lanes
    with b.loop(0, whole, b.lanes) as i:
        _vector(r, carried, places, n - b.lanes - i if reverse else i, None, exclusive, reverse)
    with b.when(whole < n):
        _vector(r, carried, places, b.index(0) if reverse else whole, n - whole, exclusive, reverse)


def _vector(
    r: _Running, carried: Sequence[Cell], places: Sequence[Value], at: Value, count: Value | None, exclusive: bool, reverse: bool
) -> None:
    """Scan a vector in as many steps as its number of lanes has bits, then join it to what came before."""
    b, dtype, lanes = r.b, r.reduction.dtype, range(r.b.lanes)
    source, target = (p + at * itemsize(dtype) for p in places)
    x = load_lanes(b, dtype, source, count)
    if count is not None:
        x = chosen(b, b.iota() < b.splat(b.convert(count, "i32")), x, identity(b, r.reduction))
    here = r.lift(x)

    def moved(state: State, by: int) -> State:
        """Each lane gets what is `by` lanes before it in the order of the scan."""
        return r.from_lanes(state, [_or_identity(b, i + by if reverse else i - by) for i in lanes])

    by = 1
    while by < b.lanes:
        here = r.join(moved(here, by), here)
        by *= 2
    before = tuple(c.value for c in carried)
    after = r.join(before, here)
    store_lanes(b, dtype, target, r.value(r.join(before, moved(here, 1)) if exclusive else after), count)
    last = 0 if reverse else b.lanes - 1
    carry = r.settled(tuple(each(lambda v: b.splat(b.lane(v, last)), state) for state in after))
    for c, state in zip(carried, carry, strict=True):
        c.set(state)


def _or_identity(b: Builder, lane: int) -> int:
    return lane if 0 <= lane < b.lanes else b.lanes
