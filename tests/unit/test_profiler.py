"""profile, time and debug mode."""

import pytest

import tensorweb as tw


@pytest.fixture
def debug():
    tw.enable_debug_mode()
    yield
    tw.enable_debug_mode(False)


def test_profile(backend):
    x = tw.ones((10, 10))
    info = tw.profile(lambda: tw.sum(x @ x, axis=0))
    assert info.result.tolist() == [100.0] * 10
    assert info.kernel_names == ("contract", "sum")
    assert [(k.pattern, k.input_shapes, k.output_shapes) for k in info.kernels] == [
        ("contract", ((10, 10), (10, 10)), ((10, 10),)),
        ("row", ((10, 10),), ((10,),)),
    ]
    assert (info.new_tensors, info.new_bytes) == (1, 40) and info.peak_bytes >= 440
    assert all(k.kernel_ms > 0 for k in info.kernels)


def test_time():
    timing = tw.time(lambda: tw.ones((100, 100)) @ tw.ones((100, 100)))
    assert 0 < timing.kernel_ms <= timing.wall_ms


def test_debug_mode_names_op_and_line(backend, debug):
    x = tw.tensor([-1.0, 1.0])
    with pytest.raises(ArithmeticError, match=r"log: expected finite results, got NaN or infinity at .*test_profiler.py:\d+"):
        tw.log(x)
    assert tw.log(tw.tensor([1.0])).tolist() == [0.0]


def test_debug_mode_lets_nan_of_the_input_through(debug):
    x = tw.tensor([float("nan"), 1.0])
    assert (x + 1).tolist()[1] == 2.0


def test_debug_mode_logs_a_row_for_each_kernel(debug, caplog):
    with caplog.at_level("INFO", logger="tensorweb"):
        tw.ones((3,)) * 2
    assert "multiply" in caplog.text and "map" in caplog.text
