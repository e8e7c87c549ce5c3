"""The linear-algebra routines against NumPy and SciPy: values where they are unique, else the equations that define them."""

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray

NAMES = {"float64": "float32", "complex128": "complex64", "int64": "int32"}


def run(name, *inputs, **attrs):
    """Call a routine on NumPy arrays and return NumPy arrays."""
    hosts = [HostArray(a.ravel().tolist(), a.shape, NAMES[a.dtype.name]) for a in map(np.asarray, inputs)]
    results = ROUTINES[name](*hosts, **attrs)
    assert all(isinstance(r, HostArray) and len(r.values) == np.prod(r.shape, dtype=int) for r in results)
    kinds = {"float32": float, "int32": int, "complex64": complex}
    for r in results:
        assert all(type(v) is kinds[r.dtype] for v in r.values), (name, r.dtype)
    return [np.array(r.values, dtype=kinds[r.dtype]).reshape(r.shape) for r in results]


def random(*shape, complex_=False, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    return x + 1j * rng.normal(size=shape) if complex_ else x


def adjoint(x):
    return np.swapaxes(x, -1, -2).conj()


SHAPES = [(1, 1), (3, 3), (5, 2), (2, 5), (7, 7), (2, 3, 4, 3), (2, 3, 4), (0, 3), (3, 0), (0, 0), (2, 0, 3), (0, 3, 3)]
SQUARES = [(1, 1), (2, 2), (6, 6), (2, 3, 4, 4), (0, 0), (2, 0, 0), (0, 3, 3)]


def hard(n, complex_):
    """Matrices that defeat careless algorithms: ill-conditioned, rank-deficient, graded, repeated eigenvalues, permutations."""
    x = random(n, n, complex_=complex_, seed=n)
    q = np.linalg.qr(x)[0]
    yield q @ np.diag(10.0 ** -np.arange(0, 2 * n, 2)) @ adjoint(q)
    yield x[:, :1] @ x[:1, :]
    yield x[:, :3] @ x[:3, :]
    yield np.zeros((n, n)) + 0 * x
    yield np.eye(n) + 0 * x
    yield np.roll(np.eye(n), 1, 0) + 0 * x
    yield np.ones((n, n)) + 0 * x
    yield np.diag(10.0 ** np.arange(n)) @ x
    yield np.diag(np.ones(n - 1), 1) + 0 * x
    yield x * 1e-40
    yield x * 1e36
    yield x * 1e-200
    yield x * 1e250


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SQUARES)
def test_cholesky(shape, complex_):
    x = random(*shape, complex_=complex_)
    a = x @ adjoint(x) + np.eye(shape[-1])
    np.testing.assert_allclose(run("cholesky", a)[0], np.linalg.cholesky(a), atol=1e-12)
    (u,) = run("cholesky", np.triu(a), upper=True)
    np.testing.assert_allclose(adjoint(u) @ u, a, atol=1e-12)
    assert np.array_equal(u, np.triu(u))


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), -np.eye(3), np.full((2, 2), np.nan), np.ones((2, 2)), np.array([[1.0, 2], [2, 1]])])
def test_cholesky_refuses_what_is_not_positive_definite(bad):
    with pytest.raises(ValueError, match="cholesky: expected a positive definite matrix"):
        run("cholesky", bad)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_qr(shape, complex_, full):
    x = random(*shape, complex_=complex_)
    q, r = run("qr", x, full_matrices=full)
    expected = np.linalg.qr(x, mode="complete" if full else "reduced")
    assert (q.shape, r.shape) == (expected[0].shape, expected[1].shape)
    k = min(shape[-2:])
    # Columns of q beyond n are any basis of the rest; the others have LAPACK's signs.
    np.testing.assert_allclose(q[..., :k], expected[0][..., :k], atol=1e-12)
    np.testing.assert_allclose(r, expected[1], atol=1e-12)
    np.testing.assert_allclose(adjoint(q) @ q, np.broadcast_to(np.eye(q.shape[-1]), (*shape[:-2], q.shape[-1], q.shape[-1])), atol=1e-12)


