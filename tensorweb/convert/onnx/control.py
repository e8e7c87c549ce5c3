"""ONNX's If, Loop and Scan, as StatelessIf and StatelessWhile with functions. What loops give step by step is gathered in TensorLists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...graph.definition import Argument
from ...graph.tf_dtypes import own_dtype
from .schema import DTYPES
from .shapes import Shape, merged
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

# --- branches -----------------------------------------------------------------------------------------------------------------


@onnx_op("If")
def branch(b: Scope, node: OnnxNode, condition: Value) -> list[Value]:
    if condition.known is not None:
        return _inlined(b, node, "then_branch" if condition.known[0] else "else_branch")
    branches = [b.inner(), b.inner()]
    outputs = [_branch(b, node, inner, name) for inner, name in zip(branches, ("then_branch", "else_branch"), strict=True)]
    if len(outputs[0]) != len(outputs[1]):
        raise Unsupported("its branches have different numbers of outputs")
    names = list(dict.fromkeys(name for inner in branches for name in inner.captures))
    taken = [b.find(name) for name in names]
    functions = []
    for inner, values, kind in zip(branches, outputs, ("then", "else"), strict=True):
        inner.graph.inputs = []
        for name, value in zip(names, taken, strict=True):
            found = inner.captures.get(name)
            if found is None:
                inner.argument(name, value)
            else:
                assert found.ref is not None
                inner.graph.inputs.append(Argument(found.ref.name, found.ref, own_dtype(found.dtype), found.shape))
        give(inner, values)
        functions.append(b.function(inner.graph, kind))
    kinds = {"Tcond": "bool", "Tin": [own_dtype(v.dtype) for v in taken], "Tout": [own_dtype(v.dtype) for v in outputs[0]]}
    flat = b.reshape(condition, []) if condition.shape != () else condition
    made = b("StatelessIf", flat, *taken, outputs=len(outputs[0]), then_branch=functions[0], else_branch=functions[1], **kinds)
    for value, one, other in zip(made, *outputs, strict=True):
        value.dtype, value.shape = one.dtype or other.dtype, merged(one.shape, other.shape)
    return made


def _inlined(b: Scope, node: OnnxNode, name: str) -> list[Value]:
    """Translate the branch that is always taken in the node's place."""
    return _branch(b, node, Scope(b.graph, b.reader, b, shares=True), name)


def _branch(b: Scope, node: OnnxNode, inner: Scope, name: str) -> list[Value]:
    proto = node.graph(name)
    inner.base = b.base
    b.reader.block(inner, proto, f"{name} of {node.name!r}")
    return [inner.find(info.name) for info in proto.output]


def give(inner: Scope, values: Sequence[Value]) -> None:
    """Make values the outputs of a function's graph."""
    inner.graph.outputs = [Argument(f"output_{i}", inner.ref(v), own_dtype(v.dtype) or v.dtype, v.shape) for i, v in enumerate(values)]


# --- loops --------------------------------------------------------------------------------------------------------------------

Step = Callable[[Scope, list[Value]], list[Value]]


