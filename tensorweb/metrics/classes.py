"""The metrics that are means of functions, by a table, and the two of regression that are not: RootMeanSquaredError, R2Score."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

from .. import losses
from ..errors import ArgumentError, ShapeError, message
from ..losses.loss import align_ranks
from ..tensor import op, tensor
from . import accuracy as a
from .metric import Metric, one_of
from .reduction import Mean, MeanMetricWrapper


def _mean_of(
    class_name: str, fn: Callable[..., Any], direction: str = "down", name: str | None = None, order: str = "name dtype", unsaved: str = "",
    saved_if_set: str = "", **defaults: Any,
) -> Any:  # fmt: skip
    """Return the metric class of the mean of a function.

    `defaults` are the function's parameters; the config holds them, but for `unsaved`, and for `saved_if_set` where that is false.
    """
    name = name or fn.__name__
    rest = [k for k in defaults if k not in order.split()]
    every = {**defaults, "name": name, "dtype": None}
    signature = inspect.Signature(
        [inspect.Parameter(k, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=every[k]) for k in [*order.split(), *rest]]
    )
    kept = tuple(k for k in defaults if k != unsaved)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        MeanMetricWrapper.__init__(self, fn, **bound.arguments)
        for k, v in self._fn_kwargs.items():
            setattr(self, k, v)
        self._direction = direction

    def get_config(self: Any) -> dict[str, Any]:
        own = {k: self._fn_kwargs[k] for k in kept if k != saved_if_set or self._fn_kwargs[k]}
        return {**MeanMetricWrapper.get_config(self), **own}

    text = f"The mean over samples of `{fn.__name__}`. Keras's {class_name}.\n\n    {fn.__doc__}"
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = signature.replace(parameters=[me, *signature.parameters.values()])  # type: ignore[attr-defined]
    __init__.__qualname__ = f"{class_name}.__init__"
    members = {"__init__": __init__, "get_config": get_config, "__module__": __name__, "__doc__": text.partition(">>>")[0].rstrip()}
    return type(class_name, (MeanMetricWrapper,), members)


Accuracy = _mean_of("Accuracy", a.accuracy, "up")
BinaryAccuracy = _mean_of("BinaryAccuracy", a.binary_accuracy, "up", threshold=0.5)
CategoricalAccuracy = _mean_of("CategoricalAccuracy", a.categorical_accuracy, "up")
SparseCategoricalAccuracy = _mean_of("SparseCategoricalAccuracy", a.sparse_categorical_accuracy, "up")
TopKCategoricalAccuracy = _mean_of("TopKCategoricalAccuracy", a.top_k_categorical_accuracy, "up", order="k name dtype", k=5)
SparseTopKCategoricalAccuracy = _mean_of(
    "SparseTopKCategoricalAccuracy", a.sparse_top_k_categorical_accuracy, "up", order="k name dtype", saved_if_set="from_sorted_ids",
    k=5, from_sorted_ids=False,
)  # fmt: skip
MeanSquaredError = _mean_of("MeanSquaredError", losses.mean_squared_error)
MeanAbsoluteError = _mean_of("MeanAbsoluteError", losses.mean_absolute_error)
MeanAbsolutePercentageError = _mean_of("MeanAbsolutePercentageError", losses.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _mean_of("MeanSquaredLogarithmicError", losses.mean_squared_logarithmic_error)
# Keras leaves the axis out of the config.
CosineSimilarity = _mean_of("CosineSimilarity", a.cosine_similarity, "up", unsaved="axis", axis=-1)
LogCoshError = _mean_of("LogCoshError", losses.log_cosh, name="logcosh")
Hinge = _mean_of("Hinge", losses.hinge)
SquaredHinge = _mean_of("SquaredHinge", losses.squared_hinge)
CategoricalHinge = _mean_of("CategoricalHinge", losses.categorical_hinge)
KLDivergence = _mean_of("KLDivergence", losses.kl_divergence)
Poisson = _mean_of("Poisson", losses.poisson)
BinaryCrossentropy = _mean_of("BinaryCrossentropy", losses.binary_crossentropy, from_logits=False, label_smoothing=0)
CategoricalCrossentropy = _mean_of(
    "CategoricalCrossentropy", losses.categorical_crossentropy, from_logits=False, label_smoothing=0, axis=-1
)
SparseCategoricalCrossentropy = _mean_of(
    "SparseCategoricalCrossentropy", losses.sparse_categorical_crossentropy, from_logits=False, ignore_class=None, axis=-1
)
PearsonCorrelation = _mean_of("PearsonCorrelation", a.pearson_correlation, "up", axis=-1)
ConcordanceCorrelation = _mean_of("ConcordanceCorrelation", a.concordance_correlation, "up", axis=-1)


class RootMeanSquaredError(Mean):
    """The root of the mean of (y_true - y_pred)**2."""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self._direction = "down"

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        t, x = align_ranks(tensor(y_true, dtype=self.dtype), tensor(y_pred, dtype=self.dtype))
        super().update_state(op("square")(t - x), sample_weight)

    def result(self) -> Any:
        return op("sqrt")(super().result())


class R2Score(Metric):
    """The coefficient of determination, 1 - sum((y_true - y_pred)**2) / sum((y_true - mean)**2), for y of shape [batch, outputs].

    `class_aggregation`: "uniform_average" or "variance_weighted_average" over the outputs, None for each of them.
    `num_regressors`: 0, or the number of independent regressors for the adjusted score. Raises ArgumentError, ShapeError.
    """

    squared_sum: Any
    sum: Any
    total_mse: Any
    count: Any

    def __init__(
        self, class_aggregation: str | None = "uniform_average", num_regressors: int = 0, name: str | None = "r2_score",
        dtype: Any = None,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype)
        self._direction = "up"
        allowed = (None, "uniform_average", "variance_weighted_average")
        self.class_aggregation = one_of("R2Score", "class_aggregation", class_aggregation, allowed)
        if num_regressors < 0:
            raise ArgumentError(
                message("R2Score", "num_regressors of 0 or more", num_regressors, "0 gives the score that is not adjusted.")
            )
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, outputs: int) -> None:
        for attribute, name in (("squared_sum",) * 2, ("sum",) * 2, ("total_mse", "residual"), ("count",) * 2):
            setattr(self, attribute, self.add_variable((outputs,), "zeros", name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        t, x = (tensor(y, dtype=self.dtype) for y in (y_true, y_pred))
        t, x = align_ranks(t, x)
        if len(t.shape) != 2 or len(x.shape) != 2:
            raise ShapeError(message("R2Score", "y_true and y_pred of [batch, outputs]", f"{t.shape} and {x.shape}", "Reshape them."))
        if not self._built:
            self._build(x.shape[1])
        weight = tensor(1.0 if sample_weight is None else sample_weight, dtype=self.dtype)
        weight = op("expand_dims")(weight, 1) if len(weight.shape) == 1 else weight
        total = lambda v: op("sum")(v, axis=0)  # noqa: E731
        self.squared_sum.assign_add(total(t * t * weight))
        self.sum.assign_add(total(t * weight))
        self.total_mse.assign_add(total(op("square")(t - x) * weight))
        self.count.assign_add(total(op("broadcast_to")(weight, t.shape)))
        self.num_samples.assign_add(float(t.size))

    def result(self) -> Any:
        mean = self.sum.value / self.count.value
        total = self.squared_sum.value - self.sum.value * mean
        raw = 1.0 - self.total_mse.value / total
        raw = op("where")(op("isinf")(raw), 0.0, raw)
        if self.class_aggregation == "uniform_average":
            raw = op("mean")(raw)
        elif self.class_aggregation is not None:
            raw = op("mean")(raw * total) / op("mean")(total)
        if not self.num_regressors:
            return raw
        samples, p = int(self.num_samples.value.item()), self.num_regressors
        if p > samples - 1:
            warnings.warn("more independent regressors than data points: the R2 score is not adjusted", stacklevel=2)
            return raw
        if p == samples - 1:
            warnings.warn("the adjusted R2 score would divide by zero: the R2 score is not adjusted", stacklevel=2)
            return raw
        return 1.0 - (1.0 - raw) * (samples - 1.0) / (samples - p - 1.0)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
