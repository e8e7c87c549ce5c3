"""Chains of ops as one: convolution or product, bias, activation. On lists of nodes, so that what somebody asks for by name is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from .definition import Node, Ref

_FUSED = {"Conv2D": "_FusedConv2D", "DepthwiseConv2dNative": "FusedDepthwiseConv2dNative", "MatMul": "_FusedMatMul"}
_BIAS = ("BiasAdd", "AddV2", "Add")
_ACTIVATIONS = ("Relu", "Relu6", "Elu", "LeakyRelu", "Prelu", "Sigmoid")


def fuse(nodes: list[Node], weights: Mapping[str, Any], kept: Collection[str]) -> list[Node]:
    """Return nodes, which stand in an order in which they can run, with each chain as one node of the name of its last.

    Only values that one node reads, and that are not `kept`, vanish. A sum is a bias if what is added is a constant vector.
    """
    by_name = {node.name: node for node in nodes}
    reads = Counter(ref.name for node in nodes for ref in node.inputs)
    reads.update(name for node in nodes for name in node.controls)
    gone: set[str] = set()
    chains: dict[str, Node] = {}  # by the name of the last node so far

    def before(ref: Ref) -> Node | None:
        """Return the node that may be joined with what reads this output."""
        free = ref.index == 0 and reads[ref.name] == 1 and ref.name not in kept
        return chains.get(ref.name, by_name.get(ref.name)) if free else None

    for node in nodes:
        fused = _with_bias(node, before, weights) or _with_activation(node, before)
        if fused is not None:
            chains[node.name] = fused
            gone.add(node.inputs[0].name)
    return [chains.get(node.name, node) for node in nodes if node.name not in gone]


def _with_bias(node: Node, before: Any, weights: Mapping[str, Any]) -> Node | None:
    if node.op not in _BIAS or len(node.inputs) != 2 or node.controls:
        return None
    first, bias = before(node.inputs[0]), weights.get(node.inputs[1].name)
    if first is None or first.op not in _FUSED or not (node.op == "BiasAdd" or (bias is not None and len(bias.shape) == 1)):
        return None
    if _format(first) != b"NHWC" or _format(node) != b"NHWC" or first.attrs.get("padding") == b"EXPLICIT":
        return None
    attrs = {**first.attrs, "fused_ops": [b"BiasAdd"], "num_args": 1}
    return Node(node.name, _FUSED[first.op], [*first.inputs, node.inputs[1]], attrs, first.controls)


def _with_activation(node: Node, before: Any) -> Node | None:
    if node.op not in _ACTIVATIONS or not node.inputs or node.controls:
        return None
    first = before(node.inputs[0])
    if first is None or first.op not in _FUSED.values() or first.attrs.get("fused_ops") != [b"BiasAdd"]:
        return None
    attrs = {**first.attrs, "fused_ops": [b"BiasAdd", node.op.encode()]}
    if node.op == "LeakyRelu":
        attrs["leakyrelu_alpha"] = node.attrs.get("alpha", 0.2)
    if node.op == "Prelu":
        attrs["num_args"] = 2
    return Node(node.name, first.op, [*first.inputs, *node.inputs[1:]], attrs, first.controls)


def _format(node: Node) -> bytes:
    return node.attrs.get("data_format") or b"NHWC"
