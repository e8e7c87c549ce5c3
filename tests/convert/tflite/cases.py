"""The one-op models whose answers are stored: builtin op, inputs, options; for floats and for the quantised dtypes that LiteRT knows."""

import numpy as np

from .building import Graph, T, c, quantized

rng = np.random.default_rng(5)
CASES = {}


def f(*shape, low=-2.0, high=2.0):
    """Return random numbers."""
    return rng.uniform(low, high, shape).astype(np.float32)


def whole(*shape, low=-5, high=6, dtype=np.int32):
    """Return random integers."""
    return rng.integers(low, high, shape).astype(dtype)


def one(name, op, inputs, outputs=1, options=None, **fields):
    """Define a case of one op; inputs are arrays, tensors, or None for one that is left out."""

    def make():
        graph = Graph()
        given = [x if x is None or isinstance(x, T) else T(x) for x in inputs]
        made = graph.add(op, given, outputs, options, **fields)
        graph.outputs = list(made) if isinstance(made, list) else [made]
        return graph

    assert name not in CASES, name
    CASES[name] = make


def grid(real, dtype="int8"):
    """Return an output that lies on a grid which holds these numbers."""
    like = quantized(np.asarray(real, np.float32), dtype)
    return T(dtype=dtype, scale=like.scale, zero=like.zero)


def with_grids(name, op, inputs, results, options=None, dtypes=("int8", "uint8", "int16"), constants=(), **fields):
    """Define a case with floats and one with each quantised dtype; `results` are two numbers between which each output lies."""
    one(name, op, inputs, len(results), options, **fields)
    for dtype in dtypes:

        def turned(i, x, dtype=dtype):
            value = x.value if isinstance(x, T) else x
            return x if value is None or value.dtype != np.float32 else quantized(value, dtype, const=isinstance(x, T) and x.const)

        same = [turned(i, x) for i, x in enumerate(inputs)]
        outputs = [T(dtype=dtype, scale=same[0].scale, zero=same[0].zero) if r == "same" else grid(r, dtype) for r in results]
        one(f"{name}, {dtype}", op, same, outputs, options, **fields)


# --- elementwise ------------------------------------------------------------------------------------------------------------

for _op, _low, _high in [
    ("ABS", -2, 2), ("CEIL", -2, 2), ("COS", -2, 2), ("EXP", -2, 2), ("FLOOR", -2, 2), ("LOG", 0.1, 3), ("NEG", -2, 2), ("ROUND", -3, 3),
    ("RSQRT", 0.1, 3), ("SIN", -2, 2), ("SQRT", 0, 3), ("SQUARE", -2, 2), ("ZEROS_LIKE", -2, 2), ("SIGN", -2, 2), ("ELU", -2, 2),
    ("LOGISTIC", -4, 4), ("TANH", -2, 2), ("RELU", -2, 2), ("RELU6", -2, 8), ("RELU_N1_TO_1", -2, 2), ("RELU_0_TO_1", -2, 2),
    ("HARD_SWISH", -5, 5),
]:  # fmt: skip
    one(_op, _op, [f(2, 7, low=_low, high=_high)])
for _op, _result in [
    ("ABS", [0, 2]), ("EXP", [0.13, 7.4]), ("ELU", [-1, 4]), ("HARD_SWISH", [-0.4, 4]), ("RELU", [0, 4]), ("RELU6", [0, 6]),
    ("RELU_N1_TO_1", [-1, 1]), ("SQRT", [0, 2]), ("RSQRT", [0.5, 3]), ("LOG", [-2, 1.5]), ("SQUARE", [0, 16]),
]:  # fmt: skip
    _low = 0.2 if _op in ("SQRT", "RSQRT", "LOG") else -4
    for _dtype in ("int8", "uint8", "int16"):
        one(f"{_op}, {_dtype}", _op, [quantized(f(3, 9, low=_low, high=4), _dtype)], [grid(_result, _dtype)])
for _dtype, _zero, _step in [("int8", -128, 1 / 256), ("uint8", 0, 1 / 256), ("int16", 0, 1 / 32768)]:
    _x = quantized(f(3, 8, low=-5, high=5), _dtype)
    one(f"LOGISTIC, {_dtype}", "LOGISTIC", [_x], [T(dtype=_dtype, scale=_step, zero=_zero)])
    one(f"SOFTMAX, {_dtype}", "SOFTMAX", [_x], [T(dtype=_dtype, scale=_step, zero=_zero)], "Softmax", beta=1.0)
    _zero = {"int8": 0, "uint8": 128, "int16": 0}[_dtype]
    one(f"TANH, {_dtype}", "TANH", [_x], [T(dtype=_dtype, scale=1 / 128 if _dtype != "int16" else 1 / 32768, zero=_zero)])
