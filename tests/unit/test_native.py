"""The backend `native`: values in and out, memory, updates in place, and what happens where it cannot be set up."""

import subprocess
import sys
from array import array
from pathlib import Path

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.backends.heap import derived_bytes

pytest.importorskip("llvmlite")

ROOT = Path(__file__).parents[2]
DTYPES = ("bool", "uint8", "int8", "int32", "float16", "float32", "complex64")


@pytest.fixture(autouse=True)
def backend():
    """The backend, which is current during the test."""
    tw.set_backend("native")
    yield registry.current()
    registry.forget_choice()


def run(code, *arguments, timeout=100):
    """Run a program on the backend in a process of its own."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=timeout)


# --- values ---


def random_values(shape, dtype):
    rng = np.random.default_rng(0)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    if dtype == "complex64":
        return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape), dtype)
    return np.asarray(rng.standard_normal(shape) * 50 if "float" in dtype else rng.integers(0, 100, shape), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0, 2), (7,), (3, 5, 2), (100, 1000)])
def test_arrays_go_there_and_back(shape, dtype):
    values = random_values(shape, dtype)
    x = tw.tensor(values)
    got = x.numpy()
    assert (x.shape, x.dtype, got.dtype, got.shape) == (shape, dtype, values.dtype, shape)
    np.testing.assert_array_equal(got, values)
    assert not got.flags.writeable
    assert x.tolist() == values.tolist()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int32", "float32"])
def test_reading_copies_nothing(dtype):
    x = tw.tensor(random_values((50, 3), dtype))
    assert np.shares_memory(x.numpy(), x.numpy())
    assert np.shares_memory(x.numpy(), tw.reshape(x, (3, 50)).numpy())
    with pytest.raises(TypeError):
        x.data_sync()[0] = 1


def test_what_was_uploaded_is_a_copy():
    values = np.arange(6, dtype=np.float32)
    x = tw.tensor(values)
    values[:] = -1
    assert x.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "made",
    [
        lambda a: a.tolist(),
        lambda a: [tuple(row) for row in a.tolist()],
        lambda a: list(a),
        lambda a: [tw.tensor(row) for row in a],
        lambda a: a[::-1].copy()[::-1],
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a.astype(">f4"),
        lambda a: a.astype(np.float64),
        lambda a: memoryview(a),
        lambda a: memoryview(np.asfortranarray(a)),
        lambda a: memoryview(a.astype(np.float64)),
        lambda a: tw.tensor(a).numpy(),
    ],
)
def test_every_way_to_give_values(made):
    values = np.array([[1.5, -2.25], [3.0, 0.0], [1e30, -0.5]], np.float32)
    x = tw.tensor(made(values))
    assert x.dtype == "float32"
    np.testing.assert_array_equal(x.numpy(), values)


@pytest.mark.parametrize("code", "bBhHiIlLqQ")
def test_typed_arrays(code):
    assert tw.tensor(array(code, [1, 2, 100])).tolist() == [1, 2, 100]
    assert tw.tensor(np.array([1, 2, 100], code)).tolist() == [1, 2, 100]


def test_zero_sizes_and_scalars():
    empty = tw.zeros((0, 3))
    assert (empty + 1).shape == (0, 3) and float(tw.sum(empty)) == 0.0
    assert tw.matmul(tw.zeros((2, 0)), tw.zeros((0, 3))).tolist() == [[0.0] * 3] * 2
    assert tw.concatenate([empty, tw.ones((1, 3))], 0).tolist() == [[1.0] * 3]
    x = tw.tensor(2.5)
    assert (x.shape, float(x), (x * x).tolist(), float(tw.sum(x))) == ((), 2.5, 6.25, 2.5)


@pytest.mark.parametrize(
    "number",
    [1e39, -1e39, 3.4028235677973366e38, 3.4028235677973362e38, 1e-50, float("nan"), float("inf"), 2**31 - 1, -(2**31), 2**40, True],
)
def test_numbers_are_rounded_to_float32(number):
    with np.errstate(over="ignore"):
        expected = np.float32(number) * np.ones(3, np.float32)
    np.testing.assert_array_equal((tw.ones((3,)) * number).numpy(), expected)
    np.testing.assert_array_equal((tw.ones((3,), "complex64") * number).numpy().real, expected)
    if not isinstance(number, int):
        np.testing.assert_array_equal(tw.tensor([number]).numpy(), expected[:1])


def test_float16_beyond_its_range():
    with np.errstate(over="ignore"):
        values = np.array([65504, 65520, 1e6, -1e6, np.nan, 1e-9, 6e-8]).astype(np.float16)
    assert str(tw.tensor([65504, 65520, 1e6, -1e6, np.nan, 1e-9, 6e-8], dtype="float16").tolist()) == str(values.tolist())


def test_strings_and_host_routines_pass_through(backend):
    words = tw.tensor(["b", "a"])
    assert words.tolist() == ["b", "a"]
    before = backend.elsewhere.total()
    assert tw.reshape(words, (2, 1)).tolist() == [["b"], ["a"]]
    assert tw.concatenate([words, words], 0).tolist() == ["b", "a", "b", "a"]
    assert backend.elsewhere.total() > before


# --- memory ---


def test_a_view_outlives_its_tensor(backend):
    x = tw.tensor(np.arange(1 << 20, dtype=np.float32))  # large: would be given back to the system
    small = tw.tensor(np.arange(10, dtype=np.float32))
    view, part = x.numpy(), small.numpy()[3:5]
    del x, small
    backend.heap.trim()
    others = [tw.zeros(view.shape) for _ in range(3)] + [tw.zeros((10,)) for _ in range(100)]
    assert (view == np.arange(1 << 20)).all() and part.tolist() == [3.0, 4.0]
    del others


def test_a_view_outlives_its_backend():
    done = run("""
