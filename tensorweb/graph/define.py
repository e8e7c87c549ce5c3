"""How graph ops are defined: `@graph_op`, and the table of all. What they compute stands in the files beside, a subject each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ArgumentError, message


class GraphOp(NamedTuple):
    """`function(node, *inputs)` returns the one output, or a list or tuple of all; a generator may yield waits (`waiting.py`).

    Inputs whose numbers are in `host` come as plain Python values (numbers, nested lists, text) and not as tensors: shapes, axes, sizes.
    Negative numbers count from the last input. `rest_host` is for ops of any number of inputs: all from that number on.
    """

    function: Callable[..., Any]
    host: frozenset[int]
    rest_host: int | None = None

    def on_host(self, index: int, count: int) -> bool:
        """Tell whether an input, by its number among `count`, comes as a plain value."""
        return index in self.host or index - count in self.host or (self.rest_host is not None and index >= self.rest_host)


def entering(table: dict[str, Any]) -> Callable[..., Callable[[Any], Any]]:
    """Return a decorator that enters functions into a table: `@decorator("Op", "Op2")`."""

    def named(*names: str) -> Callable[[Any], Any]:
        def enter(function: Any) -> Any:
            table.update(dict.fromkeys(names, function))
            return function

        return enter

    return named


OPS: dict[str, GraphOp] = {}
CUSTOM: dict[str, GraphOp] = {}


def graph_op(*names: str, host: tuple[int, ...] = (), rest_host: int | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Define the ops of these names by a function; see GraphOp."""

    def define(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            assert name not in OPS, name
            OPS[name] = GraphOp(function, frozenset(host), rest_host)
        return function

    return define


def find_op(name: str) -> GraphOp | None:
    """Return what computes an op: the user's own definition first; None if there is none."""
    return CUSTOM.get(name) or OPS.get(name)


class GraphNode(NamedTuple):
    """What a custom op gets: its tensors and attributes. TensorFlow.js's GraphNode."""

    name: str
    op: str
    inputs: list[Any]
    attrs: dict[str, Any]


def register_op(name: str, op_func: Callable[[GraphNode], Any]) -> None:
    """Define an op for graph models: `op_func(node)` returns its output or a list of outputs. TensorFlow.js's registerOp.

    `node.inputs` are tensors, `node.attrs` plain values. It comes before an op of the library that has the same name. Raises ArgumentError
    for what is no function.

    >>> import tensorweb as tw
    >>> tw.register_op("Twice", lambda node: node.inputs[0] * 2)
    >>> tw.deregister_op("Twice")
    """
    if not isinstance(name, str) or not name or not callable(op_func):
        raise ArgumentError(message("register_op", "a name and a function of a node", f"{name!r}, {op_func!r}"[:80], "Pass both."))
    CUSTOM[name] = GraphOp(lambda node, *inputs: op_func(GraphNode(node.name, node.op, list(inputs), dict(node.attrs))), frozenset())


def deregister_op(name: str) -> None:
    """Forget a custom op; nothing happens if there is none of that name. TensorFlow.js's deregisterOp."""
    CUSTOM.pop(name, None)


def get_registered_op(name: str) -> Callable[..., Any] | None:
    """Return the function of a custom op, or None. TensorFlow.js's getRegisteredOp."""
    found = CUSTOM.get(name)
    return found.function if found else None
