"""The ONNX model while it is written: names, constants, problems; and its bytes. `scope.py` and the ops decide which nodes there are."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from ...errors import FormatError, message
from ...io.atomic import replacing
from ..onnx.schema import DTYPES, SCHEMA
from ..protobuf import encode_parts

OPSET = 18  # the first with bitwise ops, axes of all reductions as inputs, and minima and maxima of scatters
_IR_VERSION = 8
NUMBERS = {name: number for number, name in DTYPES.items()}
_CODES = {"float32": "f", "int32": "i", "int64": "q", "float64": "d"}
_MAX_BYTES = (1 << 31) - (1 << 20)  # of a protobuf message; what is not a weight has a place, too
_LEAST_OUTSIDE = 1024  # bytes of a constant that goes into the file beside
_SMALL = 512  # bytes of constants that are looked for, so that each is there once


@dataclass
class OnnxNode:
    """An ONNX node; attributes as Python values, an `OnnxGraph` for a subgraph, a `Typed` for a tensor."""

    op: str
    name: str
    inputs: list[str]
    outputs: list[str]
    attrs: dict[str, Any]

    def graphs(self) -> Iterator[OnnxGraph]:
        """Yield the subgraphs."""
        return (value for value in self.attrs.values() if isinstance(value, OnnxGraph))


@dataclass
class Info:
    """What a file says of a value: its name, ONNX's name of its dtype (None: not told), its shape, where a text names an unknown size."""

    name: str
    dtype: str | None
    shape: tuple[int | str | None, ...] | None


@dataclass
class OnnxGraph:
    """The model's graph or a subgraph. Constants are all the model's."""

    nodes: list[OnnxNode] = field(default_factory=list)
    inputs: list[Info] = field(default_factory=list)
    outputs: list[Info] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)  # what nodes give

    def known(self) -> list[Info]:
        """Return what is known of the values between inputs and outputs."""
        given = {name for node in self.nodes for name in node.outputs} - {info.name for info in self.outputs}
        found = {v.name: v for v in self.values if v.shape is not None and not v.listed and v.dtype in NUMBERS and v.dtype != "complex64"}
        return [Info(name, found[name].dtype, found[name].shape) for name in found if name in given]

    def drop_unused(self) -> set[str]:
        """Drop nodes whose outputs nobody reads; return the names that are read here and in subgraphs."""
        used, kept = {info.name for info in self.outputs}, []
        for node in reversed(self.nodes):
            if used.intersection(node.outputs):
                kept.append(node)
                used.update(node.inputs)
                for graph in node.graphs():
                    used |= graph.drop_unused()
        self.nodes = kept[::-1]
        return used


@dataclass
class Typed:
    """A constant: ONNX's name of its dtype, its shape, its values, little-endian bytes or a list of texts."""

    dtype: str
    shape: tuple[int, ...]
    data: Any

    @property
    def nbytes(self) -> int:
        """The number of bytes, 0 for texts."""
        return 0 if isinstance(self.data, list) else len(self.data)


def typed(dtype: str, shape: Iterable[int], values: Any) -> Typed:
    """Return flat values, a list or a buffer of them, as a constant of another or the same dtype."""
    if dtype == "string":
        return Typed(dtype, tuple(shape), [v if isinstance(v, bytes) else v.encode("utf-8", "surrogateescape") for v in values])
    if dtype == "bool":
        return Typed(dtype, tuple(shape), bytes(map(bool, values)))
    code = _CODES[dtype]
    if not (isinstance(values, memoryview) and values.format == code and sys.byteorder == "little"):
        values = array(code, [int(v) for v in values] if dtype.startswith("int") else values)
        if sys.byteorder == "big":
            values.byteswap()
    return Typed(dtype, tuple(shape), memoryview(values).cast("B") if len(values) else memoryview(b""))


class OnnxModel:
    """What all graphs of a model share. `problems` has what cannot be written: (op, node, why)."""

    def __init__(self) -> None:
        self.constants: dict[str, Typed] = {}
        self.problems: list[tuple[str, str, str]] = []
        self.count = 0  # of the graph's nodes that were written
        self._numbers: dict[str, int] = {}
        self._known: dict[Any, str] = {}
        self._held: list[Any] = []  # tensors that are known by their ids

    def fresh(self, wanted: str) -> str:
        """Return a name that no value has: the one wanted, or that with a number."""
        name = wanted
        while name in self._numbers:
            number = self._numbers[wanted] = self._numbers[wanted] + 1
            name = f"{wanted}_{number}"
        self._numbers[name] = 0
        return name

    def constant(self, value: Typed, wanted: str, holder: Any = None) -> str:
        """Return the name of a constant, which is added if it is not there; `holder` is a tensor that it is made of."""
        small = holder is None and not isinstance(value.data, list) and value.nbytes <= _SMALL
        key = (value.dtype, id(holder)) if holder is not None else (value.dtype, value.shape, bytes(value.data)) if small else None
        found = self._known.get(key) if key else None
        if found is None:
            found = self.fresh(wanted)
            self.constants[found] = value
            if key:
                self._known[key] = found
                self._held.append(holder)
        return found

    def problem(self, op: str, node: str, why: str) -> None:
        """Note what cannot be written."""
        self.problems.append((op, node, why))

    def raise_problems(self) -> None:
        """Raise FormatError, with a node for each op, if something cannot be written."""
        if self.problems:
            first = {(op, why): name for op, name, why in reversed(self.problems)}
            told = [f"{op} (node {name!r}: {why})" for (op, why), name in sorted(first.items())]
            more = f", and {len(told) - 50} more" if len(told) > 50 else ""
            advice = "docs/onnx.md has the list of those that can be."
            raise FormatError(message("write_onnx", "ops that ONNX has", "; ".join(told[:50]) + more, advice))


