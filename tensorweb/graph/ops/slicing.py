"""Graph ops that take parts of tensors and put parts together: slices, gathers, scatters, joins, splits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ... import ops
from ...errors import FormatError, message
from ..define import graph_op
from .support import as_list, plain_ops

# --- slices ---


@graph_op("Slice", host=(1, 2))
def _slice(node: Any, x: Any, begin: Any, size: Any) -> Any:
    return ops.slice(x, as_list(begin), as_list(size)) if x.shape else x


_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@graph_op("StridedSlice", host=(1, 2, 3))
def _strided_slice(node: Any, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    masks = [int(node.attrs.get(name) or 0) for name in _MASKS]
    return ops.strided_slice(x, as_list(begin), as_list(end), as_list(strides), *masks)


@graph_op("Reverse", host=(1,))
def _reverse(node: Any, x: Any, turned: list[bool]) -> Any:
    return ops.flip(x, tuple(axis for axis, yes in enumerate(turned) if yes))


@graph_op("ReverseSequence")
def _reverse_sequence(node: Any, x: Any, lengths: Any) -> Any:
    """Reverse the first `lengths[i]` places of row i."""
    along, batch = node.attrs["seq_dim"], node.attrs.get("batch_dim", 0)
    shape = [1] * len(x.shape)
    shape[batch] = x.shape[batch]
    lengths = ops.reshape(lengths, tuple(shape))
    shape[batch], shape[along] = 1, x.shape[along]
    places = ops.reshape(ops.arange(x.shape[along]), tuple(shape))
    mirrored = ops.subtract(ops.subtract(lengths, 1), places)
    return ops.take_along_axis(x, ops.where(ops.less(places, lengths), mirrored, places), axis=along)


plain_ops(
    {
        "ReverseV2": lambda x, axes: ops.flip(x, tuple(axes)) if axes else x,
    },
    host=(1,),
)
plain_ops({"Roll": lambda x, shift, axis: ops.roll(x, tuple(as_list(shift)), tuple(as_list(axis)))}, host=(1, 2))

# --- gathers and scatters ---


@graph_op("Gather")
def _gather(node: Any, x: Any, indices: Any) -> Any:
    return ops.gather(x, indices)


@graph_op("GatherV2", host=(2,))
def _gather_v2(node: Any, x: Any, indices: Any, axis: int) -> Any:
    return ops.gather(x, indices, axis, int(node.attrs.get("batch_dims") or 0))


plain_ops(
    {
        "GatherNd": ops.gather_nd,
        "TensorScatterUpdate": ops.scatter_update,
        "TensorScatterAdd ScatterNdNonAliasingAdd": lambda x, indices, updates: ops.scatter_update(x, indices, updates, "add"),
        "TensorScatterSub": lambda x, indices, updates: ops.scatter_update(x, indices, ops.negative(updates), "add"),
        "TensorScatterMax": lambda x, indices, updates: ops.scatter_update(x, indices, updates, "max"),
        "TensorScatterMin": lambda x, indices, updates: ops.scatter_update(x, indices, updates, "min"),
    }
)
plain_ops({"ScatterNd": lambda indices, values, shape: ops.scatter(indices, values, shape)}, host=(2,))


@graph_op("SparseToDense", host=(1,))
def _sparse_to_dense(node: Any, indices: Any, shape: Any, values: Any, default: Any) -> Any:
    return ops.sparse_to_dense(indices, values, as_list(shape), default)


# --- joins and splits ---


@graph_op("ConcatV2", host=(-1,))
def _concat_v2(node: Any, *inputs: Any) -> Any:
    return ops.concatenate(inputs[:-1], inputs[-1])


@graph_op("Concat", host=(0,))
def _concat(node: Any, axis: int, *inputs: Any) -> Any:
    return ops.concatenate(inputs, axis)


@graph_op("Pack")
def _pack(node: Any, *inputs: Any) -> Any:
    return ops.stack(inputs, int(node.attrs.get("axis") or 0))


@graph_op("Unpack")
def _unpack(node: Any, x: Any) -> Any:
    return ops.unstack(x, axis=int(node.attrs.get("axis") or 0))


@graph_op("Split", host=(0,))
def _split(node: Any, axis: int, x: Any) -> Any:
    return ops.split(x, node.attrs["num_split"], axis)


@graph_op("SplitV", host=(1, 2))
def _split_v(node: Any, x: Any, sizes: Sequence[int], axis: int) -> Any:
    """One size may be -1: what is left."""
    rest = x.shape[axis] - sum(size for size in sizes if size >= 0)
    whole = [rest if size < 0 else size for size in sizes]
    if rest < 0 or sum(whole) != x.shape[axis]:
        raise FormatError(message(f"node {node.name!r}", f"sizes that make {x.shape[axis]}", repr(sizes)[:80], "The file is damaged."))
    return ops.split(x, list(accumulate(whole[:-1])), axis)
