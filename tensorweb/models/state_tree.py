"""A model's variables as nested dicts, by the parts of their paths: Model.get_state_tree and set_state_tree."""

from __future__ import annotations

import warnings
from typing import Any

from .. import interop
from ..errors import ArgumentError, message

_GROUPS = ("trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables")


def _variables(model: Any, group: str) -> list[Any]:
    if group != "optimizer_variables":
        return list(getattr(model, group))
    return [] if model.optimizer is None else list(model.optimizer.variables)


def state_tree(model: Any, value_format: str) -> dict[str, Any]:
    """Return the nested values of all variables."""
    if value_format not in ("backend_tensor", "numpy_array"):
        raise ArgumentError(message("get_state_tree", "backend_tensor or numpy_array", repr(value_format), "Pass one of these."))
    return {group: _nested(_variables(model, group), value_format) for group in _GROUPS}


def _nested(variables: list[Any], value_format: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    seen: set[str] = set()
    for v in variables:
        if v.path in seen:
            raise ArgumentError(message("get_state_tree", "a path for each variable", f"{v.path!r} twice", "Give the layers names."))
        seen.add(v.path)
        *parts, last = v.path.split("/")
        inner = found
        for part in parts:
            inner = inner.setdefault(part, {})
        inner[last] = v.value if value_format == "backend_tensor" else interop.as_array(v.value)
    return found


def assign_tree(model: Any, tree: dict[str, Any]) -> None:
    """Assign the values of a nested dict to the variables of their paths."""
    unknown = [group for group in tree if group not in _GROUPS]
    if unknown:
        warnings.warn(f"set_state_tree: {unknown} are not kinds of variables, and left out", stacklevel=3)
    for group in _GROUPS:
        flat = dict(_flat(tree.get(group, {}), ()))
        for v in _variables(model, group):
            if v.path in flat:
                v.assign(flat[v.path])


def _flat(tree: dict[str, Any], path: tuple[str, ...]) -> Any:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, (*path, key))
        else:
            yield "/".join((*path, key)), value
