"""What `compile` makes of metrics that are given by name, as objects, in lists or dicts nested as the outputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import metrics as metrics_module
from ..autodiff import keys_in_order, leaves, map_leaves
from ..errors import ArgumentError, message
from ..tree import is_nested
from .by_shapes import SHORT, kind_by_shapes, name_of
from .compiled_loss import CompiledLoss, fit_targets


class Entry(NamedTuple):
    """A metric of the output at a place among the flat outputs."""

    place: int
    metric: Any
    weighted: bool
    output: str | None


class CompiledMetrics:
    """The metrics of all outputs, unweighted and weighted by samples, as one metric whose result is a dict."""

    name = "compile_metrics"

    def __init__(self, metrics: Any, weighted: Any = None):
        for what, given in (("metrics", metrics), ("weighted_metrics", weighted)):
            if given is not None and not isinstance(given, (list, tuple, dict)):
                raise ArgumentError(message("compile", f"{what} as a list or dict", type(given).__name__, f"Write {what}=[...]."))
        self.given, self.weighted_given = metrics or None, weighted or None
        self.entries: list[Entry] | None = None
        self.output_names: Callable[[Any], list[str | None]] = lambda y_pred: [None] * len(leaves(y_pred))
        for one in leaves(metrics) + leaves(weighted):
            if isinstance(one, str) and SHORT.get(one.lower(), one.lower()) not in ("accuracy", "crossentropy"):
                metrics_module.get(one)

    @property
    def metrics(self) -> list[Any]:
        """The metric objects."""
        if self.entries is None:
            return [m for m in leaves(self.given) + leaves(self.weighted_given) if isinstance(m, metrics_module.Metric)]
        return [e.metric for e in self.entries]

    def _start(self, targets: list[Any], y_pred: Any, names: list[str | None]) -> None:
        predictions, entries = leaves(y_pred), []
        for given, weighted in ((self.given, False), (self.weighted_given, True)):
            for place, several in enumerate(_by_output(given, y_pred, names)):
                for one in several:
                    if one is not None:
                        output = names[place] if len(names) > 1 else None
                        entries.append(Entry(place, make_metric(one, targets[place], predictions[place]), weighted, output))
        self.entries = entries

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
        if self.given is None and self.weighted_given is None:
            return
        names, predictions = self.output_names(y_pred), leaves(y_pred)
        if is_nested(y_true) or is_nested(y_pred):
            targets = leaves(fit_targets(y_true, y_pred, names, self.given))
        else:
            targets = [y_true]
        weights = [sample_weight]
        if is_nested(sample_weight):
            weights = _flat_weights(sample_weight, y_pred, names)
        if len(weights) < len(predictions):
            weights = weights[:1] * len(predictions)
        if self.entries is None:
            self._start(targets, y_pred, names)
        for place, metric, weighted, _ in self.entries or []:
            if targets[place] is None:
                continue
            if weighted and weights[place] is not None:
                metric.update_state(targets[place], predictions[place], sample_weight=weights[place])
            else:
                metric.update_state(targets[place], predictions[place])

    def result(self) -> dict[str, Any]:
        """Return the values by name."""
        found: dict[str, Any] = {}
        seen: dict[str, int] = {}
        for _, metric, weighted, output in self.entries or []:
            before = f"{output}_" if output else ""
            name = f"{before}{metric.name}"
            if name in seen and weighted:
                name = f"{before}weighted_{metric.name}"
            seen[name] = seen.get(name, 0) + 1
            value = metric.result()
            found.update(value if isinstance(value, dict) else {name if seen[name] == 1 else f"{name}_{seen[name] - 1}": value})
        return found


def _flat_weights(sample_weight: Any, y_pred: Any, names: list[str | None]) -> list[Any]:
    if isinstance(sample_weight, dict):
        keys = keys_in_order(y_pred) if isinstance(y_pred, dict) and set(sample_weight) & set(y_pred) else names
        return [sample_weight.get(k) for k in keys]
    return leaves(sample_weight)


def _by_output(given: Any, y_pred: Any, names: list[str | None]) -> list[list[Any]]:
    """Return the metrics of each flat output, of metrics in a list or dict by output, or nested as the outputs."""
    count = len(names)
    if given is None:
        return [[]] * count
    if count == 1:
        return [leaves(given)]
    flat = is_nested(y_pred) and len(y_pred) == count
    if flat and isinstance(given, (list, tuple)) and len(given) == count:
        return [_several(g) for g in given]
    if isinstance(given, dict):
        for keys in (keys_in_order(y_pred) if isinstance(y_pred, dict) and flat else None, names):
            if keys is not None and set(given) <= set(keys):
                return [_several(given.get(k)) for k in keys]
    found: list[list[Any]] = []
    _nested(given, y_pred, names, found)
    return found


def _nested(given: Any, y_pred: Any, names: Any, found: list[list[Any]]) -> None:
    """Append the metrics of each leaf of the outputs, which the metrics nest alike."""
    if not is_nested(y_pred):
        found.append(_several(given))
        return
    keys: Any = keys_in_order(y_pred) if isinstance(y_pred, dict) else range(len(y_pred))
    alike = isinstance(given, dict) == isinstance(y_pred, dict) and is_nested(given) and len(given) == len(y_pred)
    if not alike or (isinstance(given, dict) and set(given) != set(keys)):
        wanted = f"metrics by output name, {names}, or nested as the outputs, {map_leaves(lambda _: '*', y_pred)}"
        raise ArgumentError(message("compile", wanted, f"{given}", "Name each output, with None for no metric."))
    for key in keys:
        _nested(given[key], y_pred[key], names, found)


def _several(given: Any) -> list[Any]:
    return leaves(given) if isinstance(given, (list, tuple, dict)) else [given]


def make_metric(given: Any, target: Any, prediction: Any) -> Any:
    """Return a metric of a name, function or object; "accuracy" and "crossentropy" by the shapes of target and prediction."""
    if isinstance(given, str) and SHORT.get(given.lower(), given.lower()) in ("accuracy", "crossentropy"):
        before = ("Binary", "SparseCategorical", "Categorical")[kind_by_shapes(target, prediction)]
        return getattr(metrics_module, before + SHORT.get(given.lower(), given.lower()).capitalize())(name=given)
    found = metrics_module.get(given)
    if not isinstance(found, metrics_module.Metric):
        return metrics_module.MeanMetricWrapper(found, name=given if isinstance(given, str) else name_of(found))
    if isinstance(given, str):
        found.name = given
    return found


__all__ = ["CompiledLoss", "CompiledMetrics", "make_metric"]
