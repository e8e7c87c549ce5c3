"""The flat plan of a functional model for inference: steps on slots, without nodes, masks and modes; convolution, batch norm and
activation are one op. Used where no tape records, nobody trains and nothing is masked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from .. import engine
from ..autodiff import leaves, map_leaves
from ..layers.arguments import fusible
from ..layers.layer import Layer
from ..symbolic import KerasTensor, Node
from ..tensor import Tensor


class _Slot:
    """Stands for a value of the plan in nested arguments."""

    __slots__ = ("index",)

    def __init__(self, index: int):
        self.index = index


class Step:
    """One call: a function of the values so far, where its results go, and what nobody needs after it."""

    __slots__ = ("free", "function", "results", "source")

    def __init__(self, function: Callable[..., Any], source: Any, results: list[int]):
        self.function, self.source, self.results = function, source, results
        self.free: list[int] = []


class FlatPlan:
    """Steps in order on a list of values; the first ones are the inputs."""

    def __init__(self, steps: list[Step], count: int, outputs: list[int]):
        self.steps, self.count, self.outputs = steps, count, outputs

    def run(self, inputs: list[Any]) -> list[Any]:
        """Return the outputs for the inputs."""
        values = [*inputs, *[None] * (self.count - len(inputs))]
        for step in self.steps:
            made = step.function(values[step.source]) if type(step.source) is int else step.function(values)
            if len(step.results) == 1:
                # An op may give a list of one tensor.
                values[step.results[0]] = made if type(made) is Tensor else leaves(made)[0]
            else:
                for index, value in zip(step.results, leaves(made)):
                    values[index] = value
            for index in step.free:
                values[index] = None
        return [values[i] for i in self.outputs]


def flat_plan(graph: Any) -> FlatPlan | None:
    """Return the plan of a graph; None where masks travel through it."""
    if any(getattr(t, "_keras_mask", None) is not None for node in graph.nodes for t in node.output_tensors):
        return None
    if any(t.dtype == "string" for t in graph.inputs):
        return None
    slots = {id(t): i for i, t in enumerate(graph.inputs)}
    nodes = [n for n in graph.nodes if not n.is_input and not any(id(t) in slots for t in n.output_tensors)]
    uses = _uses(nodes, graph.outputs)
    fused_away: set[int] = set()
    steps: list[Step] = []
    for node in nodes:
        if id(node) in fused_away:
            continue
        chain = _chain(node, uses)
        last = chain[-1]
        fused_away.update(id(n) for n in chain[1:])
        for t in last.output_tensors:
            slots.setdefault(id(t), len(slots))
        results = [slots[id(t)] for t in last.output_tensors]
        fused = _fused(chain)
        steps.append(Step(fused, slots[id(node.input_tensors[0])], results) if fused is not None else _step(node, slots, results))
    outputs = [slots[id(t)] for t in graph.outputs]
    _mark_free(steps, set(outputs))
    return FlatPlan(steps, len(slots), outputs)


def _uses(nodes: list[Node], outputs: list[KerasTensor]) -> dict[int, list[Any]]:
    uses: dict[int, list[Any]] = {}
    for node in nodes:
        for t in node.input_tensors:
            uses.setdefault(id(t), []).append(node)
    for t in outputs:
        uses.setdefault(id(t), []).append(None)
    return uses


def _chain(node: Node, uses: dict[int, list[Any]]) -> list[Node]:
    """Return a convolution (or dense) node with the zeros before it and the batch norm and the activation that only follow it; else the
    node alone."""
    chain = [node]
    if not _is_simple(node):
        return chain
    while True:
        followers = uses.get(id(chain[-1].output_tensors[0]), [])
        follower = followers[0] if len(followers) == 1 else None
        if follower is None or not _is_simple(follower) or not _accepts([n.operation for n in chain], follower.operation):
            return chain
        chain.append(follower)


def _is_simple(node: Node) -> bool:
    layer = node.operation
    plain = isinstance(layer, Layer) and layer.activity_regularizer is None and layer.compute_dtype == "float32" == layer.variable_dtype
    return plain and len(node.input_tensors) == 1 and len(node.args) == 1 and not node.kwargs and len(node.output_tensors) == 1


def _accepts(chain: list[Any], layer: Any) -> bool:
    """Tell whether a layer may follow in one op: a convolution after zeros, batch norm after it, then an activation."""
    kinds = [type(own).__name__ for own in chain]
    if kinds == ["ZeroPadding2D"]:
        alike = type(layer).__name__ in ("Conv2D", "DepthwiseConv2D") and layer.padding == "valid"
        return alike and layer.data_format == chain[0].data_format == "channels_last" and fusible(layer.activation) is not None
    first = next((own for own in chain if hasattr(own, "fused_call")), None)
    if first is None or "Activation" in kinds or "ReLU" in kinds or _activation_name(first.activation) != "linear":
        return False
    if type(layer).__name__ == "BatchNormalization":
        channels_last = getattr(first, "data_format", "channels_last") == "channels_last"
        return chain[-1] is first and channels_last and layer.axis in (-1, layer.input_spec.ndim - 1)
    return _elementwise_of(layer) is not None


def _activation_name(function: Any) -> str:
    return getattr(function, "__name__", "linear") if function is not None else "linear"


def _elementwise_of(layer: Any) -> str | None:
    """Return the name of the elementwise op that an activation layer is, or None."""
    kind = type(layer).__name__
    if kind == "Activation":
        return fusible(layer.activation)
    if kind == "ReLU" and not layer.negative_slope and not layer.threshold:
        return "relu" if layer.max_value is None else "relu6" if layer.max_value == 6 else None
    return None


def _fused(chain: list[Node]) -> Callable[[Any], Any] | None:
    """Return the function of one tensor that a chain is, if it is one op."""
    if len(chain) == 1:
        return None
    layers = [n.operation for n in chain]
    norm = next((own for own in layers if type(own).__name__ == "BatchNormalization"), None)
    first = next(own for own in layers if hasattr(own, "fused_call"))
    activation = _elementwise_of(layers[-1]) or fusible(first.activation)
    call = first.fused_call
    if type(layers[0]).__name__ == "ZeroPadding2D":
        call = partial(call, padding=layers[0].padding)
    if norm is None:
        return lambda x: call(x, activation=activation)

    def run(x: Any) -> Any:
        scale, shift = norm.inference_scale_shift()
        return call(x, activation=activation, scale=scale, shift=shift)

    return run


def _step(node: Node, slots: dict[int, int], results: list[int]) -> Step:
    """Return the step of a single node: straight to `call` where nothing else belongs to the layer's call."""
    layer = node.operation
    plain = _is_simple(node) and isinstance(layer, Layer) and type(layer).__call__ is Layer.__call__ and not layer._layers and layer.built
    # A layer that trains unless told otherwise (random image layers) has to be told.
    if plain and not layer._call_spec_of().training_default:
        return Step(layer.call, slots[id(node.input_tensors[0])], results)
    template = map_leaves(lambda v: _Slot(slots[id(v)]) if type(v) is KerasTensor else v, [list(node.args), node.kwargs])
    args, kwargs = template

    def run(values: list[Any]) -> Any:
        def fill(v: Any) -> Any:
            return values[v.index] if type(v) is _Slot else v

        named = map_leaves(fill, kwargs)
        if "training" in named and engine.state.get().training is not None:
            named["training"] = engine.state.get().training
        return layer(*map_leaves(fill, args), **named)

    step = Step(run, None, results)
    step.source = tuple(slots[id(t)] for t in node.input_tensors)
    return step


def _mark_free(steps: list[Step], kept: set[int]) -> None:
    seen = set(kept)
    for step in reversed(steps):
        sources = [step.source] if type(step.source) is int else list(step.source or ())
        step.free = [i for i in dict.fromkeys([*sources, *step.results]) if i not in seen]
        seen.update(step.free)


