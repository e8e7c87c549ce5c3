"""The derivatives of the linear-algebra routines, made of ops so that they have derivatives themselves. The ops: `linalg.py`.

Sources: M. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation"
(2008); S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions" (2010); D. Roberts and L. Roberts,
"QR and LQ decomposition matrix backpropagation algorithms" (arXiv 2009.10071); J. Townsend, "Differentiating the singular value
decomposition" (2016); Z. Wan and S. Zhang (arXiv 1909.02659) for the complex one; C. Boeddeker et al. (arXiv 1701.00392) for eig;
G. Golub and V. Pereyra (SIAM J. Numer. Anal. 10, 1973) for the pseudoinverse. Complex gradients are conjugated as in TensorFlow.

Vectors that are determined up to a phase or up to a rotation (complex singular vectors, those of equal eigenvalues, the columns
that complete a basis) have derivatives for functions that do not depend on that choice.
"""

from __future__ import annotations

from typing import Any

from .. import engine
from ..kernels import expression as e
from .contraction import matmul
from .define import Body, op
from .linalg import ROUTINES, adjoint, call, columns, diagonals, identity, solve_triangular, triangle
from .shaping import reshape, take_slice

CLOSE = 1e-6  # two values whose relative gap float32 does not resolve count as equal


def _zeros(spec: Any) -> Any:
    return op("zeros")(spec.shape, spec.dtype)


def _like(x: Any, other: Any) -> Any:
    return x if x.dtype == other.dtype else op("cast")(x, other.dtype)


def _part(x: Any, axis: int, start: int, stop: int) -> Any:
    """Return x[start:stop] along one of the last two axes."""
    rank = len(x.shape)
    at = rank + axis
    first = [start if i == at else 0 for i in range(rank)]
    shape = [stop - start if i == at else d for i, d in enumerate(x.shape)]
    return take_slice(x, first, shape, [1] * rank)


def _scalars(x: Any) -> Any:
    """Return [...] as [..., 1, 1]."""
    return reshape(x, (*x.shape, 1, 1))


def _inverse_gap_body() -> Body:
    a, b = e.argument(0), e.argument(1)
    gap = b - a
    equal = e.absolute(gap) <= CLOSE * (e.absolute(a) + e.absolute(b))
    return Body("inverse_gap", [e.where(equal, 0.0, 1.0 / e.where(equal, 1.0, gap))], [a, b])


_INVERSE_GAP = _inverse_gap_body()


def _inverse_gaps(w: Any) -> Any:
    """Return F with F[i, j] = 1 / (w[j] - w[i]), and 0 where they are equal."""
    return engine.run(_INVERSE_GAP, (reshape(w, (*w.shape, 1)), columns(w)))


def _reciprocal(s: Any) -> Any:
    return op("divide_no_nan")(1.0, s)


# --- equations and determinants ---


@ROUTINES["solve"].vjp(inputs=(0,), outputs=(0,))
def _solve(node: Any, g: Any) -> Any:
    back = call("solve", adjoint(node.inputs[0]), g)
    return -matmul(back, adjoint(node.outputs[0])), back


@ROUTINES["inv"].vjp(outputs=(0,))
def _inv(node: Any, g: Any) -> Any:
    back = adjoint(node.outputs[0])
    return -matmul(back, matmul(g, back))


@ROUTINES["pinv"].vjp(inputs=(0,), outputs=(0,))
def _pinv(node: Any, g: Any) -> Any:
    x, y = node.inputs[0], node.outputs[0]
    yh, gh = adjoint(y), adjoint(g)
    beside = gh - matmul(x, matmul(y, gh))
    below = gh - matmul(matmul(gh, y), x)
    return matmul(matmul(beside, y), yh) + matmul(yh, matmul(y, below)) - matmul(yh, matmul(g, yh))


@ROUTINES["det"].vjp(inputs=(0,))
def _det(node: Any, g: Any) -> Any:
    # Cofactors rather than det * inverse: they exist where x is singular too.
    return _scalars(g) * call("cofactor", node.inputs[0])


@ROUTINES["cofactor"].vjp(inputs=(0,), outputs=(0,))
def _cofactor(node: Any, g: Any) -> Any:
    x, y = node.inputs[0], node.outputs[0]
    conjugated = op("conjugate")(g) if g.dtype == "complex64" else g
    weight = op("sum")(conjugated * y, axis=(-2, -1), keepdims=True)
    return matmul(weight * identity(x.shape[-1], x.dtype) - matmul(y, adjoint(g)), adjoint(call("inv", x)))


@ROUTINES["slogdet"].vjp(inputs=(0,))
def _slogdet(node: Any, _: Any, g: Any) -> Any:
    x = node.inputs[0]
    return None if g is None else _scalars(_like(g, x)) * adjoint(call("inv", x))


# --- cholesky, qr ---


@ROUTINES["cholesky"].vjp(outputs=(0,))
def _cholesky(node: Any, g: Any) -> Any:
    ((_, upper),) = node.static[0]
    lower = adjoint(node.outputs[0]) if upper else node.outputs[0]
    if upper:
        g = adjoint(g)
    middle = triangle(matmul(adjoint(lower), g), 1, 0.5, 0)
    back = adjoint(lower)
    half = solve_triangular(back, adjoint(solve_triangular(back, adjoint(middle))))
    return 0.5 * (half + adjoint(half))


def _times_inverse(x: Any, r: Any) -> Any:
    """Return x r^-H for an upper triangular r."""
    return adjoint(solve_triangular(r, adjoint(x)))


