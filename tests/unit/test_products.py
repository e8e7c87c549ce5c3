"""Contractions as blocked products of matrices: tiles, panels, blocks of the summed index, padding and epilogues against NumPy."""

import numpy as np
import pytest

from tensorweb.kernels import expression as e
from tensorweb.kernels.patterns import Contract, Relation
from tensorweb.kernels.program import lower

from .compiled_kernels import backend_of, run

MACHINES = [("native", 1), ("native", 3), ("native-8", 1), ("wasm", 1), ("wasm", 3), ("wasm-fma", 1), ("wasm-plain", 1)]


@pytest.fixture(scope="module", params=MACHINES, ids=lambda p: f"{p[0]} on {p[1]}")
def backend(request):
    return backend_of(*request.param)


def draw(*shape):
    return np.random.default_rng(list(shape)).standard_normal(shape).astype("float32")


def contract(backend, labels, a, b, relations=(), sizes=None, epilogue=None, extras=()):
    """Return a contraction; `labels` as in einsum, `sizes` of the labels that only a relation gives."""
    (lhs, rhs), out = labels.split("->")[0].split(","), labels.split("->")[1]
    known = {**dict(zip(lhs, a.shape)), **dict(zip(rhs, b.shape)), **(sizes or {})}
    kernel = Contract(lhs, rhs, out, tuple(sorted(known.items())), tuple(relations), epilogue)
    return run(backend, kernel, [a, b, *extras], [[known[x] for x in out]], ["float32"])[0]


def assert_near(got, expected):
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-6 * max(1.0, np.abs(expected).max()))


# One row and few, what tiles of 3, 4 and 8 rows and panels of 8, 12 and 32 columns leave over, one block of steps and several.
@pytest.mark.parametrize("m", [1, 2, 3, 5, 31, 32, 33, 49, 130])
@pytest.mark.parametrize("k", [1, 3, 4, 30, 353, 1030])
@pytest.mark.parametrize("n", [1, 4, 12, 17, 100])
def test_any_size(backend, m, k, n):
    a, b = draw(m, k), draw(k, n)
    assert_near(contract(backend, "ik,kj->ij", a, b), a.astype("d") @ b)


@pytest.mark.parametrize("labels", ["ki,kj->ij", "ik,jk->ij", "ki,jk->ij", "bik,bkj->bij", "bik,kj->bij", "bki,jk->bij"])
@pytest.mark.parametrize("m", [6, 45])
def test_any_order_of_axes(backend, labels, m):
    sizes = {"b": 3, "i": m, "k": 37, "j": 26}
    lhs, rhs = labels.split("->")[0].split(",")
    a, b = draw(*(sizes[x] for x in lhs)), draw(*(sizes[x] for x in rhs))
    assert_near(contract(backend, labels, a, b), np.einsum(labels, a.astype("d"), b))


@pytest.mark.parametrize("channels", [1, 3, 16, 90])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 2])
def test_convolutions(backend, channels, stride, padding):
    x, w = draw(2, 11, 9, channels), draw(3, 3, channels, 20)
    padded = np.pad(x.astype("d"), ((0, 0), (padding,) * 2, (padding,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))[:, ::stride, ::stride]
    relations = [Relation("x", "X", "i", stride, 1, padding), Relation("y", "Y", "j", stride, 1, padding)]
    got = contract(backend, "bxyc,ijco->bXYo", x, w, relations, {"X": windows.shape[1], "Y": windows.shape[2]})
    assert_near(got, np.einsum("bXYcij,ijco->bXYo", windows, w))


@pytest.mark.parametrize(("m", "k", "n"), [(1, 40, 33), (50, 40, 33), (50, 700, 33), (7, 5, 64)])
@pytest.mark.parametrize("long", [False, True])
def test_epilogues(backend, m, k, n, long):
    a, b, bias, rest = draw(m, k), draw(k, n), draw(n), draw(m, n)
    root = e.node("max", e.node("add", e.node("add", e.argument(0), e.argument(1)), e.argument(2)), 0.0)
    expected = np.maximum(a.astype("d") @ b + bias + rest, 0)
    if long:
        root, expected = e.node("tanh", e.node("mul", root, 0.01)), np.tanh(expected * 0.01)
    program = lower([root], ["float32"] * 3, "test")
    assert_near(contract(backend, "ik,kj->ij", a, b, epilogue=program, extras=[bias, rest]), expected)


@pytest.mark.parametrize("m", [40, 3])
@pytest.mark.parametrize("special", [np.nan, np.inf])
def test_special_values_stay_in_their_row(backend, m, special):
    a, b = draw(m, 50), np.abs(draw(50, 21))
    a[2, 49] = special
    got = contract(backend, "ik,kj->ij", a, b)
    assert (np.isnan(got[2]) if np.isnan(special) else got[2] == special).all()
    assert_near(np.delete(got, 2, 0), np.delete(a, 2, 0).astype("d") @ b)


@pytest.mark.parametrize("m", [1, 2, 5])
def test_whole_vectors_may_be_read_behind_a_matrix(backend, m):
    """The matrices fill their memory to the end, and what lies behind it may not be there."""
    for k in (4096, 8192, 16384, 32768):
        assert (contract(backend, "ik,kj->ij", np.ones((m, k), "f4"), np.ones((k, 48), "f4")) == k).all()
