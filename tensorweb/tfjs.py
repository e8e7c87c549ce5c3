"""What TensorFlow.js means by names that Keras uses otherwise: losses that take weights and reduce to a scalar, `tw.tfjs.losses`."""

from __future__ import annotations

import enum
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from . import engine
from .errors import ArgumentError, ShapeError, message
from .kernels import expression as e
from .kernels.expression import reduce
from .ops.define import composite, op, row_body
from .ops.losses import log_sum_exp, softplus
from .shapes import normalize_axis, size_of
from .tensor import as_tensor


class Reduction(enum.IntEnum):
    """What becomes of the single losses: nothing, their mean, their sum, or their sum over the number of weights that are not 0."""

    NONE = 0
    MEAN = 1
    SUM = 2
    SUM_BY_NONZERO_WEIGHTS = 3


losses = SimpleNamespace()
_loss = composite(method=False, namespace="tfjs.losses")


def _export(function: Callable[..., Any]) -> Callable[..., Any]:
    """Register an op of the namespace and put it there."""
    registered = _loss(function)
    setattr(losses, function.__name__, registered)
    return registered


def _reduction(value: Any) -> Reduction:
    try:
        return Reduction[value.upper()] if isinstance(value, str) else Reduction(value)
    except (KeyError, ValueError):
        names = ", ".join(Reduction.__members__)
        raise ArgumentError(message("losses", f"a reduction of {names}", repr(value), "Use tw.tfjs.Reduction.")) from None


@_export
def compute_weighted_loss(losses: Any, weights: Any = None, reduction: Any = Reduction.SUM_BY_NONZERO_WEIGHTS) -> Any:
    """Return losses * weights, reduced. TensorFlow.js losses.computeWeightedLoss.

    >>> import tensorweb as tw
    >>> tw.tfjs.losses.compute_weighted_loss(tw.tensor([1.0, 2.0, 3.0]), tw.tensor([1.0, 0.0, 1.0])).item()
    2.0
    """
    kind, values = _reduction(reduction), as_tensor(losses, "compute_weighted_loss")
    if weights is None:
        if kind == Reduction.NONE:
            return op("copy")(values)
        return op("sum")(values) if kind == Reduction.SUM else op("mean")(values)
    w = as_tensor(weights, "compute_weighted_loss")
    product = op("multiply")(values, w)
    if kind == Reduction.NONE:
        return product
    total = op("sum")(product)
    if kind == Reduction.SUM:
        return total
    if kind == Reduction.MEAN:
        # Weights that were broadcast count once for each loss that they apply to.
        repeats = size_of(values.shape) / max(1, size_of(w.shape))
        mean = op("divide")(total, op("sum")(w))
        return op("divide")(mean, repeats) if repeats > 1 else mean
    nonzero = op("not_equal")(op("broadcast_to")(w, values.shape) if w.shape != values.shape else w, 0)
    return op("divide")(total, op("cast")(op("sum")(nonzero), "float32"))


def _finish(where: str, body: Any, args: tuple, weights: Any, reduction: Any, axis: int | None = None) -> Any:
    """Return the reduced losses that a body makes of the labels, the predictions, and numbers."""
    labels, predictions = (as_tensor(a, where) for a in args[:2])
    if labels.shape != predictions.shape:
        shapes = f"{labels.shape} and {predictions.shape}"
        raise ShapeError(message(where, "labels and predictions of one shape", shapes, "Reshape one of them."))
    axes = None if axis is None else (normalize_axis(axis, len(labels.shape), where),)
    made = engine.run(row_body(body, axes, body is _cosine, len(args)), (labels, predictions, *args[2:]))
    return compute_weighted_loss(made, weights, reduction)


def _absolute(labels: Any, x: Any) -> Any:
    return e.absolute(labels - x)


def _cosine(labels: Any, x: Any) -> Any:
    return 1.0 - reduce.sum(labels * x)


def _hinge(labels: Any, x: Any) -> Any:
    return e.maximum(0.0, 1.0 - (labels * 2.0 - 1.0) * x)


def _huber(labels: Any, x: Any, delta: Any) -> Any:
    error = e.absolute(x - labels)
    quadratic = e.minimum(error, delta)
    return 0.5 * quadratic * quadratic + delta * (error - quadratic)


