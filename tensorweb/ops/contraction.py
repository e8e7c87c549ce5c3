"""Products of matrices and tensors, and the contraction under them: one primitive for matmul, einsum and every convolution.

Einsum: `einsum.py`. Convolutions: `convolution.py`. Forms with bias and activation: `fused.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from .. import dtypes
from ..engine import ABSTRACT, run, state
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels.patterns import Contract, Relation, Spec
from ..kernels.program import lower
from ..shapes import as_ints, broadcast, normalize_axis
from ..tensor import as_tensor
from .define import Body, Primitive, composite, op, primitive, public
from .shaping import promote_all, reshape, take_slice, transpose
from .unknown import tied


@primitive("contract")
def _contract(lhs: Spec, rhs: Spec, la: str, lb: str, out: str, sizes: tuple, relations: tuple) -> Any:
    at = dict(sizes)
    return Contract(la, lb, out, sizes, relations), (Spec(tuple(at[x] for x in out), lhs.dtype),)


@_contract.vjp(inputs=(0, 1))
def _contract_vjp(node: Any, g: Any) -> Any:
    la, lb, out, sizes, relations = node.static
    lhs, rhs = node.inputs
    if g.dtype == "complex64":
        lhs, rhs = (op("conjugate")(x) for x in (lhs, rhs))
    return (
        _contract(g, rhs, static=(out, lb, la, sizes, relations)) if node.input_ids[0] is not None else None,
        _contract(lhs, g, static=(la, out, lb, sizes, relations)) if node.input_ids[1] is not None else None,
    )


class After(NamedTuple):
    """What op `where` does to each element of a contraction's result: a body of (result, *parts), in the same kernel if possible."""

    where: str
    body: Body
    parts: tuple[Any, ...]

    def apply(self, x: Any) -> Any:
        """Return the body of x as a kernel of its own."""
        _check_parts(self.where, x.shape, self.parts)
        return run(self.body, (x, *self.parts))


def _check_parts(where: str, shape: tuple[int, ...], parts: Sequence[Any]) -> None:
    for p in parts:
        if hasattr(p, "shape") and broadcast(where, shape, p.shape) != shape:
            raise ShapeError(message(where, f"parts that broadcast to {shape}", p.shape, "A bias has one element for each channel."))


class _Called(NamedTuple):
    """A part of a recorded call, as the rules of its gradient read it."""

    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    input_ids: tuple[int | None, ...]
    static: tuple


