"""SavedModels and TF-Hub folders: the graph of a signature, its variables as constants, its tables filled. Frozen graphs: `frozen`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, FormatError, message
from ...graph.definition import Argument, Graph, Ref, parse_ref
from ..protobuf import Message, decode, map_file
from .bundle import Bundle
from .finishing import finish
from .freezing import Variables, assigned, check_unchanged, freeze, initializer_of, texts_of
from .graph_def import Library, parse_nodes, source_of
from .inlining import add_functions, copied, inline, settle
from .objects import checkpoint_keys, function_names, function_signature
from .schema import SCHEMA
from .tensors import dtype_name, shape_of

_DEFAULTS = ("serving_default", "default")
_INT64 = 9
_INTERNAL = ("__saved_model_init_op", "__saved_model_train_op")
_ASSETS = "saved_model_assets"
_INIT_COLLECTIONS = ("saved_model_main_op", "legacy_init_op", "saved_model_init_op", "main_op")


def read_saved_model(path: str | os.PathLike[str], signature: str | None = None, tags: Sequence[str] | None = None) -> Graph:
    """Return the graph of a signature of a SavedModel, of TensorFlow 1 or 2, or a TF-Hub folder.

    `path`: the folder, or its saved_model.pb; `signature`: its name, also that of a function that the model's root object has, such as
    "__call__"; None: serving_default, or the only one; `tags`: which graph, where the file has several; None: that for serving. Calls are
    inlined, variables are constants; `Graph.initializer` fills the tables. Inputs and outputs have the signature's names, in the order in
    which they stand in the graph. Raises ArgumentError for a signature or tags that there are not, FormatError where a file is damaged,
    where the model changes variables that it reads, or for an integer beyond 32 bits.
    """
    folder = Path(path)
    folder = folder.parent if folder.is_file() else folder
    meta = _choose_graph(_read(folder), tags)
    saved = _Saved(folder, meta)
    graph = saved.signature_graph(signature)
    effects = inline(graph, saved.library)
    check_unchanged(graph, effects)
    settle(graph)
    add_functions(graph, saved.library)
    return saved.complete(graph)


def signature_names(path: str | os.PathLike[str], tags: Sequence[str] | None = None) -> list[str]:
    """Return the names of a SavedModel's signatures; where it has none, of the functions that its root object has."""
    folder = Path(path)
    meta = _choose_graph(_read(folder.parent if folder.is_file() else folder), tags)
    return _names(meta) or function_names(meta.object_graph_def)


def _read(folder: Path) -> Message:
    file = folder / "saved_model.pb"
    if not file.is_file():
        others = "saved_model.pbtxt, which is text" if (folder / "saved_model.pbtxt").is_file() else "none"
        raise ArgumentError(message("read_saved_model", "a folder with saved_model.pb", others, f"Is {folder.name!r} the right folder?"))
    found = decode(SCHEMA, "SavedModel", map_file(file), "saved_model.pb")
    if not found.meta_graphs:
        raise FormatError(message("saved_model.pb", "a graph", "none", "The file is damaged, or no SavedModel."))
    return found


def _choose_graph(model: Message, tags: Sequence[str] | None) -> Message:
    sets = [set(meta.meta_info_def.tags) for meta in model.meta_graphs]
    wanted = [set(tags)] if tags is not None else [{"serve"}, set()]
    for each in wanted:
        if each in sets:
            return model.meta_graphs[sets.index(each)]
    if tags is None:
        return model.meta_graphs[next((i for i, each in enumerate(sets) if "train" not in each), 0)]
    there = ", ".join(str(sorted(each)) for each in sets)
    raise ArgumentError(message("read_saved_model", f"tags among {there}", sorted(tags), "Pass one of these lists."))


def _names(meta: Message) -> list[str]:
    return [name for name in sorted(meta.signature_def) if name not in _INTERNAL]