def _log(labels: Any, x: Any, epsilon: Any) -> Any:
    return -(labels * e.log(x + epsilon)) - (1.0 - labels) * e.log(1.0 - x + epsilon)


def _square(labels: Any, x: Any) -> Any:
    return (labels - x) * (labels - x)


def _sigmoid(labels: Any, x: Any, smoothing: Any) -> Any:
    return softplus(x) - x * (labels * (1.0 - smoothing) + smoothing * 0.5)


def _softmax(labels: Any, x: Any, smoothing: Any) -> Any:
    labels = labels * (1.0 - smoothing) + smoothing / reduce.count()
    return reduce.sum(labels * (log_sum_exp(x) - x))


_BY_NONZERO = Reduction.SUM_BY_NONZERO_WEIGHTS


@_export
def absolute_difference(labels: Any, predictions: Any, weights: Any = None, reduction: Any = _BY_NONZERO) -> Any:
    """Return |labels - predictions|, weighted and reduced. TensorFlow.js losses.absoluteDifference."""
    return _finish("absolute_difference", _absolute, (labels, predictions), weights, reduction)


@_export
def cosine_distance(labels: Any, predictions: Any, axis: int, weights: Any = None, reduction: Any = _BY_NONZERO) -> Any:
    """Return 1 - sum(labels * predictions) along `axis`, which keeps size 1, weighted and reduced. TensorFlow.js losses.cosineDistance."""
    return _finish("cosine_distance", _cosine, (labels, predictions), weights, reduction, axis)


@_export
def hinge_loss(labels: Any, predictions: Any, weights: Any = None, reduction: Any = _BY_NONZERO) -> Any:
    """Return max(0, 1 - (2 * labels - 1) * predictions) for labels 0 and 1, weighted and reduced. TensorFlow.js losses.hingeLoss."""
    return _finish("hinge_loss", _hinge, (labels, predictions), weights, reduction)


@_export
def huber_loss(labels: Any, predictions: Any, weights: Any = None, delta: float = 1.0, reduction: Any = _BY_NONZERO) -> Any:
    """Return half the squared error up to `delta`, and a line from there, weighted and reduced. TensorFlow.js losses.huberLoss."""
    return _finish("huber_loss", _huber, (labels, predictions, float(delta)), weights, reduction)


@_export
def log_loss(labels: Any, predictions: Any, weights: Any = None, epsilon: float = 1e-7, reduction: Any = _BY_NONZERO) -> Any:
    """Return the cross-entropy of probabilities, `epsilon` added in the logarithms, weighted and reduced. TensorFlow.js losses.logLoss."""
    return _finish("log_loss", _log, (labels, predictions, float(epsilon)), weights, reduction)


@_export
def mean_squared_error(labels: Any, predictions: Any, weights: Any = None, reduction: Any = _BY_NONZERO) -> Any:
    """Return (labels - predictions)**2, weighted and reduced. TensorFlow.js losses.meanSquaredError."""
    return _finish("mean_squared_error", _square, (labels, predictions), weights, reduction)


@_export
def sigmoid_cross_entropy(
    multi_class_labels: Any, logits: Any, weights: Any = None, label_smoothing: float = 0.0, reduction: Any = _BY_NONZERO
) -> Any:
    """Return the cross-entropy of independent classes from logits; smoothing moves labels to 1/2.

    TensorFlow.js losses.sigmoidCrossEntropy.
    """
    return _finish("sigmoid_cross_entropy", _sigmoid, (multi_class_labels, logits, float(label_smoothing)), weights, reduction)


@_export
def softmax_cross_entropy(
    onehot_labels: Any, logits: Any, weights: Any = None, label_smoothing: float = 0.0, reduction: Any = _BY_NONZERO
) -> Any:
    """Return the cross-entropy along the last axis from logits; smoothing moves labels to 1/classes.

    TensorFlow.js losses.softmaxCrossEntropy.
    """
    return _finish("softmax_cross_entropy", _softmax, (onehot_labels, logits, float(label_smoothing)), weights, reduction, -1)
