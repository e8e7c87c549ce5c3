"""A graph as data: nodes of TensorFlow's ops, functions, weights. What reads and writes files, and what runs graphs, stand elsewhere.

Every reader (TensorFlow.js's model.json, SavedModel, ONNX, TFLite) gives a `Graph`; passes change it; `running` and the writers take it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..errors import FormatError, message

# What the parts of ops with several kinds of outputs are called in functions, which name an input `node:part:number`.
OUTPUT_NAMES = {
    "CombinedNonMaxSuppression": ("nmsed_boxes", "nmsed_scores", "nmsed_classes", "valid_detections"),
    "FusedBatchNorm": ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"),
    "FusedBatchNormV2": ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2"),
    "FusedBatchNormV3": ("y", "batch_mean", "batch_variance", "reserve_space_1", "reserve_space_2", "reserve_space_3"),
    "ListDiff": ("out", "idx"),
    "LogMatrixDeterminant": ("sign", "log_abs_determinant"),
    "LookupTableExportV2": ("keys", "values"),
    "MaxPoolWithArgmax": ("output", "argmax"),
    "Merge": ("output", "value_index"),
    "NonMaxSuppressionV4": ("selected_indices", "valid_outputs"),
    "NonMaxSuppressionV5": ("selected_indices", "selected_scores", "valid_outputs"),
    "Qr": ("q", "r"),
    "RaggedGather": ("output_nested_splits", "output_dense_values"),
    "RaggedRange": ("rt_nested_splits", "rt_dense_values"),
    "SelfAdjointEigV2": ("e", "v"),
    "SparseFillEmptyRows": ("output_indices", "output_values", "empty_row_indicator", "reverse_index_map"),
    "SparseReshape": ("output_indices", "output_shape"),
    "StringNGrams": ("ngrams", "ngrams_splits"),
    "StringSplit": ("indices", "values", "shape"),
    "StringSplitV2": ("indices", "values", "shape"),
    "Svd": ("s", "u", "v"),
    "Switch": ("output_false", "output_true"),
    "TensorArrayConcatV3": ("value", "lengths"),
    "TensorArrayV3": ("handle", "flow"),
    "TensorListConcat": ("tensor", "lengths"),
    "TensorListConcatV2": ("tensor", "lengths"),
    "TensorListPopBack": ("output_handle", "tensor"),
    "TopK": ("values", "indices"),
    "TopKV2": ("values", "indices"),
    "UnicodeDecode": ("row_splits", "char_values"),
    "Unique": ("y", "idx"),
    "UniqueV2": ("y", "idx"),
    "UniqueWithCounts": ("y", "idx", "count"),
}


@dataclass(frozen=True, slots=True)
class Ref:
    """An output of a node: the node's name and the output's number."""

    name: str
    index: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.index}" if self.index else self.name


class FunctionName(str):
    """The value of an attribute that names a function of the graph."""

    __slots__ = ()


@dataclass
class Node:
    """An op applied to outputs of other nodes.

    `attrs` holds plain values: bool, int, float, bytes for strings, dtypes by TensorFlow's names ("float32", "int64", "resource"), shapes
    as tuples with None for an unknown dimension (None for an unknown rank), lists of these, `FunctionName`, and a `Tensor` for a constant
    in place. Attributes whose name starts with an underscore are hints that may be left out.
    """

    name: str
    op: str
    inputs: list[Ref] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    controls: list[str] = field(default_factory=list)


@dataclass
class Argument:
    """What a model takes or gives by name: the node's output, its dtype and shape (None: not known)."""

    name: str
    ref: Ref
    dtype: str | None = None
    shape: tuple[int | None, ...] | None = None


