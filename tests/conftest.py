"""Fixtures for all tests: each backend in turn, and the default one restored afterwards."""

import pytest

import tensorweb as tw
from tensorweb.backends import registry

BACKENDS = ["numpy", "native", "wasm"]  # those that are fast enough for all cases; python replays the small ones


@pytest.fixture(params=["numpy", "python"])
def backend(request):
    """The name of a backend that is current during the test."""
    yield from use(request.param)


@pytest.fixture(params=BACKENDS)
def fast_backend(request):
    """A backend that is current during the test; skipped where its extra is not installed."""
    try:
        registry.find_backend(request.param)
    except ImportError as error:
        pytest.skip(f"backend {request.param}: {error}")
    yield from use(request.param)


def use(name):
    """Make a backend current, give its name, and let the default one be chosen again."""
    tw.set_backend(name)
    yield name
    registry._current = None
