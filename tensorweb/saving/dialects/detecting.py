"""A model of a config in any dialect."""

from __future__ import annotations

from typing import Any

from ...errors import FormatError, message
from ...models import Model
from ...serialization import deserialize_keras_object
from .keras2 import keras2_scope
from .keras3_h5 import with_modules


def is_keras3(config: Any, version: str | None = None) -> bool:
    """Tell whether a config is Keras 3's: by the version that a file states, else by keys that only Keras 3 writes."""
    if version:
        return version.startswith("3")
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "module" in value or "registered_name" in value or "build_config" in value or value.get("class_name") == "__keras_tensor__":
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


def model_of(config: Any, custom_objects: dict[str, Any] | None = None, safe_mode: bool = True, version: str | None = None) -> Any:
    """Return the model, with new weights, of a config of Keras 3, Keras 2 or TensorFlow.js; raise FormatError where it is none."""
    if isinstance(config, dict) and isinstance(config.get("model_config"), dict):
        version, config = version or config.get("keras_version"), config["model_config"]
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str) or not isinstance(config.get("config"), (dict, list)):
        got = ", ".join(map(str, list(config)[:10])) if isinstance(config, dict) else type(config).__name__
        raise FormatError(message("model", "an object with class_name and config", got[:200], "This is no layers model."))
    version = version if isinstance(version, str) else config.get("keras_version")
    if is_keras3(config, version if isinstance(version, str) and version[:1].isdigit() else None):
        model = deserialize_keras_object(with_modules(config), custom_objects=custom_objects, safe_mode=safe_mode)
    else:
        with keras2_scope(custom_objects):
            model = deserialize_keras_object({k: config[k] for k in ("class_name", "config")}, safe_mode=safe_mode)
    if not isinstance(model, Model):
        raise FormatError(message("model", "the config of a model", type(model).__name__, "This is no saved model."))
    return model
