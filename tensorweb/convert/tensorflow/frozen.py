"""Frozen graphs: a GraphDef in a .pb file, with its inputs and outputs guessed or told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...errors import ArgumentError, FormatError, message
from ...graph.definition import Argument, Graph, Ref, parse_ref
from ..protobuf import decode, map_file
from .finishing import finish
from .freezing import Variables, freeze, initializer_of
from .graph_def import Library, parse_nodes
from .inlining import add_functions, copied, inline, settle
from .saved_model import feed
from .schema import SCHEMA

# The attributes that tell the dtype of an output.
_DTYPES = ("dtype", "DstT", "element_dtype", "out_type", "Tparams", "T")
_NO_ENDS = frozenset({"Const", "NoOp", "Placeholder", "Assert", "SaveV2", "RestoreV2", "Print", "PrintV2"})


def read_frozen_graph(path: str | os.PathLike[str], inputs: Sequence[str] | None = None, outputs: Sequence[str] | None = None) -> Graph:
    """Return the graph of a frozen GraphDef.

    `inputs`: names of nodes or outputs such as "x" or "split:1", which become placeholders; None: the placeholders that the outputs need;
    `outputs`: names; None: the nodes that nobody reads. Raises ArgumentError for names that there are not, FormatError where the file is
    damaged or has variables.
    """
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(message("read_frozen_graph", "a file", repr(file.name), "Pass the path of a .pb file."))
    proto = decode(SCHEMA, "GraphDef", map_file(file), file.name)
    if not proto.node:
        raise FormatError(message(file.name, "nodes", "none", "The file is damaged, or no GraphDef."))
    nodes, library = parse_nodes(proto.node), Library(proto.library.function)
    graph = copied(nodes)
    graph.outputs = [Argument(name, _named(graph, name)) for name in outputs] if outputs is not None else _ends(graph)
    if not graph.outputs:
        raise FormatError(message(file.name, "nodes that nobody reads", "none", "Name the outputs."))
    graph.inputs = [_argument(graph, name) for name in inputs or ()]
    for argument in graph.inputs:
        feed(graph, argument)
    inline(graph, library)
    settle(graph)
    if inputs is None:
        graph.inputs = [_argument(graph, node.name) for node in graph.nodes.values() if node.op.startswith("Placeholder")]
    add_functions(graph, library)
    inline(nodes, library)
    variables = Variables(None, nodes)
    graph.initializer = initializer_of(graph, nodes, variables, _no_lines)
    freeze(graph, variables)
    return finish(graph)


def _named(graph: Graph, name: str) -> Ref:
    ref = parse_ref(name, graph.nodes)
    if ref.name not in graph.nodes:
        some = ", ".join(map(repr, list(graph.nodes)[:8]))
        raise ArgumentError(message("read_frozen_graph", f"names of nodes: {some} ...", repr(name), "Correct the names."))
    return ref


def _argument(graph: Graph, name: str) -> Argument:
    ref = _named(graph, name)
    attrs = graph.nodes[ref.name].attrs
    dtype = next((attrs[key] for key in _DTYPES if isinstance(attrs.get(key), str)), None)
    shape = attrs.get("shape")
    return Argument(name, ref, dtype, shape if isinstance(shape, tuple) else None)


def _ends(graph: Graph) -> list[Argument]:
    """Return the nodes that nobody reads and that compute something."""
    read = {name for node in graph.nodes.values() for name in (*(ref.name for ref in node.inputs), *node.controls)}
    return [Argument(name, Ref(name)) for name, node in graph.nodes.items() if name not in read and node.op not in _NO_ENDS]


def _no_lines(graph: Graph, ref: Ref) -> list[bytes]:
    raise FormatError(message("graph", "tables whose values stand in the graph", "a table from a file", "Read the whole SavedModel."))


