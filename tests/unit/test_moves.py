"""Views, slices, places, pads, concatenations, gathers and scatters of the compiled backends, against NumPy."""

import random

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from tensorweb.kernels.loops.copying import transposed
from tensorweb.kernels.patterns import Concat, Gather, Pad, Place, Scatter, Slice, View

from .compiled_kernels import DTYPES, MACHINES, assert_bits, backend_of, random_array, run

SEEDS = range(5)


@pytest.fixture(params=MACHINES, ids=lambda m: f"{m[0]} on {m[1]}")
def backend(request):
    return backend_of(*request.param)


def elements(x):
    """Return an array's strides in elements."""
    return tuple(s // x.itemsize for s in x.strides)


def shapes_of(rng, rank):
    """Return a shape: axes of 1, short ones, one near the lanes, one that is long where the rank allows it."""
    return tuple(rng.choice([1, 2, 3, 5, rng.randint(6, 20), 16, 33 if rank < 4 else 4, 150 if rank < 3 else 7]) for _ in range(rank))


def check_slice(backend, x, view, label):
    offset = (view.__array_interface__["data"][0] - x.__array_interface__["data"][0]) // x.itemsize if view.size else 0
    assert_bits(run(backend, Slice(elements(view)), (x, offset), [view.shape], [str(x.dtype)])[0], view.copy(), label)
    return offset


def check_place(backend, shape, update, view_of, offset, label):
    expected = np.zeros(shape, update.dtype)
    view_of(expected)[...] = update
    kernel = Place(elements(view_of(expected)))
    assert_bits(run(backend, kernel, (update, offset), [shape], [str(update.dtype)])[0], expected, label)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_views_slices_and_places_of_random_shapes(backend, dtype, seed):
    rng, numbers = random.Random(f"{dtype} {seed}"), np.random.default_rng(seed)
    for rank in range(6):
        shape = shapes_of(rng, rank)
        x = random_array(numbers, shape, dtype)
        order = rng.sample(range(rank), rank)
        turned = x.transpose(order)
        at = rng.randint(0, rank)
        repeated = np.broadcast_to(np.expand_dims(turned, at), (*turned.shape[:at], rng.randint(1, 20), *turned.shape[at:]))
        for view in (turned, repeated):
            assert_bits(run(backend, View(elements(view)), (x,), [view.shape], [dtype])[0], view.copy(), f"{shape} {view.strides}")
        cut = tuple(slice(*sorted((rng.randint(0, d), rng.randint(0, d))), rng.choice([1, 1, 2, 3])) for d in shape)
        flips = tuple(slice(None, None, rng.choice([1, -1])) for _ in shape)

        def view_of(a, cut=cut, flips=flips, order=order):
            return a[(*cut, ...)][(*flips, ...)].transpose(order)

        offset = check_slice(backend, x, view_of(x), f"{shape} {cut} {flips} {order}")
        check_place(backend, shape, random_array(numbers, view_of(x).shape, dtype), view_of, offset, f"{shape} {cut} {flips} {order}")


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", "complex64"])
def test_large_moves_are_split_into_tiles(backend, dtype):
    x = random_array(np.random.default_rng(1), (301, 407), dtype)
    views = {
        "turned": x.T, "flipped": x[:, ::-1], "both flipped": x[::-1, ::-1], "steps": x[::2, ::3], "cut": x[1:, 3:], "all": x[:],
        "columns": np.broadcast_to(x[:, :1], x.shape), "rows": np.broadcast_to(x[0], x.shape), "one": np.broadcast_to(x[5:6, 5:6], x.shape),
    }  # fmt: skip
    for name, view in views.items():
        check_slice(backend, x, view, name)


def test_a_slice_from_another_offset_is_the_same_plan(backend):
    x = np.arange(40, dtype="int32").reshape(8, 5)
    kernel = Slice((5, 1))
    for row in (0, 3, 6):
        assert_bits(run(backend, kernel, (x, row * 5 + 1), [(2, 3)], ["int32"])[0], x[row : row + 2, 1:4].copy(), row)


def test_views_of_nothing(backend):
    x = np.zeros((3, 0, 2), "float32")
    assert run(backend, View((1, 2, 0)), (x,), [(2, 0, 4)], ["float32"])[0].shape == (2, 0, 4)
    assert run(backend, Slice((1,)), (np.ones(5, "float32"), 5), [(0,)], ["float32"])[0].shape == (0,)
    placed = run(backend, Place((1,)), (np.zeros(0, "int8"), 0), [(70,)], ["int8"])[0]
    assert_bits(placed, np.zeros(70, "int8"), "a place of nothing")


def padded(x, low, high, interior, value):
    for axis, (a, b, gap) in enumerate(zip(low, high, interior)):
        n = x.shape[axis]
        spread = np.full([n + max(0, n - 1) * gap if d == axis else s for d, s in enumerate(x.shape)], value, x.dtype)
        spread[(slice(None),) * axis + (slice(None, None, gap + 1),)] = x
        widths = [(max(0, a), max(0, b)) if d == axis else (0, 0) for d in range(x.ndim)]
        wide = np.pad(spread, widths, constant_values=value)
        x = wide[(slice(None),) * axis + (slice(max(0, -a), max(0, wide.shape[axis] - max(0, -b))),)]
    return x.copy()


@pytest.mark.parametrize("seed", SEEDS)
def test_pads_of_random_shapes(backend, seed):
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    values = {"bool": True, "complex64": 1.5 - 2j, "float16": 1e6, "float32": rng.choice([np.nan, -0.0, np.inf, 2.5]), "uint8": 255}
    for rank in range(5):
        for dtype in DTYPES:
            shape = tuple(rng.choice([0, 1, 2, 5, 17]) if rng.random() < 0.2 else rng.randint(1, 9) for _ in range(rank))
            low, high = ([rng.choice([0, 0, 1, 4, -1, -3]) for _ in shape] for _ in range(2))
            interior = [rng.choice([0, 0, 1, 2]) for _ in shape]
            x, value = random_array(numbers, shape, dtype), values.get(dtype, -7)
            with np.errstate(over="ignore"):
                expected = padded(x, low, high, interior, value)
            kernel = Pad(tuple(low), tuple(high), tuple(interior), value)
            assert_bits(run(backend, kernel, (x,), [expected.shape], [dtype])[0], expected, f"{shape} {kernel}")


@pytest.mark.parametrize("seed", SEEDS)
def test_concatenations_of_random_shapes(backend, seed):
    rng, numbers = random.Random(seed), np.random.default_rng(seed)
    for rank in range(1, 5):
        for dtype in DTYPES:
            shape, axis = shapes_of(rng, rank), rng.randrange(rank)
            sizes = [rng.choice([0, 1, 3, 16, 40]) for _ in range(rng.randint(1, 5))]
            parts = [random_array(numbers, [n if d == axis else s for d, s in enumerate(shape)], dtype) for n in sizes]
            expected = np.concatenate(parts, axis=axis)
            assert_bits(run(backend, Concat(axis), parts, [expected.shape], [dtype])[0], expected, f"{shape} {axis} {sizes}")


def indices_of(numbers, batch, m, n):
    """Return indices of which some are out of range on either side, far and near, and many occur twice."""
    found = numbers.integers(-2, n + 2, (batch, m))
    found = np.where(numbers.random((batch, m)) < 0.05, numbers.choice([-(2**31), 2**31 - 1], (batch, m)), found)
    return found.astype("int32")


def sizes_of(rng):
    """Return (batch, n, m, inner)."""
    return rng.choice([1, 1, 4]), rng.choice([0, 1, 7, 300]), rng.choice([0, 1, 5, 400]), rng.choice([0, 1, 1, 2, 3, 16, 17, 70])


@pytest.mark.parametrize("dtype", DTYPES)
def test_gathers_read_zero_out_of_range(backend, dtype):
    rng, numbers = random.Random(dtype), np.random.default_rng(3)
    for _ in range(40):
        batch, n, m, inner = sizes_of(rng)
        x, indices = random_array(numbers, (batch, n, inner), dtype), indices_of(numbers, batch, m, n)
        inside = (indices >= 0) & (indices < n)
        expected = np.zeros((batch, m, inner), dtype)
        for b in range(batch):
            expected[b, inside[b]] = x[b, indices[b][inside[b]]]
        made = run(backend, Gather(batch, n, m, inner), (x, indices), [expected.shape], [dtype])[0]
        assert_bits(made, expected, f"{batch} {n} {m} {inner}")


def test_a_gather_of_one_long_row_and_of_many_elements(backend):
    numbers = np.random.default_rng(4)
    x = random_array(numbers, (1, 3, 50_000), "float32")
    row = np.array([[2]], "int32")
    assert_bits(run(backend, Gather(1, 3, 1, 50_000), (x, row), [(1, 1, 50_000)], ["float32"])[0], x[:, 2:], "row")
    flat, many = x.reshape(1, -1, 1), numbers.integers(0, x.size, (1, 100_000)).astype("int32")
    made = run(backend, Gather(1, x.size, 100_000, 1), (flat, many), [(1, 100_000, 1)], ["float32"])[0]
    assert_bits(made, flat[0, many], "many")


UPDATES = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def scattered(x, indices, updates, kind):
    made = x.copy()
    for b, row in enumerate(indices):
        inside = (row >= 0) & (row < x.shape[1])
        if kind == "set":
            for i, u in zip(row[inside], updates[b, inside]):  # NumPy promises no order
                made[b, i] = u
        else:
            with np.errstate(all="ignore"):
                UPDATES[kind].at(made[b], row[inside], updates[b, inside])
    return made


def same(got, expected):
    """Compare sums and extremes: a NaN is a NaN, and both zeros are zero."""
    return np.array_equal(got, expected, equal_nan=got.dtype.kind in "fc")


@pytest.mark.parametrize(
    ("dtype", "kind"), [(d, k) for d in DTYPES for k in ("set", *UPDATES) if d != "complex64" or k not in ("max", "min")]
)
def test_scatters_update_in_order_and_drop_what_is_out_of_range(backend, dtype, kind):
    rng, numbers = random.Random(f"{dtype} {kind}"), np.random.default_rng(5)
    for _ in range(12):
        batch, n, m, inner = sizes_of(rng)
        x, updates = (random_array(numbers, (batch, size, inner), dtype) for size in (n, m))
        if dtype == "complex64" and kind == "mul":  # products of infinite complex numbers have no one meaning
            x, updates = (np.where(np.isfinite(a), a, 1 + 1j).astype(dtype) for a in (x, updates))
        indices = indices_of(numbers, batch, m, n)
        made = run(backend, Scatter(batch, n, m, inner, kind), (x, indices, updates), [x.shape], [dtype])[0]
        expected = scattered(x, indices, updates, kind)
        label = f"{batch} {n} {m} {inner}"
        if kind == "set":
            assert_bits(made, expected, label)
        elif kind == "mul" and dtype == "complex64":
            np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max(initial=0), err_msg=label)
        else:
            assert same(made, expected), f"{label}: {made.ravel()[:9]}, not {expected.ravel()[:9]}"