class _ContractThen(Primitive):
    """A contraction and what follows it in one kernel; its gradient needs a body whose gradient follows from the output."""

    def saves(self, static: tuple, wanted: tuple[bool, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        inputs, outputs = static[-1].saves((), (wanted[0] or wanted[1], *wanted[2:]))
        factors = [i for i in (0, 1) if wanted[1 - i]]
        return (*factors, *(i + 1 for i in inputs)), outputs

    def backward(self, gradients: list[Any], node: Any) -> Sequence[Any]:
        *static, _, body = node.static
        made = Spec(node.outputs[0].shape, node.inputs[0].dtype)
        ids = node.input_ids
        first = ids[1] if ids[0] is None else ids[0]
        result, *parts = body.backward(gradients, _Called((made, *node.inputs[2:]), node.outputs, (first, *ids[2:]), ()))
        if result is None:
            return [None, None, *parts]
        factors = _contract.backward([result], _Called(node.inputs[:2], (made,), ids[:2], tuple(static)))
        return [*factors, *parts]


def _plan_contract_then(lhs: Spec, rhs: Spec, *rest: Any) -> Any:
    *parts, la, lb, out, sizes, relations, where, body = rest
    kernel, (made,) = _contract.plan((lhs, rhs), la, lb, out, sizes, relations)
    _check_parts(where, made.shape, parts)
    program = lower(body.roots, [made.dtype, *(p.dtype for p in parts)], body.name)
    return kernel._replace(epilogue=program), (Spec(made.shape, program.steps[program.outputs[0]].dtype),)


_contract_then = _ContractThen("contract", _plan_contract_then)


def contracted(lhs: Any, rhs: Any, static: tuple, after: After | None = None) -> Any:
    """Return the contraction, then what comes `after`: in one kernel, unless a tape needs what lies between."""
    if after is None:
        return _contract(lhs, rhs, static=static)
    if lhs.dtype == "complex64" or (state.get().tapes and not after.body.follows_from_output):
        return after.apply(_contract(lhs, rhs, static=static))
    return _contract_then(lhs, rhs, *after.parts, static=(*static, after.where, after.body))


def contract(
    lhs: Any, la: str, rhs: Any, lb: str, out: str, relations: Sequence[Relation] = (), extra: dict[str, int] | None = None,
    after: After | None = None,
) -> Any:  # fmt: skip
    """Return the contraction la,lb->out of two tensors whose labels may be tied by relations, then what comes `after`.

    One letter names one axis. The sizes of labels that neither operand has (a convolution's output) come in `extra`. Sums of bool
    and 8-bit integers are made in int32 and cast back.
    """
    lhs, rhs = as_tensor(lhs, "contract"), as_tensor(rhs, "contract")
    sizes = dict(extra or {})
    for labels, shape in ((la, lhs.shape), (lb, rhs.shape)):
        for label, dim in zip(labels, shape, strict=True):
            if sizes.setdefault(label, dim) != dim:
                raise ShapeError(message("contract", f"equal sizes for axis {label!r}", f"{sizes[label]} and {dim}", "Check the shapes."))
    return contract_planned(lhs, rhs, (la, lb, out, tuple(sorted(sizes.items())), tuple(relations)), after)


def contract_planned(lhs: Any, rhs: Any, static: tuple, after: After | None = None) -> Any:
    """Return a contraction whose labels, sizes and relations are worked out: `static` as in the primitive's plan."""
    if lhs.dtype == rhs.dtype == "float32":
        return contracted(lhs, rhs, static, after)
    lhs, rhs = promote_all([lhs, rhs])
    dtype = lhs.dtype
    if dtypes.kind(dtype) not in "bi" or dtype == "int32":
        return contracted(lhs, rhs, static, after)
    made = op("cast")(contracted(op("cast")(lhs, "int32"), op("cast")(rhs, "int32"), static), dtype)
    return made if after is None else after.apply(made)


def operands(where: str, *values: Any) -> list[Any]:
    """Return the arguments of a product as tensors of numbers."""
    tensors = [as_tensor(v, where) for v in values]
    for t in tensors:
        if t.dtype == "string":
            raise DTypeError(message(where, "tensors of numbers", "dtype string", "Parse the strings first."))
    return tensors


def widen(tensors: list[Any]) -> list[Any]:
    """Return int8 tensors as int32 if all are int8: Keras's result of matmul and einsum, which would overflow at once."""
    return [op("cast")(t, "int32") for t in tensors] if all(t.dtype == "int8" for t in tensors) else tensors


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@public("contract")
def matmul(x1: Any, x2: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """Return the matrix product, batched over leading axes with broadcasting; vectors as in NumPy.

    `transpose_a`, `transpose_b` take the last two axes of an operand exchanged, as TensorFlow.js's matMul. The dtype is what both
    promote to; int8 by int8 gives int32. Raises ShapeError where the inner dimensions differ and for scalars. Keras's matmul.

    >>> import tensorweb as tw
    >>> tw.matmul(tw.ones((2, 3)), tw.ones((3, 4))).shape
    (2, 4)
    """
    return product(x1, x2, transpose_a, transpose_b)


def product(x1: Any, x2: Any, transpose_a: bool = False, transpose_b: bool = False, after: After | None = None) -> Any:
    """Return the matrix product under the public ones, then what comes `after`."""
    a, b = widen(operands("matmul", x1, x2))
    if a._container is ABSTRACT or b._container is ABSTRACT:
        a, b = tied((a, b), *_tied_axes(len(a.shape), len(b.shape), transpose_a, transpose_b))
    shape_a, la, shape_b, lb, out, sizes = _matmul_labels(a.shape, b.shape, transpose_a, transpose_b)
    a = a if a.shape == shape_a else reshape(a, shape_a)
    b = b if b.shape == shape_b else reshape(b, shape_b)
    return contract_planned(a, b, (la, lb, out, sizes, ()), after)


def _tied_axes(rank_a: int, rank_b: int, transpose_a: bool, transpose_b: bool) -> tuple[list[Any], list[Any]]:
    """Return the axes of two factors of a product that have one size, and those of one size or 1."""
    inner_a = -2 if transpose_a and rank_a > 1 else -1
    inner_b = -1 if transpose_b or rank_b == 1 else -2
    if not rank_a or not rank_b:
        return [], []
    return [[(0, inner_a), (1, inner_b)]], [[(0, -i), (1, -i)] for i in range(3, min(rank_a, rank_b) + 1)]


@lru_cache(maxsize=4096)
def _matmul_labels(shape_a: tuple[int, ...], shape_b: tuple[int, ...], transpose_a: bool, transpose_b: bool) -> tuple:
    """Return (shape, labels) of both operands, the result's labels and all sizes; axes of size 1 that repeat are dropped."""
    if not shape_a or not shape_b:
        raise ShapeError(message("matmul", "tensors of rank 1 or more", f"{shape_a} and {shape_b}", "Use multiply for scalars."))
    la = "k" if len(shape_a) == 1 else "km" if transpose_a else "mk"
    lb = "k" if len(shape_b) == 1 else "nk" if transpose_b else "kn"
    inner = shape_a[len(shape_a) - len(la) + la.index("k")], shape_b[len(shape_b) - len(lb) + lb.index("k")]
    if inner[0] != inner[1]:
        raise ShapeError(message("matmul", "inner dimensions that agree", f"{shape_a} and {shape_b}", "Transpose or reshape one of them."))
    batch_a, batch_b = shape_a[: -len(la)], shape_b[: -len(lb)]
    batch = broadcast("matmul", batch_a, batch_b)
    names = "".join(x for x in LETTERS if x not in "kmn")[: len(batch)]
    sizes = dict(zip(names, batch))
    shape_a, own_a = _kept(shape_a, names[len(batch) - len(batch_a) :] + la, sizes)
    shape_b, own_b = _kept(shape_b, names[len(batch) - len(batch_b) :] + lb, sizes)
    sizes.update(zip(own_a + own_b, shape_a + shape_b))
    return shape_a, own_a, shape_b, own_b, names + la.replace("k", "") + lb.replace("k", ""), tuple(sorted(sizes.items()))


def broadcast_contract(a: Any, la: str, b: Any, lb: str, out: str, sizes: dict[str, int]) -> Any:
    """Return the contraction of operands that may have size 1 where `sizes` has more: such an axis is dropped, which repeats it."""
    a, la = _drop_ones(a, la, sizes)
    b, lb = _drop_ones(b, lb, sizes)
    return contract(a, la, b, lb, out, extra=sizes)


def _drop_ones(x: Any, labels: str, sizes: dict[str, int]) -> tuple[Any, str]:
    shape, labels = _kept(x.shape, labels, sizes)
    return (x if shape == x.shape else reshape(x, shape)), labels


def _kept(shape: tuple[int, ...], labels: str, sizes: dict[str, int]) -> tuple[tuple[int, ...], str]:
    kept = [i for i, (label, d) in enumerate(zip(labels, shape)) if d == sizes.get(label, d)]
    return tuple(shape[i] for i in kept), "".join(labels[i] for i in kept)


@composite
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Return the sum of products over pairs of axes: `axes` last ones of x1 with first ones of x2, or two lists of axes.

    Raises ShapeError where paired axes differ in size. Keras's tensordot.

    >>> import tensorweb as tw
    >>> tw.tensordot(tw.ones((2, 3, 4)), tw.ones((4, 3, 5)), axes=[[2, 1], [0, 1]]).shape
    (2, 5)
    """
    a, b = operands("tensordot", x1, x2)
    return _paired("tensordot", a, b, axes)


def _paired(where: str, a: Any, b: Any, axes: Any) -> Any:
    """Return the contraction over paired axes; what is left of a comes first, then what is left of b."""
    left, right = _pairs(where, a, b, axes)
    if len(left) != len(right):
        raise ArgumentError(message(where, "as many axes of x1 as of x2", f"{len(left)} and {len(right)}", "Name them in pairs."))
    for i, j in zip(left, right):
        if a.shape[i] != b.shape[j]:
            raise ShapeError(
                message(where, "paired axes of equal size", f"axis {i} of {a.shape} and axis {j} of {b.shape}", "Choose others.")
            )
    la = LETTERS[: len(a.shape)]
    partner = dict(zip(right, left))
    lb = "".join(la[partner[j]] if j in partner else LETTERS[26 + j] for j in range(len(b.shape)))
    out = "".join(x for i, x in enumerate(la) if i not in left) + "".join(x for j, x in enumerate(lb) if j not in partner)
    return contract(a, la, b, lb, out)


def _pairs(where: str, a: Any, b: Any, axes: Any) -> tuple[list[int], list[int]]:
    ranks = len(a.shape), len(b.shape)
    if isinstance(axes, int):
        if not 0 <= axes <= min(ranks):
            raise ArgumentError(message(where, f"from 0 to {min(ranks)} axes for ranks {ranks[0]} and {ranks[1]}", axes, "Sum over fewer."))
        return list(range(ranks[0] - axes, ranks[0])), list(range(axes))
    if not isinstance(axes, (list, tuple)) or len(axes) != 2:
        raise ArgumentError(message(where, "a number of axes or two lists of them", repr(axes), "Pass for example [[1], [0]]."))
    found = [[normalize_axis(i, rank, where) for i in as_ints(own, where, "axes")] for own, rank in zip(axes, ranks)]
    if any(len(set(own)) != len(own) for own in found):
        raise ArgumentError(message(where, "each axis once", repr(axes), "Remove the repeated axis."))
    return found[0], found[1]


@composite
def dot(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axis of x1 and the last but one of x2 (its only one for a vector); scalars multiply.

    Keras's dot. For TensorFlow.js's dot of vectors and matrices too.

    >>> import tensorweb as tw
    >>> tw.dot(tw.tensor([1.0, 2.0]), tw.tensor([3.0, 4.0])).item()
    11.0
    """
    a, b = operands("dot", x1, x2)
    return _paired("dot", a, b, ([-1], [-2 if len(b.shape) > 1 else -1])) if a.shape and b.shape else op("multiply")(a, b)


@composite
def inner(x1: Any, x2: Any) -> Any:
    """Return the sum of products over the last axes of both; scalars multiply. Keras's inner."""
    a, b = operands("inner", x1, x2)
    return _paired("inner", a, b, ([-1], [-1])) if a.shape and b.shape else op("multiply")(a, b)


@composite
def vdot(x1: Any, x2: Any) -> Any:
    """Return the sum of products of all elements of two tensors of as many elements; the first is conjugated. Keras's vdot."""
    a, b = (reshape(t, -1) for t in operands("vdot", x1, x2))
    return _paired("vdot", op("conjugate")(a) if a.dtype == "complex64" else a, b, 1)


@composite
def outer(x1: Any, x2: Any) -> Any:
    """Return the matrix of products of the elements of x1 (its rows) and x2 (its columns), both flattened.

    Keras's outer, TensorFlow.js's outerProduct.
    """
    a, b = (reshape(t, -1) for t in operands("outer", x1, x2))
    return _paired("outer", a, b, 0)


@composite
def kron(x1: Any, x2: Any) -> Any:
    """Return the Kronecker product: each element of x1 replaced by itself times x2. Keras's kron.

    >>> import tensorweb as tw
    >>> tw.kron(tw.tensor([1, 10]), tw.tensor([1, 2, 3])).tolist()
    [1, 2, 3, 10, 20, 30]
    """
    a, b = operands("kron", x1, x2)
    rank = max(len(a.shape), len(b.shape))
    a, b = (reshape(t, (1,) * (rank - len(t.shape)) + t.shape) for t in (a, b))
    la, lb = LETTERS[:rank], LETTERS[rank : 2 * rank]
    made = contract(a, la, b, lb, "".join(x + y for x, y in zip(la, lb)))
    return reshape(made, tuple(m * n for m, n in zip(a.shape, b.shape)))


@composite
def cross(x1: Any, x2: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Return the cross product of vectors of 3 (or 2, the third being 0) elements, batched with broadcasting.

    The vectors lie along `axisa` of x1 and `axisb` of x2, the result's along `axisc`; `axis` stands for all three. Of two vectors of
    2 elements it is the scalar third component. Raises ShapeError for other sizes. Keras's cross.

    >>> import tensorweb as tw
    >>> tw.cross(tw.tensor([1.0, 0.0, 0.0]), tw.tensor([0.0, 1.0, 0.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    a, b = operands("cross", x1, x2)
    axes = (axisa, axisb, axisc) if axis is None else (axis,) * 3
    a, b = (_axis_first(t, normalize_axis(i, len(t.shape), "cross")) for t, i in zip((a, b), axes))
    sizes = a.shape[0], b.shape[0]
    if not {2, 3}.issuperset(sizes):
        raise ShapeError(message("cross", "vectors of 2 or 3 elements", f"{sizes[0]} and {sizes[1]}", "Name the axis they lie along."))
    x, y = ([_part(t, i) if i < n else None for i in range(3)] for t, n in zip((a, b), sizes))
    if sizes == (2, 2):
        return _minor(x, y, 0, 1)
    parts = [_minor(x, y, i, j) for i, j in ((1, 2), (2, 0), (0, 1))]
    shape = broadcast("cross", a.shape[1:], b.shape[1:])
    whole = [op("broadcast_to")(p, shape) for p in parts]
    at = normalize_axis(axes[2], len(shape) + 1, "cross")
    joined = op("concatenate")([reshape(p, (1, *shape)) for p in whole])
    order = list(range(1, len(shape) + 1))
    return transpose(joined, order[:at] + [0] + order[at:])


def _axis_first(x: Any, axis: int) -> Any:
    return transpose(x, [axis, *(i for i in range(len(x.shape)) if i != axis)])


def _part(x: Any, i: int) -> Any:
    return reshape(take_slice(x, [i] + [0] * (len(x.shape) - 1), (1, *x.shape[1:]), [1] * len(x.shape)), x.shape[1:])


def _minor(x: list[Any], y: list[Any], i: int, j: int) -> Any:
    """Return x[i] * y[j] - x[j] * y[i], where None is 0."""
    first = None if x[i] is None or y[j] is None else x[i] * y[j]
    second = None if x[j] is None or y[i] is None else x[j] * y[i]
    if second is None:
        return first
    return -second if first is None else first - second