one("NEG, int8", "NEG", [T(whole(3, 5, low=-127, high=128, dtype=np.int8), scale=0.1)], [T(dtype="int8", scale=0.1)])
one("SOFTMAX", "SOFTMAX", [f(3, 5)], options="Softmax", beta=0.7)
one("LOG_SOFTMAX", "LOG_SOFTMAX", [f(3, 5)])
one("LOG_SOFTMAX, int8", "LOG_SOFTMAX", [quantized(f(3, 5))], [T(dtype="int8", scale=16 / 256, zero=127)])
with_grids("GELU", "GELU", [f(3, 5)], [[-0.2, 2]], "Gelu", ("int8",))
one("GELU, by tanh", "GELU", [f(3, 5)], options="Gelu", approximate=True)
with_grids("LEAKY_RELU", "LEAKY_RELU", [f(3, 5)], [[-1, 2]], "LeakyRelu", alpha=0.2)
with_grids("PRELU", "PRELU", [f(2, 3, 4), c(f(1, 1, 4))], [[-4, 4]], None, ("int8", "uint8"))
one("L2_NORMALIZATION", "L2_NORMALIZATION", [f(3, 5)], options="L2Norm")
one("L2_NORMALIZATION, int8", "L2_NORMALIZATION", [quantized(f(3, 5))], [T(dtype="int8", scale=1 / 128)], "L2Norm")
for _op, _options, _result in [("ADD", "Add", [-4, 4]), ("SUB", "Sub", [-4, 4]), ("MUL", "Mul", [-4, 4])]:
    with_grids(_op, _op, [f(2, 3, 4), f(1, 4)], [_result], _options)
    one(f"{_op}, int32", _op, [whole(3, 4), whole(4)], [T(dtype="int32")], _options)
    one(f"{_op}, relu", _op, [f(2, 3), f(2, 3)], options=_options, fusedActivationFunction=1)
    one(f"{_op}, int8, relu6", _op, [quantized(f(2, 3)), quantized(f(2, 3))], [grid([0, 3])], _options, fusedActivationFunction=3)
one("ADD, between -1 and 1", "ADD", [f(2, 3), f(2, 3)], options="Add", fusedActivationFunction=2)
one("DIV", "DIV", [f(2, 3), f(2, 3, low=0.5)], options="Div")
one("DIV, int32", "DIV", [np.int32([7, -7, 7, -7, 0]), np.int32([2, 2, -2, -2, 3])], [T(dtype="int32")], "Div")
for _op in ("MAXIMUM", "MINIMUM"):
    _a = quantized(f(3, 4))
    one(_op, _op, [f(2, 3, 4), f(4)], options="MaximumMinimum")
    one(
        f"{_op}, int8",
        _op,
        [_a, T(_a.value[::-1].copy(), scale=_a.scale, zero=_a.zero)],
        [T(dtype="int8", scale=_a.scale, zero=_a.zero)],
        "MaximumMinimum",
    )
    one(f"{_op}, int32", _op, [whole(3, 4), whole(4)], [T(dtype="int32")], "MaximumMinimum")
one("POW", "POW", [f(2, 3, low=0.1), f(2, 3)])
one("POW, int32", "POW", [whole(2, 3, low=0), whole(2, 3, low=0, high=4)], [T(dtype="int32")])
one("ATAN2", "ATAN2", [f(2, 3), f(2, 3)])
one("SQUARED_DIFFERENCE", "SQUARED_DIFFERENCE", [f(2, 3), f(3)])
one("SQUARED_DIFFERENCE, int8", "SQUARED_DIFFERENCE", [quantized(f(2, 3)), quantized(f(2, 3))], [grid([0, 16])])
one("FLOOR_DIV", "FLOOR_DIV", [whole(9), whole(9, low=1, high=4)], [T(dtype="int32")])
one("FLOOR_DIV, float", "FLOOR_DIV", [f(9), f(9, low=0.5)])
one("FLOOR_MOD", "FLOOR_MOD", [whole(9), np.int32([2, -3, 4, 2, -3, 4, 2, -3, 4])], [T(dtype="int32")])
one("FLOOR_MOD, float", "FLOOR_MOD", [f(9), f(9, low=0.5)])
one("ADD_N", "ADD_N", [f(2, 3), f(2, 3), f(2, 3)])
for _op in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
    one(_op, _op, [whole(3, 4, low=0, high=3), whole(4, low=0, high=3)], [T(dtype="bool")])
    one(f"{_op}, float", _op, [f(3, 4), f(4)], [T(dtype="bool")])
    _a = quantized(f(3, 4))
    one(f"{_op}, int8", _op, [_a, T(_a.value[::-1].copy(), scale=_a.scale, zero=_a.zero)], [T(dtype="bool")])
