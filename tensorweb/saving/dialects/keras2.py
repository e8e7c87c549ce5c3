"""Configs of Keras 2 and TensorFlow.js read: class names, keys and meanings that changed, and the numbers of nodes in graphs."""

from __future__ import annotations

import inspect
import re
import warnings
from functools import lru_cache
from typing import Any

from ... import activations
from ... import layers as layers_module
from ...errors import message
from ...layers.layer import Layer
from ...models import Functional, Sequential
from ...serialization import CustomObjectScope, DeserializationError, get_registered_object
from .keras2_ops import op_of_lambda, operations

# Names that Keras 3 no longer has, or never had.
RENAMED = {
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization",
    "SyncBatchNormalization": "BatchNormalization", "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D",
    "AtrousConvolution2D": "Conv2D", "LSTMV2": "LSTM", "GRUV2": "GRU",
}  # fmt: skip
_OPS = ("TFOpLambda", "SlicingOpLambda")
_MODELS = {"Model": Functional, "Functional": Functional, "Sequential": Sequential}
_BASE = frozenset(("name", "trainable", "dtype", "activity_regularizer", "batch_input_shape", "batch_shape", "input_shape"))
# Without a meaning here, whatever their value.
_DROPPED = frozenset(
    (
        "input_length", "implementation", "use_cudnn_on_gpu", "rank", "time_major", "input_dtype", "ragged", "sparse", "groups", "fused",
        "renorm_clipping", "virtual_batch_size", "adjustment", "kernel_initializer", "kernel_regularizer", "kernel_constraint",
        "unit_forget_bias", "function_type", "module", "output_shape_type", "output_shape_module", "zero_output_for_mask",
        "num_constants", "autocast", "synchronized", "mode", "experimental_autocast", "query_shape", "key_shape", "value_shape",
        "expects_training_arg",
    )
)  # fmt: skip


def keras2_scope(custom_objects: dict[str, Any] | None) -> CustomObjectScope:
    """Return the scope in which configs without modules are read as Keras 2's; a user's classes come before the library's."""
    readers = {name: reader for name, reader in _readers().items() if get_registered_object(name) is None}
    return CustomObjectScope({**readers, **operations(), **(custom_objects or {})})


@lru_cache(maxsize=1)
def _readers() -> dict[str, Any]:
    """Return classes by the names in files, whose from_config takes Keras 2's configs."""
    found = {name: _reader(name, cls, _model_config) for name, cls in _MODELS.items()}
    for name, cls in vars(layers_module).items():
        if inspect.isclass(cls) and issubclass(cls, Layer) and name not in ("Layer", "Identity"):  # Identity is an initializer, too
            found[name] = _reader(name, cls, layer_config)
    found.update({old: found[new] for old, new in RENAMED.items()})
    return found


def _reader(name: str, cls: Any, convert: Any) -> Any:
    def from_config(_: Any, config: Any) -> Any:
        made = convert(name, cls, config)
        return (getattr(cls, "from_keras2_config", None) or cls.from_config)(made)

    return type(name, (), {"from_config": classmethod(from_config)})


# --- layers -------------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _accepted(cls: type) -> dict[str, Any]:
    """Return the arguments that a class takes, and their defaults."""
    found: dict[str, Any] = dict.fromkeys(_BASE, False)
    for c in cls.__mro__:
        if "__init__" not in c.__dict__ or c is Layer:
            continue
        parameters = inspect.signature(c.__init__).parameters.values()  # type: ignore[misc]
        for p in parameters:
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self":
                found.setdefault(p.name, p.default)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found


def layer_config(name: str, cls: Any, config: dict[str, Any]) -> dict[str, Any]:
    """Return a layer's config with the keys of Keras 3's class; what has no place there is dropped, with a warning if it matters."""
    accepted = {**dict.fromkeys(_EXTRA if hasattr(cls, "from_keras2_config") else ()), **_accepted(cls)}
    made: dict[str, Any] = {}
    for key, value in config.items():
        if value is None and isinstance(accepted.get(key), (bool, float)):  # TensorFlow.js writes null for what was not given
            continue
        if key not in accepted and key not in _DROPPED:
            snake = re.sub("([a-z0-9])([A-Z])", r"\1_\2", key).lower()
            key = _KEYS.get((name, snake), snake)
        if key in accepted:
            made[key] = _value(name, key, value)
        elif key not in _DROPPED and value not in (False, 0, [], {}, "auto"):
            warnings.warn(f"{config.get('name', name)}: {name} has no option {key!r}, which is left out", stacklevel=2)
    if name == "Lambda":
        made["function"] = _lambda(config)
    return made


