"""Keras 3's config in HDF5 files: as in `.keras`, but layers have neither module nor registered name."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError, message
from ...models import Functional, Sequential
from ...serialization import find_builtin, serialize_keras_object

_KEPT = ("class_name", "config", "name", "inbound_nodes")


def to_legacy_keras3(model: Any) -> dict[str, Any]:
    """Return {"class_name", "config"} of a Functional or Sequential model; raise ArgumentError for others."""
    if not isinstance(model, (Functional, Sequential)):
        advice = "Save it as .keras, or its weights by save_weights."
        raise ArgumentError(message("save", "a functional or Sequential model for HDF5", type(model).__name__, advice))
    return _stripped(serialize_keras_object(model))


def _stripped(entry: Any) -> Any:
    """Return a layer's entry without what HDF5 files leave out; in models the entries of their layers too."""
    name = entry.get("registered_name")
    if not name or name == "Functional" or str(entry.get("module", "")).startswith("keras.src.ops"):
        name = entry["class_name"]
    kept: dict[str, Any] = {k: entry[k] for k in _KEPT if k in entry}
    kept["class_name"] = name
    config = entry["config"]
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        kept["config"] = {**config, "layers": [_stripped(layer) if isinstance(layer, dict) else layer for layer in config["layers"]]}
    return kept


def with_modules(entry: Any) -> Any:
    """Return an entry in which ops of functional graphs are told from layers of the same name: an op's config has its name only."""
    if not isinstance(entry, dict):
        return entry
    config = entry.get("config")
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        return {**entry, "config": {**config, "layers": [with_modules(layer) for layer in config["layers"]]}}
    if "module" not in entry and _is_op(entry):
        return {**entry, "module": "keras.src.ops.numpy"}
    return entry


def _is_op(entry: dict[str, Any]) -> bool:
    config, name = entry.get("config"), entry.get("class_name")
    if not isinstance(config, dict) or not isinstance(name, str) or name == "InputLayer" or not entry.get("inbound_nodes"):
        return False
    return "trainable" not in config and (set(config) <= {"name"} or find_builtin("keras.layers", name) is None)