class _Saved:
    """One graph of a SavedModel, with what is needed to complete signatures of it."""

    def __init__(self, folder: Path, meta: Message):
        self.folder, self.meta = folder, meta
        self.nodes = parse_nodes(meta.graph_def.node)
        self.library = Library(meta.graph_def.library.function)

    def signature_graph(self, name: str | None) -> Graph:
        """Return a copy of the nodes with a signature's inputs and outputs, calls not yet inlined."""
        names = _names(self.meta)
        others = function_names(self.meta.object_graph_def)
        if name is None:
            single = names if len(names) == 1 else [n for n in others if n == "__call__" and not names]
            name = next(iter([n for n in _DEFAULTS if n in names] or single), None)
        graph = copied(self.nodes)
        if name in self.meta.signature_def:
            _add_signature(graph, self.meta.signature_def[name])
            graph.prune()
            return graph
        if name is not None and name in others:
            return function_signature(self.meta.object_graph_def, name, graph, self.library)
        there = ", ".join(map(repr, names + others)) or "none"
        advice = "Choose one by its name." if name is None else "Choose one of these."
        raise ArgumentError(message("read_saved_model", f"a signature among {there}", repr(name), advice))

    def complete(self, graph: Graph) -> Graph:
        """Put in the values of variables, and the graph that fills tables."""
        loader = self._loader()
        prefix = self.folder / "variables" / "variables"
        bundle: Bundle | None = None
        if prefix.with_name("variables.index").is_file():
            bundle = Bundle(prefix)
        variables = Variables(bundle, loader, lambda: checkpoint_keys(self.meta.object_graph_def, bundle))
        first = initializer_of(graph, loader, variables, self._lines)
        freeze(graph, variables)
        if first is not None:
            graph.initializer = first
            first.functions = graph.functions
            add_functions(first, self.library)
        return finish(graph)

    def _loader(self) -> Graph:
        """Return what a loader runs: what restores variables, what fills tables."""
        roots = [self.meta.saver_def.restore_op_name]
        for name in _INIT_COLLECTIONS:
            roots += self.meta.collection_def[name].node_list.value if name in self.meta.collection_def else []
        if _INTERNAL[0] in self.meta.signature_def:
            roots += [info.name for info in self.meta.signature_def[_INTERNAL[0]].outputs.values()]
        graph = copied(self.nodes)
        roots = [parse_ref(text.removeprefix("^"), graph.nodes).name for text in roots if text]
        fills = [n.name for n in graph.nodes.values() if n.op.startswith(("InitializeTable", "LookupTableImport"))]
        graph.prune([*roots, *fills])
        inline(graph, self.library)
        return graph

    def _assets(self) -> list[Message]:
        """Return what is told of assets; TF-Hub's first format tells it in a collection."""
        packed = self.meta.collection_def[_ASSETS].any_list.value if _ASSETS in self.meta.collection_def else []
        return [*self.meta.asset_file_def, *(decode(SCHEMA, "AssetFileDef", each.value, "saved_model.pb") for each in packed)]

    def _lines(self, graph: Graph, ref: Ref) -> list[bytes]:
        """Return the lines of the asset whose name a constant of the loader's graph is."""
        node = source_of(graph, ref)
        if node.op == "ReadVariableOp" and node.inputs:  # TensorFlow 2 keeps the path in a variable
            node = source_of(graph, assigned(graph, source_of(graph, node.inputs[0])) or ref)
        constant = node.name
        names = {parse_ref(asset.tensor_info.name).name: asset.filename for asset in self._assets()}
        name = names.get(constant) or re.split(r"[/\\]", texts_of(graph, ref)[0] if constant in graph.weights else "")[-1]
        data = _asset(self.folder / "assets", name).replace(b"\r", b"")
        return data.removesuffix(b"\n").split(b"\n") if data else []


def _asset(folder: Path, name: str) -> bytes:
    """Return what a file holds, if it lies in a folder; FormatError if it does not."""
    try:
        file = (folder / name).resolve()
        if file.is_relative_to(folder.resolve()) and file.is_file():
            return file.read_bytes()
    except (OSError, ValueError):  # a name that no file can have
        pass
    raise FormatError(message("SavedModel", "a file in its folder assets", repr(name[:80]), "Copy the whole folder."))


# --- signatures -------------------------------------------------------------------------------------------------------------


def _add_signature(graph: Graph, signature: Message) -> None:
    """Set inputs and outputs; what is fed becomes a placeholder."""
    place = {name: number for number, name in enumerate(graph.nodes)}
    for name, info in sorted(signature.inputs.items()):
        for part, each in _components(name, info):
            ref = parse_ref(each.name, graph.nodes)
            if ref.name not in graph.nodes:
                raise FormatError(message(f"signature input {name!r}", "a node of the graph", repr(ref.name[:80]), "The file is damaged."))
            dtype, shape = dtype_name(each.dtype) if each.dtype else None, shape_of(each.tensor_shape) if "tensor_shape" in each else None
            graph.inputs.append(Argument(part, ref, dtype, shape))
    graph.inputs.sort(key=lambda a: (place[a.ref.name], a.ref.index))
    for name, info in signature.outputs.items():
        for part, each in _components(name, info):
            ref = parse_ref(each.name, graph.nodes)
            if ref.name not in graph.nodes:
                raise FormatError(message(f"signature output {name!r}", "a node of the graph", repr(ref.name[:80]), "The file is damaged."))
            graph.outputs.append(Argument(part, ref, dtype_name(each.dtype), shape_of(each.tensor_shape)))
    graph.outputs.sort(key=lambda a: (*_numbered(a.name), a.name))
    names = [a.name for a in graph.outputs]
    graph.structured_keys = names if len(names) > 1 and not all(re.fullmatch(r"output_\d+", n) for n in names) else None
    for argument in graph.inputs:
        feed(graph, argument)


def _numbered(name: str) -> tuple[str, int]:
    """Return a key by which output_10 comes after output_9."""
    found = re.fullmatch(r"(.*?)(\d{1,9})", name)
    return (found[1], int(found[2])) if found else (name, -1)


def _components(name: str, info: Message) -> list[tuple[str, Any]]:
    """Return the tensors of an input or output: one, or the parts of a sparse or composite one."""
    if "coo_sparse" in info:
        sparse = info.coo_sparse
        parts = {"indices": sparse.indices_tensor_name, "values": sparse.values_tensor_name, "shape": sparse.dense_shape_tensor_name}
        dtypes = {"values": info.dtype}
        kind = SCHEMA.types["TensorInfo"]
        return [(f"{name}/{part}", Message(kind, name=text, dtype=dtypes.get(part, _INT64))) for part, text in parts.items()]
    if "composite_tensor" in info:
        return [(f"{name}/{number}", each) for number, each in enumerate(info.composite_tensor.components)]
    return [(name, info)]


def feed(graph: Graph, argument: Argument) -> None:
    """Make what an argument feeds a placeholder, of its own where another node computes it."""
    node = graph.nodes[argument.ref.name]
    if argument.ref.index == 0 and node.op in ("Placeholder", "PlaceholderWithDefault"):
        return
    old = argument.ref
    new = graph.add("Placeholder", graph.unique_name(f"{old.name}/fed_{old.index}"), dtype=argument.dtype, shape=argument.shape)
    for each in graph.nodes.values():
        each.inputs = [new if ref == old else ref for ref in each.inputs]
    for other in (*graph.inputs, *graph.outputs):
        if other.ref == old:
            other.ref = new
