"""Contractions and windows on the backends of shaders: the tests of the CPU's loops, and what only shaders have forms for."""

import pytest

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
