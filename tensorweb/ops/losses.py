"""Cross-entropies, an element or a row each, as `keras.ops` has them. Reducing losses: `tw.losses`, `tw.tfjs.losses`. CTC: `ctc.py`."""

from __future__ import annotations

from typing import Any

from .. import dtypes, engine
from ..errors import DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..numerics import epsilon
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from .define import op, public, row_body
from .gathering import gather_rows


def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)) of a symbol, without overflow and with derivatives of every order that hold at 0 too."""
    m = e.stop(e.maximum(x, 0.0))
    return m + e.log1p(e.where(x > 0, e.expm1(x - m) + e.exp(-m), e.exp(x - m) + e.expm1(-m)))


def log_sum_exp(x: Any) -> Any:
    """Return log(sum(exp(x))) along the row of a symbol, without overflow."""
    m = e.stop(reduce.max(x))
    return e.log(reduce.sum(e.exp(x - m))) + m


def _clipped(p: Any, eps: float) -> Any:
    return e.minimum(e.maximum(p, eps), 1.0 - eps)


def _binary_logits(target: Any, x: Any) -> Any:
    return softplus(x) - x * target


def _binary(target: Any, p: Any, eps: float) -> Any:
    # 1 - p is cut off by itself: after a cut at 1 - eps it would be eps only up to rounding, and differ between devices.
    return -(target * e.log(_clipped(p, eps)) + (1.0 - target) * e.log(_clipped(1.0 - p, eps)))


@public("map")
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Return -target * log(output) - (1 - target) * log(1 - output), element by element, for tensors of one shape.

    `output` holds probabilities, cut off at `tw.epsilon()`, or logits of them with `from_logits`. Raises ShapeError.

    >>> import tensorweb as tw
    >>> tw.binary_crossentropy(tw.tensor([0.0, 1.0]), tw.tensor([0.5, 0.5])).shape
    (2,)
    """
    t, x = _pair("binary_crossentropy", target, output)
    if from_logits:
        return engine.run(row_body(_binary_logits, None, True, 2), (t, x))
    return engine.run(row_body(_binary, None, True, 2, (("eps", epsilon()),)), (t, x))


def _pair(where: str, target: Any, output: Any) -> tuple[Any, Any]:
    t, x = as_tensor(target, where), as_tensor(output, where)
    if t.shape != x.shape:
        raise ShapeError(message(where, "a target and an output of one shape", f"{t.shape} and {x.shape}", "Reshape one of them."))
    if dtypes.kind(x.dtype) not in "f":
        raise DTypeError(message(where, "a floating output", f"dtype {x.dtype}", "Cast it first."))
    return (t, x) if dtypes.is_float(t.dtype) else (op("cast")(t, x.dtype), x)


def _categorical_logits(target: Any, x: Any) -> Any:
    m = e.stop(reduce.max(x))
    return reduce.sum(target * (e.log(reduce.sum(e.exp(x - m))) - (x - m)))


def _categorical(target: Any, p: Any, eps: float) -> Any:
    return -reduce.sum(target * e.log(_clipped(p / reduce.sum(p), eps)))


@public("row")
def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return -sum(target * log(output)) along `axis`, for tensors of one shape.

    `output` holds probabilities, first divided by their sum and cut off at `tw.epsilon()`, or logits with `from_logits`.

    >>> import tensorweb as tw
    >>> tw.categorical_crossentropy(tw.tensor([[0.0, 1.0]]), tw.tensor([[2.0, 2.0]]), from_logits=True).shape
    (1,)
    """
    where = "categorical_crossentropy"
    t, x = _pair(where, target, output)
    axes = (normalize_axis(axis, len(x.shape), where),)
    if from_logits:
        return engine.run(row_body(_categorical_logits, axes, False, 2), (t, x))
    return engine.run(row_body(_categorical, axes, False, 2, (("eps", epsilon()),)), (t, x))


def _log_clipped(p: Any, eps: float) -> Any:
    return e.log(_clipped(p, eps))


def _less_log_sum(picked: Any, total: Any, label: Any, classes: Any) -> Any:
    return e.where(e.logical_and(label >= 0, label < classes), total - picked, float("nan"))


@public("row")
def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """Return -log of the probability that `output` gives, along `axis`, to each class index in `target`; NaN for no class.

    `target` has output's shape without that axis, or with size 1 there. Keras normalizes probabilities after it cut them off at epsilon.
    """
    where = "sparse_categorical_crossentropy"
    labels, x = as_tensor(target, where), as_tensor(output, where)
    at = normalize_axis(axis, len(x.shape), where)
    if dtypes.kind(x.dtype) not in "f":
        raise DTypeError(message(where, "a floating output", f"dtype {x.dtype}", "Cast it first."))
    if at != len(x.shape) - 1:
        x = op("transpose")(x, [d for d in range(len(x.shape)) if d != at] + [at])
    *shape, classes = x.shape
    # A target of the output's rank has size 1 along the axis; either way there is one label a row.
    with_one = [*labels.shape[:at], *labels.shape[at + 1 :]] if len(labels.shape) == len(x.shape) and labels.shape[at] == 1 else None
    if list(labels.shape) != shape and with_one != shape:
        raise ShapeError(message(where, f"a target of shape {tuple(shape)}", labels.shape, "It holds a class index for each row."))
    labels = labels if labels.dtype == "int32" else op("cast")(labels, "int32")
    if not from_logits:
        x = engine.run(row_body(_log_clipped, None, True, 1, (("eps", epsilon()),)), (x,))
    n = size_of(shape)
    rows = op("reshape")(x, (n, classes))
    index = op("reshape")(labels, (n, 1))
    picked = gather_rows(op("reshape")(rows, (n, classes, 1)), index)
    total = engine.run(row_body(log_sum_exp, (1,), True, 1), (rows,))
    return op("reshape")(engine.run(row_body(_less_log_sum, None, True, 4), (op("reshape")(picked, (n, 1)), total, index, classes)), shape)


__all__ = ["binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy"]
