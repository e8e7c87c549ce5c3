"""Writes ops that change shapes and dtypes, pass values on or make them of little. Taking parts of tensors: `slicing.py`."""

from __future__ import annotations

from math import prod
from typing import Any

from ...graph.definition import Node
from ...graph.tf_dtypes import own_dtype
from .model import NUMBERS
from .scope import LEAST, MOST, Scope, Unwritable, Value, writes

# --- values as they are -----------------------------------------------------------------------------------------------------


@writes("Identity", "Snapshot", "StopGradient", "PreventGradient", "PlaceholderWithDefault", "CheckNumerics", "RefIdentity", "EnsureShape",
        "Print")  # fmt: skip
def identity(b: Scope, node: Node, x: Value, *others: Value) -> Value:
    return x


@writes("IdentityN")
def identities(b: Scope, node: Node, *inputs: Value) -> list[Value]:
    return list(inputs)


@writes("NoOp", "Assert", "PrintV2")
def nothing(b: Scope, node: Node, *inputs: Value) -> list[Value]:
    return []


# --- dtypes -----------------------------------------------------------------------------------------------------------------

_SMALL = ("uint8", "int8", "uint16", "int16")


@writes("Cast")
def cast(b: Scope, node: Node, x: Value) -> Value:
    wanted = node.attrs.get("DstT")
    own = own_dtype(wanted)
    if own is None or own in ("complex64", "string"):
        raise Unwritable(f"it makes {wanted} of {x.dtype}")
    made = b.cast(x, own)
    if wanted in _SMALL and x.dtype != "bool":  # their range is kept; floats become integers first
        made = b("Cast", made, dtype=wanted, to=NUMBERS[wanted])
        made = b("Cast", made, dtype=own, to=NUMBERS[own])
    return made


@writes("Shape")
def shape(b: Scope, node: Node, x: Value) -> Value:
    return b.int32(b.shape(x))


@writes("ShapeN")
def shapes(b: Scope, node: Node, *inputs: Value) -> list[Value]:
    return [b.int32(b.shape(x)) for x in inputs]


@writes("Size")
def size(b: Scope, node: Node, x: Value) -> Value:
    return b.int32(b("Size", x, shape=()))


@writes("Rank")
def rank(b: Scope, node: Node, x: Value) -> Value:
    return b.const([len(x.shape)], (), "int32") if x.shape is not None else b.int32(b("Size", b.shape(x), shape=()))


# --- shapes -----------------------------------------------------------------------------------------------------------------


@writes("Reshape")
def reshape(b: Scope, node: Node, x: Value, sizes: Value) -> Value:
    """ONNX takes a size of 0 for that of the input, unless it is told not to; then no other one may be -1."""
    host = sizes.host
    if host is not None and -1 in host and 0 in host and None not in host:
        return b("Reshape", x, [_other_size(v, host) for v in host], allowzero=1)
    open_ended = host is not None and -1 in host
    plain = open_ended or (host is not None and None not in host and 0 not in host)
    return b("Reshape", x, b.vector(sizes), allowzero=None if plain else 1)


def _other_size(size: int, sizes: list[int]) -> int:
    """Return the size that an unknown one has where another is 0."""
    return size if size != -1 else 0 if prod(s for s in sizes if s != -1) else 1


@writes("ExpandDims")
def expand_dims(b: Scope, node: Node, x: Value, axis: Value) -> Value:
    return b.unsqueeze(x, b.ints(axis, "axis")) if axis.constant else b("Unsqueeze", x, b.vector(axis))


@writes("Squeeze")
def squeeze(b: Scope, node: Node, x: Value) -> Value:
    axes = node.attrs.get("squeeze_dims") or node.attrs.get("axis")
    if axes:
        return b.squeeze(x, axes)
    if x.shape is not None and None not in x.shape:
        return b.squeeze(x, [i for i, s in enumerate(x.shape) if s == 1]) if 1 in x.shape else x
    return b("Squeeze", x)


@writes("Transpose")
def transpose(b: Scope, node: Node, x: Value, perm: Value) -> Value:
    return b.transpose(x, b.ints(perm, "axes"))


