"""Variables become constants, tables get a graph that fills them: what a SavedModel's loader does before the model runs, done once.

Which variable has which tensor of the checkpoint is read off the graph that restores them, as TensorFlow's own loader runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...errors import FormatError, message
from ...graph.definition import Argument, Graph, Node, Ref
from ...tensor import Tensor, tensor
from .bundle import Bundle
from .graph_def import Deferred, const_of, source_of, source_ref
from .inlining import changes

VARIABLES = frozenset({"VarHandleOp", "VariableV2", "Variable"})
TABLES = frozenset({
    "HashTable", "HashTableV2", "MutableHashTable", "MutableHashTableV2", "AnonymousHashTable", "AnonymousMutableHashTable",
})  # fmt: skip
_FILLS = frozenset({
    "LookupTableImport", "LookupTableImportV2", "InitializeTable", "InitializeTableV2", "InitializeTableFromTextFile",
    "InitializeTableFromTextFileV2",
})  # fmt: skip
_READ_ONLY = "variables that the model only reads"
# What reads a variable becomes what reads a tensor.
_READS = {
    "ReadVariableOp": "Identity", "VariableShape": "Shape", "ResourceGather": "GatherV2", "ResourceGatherNd": "GatherNd",
    "VarIsInitializedOp": "Const", "IsVariableInitialized": "Const",
}  # fmt: skip


def resource_name(node: Node) -> str:
    """Return the name under which a variable or table is known: the shared one, or the node's."""
    shared = node.attrs.get("shared_name")
    return shared.decode("utf-8", "replace") if isinstance(shared, bytes) and shared else node.name


class Variables:
    """The values of variables, of which `keys` tells (key, part) in a checkpoint."""

    def __init__(self, bundle: Bundle | None, loader: Graph, more_keys: Callable[[], dict[str, str]] = dict):
        self._bundle, self._more_keys = bundle, more_keys
        self.keys: dict[str, tuple[str, str]] = {}
        self._values: dict[tuple[str, str], Deferred] = {}
        for node in loader.nodes.values():
            if node.op in ("AssignVariableOp", "Assign") and len(node.inputs) == 2:
                variable, restored = source_of(loader, node.inputs[0]), restored_key(loader, node.inputs[1])
                if variable.op in VARIABLES and restored is not None:
                    self.keys[resource_name(variable)] = restored

    def value(self, node: Node) -> Deferred:
        """Return what reads a variable's value; FormatError if the checkpoint does not have it."""
        name = resource_name(node)
        found = self.keys.get(name)
        if found is None and self._bundle is not None:
            other = (name, f"{name}/.ATTRIBUTES/VARIABLE_VALUE", self._more_keys().get(name, ""))
            found = next(((key, "") for key in other if key in self._bundle), None)
        if found is None or self._bundle is None:
            advice = "The checkpoint does not belong to this graph." if self._bundle else "Freeze the graph, or read the whole SavedModel."
            raise FormatError(message(f"variable {name[:80]!r}", "a value", "none", advice))
        return self.restored(*found)

    def restored(self, key: str, part: str) -> Deferred:
        """Return what reads a tensor of the checkpoint."""
        if self._bundle is None:
            raise FormatError(message("graph", "a checkpoint", "none", "Read the whole SavedModel."))
        if (key, part) not in self._values:
            self._values[key, part] = partial(_read_bundle, self._bundle, key, part)
        return self._values[key, part]


def _read_bundle(bundle: Bundle, key: str, part: str, clamp: bool) -> Tensor:
    return bundle.tensor(key, part, clamp)


def restored_key(graph: Graph, ref: Ref) -> tuple[str, str] | None:
    """Return (key, part) in a checkpoint of what is restored from one; None for anything else."""
    place = source_ref(graph, ref)
    node = graph.nodes[place.name]
    if node.op != "RestoreV2" or len(node.inputs) != 3:
        return None
    keys, parts = (texts_of(graph, each) for each in node.inputs[1:])
    if place.index >= len(keys) or place.index >= len(parts):
        raise FormatError(message(f"node {node.name[:80]!r}", "a key for each output", f"{len(keys)} keys", "The file is damaged."))
    return keys[place.index], parts[place.index]


