"""A graph from the JSON of TensorFlow.js's graph models: nodes, functions, attributes, signatures. Weights come from the manifest."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import FormatError, message
from ..tensor import Tensor, tensor
from .definition import Argument, FunctionName, Graph, Node, Ref, parse_ref
from .tf_dtypes import BY_NUMBER, BY_PROTO_NAME, as_text, own_dtype

_FILLING = ("InitializeTable", "LookupTable", "Assign")  # how the names of ops start that change tables and variables
_MAX_ELEMENTS = 1 << 24  # of a constant that stands in the JSON itself


def parse_graph_model(
    topology: Any, weights: dict[str, Tensor], signature: Any = None, initializer: Any = None, initializer_signature: Any = None,
    metadata: Any = None,
) -> Graph:  # fmt: skip
    """Return the graph of a model.json's parts; FormatError where they are no graph."""
    functions: dict[str, Graph] = {}
    graph = _parse_nodes(topology, weights, functions)
    _parse_library(topology, weights, functions)
    signature = signature or (metadata or {}).get("signature")
    placeholders = [_placeholder(node) for node in graph.nodes.values() if node.op == "Placeholder"]
    graph.inputs = _arguments(signature, "inputs", graph) or placeholders
    graph.outputs = _arguments(signature, "outputs", graph) or _ends(graph)
    keys = (metadata or {}).get("structuredOutputKeys")
    graph.structured_keys = [str(key) for key in keys] if isinstance(keys, list) else None
    if initializer is not None:
        _parse_initializer(graph, initializer, initializer_signature, signature, weights)
    for each in graph.all_graphs():
        each.check()
    return graph


def _parse_initializer(graph: Graph, initializer: Any, signature: Any, main: Any, weights: dict[str, Tensor]) -> None:
    """Take the graph that fills hash tables; what it gives by a resource's number are placeholders of the graph."""
    functions: dict[str, Graph] = {}  # its own: converters put functions there whose names the graph has, too
    first = _parse_nodes(initializer, weights, functions)
    _parse_library(initializer, weights, functions)
    first.outputs = _arguments(signature, "outputs", first)
    # A signature names the tables, but not what fills them.
    first.outputs += [end for end in _ends(first) if not first.outputs or first.nodes[end.name].op.startswith(_FILLING)]
    taken = {_resource_id(v): v["name"] for v in _mapping((main or {}).get("inputs")).values() if isinstance(v, dict) and _resource_id(v)}
    given = _mapping((signature or {}).get("outputs"))
    for argument in first.outputs:
        number = _resource_id(given.get(argument.name, {}))
        if number and number in taken:
            graph.shared_resources[argument.name] = parse_ref(taken[number]).name
    graph.inputs = [a for a in graph.inputs if a.ref.name not in graph.shared_resources.values()]
    graph.initializer = first


def _resource_id(value: Any) -> Any:
    return value.get("resourceId") if isinstance(value, dict) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


# --- nodes ------------------------------------------------------------------------------------------------------------------


def _parse_nodes(topology: Any, weights: dict[str, Tensor], functions: dict[str, Graph]) -> Graph:
    if not isinstance(topology, Mapping) or not isinstance(topology.get("node"), list):
        raise FormatError(message("graph model", "a topology with nodes", type(topology).__name__, "Is this a graph-model's model.json?"))
    graph = Graph(functions=functions)
    _add_nodes(graph, topology["node"], weights)
    return graph


def _add_nodes(graph: Graph, nodes: list[Any], weights: dict[str, Tensor]) -> None:
    for raw in nodes:
        name, op = _text(raw, "name"), _text(raw, "op")
        if name in graph.nodes:
            raise FormatError(message("graph", "each node's name once", repr(name), "The file is damaged."))
        attrs = {key: _attr(value, name) for key, value in _mapping(raw.get("attr")).items()}
        graph.nodes[name] = Node(name, op, attrs=attrs)
        if op == "Const":
            _take_constant(graph, graph.nodes[name], weights)
    for raw in nodes:  # names of outputs need the ops of all nodes
        node = graph.nodes[raw["name"]]
        for text in _list(raw.get("input", [])):
            if not isinstance(text, str):
                raise FormatError(message(f"node {node.name!r}", "inputs by name", repr(text)[:80], "The file is damaged."))
            if text.startswith("^"):
                node.controls.append(parse_ref(text[1:]).name)
            else:
                node.inputs.append(parse_ref(text, graph.nodes))


def _take_constant(graph: Graph, node: Node, weights: dict[str, Tensor]) -> None:
    found = weights.get(node.name)
    value = node.attrs.pop("value", None)
    if found is None:
        found = value
    if not isinstance(found, Tensor):
        raise FormatError(message(f"constant {node.name!r}", "a weight of that name", "none", "The manifest belongs to another topology."))
    graph.weights[node.name] = found


