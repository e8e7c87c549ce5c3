"""The ragged routines against TensorFlow's kernels, and on splits and row ids that lie."""

import math

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray
from tests.recorded import tensorflow as tf


def host(values, dtype="int32"):
    array = np.asarray(values)
    return HostArray(array.ravel().tolist(), array.shape, dtype)


def lists(results):
    return [np.array(r.values).reshape(r.shape).tolist() for r in results]


def flat(results):
    """Return TensorFlow's results, some of which are lists of tensors, as lists."""
    return [t.numpy().tolist() for r in results for t in (r if isinstance(r, list) else [r])]


@pytest.mark.parametrize(
    ("starts", "limits", "deltas"),
    [
        ([0, 5, 8], [8, 7, 8], [2, 1, 1]),
        ([10, 0], [0, 10], [-3, 4]),
        ([0, 0], [-5, 5], [1, -1]),
        (0, [0, 3, 5], 1),
        ([1, 2], 4, 2),
        (2, 5, 1),
        ([], [], []),
        ([0.0, 5.0], [1.0, 2.0], [0.25, -1.0]),
        ([0.0, 1.0], [1.0, 0.5], [0.3, -0.125]),
        ([0.0, 0.0, 0.0], [1.1, 0.9, 3e6], [0.1, 0.3, 1e3]),
    ],
)
def test_range_is_tensorflows(starts, limits, deltas):
    inputs = [np.asarray(v, np.float32 if "." in str(starts) else np.int32) for v in (starts, limits, deltas)]
    expected = tf.raw_ops.RaggedRange(starts=inputs[0], limits=inputs[1], deltas=inputs[2])
    splits, values = ROUTINES["ragged_range"](*(host(v, v.dtype.name) for v in inputs))
    assert splits.values == expected[0].numpy().tolist() and values.dtype == inputs[0].dtype.name
    np.testing.assert_allclose(values.values, expected[1].numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("starts", "limits", "deltas"),
    [
        ([0], [3], [0]),
        ([0, 1], [3], [1]),
        ([[0]], [3], [1]),
        ([0], [2**31], [1]),
        ([0.0], [math.nan], [1.0]),
        ([0.0], [math.inf], [1.0]),
        ([0.0], [1e30], [1e-9]),
    ],
)
def test_range_refuses(starts, limits, deltas):
    with pytest.raises(ValueError, match="ragged_range: expected"):
        ROUTINES["ragged_range"](host(starts), host(limits), host(deltas))


ONE = [[0, 2, 2, 5, 6]]
TWO = [[0, 2, 2, 5], [0, 1, 3, 3, 4, 6]]
DENSE = np.arange(6)


def gather(splits, dense, indices, rank=None):
    return lists(ROUTINES["ragged_gather"]([host(s) for s in splits], host(dense), host(indices), output_ragged_rank=rank))


@pytest.mark.parametrize("dense", [DENSE, np.arange(12).reshape(6, 2), np.arange(36).reshape(6, 2, 3)])
@pytest.mark.parametrize("splits", [ONE, TWO])
@pytest.mark.parametrize("indices", [[2, 0, 2, 1], [[0, 1], [2, 2], [1, 0]], [[[2]], [[0]]], np.zeros(0, int), np.zeros((2, 0), int), 2, 1])
def test_gather_is_tensorflows(splits, dense, indices):
    rank = np.asarray(indices).ndim + len(splits) - 1
    expected = tf.raw_ops.RaggedGather(
        params_nested_splits=splits, params_dense_values=dense, indices=np.asarray(indices, np.int32), OUTPUT_RAGGED_RANK=rank
    )
    assert gather(splits, dense, indices, rank) == flat(expected)


@pytest.mark.parametrize(
    ("splits", "dense", "indices", "rank"),
    [
        (ONE, DENSE, [4], None),
        (ONE, DENSE, [-1], None),
        (ONE, DENSE, [0], 3),
        ([[0, 3, 2]], DENSE, [0], None),
        ([[0, 7]], DENSE, [0], None),
        ([[-1, 3]], DENSE, [0], None),
        ([[]], DENSE, [0], None),
        ([[0, 9], [0, 1]], DENSE, [0], None),
        ([], DENSE, [0], None),
        (ONE, 3, [0], None),
    ],
)
def test_gather_refuses(splits, dense, indices, rank):
    with pytest.raises(ValueError, match="ragged_gather: expected"):
        gather(splits, dense, indices, rank)


def to_dense(shape, values, default, partitions, types):
    (result,) = ROUTINES["ragged_tensor_to_tensor"](
        host(shape), host(values), host(default), [host(p) for p in partitions], row_partition_types=types
    )
    return np.array(result.values, dtype=int).reshape(result.shape)


