"""How ONNX ops become graph ops: `@onnx_op`, and the `Scope` that emits nodes. The translations stand in files by subject.

    @onnx_op("ThresholdedRelu")
    def thresholded_relu(b, node, x):
        return b("SelectV2", b("Greater", x, node.float("alpha", 1.0)), x, 0.0)

`b("Op", inputs..., attribute=...)` adds a node and returns its `Value`; Python numbers and lists among the inputs become constants
(of a list of ints int32, of floats float32). A translation gets its inputs by position, None where one is left out, and returns one value
or a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from ... import ops
from ...errors import FormatError, message
from ...graph.definition import Argument, FunctionName, Graph, Ref
from ...graph.tf_dtypes import own_dtype
from .schema import ATTRIBUTES, STANDARD
from .shapes import JOINED, Shape, infer
from .tensors import Constant, constant, of_tensor

MAX_NESTING = 32  # subgraphs in subgraphs, functions in functions


class Unsupported(Exception):
    """A node that cannot be translated, and why."""


class Broken(Unsupported):
    """A node that reads what another could not give, which was told already."""


class OnnxOp(NamedTuple):
    """A translation: `function(scope, node, *inputs)`, and the file that it stands in."""

    function: Callable[..., Any]
    subject: str


OPS: dict[tuple[str, str], OnnxOp] = {}  # (domain, op) -> translation


def onnx_op(*names: str, domain: str = STANDARD) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Define the translation of ONNX ops."""

    def define(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            assert (domain, name) not in OPS, name
            OPS[domain, name] = OnnxOp(function, function.__module__.rpartition(".")[2])
        return function

    return define


def plain_ops(table: dict[str, str], subject: str) -> None:
    """Define ONNX ops that are one graph op each: {ONNX's name: TensorFlow's}."""
    for name, own in table.items():
        OPS[STANDARD, name] = OnnxOp(_plain(own), subject)


def _plain(own: str) -> Callable[..., Any]:
    count = 3 if own == "SelectV2" else 2 if own in JOINED else 1

    def translate(b: Scope, node: OnnxNode, *inputs: Value | None) -> Value:
        if len(inputs) != count or None in inputs:
            raise Unsupported(f"it has {len(inputs)} inputs, not {count}")
        found: Value = b(own, *inputs)
        return found

    return translate


class Value:
    """An ONNX value: where it stands in the graph, or the constant it is, with what is known of it.

    `dtype` is TensorFlow's name of ONNX's dtype (None: not known; an int8 is an int32 within the graph). `elements` are whole numbers known
    beforehand of a small value that is no constant, such as a shape with an unknown batch: flat, None for those not known.
    """

    __slots__ = ("constant", "dtype", "elements", "ref", "shape")

    def __init__(self, dtype: str | None, shape: Shape, ref: Ref | None = None, constant: Constant | None = None):
        self.dtype, self.shape, self.ref, self.constant = dtype, shape, ref, constant
        self.elements: list[Any] | None = None

    @property
    def host(self) -> list[Any] | None:
        """The elements, flat, with None for those not known; None if nothing is known or there are many."""
        return self.constant.host() if self.constant is not None else self.elements

    @property
    def known(self) -> list[Any] | None:
        """The elements, flat, if all are known."""
        found = self.host
        return None if found is None or None in found else found

    @property
    def ndim(self) -> int | None:
        """The number of dimensions, if known."""
        return None if self.shape is None else len(self.shape)

    @property
    def whole(self) -> bool:
        """Whether it has integers."""
        return own_dtype(self.dtype) == "int32"


class OnnxNode:
    """A node of an ONNX graph with its attributes; `opset` is the version of its domain."""

    def __init__(self, proto: Any, domain: str, opset: int, given: dict[str, Any], number: int):
        self.op, self.domain, self.opset, self.number = proto.op_type, domain, opset, number
        self.inputs, self.outputs = list(proto.input), list(proto.output)
        self.name = proto.name or next((o for o in self.outputs if o), f"number {number}")
        self.attributes = {a.name: given.get(a.ref_attr_name) if a.ref_attr_name else a for a in proto.attribute}

    def __contains__(self, name: str) -> bool:
        return self.attributes.get(name) is not None

    def _get(self, name: str, kind: Any, default: Any) -> Any:
        found = self.attributes.get(name)
        if found is None:
            return default
        if found.type not in (0, kind):
            raise Unsupported(f"attribute {name} is of type {found.type}, not {kind}")
        return getattr(found, ATTRIBUTES[kind])

    def float(self, name: str, default: Any = None) -> Any:
        """Return an attribute; `default` if it is not there."""
        return self._get(name, 1, default)

    def text(self, name: str, default: str = "") -> str:
        """Return an attribute; `default` if it is not there."""
        return bytes(self._get(name, 3, default.encode())).decode("utf-8", "replace")

    def floats(self, name: str, default: Any = None) -> Any:
        """Return a list; `default` if it is not there."""
        found = self._get(name, 6, None)
        return default if found is None else list(found)

    def ints(self, name: str, default: Any = None) -> Any:
        """Return a list; `default` if it is not there."""
        found = self._get(name, 7, None)
        return default if found is None else list(found)

    def texts(self, name: str, default: Any = None) -> Any:
        """Return a list; `default` if it is not there."""
        found = self._get(name, 8, None)
        return default if found is None else [bytes(t).decode("utf-8", "replace") for t in found]

    def tensor(self, name: str) -> Any:
        """Return the TensorProto of an attribute; None if it is not there."""
        return self._get(name, 4, None)

    def graph(self, name: str) -> Any:
        """Return the GraphProto of an attribute."""
        found = self._get(name, 5, None)
        if found is None:
            raise Unsupported(f"there is no graph {name}")
        return found

    def int(self, name: str, default: Any = None) -> Any:
        """Return an attribute; `default` if it is not there."""
        return self._get(name, 2, default)

    def has_output(self, index: Any) -> bool:
        """Tell whether the model reads an output."""
        return index < len(self.outputs) and bool(self.outputs[index])


_SCALAR_KINDS = {bool: "bool", int: "int32", float: "float32", str: "string"}


class Scope:
    """Emits nodes into one graph, and knows the ONNX values of one block: the model, a function's body, a branch.

    `outer` is the block around: its constants are taken as they are; its other values become captures, placeholders of this scope's
    graph, if this one is another (`shares` is false). Without `sees` the names around are not known within, as in functions.
    """

    def __init__(self, graph: Graph, reader: Any, outer: Scope | None = None, shares: bool = False, sees: bool = True):
        self.graph, self.reader, self.outer, self.sees = graph, reader, outer, sees
        self.values: dict[str, Value] = {}
        self.captures: dict[str, Value] = {}
        self.pushed: list[Value] = []  # what was added to lists here
        self.base = "graph"
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.shares = shares
        self.broken: set[str] = set() if outer is None or not sees else outer.broken
        if self.depth > MAX_NESTING:
            raise FormatError(message("ONNX model", f"graphs nested {MAX_NESTING} deep at most", "deeper ones", "This cannot be read."))
        self._consts: dict[int, tuple[Constant, Ref]] = {}
        self._numbers: dict[Any, Constant] = {}
        self._taken: dict[str, int] = {}
        if shares and outer is not None:
            self._consts, self._numbers, self._taken = outer._consts, outer._numbers, outer._taken

    # --- values ---

    def find(self, name: str) -> Value:
        """Return the value of an ONNX name; Unsupported if no node before gives it."""
        found = self.values.get(name)
        if found is None:
            if name in self.broken:
                raise Broken
            if self.outer is None or not self.sees:
                raise Unsupported(f"it reads {name[:80]!r}, which nothing before it gives")
            found = self.outer.find(name)
            if found.constant is None and not self.shares:
                found = self.captures[name] = self.argument(name, found)
                self.values[name] = found
        return found

    def argument(self, name: str, like: Value) -> Value:
        """Add a placeholder for a value from outside."""
        dtype = own_dtype(like.dtype) or like.dtype or "float32"
        ref = self.graph.add("Placeholder", self.node_name(name), dtype=dtype, shape=like.shape)
        self.graph.inputs.append(Argument(ref.name, ref, dtype, like.shape))
        return Value(like.dtype, like.shape, ref)

    def inner(self) -> Scope:
        """Return a scope of a function's graph within this one."""
        return Scope(Graph(functions=self.graph.functions), self.reader, self)

    def function(self, graph: Graph, wanted: str) -> FunctionName:
        """Keep a graph as a function; return its name."""
        wanted, number = self.node_name(f"{self.base[:150]}/{wanted}"), 0
        name = wanted
        while name in self.graph.functions:
            number += 1
            name = f"{wanted}_{number}"
        self.graph.functions[name] = graph
        return FunctionName(name)

    def value(self, x: Any) -> Value:
        """Return a value, or the constant that Python numbers are."""
        if isinstance(x, Value):
            return x
        shape = [] if type(x) in _SCALAR_KINDS else [len(x)] if not x or not isinstance(x[0], (list, tuple)) else [len(x), len(x[0])]
        flat = [x] if not shape else list(x) if len(shape) == 1 else [v for row in x for v in row]
        return self.const(flat, shape, _SCALAR_KINDS[type(flat[0])] if flat else "int32")

    def const(self, values: Sequence[Any], shape: Sequence[int], dtype: str) -> Value:
        """Return flat values as a constant."""
        key = (dtype, tuple(shape), tuple(values), str(values[0])) if 0 < len(values) <= 16 else None  # the text tells 0.0 from -0.0
        found = self._numbers.get(key) if key else None
        if found is None:
            found = constant(values, shape, dtype)
            if key:
                self._numbers[key] = found
        return Value(dtype, tuple(shape), constant=found)

    def tensor(self, value: Any) -> Value:
        """Return a tensor as a constant value."""
        return Value(value.dtype, tuple(value.shape), constant=of_tensor(value))

    def like(self, number: float, x: Value) -> Value:
        """Return a number as a constant of a value's dtype."""
        return self.value(int(number) if x.whole else float(number))

    def typed(self, value: Value, dtype: str | None) -> Value:
        """Note that a value has an ONNX dtype."""
        value.dtype = dtype
        return value

    def ref(self, value: Value) -> Ref:
        """Return the node's output that a value is; a constant is added at its first use."""
        if value.constant is None:
            if value.ref is None:
                raise Unsupported("it takes a sequence, where a tensor is expected")
            return value.ref
        key = id(value.constant)
        if key not in self._consts:
            ref = self.graph.add_const(self.node_name(f"{self.base[:150]}/Const"), value.constant.tensor())
            self._consts[key] = value.constant, ref
            if value.constant.dtype in ("int32", "int64") and value.constant.size <= 64:
                self.graph.nodes[ref.name].attrs["_values"] = value.constant.host()  # for passes, which read no tensors
        return self._consts[key][1]

    # --- nodes ---

    def node_name(self, wanted: str) -> str:
        """Return a free name of a node made of a text: without what names of nodes cannot have."""
        wanted = re.sub(r"[^A-Za-z0-9_.\-/]", "_", wanted[:200]).lstrip("_-/") or "node"
        while wanted in self.graph.nodes:
            number = self._taken[wanted] = self._taken.get(wanted, 0) + 1
            if f"{wanted}_{number}" not in self.graph.nodes:
                return f"{wanted}_{number}"
        return wanted

    def __call__(self, op: str, *inputs: Any, outputs: int | None = None, **attrs: Any) -> Any:
        """Add a node; return its value, or with `outputs` a list of that many."""
        values = [self.value(x) for x in inputs]
        refs = [self.ref(v) for v in values]
        ref = self.graph.add(op, self.node_name(f"{self.base[:150]}/{op}"), refs, **attrs)
        found = infer(op, values, attrs, outputs or 1)
        made = [Value(dtype, shape, Ref(ref.name, i)) for i, (dtype, shape) in enumerate(found)]
        return made[:outputs] if outputs else made[0]

    # --- what many translations need ---

    def rank(self, x: Value, known: int | None = None) -> int:
        """Return the number of dimensions, which `known` may tell; Unsupported where the model does not say it."""
        if x.shape is None and known is not None:
            x.shape = (None,) * known
        if x.shape is None:
            raise Unsupported("an input's number of dimensions is not known beforehand")
        return len(x.shape)

    def ints(self, x: Value | None, what: str) -> list[int]:
        """Return the elements of an input that must be known; Unsupported where it is computed."""
        found = [] if x is None else x.known
        if found is None:
            raise Unsupported(f"its {what} are computed while the model runs")
        return [int(v) for v in found]

    def size(self, x: Value, axis: int) -> int:
        """Return a dimension; Unsupported where the model does not say it."""
        found = None if x.shape is None else x.shape[axis]
        if found is None:
            raise Unsupported(f"dimension {axis} of an input is not known beforehand")
        return found

    def shape(self, x: Value) -> Value:
        """Return the shape as a value: a constant if it is known."""
        if x.shape is not None and None not in x.shape:
            return self.const([int(s or 0) for s in x.shape], [len(x.shape)], "int32")
        found = self("Shape", x, out_type="int32")
        found.elements = None if x.shape is None else list(x.shape)
        return found

    def dims(self, x: Value) -> list[Any]:
        """Return the dimensions: ints where known, else scalar values."""
        shape = self.shape(x)
        if x.shape is None:
            raise Unsupported("an input's number of dimensions is not known beforehand")
        return [size if size is not None else self("GatherV2", shape, i, 0) for i, size in enumerate(x.shape)]

    def pack(self, sizes: Iterable[Any]) -> Value:
        """Return ints and scalar values as one vector; what is known of them stays known."""
        listed = list(sizes)
        hosts = [x if not isinstance(x, Value) else (x.host or [None])[0] for x in listed]
        if None not in hosts:
            return self.const(hosts, [len(hosts)], "int32")
        found = self("Pack", *listed, axis=0)
        found.elements = hosts
        return found

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        """Return a value with its axes in another order."""
        perm = list(perm)
        if perm == list(range(len(perm))):
            return x
        return self.tensor(ops.transpose(x.constant.fresh(), perm)) if x.constant is not None else self("Transpose", x, perm)

    def reshape(self, x: Value, shape: Sequence[Any]) -> Value:
        """Return a value in another shape: ints, of which one may be -1, and scalar values."""
        if x.constant is not None and not any(isinstance(s, Value) for s in shape):
            return self.typed(self.tensor(ops.reshape(x.constant.fresh(), tuple(shape))), x.dtype)
        return self("Reshape", x, self.pack(shape))

    def cast(self, x: Value, dtype: str) -> Value:
        """Return a value as another dtype of the graph's; as it is where it has that."""
        return x if own_dtype(x.dtype) == own_dtype(dtype) else self("Cast", x, SrcT=own_dtype(x.dtype) or "float32", DstT=own_dtype(dtype))

    def squeeze(self, x: Value, axes: Sequence[int]) -> Value:
        """Return a value without axes of size 1."""
        return self("Squeeze", x, squeeze_dims=list(axes)) if axes else x

    def slice(self, x: Value, axis: int, first: int, last: int | None, step: int = 1) -> Value:
        """Return a part of one axis; negative numbers count from the end, as in Python."""
        rank = self.rank(x)
        mask = sum(1 << i for i in range(rank) if i != axis % rank)
        here = [i == axis % rank for i in range(rank)]
        parts = ([v if h else d for h in here] for v, d in ((first, 0), (0 if last is None else last, 0), (step, 1)))
        end = mask | (1 << axis % rank if last is None else 0)
        return self("StridedSlice", x, *parts, begin_mask=mask, end_mask=end, ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0)