def _parse_library(topology: Mapping[str, Any], weights: dict[str, Tensor], functions: dict[str, Graph]) -> None:
    for raw in _list(_mapping(topology.get("library")).get("function", [])):
        signature = _mapping(raw.get("signature") if isinstance(raw, Mapping) else None)
        function = Graph(functions=functions)
        for number, argument in enumerate(_list(signature.get("inputArg", []))):
            name = _text(argument, "name")
            dtype = BY_PROTO_NAME.get(argument.get("type"))
            function.nodes[name] = Node(name, "Placeholder", attrs={"dtype": dtype, "_number": number})
            function.inputs.append(Argument(name, Ref(name), dtype))
        _add_nodes(function, _list(raw.get("nodeDef", [])), weights)
        returns = _mapping(raw.get("ret"))
        for argument in _list(signature.get("outputArg", [])):
            name = _text(argument, "name")
            ref = parse_ref(_text(returns, name), function.nodes)
            function.outputs.append(Argument(name, ref, BY_PROTO_NAME.get(argument.get("type"))))
        functions[_text(signature, "name")] = function


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, str) or not found:
        raise FormatError(message("graph model", f"a {key}", repr(found)[:80], "The file is damaged."))
    return found


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(message("graph model", "a list", repr(value)[:80], "The file is damaged."))
    return value


# --- inputs and outputs -----------------------------------------------------------------------------------------------------


def _arguments(signature: Any, part: str, graph: Graph) -> list[Argument]:
    found = []
    for name, value in _mapping(_mapping(signature).get(part)).items():
        ref = parse_ref(_text(value, "name"), graph.nodes)
        shape = _shape(value["tensorShape"]) if isinstance(value.get("tensorShape"), Mapping) else None
        found.append(Argument(name, ref, _dtype(value.get("dtype")), shape))
    return found


def _placeholder(node: Node) -> Argument:
    dtype, shape = node.attrs.get("dtype"), node.attrs.get("shape")
    return Argument(node.name, Ref(node.name), dtype if isinstance(dtype, str) else None, shape if isinstance(shape, tuple) else None)


def _ends(graph: Graph) -> list[Argument]:
    """Return the nodes that nobody reads."""
    users = graph.users()
    unread = (name for name, by in users.items() if not by)
    return [Argument(name, Ref(name)) for name in unread if graph.nodes[name].op not in ("NoOp", "Const", "Placeholder")]


# --- attributes -------------------------------------------------------------------------------------------------------------


def _attr(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        for kind, read in _READERS.items():
            if kind in value:
                return read(value[kind])
    return None


def _list_attr(value: Any) -> list[Any]:
    for kind, read in _READERS.items():
        if kind != "list" and _mapping(value).get(kind):
            return [read(x) for x in _list(value[kind])]
    return []


def _string(value: Any) -> bytes:
    try:
        if isinstance(value, list):
            return bytes(value)
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise FormatError(message("graph model", "text in base64", repr(value)[:80], "The file is damaged.")) from None


def _number(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        try:
            return kind(value)
        except (TypeError, ValueError, OverflowError):
            raise FormatError(message("graph model", "a number", repr(value)[:80], "The file is damaged.")) from None

    return read


def _dtype(value: Any) -> str | None:
    return BY_NUMBER.get(value) if isinstance(value, int) else BY_PROTO_NAME.get(value if isinstance(value, str) else "")


def _shape(value: Any) -> tuple[int | None, ...] | None:
    value = _mapping(value)
    if value.get("unknownRank"):
        return None
    sizes = [_INT(_mapping(dim).get("size", 0)) for dim in _list(value.get("dim", []))]
    return tuple(None if size < 0 else size for size in sizes)


def _tensor(value: Any) -> Tensor | None:
    """Return a constant that stands in the JSON; None if only its shape does, and its values are a weight."""
    value = _mapping(value)
    name = _dtype(value.get("dtype"))
    dtype, shape = own_dtype(name), _shape(value.get("tensorShape", {})) or ()
    if dtype is None or name is None or None in shape:
        return None
    count = 1
    for size in shape:
        count *= size or 0
    if value.get("tensorContent"):
        values = _content(_string(value["tensorContent"]), name)
    else:
        kinds = ("floatVal", "doubleVal", "intVal", "int64Val", "boolVal", "stringVal")
        listed = next((_list(value[kind]) for kind in kinds if value.get(kind)), None)
        if listed is None and count:
            return None
        read = _text_value if dtype == "string" else _FLOAT if dtype == "float32" else _INT
        values = [read(v) for v in listed or ()]
    if count > _MAX_ELEMENTS or len(values) > max(count, 1):
        raise FormatError(message("graph model", f"{count} values of a constant", f"{len(values)}", "The file is damaged."))
    return tensor([*values, *values[-1:] * (count - len(values))], shape, dtype)


def _text_value(value: Any) -> str | bytes:
    return as_text(_string(value))


# How numbers lie in tensorContent.
_CODES = {"float32": "f", "float64": "d", "int32": "i", "int64": "q", "bool": "?", "uint8": "B", "int8": "b", "int16": "h", "float16": "e"}


def _content(data: bytes, dtype: str) -> list[Any]:
    if dtype not in _CODES or len(data) % struct.calcsize(_CODES[dtype]):
        raise FormatError(message("graph model", f"whole numbers of {dtype}", f"{len(data)} bytes", "The file is damaged."))
    return [x[0] for x in struct.iter_unpack(f"<{_CODES[dtype]}", data)]


_INT, _FLOAT = _number(int), _number(float)
_READERS: dict[str, Callable[[Any], Any]] = {
    "s": _string, "i": _INT, "f": _FLOAT, "b": bool, "type": _dtype, "shape": _shape, "tensor": _tensor, "list": _list_attr,
    "func": lambda value: FunctionName(_mapping(value).get("name", "")),
}  # fmt: skip
