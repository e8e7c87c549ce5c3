"""ONNX files to graphs: the model, its blocks and functions, and what cannot be translated, told all at once.

The translations of ops are in the files by subject; where a graph's transposes go is `layout`'s business.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ...errors import FormatError, TensorWebError, message
from ...graph.definition import Argument, Graph
from ...graph.tf_dtypes import own_dtype
from ..protobuf import decode, map_file
from . import layout
from .folding import fold
from .schema import DOMAINS, DTYPES, SCHEMA, STANDARD
from .shapes import Shape
from .tensors import Constant, constant, read_tensor
from .translate import OPS, Broken, OnnxNode, Scope, Unsupported, Value

MIN_OPSET = 7
MAX_INLINED = 100_000  # nodes of functions, which take the places of their calls
# What translations may stumble over in a damaged model: it is told as the node's fault.
_FAULTS = (TensorWebError, IndexError, TypeError, ValueError, KeyError, AttributeError, ArithmeticError)


def read_onnx(source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Graph:
    """Return the graph of an ONNX model: a path, or its bytes. Data in files beside it are read where a path is given.

    Names of inputs and outputs are the model's. Raises FormatError for what is no such model, and for ops or forms of them that cannot be
    translated: it names them all, with their nodes.
    """
    from_file = isinstance(source, (str, os.PathLike))
    folder = Path(source).parent if from_file else None  # type: ignore[arg-type]
    where = Path(source).name if from_file else "ONNX model"  # type: ignore[arg-type]
    model = decode(SCHEMA, "ModelProto", map_file(source) if from_file else source, where)  # type: ignore[arg-type]
    return Reader(model, folder, where).read()


class Reader:
    """Reads one model. `problems` has what cannot be translated: (op, node, place, why)."""

    def __init__(self, model: Any, folder: Path | None, where: str):
        self.model, self.folder, self.where = model, folder, where
        self.problems: list[tuple[str, str, str, str]] = []
        self.functions = {(f.domain, f.name): f for f in model.functions}
        self.opsets = {DOMAINS.get(o.domain, o.domain): o.version for o in model.opset_import}
        self.inlined = 0

    def read(self) -> Graph:
        """Return the whole graph."""
        proto = self.model.graph
        if "graph" not in self.model or not proto.output:
            raise FormatError(message(self.where, "a model with a graph", "none", "Is this an ONNX file?"))
        version = self.opsets.get(STANDARD, MIN_OPSET)
        if version < MIN_OPSET:
            advice = "Convert it with onnx.version_converter."
            raise FormatError(message(self.where, f"opset {MIN_OPSET} or later", f"opset {version}", advice))
        self.check_ops()
        graph = Graph(functions={})
        scope = Scope(graph, self)
        self.add_inputs(scope, proto)
        self.block(scope, proto)
        self.raise_problems()
        for info in proto.output:
            found = self.output(scope, info.name)
            graph.outputs.append(Argument(info.name, scope.ref(found), found.dtype, found.shape))
        layout.cancel_transposes(graph)
        layout.prune_functions(graph)
        for each in graph.all_graphs():
            each.check()
        return graph

    # --- ops ---

    def check_ops(self) -> None:
        """Raise FormatError with all ops of the model, its subgraphs and functions that have no translation."""
        blocks = [(self.model.graph.node, "the graph")]
        blocks += [(f.node, f"function {f.name!r}") for f in self.model.functions]
        while blocks:
            nodes, place = blocks.pop(0)
            for number, node in enumerate(nodes):
                domain = DOMAINS.get(node.domain, node.domain)
                if (domain, node.op_type) not in OPS and (node.domain, node.op_type) not in self.functions:
                    op = f"{domain}.{node.op_type}" if domain else node.op_type
                    self.problems.append((op, node.name or f"number {number}", place, "there is no translation of it"))
                for attribute in node.attribute:
                    for graph in (attribute.g, *attribute.graphs):
                        if graph.node:
                            blocks.append((graph.node, f"{attribute.name} of {node.name or node.op_type!r}"))
        self.raise_problems()

    def raise_problems(self) -> None:
        """Raise FormatError if something cannot be translated."""
        if self.problems:
            shown = [f"{op} (node {name!r} in {place}: {why})" for op, name, place, why in self.problems[:50]]
            more = f", and {len(self.problems) - 50} more" if len(self.problems) > 50 else ""
            advice = "docs/onnx.md has the list of those that are known."
            raise FormatError(message(self.where, "ops that can be translated", "; ".join(shown) + more, advice))

    # --- blocks ---

    def add_inputs(self, scope: Scope, proto: Any) -> None:
        """Add placeholders for the model's inputs that have no initializer."""
        given = {t.name for t in proto.initializer} | {t.values.name for t in proto.sparse_initializer}
        for info in proto.input:
            if info.name in given:
                continue
            dtype, shape = value_type(info)
            if dtype is None or own_dtype(dtype) is None:
                got = "another kind or dtype"
                raise FormatError(message(f"{self.where}, input {info.name[:80]!r}", "a tensor", got, "Such inputs cannot be read."))
            ref = scope.graph.add("Placeholder", scope.node_name(info.name), dtype=dtype, shape=shape)
            scope.graph.inputs.append(Argument(info.name, ref, dtype, shape))
            scope.values[info.name] = Value(dtype, shape, ref)

    def block(self, scope: Scope, proto: Any, place: str = "the graph") -> None:
        """Translate the nodes of a GraphProto; its inputs have values in the scope."""
        for tensor in proto.initializer:
            scope.values[tensor.name] = from_constant(read_tensor(tensor, self.folder, f"{self.where}, tensor"))
        for sparse in proto.sparse_initializer:
            scope.values[sparse.values.name] = from_constant(read_sparse(sparse, self.folder, self.where))
        told = {info.name: value_type(info) for info in (*proto.value_info, *proto.output)}
        for number, node in enumerate(proto.node):
            self.node(scope, node, number, place, self.opsets, {})
            for name in node.output:
                if name in told and name in scope.values:
                    learn(scope.values[name], *told[name])

    def node(self, scope: Scope, proto: Any, number: int, place: str, opsets: dict[str, int], given: dict[str, Any]) -> None:
        """Translate a node; what is wrong with it is noted, and its outputs are left out."""
        domain = DOMAINS.get(proto.domain, proto.domain)
        node = OnnxNode(proto, domain, opsets.get(domain, 1), given, number)
        scope.base = next((o for o in node.outputs if o), node.name)
        try:
            values = [scope.find(name) if name else None for name in node.inputs]
            function = self.functions.get((proto.domain, node.op))
            if function is not None:
                found: Any = self.call(scope, function, node, values)
            else:
                found = self.translated(scope, node, values)
        except Broken:
            scope.broken.update(node.outputs)
            return
        except Unsupported as error:
            found = str(error)
        except _FAULTS as error:
            found = f"{type(error).__name__}: {error}"[:300]
        if isinstance(found, str):
            self.problems.append((node.op, node.name, place, found))
            scope.broken.update(node.outputs)
            return
        for name, value in zip(node.outputs, found, strict=False):
            if name and value is not None:
                scope.values[name] = value

    def translated(self, scope: Scope, node: OnnxNode, values: list[Value | None]) -> list[Value | None]:
        """Return a node's outputs: constants where they can be told, else what its translation gives."""
        small = fold(node, values)
        if small is not None and all(None not in s.flat for s in small):
            return [Value(s.dtype, s.shape, constant=constant(s.flat, s.shape, s.dtype)) for s in small]
        while values and values[-1] is None:
            values.pop()
        found = OPS[node.domain, node.op].function(scope, node, *values)
        outputs = list(found) if isinstance(found, (list, tuple)) else [found]
        for value, part in zip(outputs, small or (), strict=False):
            if value is not None and value.constant is None:
                value.elements = part.flat
                learn(value, part.dtype, part.shape)
        return outputs

    def call(self, scope: Scope, function: Any, node: OnnxNode, values: list[Value | None]) -> list[Value | None]:
        """Translate the body of a function of the model in the place of its call."""
        self.inlined += len(function.node)
        if self.inlined > MAX_INLINED or self.problems:
            raise Unsupported(f"functions with more than {MAX_INLINED} nodes in all, or a fault before")
        inner = Scope(scope.graph, self, scope, shares=True, sees=False)
        for name, value in zip(function.input, values, strict=False):
            if value is not None:
                inner.values[name] = value
        given = {a.name: a for a in function.attribute_proto}
        given.update({name: found for name, found in node.attributes.items() if found is not None})
        opsets = {DOMAINS.get(o.domain, o.domain): o.version for o in function.opset_import} or self.opsets
        for number, each in enumerate(function.node):
            self.node(inner, each, number, f"function {function.name!r}", opsets, given)
        if self.problems:
            raise Unsupported(f"its function {function.name!r} cannot be translated")
        return [inner.values.get(name) for name in function.output]

    def output(self, scope: Scope, name: str) -> Value:
        """Return the value of a block's output; FormatError if nothing gives it."""
        try:
            return scope.find(name)
        except Unsupported:
            raise FormatError(message(self.where, "outputs that nodes give", repr(name[:80]), "The file is damaged.")) from None


