"""Where things are: index arguments checked and wrapped, several indices made one. Ops: `indexing.py`, `scattering.py`."""

from __future__ import annotations

from typing import Any

from .. import dtypes, engine
from ..errors import DTypeError, IndexRangeError, ShapeError, message
from ..kernels import expression as e
from ..shapes import Shape, size_of, strides_of
from ..tensor import Operators, as_tensor, tensor
from .define import op, row_body


def apply(body: Any, *args: Any) -> Any:
    """Return a private elementwise body of tensors and numbers; the body must be a function of a module, as plans are kept by it."""
    return engine.run(row_body(body, None, True, len(args)), args)


def _wrapped(i: Any, n: Any) -> Any:
    return e.where(i < 0, i + n, i)


def _joined(flat: Any, i: Any, n: Any) -> Any:
    """flat * n + i, negative i counting from the end; -1 if flat or i lies outside."""
    at = e.where(i < 0, i + n, i)
    inside = e.logical_and(flat >= 0, e.logical_and(at >= 0, at < n))
    return e.where(inside, flat * n + at, -1)


def index_tensor(indices: Any, where: str, n: int | None = None) -> Any:
    """Return indices as an int32 tensor; those the host knows are checked against `n` and wrapped, tensors are left as they are."""
    known = not isinstance(indices, Operators)
    made = as_tensor(indices, where)
    if known and not made.size and dtypes.is_float(made.dtype):  # an empty list
        return op("cast")(made, "int32")
    if dtypes.kind(made.dtype) != "i":
        raise DTypeError(message(where, "integer indices", f"dtype {made.dtype}", "Cast them to int32, or use a boolean mask."))
    made = made if made.dtype == "int32" else op("cast")(made, "int32")
    if not known or n is None:
        return made
    values = list(made.data_sync())
    for v in values:
        if not -n <= v < n:
            raise IndexRangeError(message(where, f"indices from {-n} to {n - 1}", v, "Choose places that exist."))
    return tensor([v % n for v in values], made.shape, "int32") if values and min(values) < 0 else made


def wrapped(indices: Any, n: int, where: str) -> Any:
    """Return indices along an axis of size n as an int32 tensor in which negative ones are counted from the front."""
    known = not isinstance(indices, Operators)
    made = index_tensor(indices, where, n)
    return made if known else apply(_wrapped, made, n)


def joined(parts: list[Any], sizes: Shape) -> Any:
    """Return one flat index from an int32 tensor for each axis (they broadcast); -1 where one of them lies outside."""
    if len(parts) == 1:
        return apply(_wrapped, parts[0], sizes[0])
    flat: Any = 0
    for i, n in zip(parts, sizes):
        flat = apply(_joined, flat, i, n)
    return flat


def rows_of(indices: Any, shape: Shape, where: str) -> Any:
    """Return the flat indices [m] of rows [m, k] of places in the first k axes of `shape`; checked if the host knows them."""
    known = not isinstance(indices, Operators)
    made = index_tensor(indices, where)
    k = made.shape[-1] if made.shape else -1
    if not 0 <= k <= len(shape):
        raise ShapeError(
            message(where, f"indices [..., k] with k from 0 to {len(shape)}", f"shape {made.shape}", "The last axis names axes.")
        )
    if known and k:
        for j, v in enumerate(made.data_sync()):
            if not -shape[j % k] <= v < shape[j % k]:
                raise IndexRangeError(message(where, f"indices within {shape[:k]}", v, "Choose places that exist."))
    count = made.size // k if k else size_of(made.shape[:-1])
    if not k:
        return op("zeros")((count,), "int32")
    table = op("reshape")(made, (count, k))
    return op("reshape")(joined(op("unstack")(table, axis=1), shape[:k]), (count,))


def _coordinate(flat: Any, stride: Any, n: Any) -> Any:
    return flat // stride % n


def coordinates(flat: Any, shape: Shape) -> tuple[Any, ...]:
    """Return the index along each axis of `shape` that flat indices within it stand for."""
    return tuple(apply(_coordinate, flat, stride, n) for stride, n in zip(strides_of(shape), shape))
