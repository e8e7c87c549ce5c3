"""The training configuration as TensorFlow.js reads it: its optimizers' classes and options, its names of losses and metrics."""

from __future__ import annotations

import inspect
from typing import Any

from ..naming import to_snake_case
from ..serialization import serialize_keras_object

# Class of ours: (class there, option here -> option there).
_MOMENTS = {"learning_rate": "learningRate", "beta_1": "beta1", "beta_2": "beta2", "epsilon": "epsilon"}
_OPTIMIZERS: dict[str, tuple[str, dict[str, str]]] = {
    "SGD": ("SGD", {"learning_rate": "learningRate"}),
    "Adam": ("Adam", _MOMENTS),
    "Adamax": ("Adamax", _MOMENTS),
    "RMSprop": (
        "RMSProp",
        {"learning_rate": "learningRate", "rho": "decay", "momentum": "momentum", "epsilon": "epsilon", "centered": "centered"},
    ),
    "Adagrad": ("Adagrad", {"learning_rate": "learningRate", "initial_accumulator_value": "initialAccumulatorValue"}),
    "Adadelta": ("Adadelta", {"learning_rate": "learningRate", "rho": "rho", "epsilon": "epsilon"}),
}
_MOMENTUM = {"learning_rate": "learningRate", "momentum": "momentum", "nesterov": "useNesterov"}
LOSSES = frozenset(
    [
        "mean_squared_error",
        "mean_absolute_error",
        "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error",
        "squared_hinge",
        "hinge",
        "categorical_hinge",
        "logcosh",
        "categorical_crossentropy",
        "sparse_categorical_crossentropy",
        "binary_crossentropy",
        "kullback_leibler_divergence",
        "poisson",
        "cosine_proximity",
    ]
)
_SHORT = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "kld": "kullback_leibler_divergence", "kl_divergence": "kullback_leibler_divergence",
    "log_cosh": "logcosh",
}  # fmt: skip


def to_web_training(model: Any) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return (TensorFlow.js's training configuration, ours if that one does not say all)."""
    config = model._compile_config
    exact = [True]
    loss = _named(config["loss"], exact)
    metrics = _named(config["metrics"], exact)
    optimizer = _optimizer(model.optimizer, exact)
    if config.get("loss_weights") is not None or config.get("weighted_metrics") is not None:
        exact[0] = False
    made = {"loss": loss, "metrics": metrics if metrics is not None else [], "optimizer_config": optimizer}
    return made, None if exact[0] else {**serialize_keras_object(config), "optimizer": serialize_keras_object(model.optimizer)}


def _named(value: Any, exact: list[bool]) -> Any:
    """Return losses or metrics by name, nested as they are."""
    if value is None:
        return None
    if isinstance(value, dict):
        return {k: _named(v, exact) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(v, exact) for v in value]
    if isinstance(value, str):
        name = to_snake_case(value) if value != value.lower() else value
        return _SHORT.get(name, name)
    name = to_snake_case(value.__name__ if inspect.isfunction(value) or inspect.isclass(value) else type(value).__name__)
    exact[0] = False
    return _SHORT.get(name, name)


def _optimizer(optimizer: Any, exact: list[bool]) -> dict[str, Any]:
    config, name = optimizer.get_config(), type(optimizer).__name__
    there, keys = _OPTIMIZERS.get(name, (name, {"learning_rate": "learningRate"}))
    if name == "SGD" and config.get("momentum"):
        there, keys = "Momentum", _MOMENTUM
    found = {new: config[old] for old, new in keys.items() if old in config}
    if not isinstance(found.get("learningRate"), (int, float)):
        found["learningRate"] = float(optimizer.learning_rate)
        exact[0] = False
    plain = type(optimizer).from_config({"learning_rate": 0.1}).get_config()
    rest = {k for k, v in config.items() if k not in keys and k != "name" and v != plain.get(k)}
    if rest or name not in _OPTIMIZERS:
        exact[0] = False
    return {"class_name": there, "config": found}
