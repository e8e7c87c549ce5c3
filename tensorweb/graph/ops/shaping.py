"""Graph ops that change shapes and dtypes: casts, reshapes, padding, blocks, broadcasting. Taking parts of tensors: `slicing.py`."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...shapes import broadcast
from ...tensor import tensor
from ..define import graph_op
from .support import as_list, dtype_of, plain_ops, text

# --- dtypes ---

_WIDTHS = {"uint8": (8, False), "int8": (8, True), "uint16": (16, False), "int16": (16, True)}


@graph_op("Cast")
def _cast(node: Any, x: Any) -> Any:
    wanted = node.attrs.get("DstT")
    made = ops.cast(x, dtype_of(node, "DstT"))
    if wanted not in _WIDTHS or x.dtype == "bool":
        return made
    # Small integers are stored as int32, so their range is kept by hand.
    bits, signed = _WIDTHS[wanted]
    half = 1 << (bits - 1) if signed else 0
    return ops.subtract(ops.bitwise_and(ops.add(made, half), (1 << bits) - 1), half)


@graph_op("Bitcast")
def _bitcast(node: Any, x: Any) -> Any:
    return ops.view(x, dtype_of(node, "type"))


# --- shapes ---


def _reshape(x: Any, shape: Any) -> Any:
    wanted = as_list(shape)
    if -1 in wanted and not x.size:
        # With no elements any size fits where the others are not 0, and there none but the one that is asked for.
        known = 1
        for size in wanted:
            known *= size if size != -1 else 1
        wanted = [(0 if known else 1) if size == -1 else size for size in wanted]
    return ops.reshape(x, tuple(wanted))


plain_ops(
    {
        "Reshape": _reshape,
        "ExpandDims": lambda x, axis: ops.expand_dims(x, as_list(axis)[0]),
        "BroadcastTo": lambda x, shape: ops.broadcast_to(x, tuple(shape)),
        "Tile": lambda x, repeats: ops.tile(x, tuple(repeats)),
    },
    host=(1,),
)


@graph_op("EnsureShape", host=(1,))
def _ensure_shape(node: Any, x: Any, given: Any = None) -> Any:
    """The shape is an attribute; TensorFlow.js reads an input."""
    shape = node.attrs.get("shape") if given is None else [None if size < 0 else size for size in given]
    return x if shape is None else ops.ensure_shape(x, tuple(shape))


@graph_op("Squeeze")
def _squeeze(node: Any, x: Any) -> Any:
    axes = node.attrs.get("squeeze_dims") or node.attrs.get("axis")
    return ops.squeeze(x, tuple(axes) if axes else None)


@graph_op("BroadcastArgs", host=(0, 1))
def _broadcast_args(node: Any, a: list[int], b: list[int]) -> Any:
    made = broadcast("BroadcastArgs", tuple(a), tuple(b))
    return tensor(list(made), (len(made),), "int32")


# --- padding and blocks ---

plain_ops(
    {
        "PadV2": lambda x, pairs, value: ops.pad(x, pairs, constant_values=value) if pairs else x,
        "SpaceToBatchND": ops.space_to_batch_nd,
        "BatchToSpaceND": ops.batch_to_space_nd,
    },
    host=(1, 2),
)


@graph_op("Pad", host=(1,))
def _pad(node: Any, x: Any, pairs: list[list[int]]) -> Any:
    nothing = {"bool": False, "string": "", "int32": 0}.get(x.dtype, 0.0)
    return ops.pad(x, pairs, constant_values=node.attrs.get("constant_value", nothing)) if pairs else x


@graph_op("MirrorPad", host=(1,))
def _mirror_pad(node: Any, x: Any, pairs: list[list[int]]) -> Any:
    return ops.mirror_pad(x, pairs, text(node, "mode", "REFLECT").lower()) if pairs else x


def _order(node: Any) -> str:
    return "channels_first" if text(node, "data_format", "NHWC") == "NCHW" else "channels_last"


@graph_op("DepthToSpace")
def _depth_to_space(node: Any, x: Any) -> Any:
    return ops.depth_to_space(x, node.attrs["block_size"], _order(node))


@graph_op("SpaceToDepth")
def _space_to_depth(node: Any, x: Any) -> Any:
    return ops.space_to_depth(x, node.attrs["block_size"], _order(node))


@graph_op("SpaceToBatch", host=(1,))
def _space_to_batch(node: Any, x: Any, pairs: list[list[int]]) -> Any:
    return ops.space_to_batch_nd(x, (node.attrs["block_size"],) * 2, pairs)


@graph_op("BatchToSpace", host=(1,))
def _batch_to_space(node: Any, x: Any, pairs: list[list[int]]) -> Any:
    return ops.batch_to_space_nd(x, (node.attrs["block_size"],) * 2, pairs)
