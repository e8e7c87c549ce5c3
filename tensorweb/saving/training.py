"""The training configuration of older files: {loss, metrics, optimizer_config, ...}, from and to the arguments of `compile`."""

from __future__ import annotations

import re
import warnings
from typing import Any

from ..errors import TensorWebError
from ..serialization import serialize_keras_object

_PLAIN = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile")
# TensorFlow.js's names of optimizers, and what of ours they are. An option's name is its own affair (optimizers/state.py).
OPTIMIZERS = {"RMSProp": "RMSprop", "Momentum": "SGD"}


# Keras does not find losses in HDF5 files by their short names.
_FULL = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "kld": "kl_divergence",
}  # fmt: skip


def _full(value: Any) -> Any:
    if isinstance(value, str):
        return _FULL.get(value.lower(), value)
    if isinstance(value, dict):
        return value if "class_name" in value else {k: _full(v) for k, v in value.items()}
    return [_full(v) for v in value] if isinstance(value, (list, tuple)) else value


def to_training_config(model: Any) -> dict[str, Any] | None:
    """Return a compiled model's configuration as Keras 3 writes it into HDF5 files; None for others."""
    config = getattr(model, "_compile_config", None)
    if not config or model.optimizer is None:
        return None
    plain = {k: serialize_keras_object(config[k]) for k in _PLAIN}
    plain.update({k: _full(plain[k]) for k in ("loss", "metrics", "weighted_metrics")})
    optimizer = serialize_keras_object(model.optimizer)
    name = optimizer.get("registered_name") or optimizer["class_name"]
    return {**plain, "optimizer_config": {"class_name": name, "config": optimizer["config"]}}


def _modern(value: Any) -> Any:
    """Return losses and metrics with each {"class_name", "config"} kept, names in snake_case."""
    if isinstance(value, str):
        return value if value in ("mse", "MSE") else re.sub("([a-z0-9])([A-Z])", r"\1_\2", value).lower()
    if isinstance(value, dict) and "class_name" in value:
        if value["class_name"] in ("MeanMetricWrapper", "SparseMeanMetricWrapper"):  # as Keras 2 writes metrics by function
            return value.get("config", {}).get("fn") or value.get("config", {}).get("name")
        inner = {k: v for k, v in (value.get("config") or {}).items() if k not in ("fn",)}
        if inner.get("reduction") == "auto":
            inner["reduction"] = "sum_over_batch_size"
        return {**value, "config": inner}
    if isinstance(value, dict):
        return {k: _modern(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_modern(v) for v in value]
    return value


def _wrapped(config: Any) -> Any:
    """Return an optimizer's config whatever it is called there."""
    if not isinstance(config, dict):
        return config
    name = config.get("class_name", "")
    name = str(name).removeprefix("Custom>")
    return {**config, "class_name": OPTIMIZERS.get(name, name)}


def compile_by(model: Any, config: Any) -> None:
    """Compile a model by the configuration of an older file; with a warning not at all, where that cannot be done."""
    if not isinstance(config, dict):
        return
    optimizer = config.get("optimizer_config", config.get("optimizer"))
    found = {k: _modern(config[k]) for k in ("loss", "metrics", "weighted_metrics") if config.get(k)}
    if found.get("metrics") and isinstance(found["metrics"], list):
        found["metrics"] = _flat_metrics(found["metrics"])
    if config.get("loss_weights") is not None:
        found["loss_weights"] = config["loss_weights"]
    try:
        model.compile_from_config({"optimizer": _wrapped(optimizer) or "rmsprop", **found})
    except (TensorWebError, TypeError, ValueError, KeyError, AttributeError) as error:
        warnings.warn(f"the saved model was compiled, but its configuration cannot be used: {error}. Compile it again.", stacklevel=4)


def _flat_metrics(metrics: list[Any]) -> list[Any]:
    """Return Keras 2's [[metric, ...]] of one output as a flat list."""
    return metrics[0] if len(metrics) == 1 and isinstance(metrics[0], list) else metrics
