"""Shapes and places: reshape, transpose, flip, tile, and the primitives of slices and padding. Values stay as they are.

Blocks and einops patterns: `blocks.py`; joining and splitting: `joining.py`; indices: `indexing.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, ShapeError, message
from ..kernels.patterns import Pad, Place, Slice, Spec, View
from ..shapes import Shape, as_ints, as_shape, broadcast, infer_reshape, normalize_axes, normalize_axis, size_of, strides_of
from ..tensor import as_tensor
from .define import op, primitive, public, sum_to
from .unknown import reshaped

# --- sharing the container ---


@primitive("reshape")
def _reshape(x: Spec, shape: Shape) -> Any:
    return None, (Spec(shape, x.dtype),)


@_reshape.vjp()
def _reshape_vjp(node: Any, g: Any) -> Any:
    return reshape(g, node.inputs[0].shape)


@public("alias")
def reshape(x: Any, newshape: Sequence[int] | int) -> Any:
    """Return x with another shape of as many elements; one dimension may be -1. Shares the data.

    >>> import tensorweb as tw
    >>> tw.reshape(tw.arange(6), (2, -1)).shape
    (2, 3)
    """
    x = as_tensor(x, "reshape")
    try:
        return _reshape(x, static=(infer_reshape(x.shape, newshape),))
    except ShapeError:
        made = reshaped(x, as_ints(newshape, "reshape", "newshape"))
        if made is None:
            raise
        return made


@public("alias")
def copy(x: Any) -> Any:
    """Return a new tensor on the same data, as TensorFlow.js's clone."""
    x = as_tensor(x, "copy")
    return _reshape(x, static=(x.shape,))


# --- strided views ---


@primitive("transpose")
def _transpose(x: Spec, axes: Shape) -> Any:
    strides = strides_of(x.shape)
    return View(tuple(strides[a] for a in axes)), (Spec(tuple(x.shape[a] for a in axes), x.dtype),)


@_transpose.vjp()
def _transpose_vjp(node: Any, g: Any) -> Any:
    (axes,) = node.static
    return _transpose(g, static=(tuple(sorted(range(len(axes)), key=axes.__getitem__)),))


@public("view")
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return x with its axes permuted; by default reversed."""
    x = as_tensor(x, "transpose")
    rank = len(x.shape)
    order = (
        tuple(range(rank))[::-1]
        if axes is None
        else tuple(normalize_axis(a, rank, "transpose") for a in as_ints(axes, "transpose", "axes"))
    )
    if sorted(order) != list(range(rank)):
        raise ShapeError(message("transpose", f"a permutation of {rank} axes", tuple(order), "Name each axis once."))
    return _transpose(x, static=(order,)) if order != tuple(range(rank)) else copy(x)


@primitive("broadcast_to")
def _broadcast_to(x: Spec, shape: Shape) -> Any:
    lead = len(shape) - len(x.shape)
    strides = [0] * lead + [0 if d == 1 else s for d, s in zip(x.shape, strides_of(x.shape))]
    return View(tuple(strides)), (Spec(shape, x.dtype),)


@_broadcast_to.vjp()
def _broadcast_to_vjp(node: Any, g: Any) -> Any:
    return sum_to(g, node.inputs[0].shape)


@public("view")
def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """Return x repeated along axes of size 1, and along new leading axes, to `shape`."""
    x, target = as_tensor(x, "broadcast_to"), as_shape(shape, "broadcast_to", limit=0)
    if broadcast("broadcast_to", x.shape, target) != target:
        raise ShapeError(message("broadcast_to", f"a shape that {x.shape} broadcasts to", target, "Each dimension must be equal or 1."))
    return _broadcast_to(x, static=(target,)) if target != x.shape else copy(x)


@primitive("slice")
def _slice(x: Spec, offset: Spec, shape: Shape, strides: Shape) -> Any:
    return Slice(strides), (Spec(shape, x.dtype),)


@_slice.vjp()
def _slice_vjp(node: Any, g: Any) -> Any:
    x, offset = node.inputs
    _, strides = node.static
    return _place(g, offset, static=(x.shape, strides)), None


@primitive("place")
def _place(x: Spec, offset: Spec, shape: Shape, strides: Shape) -> Any:
    return Place(strides), (Spec(shape, x.dtype),)


@_place.vjp()
def _place_vjp(node: Any, g: Any) -> Any:
    x, offset = node.inputs
    _, strides = node.static
    return _slice(g, offset, static=(x.shape, strides)), None


def take_slice(x: Any, start: Sequence[int], shape: Sequence[int], steps: Sequence[int]) -> Any:
    """Return elements start + i * step for i below `shape` along each axis; the caller has checked the bounds.

    Where the slice begins is an operand, so a slice that moves through a tensor is one plan.
    """
    strides = strides_of(x.shape)
    offset = sum(b * s for b, s in zip(start, strides))
    return _slice(x, offset, static=(tuple(shape), tuple(s * t for s, t in zip(strides, steps))))


@public("view")
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return x with the order of its elements reversed along `axis` (all axes if None)."""
    x = as_tensor(x, "flip")
    rank = len(x.shape)
    axes = range(rank) if axis is None else [normalize_axis(a, rank, "flip") for a in as_ints(axis, "flip", "axis")]
    start = [d - 1 if i in axes and d else 0 for i, d in enumerate(x.shape)]
    return take_slice(x, start, x.shape, [-1 if i in axes else 1 for i in range(rank)])


