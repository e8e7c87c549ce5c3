"""Shapes and places: reshape, transpose, slices, padding, joining. Values stay as they are. Indices that are data: `indexing.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..kernels.patterns import Concat, Pad, Spec, View
from ..shapes import Shape, as_ints, as_shape, broadcast, infer_reshape, normalize_axis, size_of, strides_of
from ..tensor import as_tensor
from .define import op, primitive, public, sum_to

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
    return _reshape(x, static=(infer_reshape(x.shape, newshape),))


@public("alias")
def copy(x: Any) -> Any:
    """Return a new tensor on the same data, as TensorFlow.js's clone."""
    x = as_tensor(x, "copy")
    return _reshape(x, static=(x.shape,))


# --- strided views ---


@primitive("transpose")
def _transpose(x: Spec, axes: Shape) -> Any:
    strides = strides_of(x.shape)
    return View(tuple(strides[a] for a in axes), 0), (Spec(tuple(x.shape[a] for a in axes), x.dtype),)


@_transpose.vjp()
def _transpose_vjp(node: Any, g: Any) -> Any:
    (axes,) = node.static
    return _transpose(g, static=(tuple(sorted(range(len(axes)), key=axes.__getitem__)),))


@public("view")
def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """Return x with its axes permuted; by default reversed."""
    x = as_tensor(x, "transpose")
    rank = len(x.shape)
    order = tuple(range(rank))[::-1] if axes is None else tuple(normalize_axis(a, rank, "transpose") for a in as_ints(axes, "transpose", "axes"))
    if sorted(order) != list(range(rank)):
        raise ShapeError(message("transpose", f"a permutation of {rank} axes", tuple(order), "Name each axis once."))
    return _transpose(x, static=(order,)) if order != tuple(range(rank)) else copy(x)


@primitive("broadcast_to")
def _broadcast_to(x: Spec, shape: Shape) -> Any:
    lead = len(shape) - len(x.shape)
    strides = [0] * lead + [0 if d == 1 else s for d, s in zip(x.shape, strides_of(x.shape))]
    return View(tuple(strides), 0), (Spec(shape, x.dtype),)


@_broadcast_to.vjp()
def _broadcast_to_vjp(node: Any, g: Any) -> Any:
    return sum_to(g, node.inputs[0].shape)


@public("view")
def broadcast_to(x: Any, shape: Sequence[int]) -> Any:
    """Return x repeated along axes of size 1, and along new leading axes, to `shape`."""
    x, target = as_tensor(x, "broadcast_to"), as_shape(shape, "broadcast_to")
    if broadcast("broadcast_to", x.shape, target) != target:
        raise ShapeError(message("broadcast_to", f"a shape that {x.shape} broadcasts to", target, "Each dimension must be equal or 1."))
    return _broadcast_to(x, static=(target,)) if target != x.shape else copy(x)


@primitive("slice")
def _slice(x: Spec, start: Shape, shape: Shape, steps: Shape) -> Any:
    """Elements start + i * step of each axis; steps may be negative."""
    strides = strides_of(x.shape)
    offset = sum(b * s for b, s in zip(start, strides))
    return View(tuple(s * t for s, t in zip(strides, steps)), offset), (Spec(shape, x.dtype),)


@_slice.vjp()
def _slice_vjp(node: Any, g: Any) -> Any:
    start, shape, steps = node.static
    whole = node.inputs[0].shape
    backwards = tuple(i for i, t in enumerate(steps) if t < 0)
    if backwards:
        g = op("flip")(g, axis=backwards)
    first = [b if t > 0 else b + (n - 1) * t for b, n, t in zip(start, shape, steps)]
    gap = [abs(t) - 1 for t in steps]
    covered = [b + max(0, (n - 1) * (i + 1) + 1) if n else b for b, n, i in zip(first, shape, gap)]
    high = [d - c for d, c in zip(whole, covered)]
    return pad_interior(g, first, high, gap, 0) if size_of(shape) else op("zeros")(whole, g.dtype)


def strided_slice(x: Any, start: Sequence[int], shape: Sequence[int], steps: Sequence[int]) -> Any:
    """Return elements start + i * step for i below `shape` along each axis; the caller has checked the bounds."""
    return _slice(x, static=(tuple(start), tuple(shape), tuple(steps)))


@public("view")
def flip(x: Any, axis: int | Sequence[int] | None = None) -> Any:
    """Return x with the order of its elements reversed along `axis` (all axes if None)."""
    x = as_tensor(x, "flip")
    rank = len(x.shape)
    axes = range(rank) if axis is None else [normalize_axis(a, rank, "flip") for a in as_ints(axis, "flip", "axis")]
    start = [d - 1 if i in axes and d else 0 for i, d in enumerate(x.shape)]
    return strided_slice(x, start, x.shape, [-1 if i in axes else 1 for i in range(rank)])


# --- padding and joining ---


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
    return g if g.shape == shape else strided_slice(g, [0] * len(low), shape, steps)


def pad_interior(x: Any, low: Sequence[int], high: Sequence[int], interior: Sequence[int], value: Any) -> Any:
    """Return x with `interior` values between neighbours and low, high ones around along each axis (negative: cut off)."""
    return _pad(x, static=(tuple(low), tuple(high), tuple(interior), value))


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
        parts.append(strided_slice(g, start, x.shape, [1] * len(start)))
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
    for t in tensors:
        if len(t.shape) != len(first) or any(a != b for i, (a, b) in enumerate(zip(t.shape, first)) if i != at):
            raise ShapeError(message("concatenate", f"shapes that agree but for axis {at}", f"{first} and {t.shape}", "Reshape or pad them."))
    tensors = promote_all(tensors)
    return _concatenate(*tensors, static=(at,)) if len(tensors) > 1 else copy(tensors[0])


def promote_all(tensors: Sequence[Any]) -> list[Any]:
    """Return the tensors cast to the dtype that they promote to."""
    from .. import dtypes

    wanted = dtypes.promote(*(t.dtype for t in tensors))
    return [t if t.dtype == wanted else op("cast")(t, wanted) for t in tensors]