def test_a_large_scatter_keeps_the_order_of_updates(backend):
    numbers = np.random.default_rng(6)
    x, updates = np.zeros((1, 50, 40), "float32"), numbers.standard_normal((1, 3000, 40)).astype("float32")
    indices = numbers.integers(0, 50, (1, 3000)).astype("int32")
    for kind in ("set", "add"):
        made = run(backend, Scatter(1, 50, 3000, 40, kind), (x, indices, updates), [x.shape], ["float32"])[0]
        assert same(made, scattered(x, indices, updates, kind)), kind


def test_squares_of_lanes_are_transposed():
    class Rows:
        """A builder whose vectors are lists."""

        lanes = 8

        def interleave(self, even, odd):
            mixed = [x for pair in zip(even, odd) for x in pair]
            return mixed[: self.lanes], mixed[self.lanes :]

    square = [[10 * i + j for j in range(8)] for i in range(8)]
    assert transposed(Rows(), square) == [list(column) for column in zip(*square)]


def test_as_strided_layouts_that_no_slice_has(backend):
    """Strides that meet in no array: neighbours in memory along two axes, and steps that overlap."""
    x = np.arange(400, dtype="int32")
    for shape, strides in {(20, 30): (1, 1), (5, 6, 40): (7, 3, 1), (40, 5): (1, 0), (30, 20, 2): (2, 1, 5)}.items():
        expected = as_strided(x, shape, [4 * s for s in strides]).copy()
        assert_bits(run(backend, View(strides), (x,), [shape], ["int32"])[0], expected, f"{shape} {strides}")
