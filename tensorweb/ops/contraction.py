"""Contractions: the one primitive under matmul, einsum and every convolution. Fused forms with bias and activation: `fused.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes
from ..errors import ShapeError, message
from ..kernels.patterns import Contract, Relation, Spec
from ..tensor import as_tensor
from .define import op, primitive, public
from .shaping import promote_all


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


def contract(lhs: Any, la: str, rhs: Any, lb: str, out: str, relations: Sequence[Relation] = (), extra: dict[str, int] | None = None) -> Any:
    """Return the contraction la,lb->out of two tensors whose labels may be tied by relations.

    One letter names one axis. The sizes of labels that neither operand has (a convolution's output) come in `extra`. bool and
    8-bit integers are computed in int32.
    """
    lhs, rhs = promote_all([as_tensor(lhs, "contract"), as_tensor(rhs, "contract")])
    if dtypes.kind(lhs.dtype) in "bi" and lhs.dtype != "int32":
        lhs, rhs = op("cast")(lhs, "int32"), op("cast")(rhs, "int32")
    sizes = dict(extra or {})
    for labels, shape in ((la, lhs.shape), (lb, rhs.shape)):
        for label, dim in zip(labels, shape, strict=True):
            if sizes.setdefault(label, dim) != dim:
                raise ShapeError(message("contract", f"equal sizes for axis {label!r}", f"{sizes[label]} and {dim}", "Check the shapes."))
    return _contract(lhs, rhs, static=(la, lb, out, tuple(sorted(sizes.items())), tuple(relations)))


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@public("contract")
def matmul(x1: Any, x2: Any, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """Return the matrix product, batched over leading axes with broadcasting; vectors as in NumPy.

    `transpose_a`, `transpose_b` take the last two axes of an operand exchanged, as TensorFlow.js's matMul. Raises ShapeError.

    >>> import tensorweb as tw
    >>> tw.matmul(tw.ones((2, 3)), tw.ones((3, 4))).shape
    (2, 4)
    """
    a, b = as_tensor(x1, "matmul"), as_tensor(x2, "matmul")
    if not a.shape or not b.shape:
        raise ShapeError(message("matmul", "tensors of rank 1 or more", f"{a.shape} and {b.shape}", "Use multiply for scalars."))
    la = "k" if len(a.shape) == 1 else "km" if transpose_a else "mk"
    lb = "k" if len(b.shape) == 1 else "nk" if transpose_b else "kn"
    inner = a.shape[-len(la) + la.index("k")], b.shape[-len(lb) + lb.index("k")]
    if inner[0] != inner[1]:
        raise ShapeError(message("matmul", "inner dimensions that agree", f"{a.shape} and {b.shape}", "Transpose or reshape one of them."))
    batch_a, batch_b = a.shape[: -len(la)], b.shape[: -len(lb)]
    rank = max(len(batch_a), len(batch_b))
    names = "".join(x for x in _LETTERS if x not in "kmn")[:rank]
    # An axis of size 1 that the other operand does not have at that size is dropped: the contraction then broadcasts it.
    a, na = _batch_labels(a, batch_a, batch_b, names)
    b, nb = _batch_labels(b, batch_b, batch_a, names)
    out = names + la.replace("k", "") + lb.replace("k", "")
    return contract(a, na + la, b, nb + lb, out, extra=_batch_sizes(batch_a, batch_b, names))


def _batch_labels(x: Any, own: tuple[int, ...], other: tuple[int, ...], names: str) -> tuple[Any, str]:
    rank = len(names)
    wide = (1,) * (rank - len(other)) + other
    kept = [i for i, d in enumerate(own) if not (d == 1 and wide[rank - len(own) + i] != 1)]
    core = x.shape[len(own) :]
    if len(kept) != len(own):
        x = op("reshape")(x, tuple(own[i] for i in kept) + core)
    return x, "".join(names[rank - len(own) + i] for i in kept)


def _batch_sizes(a: tuple[int, ...], b: tuple[int, ...], names: str) -> dict[str, int]:
    from ..shapes import broadcast

    return dict(zip(names, broadcast("matmul", a, b), strict=True))