for _op in ("LOGICAL_AND", "LOGICAL_OR"):
    one(_op, _op, [np.array([True, True, False, False]), np.array([True, False, True, False])], [T(dtype="bool")])
one("LOGICAL_NOT", "LOGICAL_NOT", [np.array([True, False])], [T(dtype="bool")])
one("BITWISE_XOR", "BITWISE_XOR", [whole(8, low=-99, high=99), whole(8, low=-99, high=99)], [T(dtype="int32")])
one("RIGHT_SHIFT", "RIGHT_SHIFT", [whole(8, low=-999, high=999), whole(8, low=0, high=9)], [T(dtype="int32")])
one("CAST", "CAST", [f(2, 5, low=-9, high=9)], [T(dtype="int32")], "Cast", inDataType=0, outDataType=2)
one("CAST, to float", "CAST", [whole(2, 5)], [T(dtype="float32")], "Cast", inDataType=2, outDataType=0)
one("CAST, to bool", "CAST", [whole(2, 5, low=-1, high=2)], [T(dtype="bool")], "Cast", inDataType=2, outDataType=6)
one("CAST, int32 to int8", "CAST", [whole(2, 5, low=-300, high=300)], [T(dtype="int8")], "Cast", inDataType=2, outDataType=9)
one("BITCAST", "BITCAST", [whole(2, 3, low=0)], [T(dtype="uint32")], "Bitcast")
one("QUANTIZE", "QUANTIZE", [f(2, 9)], [grid([-2, 2])])
one("QUANTIZE, int16", "QUANTIZE", [f(2, 9)], [grid([-2, 2], "int16")])
one("QUANTIZE, int8 to uint8", "QUANTIZE", [quantized(f(2, 9))], [grid([-1, 2], "uint8")])
for _dtype in ("int8", "uint8", "int16"):
    one(f"DEQUANTIZE, {_dtype}", "DEQUANTIZE", [quantized(f(2, 9), _dtype)])
one("FAKE_QUANT", "FAKE_QUANT", [f(3, 7, low=-3, high=3)], options="FakeQuant", min=-1.5, max=2.0, numBits=8)
one("COMPLEX_ABS", "COMPLEX_ABS", [(f(5) + 1j * f(5)).astype(np.complex64)])
one("REAL", "REAL", [(f(5) + 1j * f(5)).astype(np.complex64)])
one("IMAG", "IMAG", [(f(5) + 1j * f(5)).astype(np.complex64)])
one("RFFT2D", "RFFT2D", [f(2, 4, 8), c([4, 8], np.int32)], [T(dtype="complex64")], "Rfft2d")

# --- convolutions, pooling, products ----------------------------------------------------------------------------------------


def product(name, op, x, weights, bias, result, options, axis=0, **fields):
    """Define cases of what has weights and bias: float, int8 by channel, int16, uint8, int8 weights of a float op."""
    constants = [c(weights), *([c(bias)] if bias is not None else [])]
    one(name, op, [x, *constants], 1, options, **fields)
    for dtype in ("int8", "int16", "uint8"):
        a = quantized(x, dtype)
        w = quantized(weights, "int8" if dtype != "uint8" else "uint8", const=dtype != "uint8", axis=axis if dtype != "uint8" else None)
        w.const = True
        steps = [a.scale[0] * s for s in w.scale]
        stored = [] if bias is None else [c(np.round(bias / np.float32(steps)), np.int64 if dtype == "int16" else np.int32, scale=steps)]
        one(f"{name}, {dtype}", op, [a, w, *stored], [grid(result, dtype)], options, **fields)
    if op != "CONV_3D":
        one(f"{name}, int8 weights", op, [x, quantized(weights, const=True, axis=axis), *constants[1:]], 1, options, **fields)


