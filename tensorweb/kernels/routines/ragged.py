"""Host routines on ragged tensors as (nested row splits, flat values): ragged_range, ragged_gather, ragged_tensor_to_tensor."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from itertools import pairwise

from .base import HostArray, bounded, check, fail, ints, routine


def _check_splits(name: str, splits: list[int], end: int) -> None:
    """Raise unless `splits` rises from 0 or more and points no further than `end`."""
    if not splits or splits[0] < 0 or splits[-1] > end or any(a > b for a, b in pairwise(splits)):
        fail(name, f"row splits that rise from 0 to at most {end}", splits, "Pass where each row starts, and the end.")


@routine
def ragged_range(starts: HostArray, limits: HostArray, deltas: HostArray) -> list[HostArray]:
    """Return [rt_nested_splits, rt_dense_values]: row i counts from starts[i] by deltas[i] and stops before limits[i].

    starts, limits, deltas: [n] or scalars, which serve every row; splits: int32 [n + 1]; values: [m], starts' dtype.
    Source: TensorFlow.js raggedRange, tf.raw_ops.RaggedRange.
    """
    name = "ragged_range"
    count = None
    for what, x in (("starts", starts), ("limits", limits), ("deltas", deltas)):
        check(name, what, x)
        if len(x.shape) > 1:
            fail(name, f"{what} of rank 0 or 1", f"shape {list(x.shape)}", "Flatten it.")
        if x.shape:
            if count not in (None, len(x.values)):
                fail(name, f"starts, limits and deltas of one length, {count}", f"{what} of {len(x.values)}", "Make them fit.")
            count = len(x.values)
    rows = 1 if count is None else count
    first, last, step = (x.values if x.shape else x.values * rows for x in (starts, limits, deltas))
    splits, values = [0], []
    for a, b, d in zip(first, last, step, strict=True):
        if d == 0 or not all(map(math.isfinite, (a, b, d))):
            fail(name, "finite limits and a delta other than 0", f"start {a}, limit {b}, delta {d}", "Change that row.")
        size = max(_count(a, b, d), 0)
        bounded(name, splits[-1] + size)
        values += [a + d * i for i in range(size)]
        splits.append(len(values))
    return [ints(splits), HostArray(values, (len(values),), starts.dtype)]


def _count(start: float, limit: float, delta: float) -> int:
    """Return how many steps of `delta` lead from `start` to `limit`, limit not included."""
    if isinstance(start, int) and isinstance(limit, int) and isinstance(delta, int):
        return -((start - limit) // delta)
    ratio = (limit - start) / delta
    # Rounded to float32 as in TensorFlow: else 0 to 1.1 by 0.1, all of them float32, would take a twelfth step.
    return math.ceil(struct.unpack("f", struct.pack("f", ratio))[0] if abs(ratio) < 2**31 else ratio)


@routine
def ragged_gather(
    params_nested_splits: Sequence[HostArray],
    params_dense_values: HostArray,
    indices: HostArray,
    *,
    output_ragged_rank: int | None = None,
) -> list[HostArray]:
    """Return [output_nested_splits..., output_dense_values]: the rows that `indices` names, in that shape.

    params_nested_splits: one or more int [rows + 1]; params_dense_values: [n, ...]; indices: int, any rank;
    output_ragged_rank, where given: indices' rank + len(params_nested_splits) - 1, as many splits as come back, all int32.
    Source: TensorFlow.js raggedGather, tf.raw_ops.RaggedGather.
    """
    name = "ragged_gather"
    nested = [list(s.values) for s in params_nested_splits]
    check(name, "indices", indices)
    check(name, "params_dense_values", params_dense_values)
    if not nested or not params_dense_values.shape:
        fail(name, "at least one splits array, and values of rank 1 or more", "less", "Use gather for dense tensors.")
    rank = len(indices.shape) + len(nested) - 1
    if output_ragged_rank not in (None, rank):
        fail(name, f"output_ragged_rank {rank}", output_ragged_rank, "It is indices' rank plus the number of splits less one.")
    ends = [len(s) - 1 for s in nested[1:]] + [params_dense_values.shape[0]]
    for splits, end in zip(nested, ends, strict=True):
        _check_splits(name, splits, end)
    for index in indices.values:
        if not 0 <= index < len(nested[0]) - 1:
            fail(name, f"indices from 0 to {len(nested[0]) - 2}", index, "Choose rows that exist.")
    spans = [(i, i + 1) for i in indices.values]
    output = [_uniform_splits(indices.shape, i) for i in range(len(indices.shape) - 1)]
    for splits in nested:
        bounded(name, sum(end - start for start, end in spans))
        out = [0]
        for start, end in spans:
            out += [out[-1] + splits[j + 1] - splits[start] for j in range(start, end)]
        output.append(out)
        spans = [(splits[start], splits[end]) for start, end in spans]
    inner = math.prod(params_dense_values.shape[1:])
    count = sum(end - start for start, end in spans)
    bounded(name, count * inner)
    values = [v for start, end in spans for v in params_dense_values.values[start * inner : end * inner]]
    dense = HostArray(values, (count, *params_dense_values.shape[1:]), params_dense_values.dtype)
    # A scalar index takes a row itself, so the splits that would hold that one row go.
    return [*map(ints, output[len(output) - rank :]), dense]


def _uniform_splits(shape: tuple[int, ...], dim: int) -> list[int]:
    """Return the row splits by which a dense dimension dim + 1 divides."""
    return [i * shape[dim + 1] for i in range(math.prod(shape[: dim + 1]) + 1)]


@routine
def ragged_tensor_to_tensor(
    shape: HostArray,
    values: HostArray,
    default_value: HostArray,
    row_partition_tensors: Sequence[HostArray],
    *,
    row_partition_types: Sequence[str],
) -> list[HostArray]:
    """Return [the dense tensor], the missing elements filled with the default value and what lies outside `shape` left out.

    shape: int [rank] with -1 for what the data decide, or the scalar -1; values: [n, ...]; default_value: broadcasts to the inner
    shape; row_partition_types: FIRST_DIM_SIZE (a scalar, first only), VALUE_ROWIDS, ROW_SPLITS, outermost first.
    Source: TensorFlow.js raggedTensorToTensor, tf.raw_ops.RaggedTensorToTensor.
    """
    name = "ragged_tensor_to_tensor"
    check(name, "shape", shape)
    check(name, "values", values)
    check(name, "default_value", default_value)
    if not values.shape:
        fail(name, "values of rank 1 or more", "a scalar", "Pass the flat values.")
    rows, levels = _row_lengths(name, row_partition_tensors, list(row_partition_types), values.shape[0])
    sizes = [rows, *(max(lengths, default=0) for lengths in levels), *values.shape[1:]]
    wanted = _output_shape(name, shape, sizes, len(levels) + 1)
    inner = math.prod(wanted[len(levels) + 1 :])
    bounded(name, math.prod(wanted))
    fill = _broadcast(name, default_value, wanted[len(levels) + 1 :])
    # Where each row starts in the output, counted in elements of the inner shape; None where it was cut off.
    places: list[int | None] = [i if i < wanted[0] else None for i in range(rows)]
    for lengths, width in zip(levels, wanted[1:], strict=False):
        places = [
            start * width + i if start is not None and i < width else None
            for start, length in zip(places, lengths, strict=True)
            for i in range(length)
        ]
    out = fill * math.prod(wanted[: len(levels) + 1])
    for i, place in enumerate(places):
        if place is not None:
            out[place * inner : (place + 1) * inner] = values.values[i * inner : (i + 1) * inner]
    return [HostArray(out, tuple(wanted), values.dtype)]


def _row_lengths(name: str, tensors: Sequence[HostArray], types: list[str], count: int) -> tuple[int, list[list[int]]]:
    """Return the number of outermost rows, and for each ragged dimension the length of every row."""
    partitions = [list(t.values) for t in tensors]
    if not types or len(types) != len(partitions):
        fail(name, "one row_partition_type for each row_partition_tensor", f"{len(types)} and {len(partitions)}", "Pass one each.")
    if types[0] == "FIRST_DIM_SIZE":
        if len(partitions[0]) != 1 or partitions[0][0] < 0:
            fail(name, "a FIRST_DIM_SIZE of 0 or more", partitions[0], "Pass the number of rows as a scalar.")
        rows, types, partitions = partitions[0][0], types[1:], partitions[1:]
        bounded(name, rows)
    elif types[0] == "ROW_SPLITS":
        rows = len(partitions[0]) - 1
    else:
        fail(name, "FIRST_DIM_SIZE or ROW_SPLITS first", types[0], "VALUE_ROWIDS alone does not tell the number of rows.")
    levels, below = [], rows
    for kind, partition in zip(types, partitions, strict=True):
        levels.append(_lengths(name, kind, partition, below))
        below = len(partition) if kind == "VALUE_ROWIDS" else partition[-1]
    if below != count:
        fail(name, f"{below} values, as the row partitions say", count, "Make the two fit.")
    return rows, levels


def _lengths(name: str, kind: str, partition: list[int], rows: int) -> list[int]:
    if kind == "ROW_SPLITS":
        if not partition or len(partition) != rows + 1 or partition[0] != 0:
            fail(name, f"{rows + 1} row splits from 0", partition, "Pass where each row starts, and the end.")
        _check_splits(name, partition, partition[-1])
        return [b - a for a, b in pairwise(partition)]
    if kind != "VALUE_ROWIDS":
        fail(name, "the type VALUE_ROWIDS or ROW_SPLITS", kind, "FIRST_DIM_SIZE comes first only.")
    lengths = [0] * rows
    previous = 0
    for row in partition:
        if not previous <= row < rows:
            fail(name, f"rising row ids below {rows}", row, "Sort the values by row.")
        lengths[row] += 1
        previous = row
    return lengths


def _output_shape(name: str, shape: HostArray, sizes: list[int], outer: int) -> list[int]:
    """Return the sizes asked for, with the data's own where -1 stands; only the first `outer` may differ from the data's."""
    if not shape.shape:
        if shape.values != [-1]:
            fail(name, "a shape, or the scalar -1", shape.values, "Pass one size for each dimension.")
        return sizes
    wanted = list(shape.values)
    if len(wanted) != len(sizes):
        fail(name, f"a shape of rank {len(sizes)}", wanted, "Pass one size, or -1, for each dimension.")
    for i, (want, size) in enumerate(zip(wanted, sizes, strict=True)):
        if want < -1 or (i >= outer and want not in (-1, size)):
            fail(name, f"a size that fits {sizes} in dimension {i}", want, "Only ragged dimensions are padded or cut.")
    return [size if want == -1 else want for want, size in zip(wanted, sizes, strict=True)]


def _broadcast(name: str, x: HostArray, shape: list[int]) -> list:
    """Return the values of `x` broadcast to `shape`."""
    padded = [1] * (len(shape) - len(x.shape)) + list(x.shape)
    if len(padded) != len(shape) or any(a not in (1, b) for a, b in zip(padded, shape, strict=True)):
        fail(name, f"a default value that broadcasts to {shape}", f"shape {list(x.shape)}", "Pass a scalar.")
    values, block = list(x.values), 1
    for i in reversed(range(len(shape))):
        width = padded[i] * block
        if padded[i] == 1:
            values = [v for s in range(0, len(values), width or 1) for v in values[s : s + width] * shape[i]]
        block *= shape[i]
    return values


@routine
def ragged_gather_flat(*arrays: HostArray, output_ragged_rank: int | None = None) -> list[HostArray]:
    """Return what `ragged_gather` returns; the arrays are the nested splits, then the values, then the indices. As ops call it."""
    *splits, values, indices = arrays
    return ragged_gather(splits, values, indices, output_ragged_rank=output_ragged_rank)


@routine
def ragged_tensor_to_tensor_flat(
    shape: HostArray, values: HostArray, default_value: HostArray, *partitions: HostArray, row_partition_types: Sequence[str]
) -> list[HostArray]:
    """Return what `ragged_tensor_to_tensor` returns; the partitions come one by one. As ops call it."""
    return ragged_tensor_to_tensor(shape, values, default_value, partitions, row_partition_types=row_partition_types)
