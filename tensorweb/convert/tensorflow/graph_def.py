"""GraphDefs as graphs: nodes, attributes, functions. Constants are read later, when it is known which are needed (`finishing`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ...errors import FormatError, message
from ...graph.definition import Argument, FunctionName, Graph, Node, Ref, parse_ref
from ...tensor import Tensor
from ..protobuf import Message
from .tensors import dtype_name, shape_of, tensor_of_proto

# What stands in `Graph.weights` until a graph is finished: `read(clamp)` returns the tensor.
Deferred = Callable[[bool], Tensor]


class Library:
    """The functions of a file, parsed when they are first asked for."""

    def __init__(self, definitions: Iterable[Message]):
        self._definitions = {each.signature.name: each for each in definitions}
        self._parsed: dict[str, Graph] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._definitions

    def __getitem__(self, name: str) -> Graph:
        """Return a function; it is not to be changed. FormatError if there is none of that name."""
        if name not in self._parsed:
            if name not in self._definitions:
                raise FormatError(message("graph", "a function of the file", repr(name[:80]), "The file is damaged."))
            self._parsed[name] = _parse_function(self._definitions[name])
        return self._parsed[name]

    def controls(self, name: str) -> list[str]:
        """Return the nodes of a function that run for what they do."""
        return list(self._definitions[name].control_ret.values())


def parse_nodes(nodes: Iterable[Message]) -> Graph:
    """Return nodes as a graph without inputs and outputs; FormatError where they are none."""
    graph = Graph()
    _add_nodes(graph, nodes)
    graph_check(graph)
    return graph


def _parse_function(definition: Message) -> Graph:
    signature, graph = definition.signature, Graph()
    for number, argument in enumerate(signature.input_arg):
        if argument.number_attr or argument.type_list_attr:
            raise FormatError(message(f"function {signature.name!r}", "single arguments", argument.name, "Lists cannot be passed."))
        dtype = dtype_name(argument.type) if argument.type else None
        shape = _argument_shape(definition.arg_attr.get(number))
        ref = graph.add("Placeholder", argument.name, dtype=dtype, shape=shape, _number=number)
        graph.inputs.append(Argument(argument.name, ref, dtype, shape))
    _add_nodes(graph, definition.node_def)
    for argument in signature.output_arg:
        ref = parse_ref(definition.ret.get(argument.name, ""), graph.nodes)
        graph.outputs.append(Argument(argument.name, ref, dtype_name(argument.type) if argument.type else None))
    graph_check(graph)
    return graph


def _argument_shape(about: Message | None) -> tuple[int | None, ...] | None:
    """Return the shape that an argument was traced with."""
    shapes: list[Message] = about.attr["_output_shapes"].list.shape if about is not None and "_output_shapes" in about.attr else []
    return shape_of(shapes[0]) if shapes else None


def graph_check(graph: Graph) -> None:
    """Raise FormatError where a node reads what there is not. Functions are looked up when they are needed."""
    for node in graph.nodes.values():
        for name in (*(ref.name for ref in node.inputs), *node.controls):
            if name not in graph.nodes:
                raise FormatError(message(f"node {node.name[:80]!r}", "inputs that exist", repr(name[:80]), "The file is damaged."))
    for argument in graph.outputs:
        if argument.ref.name not in graph.nodes:
            raise FormatError(message("graph", "outputs that exist", repr(argument.ref.name[:80]), "The file is damaged."))


def _add_nodes(graph: Graph, nodes: Iterable[Message]) -> None:
    texts: dict[str, list[str]] = {}
    for each in nodes:
        if not each.name or not each.op:
            raise FormatError(message("graph", "nodes with names and ops", f"{each.name[:80]!r}", "The file is damaged."))
        attrs = {key: _attr(value) for key, value in each.attr.items() if not key.startswith("_")}  # these are hints
        value = attrs.pop("value", None) if each.op == "Const" else None
        graph.add(each.op, each.name)
        graph.nodes[each.name].attrs = attrs
        texts[each.name] = each.input
        if each.op == "Const":
            if not isinstance(value, Message):
                raise FormatError(message(f"constant {each.name[:80]!r}", "a value", "none", "The file is damaged."))
            attrs["shape"] = shape_of(value.tensor_shape)
            graph.weights[each.name] = partial(tensor_of_proto, value, f"constant {each.name[:80]!r}")
    for name, inputs in texts.items():  # names of outputs need the ops of all nodes
        node = graph.nodes[name]
        for text in inputs:
            if text.startswith("^"):
                node.controls.append(text[1:])
            else:
                node.inputs.append(parse_ref(text, graph.nodes))


def _attr(value: Message) -> Any:
    return next((read(getattr(value, kind)) for kind, read in _READERS.items() if kind in value), None)


def _list_attr(value: Message) -> list[Any]:
    return next(([read(x) for x in getattr(value, kind)] for kind, read in _READERS.items() if kind in value), [])


# Tensors in attributes stay messages; of constants they are taken out, elsewhere `finishing` reads them.
_READERS: dict[str, Callable[[Any], Any]] = {
    "s": bytes, "i": int, "f": float, "b": bool, "type": dtype_name, "shape": shape_of, "tensor": lambda value: value, "list": _list_attr,
    "func": lambda value: FunctionName(value.name),
}  # fmt: skip


def const_of(graph: Graph, ref: Ref) -> Tensor | None:
    """Return the constant that an output is, through identities; None if it is none."""
    node = source_of(graph, ref)
    read = graph.weights.get(node.name)
    return read(False) if node.op == "Const" and read is not None else None


def source_of(graph: Graph, ref: Ref) -> Node:
    """Return the node whose value an output is, through nodes that hand it on."""
    return graph.nodes[source_ref(graph, ref).name]


def source_ref(graph: Graph, ref: Ref) -> Ref:
    """Return the output whose value another is, through nodes that hand it on."""
    seen: set[str] = set()
    while graph.nodes[ref.name].op in _HAND_ON and graph.nodes[ref.name].inputs and ref.name not in seen:
        seen.add(ref.name)
        ref = graph.nodes[ref.name].inputs[0]
    return ref


_HAND_ON = frozenset({"Identity", "Enter", "Switch", "RefSwitch", "RefEnter", "Snapshot"})