_conv = {"strideH": 1, "strideW": 1}
product("CONV_2D", "CONV_2D", f(1, 5, 6, 3), f(4, 3, 3, 3), f(4), [-9, 9], "Conv2D", **_conv)
product(
    "CONV_2D, strided, relu",
    "CONV_2D",
    f(2, 7, 6, 3),
    f(4, 3, 2, 3),
    f(4),
    [0, 9],
    "Conv2D",
    padding=1,
    strideH=2,
    strideW=1,
    fusedActivationFunction=1,
)
one("CONV_2D, dilated", "CONV_2D", [f(1, 8, 9, 2), c(f(3, 3, 3, 2)), c(f(3))], 1, "Conv2D", **_conv, dilationHFactor=2, dilationWFactor=3)
one("CONV_2D, groups", "CONV_2D", [f(1, 5, 5, 4), c(f(6, 3, 3, 2)), c(f(6))], 1, "Conv2D", **_conv)
one("CONV_2D, groups of one", "CONV_2D", [f(1, 5, 5, 4), c(f(8, 3, 3, 1)), c(f(8))], 1, "Conv2D", **_conv)
one("CONV_2D, computed weights", "CONV_2D", [f(1, 5, 5, 2), f(3, 2, 2, 2), c(f(3))], 1, "Conv2D", **_conv)
_depth = {"strideH": 1, "strideW": 1, "depthMultiplier": 1}
product("DEPTHWISE_CONV_2D", "DEPTHWISE_CONV_2D", f(1, 5, 6, 4), f(1, 3, 3, 4), f(4), [-9, 9], "DepthwiseConv2D", axis=3, **_depth)
one("DEPTHWISE_CONV_2D, two each", "DEPTHWISE_CONV_2D", [f(1, 6, 6, 3), c(f(1, 3, 3, 6)), c(f(6))], 1, "DepthwiseConv2D",
    strideH=2, strideW=2, depthMultiplier=2, padding=1, fusedActivationFunction=3)  # fmt: skip
one("DEPTHWISE_CONV_2D, dilated", "DEPTHWISE_CONV_2D", [f(1, 8, 8, 3), c(f(1, 3, 3, 3)), c(f(3))], 1, "DepthwiseConv2D", **_depth,
    dilationHFactor=2, dilationWFactor=2)  # fmt: skip
one("CONV_3D", "CONV_3D", [f(1, 4, 5, 5, 2), c(f(2, 3, 3, 2, 3)), c(f(3))], 1, "Conv3D", strideD=1, strideH=2, strideW=2)
for _pad in (0, 1):
    _size = [1, 8, 8, 3] if _pad == 0 else [1, 9, 9, 3]
    one(
        f"TRANSPOSE_CONV, padding {_pad}",
        "TRANSPOSE_CONV",
        [c(_size, np.int32), c(f(3, 3, 3, 2)), f(1, 4, 4, 2), c(f(3))],
        1,
        "TransposeConv",
        padding=_pad,
        strideH=2,
        strideW=2,
    )
_w = quantized(f(3, 3, 3, 2), const=True, axis=0)
_a = quantized(f(1, 4, 4, 2))
one(
    "TRANSPOSE_CONV, int8",
    "TRANSPOSE_CONV",
    [c([1, 8, 8, 3], np.int32), _w, _a, c([50, -70, 90], np.int32, scale=[_a.scale[0] * s for s in _w.scale])],
    [grid([-9, 9])],
    "TransposeConv",
    strideH=2,
    strideW=2,
)
product("FULLY_CONNECTED", "FULLY_CONNECTED", f(3, 6), f(4, 6), f(4), [-9, 9], "FullyConnected")
one("FULLY_CONNECTED, flattened", "FULLY_CONNECTED", [f(2, 3, 4), c(f(5, 12)), c(f(5))], 1, "FullyConnected", fusedActivationFunction=1)
one("FULLY_CONNECTED, rows", "FULLY_CONNECTED", [f(2, 3, 4), c(f(5, 4)), None], 1, "FullyConnected", keepNumDims=True)
with_grids("BATCH_MATMUL", "BATCH_MATMUL", [f(2, 3, 4), f(2, 4, 5)], [[-9, 9]], "BatchMatMul", ("int8", "int16"))
one("BATCH_MATMUL, transposed", "BATCH_MATMUL", [f(2, 4, 3), f(1, 5, 4)], 1, "BatchMatMul", adjX=True, adjY=True)
for _op in ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"):
    for _pad in (0, 1):
        _pool = {"strideH": 2, "strideW": 2, "filterHeight": 3, "filterWidth": 2, "padding": _pad}
        with_grids(
            f"{_op}, padding {_pad}", _op, [f(2, 5, 6, 3)], ["same"], "Pool2D", ("int8", "uint8", "int16") if _op[0] != "L" else (), **_pool
        )
