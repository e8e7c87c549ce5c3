"""Counts of true and false positives and negatives at thresholds, and the confusion matrix: functions, no state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..losses.loss import align_ranks
from ..tensor import op, tensor

# Below every prediction: the threshold of what top_k keeps, and the score of what it does not keep.
NEVER = -1e10
EPSILON = 1e-7


def check_thresholds(where: str, thresholds: Any, default: float) -> list[float]:
    """Return thresholds as a list; raise ArgumentError unless all lie within [0, 1]."""
    given = [default] if thresholds is None else list(thresholds) if isinstance(thresholds, (list, tuple)) else [thresholds]
    if thresholds is not None and any(t is None or not 0 <= t <= 1 for t in given):
        raise ArgumentError(message(where, "thresholds within [0, 1]", given, "Apply a sigmoid to the predictions, or use 0 for logits."))
    return [float(t) for t in given]


def is_even(thresholds: Sequence[float]) -> bool:
    """Tell whether thresholds are 0, 1/n, 2/n, ..., 1 up to EPSILON: then a prediction's place is computed, not searched."""
    n = len(thresholds) - 1
    return n > 1 and all(abs(t - i / n) <= 10 * EPSILON for i, t in enumerate(thresholds))


def _top_k_only(x: Any, k: int) -> Any:
    """Return predictions with all but the k largest of the last axis replaced by NEVER."""
    places = op("top_k")(x, k, sorted=False).indices
    chosen = op("sum")(op("one_hot")(places, x.shape[-1]), axis=-2)
    return op("where")(op("greater")(chosen, 0), x, NEVER)


def _prepared(
    y_true: Any, y_pred: Any, sample_weight: Any, dtype: str, top_k: int | None, class_id: int | None, label_weights: Any
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Return labels, predictions and weights of one shape."""
    x = tensor(y_pred, dtype=dtype)
    t = tensor(y_true, dtype=dtype)
    t, x = align_ranks(t, x)
    if t.shape != x.shape:
        raise ShapeError(message("metric", "y_true and y_pred of one shape", f"{t.shape} and {x.shape}", "Reshape one of them."))
    if top_k is not None:
        x = _top_k_only(x, top_k)
    if class_id is not None:
        if len(x.shape) < 2 or not 0 <= class_id < x.shape[-1]:
            text = f"class_id {class_id} for shape {x.shape}"
            raise ArgumentError(
                message("metric", "predictions of [batch, classes] and a class_id below that", text, "Count classes from 0.")
            )
        t, x = t[..., class_id : class_id + 1], x[..., class_id : class_id + 1]
    w = None
    if sample_weight is not None:
        w, _ = align_ranks(tensor(sample_weight, dtype=dtype), x)
        w = op("expand_dims")(w, -1) if 0 < len(w.shape) < len(x.shape) else w
        w = op("broadcast_to")(w, x.shape)
    if label_weights is not None:
        each = op("broadcast_to")(op("expand_dims")(tensor(label_weights, dtype=dtype), 0), x.shape)
        w = each if w is None else w * each
    return t, x, w if w is not None else op("ones_like")(x)


def counts(
    y_true: Any, y_pred: Any, thresholds: Sequence[float], *, dtype: str = "float32", sample_weight: Any = None, top_k: int | None = None,
    class_id: int | None = None, even: bool = False, multi_label: bool = False, label_weights: Any = None,
) -> dict[str, Any]:  # fmt: skip
    """Return the weighted counts "tp", "fp", "tn", "fn" at each threshold [thresholds], or of each label too with `multi_label`.

    A prediction is positive if it exceeds the threshold. `even` thresholds (see is_even) cost the same, however many they are.
    """
    t, x, w = _prepared(y_true, y_pred, sample_weight, dtype, top_k, class_id, label_weights)
    labels = x.shape[-1] if multi_label else 1
    t, x, w = (op("reshape")(v, (-1, labels)) for v in (t, x, w))
    positive = op("cast")(op("cast")(t, "bool"), dtype)
    true, false = positive * w, (1.0 - positive) * w
    if even:
        tp, fp = _in_buckets(x, true, false, len(thresholds))
    else:
        above = op("cast")(op("greater")(op("expand_dims")(x, 0), op("reshape")(tensor(list(thresholds), dtype=dtype), (-1, 1, 1))), dtype)
        tp, fp = op("sum")(above * true, axis=1), op("sum")(above * false, axis=1)
    found = {"tp": tp, "fp": fp, "fn": op("sum")(true, axis=0) - tp, "tn": op("sum")(false, axis=0) - fp}
    return found if multi_label else {k: op("squeeze")(v, 1) for k, v in found.items()}


def _in_buckets(x: Any, true: Any, false: Any, n: int) -> tuple[Any, Any]:
    """Return tp and fp [n, labels]: each prediction goes to the last threshold that it exceeds, and counts for those before, too."""
    labels = x.shape[1]
    bucket = op("maximum")(op("ceil")(op("clip")(x, 0.0, 1.0) * float(n - 1)) - 1.0, 0.0)
    ids = op("cast")(bucket, "int32") * labels + op("arange")(labels, dtype="int32")
    ids = op("reshape")(ids, (-1,))

    def at_or_after(values: Any) -> Any:
        per_bucket = op("reshape")(op("segment_sum")(op("reshape")(values, (-1,)), ids, n * labels), (n, labels))
        return op("flip")(op("cumsum")(op("flip")(per_bucket, axis=0), axis=0), axis=0)

    return at_or_after(true), at_or_after(false)


def confusion_matrix(labels: Any, predictions: Any, num_classes: int, weights: Any = None, dtype: str = "int32") -> Any:
    """Return how often each label [rows] met each prediction [columns]: [num_classes, num_classes]; pairs out of range do not count.

    labels, predictions: class indices [n]; weights: what each pair counts for, 1 each if None.

    >>> import tensorweb as tw
    >>> from tensorweb.metrics.counts import confusion_matrix
    >>> confusion_matrix([0, 1, 1], [0, 1, 0], 2).tolist()
    [[1, 0], [1, 1]]
    """
    rows, columns = (op("cast")(tensor(v), "int32") for v in (labels, predictions))
    inside = op("logical_and")(op("greater_equal")(op("minimum")(rows, columns), 0), op("less")(op("maximum")(rows, columns), num_classes))
    ids = op("where")(inside, rows * num_classes + columns, -1)
    ones = op("ones")(rows.shape, dtype=dtype) if weights is None else tensor(weights, dtype=dtype)
    return op("reshape")(op("segment_sum")(ones, ids, num_classes * num_classes), (num_classes, num_classes))
