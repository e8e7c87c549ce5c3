"""Writes While as ONNX's Loop. Subgraphs see what stands around them, so only what a loop changes goes round.

A list that gets an element in each round, in their order, is one of the tensors that Loop itself stacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...graph.definition import Argument, Graph, Node, Ref
from ..onnx.shapes import merged
from .control import truth
from .scope import Scope, Unwritable, Value, writes
from .writer import call, write_graph

_ROUNDS = 4  # in which shapes of what goes round become known
_SETS = {"TensorListSetItem": (0, 1, 2), "TensorArrayWriteV3": (3, 1, 2)}  # the places of list, index and element


class _Plan(NamedTuple):
    """Which values go round, which lists are stacked; the body, which gives an element in place of such a list."""

    changed: list[int]
    stacked: list[int]
    body: Graph


@writes("While", "StatelessWhile")
def while_(b: Scope, node: Node, *inputs: Value) -> list[Value]:
    """What the body gives as it got it is no value of ONNX's loop: the body sees it where it is."""
    condition, body = (b.graph.functions.get(str(node.attrs.get(name))) for name in ("cond", "body"))
    if condition is None or body is None or not len(body.outputs) == len(body.inputs) == len(condition.inputs) == len(inputs):
        raise Unwritable("its body gives another number of values than it takes")
    plan = _plan(condition, body, inputs)
    start = truth(b, call(b, node.attrs["cond"], inputs)[0])
    inner, arguments, found, shapes = _body(b, plan, inputs)
    after = _replaced(inputs, plan.changed, [found[i] for i in plan.changed])
    going = truth(inner, call(inner, node.attrs["cond"], after)[0])
    counters = [Value(dtype, (), b.model.fresh(f"{b.base}/{name}"), home=inner) for name, dtype in (("round", "int64"), ("going", "bool"))]
    given = [*plan.changed, *plan.stacked]
    graph = b.subgraph(inner, [*counters, *arguments], [going, *(found[i] for i in given)])
    made: list[Value] = b("Loop", None, start, *(inputs[i] for i in plan.changed), outputs=len(given), body=graph)
    for value, i, shape in zip(made, plan.changed, shapes, strict=False):
        value.dtype, value.listed, value.shape = inputs[i].dtype, inputs[i].listed, shape
    rows = [_filled(b, value, found[i], inputs[i]) for value, i in zip(made[len(plan.changed) :], plan.stacked, strict=True)]
    return _replaced(inputs, given, [*made[: len(plan.changed)], *rows])


def _body(b: Scope, plan: _Plan, inputs: Sequence[Value]) -> tuple[Scope, list[Value], list[Value], list[Any]]:
    """Write the body until the shapes of what goes round stay; return its scope, arguments, outputs, and these shapes."""
    shapes = [inputs[i].shape for i in plan.changed]
    for last in (False,) * (_ROUNDS - 1) + (True,):
        inner = b.inner(plan.body)
        arguments = [_argument(inner, inputs[i], shape) for i, shape in zip(plan.changed, shapes, strict=True)]
        found = write_graph(inner, _replaced(inputs, plan.changed, arguments))
        values = [value for value in found if value is not None]
        if len(values) < len(found):
            raise Unwritable("something in its body cannot be written")
        if any((inputs[i].dtype, inputs[i].listed) != (values[i].dtype, values[i].listed) for i in plan.changed):
            raise Unwritable("its body gives other dtypes than it takes")
        wider = [None if last else merged(s, values[i].shape) for i, s in zip(plan.changed, shapes, strict=True)]
        if wider == shapes:
            break
        shapes = wider
    return inner, arguments, values, shapes


def _argument(inner: Scope, like: Value, shape: Any) -> Value:
    made = Value(like.dtype, shape, inner.model.fresh(f"{inner.base}/value"), home=inner)
    made.listed, made.grows = like.listed, like.grows
    return made


def _replaced(values: Sequence[Value], places: Sequence[int], by: Sequence[Value]) -> list[Value]:
    made = list(values)
    for place, value in zip(places, by, strict=True):
        made[place] = value
    return made


# --- lists that are stacked -------------------------------------------------------------------------------------------------


def _plan(condition: Graph, body: Graph, inputs: Sequence[Value]) -> _Plan:
    changed = [i for i, (x, y) in enumerate(zip(body.inputs, body.outputs, strict=True)) if x.ref != _passed(body, y.ref)]
    elements = {i: ref for i in changed if (ref := _element(condition, body, inputs, i)) is not None}
    outputs = [Argument(a.name, elements.get(i, a.ref)) for i, a in enumerate(body.outputs)]
    made = Graph(body.nodes, body.inputs, outputs, body.weights, body.functions)
    changed = [i for i in changed if i not in elements]
    if not changed:
        raise Unwritable("nothing changes in it")
    return _Plan(changed, list(elements), made)


def _element(condition: Graph, body: Graph, inputs: Sequence[Value], number: int) -> Ref | None:
    """Return what is set in a new list in each round, if that is in its order and nobody reads the list meanwhile."""
    argument, setter = body.inputs[number].ref, body.nodes[_passed(body, body.outputs[number].ref).name]
    if inputs[number].reserved is None or setter.op not in _SETS:
        return None
    of, index, element = (setter.inputs[place] for place in _SETS[setter.op])
    if of != argument or _reads(body, argument) != 1 or _reads(condition, condition.inputs[number].ref):
        return None
    place = next((i for i, a in enumerate(body.inputs) if a.ref == _passed(body, index)), None)
    if place is None or inputs[place].known != [0]:
        return None
    step = body.nodes[_passed(body, body.outputs[place].ref).name]
    parts = [_passed(body, ref) for ref in step.inputs]
    one = next((body.weights[ref.name] for ref in parts if ref.name in body.weights), None)
    counts = step.op in ("Add", "AddV2") and body.inputs[place].ref in parts and one is not None and list(one.data_sync()) == [1]
    return element if counts else None


def _passed(graph: Graph, ref: Ref) -> Ref:
    """Return what identities pass on."""
    while graph.nodes[ref.name].op == "Identity":
        ref = graph.nodes[ref.name].inputs[0]
    return ref


def _reads(graph: Graph, ref: Ref) -> int:
    """Return how often a value is read."""
    return sum(each == ref for node in graph.nodes.values() for each in node.inputs) + sum(a.ref == ref for a in graph.outputs)


def _filled(b: Scope, made: Value, element: Value, of: Value) -> Value:
    """Return stacked elements as a list: zeros for those that no round has set."""
    made.dtype, made.shape = element.dtype, None if element.shape is None else (None, *element.shape)
    left = b("Max", b("Sub", of.reserved, b("Shape", made, end=1, shape=(1,))), 0)
    rest = b.expand(b.zero(made.dtype), b("Concat", left, b("Shape", made, start=1), axis=0))
    rows = b("Concat", made, rest, axis=0, shape=made.shape)
    found = Value(made.dtype, element.shape, home=b)
    found.listed, found.rows, found.grows = True, rows, of.grows
    return found