def assigned(graph: Graph, variable: Node) -> Ref | None:
    """Return what a graph assigns to a variable first; None if nothing."""
    changes = (n for n in graph.nodes.values() if n.op == "AssignVariableOp" and len(n.inputs) == 2)
    return next((n.inputs[1] for n in changes if source_of(graph, n.inputs[0]) is variable), None)


def texts_of(graph: Graph, ref: Ref) -> list[str]:
    """Return the texts of a constant; FormatError if it is none."""
    found = const_of(graph, ref)
    if found is None or found.dtype != "string":
        raise FormatError(message(f"node {ref.name[:80]!r}", "constant texts", "another value", "The file is damaged."))
    return [v if isinstance(v, str) else v.decode("utf-8", "replace") for v in found.data_sync()]


def check_unchanged(graph: Graph, effects: list[str]) -> None:
    """Raise FormatError where the model itself changes a variable or table that it reads; `effects` are nodes that run for what they do."""
    outputs = [a.ref.name for a in graph.outputs]
    kept = VARIABLES | TABLES
    read = {resource_name(graph.nodes[n]) for n in graph.reachable(outputs, controls=False) if graph.nodes[n].op in kept}
    for name in graph.reachable([*outputs, *effects]):
        node = graph.nodes[name]
        if changes(node.op) and node.inputs:
            variable = source_of(graph, node.inputs[0])
            if variable.op in kept and resource_name(variable) in read:
                where, got = f"{variable.op} {resource_name(variable)[:80]!r}", f"{node.op} at {name[:80]!r}"
                raise FormatError(message(where, _READ_ONLY, got, "Export the model for inference."))


def freeze(graph: Graph, variables: Variables) -> None:
    """Make variables constants and what reads them ordinary ops, in functions too, which get values in place of handles."""
    for each in (graph, *graph.functions.values()):
        for node in list(each.nodes.values()):
            if node.op in VARIABLES:
                each.weights[node.name] = variables.value(node)
                node.op = "Const"
            elif node.op in _READS:
                _freeze_read(each, node)
            elif node.op in TABLES:
                node.attrs["shared_name"] = resource_name(node).encode()
                node.op = "HashTableV2"
            elif changes(node.op):
                raise FormatError(message(f"node {node.name[:80]!r}", _READ_ONLY, node.op, "Export the model for inference."))


def _freeze_read(graph: Graph, node: Node) -> None:
    op, node.op = node.op, _READS[node.op]
    if node.op == "Const":
        graph.weights[node.name] = lambda clamp: tensor(True)
        node.inputs, node.attrs = [], {"dtype": "bool", "shape": ()}
    elif op == "ReadVariableOp":
        node.attrs = {"T": node.attrs.get("dtype", "float32")}
    elif op == "ResourceGather":
        batch = node.attrs.get("batch_dims") or 0
        axis = graph.add("Const", graph.unique_name(f"{node.name}/axis"), dtype="int32", shape=())
        graph.weights[axis.name] = lambda clamp: tensor(batch, dtype="int32")
        node.inputs = [*node.inputs[:2], axis]
        node.attrs = {
            "Tparams": node.attrs.get("dtype"), "Tindices": node.attrs.get("Tindices"), "Taxis": "int32", "batch_dims": batch,
        }  # fmt: skip


# --- tables -----------------------------------------------------------------------------------------------------------------


