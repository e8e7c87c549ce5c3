"""Rows, scans, sorts and transforms on the backends of shaders: the tests of the CPU's kernels; programs that one command cannot bind."""

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry, webgpu
from tensorweb.errors import BackendError
from tensorweb.kernels.expression import argument, reduce
from tensorweb.kernels.patterns import Map, Row
from tensorweb.kernels.program import lower
from tests.conftest import GPU_BACKENDS, use_if_there

from .compiled_kernels import run
from .test_rows import (  # noqa: F401 - they run here on the fixtures below
    test_nan_and_infinities,
    test_outputs_of_both_lengths_numbers_and_constant_arguments,
    test_random_shapes_and_axes,
    test_reductions,
    test_rows_of_no_elements,
    test_scans,
    test_scans_of_nan_and_of_nothing,
    test_several_levels,
)
from .test_shader_moves import backend_of
from .test_sort_fft import (  # noqa: F401
    test_a_row_with_infinity_leaves_the_others_alone,
    test_a_wave_becomes_one_number,
    test_equal_keys_keep_their_order,
    test_rows_are_sorted_stably_with_nan_last,
    test_transforms_of_all_small_lengths,
    test_transforms_of_long_rows,
    test_transforms_of_nothing,
)


@pytest.fixture(params=GPU_BACKENDS)
def compiled(request):
    """A backend of shaders that is current during the test; nothing may run elsewhere."""
    used = use_if_there(request.param)
    name = next(used)
    found = registry.find_backend(name)
    before = found.elsewhere.copy()
    yield name
    next(used, None)
    assert not found.elsewhere - before


@pytest.fixture(params=GPU_BACKENDS)
def backend(request):
    return backend_of(request.param)


# A GPU has no float64, and compilers of shaders undo compensated sums. A sum is made of sums of at most 64 numbers one after the other,
# each of which rounds by up to 2**-25 of what was added up in all.
PAIRWISE = 64 * 2.0**-25


@pytest.mark.parametrize("shape, axis", [((500_000,), 0), ((250_000, 4), 0), ((3, 100_001), 1)])
def test_long_sums_are_as_exact_as_pairwise_ones(compiled, shape, axis):
    for x in (np.full(shape, 0.1, "f4"), np.random.default_rng(5).normal(size=shape).astype("f4") * 100):
        made, wide = tw.sum(tw.tensor(x), axis=axis).numpy(), x.astype("f8")
        assert np.all(np.abs(made - wide.sum(axis)) <= PAIRWISE * np.abs(wide).sum(axis))


def test_running_sums_are_as_exact_as_pairwise_ones(compiled):
    x = np.random.default_rng(6).normal(size=200_000).astype("f4") * 100
    x[::3] = 0.1
    for t in (tw.tensor(x), tw.tensor(np.stack([x, x], 1))):
        made, wide = tw.cumsum(t, axis=0).numpy().reshape(len(x), -1)[:, 0], x.astype("f8")
        assert np.all(np.abs(made - np.cumsum(wide)) <= PAIRWISE * np.cumsum(np.abs(wide)))


# --- programs of more operands than one command can bind --------------------------------------------------------------------


def bound_to(backend, storages, outputs, monkeypatch):
    """Let a backend bind no more than so many storages and outputs, and note what each command binds."""
    seen = []
    monkeypatch.setattr(backend, "target", backend.target._replace(max_storages=storages, max_outputs=outputs))
    kernel_of = backend._kernel

    def noted(launch):
        seen.append((len(launch.reads) + len(launch.writes), len(launch.writes)))
        return kernel_of(launch)

    monkeypatch.setattr(backend, "_kernel", noted)
    return seen


def wide_program(count):
    """Return outputs of ever more arguments, some of which share what they compute, and what they are in NumPy."""
    a = [argument(i) for i in range(count)]

    def outputs(a):
        total, product = a[0] * 2.0, a[0]
        for i, x in enumerate(a[1:], 1):
            total, product = total + x * float(i), product * x + 1.0
        return total, product, a[1] - a[2], total * 0.5 - product

    return outputs(a), outputs


@pytest.mark.parametrize("storages, outputs", [(4, 1), (4, 2), (8, 4)])
def test_maps_of_many_operands(backend, storages, outputs, monkeypatch):
    rng = np.random.default_rng(1)
    xs = [rng.normal(size=(3, 1) if i % 3 else (2, 3, 5)).astype("f4") for i in range(13)]
    roots, function = wide_program(len(xs))
    seen = bound_to(backend, storages, outputs, monkeypatch)
    made = run(backend, Map(lower(roots, ["float32"] * len(xs), "test")), xs, [(2, 3, 5)] * 4, ["float32"] * 4)
    for got, want in zip(made, function([x.astype("f8") for x in xs]), strict=True):
        np.testing.assert_allclose(got, np.broadcast_to(want, got.shape), rtol=1e-5, atol=1e-5)
    assert len(seen) > 1 and all(n <= storages and m <= outputs for n, m in seen)


def test_rows_of_many_operands(backend, monkeypatch):
    rng = np.random.default_rng(2)
    xs = [rng.normal(size=(4, 1) if i % 3 == 1 else (4, 70)).astype("f4") for i in range(11)]
    (total, *_), function = wide_program(len(xs))
    roots = [reduce.sum(total), total - reduce.max(total)]
    seen = bound_to(backend, 5, 2, monkeypatch)
    kernel = Row(lower(roots, ["float32"] * len(xs), "test"), (4, 70), (1,), (False, True))
    sums, rest = run(backend, kernel, xs, [(4, 1), (4, 70)], ["float32"] * 2)
    want = function([x.astype("f8") for x in xs])[0]
    np.testing.assert_allclose(sums, want.sum(1, keepdims=True), rtol=1e-4)
    np.testing.assert_allclose(rest, want - want.max(1, keepdims=True), rtol=1e-5, atol=1e-4)
    assert all(n <= 5 for n, _ in seen)


def test_an_update_of_many_operands_overwrites_nothing_too_early(backend, monkeypatch):
    rng = np.random.default_rng(3)
    xs = [rng.normal(size=(6,)).astype("f4") for _ in range(6)]
    a = [argument(i) for i in range(6)]
    bound_to(backend, 4, 1, monkeypatch)
    roots = [a[0] + a[1] * a[4], a[0] - a[1] * a[5], a[0] * a[2] + a[1]]
    made = run(backend, Map(lower(roots, ["float32"] * 6, "test"), in_place=True), xs, [(6,)] * 3, ["float32"] * 3)
    x = xs
    for got, want in zip(made, (x[0] + x[1] * x[4], x[0] - x[1] * x[5], x[0] * x[2] + x[1]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


def test_more_threads_than_one_dimension_of_a_device_holds():
    pytest.importorskip("wgpu")
    from tensorweb.backends.devices.wgpu import WGPUDevice

    try:
        device = WGPUDevice(True)
    except BackendError as error:
        pytest.skip(str(error))
    device.limits = device.limits._replace(max_groups=100)
    few = webgpu.on(device)
    x = np.random.default_rng(4).normal(size=(3, 70_001)).astype("f4")
    program = lower([argument(0) * 2.0 + argument(1)], ["float32"] * 2, "test")
    (made,) = run(few, Map(program), (x, x[:1]), [x.shape], ["float32"])
    np.testing.assert_allclose(made, x * 2 + x[:1], rtol=1e-6, atol=1e-6)
    few.close()
