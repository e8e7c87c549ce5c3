"""What the tables of a TFLite file hold, field by field, and the numbers of its ops, dtypes and activations. No reading here."""

from __future__ import annotations

from .flatbuffers import parse_schema

# In the order of their numbers from 0; "-" stands for ops that no file has.
_NAMES = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED
HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU
RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM
EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE
BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD
REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD
RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE
RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4
NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL - CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1
UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP
STABLEHLO_CONCATENATE STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE
STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH
STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD
STABLEHLO_IOTA STABLEHLO_DOT_GENERAL STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE
DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""
BUILTIN_OPS = tuple(_NAMES.split())

# TFLite's dtypes in the order of their numbers, by TensorFlow's names.
DTYPES = (
    "float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64", "complex128", "uint64",
    "resource", "variant", "uint32", "uint16", "int4", "bfloat16",
)  # fmt: skip

# Their numbers: none, relu, relu between -1 and 1, relu6, tanh, the sign's bit.
ACTIVATIONS = ("", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
PADDINGS = (b"SAME", b"VALID")

_FUSED = "fused_activation_function:i8"
_DILATION = "dilation_w_factor:i32=1 dilation_h_factor:i32=1"
_MODEL = {
    "Model": "version:u32 operator_codes:[OperatorCode] subgraphs:[SubGraph] description:text buffers:[Buffer] - metadata:[Metadata]"
    " signature_defs:[SignatureDef]",
    "OperatorCode": "deprecated_builtin_code:i8 custom_code:text version:i32=1 builtin_code:i32",
    "SubGraph": "tensors:[Tensor] inputs:[i32] outputs:[i32] operators:[Operator] name:text",
    "Tensor": "shape:[i32] type:i8 buffer:u32 name:text quantization:QuantizationParameters is_variable:bool sparsity:SparsityParameters"
    " shape_signature:[i32] has_rank:bool variant_tensors:[VariantSubType] external_buffer:u32",
    "QuantizationParameters": "min:[f32] max:[f32] scale:[f32] zero_point:[i64] details_type:u8 - quantized_dimension:i32",
    "SparsityParameters": "traversal_order:[i32] block_map:[i32] dim_metadata:[DimensionMetadata]",
    "DimensionMetadata": "format:i8 dense_size:i32 array_segments_type:u8 array_segments:union:array_segments_type"
    " array_indices_type:u8 array_indices:union:array_indices_type",
    "Int32Vector": "values:[i32]", "Uint16Vector": "values:[u16]", "Uint8Vector": "values:[u8]",
    "VariantSubType": "shape:[i32] type:i8 has_rank:bool",
    "Operator": "opcode_index:u32 inputs:[i32] outputs:[i32] builtin_options_type:u8 builtin_options:union:builtin_options_type"
    " custom_options:[u8] custom_options_format:i8 - intermediates:[i32] large_custom_options_offset:u64 large_custom_options_size:u64",
    "Buffer": "data:[u8] offset:u64 size:u64",
    "Metadata": "name:text buffer:u32",
    "SignatureDef": "inputs:[TensorMap] outputs:[TensorMap] signature_key:text - subgraph_index:u32",
    "TensorMap": "name:text tensor_index:u32",
}  # fmt: skip

# By the numbers of the union; tables that no translation reads are not here.
_OPTIONS = {
    1: ("Conv2D", f"padding:i8 stride_w:i32 stride_h:i32 {_FUSED} {_DILATION}"),
    2: ("DepthwiseConv2D", f"padding:i8 stride_w:i32 stride_h:i32 depth_multiplier:i32 {_FUSED} {_DILATION}"),
    5: ("Pool2D", f"padding:i8 stride_w:i32 stride_h:i32 filter_width:i32 filter_height:i32 {_FUSED}"),
    6: ("SVDF", f"rank:i32 {_FUSED}"),
    7: ("RNN", _FUSED),
    8: ("FullyConnected", f"{_FUSED} weights_format:i8 keep_num_dims:bool"),
    9: ("Softmax", "beta:f32"),
    10: ("Concatenation", f"axis:i32 {_FUSED}"),
    11: ("Add", _FUSED),
    12: ("L2Norm", _FUSED),
    13: ("LocalResponseNormalization", "radius:i32 bias:f32 alpha:f32 beta:f32"),
    14: ("LSTM", f"{_FUSED} cell_clip:f32 proj_clip:f32 kernel_type:i8"),
    15: ("ResizeBilinear", "- - align_corners:bool half_pixel_centers:bool"),
    17: ("Reshape", "new_shape:[i32]"),
    19: ("SpaceToDepth", "block_size:i32"),
    20: ("EmbeddingLookupSparse", "combiner:i8"),
    21: ("Mul", _FUSED),
    23: ("Gather", "axis:i32 batch_dims:i32"),
    27: ("Reducer", "keep_dims:bool"),
    28: ("Sub", _FUSED),
    29: ("Div", _FUSED),
    30: ("Squeeze", "squeeze_dims:[i32]"),
    31: ("SequenceRNN", f"time_major:bool {_FUSED}"),
    32: ("StridedSlice", "begin_mask:i32 end_mask:i32 ellipsis_mask:i32 new_axis_mask:i32 shrink_axis_mask:i32 offset:bool"),
    35: ("Split", "num_splits:i32"),
    37: ("Cast", "in_data_type:i8 out_data_type:i8"),
    49: ("TransposeConv", f"padding:i8 stride_w:i32 stride_h:i32 {_FUSED}"),
    58: ("FakeQuant", "min:f32 max:f32 num_bits:i32 narrow_range:bool"),
    59: ("Pack", "values_count:i32 axis:i32"),
    61: ("OneHot", "axis:i32"),
    64: ("Unpack", "num:i32 axis:i32"),
    69: ("BidirectionalSequenceLSTM", f"{_FUSED} cell_clip:f32 proj_clip:f32 merge_outputs:bool time_major:bool=1"),
    70: ("BidirectionalSequenceRNN", f"time_major:bool {_FUSED} merge_outputs:bool"),
    71: ("UnidirectionalSequenceLSTM", f"{_FUSED} cell_clip:f32 proj_clip:f32 time_major:bool - diagonal_recurrent_tensors:bool"),
    74: ("ResizeNearestNeighbor", "align_corners:bool half_pixel_centers:bool"),
    75: ("LeakyRelu", "alpha:f32"),
    77: ("MirrorPad", "mode:i8"),
    79: ("SplitV", "num_splits:i32"),
    87: ("ReverseSequence", "seq_dim:i32 batch_dim:i32"),
    92: ("If", "then_subgraph_index:i32 else_subgraph_index:i32"),
    93: ("While", "cond_subgraph_index:i32 body_subgraph_index:i32"),
    94: ("DepthToSpace", "block_size:i32"),
    101: ("BatchMatMul", "adj_x:bool adj_y:bool"),
    102: ("Cumsum", "exclusive:bool reverse:bool"),
    103: ("CallOnce", "init_subgraph_index:i32"),
    106: ("Conv3D", f"padding:i8 stride_d:i32 stride_w:i32 stride_h:i32 {_FUSED} dilation_d_factor:i32=1 {_DILATION}"),
    107: ("Hashtable", "table_id:i32 key_dtype:i8 value_dtype:i8"),
    111: ("VarHandle", "container:text shared_name:text"),
    114: ("Random", "seed:i64 seed2:i64"),
    115: ("Bucketize", "boundaries:[f32]"),
    116: ("Gelu", "approximate:bool"),
}  # fmt: skip

_INTEGERS = {1: "Int32Vector", 2: "Uint16Vector", 3: "Uint8Vector"}
SCHEMA = parse_schema(
    _MODEL | {f"{name}Options": text for name, text in _OPTIONS.values()},
    {
        "union:builtin_options_type": {number: f"{name}Options" for number, (name, _) in _OPTIONS.items()},
        "union:array_segments_type": _INTEGERS, "union:array_indices_type": _INTEGERS,
    },
)  # fmt: skip