# --- padding: the primitive; modes are in padding.py ---


@primitive("pad")
def _pad(x: Spec, low: Shape, high: Shape, interior: Shape, value: Any) -> Any:
    shape = tuple(max(0, n + max(0, n - 1) * i + a + b) for n, a, b, i in zip(x.shape, low, high, interior))
    return Pad(low, high, interior, value), (Spec(shape, x.dtype),)


@_pad.vjp()
def _pad_vjp(node: Any, g: Any) -> Any:
    low, high, interior, _ = node.static
    g = pad_interior(g, [-a for a in low], [-b for b in high], [0] * len(low), 0)
    steps = [i + 1 for i in interior]
    shape = node.inputs[0].shape
    return g if g.shape == shape else take_slice(g, [0] * len(low), shape, steps)


def pad_interior(x: Any, low: Sequence[int], high: Sequence[int], interior: Sequence[int], value: Any) -> Any:
    """Return x with `interior` values between neighbours and low, high ones around along each axis (negative: cut off)."""
    return _pad(x, static=(tuple(low), tuple(high), tuple(interior), value))


def promote_all(tensors: Sequence[Any]) -> list[Any]:
    """Return the tensors cast to the dtype that they promote to."""
    wanted = dtypes.promote(*(t.dtype for t in tensors))
    return [t if t.dtype == wanted else op("cast")(t, wanted) for t in tensors]


# --- made of the above ---


@public("alias")
def ravel(x: Any) -> Any:
    """Return x flattened to one dimension. Shares the data."""
    return reshape(as_tensor(x, "ravel"), (-1,) if size_of(as_tensor(x, "ravel").shape) else (0,))


