"""Cases of elementwise ops, reductions, products and quantisation; see cases.py."""

import numpy as np

from tests.convert.onnx.cases import case, normal, truth, uniform, whole

EMPTY = np.zeros((0, 3), np.float32)
SPECIAL = np.array([0.0, -0.0, 1.5, -1.5, 2.5, 3.5, -0.5, 0.5, 1e30, -1e30, np.inf, -np.inf], np.float32)

# --- elementwise

for op in (
    "Abs", "Ceil", "Floor", "Neg", "Sign", "Round", "Relu", "Sigmoid", "Tanh", "Identity", "Softplus", "Softsign", "Elu", "Selu",
    "LeakyRelu", "HardSigmoid", "ThresholdedRelu",
):  # fmt: skip
    case(op, normal(2, 3, scale=3.0))
for op in ["Exp", "Sin", "Cos", "Erf", "Atan", "Sinh", "Cosh", "Asinh", "Tan"]:
    case(op, uniform(-1.4, 1.4, 3, 4))
for op in ["Log", "Sqrt", "Reciprocal"]:
    case(op, uniform(0.1, 9, 7))
for op in ["Asin", "Acos", "Atanh"]:
    case(op, uniform(-0.95, 0.95, 7))
case("Acosh", uniform(1.1, 9, 7))
for op in ["Abs", "Ceil", "Floor", "Round", "Relu", "Sigmoid", "Tanh", "Sign"]:
    case(op, SPECIAL, note="special")
for op in ["Abs", "Neg", "Sign"]:
    case(op, np.array([-5, 0, 7], np.int32), note="int32")
case("Abs", np.array([-5, 0, 7], np.int64), note="int64")
for op in ["Relu", "Exp", "Neg"]:
    case(op, EMPTY, note="empty")
case("Relu", normal(2, 3), opset=7, note="7")
case("Relu", np.float32(-2.0) * np.ones((), np.float32), note="scalar")
case("LeakyRelu", normal(5, scale=3.0), alpha=0.3)
case("Elu", normal(5), alpha=0.7)
case("Selu", normal(5), alpha=1.2, gamma=0.9)
case("Celu", normal(5), alpha=1.7)
case("Celu", normal(5))
case("HardSigmoid", normal(6, scale=4.0), alpha=0.3, beta=0.4)
case("HardSwish", normal(6, scale=4.0))
case("ThresholdedRelu", normal(6, scale=4.0), alpha=0.5)
case("Mish", normal(6, scale=4.0), opset=18)
case("Gelu", normal(6, scale=3.0), opset=20)
case("Gelu", normal(6, scale=3.0), opset=20, approximate="tanh")
case("Gelu", normal(6, scale=3.0), domain="com.microsoft")
case("Shrink", normal(9, scale=2.0), lambd=0.8, bias=0.2)
case("Shrink", normal(9, scale=2.0), lambd=1.0)
case("PRelu", normal(2, 3, 4), normal(4), note="1")
case("PRelu", normal(2, 3, 4), normal(3, 1), constant=(1,))
case("PRelu", normal(2, 3, 4), normal(1), constant=(1,), note="one")
case("Clip", normal(9, scale=4.0), opset=7, min=-1.0, max=2.0)
case("Clip", normal(9, scale=4.0), opset=7)
case("Clip", normal(9, scale=4.0), opset=7, min=0.0)
case("Clip", normal(9, scale=9.0), np.float32(0) * np.ones((), np.float32), np.float32(6) * np.ones((), np.float32), constant=(1, 2))
case("Clip", normal(9, scale=4.0), np.array(-1, np.float32), None)
case("Clip", normal(9, scale=4.0), None, np.array(1, np.float32))
case("Clip", normal(9, scale=4.0), np.array(-1, np.float32), np.array(1, np.float32), constant=(1, 2))
case("Clip", whole(-9, 9, 8), np.array(-3, np.int32), np.array(4, np.int32), constant=(1, 2), note="int32")
case("Dropout", normal(4), opset=7)
case("Dropout", normal(4), np.array(0.5, np.float32), opset=13, outputs=2, constant=(1,))
for dtype in ("float32", "int32", "int64"):
    x, y = (normal(2, 1, 3, scale=9.0), normal(4, 1, seed=1, scale=9.0))
    y = np.where(np.abs(y) < 1, 1, y)
    for op in ["Add", "Sub", "Mul", "Div"]:
        case(op, x.astype(dtype), y.astype(dtype), note=dtype)