one(
    "LOCAL_RESPONSE_NORMALIZATION",
    "LOCAL_RESPONSE_NORMALIZATION",
    [f(1, 3, 3, 6)],
    1,
    "LocalResponseNormalization",
    radius=2,
    bias=1.0,
    alpha=0.5,
    beta=0.6,
)
for _align, _half in ((False, False), (True, False), (False, True)):
    _about = f"corners {_align}, half {_half}"
    _fields = {"alignCorners": _align, "halfPixelCenters": _half}
    with_grids(
        f"RESIZE_BILINEAR, {_about}",
        "RESIZE_BILINEAR",
        [f(1, 4, 5, 2), c([7, 8], np.int32)],
        ["same"],
        "ResizeBilinear",
        ("int8",),
        **_fields,
    )
    with_grids(f"RESIZE_NEAREST_NEIGHBOR, {_about}", "RESIZE_NEAREST_NEIGHBOR", [f(1, 4, 5, 2), c([7, 8], np.int32)], ["same"],
               "ResizeNearestNeighbor", ("int8",), **_fields)  # fmt: skip

# --- reductions -------------------------------------------------------------------------------------------------------------

for _op in ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
    _result = {"SUM": [-9, 9], "REDUCE_PROD": [-4, 4]}.get(_op, "same")
    with_grids(
        _op,
        _op,
        [f(2, 3, 4), c([1, -1], np.int32)],
        [_result],
        "Reducer",
        ("int8", "uint8") if _op != "REDUCE_PROD" else ("int8",),
        keepDims=False,
    )
    one(f"{_op}, kept", _op, [f(2, 3, 4), c([1], np.int32)], 1, "Reducer", keepDims=True)
one("SUM, int32", "SUM", [whole(3, 4), c([0], np.int32)], [T(dtype="int32")], "Reducer", keepDims=False)
for _op in ("REDUCE_ALL", "REDUCE_ANY"):
    one(_op, _op, [whole(3, 4, low=0, high=2).astype(bool), c([1], np.int32)], [T(dtype="bool")], "Reducer", keepDims=False)
for _op, _options in (("ARG_MAX", "ArgMax"), ("ARG_MIN", "ArgMin")):
    one(_op, _op, [f(3, 5), c(1, np.int32)], [T(dtype="int32")], _options, outputType=2)
    one(
        f"{_op}, int8",
        _op,
        [T(rng.permutation(15).astype(np.int8).reshape(3, 5), scale=0.1), c([-1], np.int32)],
        [T(dtype="int64")],
        _options,
        outputType=4,
    )
one("CUMSUM", "CUMSUM", [f(3, 5), c(1, np.int32)], 1, "Cumsum", exclusive=True, reverse=True)
one("TOPK_V2", "TOPK_V2", [f(3, 7), c(3, np.int32)], [T(), T(dtype="int32")])
one("UNIQUE", "UNIQUE", [np.int32([5, 2, 5, 2, 9])], [T(dtype="int32"), T(dtype="int32")], "Unique", idxOutType=2)
one("WHERE", "WHERE", [whole(3, 4, low=0, high=2).astype(bool)], [T(dtype="int64")])
one("SEGMENT_SUM", "SEGMENT_SUM", [f(5, 3), np.int32([0, 0, 1, 1, 2])])
for _kind in ("SUM", "PROD", "MAX", "MIN"):
    _op = f"UNSORTED_SEGMENT_{_kind}"
    one(_op, _op, [f(5, 3), np.int32([2, 0, 2, 3, 0]), c(4, np.int32)])
    one(f"{_op}, int32", _op, [whole(5), np.int32([2, 0, 2, 3, 0]), c(4, np.int32)], [T(dtype="int32")])
one("BUCKETIZE", "BUCKETIZE", [np.float32([[-1, 0, 0.5], [1, 3, 9]])], [T(dtype="int32")], "Bucketize", boundaries=[0.0, 1.0, 4.0])