def value_type(info: Any) -> tuple[str | None, Shape]:
    """Return the dtype and shape that a ValueInfoProto says."""
    if "tensor_type" not in info.type:
        return None, None
    kind = info.type.tensor_type
    if "shape" not in kind:
        return DTYPES.get(kind.elem_type), None
    sizes = [d.dim_value if "dim_value" in d and 0 <= d.dim_value < 2**31 else None for d in kind.shape.dim]
    return DTYPES.get(kind.elem_type), tuple(sizes)


def learn(value: Value, dtype: str | None, shape: Shape) -> None:
    """Take what the model says of a value where it was not known."""
    if value.dtype is None or (dtype is not None and own_dtype(dtype) == own_dtype(value.dtype)):
        value.dtype = dtype or value.dtype
    if value.constant is not None or shape is None:
        return
    if value.shape is None:
        value.shape = shape
    elif len(value.shape) == len(shape):
        value.shape = tuple(b if a is None else a for a, b in zip(value.shape, shape, strict=True))


def from_constant(found: Constant) -> Value:
    """Return a constant as a value."""
    return Value(found.dtype, found.shape, constant=found)


def read_sparse(proto: Any, folder: Path | None, where: str) -> Constant:
    """Return a sparse tensor as the dense constant that it stands for; only small ones are known to exist."""
    values, indices = (read_tensor(p, folder, where) for p in (proto.values, proto.indices))
    shape = tuple(proto.dims)
    flat, places = values.host(), indices.host()
    size = 1
    for d in shape:
        size *= d
    count = len(flat or ()) * (1 if len(indices.shape) == 1 else len(shape))
    if flat is None or places is None or not 0 <= size <= 1 << 24 or len(places) != count:
        raise FormatError(message(where, "a small sparse tensor", f"one of shape {shape}"[:80], "Store it densely."))
    dense = [type(flat[0])(0) if flat else 0] * size
    for i, v in enumerate(flat):
        at = places[i] if len(indices.shape) == 1 else _place(places[i * len(shape) : (i + 1) * len(shape)], shape)
        if not 0 <= at < size:
            raise FormatError(message(where, f"indices below {size}", at, "The file is damaged."))
        dense[at] = v
    return constant(dense, shape, values.dtype)


def _place(at: list[int], shape: tuple[int, ...]) -> int:
    found = 0
    for index, size in zip(at, shape, strict=True):
        found = found * size + index
    return found


