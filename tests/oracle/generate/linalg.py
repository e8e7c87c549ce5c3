"""Oracle cases of linear algebra. Signs of vectors are made the library's; what is not determined further (eig's order, the columns
that complete a basis, complex phases) is tested by its properties in tests/unit/test_linalg.py."""

import numpy as np
import scipy.linalg
import tensorflow as tf

from .common import Cases, values

cases = Cases("linalg")


def square(*shape, seed=0, dtype="float32"):
    """Return matrices far from singular."""
    return (values(*shape, seed=seed, dtype=dtype) + 3 * np.eye(shape[-1])).astype(dtype)


def positive(*shape, seed=0, dtype="float32"):
    """Return Hermitian positive definite matrices."""
    x = values(*shape, seed=seed, dtype=dtype)
    return (x @ np.swapaxes(x.conj(), -1, -2) + np.eye(shape[-1])).astype(dtype)


def empty(*shape):
    """Return a float32 array without elements."""
    return np.zeros(shape, "float32")


def wide(x):
    """Return an array in double precision."""
    return np.asarray(x).astype("complex128" if np.asarray(x).dtype.kind == "c" else "float64")


SQUARES = [(1, 1), (2, 2), (3, 3), (4, 4), (2, 3, 3), (2, 1, 2, 2), (1, 2, 1, 2, 2), (1, 1, 2, 1, 2, 2)]
ANY = [(2, 2), (3, 2), (2, 3), (4, 1), (1, 3), (4, 3), (2, 3, 2), (1, 2, 2, 3), (2, 1, 1, 1, 3, 2)]
WHOLE = np.array([[2, 1], [1, 3]], "int32")

# --- one square matrix ---
ONE = {
    "inv": (square, np.linalg.inv),
    "det": (square, np.linalg.det),
    "slogdet": (square, lambda x: tuple(np.linalg.slogdet(x))),
    "cholesky": (positive, np.linalg.cholesky),
    "logdet": (positive, lambda x: np.linalg.slogdet(x)[1]),
    "cholesky_inverse": (lambda *s, **k: np.tril(square(*s, **k)), lambda x: np.linalg.inv(np.tril(x) @ np.swapaxes(np.tril(x), -1, -2))),
}
for name, (make, reference) in ONE.items():
    for i, shape in enumerate(SQUARES):
        cases.add(name, make(*shape, seed=i))
    found = reference(wide(WHOLE))
    cases.add(name, WHOLE, expected=tuple(map(np.float32, found)) if name == "slogdet" else np.float32(found))
    cases.add(name, WHOLE.astype("float32"))
    cases.add(name, empty(0, 0), expected=reference(empty(0, 0)))
    cases.add(name, empty(0, 2, 2), expected=reference(empty(0, 2, 2)))
for shape in [(2, 2), (2, 3, 3)]:
    x = square(*shape, dtype="complex64")
    cases.add("inv", x)
    cases.add("cholesky", positive(*shape, dtype="complex64"), reference=tf.linalg.cholesky)
    cases.add("det", x, gradient=0, note="TensorFlow's gradient lacks a conjugate")
    cases.add("slogdet", x, expected=tuple(np.linalg.slogdet(x)), note="TensorFlow's logarithm is complex")
    cases.add("logdet", positive(*shape, dtype="complex64"), gradient=0, reference=lambda x: tf.math.real(tf.linalg.logdet(x)))
    x = positive(*shape)
    cases.add("cholesky", x, upper=True)
    cases.add("cholesky", x, upper=False)
    cases.add("cholesky_inverse", np.triu(square(*shape)), upper=True)
    cases.add("cholesky_inverse", np.tril(square(*shape)), upper=False)
for x in ([[1, 2], [2, 4]], [[0, 0], [0, 0]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]]):
    x = np.array(x, "float32")
    n = range(len(x))
    cofactors = np.array([[np.linalg.det(np.delete(np.delete(wide(x), i, 0), j, 1)) * (-1) ** (i + j) for j in n] for i in n])
    cases.add("det", x, expected=np.float32(0), note="singular: the derivative is the matrix of cofactors, which TensorFlow does not find")
    cases.cases[-1]["grads"] = [{"t": cofactors.reshape(-1).tolist(), "s": list(x.shape), "d": "float32"}]
