"""Configs of layers from their constructors: what an argument of `__init__` is called, the attribute and the config key are called."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

from ..serialization import house_of, serialize_keras_object

# Not arguments to store: Layer's own (Layer.get_config writes them), and what Keras keeps out of configs.
_SKIPPED = frozenset(("self", "args", "kwargs", "name", "trainable", "dtype", "autocast"))


def generic_config(layer: Any, base: type) -> dict[str, Any]:
    """Return the constructor arguments of a layer: of the library's classes by attribute, of a user's class as they were given.

    A user's class that defines get_config itself adds its own arguments there.
    """
    config = {}
    user_defines = house_of(_owner(type(layer), "get_config")) is None
    given = None
    for name, ours in _parameters(type(layer), base):  # type: ignore[arg-type]
        if ours:
            config[name] = config_value(getattr(layer, name))
        elif not user_defines:
            given = _given(layer) if given is None else given
            if name in given:
                config[name] = config_value(given[name])
    return config


def config_value(value: Any) -> Any:
    """Return a constructor argument as a config has it: functions of ours by name, objects by their configs."""
    if inspect.isfunction(value) and house_of(value) is not None:
        return value.__name__
    if isinstance(value, (list, tuple)):
        return [config_value(v) for v in value] if isinstance(value, list) else tuple(config_value(v) for v in value)
    return serialize_keras_object(value)


def _owner(cls: type, name: str) -> type:
    return next(c for c in cls.__mro__ if name in c.__dict__)


@lru_cache(maxsize=1024)
def _parameters(cls: type, base: type) -> tuple[tuple[str, bool], ...]:
    """Return (name, whether the class is ours) of each constructor argument from `cls` up to the nearest signature without **kwargs."""
    found: dict[str, bool] = {}
    for c in cls.__mro__:
        if c is base:
            break
        if "__init__" not in c.__dict__:
            continue
        parameters = inspect.signature(c.__init__).parameters.values()  # type: ignore[misc]
        for p in parameters:
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in _SKIPPED:
                found.setdefault(p.name, house_of(c) is not None)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return tuple(found.items())


def _given(layer: Any) -> dict[str, Any]:
    """Return the arguments a user's layer was made with."""
    bound = inspect.signature(type(layer).__init__).bind(layer, *layer._init_args, **layer._init_kwargs)
    bound.apply_defaults()
    named = dict(bound.arguments)
    for p in inspect.signature(type(layer).__init__).parameters.values():
        if p.kind is p.VAR_KEYWORD:
            named.update(named.pop(p.name, {}))
    return named
