"""Arithmetic on shapes and axes: plain functions on tuples of integers. No tensors here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import prod
from operator import index as as_index

from .errors import ArgumentError, ShapeError, message

Shape = tuple[int, ...]

# A count of elements beyond this cannot be addressed by the 32-bit integers of kernels.
MAX_ELEMENTS = 2**31 - 1


def size_of(shape: Sequence[int]) -> int:
    """Return the number of elements of a shape."""
    return prod(shape)


def strides_of(shape: Sequence[int]) -> Shape:
    """Return the row-major strides, in elements.

    >>> strides_of((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for dim in reversed(shape):
        strides.append(step)
        step *= dim
    return tuple(reversed(strides))


def as_shape(shape: object, where: str = "shape", limit: int = MAX_ELEMENTS) -> Shape:
    """Return `shape` (an integer or a sequence of integers) as a checked tuple of at most `limit` elements (0: any number)."""
    dims = shape if isinstance(shape, Iterable) and not isinstance(shape, str) else (shape,)
    try:
        result = tuple(as_index(d) for d in dims)  # type: ignore[arg-type]
    except TypeError:
        raise ShapeError(message(where, "a shape of integers", repr(shape), "Give each dimension as an integer.")) from None
    if any(d < 0 for d in result):
        raise ShapeError(message(where, "dimensions of 0 or more", result, "Only reshape infers a -1."))
    if limit and size_of(result) > limit:
        raise ShapeError(message(where, f"at most {limit} elements", result, "Split the work into smaller tensors."))
    return result


def as_ints(values: object, where: str, what: str) -> Shape:
    """Return an integer or a sequence of integers as a tuple, or raise naming `what`."""
    items = values if isinstance(values, Iterable) and not isinstance(values, str) else (values,)
    try:
        return tuple(as_index(v) for v in items)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentError(message(where, f"integers for `{what}`", repr(values), "Pass an int or a sequence of ints.")) from None


def normalize_axis(axis: int, rank: int, where: str) -> int:
    """Return `axis` counted from the front, or raise if the tensor has no such axis."""
    try:
        value = as_index(axis)
    except TypeError:
        raise ShapeError(message(where, "an integer axis", repr(axis), "Pass an int.")) from None
    if not -rank <= value < rank:
        raise ShapeError(message(where, f"an axis from {-rank} to {rank - 1} for rank {rank}", value, "Choose an existing axis."))
    return value % rank


def normalize_axes(axis: int | Sequence[int] | None, rank: int, where: str) -> Shape:
    """Return the axes sorted and counted from the front; None means all of them."""
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, Iterable) else (axis,)
    result = tuple(sorted(normalize_axis(a, rank, where) for a in axes))
    if len(set(result)) != len(result):
        raise ShapeError(message(where, "each axis once", tuple(axes), "Remove the repeated axis."))
    return result


# Set by ops/unknown.py: the size that stands for unknown ones while shapes are inferred, 0 at other times.
unknown_size: Callable[[], int] = lambda: 0  # noqa: E731


def broadcast(where: str, *shapes: Shape) -> Shape:
    """Return the shape that `shapes` broadcast to, by NumPy's rule; an unknown size agrees with any.

    >>> broadcast("add", (2, 1), (3,))
    (2, 3)
    """
    try:
        return _broadcast(where, shapes)
    except ShapeError:
        unknown = unknown_size()
        if not unknown:
            raise
        known = _broadcast(where, tuple(tuple(1 if d == unknown else d for d in s) for s in shapes))
        # Where nothing but 1 is known, the size stays unknown.
        own = _broadcast(where, tuple(tuple(d if d == unknown else 1 for d in s) for s in shapes))
        return tuple(a if a != 1 else b for a, b in zip(known, own, strict=True))


@lru_cache(maxsize=8192)
def _broadcast(where: str, shapes: tuple[Shape, ...]) -> Shape:
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(s)) + s for s in shapes]
    result = []
    for dims in zip(*padded, strict=True):
        wide = {d for d in dims if d != 1}
        if len(wide) > 1:
            raise ShapeError(message(where, "shapes that broadcast together", " and ".join(map(str, shapes)), "Reshape one of them."))
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def reduced_shape(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """Return `shape` after the axes were reduced."""
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


def infer_reshape(shape: Shape, target: Sequence[int] | int, where: str = "reshape") -> Shape:
    """Return `target` with its one -1 replaced so that the number of elements stays."""
    return _infer_reshape(shape, as_ints(target, where, "newshape"), where)


@lru_cache(maxsize=8192)
def _infer_reshape(shape: Shape, wanted: Shape, where: str) -> Shape:
    size, unknown = size_of(shape), wanted.count(-1)
    known = prod(d for d in wanted if d != -1)
    fits = unknown <= 1 and all(d >= -1 for d in wanted) and (size == known if not unknown else (known > 0 and size % known == 0))
    if not fits:
        raise ShapeError(message(where, f"a shape of {size} elements", wanted, f"The tensor has shape {shape}."))
    return tuple(size // known if d == -1 else d for d in wanted)
