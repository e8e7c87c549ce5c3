"""get_source_inputs: from which Inputs a symbolic tensor comes."""

from __future__ import annotations

from typing import Any

from ..symbolic import KerasTensor, node_of


def get_source_inputs(tensor: Any) -> list[Any]:
    """Return the Inputs, each once, that a symbolic tensor is computed from; of a tensor without a history itself. Keras's function."""
    if not isinstance(tensor, KerasTensor) or tensor.keras_history is None:
        return [tensor]
    found: dict[int, Any] = {}
    seen, waiting = set(), [node_of(tensor)]
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        if node.is_input:
            found.update((id(t), t) for t in node.output_tensors)
        waiting.extend(reversed(node.parent_nodes))
    return list(found.values())
