"""Control flow of TensorFlow 1, Switch and Merge and frames of loops, as functions: `StatelessIf` and `StatelessWhile`.

What cannot be told apart stays as it is and is refused by its name later. Running such graphs is `graph/frames.py`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from typing import NamedTuple

from ...errors import FormatError, message
from ...graph.definition import Argument, FunctionName, Graph, Node, Ref
from ...graph.running import is_next
from ...tensor import tensor


def frames_as_functions(graph: Graph) -> None:
    """Rewrite a graph, the innermost loops and branches first. Each is looked for in all nodes, so there may not be very many."""
    for rounds in count(1):
        left = sum(node.op in ("Enter", "Merge") for node in graph.nodes.values())
        if left * len(graph.nodes) * rounds > _MOST_WORK:
            got = f"{left} of TensorFlow 1 among {len(graph.nodes)} nodes"
            raise FormatError(message("write_onnx", "fewer loops and branches", got, "Convert the model to TensorFlow 2's control flow."))
        changed = _loops(graph) if left else False
        if not (_branches(graph) or changed):
            return


_MOST_WORK = 1 << 27  # nodes that are looked at


class _Unfit(Exception):
    """A loop or branch that holds another one, or is none."""


def _function(graph: Graph, name: str, given: Mapping[Ref, str], order: Sequence[str], outputs: Sequence[Ref]) -> FunctionName:
    """Keep what leads to outputs as a function; `given`: which argument some values are, `order`: the arguments' names."""
    made = Graph(functions=graph.functions)
    for argument in order:
        made.inputs.append(Argument(argument, made.add("Placeholder", argument)))

    def taken(ref: Ref) -> Ref:
        return Ref(given[ref]) if ref in given else ref

    waiting = [ref.name for ref in outputs if ref not in given]
    while waiting:
        node = graph.nodes[waiting.pop()]
        if node.name in made.nodes:
            continue
        if node.op in ("Enter", "Exit", "NextIteration", "LoopCond", "Merge", "Switch", "_SwitchN"):
            raise _Unfit
        made.nodes[node.name] = Node(node.name, node.op, [taken(ref) for ref in node.inputs], dict(node.attrs))
        if node.name in graph.weights:
            made.weights[node.name] = graph.weights[node.name]
        waiting += [ref.name for ref in node.inputs if ref not in given]
    made.outputs = [Argument(f"output_{i}", taken(ref)) for i, ref in enumerate(outputs)]
    while name in graph.functions:
        name += "_"
    graph.functions[name] = made
    return FunctionName(name)


def _replace(graph: Graph, by: Mapping[Ref, Ref]) -> None:
    """Let others be read in place of some values."""
    for node in graph.nodes.values():
        node.inputs = [by.get(ref, ref) for ref in node.inputs]
    for argument in graph.outputs:
        argument.ref = by.get(argument.ref, argument.ref)


def _source(graph: Graph, ref: Ref) -> Node:
    return graph.nodes[ref.name]


# --- loops ------------------------------------------------------------------------------------------------------------------


class _Variable(NamedTuple):
    """A value that goes round: the Merge at the loop's head, what comes in, what the next round has."""

    merge: str
    enter: str
    after: Ref


def _loops(graph: Graph) -> bool:
    frames: dict[str, list[Node]] = {}
    for node in graph.nodes.values():
        if node.op == "Enter":
            name = node.attrs.get("frame_name")
            frames.setdefault(name.decode() if isinstance(name, bytes) else str(name), []).append(node)
    changed = False
    for name, enters in frames.items():
        try:
            _loop(graph, name, enters)
            changed = True
        except _Unfit:
            continue
    return changed


def _variables(graph: Graph, enters: Iterable[Node]) -> list[_Variable]:
    names, found = {node.name for node in enters}, []
    for node in graph.nodes.values():
        if node.op == "Merge" and len(node.inputs) == 2:
            first, second = sorted(node.inputs, key=lambda ref: is_next(graph, ref.name))
            if first.name in names and is_next(graph, second.name):
                found.append(_Variable(node.name, first.name, graph.nodes[second.name].inputs[0]))
    return found