case("Div", whole(0, 255, 8, dtype="uint8"), whole(1, 9, 8, dtype="uint8"))
case("Add", normal(2, 3), normal(3), opset=7, constant=(1,))
case("Add", EMPTY, normal(3), note="empty")
case("Pow", uniform(0.1, 3, 2, 3), normal(3))
case("Pow", normal(5), np.array(2, np.float32), constant=(1,))
case("Pow", uniform(0.1, 3, 5), np.array(0.5, np.float32), constant=(1,))
case("Pow", normal(5), np.array(3, np.int64), constant=(1,), note="int")
case("Pow", whole(-4, 5, 5), np.array([0, 1, 2, 3, 2], np.int32), note="int32")
case("Mod", whole(-9, 9, 12), np.array([4] * 6 + [-4] * 6, np.int32))
case("Mod", whole(-9, 9, 12), np.array([4] * 6 + [-4] * 6, np.int32), fmod=1)
case("Mod", normal(6, scale=9.0), np.array([2.5, -2.5, 2, 3, -1, 1.5], np.float32), fmod=1)
for op in ["Max", "Min", "Sum", "Mean"]:
    case(op, normal(2, 3), normal(3, seed=1), normal(2, 1, seed=2), opset=8)
    case(op, normal(2, 3), note="one")
case("Max", whole(-9, 9, 6), whole(-9, 9, 6, seed=1), note="int32")
for op in ["And", "Or", "Xor"]:
    case(op, truth(3, 4), truth(4, seed=1))
case("Not", truth(5))
for op in ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"]:
    case(op, whole(0, 4, 2, 5), whole(0, 4, 5, seed=1))
    case(op, normal(2, 5), normal(5, seed=1), note="float32")
case("Equal", truth(5), truth(5, seed=1), note="bool")
case("Where", truth(3, 1), normal(3, 4), normal(4, seed=1))
case("Where", truth(4), whole(0, 9, 4, dtype="int64"), whole(0, 9, 1, dtype="int64"), note="int64")
case("IsNaN", np.array([1, np.nan, np.inf], np.float32))
case("IsInf", np.array([1, np.nan, np.inf, -np.inf], np.float32))
case("IsInf", np.array([1, np.nan, np.inf, -np.inf], np.float32), detect_negative=0)
case("IsInf", np.array([1, np.nan, np.inf, -np.inf], np.float32), detect_positive=0)
for op in ["BitwiseAnd", "BitwiseOr", "BitwiseXor"]:
    case(op, whole(-99, 99, 3, 4), whole(-99, 99, 4, seed=1), opset=18)
    case(op, whole(0, 255, 6, dtype="uint8"), whole(0, 255, 6, seed=1, dtype="uint8"), opset=18, note="uint8")
case("BitwiseNot", whole(-99, 99, 6), opset=18)
case("BitwiseNot", whole(0, 255, 6, dtype="uint8"), opset=18, note="uint8")
for direction in ("LEFT", "RIGHT"):
    case("BitShift", whole(0, 255, 6, dtype="uint8"), whole(0, 8, 6, seed=1, dtype="uint8"), direction=direction, note=direction)
    case("BitShift", whole(0, 999, 6, dtype="uint32"), whole(0, 8, 6, seed=1, dtype="uint32"), direction=direction, note=direction + "32")
FLOAT, UINT8, INT8, INT32, INT64, BOOL, HALF, DOUBLE = 1, 2, 3, 6, 7, 9, 10, 11
for target in (FLOAT, INT32, INT64, BOOL, DOUBLE, INT8):
    case("Cast", np.array([0.0, 1.7, -1.7, 99.2], np.float32), to=target, note=f"float32-{target}")
    case("Cast", np.array([0, 1, -1, 77], np.int64), to=target, note=f"int64-{target}")
