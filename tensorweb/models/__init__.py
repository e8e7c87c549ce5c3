"""Models: Sequential, functional and subclassed ones, with training. Keras's models module."""

from typing import Any as _Any

from .cloning import clone_model, model_from_json
from .functional import Functional
from .model import Model
from .sequential import Sequential


def __getattr__(name: str) -> _Any:
    # Files stand above models: they are loaded when first used.
    if name in ("load_model", "save_model"):
        from importlib import import_module

        return getattr(import_module("..saving", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), "load_model", "save_model"]
