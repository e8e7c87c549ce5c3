"""Graph ops on ragged tensors, by the host routines."""

from __future__ import annotations

from typing import Any

from ..define import graph_op
from .hosted import routine_of
from .support import texts


@graph_op("RaggedRange")
def _range(node: Any, starts: Any, limits: Any, deltas: Any) -> Any:
    return (yield from routine_of("ragged_range", starts, limits, deltas))


@graph_op("RaggedGather")
def _gather(node: Any, *inputs: Any) -> Any:
    return (yield from routine_of("ragged_gather_flat", *inputs, output_ragged_rank=node.attrs.get("OUTPUT_RAGGED_RANK")))


@graph_op("RaggedTensorToTensor")
def _to_tensor(node: Any, shape: Any, values: Any, default: Any, *partitions: Any) -> Any:
    types = texts(node, "row_partition_types")
    return (yield from routine_of("ragged_tensor_to_tensor_flat", shape, values, default, *partitions, row_partition_types=types))
