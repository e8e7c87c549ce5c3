"""The array API standard's names, and that code written for any array library runs."""

import numpy as np
import pytest

import tensorweb as tw

STANDARD = """abs acos acosh add all any arange argmax argmin argsort asarray asin asinh astype atan atan2 atanh bitwise_and bitwise_invert
    bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays broadcast_to can_cast ceil clip concat conj copysign cos
    cosh cumulative_sum divide e empty empty_like equal exp expand_dims expm1 eye finfo flip floor floor_divide from_dlpack full full_like
    greater greater_equal hypot iinfo imag inf isdtype isfinite isinf isnan less less_equal linspace log log10 log1p log2 logaddexp
    logical_and logical_not logical_or logical_xor matmul matrix_transpose max maximum mean meshgrid min minimum moveaxis multiply nan
    negative newaxis nonzero not_equal ones ones_like permute_dims pi positive pow prod real reciprocal remainder repeat reshape result_type
    roll round searchsorted sign signbit sin sinh sort sqrt square squeeze stack std subtract sum take take_along_axis tan tanh tensordot
    tile tril triu trunc unique_all unique_counts unique_inverse unique_values unstack var vecdot where zeros zeros_like""".split()  # noqa: SIM905


def test_every_name_of_the_standard():
    assert [n for n in STANDARD if not hasattr(tw.array_api, n)] == []


def standardise(x, xp):
    """Code for any array library."""
    return (x - xp.mean(x, axis=0, keepdims=True)) / xp.std(x, axis=0, keepdims=True)


def test_code_for_any_library(backend):
    x = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    t = tw.tensor(x)
    np.testing.assert_allclose(standardise(t, t.__array_namespace__()).numpy(), standardise(x, np), rtol=1e-5)


def test_small_functions(backend):
    xp = tw.array_api
    x = tw.tensor([3.0, -1.0, 3.0, 0.0])
    found = xp.unique_all(x)
    assert [t.tolist() for t in found] == [[-1.0, 0.0, 3.0], [1, 3, 0], [2, 0, 2, 1], [1, 1, 2]]
    assert xp.unique_counts(x).counts.tolist() == [1, 1, 2] and xp.unique_inverse(x).inverse_indices.tolist() == [2, 0, 2, 1]
    assert xp.unique_values(x).tolist() == [-1.0, 0.0, 3.0]
    assert xp.copysign(x, tw.tensor([-1.0, 1.0, -0.0, 2.0])).tolist() == [-3.0, 1.0, -3.0, 0.0]
    assert float(xp.vecdot(x, x)) == 19.0
    assert xp.matrix_transpose(tw.ones((2, 3, 4))).shape == (2, 4, 3)
    assert [t.shape for t in xp.broadcast_arrays(tw.ones((2, 1)), tw.ones((3,)))] == [(2, 3), (2, 3)]


def test_dtypes():
    xp = tw.array_api
    assert xp.result_type(tw.ones((1,), "int32"), "float16") == "float16" and xp.result_type("int8", 1.5) == "float32"
    assert xp.can_cast("int8", "int32") and not xp.can_cast("float32", "int32")
    assert xp.isdtype("int8", "integral") and xp.isdtype("float32", ("bool", "real floating")) and not xp.isdtype("bool", "numeric")
    assert xp.iinfo("int8") == (8, 127, -128, "int8") and xp.finfo("float32").eps == np.finfo("float32").eps
    with pytest.raises(TypeError, match="expected a dtype"):
        xp.isdtype("nothing", "bool")
