"""Runs a graph op by op: a plan for each set of inputs and outputs, values freed after their last use. TensorFlow 1's loops: `frames`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from inspect import isgenerator
from typing import Any, NamedTuple

from ..errors import ArgumentError, FormatError, TensorWebError, message
from ..tensor import Tensor
from ..waiting import Read, Reads, Waits
from .define import CUSTOM, GraphOp, entering, find_op
from .definition import Graph, Node, Ref
from .frames import FRAME_OPS, Layout, is_next, running_frames
from .fusing import fuse

_DEPTH = 64  # functions that call functions
_depth = ContextVar("graph_depth", default=0)  # of each task by itself


class Step(NamedTuple):
    """A node with what computes it, and the names of the nodes whose values nobody needs after it."""

    node: Node
    op: GraphOp
    done: tuple[str, ...]


class Plan(NamedTuple):
    """The steps, in an order in which they can run, and the names of the constants that they read; the layout of TensorFlow 1's loops."""

    steps: list[Step]
    constants: list[str]
    layout: Layout | None


class Runner:
    """Runs one graph; functions of it run in runners of their own, which are kept.

    `resources` has tables and variables by their shared names, for all of them; `captured` the values of placeholders that the graph's
    initializer gives. `fused`: chains run as one op where nobody asks for what is between.
    """

    def __init__(
        self, graph: Graph, resources: dict[str, Any] | None = None, family: dict[str, Runner] | None = None, fused: bool = True
    ):
        self.graph, self.fused = graph, fused
        self.resources: dict[str, Any] = {} if resources is None else resources
        self.captured: dict[str, Any] = {}
        self._family: dict[str, Runner] = {} if family is None else family
        self._plans: dict[tuple[frozenset[str], tuple[str, ...]], Plan] = {}

    def function(self, name: str) -> Runner:
        """Return the runner of a function; FormatError if there is none of that name."""
        found = self._family.get(name)
        if found is None:
            graph = self.graph.functions.get(name)
            if graph is None:
                raise FormatError(message("graph", "a function of the graph", repr(name), "The file is damaged."))
            found = self._family[name] = Runner(graph, self.resources, self._family, self.fused)
        return found

    def calling(self, arguments: Sequence[Any]) -> Waits[list[Any]]:
        """Return the outputs for values of the inputs, in order."""
        if len(arguments) != len(self.graph.inputs):
            counts = f"{len(self.graph.inputs)} arguments", f"{len(arguments)}"
            raise FormatError(message("graph", counts[0], counts[1], "A function is called wrongly; the file is damaged."))
        fed = {a.ref.name: [value] for a, value in zip(self.graph.inputs, arguments, strict=True)}
        return (yield from self.running(fed, [a.ref for a in self.graph.outputs]))

    def running(self, fed: dict[str, list[Any]], wanted: Sequence[Ref]) -> Waits[list[Any]]:
        """Return the values of outputs, given those of some nodes by name."""
        depth = _depth.get()
        if depth >= _DEPTH:
            raise FormatError(message("graph", f"functions {_DEPTH} deep at most", "more", "A function calls itself; this cannot be run."))
        _depth.set(depth + 1)
        try:
            plan = self.plan(fed, wanted)
            values = {name: [self.graph.weights[name]] for name in plan.constants} | fed
            values |= {name: [value] for name, value in self.captured.items() if name not in fed}
            if plan.layout is not None:
                return (yield from running_frames(self, plan.layout, values, wanted))
            for step in plan.steps:
                values[step.node.name] = yield from self.computing(step, [output(values[ref.name], ref) for ref in step.node.inputs])
                for name in step.done:
                    del values[name]
            return [output(values[ref.name], ref) for ref in wanted]
        finally:
            _depth.set(depth)

    def computing(self, step: Step, inputs: list[Any]) -> Waits[list[Any]]:
        """Return the outputs of a node; what its op reads on the host comes in one readback."""
        node, op = step.node, step.op
        places = [i for i, x in enumerate(inputs) if op.on_host(i, len(inputs)) and isinstance(x, Tensor)]
        if places:
            reads = (yield Reads([inputs[i] for i in places])) if len(places) > 1 else [(yield Read(inputs[places[0]]))]
            for i, flat in zip(places, reads, strict=True):
                inputs[i] = nested(flat, inputs[i].shape)
        calls = node.op in _WITH_RUNNER
        try:
            found = _WITH_RUNNER[node.op](self, node, *inputs) if calls else op.function(node, *inputs)
            if isgenerator(found) and not calls:
                found = yield from found
        except TensorWebError:
            raise
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            if node.op in CUSTOM:
                raise
            expected, told = f"inputs and attributes of {node.op}", f"{type(error).__name__}: {error}"[:200]
            raise FormatError(message(f"node {node.name!r}", expected, told, "The file is damaged.")) from error
        if isgenerator(found):  # what runs in a function tells of itself
            found = yield from found
        return list(found) if isinstance(found, (list, tuple)) else [found]

    # --- plans ---

    def plan(self, fed: Iterable[str], wanted: Sequence[Ref]) -> Plan:
        """Return the steps that lead from nodes with values to outputs; plans are kept."""
        key = frozenset((*fed, *self.captured)), tuple(dict.fromkeys(ref.name for ref in wanted))
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = self._make_plan(*key)
            if len(self._plans) > 32:
                del self._plans[next(iter(self._plans))]
        return found

    def _make_plan(self, fed: frozenset[str], wanted: tuple[str, ...]) -> Plan:
        order = ordered(self.graph, fed, wanted)
        constants = [node.name for node in order if node.op == "Const"]
        order = [node for node in order if node.op != "Const"]
        if self.fused:
            order = fuse(order, self.graph.weights, wanted)
        unfed = [node.name for node in order if node.op == "Placeholder"]
        if unfed:
            named = ", ".join(map(repr, unfed))
            raise ArgumentError(message("graph model", "a value for each input", f"none for {named}", "Pass it by name."))
        missing = sorted({node.op for node in order if not (find_op(node.op) or node.op in _WITH_RUNNER or node.op in FRAME_OPS)})
        if missing:
            where = next(node.name for node in order if node.op == missing[0])
            advice = f"Define it by tw.register_op. {missing[0]} stands at {where!r}."
            raise FormatError(message("graph model", "ops that are known", ", ".join(missing), advice))
        kept = frozenset(constants)
        last: dict[str, str] = {}
        for node in order:
            for name in (node.name, *(ref.name for ref in node.inputs)):
                last[name] = node.name
        done: dict[str, list[str]] = {}
        for name, by in last.items():
            if name not in wanted and name not in fed and name not in kept:
                done.setdefault(by, []).append(name)
        steps = [Step(node, op_of(node), tuple(done.get(node.name, ()))) for node in order]
        layout = Layout(self.graph, steps, set(wanted)) if any(node.op in FRAME_OPS for node in order) else None
        return Plan(steps, constants, layout)


