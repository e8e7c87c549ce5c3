"""Runs single kernels on the compiled backends and gives what they make as arrays, for tests that compare patterns with NumPy."""

from functools import lru_cache

import numpy as np
import pytest

from tensorweb.backends.compiled import CompiledBackend
from tensorweb.flags import flags
from tensorweb.kernels.patterns import Spec

from .printers import make_machine

# Machines and their threads: how work is split must change nothing.
MACHINES = [("native", 3), ("native-8", 1), ("wasm", 3)]
DTYPES = ("bool", "uint8", "int8", "int32", "float16", "float32", "complex64")


@lru_cache
def backend_of(name, threads):
    """Return a compiled backend with a machine of its own; the test is skipped where its extra is not installed."""
    pytest.importorskip("wasmtime" if name.startswith("wasm") else "llvmlite")
    before = flags.get("NUM_THREADS")
    flags.set("NUM_THREADS", threads)
    try:
        machine = make_machine(name)
    finally:
        flags.set("NUM_THREADS", before)
    return CompiledBackend(name, machine)


def run(backend, kernel, operands, shapes, dtypes):
    """Return the outputs of a kernel, of the given shapes and dtypes, on arrays and Python numbers."""
    inputs = [Spec(x.shape, str(x.dtype)) if isinstance(x, np.ndarray) else Spec((), type(x)) for x in operands]
    outputs = [Spec(tuple(shape), dtype) for shape, dtype in zip(shapes, dtypes, strict=True)]
    buffers = [backend.upload(x, s) if isinstance(x, np.ndarray) else x for x, s in zip(operands, inputs, strict=True)]
    before = backend.elsewhere.total()
    made = backend.compile(kernel, inputs, outputs)(*buffers)
    assert backend.elsewhere.total() == before, f"{kernel} ran on another backend"
    return [np.array(backend.download(m, s), s.dtype).reshape(s.shape) for m, s in zip(made, outputs, strict=True)]


def random_array(rng, shape, dtype):
    """Return numbers all over a dtype's range; of floats some are zeros of either sign, infinite, or NaN."""
    if dtype == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype == "complex64":
        return np.asarray(random_array(rng, shape, "float32") + 1j * rng.standard_normal(shape), dtype)
    if dtype.startswith("float"):
        x = np.asarray(rng.standard_normal(shape), dtype)
        special = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan], dtype)
        return np.where(rng.random(shape) < 0.2, special[rng.integers(0, 6, shape)], x)
    info = np.iinfo(dtype)
    return np.asarray(rng.integers(info.min, info.max, shape, endpoint=True), dtype)


def assert_bits(got, expected, label=""):
    """Compare arrays byte by byte: what only moves keeps signs of zeros and NaNs."""
    assert got.dtype == expected.dtype and got.shape == expected.shape, (label, got.dtype, expected.dtype, got.shape, expected.shape)
    different = np.flatnonzero(np.frombuffer(got.tobytes(), "u1") != np.frombuffer(expected.tobytes(), "u1")) // max(1, got.itemsize)
    assert not len(different), f"{label}: at {different[:5]} got {got.ravel()[different[:5]]}, not {expected.ravel()[different[:5]]}"
