"""The set routines against NumPy (ascending), and against first-occurrence order written out."""

import math

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray
from tests.recorded import tensorflow as tf


def host(values, dtype="int32"):
    array = np.array(values, dtype=object)
    return HostArray(array.ravel().tolist(), array.shape, dtype)


def run(name, *inputs, **attrs):
    return [np.array(r.values, dtype=object).reshape(r.shape) for r in ROUTINES[name](*inputs, **attrs)]


@pytest.mark.parametrize("shape", [(0,), (1,), (20,), (4, 5), (2, 3, 4), ()])
def test_unique_of_all_elements_is_numpys(shape):
    x = np.random.default_rng(0).integers(-4, 4, shape)
    values, inverse, counts, first = run("unique", host(x))
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    for found, wanted in zip((values, first, inverse, counts), expected, strict=True):
        assert found.tolist() == wanted.reshape(found.shape).tolist()  # NumPy versions differ in the shape of inverse
    assert np.array_equal(np.take(values, inverse.astype(int)), x) or not x.size


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("shape", [(6, 2, 2), (2, 6, 1), (1, 3, 8), (3, 0, 2), (0, 2, 2)])
def test_unique_slices_are_numpys(shape, axis):
    x = np.random.default_rng(1).integers(0, 2, shape)
    values, inverse, counts, first = run("unique", host(x), axis=axis)
    if x.shape[axis] and x.size:
        expected = np.unique(x, axis=axis, return_index=True, return_inverse=True, return_counts=True)
        for found, wanted in zip((values, first, inverse, counts), expected, strict=True):
            assert found.tolist() == wanted.reshape(found.shape).tolist()  # NumPy versions differ in the shape of inverse
    assert np.take(values, inverse.astype(int), axis=axis).tolist() == x.tolist()
    again = run("unique", host(x), axis=axis, sorted=False)
    assert again[3].tolist() == sorted(again[3].tolist())
    assert np.take(again[0], again[1].astype(int), axis=axis).tolist() == x.tolist()


def test_unique_in_order_of_first_occurrence():
    values, inverse, counts, first = run("unique", host([1, 1, 2, 4, 4, 4, 7, 8, 8, 0]), sorted=False)
    assert values.tolist() == [1, 2, 4, 7, 8, 0]
    assert inverse.tolist() == [0, 0, 1, 2, 2, 2, 3, 4, 4, 5]
    assert counts.tolist() == [2, 1, 3, 1, 2, 1]
    assert first.tolist() == [0, 2, 3, 6, 7, 9]


def test_unique_of_floats_strings_and_complex():
    x = [2.0, math.nan, -1.0, math.nan, math.inf, -0.0, 0.0]
    values, inverse, counts, first = run("unique", host(x, "float32"))
    expected = np.unique(np.array(x), return_index=True, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(values.astype(float), expected[0])
    assert [first.tolist(), inverse.tolist(), counts.tolist()] == [e.tolist() for e in expected[1:]]
    assert run("unique", host(["b", "a", "ü", "b", ""], "string"))[0].tolist() == ["", "a", "b", "ü"]
    assert run("unique", host([b"b", b"\xff", b"a"], "string"))[0].tolist() == [b"a", b"b", b"\xff"]
    assert run("unique", host([1 + 1j, 1 - 1j, 0j, 1 + 1j], "complex64"))[0].tolist() == [0j, 1 - 1j, 1 + 1j]
    assert run("unique", host([True, False, True], "bool"))[0].tolist() == [False, True]
    assert ROUTINES["unique"](host([1.5], "float32"))[0].dtype == "float32"


@pytest.mark.parametrize("axis", [1, -2, 5])
def test_unique_refuses_an_axis_that_is_not_there(axis):
    with pytest.raises(ValueError, match="unique: expected an axis"):
        run("unique", host([1, 2]), axis=axis)


def test_setdiff1d_keeps_order_and_repeats():
    values, indices = run("setdiff1d", host([1, 2, 3, 4, 5, 6, 2, 7, 7]), host([2, 4, 6]))
    assert values.tolist() == [1, 3, 5, 7, 7] and indices.tolist() == [0, 2, 4, 7, 8]
    assert [r.tolist() for r in run("setdiff1d", host([]), host([1]))] == [[], []]
    assert run("setdiff1d", host([1]), host([]))[1].tolist() == [0]
    assert run("setdiff1d", host([math.nan, 1.0], "float32"), host([math.nan], "float32"))[0].tolist() == [1.0]
    assert run("setdiff1d", host(["a", "b"], "string"), host(["a"], "string"))[0].tolist() == ["b"]


def test_setdiff1d_refuses_matrices_and_mixed_kinds():
    with pytest.raises(ValueError, match="setdiff1d: expected x of rank 1"):
        run("setdiff1d", host([[1]]), host([1]))
    with pytest.raises(ValueError, match="setdiff1d: expected y of rank 1"):
        run("setdiff1d", host([1]), host([[1]]))
    with pytest.raises(ValueError, match="setdiff1d: expected x and y of one kind"):
        run("setdiff1d", host([1]), host(["1"], "string"))


def test_setdiff1d_is_tensorflows_list_diff():
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 9, 30), rng.integers(0, 9, 4)
    out, idx = tf.raw_ops.ListDiff(x=x, y=y)
    values, indices = run("setdiff1d", host(x), host(y))
    assert values.tolist() == out.numpy().tolist() and indices.tolist() == idx.numpy().tolist()