_EXTRA = frozenset(("reset_after", "cell", "cells", "layer", "backward_layer", "time_major", "implementation"))
_KEYS = {("LeakyReLU", "alpha"): "negative_slope", ("Embedding", "weights"): "input_length", ("InputLayer", "shape"): "batch_shape"}


def _value(name: str, key: str, value: Any) -> Any:
    if key.endswith("activation") and value == "hard_sigmoid":
        return activations._keras2_hard_sigmoid
    if key == "dtype" and isinstance(value, dict):
        return value.get("config", {}).get("name", "float32")
    if name == "BatchNormalization" and key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if key == "negative_slope" and isinstance(value, dict):  # Keras 2 wrote arrays so
        return value.get("config", value).get("value", 0.3)
    return value


def _lambda(config: dict[str, Any]) -> Any:
    function = config.get("function")
    if config.get("function_type") == "lambda" or isinstance(function, list):
        return {"class_name": "__lambda__", "config": {"value": function}}
    return function


# --- models -------------------------------------------------------------------------------------------------------------------


def _model_config(name: str, cls: Any, config: Any) -> Any:
    """Return the config of a model with nodes counted as Keras 3 does and single endpoints outside of lists."""
    if cls is Sequential or not isinstance(config, dict):
        if isinstance(config, dict) and not isinstance(config.get("layers"), list):
            raise DeserializationError(message(name, "a list of layers", type(config.get("layers")).__name__, "The config is broken."))
        return config
    layers = config.get("layers")
    if not isinstance(layers, list) or not all(isinstance(e, dict) for e in layers):
        raise DeserializationError(message(name, "a list of layers", type(layers).__name__, "The config is broken."))
    shifted = _first_nodes(config)
    made = {**config, **{k: _renumbered(config.get(k), shifted) for k in ("input_layers", "output_layers")}}
    made["layers"] = [_entry(e, shifted) for e in layers]
    for key in ("input_layers", "output_layers"):
        if isinstance(made[key], list) and len(made[key]) == 1 and isinstance(made[key][0], list):
            made[key] = made[key][0]
    return made


def _entry(entry: dict[str, Any], shifted: set[str]) -> dict[str, Any]:
    made = {**entry, "inbound_nodes": _renumbered(entry.get("inbound_nodes", []), shifted)}
    return op_of_lambda(made) if entry.get("class_name") in _OPS else made


def _first_nodes(config: dict[str, Any]) -> set[str]:
    """Return the names of inner models whose calls are counted from 1: their node 0 is their own making."""
    inner = {e.get("name") for e in config["layers"] if isinstance(e.get("config"), dict) and "layers" in e["config"]}
    inner |= {e.get("name") for e in config["layers"] if e.get("class_name") in _MODELS}
    used: dict[Any, set[int]] = {}
    waiting = [[e.get("inbound_nodes") for e in config["layers"]], config.get("output_layers")]
    while waiting:
        value: Any = waiting.pop()
        if _is_reference(value) and value[0] in inner:
            used.setdefault(value[0], set()).add(value[1])
        if isinstance(value, (list, dict)):
            waiting += value.values() if isinstance(value, dict) else value
    return {name for name, nodes in used.items() if 0 not in nodes}


def _is_reference(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) in (3, 4) and isinstance(value[0], str) and type(value[1]) is int and type(value[2]) is int
    )


def _renumbered(value: Any, shifted: set[str]) -> Any:
    if _is_reference(value) and value[0] in shifted:
        value = [value[0], value[1] - 1, *value[2:]]
    if isinstance(value, list):
        return [_renumbered(v, shifted) for v in value]
    return {k: _renumbered(v, shifted) for k, v in value.items()} if isinstance(value, dict) else value