_NO_OP = GraphOp(lambda *_: [], frozenset())


def op_of(node: Node) -> GraphOp:
    """Return what computes a node, nothing for what the runner itself does."""
    return find_op(node.op) or _NO_OP


def ordered(graph: Graph, fed: Iterable[str], wanted: Iterable[str]) -> list[Node]:
    """Return the nodes that outputs need beyond those with values, each after what it reads; FormatError for a cycle that is no loop.

    What goes round in a loop of TensorFlow 1 comes after the loop's head, which reads it.
    """
    state: dict[str, bool] = dict.fromkeys(fed, True)  # True: done; False: waits for its inputs
    order: list[Node] = []
    roots = deque(wanted)
    while roots:
        stack = [roots.popleft()]
        while stack:
            name = stack[-1]
            if state.get(name):
                stack.pop()
                continue
            node = graph.nodes.get(name)
            if node is None:
                raise FormatError(message("graph", "inputs that are nodes of the graph", repr(name), "The file is damaged."))
            if name in state:
                state[name] = True
                order.append(node)
                stack.pop()
                continue
            state[name] = False
            for needed in (*(ref.name for ref in node.inputs), *node.controls):
                if node.op == "Merge" and is_next(graph, needed):
                    roots.append(needed)
                elif needed not in state:
                    stack.append(needed)
                elif not state[needed]:
                    raise FormatError(message("graph", "no cycles", f"one through {needed!r}", "The file is damaged."))
    return order


def output(values: list[Any], ref: Ref) -> Any:
    """Return one of a node's outputs; FormatError if it has fewer."""
    if ref.index >= len(values):
        raise FormatError(message(f"node {ref.name!r}", f"output {ref.index}", f"{len(values)} outputs", "The file is damaged."))
    return values[ref.index]


def nested(flat: Any, shape: tuple[int, ...]) -> Any:
    """Return flat host values as a Python number or nested lists of a shape."""
    values = list(flat)
    if not shape:
        return values[0]
    for size in reversed(shape[1:]):
        count = len(values) // size if size else 0
        values = [values[i * size : (i + 1) * size] for i in range(count)]
    return values


# Ops that call functions of the graph get the runner, too, and are most often generators: `@calling_op("If")` on
# `function(runner, node, *inputs)`.
_WITH_RUNNER: dict[str, Any] = {}
calling_op = entering(_WITH_RUNNER)


from . import ops as _ops  # noqa: E402, F401  (defines the ops; some of them need what stands above)


def calls_functions(op: str) -> bool:
    """Tell whether an op calls functions of the graph."""
    return op in _WITH_RUNNER
