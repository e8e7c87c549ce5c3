"""Accuracies and correlations of single samples: the functions that the mean metrics wrap. State is in `classes.py`."""

from __future__ import annotations

from typing import Any

from ..losses.loss import align_ranks
from ..losses.regression import cosine_similarity as _negative_cosine
from ..losses.regression import pair
from ..tensor import op, tensor


def _hits(x: Any) -> Any:
    return op("cast")(x, "float32")


def accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where y_pred equals y_true, 0 elsewhere; strings are compared too."""
    x = tensor(y_pred)
    t, x = align_ranks(tensor(y_true, dtype=None if x.dtype == "string" else x.dtype), x)
    return _hits(op("equal")(t, x))


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Any:
    """Return 1 where (y_pred > threshold) equals the label 0 or 1, 0 elsewhere."""
    x = tensor(y_pred)
    t, x = align_ranks(tensor(y_true), x)
    above = op("cast")(op("greater")(x, threshold), t.dtype)
    return _hits(op("equal")(t, above))


def _sparse(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Return class indices in the shape of y_pred's rows, and y_pred."""
    t, x = tensor(y_true), tensor(y_pred)
    if len(t.shape) == len(x.shape) and t.shape[-1:] == (1,):
        t = op("squeeze")(t, -1)
    return op("cast")(t, "int32"), x


def categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where y_pred [..., classes] is greatest at the class of the one-hot y_true, 0 elsewhere."""
    return _hits(op("equal")(op("argmax")(tensor(y_true), axis=-1), op("argmax")(tensor(y_pred), axis=-1)))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where y_pred [..., classes] is greatest at the class index y_true [...] or [..., 1], 0 elsewhere.

    >>> import tensorweb as tw
    >>> tw.metrics.sparse_categorical_accuracy([2, 1], [[0.1, 0.6, 0.3], [0.05, 0.95, 0.0]]).tolist()
    [0.0, 1.0]
    """
    t, x = _sparse(y_true, y_pred)
    return _hits(op("equal")(t, op("argmax")(x, axis=-1)))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Any:
    """Return 1 where the class of the one-hot y_true is among the k largest of y_pred [..., classes], 0 elsewhere."""
    return _hits(op("in_top_k")(op("argmax")(tensor(y_true), axis=-1), tensor(y_pred), k))


def sparse_top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """Return 1 where the class index y_true is among the k largest of y_pred [..., classes], 0 elsewhere.

    With `from_sorted_ids` y_pred [..., n] holds class indices, best first, of which the first k count.
    """
    t, x = _sparse(y_true, y_pred)
    if not from_sorted_ids:
        return _hits(op("in_top_k")(t, x, k))
    best = op("cast")(x[..., :k], "int32")
    return _hits(op("any")(op("equal")(op("expand_dims")(t, -1), best), axis=-1))


def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Return the cosine of the angle between y_true and y_pred along `axis`."""
    return op("negative")(_negative_cosine(y_true, y_pred, axis=axis))


def _centred(x: Any, axis: Any) -> tuple[Any, Any]:
    mean = op("mean")(x, axis=axis, keepdims=True)
    return mean, x - mean


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """Return the correlation coefficient of y_true and y_pred along `axis` (an int or a tuple); NaN where one is constant."""
    t, x = (_centred(v, axis)[1] for v in pair(y_true, y_pred, True))
    total = lambda v: op("sum")(v, axis=axis)  # noqa: E731
    return total(t * x) / (op("sqrt")(total(t * t)) * op("sqrt")(total(x * x)))


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Any:
    """Return 2 * covariance / (variances + squared difference of the means) of y_true and y_pred along `axis`."""
    t, x = pair(y_true, y_pred, True)
    (mean_t, t), (mean_x, x) = _centred(t, axis), _centred(x, axis)
    mean = lambda v: op("mean")(v, axis=axis, keepdims=True)  # noqa: E731
    below = mean(t * t) + mean(x * x) + op("square")(mean_t - mean_x)
    return op("mean")(2.0 * t * x / (below + 1e-7), axis=axis)
