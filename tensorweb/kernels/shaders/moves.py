"""View, Slice, Place, Pad and Concat: threads that ask where their words come from. What indices in memory decide is in `gather.py`.

Words are moved, whatever they mean: the tensor of a complex number has one more axis, of its two parts. Place and Pad are one: a target's
word asks which of the places it is, by dividing with the strides, the largest first.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any, NamedTuple

from ...dtypes import TABLE, kind
from ..patterns import Concat, Pad, Place, Scatter, Slice, Spec, View
from ..strides import collapse, strides_of
from ..values.code import Value
from .builder import STORED, Shader
from .elements import digits, give, load_words, offset, word_dtype
from .launch import Launch, Lowered, Number, Storage, Target, array_in, array_out, emitter, lowering, stored, words_of
from .scatter import scattered

OFFSET = Number("i32", 1)  # where a slice begins, in elements: the second input


def _in_words(dtype: str, shape: Sequence[int], *layouts: Sequence[int]) -> tuple[list[int], list[list[int]]]:
    """Return a shape and strides of elements as those of words."""
    words = words_of(dtype)
    if words == 1:
        return list(shape), [list(strides) for strides in layouts]
    return [*shape, words], [[*(s * words for s in strides), 1] for strides in layouts]


# --- View and Slice: the target's axes are its indices, the source's strides follow ---------------------------------------------


@lowering(View)
def lower_view(k: View, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the copy that a view is: outputs have storage of their own."""
    return _taken(k.strides, inputs, outputs, moving=False)


