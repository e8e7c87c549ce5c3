"""AUC: the area under the ROC curve, the precision-recall curve or the precision-recall-gain curve, from counts at thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..errors import ArgumentError, ShapeError, message
from ..tensor import op, tensor
from .confusion import FOUR, _Counting, ratio
from .counts import EPSILON, check_thresholds, is_even
from .metric import one_of


class AUC(_Counting):
    """The area under a curve of the predictions' ranking; labels are 0 and 1.

    `num_thresholds`, or `thresholds` within [0, 1]: where the curve is sampled. `curve`: "ROC", "PR" (precision and recall), "PRGAIN".
    `summation_method`: "interpolation", "minoring" (from below), "majoring" (from above). `multi_label`: y is [batch, labels], the
    areas of the labels are averaged, by `label_weights`; otherwise those weigh the single labels. `from_logits`: a sigmoid is applied.
    Raises ArgumentError, ShapeError.

    >>> import tensorweb as tw
    >>> tw.metrics.AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]).item()
    0.75
    """

    _accumulators: ClassVar = FOUR

    def __init__(
        self, num_thresholds: int = 200, curve: str = "ROC", summation_method: str = "interpolation", name: str | None = None,
        dtype: Any = None, thresholds: Any = None, multi_label: bool = False, num_labels: int | None = None, label_weights: Any = None,
        from_logits: bool = False,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        curve = one_of("AUC", "curve", curve.lower(), ("pr", "roc", "prgain"))
        summation_method = one_of("AUC", "summation_method", summation_method.lower(), ("interpolation", "majoring", "minoring"))
        self._inner = self._inner_thresholds(num_thresholds, thresholds)
        self._init_from_thresholds = thresholds is not None
        self.num_thresholds = len(self._inner) + 2
        self._thresholds_distributed_evenly = is_even([0.0, *self._inner, 1.0])
        # Just outside of [0, 1], so that predictions of exactly 0 and 1 are on one side.
        self.thresholds = [-EPSILON, *self._inner, 1.0 + EPSILON]
        self.curve, self.summation_method = curve.upper(), summation_method
        self.multi_label, self.num_labels, self.label_weights = multi_label, num_labels, label_weights
        self._from_logits, self._built = from_logits, False
        self._weights = None if label_weights is None else tensor(label_weights, dtype=self.dtype)
        if not multi_label and num_labels:
            raise ArgumentError(message("AUC", "num_labels only with multi_label=True", num_labels, "Set multi_label, or leave it out."))
        if not multi_label or num_labels:
            self._build((None, num_labels))

    @staticmethod
    def _inner_thresholds(num_thresholds: int, thresholds: Any) -> list[float]:
        if thresholds is not None:
            return sorted(check_thresholds("AUC", list(thresholds), 0.5)) if len(list(thresholds)) else []
        if num_thresholds <= 1:
            raise ArgumentError(message("AUC", "num_thresholds above 1", num_thresholds, "200 is usual."))
        return [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]

    def _build(self, shape: Sequence[int | None]) -> None:
        labels = shape[-1] if self.multi_label else None
        if self.multi_label and len(shape) != 2:
            raise ShapeError(message("AUC", "y of [batch, labels] with multi_label", tuple(shape), "Reshape it."))
        self.num_labels = labels
        self._make((self.num_thresholds,) if labels is None else (self.num_thresholds, labels))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        x = tensor(y_pred, dtype=self.dtype)
        if not self._built:
            self._build(x.shape)
        if self.multi_label and (len(x.shape) != 2 or x.shape[1] != self.num_labels):
            raise ShapeError(message("AUC", f"predictions of [batch, {self.num_labels}]", x.shape, "Correct num_labels."))
        if self._from_logits:
            x = op("sigmoid")(x)
        single = None if self.multi_label else self._weights
        self._count(y_true, x, sample_weight, multi_label=self.multi_label, label_weights=single)

    def interpolate_pr_auc(self) -> Any:
        """Return the area under the precision-recall curve with counts, not their ratio, linear between thresholds.

        Source: Davis & Goadrich 2006; the integral in closed form.
        """
        tp, fp, fn = (getattr(self, FOUR[k]).value for k in ("tp", "fp", "fn"))
        divide, predicted = op("divide_no_nan"), tp + fp
        gained = tp[:-1] - tp[1:]
        slope = divide(gained, op("maximum")(predicted[:-1] - predicted[1:], 0.0))
        intercept = tp[1:] - slope * predicted[1:]
        both = op("logical_and")(op("greater")(predicted[:-1], 0), op("greater")(predicted[1:], 0))
        quotient = op("where")(both, divide(predicted[:-1], op("maximum")(predicted[1:], 0.0)), 1.0)
        areas = divide(slope * (gained + intercept * op("log")(quotient)), op("maximum")(tp[1:] + fn[1:], 0.0))
        return self._average(areas)

    def _average(self, areas: Any) -> Any:
        """Return the sum over thresholds, averaged over labels if there are several."""
        if not self.multi_label:
            return op("sum")(areas)
        each = op("sum")(areas, axis=0)
        if self._weights is None:
            return op("mean")(each)
        return op("divide_no_nan")(op("sum")(each * self._weights), op("sum")(self._weights))

    def _points(self) -> tuple[Any, Any]:
        tp, fp, tn, fn = (getattr(self, FOUR[k]).value for k in ("tp", "fp", "tn", "fn"))
        recall = ratio(tp, fn)
        if self.curve == "ROC":
            return ratio(fp, tn), recall
        precision = ratio(tp, fp)
        if self.curve == "PR":
            return recall, precision
        # Flach & Kull 2015: both relative to what predicting all as positive gives.
        odds = op("divide_no_nan")(tp + fn, tn + fp)
        gain = lambda wrong: 1.0 - odds * op("divide_no_nan")(wrong, tp)  # noqa: E731
        return op("where")(op("greater")(tp, 0), op("maximum")(gain(fn), 0.0), 0.0), gain(fp)

    def result(self) -> Any:
        if not self._built:
            return tensor(0.0, dtype=self.dtype)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._points()
        a, b = y[:-1], y[1:]
        heights = {"interpolation": lambda: (a + b) / 2.0, "minoring": lambda: op("minimum")(a, b), "majoring": lambda: op("maximum")(a, b)}
        return self._average((x[:-1] - x[1:]) * heights[self.summation_method]())

    def get_config(self) -> dict[str, Any]:
        names = ("num_thresholds", "curve", "summation_method", "multi_label", "num_labels", "label_weights")
        config = {**super().get_config(), **{k: getattr(self, k) for k in names}, "from_logits": self._from_logits}
        return {**config, "thresholds": list(self._inner)} if self._init_from_thresholds else config
