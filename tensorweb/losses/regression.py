"""Losses of numbers and vectors: squared, absolute and relative errors, Huber, log-cosh, Poisson, divergence, cosine. Functions only."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import dtypes, engine
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..numerics import epsilon
from ..ops.define import row_body
from ..ops.losses import softplus
from ..shapes import normalize_axes
from ..tensor import op, tensor
from .loss import align_ranks


def pair(y_true: Any, y_pred: Any, align: bool = False) -> tuple[Any, Any]:
    """Return both as tensors of y_pred's dtype, which is made floating; with `align` also of one rank."""
    x = tensor(y_pred)
    x = x if dtypes.is_float(x.dtype) else op("cast")(x, "float32")
    t = tensor(y_true, dtype=x.dtype)
    return align_ranks(t, x) if align else (t, x)


def rows(body: Callable[..., Any], operands: tuple, axis: Any = -1, attrs: tuple = ()) -> Any:
    """Return a body's value for each row of the operands along `axis`: one kernel, differentiable."""
    rank = max(len(x.shape) for x in operands if hasattr(x, "shape"))
    axes = normalize_axes(axis, rank, body.__name__.strip("_"))
    return engine.run(row_body(body, axes, False, len(operands), attrs), operands)


def mean(x: Any) -> Any:
    """Return the mean of a symbol along the row."""
    return reduce.sum(x) / reduce.count()


def _mean_squared_error(t: Any, x: Any) -> Any:
    return mean((t - x) * (t - x))


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean((y_true - y_pred)**2) along the last axis.

    y_true, y_pred: shapes [batch, ..., n] that broadcast; the result has [batch, ...]. Here and in all losses y_true takes y_pred's
    dtype, and where ranks differ by a last axis of size 1, that is added or dropped.

    >>> import tensorweb as tw
    >>> tw.losses.mean_squared_error([[1.0, 2.0]], [[0.0, 0.0]]).tolist()
    [2.5]
    """
    return rows(_mean_squared_error, pair(y_true, y_pred, True))


def _mean_absolute_error(t: Any, x: Any) -> Any:
    return mean(e.absolute(t - x))


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean(|y_true - y_pred|) along the last axis."""
    return rows(_mean_absolute_error, pair(y_true, y_pred, True))


def _mean_absolute_percentage_error(t: Any, x: Any, eps: float) -> Any:
    return 100.0 * mean(e.absolute((t - x) / e.maximum(e.absolute(t), eps)))


def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Any:
    """Return 100 * mean(|(y_true - y_pred) / y_true|) along the last axis; |y_true| counts as tw.epsilon() at least."""
    return rows(_mean_absolute_percentage_error, pair(y_true, y_pred, True), attrs=(("eps", epsilon()),))


def _mean_squared_logarithmic_error(t: Any, x: Any, eps: float) -> Any:
    d = e.log(e.maximum(t, eps) + 1.0) - e.log(e.maximum(x, eps) + 1.0)
    return mean(d * d)


def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Any:
    """Return mean((log(y_true + 1) - log(y_pred + 1))**2) along the last axis; both count as tw.epsilon() at least."""
    return rows(_mean_squared_logarithmic_error, pair(y_true, y_pred, True), attrs=(("eps", epsilon()),))


def _huber(t: Any, x: Any, delta: Any) -> Any:
    error = e.absolute(x - t)
    return mean(e.where(error <= delta, 0.5 * error * error, delta * error - 0.5 * delta * delta))


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Return the mean along the last axis of error**2 / 2 where |error| <= delta, and delta * |error| - delta**2 / 2 elsewhere."""
    return rows(_huber, (*pair(y_true, y_pred, True), float(delta)))


def _log_cosh(t: Any, x: Any) -> Any:
    d = x - t
    return mean(d + softplus(-2.0 * d) - math.log(2.0))


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """Return mean(log(cosh(y_pred - y_true))) along the last axis."""
    return rows(_log_cosh, pair(y_true, y_pred, True))


def _kl_divergence(t: Any, x: Any, eps: float) -> Any:
    t, x = (e.minimum(e.maximum(v, eps), 1.0) for v in (t, x))
    return reduce.sum(t * e.log(t / x))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """Return sum(y_true * log(y_true / y_pred)) along the last axis, both cut off at tw.epsilon() and 1."""
    return rows(_kl_divergence, pair(y_true, y_pred), attrs=(("eps", epsilon()),))


def _poisson(t: Any, x: Any, eps: float) -> Any:
    return mean(x - t * e.log(x + eps))


def poisson(y_true: Any, y_pred: Any) -> Any:
    """Return mean(y_pred - y_true * log(y_pred)) along the last axis."""
    return rows(_poisson, pair(y_true, y_pred), attrs=(("eps", epsilon()),))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return minus the cosine of the angle between y_true and y_pred along `axis`: -1 for one direction, 0 with a zero vector."""
    t, x = (op("normalize")(v, axis=axis) for v in pair(y_true, y_pred, True))
    return op("negative")(op("sum")(t * x, axis=axis))
