"""Calls of functions replaced by the functions' nodes; nodes that nothing needs left out. Variables are `freezing`'s business."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...errors import FormatError, message
from ...graph.definition import FunctionName, Graph, Node, Ref
from ...graph.running import FRAME_OPS
from .graph_def import Library

# A small file can call functions that call functions many times each, or have names of a megabyte. About a tenth of the bytes in memory.
MAX_SIZE = 50_000_000
_MAX_DEPTH = 64
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall", "TPUPartitionedCall"})


_CHANGES = re.compile(
    r"Assign.*|(Resource)?(Sparse)?Apply.*|Resource(Scatter|StridedSliceAssign).*|Scatter(Nd)?(Add|Sub|Mul|Div|Min|Max|Update)"
    r"|LookupTable(Insert|Remove).*"
)


def changes(op: str) -> bool:
    """Tell whether an op changes the variable or table that is its first input."""
    return _CHANGES.fullmatch(op) is not None


def copied(graph: Graph) -> Graph:
    """Return a graph whose nodes can be changed without changing those of the other."""
    nodes = {n.name: Node(n.name, n.op, list(n.inputs), dict(n.attrs), list(n.controls)) for n in graph.nodes.values()}
    inputs, outputs = [replace(a) for a in graph.inputs], [replace(a) for a in graph.outputs]
    return Graph(nodes, inputs, outputs, dict(graph.weights))


def settle(graph: Graph) -> None:
    """Leave what the outputs are computed from. Assertions go; who waits for whom matters in branches and loops of TensorFlow 1 only."""
    for node in graph.nodes.values():
        if node.op == "Assert":
            node.op, node.inputs, node.attrs = "NoOp", [], {}
    graph.prune(controls=any(node.op in FRAME_OPS for node in graph.nodes.values()))


def function_names(graph: Graph) -> Iterator[str]:
    """Yield the names of the functions that nodes name in their attributes."""
    for node in graph.nodes.values():
        for value in node.attrs.values():
            for each in value if isinstance(value, list) else (value,):
                if isinstance(each, FunctionName) and each:
                    yield each


def add_functions(graph: Graph, library: Library) -> None:
    """Give a graph the functions that its loops and branches name, their own calls inlined."""
    waiting = list(function_names(graph))
    while waiting:
        name = waiting.pop()
        if name not in graph.functions:
            function = graph.functions[name] = copied(library[name])
            function.functions = graph.functions
            effects = inline(function, library, library.controls(name))
            _check_unchanged(function, name, effects)
            settle(function)
            waiting.extend(function_names(function))


def _check_unchanged(function: Graph, name: str, effects: list[str]) -> None:
    """Raise FormatError where a loop or branch changes a variable; nothing would be left of it."""
    for each in function.reachable([*effects, *(a.ref.name for a in function.outputs)]):
        op = function.nodes[each].op
        if changes(op):
            where, got = f"function {name[:80]!r}", f"{op} at {each[:80]!r}"
            raise FormatError(message(where, "variables that the model only reads", got, "Export the model for inference."))


# --- calls ------------------------------------------------------------------------------------------------------------------


def inline(graph: Graph, library: Library, effects: Iterable[str] = ()) -> list[str]:
    """Replace the calls in a graph, those within functions too, and return the nodes that run for what they do.

    A function's nodes get the call's name before their own. `effects`: such nodes of the graph itself.
    """
    waiting = [(name, 0) for name in graph.nodes]
    results: dict[Ref, Ref] = {}  # what stands for an output of a call
    ends: dict[str, list[str]] = {}  # what to wait for in place of a call
    effects, size = list(effects), 0
    while waiting:
        name, depth = waiting.pop()
        function = _called(graph.nodes[name], library)
        if function is None:
            continue
        size += _size(library[function], name)
        if depth >= _MAX_DEPTH or size > MAX_SIZE:
            got = f"calls {depth} deep that make {len(graph.nodes)} nodes"
            raise FormatError(message(f"node {name[:80]!r}", f"calls {_MAX_DEPTH} deep of some nodes", got, "This cannot be run."))
        call = graph.nodes.pop(name)
        places = _insert(graph, call, library[function])
        for number, argument in enumerate(library[function].outputs):
            results[Ref(name, number)] = _moved(argument.ref, places)
        inner = [places[n].name for n in library.controls(function) if n in places]
        effects += inner
        ends[name] = list(dict.fromkeys([*inner, *(_moved(a.ref, places).name for a in library[function].outputs)])) or call.controls
        arguments = {argument.ref.name for argument in library[function].inputs}
        waiting.extend((place.name, depth + 1) for old, place in places.items() if old not in arguments)
    _rewire(graph, results, ends)
    return [name for name in _expanded(effects, ends) if name in graph.nodes]


def _size(function: Graph, name: str) -> int:
    return sum(50 + len(name) + len(n.name) + 10 * (len(n.inputs) + len(n.controls)) for n in function.nodes.values())


def _called(node: Node, library: Library) -> str | None:
    """Return the function that a node does nothing but call, or None. TensorFlow 1 has calls whose op is the function's name."""
    if node.op in _CALLS:
        name = node.attrs.get("f")
        return name if isinstance(name, FunctionName) else None
    return node.op if node.op in library else None


def _insert(graph: Graph, call: Node, function: Graph) -> dict[str, Ref]:
    """Add a function's nodes; return what stands for the first output of each node and for each argument."""
    if len(call.inputs) != len(function.inputs):
        counts = f"{len(function.inputs)} arguments", f"{len(call.inputs)}"
        raise FormatError(message(f"node {call.name[:80]!r}", *counts, "The file is damaged."))
    places = {argument.ref.name: ref for argument, ref in zip(function.inputs, call.inputs, strict=True)}
    added = []
    for name, node in function.nodes.items():
        if name not in places:
            places[name] = graph.add(node.op, graph.unique_name(f"{call.name}/{name}"))
            added.append((name, node))
    for name, node in added:
        new = graph.nodes[places[name].name]
        new.attrs, new.inputs = dict(node.attrs), [_moved(ref, places) for ref in node.inputs]
        new.controls = [places[n].name for n in node.controls] or ([] if new.inputs else list(call.controls))
        if name in function.weights:
            graph.weights[new.name] = function.weights[name]
    return places


def _moved(ref: Ref, places: dict[str, Ref]) -> Ref:
    place = places[ref.name]
    return Ref(place.name, place.index + ref.index)


def _expanded(names: Iterable[str], ends: dict[str, list[str]]) -> list[str]:
    """Return names of nodes, those of calls replaced by what to wait for."""
    found: dict[str, None] = {}
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name not in ends:
            found[name] = None
        elif name not in seen:
            seen.add(name)
            waiting.extend(ends[name])
    return list(found)


def _rewire(graph: Graph, results: dict[Ref, Ref], ends: dict[str, list[str]]) -> None:
    """Let nodes and outputs read what stands for the outputs of calls."""

    def found(ref: Ref) -> Ref:
        seen = set()
        while ref in results and ref not in seen:
            seen.add(ref)
            ref = results[ref]
        if ref.name not in graph.nodes:
            raise FormatError(message("graph", "outputs that a function has", str(ref)[:80], "The file is damaged."))
        return ref

    for node in graph.nodes.values():
        node.inputs = [found(ref) for ref in node.inputs]
        node.controls = _expanded(node.controls, ends) if node.controls else []
    for argument in graph.outputs:
        argument.ref = found(argument.ref)
