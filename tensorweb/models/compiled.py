"""What `compile` makes of losses and metrics that are given by name, as objects, in lists or dicts by output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import losses as losses_module
from .. import metrics as metrics_module
from ..autodiff import leaves
from ..errors import ArgumentError, message

SHORT = {"acc": "accuracy", "ce": "crossentropy"}


def _name(value: Any) -> str:
    return getattr(value, "name", None) or getattr(value, "__name__", None) or type(value).__name__


def by_output(given: Any, names: list[str], what: str, nested: bool = False) -> list[Any]:
    """Return one entry for each output of what is given for all, in a list, or in a dict by output name.

    `nested`: an entry is itself a list (metrics), so a flat list is for a single output.
    """
    count = len(names)
    if given is None:
        return [None] * count
    if isinstance(given, dict):
        unknown = [k for k in given if k not in names]
        if unknown:
            raise ArgumentError(message("compile", f"{what} for outputs among {names}", f"{unknown}", "Use the outputs' names as keys."))
        return [given.get(n) for n in names]
    if isinstance(given, (list, tuple)):
        if nested and (count == 1 or not any(isinstance(g, (list, tuple)) or g is None for g in given)):
            if count == 1:
                return [list(given) if not (len(given) == 1 and isinstance(given[0], (list, tuple))) else list(given[0])]
            if len(given) == count:
                return [[g] for g in given]
            raise ArgumentError(message("compile", f"{what}: a list for each of {names}", f"{len(given)} entries", "Nest the list."))
        if len(given) != count:
            raise ArgumentError(message("compile", f"{count} {what}, one for each output", len(given), f"The outputs are {names}."))
        return list(given)
    return [given] * count


def flat_targets(y: Any, names: list[str], struct: Any) -> list[Any]:
    """Return the targets, one for each output, of targets nested as the outputs, flat, or by output name."""
    if y is None:
        return [None] * len(names)
    if isinstance(y, dict):
        if isinstance(struct, dict):
            return [y.get(k) for k in struct] if all(not isinstance(v, dict) for v in struct.values()) else leaves(y)
        missing = [n for n in names if n not in y]
        if missing and len(y) == len(names):
            return list(y.values())
        return [y.get(n) for n in names]
    return leaves(y)


class CompiledLoss:
    """The total loss of all outputs, and a running mean for each where there are several."""

    def __init__(self, loss: Any, weights: Any = None):
        self.given, self.weights_given = loss, weights
        self.functions: list[Any] | None = None
        self.weights: list[Any] = []
        self.trackers: list[Any] = []
        self._check(loss)

    def _check(self, loss: Any) -> None:
        for one in leaves(loss):
            if one is not None:
                losses_module.get(one)

    def _start(self, names: list[str]) -> None:
        given = by_output(self.given, names, "losses")
        self.functions = [None if g is None else losses_module.get(g) for g in given]
        self.weights = [1.0 if w is None else w for w in by_output(self.weights_given, names, "loss weights")]
        if len(names) > 1:
            self.trackers = [metrics_module.Mean(name=f"{n}_loss") for n, f in zip(names, self.functions) if f is not None]

    @property
    def metrics(self) -> list[Any]:
        """The running means of the outputs' losses."""
        return self.trackers

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any, names: list[str]) -> Any:
        """Return the weighted sum of the outputs' losses; None without any."""
        if self.functions is None:
            self._start(names)
        predictions = leaves(y_pred)
        targets = flat_targets(y_true, names, y_pred)
        if len(targets) != len(predictions):
            raise ArgumentError(
                message("loss", f"{len(predictions)} target(s), one for each output", len(targets), f"The outputs are {names}.")
            )
        samples = (
            flat_targets(sample_weight, names, y_pred)
            if isinstance(sample_weight, (dict, list, tuple))
            else [sample_weight] * len(predictions)
        )
        total, trackers = None, iter(self.trackers)
        for f, w, t, p, s in zip(self.functions or [], self.weights, targets, predictions, samples):
            if f is None:
                continue
            if t is None:
                raise ArgumentError(message("loss", "a target for each output with a loss", "None", "Pass y, or leave out that loss."))
            value = _value(f, t, p, s)
            if self.trackers:
                next(trackers).update_state(value)
            value = value if isinstance(w, (int, float)) and w == 1 else value * w
            total = value if total is None else total + value
        return total


def _value(function: Any, target: Any, prediction: Any, sample_weight: Any) -> Any:
    """Return a scalar loss: of a Loss, or of a function of (y_true, y_pred), whose values are averaged."""
    if isinstance(function, losses_module.Loss):
        return function(target, prediction, sample_weight=sample_weight)
    return losses_module.LossFunctionWrapper(function, name=_name(function))(target, prediction, sample_weight=sample_weight)


