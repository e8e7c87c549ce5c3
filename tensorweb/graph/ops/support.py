"""What definitions of graph ops share: tables of plain ops, and attributes read with their defaults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..define import graph_op
from ..tf_dtypes import own_dtype


def plain_ops(table: Mapping[str, Callable[..., Any]], host: tuple[int, ...] = (), rest_host: int | None = None) -> None:
    """Define ops that take nothing but their inputs: {names with spaces between: function of the inputs}."""
    for names, function in table.items():
        graph_op(*names.split(), host=host, rest_host=rest_host)(_of_inputs(function))


def _of_inputs(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda node, *inputs: function(*inputs)


def text(node: Any, name: str, default: str = "") -> str:
    """Return an attribute of text."""
    value = node.attrs.get(name)
    return default if value is None else value.decode() if isinstance(value, bytes) else str(value)


def texts(node: Any, name: str) -> list[str]:
    """Return an attribute that is a list of texts."""
    return [value.decode() if isinstance(value, bytes) else str(value) for value in node.attrs.get(name) or ()]


def dtype_of(node: Any, *names: str, default: str = "float32") -> str:
    """Return our dtype for the first of some attributes that is there."""
    found = next((node.attrs[name] for name in names if node.attrs.get(name) is not None), None)
    return own_dtype(found) or default


def as_list(value: Any) -> list[Any]:
    """Return a host value that is a number or a list as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