@lowering(Slice)
def lower_slice(k: Slice, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the copy from the offset that the second input is."""
    return _taken(k.strides, inputs, outputs, moving=True)


def _taken(strides: Sequence[int], inputs: Sequence[Spec], outputs: Sequence[Spec], moving: bool) -> Lowered:
    (made,), dtype = outputs, str(outputs[0].dtype)
    if 0 in made.shape:
        return Lowered(())
    shape, layouts = _in_words(dtype, made.shape, strides)
    dims, (steps,) = collapse(shape, layouts)
    near = steps[-1] == 1 and all(s % 4 == 0 for s in steps[:-1])
    way = "row" if near else "same" if steps[-1] == 0 else "steps"
    # The rest of the last four may be anything, but nothing is read from behind the source.
    wide = dims[-1] % 4 == 0 or (len(dims) == 1 and way != "steps" and not moving)
    count = prod(dims)
    while 1 < len(dims) < 3:  # kernels exist for few ranks
        dims.insert(0, 1)
        steps.insert(0, 0)
    key = (len(dims), way if wide else "steps", words_of(dtype) if moving else 0)
    lanes = 4 if wide else 1
    numbers = (OFFSET,) if moving else ()
    reads, writes = (array_in(0, inputs[0]),), (array_out(0, made),)
    return Lowered((Launch("take", key, reads, writes, -(-count // lanes), (*dims[1:], *steps), numbers, lanes),))


@emitter("take")
def emit_take(b: Shader, rank: int, way: str, moving: int) -> None:
    """Write a thread of a view or slice; the offset counts elements of `moving` words, 0: there is none."""
    size = b.sizes()
    dims = [size() for _ in range(rank - 1)]
    steps = [size() for _ in range(rank)]
    start = size() * moving if moving else b.index(0)
    at = start + offset(b, digits(b, b.at, dims), steps)
    if way == "steps":
        made = _stepping(b, at, steps[-1])
    elif way == "same":
        made = b.splat(b.load(0, at))
    elif not moving:
        made = load_words(b, 0, at)
    else:
        made = _if_aligned(b, start, lambda: load_words(b, 0, at), lambda: _stepping(b, at, b.index(1)))
    give(b, 0, word_dtype(b.writes), made)


def _vector(b: Shader) -> str:
    """Return the type of the words that a thread gives."""
    return {"f": "vf", "i": "vi"}[b.writes]


def _if_aligned(b: Shader, start: Value, wide: Callable[[], Value], narrow: Callable[[], Value]) -> Value:
    """Return what `wide` makes where an offset is a multiple of 4, which the call decides, else what `narrow` makes."""
    found = b.variable(_vector(b), 0)
    with b.when((start & 3) == 0) as branch:
        found.set(wide())
        branch.otherwise()
        found.set(narrow())
    return found.value


def _stepping(b: Shader, at: Value, step: Value) -> Value:
    """Return a word of the first array for each lane, `step` from one another."""
    return _together(b, [b.load(0, at + step * lane if lane else at) for lane in range(b.lanes)])


def _together(b: Shader, words: Sequence[Value]) -> Value:
    made = b.splat(words[0])
    for lane, word in enumerate(words[1:], 1):
        made = b.with_lane(made, lane, word)
    return made


# --- Place and Pad: places of the target are divided by the strides -------------------------------------------------------------


class _Places(NamedTuple):
    """Where words go: axes (size, source stride, target stride > 0) by falling target stride, from a place in source and target."""

    axes: list[tuple[int, int, int]]
    source: int
    target: int

    @property
    def nested(self) -> bool:
        """Whether each stride is longer than what all shorter ones reach together, so that dividing finds the indices."""
        reach = 0
        for n, _, step in reversed(self.axes):
            if step <= reach:
                return False
            reach += (n - 1) * step
        return True

    @property
    def aligned(self) -> bool:
        """Whether four neighbours from a multiple of 4 in the target are either none of the places or four neighbours of the source."""
        *others, last = self.axes
        steps = [s for _, *both in others for s in both]
        return last[1:] == (1, 1) and not any(s % 4 for s in (*steps, last[0], self.source, self.target))


def _places(dtype: str, shape: Sequence[int], source: Sequence[int], target: Sequence[int], starts: tuple[int, int]) -> _Places:
    words = words_of(dtype)
    first, second = (s * words for s in starts)
    shape, layouts = _in_words(dtype, shape, source, target)
    if 0 in shape or prod(shape) == 1:
        return _Places([(prod(shape), 1, 1)], first, second)
    axes = []
    dims, (sources, targets) = collapse(shape, layouts)
    for n, s, t in zip(dims, sources, targets, strict=True):
        if t < 0:
            first, second, s, t = first + (n - 1) * s, second + (n - 1) * t, -s, -t
        axes.append((n, s, t))
    return _Places(sorted(axes, key=lambda axis: -axis[2]), first, second)


def _placed(places: _Places, source: Storage, out: Storage, count: int, fill: tuple[int, int], moving: int) -> Launch:
    """Return the launch that fills an output of `count` words, but for places; `fill` is the bits of two words that take turns."""
    unit = places.axes[-1][2] == 1
    lanes = 4 if places.aligned else 1
    sizes = (places.source, places.target, *fill, *(n for axis in places.axes for n in axis))
    numbers = (OFFSET,) if moving else ()
    return Launch("place", (len(places.axes), unit, moving), (source,), (out,), -(-count // lanes), sizes, numbers, lanes)


@emitter("place")
def emit_place(b: Shader, rank: int, unit: bool, moving: int) -> None:
    """Write a thread of a place or pad: the last stride is 1 if `unit`; the offset counts elements of `moving` words, 0: there is none."""
    size = b.sizes()
    source, start = size(), size()
    fills = [size(), size()]
    axes = [(size(), size(), size()) for _ in range(rank)]
    if moving:
        start = start + size() * moving

    def find(target: Value) -> tuple[Value, Value]:
        """Return whether a word of the target is one of the places, and the source's word."""
        rest = target - start
        inside = rest >= 0
        rest, at = b.maximum(rest, 0), source
        for axis, (n, step, stride) in enumerate(axes):
            if unit and axis == rank - 1:
                digit = rest
            else:
                digit = b.op("div_s", rest, stride)
                rest = rest - digit * stride
            inside = inside & (digit < n)
            at = at + digit * step
        return (inside if unit else inside & (rest == 0)), at

    def word(lane: int) -> Value:
        inside, at = find(b.at + lane)
        return b.select(inside, b.load(0, b.select(inside, at, 0)), _fill(b, fills, lane))

    def row() -> Value:
        inside, at = find(b.at)
        others = _together(b, [_fill(b, fills, lane) for lane in range(b.lanes)])
        return b.select(b.splat(inside), load_words(b, 0, b.select(inside, at, 0)), others)

    made = row() if not moving or b.lanes == 1 else _if_aligned(b, start, row, lambda: _together(b, [word(lane) for lane in range(4)]))
    give(b, 0, word_dtype(b.writes), made)


def _fill(b: Shader, fills: Sequence[Value], lane: int) -> Value:
    bits = fills[lane % 2] if b.lanes == 4 else b.select((b.at & 1) == 0, *fills)
    return b.bits(b.convert(bits, "i32"), STORED[b.writes])


@lowering(Place)
def lower_place(k: Place, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a place, or a scatter where strides interleave so that dividing does not find the indices."""
    shape, made, dtype = inputs[0].shape, outputs[0], str(outputs[0].dtype)
    words = words_of(dtype)
    count = prod(made.shape) * words
    if not count:
        return Lowered(())
    places = _places(dtype, shape, strides_of(shape), k.strides, (0, 0))
    source, out = array_in(0, inputs[0]), array_out(0, made)
    if places.nested:
        return Lowered((_placed(places, source, out, count, (0, 0), words),))
    zeros, indices = Storage("scratch", 0, stored(dtype)), Storage("scratch", 1, "i")
    nothing = _Places([(0, 1, 1)], 0, 0)
    n = prod(shape)
    first = (
        _placed(nothing, source, zeros, count, (0, 0), 0),
        Launch("positions", (len(shape),), (), (indices,), n, (*shape[1:], *k.strides), (OFFSET,)),
    )
    put = scattered(Scatter(1, prod(made.shape), n, 1, "set"), dtype, (zeros, indices, source), out, 2)
    return Lowered((*first, *put.launches), ((count, zeros.type), (n, "i"), *put.scratch))


@emitter("positions")
def emit_positions(b: Shader, rank: int) -> None:
    """Write a thread that gives the flat place of an index: an offset and strides."""
    size = b.sizes()
    dims = [size() for _ in range(rank - 1)]
    steps = [size() for _ in range(rank)]
    places = offset(b, digits(b, b.at, dims), steps)
    give(b, 0, "int32", b.splat(size() + places))


@lowering(Pad)
def lower_pad(k: Pad, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the one launch of a pad: what is not cut off has places in the output."""
    shape, dtype = outputs[0].shape, str(outputs[0].dtype)
    count = prod(shape) * words_of(dtype)
    if not count:
        return Lowered(())
    kept: list[int] = []
    starts = [0, 0]
    steps = [gap + 1 for gap in k.interior]
    source, made = strides_of(inputs[0].shape), strides_of(shape)
    for d, (n, limit) in enumerate(zip(inputs[0].shape, shape, strict=True)):
        first = max(0, -(k.low[d] // steps[d]))
        last = min(n, (limit - 1 - k.low[d]) // steps[d] + 1)
        kept.append(max(0, last - first))
        starts[0] += first * source[d]
        starts[1] += (first * steps[d] + k.low[d]) * made[d]
    places = _places(dtype, kept, source, [s * step for s, step in zip(made, steps, strict=True)], (starts[0], starts[1]))
    return Lowered((_placed(places, array_in(0, inputs[0]), array_out(0, outputs[0]), count, _bits(k.value, dtype), 0),))


def _bits(value: Any, dtype: str) -> tuple[int, int]:
    """Return a number as the bits of two words of its dtype: its parts if it is complex, else twice the same."""
    if dtype == "complex64":
        value = complex(value)
        return _bits(value.real, "float32")[0], _bits(value.imag, "float32")[0]
    if kind(dtype) == "b":
        return int(bool(value)), int(bool(value))
    if kind(dtype) == "i":
        low, high = int(TABLE[dtype].low), int(TABLE[dtype].high)
        made = (int(value) - low) % (high - low + 1) + low
        return made, made
    for code in ("e", "f") if dtype == "float16" else ("f",):
        try:
            (value,) = struct.unpack("=" + code, struct.pack("=" + code, value))
        except OverflowError:
            value = inf if value > 0 else -inf
    (made,) = struct.unpack("=i", struct.pack("=f", value))
    return made, made


# --- Concat ---------------------------------------------------------------------------------------------------------------------

_Part = tuple[Storage, int]  # and its words in each row


@lowering(Concat)
def lower_concat(k: Concat, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return one launch, or with more inputs than a command takes a few that join neighbours in scratch storage first."""
    made, dtype = outputs[0], str(outputs[0].dtype)
    if 0 in made.shape:
        return Lowered(())
    rows, words = prod(made.shape[: k.axis]), words_of(dtype)
    parts: list[_Part] = [(array_in(i, s), prod(s.shape[k.axis :]) * words) for i, s in enumerate(inputs) if 0 not in s.shape]
    together = target.max_storages - 1
    launches: list[Launch] = []
    scratch: list[tuple[int, str]] = []
    while len(parts) > together:
        excess, joined = len(parts) - together, []
        while parts:
            count = min(together, excess + 1)
            group, parts = parts[:count], parts[count:]
            excess -= len(group) - 1
            if len(group) > 1:
                to, width = Storage("scratch", len(scratch), stored(dtype)), sum(block for _, block in group)
                scratch.append((rows * width, to.type))
                launches.append(_join(group, to, rows))
                group = [(to, width)]
            joined += group
        parts = joined
    return Lowered((*launches, _join(parts, array_out(0, made), rows)), tuple(scratch))


def _join(parts: Sequence[_Part], out: Storage, rows: int) -> Launch:
    """Return the launch that puts rows of the parts beside each other."""
    blocks = [block for _, block in parts]
    lanes = 1 if any(block % 4 for block in blocks) else 4
    return Launch("concat", (len(parts),), tuple(s for s, _ in parts), (out,), rows * sum(blocks) // lanes, tuple(blocks), lanes=lanes)


@emitter("concat")
def emit_concat(b: Shader, count: int) -> None:
    """Write a thread of a concatenation of some inputs."""
    size = b.sizes()
    blocks = [size() for _ in range(count)]
    starts = [b.index(0)]
    for block in blocks:
        starts.append(starts[-1] + block)
    row, column = digits(b, b.at, [starts[-1]])
    found = b.variable(_vector(b), 0)
    for array, (start, block) in enumerate(zip(starts, blocks, strict=False)):
        inside = column - start
        with b.when(b.op("lt_u", inside, block)):
            found.set(load_words(b, array, row * block + inside))
    give(b, 0, word_dtype(b.writes), found.value)
