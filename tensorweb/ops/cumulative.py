"""Running reductions along an axis: cumsum, cumprod, extremes, log-sum-exp. The primitive itself is in `primitives.py`."""

from __future__ import annotations

import math
from typing import Any

from ..dtypes import canonical
from ..errors import DTypeError, message
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from .define import op, public
from .primitives import scan_rows
from .reduction import without_nan


def scan(x: Any, axis: int | None, kind: str, where: str, exclusive: bool = False, reverse: bool = False, dtype: Any = None) -> Any:
    """Return the running add, mul, max or min of x along `axis` (of the flat tensor if None); bool becomes int32."""
    x = as_tensor(x, where)
    wanted = x.dtype if dtype is None else canonical(dtype, where)
    wanted = "int32" if wanted == "bool" else wanted
    if wanted == "string" or (wanted == "complex64" and kind in ("max", "min")):
        raise DTypeError(message(where, "real numbers", f"dtype {wanted}", "Cast it first."))
    x = op("cast")(x, wanted) if x.dtype != wanted else x
    if axis is None:
        x, axis = op("reshape")(x, (-1,)), 0
    shape, d = x.shape, normalize_axis(axis, len(x.shape), where)
    rows = op("reshape")(x, (size_of(shape[:d]), shape[d], size_of(shape[d + 1 :])))
    return op("reshape")(scan_rows(rows, kind, bool(exclusive), bool(reverse)), shape)


@public("scan")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None, *, exclusive: bool = False, reverse: bool = False) -> Any:
    """Return the running sum along `axis` (of the flat tensor if None); bool becomes int32.

    `exclusive` leaves out the element itself, `reverse` runs from the end, as TensorFlow.js's cumsum (whose axis is 0 by default).

    >>> import tensorweb as tw
    >>> tw.cumsum(tw.tensor([1, 2, 3]), exclusive=True).tolist()
    [0, 1, 3]
    """
    return scan(x, axis, "add", "cumsum", exclusive, reverse, dtype)


@public("scan")
def cumprod(x: Any, axis: int | None = None, dtype: Any = None, *, exclusive: bool = False, reverse: bool = False) -> Any:
    """Return the running product along `axis` (of the flat tensor if None); bool becomes int32.

    `exclusive` leaves out the element itself, `reverse` runs from the end. The derivative is right where elements are zero.
    """
    return scan(x, axis, "mul", "cumprod", exclusive, reverse, dtype)


@public("scan")
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running sum along `axis` (of the flat tensor if None) with NaN taken as 0."""
    return scan(without_nan(as_tensor(x, "nancumsum"), 0), axis, "add", "nancumsum", dtype=dtype)


@public("scan")
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Return the running product along `axis` (of the flat tensor if None) with NaN taken as 1."""
    return scan(without_nan(as_tensor(x, "nancumprod"), 1), axis, "mul", "nancumprod", dtype=dtype)


@public("scan")
def cummax(x: Any, axis: int | None = None, *, reverse: bool = False) -> Any:
    """Return the running maximum along `axis` (of the flat tensor if None); NaN stays once met."""
    return scan(x, axis, "max", "cummax", reverse=reverse)


@public("scan")
def cummin(x: Any, axis: int | None = None, *, reverse: bool = False) -> Any:
    """Return the running minimum along `axis` (of the flat tensor if None); NaN stays once met."""
    return scan(x, axis, "min", "cummin", reverse=reverse)


@public("composite")
def logcumsumexp(x: Any, axis: int = 0, *, exclusive: bool = False, reverse: bool = False) -> Any:
    """Return the log of the running sum of exp(x) along `axis`, without overflow. TensorFlow's cumulative_logsumexp."""
    x = as_tensor(x, "logcumsumexp")
    rank, d = len(x.shape), normalize_axis(axis, len(x.shape), "logcumsumexp")
    x = op("cast")(x, "float32") if x.dtype in ("bool", "int8", "uint8", "int32") else x
    x = op("flip")(x, axis=d) if reverse else x
    step = 1

    def behind(y: Any, by: int) -> Any:
        """y moved on by some places, -inf coming in."""
        kept = op("pad")(y, [(by if i == d else 0, 0) for i in range(rank)], constant_values=-math.inf)
        return kept[tuple(slice(0, n) for n in x.shape)]

    # Doubling: after step s each element holds the last 2s elements up to itself.
    while step < x.shape[d]:
        x = op("logsumexp")(op("stack")([x, behind(x, step)]), axis=0)
        step *= 2
    x = behind(x, 1) if exclusive else x
    return op("flip")(x, axis=d) if reverse else x
