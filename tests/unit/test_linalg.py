"""Properties of factorizations where several results are right, and derivatives that no reference library has."""

import numpy as np
import pytest

import tensorweb as tw

rng = np.random.default_rng(7)


def random(*shape, dtype="float32"):
    x = rng.normal(size=shape)
    return (x + 1j * rng.normal(size=shape) if dtype == "complex64" else x).astype(dtype)


def adjoint(x):
    return np.swapaxes(x.conj(), -1, -2)


def close(a, b, tolerance=2e-5):
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    assert np.abs(a - b).max(initial=0) <= tolerance * max(1.0, np.abs(b).max(initial=0))


DTYPES = pytest.mark.parametrize("dtype", ["float32", "complex64"])
SHAPES = pytest.mark.parametrize("shape", [(1, 1), (3, 3), (4, 2), (2, 4), (5, 1), (2, 3, 2), (2, 1, 2, 3), (0, 2), (2, 0), (0, 3, 2)])


@DTYPES
@SHAPES
def test_svd_and_qr_with_all_columns(backend, shape, dtype):
    x = random(*shape, dtype=dtype)
    m, n = shape[-2:]
    u, s, vh = (t.numpy() for t in tw.svd(tw.tensor(x, dtype=dtype)))
    q, r = (t.numpy() for t in tw.qr(tw.tensor(x, dtype=dtype), mode="complete"))
    k = min(m, n)
    close(u[..., :k] * s[..., None, :] @ vh[..., :k, :], x)
    close(q @ r, x)
    for orthonormal, size in ((u, m), (vh, n), (q, m)):
        close(adjoint(orthonormal) @ orthonormal, np.broadcast_to(np.eye(size), orthonormal.shape))


@DTYPES
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (4, 4), (6, 6), (2, 3, 3), (2, 1, 2, 2), (0, 0)])
def test_eig_and_eigh(backend, shape, dtype):
    x = random(*shape, dtype=dtype)
    w, v = (t.numpy() for t in tw.eig(tw.tensor(x, dtype=dtype)))
    close(x @ v, v * w[..., None, :], 1e-4)
    close(np.linalg.norm(v, axis=-2), np.ones(w.shape))
    assert w.dtype == v.dtype == np.complex64
    h = x + adjoint(x)
    w, v = (t.numpy() for t in tw.eigh(tw.tensor(h, dtype=dtype)))
    close(h @ v, v * w[..., None, :], 1e-4)
    close(w, np.linalg.eigvalsh(h), 1e-4)
    assert w.dtype == np.float32


@DTYPES
def test_backends_agree_on_phases(dtype):
    x = random(3, 3, dtype=dtype)
    found = {}
    for name in ("numpy", "python"):
        tw.set_backend(name)
        h = tw.tensor(x + adjoint(x))
        found[name] = [t.numpy() for t in (*tw.svd(tw.tensor(x)), *tw.eigh(h), *tw.qr(tw.tensor(x)), *tw.lu_factor(tw.tensor(x)))]
    tw.set_backend("numpy")
    for a, b in zip(found["numpy"], found["python"]):
        close(a, b)


def difference_quotient(f, x, h=1e-2):
    """Return the gradient of a real function; that of a complex variable is d/da + i d/db."""
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        for unit in (1, 1j) if x.dtype.kind == "c" else (1,):
            d = np.zeros_like(x)
            d[i] = h * unit
            g[i] += unit * (float(f(tw.tensor(x + d))) - float(f(tw.tensor(x - d)))) / (2 * h)
    return g


def weigh(y, seed=3):
    w = np.random.default_rng(seed).normal(size=y.shape).astype("float32")
    return tw.sum(tw.real(y) * tw.tensor(w)) + tw.sum(tw.imag(y) * tw.tensor(np.flip(w).copy()))


def square(x):
    return x + 2.5 * np.eye(3, dtype="float32")


def hermitian(x):
    return 0.5 * (x + tw.ops.linalg.adjoint(x))


def from_svd(x, full=False):
    k = min(x.shape)
    u, s, vh = tw.svd(x, full_matrices=full)
    return tw.matmul(u[:, :k] * tw.cast(tw.exp(0.3 * s), u.dtype), vh[:k])


def completing(x):
    """Return the projection on the columns that complete the basis, from svd and from qr."""
    m, n = x.shape
    p, q = tw.svd(x)[0][:, n:], tw.qr(x, mode="complete")[0][:, n:]
    return tw.matmul(p, tw.ops.linalg.adjoint(p)) + 2.0 * tw.matmul(q, tw.ops.linalg.adjoint(q))


