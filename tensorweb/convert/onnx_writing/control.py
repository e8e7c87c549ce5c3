"""Writes branches and calls. ONNX's subgraphs see what stands around them, so a branch takes nothing. Loops: `loops.py`."""

from __future__ import annotations

from collections.abc import Callable

from ...graph.definition import Node
from ..onnx.shapes import merged
from .scope import Scope, Unwritable, Value, writes
from .writer import call


def truth(b: Scope, x: Value) -> Value:
    """Return whether a predicate holds, as If and While read it: a number other than 0, or an array that is not empty."""
    if x.shape is None:
        raise Unwritable("it is not known beforehand whether its predicate is a number")
    return b("Greater", b("Size", x, shape=()), 0) if x.shape else b.cast(x, "bool")


@writes("PartitionedCall", "StatefulPartitionedCall")
def called(b: Scope, node: Node, *inputs: Value) -> list[Value]:
    return call(b, node.attrs.get("f"), inputs)


# --- branches ---------------------------------------------------------------------------------------------------------------


def branch(b: Scope, condition: Value, *branches: Callable[[Scope], list[Value]]) -> list[Value]:
    """Return what one of two functions of a scope gives."""
    scopes = [b.inner(), b.inner()]
    first, other = (write(scope) for write, scope in zip(branches, scopes, strict=True))
    if [(v.dtype, v.listed) for v in first] != [(v.dtype, v.listed) for v in other]:
        raise Unwritable("its branches give different dtypes or numbers of values")
    graphs = [b.subgraph(scope, [], values) for scope, values in zip(scopes, (first, other), strict=True)]
    made: list[Value] = b("If", condition, outputs=len(first), then_branch=graphs[0], else_branch=graphs[1])
    for value, x, y in zip(made, first, other, strict=True):
        value.dtype, value.listed, value.shape = x.dtype, x.listed, merged(x.shape, y.shape)
    return made


@writes("If", "StatelessIf")
def if_(b: Scope, node: Node, condition: Value, *inputs: Value) -> list[Value]:
    names = node.attrs.get("then_branch"), node.attrs.get("else_branch")
    if condition.known is not None and condition.shape == ():
        return call(b, names[0 if condition.known[0] else 1], inputs)
    return branch(b, truth(b, condition), *(lambda scope, name=name: call(scope, name, inputs) for name in names))


@writes("Case", "StatelessCase")
def case(b: Scope, node: Node, index: Value, *inputs: Value) -> list[Value]:
    """Branches in branches; the last is that of all numbers out of range."""
    names = node.attrs.get("branches") or []

    def from_number(scope: Scope, number: int) -> list[Value]:
        if number == len(names) - 1:
            return call(scope, names[number], inputs)
        chosen = scope("Equal", index, number)
        return branch(scope, chosen, lambda s: call(s, names[number], inputs), lambda s: from_number(s, number + 1))

    if not isinstance(names, list) or not names:
        raise Unwritable("it has no branches")
    return from_number(b, 0)
