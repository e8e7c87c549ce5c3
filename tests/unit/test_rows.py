"""Rows and scans on the compiled backends against NumPy in float64: reductions, softmax, statistics, running sums; accuracy; threads."""

import math
import os
import subprocess
import sys

import numpy as np
import pytest

import tensorweb as tw
from tensorweb import engine
from tensorweb.backends import registry
from tensorweb.kernels.expression import exp, reduce
from tensorweb.ops.define import row_body
from tests.conftest import use


@pytest.fixture(params=["native", "wasm"])
def compiled(request):
    """A compiled backend that is current during the test; rows and scans may not run elsewhere."""
    try:
        found = registry.find_backend(request.param)
    except ImportError as error:
        pytest.skip(f"backend {request.param}: {error}")
    before = found.elsewhere.copy()
    yield from use(request.param)
    assert not any(label.startswith(("row", "scan")) for label in found.elsewhere - before)


def values(rng, shape, dtype):
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype == "complex64":
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(dtype)
    if dtype.startswith("float"):
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def wide(x):
    return x.astype({"f": np.float64, "c": np.complex128}.get(x.dtype.kind, np.int64))


def agree(made, expected, tolerance=2e-6):
    """Compare with a reference in float64, relative to its largest magnitude; integers exactly, modulo their range."""
    made = made.numpy()
    assert made.shape == np.shape(expected)
    if made.dtype.kind in "iub":
        assert np.array_equal(made, np.asarray(expected).astype(made.dtype))
        return
    scale = np.max(np.abs(expected), initial=1e-6, where=np.isfinite(expected))
    tolerance = max(tolerance, 1e-3) if made.dtype == np.float16 else tolerance
    np.testing.assert_allclose(made, expected, rtol=0, atol=tolerance * scale)


# --- reductions -------------------------------------------------------------------------------------------------------------

CASES = [
    (name, dtype)
    for dtype, names in {
        "float32": ("sum", "max", "argmax", "prod"), "int32": ("sum", "prod", "min", "argmin"), "float16": ("sum", "max"),
        "uint8": ("max", "argmin"), "bool": ("any", "all"), "complex64": ("sum", "prod"),
    }.items()
    for name in names
]  # fmt: skip
SHAPES = [((), ()), ((3, 37), (1,)), ((37, 19), (0,)), ((5, 6, 21), (0, 2)), ((3, 4, 2, 5), (0, 2))]


def numpy_reduction(name, x, axes, dtype):
    if not name.startswith("arg"):
        return getattr(np, name)(wide(x) if dtype != "bool" else x, axis=axes)
    kept = [d for d in range(x.ndim) if d not in axes]
    rows = np.transpose(x, (*kept, *axes)).reshape([x.shape[d] for d in kept] + [-1])
    return getattr(np, name)(rows, axis=-1)


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_reductions(compiled, name, dtype):
    rng = np.random.default_rng(3)
    for shape, axes in SHAPES:
        if name.startswith("arg") and len(axes) != 1:
            continue
        x = values(rng, shape, dtype)
        axis = axes[0] if name.startswith("arg") else axes
        agree(getattr(tw, name)(tw.tensor(x), axis=axis), numpy_reduction(name, x, axes, dtype), 1e-5)


def test_random_shapes_and_axes(compiled):
    rng = np.random.default_rng(11)
    for _ in range(25):
        shape = tuple(int(n) for n in rng.choice([1, 2, 3, 8, 17, 33, 130], rng.integers(1, 5)))
        shape = shape[-3:] if math.prod(shape) > 100_000 else shape
        axes = tuple(d for d in range(len(shape)) if rng.random() < 0.5)
        x = rng.random(size=shape).astype(np.float32)
        agree(tw.sum(tw.tensor(x), axis=axes), x.sum(axes, dtype=np.float64))
        agree(tw.softmax(tw.tensor(x), axes), softmax(x, axes))