@writes("BroadcastTo")
def broadcast_to(b: Scope, node: Node, x: Value, sizes: Value) -> Value:
    return b("Expand", x, b.vector(sizes))


@writes("BroadcastArgs")
def broadcast_args(b: Scope, node: Node, x: Value, y: Value) -> Value:
    lengths = [v.shape[0] for v in (x, y) if v.shape is not None and v.shape[0] is not None]
    if len(lengths) < 2:
        raise Unwritable("it is not known beforehand how long its inputs are")
    longest = max(lengths)
    x, y = (b("Concat", b.value([1] * (longest - n)), b.int64(v), axis=0) if n < longest else b.int64(v) for v, n in zip((x, y), lengths))
    return b.int32(b("Where", b("Equal", x, 1), y, x))


@writes("Tile")
def tile(b: Scope, node: Node, x: Value, times: Value) -> Value:
    return b("Tile", x, b.vector(times))


# --- fills ------------------------------------------------------------------------------------------------------------------


@writes("Fill")
def fill(b: Scope, node: Node, sizes: Value, value: Value) -> Value:
    return b("Expand", value, b.vector(sizes))


def _filled(number: float) -> Any:
    def write(b: Scope, node: Node, sizes: Value) -> Value:
        dtype = own_dtype(node.attrs.get("dtype") or node.attrs.get("T")) or "float32"
        return b("Expand", b.cast(b.value(number), dtype), b.vector(sizes))

    return write


writes("Zeros", "Empty")(_filled(0.0))
writes("Ones")(_filled(1.0))


@writes("ZerosLike", "OnesLike")
def filled_like(b: Scope, node: Node, x: Value) -> Value:
    return b("Expand", b.cast(b.value(int(node.op == "OnesLike")), x.dtype), b.shape(x))


@writes("Range")
def counted(b: Scope, node: Node, start: Value, stop: Value, step: Value) -> Value:
    dtype = "float32" if "float32" in (start.dtype, stop.dtype, step.dtype) else "int32"
    return b("Range", *(b.cast(v, dtype) for v in (start, stop, step)))


@writes("LinSpace")
def linspace(b: Scope, node: Node, start: Value, stop: Value, count: Value) -> Value:
    """The last one is exactly the end; of one there is only the start."""
    number = b.int64(count)
    places = b.cast(b("Range", b.int64(0), number, b.int64(1), shape=(None,)), "float32")
    gaps = b.cast(b("Max", b("Sub", number, 1), 1), "float32")
    made = b("Add", b("Mul", places, b("Div", b("Sub", stop, start), gaps)), start)
    return b("Where", b("And", b("Equal", places, gaps), b("Greater", number, 1)), stop, made)


@writes("OneHot")
def one_hot(b: Scope, node: Node, indices: Value, depth: Value, on: Value, off: Value) -> Value:
    """ONNX counts negative numbers from the end, TensorFlow leaves them out."""
    places, number = b.int64(indices), b.int64(depth)
    places = b("Where", b("Less", places, 0), number, places)
    values = b("Concat", b.reshape(off, [1]), b.reshape(on, [1]), axis=0)
    wide = values if values.dtype == "float32" else b.cast(values, "int64")
    if indices.shape == ():
        return b.cast(b.squeeze(b("OneHot", b.reshape(places, [1]), number, wide, axis=-1), [0]), values.dtype)
    return b.cast(b("OneHot", places, number, wide, axis=int(node.attrs.get("axis", -1))), values.dtype)


# --- padding ----------------------------------------------------------------------------------------------------------------


def ends(b: Scope, pairs: Value) -> Value:
    """Return paddings of each axis as ONNX has them: all before, then all behind."""
    if pairs.known is not None:
        return b.value([int(v) for v in pairs.known[::2]] + [int(v) for v in pairs.known[1::2]])
    return b.reshape(b.transpose(b.int64(pairs), [1, 0]), [-1])


@writes("Pad", "PadV2")
def pad(b: Scope, node: Node, x: Value, pairs: Value, value: Value | None = None) -> Value:
    if x.shape == ():
        return x
    given = node.attrs.get("constant_value")
    if value is None and given:
        value = b.value(given, x.dtype)
    return b("Pad", x, ends(b, pairs), value if value is None or value.shape == () else b.reshape(value, []))


