"""Losses of regions and embeddings: Dice, Tversky, circle. Functions only."""

from __future__ import annotations

from typing import Any

from ..kernels import expression as e
from ..kernels.expression import reduce
from ..numerics import epsilon
from ..tensor import op, tensor
from .loss import set_mask
from .regression import pair, rows


def _dice(t: Any, x: Any, eps: float) -> Any:
    return 1.0 - 2.0 * reduce.sum(t * x) / (reduce.sum(t) + reduce.sum(x) + eps)


def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Any:
    """Return 1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred)) over the axes in `axis` (None: all of them)."""
    return rows(_dice, pair(y_true, y_pred), axis, (("eps", epsilon()),))


def _tversky(t: Any, x: Any, alpha: float, beta: float, eps: float) -> Any:
    both = reduce.sum(t * x)
    return 1.0 - both / (both + beta * reduce.sum((1.0 - t) * x) + alpha * reduce.sum(t * (1.0 - x)) + eps)


def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Any:
    """Return 1 - tp / (tp + alpha * fn + beta * fp) over the axes in `axis` (None: all of them).

    tp, fn, fp: sums of true positives, false negatives and false positives, weighted as Keras computes it (its documentation has
    alpha and beta the other way round). Source: Salehi et al. 2017, https://arxiv.org/abs/1706.05721.
    """
    return rows(_tversky, pair(y_true, y_pred), axis, (("alpha", float(alpha)), ("beta", float(beta)), ("eps", epsilon())))


def _log_sum_exp_where(x: Any, chosen: Any) -> Any:
    x = e.where(chosen, x, -1e30)
    m = e.stop(reduce.max(x))
    return m + e.log(reduce.sum(e.exp(x - m)))


def _circle(s: Any, positive: Any, negative: Any, gamma: Any, margin: Any) -> Any:
    weight_p = e.maximum(1.0 + margin - s, 0.0)
    weight_n = e.maximum(s + margin, 0.0)
    p = _log_sum_exp_where(-gamma * weight_p * (s - (1.0 - margin)), positive)
    n = _log_sum_exp_where(gamma * weight_n * (s - margin), negative)
    return e.maximum(p + n, 0.0) + e.log1p(e.exp(-e.absolute(p + n)))


def circle(
    y_true: Any, y_pred: Any, ref_labels: Any = None, ref_embeddings: Any = None, remove_diagonal: bool = True, gamma: float = 80,
    margin: float = 0.4,
) -> Any:  # fmt: skip
    """Return for each embedding how far those of its class are from it, and how near the others, on the unit sphere.

    y_true: class indices [batch]; y_pred: unit vectors [batch, n]; compared with each other, or with `ref_embeddings` of classes
    `ref_labels`; `remove_diagonal` leaves out each one with itself. Source: Sun et al. 2020, https://arxiv.org/abs/2002.10857.
    """
    x = tensor(y_pred)
    labels = op("cast")(tensor(y_true), "int32")
    others = labels if ref_labels is None else op("cast")(tensor(ref_labels), "int32")
    reference = x if ref_embeddings is None else tensor(ref_embeddings, dtype=x.dtype)
    labels, others = op("reshape")(labels, (-1, 1)), op("reshape")(others, (1, -1))
    positive, negative = op("equal")(labels, others), op("not_equal")(labels, others)
    if remove_diagonal:
        positive = op("logical_and")(positive, op("logical_not")(op("eye")(*positive.shape, dtype="bool")))
    s = op("matmul")(x, op("transpose")(reference))
    losses = rows(_circle, (s, positive, negative), attrs=(("gamma", float(gamma)), ("margin", float(margin))))
    return set_mask(losses, op("any")(positive, axis=1))