case("Cast", np.array([0, 255, 256, -1, 300], np.int32), to=UINT8)
case("Cast", np.array([0, 127, 128, -129], np.int32), to=INT8)
case("Cast", np.array([True, False]), to=FLOAT, note="bool")
case("Cast", np.array([1.5, -2.25], np.float16), to=FLOAT, note="half")
case("CastLike", normal(4, scale=9.0), np.zeros(1, np.int32), opset=19)

# --- reductions

for op in ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"]:
    x = uniform(0.2, 2, 2, 3, 4) if op == "LogSum" else normal(2, 3, 4)
    op = "Reduce" + op
    case(op, x, opset=11)
    case(op, x, opset=11, axes=[1], keepdims=0)
    case(op, x, opset=11, axes=[0, -1])
    if op == "ReduceSum":
        case(op, x, np.array([1]), opset=13, constant=(1,))
        case(op, x, opset=13, noop_with_empty_axes=1, note="noop")
    else:
        case(op, x, np.array([1, 2]), opset=18, constant=(1,), keepdims=0)
case("ReduceSum", whole(-9, 9, 2, 3), np.array([1]), opset=13, constant=(1,), note="int32")
case("ReduceMax", whole(-9, 9, 2, 3, dtype="int64"), opset=13, axes=[0], note="int64")
case("ReduceMax", truth(2, 3), np.array([1]), opset=20, constant=(1,), note="bool")
case("ReduceMean", whole(-9, 9, 2, 4), opset=13, axes=[1], note="int32")
case("ReduceSum", np.zeros((0, 3), np.float32), np.array([0]), opset=13, constant=(1,), note="empty")
TIES = np.array([[1, 3, 3, 0], [2, 2, 0, 0]], np.float32)
for op in ("ArgMax", "ArgMin"):
    case(op, TIES, axis=1)
    case(op, TIES, axis=1, select_last_index=1)
    case(op, TIES, axis=0, keepdims=0)
    case(op, normal(2, 3, 4), axis=-2, opset=12)
    case(op, whole(0, 9, 6), opset=13, note="int32")
for more in ({}, {"exclusive": 1}, {"reverse": 1}, {"exclusive": 1, "reverse": 1}):
    case("CumSum", normal(2, 4), np.array(1, np.int64), constant=(1,), **more)
case("CumSum", whole(0, 9, 2, 4), np.array(-2, np.int32), constant=(1,), note="int32")
case("TopK", normal(3, 6), np.array([3]), outputs=2, constant=(1,))
case("TopK", normal(3, 6), np.array([2]), outputs=2, largest=0, axis=0, constant=(1,))
case("TopK", whole(-99, 99, 3, 6), np.array([6]), outputs=2, largest=0, constant=(1,), note="int32")
case("TopK", normal(6), np.array([2]), outputs=2, note="computed")
case("TopK", normal(2, 6), outputs=2, k=3, opset=9)
case("Swish", normal(6, scale=3.0), opset=24)
case("CumProd", uniform(0.5, 2, 2, 4), np.array(1, np.int64), constant=(1,), opset=26)
for op in ("Softmax", "LogSoftmax", "Hardmax"):
    for opset in (11, 13):
        case(op, normal(2, 3, 4, scale=3.0), opset=opset)
        case(op, normal(2, 3, 4, scale=3.0), opset=opset, axis=1)
        case(op, normal(2, 3, 4, scale=3.0), opset=opset, axis=-1)
case("LpNormalization", normal(2, 3, 4))
case("LpNormalization", normal(2, 3, 4), axis=1, p=1)

# --- products

