"""Ops of TFLite that an op of TensorFlow's does just so, with the same inputs: a line each."""

from __future__ import annotations

from typing import Any

from ..translate import MOVES, Op, Translation, translates

# TFLite's op, TensorFlow's op, then options that are attributes: `attribute=option`, or one name for both. Fused activations are applied.
_DIRECT = """
ABS Abs
ADD AddV2
ADD_N AddN
ATAN2 Atan2
BATCH_MATMUL BatchMatMulV2 adj_x adj_y
BROADCAST_ARGS BroadcastArgs
BROADCAST_TO BroadcastTo
CEIL Ceil
COMPLEX_ABS ComplexAbs
COS Cos
ELU Elu
EQUAL Equal
EXP Exp
FILL Fill
FLOOR Floor
FLOOR_DIV FloorDiv
FLOOR_MOD FloorMod
GATHER_ND GatherNd
GREATER Greater
GREATER_EQUAL GreaterEqual
IMAG Imag
LEAKY_RELU LeakyRelu alpha
LESS Less
LESS_EQUAL LessEqual
LOCAL_RESPONSE_NORMALIZATION LRN depth_radius=radius bias alpha beta
LOG Log
LOGICAL_AND LogicalAnd
LOGICAL_NOT LogicalNot
LOGICAL_OR LogicalOr
LOGISTIC Sigmoid
LOG_SOFTMAX LogSoftmax
MAXIMUM Maximum
MEAN Mean keep_dims
MINIMUM Minimum
MUL Mul
NEG Neg
NOT_EQUAL NotEqual
PAD Pad
POW Pow
PRELU Prelu
RANK Rank
REAL Real
REDUCE_ALL All keep_dims
REDUCE_ANY Any keep_dims
REDUCE_MAX Max keep_dims
REDUCE_MIN Min keep_dims
REDUCE_PROD Prod keep_dims
RELU Relu
RELU6 Relu6
RESIZE_BILINEAR ResizeBilinear align_corners half_pixel_centers
RESIZE_NEAREST_NEIGHBOR ResizeNearestNeighbor align_corners half_pixel_centers
REVERSE_V2 ReverseV2
ROUND Round
RSQRT Rsqrt
SCATTER_ND ScatterNd
SELECT_V2 SelectV2
SHAPE Shape
SIGN Sign
SIN Sin
SLICE Slice
SPARSE_TO_DENSE SparseToDense
SPLIT_V SplitV num_split=num_splits
SQRT Sqrt
SQUARE Square
SQUARED_DIFFERENCE SquaredDifference
SUB Sub
SUM Sum keep_dims
TANH Tanh
TILE Tile
TOPK_V2 TopKV2
TRANSPOSE Transpose
UNIQUE Unique
WHERE Where
ZEROS_LIKE ZerosLike
"""
_MOVES = """
BROADCAST_TO FILL GATHER_ND MAXIMUM MINIMUM PAD REDUCE_MAX REDUCE_MIN RESIZE_NEAREST_NEIGHBOR REVERSE_V2 SELECT_V2 SLICE SPLIT_V TILE
TOPK_V2 TRANSPOSE UNIQUE ZEROS_LIKE
"""
MOVES |= set(_MOVES.split())


def _direct(name: str, attributes: list[str]) -> Translation:
    pairs = [(attribute, option or attribute) for attribute, _, option in (each.partition("=") for each in attributes)]

    def translate(op: Op) -> Any:
        found = op.emit(name, *op.inputs(), **{attribute: getattr(op.options, option) for attribute, option in pairs})
        return op.activated(found) if len(op.table.outputs) == 1 else op.outputs(found)

    return translate


for _line in _DIRECT.split("\n"):
    if _line:
        _name, _op, *_attributes = _line.split()
        translates(_name)(_direct(_op, _attributes))
