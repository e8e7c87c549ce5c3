"""Runs graphs with TensorFlow 1's control flow: frames of loops, iterations, dead values. Control flow by functions: `ops/control.py`.

A loop is a frame: values come in by Enter, go round by NextIteration to Merge, and out by Exit. A Switch gives its value to one of two
outputs; the other is dead, and so is what reads it, up to a Merge. Which node belongs to which frame is found once (`Layout`); then each
frame runs iteration by iteration, a frame within it as if it were one op.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError, FormatError, message
from ..tensor import Tensor, tensor
from ..waiting import Read, Waits
from .definition import Graph, Node, Ref

if TYPE_CHECKING:
    from .running import Runner, Step

_INPUTS = {"Switch": 2, "_SwitchN": 2, "Enter": 1, "Exit": 1, "NextIteration": 1, "LoopCond": 1}
_DEPTH = 32  # loops within loops
_BRANCHES = 1 << 16
FRAME_OPS = frozenset({"Switch", "_SwitchN", "Merge", "Enter", "Exit", "NextIteration", "LoopCond"})


class _Dead:
    """The value of what does not run."""

    def __repr__(self) -> str:
        return "dead"


_DEAD = _Dead()
_Values = dict[str, Any]  # a node's list of outputs, or _DEAD for all of them


def running_frames(runner: Runner, layout: Layout, values: Mapping[str, Any], wanted: Sequence[Ref]) -> Waits[list[Any]]:
    """Return the values of outputs as `Runner.running` does; ArgumentError for one that stands in a loop or a branch not taken."""
    for ref in wanted:
        if layout.home.get(ref.name, layout.root) is not layout.root:
            raise ArgumentError(message("graph", "outputs outside of loops", repr(str(ref)), "Ask for what comes out of the loop."))
    scope = _Scope({name: value for name, value in values.items() if name not in layout.guarded})
    yield from _iteration(runner, layout, layout.root, scope, None)
    found = [scope.read(ref) for ref in wanted]
    for ref, value in zip(wanted, found, strict=True):
        if value is _DEAD:
            raise ArgumentError(message("graph", "outputs of branches that are taken", repr(str(ref)), "Ask for what merges the branches."))
    return found


# --- running ----------------------------------------------------------------------------------------------------------------


class _Scope:
    """The values of one iteration of a frame, and where it looks for others: the iteration of the frame around it."""

    def __init__(self, values: _Values, outer: _Scope | None = None):
        self.values = values
        self.outer = outer
        self.truths: dict[Ref, bool] = {}  # predicates that were read

    def read(self, ref: Ref) -> Any:
        """Return an output of a node, or _DEAD."""
        scope: _Scope | None = self
        while scope is not None:
            found = scope.values.get(ref.name)
            if found is not None:
                if found is _DEAD:
                    return _DEAD
                if ref.index >= len(found):
                    told = f"{len(found)} outputs"
                    raise FormatError(message(f"node {ref.name!r}", f"output {ref.index}", told, "The file is damaged."))
                return found[ref.index]
            scope = scope.outer
        return _DEAD  # what came in only in the first iteration

    def dies(self, names: Iterable[str]) -> bool:
        """Tell whether one of some nodes did not run: none of its outputs is alive."""
        for name in names:
            found = self.values.get(name)
            if found is None and self.outer is not None:
                if self.outer.dies([name]):
                    return True
            elif found is _DEAD:
                return True
        return False


def _iteration(runner: Runner, layout: Layout, frame: _Frame, scope: _Scope, carried: _Values | None) -> Waits[None]:
    """Run the nodes of a frame once; `carried` has what went round, None in the first iteration."""
    for unit, done in zip(frame.units, frame.done, strict=True):
        if isinstance(unit, _Frame):
            yield from _loop(runner, layout, unit, scope)
        else:
            scope.values[unit.node.name] = yield from _computing(runner, layout, unit, scope, carried)
        for name in done:
            scope.values.pop(name, None)


def _loop(runner: Runner, layout: Layout, frame: _Frame, outer: _Scope) -> Waits[None]:
    """Run a frame until nothing goes round any more, and put what its Exits gave into the scope around it."""
    entered: _Values = {}
    for step in frame.enters:
        value = _DEAD if outer.dies(step.node.controls) else outer.read(step.node.inputs[0])
        entered[step.node.name] = _DEAD if value is _DEAD else [value]
    left: _Values = dict.fromkeys((step.node.name for step in frame.exits), _DEAD)
    carried: _Values | None = None
    # Where nothing comes in, what has no input of the loop must not run either.
    alive = any(value is not _DEAD for value in entered.values())
    while alive:
        scope = _Scope(dict(entered), outer)
        yield from _iteration(runner, layout, frame, scope, carried)
        for step in frame.exits:
            value = scope.read(step.node.inputs[0])
            if value is not _DEAD:
                left[step.node.name] = [value]
        carried = {}
        for step in frame.nexts:
            value = scope.read(step.node.inputs[0])
            carried[step.node.name] = _DEAD if value is _DEAD else [value]
        alive = any(value is not _DEAD for value in carried.values())
    outer.values.update(left)


def _computing(runner: Runner, layout: Layout, step: Step, scope: _Scope, carried: _Values | None) -> Waits[Any]:
    """Return a node's outputs, or _DEAD."""
    node = step.node
    if node.op == "Merge":
        return _merged(layout, node, scope, carried)
    if scope.dies(node.controls):
        return _DEAD
    inputs = [scope.read(ref) for ref in node.inputs]
    if any(value is _DEAD for value in inputs):
        return _DEAD
    if node.op == "Switch":
        truth = scope.truths.get(node.inputs[1])
        if truth is None:
            truth = scope.truths[node.inputs[1]] = yield from reading_truth(inputs[1])
        return [_DEAD, inputs[0]] if truth else [inputs[0], _DEAD]
    if node.op == "_SwitchN":
        count, number = node.attrs.get("num_outs"), (yield from reading_number(node, inputs[1]))
        if not isinstance(count, int) or not 0 < count <= _BRANCHES:
            raise FormatError(message(f"node {node.name!r}", f"1 to {_BRANCHES} branches", repr(count), "The file is damaged."))
        return [inputs[0] if i == (number if 0 <= number < count else count - 1) else _DEAD for i in range(count)]
    if node.op == "LoopCond":
        return inputs[:1]
    if node.op == "Const":
        return [runner.graph.weights[node.name]]
    return (yield from runner.computing(step, inputs))


