"""Fixtures for all tests: each backend in turn, and the default one restored afterwards."""

import pytest

import tensorweb as tw


@pytest.fixture(params=["numpy", "python"])
def backend(request):
    """The name of a backend that is current during the test."""
    tw.set_backend(request.param)
    yield request.param
    tw.set_backend("numpy")