SPLITS2 = ([[0, 2, 2, 5], [0, 1, 3, 3, 4, 6]], ["ROW_SPLITS", "ROW_SPLITS"])
ROWIDS2 = ([3, [0, 0, 2, 2, 2], [0, 1, 1, 3, 4, 4]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS", "VALUE_ROWIDS"])
MIXED2 = ([[0, 2, 2, 5], [0, 1, 1, 3, 4, 4]], ["ROW_SPLITS", "VALUE_ROWIDS"])
SPLITS1 = ([[0, 2, 2, 6]], ["ROW_SPLITS"])
ROWIDS1 = ([4, [0, 0, 2, 2, 2, 3]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"])
FLAT = ([6], ["FIRST_DIM_SIZE"])


@pytest.mark.parametrize("partition", [SPLITS2, ROWIDS2, MIXED2, SPLITS1, ROWIDS1, FLAT])
@pytest.mark.parametrize("outer", ["scalar", -1, 1, 2, 7, 0])
@pytest.mark.parametrize(("inner", "default"), [((), 9), ((2,), 9), ((2,), [8, 9]), ((2, 3), [[7], [8]]), ((0,), 9)])
def test_to_tensor_is_tensorflows(partition, outer, inner, default):
    partitions, types = partition
    values = np.arange(6 * math.prod(inner)).reshape(6, *inner)
    ragged = len(types) - (types[0] == "FIRST_DIM_SIZE")
    shape = -1 if outer == "scalar" else [outer] * (ragged + 1) + [-1] * len(inner)
    expected = tf.raw_ops.RaggedTensorToTensor(
        shape=shape,
        values=values,
        default_value=np.array(default, np.int64),
        row_partition_tensors=[np.array(p, np.int64) for p in partitions],
        row_partition_types=types,
    ).numpy()
    found = to_dense(shape, values, default, partitions, types)
    assert found.shape == expected.shape and np.array_equal(found, expected)


def test_to_tensor_broadcasts_the_default_from_the_right():
    found = to_dense([-1, 2, -1, -1], np.ones((1, 2, 3), int), [7, 8, 9], [[0, 1]], ["ROW_SPLITS"])
    assert found.tolist() == [[[[1, 1, 1], [1, 1, 1]], [[7, 8, 9], [7, 8, 9]]]]


def test_to_tensor_of_no_values():
    assert to_dense([-1, 2], np.zeros(0, int), 5, [[0, 0, 0]], ["ROW_SPLITS"]).tolist() == [[5, 5], [5, 5]]
    assert to_dense([-1, -1], np.zeros(0, int), 5, [[0]], ["ROW_SPLITS"]).shape == (0, 0)


@pytest.mark.parametrize(
    ("shape", "default", "partitions", "types"),
    [
        ([-1, -1], 0, [[0, 2, 7]], ["ROW_SPLITS"]),
        ([-1, -1], 0, [[0, 2, 5]], ["ROW_SPLITS"]),
        ([-1, -1], 0, [[1, 2, 6]], ["ROW_SPLITS"]),
        ([-1, -1], 0, [[0, 9, 6]], ["ROW_SPLITS"]),
        ([-1, -1], 0, [[]], ["ROW_SPLITS"]),
        ([-1, -1], 0, [[0, 0, 0, 0, 0, 0]], ["VALUE_ROWIDS"]),
        ([-1, -1], 0, [2, [0, 0, 0, 0, 0, 2]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
        ([-1, -1], 0, [2, [0, 0, 1, 0, 0, 1]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
        ([-1, -1], 0, [2, [-1, 0, 1, 1, 1, 1]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
        ([-1, -1], 0, [-2, [0, 0, 0, 0, 0, 0]], ["FIRST_DIM_SIZE", "VALUE_ROWIDS"]),
        ([-1, -1], 0, [[0, 6], 6], ["ROW_SPLITS", "FIRST_DIM_SIZE"]),
        ([-1, -1], 0, [[0, 6]], ["NONSENSE"]),
        ([-1, -1], 0, [[0, 6]], []),
        ([-1], 0, [[0, 6]], ["ROW_SPLITS"]),
        ([-1, -2], 0, [[0, 6]], ["ROW_SPLITS"]),
        (3, 0, [[0, 6]], ["ROW_SPLITS"]),
        ([-1, -1], [0, 0], [[0, 6]], ["ROW_SPLITS"]),
    ],
)
def test_to_tensor_refuses(shape, default, partitions, types):
    with pytest.raises(ValueError, match="ragged_tensor_to_tensor: expected"):
        to_dense(shape, np.arange(6), default, partitions, types)
    with pytest.raises(ValueError, match="ragged_tensor_to_tensor: expected"):
        to_dense([-1, -1, 3], np.zeros((6, 2), int), 0, [[0, 6]], ["ROW_SPLITS"])
