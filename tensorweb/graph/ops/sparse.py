"""Graph ops on sparse tensors, and sums of rows by segments."""

from __future__ import annotations

from typing import Any

from ... import ops
from ..define import graph_op
from .hosted import routine_of


@graph_op("SparseFillEmptyRows")
def _fill_empty_rows(node: Any, *inputs: Any) -> Any:
    return (yield from routine_of("sparse_fill_empty_rows", *inputs))


@graph_op("SparseReshape")
def _reshape(node: Any, *inputs: Any) -> Any:
    return (yield from routine_of("sparse_reshape", *inputs))


@graph_op("SparseSegmentSum", host=(1, 2))
def _segment_sum(node: Any, data: Any, indices: Any, segments: Any) -> Any:
    return ops.sparse.sparse_segment_sum(data, indices, segments)


@graph_op("SparseSegmentMean", host=(1, 2))
def _segment_mean(node: Any, data: Any, indices: Any, segments: Any) -> Any:
    return ops.sparse.sparse_segment_mean(data, indices, segments)
