"""Prepares graphs for ONNX, whose windows have channels first: fused ops in parts, Transposes around what slides over images.

The ONNX reader's pass (`onnx.layout`) then moves the Transposes and lets them cancel. Nothing is emitted here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...graph.definition import Graph, Node, Ref
from ...graph.running import ordered
from ...tensor import tensor

FUSED = {
    "_FusedConv2D": "Conv2D", "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative", "_FusedDepthwiseConv2dNative": "DepthwiseConv2dNative",
    "DepthwiseConv2d": "DepthwiseConv2dNative", "_FusedMatMul": "MatMul",
}  # fmt: skip
_TAKEN = {"BiasAdd": 1, "Add": 1, "Prelu": 1, "FusedBatchNorm": 4}

# op -> (dimensions, number of the input and numbers of the outputs that are images).
_IMAGES: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "Conv1D": (3, 0, (0,)),
    "MaxPoolWithArgmax": (4, 0, (0, 1)),
    "Conv2DBackpropInput": (4, 2, (0,)),
    "Conv3DBackpropInputV2": (5, 2, (0,)),
    **dict.fromkeys(("Conv3D", "MaxPool3D", "AvgPool3D"), (5, 0, (0,))),
    **dict.fromkeys((
        "Conv2D", "DepthwiseConv2dNative", "MaxPool", "MaxPoolV2", "AvgPool", "ResizeBilinear", "ResizeNearestNeighbor", "CropAndResize",
        "ImageProjectiveTransformV2", "ImageProjectiveTransformV3", "FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "LRN",
        "DepthToSpace", "SpaceToDepth", "ExtractImagePatches",
    ), (4, 0, (0,))),
}  # fmt: skip
_BY_AXIS = ("strides", "dilations", "ksize", "ksizes", "rates")
_HINTED = 64  # elements of constants of whole numbers that the pass looks at


def channels_first(graph: Graph) -> None:
    """Rewrite a graph: fused ops in parts, ops on images between Transposes; nodes in an order in which they can run."""
    lowering = _Lowering(graph)
    for node in ordered(graph, (), [a.ref.name for a in (*graph.inputs, *graph.outputs)]):
        for part in _parts(graph, node):
            lowering.visit(part)
    graph.nodes = lowering.nodes
    for argument in graph.outputs:
        argument.ref = lowering.moved.get(argument.ref, argument.ref)
    for name, value in graph.weights.items():
        if value.dtype == "int32" and value.size <= _HINTED and name in graph.nodes:
            graph.nodes[name].attrs["_values"] = list(value.data_sync())


def _parts(graph: Graph, node: Node) -> Iterator[Node]:
    """Yield a fused op as the ops it consists of, all but its bias; the last one has its name."""
    plain = FUSED.get(node.op, node.op)
    fused = [f.decode() if isinstance(f, bytes) else str(f) for f in node.attrs.get("fused_ops") or ()]
    own = 3 if fused[:1] == ["BiasAdd"] else 2
    if plain == node.op or not fused[own - 2 :]:
        yield Node(node.name, plain, node.inputs, node.attrs)
        return
    left, rest = node.inputs[own:], fused[own - 2 :]
    before = graph.unique_name(f"{node.name}/{plain}")
    graph.nodes[before] = node
    yield Node(before, plain, node.inputs[:own], node.attrs)
    for i, name in enumerate(rest):
        taken, left = left[: _TAKEN.get(name, 0)], left[_TAKEN.get(name, 0) :]
        after = node.name if i == len(rest) - 1 else graph.unique_name(f"{node.name}/{name}")
        graph.nodes[after] = node
        attrs = {"alpha": node.attrs.get("leakyrelu_alpha", 0.2)} if name == "LeakyRelu" else {}
        if name == "FusedBatchNorm":
            attrs = {key: node.attrs[key] for key in ("epsilon", "data_format") if key in node.attrs} | {"is_training": False}
        yield Node(after, name, [Ref(before), *taken], attrs)
        before = after


class _Lowering:
    """Puts Transposes around ops on images whose channels are last."""

    def __init__(self, graph: Graph):
        self.graph = graph
        self.nodes: dict[str, Node] = {}
        self.moved: dict[Ref, Ref] = {}
        self.orders: dict[tuple[int, ...], Ref] = {}

    def visit(self, node: Node) -> None:
        """Keep a node, between Transposes where its images have channels last."""
        node = Node(node.name, node.op, [self.moved.get(ref, ref) for ref in node.inputs], dict(node.attrs))
        told = _IMAGES.get(node.op)
        data_format = node.attrs.get("data_format") or b""
        if told is None or data_format.startswith(b"NC") or len(node.inputs) <= told[1]:
            self.nodes[node.name] = node
            return
        dims, place, outputs = told
        dims = 5 if data_format == b"NDHWC" else dims
        first, last = (0, dims - 1, *range(1, dims - 1)), (0, *range(2, dims), 1)
        node.inputs[place] = self.transposed(node.inputs[place], first, f"{node.name}/channels_first")
        former, node.name = node.name, self.free(f"{node.name}/{node.op}")
        node.attrs.update({name: _turned(node.attrs[name], first) for name in _BY_AXIS if name in node.attrs})
        node.attrs.update(data_format={3: b"NCW", 4: b"NCHW", 5: b"NCDHW"}[dims], _input=place)
        if node.attrs.get("explicit_paddings"):
            pairs = list(zip(node.attrs["explicit_paddings"][::2], node.attrs["explicit_paddings"][1::2], strict=True))
            node.attrs["explicit_paddings"] = [n for pair in _turned(pairs, first) for n in pair]
        self.nodes[node.name] = node
        for i in range(6):
            self.moved[Ref(former, i)] = Ref(node.name, i)
        for i in outputs:
            name = former if i == 0 else self.free(f"{former}/channels_last")
            self.moved[Ref(former, i)] = self.transposed(Ref(node.name, i), last, name)

    def transposed(self, ref: Ref, order: tuple[int, ...], wanted: str) -> Ref:
        """Add a Transpose."""
        if order not in self.orders:
            name = self.free("channels/order")
            self.graph.weights[name] = tensor(list(order), (len(order),), "int32")
            self.nodes[name] = Node(name, "Const", [], {"dtype": "int32", "shape": (len(order),)})
            self.orders[order] = Ref(name)
        name = wanted if wanted not in self.nodes else self.free(wanted)
        self.nodes[name] = Node(name, "Transpose", [ref, self.orders[order]])
        return Ref(name)

    def free(self, wanted: str) -> str:
        """Return a name that no node has or will have."""
        name = self.graph.unique_name(wanted)
        self.graph.nodes[name] = Node(name, "")
        return name


def _turned(values: Any, order: tuple[int, ...]) -> list[Any]:
    """Return what a list says of each axis in another order; lists of other lengths as they are."""
    return [values[i] for i in order] if len(values) == len(order) else list(values)