def _merged(layout: Layout, node: Node, scope: _Scope, carried: _Values | None) -> Any:
    """Return the input that is alive, and its number: at the head of a loop what went round, if something did."""
    heads = [is_next(layout.graph, ref.name) for ref in node.inputs]
    for number, ref in enumerate(node.inputs):
        if any(heads) and heads[number] != (carried is not None):
            continue
        found = (carried or {}).get(ref.name, _DEAD) if heads[number] else None
        value = scope.read(ref) if found is None else _DEAD if found is _DEAD else found[0]
        if value is not _DEAD:
            return [value, tensor(number, dtype="int32")] if node.name in layout.numbered else [value]
    return _DEAD


def reading_truth(value: Any) -> Waits[bool]:
    """Return whether a predicate holds, as If and While read it: a number other than 0, a text or an array that is not empty."""
    if not isinstance(value, Tensor):
        return bool(value)
    if value.shape:
        return value.size > 0
    return bool((yield Read(value))[0])


def reading_number(node: Node, value: Any) -> Waits[int]:
    """Return the whole number that an input is; FormatError if it is none."""
    if not isinstance(value, Tensor) or value.size != 1 or value.dtype != "int32":
        raise FormatError(message(f"node {node.name!r}", "a number of a branch", f"{value!r}"[:80], "The file is damaged."))
    return int((yield Read(value))[0])