@dataclass
class Graph:
    """Nodes by name. `inputs` name placeholders; `outputs` are what it gives, in order.

    A function is a graph too; its placeholders are `Placeholder` nodes in the order of its arguments. `weights` has the tensors of
    `Const` nodes by the node's name; functions have weights of their own. `functions` is one dict for a graph and all of its functions.
    `initializer` is a graph without inputs that is to run once, before; `shared_resources` maps the names of its outputs to placeholders
    of this graph, which get them.
    """

    nodes: dict[str, Node] = field(default_factory=dict)
    inputs: list[Argument] = field(default_factory=list)
    outputs: list[Argument] = field(default_factory=list)
    weights: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Graph] = field(default_factory=dict)
    initializer: Graph | None = None
    shared_resources: dict[str, str] = field(default_factory=dict)
    structured_keys: list[str] | None = None  # the outputs' names where the model gives a dict

    def add(self, op: str, name: str, inputs: Iterable[Ref] = (), controls: Iterable[str] = (), **attrs: Any) -> Ref:
        """Add a node and return its first output; FormatError if the name is taken."""
        if name in self.nodes:
            raise FormatError(message("graph", "each node's name once", repr(name), "The file is damaged."))
        self.nodes[name] = Node(name, op, list(inputs), attrs, list(controls))
        return Ref(name)

    def add_const(self, name: str, value: Any) -> Ref:
        """Add a `Const` node with a tensor for its value."""
        self.weights[name] = value
        return self.add("Const", name, dtype=value.dtype, shape=tuple(value.shape))

    def unique_name(self, wanted: str) -> str:
        """Return a name that no node has: the one wanted, or that with a number."""
        name, number = wanted, 0
        while name in self.nodes:
            number += 1
            name = f"{wanted}_{number}"
        return name

    def rename(self, old: str, new: str) -> None:
        """Give a node another name, wherever it is named."""
        self.nodes = {new if name == old else name: node for name, node in self.nodes.items()}
        self.nodes[new].name = new
        for node in self.nodes.values():
            node.inputs = [Ref(new, ref.index) if ref.name == old else ref for ref in node.inputs]
            node.controls = [new if name == old else name for name in node.controls]
        for argument in (*self.inputs, *self.outputs):
            if argument.ref.name == old:
                argument.ref = Ref(new, argument.ref.index)
        if old in self.weights:
            self.weights[new] = self.weights.pop(old)

    def reachable(self, roots: Iterable[str], controls: bool = True) -> set[str]:
        """Return the names of the nodes that some need, themselves among them, with or without what they only wait for."""
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            node = self.nodes.get(name)
            if node is not None and name not in found:
                found.add(name)
                waiting += [ref.name for ref in node.inputs]
                waiting += node.controls if controls else ()
        return found

    def prune(self, roots: Iterable[str] | None = None, controls: bool = True) -> None:
        """Leave only the nodes that some need, by default the outputs; inputs stay then. Without `controls` nobody waits for others."""
        if roots is None:
            roots = [*(a.ref.name for a in (*self.inputs, *self.outputs)), *self.shared_resources.values()]
        kept = self.reachable(roots, controls)
        self.nodes = {name: node for name, node in self.nodes.items() if name in kept}
        self.weights = {name: value for name, value in self.weights.items() if name in kept}
        if not controls:
            for node in self.nodes.values():
                node.controls = []

    def users(self) -> dict[str, list[Node]]:
        """Return for each node's name the nodes that read one of its outputs, each once for each read."""
        found: dict[str, list[Node]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            for ref in node.inputs:
                found.setdefault(ref.name, []).append(node)
        return found

    def all_graphs(self) -> Iterator[Graph]:
        """Yield this graph, its functions and its initializer."""
        yield self
        yield from self.functions.values()
        if self.initializer is not None:
            yield self.initializer

    def check(self) -> None:
        """Raise FormatError where an input, output or function is named that does not exist."""
        for node in self.nodes.values():
            for name in (*(ref.name for ref in node.inputs), *node.controls):
                if name not in self.nodes:
                    raise FormatError(message(f"node {node.name!r}", "inputs that are nodes", repr(name), "The file is damaged."))
            for value in node.attrs.values():
                if isinstance(value, FunctionName) and value and value not in self.functions:
                    raise FormatError(message(f"node {node.name!r}", "a function of the graph", repr(str(value)), "The file is damaged."))
        for argument in (*self.inputs, *self.outputs):
            if argument.ref.name not in self.nodes:
                advice = f"There are {', '.join(list(self.nodes)[:8])} ..." if self.nodes else "There are none."
                raise FormatError(message("graph", "inputs and outputs that are nodes", repr(argument.ref.name), advice))


def parse_ref(text: str, nodes: dict[str, Node] | None = None) -> Ref:
    """Return the output that a text names: `node`, `node:1`, or `node:part:0` as functions do, for which `nodes` must tell the op."""
    parts = text.split(":")
    try:
        if len(parts) == 1:
            return Ref(parts[0])
        number = int(parts[-1])
        if number < 0 or len(parts) > 3:
            raise ValueError
        if len(parts) == 2:
            return Ref(parts[0], number)
        node = (nodes or {}).get(parts[0])
        names = OUTPUT_NAMES.get(node.op, ()) if node else ()
        return Ref(parts[0], (names.index(parts[1]) if parts[1] in names else 0) + number)
    except ValueError:
        raise FormatError(message("graph", "an output such as 'node:0'", repr(text[:80]), "The file is damaged.")) from None