def _tall_qr(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """Return the gradient for at least as many rows as columns, q reduced."""
    inner = matmul(adjoint(q), gq)
    outer = matmul(r, adjoint(gr))
    lower = triangle(inner - adjoint(inner) + outer - adjoint(outer), 1, 1, 0)
    found = matmul(q, gr + _times_inverse(lower, r)) + _times_inverse(gq - matmul(q, inner), r)
    if q.dtype == "complex64":
        diagonal = triangle(outer - adjoint(inner), 0, 1, 0)
        turn = diagonal - _like(op("real")(diagonal), q)
        found = found + _times_inverse(matmul(q, adjoint(turn)), r)
    return found


@ROUTINES["qr"].vjp(inputs=(0,), outputs=(0, 1))
def _qr(node: Any, gq: Any, gr: Any) -> Any:
    x, (q, r) = node.inputs[0], node.outputs
    gq, gr = _zeros(q) if gq is None else gq, _zeros(r) if gr is None else gr
    m, n = x.shape[-2:]
    if m < n:
        # x = [a, b] and r = [u, v]: v = q^H b, so that what v receives goes to b and to q.
        gv, u = _part(gr, -1, m, n), _part(r, -1, 0, m)
        gq = gq + matmul(_part(x, -1, m, n), adjoint(gv))
        return op("concatenate")([_tall_qr(q, u, gq, _part(gr, -1, 0, m)), matmul(q, gv)], axis=-1)
    if q.shape[-1] > n:
        # The columns that complete the basis turn against the others: dp = -q dq^H p.
        p, gp = _part(q, -1, n, m), _part(gq, -1, n, m)
        q, gq = _part(q, -1, 0, n), _part(gq, -1, 0, n)
        gq = gq - matmul(p, matmul(adjoint(gp), q))
        r, gr = _part(r, -2, 0, n), _part(gr, -2, 0, n)
    return _tall_qr(q, r, gq, gr)


# --- eigenvalues ---


@ROUTINES["eigh"].vjp(inputs=(), outputs=(0, 1))
def _eigh(node: Any, gw: Any, gv: Any) -> Any:
    w, v = node.outputs
    inner = triangle(columns(_like(gw, v)) + _zeros(v), 0, 1, 0) if gw is not None else _zeros(v)
    if gv is not None:
        inner = inner + _like(_inverse_gaps(w), v) * matmul(adjoint(v), gv)
    found = matmul(v, matmul(inner, adjoint(v)))
    # The lower triangle stands for both.
    return triangle(found + adjoint(found), 1, 0.5, 0)


@ROUTINES["eig"].vjp(outputs=(0, 1))
def _eig(node: Any, gw: Any, gv: Any) -> Any:
    w, v = node.outputs
    vh = adjoint(v)
    inner = triangle(columns(gw) + _zeros(v), 0, 1, 0) if gw is not None else _zeros(v)
    if gv is not None:
        projected = matmul(vh, gv)
        # Columns keep the length 1: what points along them does not count.
        along = _like(op("real")(columns(diagonals(projected))), v)
        gaps = reshape(w, (*w.shape, 1)), columns(w)
        inverse = op("conjugate")(op("divide_no_nan")(1.0, gaps[1] - gaps[0]))
        inner = inner + inverse * (projected - matmul(vh, v) * along)
    found = call("solve", vh, matmul(inner, vh))
    real = node.inputs[0].dtype
    return found if real == "complex64" else op("cast")(op("real")(found), real)


# --- singular values ---


def _skew(gaps: Any, u: Any, gu: Any) -> Any:
    inner = matmul(adjoint(u), gu)
    return gaps * (inner - adjoint(inner))


def _outside(u: Any, gu: Any, k: int) -> tuple[Any, Any, Any]:
    """Return the first k columns of u and of its gradient, and the part of the gradient that leaves their span.

    The columns beyond k that complete the basis turn against the first: dp = -u du^H p.
    """
    m, width = u.shape[-2:]
    extra = None
    if width > k:
        p, gp = _part(u, -1, k, width), _part(gu, -1, k, width)
        u, gu = _part(u, -1, 0, k), _part(gu, -1, 0, k)
        extra = matmul(p, matmul(adjoint(gp), u))
    if m == k:
        return u, gu, None
    found = gu - matmul(u, matmul(adjoint(u), gu))
    return u, gu, found - extra if extra is not None else found


@ROUTINES["svd"].vjp(inputs=(0,), outputs=(0, 1, 2))
def _svd(node: Any, *gradients: Any) -> Any:
    x = node.inputs[0]
    if len(gradients) == 1:
        u, _, vh = call("svd", x, full_matrices=False, compute_uv=True)
        return matmul(u * columns(_like(gradients[0], u)), vh)
    (u, s, vh), (gu, gs, gvh) = node.outputs, gradients
    k = s.shape[-1]
    gu, gvh = _zeros(u) if gu is None else gu, _zeros(vh) if gvh is None else gvh
    u, gu, beyond_u = _outside(u, gu, k)
    v, gv, beyond_v = _outside(adjoint(vh), adjoint(gvh), k)
    size, inverse = _like(s, u), _like(_reciprocal(s), u)
    gaps = _like(_inverse_gaps(s * s), u)
    rows = reshape(size, (*size.shape, 1))
    inner = _skew(gaps, u, gu) * columns(size) + rows * _skew(gaps, v, gv)
    if gs is not None:
        inner = inner + triangle(columns(_like(gs, u)) + _zeros(inner), 0, 1, 0)
    if u.dtype == "complex64":
        along = triangle(matmul(adjoint(v), gv), 0, 1, 0)
        inner = inner + 0.5 * columns(inverse) * (adjoint(along) - along)
    found = matmul(u, matmul(inner, adjoint(v)))
    if beyond_u is not None:
        found = found + matmul(beyond_u * columns(inverse), adjoint(v))
    if beyond_v is not None:
        found = found + matmul(u, adjoint(beyond_v * columns(inverse)))
    return found
