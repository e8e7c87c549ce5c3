"""Joining and splitting along axes: concatenate, stack, split, unstack and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..kernels.patterns import Concat, Spec
from ..shapes import as_ints, normalize_axis
from ..tensor import as_tensor
from .define import composite, primitive, public
from .shaping import copy, expand_dims, need_rank, part, promote_all, ravel, reshape, take_slice
from .unknown import tied, unknown_size, with_shape

# --- joining ---


@primitive("concatenate")
def _concatenate(*args: Any) -> Any:
    *specs, axis = args
    shape = list(specs[0].shape)
    shape[axis] = sum(s.shape[axis] for s in specs)
    return Concat(axis), (Spec(tuple(shape), specs[0].dtype),)


@_concatenate.vjp()
def _concatenate_vjp(node: Any, g: Any) -> Any:
    (axis,) = node.static
    parts, at = [], 0
    for x in node.inputs:
        start = [at if d == axis else 0 for d in range(len(g.shape))]
        parts.append(take_slice(g, start, x.shape, [1] * len(start)))
        at += x.shape[axis]
    return parts


@public("concat", method=False)
def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """Return the tensors joined along an existing axis; dtypes are promoted."""
    if not len(xs):
        raise ArgumentError(message("concatenate", "at least one tensor", "none", "Pass a list of tensors."))
    tensors = [as_tensor(x, "concatenate") for x in xs]
    first = tensors[0].shape
    at = normalize_axis(axis, len(first), "concatenate")
    if any(t.shape != first for t in tensors):
        tensors = _tied(tensors, at)
        first = tensors[0].shape
    for t in tensors:
        if len(t.shape) != len(first) or any(a != b for i, (a, b) in enumerate(zip(t.shape, first)) if i != at):
            raise ShapeError(
                message("concatenate", f"shapes that agree but for axis {at}", f"{first} and {t.shape}", "Reshape or pad them.")
            )
    tensors = promote_all(tensors)
    return _concatenate(*tensors, static=(at,)) if len(tensors) > 1 else copy(tensors[0])


def _tied(tensors: list[Any], free: int = -1) -> list[Any]:
    """Return tensors that agree in all axes but one with the unknown sizes that others of them know."""
    rank = len(tensors[0].shape)
    if any(len(t.shape) != rank for t in tensors):
        return tensors
    return tied(tensors, [[(k, d) for k in range(len(tensors))] for d in range(rank) if d != free])


def _tensors(xs: Any, where: str) -> list[Any]:
    made = [as_tensor(x, where) for x in xs]
    if not made:
        raise ArgumentError(message(where, "at least one tensor", "none", "Pass a list of tensors."))
    return made


@composite(method=False)
def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Return tensors of one shape joined along a new axis.

    >>> import tensorweb as tw
    >>> tw.stack([tw.tensor([1, 2]), tw.tensor([3, 4])], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    tensors = _tensors(x, "stack")
    at = normalize_axis(axis, len(tensors[0].shape) + 1, "stack")
    tensors = _tied(tensors)
    for t in tensors:
        if t.shape != tensors[0].shape:
            raise ShapeError(message("stack", "tensors of one shape", f"{tensors[0].shape} and {t.shape}", "Pad or reshape them."))
    return concatenate([expand_dims(t, at) for t in tensors], axis=at)


@composite
def append(x1: Any, x2: Any, axis: int | None = None) -> Any:
    """Return x2 joined to x1 along `axis`; both are flattened if it is None."""
    parts = [as_tensor(x, "append") for x in (x1, x2)]
    return concatenate(parts if axis is not None else [ravel(p) for p in parts], axis=axis or 0)


def _at_least(x: Any, rank: int) -> Any:
    """Return x with axes of size 1 added as NumPy's atleast_1d, 2d and 3d do: the third at the end."""
    shape = x.shape
    if len(shape) >= rank:
        return x
    if rank < 3 or len(shape) == 0:
        return reshape(x, (1,) * (rank - len(shape)) + shape)
    return reshape(x, (1, *shape, 1) if len(shape) == 1 else (*shape, 1))