@writes("MirrorPad")
def mirror_pad(b: Scope, node: Node, x: Value, pairs: Value) -> Value:
    if x.shape == ():
        return x
    if node.attrs.get("mode", b"REFLECT") == b"REFLECT":
        return b("Pad", x, ends(b, pairs), mode="reflect")
    known = b.ints(pairs, "paddings")
    for axis, (before, after) in enumerate(zip(known[::2], known[1::2], strict=True)):
        parts = [b("Slice", x, [before - 1], [LEAST], [axis], [-1])] if before else []
        parts += [x] + ([b("Slice", x, [-1], [-after - 1], [axis], [-1])] if after else [])
        x = b("Concat", *parts, axis=axis) if len(parts) > 1 else x
    return x


# --- blocks -----------------------------------------------------------------------------------------------------------------


@writes("DepthToSpace", "SpaceToDepth")
def depth_and_space(b: Scope, node: Node, x: Value) -> Value:
    """ONNX's order of channels in a block is that of channels last; with channels first TensorFlow has the same."""
    return b(node.op, x, blocksize=int(node.attrs["block_size"]))


def _times(b: Scope, size: Any, by: int) -> Any:
    return size * by if isinstance(size, int) else b("Mul", size, by, shape=(1,))


def _parts(b: Scope, size: Any, by: int) -> Any:
    return size // by if isinstance(size, int) else b("Div", size, by, shape=(1,))


def _sizes(b: Scope, x: Value) -> list[Any]:
    """Return the dimensions: ints where known, else int64 vectors of one element."""
    shape = x.shape if x.shape is not None else (None,) * b.rank(x)
    return [size if size is not None else b.size(x, i) for i, size in enumerate(shape)]


def _blocks(b: Scope, node: Node, block: Value | None) -> list[int]:
    return [int(node.attrs["block_size"])] * 2 if block is None else b.ints(block, "block sizes")


@writes("SpaceToBatchND")
def space_to_batch(b: Scope, node: Node, x: Value, block: Value | None, pairs: Value) -> Value:
    steps, around = _blocks(b, node, block), b.ints(pairs, "paddings")
    n, rank = len(steps), b.rank(x)
    before, after = ([0] + around[i::2] + [0] * (rank - n - 1) for i in (0, 1))
    assert x.shape is not None
    if any(around):
        x = b("Pad", x, before + after, shape=tuple(None if s is None else s + p + q for s, p, q in zip(x.shape, before, after)))
    sizes = _sizes(b, x)
    split = [part for size, step in zip(sizes[1 : n + 1], steps) for part in (_parts(b, size, step), step)]
    x = b.reshape(x, [sizes[0], *split, *sizes[n + 1 :]])
    order = [*range(2, 2 * n + 1, 2), 0, *range(1, 2 * n, 2), *range(2 * n + 1, rank + n)]
    return b.reshape(b.transpose(x, order), [_times(b, sizes[0], prod(steps)), *split[::2], *sizes[n + 1 :]])


@writes("BatchToSpaceND")
def batch_to_space(b: Scope, node: Node, x: Value, block: Value | None, pairs: Value) -> Value:
    steps, cut = _blocks(b, node, block), b.ints(pairs, "crops")
    n, rank, sizes = len(steps), b.rank(x), _sizes(b, x)
    batch = _parts(b, sizes[0], prod(steps))
    x = b.reshape(x, [*steps, batch, *sizes[1:]])
    order = [n, *(axis for i in range(n) for axis in (n + 1 + i, i)), *range(2 * n + 1, rank + n)]
    x = b.reshape(b.transpose(x, order), [batch, *(_times(b, s, step) for s, step in zip(sizes[1:], steps)), *sizes[n + 1 :]])
    if not any(cut):
        return x
    return b("Slice", x, cut[::2], [-v if v else MOST for v in cut[1::2]], list(range(1, n + 1)))


@writes("SpaceToBatch", "BatchToSpace")
def square_blocks(b: Scope, node: Node, x: Value, pairs: Value) -> Value:
    return (space_to_batch if node.op == "SpaceToBatch" else batch_to_space)(b, node, x, None, pairs)
