"""Fixtures for all tests: each backend in turn, and the default one restored afterwards."""

import ctypes
import gc
import os
from contextlib import suppress

import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.errors import BackendError

BACKENDS = ["numpy", "native", "wasm"]  # those that are fast enough for all cases; python replays the small ones
GPU_BACKENDS = ["webgpu", "webgl"]  # on devices of software they need some time for each kernel
MOST_KERNELS = 500  # of a device that is kept from test to test: one of software takes a megabyte for each
MOST_RESERVED = 256 << 20  # bytes


@pytest.fixture(params=["numpy", "python"])
def backend(request):
    """The name of a backend that is current during the test."""
    yield from use(request.param)


@pytest.fixture(params=BACKENDS)
def fast_backend(request):
    """A backend that is current during the test; skipped where its extra is not installed."""
    yield from use_if_there(request.param)


@pytest.fixture(params=GPU_BACKENDS)
def gpu_backend(request):
    """A backend of shaders that is current during the test; skipped where there is no device for it."""
    yield from use_if_there(request.param)
    backend = registry.find_backend(request.param)
    if len(backend.kernels) > MOST_KERNELS:
        backend.close()  # whoever asks for it next sets it up anew
        give_back()


@pytest.fixture(scope="module", autouse=True)
def _memory_is_given_back():
    """What `native` keeps for the next who needs memory of the same sizes is given back: the next module needs others."""
    yield
    heap = getattr(registry._registered["native"].backend, "heap", None)
    if heap is not None and heap.reserved > MOST_RESERVED:
        give_back()
        heap.trim()


@pytest.fixture
def nothing_left():
    """For tests that count tensors: those that other tests left in circles are gone before, and do not go meanwhile."""
    gc.collect()


def give_back():
    """Let go of what nobody refers to, and give it back to the system where C's library can."""
    gc.collect()
    with suppress(AttributeError, TypeError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def use_if_there(name):
    """Do what `use` does; skip the test where what the backend needs is not there."""
    try:
        registry.find_backend(name)
    except (ImportError, BackendError) as error:
        pytest.skip(f"backend {name}: {error}")
    yield from use(name)


def use(name):
    """Make a backend current, give its name, and let the default one be chosen again."""
    tw.set_backend(name)
    yield name
    registry.forget_choice()


def pytest_sessionfinish(session):
    """With NO_SKIPS set in the environment, as CI sets it, a run in which something was skipped has failed."""
    told = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NO_SKIPS") and told is not None and told.stats.get("skipped"):
        told.write_line(f"\nNO_SKIPS is set, and {len(told.stats['skipped'])} were skipped (-rs tells why)", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