cases.add("slogdet", np.array([[1, 2], [2, 4]], "float32"), expected=(np.float32(0), np.float32(-np.inf)))
cases.add("slogdet", (1e20 * np.eye(3)).astype("float32"))
cases.add("inv", (np.eye(3) * [1e-20, 1, 1e20]).astype("float32"), gradient=0)

# --- equations ---


def broadcasting(solver):
    """Return the reference with NumPy's broadcasting of batch dimensions, which TensorFlow lacks."""

    def solve(a, b, **kwargs):
        vector = len(b.shape) in (1, len(a.shape) - 1)
        b = b[..., None] if vector else b
        batch = tf.broadcast_static_shape(a.shape[:-2], b.shape[:-2])
        x = solver(tf.broadcast_to(a, [*batch, *a.shape[-2:]]), tf.broadcast_to(b, [*batch, *b.shape[-2:]]), **kwargs)
        return x[..., 0] if vector else x

    return solve


PAIRS = [((1, 1), (1,)), ((2, 2), (2,)), ((3, 3), (3, 2)), ((3, 3), (3, 1)), ((2, 2, 2), (2, 2)), ((2, 2, 2), (2, 2, 1)), ((2, 2, 2), (2,))]
PAIRS += [((2, 2), (3, 2, 1)), ((1, 2, 2), (3, 2, 2)), ((2, 1, 2, 2), (1, 3, 2, 1)), ((1, 1, 2, 1, 2, 2), (1, 1, 2, 1, 2, 2))]
for left, right in PAIRS:
    a, b = square(*left), values(*right, seed=5)
    cases.add("solve", a, b, reference=broadcasting(tf.linalg.solve))
    for lower in (False, True):
        cases.add("solve_triangular", a, b, lower=lower, reference=broadcasting(tf.linalg.triangular_solve))
for dtype in ("complex64",):
    a, b = square(3, 3, dtype=dtype), values(3, 2, dtype=dtype)
    cases.add("solve", a, b)
    cases.add("solve_triangular", a, b)
    cases.add("solve_triangular", a, b, lower=True)
cases.add("solve", WHOLE, np.array([1, 2], "int32"), expected=np.linalg.solve(wide(WHOLE), [1.0, 2.0]))
cases.add("solve_triangular", WHOLE, np.array([1, 2], "int32"), lower=True, expected=np.float32([0.5, 0.5]))
cases.add("solve", np.array([[0, 1], [1, 0]], "float32"), np.array([1, 2], "float32"), note="needs an exchange of rows")
for shape in [(0, 0), (0, 2, 2)]:
    b = empty(*shape[:-1], 2)
    cases.add("solve", empty(*shape), b, expected=b)
    cases.add("solve_triangular", empty(*shape), b, expected=b)

for i, shape in enumerate(ANY):
    cases.add("pinv", values(*shape, seed=i))
    cases.add("matrix_rank", values(*shape, seed=i), gradient=0)
    if len(shape) == 2:
        cases.add("lstsq", values(*shape, seed=i), values(shape[0], seed=1))
        cases.add("lstsq", values(*shape, seed=i), values(shape[0], 2, seed=1))
deficient = np.array([[1, 2], [2, 4], [3, 6]], "float32")
for rcond in (None, 1e-3, 0.5):
    want = np.linalg.pinv(wide(deficient), 1e-6 if rcond is None else rcond)
    cases.add("pinv", deficient, rcond=rcond, expected=want)
    cases.add("lstsq", deficient, np.float32([1, 2, 4]), rcond=rcond, expected=want @ [1.0, 2.0, 4.0])
