"""write_onnx: a graph as an ONNX model. What each op becomes stands in the files by subject; what is written where, in `model.py`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

from ...errors import ArgumentError, FormatError, TensorWebError, message
from ...graph.definition import Argument, Graph, Node, Ref
from ...graph.running import Runner, ordered
from ...graph.tf_dtypes import own_dtype
from ...tensor import Tensor
from ...waiting import wait
from ..onnx.layout import cancel_transposes, prune_functions
from ..optimizing import NEVER_FOLDED, fuse_chains, prune
from .channels import FUSED, channels_first
from .facts import elements_of, shapes_of
from .frames import frames_as_functions
from .model import NUMBERS, Info, OnnxModel, encode_model, typed, write_parts
from .scope import MANY, MAX_NODES, WRITERS, Scope, TooMany, Unwritable, Value
from .spectral import COMPLEX, TAKES_COMPLEX

# What may be wrong with a damaged graph: it is told as the node's fault.
_FAULTS = (TensorWebError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError)
_WITH_TEXTS = frozenset((
    "Concat", "ConcatV2", "ExpandDims", "Identity", "IdentityN", "Pack", "Rank", "Reshape", "Shape",
    "ShapeN", "Size", "Slice", "Snapshot", "Squeeze", "StopGradient", "Tile", "Transpose",
))  # fmt: skip


class _Broken(Unwritable):
    """A node that reads what another could not give, which was told already."""


def write_onnx(graph: Graph, path: str | os.PathLike[str]) -> int:
    """Write a graph as an ONNX model of opset 18; return the number of bytes.

    Names of inputs and outputs, their dtypes and unknown sizes stay. Weights of more than 2 GB go into a second file, `path` with ".data".
    Raises FormatError for ops or forms of them that ONNX does not have: it names them all, with a node for each, before a file is touched.
    """
    if not isinstance(graph, Graph):
        raise ArgumentError(message("write_onnx", "a graph", type(graph).__name__, "Pass GraphModel.graph, or what the readers return."))
    target = Path(os.path.expanduser(os.fspath(path)))
    if target.is_dir():
        raise ArgumentError(message("write_onnx", "the path of a file", f"the folder {str(target)!r}", "Add a name such as model.onnx."))
    model = OnnxModel()
    with _faults_as_format_errors():
        prepared = prepare(graph, model)
    model.raise_problems()
    scope = Scope(model, prepared)
    given = [_input(scope, argument) for argument in prepared.inputs]
    names = [model.fresh(a.name) for a in prepared.outputs]
    wanted = {a.ref: name for a, name in zip(prepared.outputs[::-1], names[::-1], strict=True) if _kept(a)}
    _give(scope, write_graph(scope, given, wanted), names)
    model.raise_problems()
    beside = target.with_name(f"{target.name}.data")
    with _faults_as_format_errors():
        parts, data = encode_model(model, scope.made, beside.name)
    size = write_parts(beside, data) if data else 0
    return size + write_parts(target, parts)


@contextmanager
def _faults_as_format_errors() -> Iterator[None]:
    try:
        yield
    except TensorWebError:
        raise
    except _FAULTS as error:
        got = f"{type(error).__name__}: {error}"[:200]
        raise FormatError(message("write_onnx", "nodes with their inputs and attributes", got, "The graph is damaged.")) from error


def prepare(graph: Graph, model: OnnxModel) -> Graph:
    """Return a copy of a graph as it is written: loops as functions, chains joined, channels first; note ops that cannot be written."""
    functions: dict[str, Graph] = {}
    made = _copied(graph, functions)
    functions.update({name: _copied(function, functions) for name, function in graph.functions.items()})
    for each in (made, *list(functions.values())):
        frames_as_functions(each)
    for each in (made, *functions.values()):
        each.prune(controls=False)
        prune(each)
    prune_functions(made)
    for each in (made, *functions.values()):
        for node in each.nodes.values():
            if node.op not in WRITERS and node.op not in FUSED and node.op not in ("Const", "Placeholder"):
                model.problem(node.op, node.name, "there is no way to write it")
        if not model.problems:
            fuse_chains(each)
            channels_first(each)
    if not model.problems:
        cancel_transposes(made)
        prune_functions(made)
    return made


def _copied(graph: Graph, functions: dict[str, Graph]) -> Graph:
    nodes = {name: Node(name, n.op, list(n.inputs), dict(n.attrs), n.controls) for name, n in graph.nodes.items()}
    for argument in graph.inputs:  # one that stands in the midst of the graph is not computed
        if nodes[argument.ref.name].op != "PlaceholderWithDefault":
            nodes[argument.ref.name] = Node(argument.ref.name, "Placeholder", attrs=nodes[argument.ref.name].attrs)
    inputs, outputs = ([Argument(a.name, a.ref, a.dtype, a.shape) for a in part] for part in (graph.inputs, graph.outputs))
    return Graph(nodes, inputs, outputs, dict(graph.weights), functions)


# --- inputs and outputs -----------------------------------------------------------------------------------------------------


def _input(scope: Scope, argument: Argument) -> Value:
    """Add an input of the model, of the dtype that it declares; return it as the dtype that graphs compute with."""
    node = scope.graph.nodes[argument.ref.name]
    dtype = argument.dtype or node.attrs.get("dtype") or "float32"
    own = own_dtype(dtype)
    if own is None or own == COMPLEX or dtype not in NUMBERS:
        scope.model.problem(node.op, node.name, f"ONNX has no inputs of {dtype}")
        return Value("float32", argument.shape, "")
    name = scope.model.fresh(argument.name)
    shape = argument.shape if argument.shape is not None else node.attrs.get("shape")
    sizes = None if shape is None else tuple(f"{name}_{i}" if size is None else size for i, size in enumerate(shape))
    scope.made.inputs.append(Info(name, dtype, sizes))
    default = scope.graph.weights.get(node.inputs[0].name) if node.inputs else None
    if default is not None and dtype == own:
        scope.model.constants[name] = typed(dtype, default.shape, default.data_sync())
    value = Value(dtype, shape, name, home=scope)
    return scope.int32(value) if own == "int32" else scope.cast(value, own)


def _kept(argument: Argument) -> bool:
    """Tell whether an output is given as it is computed."""
    return argument.dtype is None or own_dtype(argument.dtype) == argument.dtype


def _give(scope: Scope, values: Sequence[Value | None], names: Sequence[str]) -> None:
    """Make values the outputs of the model, of the names and dtypes that they have there."""
    for argument, value, name in zip(scope.graph.outputs, values, names, strict=True):
        if value is None:
            continue
        if value.listed or value.dtype == COMPLEX:
            scope.model.problem("output", argument.name, "it is a list of tensors" if value.listed else "it is complex")
            continue
        dtype = argument.dtype if argument.dtype in NUMBERS and own_dtype(argument.dtype) == value.dtype else value.dtype
        if value.name != name:
            scope("Identity" if dtype == value.dtype else "Cast", value, to=None if dtype == value.dtype else NUMBERS[dtype])
            scope.made.nodes[-1].outputs = [name]
        scope.made.outputs.append(Info(name, dtype, value.shape if value.shape is not None else argument.shape))


# --- nodes ------------------------------------------------------------------------------------------------------------------


def write_graph(scope: Scope, given: Sequence[Value], wanted: dict[Ref, str] | None = None) -> list[Value | None]:
    """Write the nodes of a scope's graph; return its outputs, None for those that cannot be written. `wanted`: names of some values."""
    graph = scope.graph
    if len(given) != len(graph.inputs):
        raise Unwritable(f"a function of {len(graph.inputs)} arguments gets {len(given)}")
    for argument, value in zip(graph.inputs, given, strict=True):
        scope.values[argument.ref.name] = [value]
    refs = [a.ref for a in graph.outputs]
    beyond = {ref.name for ref in (*refs, *(ref for node in graph.nodes.values() for ref in node.inputs)) if ref.index}
    for node in ordered(graph, list(scope.values), [ref.name for ref in refs]):
        scope.model.count += 1
        if scope.model.count > MAX_NODES:
            raise TooMany(message("write_onnx", f"{MAX_NODES} nodes at most", "more", "Its functions call one another too often."))
        start, scope.base = len(scope.made.nodes), node.name
        try:
            values = _written(scope, node, node.name in beyond)
        except TooMany:
            raise
        except _Broken:
            values = []
        except Unwritable as error:
            scope.model.problem(node.op, node.name, str(error))
            values = []
        except _FAULTS as error:
            scope.model.problem(node.op, node.name, f"{type(error).__name__}: {error}"[:300])
            values = []
        for i, made in enumerate(values):
            if made is not None and made.name is not None:
                ref = Ref(node.name, i)
                _rename(scope, made, (wanted or {}).get(ref), str(ref), start)
        scope.values[node.name] = values
    return [_read(scope, ref, told=False) for ref in refs]


