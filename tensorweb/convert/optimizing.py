"""Makes graphs smaller and faster without changing what they compute: pruning, constants, batch norms, fused ops, in this order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from .. import ops
from ..graph.definition import Graph, Node, Ref
from ..graph.fusing import fuse
from ..graph.running import Runner, ordered
from ..waiting import wait

_PASSED_ON = frozenset({"Identity", "StopGradient", "Snapshot", "PreventGradient", "CheckNumerics", "EnsureShape"})
# Beginnings of their names: what draws, holds state, or belongs to control flow.
NEVER_FOLDED = (
    "Random", "TruncatedNormal", "Multinomial", "TensorList", "TensorArray", "HashTable", "LookupTable", "InitializeTable", "Print",
    "Placeholder", "Const", "While", "StatelessWhile", "If", "StatelessIf", "Enter", "Exit", "Switch", "Merge", "NextIteration",
    "LoopCond", "NoOp", "EmptyTensorList", "VarHandle", "ReadVariable", "Assert", "StatefulPartitionedCall",
)  # fmt: skip
_MAX_FOLDED = 10 << 20  # bytes of one folded constant that is larger than what it is made of
_LAYERS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
_NORMS = ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")


class Changes(NamedTuple):
    """How many nodes were left out, became constants, went into the weights before them, and became part of another op."""

    pruned: int
    folded: int
    normalizations: int
    fused: int


def optimize(graph: Graph) -> Changes:
    """Change a graph and its functions in place; names of inputs and outputs stay."""
    counts = [0, 0, 0, 0]
    for each in graph.all_graphs():
        before = len(each.nodes)
        for i, work in enumerate((fold_constants, fold_scales, fuse_chains), 1):
            prune(each)
            counts[i] += work(each)
        prune(each)
        counts[0] += before - len(each.nodes)
    counts[0] -= counts[3]
    return Changes(*counts)


def prune(graph: Graph) -> int:
    """Leave out nodes that lead to no output, and those that only pass a value on; return how many went."""
    before = len(graph.nodes)
    _skip_identities(graph)
    graph.prune()
    return before - len(graph.nodes)


def _skip_identities(graph: Graph) -> None:
    needed = ordered(graph, (), [a.ref.name for a in graph.outputs])  # raises if they pass a value on in a circle
    passed = {n.name: n.inputs[0] for n in needed if n.op in _PASSED_ON and len(n.inputs) == 1 and not n.controls}

    def source(ref: Ref) -> Ref:
        while ref.name in passed and ref.index == 0:
            ref = passed[ref.name]
        return ref

    for node in needed:
        if not _leads_to_frames(graph, node):
            node.inputs = [source(ref) for ref in node.inputs]


def _leads_to_frames(graph: Graph, node: Node) -> bool:
    """Tell whether a node reads a branch of TensorFlow 1's control flow: an identity there may be what keeps it alive."""
    return any(graph.nodes[ref.name].op == "Switch" for ref in node.inputs)


# --- constants --------------------------------------------------------------------------------------------------------------


def fold_constants(graph: Graph) -> int:
    """Compute nodes that read constants only; return how many."""
    runner, folded = Runner(graph, fused=False), 0
    unfolded = {a.ref.name for a in graph.inputs} | _read_beyond_first(graph)
    for node in ordered(graph, (), [a.ref.name for a in graph.outputs]):
        if not node.inputs or node.controls or node.name in unfolded or node.op.startswith(NEVER_FOLDED) or node.op in _LAYERS:
            continue
        if all(ref.name in graph.weights and ref.index == 0 for ref in node.inputs):
            sources = sum(_bytes(graph.weights[ref.name]) for ref in node.inputs)
            values = wait(runner.running({}, [Ref(node.name)]))
            if hasattr(values[0], "dtype") and _bytes(values[0]) <= max(_MAX_FOLDED, sources):
                node.op, node.inputs = "Const", []
                node.attrs = {"dtype": values[0].dtype, "shape": tuple(values[0].shape)}
                graph.weights[node.name] = values[0]
                folded += 1
    return folded


def _read_beyond_first(graph: Graph) -> set[str]:
    """Return the names of nodes of which another output than the first is read."""
    refs = (*(ref for node in graph.nodes.values() for ref in node.inputs), *(a.ref for a in graph.outputs))
    return {ref.name for ref in refs if ref.index}


def _bytes(value: Any) -> int:
    return value.nbytes if value.dtype != "string" else 64 * value.size


# --- scales -----------------------------------------------------------------------------------------------------------------