cases.add("lstsq", values(3, 2), values(3), rcond=-1.0)
want = np.linalg.pinv(wide(deficient), 1e-6) @ [1.0, 2.0, 4.0]
cases.add("lstsq", deficient.astype("int32"), np.array([1, 2, 4], "int32"), expected=want)
graded = np.diag(np.float32([4, 2, 1]))
for rcond in (0.1, 0.3, 0.6):
    # Where a large value is cut the library differentiates as if it were zero, as JAX does; TensorFlow does not.
    order = 2 if rcond == 0.1 else 0
    cases.add("pinv", graded, rcond=rcond, gradient=order)
    cases.add("lstsq", graded, np.float32([1, 1, 1]), rcond=rcond, gradient=order)
cases.add("pinv", np.eye(3, dtype="float32"), reference=tf.linalg.inv, gradient=1, note="equal singular values; TensorFlow's pinv has none")
cases.add("pinv", empty(2, 0), expected=empty(0, 2))
cases.add("pinv", WHOLE, expected=np.linalg.pinv(wide(WHOLE)))
cases.add("pinv", values(3, 2, dtype="complex64"), expected=np.linalg.pinv(wide(values(3, 2, dtype="complex64"))))
for x, tol in ((deficient, None), (graded, 1.5), (graded, 5.0), (graded, None), (WHOLE, None), (np.zeros((2, 3), "float32"), None)):
    cases.add("matrix_rank", x, tol=tol, expected=np.int32(np.linalg.matrix_rank(wide(x), tol if tol else 1e-5)))
for shape in [(0, 2), (3, 0, 2), (0, 2, 2)]:
    cases.add("matrix_rank", empty(*shape), expected=np.zeros(shape[:-2], "int32"))

# --- factorizations ---
for i, shape in enumerate(ANY + [(3, 3), (2, 4), (2, 2, 2)]):
    cases.add("qr", values(*shape, seed=i))
    if shape[-2] <= shape[-1]:
        cases.add("qr", values(*shape, seed=i), mode="complete")
    else:
        cases.add("qr", values(*shape, seed=i), mode="complete", expected=tuple(np.linalg.qr(wide(values(*shape, seed=i)), "complete")))
cases.add("qr", values(3, 2, dtype="complex64"), mode="reduced")
cases.add("qr", values(2, 2, dtype="complex64"), mode="reduced", gradient=1)
cases.add("qr", WHOLE, expected=tuple(np.linalg.qr(wide(WHOLE))))
cases.add("qr", np.zeros((3, 2), "float32"), expected=tuple(np.linalg.qr(np.zeros((3, 2)))))
cases.add("qr", empty(0, 2, 3), expected=(empty(0, 2, 2), empty(0, 2, 3)))
cases.add("qr", empty(3, 0), expected=(empty(3, 0), empty(0, 0)))


def lu(x):
    """Return scipy.linalg.lu_factor of each matrix."""
    flat = wide(x).reshape(-1, *x.shape[-2:])
    made = [scipy.linalg.lu_factor(a) for a in flat]
    k = min(x.shape[-2:])
    return np.array([m[0] for m in made]).reshape(x.shape), np.array([m[1] for m in made], "int32").reshape(*x.shape[:-2], k)


for i, shape in enumerate(ANY + SQUARES):
    cases.add("lu_factor", values(*shape, seed=i), expected=lu(values(*shape, seed=i)))
cases.add("lu_factor", values(3, 3, dtype="complex64"), expected=lu(values(3, 3, dtype="complex64")))
cases.add("lu_factor", WHOLE, expected=lu(WHOLE))


def unit(vectors, axis):
    """Return the signs that make each vector's leading component positive."""
    sizes = tf.abs(vectors)
    fits = tf.cast(sizes >= 0.99 * tf.reduce_max(sizes, axis, keepdims=True), tf.int32)
    lead = tf.one_hot(tf.argmax(fits, axis), vectors.shape[axis], axis=len(vectors.shape) + axis, dtype=vectors.dtype)
    return tf.stop_gradient(tf.sign(tf.reduce_sum(vectors * lead, axis, keepdims=True)))


def eigh(x):
    """Return TensorFlow's eigh with the library's signs."""
    w, v = tf.linalg.eigh(x)
    return w, v * unit(v, -2)


def svd(x, full_matrices=True, compute_uv=True):
    """Return TensorFlow's svd in Keras's order with the library's signs."""
    if not compute_uv:
        return tf.linalg.svd(x, compute_uv=False)
    s, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    turn = unit(v, -2)
    return u * turn, s, tf.linalg.adjoint(v * turn)


