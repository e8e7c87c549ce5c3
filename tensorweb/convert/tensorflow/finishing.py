"""The last steps of reading a graph: the constants that are needed become tensors, handles of variables lose their name as dtype."""

from __future__ import annotations

from functools import partial
from typing import Any

from ...errors import FormatError, message
from ...graph.definition import FunctionName, Graph, Node
from ...graph.tf_dtypes import own_dtype
from ...tensor import Tensor
from ..protobuf import Message
from .tensors import repeated_elements, tensor_of_proto

_MAX_REPEATED = 1 << 27  # elements of all constants together that a file only says to be repeated
# Inputs that bound slices: TensorFlow writes the largest integer of 64 bits for "to the end".
_BOUNDS = {"StridedSlice": (1, 2), "Slice": (1, 2)}


def finish(graph: Graph) -> Graph:
    """Read the constants of a graph and its functions; FormatError where one cannot be.

    Integers beyond 32 bits raise, except where they only bound slices: there the least or largest integer of 32 bits does the same.
    """
    _name_dtypes(graph)
    _check_repeated(graph)
    read: dict[tuple[Any, bool], Tensor] = {}
    for each in graph.all_graphs():
        users = each.users()
        for name, deferred in list(each.weights.items()):
            if not isinstance(deferred, Tensor):
                clamp = bool(users[name]) and all(_bounds(node, name) for node in users[name])
                if (deferred, clamp) not in read:
                    read[deferred, clamp] = deferred(clamp)
                each.weights[name] = read[deferred, clamp]
        for node in each.nodes.values():
            _finish_node(node, each)
    graph.check()
    return graph


def _check_repeated(graph: Graph) -> None:
    """Raise FormatError, before anything is allocated, where constants would be far larger than what the file has of them."""
    waiting = {read: name for each in graph.all_graphs() for name, read in each.weights.items()}
    repeated = 0
    for read, name in waiting.items():
        repeated += repeated_elements(read.args[0]) if isinstance(read, partial) and read.func is tensor_of_proto else 0
        if repeated > _MAX_REPEATED:
            where, got = f"constant {name[:80]!r}", f"shapes of {repeated}"
            raise FormatError(message(where, f"{_MAX_REPEATED} repeated values", got, "They would fill the memory with nothing."))


def _bounds(node: Node, name: str) -> bool:
    return all(i in _BOUNDS.get(node.op, ()) for i, ref in enumerate(node.inputs) if ref.name == name)


def _finish_node(node: Node, graph: Graph) -> None:
    if node.op == "Const":
        if node.name not in graph.weights:
            raise FormatError(message(f"constant {node.name[:80]!r}", "a value", "none", "The file is damaged."))
        value = graph.weights[node.name]
        named = node.attrs.get("dtype")
        node.attrs = {"dtype": named if own_dtype(named) == value.dtype else value.dtype, "shape": tuple(value.shape)}
    node.attrs = {key: _finish_attr(value, node.name) for key, value in node.attrs.items()}


def _finish_attr(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_finish_attr(each, name) for each in value]
    return tensor_of_proto(value, f"node {name[:80]!r}") if isinstance(value, Message) else value


# --- dtypes -----------------------------------------------------------------------------------------------------------------


def _name_dtypes(graph: Graph) -> None:
    """Give arguments of functions that were handles of variables the dtypes of the values that they get now."""
    waiting, seen = [graph], set()
    while waiting:
        each = waiting.pop()
        for node in each.nodes.values():
            for name in (v for value in node.attrs.values() for v in (value if isinstance(value, list) else [value])):
                function = graph.functions.get(name) if isinstance(name, FunctionName) else None
                if function is not None and name not in seen:
                    seen.add(name)
                    waiting.append(function)
                    _name_arguments(each, node, function)


def _name_arguments(graph: Graph, node: Node, function: Graph) -> None:
    given = node.inputs[len(node.inputs) - len(function.inputs) :]  # branches come after what chooses among them
    for argument, ref in zip(function.inputs, given, strict=False):
        dtype = _source_dtype(graph.nodes[ref.name])
        if argument.dtype == "resource" and dtype is not None:
            argument.dtype = function.nodes[argument.ref.name].attrs["dtype"] = dtype
            for output in function.outputs:
                if output.ref == argument.ref:
                    output.dtype = dtype


def _source_dtype(node: Node) -> str | None:
    dtype = node.attrs.get("dtype") if node.op in ("Const", "Placeholder") else None
    return dtype if own_dtype(dtype) is not None else None
