"""Reading at places: what is behind `x[...]`, take, gather, slice. Writing: `scattering.py`; conditions: `masking.py`.

Negative indices count from the end. An index that the host knows (an int, a list, an array) raises IndexRangeError outside its
axis; one in a tensor reads 0 there, since nobody looks at it.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from operator import index as as_index
from typing import Any

from ..errors import ArgumentError, IndexRangeError, ShapeError, message
from ..shapes import Shape, as_ints, broadcast, normalize_axis, size_of
from ..tensor import Operators, as_tensor
from .define import composite, op, public
from .gathering import gather_axis, gather_rows
from .masking import nonzero
from .places import coordinates, joined, rows_of, wrapped
from .shaping import broadcast_to, copy, moveaxis, ravel, reshape, take_slice

# --- get_item ---


@composite(method=False)
def get_item(x: Any, key: Any) -> Any:
    """Return x[key] as NumPy: ints, slices with any step, None, Ellipsis, boolean masks, lists and tensors of indices, and mixtures.

    Raises IndexRangeError, also for too many indices. Keras's get_item.

    >>> import tensorweb as tw
    >>> x = tw.reshape(tw.arange(6), (2, 3))
    >>> x[:, ::-1].tolist(), x[..., [0, 2]].tolist(), x[x > 3].tolist()
    ([[2, 1, 0], [5, 4, 3]], [[0, 2], [3, 5]], [4, 5])
    """
    x = as_tensor(x, "get_item")
    items = _filled_up(_parsed(key), x.shape)
    y, arrays = _basic(x, items)
    if not arrays:
        return copy(y) if y is x else y
    # NumPy's rule: the arrays' axes stand where the arrays do, but in front if something stands between arrays (or ints).
    places = [i for i, k in enumerate(items) if isinstance(k, (int, _Array))]
    together = len(places) == places[-1] - places[0] + 1
    return _picked(y, arrays, arrays[0][0] if together else 0)


def _basic(x: Any, items: list[Any]) -> tuple[Any, list[tuple[int, _Array]]]:
    """Return x with slices, ints and Nones applied, and for each array the axis of the result at which it begins."""
    start, shape, steps, kept, arrays, axis = [], [], [], [], [], 0
    for item in items:
        if item is None:
            kept.append(1)
            continue
        if isinstance(item, builtins.slice):
            first, stop, step = item.indices(x.shape[axis])
            n = len(range(first, stop, step))
            entries: list[Any] = [(first if n else 0, n, step)]
            new: Shape = (n,)
        elif isinstance(item, int):
            entries, new = [(_checked(item, x.shape[axis]), 1, 1)], ()
        else:
            arrays.append((len(kept), item))
            new = x.shape[axis : axis + item.consumed]
            entries = [(0, n, 1) for n in new]
        for a, n, t in entries:
            start.append(a)
            shape.append(n)
            steps.append(t)
        kept.extend(new)
        axis += len(entries)
    whole = tuple(shape) == x.shape and all(t == 1 for t in steps)
    y = x if whole else take_slice(x, start, shape, steps)
    return (y if tuple(kept) == y.shape else reshape(y, tuple(kept))), arrays


def _picked(y: Any, arrays: list[tuple[int, _Array]], position: int) -> Any:
    """Return y with all arrays applied; their common shape stands at axis `position` of the result."""
    axes, tensors, shapes = [], [], []
    for first, array in arrays:
        own = list(range(first, first + array.consumed))
        found = array.tensors(tuple(y.shape[a] for a in own))
        axes += own
        tensors += found[: len(own)]
        shapes += [t.shape for t in found]
    try:
        common = broadcast("get_item", *shapes)
    except ShapeError as error:
        raise IndexRangeError(str(error)) from None
    if len(axes) == 1 and tensors[0].shape == common:
        made = gather_axis(y, ravel(tensors[0]), axes[0])
        made = reshape(made, y.shape[: axes[0]] + common + y.shape[axes[0] + 1 :])
        return (
            made if position == axes[0] else moveaxis(made, range(axes[0], axes[0] + len(common)), range(position, position + len(common)))
        )
    y = moveaxis(y, axes, range(len(axes)))
    sizes, rest = y.shape[: len(axes)], y.shape[len(axes) :]
    flat = joined(tensors, sizes) if tensors else op("zeros")((), "int32")
    flat = reshape(broadcast_to(flat, common), (1, size_of(common)))
    made = reshape(gather_rows(reshape(y, (1, size_of(sizes), size_of(rest))), flat), common + rest)
    return moveaxis(made, range(len(common)), range(position, position + len(common)))


def _checked(i: int, n: int) -> int:
    if not -n <= i < n:
        raise IndexRangeError(message("get_item", f"an index from {-n} to {n - 1}", i, "Choose a place that exists."))
    return i % n


class _Array:
    """An array among the items of a key: of indices into one axis, or a mask of as many axes as it has."""

    def __init__(self, value: Any):
        made = as_tensor(value, "get_item")
        self.is_mask = made.dtype == "bool"
        self.value = made if self.is_mask or isinstance(value, Operators) else value
        self.consumed = len(made.shape) if self.is_mask else 1

    def tensors(self, dims: Shape) -> list[Any]:
        """Return an int32 tensor of places for each consumed axis; for a mask without axes, one that only has a length."""
        if not self.is_mask:
            return [wrapped(self.value, dims[0], "get_item")]
        if self.value.shape != dims:
            raise IndexRangeError(
                message("get_item", f"a mask of shape {dims}", f"one of {self.value.shape}", "Masks must fit their axes.")
            )
        return list(nonzero(self.value)) if dims else [op("zeros")((int(bool(self.value)),), "int32")]


def _parsed(key: Any) -> list[Any]:
    """Return the items of a key: None, Ellipsis, slices, ints, _Arrays."""
    items: list[Any] = []
    for k in key if isinstance(key, tuple) else (key,):
        if k is None or k is Ellipsis or isinstance(k, builtins.slice):
            items.append(k)
        elif isinstance(k, (bool, list, tuple, range, Operators)) or getattr(k, "shape", None) or type(k).__name__ == "bool_":
            items.append(_Array(k))
        else:
            try:
                items.append(as_index(k))
            except TypeError:
                raise ArgumentError(
                    message("get_item", "ints, slices, None, ..., masks or index arrays", repr(k), "Index with one.")
                ) from None
    return items


def _filled_up(items: list[Any], shape: Shape) -> list[Any]:
    """Return the items with the Ellipsis, or one at the end, replaced by full slices."""
    used = sum(1 if isinstance(k, (builtins.slice, int)) else k.consumed if isinstance(k, _Array) else 0 for k in items)
    missing = len(shape) - used
    if missing < 0:
        raise IndexRangeError(message("get_item", f"at most {len(shape)} indices for shape {shape}", used, "Remove some."))
    dots = [i for i, k in enumerate(items) if k is Ellipsis]
    if len(dots) > 1:
        raise ArgumentError(message("get_item", "one Ellipsis", len(dots), "Remove one."))
    at = dots[0] if dots else len(items)
    return items[:at] + [builtins.slice(None)] * missing + items[at + 1 :]


# --- take, gather ---


@composite
def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return the places of x along `axis` that `indices` names (of x flattened if axis is None), in the indices' shape.

    >>> import tensorweb as tw
    >>> tw.take(tw.tensor([[1, 2], [3, 4]]), [1, -2, 1], axis=0).tolist()
    [[3, 4], [1, 2], [3, 4]]
    """
    x = as_tensor(x, "take")
    x, at = (ravel(x), 0) if axis is None else (x, normalize_axis(axis, len(x.shape), "take"))
    i = wrapped(indices, x.shape[at], "take")
    return gather_axis(x, i, at)