def while_loop(b: Scope, first: Sequence[Value], going: Callable[[Scope, list[Value]], Value], step: Step) -> list[Value]:
    """Return what values are at the end of a loop: `step` gives the next ones, `going` whether there is another round.

    Both get a scope of a function's graph and its arguments; ONNX names of the scopes around are captured.
    """
    shapes: list[Shape] = [v.shape for v in first]
    for _ in range(3):  # a value may have another shape after a round
        inner = b.inner()
        inner.base = b.base
        arguments = _arguments(inner, first, shapes)
        found = step(inner, arguments)
        if b.reader.problems or len(found) != len(first):
            raise Unsupported("its body cannot be translated, or gives another number of values than it takes")
        wider = [merged(s, v.shape) for s, v in zip(shapes, found, strict=True)]
        if wider == shapes:
            break
        shapes = wider
    # TensorFlow.js frees what a round made and does not give, also where a list holds it: so what went into lists is given, too.
    pushed = [v if v.constant is None else inner("Identity", v) for v in inner.pushed]
    for value in pushed:
        inner.argument("pushed", Value(value.dtype, None))
    zeros = [b.value({"bool": False, "int32": 0, "string": ""}.get(own_dtype(v.dtype) or "", 0.0)) for v in pushed]
    taken = [*(b.find(name) for name in inner.captures), *zeros]
    give(inner, [*found, *inner.captures.values(), *pushed])
    test = b.inner()
    test.base = b.base
    open_shapes = [*shapes, *(v.shape for v in taken[: len(inner.captures)]), *(None for _ in zeros)]
    give(test, [going(test, _arguments(test, [*first, *taken], open_shapes)[: len(first)])])
    functions = {"cond": b.function(test.graph, "cond"), "body": b.function(inner.graph, "body")}
    kinds = [own_dtype(v.dtype) or v.dtype for v in (*first, *taken)]
    made = b("StatelessWhile", *first, *taken, outputs=len(kinds), T=kinds, output_shapes=[], **functions)
    for value, like, shape in zip(made, first, shapes, strict=False):
        value.dtype, value.shape = like.dtype, shape
    return made[: len(first)]


def _arguments(inner: Scope, values: Sequence[Value], shapes: Sequence[Shape]) -> list[Value]:
    return [inner.argument(f"argument_{i}", Value(v.dtype, s)) for i, (v, s) in enumerate(zip(values, shapes, strict=True))]


def new_list(b: Scope, dtype: str | None, shape: Shape) -> Value:
    """Return an empty list of tensors."""
    wanted: Any = -1 if shape is None else b.const([-1 if s is None else s for s in shape], [len(shape)], "int32")
    return b("EmptyTensorList", wanted, -1, element_dtype=own_dtype(dtype), shape_type="int32", _dtype="variant")


def push(b: Scope, handle: Value, x: Value) -> Value:
    """Return a list with one more tensor."""
    b.pushed.append(x)
    return b("TensorListPushBack", handle, x, element_dtype=own_dtype(x.dtype), _dtype="variant")


def stack(b: Scope, handle: Value, dtype: str | None, shape: Shape) -> Value:
    """Return the tensors of a list as one, with a first axis."""
    wanted: Any = -1 if shape is None else b.const([-1 if s is None else s for s in shape], [len(shape)], "int32")
    found = b("TensorListStack", handle, wanted, element_dtype=own_dtype(dtype), num_elements=-1)
    found.dtype, found.shape = dtype, None if shape is None else (None, *shape)
    return found


def body_values(b: Scope, node: OnnxNode, inner: Scope, arguments: Sequence[Value]) -> list[Value]:
    """Translate the body of a Loop or a Scan with values for its inputs; return those of its outputs."""
    proto = node.graph("body")
    if len(proto.input) != len(arguments):
        raise Unsupported(f"its body takes {len(proto.input)} values, the node gives {len(arguments)}")
    for info, value in zip(proto.input, arguments, strict=True):
        inner.values[info.name] = value
    b.reader.block(inner, proto, f"body of {node.name!r}")
    return [inner.find(info.name) for info in proto.output]


@onnx_op("Loop")
def loop(b: Scope, node: OnnxNode, most: Value | None = None, condition: Value | None = None, *first: Value) -> list[Value]:
    count = len(first)
    told = [_told(info) for info in node.graph("body").output[1 + count :]]
    limit = b.reshape(b.cast(most, "int32"), []) if most is not None else b.value(2**31 - 1)
    truth = b.reshape(condition, []) if condition is not None else b.value(True)

    def step(inner: Scope, values: list[Value]) -> list[Value]:
        at, again, last, *rest = values
        results = body_values(b, node, inner, [Value("int64", (), at.ref), again, *rest[:count]])
        given = results[1 + count :]
        for place, value in enumerate(given):
            told[place] = value.dtype, merged_if_known(told[place][1], value.shape)
        lists = [push(inner, handle, x) for handle, x in zip(rest[count:], given, strict=True)]
        return [inner("AddV2", at, 1), inner.reshape(results[0], []), last, *results[1 : 1 + count], *lists]

    def going(inner: Scope, values: list[Value]) -> Value:
        return inner("LogicalAnd", inner("Less", values[0], values[2]), values[1])

    lists = [new_list(b, dtype, shape) for dtype, shape in told]
    found = while_loop(b, [b.value(0), truth, limit, *first, *lists], going, step)[3:]
    return found[:count] + [stack(b, handle, *kind) for handle, kind in zip(found[count:], told, strict=True)]


