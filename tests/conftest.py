"""Fixtures for all tests: each backend in turn, and the default one restored afterwards."""

import os

import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.errors import BackendError

BACKENDS = ["numpy", "native", "wasm"]  # those that are fast enough for all cases; python replays the small ones
GPU_BACKENDS = ["webgpu", "webgl"]  # on devices of software they need some time for each kernel


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