def softmax(x, axes):
    e = np.exp(wide(x) - wide(x).max(axes, keepdims=True))
    return e / e.sum(axes, keepdims=True)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [((5, 203), (1,)), ((203, 5), (0,)), ((1, 300_007), (1,)), ((70_001, 3), (0,)), ((3, 30, 1500, 2), (0, 2))],
)
def test_several_levels(compiled, shape, axes):
    x = (np.random.default_rng(5).normal(size=shape) + 3).astype(np.float32)
    t = tw.tensor(x)
    mean, variance = tw.moments(t, axes)
    agree(mean, x.mean(axes, dtype=np.float64))
    agree(variance, wide(x).var(axes))
    agree(tw.softmax(t, axes), softmax(x, axes), 1e-5)
    offset = wide(x) - x.mean(axes, keepdims=True, dtype=np.float64)
    agree(tw.layer_normalization(t, axis=axes, epsilon=0.0), offset / wide(x).std(axes, keepdims=True), 1e-5)
    whole = int(tw.argmax(t).item())
    assert whole == int(x.argmax()) and int(tw.argmin(-t).item()) == whole


def _own(x, weight, scale):
    heavy = x * weight
    top = reduce.max(heavy)
    return (exp(heavy - top) - reduce.sum(exp(heavy - top)) / reduce.count()) * scale, top


@pytest.mark.parametrize(("shape", "axes"), [((4, 45), (1,)), ((45, 20), (0,)), ((2, 200_000), (1,))])
@pytest.mark.parametrize("along", [True, False])
def test_outputs_of_both_lengths_numbers_and_constant_arguments(compiled, shape, axes, along):
    rng = np.random.default_rng(8)
    x = rng.normal(size=shape).astype(np.float32)
    w = rng.normal(size=[n if (d in axes) == along else 1 for d, n in enumerate(shape)]).astype(np.float32)
    full, top = engine.run(row_body(_own, axes, False, 3), (tw.tensor(x), tw.tensor(w), 2.5))
    heavy = wide(x) * w
    e = np.exp(heavy - heavy.max(axes, keepdims=True))
    agree(full, (e - e.mean(axes, keepdims=True)) * 2.5, 1e-5)
    agree(top, heavy.max(axes))


def test_rows_of_no_elements(compiled):
    for shape, axis in (((3, 0), 1), ((0, 20), 0), ((0,), 0), ((2, 0, 3), (0, 1))):
        x = np.zeros(shape, np.float32)
        for name in ("sum", "prod", "any", "all"):
            agree(getattr(tw, name)(tw.tensor(x), axis=axis), getattr(np, name)(x, axis=axis))
        assert np.isnan(tw.mean(tw.tensor(x), axis=axis).numpy()).all()
    assert tw.sum(tw.zeros((0, 3)), axis=1).shape == (0,) and tw.softmax(tw.zeros((3, 0))).shape == (3, 0)


@pytest.mark.parametrize("length", [5, 100, 200_000])
def test_nan_and_infinities(compiled, length):
    x = np.ones((2, length), np.float32)
    x[0, [1, 3]] = np.nan
    x[1, [2, 4]] = np.inf
    for t, axis in ((tw.tensor(x), 1), (tw.tensor(np.ascontiguousarray(x.T)), 0)):
        assert tw.argmax(t, axis).tolist() == [1, 2] and tw.argmin(t, axis).tolist() == [1, 0]
        np.testing.assert_array_equal(tw.max(t, axis).numpy(), [np.nan, np.inf])
        np.testing.assert_array_equal(tw.sum(t, axis).numpy(), [np.nan, np.inf])
        assert tw.argmax(tw.where(tw.isfinite(t), -math.inf, -math.inf), axis).tolist() == [0, 0]


# --- accuracy and threads ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1_000_000,), (250_000, 4), (20_000, 50)])
def test_long_sums_are_exact_to_some_units_in_the_last_place(compiled, shape):
    tenths = np.full(shape, 0.1, np.float32)
    np.testing.assert_allclose(tw.sum(tw.tensor(tenths), axis=0).numpy(), shape[0] * float(np.float32(0.1)), rtol=5e-7)
    mixed = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    columns = mixed.reshape(shape[0], -1).T
    exact, sizes = [math.fsum(c.tolist()) for c in columns], [math.fsum(np.abs(c).tolist()) for c in columns]
    assert np.max(np.abs(tw.sum(tw.tensor(mixed), axis=0).numpy().reshape(-1) - exact) / sizes) < 1e-8