import gc, tensorweb as tw
tw.set_backend("native")
x = tw.full((1 << 20,), 3.0)
view = x.numpy()
del x
tw.remove_backend("native")
tw.set_backend("numpy")
gc.collect()
print(int(view.sum()))
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "3145728\n", "")


def test_updates_in_place_leave_exported_views_alone():
    v = tw.Variable([1.0, 2.0])
    view = v.numpy()
    v.assign_add([1.0, 1.0])
    tw.optimizers.SGD(1.0).apply([tw.tensor([1.0, 1.0])], [v])
    assert view.tolist() == [1.0, 2.0] and v.numpy().tolist() == [1.0, 2.0] and not np.shares_memory(view, v.numpy())


needs_limits = pytest.mark.skipif(sys.platform != "linux", reason="limits of address space as Linux has them")


@needs_limits
def test_out_of_memory():
    done = run("""
import resource, traceback, tensorweb as tw
tw.set_backend("native")
x = tw.ones((1 << 20,))
float(tw.sum(x * 2.0))
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (200 << 20), used + (200 << 20)))
for attempt in range(3):
    held = []
    try:
        while True:
            held.append(tw.ones((1 << 22,)))  # here
    except tw.errors.OutOfMemoryError as error:
        assert isinstance(error, MemoryError)
        print(error)
        frames = traceback.extract_tb(error.__traceback__)
        assert frames[0].lineno == 12, frames
    assert 5 < len(held) < 20, len(held)
    try:
        tw.tensor(held[0]) * tw.ones((1 << 25,))
        raise SystemExit("no error")
    except MemoryError:
        pass
    print(float(tw.sum(x + 1.0)))  # small work goes on
    del held
    print(float(tw.sum(tw.ones((1 << 24,)))))
""")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[1:3] == lines[4:6] == ["2097152.0", "16777216.0"]
    assert lines[0].startswith("native: expected 16777216 bytes of free memory, got none beside ") and "Free tensors" in lines[0]