def _read(scope: Scope, ref: Ref, told: bool = True) -> Any:
    values = scope.values.get(ref.name) or []
    found = values[ref.index] if ref.index < len(values) else None
    if found is None and told:
        raise _Broken if not values or not scope.graph.nodes else Unwritable(f"output {ref.index} of {ref.name!r} is not written")
    if found is None and not scope.model.problems:
        scope.model.problem("output", str(ref), "it is not written")
    return found


def _written(scope: Scope, node: Node, beyond: bool) -> list[Value | None]:
    """Return the outputs of a node: constants where all that it reads is constant and small, else what its function writes."""
    if node.op == "Const":
        value = scope.graph.weights[node.name]
        if value.dtype == COMPLEX:
            raise Unwritable("it holds complex numbers")
        return [scope.of_tensor(value)]
    if node.op == "Placeholder":
        raise Unwritable("nothing gives it a value")
    values = [_read(scope, ref) for ref in node.inputs]
    if any(v.dtype == "string" and not v.listed for v in values) and not _takes_texts(node, values):
        raise Unwritable("it reads texts")
    if node.op not in TAKES_COMPLEX and any(v.dtype == COMPLEX for v in values):
        raise Unwritable("it reads complex numbers")
    if not beyond and (constant := _computed(scope, node, values)) is not None:
        return [constant]
    found = WRITERS[node.op](scope, node, *values)
    outputs: list[Value | None] = list(found) if isinstance(found, (list, tuple)) else [found]
    for value, shape in zip(outputs, shapes_of(node, values, len(outputs)), strict=False):
        if value is not None and value.shape is None:
            value.shape = shape
    first = outputs[0] if outputs else None
    if first is not None and first.host is None and first.dtype in ("int32", "bool"):
        first.host = elements_of(node, values)
        if first.constant:
            return [scope.const(first.known or [], first.shape, first.dtype), *outputs[1:]]
    return outputs


