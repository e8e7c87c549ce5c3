"""Sums, products and extremes over segments: elements that share an index. Scattering at any indices: `indexing.py`."""

from __future__ import annotations

from operator import index as as_index
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.patterns import Scatter, Spec
from ..shapes import Shape, size_of
from ..tensor import as_tensor
from .define import op, primitive, public
from .gathering import gather_rows, scatter_rows


def _segments(data: Any, segment_ids: Any, num_segments: int | None, where: str) -> tuple[Any, Any, Shape]:
    """Return data as [1, n, inner], the ids as [1, n], and the result's shape."""
    data, ids = as_tensor(data, where), as_tensor(segment_ids, where)
    rank = len(ids.shape)
    if not rank or data.shape[:rank] != ids.shape:
        text = f"{ids.shape} for data {data.shape}"
        raise ShapeError(message(where, "segment_ids in the shape of data's leading axes", text, "Give each row an id."))
    if dtypes.kind(ids.dtype) != "i":
        raise DTypeError(message(where, "integer segment_ids", f"dtype {ids.dtype}", "Cast them to int32."))
    if num_segments is None:
        num_segments = int(op("max")(ids, initial=-1).item()) + 1
    elif not isinstance(num_segments, int) or num_segments < 0:
        raise ArgumentError(message(where, "num_segments of 0 or more", repr(num_segments), "Count the segments, or leave it out."))
    n, inner = size_of(ids.shape), size_of(data.shape[rank:])
    shape = (as_index(num_segments), *data.shape[rank:])
    rows = op("reshape")(data, (1, n, inner))
    return rows, op("reshape")(op("cast")(ids, "int32"), (1, n)), shape


def _reduced(data: Any, segment_ids: Any, num_segments: int | None, kind: str, start: str, where: str) -> Any:
    """Scatter into what a segment of no rows gives: 0, or the `low` or `high` end of the dtype."""
    rows, ids, shape = _segments(data, segment_ids, num_segments, where)
    value = getattr(dtypes.TABLE[rows.dtype], start) if start else 0
    value = {"b": bool, "i": int}.get(dtypes.kind(rows.dtype), float)(value)
    base = op("full")((1, shape[0], rows.shape[2]), value, dtype=rows.dtype)
    return op("reshape")(scatter_rows(base, ids, rows, kind), shape)


@public("scatter")
def segment_sum(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return for each segment the sum of the rows of data whose id it is; 0 for none.

    data: [n, ...], segment_ids: integers [n] (or as many leading axes as data has). num_segments: the largest id + 1 if None; rows
    with ids outside are dropped. `sorted` promises ascending ids and changes nothing. TensorFlow.js's unsortedSegmentSum.

    >>> import tensorweb as tw
    >>> tw.segment_sum(tw.tensor([1, 2, 10]), tw.tensor([0, 0, 1])).tolist()
    [3, 10]
    """
    return _reduced(data, segment_ids, num_segments, "add", "", "segment_sum")


@public("scatter")
def segment_max(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return for each segment the maximum of the rows of data whose id it is; the dtype's lowest finite value for none.

    Arguments as of segment_sum.
    """
    return _reduced(data, segment_ids, num_segments, "max", "low", "segment_max")


@public("scatter")
def segment_min(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return for each segment the minimum of the rows of data whose id it is; the dtype's highest finite value for none.

    Arguments as of segment_sum.
    """
    return _reduced(data, segment_ids, num_segments, "min", "high", "segment_min")


@primitive("segment_prod")
def _product(base: Spec, ids: Spec, rows: Spec) -> Any:
    (batch, n, inner), m = base.shape, ids.shape[1]
    return Scatter(batch, n, m, inner, "mul"), (base,)


@_product.vjp(inputs=(1, 2), outputs=(0,))
def _product_vjp(node: Any, g: Any) -> Any:
    # Only for rows without zeros: segment_prod puts the zeros aside.
    _, ids, rows = node.inputs
    return None, None, op("divide")(gather_rows(op("multiply")(g, node.outputs[0]), ids), rows)


@public("scatter")
def segment_prod(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Return for each segment the product of the rows of data whose id it is; 1 for none. Arguments as of segment_sum.

    The first derivative is right where elements are zero.
    """
    rows, ids, shape = _segments(data, segment_ids, num_segments, "segment_prod")
    base = op("ones")((1, shape[0], rows.shape[2]), rows.dtype)
    if not dtypes.is_float(rows.dtype):
        return op("reshape")(_product(base, ids, rows), shape)
    # The product of what is not zero, times: 1 without zeros; that zero itself where there is one, for its derivative; else 0.
    zero = op("equal")(rows, 0)
    others = _product(base, ids, op("where")(zero, 1.0, rows))
    none = op("zeros_like")(base)
    count = scatter_rows(none, ids, op("cast")(zero, rows.dtype), "add")
    lone = scatter_rows(none, ids, op("where")(zero, rows, 0.0), "add")
    factor = op("where")(op("equal")(count, 0), 1.0, op("where")(op("equal")(count, 1), lone, 0.0))
    return op("reshape")(op("multiply")(others, factor), shape)