case("MatMul", normal(2, 3), normal(3, 4))
case("MatMul", normal(2, 1, 3, 4), normal(5, 4, 2), constant=(1,))
case("MatMul", normal(3), normal(3, 4), note="row")
case("MatMul", normal(2, 4, 3), normal(3), note="column")
case("MatMul", normal(3), normal(3, seed=1), note="dot")
case("MatMul", whole(-9, 9, 2, 3), whole(-9, 9, 3, 4), note="int32")
case("Gemm", normal(2, 3), normal(3, 4), normal(4), constant=(1, 2))
case("Gemm", normal(3, 2), normal(4, 3), normal(2, 1), transA=1, transB=1, alpha=0.5, beta=2.0)
case("Gemm", normal(2, 3), normal(3, 4), opset=11)
case("Gemm", normal(2, 3), normal(3, 4), normal(2, 4), opset=7)
case("Einsum", normal(2, 3, 4), normal(2, 4, 5), equation="bij,bjk->bik")
case("Einsum", normal(2, 3, 4), normal(4, 3), equation="bij, jk")
case("Einsum", normal(2, 3, 4), normal(2, 4, 5), equation="...ij,...jk->...ik")
case("Einsum", normal(3, 4), equation="ij->ji")

# --- quantisation

ZERO, SCALE = np.array(128, np.uint8), np.array(0.05, np.float32)
case("QuantizeLinear", normal(3, 4, scale=4.0), SCALE, ZERO, constant=(1, 2), opset=13, step=1)
case("QuantizeLinear", normal(3, 4, scale=4.0), SCALE, np.array(3, np.int8), opset=10, step=1)
case("QuantizeLinear", normal(3, 4, scale=4.0), SCALE, opset=13, note="none", step=1)
case("QuantizeLinear", normal(2, 3, 4), np.array([0.1, 0.05, 0.2], np.float32), np.array([1, 2, 3], np.uint8), constant=(1, 2), opset=13,
     step=1)  # fmt: skip
case("QuantizeLinear", normal(3, 4, scale=4.0), SCALE, np.array(9, np.uint16), constant=(1, 2), opset=21, step=1, note="uint16")
X8, W8 = whole(0, 255, 3, 4, dtype="uint8"), whole(-127, 127, 4, 5, dtype="int8")
case("DequantizeLinear", X8, SCALE, ZERO, constant=(1, 2), opset=13)
case("DequantizeLinear", X8, np.array([0.1, 0.2, 0.3], np.float32), np.array([7, 8, 9], np.uint8), axis=0, opset=13)
case("DequantizeLinear", whole(-999, 999, 5), SCALE, opset=13, note="int32")
case("DynamicQuantizeLinear", normal(3, 4, scale=2.0), outputs=3, opset=11, step=1)
case("DynamicQuantizeLinear", uniform(1, 2, 5), outputs=3, opset=11, step=1)
case("MatMulInteger", X8, W8, opset=10)
case("MatMulInteger", X8, W8, ZERO, np.array(3, np.int8), opset=10, constant=(1, 2, 3))
case("ConvInteger", whole(0, 255, 1, 2, 5, 5, dtype="uint8"), whole(0, 255, 3, 2, 3, 3, dtype="uint8"), ZERO, opset=10, constant=(1,))
case("ConvInteger", whole(0, 255, 1, 2, 5, 5, dtype="uint8"), whole(0, 255, 3, 2, 3, 3, dtype="uint8"), ZERO, ZERO, opset=10,
     constant=(1,), pads=[1, 1, 1, 1])  # fmt: skip
case("QLinearMatMul", X8, SCALE, ZERO, W8.astype(np.uint8), SCALE, ZERO, np.array(1.5, np.float32), ZERO, opset=10, step=1,
     constant=(1, 2, 3, 4, 5, 6, 7))  # fmt: skip
case("QLinearMatMul", X8, SCALE, ZERO, W8, np.array([0.01, 0.02, 0.03, 0.04, 0.05], np.float32), np.zeros(5, np.int8),
     np.array(0.9, np.float32), ZERO, opset=10, step=1, constant=(1, 2, 3, 4, 5, 6, 7))  # fmt: skip
case("QLinearConv", whole(0, 255, 1, 2, 5, 5, dtype="uint8"), SCALE, ZERO, whole(-127, 127, 4, 2, 3, 3, dtype="int8"),
     np.array([0.01, 0.02, 0.03, 0.04], np.float32), np.zeros(4, np.int8), np.array(0.5, np.float32), ZERO,
     whole(-999, 999, 4), opset=10, step=1, constant=(1, 2, 3, 4, 5, 6, 7, 8), pads=[1, 1, 1, 1])  # fmt: skip
