"""The graph of a functional model: which nodes lie between its inputs and outputs, in which order, at which depth."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, message
from ..layers.input_layer import InputLayer
from ..symbolic import KerasTensor, Node, node_of


class Graph:
    """The nodes and operations between KerasTensors.

    `nodes`: every node after those it depends on; `operations`: in Keras's order (by depth, then as met from the outputs), which
    is the order of a model's layers and weights; `by_depth`: lists of nodes, deepest first.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]):
        self.inputs, self.outputs = inputs, outputs
        # An input may lie within another graph: a layer of its own stands for it then.
        self.placeholders = {id(t): _input_layer(t) for t in inputs}
        self.nodes: list[Node] = []
        self._indices: dict[Any, int] = {}
        for t in outputs:
            self._visit(t)
        self._sort()

    def producer(self, t: KerasTensor) -> Node:
        """Return the node that gives a tensor within this graph."""
        return self.placeholders[id(t)]._inbound_nodes[0] if id(t) in self.placeholders else node_of(t)

    def history(self, t: KerasTensor) -> tuple[Any, int, int]:
        """Return (operation, index among the operation's nodes of this graph, output index) of a tensor."""
        node = self.producer(t)
        same = [n for n in node.operation._inbound_nodes if n in self._known]
        index = 0 if id(t) in self.placeholders else next(i for i, o in enumerate(node.output_tensors) if o is t)
        return node.operation, same.index(node), index

    def _visit(self, start: KerasTensor) -> None:
        """Append the nodes that `start` depends on, each after its parents."""
        finished = {id(n) for n in self.nodes}
        active: set[int] = set()
        stack: list[tuple[Node, bool]] = [(self.producer(start), False)]
        while stack:
            node, left = stack.pop()
            if id(node) in finished:
                continue
            if left:
                finished.add(id(node))
                active.discard(id(node))
                self.nodes.append(node)
                continue
            if id(node) in active:
                raise ArgumentError(message("Model", "a graph without cycles", f"one through {node.operation.name}", "Check the layers."))
            active.add(id(node))
            self._indices.setdefault(node.operation, len(self._indices))
            if node.is_input and not isinstance(node.operation, InputLayer):
                raise ArgumentError(message("Model", "tensors that come from the inputs", node.operation.name, "Start at tw.Input."))
            self._check_known(node)
            stack.append((node, True))
            stack.extend((self.producer(t), False) for t in reversed(node.input_tensors))

    def _check_known(self, node: Node) -> None:
        if node.is_input and node.operation not in self.placeholders.values():
            raise ArgumentError(
                message(
                    "Model",
                    "outputs that depend on the given inputs only",
                    f"one that needs {node.operation.name!r}",
                    "Add that Input to inputs=.",
                )
            )

    def _sort(self) -> None:
        depths: dict[int, int] = {}
        of_operation: dict[Any, int] = {}
        for node in reversed(self.nodes):
            # An operation used at several depths counts with the deepest.
            depth = max(depths.get(id(node), 0), of_operation.get(node.operation, 0))
            of_operation[node.operation] = depths[id(node)] = depth
            for t in node.input_tensors:
                parent = self.producer(t)
                depths[id(parent)] = max(depth + 1, depths.get(id(parent), 0))
        for layer in self.placeholders.values():
            if layer not in of_operation:  # an input that no output needs
                of_operation[layer], self._indices[layer] = 0, -1
                self.nodes.insert(0, layer._inbound_nodes[0])
        self.operations = sorted(of_operation, key=lambda o: (-of_operation[o], self._indices[o]))
        self._known = dict.fromkeys(self.nodes)
        self.by_depth: dict[int, list[Node]] = {}
        for node in self.nodes:
            self.by_depth.setdefault(depths.get(id(node), 0), []).append(node)


def _input_layer(t: KerasTensor) -> InputLayer:
    operation = t.keras_history.operation if t.keras_history is not None else None
    if isinstance(operation, InputLayer):
        return operation
    if operation is None:
        return InputLayer(batch_shape=t.shape, dtype=t.dtype, sparse=t.sparse, input_tensor=t, name=t.name)
    return InputLayer(batch_shape=t.shape, dtype=t.dtype, sparse=t.sparse)