def test_large_and_small_alternate(compiled):
    x = np.tile(np.float32([1e8, 1.0, -1e8, 1.0]), 25_000)
    assert tw.sum(tw.tensor(x)).item() == 50_000.0
    assert abs(tw.cumsum(tw.tensor(x)).numpy()[-1] - 50_000.0) < 1.0


BITS = """
import hashlib, numpy as np, tensorweb as tw
tw.set_backend("native")
x = np.random.default_rng(1).normal(size=(40, 9000)).astype(np.float32)
made = []
for t in (tw.tensor(x), tw.tensor(x.reshape(-1)), tw.tensor(x.reshape(120_000, 3)), tw.tensor(x.reshape(9000, 40))):
    made += [tw.sum(t), tw.sum(t, axis=0), *tw.moments(t, (0,)), tw.softmax(t), tw.argmax(t), tw.cumsum(t, axis=0)]
print(hashlib.sha256(b"".join(m.numpy().tobytes() for m in made)).hexdigest())
"""


def test_any_number_of_threads_gives_the_same_bits():
    pytest.importorskip("llvmlite")
    runs = [
        subprocess.Popen([sys.executable, "-c", BITS], env={**os.environ, "TENSORWEB_NUM_THREADS": str(n)}, stdout=subprocess.PIPE)
        for n in (1, 2, 3)
    ]
    made = [run.communicate(timeout=60)[0] for run in runs]
    assert len(made[0]) > 60 and made == [made[0]] * 3


# --- scans ------------------------------------------------------------------------------------------------------------------

SCANS = {"cumsum": np.add, "cumprod": np.multiply, "cummax": np.maximum, "cummin": np.minimum}


def numpy_scan(name, x, axis, exclusive, reverse):
    x = np.flip(x, axis) if reverse else x
    made = SCANS[name].accumulate(x, axis=axis)
    if exclusive:
        first = np.full_like(np.take(x, [0], axis), int(name == "cumprod"))
        made = np.concatenate([first, np.take(made, range(x.shape[axis] - 1), axis)], axis)
    return np.flip(made, axis) if reverse else made


# Complex numbers have no order.
SCANNED = [(n, d) for n in SCANS for d in ("float32", "int32", "uint8", "complex64") if d != "complex64" or n in ("cumsum", "cumprod")]


@pytest.mark.parametrize("name, dtype", SCANNED)
def test_scans(compiled, name, dtype):
    rng = np.random.default_rng(4)
    for shape, axis in (((37,), 0), ((3, 16), 1), ((5, 40), 0), ((2, 9, 3), 1), ((1,), 0)):
        x = values(rng, shape, dtype)
        for exclusive, reverse in ((False, False), (True, True)):
            options = {"exclusive": exclusive} if name in ("cumsum", "cumprod") else {}
            made = getattr(tw, name)(tw.tensor(x), axis=axis, reverse=reverse, **options)
            agree(made, numpy_scan(name, wide(x), axis, bool(options) and exclusive, reverse), 1e-6)


def test_running_sums_are_as_accurate_as_float64(compiled):
    x = np.random.default_rng(6).normal(size=200_000).astype(np.float32) * 100
    x[::3] = 0.1
    for t, axis in ((tw.tensor(x), 0), (tw.tensor(np.stack([x, x], 1)), 0)):
        made = tw.cumsum(t, axis=axis).numpy().reshape(len(x), -1)[:, 0]
        np.testing.assert_array_max_ulp(made, np.cumsum(x.astype(np.float64)).astype(np.float32), 1)


def test_scans_of_nan_and_of_nothing(compiled):
    x = np.float32([1, np.nan, 5, np.inf, -2])
    for name, function in SCANS.items():
        np.testing.assert_array_equal(getattr(tw, name)(tw.tensor(x)).numpy(), function.accumulate(x))
        assert getattr(tw, name)(tw.zeros((2, 0)), axis=1).shape == (2, 0)
