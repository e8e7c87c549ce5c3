"""Tensors of a functional model: KerasTensor, the nodes of its graph, and how shapes with unknown sizes are inferred.

An op or layer that is called with a KerasTensor computes nothing: the call becomes a Node. What comes out is found by running the
same code on abstract tensors, twice, with two different sizes in place of each unknown one: a size that differs is unknown.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import dtypes, engine, serialization
from .autodiff import leaves, map_leaves
from .engine import ABSTRACT
from .errors import ArgumentError, TensorWebError, message
from .naming import auto_name
from .ops import define
from .tensor import OPS, Operators, Tensor

# Far apart, so that no stride or window gives the same number of steps for both.
SIZES = (127, 1021)


class SymbolicError(TensorWebError, TypeError):
    """A symbolic tensor was used where values are needed."""


class History(NamedTuple):
    """Where a KerasTensor comes from: output `tensor_index` of the operation's node `node_index`."""

    operation: Any
    node_index: int
    tensor_index: int


class KerasTensor(Operators):
    """A symbolic tensor: shape (None: unknown size) and dtype, no data; what `Input` gives and layers are called with.

    Ops, operators and methods work on it and give KerasTensors. Keras's class.
    """

    __slots__ = ("__weakref__", "_keras_mask", "dtype", "keras_history", "name", "saved_history", "shape", "sparse")
    _keras_mask: Any
    saved_history: Any

    def __init__(
        self, shape: Sequence[int | None], dtype: str = "float32", sparse: bool = False, ragged: bool = False, name: str | None = None
    ):  # fmt: skip
        self.shape = tuple(None if d is None else int(d) for d in shape)  # type: ignore[misc]
        self.dtype = dtypes.canonical(dtype, "KerasTensor")
        if ragged:
            raise ArgumentError(message("KerasTensor", "ragged=False", "True", "Tensors are dense here; see tw.ragged."))
        self.sparse, self.name = sparse, name or auto_name("keras_tensor")
        self.keras_history: History | None = None

    @property
    def ragged(self) -> bool:
        """False: tensors are dense here."""
        return False

    @property
    def _keras_history(self) -> History | None:
        return self.keras_history

    def _no_values(self, *args: Any, **kwargs: Any) -> Any:
        raise SymbolicError(
            message("KerasTensor", "a tensor with values", f"a symbolic one of shape {self.shape}", "Use ops, or a Lambda or custom layer.")
        )

    numpy = tolist = item = data_sync = __array__ = __float__ = __int__ = __bool__ = _no_values
    __iter__: Any = _no_values

    def __len__(self) -> int:
        if self.shape and self.shape[0] is not None:
            return self.shape[0]
        return self._no_values()

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def is_keras_tensor(x: Any) -> bool:
    """Tell whether `x` is a symbolic tensor. Keras's is_keras_tensor."""
    return isinstance(x, KerasTensor)


def any_symbolic(args: Any, kwargs: Any) -> bool:
    """Tell whether there is a KerasTensor among nested arguments."""
    return any(type(leaf) is KerasTensor for leaf in leaves([list(args), kwargs]))


# --- the graph ----------------------------------------------------------------------------------------------------------------


class Node:
    """One symbolic call: the operation, its arguments with KerasTensors among them, and the KerasTensors that came out."""

    def __init__(self, operation: Any, args: tuple, kwargs: dict[str, Any], outputs: Any):
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        self.input_tensors = [leaf for leaf in leaves([list(args), kwargs]) if isinstance(leaf, KerasTensor)]
        self.output_tensors = [leaf for leaf in leaves(outputs) if isinstance(leaf, KerasTensor)]
        nodes = operation.__dict__.setdefault("_inbound_nodes", [])
        for i, t in enumerate(self.output_tensors):
            t.keras_history = History(operation, len(nodes), i)
        nodes.append(self)

    @property
    def is_input(self) -> bool:
        """Whether the node stands for an Input."""
        return not self.input_tensors

    @property
    def parent_nodes(self) -> list[Node]:
        """The nodes that made this node's inputs."""
        return [node_of(t) for t in self.input_tensors]


def node_of(t: KerasTensor) -> Node:
    """Return the node that made a KerasTensor."""
    if t.keras_history is None:
        raise ArgumentError(message("Model", "tensors that come from Input", f"{t!r}", "Make it by tw.Input or from one."))
    return t.keras_history.operation._inbound_nodes[t.keras_history.node_index]


class Operation:
    """What can be a node of a graph: layers, and calls of ops. Has a name and remembers its symbolic calls."""

    name: str
    _inbound_nodes: list[Node]

    @property
    def _single(self) -> Node:
        nodes = getattr(self, "_inbound_nodes", [])
        if not nodes:
            raise ArgumentError(
                message(self.name, "an operation that was called on symbolic tensors", "none", "Call it on an Input first.")
            )
        return nodes[0]

    @property
    def input(self) -> Any:
        """The symbolic input (or list of inputs) of the first call."""
        found = self._single.input_tensors
        return found[0] if len(found) == 1 else found

    @property
    def output(self) -> Any:
        """The symbolic output (or nested outputs) of the first call."""
        return self._single.outputs


