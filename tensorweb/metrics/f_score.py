"""F-beta scores: the weighted harmonic mean of precision and recall."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..tensor import op, tensor
from .confusion import ratio
from .metric import Metric, one_of


class FBetaScore(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall), for y of shape [batch, classes].

    `average`: None (one score a class), "micro" (all classes as one), "macro" (the mean), "weighted" (by how often a class occurs).
    `threshold`: predictions above it are positive; None: the greatest of a sample is. Raises ArgumentError, ShapeError.
    """

    true_positives: Any
    false_positives: Any
    false_negatives: Any
    intermediate_weights: Any

    def __init__(
        self, average: str | None = None, beta: float = 1.0, threshold: float | None = None, name: str | None = "fbeta_score",
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        self.average = one_of("FBetaScore", "average", average, (None, "micro", "macro", "weighted"))
        if not isinstance(beta, float) or beta <= 0:
            raise ArgumentError(message("FBetaScore", "beta to be a float above 0", repr(beta), "1.0 weighs precision and recall alike."))
        if threshold is not None and (not isinstance(threshold, float) or not 0 < threshold <= 1):
            raise ArgumentError(message("FBetaScore", "threshold to be a float above 0, up to 1", repr(threshold), "Or None for argmax."))
        self.beta, self.threshold = beta, threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, true: tuple[int | None, ...], shape: tuple[int | None, ...]) -> None:
        if len(shape) != 2 or len(true) != 2 or shape[1] is None:
            raise ShapeError(message(type(self).__name__, "y_true and y_pred of [batch, classes]", f"{true} and {shape}", "Reshape them."))
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_variable(() if self.axis is None else (shape[1],), "zeros", name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, x = tensor(y_true, dtype=self.dtype), tensor(y_pred, dtype=self.dtype)
        if not self._built:
            self._build(t.shape, x.shape)
        if self.threshold is None:
            best = op("greater_equal")(x, op("max")(x, axis=-1, keepdims=True))
            x = op("logical_and")(best, op("greater")(op("absolute")(x), 1e-9))
        else:
            x = op("greater")(x, self.threshold)
        x = op("cast")(x, self.dtype)
        weight = 1.0 if sample_weight is None else op("expand_dims")(tensor(sample_weight, dtype=self.dtype), 1)
        total = lambda v: op("sum")(v * weight, axis=self.axis)  # noqa: E731
        self.true_positives.assign_add(total(x * t))
        self.false_positives.assign_add(total(x * (1.0 - t)))
        self.false_negatives.assign_add(total((1.0 - x) * t))
        self.intermediate_weights.assign_add(total(t))

    def result(self) -> Any:
        tp = self.true_positives.value
        precision, recall = ratio(tp, self.false_positives.value), ratio(tp, self.false_negatives.value)
        squared = self.beta**2
        score = op("divide_no_nan")(precision * recall, squared * precision + recall) * (1.0 + squared)
        if self.average == "weighted":
            support = self.intermediate_weights.value
            return op("sum")(score * op("divide_no_nan")(support, op("sum")(support)))
        return score if self.average is None else op("mean")(score)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """FBetaScore with beta 1: 2 * precision * recall / (precision + recall)."""

    def __init__(self, average: str | None = None, threshold: float | None = None, name: str | None = "f1_score", dtype: Any = None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["beta"]
        return config
