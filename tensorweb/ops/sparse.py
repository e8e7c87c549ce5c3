"""`tw.sparse`: sparse tensors as (indices, values, shape), and sums of rows by segments. Other segment ops: `segment.py`."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, IndexRangeError, ShapeError, message
from ..tensor import as_tensor
from .define import composite, op
from .gathering import gather_axis
from .places import index_tensor
from .primitives import host_routine
from .shaping import reshape

_fill_empty_rows = host_routine("sparse_fill_empty_rows", None)
_reshape = host_routine("sparse_reshape", None)


@composite(gradient="none", namespace="sparse")
def sparse_fill_empty_rows(indices: Any, values: Any, dense_shape: Any, default_value: Any) -> tuple[Any, Any, Any, Any]:
    """Return (indices, values, empty_row_indicator, reverse_index_map) with one default value in each row that had none.

    TensorFlow.js's sparse.sparseFillEmptyRows.

    >>> import tensorweb as tw
    >>> made = tw.sparse.sparse_fill_empty_rows([[0, 1], [2, 0]], [5, 6], [3, 2], -1)
    >>> [t.tolist() for t in made]
    [[[0, 1], [1, 0], [2, 0]], [5, -1, 6], [False, True, False], [0, 2]]
    """
    where = "sparse_fill_empty_rows"
    v = as_tensor(values, where)
    default = as_tensor(default_value, where)
    if default.dtype != v.dtype:
        default = op("cast")(default, v.dtype)
    return _fill_empty_rows(index_tensor(indices, where), v, index_tensor(dense_shape, where), default, static=((),))


@composite(gradient="none", namespace="sparse")
def sparse_reshape(input_indices: Any, input_shape: Any, new_shape: Any) -> tuple[Any, Any]:
    """Return (indices, shape) of the same values under `new_shape`, one size of which may be -1. TensorFlow.js's sparse.sparseReshape.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.sparse.sparse_reshape([[0, 1], [1, 2]], [2, 3], [3, -1])]
    [[[0, 1], [2, 1]], [3, 2]]
    """
    parts = [index_tensor(v, "sparse_reshape") for v in (input_indices, input_shape, new_shape)]
    return _reshape(*parts, static=((),))


def _segments(data: Any, indices: Any, segment_ids: Any, where: str) -> tuple[Any, Any, int]:
    """Return the picked rows, their segments and the number of segments; the host reads the small index tensors to check them.

    Lists of ints it has already.
    """
    x = as_tensor(data, where)
    if not x.shape:
        raise ShapeError(message(where, "data of rank 1 or more", "a scalar", "Pass rows."))
    i, s = index_tensor(indices, where), index_tensor(segment_ids, where)
    if len(i.shape) != 1 or i.shape != s.shape:
        raise ShapeError(
            message(where, "indices and segment_ids of one length", f"{i.shape} and {s.shape}", "Pass a segment for each index.")
        )
    ids, rows = (given if isinstance(given, list) else made.tolist() for given, made in ((segment_ids, s), (indices, i)))
    if any(a > b for a, b in zip([0, *ids], ids)):
        raise ArgumentError(message(where, "segment ids of 0 or more that do not fall", ids, "Sort them."))
    if any(not 0 <= r < x.shape[0] for r in rows):
        raise IndexRangeError(message(where, f"indices from 0 to {x.shape[0] - 1}", rows, "Choose rows that exist."))
    return gather_axis(x, i, 0), s, ids[-1] + 1 if ids else 0


@composite(namespace="sparse")
def sparse_segment_sum(data: Any, indices: Any, segment_ids: Any) -> Any:
    """Return the sums of the rows of data that `indices` names, one for each segment; ids must not fall.

    TensorFlow.js's sparse.sparseSegmentSum.

    >>> import tensorweb as tw
    >>> tw.sparse.sparse_segment_sum([[1, 2], [3, 4]], [0, 1, 1], [0, 0, 1]).tolist()
    [[4, 6], [3, 4]]
    """
    rows, ids, count = _segments(data, indices, segment_ids, "sparse_segment_sum")
    return op("segment_sum")(rows, ids, count)


@composite(namespace="sparse")
def sparse_segment_mean(data: Any, indices: Any, segment_ids: Any) -> Any:
    """Return the means of the rows of data that `indices` names, one for each segment, 0 for a segment without rows.

    TensorFlow.js's sparse.sparseSegmentMean.

    >>> import tensorweb as tw
    >>> tw.sparse.sparse_segment_mean([[1.0, 2.0], [3.0, 4.0]], [0, 1, 1], [0, 0, 1]).tolist()
    [[2.0, 3.0], [3.0, 4.0]]
    """
    rows, ids, count = _segments(data, indices, segment_ids, "sparse_segment_mean")
    total = op("segment_sum")(rows, ids, count)
    sizes = op("segment_sum")(op("ones")(ids.shape), ids, count)
    return op("divide_no_nan")(total, reshape(sizes, (count, *(1,) * (len(rows.shape) - 1))))
