"""Tensors as sets: unique, setdiff1d. Their search runs on the host (`kernels/routines/sets.py`); the values are gathered."""

from __future__ import annotations

import builtins
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from .define import op, public
from .gathering import gather_rows
from .primitives import host_routine

_unique = host_routine("unique", None)
_setdiff1d = host_routine("setdiff1d", None)


@public("routine")
def unique(
    x: Any,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """Return the distinct elements of x (of the flat tensor if axis is None), or its distinct slices along `axis`.

    Ascending if `sorted`, else in order of first occurrence; NaN equals NaN. With return_index, return_inverse, return_counts also,
    in this order, int32: where each first occurs, which of them each element of x is, how often each occurs. `size` fixes their
    number: what is more is cut off, what lacks is filled with `fill_value` (0), index 1 and count 0. TensorFlow.js's unique is
    unique(x, sorted=False, return_inverse=True, axis=0).

    >>> import tensorweb as tw
    >>> tw.unique(tw.tensor([3, 1, 3])).tolist()
    [1, 3]
    """
    x = as_tensor(x, "unique")
    at = None if axis is None else normalize_axis(axis, len(x.shape), "unique")
    _, inverse, counts, first = _unique(x, static=((("axis", at), ("sorted", builtins.bool(sorted))),))
    flat = op("reshape")(x, (-1,)) if at is None else x
    d = at or 0
    shape = flat.shape
    rows = op("reshape")(flat, (size_of(shape[:d]), shape[d], size_of(shape[d + 1 :])))
    values = op("reshape")(_each(rows, first), (*shape[:d], first.shape[0], *shape[d + 1 :]))
    if size is not None:
        if not isinstance(size, int) or size < 0:
            raise ArgumentError(message("unique", "a size of 0 or more", repr(size), "Pass an int, or leave it out."))
        fill = 0 if fill_value is None else fill_value
        values, first, counts = (_sized(v, a, size, f) for v, a, f in ((values, d, fill), (first, 0, 1), (counts, 0, 0)))
    chosen = [v for v, wanted in ((first, return_index), (inverse, return_inverse), (counts, return_counts)) if wanted]
    return (values, *chosen) if chosen else values


def _each(rows: Any, index: Any) -> Any:
    """Return rows[:, index, :] for one index of all."""
    return gather_rows(rows, op("broadcast_to")(op("reshape")(index, (1, -1)), (rows.shape[0], index.shape[0])))


def _sized(x: Any, axis: int, size: int, fill: Any) -> Any:
    have = x.shape[axis]
    if have >= size:
        return x[(slice(None),) * axis + (slice(0, size),)]
    shape = tuple(size - have if d == axis else n for d, n in enumerate(x.shape))
    return op("concatenate")([x, op("full")(shape, fill, dtype=x.dtype)], axis=axis)


@public("routine")
def setdiff1d(x: Any, y: Any) -> Any:
    """Return (values, indices): the elements of x [n] that are not in y [m], in x's order, and their int32 places.

    Raises ShapeError unless both are of rank 1, DTypeError unless both are strings or neither is. TensorFlow.js's setdiff1dAsync.

    >>> import tensorweb as tw
    >>> tw.setdiff1d(tw.tensor([1, 2, 3, 4]), tw.tensor([2, 4]))[0].tolist()
    [1, 3]
    """
    x, y = as_tensor(x, "setdiff1d"), as_tensor(y, "setdiff1d")
    if len(x.shape) != 1 or len(y.shape) != 1:
        raise ShapeError(message("setdiff1d", "two tensors of rank 1", f"{x.shape} and {y.shape}", "Reshape them."))
    if (x.dtype == "string") != (y.dtype == "string"):
        raise DTypeError(message("setdiff1d", "x and y of one kind", f"{x.dtype} and {y.dtype}", "Cast one of them."))
    _, index = _setdiff1d(x, y, static=((),))
    values = op("reshape")(_each(op("reshape")(x, (1, -1, 1)), index), (-1,))
    return values, index


@public("composite", gradient="none")
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Return, for each element of x1, whether x2 has it (with `invert`, lacks it). NaN is in nothing.

    `assume_unique` is taken for NumPy's sake; the result is the same.

    >>> import tensorweb as tw
    >>> tw.isin(tw.tensor([1, 5, 2]), tw.tensor([[2, 1]])).tolist()
    [True, False, True]
    """
    x, elements = as_tensor(x1, "isin"), as_tensor(x2, "isin")
    if not elements.size:
        return op("full")(x.shape, bool(invert))
    if "string" in (x.dtype, elements.dtype):
        equal = op("equal")(op("expand_dims")(x, -1), op("reshape")(elements, (1,) * len(x.shape) + (-1,)))
        found = op("any")(equal, axis=-1)
    else:
        ordered = op("sort")(op("reshape")(elements, -1))
        place = op("searchsorted")(ordered, op("reshape")(x, -1))
        nearest = op("take")(ordered, op("minimum")(place, ordered.size - 1))
        found = op("equal")(op("reshape")(nearest, x.shape), x)
    return op("logical_not")(found) if invert else found
