"""What translates TFLite's ops: a builder of graph nodes, one op with its tensors and options, the table of translations.

Values of quantised tensors are real numbers here that lie on the tensor's grid. The ops themselves stand in `ops`, a subject each.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ... import ops as tw
from ...errors import FormatError, message
from ...graph.definition import FunctionName, Graph, Ref
from ...tensor import Tensor, tensor
from .flatbuffers import Table
from .schema import ACTIVATIONS, PADDINGS
from .tensors import Grid, Info

if TYPE_CHECKING:
    from .subgraphs import Subgraph

Translation = Callable[["Op"], Any]
TRANSLATIONS: dict[str, Translation] = {}
CUSTOM: dict[str, Translation] = {}
# Ops whose outputs are elements of their inputs: where the grids are the same, the values lie on it already.
MOVES: set[str] = set()


class Unsupported(Exception):
    """What a translation raises that knows the op but not this form of it; the text says which."""


def translates(*names: str, moves: bool = False) -> Callable[[Translation], Translation]:
    """Define how builtin ops are translated: `function(op)` returns the one output, or a list of all."""

    def define(function: Translation) -> Translation:
        for name in names:
            assert name not in TRANSLATIONS, name
            TRANSLATIONS[name] = function
            if moves:
                MOVES.add(name)
        return function

    return define


def translates_custom(name: str) -> Callable[[Translation], Translation]:
    """Define how a custom op is translated."""

    def define(function: Translation) -> Translation:
        CUSTOM[name] = function
        return function

    return define


class Builder:
    """Adds nodes to a graph under names that nothing else has."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.prefix = ""
        self._counts: dict[str, int] = {}
        self._consts: dict[Any, Ref] = {}

    def name(self, wanted: str) -> str:
        """Return a name for a node that no other has."""
        wanted = re.sub(r"[^A-Za-z0-9_./-]", "_", wanted[:200])
        wanted = wanted if wanted[:1].isalnum() else f"t{wanted}"
        found, count = wanted, self._counts.get(wanted, 0)
        while found in self.graph.nodes:
            count += 1
            found = f"{wanted}__{count}"
        self._counts[wanted] = count
        return found

    def emit(self, op: str, *inputs: Any, **attrs: Any) -> Ref:
        """Add a node and return its first output; inputs are outputs of nodes, or numbers and lists, which become constants."""
        refs = [x if isinstance(x, Ref) else self.const(x) for x in inputs]
        return self.graph.add(op, self.name(f"{self.prefix}/{op}" if self.prefix else op), refs, **attrs)

    def const(self, value: Any, dtype: str | None = None) -> Ref:
        """Return a constant of a number, a list or a tensor; one for each value."""
        if isinstance(value, Tensor):
            return self.graph.add_const(self.name(f"{self.prefix}/Const"), value)
        key = (repr(value), dtype)
        if key not in self._consts:
            if value == [] and dtype is None:
                dtype = "int32"
            self._consts[key] = self.graph.add_const(self.name("const"), tensor(value, None, dtype))
        return self._consts[key]

    def shape(self, x: Ref) -> Ref:
        """Return the shape of a value as a vector."""
        return self.emit("Shape", x)

    def size(self, x: Ref, axis: int) -> Ref:
        """Return the size of a dimension as a scalar."""
        return self.pick(self.shape(x), axis)

    def pick(self, vector: Ref, place: int) -> Ref:
        """Return an element of a vector as a scalar."""
        masks = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0}
        return self.emit("StridedSlice", vector, [place], [place + 1], [1], shrink_axis_mask=1, **masks)

    def cast(self, x: Ref, dtype: str) -> Ref:
        """Return a value cast to one of TensorFlow's dtypes."""
        return self.emit("Cast", x, DstT=dtype)

    def transpose(self, x: Ref, perm: Sequence[int]) -> Ref:
        """Return a value with its axes in another order."""
        return self.emit("Transpose", x, list(perm)) if list(perm) != sorted(perm) else x

    def concat(self, values: Sequence[Any], axis: int) -> Ref:
        """Return values joined along an axis."""
        return self.emit("ConcatV2", *values, axis, N=len(values)) if len(values) > 1 else values[0]

    def activate(self, x: Ref, name: str) -> Ref:
        """Return a value after one of the activations that TFLite fuses with ops."""
        if name == "RELU_N1_TO_1":
            return self.emit("ClipByValue", x, -1.0, 1.0)
        if name == "SIGN_BIT":
            raise Unsupported("the activation SIGN_BIT")
        return self.emit({"RELU": "Relu", "RELU6": "Relu6", "TANH": "Tanh"}[name], x) if name else x

    def snap(self, x: Ref, grid: Grid) -> Ref:
        """Return real numbers moved to the nearest places of a grid."""
        scale = grid.scales[0]
        steps = self.emit("Round", self.emit("Mul", x, 1.0 / scale))
        low, high = float(grid.low - grid.zeros[0]), float(grid.high - grid.zeros[0])
        return self.emit("Mul", self.emit("ClipByValue", steps, low, high), scale)

    def from_stored(self, x: Ref, grid: Grid) -> Ref:
        """Return the real numbers that the integers of a quantised tensor stand for."""
        x = self.cast(x, "float32")
        x = self.emit("Sub", x, float(grid.zeros[0])) if grid.zeros[0] else x
        return self.emit("Mul", x, grid.scales[0])

    def to_stored(self, x: Ref, grid: Grid) -> Ref:
        """Return the integers that stand for real numbers on a grid."""
        x = self.emit("Round", self.emit("Mul", x, 1.0 / grid.scales[0]))
        return self.cast(self.emit("AddV2", x, float(grid.zeros[0])) if grid.zeros[0] else x, "int32")