class OpCall(Operation):
    """A call of an op in a functional graph, with what is not a tensor bound: what Keras keeps as an Operation of its own."""

    def __init__(self, op_name: str, name: str | None = None):
        self.op_name = op_name
        self.name = name or auto_name(op_name.rpartition(".")[2])
        self.trainable, self.built, self.dtype = True, True, None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return record_call(self, args, kwargs)
        return OPS[self.op_name].function(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op."""
        return OPS[self.op_name].function(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return the op's name."""
        return {"name": self.name}


def record_call(operation: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Return the symbolic outputs of an operation's `call` and note the node."""
    outputs = infer(operation.call, args, kwargs)
    Node(operation, args, kwargs, outputs)
    return outputs


def _symbolic_op(call: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    # An op made of ops fails within: the outermost one is what the user called.
    name, frame = _name_of(call), sys._getframe(2)
    while frame is not None:
        if frame.f_code in _WRAPPERS:
            raise SymbolicError("an op within an op")
        frame = frame.f_back  # type: ignore[assignment]
    return record_call(OpCall(name), args, kwargs)


_names: dict[int, str] = {}
_WRAPPERS: set[Any] = set()


def _name_of(call: Callable[..., Any]) -> str:
    if id(call) not in _names:
        for entry in OPS.values():
            _names.setdefault(id(entry.function), entry.name)
            _WRAPPERS.add(entry.function.__code__)
    return _names[id(call)]


# --- inference ----------------------------------------------------------------------------------------------------------------


def abstract(t: Any, size: int) -> Any:
    """Return an abstract tensor with `size` in place of the unknown sizes."""
    if not isinstance(t, KerasTensor):
        return t
    made = Tensor(ABSTRACT, tuple(size if d is None else d for d in t.shape), t.dtype)
    mask = getattr(t, "_keras_mask", None)
    if mask is not None:
        made._keras_mask = abstract(mask, size)
    return made


def infer(function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
    """Return what `function` gives, as KerasTensors, for arguments with KerasTensors among them; computes nothing."""
    symbols = [leaf for leaf in leaves([list(args), kwargs]) if isinstance(leaf, KerasTensor)]
    sizes = SIZES if any(d is None for s in symbols for d in s.shape) else SIZES[:1]
    made = []
    for size in sizes:
        with engine.changed_state(tapes=(), scope=None, unknown=size if len(sizes) > 1 else 0, symbolic=True):
            call_args = tuple(map_leaves(lambda t: abstract(t, size), list(args)))  # noqa: B023  (used at once)
            call_kwargs = map_leaves(lambda t: abstract(t, size), kwargs)  # noqa: B023
            made.append(function(*call_args, **call_kwargs))
    return _merge(*made) if len(made) == 2 else _merge(made[0], made[0])


def _merge(first: Any, second: Any) -> Any:
    if isinstance(first, dict):
        return {k: _merge(v, second[k]) for k, v in first.items()}
    if isinstance(first, (list, tuple)):
        parts = [_merge(a, b) for a, b in zip(first, second, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if not isinstance(first, Tensor):
        return first if first == second else None
    merged = KerasTensor([a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)], first.dtype)
    masks = getattr(first, "_keras_mask", None), getattr(second, "_keras_mask", None)
    if masks[0] is not None:
        merged._keras_mask = _merge(*masks)
    return merged


def known_shape(shape: Sequence[int]) -> tuple[int | None, ...]:
    """Return a shape with None in place of the size that stands for an unknown one in an inference under way."""
    unknown = engine.state.get().unknown
    return tuple(None if d == unknown else d for d in shape) if unknown else tuple(shape)


# --- ops in files ---------------------------------------------------------------------------------------------------------------


def op_of_class(module: str | None, class_name: str) -> str | None:
    """Return the name of our op for Keras's operation class: keras.src.ops.numpy, GetItem gives get_item."""
    if not (module or "").startswith(("keras.src.ops", "keras.ops")):
        return None
    from .naming import to_snake_case

    wanted = class_name.replace("_", "").lower()
    names = [to_snake_case(class_name), *(n for n in OPS if n.rpartition(".")[2].replace("_", "").lower() == wanted)]
    return next((n for n in names if n in OPS), None)


def _operation_class(module: str | None, class_name: str) -> Any:
    name = op_of_class(module, class_name)
    if name is None:
        return None

    def from_config(cls: Any, config: dict[str, Any]) -> OpCall:
        rest = {k: v for k, v in config.items() if k not in ("name", "dtype", "trainable")}
        made = OpCall(name, config.get("name"))
        return made if not rest else _Bound(name, made.name, rest)

    return type(class_name, (OpCall,), {"from_config": classmethod(from_config)})


class _Bound(OpCall):
    """An op of a Keras file, where the attributes that are no tensors stand in the operation's config."""

    def __init__(self, op_name: str, name: str, attributes: dict[str, Any]):
        super().__init__(op_name, name)
        accepted = inspect.signature(OPS[op_name].function).parameters
        unknown = {k for k, v in attributes.items() if k not in accepted and v is not None}
        if unknown:
            raise ArgumentError(
                message(op_name, f"attributes among {list(accepted)}", sorted(unknown), "The file is newer than this library.")
            )
        self.attributes = {k: tuple(v) if isinstance(v, list) else v for k, v in attributes.items() if k in accepted}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return record_call(self, args, kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op with its bound attributes."""
        return OPS[self.op_name].function(*args, **{**self.attributes, **kwargs})

    def get_config(self) -> dict[str, Any]:
        """Return the name and the bound attributes."""
        return {"name": self.name, **self.attributes}


define.any_symbolic, define.symbolic_call = any_symbolic, _symbolic_op
serialization.operation_class = _operation_class
