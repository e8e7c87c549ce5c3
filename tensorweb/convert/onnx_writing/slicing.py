"""Writes ops that take parts of tensors and put parts together: slices, gathers, scatters, joins, splits."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...graph.definition import Node
from .scope import LEAST, MOST, Scope, Unwritable, Value, writes

# --- slices -----------------------------------------------------------------------------------------------------------------


@writes("Slice")
def slice_(b: Scope, node: Node, x: Value, begin: Value, size: Value) -> Value:
    """A size of -1 is all that is left."""
    if x.shape == ():
        return x
    if begin.known is not None and size.known is not None:
        last = [MOST if s < 0 else start + s for start, s in zip(begin.known, size.known, strict=True)]
        axes = [i for i, (start, end) in enumerate(zip(begin.known, last)) if start or end != MOST]
        return b("Slice", x, *([int(part[i]) for i in axes] for part in (begin.known, last)), axes) if axes else x
    first, sizes = b.vector(begin), b.vector(size)
    last = b("Where", b("Less", sizes, 0), MOST, b("Add", first, sizes))
    return b("Slice", x, first, last)


class _Part(NamedTuple):
    """What a StridedSlice says of an axis: the number of its entry, whether it begins or ends where the axis does, or is one place."""

    axis: int
    entry: int
    from_first: bool
    to_last: bool
    single: bool


def _plan(node: Node, rank: int, count: int) -> tuple[list[_Part], list[int]]:
    """Return the parts of axes, and where the result gets new axes (counted in the result)."""
    masks = {n: int(node.attrs.get(f"{n}_mask") or 0) for n in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")}
    parts: list[_Part] = []
    added: list[int] = []
    behind = sum(1 for i in range(count) if not masks["new_axis"] >> i & 1 and not masks["ellipsis"] >> i & 1)
    axis = place = 0
    for i in range(count):
        if masks["ellipsis"] >> i & 1:
            axis, place = axis + rank - behind, place + rank - behind
        elif masks["new_axis"] >> i & 1:
            added.append(place)
            place += 1
        else:
            single = bool(masks["shrink_axis"] >> i & 1)
            parts.append(_Part(axis, i, bool(masks["begin"] >> i & 1), bool(masks["end"] >> i & 1), single))
            axis, place = axis + 1, place + (not single)
    return parts, added


def _element(b: Scope, vector: Value, place: int) -> Any:
    """Return an element: an int where it is known, else an int64 vector of one."""
    if vector.host is not None and vector.host[place] is not None:
        return int(vector.host[place])
    return b.slice(b.int64(vector), 0, place, place + 1)


@writes("StridedSlice")
def strided_slice(b: Scope, node: Node, x: Value, begin: Value, end: Value, strides: Value) -> Value:
    steps = b.ints(strides, "strides")
    parts, added = _plan(node, b.rank(x), len(steps))
    starts: list[Any] = []
    stops: list[Any] = []
    kept = []
    for part in parts:
        forward = steps[part.entry] > 0
        first: Any = (0 if forward else MOST) if part.from_first and not part.single else _element(b, begin, part.entry)
        last: Any = (MOST if forward else LEAST) if part.to_last else None
        if part.single:
            if isinstance(first, int):
                last = first + 1 if first != -1 else MOST
            else:
                last = b("Where", b("Equal", first, -1), MOST, b("Add", first, 1))
        elif last is None:
            last = _element(b, end, part.entry)
        if first != 0 or last != MOST or steps[part.entry] != 1 or part.single:
            starts.append(first)
            stops.append(last)
            kept.append(part)
    return _sliced(b, x, kept, starts, stops, steps, added)


def _sliced(b: Scope, x: Value, kept: list[_Part], starts: list[Any], stops: list[Any], steps: list[int], added: list[int]) -> Value:
    gone = [part.axis for part in kept if part.single]
    assert x.shape is not None
    if len(kept) == 1 and gone and isinstance(starts[0], int):
        left = tuple(s for i, s in enumerate(x.shape) if i not in gone)
        x = b("Gather", x, b.int64(starts[0]), axis=gone[0], shape=left)
        gone = []
    elif kept:
        axes, by = [part.axis for part in kept], [steps[part.entry] for part in kept]
        sizes = list(x.shape)
        for axis, first, last, step in zip(axes, starts, stops, by, strict=True):
            known = isinstance(first, int) and isinstance(last, int) and sizes[axis] is not None
            sizes[axis] = len(range(*slice(first, None if last == LEAST else last, step).indices(sizes[axis] or 0))) if known else None
        shape = tuple(sizes)
        x = b("Slice", x, b.pack(starts), b.pack(stops), axes, None if set(by) == {1} else by, shape=shape)
    x = b.squeeze(x, gone) if gone else x
    return b.unsqueeze(x, added) if added else x


@writes("Reverse", "ReverseV2")
def reverse(b: Scope, node: Node, x: Value, axes: Value) -> Value:
    """Version 1 has a truth for each axis."""
    told = b.ints(axes, "axes")
    turned = [i for i, yes in enumerate(told) if yes] if node.op == "Reverse" else told
    n = len(turned)
    return b("Slice", x, [-1] * n, [LEAST] * n, turned, [-1] * n) if n else x


@writes("ReverseSequence")
def reverse_sequence(b: Scope, node: Node, x: Value, lengths: Value) -> Value:
    """ONNX knows the first two axes only."""
    along, batch = int(node.attrs["seq_dim"]), int(node.attrs.get("batch_dim", 0))
    rank = b.rank(x)
    order = [batch, along, *(i for i in range(rank) if i not in (batch, along))]
    moved = {batch, along} != {0, 1}
    x = b.transpose(x, order) if moved else x
    axes: dict[str, Any] = {"batch_axis": 0 if moved else batch, "time_axis": 1 if moved else along}
    x = b("ReverseSequence", x, b.int64(lengths), **axes)
    return b.transpose(x, [order.index(i) for i in range(rank)]) if moved else x


@writes("Roll")
def roll(b: Scope, node: Node, x: Value, shifts: Value, axes: Value) -> Value:
    for i, axis in enumerate(b.ints(axes, "axes")):
        shift = b.number(_vector_of(b, _element(b, b.vector(shifts), i)))
        size = b.size(x, axis % b.rank(x))
        places = b("Mod", b("Sub", b.range(size), shift), b.number(size))
        x = b("Gather", x, places, axis=axis, shape=x.shape)
    return x


def _vector_of(b: Scope, x: Any) -> Value:
    return b.value([x]) if isinstance(x, int) else x


# --- gathers ----------------------------------------------------------------------------------------------------------------


@writes("Gather", "ResourceGather")
def gather(b: Scope, node: Node, x: Value, indices: Value) -> Value:
    return b("Gather", x, indices, axis=0)


@writes("GatherV2")
def gather_v2(b: Scope, node: Node, x: Value, indices: Value, axis: Value) -> Value:
    """With batch axes it is a GatherND with the axis behind them."""
    place, batch = b.ints(axis, "axis")[0], int(node.attrs.get("batch_dims") or 0)
    if not batch:
        return b("Gather", x, indices, axis=place)
    rank, outer = b.rank(x), b.rank(indices)
    place, batch = place % rank, batch % outer if outer else 0
    order = [*range(batch), place, *(i for i in range(batch, rank) if i != place)]
    made = b("GatherND", b.transpose(x, order), b("Unsqueeze", b.int64(indices), [-1]), batch_dims=batch)
    # Now: batch axes, the indices' others, those before the axis, those behind it.
    inner, before = list(range(batch, outer)), list(range(outer, outer + place - batch))
    return b.transpose(made, [*range(batch), *before, *inner, *range(outer + place - batch, outer + rank - batch - 1)])


@writes("GatherNd")
def gather_nd(b: Scope, node: Node, x: Value, indices: Value) -> Value:
    return b("GatherND", x, b.int64(indices))


# --- scatters ---------------------------------------------------------------------------------------------------------------


def _scatter(reduction: str) -> Any:
    def write(b: Scope, node: Node, x: Value, indices: Value, updates: Value) -> Value:
        if node.op == "TensorScatterSub":
            updates = b("Neg", updates)
        return b("ScatterND", x, b.int64(indices), updates, reduction=reduction)

    return write


writes("TensorScatterUpdate")(_scatter("none"))
writes("TensorScatterAdd", "TensorScatterSub", "ScatterNdNonAliasingAdd")(_scatter("add"))
writes("TensorScatterMax")(_scatter("max"))
writes("TensorScatterMin")(_scatter("min"))


@writes("ScatterNd")
def scatter_nd(b: Scope, node: Node, indices: Value, updates: Value, shape: Value) -> Value:
    zeros = b.expand(b.zero(updates.dtype), b.vector(shape))
    return b("ScatterND", zeros, b.int64(indices), updates, reduction="none" if updates.dtype == "bool" else "add", shape=zeros.shape)


@writes("SparseToDense")
def sparse_to_dense(b: Scope, node: Node, indices: Value, shape: Value, values: Value, default: Value) -> Value:
    """Indices are a matrix with a row for each value; a vector or a number for one axis, a vector for one value of several."""
    sizes, places = b.vector(shape), b.int64(indices)
    start = b("Expand", default, sizes)
    if b.rank(indices) < 2:
        if sizes.shape is None or sizes.shape[0] is None:
            raise Unwritable("it is not known beforehand how many axes the result has")
        places = b.reshape(places, [-1, sizes.shape[0]])
    rows = b("Shape", places, end=1, shape=(1,))
    return b("ScatterND", start, places, b("Expand", values, rows) if b.rank(values) == 0 else values, shape=start.shape)


@writes("InvertPermutation")
def invert_permutation(b: Scope, node: Node, x: Value) -> Value:
    places = b.range(b.size(x, 0))
    return b.int32(b("ScatterElements", places, b.int64(x), places, axis=0))


# --- joins and splits -------------------------------------------------------------------------------------------------------


@writes("ConcatV2")
def concat_v2(b: Scope, node: Node, *inputs: Value) -> Value:
    return b("Concat", *inputs[:-1], axis=b.ints(inputs[-1], "axis")[0])


@writes("Concat")
def concat(b: Scope, node: Node, axis: Value, *inputs: Value) -> Value:
    return b("Concat", *inputs, axis=b.ints(axis, "axis")[0])


@writes("Pack")
def pack(b: Scope, node: Node, *inputs: Value) -> Value:
    axis = int(node.attrs.get("axis") or 0)
    return b("Concat", *(b.unsqueeze(x, [axis]) for x in inputs), axis=axis)


@writes("Unpack")
def unpack(b: Scope, node: Node, x: Value) -> list[Value]:
    axis = int(node.attrs.get("axis") or 0)
    size = None if x.shape is None else x.shape[axis]
    count = int(node.attrs.get("num") or size or 0)
    if not count:
        if size == 0:
            return []
        raise Unwritable("it is not known beforehand how many parts there are")
    return [b.squeeze(part, [axis]) for part in _parts_of(b, x, axis, count)]


def _parts_of(b: Scope, x: Value, axis: int, count: int) -> list[Value]:
    if count == 1:
        return [x]
    found: list[Value] = b("Split", x, outputs=count, axis=axis, num_outputs=count)
    for part in found:
        part.shape = None if x.shape is None else tuple(_share(s, count) if i == axis % len(x.shape) else s for i, s in enumerate(x.shape))
    return found


def _share(size: int | None, count: int) -> int | None:
    return None if size is None else size // count


@writes("Split")
def split(b: Scope, node: Node, axis: Value, x: Value) -> list[Value]:
    return _parts_of(b, x, b.ints(axis, "axis")[0], int(node.attrs["num_split"]))


@writes("SplitV")
def split_v(b: Scope, node: Node, x: Value, sizes: Value, axis: Value) -> list[Value]:
    """One size may be -1: what is left."""
    place = b.ints(axis, "axis")[0]
    count = int(node.attrs.get("num_split") or (sizes.shape[0] if sizes.shape else 0))
    if count == 1:
        return [x]
    listed: Any = b.vector(sizes)
    if sizes.known is not None and -1 in sizes.known:
        rest = b("Sub", b.size(x, place), sum(s for s in sizes.known if s >= 0), shape=(1,))
        listed = b.pack([s if s >= 0 else rest for s in map(int, sizes.known)])
    elif sizes.known is None:
        rest = b("Sub", b.size(x, place), b("Add", b("ReduceSum", listed, keepdims=1), 1))
        listed = b("Where", b("Less", listed, 0), rest, listed)
    found: list[Value] = b("Split", x, listed, outputs=count, axis=place)
    return found
