"""Debug mode, profiles and times where kernels run on a GPU, later than they are asked for."""

import logging

import numpy as np
import pytest

import tensorweb as tw
from tensorweb.backends import registry


@pytest.fixture
def debug():
    tw.enable_debug_mode()
    yield
    tw.enable_debug_mode(False)


def test_nan_is_trapped_at_the_line_that_makes_it(gpu_backend, debug):
    x = tw.tensor([1.0, -1.0])
    y = x * 2.0
    with pytest.raises(tw.errors.NumericsError, match=rf"^sqrt: .*{__file__}"):
        tw.sqrt(y)
    with pytest.raises(tw.errors.NumericsError, match=r"^divide"):
        tw.divide(x, 0.0)
    bad = tw.tensor([float("nan"), 1.0])
    assert np.isnan((bad + 1.0).numpy()[0])  # it was there before


def test_each_kernel_is_told_with_shapes_bytes_and_time(gpu_backend, debug, caplog):
    with caplog.at_level(logging.INFO, "tensorweb"):
        tw.matmul(tw.ones((4, 8)), tw.ones((8, 3)))
    (row,) = [" ".join(r.getMessage().split()) for r in caplog.records if r.getMessage().startswith("contract")]
    assert "((4, 8), (8, 3)) -> ((4, 3),)" in row and " ms " in row and row.endswith(" 48 B")


def test_a_profile_has_a_row_for_each_kernel(gpu_backend):
    info = tw.profile(lambda: tw.sum(tw.ones((64, 64)) * 2))
    assert [k.name for k in info.kernels] == ["generate", "multiply", "sum"] and all(k.kernel_ms > 0 for k in info.kernels)
    assert float(info.result) == 8192


def test_time_says_whose_clock_it_was(gpu_backend):
    told = tw.time(lambda: tw.matmul(tw.ones((256, 256)), tw.ones((256, 256))))
    limits = registry.current().device.limits
    assert told.clock == ("device" if limits.timestamps else "host") and told.kernel_ms > 0
    assert told.kernel_ms <= told.wall_ms
