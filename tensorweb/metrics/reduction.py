"""Metrics that reduce values to a sum or a mean, and `MeanMetricWrapper`, the mean of a function of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import serialization
from ..losses.loss import align_ranks, mask_of, masked_weights
from ..tensor import op, tensor
from .metric import Metric


def samplewise(values: Any, sample_weight: Any, reduce: str, dtype: str) -> tuple[Any, Any]:
    """Return one value a sample, weighted, and one weight a sample (or None); `reduce` ("mean", "sum") takes the other axes away.

    Values are reduced to the weights' rank before they are weighted; a mask on them counts only beside weights, as in Keras.
    """
    mask = mask_of(values)
    values = tensor(values, dtype=dtype)
    weights = None
    if sample_weight is not None:
        weights = masked_weights(tensor(sample_weight, dtype=dtype), mask, dtype, "sum")
        values, weights = align_ranks(values, weights)
        rank = len(weights.shape)
        if rank < len(values.shape):
            values = op(reduce)(values, axis=tuple(range(rank, len(values.shape))))
        weights = op("broadcast_to")(weights, values.shape)
        values = values * weights
        if rank > 1:
            weights = op(reduce)(weights, axis=tuple(range(1, rank)))
    if len(values.shape) > 1:
        values = op(reduce)(values, axis=tuple(range(1, len(values.shape))))
    return values, weights


class Sum(Metric):
    """The (weighted) sum of the values given to `update_state(values, sample_weight=None)`."""

    def __init__(self, name: str | None = "sum", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, _ = samplewise(values, sample_weight, "sum", self.dtype)
        self.total.assign_add(op("sum")(values))

    def result(self) -> Any:
        return self.total.value


class Mean(Metric):
    """The (weighted) mean of the values given to `update_state(values, sample_weight=None)`, 0 before the first.

    >>> import tensorweb as tw
    >>> m = tw.metrics.Mean()
    >>> m.update_state([1, 3, 5, 7], sample_weight=[1, 1, 0, 0])
    >>> m.result().item()
    2.0
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        values, weights = samplewise(values, sample_weight, "mean", self.dtype)
        self.total.assign_add(op("sum")(values))
        self.count.assign_add(op("sum")(weights) if weights is not None else float(values.shape[0] if values.shape else 1))

    def result(self) -> Any:
        return op("divide_no_nan")(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """The mean over samples of a function (y_true, y_pred, **kwargs) that returns a value for each sample."""

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any):
        super().__init__(name=name, dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs
        # Losses get better downwards, all else upwards; callbacks that watch a metric ask.
        self._direction: str | None = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        mask = mask_of(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        if sample_weight is not None or mask is not None:
            sample_weight = masked_weights(sample_weight, mask, self.dtype, "sum")
        super().update_state(values, sample_weight=sample_weight)

    def get_config(self) -> dict[str, Any]:
        base = {"name": self.name, "dtype": self.dtype}
        if type(self) is not MeanMetricWrapper:
            return base
        kwargs = {k: serialization.serialize_keras_object(v) for k, v in self._fn_kwargs.items()}
        return {**base, "fn": serialization.serialize_keras_object(self._fn), **kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        if "fn" in config:
            config = serialization.deserialize_keras_object(dict(config))
        return cls(**config)
