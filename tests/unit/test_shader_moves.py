"""Moves, gathers and scatters on the backends of shaders: the tests of the CPU's kernels, and what only shaders have forms for."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from tensorweb.backends import webgl, webgpu
from tensorweb.errors import BackendError
from tensorweb.kernels.patterns import Concat, Gather, Pad, Place, Scatter, Slice, Spec, View
from tensorweb.kernels.shaders import LOWERINGS
from tensorweb.kernels.shaders.launch import Target

from .compiled_kernels import DTYPES, assert_bits, random_array, run
from .test_moves import (  # noqa: F401 - they run here on the fixture below
    indices_of,
    same,
    scattered,
    test_a_gather_of_one_long_row_and_of_many_elements,
    test_a_large_scatter_keeps_the_order_of_updates,
    test_a_slice_from_another_offset_is_the_same_plan,
    test_as_strided_layouts_that_no_slice_has,
    test_concatenations_of_random_shapes,
    test_gathers_read_zero_out_of_range,
    test_large_moves_are_split_into_tiles,
    test_pads_of_random_shapes,
    test_scatters_update_in_order_and_drop_what_is_out_of_range,
    test_views_of_nothing,
    test_views_slices_and_places_of_random_shapes,
)


@lru_cache
def backend_of(name):
    """Return a backend of shaders with a device of its own; the test is skipped where there is none."""
    try:
        if name == "webgl":
            return webgl.create()
        pytest.importorskip("wgpu")
        from tensorweb.backends.devices.wgpu import WGPUDevice

        return webgpu.on(WGPUDevice(True))
    except BackendError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["webgl", "webgpu"])
def backend(request):
    return backend_of(request.param)


@pytest.mark.parametrize("dtype", DTYPES)
def test_millions_of_elements(backend, dtype):
    x = random_array(np.random.default_rng(1), (64 if dtype == "complex64" else 1024, 2052), dtype)
    cases = [
        (View((1, 2052)), (x,), x.T),
        (Slice((2052, 1)), (x, 2053), x[1:, 1:]),
        (Place((2052, 1)), (x, x.size), np.concatenate([np.zeros_like(x), x])),
        (Pad((0, 1), (1, 2), (0, 0), 1), (x,), np.pad(x, [(0, 1), (1, 2)], constant_values=1)),
        (Concat(1), (x, x), np.concatenate([x, x], 1)),
    ]
    for kernel, operands, expected in cases:
        assert_bits(run(backend, kernel, operands, [expected.shape], [dtype])[0], expected.copy(), kernel)


@pytest.mark.parametrize("offset", [0, 4, 5])
@pytest.mark.parametrize("dtype", ["float32", "int8", "complex64"])
def test_rows_of_four_whether_the_offset_is_aligned_or_not(backend, dtype, offset):
    x = random_array(np.random.default_rng(2), (6, 16), dtype)
    part = x.ravel()[offset:][:80].reshape(5, 16)[:, :8]
    assert_bits(run(backend, Slice((16, 1)), (x, offset), [(5, 8)], [dtype])[0], part.copy())
    expected = np.zeros_like(x)
    expected.ravel()[offset:][:80].reshape(5, 16)[:, :8] = part
    assert_bits(run(backend, Place((16, 1)), (part.copy(), offset), [x.shape], [dtype])[0], expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "strides"), [((3, 2), (2, 3)), ((2, 3, 4), (1, -6, 8)), ((4, 3), (-3, 5))])
def test_places_whose_strides_interleave(backend, dtype, shape, strides):
    update, offset = random_array(np.random.default_rng(3), shape, dtype), 20
    expected = np.zeros(70, dtype)
    as_strided(expected[offset:], shape, [s * expected.itemsize for s in strides])[...] = update
    assert_bits(run(backend, Place(strides), (update, offset), [(70,)], [dtype])[0], expected)


@pytest.mark.parametrize("count", [1, 7, 8, 9, 14, 60])
@pytest.mark.parametrize("widths", [(4, 8), (1, 0, 3)])
def test_a_concatenation_of_many_inputs(backend, count, widths):
    numbers = np.random.default_rng(4)
    for dtype in ("float32", "bool", "complex64"):
        parts = [random_array(numbers, (3, widths[i % len(widths)], 1), dtype) for i in range(count)]
        expected = np.concatenate(parts, 1)
        assert_bits(run(backend, Concat(1), parts, [expected.shape], [dtype])[0], expected)


def test_other_sizes_compile_nothing(backend):
    def moves(rows, columns, m):
        x, indices = np.ones((rows, columns), "float32"), np.zeros((1, m), "int32")
        run(backend, View((1, columns)), (x,), [(columns, rows)], ["float32"])
        run(backend, Pad((1, 1), (1, 1), (0, 0), 0.0), (x,), [(rows + 2, columns + 2)], ["float32"])
        run(backend, Concat(1), (x, x), [(rows, 2 * columns)], ["float32"])
        grown, updates = x.reshape(1, rows, columns), np.ones((1, m, columns), "float32")
        run(backend, Scatter(1, rows, m, columns, "add"), (grown, indices, updates), [grown.shape], ["float32"])

    moves(12, 7, 9000)
    before = len(backend.kernels)
    moves(20, 33, 40_000)
    assert len(backend.kernels) == before


def test_joining_in_scratch_copies_no_more_than_is_needed():
    lower, target = LOWERINGS[Concat], Target(max_storages=8, max_outputs=4, groups=False)

    def launches(count):
        inputs = [Spec((5, 4), "float32")] * count
        return [len(launch.reads) for launch in lower(Concat(0), inputs, [Spec((5 * count, 4), "float32")], target).launches]

    assert launches(7) == [7]
    assert launches(8) == [2, 7]
    assert launches(14) == [7, 2, 7]
    assert launches(50) == [7] * 7 + [2, 7]


@pytest.mark.parametrize("kind", ["set", "add", "max"])
@pytest.mark.parametrize(("dtype", "inner"), [("float32", 8), ("float16", 3), ("int8", 4), ("complex64", 1)])
def test_many_updates_are_sorted_and_keep_their_order(backend, dtype, inner, kind):
    if (dtype, kind) == ("complex64", "max"):
        return
    numbers = np.random.default_rng(5)
    for batch, n, m in ((2, 3000, 1001), (1, 5, 300_000 // inner), (3, 9000, 400)):
        x, updates = (numbers.standard_normal((batch, size, inner)) * 9 for size in (n, m))
        x, updates, indices = x.astype(dtype), updates.astype(dtype), indices_of(numbers, batch, m, n)
        kernel = Scatter(batch, n, m, inner, kind)
        made = run(backend, kernel, (x, indices, updates), [x.shape], [dtype])[0]
        assert same(made, scattered(x, indices, updates, kind)), kernel


def test_all_updates_at_one_place(backend):
    n, m = 4000, 2048
    updates = np.ones((1, m, 4), "int32")
    for place in (0, n - 1, n, -1, 2**31 - 1, -(2**31)):
        indices = np.full((1, m), place, "int32")
        expected = np.zeros((1, n, 4), "int32")
        if 0 <= place < n:
            expected[0, place] = m
        made = run(backend, Scatter(1, n, m, 4, "add"), (np.zeros_like(expected), indices, updates), [expected.shape], ["int32"])[0]
        assert_bits(made, expected, place)


def test_the_gradient_of_an_embedding(backend):
    numbers = np.random.default_rng(6)
    words, length, width = 5000, 2048, 16
    indices = (numbers.zipf(1.3, (1, length)) % words).astype("int32")
    updates = numbers.standard_normal((1, length, width)).astype("float32")
    x = np.zeros((1, words, width), "float32")
    made = run(backend, Scatter(1, words, length, width, "add"), (x, indices, updates), [x.shape], ["float32"])[0]
    assert same(made, scattered(x, indices, updates, "add"))
    read = run(backend, Gather(1, words, length, width), (made, indices), [updates.shape], ["float32"])[0]
    assert_bits(read, made[:, indices[0]])