def fold_scales(graph: Graph) -> int:
    """Move batch norms, and products with a constant per channel, into the weights of the layer before them; return how many."""
    users, kept = graph.users(), {a.ref.name for a in graph.outputs}
    folded, beyond = 0, _read_beyond_first(graph)
    for node in ordered(graph, (), list(kept)):
        found = None if node.name in beyond else _scale_of(graph, node)
        if found is None:
            continue
        at, scale, shift = found
        layer, bias = _layer_before(graph, at, users, kept)
        if layer is None or not _scalable(graph, layer, scale):
            continue
        _apply(graph, node, layer, bias, scale, shift)
        users = graph.users()
        folded += 1
    return folded


def _scale_of(graph: Graph, node: Node) -> tuple[Ref, Any, Any] | None:
    """Return (what is scaled, the factor per channel, what is added per channel or None) of a node, or None."""
    weights = graph.weights
    if node.op in _NORMS and all(ref.name in weights for ref in node.inputs[1:]):
        if node.attrs.get("is_training", True) or _format(node) != b"NHWC":
            return None
        gamma, beta, mean, variance = (weights[ref.name] for ref in node.inputs[1:])
        scale = gamma * ops.rsqrt(variance + node.attrs.get("epsilon", 1e-4))
        return node.inputs[0], scale, beta - mean * scale
    if node.op == "Mul" and len(node.inputs) == 2:
        for at, other in (node.inputs, node.inputs[::-1]):
            factor = weights.get(other.name)
            if factor is not None and at.name not in weights and factor.dtype == "float32" and factor.shape[-1:] == (factor.size,):
                return at, ops.reshape(factor, (-1,)), None
    return None


def _layer_before(graph: Graph, at: Ref, users: dict[str, list[Node]], kept: Iterable[str]) -> tuple[Node | None, Node | None]:
    """Return the layer whose output `at` is, and the node of its bias between them, if nobody else reads either."""
    node, bias = graph.nodes[at.name], None
    if at.index or node.name in kept or len(users[node.name]) != 1:
        return None, None
    if node.op in ("BiasAdd", "AddV2", "Add") and len(node.inputs) == 2 and node.inputs[1].name in graph.weights:
        value, below = graph.weights[node.inputs[1].name], node.inputs[0]
        if len(value.shape) != 1 or below.index or below.name in kept or len(users[below.name]) != 1:
            return None, None
        node, bias = graph.nodes[below.name], node
    return (node, bias) if node.op in _LAYERS else (None, None)


def _scalable(graph: Graph, layer: Node, scale: Any) -> bool:
    kernel = graph.weights.get(layer.inputs[1].name)
    if kernel is None or kernel.dtype != "float32" or _format(layer) != b"NHWC" or layer.attrs.get("transpose_b"):
        return False
    return _channels(layer, kernel) == scale.size


def _channels(layer: Node, kernel: Any) -> int:
    return kernel.shape[-1] * (kernel.shape[-2] if layer.op == "DepthwiseConv2dNative" else 1)


def _apply(graph: Graph, node: Node, layer: Node, bias: Node | None, scale: Any, shift: Any) -> None:
    kernel = graph.weights[layer.inputs[1].name]
    factor = ops.reshape(scale, kernel.shape[-2:]) if layer.op == "DepthwiseConv2dNative" else scale
    layer.inputs[1] = graph.add_const(graph.unique_name(f"{layer.name}/scaled"), kernel * factor)
    if bias is not None:
        moved = graph.weights[bias.inputs[1].name] * scale
        bias.inputs[1] = graph.add_const(graph.unique_name(f"{bias.name}/scaled"), moved if shift is None else moved + shift)
        shift = None
    source = Ref((bias or layer).name)
    if shift is None:
        node.op, node.inputs, node.attrs = "Identity", [source], {}
    else:
        node.op, node.attrs = "BiasAdd", {}
        node.inputs = [source, graph.add_const(graph.unique_name(f"{node.name}/shift"), shift)]


def _format(node: Node) -> bytes:
    return node.attrs.get("data_format") or b"NHWC"


# --- fused ops --------------------------------------------------------------------------------------------------------------


def fuse_chains(graph: Graph) -> int:
    """Join chains of convolution or product, bias and activation; return how many nodes went."""
    outputs = [a.ref.name for a in graph.outputs]
    order = ordered(graph, (), outputs)
    fused = fuse(order, graph.weights, {*outputs, *(a.ref.name for a in graph.inputs)})
    here = {node.name for node in order}
    graph.nodes = {name: node for name, node in graph.nodes.items() if name not in here} | {node.name: node for node in fused}
    return len(order) - len(fused)