for i, shape in enumerate(SQUARES):
    cases.add("eigh", positive(*shape, seed=i), reference=eigh)
    cases.add("eigh", values(*shape, seed=i), reference=eigh, note="only the lower triangle is read")
    cases.add("svd", values(*shape, seed=i), reference=svd)
for i, shape in enumerate(ANY):
    cases.add("svd", values(*shape, seed=i), full_matrices=False, reference=svd)
    cases.add("svd", values(*shape, seed=i), compute_uv=False, reference=svd)
    cases.add("svd", values(*shape, seed=i), full_matrices=False, compute_uv=False, reference=svd)
cases.add("eigh", WHOLE, expected=tuple(t.numpy() for t in eigh(tf.constant(wide(WHOLE)))))
cases.add("eigh", np.diag(np.float32([3, -1, 2])), reference=eigh)
cases.add("svd", WHOLE, compute_uv=False, expected=np.linalg.svd(wide(WHOLE), compute_uv=False))
cases.add("svd", values(3, 2, dtype="complex64"), compute_uv=False, gradient=0)
cases.add("svd", np.zeros((2, 3), "float32"), compute_uv=False, expected=np.zeros(2, "float32"))
cases.add("svd", np.float32([[1e30, 0], [0, 1e-30]]), compute_uv=False, gradient=0)
cases.add("svd", empty(0, 2, 3), compute_uv=False, expected=empty(0, 2))
cases.add("eigh", empty(0, 2, 2), expected=(empty(0, 2), empty(0, 2, 2)))
for i in range(3):
    x = values(2 + i, 1, 1, seed=i)
    cases.add("eig", x, expected=(x[..., 0].astype("complex64"), np.ones(x.shape, "complex64")))
cases.add("eig", np.float32([[2, 0], [0, 2]]), expected=(np.complex64([2, 2]), np.eye(2, dtype="complex64")))
cases.add("eig", empty(0, 2, 2), expected=(np.zeros((0, 2), "complex64"), np.zeros((0, 2, 2), "complex64")))

# --- TensorFlow.js ---
for shape in [(3, 3), (2, 4), (4, 2), (1, 1), (2, 3, 2), (1, 2, 1, 2, 3)]:
    for lower, upper in [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1), (-1, -1), (1, 1)]:
        if lower <= shape[-2] and upper <= shape[-1]:
            cases.add("linalg.band_part", values(*shape), lower, upper, reference=tf.linalg.band_part)
cases.add("linalg.band_part", values(3, 3, low=-9, high=9, dtype="int32"), 1, 0, reference=tf.linalg.band_part)
cases.add("linalg.band_part", values(3, 3, dtype="complex64"), 0, 1, reference=tf.linalg.band_part)
cases.add("linalg.band_part", np.float32([[1, np.nan], [np.inf, 2]]), 0, 0, reference=tf.linalg.band_part, gradient=0)
cases.add("linalg.band_part", empty(0, 3), 0, 0, expected=empty(0, 3))
cases.add("linalg.band_part", values(3, 2, dtype="bool"), num_lower=0, num_upper=1, reference=tf.linalg.band_part)


def gram_schmidt(xs):
    """Return the orthonormal vectors, made one after the other."""
    done = []
    for x in [xs[i] for i in range(len(xs))]:
        for y in done:
            x -= tf.reduce_sum(x * y) * y
        done.append(x / tf.norm(x))
    return done if isinstance(xs, list) else tf.stack(done)


for shape in [(1, 1), (1, 3), (2, 2), (2, 3), (3, 3), (3, 4), (2, 5)]:
    x = values(*shape, seed=3)
    # The last of as many vectors as dimensions is determined up to its sign: its gradient is zero, and rounding is all there is.
    order = 2 if shape[0] < shape[1] else 0
    cases.add("linalg.gram_schmidt", x, reference=gram_schmidt, gradient=order)
    cases.add("linalg.gram_schmidt", list(x), reference=gram_schmidt, gradient=order)