def _told(info: Any) -> tuple[str | None, Shape]:
    """Return what the model says of a value, for the lists that have to be made before the body is translated."""
    kind = info.type.tensor_type
    shape = tuple(d.dim_value if "dim_value" in d else None for d in kind.shape.dim) if "shape" in kind else None
    if DTYPES.get(kind.elem_type) is None:
        raise Unsupported(f"the dtype of {info.name[:40]!r} is not told")
    return DTYPES[kind.elem_type], shape


def merged_if_known(a: Shape, b: Shape) -> Shape:
    """Return the shape that is known of two."""
    return b if a is None else a if b is None else merged(a, b)


@onnx_op("Scan")
def scan(b: Scope, node: OnnxNode, *inputs: Value) -> list[Value]:
    if node.opset < 9:
        raise Unsupported("Scan of opset 8 has a batch of its own")
    proto, many = node.graph("body"), node.int("num_scan_inputs", 1)
    if not 0 < many <= len(inputs):
        raise Unsupported(f"{many} of its {len(inputs)} inputs are scanned")
    count = len(inputs) - many
    told = [_told(info) for info in proto.output[count:]]
    axes, backwards = node.ints("scan_input_axes", [0] * many), node.ints("scan_input_directions", [0] * many)
    rows = []
    for x, axis, back in zip(inputs[count:], axes, backwards, strict=True):
        rank = b.rank(x)
        moved = b.transpose(x, [axis % rank, *(i for i in range(rank) if i != axis % rank)])
        rows.append(b("ReverseV2", moved, [0]) if back else moved)
    size = b.dims(rows[0])[0]

    def step(inner: Scope, values: list[Value]) -> list[Value]:
        at, last, *rest = values
        states, scanned, lists = rest[:count], rest[count : count + many], rest[count + many :]
        results = body_values(b, node, inner, [*states, *(inner("GatherV2", x, at, 0, batch_dims=0) for x in scanned)])
        given = results[count:]
        for place, value in enumerate(given):
            told[place] = value.dtype, merged_if_known(told[place][1], value.shape)
        return [inner("AddV2", at, 1), last, *results[:count], *scanned, *map(lambda h, x: push(inner, h, x), lists, given)]

    lists = [new_list(b, dtype, shape) for dtype, shape in told]
    first = [b.value(0), b.value(size), *inputs[:count], *rows, *lists]
    found = while_loop(b, first, lambda inner, values: inner("Less", values[0], values[1]), step)[2:]
    outputs = [stack(b, handle, *kind) for handle, kind in zip(found[count + many :], told, strict=True)]
    return found[:count] + _placed(b, node, outputs)


def _placed(b: Scope, node: OnnxNode, outputs: list[Value]) -> list[Value]:
    """Return what a Scan gathered, in the order and with the axis that it wants."""
    axes, backwards = (node.ints(f"scan_output_{name}", [0] * len(outputs)) for name in ("axes", "directions"))
    made = []
    for x, axis, back in zip(outputs, axes, backwards, strict=True):
        x = b("ReverseV2", x, [0]) if back else x
        rank = b.rank(x)
        perm = list(range(1, rank))
        perm.insert(axis % rank, 0)
        made.append(b.transpose(x, perm))
    return made