def _batch(prediction: Any) -> int:
    return prediction.shape[0] if getattr(prediction, "shape", ()) else 1


class CompiledMetrics:
    """The metrics of all outputs, unweighted and weighted by samples, as one metric whose result is a dict."""

    name = "compile_metrics"

    def __init__(self, metrics: Any, weighted: Any = None):
        self.given, self.weighted_given = metrics, weighted
        self.entries: list[tuple[int, Any, bool, str]] | None = None
        self.output_names: Callable[[Any], list[str]] = lambda y_pred: [f"output_{i}" for i in range(len(leaves(y_pred)))]
        for one in leaves(metrics) + leaves(weighted):
            if isinstance(one, str) and SHORT.get(one.lower(), one.lower()) not in ("accuracy", "crossentropy"):
                metrics_module.get(one)

    @property
    def metrics(self) -> list[Any]:
        """The metric objects."""
        if self.entries is None:
            return [m for m in leaves(self.given) + leaves(self.weighted_given) if isinstance(m, metrics_module.Metric)]
        return [m for _, m, _, _ in self.entries]

    def _start(self, names: list[str], targets: list[Any], predictions: list[Any]) -> None:
        self.entries = []
        for given, weighted in ((self.given, False), (self.weighted_given, True)):
            for i, entry in enumerate(by_output(given, names, "metrics", nested=True)):
                for one in entry if isinstance(entry, (list, tuple)) else [entry]:
                    if one is not None:
                        metric = make_metric(one, targets[i], predictions[i])
                        name = metric.name if len(names) == 1 else f"{names[i]}_{metric.name}"
                        self.entries.append((i, metric, weighted, name))

    @property
    def variables(self) -> list[Any]:
        """The state of all metrics."""
        return [v for m in self.metrics for v in m.variables]

    def reset_state(self) -> None:
        """Begin anew."""
        for m in self.metrics:
            m.reset_state()

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take in one batch."""
        self.update(y_true, y_pred, sample_weight, self.output_names(y_pred))

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any, names: list[str]) -> None:
        """Take in one batch of outputs of these names."""
        if self.given is None and self.weighted_given is None:
            return
        predictions = leaves(y_pred)
        targets = flat_targets(y_true, names, y_pred)
        if len(targets) != len(predictions):
            raise ArgumentError(message("metrics", f"{len(predictions)} target(s)", len(targets), f"The outputs are {names}."))
        samples = (
            flat_targets(sample_weight, names, y_pred)
            if isinstance(sample_weight, (dict, list, tuple))
            else [sample_weight] * len(predictions)
        )
        if self.entries is None:
            self._start(names, targets, predictions)
        for i, metric, weighted, _ in self.entries or []:
            if targets[i] is None:
                continue
            if weighted and samples[i] is not None:
                metric.update_state(targets[i], predictions[i], sample_weight=samples[i])
            else:
                metric.update_state(targets[i], predictions[i])

    def result(self) -> dict[str, Any]:
        """Return the values by name."""
        found: dict[str, Any] = {}
        for _, metric, _, name in self.entries or []:
            value = metric.result()
            key, n = name, 1
            while key in found:
                key, n = f"{name}_{n}", n + 1
            found.update(value if isinstance(value, dict) else {key: value})
        return found


def make_metric(given: Any, target: Any, prediction: Any) -> Any:
    """Return a metric of a name, function or object; "accuracy" and "crossentropy" by the shapes of target and prediction."""
    if isinstance(given, str) and SHORT.get(given.lower(), given.lower()) in ("accuracy", "crossentropy"):
        return _by_shapes(SHORT.get(given.lower(), given.lower()), given, target, prediction)
    found = metrics_module.get(given)
    if not isinstance(found, metrics_module.Metric):
        return metrics_module.MeanMetricWrapper(found, name=given if isinstance(given, str) else _name(found))
    if isinstance(given, str):
        found.name = given
    return found


def _by_shapes(kind: str, name: str, target: Any, prediction: Any) -> Any:
    last = prediction.shape[-1] if prediction.shape else 1
    target_shape = tuple(getattr(target, "shape", ()))
    sparse = (len(target_shape) < len(prediction.shape) or (bool(target_shape) and target_shape[-1] == 1)) and last > 1
    which = 0 if last == 1 else 1 if sparse else 2
    if kind == "accuracy":
        kinds = (metrics_module.BinaryAccuracy, metrics_module.SparseCategoricalAccuracy, metrics_module.CategoricalAccuracy)
    else:
        kinds = (metrics_module.BinaryCrossentropy, metrics_module.SparseCategoricalCrossentropy, metrics_module.CategoricalCrossentropy)
    return kinds[which](name=name)


__all__ = ["CompiledLoss", "CompiledMetrics", "by_output", "make_metric"]