@needs_limits
def test_large_memory_goes_back_to_the_system():
    done = run("""
import resource, tensorweb as tw
from tensorweb.backends import registry
tw.set_backend("native")
resident = lambda: int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() >> 20
tw.ones((1 << 20,))
before = resident()
held = [tw.ones((1 << 22,)) for _ in range(20)]
full = resident()
del held
tw.ones((1 << 22,))
registry.current().heap.trim()
print(full - before, resident() - before)
""")
    full, after = map(int, done.stdout.split())
    assert full >= 300 and after <= 40, done.stderr


# --- derived forms ---


@pytest.mark.usefixtures("nothing_left")
def test_derived_forms_are_counted():
    before = derived_bytes(), tw.memory().num_bytes
    a, w = tw.ones((64, 96)), tw.Variable(tw.ones((96, 128)))
    tw.matmul(a, w)
    packed = tw.memory().num_derived_bytes - before[0]
    assert packed >= 96 * 128 * 4
    tw.matmul(a + 1.0, w)
    assert tw.memory().num_derived_bytes - before[0] == packed  # made once
    del a, w
    assert (tw.memory().num_derived_bytes, tw.memory().num_bytes) == before


def test_a_change_in_place_makes_derived_forms_anew(backend):
    a, w = tw.ones((64, 96)), tw.Variable(tw.ones((96, 128)))
    optimizer = tw.optimizers.SGD(1.0)
    before = derived_bytes()
    for step in range(3):
        assert float(tw.matmul(a, w)[0, 0]) == 96.0 * (1 - step)
        buffer = w._value._container.value
        assert buffer.derived
        del buffer
        optimizer.apply([tw.ones((96, 128))], [w])
        assert w._value._container.value.derived is None and derived_bytes() == before
    w.assign(tw.full((96, 128), 2.0))
    assert float(tw.matmul(a, w)[5, 7]) == 192.0


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_training_agrees_with_numpy(optimizer):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((64, 50)).astype("f4"), rng.standard_normal((64, 3)).astype("f4")
    weights = [
        rng.standard_normal((50, 40)).astype("f4") / 7,
        np.zeros(40, "f4"),
        rng.standard_normal((40, 3)).astype("f4") / 6,
        np.zeros(3, "f4"),
    ]

    def train(backend):
        tw.set_backend(backend)
        model = tw.Sequential([tw.Input((50,)), tw.layers.Dense(40, activation="tanh"), tw.layers.Dense(3)])
        model.set_weights(weights)
        model.compile(getattr(tw.optimizers, optimizer)(0.02), "mse")
        losses = [model.train_on_batch(x, y) for _ in range(10)]
        return [float(v) for v in losses], model.get_weights(), model.predict(x, verbose=0)

    (losses, got, outputs), (expected_losses, expected, expected_outputs) = train("native"), train("numpy")
    assert losses[-1] < 0.95 * losses[0]
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-4)
    np.testing.assert_allclose(outputs, expected_outputs, rtol=1e-3, atol=1e-4)
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


# --- where it cannot be set up ---

MISSING = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "llvmlite":
            raise ImportError("llvmlite is blocked")
sys.meta_path.insert(0, Blocked())
"""
OLD = """
import llvmlite, llvmlite.binding as llvm
llvmlite.__version__ = "0.43.0"
del llvm.create_pass_builder
"""
USE = """
import tensorweb as tw
print(tw.get_backend(), float(tw.sum(tw.ones((3,)))))
try:
    tw.set_backend("native")
except tw.errors.BackendError as error:
    print(error)
print(tw.get_backend())
"""


@pytest.mark.parametrize("code, reason", [(MISSING, "llvmlite is blocked"), (OLD, "llvmlite 0.43.0 is older than 0.44")])
def test_llvmlite_is_missing_or_old(code, reason):
    done = run(code + USE)
    assert done.stdout.splitlines()[::2] == ["numpy 3.0", "numpy"], done.stderr
    error = done.stdout.splitlines()[1]
    assert error.startswith("set_backend: expected a backend that can be set up here, got 'native'")
    assert reason in error and "tensorweb[native]" in error


def test_it_is_the_default():
    assert run(USE.replace("native", "numpy")).stdout.splitlines() == ["native 3.0", "numpy"]
