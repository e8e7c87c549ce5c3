"""Fft: stages that each take a factor off the length, every thread adding up as many elements as the factor (Stockham's order).

After stages that took L in all, element k * (n / L) + p of a row is the transform of its elements p, p + n / L, ... at frequency k.
Lengths with a large prime factor become circular convolutions of a power of two (Bluestein): w ** (j * k) is, with
c(j) = w ** (j * j / 2), the product c(j) * c(k) / c(k - j).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import cos, pi, sin

from ..loops.fft import factors
from ..patterns import Fft, Spec
from ..values.code import Lanes, Value
from ..values.complex_numbers import multiply
from .builder import Shader
from .elements import digits, give, load
from .launch import Launch, Lowered, Storage, Target, emitter, lowering

_LARGEST_PRIME = 61  # a factor p costs p multiplications an element
_SHARED_BITS = 10  # roots are products of one of so many bits and one of the bits above


def _floats(angles: Iterable[float]) -> bytes:
    return array("f", [part for a in angles for part in (cos(a), sin(a))]).tobytes()


@lru_cache(maxsize=64)
def _roots(n: int) -> bytes:
    """Return the n-th roots of unity whose numbers have low bits only, then those whose numbers are multiples of these."""
    step, shared = -2 * pi / n, 1 << _SHARED_BITS
    return _floats(step * i for i in (*range(shared), *range(0, n, shared)))


@lru_cache(maxsize=16)
def _chirps(n: int, padded: int, inverse: bool) -> tuple[bytes, bytes]:
    """Return c(j) for j below n, and 1 / c(j) for -n < j < n around a circle of `padded` elements."""
    angles = [(1 if inverse else -1) * pi * (j * j % (2 * n)) / n for j in range(n)]
    back = [-a for a in angles]
    return _floats(angles), _floats(back) + bytes(8 * (padded - 2 * n + 1)) + _floats(back[:0:-1])


class _Plan:
    """The launches of transforms in the making, with their scratch and tables."""

    def __init__(self) -> None:
        self.launches: list[Launch] = []
        self.scratch: list[tuple[int, str]] = []
        self.tables: list[tuple[bytes, str]] = []

    def _new(self, count: int) -> Storage:
        self.scratch.append((2 * count, "f"))
        return Storage("scratch", len(self.scratch) - 1, "f")

    def _table(self, content: bytes) -> Storage:
        self.tables.append((content, "f"))
        return Storage("table", len(self.tables) - 1, "f")

    def transform(self, rows: int, n: int, source: Storage, made: Storage | None, inverse: bool) -> Storage:
        """Add the transform of rows whose length has no large prime factor; return where it lies."""
        steps, roots, done = factors(n) or [1], self._table(_roots(n)), 1
        spare = [self._new(rows * n) for _ in range(min(2, len(steps) - (made is not None)))]
        for i, p in enumerate(steps):
            last = i == len(steps) - 1
            to = made if last and made is not None else spare[i % 2]
            divisor = n if inverse and last else 1
            self.launches.append(
                Launch("fft", (inverse,), (source, roots), (to,), rows * n, (n, p, done, n // (done * p), divisor), words=2)
            )
            source, done = to, done * p
        return source

    def _multiply(self, rows: int, lengths: tuple[int, int], x: Storage, y: Storage, made: Storage | None, divisor: int = 1) -> Storage:
        """Add the product of the first elements of rows with a row, zeros behind them; `lengths` are those of rows before and after."""
        made = made or self._new(rows * lengths[1])
        self.launches.append(Launch("fft_multiply", (), (x, y), (made,), rows * lengths[1], (*lengths, divisor), words=2))
        return made

    def convolve(self, rows: int, n: int, source: Storage, made: Storage, inverse: bool) -> None:
        """Add the transform of rows of any length."""
        padded = 1 << (2 * n - 2).bit_length()
        chirp, around = map(self._table, _chirps(n, padded, inverse))
        kernel = self.transform(1, padded, around, None, False)
        turned = self._multiply(rows, (n, padded), source, chirp, None)
        spectrum = self.transform(rows, padded, turned, None, False)
        product = self._multiply(rows, (padded, padded), spectrum, kernel, None)
        result = self.transform(rows, padded, product, None, True)
        self._multiply(rows, (padded, n), result, chirp, made, n if inverse else 1)


@lowering(Fft)
def lower_fft(k: Fft, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a transform."""
    plan, source, made = _Plan(), Storage("in", 0, "f"), Storage("out", 0, "f")
    if k.outer * k.n:
        if max(factors(k.n), default=1) > _LARGEST_PRIME:
            plan.convolve(k.outer, k.n, source, made, k.inverse)
        else:
            plan.transform(k.outer, k.n, source, made, k.inverse)
    return Lowered(tuple(plan.launches), tuple(plan.scratch), tuple(plan.tables))


def _pair(lanes: Lanes) -> tuple[Value, Value]:
    assert isinstance(lanes, tuple)
    return lanes


def _divided(b: Shader, x: tuple[Value, Value], divisor: Value) -> tuple[Value, Value]:
    by = b.splat(b.convert(b.convert(divisor, "i32"), "f32"))
    return x[0] / by, x[1] / by


@emitter("fft")
def emit_fft(b: Shader, inverse: bool) -> None:
    """Write a thread of a stage: the sum of as many elements as the factor, turned by roots."""
    size = b.sizes()
    n, factor, done, rest, divisor = (size() for _ in range(5))
    row, place = digits(b, b.at, [n])
    frequency, p = digits(b, place, [rest])
    first = row * n + (frequency - b.op("div_s", frequency, done) * done) * (rest * factor) + p
    total = [b.variable("vf", 0.0) for _ in range(2)]
    turn = b.variable("index", 0)  # the number of the root, below done * factor
    with b.loop(0, factor) as i:
        root = turn.value * rest
        low = _pair(load(b, 1, "complex64", root & ((1 << _SHARED_BITS) - 1)))
        high = _pair(load(b, 1, "complex64", (root >> _SHARED_BITS) + (1 << _SHARED_BITS)))
        re, im = multiply(b, low, high)
        x = _pair(load(b, 0, "complex64", first + i * rest))
        for part, value in zip(total, multiply(b, x, (re, -im if inverse else im)), strict=True):
            part.add(value)
        following = turn.value + frequency
        turn.set(b.select(following >= done * factor, following - done * factor, following))
    give(b, 0, "complex64", _divided(b, (total[0].value, total[1].value), divisor))


@emitter("fft_multiply")
def emit_multiply(b: Shader) -> None:
    """Write a thread that multiplies an element of a row by that of another row; behind the rows' end it gives zeros."""
    size = b.sizes()
    before, after, divisor = size(), size(), size()
    row, place = digits(b, b.at, [after])
    inside = place < before
    x = _pair(load(b, 0, "complex64", row * before + b.select(inside, place, 0)))
    y = _pair(load(b, 1, "complex64", b.select(inside, place, 0)))
    made = _divided(b, multiply(b, x, y), divisor)
    give(b, 0, "complex64", (b.select(inside, made[0], 0.0), b.select(inside, made[1], 0.0)))