@composite(method=False)
def hstack(xs: Sequence[Any]) -> Any:
    """Return the tensors joined along axis 1, vectors along axis 0."""
    tensors = [_at_least(x, 1) for x in _tensors(xs, "hstack")]
    return concatenate(tensors, axis=0 if len(tensors[0].shape) == 1 else 1)


@composite(method=False)
def vstack(xs: Sequence[Any]) -> Any:
    """Return the tensors joined along axis 0, vectors being rows."""
    return concatenate([_at_least(x, 2) for x in _tensors(xs, "vstack")], axis=0)


@composite(method=False)
def dstack(xs: Sequence[Any]) -> Any:
    """Return the tensors joined along axis 2, which matrices and vectors get."""
    return concatenate([_at_least(x, 3) for x in _tensors(xs, "dstack")], axis=2)


# --- splitting ---


def _cut(x: Any, at: int, edges: Sequence[int]) -> list[Any]:
    """Return the pieces of x between the edges (as in slices: negative ones count from the end, backwards gives nothing)."""
    n = x.shape[at]
    places = [slice(0, b).indices(n)[1] for b in edges]
    pairs = zip([0, *places], [*places, n])
    return [part(x, at, min(a, n), max(0, b - a)) for a, b in pairs]


def _split(x: Any, sections: Any, axis: int, where: str, even: bool) -> list[Any]:
    x = as_tensor(x, where)
    at = normalize_axis(axis, len(x.shape), where)
    n = x.shape[at]
    if hasattr(sections, "shape"):
        sections = sections.tolist()
    if isinstance(sections, (list, tuple)):
        return _cut(x, at, as_ints(sections, where, "indices_or_sections"))
    (count,) = as_ints(sections, where, "indices_or_sections")
    unknown = unknown_size()
    if unknown and even and count > 0 and n % count and n % unknown == 0:
        n = unknown * count
        x = with_shape(x, (*x.shape[:at], n, *x.shape[at + 1 :]))
    if count < 1 or (even and n % count):
        raise ArgumentError(message(where, f"a number of sections that divides {n}", count, "Use array_split, or pass indices."))
    size, longer = divmod(n, count)
    return _cut(x, at, [size * i + min(i, longer) for i in range(1, count)])


@composite
def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Return x cut along `axis` into equal sections, or before each of the given indices.

    TensorFlow.js's split takes sizes instead of indices: `np.cumsum` of all sizes but the last are the indices.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.split(tw.arange(5), [2, 3])]
    [[0, 1], [2], [3, 4]]
    """
    return _split(x, indices_or_sections, axis, "split", even=True)


@composite
def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Any]:
    """Return x cut along `axis` into sections of almost equal size, the longer ones first, or before each of the given indices."""
    return _split(x, indices_or_sections, axis, "array_split", even=False)


@composite
def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x cut along axis 1, a vector along axis 0."""
    x = as_tensor(x, "hsplit")
    need_rank(x, 1, "hsplit")
    return _split(x, indices_or_sections, 0 if len(x.shape) == 1 else 1, "hsplit", even=True)


@composite
def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x cut along axis 0."""
    x = as_tensor(x, "vsplit")
    need_rank(x, 2, "vsplit")
    return _split(x, indices_or_sections, 0, "vsplit", even=True)


@composite
def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> list[Any]:
    """Return x cut along axis 2."""
    x = as_tensor(x, "dsplit")
    need_rank(x, 3, "dsplit")
    return _split(x, indices_or_sections, 2, "dsplit", even=True)


@composite
def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """Return the slices of x along `axis`, without that axis; `num`, where given, must be their number."""
    x = as_tensor(x, "unstack")
    at = normalize_axis(axis, len(x.shape), "unstack")
    if num is not None and num != x.shape[at]:
        raise ArgumentError(message("unstack", f"num={x.shape[at]}, the size of axis {at}", num, "Leave it out."))
    shape = x.shape[:at] + x.shape[at + 1 :]
    return [reshape(part(x, at, i, 1), shape) for i in range(x.shape[at])]
