"""A graph as TensorFlow.js's model.json has it: nodes and functions as JSON, signatures, encoded weights. Where it goes is `tw.io`'s."""

from __future__ import annotations

import base64
import math
from typing import Any

from ..errors import FormatError, message
from ..io.artifacts import ModelArtifacts
from ..io.weights import encoding_weights
from ..waiting import Waits
from .definition import Argument, FunctionName, Graph, Node, Ref
from .tf_dtypes import PROTO_NAMES

_PRODUCER = 1882  # the version of graphs that TensorFlow 2.17 writes


def graph_artifacts(graph: Graph, quantization: Any = None, metadata: dict[str, Any] | None = None) -> Waits[ModelArtifacts]:
    """Return a graph as artifacts that `tw.io`'s handlers save; `quantization` as `tw.io.encode_weights` takes it."""
    name_constants_apart(graph)
    weights = {name: value for each in graph.all_graphs() for name, value in each.weights.items()}
    buffers, specs = yield from encoding_weights(weights, quantization=quantization)
    first, keys = graph.initializer, graph.structured_keys
    shared = {name: number for number, name in enumerate(graph.shared_resources, 1)}
    taken = {placeholder: shared[name] for name, placeholder in graph.shared_resources.items()}
    resources = [Argument(name, Ref(name), "resource") for name in taken]
    return ModelArtifacts(
        model_topology=_topology(graph), weight_specs=specs, weight_data=buffers, format="graph-model",
        generated_by="tensorweb", signature=_signature(graph.inputs + resources, graph.outputs, taken),
        user_defined_metadata={**(metadata or {}), **({"structuredOutputKeys": keys} if keys else {})} or None,
        model_initializer=None if first is None else {"node": _nodes(first), "versions": {"producer": _PRODUCER}},
        initializer_signature=None if first is None else _signature([], first.outputs, shared),
    )  # fmt: skip


def name_constants_apart(graph: Graph) -> None:
    """Rename constants whose names others have: the file has one namespace for the weights of all, where TensorFlow.js looks for the value
    of any node first."""
    graphs = list(graph.all_graphs())
    computed = {name for each in graphs for name in each.nodes if name not in each.weights}
    taken: set[str] = set()
    for number, each in enumerate(graphs):
        for name in [name for name in each.weights if name in taken or name in computed]:
            new = each.unique_name(f"{name}/part_{number}")
            while new in taken or new in computed:
                new = each.unique_name(f"{new}_")
            each.rename(name, new)
        taken.update(each.weights)


def _topology(graph: Graph) -> dict[str, Any]:
    made: dict[str, Any] = {"node": _nodes(graph), "versions": {"producer": _PRODUCER}}
    if graph.functions:
        made["library"] = {"function": [_function(name, function) for name, function in graph.functions.items()]}
    return made


def _function(name: str, function: Graph) -> dict[str, Any]:
    arguments = {a.ref.name for a in function.inputs}
    dtypes = [a.dtype or function.nodes[a.ref.name].attrs.get("dtype") for a in function.inputs]
    takes = [{"name": a.ref.name, "type": _dtype(d)} for a, d in zip(function.inputs, dtypes, strict=True)]
    gives = [{"name": f"output_{i}", "type": _dtype(a.dtype)} for i, a in enumerate(function.outputs)]
    returns = {f"output_{i}": f"{a.ref.name}:{a.ref.index}" for i, a in enumerate(function.outputs)}
    nodes = [_node(node, function) for node in function.nodes.values() if node.name not in arguments]
    return {"signature": {"name": name, "inputArg": takes, "outputArg": gives}, "nodeDef": nodes, "ret": returns}


def _nodes(graph: Graph) -> list[dict[str, Any]]:
    return [_node(node, graph) for node in graph.nodes.values()]


def _node(node: Node, graph: Graph) -> dict[str, Any]:
    attrs = {key: _attr(value, f"{node.name}.{key}") for key, value in node.attrs.items() if not key.startswith("_")}
    if node.op == "Const":
        value = graph.weights[node.name]
        dtype = _dtype(node.attrs.get("dtype") or value.dtype)
        sizes = [{"size": str(size)} for size in value.shape]
        attrs = {"dtype": {"type": dtype}, "value": {"tensor": {"dtype": dtype, "tensorShape": {"dim": sizes}}}}
    inputs = [*map(str, node.inputs), *(f"^{name}" for name in node.controls)]
    return {"name": node.name, "op": node.op, **({"input": inputs} if inputs else {}), **({"attr": attrs} if attrs else {})}


# --- inputs and outputs -----------------------------------------------------------------------------------------------------


def _signature(inputs: list[Argument], outputs: list[Argument], numbers: dict[str, int]) -> dict[str, Any]:
    return {part: {a.name: _argument(a, numbers) for a in arguments} for part, arguments in (("inputs", inputs), ("outputs", outputs))}


def _argument(argument: Argument, numbers: dict[str, int]) -> dict[str, Any]:
    made: dict[str, Any] = {"name": f"{argument.ref.name}:{argument.ref.index}", "dtype": _dtype(argument.dtype)}
    if argument.shape is not None:
        made["tensorShape"] = _shape(argument.shape)
    number = numbers.get(argument.name)
    return {**made, "resourceId": number} if number else made


# --- attributes -------------------------------------------------------------------------------------------------------------


def _attr(value: Any, where: str) -> dict[str, Any]:
    if isinstance(value, list):
        parts = [_attr(x, where) for x in value]
        kind = next(iter(parts[0])) if parts else ""
        return {"list": {kind: [part[kind] for part in parts]} if parts else {}}
    for types, kind, write in _WRITERS:
        if isinstance(value, types):
            return {kind: write(value)}
    raise FormatError(message(f"attribute {where!r}", "a plain value", type(value).__name__, "It cannot be written."))


def _float(value: float) -> float | str:
    return value if math.isfinite(value) else "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _dtype(name: str | None) -> str:
    return PROTO_NAMES.get(name or "invalid", "DT_INVALID")


def _shape(sizes: tuple[int | None, ...] | None) -> dict[str, Any]:
    if sizes is None:
        return {"unknownRank": True}
    return {"dim": [{"size": str(-1 if size is None else size)} for size in sizes]}


_WRITERS: tuple[tuple[Any, str, Any], ...] = (
    (bool, "b", bool),
    (int, "i", str),
    (float, "f", _float),
    (bytes, "s", lambda value: base64.b64encode(value).decode()),
    (FunctionName, "func", lambda value: {"name": str(value)}),
    (str, "type", _dtype),
    ((tuple, type(None)), "shape", _shape),
)
