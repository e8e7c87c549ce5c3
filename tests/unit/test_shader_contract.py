"""Contractions and windows on the backends of shaders: the tests of the CPU's loops, and what only shaders have forms for."""

import numpy as np
import pytest

from tensorweb.kernels import expression as e
from tensorweb.kernels.patterns import Contract, Relation, Spec, Window
from tensorweb.kernels.program import lower
from tensorweb.kernels.shaders import LOWERINGS

from .test_nest import (  # noqa: F401 - they run here on the fixtures below
    Cases,
    assert_close,
    interpreted,
    run,
    specs_of,
    test_depthwise_convolutions_and_their_gradients,
    test_empty_sizes,
    test_epilogues,
    test_grouped_convolutions_of_other_dtypes,
    test_long_sums_keep_their_digits,
    test_maxima_and_where_they_are,
    test_products_without_neighbouring_outputs,
    test_random_kernels_agree_with_the_interpreter,
    test_sums_of_infinities_are_infinite,
    test_sums_over_windows_patches_and_their_gradients,
    test_what_lies_beside_a_window_does_not_leak_into_it,
    test_windows_that_meet_nothing,
)
from .test_shader_moves import backend_of


# With a device that one thread keeps busy, threads compute the largest tiles that an output has.
@pytest.fixture(params=["webgl", "webgpu", "webgl tiles", "webgpu tiles"])
def backend(request):
    name, *tiles = request.param.split()
    made = backend_of(name)
    if tiles:
        made.target = made.target._replace(busy=1)
    return made


@pytest.fixture
def any_backend(backend):
    return backend


# --- products of large matrices on GPUs ---

SQUARES = {"rows and columns": ("mk", "kn"), "turned": ("km", "nk"), "exchanged": ("kn", "mk"), "turned on the left": ("km", "kn")}


@pytest.fixture
def gpu():
    """A device that is taken for one of thousands of threads, which share memory."""
    made = backend_of("webgpu")
    made.target = made.target._replace(busy=1024)
    return made


def product(labels, out, sizes, dtype, epilogue=None):
    return Contract(*labels, out, tuple(sizes.items()), (), epilogue), *specs_of(Contract(*labels, out, tuple(sizes.items()), ()), dtype)


def families(backend, kernel, inputs, outputs):
    return [launch.family for launch in LOWERINGS[Contract](kernel, inputs, outputs, backend.target).launches]


@pytest.mark.parametrize("labels", SQUARES.values(), ids=SQUARES)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("sizes", [(512, 100, 256), (500, 36, 264), (1024, 4, 136)], ids=str)
def test_products_from_shared_panels(gpu, sizes, dtype, labels):
    kernel, inputs, outputs = product(labels, "mn", dict(zip("mkn", sizes)), dtype)
    values = [(9 * np.random.default_rng(1).standard_normal(s.shape)).astype(dtype) for s in inputs]
    assert families(gpu, kernel, inputs, outputs) == ["product"]
    want = np.einsum(f"{labels[0]},{labels[1]}->mn", *(v.astype("float64") for v in values))
    assert_close(run(gpu, kernel, inputs, outputs, values), want.astype(dtype), dtype)


def test_products_of_many_matrices_with_epilogue(gpu):
    root = e.node("mul", e.maximum(e.argument(0) + e.argument(1), 0.0), e.argument(2))
    body = lower([root], ["float32", "float32", float], "test")
    kernel, inputs, outputs = product(("bmk", "bkn"), "bmn", {"b": 5, "m": 130, "k": 20, "n": 136}, "float32", body)
    inputs += [Spec((136,), "float32"), Spec((), float)]
    numbers = np.random.default_rng(2)
    values = [numbers.standard_normal(s.shape).astype("float32") for s in inputs[:3]]
    assert families(gpu, kernel, inputs, outputs) == ["product"]
    want = np.maximum(values[0].astype("float64") @ values[1] + values[2], 0) * 0.5
    assert_close(run(gpu, kernel, inputs, outputs, [*values, 0.5]), want, "float32")


def test_what_lies_behind_a_panel_is_not_added(gpu):
    kernel, inputs, outputs = product(("mk", "kn"), "mn", {"m": 512, "k": 20, "n": 256}, "float32")
    values = [np.full(s.shape, x, "float32") for s, x in zip(inputs, (np.inf, 1.0))]
    assert np.isposinf(run(gpu, kernel, inputs, outputs, values)).all()


# --- loops that software devices would end: after 65,535 rounds ---


@pytest.mark.parametrize("sizes", [(1, 1), (3, 5), (7, 8)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_sums_longer_than_a_thread_may_run(backend, sizes, dtype):
    rows, columns = sizes
    kernel, inputs, outputs = product(("mk", "kn"), "mn", {"m": rows, "k": 100_003, "n": columns}, dtype)
    values = [(9 * np.random.default_rng(3).random(s.shape)).astype(dtype) for s in inputs]
    want = values[0].astype("float64") @ values[1].astype("float64")
    assert_close(run(backend, kernel, inputs, outputs, values), want.astype(dtype), dtype)


def test_gradient_of_a_filter_over_many_positions(backend):
    n, size, channels = 16, 112, 2
    ties = (Relation("y", "a", "i", 1, 1, 1), Relation("x", "b", "j", 1, 1, 1))
    sizes = {"n": n, "y": size, "x": size, "a": size, "b": size, "i": 3, "j": 3, "c": channels, "o": 3}
    kernel = Contract("nyxc", "nabo", "ijco", tuple(sizes.items()), ties)
    inputs, outputs = specs_of(kernel, "float32")
    x, g = (np.random.default_rng(4).random(s.shape, "float32") for s in inputs)
    padded = np.pad(x.astype("float64"), ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = [[padded[:, i : i + size, j : j + size] for j in range(3)] for i in range(3)]
    want = np.array([[np.tensordot(part, g, ([0, 1, 2], [0, 1, 2])) for part in row] for row in shifted])
    assert_close(run(backend, kernel, inputs, outputs, [x, g]), want, "float32")


@pytest.mark.parametrize("kind", ["max", "argmax"])
@pytest.mark.parametrize("channels", [3, 4])
def test_maxima_of_windows_larger_than_a_thread_may_run(backend, kind, channels):
    kernel = Window("yxc", "c", (("y", 300), ("x", 301), ("c", channels)), (), kind)
    inputs, outputs = specs_of(kernel, "float32")
    x = np.random.default_rng(5).standard_normal(inputs[0].shape).astype("float32")
    x[7:, 3, 0] = np.nan
    flat = x.reshape(-1, channels)
    want = flat.max(0) if kind == "max" else flat.argmax(0) * channels + np.arange(channels)
    np.testing.assert_array_equal(run(backend, kernel, inputs, outputs, [x]), want)
