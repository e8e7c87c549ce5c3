"""Host routines on sparse tensors as (indices, values, shape): sparse_fill_empty_rows, sparse_reshape.

Segment sums and means are composites of ops and not here.
"""

from __future__ import annotations

import math

from .base import HostArray, bounded, check, fail, ints, routine


def _check(name: str, indices: HostArray, shape: HostArray) -> None:
    """Raise unless every row of `indices` [n, rank] lies inside `shape` [rank]."""
    check(name, "indices", indices, rank=2)
    check(name, "the dense shape", shape, rank=1)
    rank = len(shape.values)
    if indices.shape[1] != rank:
        fail(name, f"indices of shape [n, {rank}], as the dense shape has rank {rank}", list(indices.shape), "Make the two fit.")
    for size in shape.values:
        if size < 0:
            fail(name, "sizes of 0 or more in the dense shape", size, "Pass the sizes of the dense tensor.")
    for position, index in enumerate(indices.values):
        if not 0 <= index < shape.values[position % rank]:
            row = indices.values[position - position % rank :][:rank]
            fail(name, f"indices within {list(shape.values)}", f"{row} at row {position // rank}", "Remove it or enlarge the shape.")


@routine
def sparse_fill_empty_rows(indices: HostArray, values: HostArray, dense_shape: HostArray, default_value: HostArray) -> list[HostArray]:
    """Return [indices, values, empty_row_indicator, reverse_index_map] with one default value in each row that had none.

    indices: int [n, rank]; values: [n]; dense_shape: int [rank], rank >= 1; default_value: a scalar. The results are ordered by
    row: indices [m, rank], values [m], bool [dense_shape[0]], and where each input went, int32 [n]. Source: TensorFlow.js
    sparseFillEmptyRows, tf.raw_ops.SparseFillEmptyRows.
    """
    name = "sparse_fill_empty_rows"
    _check(name, indices, dense_shape)
    check(name, "values", values, rank=1)
    check(name, "default_value", default_value, rank=0)
    count, rank = indices.shape
    if rank < 1:
        fail(name, "a dense shape of rank 1 or more", rank, "A scalar has no rows.")
    if len(values.values) != count:
        fail(name, f"{count} values, one an index", len(values.values), "Pass one value for each index.")
    bounded(name, dense_shape.values[0])
    rows: list[list[int]] = [[] for _ in range(dense_shape.values[0])]
    for i, row in enumerate(indices.values[::rank]):
        rows[row].append(i)
    where: list[int] = []
    what: list = []
    went = [0] * count
    for row, members in enumerate(rows):
        for i in members:
            went[i] = len(what)
            where += indices.values[i * rank : (i + 1) * rank]
            what.append(values.values[i])
        if not members:
            where += [row] + [0] * (rank - 1)
            what.append(default_value.values[0])
    return [
        HostArray(where, (len(what), rank), indices.dtype),
        HostArray(what, (len(what),), values.dtype),
        HostArray([not members for members in rows], (len(rows),), "bool"),
        ints(went),
    ]


@routine
def sparse_reshape(indices: HostArray, shape: HostArray, new_shape: HostArray) -> list[HostArray]:
    """Return [indices, shape] of the same values in row-major order under `new_shape`, in which one size may be -1.

    indices: int [n, rank]; shape: int [rank]; new_shape: int [new rank]; results: [n, new rank] and [new rank].
    Source: TensorFlow.js sparseReshape, tf.raw_ops.SparseReshape.
    """
    _check("sparse_reshape", indices, shape)
    check("sparse_reshape", "new_shape", new_shape, rank=1)
    sizes = _infer(shape.values, new_shape.values)
    rank = len(shape.values)
    result: list[int] = []
    for n in range(indices.shape[0]):
        flat = 0
        for i in range(rank):
            flat = flat * shape.values[i] + indices.values[n * rank + i]
        index = []
        for size in reversed(sizes):
            flat, rest = divmod(flat, size)
            index.append(rest)
        result += reversed(index)
    return [HostArray(result, (indices.shape[0], len(sizes)), indices.dtype), ints(sizes, new_shape.dtype)]


def _infer(shape: list[int], new_shape: list[int]) -> list[int]:
    """Return the new shape with its -1 replaced."""
    name = "sparse_reshape"
    unknown = [i for i, size in enumerate(new_shape) if size == -1]
    if len(unknown) > 1:
        fail(name, "at most one -1 in new_shape", list(new_shape), "Give the other sizes.")
    known = math.prod(size for size in new_shape if size != -1)
    if any(size < -1 for size in new_shape):
        fail(name, "sizes of 0 or more, or -1, in new_shape", list(new_shape), "Give the sizes, or one -1.")
    total = math.prod(shape)
    sizes = list(new_shape)
    if unknown:
        if known == 0:
            fail(name, "no size 0 beside the -1 in new_shape", list(new_shape), "Give that size: it cannot be inferred.")
        sizes[unknown[0]] = total // known
    if math.prod(sizes) != total:
        fail(name, f"a new_shape of {total} elements, as {list(shape)} has", list(new_shape), "Make the products of sizes equal.")
    return sizes
