"""The sparse routines against TensorFlow's kernels, and on input that points outside the tensor."""

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray
from tests.recorded import tensorflow as tf


def host(values, shape=None, dtype="int32"):
    array = np.array(values, dtype=object).reshape(shape) if shape is not None else np.array(values, dtype=object)
    return HostArray(array.ravel().tolist(), array.shape, dtype)


def run(name, *inputs):
    return [np.array(r.values, dtype=object).reshape(r.shape).tolist() for r in ROUTINES[name](*inputs)]


def fill(indices, values, shape, default=-1):
    return run("sparse_fill_empty_rows", host(indices, (-1, len(shape)) if shape else None), host(values), host(shape), host(default))


@pytest.mark.parametrize("shape", [(5,), (6, 4), (4, 2, 3), (1, 9)])
@pytest.mark.parametrize("count", [0, 1, 4, 15])
def test_fill_empty_rows_is_tensorflows(shape, count):
    rng = np.random.default_rng(count)
    indices = np.stack([rng.integers(0, size, count) for size in shape], 1)
    values = rng.integers(0, 100, count)
    expected = tf.raw_ops.SparseFillEmptyRows(indices=indices, values=values, dense_shape=np.array(shape), default_value=np.int64(-1))
    assert fill(indices, values, shape) == [r.numpy().tolist() for r in expected]


def test_fill_no_rows():
    assert fill([], [], (0, 3)) == [[], [], [], []]


@pytest.mark.parametrize(
    ("indices", "values", "shape"),
    [
        ([[2, 0]], [1], (2, 3)),
        ([[-1, 0]], [1], (2, 3)),
        ([[0, 3]], [1], (2, 3)),
        ([[0, 0]], [1], (0, 3)),
        ([[0, 0]], [1, 2], (2, 3)),
        ([[0, 0]], [1], (-2, 3)),
        ([[0, 0]], [1], (10**12, 0)),
    ],
)
def test_fill_refuses(indices, values, shape):
    with pytest.raises(ValueError, match="sparse_fill_empty_rows: expected"):
        fill(indices, values, shape)


def test_fill_refuses_wrong_ranks():
    two = host([[0, 0]])
    for inputs in (
        (two, host([1]), host([2]), host(0)),
        (host([0]), host([1]), host([2]), host(0)),
        (two, host([1]), host([2, 2]), host([0])),
        (host([], (1, 0)), host([1]), host([]), host(0)),
    ):
        with pytest.raises(ValueError, match="sparse_fill_empty_rows: expected"):
            run("sparse_fill_empty_rows", *inputs)


def reshape(indices, shape, new_shape):
    return run("sparse_reshape", host(indices, (len(indices), len(shape))), host(shape), host(new_shape))


@pytest.mark.parametrize(
    ("shape", "new_shape"),
    [
        ((4, 6), (24,)),
        ((4, 6), (2, -1)),
        ((24,), (2, 3, 4)),
        ((2, 3, 4), (4, 6)),
        ((4, 6), (4, 6)),
        ((1,), (1, 1)),
        ((4, 6), (-1,)),
        ((), (1, 1)),
    ],
)
def test_reshape_is_tensorflows(shape, new_shape):
    every = np.stack(np.unravel_index(np.arange(int(np.prod(shape))), shape), 1) if shape else np.zeros((1, 0), int)
    expected = tf.raw_ops.SparseReshape(input_indices=every, input_shape=np.array(shape, np.int64), new_shape=np.array(new_shape, np.int64))
    assert reshape(every, shape, new_shape) == [r.numpy().tolist() for r in expected]


def test_reshape_of_nothing():
    assert reshape([], (0, 3), (3, 0)) == [[], [3, 0]]
    assert reshape([], (0, 3), (-1, 5)) == [[], [0, 5]]


@pytest.mark.parametrize(
    ("indices", "shape", "new_shape"),
    [
        ([[0, 0]], (2, 3), (-1, -1)),
        ([[0, 0]], (2, 3), (7,)),
        ([[0, 0]], (2, 3), (-1, 4)),
        ([[0, 0]], (2, 3), (-2, -3)),
        ([[0, 3]], (2, 3), (6,)),
        ([[-1, 0]], (2, 3), (6,)),
        ([], (0, 3), (-1, 0)),
        ([[0, 0]], (2, 3), (0,)),
    ],
)
def test_reshape_refuses(indices, shape, new_shape):
    with pytest.raises(ValueError, match="sparse_reshape: expected"):
        reshape(indices, shape, new_shape)