def initializer_of(graph: Graph, loader: Graph, variables: Variables, read_lines: Callable[[Graph, Ref], list[bytes]]) -> Graph | None:
    """Return the graph that fills the tables which a graph reads; None if there are none. Tables have the same names in both.

    `loader`: the graph of all that the model's loader runs; it is changed. `read_lines(loader, ref)`: the lines of a file.
    """
    used = {resource_name(n) for each in (graph, *graph.functions.values()) for n in each.nodes.values() if n.op in TABLES}
    fills = [n for n in loader.nodes.values() if n.op in _FILLS and n.inputs and resource_name(source_of(loader, n.inputs[0])) in used]
    if not fills:
        return None
    _restore(loader, variables)
    before: dict[str, str] = {}
    for node in loader.nodes.values():
        node.controls = []
    for node in fills:
        table = source_of(loader, node.inputs[0])
        if "TextFile" in node.op:
            _fill_from_lines(loader, node, table, read_lines(loader, node.inputs[1]))
        name = resource_name(table)
        node.op, node.inputs[0], node.controls = "LookupTableImportV2", Ref(table.name), [before[name]] if name in before else []
        before[name] = node.name
    # TensorFlow.js runs the nodes that the outputs are called by; the last that fills a table waits for those before it.
    loader.outputs += [Argument(last, Ref(last), "resource", ()) for last in before.values()]
    loader.prune()
    freeze(loader, variables)
    return loader


def _restore(loader: Graph, variables: Variables) -> None:
    """Make constants of what fills of tables read from the checkpoint."""
    for node in list(loader.nodes.values()):
        for number, ref in enumerate(node.inputs if node.op in _FILLS else ()):
            found = restored_key(loader, ref)
            if found is not None:
                const = loader.add("Const", loader.unique_name(f"{node.name}/restored_{number}"))
                loader.weights[const.name] = variables.restored(*found)
                node.inputs[number] = const


_WHOLE_LINE, _LINE_NUMBER = -2, -1


def _fill_from_lines(graph: Graph, node: Node, table: Node, lines: list[bytes]) -> None:
    """Give a node that fills a table from a file the keys and values as constants."""
    offset, most = node.attrs.get("offset") or 0, node.attrs.get("vocab_size", -1)
    lines = lines[offset:]
    if most is not None and most >= 0:
        if len(lines) < most:
            raise FormatError(message(f"node {node.name[:80]!r}", f"a file of {most} lines", f"{len(lines)}", "The file is cut short."))
        lines = lines[:most]
    delimiter = node.attrs.get("delimiter") or b"\t"
    for name in ("key", "value"):
        dtype = table.attrs.get(f"{name}_dtype")
        column = node.attrs.get(f"{name}_index", 0)
        values = [_cell(line, number, column, delimiter, node) for number, line in enumerate(lines)]
        ref = graph.add("Const", graph.unique_name(f"{node.name}/{name}s"), dtype=dtype, shape=(len(values),))
        graph.weights[ref.name] = partial(_column, values, dtype, node.name)
        node.inputs = [node.inputs[0], ref] if name == "key" else [*node.inputs, ref]


def _cell(line: bytes, number: int, column: Any, delimiter: bytes, node: Node) -> Any:
    if column == _LINE_NUMBER:
        return number
    if column == _WHOLE_LINE:
        return line
    cells = line.split(delimiter)
    if not isinstance(column, int) or not 0 <= column < len(cells):
        raise FormatError(message(f"node {node.name[:80]!r}", f"a column {column}", f"{len(cells)} columns", "The file is damaged."))
    return cells[column]


def _column(values: list[Any], dtype: str | None, where: str, clamp: bool) -> Tensor:
    if dtype == "string":
        texts = [v if isinstance(v, bytes) else str(v).encode() for v in values]
        try:
            return tensor([v.decode() for v in texts], (len(texts),), "string")
        except UnicodeDecodeError:
            return tensor(texts, (len(texts),), "string")
    try:
        if dtype in ("float32", "float64"):
            return tensor([float(v) for v in values], (len(values),), "float32")
        return tensor([int(v) for v in values], (len(values),), "int32")
    except ValueError as error:
        raise FormatError(message(f"node {where[:80]!r}", f"a column of {dtype}", str(error)[:80], "The file is damaged.")) from None