@public("alias")
def squeeze(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return x without the axes of size 1 (those in `axis`, or all); raises ShapeError if a named axis has another size."""
    x = as_tensor(x, "squeeze")
    axes = [i for i, d in enumerate(x.shape) if d == 1] if axis is None else normalize_axes(axis, len(x.shape), "squeeze")
    for a in axes:
        if x.shape[a] != 1:
            raise ShapeError(message("squeeze", "an axis of size 1", f"axis {a} of shape {x.shape}", "Leave that axis out."))
    return reshape(x, tuple(d for i, d in enumerate(x.shape) if i not in axes))


@public("alias")
def expand_dims(x: Any, axis: int | Sequence[int]) -> Any:
    """Return x with new axes of size 1, so that they stand at `axis` (an int or several) of the result.

    >>> import tensorweb as tw
    >>> tw.expand_dims(tw.zeros((2, 3)), (0, -1)).shape
    (1, 2, 3, 1)
    """
    x = as_tensor(x, "expand_dims")
    wanted = as_ints(axis, "expand_dims", "axis")
    rank = len(x.shape) + len(wanted)
    axes = normalize_axes(wanted, rank, "expand_dims")
    rest = iter(x.shape)
    return reshape(x, tuple(1 if i in axes else next(rest) for i in range(rank)))


@public("view")
def moveaxis(x: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Return x with the axes `source` moved to the places `destination`; the others keep their order."""
    x = as_tensor(x, "moveaxis")
    rank = len(x.shape)
    here, there = ([normalize_axis(a, rank, "moveaxis") for a in as_ints(v, "moveaxis", "axes")] for v in (source, destination))
    if len(here) != len(there) or len(set(here)) != len(here) or len(set(there)) != len(there):
        raise ShapeError(message("moveaxis", "as many sources as destinations, each once", f"{source} and {destination}", "Correct them."))
    order = [a for a in range(rank) if a not in here]
    for to, a in sorted(zip(there, here)):
        order.insert(to, a)
    return transpose(x, order)


@public("view")
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged."""
    x = as_tensor(x, "swapaxes")
    order = list(range(len(x.shape)))
    a, b = (normalize_axis(v, len(order), "swapaxes") for v in (axis1, axis2))
    order[a], order[b] = order[b], order[a]
    return transpose(x, order)


def need_rank(x: Any, rank: int, where: str) -> None:
    """Raise ShapeError unless x has at least `rank` axes."""
    if len(x.shape) < rank:
        raise ShapeError(message(where, f"a tensor of rank {rank} or more", f"shape {x.shape}", "Reshape it first."))


@public("view")
def fliplr(x: Any) -> Any:
    """Return x with the order along axis 1 reversed."""
    x = as_tensor(x, "fliplr")
    need_rank(x, 2, "fliplr")
    return flip(x, axis=1)


@public("view")
def flipud(x: Any) -> Any:
    """Return x with the order along axis 0 reversed."""
    x = as_tensor(x, "flipud")
    need_rank(x, 1, "flipud")
    return flip(x, axis=0)


@public("view")
def rot90(array: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """Return the array turned k times by 90 degrees in the plane of `axes`, from the first towards the second.

    >>> import tensorweb as tw
    >>> tw.rot90(tw.tensor([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """
    x = as_tensor(array, "rot90")
    pair = tuple(normalize_axis(a, len(x.shape), "rot90") for a in as_ints(axes, "rot90", "axes"))
    if len(pair) != 2 or pair[0] == pair[1]:
        raise ShapeError(message("rot90", "two different axes", tuple(axes), "Name the plane's two axes."))
    turns = k % 4
    if turns in (0, 2):
        return flip(x, axis=pair) if turns else copy(x)
    return swapaxes(flip(x, axis=pair[1]), *pair) if turns == 1 else flip(swapaxes(x, *pair), axis=pair[1])


@public("view")
def roll(x: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Any:
    """Return x with its elements shifted along `axis`, those that fall off coming back at the other end; flattened if axis is None."""
    x = as_tensor(x, "roll")
    if axis is None:
        return reshape(roll(ravel(x), as_ints(shift, "roll", "shift"), (0,) * len(as_ints(shift, "roll", "shift"))), x.shape)
    shifts, axes = as_ints(shift, "roll", "shift"), as_ints(axis, "roll", "axis")
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ArgumentError(message("roll", "a shift for each axis", f"{len(shifts)} and {len(axes)}", "Pass one of each."))
    count = max(len(shifts), len(axes))
    for s, a in zip(shifts * (count // len(shifts)), axes * (count // len(axes))):
        at = normalize_axis(a, len(x.shape), "roll")
        s = s % x.shape[at] if x.shape[at] else 0
        if s:
            cut = x.shape[at] - s
            x = op("concatenate")([part(x, at, cut, s), part(x, at, 0, cut)], axis=at)
    return copy(x)


def part(x: Any, axis: int, start: int, count: int) -> Any:
    """Return `count` places of x along `axis` from `start` on; within bounds."""
    rank = len(x.shape)
    starts = [start if i == axis else 0 for i in range(rank)]
    return take_slice(x, starts, [count if i == axis else d for i, d in enumerate(x.shape)], [1] * rank)


def stretch(x: Any, counts: Sequence[int], after: bool) -> Any:
    """Return x with axis i repeated counts[i] times: as a whole, or with `after` each element by itself."""
    narrow, wide = [], []
    for d, r in zip(x.shape, counts):
        pair = [(d, d)] if r == 1 else [(d, d), (1, r)] if after else [(1, r), (d, d)]
        narrow += [a for a, _ in pair]
        wide += [b for _, b in pair]
    made = broadcast_to(reshape(x, narrow), wide)
    return reshape(made, tuple(d * r for d, r in zip(x.shape, counts)))


@public("view")
def tile(x: Any, repeats: int | Sequence[int]) -> Any:
    """Return x repeated as a whole, repeats[i] times along axis i; missing axes or repeats count as 1, at the front.

    >>> import tensorweb as tw
    >>> tw.tile(tw.tensor([1, 2]), 2).tolist()
    [1, 2, 1, 2]
    """
    x, counts = as_tensor(x, "tile"), as_ints(repeats, "tile", "repeats")
    if any(r < 0 for r in counts):
        raise ArgumentError(message("tile", "repeats of 0 or more", counts, "Correct them."))
    rank = max(len(x.shape), len(counts))
    return stretch(reshape(x, (1,) * (rank - len(x.shape)) + x.shape), (1,) * (rank - len(counts)) + counts, after=False)


@public("view")
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Return x with each element repeated along `axis` (flattened if None); `repeats` is an int, or one for each place there.

    >>> import tensorweb as tw
    >>> tw.repeat(tw.tensor([1, 2]), tw.tensor([2, 1])).tolist()
    [1, 1, 2]
    """
    x = as_tensor(x, "repeat")
    x, axis = (ravel(x), 0) if axis is None else (x, normalize_axis(axis, len(x.shape), "repeat"))
    counts = as_ints(ravel(repeats).tolist() if hasattr(repeats, "shape") else repeats, "repeat", "repeats")
    if any(r < 0 for r in counts) or len(counts) not in (1, x.shape[axis]):
        raise ArgumentError(message("repeat", f"1 or {x.shape[axis]} repeats of 0 or more", counts, "Pass an int, or one for each place."))
    if len(counts) == 1:
        return stretch(x, [counts[0] if i == axis else 1 for i in range(len(x.shape))], after=True)
    return op("take")(x, [i for i, r in enumerate(counts) for _ in range(r)], axis=axis)


# --- what a tensor is ---


@public("alias", gradient="none")
def shape(x: Any) -> Shape:
    """Return the shape of x as a tuple of ints."""
    return as_tensor(x, "shape").shape


@public("alias", gradient="none")
def size(x: Any) -> int:
    """Return the number of elements of x."""
    return size_of(as_tensor(x, "size").shape)


@public("alias", gradient="none")
def ndim(x: Any) -> int:
    """Return the number of dimensions of x."""
    return len(as_tensor(x, "ndim").shape)


@public("alias", gradient="none")
def dtype(x: Any) -> str:
    """Return the name of x's dtype."""
    return as_tensor(x, "dtype").dtype


@public("alias")
def ensure_shape(x: Any, shape: Sequence[int | None]) -> Any:
    """Return x if its shape is `shape`, where None fits any size; else raise ShapeError. TensorFlow.js's ensureShape."""
    x = as_tensor(x, "ensure_shape")
    if len(x.shape) != len(shape) or any(want not in (None, d) for want, d in zip(shape, x.shape)):
        raise ShapeError(message("ensure_shape", f"shape {tuple(shape)}", x.shape, "Check where the tensor comes from."))
    return copy(x)


@public("alias", gradient="none")
def broadcast_args(s0: Any, s1: Any) -> Any:
    """Return the shape, as an int32 tensor, that two shapes given as tensors or lists broadcast to. TensorFlow.js's broadcastArgs."""
    shapes = [as_shape(as_tensor(s, "broadcast_args", "int32").tolist(), "broadcast_args") for s in (s0, s1)]
    return as_tensor(list(broadcast("broadcast_args", *shapes)), "broadcast_args", "int32")
