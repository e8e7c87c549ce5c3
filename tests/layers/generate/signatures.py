"""Writes tests/data/keras_signatures.json: the parameters and defaults of Keras's public classes, methods and functions."""

import inspect
import json
from pathlib import Path

import keras

TARGET = Path(__file__).parents[2] / "data" / "keras_signatures.json"
MODULES = ("layers", "models", "callbacks", "utils", "tree", "saving")
# Classes whose methods are written too.
WITH_METHODS = ("layers.Layer", "models.Model", "models.Sequential", "callbacks.Callback", "utils.PyDataset", "utils.Progbar")
# What the backend of the generating process adds to layers and models.
OF_TENSORFLOW = ("torch_", "distribute_", "make_", "compiled_")


def default(value):
    """Return a default as JSON can hold it."""
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)


def parameters(function):
    """Return [[name, kind, default or nothing], ...] of a function, without self."""
    found = []
    for p in inspect.signature(function).parameters.values():
        if p.name != "self":
            found.append([p.name, p.kind.name, *([] if p.default is p.empty else [default(p.default)])])
    return found


def main():
    """Collect and write."""
    found = {}
    for module in MODULES:
        for name in sorted(dir(getattr(keras, module))):
            value = getattr(getattr(keras, module), name)
            if name.startswith("_") or inspect.ismodule(value) or not callable(value):
                continue
            where = f"{module}.{name}"
            found[where] = parameters(value.__init__ if inspect.isclass(value) else value)
            for method in dir(value) if where in WITH_METHODS else ():
                if not method.startswith("_") and callable(getattr(value, method)) and not method.startswith(OF_TENSORFLOW):
                    found[f"{where}.{method}"] = parameters(getattr(value, method))
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in found.items())
    TARGET.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