@composite
def gather(x: Any, indices: Any, axis: int = 0, batch_dims: int = 0) -> Any:
    """Return take(x, indices, axis) for each element of the first `batch_dims` axes, which x and indices share. TensorFlow.js's gather."""
    x = as_tensor(x, "gather")
    at = normalize_axis(axis, len(x.shape), "gather")
    i = wrapped(indices, x.shape[at], "gather")
    batch = as_ints((batch_dims,), "gather", "batch_dims")[0]
    batch += len(i.shape) if batch < 0 else 0
    if not 0 <= batch <= min(at, len(i.shape)) or x.shape[:batch] != i.shape[:batch]:
        raise ShapeError(
            message("gather", f"{batch_dims} leading axes in common, before `axis`", f"{x.shape} and {i.shape}", "Check batch_dims.")
        )
    lead, between, n, inner = x.shape[:batch], x.shape[batch:at], x.shape[at], x.shape[at + 1 :]
    b, o, m = size_of(lead), size_of(between), size_of(i.shape[batch:])
    rows = reshape(broadcast_to(reshape(i, (b, 1, m)), (b, o, m)), (b * o, m))
    made = gather_rows(reshape(x, (b * o, n, size_of(inner))), rows)
    return reshape(made, lead + between + i.shape[batch:] + inner)