def from_eigh(x):
    w, v = tw.eigh(hermitian(x))
    return tw.matmul(v * tw.cast(tw.exp(0.2 * w), v.dtype), tw.ops.linalg.adjoint(v))


def from_eig(x):
    w, v = tw.eig(x)
    return tw.matmul(v * tw.exp(0.3 * w), tw.inv(v))


FUNCTIONS = {
    "det": (tw.det, (3, 3), square),
    "slogdet": (lambda x: tw.cast(tw.slogdet(x)[1], "complex64"), (3, 3), square),
    "pinv tall": (tw.pinv, (3, 2), None),
    "pinv wide": (tw.pinv, (2, 3), None),
    "cholesky": (lambda x: tw.cholesky(hermitian(x)), (3, 3), lambda x: (x @ adjoint(x) + np.eye(3)).astype(x.dtype)),
    "qr wide": (lambda x: tw.concatenate(tw.qr(x), axis=1), (2, 3), None),
    "qr tall": (lambda x: tw.concatenate(tw.qr(x), axis=0), (4, 2), None),
    "svd square": (from_svd, (3, 3), None),
    "svd tall": (from_svd, (4, 2), None),
    "svd wide, full": (lambda x: from_svd(x, True), (2, 4), None),
    "completing columns": (completing, (4, 2), None),
    "eigh": (from_eigh, (3, 3), None),
    "eig": (from_eig, (3, 3), square),
}


@DTYPES
@pytest.mark.parametrize("name", FUNCTIONS)
def test_derivatives(name, dtype):
    function, shape, make = FUNCTIONS[name]
    x = np.random.default_rng(11).normal(size=shape).astype("float32")
    if dtype == "complex64":
        x = (x + 1j * np.random.default_rng(12).normal(size=shape)).astype(dtype)
    x = (make(x) if make else x).astype(dtype)

    def loss(t):
        return weigh(tw.cast(function(t), "complex64"))

    close(tw.grad(loss)(tw.tensor(x)).numpy(), difference_quotient(loss, x), 5e-3)


def test_pinv_of_equal_singular_values_is_differentiable_twice():
    x = tw.eye(3)
    second = tw.grad(lambda t: tw.sum(tw.grad(lambda s: tw.sum(tw.pinv(s) ** 2))(t) ** 2))(x).numpy()
    same = tw.grad(lambda t: tw.sum(tw.grad(lambda s: tw.sum(tw.inv(s) ** 2))(t) ** 2))(x).numpy()
    close(second, same, 1e-5)


def test_abstract_shapes_follow_without_data():
    from tensorweb.engine import ABSTRACT

    x = tw.Tensor(ABSTRACT, (2, 4, 3), "float32")
    assert [t.shape for t in tw.svd(x)] == [(2, 4, 4), (2, 3), (2, 3, 3)]
    assert [t.shape for t in tw.qr(x)] == [(2, 4, 3), (2, 3, 3)]
    assert tw.pinv(x).shape == (2, 3, 4)
    assert tw.matrix_rank(x).shape == (2,)
    assert tw.rfft(x)[0].shape == (2, 4, 2)
    assert tw.extract_sequences(x, 2, 1).shape == (2, 4, 2, 2)


def test_stft_and_istft_are_inverse(backend):
    x = tw.tensor(random(2, 20))
    for length, step, n, window in ((8, 2, 8, "hann"), (5, 2, 8, "hamming"), (7, 3, 7, "hann"), (4, 4, 4, tw.ones(4))):
        back = tw.istft(tw.stft(x, length, step, n, window), length, step, n, length=20, window=window)
        close(back.numpy(), x.numpy())
    again = tw.istft(tw.complex(*tw.stft(x, 8, 2, 8)), 8, 2, 8, length=20)
    close(again.numpy(), x.numpy())


def test_a_window_function_of_the_user(backend):
    x = tw.ones(6)
    plain = tw.signal.stft(x, 4, 2, window_fn=lambda n: tw.ones(n))
    assert plain.tolist() == [[4, 0, 0], [4, 0, 0]]


def test_a_long_prime_transform():
    x = random(1009)
    close(tw.fft(tw.tensor(x)).numpy(), np.fft.fft(x), 1e-4)