class Op:
    """An operator that is translated: its inputs as nodes of the graph, what the file says of them, and its options."""

    def __init__(self, scope: Subgraph, table: Table, kind: str):
        self.scope, self.table, self.kind = scope, table, kind
        self.builder = scope.builder
        self.emit = scope.builder.emit
        self.options: Any = table.builtin_options

    # --- inputs and outputs ---

    def has(self, number: int) -> bool:
        """Tell whether an input is there."""
        return 0 <= number < len(self.table.inputs) and self.table.inputs[number] >= 0

    def index(self, number: int) -> int:
        """Return the number of the tensor that is an input."""
        if not self.has(number):
            raise FormatError(message(self.kind, f"input {number}", f"{len(self.table.inputs)} inputs", "The file is damaged."))
        return self.table.inputs[number]

    def info(self, number: int = 0) -> Info:
        """Return what the file says of an input."""
        return self.scope.info(self.index(number))

    def result(self, number: int = 0) -> Info:
        """Return what the file says of an output."""
        return self.scope.info(self.table.outputs[number])

    def x(self, number: int = 0) -> Ref:
        """Return the value of an input."""
        return self.scope.value(self.index(number))

    def inputs(self, first: int = 0) -> list[Ref]:
        """Return the values of all inputs from a number on."""
        return [self.x(i) for i in range(first, len(self.table.inputs))]

    def outputs(self, ref: Ref) -> list[Ref]:
        """Return as many outputs of a node as the op has."""
        return [Ref(ref.name, i) for i in range(len(self.table.outputs))]

    def rank(self, number: int = 0) -> int:
        """Return the rank of an input."""
        return len(self.info(number).shape)

    def known(self, size: int | None, what: str) -> int:
        """Return a size that a translation must know."""
        if size is None:
            raise Unsupported(f"{what} that is not known before it runs")
        return size

    def host(self, number: int) -> list[int] | None:
        """Return the integers of a constant input, flat; None if it is computed."""
        info = self.scope.constant_info(self.index(number))
        return None if info is None else self.scope.constants.whole_numbers(info)

    def host_or_fail(self, number: int, what: str) -> list[int]:
        """Return the integers of an input that must be constant."""
        found = self.host(number)
        if found is None:
            raise Unsupported(f"{what} that is computed")
        return found

    def scalar(self, number: int) -> Any:
        """Return a single integer: a Python number if it is constant, else a node's output of rank 0."""
        found = self.host(number)
        if found is not None:
            return found[0]
        return self.emit("Reshape", self.x(number), []) if self.rank(number) else self.x(number)

    # --- weights ---

    def weight(self, number: int, perm: Sequence[int] = (), shape: Sequence[int] = ()) -> Ref:
        """Return an input with its axes in another order and then in another shape: once and for all if it is constant."""
        info = self.scope.constant_info(self.index(number))
        if info is None or not (perm or shape):
            x = self.builder.transpose(self.x(number), perm) if perm else self.x(number)
            return self.emit("Reshape", x, list(shape)) if shape else x
        return self.scope.kept(("weight", self.index(number), tuple(perm), tuple(shape)), lambda: self._arranged(info, perm, shape))

    def _arranged(self, info: Info, perm: Sequence[int], shape: Sequence[int]) -> Ref:
        value = self.scope.constants.tensor(info)
        value = tw.transpose(value, tuple(perm)) if perm else value
        return self.builder.const(tw.reshape(value, tuple(shape)) if shape else value)

    def bias(self, number: int) -> Ref | None:
        """Return an input that may be left out, as real numbers where it has scales."""
        if not self.has(number):
            return None
        info = self.scope.constant_info(self.index(number))
        if info is None:
            return self.x(number)
        return self.scope.kept(("bias", self.index(number)), lambda: self.builder.const(self.scope.constants.tensor(info, real=True)))

    # --- what many translations share ---

    def activated(self, x: Ref) -> Ref:
        """Return a value after the op's fused activation."""
        number = getattr(self.options, "fused_activation_function", 0)
        if not 0 <= number < len(ACTIVATIONS):
            raise FormatError(message(self.kind, "an activation of TFLite", number, "The file is damaged."))
        return self.builder.activate(x, ACTIVATIONS[number])

    def finished(self, x: Ref, bias: int) -> Ref:
        """Return a value with the bias of an input's number, if there is one, and the fused activation."""
        found = self.bias(bias)
        return self.activated(x if found is None else self.emit("BiasAdd", x, found, data_format=b"NHWC"))

    @property
    def padding(self) -> bytes:
        """The padding as TensorFlow names it."""
        if not 0 <= self.options.padding < 2:
            raise FormatError(message(self.kind, "the padding SAME or VALID", self.options.padding, "The file is damaged."))
        return PADDINGS[self.options.padding]

    def axis(self, number: int, rank: int) -> int:
        """Return an axis counted from the front."""
        if not -rank <= number < rank:
            raise FormatError(message(self.kind, f"an axis of {rank} dimensions", number, "The file is damaged."))
        return number % rank

    def function(self, number: int) -> FunctionName:
        """Return the name of the function that a subgraph becomes."""
        return self.scope.model.function(number)