@composite
def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Return x[..., indices[..., j, ...], ...] along `axis`: an index for each place of the other axes, which broadcast.

    >>> import tensorweb as tw
    >>> tw.take_along_axis(tw.tensor([[3, 1], [2, 4]]), tw.tensor([[1], [0]]), axis=1).tolist()
    [[1], [2]]
    """
    x = as_tensor(x, "take_along_axis")
    if axis is None:
        return take_along_axis(ravel(x), ravel(indices), 0)
    at = normalize_axis(axis, len(x.shape), "take_along_axis")
    i = wrapped(indices, x.shape[at], "take_along_axis")
    if len(i.shape) != len(x.shape):
        raise ShapeError(message("take_along_axis", f"indices of rank {len(x.shape)}", f"shape {i.shape}", "Expand or squeeze them."))
    x, i = moveaxis(x, at, -1), moveaxis(i, at, -1)
    batch = broadcast("take_along_axis", x.shape[:-1], i.shape[:-1])
    b, n, m = size_of(batch), x.shape[-1], i.shape[-1]
    x, i = reshape(broadcast_to(x, (*batch, n)), (b, n, 1)), reshape(broadcast_to(i, (*batch, m)), (b, m))
    return moveaxis(reshape(gather_rows(x, i), (*batch, m)), -1, at)


@composite
def gather_nd(x: Any, indices: Any) -> Any:
    """Return x[tuple(row)] for each row of indices [..., k], shape [..., *x.shape[k:]]. TensorFlow.js's gatherND.

    >>> import tensorweb as tw
    >>> tw.gather_nd(tw.tensor([[1, 2], [3, 4]]), [[1, 0], [0, 1]]).tolist()
    [3, 2]
    """
    x = as_tensor(x, "gather_nd")
    shape = indices.shape if isinstance(indices, Operators) else as_tensor(indices, "gather_nd").shape
    flat = rows_of(indices, x.shape, "gather_nd")
    k = shape[-1]
    n, inner = size_of(x.shape[:k]), x.shape[k:]
    made = gather_rows(reshape(x, (1, n, size_of(inner))), reshape(flat, (1, flat.size)))
    return reshape(made, shape[:-1] + inner)


# --- slices by numbers ---


def window_of(shape: Shape, start: Any, size: Any, where: str) -> tuple[Shape, Shape]:
    """Return checked (start, size) of a block inside `shape`; either may be a tensor; a size of -1 reaches to the end."""
    start, size = (v.tolist() if isinstance(v, Operators) else v for v in (start, size))
    first, sizes = as_ints(start, where, "start_indices"), as_ints(size, where, "shape")
    if len(first) != len(shape) or len(sizes) != len(shape):
        raise ShapeError(message(where, f"a start and a size for each of {len(shape)} axes", f"{first} and {sizes}", "Pass one each."))
    sizes = tuple(d - a if n == -1 else n for d, a, n in zip(shape, first, sizes))
    if any(a < 0 or n < 0 or a + n > d for d, a, n in zip(shape, first, sizes)):
        raise IndexRangeError(message(where, f"a block within {shape}", f"start {first} and size {sizes}", "Stay inside the tensor."))
    return first, sizes


@public("view")
def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """Return the block of `shape` that begins at `start_indices`; -1 in shape reaches to the end of that axis.

    >>> import tensorweb as tw
    >>> tw.slice(tw.tensor([[1, 2, 3], [4, 5, 6]]), (0, 1), (2, 2)).tolist()
    [[2, 3], [5, 6]]
    """
    x = as_tensor(inputs, "slice")
    first, sizes = window_of(x.shape, start_indices, shape, "slice")
    return take_slice(x, first, sizes, (1,) * len(sizes))


@composite
def strided_slice(
    x: Any, begin: Sequence[int], end: Sequence[int], strides: Sequence[int] | None = None, begin_mask: int = 0, end_mask: int = 0,
    ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0,
) -> Any:  # fmt: skip
    """Return x[begin:end:strides] by axis; bit i of a mask says that item i has no begin, no end, is ..., None or an int.

    TensorFlow.js's stridedSlice.
    """
    first, last = as_ints(begin, "strided_slice", "begin"), as_ints(end, "strided_slice", "end")
    steps = (1,) * len(first) if strides is None else as_ints(strides, "strided_slice", "strides")
    if not len(first) == len(last) == len(steps) or 0 in steps:
        raise ArgumentError(
            message("strided_slice", "begin, end and strides of one length, no stride 0", (first, last, steps), "Correct them.")
        )
    key: list[Any] = []
    for i, (a, b, t) in enumerate(zip(first, last, steps)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(a)
        else:
            key.append(builtins.slice(None if begin_mask & bit else a, None if end_mask & bit else b, t))
    return get_item(x, tuple(key))


@composite
def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[Any, ...]:
    """Return the coordinates, an int32 tensor for each axis of `shape`, of flat indices.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.unravel_index([5, 2], (2, 3))]
    [[1, 0], [2, 2]]
    """
    dims = as_ints(shape, "unravel_index", "shape")
    return coordinates(wrapped(indices, size_of(dims), "unravel_index"), dims)