# --- which node belongs where -----------------------------------------------------------------------------------------------


def is_next(graph: Graph, name: str) -> bool:
    """Tell whether a node leads back to the head of a loop."""
    node = graph.nodes.get(name)
    return node is not None and node.op == "NextIteration"


class _Frame:
    """A loop, or the graph around all loops: what comes in, what runs in each iteration, in order, what goes round and out.

    `done` has for each unit the names whose values nobody needs after it.
    """

    def __init__(self, name: str):
        self.name = name
        self.parent: _Frame | None = None
        self.enters: list[Step] = []
        self.exits: list[Step] = []
        self.nexts: list[Step] = []
        self.units: list[Step | _Frame] = []
        self.done: list[list[str]] = []

    def path(self) -> list[_Frame]:
        """Return the frames from the outermost to this one; FormatError where they are too deep, or around one another."""
        found: list[_Frame] = []
        frame: _Frame | None = self
        while frame is not None:
            found.append(frame)
            if len(found) > _DEPTH:
                raise FormatError(message("graph", f"loops {_DEPTH} deep at most", "more", f"Look at {self.name!r}."))
            frame = frame.parent
        return found[::-1]


class Layout:
    """The frames of a plan's steps, and in which of them the value of each node is (`home`).

    `guarded` are constants that run only where a branch is taken or a loop runs, as their controls say; `numbered` the nodes whose second
    output somebody reads.
    """

    def __init__(self, graph: Graph, steps: Sequence[Step], kept: set[str]):
        self.graph = graph
        self.numbered = kept | {ref.name for step in steps for ref in step.node.inputs if ref.index}
        self.root = _Frame("")
        self.frames: dict[str, _Frame] = {}
        self.home: dict[str, _Frame] = {}
        self.guarded: set[str] = set()
        ordered = list(self._with_guarded(steps))
        # A loop whose only inputs seem to be constants may turn out to stand in another: its nodes are placed again then.
        while self._place(ordered):
            pass
        self._fill(ordered)
        for frame in (self.root, *self.frames.values()):
            self._order(frame)
        for frame in (self.root, *self.frames.values()):
            self._find_done(frame, kept if frame is self.root else set())

    def _with_guarded(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Yield the steps, and before the first that reads it each constant with controls; the plan has left constants out."""
        from .running import Step, op_of

        there = {step.node.name for step in steps}
        for step in steps:
            for name in (*(ref.name for ref in step.node.inputs), *step.node.controls):
                node = self.graph.nodes.get(name)
                if node is not None and node.op == "Const" and name not in self.guarded and any(c in there for c in node.controls):
                    self.guarded.add(name)
                    yield Step(node, op_of(node), ())
            yield step

    # --- places ---

    def _place(self, steps: Sequence[Step]) -> bool:
        """Say where each node's value is, given where that of those before it is; tell whether a loop moved."""
        moved = False
        for step in steps:
            node = step.node
            if len(node.inputs) < _INPUTS.get(node.op, 0):
                counts = f"{_INPUTS[node.op]} inputs", f"{len(node.inputs)}"
                raise FormatError(message(f"node {node.name!r}", *counts, "The file is damaged."))
            inner = self._deepest(node)
            if node.op == "Enter":
                name = str(node.attrs.get("frame_name"))
                frame = self.frames.setdefault(name, _Frame(name))
                if frame.parent is None or (inner is not frame.parent and len(inner.path()) > len(frame.parent.path())):
                    moved = moved or frame.parent is not None
                    frame.parent = inner
                frame.path()
                inner = frame
            elif node.op == "Exit":
                if inner.parent is None:
                    raise FormatError(message(f"node {node.name!r}", "an Exit within a loop", "one outside", "The file is damaged."))
                inner = inner.parent
            self.home[node.name] = inner
        return moved

    def _deepest(self, node: Node) -> _Frame:
        """Return the innermost of the frames that a node's inputs are in; FormatError if they are not around one another."""
        found, path = self.root, [self.root]
        for name in (*(ref.name for ref in node.inputs), *node.controls):
            frame = self.home.get(name, self.root)
            if frame is found or frame is self.root:
                continue
            shorter, longer = sorted((path, frame.path()), key=len)
            if shorter != longer[: len(shorter)]:
                raise FormatError(message(f"node {node.name!r}", "inputs of one loop", "of several", "The file is damaged."))
            found, path = longer[-1], longer
        return found

    def _fill(self, steps: Sequence[Step]) -> None:
        """Give each frame its nodes and the frames in it."""
        for frame in self.frames.values():
            assert frame.parent is not None
            frame.parent.units.append(frame)
        for step in steps:
            op, frame = step.node.op, self.home[step.node.name]
            if op == "Exit":
                self._within(step).exits.append(step)
            elif op == "Enter":
                if frame.parent is None or self._deepest(step.node) not in frame.parent.path():
                    told = "one from elsewhere"
                    raise FormatError(message(f"node {step.node.name!r}", "a value from around the loop", told, "The file is damaged."))
                frame.enters.append(step)
            elif is_next(self.graph, step.node.name):
                frame.nexts.append(step)
            else:
                frame.units.append(step)

    def _within(self, step: Step) -> _Frame:
        return self.home[step.node.inputs[0].name]

    # --- order ---

    def _reads(self, unit: Step | _Frame) -> Iterator[str]:
        """Yield the names of the nodes that a unit reads, those outside of it."""
        if not isinstance(unit, _Frame):
            yield from (ref.name for ref in unit.node.inputs if not (unit.node.op == "Merge" and is_next(self.graph, ref.name)))
            yield from unit.node.controls
            return
        inside = {name for part in unit.units for name in self._gives(part)} | {step.node.name for step in unit.enters}
        for part in (*unit.enters, *unit.units, *unit.exits, *unit.nexts):
            yield from (name for name in self._reads(part) if name not in inside)

    @staticmethod
    def _gives(unit: Step | _Frame) -> list[str]:
        return [step.node.name for step in unit.exits] if isinstance(unit, _Frame) else [unit.node.name]

    def _order(self, frame: _Frame) -> None:
        """Sort a frame's units so that each comes after what it reads; FormatError for a cycle."""
        giver = {name: unit for unit in frame.units for name in self._gives(unit)}
        state: dict[int, bool] = {}  # by the unit's id; True: done; False: waits for what it reads
        order: list[Step | _Frame] = []
        for first in frame.units:
            stack = [(first, self._reads(first))]
            if id(first) not in state:
                state[id(first)] = False
            elif state[id(first)]:
                continue
            while stack:
                unit, reads = stack[-1]
                needed = next((giver[name] for name in reads if name in giver and not state.get(id(giver[name]))), None)
                if needed is None:
                    state[id(unit)] = True
                    order.append(unit)
                    stack.pop()
                elif id(needed) in state:
                    raise FormatError(message("graph", "no cycles", f"one in loop {frame.name!r}", "The file is damaged."))
                else:
                    state[id(needed)] = False
                    stack.append((needed, self._reads(needed)))
        frame.units = order

    def _find_done(self, frame: _Frame, kept: set[str]) -> None:
        last: dict[str, int] = {}
        for number, unit in enumerate(frame.units):
            for name in (*self._gives(unit), *self._reads(unit)):
                last[name] = number
        for step in (*frame.exits, *frame.nexts):  # these are read when all else has run
            last.update({name: len(frame.units) for name in self._reads(step)})
        frame.done = [[] for _ in frame.units]
        for name, number in last.items():
            if number < len(frame.units) and name not in kept and self.home.get(name) is frame and not _stays(self.graph, name):
                frame.done[number].append(name)


def _stays(graph: Graph, name: str) -> bool:
    """Tell whether a value came from outside: a constant, which costs nothing to keep, or an input of the loop."""
    return graph.nodes[name].op in ("Const", "Enter")