@pytest.mark.parametrize("complex_", [False, True])
def test_qr_of_hard_matrices(complex_):
    for x in hard(6, complex_):
        q, r = run("qr", x)
        scale = np.abs(x).max() or 1
        np.testing.assert_allclose(q @ (r / scale), x / scale, atol=1e-13)
        np.testing.assert_allclose(adjoint(q) @ q, np.eye(6), atol=1e-13)
        assert np.array_equal(r, np.triu(r))


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_lu_factor(shape, complex_):
    linalg = pytest.importorskip("scipy.linalg")
    x = random(*shape, complex_=complex_)
    lu, pivots = run("lu_factor", x)
    assert lu.shape == shape and pivots.shape == (*shape[:-2], min(shape[-2:]))
    m, n = shape[-2:]
    if x.size:
        for a, b, p in zip(x.reshape(-1, m, n), lu.reshape(-1, m, n), pivots.reshape(-1, min(m, n)), strict=True):
            expected = linalg.lu_factor(a)
            np.testing.assert_allclose(b, expected[0], atol=1e-12)
            assert np.array_equal(p, expected[1])


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", SQUARES)
def test_solve_inv_det(shape, complex_):
    a = random(*shape, complex_=complex_)
    b = random(*shape[:-1], 3, seed=1)
    np.testing.assert_allclose(run("solve", a, b)[0], np.linalg.solve(a, b), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(run("solve", a, b[..., 0])[0], np.linalg.solve(a, b[..., :1])[..., 0], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(run("inv", a)[0], np.linalg.inv(a), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(run("det", a)[0], np.linalg.det(a), rtol=1e-11, atol=1e-13)


def test_solve_of_integers_and_no_columns():
    assert run("solve", np.array([[2, 0], [0, 4]]), np.array([2, 2]))[0].tolist() == [1.0, 0.5]
    assert run("solve", np.eye(2), np.zeros((2, 0)))[0].shape == (2, 0)


@pytest.mark.parametrize("singular", [np.zeros((2, 2)), np.ones((3, 3)), np.array([[1.0, 2], [2, 4]])])
def test_singular_matrices(singular):
    with pytest.raises(ValueError, match="inv: expected a matrix that can be inverted"):
        run("inv", singular)
    with pytest.raises(ValueError, match="solve: expected a matrix that can be inverted"):
        run("solve", singular, np.ones(len(singular)))
    assert run("det", singular)[0] == 0
    run("lu_factor", singular)


def test_ill_conditioned_solve():
    n = 8
    hilbert = 1 / (np.arange(n)[:, None] + np.arange(n) + 1.0)
    x = run("solve", hilbert, hilbert.sum(1))[0]
    np.testing.assert_allclose(hilbert @ x, hilbert.sum(1), rtol=1e-14)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, complex(np.inf, np.nan)])
@pytest.mark.parametrize("place", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_nan_and_infinity_pass_through_the_direct_routines(value, place):
    bad = np.array([[1.0, 4.0], [2.0, 3.0]], dtype=type(value))
    bad[place] = value
    for name in ("qr", "lu_factor", "inv", "det"):
        results = run(name, bad)
        assert value == value or any(np.isnan(r).any() for r in results), name
    result = run("solve", bad, np.ones(2))[0]
    assert value == value or np.isnan(result).any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["eigh", "eig", "svd"])
def test_iterative_routines_refuse_nan(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected finite values"):
        run(name, np.array([[1.0, 2.0], [value, 3.0]]))
    with pytest.raises(ValueError, match=f"{name}: expected finite values"):
        run(name, np.array([[1.0 + 0j, 2.0], [complex(0, value), 3.0]]))


def check_eigh(a):
    w, v = run("eigh", a)
    n = a.shape[-1]
    scale = np.abs(a).max(initial=0) or 1
    np.testing.assert_allclose(w / scale, np.linalg.eigvalsh(a / scale), atol=1e-13)
    np.testing.assert_allclose((a / scale) @ v, v * (w / scale)[..., None, :], atol=1e-13)
    np.testing.assert_allclose(adjoint(v) @ v, np.broadcast_to(np.eye(n), v.shape), atol=1e-13)
    if v.size:
        lead = np.take_along_axis(v, np.abs(v).argmax(-2, keepdims=True), -2)
        assert ((lead.real > 0) | (np.abs(lead) < 0.999)).all()


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", [*SQUARES, (30, 30)])
def test_eigh(shape, complex_):
    x = random(*shape, complex_=complex_)
    check_eigh(x + adjoint(x))


@pytest.mark.parametrize("complex_", [False, True])
def test_eigh_of_hard_matrices(complex_):
    for x in hard(8, complex_):
        check_eigh(x / 2 + adjoint(x) / 2)


def test_eigh_reads_the_lower_triangle_only():
    a = np.array([[2.0, 99.0], [1.0, 2.0]])
    np.testing.assert_allclose(run("eigh", a)[0], [1, 3], atol=1e-14)


def nearest(found, expected):
    """Return the largest distance between two multisets of numbers, matched greedily."""
    rest, worst = list(expected), 0.0
    for value in found:
        best = min(rest, key=lambda other: abs(other - value))
        rest.remove(best)
        worst = max(worst, abs(best - value))
    return worst


def check_eig(a, eigenvalues=1e-11):
    w, v = run("eig", a)
    scale = np.abs(a).max(initial=0) or 1
    np.testing.assert_allclose((a / scale) @ v, v * (w / scale)[..., None, :], atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(v, axis=-2), np.ones(w.shape), atol=1e-12)
    if a.ndim == 2:
        assert nearest(w / scale, np.linalg.eigvals(a / scale)) < eigenvalues


@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", [*SQUARES, (25, 25)])
def test_eig(shape, complex_):
    check_eig(random(*shape, complex_=complex_))


@pytest.mark.parametrize("complex_", [False, True])
def test_eig_of_hard_matrices(complex_):
    for x in hard(8, complex_):
        # The nilpotent Jordan block moves its eigenvalues by the eighth root of a rounding error.
        check_eig(x, eigenvalues=0.1)


def test_eig_of_symmetric_matrices_is_real():
    x = random(6, 6)
    w, v = run("eig", x + x.T)
    assert not w.imag.any()
    np.testing.assert_allclose(v.imag, 0, atol=1e-14)


def test_eig_of_a_large_jordan_block_does_not_overflow():
    w, v = run("eig", np.diag(np.ones(39), 1))
    assert np.isfinite(w).all() and np.isfinite(v).all()


def check_svd(a, full):
    u, s, vh = run("svd", a, full_matrices=full)
    scale = np.abs(a).max(initial=0) or 1
    expected = np.linalg.svd(a / scale, full_matrices=full)
    assert [r.shape for r in (u, s, vh)] == [r.shape for r in expected]
    np.testing.assert_allclose(s / scale, expected[1], atol=1e-13)
    assert (np.diff(s) <= 0).all() and (s >= 0).all()
    k = s.shape[-1]
    np.testing.assert_allclose(u[..., :k] * (s / scale)[..., None, :] @ vh[..., :k, :], a / scale, atol=1e-13)
    np.testing.assert_allclose(adjoint(u) @ u, np.broadcast_to(np.eye(u.shape[-1]), (*a.shape[:-2], *[u.shape[-1]] * 2)), atol=1e-13)
    np.testing.assert_allclose(vh @ adjoint(vh), np.broadcast_to(np.eye(vh.shape[-2]), (*a.shape[:-2], *[vh.shape[-2]] * 2)), atol=1e-13)
    np.testing.assert_allclose(run("svd", a, compute_uv=False)[0], s, rtol=1e-12, atol=scale * 1e-14)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("complex_", [False, True])
@pytest.mark.parametrize("shape", [*SHAPES, (20, 12)])
def test_svd(shape, complex_, full):
    check_svd(random(*shape, complex_=complex_), full)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("complex_", [False, True])
def test_svd_of_hard_matrices(complex_, full):
    for x in hard(8, complex_):
        check_svd(x, full)
        check_svd(x[:, :5], full)
        check_svd(x[:3], full)


def test_svd_finds_small_singular_values_to_high_relative_accuracy():
    # Graded columns: what is computed from x^T x loses everything below 1e-8 of the largest.
    exact = 10.0 ** -np.arange(0, 30, 3)
    q = np.linalg.qr(random(10, 10))[0]
    np.testing.assert_allclose(run("svd", q * exact, compute_uv=False)[0], exact, rtol=1e-12)


@pytest.mark.parametrize("name", ["cholesky", "qr", "lu_factor", "inv", "det", "eigh", "eig", "svd"])
def test_wrong_shapes(name):
    with pytest.raises(ValueError, match=f"{name}: expected .*rank 2 or more, got shape"):
        run(name, np.ones(3))
    with pytest.raises(ValueError, match=f"{name}: expected .*4 values"):
        ROUTINES[name](HostArray([1.0], (2, 2), "float32"))
    with pytest.raises(ValueError, match=f"{name}: .*strings"):
        ROUTINES[name](HostArray(["a"], (1, 1), "string"))
    if name not in ("qr", "lu_factor", "svd"):
        with pytest.raises(ValueError, match=f"{name}: expected .*square"):
            run(name, np.ones((2, 3)))


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 2, 1), ()])
def test_solve_refuses_a_right_side_that_does_not_fit(shape):
    with pytest.raises(ValueError, match="solve: expected b"):
        run("solve", np.eye(2), np.ones(shape))