def _loop(graph: Graph, name: str, enters: Sequence[Node]) -> None:
    """Put a StatelessWhile in the place of a loop."""
    variables = _variables(graph, enters)
    heads = {variable.merge: f"argument_{i}" for i, variable in enumerate(variables)}
    constant = [node for node in enters if node.name not in {variable.enter for variable in variables}]
    given = {Ref(merge): argument for merge, argument in heads.items()}
    given |= {Ref(node.name): f"argument_{len(variables) + i}" for i, node in enumerate(constant)}
    predicate: Ref | None = None
    exits: dict[Ref, Ref] = {}
    for node in graph.nodes.values():
        if node.op == "Switch" and node.inputs[0].name in heads and _source(graph, node.inputs[1]).op == "LoopCond":
            given[Ref(node.name, 1)] = heads[node.inputs[0].name]
            predicate = _source(graph, node.inputs[1]).inputs[0]
    for node in graph.nodes.values():
        switch = _source(graph, node.inputs[0]) if node.op == "Exit" else None
        if switch is not None and switch.op == "Switch" and Ref(switch.name, 1) in given:
            exits[Ref(node.name)] = Ref(f"{name}/While", list(heads).index(switch.inputs[0].name))
    if predicate is None:
        raise _Unfit
    order = list(dict.fromkeys([*heads.values(), *given.values()]))
    kept = [Ref(node.name) for node in constant]
    going = _function(graph, f"{name}/cond", given, order, [predicate])
    step = _function(graph, f"{name}/body", given, order, [*(variable.after for variable in variables), *kept])
    first = [graph.nodes[n].inputs[0] for n in (*(v.enter for v in variables), *(node.name for node in constant))]
    graph.add("StatelessWhile", f"{name}/While", first, cond=going, body=step)
    _replace(graph, exits)
    for node in enters:
        del graph.nodes[node.name]
    for merge in heads:
        del graph.nodes[merge]


# --- branches ---------------------------------------------------------------------------------------------------------------


def _branches(graph: Graph) -> bool:
    changed = False
    for node in [node for node in graph.nodes.values() if node.op == "Merge" and len(node.inputs) > 1]:
        try:
            _branch(graph, node)
            changed = True
        except _Unfit:
            continue
    return changed


def _switches(graph: Graph, ref: Ref) -> dict[Ref, Node]:
    """Return the outputs of Switches that a value depends on, also those that it only waits for."""
    found: dict[Ref, Node] = {}
    seen: set[str] = set()
    waiting = [ref]
    while waiting:
        at = waiting.pop()
        node = graph.nodes.get(at.name)
        if node is None:
            continue
        if node.op in ("Switch", "_SwitchN"):
            found[at] = node
        elif node.op in ("Merge", "Enter", "NextIteration", "LoopCond"):
            raise _Unfit
        elif at.name not in seen:
            seen.add(at.name)
            waiting += [*node.inputs, *(Ref(name) for name in node.controls)]
    return found


def _predicate(graph: Graph, ref: Ref) -> Ref:
    """Return what decides, which several may pass on."""
    while ref.name in graph.nodes and graph.nodes[ref.name].op == "Identity":
        ref = graph.nodes[ref.name].inputs[0]
    return ref


def _numbers(sides: Sequence[Mapping[Ref, Node]]) -> list[int]:
    """Return the number of the branch that each side is; a side that depends on no Switch is the one that is left."""
    numbers = [{ref.index for ref in side} for side in sides]
    free = set(range(len(sides))) - set().union(*numbers)
    if any(len(n) > 1 for n in numbers) or sum(not n for n in numbers) != len(free) or len(free) > 1:
        raise _Unfit
    return [next(iter(n or free)) for n in numbers]


def _branch(graph: Graph, merge: Node) -> None:
    """Put a StatelessIf or a StatelessCase in the place of a Merge."""
    sides = [_switches(graph, ref) for ref in merge.inputs]
    switches = [node for side in sides for node in side.values()]
    predicates = {_predicate(graph, node.inputs[1]) for node in switches}
    if len(predicates) != 1 or len({(node.op, node.attrs.get("num_outs")) for node in switches}) != 1:
        raise _Unfit
    numbers = _numbers(sides)
    taken = list(dict.fromkeys(node.inputs[0] for node in switches))
    names = [f"argument_{i}" for i in range(len(taken))]
    functions: list[FunctionName] = []
    for number in sorted(numbers):
        i = numbers.index(number)
        given = {ref: names[taken.index(node.inputs[0])] for ref, node in sides[i].items()}
        told = graph.add_const(graph.unique_name(f"{merge.name}/number"), tensor(i, dtype="int32"))
        functions.append(_function(graph, f"{merge.name}/{number}", given, names, [merge.inputs[i], told]))
    merge.inputs, merge.controls = [switches[0].inputs[1], *taken], []
    if switches[0].op == "Switch":
        merge.op, merge.attrs = "StatelessIf", {"then_branch": functions[1], "else_branch": functions[0]}
    else:
        merge.op, merge.attrs = "StatelessCase", {"branches": functions}