# --- shapes -----------------------------------------------------------------------------------------------------------------

with_grids("RESHAPE", "RESHAPE", [f(2, 6), c([3, -1], np.int32)], ["same"], "Reshape", ("int8",), newShape=[3, -1])
one("RESHAPE, by option", "RESHAPE", [f(2, 6)], 1, "Reshape", newShape=[4, 3])
one("SQUEEZE", "SQUEEZE", [f(1, 3, 1, 2)], 1, "Squeeze", squeezeDims=[0, -2])
one("EXPAND_DIMS", "EXPAND_DIMS", [f(3, 2), c([1], np.int32)])
with_grids("TRANSPOSE", "TRANSPOSE", [f(2, 3, 4), c([2, 0, 1], np.int32)], ["same"], None)
with_grids("CONCATENATION", "CONCATENATION", [f(2, 3), f(2, 2)], [[-2, 2]], "Concatenation", ("uint8",), axis=1)
with_grids("PACK", "PACK", [f(2, 3), f(2, 3, low=-2, high=2)], [[-2, 2]], "Pack", (), axis=1, valuesCount=2)
one("UNPACK", "UNPACK", [f(2, 3)], 3, "Unpack", axis=1, num=3)
one("SPLIT", "SPLIT", [c(1, np.int32), f(2, 6)], 3, "Split", numSplits=3)
one("SPLIT_V", "SPLIT_V", [f(2, 6), c([1, 2, 3], np.int32), c(1, np.int32)], 3, "SplitV", numSplits=3)
with_grids("SLICE", "SLICE", [f(4, 5), c([1, 0], np.int32), c([2, -1], np.int32)], ["same"], None)
one(
    "STRIDED_SLICE",
    "STRIDED_SLICE",
    [f(4, 5), c([3, 0], np.int32), c([0, 5], np.int32), c([-2, 2], np.int32)],
    1,
    "StridedSlice",
    endMask=2,
)
one(
    "STRIDED_SLICE, shrunk",
    "STRIDED_SLICE",
    [f(4, 5), c([1, 1], np.int32), c([2, 4], np.int32), c([1, 1], np.int32)],
    1,
    "StridedSlice",
    shrinkAxisMask=1,
)
one("STRIDED_SLICE, offset", "STRIDED_SLICE", [f(6), c([2], np.int32), c([3], np.int32), c([1], np.int32)], 1, "StridedSlice", offset=True)
one(
    "STRIDED_SLICE, new axis",
    "STRIDED_SLICE",
    [f(4, 5), c([0, 0, 1], np.int32), c([0, 0, 3], np.int32), c([1, 1, 1], np.int32)],
    1,
    "StridedSlice",
    newAxisMask=1,
    ellipsisMask=2,
)
with_grids("PAD", "PAD", [f(2, 3), c([[1, 0], [0, 2]], np.int32)], ["same"], None)
one("PADV2", "PADV2", [f(2, 3), c([[1, 0], [0, 2]], np.int32), c(3.5, np.float32)])
for _mode in (0, 1):
    one(f"MIRROR_PAD, mode {_mode}", "MIRROR_PAD", [f(3, 4), c([[1, 2], [0, 2]], np.int32)], 1, "MirrorPad", mode=_mode)
