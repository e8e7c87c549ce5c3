"""The objects of a SavedModel of TensorFlow 2: its functions where it has no signatures, and which variable is which in the checkpoint."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ...errors import ArgumentError, FormatError, message
from ...graph.definition import Argument, FunctionName, Graph, Ref, parse_ref
from ..protobuf import Message, decode
from .bundle import Bundle
from .graph_def import Library
from .schema import SCHEMA
from .tensors import dtype_name, shape_of


def function_names(objects: Message) -> list[str]:
    """Return the names of the functions that the root object has and that were traced."""
    return [name for name, each in _children(objects) if _traces(each)]


def _traces(each: Message) -> list[str]:
    """Return the names of the traces of an object that is a function."""
    return [trace for trace in (*each.function.concrete_functions, each.bare_concrete_function.concrete_function_name) if trace]


def _children(objects: Message) -> Iterator[tuple[str, Message]]:
    nodes = objects.nodes
    for child in nodes[0].children if nodes else []:
        if 0 <= child.node_id < len(nodes):
            yield child.local_name, nodes[child.node_id]


def function_signature(objects: Message, name: str, graph: Graph, library: Library) -> Graph:
    """Return a graph, which is changed, whose only output nodes call a function of the root object for placeholders.

    Of several traces that for inference is taken: the first that was made with no argument that is True.
    """
    traces = [trace for trace in _traces(dict(_children(objects))[name]) if trace in objects.concrete_functions]
    if not traces:
        raise ArgumentError(message("read_saved_model", "a function that was traced", repr(name), "Call it before the model is saved."))
    trace = next((t for t in traces if not _has_true(objects.concrete_functions[t].canonicalized_input_signature)), traces[0])
    function = library[trace]
    bound = [_captured(objects, number, graph) for number in objects.concrete_functions[trace].bound_inputs]
    count = len(function.inputs) - len(bound)
    if count < 0:
        expected, got = f"{len(bound)} arguments at least", f"{len(function.inputs)}"
        raise FormatError(message(f"function {trace!r}", expected, got, "The file is damaged."))
    for argument in function.inputs[:count]:
        ref = graph.add("Placeholder", graph.unique_name(argument.name), dtype=argument.dtype, shape=argument.shape)
        graph.inputs.append(Argument(argument.name, ref, argument.dtype, argument.shape))
    call = graph.add("StatefulPartitionedCall", graph.unique_name(name), [*(a.ref for a in graph.inputs), *bound], f=FunctionName(trace))
    names = [f"output_{i}" for i in range(len(function.outputs))]
    graph.outputs = [Argument(n, Ref(call.name, i), a.dtype) for i, (n, a) in enumerate(zip(names, function.outputs, strict=True))]
    graph.prune()
    return graph


def _has_true(value: Message) -> bool:
    """Tell whether a structured value has True among its parts."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if each.bool_value:
            return True
        waiting += [*each.tuple_value.values, *each.list_value.values, *each.dict_value.fields.values()]
    return False


def _captured(objects: Message, number: int, graph: Graph) -> Ref:
    """Return the node of an object that a function captured."""
    if not 0 <= number < len(objects.nodes):
        raise FormatError(message("SavedModel", f"{len(objects.nodes)} objects", number, "The file is damaged."))
    found = objects.nodes[number]
    if "variable" in found:
        name = found.variable.name
        for node in graph.nodes.values():
            if node.op == "VarHandleOp" and node.attrs.get("shared_name", b"") == name.encode():
                return Ref(node.name)
        dtype, shape = dtype_name(found.variable.dtype), shape_of(found.variable.shape)
        new = graph.unique_name(name or f"variable_{number}")
        return graph.add("VarHandleOp", new, shared_name=name.encode(), dtype=dtype, shape=shape)
    if "constant" in found:
        ref = parse_ref(found.constant.operation, graph.nodes)
        if ref.name in graph.nodes:
            return ref
    raise FormatError(message("SavedModel", "functions of variables and constants", "another object", "Give the model a signature."))


def checkpoint_keys(objects: Message, bundle: Bundle | None) -> dict[str, str]:
    """Return the keys of variables in a checkpoint by their names: both files tell the same objects, whose children have the same names."""
    stored = decode(SCHEMA, "TrackableObjectGraph", bundle.proto("_CHECKPOINTABLE_OBJECT_GRAPH") if bundle else b"", "checkpoint")
    found: dict[str, str] = {}
    seen: set[int] = set()
    waiting = deque([(0, 0)] if stored.nodes and objects.nodes else [])
    while waiting:
        here, there = waiting.popleft()
        if here in seen or not (0 <= here < len(objects.nodes) and 0 <= there < len(stored.nodes)):
            continue
        seen.add(here)
        if "variable" in objects.nodes[here] and stored.nodes[there].attributes:
            found[objects.nodes[here].variable.name] = stored.nodes[there].attributes[0].checkpoint_key
        others = {child.local_name: child.node_id for child in stored.nodes[there].children}
        waiting += [(c.node_id, others[c.local_name]) for c in objects.nodes[here].children if c.local_name in others]
    return found
