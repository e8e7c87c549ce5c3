"""Metrics of counts at thresholds: true and false positives and negatives, precision, recall, one at the other. AUC: `auc.py`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import ArgumentError, message
from ..tensor import op
from .counts import NEVER, check_thresholds, counts, is_even
from .metric import Metric


def ratio(a: Any, b: Any) -> Any:
    """Return a / (a + b), 0 where there is nothing."""
    return op("divide_no_nan")(a, a + b)


class _Counting(Metric):
    """A metric that accumulates some of the counts; `_accumulators` maps them to attributes."""

    _accumulators: ClassVar[dict[str, str]]
    thresholds: list[float]

    def _make(self, shape: tuple[int, ...]) -> None:
        for attribute in self._accumulators.values():
            setattr(self, attribute, self.add_variable(shape, "zeros", name=attribute))

    def _count(self, y_true: Any, y_pred: Any, sample_weight: Any, **options: Any) -> None:
        options.setdefault("even", self._thresholds_distributed_evenly)
        found = counts(y_true, y_pred, self.thresholds, dtype=self.dtype, sample_weight=sample_weight, **options)
        for key, attribute in self._accumulators.items():
            getattr(self, attribute).assign_add(found[key])

    _thresholds_distributed_evenly = False

    def _one_or_all(self, value: Any) -> Any:
        return value[0] if len(self.thresholds) == 1 else value


class _ConditionCount(_Counting):
    """The number of predictions of one kind at each threshold."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = check_thresholds(self.name, thresholds, 0.5)
        self._thresholds_distributed_evenly = is_even(self.thresholds)
        self._make((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight)

    def result(self) -> Any:
        return self._one_or_all(self.accumulator.value)  # type: ignore[attr-defined]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_ConditionCount):
    """The (weighted) number of predictions above the threshold (0.5, or a list of thresholds) whose label is 1."""

    _accumulators: ClassVar = {"tp": "accumulator"}


class FalsePositives(_ConditionCount):
    """The (weighted) number of predictions above the threshold (0.5, or a list of thresholds) whose label is 0."""

    _accumulators: ClassVar = {"fp": "accumulator"}


class TrueNegatives(_ConditionCount):
    """The (weighted) number of predictions not above the threshold (0.5, or a list of thresholds) whose label is 0."""

    _accumulators: ClassVar = {"tn": "accumulator"}


class FalseNegatives(_ConditionCount):
    """The (weighted) number of predictions not above the threshold (0.5, or a list of thresholds) whose label is 1."""

    _accumulators: ClassVar = {"fn": "accumulator"}


class _Share(_Counting):
    """True positives as a share of something; with `top_k` only the k best classes of a sample are positive."""

    def __init__(
        self, thresholds: Any = None, top_k: int | None = None, class_id: int | None = None, name: str | None = None, dtype: Any = None
    ):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = check_thresholds(self.name, thresholds, 0.5 if top_k is None else NEVER)
        self._thresholds_distributed_evenly = is_even(self.thresholds)
        self._make((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight, top_k=self.top_k, class_id=self.class_id)

    def result(self) -> Any:
        hit, missed = (getattr(self, attribute).value for attribute in self._accumulators.values())
        return self._one_or_all(ratio(hit, missed))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of the predictions above the threshold whose label is 1: tp / (tp + fp).

    `thresholds`: 0.5, or one or several within [0, 1]; `top_k`: only the k largest of a sample count as positive; `class_id`: only
    this class is looked at.

    >>> import tensorweb as tw
    >>> tw.metrics.Precision()([0, 1, 1, 1], [1.0, 0.0, 1.0, 0.0]).item()
    0.5
    """

    _accumulators: ClassVar = {"tp": "true_positives", "fp": "false_positives"}


class Recall(_Share):
    """The share of the labels 1 whose prediction is above the threshold: tp / (tp + fn). Arguments as of Precision."""

    _accumulators: ClassVar = {"tp": "true_positives", "fn": "false_negatives"}


FOUR = {"tp": "true_positives", "fp": "false_positives", "tn": "true_negatives", "fn": "false_negatives"}


class _BestAt(_Counting):
    """The best of one rate over all thresholds at which another rate reaches a value."""

    _accumulators: ClassVar = FOUR
    _argument = ""
    _rates: Callable[..., tuple[Any, Any]]

    def __init__(self, value: float, num_thresholds: int = 200, class_id: int | None = None, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        where = type(self).__name__
        if not 0 <= value <= 1:
            raise ArgumentError(message(where, f"{self._argument} within [0, 1]", value, "It is a rate."))
        if num_thresholds <= 0:
            raise ArgumentError(message(where, "num_thresholds of 1 or more", num_thresholds, "200 is usual."))
        self.value, self.class_id, self.num_thresholds = value, class_id, num_thresholds
        setattr(self, self._argument, value)
        n = num_thresholds
        self.thresholds = [0.5] if n == 1 else [0.0, *((i + 1) / (n - 1) for i in range(n - 2)), 1.0]
        self._thresholds_distributed_evenly = n > 1
        self._make((n,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self._count(y_true, y_pred, sample_weight, class_id=self.class_id)

    def result(self) -> Any:
        wanted, given = self._rates(*(getattr(self, attribute).value for attribute in FOUR.values()))
        return op("max")(op("where")(op("greater_equal")(given, self.value), wanted, 0.0))

    def get_config(self) -> dict[str, Any]:
        own = {"class_id": self.class_id, "num_thresholds": self.num_thresholds, self._argument: self.value}
        return {**super().get_config(), **own}


def _best_at(class_name: str, argument: str, best: str, rates: Callable[..., tuple[Any, Any]]) -> Any:
    """Return the class of the best of one rate where another reaches `argument`; `rates` gives both of tp, fp, tn, fn."""

    first, value, *rest = inspect.signature(_BestAt.__init__).parameters.values()
    signature = inspect.Signature([first, value.replace(name=argument), *rest])

    def init(*args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        _BestAt.__init__(*bound.args, **bound.kwargs)

    init.__signature__ = signature  # type: ignore[attr-defined]
    text = f"The best {best} at any of `num_thresholds` thresholds where the {argument} is at least `{argument}`; 0 where it never is."
    members = {"__init__": init, "_rates": staticmethod(rates), "_argument": argument, "__module__": __name__, "__doc__": text}
    return type(class_name, (_BestAt,), members)


SensitivityAtSpecificity = _best_at(
    "SensitivityAtSpecificity", "specificity", "sensitivity tp / (tp + fn)", lambda tp, fp, tn, fn: (ratio(tp, fn), ratio(tn, fp))
)
SpecificityAtSensitivity = _best_at(
    "SpecificityAtSensitivity", "sensitivity", "specificity tn / (tn + fp)", lambda tp, fp, tn, fn: (ratio(tn, fp), ratio(tp, fn))
)
PrecisionAtRecall = _best_at(
    "PrecisionAtRecall", "recall", "precision tp / (tp + fp)", lambda tp, fp, tn, fn: (ratio(tp, fp), ratio(tp, fn))
)
RecallAtPrecision = _best_at(
    "RecallAtPrecision", "precision", "recall tp / (tp + fn)", lambda tp, fp, tn, fn: (ratio(tp, fn), ratio(tp, fp))
)