# --- bytes ------------------------------------------------------------------------------------------------------------------


def encode_model(model: OnnxModel, graph: OnnxGraph, beside: str) -> tuple[list[Any], list[Any]]:
    """Return the buffers of a model's file, and those of a second one, called `beside`, where the weights are too large for one."""
    used = graph.drop_unused()
    constants = {name: value for name, value in model.constants.items() if name in used}
    outside: dict[str, tuple[str, int]] = {}
    data: list[Any] = []
    size = 0
    if sum(value.nbytes for value in constants.values()) > _MAX_BYTES:
        for name, value in constants.items():
            if value.nbytes >= _LEAST_OUTSIDE:
                data += [bytes(-size % 64), value.data]
                outside[name] = beside, size + -size % 64
                size = outside[name][1] + value.nbytes
    proto = graph_proto(graph, "tensorweb", [tensor_proto(value, name, outside.get(name)) for name, value in constants.items()])
    made_by = {"ir_version": _IR_VERSION, "producer_name": "tensorweb", "opset_import": [{"version": OPSET}]}
    return encode_parts(SCHEMA, "ModelProto", {**made_by, "graph": proto}), data


def write_parts(path: Path, parts: list[Any]) -> int:
    """Write buffers to a file, all or nothing; return their bytes."""
    with replacing(path) as made, open(made, "wb") as file:
        file.writelines(parts)
    return sum(len(part) for part in parts)


def graph_proto(graph: OnnxGraph, name: str, constants: Any = None) -> dict[str, Any]:
    """Return a graph as encode_parts takes it."""
    nodes = [node_proto(node) for node in graph.nodes]
    told = {"input": graph.inputs, "output": graph.outputs, "value_info": graph.known()}
    infos = {part: [info_proto(info) for info in listed] for part, listed in told.items()}
    return {"node": nodes, "name": name, "initializer": constants or [], **infos}


def node_proto(node: OnnxNode) -> dict[str, Any]:
    """Return a node as encode_parts takes it."""
    attributes = [{"name": name, **attribute_proto(value, name)} for name, value in sorted(node.attrs.items()) if value is not None]
    return {"input": node.inputs, "output": node.outputs, "name": node.name, "op_type": node.op, "attribute": attributes}


def attribute_proto(value: Any, name: str) -> dict[str, Any]:
    """Return the value and type of an attribute."""
    if isinstance(value, OnnxGraph):
        return {"g": graph_proto(value, name), "type": 5}
    if isinstance(value, Typed):
        return {"t": tensor_proto(value, None), "type": 4}
    if isinstance(value, str):
        return {"s": value.encode(), "type": 3}
    if isinstance(value, (list, tuple)):
        return {"floats": value, "type": 6} if value and isinstance(value[0], float) else {"ints": list(value), "type": 7}
    return {"f": value, "type": 1} if isinstance(value, float) else {"i": int(value), "type": 2}


def tensor_proto(value: Typed, name: str | None, outside: tuple[str, int] | None = None) -> dict[str, Any]:
    """Return a constant as encode_parts takes it; `outside`: the file that has its data, and where."""
    proto: dict[str, Any] = {"dims": value.shape, "data_type": NUMBERS[value.dtype], "name": name}
    if isinstance(value.data, list):
        assert prod(value.shape) == len(value.data)
        return {**proto, "string_data": value.data}
    if outside is None:
        return {**proto, "raw_data": value.data}
    about = {"location": outside[0], "offset": outside[1], "length": value.nbytes}
    return {**proto, "external_data": [{"key": key, "value": str(part)} for key, part in about.items()], "data_location": 1}


def info_proto(info: Info) -> dict[str, Any]:
    """Return a value's name and type; a subgraph need not tell the type."""
    if info.dtype is None:
        return {"name": info.name}
    kind: dict[str, Any] = {"elem_type": NUMBERS[info.dtype]}
    if info.shape is not None:
        sizes = ({"dim_param": s} if isinstance(s, str) else {} if s is None else {"dim_value": s} for s in info.shape)
        kind["shape"] = {"dim": list(sizes)}
    return {"name": info.name, "type": {"tensor_type": kind}}