one("TILE", "TILE", [f(2, 3), c([2, 3], np.int32)])
one("BROADCAST_TO", "BROADCAST_TO", [f(1, 3), c([2, 2, 3], np.int32)])
one("BROADCAST_ARGS", "BROADCAST_ARGS", [np.int32([3, 1]), np.int32([2, 1, 4])], [T(dtype="int32")])
one("SHAPE", "SHAPE", [f(2, 3, 4)], [T(dtype="int32")], "Shape", outType=2)
one("RANK", "RANK", [f(2, 3, 4)], [T(dtype="int32")])
one("FILL", "FILL", [np.int32([2, 3]), c(1.5, np.float32)])
one("RANGE", "RANGE", [c(1, np.int32), T(np.int32(9)), c(3, np.int32)], [T(dtype="int32")])
one("RANGE, float", "RANGE", [c(1.0, np.float32), T(np.float32(2.2)), c(0.5, np.float32)])
one("ONE_HOT", "ONE_HOT", [np.int32([[0, 2], [3, 1]]), c(4, np.int32), c(2.0, np.float32), c(-1.0, np.float32)], 1, "OneHot", axis=-1)
one(
    "ONE_HOT, axis 1",
    "ONE_HOT",
    [np.int32([[0, 2], [3, 1]]), c(3, np.int32), c(1, np.int32), c(0, np.int32)],
    [T(dtype="int32")],
    "OneHot",
    axis=1,
)
one("BATCH_TO_SPACE_ND", "BATCH_TO_SPACE_ND", [f(4, 2, 3, 1), c([2, 2], np.int32), c([[0, 1], [1, 0]], np.int32)])
one("SPACE_TO_BATCH_ND", "SPACE_TO_BATCH_ND", [f(1, 3, 4, 2), c([2, 2], np.int32), c([[0, 1], [1, 1]], np.int32)])
one("DEPTH_TO_SPACE", "DEPTH_TO_SPACE", [f(1, 2, 3, 8)], 1, "DepthToSpace", blockSize=2)
one("SPACE_TO_DEPTH", "SPACE_TO_DEPTH", [f(2, 4, 6, 3)], 1, "SpaceToDepth", blockSize=2)
one("DILATE", "DILATE", [f(3, 2), c([2, 3], np.int32), c(0.5, np.float32)])
one("SELECT", "SELECT", [np.array([True, False, True]), f(3, 2), f(3, 2)])
one("SELECT_V2", "SELECT_V2", [np.array([[True], [False]]), f(2, 3), f(3)])

# --- indices ----------------------------------------------------------------------------------------------------------------

with_grids("GATHER", "GATHER", [f(4, 5), np.int32([3, 0, 3])], ["same"], "Gather", ("int8",), axis=0)
one("GATHER, by batch", "GATHER", [f(2, 4, 3), np.int32([[3, 0], [1, 1]])], 1, "Gather", axis=1, batchDims=1)
one("GATHER_ND", "GATHER_ND", [f(3, 4), np.int32([[0, 1], [2, 3]])])
one("SCATTER_ND", "SCATTER_ND", [np.int32([[1], [3], [1]]), f(3, 2), c([5, 2], np.int32)])
one(
    "SPARSE_TO_DENSE", "SPARSE_TO_DENSE", [c([[0, 1], [2, 0]], np.int32), c([3, 3], np.int32), f(2), c(0.5, np.float32)], 1, "SparseToDense"
)
one("EMBEDDING_LOOKUP", "EMBEDDING_LOOKUP", [np.int32([2, 0, 2]), c(f(4, 3))])
one("DYNAMIC_UPDATE_SLICE", "DYNAMIC_UPDATE_SLICE", [f(4, 5), f(2, 3), np.int32([1, 4])])
one("REVERSE_V2", "REVERSE_V2", [f(2, 3, 4), c([1], np.int32)])
one("REVERSE_SEQUENCE", "REVERSE_SEQUENCE", [f(3, 5, 2), np.int32([1, 5, 3])], 1, "ReverseSequence", seqDim=1, batchDim=0)
one("REVERSE_SEQUENCE, time first", "REVERSE_SEQUENCE", [f(5, 2, 3), np.int32([1, 5, 3])], 1, "ReverseSequence", seqDim=0, batchDim=2)
one("MATRIX_DIAG", "MATRIX_DIAG", [f(2, 3)])
one("MATRIX_SET_DIAG", "MATRIX_SET_DIAG", [f(2, 3, 3), f(2, 3)])
one("MATRIX_SET_DIAG, wide", "MATRIX_SET_DIAG", [f(2, 3, 5), f(2, 3)])
one("MATRIX_SET_DIAG, high", "MATRIX_SET_DIAG", [f(2, 5, 3), f(2, 3)])
_boxes = np.float32([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [0, 100, 1, 101]])
_scores = np.float32([0.9, 0.75, 0.6, 0.95, 0.5, 0.3])
_limits = [c(5, np.int32), c(0.5, np.float32), c(0.2, np.float32)]
one("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V4", [_boxes, _scores, *_limits], [T(dtype="int32"), T(dtype="int32")])
for _sigma in (0.0, 0.5):
    one(f"NON_MAX_SUPPRESSION_V5, sigma {_sigma}", "NON_MAX_SUPPRESSION_V5", [_boxes, _scores, *_limits, c(_sigma, np.float32)],
        [T(dtype="int32"), T(), T(dtype="int32")])  # fmt: skip

