"""Linear algebra, also as keras.ops.linalg: factorizations, equations, determinants, bands. Derivatives: `linalg_gradients.py`.

All work on the last two axes; leading axes are a batch. Integers are computed in float32. The algorithms are host routines of
`kernels.routines`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.patterns import Spec
from ..shapes import broadcast
from ..tensor import Tensor, as_tensor
from .contraction import matmul
from .control import jvp  # noqa: F401  (keras.ops.linalg has it)
from .define import Body, composite, op, public
from .primitives import host_routine
from .reduction import norm  # noqa: F401  (keras.ops.linalg has it)
from .shaping import broadcast_to, promote_all, reshape, take_slice, transpose

EPSILON = 2.0**-23  # of float32, in which results are stored

# --- the routines, with the specs of their results ---


def _real(dtype: Any) -> str:
    return "float32" if dtype == "complex64" else dtype


def _qr_specs(x: Spec, full_matrices: bool) -> tuple[Spec, Spec]:
    *batch, m, n = x.shape
    k = m if full_matrices else min(m, n)
    return Spec((*batch, m, k), x.dtype), Spec((*batch, k, n), x.dtype)


def _svd_specs(x: Spec, full_matrices: bool, compute_uv: bool) -> tuple[Spec, ...]:
    *batch, m, n = x.shape
    k = min(m, n)
    values = Spec((*batch, k), _real(x.dtype))
    if not compute_uv:
        return (values,)
    left, right = (m, n) if full_matrices else (k, k)
    return Spec((*batch, m, left), x.dtype), values, Spec((*batch, right, n), x.dtype)


def _lu_specs(x: Spec) -> tuple[Spec, Spec]:
    return x, Spec((*x.shape[:-2], min(x.shape[-2:])), "int32")


def _pinv_specs(x: Spec, rcond: float) -> tuple[Spec]:
    *batch, m, n = x.shape
    return (Spec((*batch, n, m), x.dtype),)


ROUTINES = {
    "cholesky": host_routine("cholesky", lambda x, upper: (x,)),
    "qr": host_routine("qr", _qr_specs),
    "svd": host_routine("svd", _svd_specs),
    "lu_factor": host_routine("lu_factor", _lu_specs),
    "eigh": host_routine("eigh", lambda x: (Spec(x.shape[:-1], _real(x.dtype)), x)),
    "eig": host_routine("eig", lambda x: (Spec(x.shape[:-1], "complex64"), Spec(x.shape, "complex64"))),
    "solve": host_routine("solve", lambda a, b: (b,)),
    "inv": host_routine("inv", lambda x: (x,)),
    "det": host_routine("det", lambda x: (Spec(x.shape[:-2], x.dtype),)),
    "slogdet": host_routine("slogdet", lambda x: (Spec(x.shape[:-2], x.dtype), Spec(x.shape[:-2], _real(x.dtype)))),
    "cofactor": host_routine("cofactor", lambda x: (x,)),
    "pinv": host_routine("pinv", _pinv_specs),
}


def call(name: str, *xs: Any, **attrs: Any) -> Any:
    """Return what a host routine gives on checked tensors."""
    return ROUTINES[name](*xs, static=(tuple(attrs.items()),))


# --- arguments ---


def matrices(x: Any, where: str, square: bool = False) -> Tensor:
    """Return x as floating-point matrices; raise DTypeError for strings, ShapeError for other shapes."""
    x = as_tensor(x, where)
    if x.dtype == "string":
        raise DTypeError(message(where, "numbers", "dtype string", "Strings have no linear algebra."))
    if len(x.shape) < 2:
        raise ShapeError(message(where, "a tensor of rank 2 or more", f"shape {x.shape}", "Reshape it to (..., rows, columns)."))
    if square and x.shape[-1] != x.shape[-2]:
        raise ShapeError(message(where, "square matrices", f"shape {x.shape}", "Use lstsq, pinv or svd for others."))
    return x if dtypes.is_float(x.dtype) else op("cast")(x, "float32")


def _system(a: Any, b: Any, where: str) -> tuple[Tensor, Tensor, bool]:
    """Return the two sides of an equation with equal batch dimensions, b as matrices, and whether it was given as vectors."""
    a, b = matrices(a, where, square=True), as_tensor(b, where)
    if not b.shape:
        raise ShapeError(message(where, "b of rank 1 or more", "a scalar", "Reshape it to (n,) or (n, k)."))
    if b.dtype == "string":
        raise DTypeError(message(where, "numbers", "dtype string", "Strings have no linear algebra."))
    vector = len(b.shape) in (1, len(a.shape) - 1)
    if vector:
        b = reshape(b, (*b.shape, 1))
    if b.shape[-2] != a.shape[-1]:
        shape = b.shape[:-1] if vector else b.shape
        raise ShapeError(message(where, f"b with {a.shape[-1]} rows", f"shape {shape}", f"a has shape {a.shape}."))
    batch = broadcast(where, a.shape[:-2], b.shape[:-2])
    a, b = promote_all([a, b])
    return broadcast_to(a, (*batch, *a.shape[-2:])), broadcast_to(b, (*batch, *b.shape[-2:])), vector


# --- matrices as a whole ---


def swap(x: Any) -> Any:
    """Return the transposes."""
    rank = len(x.shape)
    return transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def adjoint(x: Any) -> Any:
    """Return the conjugated transposes."""
    return swap(op("conjugate")(x) if x.dtype == "complex64" else x)


@lru_cache(maxsize=64)
def _triangle_body(rank: int, below: Any, diagonal: Any, above: Any) -> Body:
    x, gap = e.argument(0), e.coordinate(rank - 2) - e.coordinate(rank - 1)
    parts = [x * factor if factor else e.cast_like(0, x) for factor in (below, diagonal, above)]
    return Body("triangle", [e.where(gap > 0, parts[0], e.where(e.equal(gap, 0), parts[1], parts[2]))], [x])


def triangle(x: Any, below: float, diagonal: float, above: float) -> Any:
    """Return x with the parts below, on and above the diagonal weighed; what weighs 0 is dropped, NaN too."""
    return engine.run(_triangle_body(len(x.shape), below, diagonal, above), (x,))


def identity(n: int, dtype: str) -> Any:
    """Return the unit matrix."""
    return triangle(op("ones")((n, n), dtype), 0, 1, 0)


def columns(x: Any) -> Any:
    """Return [..., k] as [..., 1, k], to weigh the columns of a matrix."""
    return reshape(x, (*x.shape[:-1], 1, x.shape[-1]))


def diagonals(x: Any) -> Any:
    """Return the diagonals [..., n] of [..., n, n]."""
    return op("sum")(triangle(x, 0, 1, 0), axis=-1)


@lru_cache(maxsize=64)
def _band_body(rank: int) -> Body:
    x, lower, upper = (e.argument(i) for i in range(3))
    gap = e.coordinate(rank - 2) - e.coordinate(rank - 1)
    inside = e.logical_and(e.logical_or(lower < 0, gap <= lower), e.logical_or(upper < 0, -gap <= upper))
    return Body("band_part", [e.where(inside, x, e.cast_like(0, x))], [x, lower, upper])


@composite(namespace="linalg")
def band_part(x: Any, num_lower: int, num_upper: int) -> Any:
    """Return x with all set to zero but `num_lower` subdiagonals, the diagonal and `num_upper` superdiagonals; -1 keeps all.

    Raises ArgumentError for counts that are more than there are rows or columns. TensorFlow.js's linalg.bandPart.
    """
    x = as_tensor(x, "band_part")
    if len(x.shape) < 2:
        raise ShapeError(message("band_part", "a tensor of rank 2 or more", f"shape {x.shape}", "Reshape it to (..., rows, columns)."))
    limits = []
    for value, name, most in ((num_lower, "num_lower", x.shape[-2]), (num_upper, "num_upper", x.shape[-1])):
        count = as_count(value, "band_part", name)
        if count > most:
            raise ArgumentError(message("band_part", f"{name} of at most {most}", count, "Pass -1 to keep all."))
        limits.append(count)
    return engine.run(_band_body(len(x.shape)), (x, *limits))


def as_count(value: Any, where: str, name: str) -> int:
    """Return an integer argument; raise ArgumentError if it is none."""
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise ArgumentError(message(where, f"an integer for `{name}`", repr(value), "Pass an int.")) from None


@composite(namespace="linalg")
def gram_schmidt(xs: Any) -> Any:
    """Return vectors made orthonormal one after the other, by the modified Gram-Schmidt process.

    xs: a tensor of shape (k, n) or a list of k vectors of length n, k at most n; the result is of the same kind. Raises
    ShapeError. TensorFlow.js's linalg.gramSchmidt.
    """
    listed = isinstance(xs, (list, tuple)) and all(isinstance(x, Tensor) for x in xs)
    if listed and any(x.shape != xs[0].shape or len(x.shape) != 1 for x in xs):
        raise ShapeError(message("gram_schmidt", "vectors of one length", [x.shape for x in xs], "Pad or cut them."))
    rows = list(xs) if listed else _rows(xs)
    if rows and len(rows) > rows[0].shape[0]:
        raise ShapeError(message("gram_schmidt", f"at most {rows[0].shape[0]} vectors of that length", len(rows), "Pass fewer."))
    done: list[Any] = []
    for x in rows:
        for y in done:
            x = x - op("sum")(x * y) * y
        done.append(x / op("sqrt")(op("sum")(x * x)))
    return done if listed else op("stack")(done) if done else as_tensor(xs, "gram_schmidt")


def _rows(xs: Any) -> list[Any]:
    x = matrices(xs, "gram_schmidt")
    if len(x.shape) != 2:
        raise ShapeError(message("gram_schmidt", "a matrix or a list of vectors", f"shape {x.shape}", "Pass one matrix."))
    return [reshape(take_slice(x, (i, 0), (1, x.shape[1]), (1, 1)), -1) for i in range(x.shape[0])]


# --- factorizations ---


@public("routine")
def cholesky(x: Any, upper: bool = False) -> Any:
    """Return the lower triangular L with x = L L^H, or the upper triangular U with x = U^H U.

    x: (..., n, n), Hermitian and positive definite; only the triangle asked for is read. Raises ArgumentError where it is not
    positive definite. keras.ops.cholesky.

    >>> import tensorweb as tw
    >>> tw.cholesky(tw.tensor([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    return call("cholesky", matrices(x, "cholesky", square=True), upper=bool(upper))


@composite
def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """Return the inverse of the matrix whose Cholesky factor is x (..., n, n). keras.ops.cholesky_inverse."""
    x = matrices(x, "cholesky_inverse", square=True)
    inverse = solve_triangular(x, broadcast_to(identity(x.shape[-1], x.dtype), x.shape), lower=not upper)
    return matmul(inverse, adjoint(inverse)) if upper else matmul(adjoint(inverse), inverse)


@public("routine")
def qr(x: Any, mode: str = "reduced") -> Any:
    """Return (q, r) with x = q r, the columns of q orthonormal and r upper triangular.

    x: (..., m, n); q: (..., m, k), r: (..., k, n) with k = min(m, n), or k = m where mode is "complete". Signs are LAPACK's.
    keras.ops.qr, TensorFlow.js's linalg.qr (whose fullMatrices is "complete").

    >>> import tensorweb as tw
    >>> q, r = tw.qr(tw.tensor([[3.0, 1.0], [4.0, 2.0], [0.0, 2.0]]))
    >>> q.shape, r.shape
    ((3, 2), (2, 2))
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(message("qr", "mode reduced or complete", repr(mode), "Choose one."))
    return call("qr", matrices(x, "qr"), full_matrices=mode == "complete")


@public("routine", gradient="none")
def lu_factor(x: Any) -> Any:
    """Return (lu, pivots): x's factors in one matrix, and with which row each row was exchanged, in order, as int32.

    x: (..., m, n); L has ones on its diagonal, which are left out. keras.ops.lu_factor, scipy.linalg.lu_factor.
    """
    return call("lu_factor", matrices(x, "lu_factor"))


@public("routine")
def eigh(x: Any) -> Any:
    """Return (w, v): the eigenvalues of Hermitian matrices in ascending order, and the eigenvectors as columns.

    x: (..., n, n), of which the lower triangle is read; w: (..., n); v: (..., n, n), the leading component of each column real
    and positive. Raises ArgumentError on NaN and infinity. keras.ops.eigh.

    >>> import tensorweb as tw
    >>> tw.eigh(tw.tensor([[1.0, 0.0], [0.0, -3.0]]))[0].tolist()
    [-3.0, 1.0]
    """
    return call("eigh", matrices(x, "eigh", square=True))


@public("routine")
def eig(x: Any) -> Any:
    """Return (w, v): the eigenvalues in no particular order, and the eigenvectors as columns of length 1, both complex64.

    x: (..., n, n); w: (..., n); v: (..., n, n). Raises ArgumentError on NaN and infinity. keras.ops.eig.
    """
    return call("eig", matrices(x, "eig", square=True))


@public("routine")
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return (u, s, vh) with x = u diag(s) vh, or s alone unless `compute_uv`; s descends.

    x: (..., m, n), k = min(m, n); s: (..., k); u: (..., m, m) and vh: (..., n, n), or (..., m, k) and (..., k, n) unless
    `full_matrices`. The leading component of the rows of vh is real and positive. Raises ArgumentError on NaN and infinity.
    keras.ops.svd.

    >>> import tensorweb as tw
    >>> tw.svd(tw.tensor([[0.0, 2.0], [3.0, 0.0]]), compute_uv=False).tolist()
    [3.0, 2.0]
    """
    return call("svd", matrices(x, "svd"), full_matrices=bool(full_matrices), compute_uv=bool(compute_uv))


# --- equations ---


@public("routine")
def solve(a: Any, b: Any) -> Any:
    """Return x with a x = b.

    a: (..., n, n); b and x: (..., n, k), or vectors (..., n) where b has one dimension less than a. Batch dimensions broadcast.
    Raises ArgumentError where a is singular, ShapeError. keras.ops.solve.

    >>> import tensorweb as tw
    >>> tw.solve(tw.tensor([[2.0, 0.0], [0.0, 4.0]]), tw.tensor([2.0, 2.0])).tolist()
    [1.0, 0.5]
    """
    a, b, vector = _system(a, b, "solve")
    x = call("solve", a, b)
    return reshape(x, x.shape[:-1]) if vector else x


@composite
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Any:
    """Return x with a x = b for triangular a, of which the other triangle is not read. Shapes as in `solve`.

    Raises ArgumentError where a has a zero on its diagonal. keras.ops.solve_triangular.
    """
    a, b, vector = _system(a, b, "solve_triangular")
    try:
        if lower:
            # Both axes reversed, a lower triangle is an upper one, for which elimination has nothing to do and exchanges nothing.
            turned = op("flip")(triangle(a, 1, 1, 0), axis=(-2, -1))
            x = op("flip")(call("solve", turned, op("flip")(b, axis=-2)), axis=-2)
        else:
            x = call("solve", triangle(a, 0, 1, 1), b)
    except ArgumentError as error:
        raise ArgumentError(f"solve_triangular{str(error).removeprefix('solve')}") from None
    return reshape(x, x.shape[:-1]) if vector else x


@public("routine")
def inv(x: Any) -> Any:
    """Return the inverses of x (..., n, n). Raises ArgumentError where one is singular. keras.ops.inv.

    >>> import tensorweb as tw
    >>> tw.inv(tw.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return call("inv", matrices(x, "inv", square=True))


@public("routine")
def pinv(x: Any, rcond: float | None = None) -> Any:
    """Return the Moore-Penrose inverses (..., n, m) of x (..., m, n).

    Singular values up to rcond times the largest count as zero; by default rcond is 10 max(m, n) times float32's epsilon.
    The derivative takes those for zero, and holds where the rank does not change. keras.ops.pinv.
    """
    x = matrices(x, "pinv")
    return call("pinv", x, rcond=10 * max(x.shape[-2:]) * EPSILON if rcond is None else float(rcond))


@composite
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """Return the x of least norm that minimizes the norm of a x - b.

    a: (m, n); b: (m,) or (m, k); x: (n,) or (n, k). Singular values up to rcond times the largest count as zero; by default, and
    if rcond is negative, that is float32's epsilon times max(m, n). keras.ops.lstsq.
    """
    a, b = matrices(a, "lstsq"), as_tensor(b, "lstsq")
    if len(a.shape) != 2 or len(b.shape) not in (1, 2):
        raise ShapeError(message("lstsq", "a of rank 2 and b of rank 1 or 2", f"{a.shape} and {b.shape}", "Pass one system at a time."))
    if a.shape[0] != b.shape[0]:
        raise ShapeError(message("lstsq", f"b with {a.shape[0]} rows", f"shape {b.shape}", f"a has shape {a.shape}."))
    cut = max(a.shape) * EPSILON if rcond is None or rcond < 0 else rcond
    return matmul(pinv(a, cut), b)


@composite(gradient="none")
def matrix_rank(x: Any, tol: float | None = None) -> Any:
    """Return the number of singular values above `tol`, as int32 of shape (...).

    x: (..., m, n); by default tol is max(m, n) times float32's epsilon times the largest singular value. keras.ops.matrix_rank.

    >>> import tensorweb as tw
    >>> int(tw.matrix_rank(tw.tensor([[1.0, 2.0], [2.0, 4.0]])))
    1
    """
    x = matrices(x, "matrix_rank")
    if not min(x.shape[-2:]):
        return op("zeros")(x.shape[:-2], "int32")
    s = svd(x, compute_uv=False)
    if tol is None:
        tol = op("max")(s, axis=-1, keepdims=True) * (max(x.shape[-2:]) * EPSILON)
    return op("sum")(op("cast")(op("greater")(s, tol), "int32"), axis=-1)


# --- determinants ---


@public("routine")
def det(x: Any) -> Any:
    """Return the determinants, of shape (...), of x (..., n, n). keras.ops.det.

    >>> import tensorweb as tw
    >>> float(tw.det(tw.tensor([[2.0, 1.0], [0.0, 4.0]])))
    8.0
    """
    return call("det", matrices(x, "det", square=True))


@public("routine")
def slogdet(x: Any) -> Any:
    """Return (sign, logarithm of the magnitude) of the determinants of x (..., n, n): 0 and -inf where singular.

    The derivative is that of the logarithm. keras.ops.slogdet.
    """
    return call("slogdet", matrices(x, "slogdet", square=True))


@composite
def logdet(x: Any) -> Any:
    """Return the logarithm of the determinants of Hermitian positive definite x (..., n, n). Raises as cholesky. keras.ops.logdet."""
    factor = diagonals(cholesky(matrices(x, "logdet", square=True)))
    return 2.0 * op("sum")(op("log")(op("real")(factor) if factor.dtype == "complex64" else factor), axis=-1)
