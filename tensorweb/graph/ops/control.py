"""Graph ops that call functions of the graph: branches, loops, calls. TensorFlow 1's control flow runs in `graph/frames.py`."""

from __future__ import annotations

from typing import Any

from ...errors import FormatError, message
from ...waiting import Waits
from ..frames import reading_number, reading_truth
from ..running import calling_op


def _function(runner: Any, node: Any, name: str) -> Any:
    """Return the runner of the function that an attribute names."""
    return _named(runner, node, node.attrs.get(name))


def _named(runner: Any, node: Any, name: Any) -> Any:
    if not isinstance(name, str):
        raise FormatError(message(f"node {node.name!r}", "the name of a function", repr(name)[:80], "The file is damaged."))
    return runner.function(name)


@calling_op("If", "StatelessIf")
def _if(runner: Any, node: Any, condition: Any, *inputs: Any) -> Waits[Any]:
    taken = "then_branch" if (yield from reading_truth(condition)) else "else_branch"
    return (yield from _function(runner, node, taken).calling(inputs))


@calling_op("Case", "StatelessCase")
def _case(runner: Any, node: Any, index: Any, *inputs: Any) -> Waits[Any]:
    branches = node.attrs.get("branches")
    if not isinstance(branches, list) or not branches:
        told = repr(branches)[:80]
        raise FormatError(message(f"node {node.name!r}", "the name of a function for each branch", told, "The file is damaged."))
    number = yield from reading_number(node, index)
    # The last branch is that of all numbers out of range.
    return (yield from _named(runner, node, branches[number if 0 <= number < len(branches) else -1]).calling(inputs))


@calling_op("While", "StatelessWhile")
def _while(runner: Any, node: Any, *inputs: Any) -> Waits[Any]:
    condition, body = _function(runner, node, "cond"), _function(runner, node, "body")
    values = list(inputs)
    while True:
        going = yield from condition.calling(values)
        if len(going) != 1:
            raise FormatError(message(f"node {node.name!r}", "a condition of one output", f"{len(going)}", "The file is damaged."))
        if not (yield from reading_truth(going[0])):
            return values
        found = yield from body.calling(values)
        if len(found) != len(values):
            counts = f"{len(values)} outputs of the body", f"{len(found)}"
            raise FormatError(message(f"node {node.name!r}", *counts, "The file is damaged."))
        values = found


@calling_op("PartitionedCall", "StatefulPartitionedCall")
def _call(runner: Any, node: Any, *inputs: Any) -> Waits[Any]:
    return (yield from _function(runner, node, "f").calling(inputs))