# --- recurrent --------------------------------------------------------------------------------------------------------------


def state(*shape):
    """Return a tensor that an op keeps."""
    return T(variable=True, shape=list(shape))


def lstm(size, units, names="ifco", peephole=False, norm=False, projected=0):
    """Return the weights of an LSTM, its 17 inputs and the coefficients of its normalisation."""
    out = projected or units
    w = [c(f(units, size)) if g in names else None for g in "ifco"] + [c(f(units, out)) if g in names else None for g in "ifco"]
    w += [c(f(units)) if peephole and g in names else None for g in "ifo"] + [c(f(units)) if g in names else None for g in "ifco"]
    w += [c(f(projected, units)), c(f(projected))] if projected else [None, None]
    return w, [c(f(units)) if norm and g in names else None for g in "ifco"]


for _about, _more in {"": {}, ", no input gate": {"names": "fco"}, ", peepholes": {"peephole": True}, ", normalised": {"norm": True},
                      ", projected": {"projected": 2, "peephole": True}}.items():  # fmt: skip
    _w, _n = lstm(3, 4, **_more)
    one(
        f"UNIDIRECTIONAL_SEQUENCE_LSTM{_about}",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        [f(2, 5, 3), *_w, state(2, _more.get("projected", 4)), state(2, 4), *(_n if _more.get("norm") else [])],
        1,
        "UnidirectionalSequenceLSTM",
        fusedActivationFunction=4,
        cellClip=1.5,
        projClip=0.8 if "projected" in _more else 0.0,
    )
_w, _v = lstm(3, 4)[0], lstm(3, 4)[0]
one(
    "UNIDIRECTIONAL_SEQUENCE_LSTM, int8 weights",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    [f(2, 5, 3), *(w and quantized(w.value / 4, const=True) for w in _w[:8]), *_w[8:], state(2, 4), state(2, 4)],
    1,
    "UnidirectionalSequenceLSTM",
    fusedActivationFunction=4,
)
for _merged in (False, True):
    one(f"BIDIRECTIONAL_SEQUENCE_LSTM, merged {_merged}", "BIDIRECTIONAL_SEQUENCE_LSTM",
        [f(5, 2, 3), *_w, *_v, *[state(2, 4) for _ in range(4)], *[None] * 9], 1 if _merged else 2, "BidirectionalSequenceLSTM",
        fusedActivationFunction=4, timeMajor=True, mergeOutputs=_merged)  # fmt: skip
for _major in (False, True):
    one(
        f"UNIDIRECTIONAL_SEQUENCE_RNN, time first {_major}",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        [f(2, 5, 3), c(f(4, 3)), c(f(4, 4)), c(f(4)), state(5 if _major else 2, 4)],
        1,
        "SequenceRNN",
        fusedActivationFunction=4,
        timeMajor=_major,
    )
_r = [c(f(4, 3)), c(f(4, 4)), c(f(4)), state(2, 4), c(f(4, 3)), c(f(4, 4)), c(f(4)), state(2, 4), None, None, None]
one(
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    [f(2, 5, 3), *_r],
    1,
    "BidirectionalSequenceRNN",
    fusedActivationFunction=1,
    mergeOutputs=True,
)

# --- custom ops -------------------------------------------------------------------------------------------------------------


def detections(**more):
    """Return the options of SSD's last op, as its files have them."""
    from flatbuffers import flexbuffers

    fields = {
        "max_detections": 6,
        "max_classes_per_detection": 2,
        "detections_per_class": 50,
        "use_regular_nms": False,
        "nms_score_threshold": 0.2,
        "nms_iou_threshold": 0.5,
        "num_classes": 3,
        "y_scale": 10.0,
        "x_scale": 10.0,
        "h_scale": 5.0,
        "w_scale": 5.0,
    }
    return bytes(flexbuffers.Dumps(fields | more))


_near = np.concatenate([np.repeat(f(4, 2, low=0, high=3), 3, 0) + f(12, 2, low=-0.05, high=0.05), f(12, 2, low=0.6, high=0.8)], 1)
for _about, _more in {"by box": {}, "by class": {"use_regular_nms": True, "max_classes_per_detection": 1}}.items():
    one(f"TFLite_Detection_PostProcess, {_about}", "TFLite_Detection_PostProcess", [f(1, 12, 4), f(1, 12, 4, low=0, high=1), c(_near)], 4,
        detections(**_more))  # fmt: skip