def _takes_texts(node: Node, values: Sequence[Value]) -> bool:
    """Tell whether ONNX Runtime has an op for texts. Its Gather mixes up those of matrices."""
    rows = node.op in ("Gather", "GatherV2", "StridedSlice") and values[0].shape is not None and len(values[0].shape) == 1
    return rows or node.op in _WITH_TEXTS or node.op.startswith("TensorList")


def _computed(scope: Scope, node: Node, values: list[Value]) -> Value | None:
    """Return what a node of constants gives if that is small."""
    if not values or node.op.startswith(NEVER_FOLDED) or not all(v.constant and not v.listed for v in values):
        return None
    (shape,) = shapes_of(node, values, 1)[:1]
    if shape is None or None in shape or max(prod(s or 0 for s in shape), *(prod(v.shape) for v in values)) > MANY:
        return None
    graph = Graph(weights={f"in{i}": scope.tensor_of(v) for i, v in enumerate(values)})
    for name in graph.weights:
        graph.add("Const", name)
    graph.nodes["it"] = Node("it", node.op, [Ref(name) for name in graph.weights], node.attrs)
    try:
        found = wait(Runner(graph, fused=False).running({}, [Ref("it")]))[0]
    except TensorWebError:
        return None
    return scope.of_tensor(found) if isinstance(found, Tensor) and found.dtype != COMPLEX else None


def _rename(scope: Scope, value: Value, wanted: str | None, default: str, start: int) -> None:
    """Give a value the name of the graph's node, where one of the nodes just written gives it and no subgraph reads it."""
    new = scope.made.nodes[start:]
    maker = next((node for node in new if value.name in node.outputs), None)
    if maker is None or any(True for node in new if node is not maker for _ in node.graphs()):
        return
    name, old = wanted or scope.model.fresh(default), value.name
    for node in new:
        node.inputs = [name if n == old else n for n in node.inputs]
        node.outputs = [name if n == old else n for n in node.outputs]
    value.name = name
    if maker.outputs[0] == name:
        maker.name = name


def call(scope: Scope, name: Any, given: Sequence[Value]) -> list[Value]:
    """Write a function of the graph where it is called; return its outputs. Unwritable if something in it is."""
    function = scope.graph.functions.get(name) if isinstance(name, str) else None
    if function is None:
        raise Unwritable(f"it calls {str(name)[:80]!r}, which is no function of the graph")
    found = write_graph(scope.inner(function, shares=True), given)
    if any(value is None for value in found):
        raise _Broken
    return [value for value in found if value is not None]
