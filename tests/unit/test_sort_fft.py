"""Sorting and Fourier transforms of the compiled backends, against NumPy in the dtype sorted and in float64."""

import numpy as np
import pytest

from tensorweb.kernels.loops.fft import factors
from tensorweb.kernels.patterns import Fft, Sort

from .compiled_kernels import DTYPES, MACHINES, assert_bits, backend_of, random_array, run

SORTED = tuple(d for d in DTYPES if d != "complex64")


@pytest.fixture(params=MACHINES, ids=lambda m: f"{m[0]} on {m[1]}")
def backend(request):
    return backend_of(*request.param)


# --- sort ---------------------------------------------------------------------------------------------------------------------


def order_of(row, descending):
    """Return the stable order, NaN last: Python's sort is stable in both directions."""
    missing = [i for i, v in enumerate(row) if v != v]
    there = [i for i, v in enumerate(row) if v == v]
    return sorted(there, key=row.__getitem__, reverse=descending) + missing


def check_sort(backend, x, descending, label):
    outer, n = x.shape
    values, order = run(backend, Sort(outer, n, descending), (x,), [x.shape] * 2, [str(x.dtype), "int32"])
    expected = np.array([order_of(row, descending) for row in x.tolist()], "int32").reshape(x.shape)
    assert_bits(order, expected, label)
    assert_bits(values, np.take_along_axis(x, expected.astype("int64"), 1), label)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dtype", SORTED)
def test_rows_are_sorted_stably_with_nan_last(backend, dtype, descending):
    numbers = np.random.default_rng(1)
    for outer, n in ((0, 5), (3, 0), (1, 1), (70, 2), (5, 7), (4, 40), (4, 41), (200, 64), (7, 300), (1, 5000)):
        check_sort(backend, random_array(numbers, (outer, n), dtype), descending, f"{outer} {n}")


@pytest.mark.parametrize("n", [30, 700])
@pytest.mark.parametrize("dtype", ["float16", "float32", "int32"])
def test_equal_keys_keep_their_order(backend, dtype, n):
    numbers = np.random.default_rng(2)
    few = numbers.integers(-2, 3, (3, n)).astype(dtype)
    if dtype != "int32":
        few = np.where(few == 0, np.where(numbers.random(few.shape) < 0.5, 0.0, -0.0).astype(dtype), few)
    for descending in (False, True):
        check_sort(backend, few, descending, f"descending {descending}")
        check_sort(backend, np.full((2, n), few[0, 0]), descending, "all equal")


def test_extremes_have_their_places(backend):
    halves = np.arange(1 << 16, dtype="uint16").view("float16")[None]
    halves = np.where(np.isnan(halves), np.copysign(np.float16("nan"), halves), halves)  # a download keeps no more of a NaN
    tiny = np.array([[1e-45, -1e-45, 0.0, -0.0, np.inf, -np.inf, 3.4e38, -3.4e38, np.nan, -np.nan, 1.0]], "float32")
    whole = np.array([[2**31 - 1, -(2**31), 0, -1, 1, 2**31 - 1, -(2**31)]], "int32")
    for descending in (False, True):
        for x in (halves, tiny, np.tile(tiny, 5), whole, np.tile(whole, 9)):
            check_sort(backend, x, descending, f"{x.dtype} {x.shape} {descending}")


# --- fft ----------------------------------------------------------------------------------------------------------------------


def check_fft(backend, outer, n, inverse, numbers):
    x = (numbers.standard_normal((outer, n)) + 1j * numbers.standard_normal((outer, n))).astype("complex64")
    made = run(backend, Fft(outer, n, inverse), (x,), [x.shape], ["complex64"])[0]
    expected = (np.fft.ifft if inverse else np.fft.fft)(x.astype("complex128"), axis=1)
    error = np.abs(made - expected) / np.sqrt(np.mean(np.abs(expected) ** 2, axis=1, keepdims=True))
    assert error.max() < 4e-6, f"{outer} rows of {n}, inverse {inverse}: {error.max()}"
    assert np.sqrt(np.mean(error**2)) < 5e-7, f"{outer} rows of {n}, inverse {inverse}"


@pytest.mark.parametrize("outer", [1, 3, 20])
def test_transforms_of_all_small_lengths(backend, outer):
    numbers = np.random.default_rng(outer)
    for n in range(1, 130):
        check_fft(backend, outer, n, bool(n % 2), numbers)


# Powers, mixed factors, squares of primes, large primes (convolutions), and such times small factors.
@pytest.mark.parametrize("n", [256, 343, 500, 720, 1000, 1009, 1024, 1331, 2 * 509, 2047, 2209, 4096, 5003, 8192, 10_000, 1 << 16, 3**10])
def test_transforms_of_long_rows(backend, n):
    numbers = np.random.default_rng(n)
    for inverse in (False, True):
        check_fft(backend, 1, n, inverse, numbers)
        if n <= 4096:
            check_fft(backend, 17, n, inverse, numbers)


def test_transforms_of_nothing(backend):
    for shape in ((0, 5), (3, 0)):
        assert run(backend, Fft(*shape, False), (np.zeros(shape, "complex64"),), [shape], ["complex64"])[0].shape == shape


def test_a_wave_becomes_one_number(backend):
    """An error in a table or in the order of results shows as energy beside the one place."""
    for n in (12, 97, 960, 1024, 1021):
        place = n // 3
        wave = np.exp(2j * np.pi * place * np.arange(n) / n).astype("complex64")[None]
        made = run(backend, Fft(1, n, False), (wave,), [(1, n)], ["complex64"])[0]
        expected = np.zeros((1, n))
        expected[0, place] = n
        np.testing.assert_allclose(made, expected, atol=1e-6 * n, err_msg=str(n))


def test_a_row_with_infinity_leaves_the_others_alone(backend):
    x = np.ones((5, 60), "complex64")
    x[2, 7] = np.inf
    made = run(backend, Fft(5, 60, False), (x,), [x.shape], ["complex64"])[0]
    assert not np.isfinite(made[2]).any()
    expected = np.fft.fft(np.ones((4, 60)), axis=1)
    np.testing.assert_allclose(np.delete(made, 2, axis=0), expected, atol=1e-5)


def test_factors_multiply_to_the_length():
    for n in (2, 16, 32, 97, 128, 3 * 49, 2 * 3 * 5 * 7 * 11, 1 << 20, 1_000_003):
        assert np.prod(factors(n), dtype=object) == n
    assert factors(16) == [4, 4] and factors(1024) == [8, 8, 4, 4] and factors(90) == [2, 3, 3, 5]
