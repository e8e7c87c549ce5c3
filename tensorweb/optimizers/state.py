"""The state of optimizers: initial values, weights in and out, steps on given values, configs of older files. Steps are in `base.py`."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from .. import engine
from ..errors import ArgumentError, ShapeError, message
from ..tensor import Tensor, as_tensor, op

# Of older files, by the argument's name today. Keys in camelCase are put into snake_case first.
OLD_NAMES = {"lr": "learning_rate", "beta1": "beta_1", "beta2": "beta_2", "use_nesterov": "nesterov"}
# In files of Keras 2, without a meaning here.
DROPPED = ("is_legacy_optimizer", "jit_compile")


def initial_value(initializer: Any, shape: tuple[int, ...], dtype: str) -> Tensor:
    """Return the first value of an optimizer's variable; `initializer`: "zeros", a number, an Initializer, its name or config."""
    if initializer is None or initializer == "zeros":
        return op("zeros")(shape, dtype)
    if isinstance(initializer, (int, float)):
        return op("full")(shape, initializer, dtype=dtype)
    if not callable(initializer):
        from ..initializers import get

        initializer = get(initializer)
    return as_tensor(initializer(shape, dtype=dtype), "add_variable")


def stateless_apply(
    optimizer: Any, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
) -> tuple[list[Tensor], list[Tensor]]:
    """Return (trainable values, optimizer values) after a step from the given values, and put the old ones back."""
    where = "stateless_apply"
    if not optimizer.built:
        raise ArgumentError(message(where, "an optimizer that is built", "one that is not", "Call build(trainable_variables) first."))
    model, own = list(optimizer._trainable_variables), optimizer.variables
    for what, given, known in (("optimizer_variables", optimizer_variables, own), ("trainable_variables", trainable_variables, model)):
        if len(given) != len(known):
            raise ArgumentError(message(where, f"{len(known)} {what}", len(given), "Pass one value for each."))
    variables = model + own
    old = [v.value for v in variables]
    try:
        for v, value in zip(variables, [*trainable_variables, *optimizer_variables], strict=True):
            v.assign(value)
        optimizer.apply(grads)
        new = [engine.alias(v.value) for v in variables]
    finally:
        for v, value in zip(variables, old, strict=True):
            v.assign(value)
    return new[: len(model)], new[len(model) :]


def set_weights(optimizer: Any, weights: Sequence[Any]) -> None:
    """Assign the values of an optimizer's variables, after checking all of them."""
    if not optimizer.built:
        raise ArgumentError(message("set_weights", "an optimizer that is built", "one that is not", "Call build(variables) first."))
    pairs = [(v, as_tensor(w, "set_weights", v.dtype)) for v, w in zip(optimizer.variables, weights, strict=False)]
    for v, value in pairs:
        if value.shape != v.shape:
            raise ShapeError(message("set_weights", f"shape {v.shape} for {v.path!r}", value.shape, "Pass the weights in order."))
    for v, value in pairs:
        v.assign(value)


def load_own_variables(optimizer: Any, store: Any) -> None:
    """Assign what a store has under "0", "1", ... to an optimizer's variables."""
    count, wanted = len(store.keys()), len(optimizer.variables)
    if count != wanted:
        hint = "" if optimizer.built else " Build the optimizer first."
        text = f"the optimizer {optimizer.name!r} has {wanted} variables, the file {count}: they are not loaded.{hint}"
        warnings.warn(text, stacklevel=3)
        return
    if optimizer.built:
        set_weights(optimizer, [store[str(i)] for i in range(count)])
    else:
        for i, v in enumerate(optimizer.variables):
            v.assign(store[str(i)])


def modern_config(config: Mapping[str, Any], parameters: Mapping[str, Any], legacy: Mapping[str, str]) -> dict[str, Any]:
    """Return a config with today's names; a key that the constructor knows stays, an unknown one too, for it to complain about."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if key not in parameters:
            key = re.sub("([a-z0-9])([A-Z])", r"\1_\2", key).lower()
            old = key
            key = {**OLD_NAMES, **legacy}.get(key, key)
            if old != key and key in config:  # RMSprop's decay is rho in TensorFlow.js, but not in Keras 2, which has both
                key = old
            if key in DROPPED or (key == "decay" and not value):
                continue
        if key == "epsilon" and value is None:
            continue
        found[key] = value
    return found
