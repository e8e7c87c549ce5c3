"""How graph ops become ONNX nodes: `@writes`, and the `Scope` that emits nodes. What each op becomes stands in files by subject.

    @writes("SquaredDifference")
    def squared_difference(b, node, x, y):
        difference = b("Sub", x, y)
        return b("Mul", difference, difference)

`b("Op", inputs..., attribute=...)` adds an ONNX node and returns its `Value`. Python numbers among the inputs become constants of the dtype
of the first value that is no truth; lists of ints become int64 vectors, which is what ONNX takes for shapes and axes. A function gets its
inputs by position and returns one value or a list. Between ops integers are int32, as in graphs; `b.int64` is for ONNX's own inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ...graph.define import entering
from ...graph.definition import Graph
from ...tensor import Tensor, tensor
from ..onnx.shapes import joined
from .model import NUMBERS, Info, OnnxGraph, OnnxModel, OnnxNode, typed

MAX_NESTING = 32  # subgraphs in subgraphs, functions in functions
MAX_NODES = 1_000_000  # functions are written wherever they are called
MAX_OUTPUTS = 1 << 16
MANY = 4096  # elements of a constant whose values are looked at
LEAST, MOST = -(2**31), 2**31 - 1  # to the beginning, to the end

WRITERS: dict[str, Callable[..., Any]] = {}
writes = entering(WRITERS)

# The dtypes of ONNX ops' outputs where they are not that of the first input.
_TRUTHS = ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "And", "Or", "Not", "IsNaN", "IsInf")
_DTYPES = {
    **dict.fromkeys(_TRUTHS, ("bool",)),
    **dict.fromkeys(("Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression", "SequenceLength"), ("int64",)),
    "TopK": (None, "int64"), "Unique": (None, "int64", "int64", "int64"), "MaxPool": (None, "int64"),
}  # fmt: skip
_OF_SECOND = ("Where",)
_OF_THIRD = ("OneHot",)
_ALIKE = frozenset((
    "Abs", "Add", "And", "Ceil", "Clip", "Cast", "Cos", "CumSum", "Div", "Equal", "Erf", "Exp", "Floor", "Greater", "GreaterOrEqual",
    "IsInf", "IsNaN", "Less", "LessOrEqual", "Log", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow", "Reciprocal", "Round", "Sign",
    "Sin", "Sqrt", "Sub", "Tanh", "Where",
))  # fmt: skip  # elementwise ops that compositions are made of


class Unwritable(Exception):
    """A node that cannot be written, and why."""


class TooMany(FormatError):
    """A model that would have no end."""


class Value:
    """A value: its dtype and what is known of its shape, where it is (`name`, None for a constant that nobody read yet).

    `tensor` is the constant that it is. `host` has the elements, flat, of a small constant, and what is known of other small vectors of
    whole numbers (None where it is not). `listed`: a list of tensors; dtype and shape are those of its elements then; `grows`:
    writing behind its end makes it longer; `rows`: the tensor that has its elements, if there is one: it becomes a sequence only where
    that is needed; `reserved`: how many elements it has, none of which was set, an int64 vector.
    """

    __slots__ = ("_host", "dtype", "grows", "home", "listed", "name", "reserved", "rows", "shape", "tensor", "wide")

    def __init__(self, dtype: str, shape: Any, name: str | None = None, tensor: Tensor | None = None, home: Any = None):
        self.dtype, self.shape, self.name, self.tensor, self.home = dtype, shape, name, tensor, home
        self._host: list[Any] | None = None
        self.wide: Value | None = None  # the same as int64
        self.listed = False
        self.grows = False
        self.rows: Value | None = None
        self.reserved: Value | None = None

    @property
    def host(self) -> list[Any] | None:
        """The elements, flat, with None for those that are not known; None if nothing is known or there are many."""
        if self._host is None and self.tensor is not None and self.tensor.size <= MANY:
            self._host = list(self.tensor.data_sync())
        return self._host

    @host.setter
    def host(self, elements: list[Any] | None) -> None:
        self._host = elements

    @property
    def known(self) -> list[Any] | None:
        """The elements if all are known."""
        found = self.host
        return None if found is None or None in found else found

    @property
    def constant(self) -> bool:
        """Whether the values are known when the model is written."""
        return self.tensor is not None or (self.known is not None and self.shape is not None and None not in self.shape)

    @property
    def whole(self) -> bool:
        """Whether it has whole numbers."""
        return self.dtype in ("int32", "int64")


class Scope:
    """Emits nodes into one ONNX graph; `graph` is the graph or function that is written there, `values` what its nodes give, by name."""

    def __init__(self, model: OnnxModel, graph: Graph, made: OnnxGraph | None = None, depth: int = 0):
        self.model, self.graph, self.depth = model, graph, depth
        self.made = made or OnnxGraph()
        self.values: dict[str, list[Value | None]] = {}
        self.base = "graph"
        if depth > MAX_NESTING:
            raise TooMany(message("write_onnx", f"functions nested {MAX_NESTING} deep at most", "deeper ones", "It calls itself."))

    def inner(self, graph: Graph | None = None, shares: bool = False) -> Scope:
        """Return a scope of a subgraph, which sees all values of this one; `shares`: of a function that is written in place."""
        scope = Scope(self.model, graph or Graph(functions=self.graph.functions), self.made if shares else None, self.depth + 1)
        scope.base = self.base
        return scope

    # --- nodes ---

    def __call__(self, op: str, *inputs: Any, outputs: int | None = None, dtype: str | None = None, shape: Any = None, **attrs: Any) -> Any:
        """Add a node; return its value, or with `outputs` a list of that many. `dtype`, `shape`: of the first, if not told by op."""
        if (outputs or 0) > MAX_OUTPUTS:
            raise Unwritable(f"it has {outputs} outputs")
        like = next((x.dtype for x in inputs if isinstance(x, Value) and x.dtype != "bool"), None)
        values = [x if x is None else self.value(x, like) for x in inputs]
        while values and values[-1] is None:
            values.pop()
        names = ["" if v is None else self.name(v) for v in values]
        node = OnnxNode(op, self.model.fresh(f"{self.base}/{op}"), names, [], attrs)
        made = []
        for i, kind in enumerate(_output_dtypes(op, values, dtype, outputs or 1)):
            name = self.model.fresh(f"{node.name}:{i}" if i else node.name + ":0")
            node.outputs.append(name)
            made.append(Value(kind, None, name, home=self))
        self.made.values += made
        if made:
            made[0].shape = shape if shape is not None else joined(*(v.shape for v in values if v is not None)) if op in _ALIKE else None
        self.made.nodes.append(node)
        return made if outputs is not None else made[0]

    def name(self, value: Value) -> str:
        """Return where a value is; a constant is added at its first use."""
        if value.name is None and value.rows is not None:
            value.name = (value.home or self)("SplitToSequence", value.rows, axis=0, keepdims=0).name
        if value.name is None:
            holder = value.tensor if value.tensor is not None and value.tensor.size > 64 else None
            data = value.known if holder is None or value.tensor is None else value.tensor.data_sync()
            value.name = self.model.constant(typed(value.dtype, value.shape, data), f"{self.base}/const", holder)
        return value.name

    def value(self, x: Any, like: str | None = None) -> Value:
        """Return a value, or the constant that a Python number (of dtype `like` if that is one of numbers) or list is."""
        if isinstance(x, Value):
            return x
        if isinstance(x, (list, tuple)):
            return self.const(list(x), (len(x),), "float32" if x and isinstance(x[0], float) else "int64")
        if isinstance(x, bool):
            return self.const([x], (), "bool")
        dtype = like if like in ("int32", "int64", "float32") else "float32" if isinstance(x, float) else "int32"
        return self.const([float(x) if dtype == "float32" else int(x)], (), dtype)

    def const(self, elements: list[Any], shape: Sequence[int], dtype: str) -> Value:
        """Return flat numbers as a constant."""
        made = Value(dtype, tuple(shape))
        if prod(shape) > MANY:
            made.tensor = tensor(elements, tuple(shape), dtype)
        made.host = elements
        return made

    def zero(self, dtype: str) -> Value:
        """Return 0 of a dtype, the empty text of texts."""
        return self.const([{"bool": False, "float32": 0.0, "string": ""}.get(dtype, 0)], (), dtype)

    def of_tensor(self, value: Tensor, dtype: str | None = None) -> Value:
        """Return a tensor as a constant; `dtype`: another one of the same numbers, int64."""
        return Value(dtype or value.dtype, tuple(value.shape), tensor=value)

    def tensor_of(self, value: Value) -> Tensor:
        """Return the tensor that a constant is."""
        return value.tensor if value.tensor is not None else tensor(value.known, value.shape, "int32" if value.whole else value.dtype)

    def subgraph(self, scope: Scope, inputs: Sequence[Value], outputs: Sequence[Value]) -> OnnxGraph:
        """Return what a scope has as a subgraph with inputs and outputs; outputs that come from elsewhere are passed on within."""
        here = {name for node in scope.made.nodes for name in node.outputs}
        named: list[str] = []
        for value in outputs:
            if scope.name(value) not in here or value.name in named:
                value = scope("Identity", value)
            named.append(scope.name(value))
        scope.made.inputs = [Info(v.name or "", None if v.listed else v.dtype, v.shape) for v in inputs]
        scope.made.outputs = [Info(name, None if v.listed else v.dtype, v.shape) for name, v in zip(named, outputs, strict=True)]
        return scope.made

    # --- dtypes ---

    def int64(self, x: Any) -> Value:
        """Return whole numbers as int64."""
        if isinstance(x, int):
            return self.const([x], (), "int64")
        value = self.value(x, "int64")
        if value.dtype == "int64":
            return value
        if value.wide is None:
            # Where the value itself stands, so that all scopes that see it can read it.
            value.wide = Value("int64", value.shape, tensor=value.tensor) if value.tensor is not None else self._cast(value, "int64")
            value.wide.host = value.host
        return value.wide

    def int32(self, x: Value) -> Value:
        """Return whole numbers as int32."""
        if x.dtype == "int32":
            return x
        made = self._cast(x, "int32")
        made.wide = x if x.dtype == "int64" else None
        made.host = x.host
        return made

    def cast(self, x: Value, dtype: str) -> Value:
        """Return a value as another dtype."""
        return x if x.dtype == dtype else self.int64(x) if dtype == "int64" and x.whole else self._cast(x, dtype)

    def _cast(self, x: Value, dtype: str) -> Value:
        if x.tensor is not None:
            return self.of_tensor(ops.cast(x.tensor, dtype))
        if x.constant and x.known is not None and dtype != "string":
            convert = {"bool": bool, "float32": float}.get(dtype, int)
            return self.const([convert(v) for v in x.known], x.shape, dtype)
        return (x.home or self)("Cast", x, dtype=dtype, shape=x.shape, to=NUMBERS[dtype])

    def via(self, dtype: str, op: str, x: Value, *others: Any, **attrs: Any) -> Value:
        """Return what an op gives that is computed with another dtype."""
        return self.cast(self(op, self.cast(x, dtype), *others, **attrs), x.dtype)

    # --- what many ops need ---

    def rank(self, x: Value) -> int:
        """Return the number of dimensions; Unwritable where it is not known."""
        if x.shape is None:
            raise Unwritable("an input's number of dimensions is not known beforehand")
        return len(x.shape)

    def ints(self, x: Value, what: str) -> list[int]:
        """Return the elements of an input that must be known; Unwritable where it is computed."""
        if x.known is None:
            raise Unwritable(f"its {what} are computed while the model runs")
        return [int(v) for v in x.known]

    def vector(self, x: Value) -> Value:
        """Return a number or vector of whole numbers as an int64 vector."""
        if x.constant:
            found = self.ints(x, "numbers")
            return self.const(found, (len(found),), "int64")
        wide = self.int64(x)
        return wide if x.shape is not None and len(x.shape) == 1 else self("Reshape", wide, [-1], shape=(1,) if x.shape == () else (None,))

    def transpose(self, x: Value, perm: Sequence[int]) -> Value:
        """Return a value with its axes in another order; constants are transposed now."""
        if list(perm) == list(range(len(perm))):
            return x
        if x.constant:
            return self.of_tensor(ops.transpose(self.tensor_of(x), tuple(perm)), x.dtype)
        return self("Transpose", x, perm=list(perm), shape=None if x.shape is None else tuple(x.shape[p] for p in perm))

    def shape(self, x: Value) -> Value:
        """Return the shape as an int64 vector; what is known of it stays known."""
        found = self("Shape", x, shape=None if x.shape is None else (len(x.shape),))
        found.host = None if x.shape is None else list(x.shape)
        return found

    def size(self, x: Value, axis: int) -> Value:
        """Return a dimension as an int64 vector of one element."""
        if x.shape is not None and x.shape[axis] is not None:
            return self.const([x.shape[axis]], (1,), "int64")
        end = None if axis == -1 else axis + 1
        return self("Shape", x, shape=(1,), start=axis, end=end)

    def pack(self, sizes: Sequence[Any]) -> Value:
        """Return ints and int64 vectors of one element as one vector."""
        parts = [self.const([s], (1,), "int64") if isinstance(s, int) else s for s in sizes]
        hosts = [part.host[0] if part.host else None for part in parts]
        if None not in hosts:
            return self.const(hosts, (len(hosts),), "int64")
        made: Value = self("Concat", *parts, axis=0, shape=(len(parts),))
        made.host = hosts
        return made

    def reshape(self, x: Value, sizes: Sequence[Any]) -> Value:
        """Return a value in another shape: ints, of which one may be -1, and int64 vectors of one element."""
        if x.constant and all(isinstance(s, int) for s in sizes):
            return self.of_tensor(ops.reshape(self.tensor_of(x), tuple(sizes)), x.dtype)
        shape = tuple(s if isinstance(s, int) and s >= 0 else None for s in sizes)
        return self("Reshape", x, self.pack(sizes), shape=shape, allowzero=None if -1 in sizes else 1)

    def squeeze(self, x: Value, axes: Sequence[int]) -> Value:
        """Return a value without some axes of size 1."""
        gone = [a % len(x.shape) for a in axes] if x.shape is not None else []
        return self("Squeeze", x, list(axes), shape=None if x.shape is None else tuple(s for i, s in enumerate(x.shape) if i not in gone))

    def unsqueeze(self, x: Value, axes: Sequence[int]) -> Value:
        """Return a value with more axes of size 1, which are counted in the result."""
        shape = None
        if x.shape is not None:
            rank = len(x.shape) + len(axes)
            new, old = {a % rank for a in axes}, iter(x.shape)
            shape = tuple(1 if i in new else next(old) for i in range(rank))
        if x.constant and shape is not None:
            return self.reshape(x, shape)
        return self("Unsqueeze", x, list(axes), shape=shape)

    def slice(self, x: Value, axis: int, first: Any, last: Any, step: int = 1) -> Value:
        """Return a part of one axis, as Python's slices; ends may be int64 vectors of one element."""
        ends = [self.vector(self.int64(v)) if isinstance(v, Value) else [v] for v in (first, last)]
        shape = None if x.shape is None else tuple(None if i == axis % len(x.shape) else s for i, s in enumerate(x.shape))
        return self("Slice", x, *ends, [axis], [step], shape=shape)

    def number(self, x: Value) -> Value:
        """Return a vector of one element as a number."""
        return self.const(x.known, (), x.dtype) if x.known is not None else self("Squeeze", x, [0], shape=())

    def expand(self, x: Any, shape: Value, dtype: str = "float32") -> Value:
        """Return a number in a shape."""
        return self("Expand", self.value(x, dtype), shape, shape=tuple(shape.host) if shape.host is not None else None)

    def range(self, count: Value) -> Value:
        """Return 0, 1, ... as int64 numbers; `count` is an int64 vector of one element."""
        if count.known is not None and count.known[0] <= MANY:
            return self.const(list(range(count.known[0])), (count.known[0],), "int64")
        return self("Range", self.int64(0), self.number(count), self.int64(1), shape=(None,))


def _output_dtypes(op: str, values: list[Value | None], dtype: str | None, count: int) -> list[str]:
    place = 1 if op in _OF_SECOND else 2 if op in _OF_THIRD else 0
    first = values[place].dtype if len(values) > place and values[place] is not None else "float32"  # type: ignore[union-attr]
    told = list(_DTYPES.get(op, ())) + [None] * count
    found = [kind or first for kind in told[:count]]
    return [dtype, *found[1:]] if dtype else found

