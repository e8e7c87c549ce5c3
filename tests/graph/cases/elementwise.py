"""Cases of arithmetic, functions of one number, comparisons, logic and bits."""

import numpy as np

from . import INF, NAN, SPECIAL, bools, case, complexes, empty, floats, ints

INTS = np.array([7, -7, 7, -7, 0, 5, 6, -6, 1, 2**31 - 1], "int32")
DIVISORS = np.array([2, 2, -2, -2, 3, 5, -4, 4, 7, 3], "int32")

# --- arithmetic ---

for op in ("Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum", "SquaredDifference"):
    case(op, floats(2, 3), floats(3))
    case(op, floats(2, 1, 3), floats(4, 1))
    case(op, ints(5), ints(5))
    case(op, floats(), floats())
    case(op, empty(0, 3), floats(3))
    case(op, np.array([INF, -INF, NAN, 1.0, INF], "float32"), np.array([1.0, 2.0, 1.0, NAN, -INF], "float32"))
for op in ("Add", "Sub", "Mul", "RealDiv", "Div", "Pow"):
    case(op, complexes(3), complexes(3))
case("AddV2", np.array([2**31 - 1], "int32"), np.array([1], "int32"))
case("AddV2", floats(3).astype("float64"), floats(3).astype("float64"))
case("AddV2", ints(4, dtype="int64"), ints(4, dtype="int64"))
case("AddN", (floats(2, 2), floats(2, 2), floats(2, 2)))
case("AddN", (ints(3),))
case("BiasAdd", floats(2, 3, 3, 4), floats(4))
case("BiasAdd", floats(2, 4), floats(4))
case("BiasAdd", floats(2, 4, 3, 3), floats(4), data_format="NCHW")
case("BiasAddV1", floats(2, 4), floats(4))
for op in ("RealDiv", "Div", "FloorDiv", "DivNoNan", "FloorMod", "Mod", "TruncateMod", "Xdivy", "MulNoNan"):
    case(op, floats(2, 3), floats(3, low=0.5))
    case(op, floats(6, low=-9, high=9), floats(6, low=-3, high=-1))
for op in ("RealDiv", "Div", "DivNoNan", "FloorDiv", "MulNoNan", "Xdivy"):
    case(op, np.array([1.0, -1.0, 0.0, INF, NAN, 0.0], "float32"), np.array([0.0, 0.0, 0.0, 2.0, 1.0, NAN], "float32"))
for op in ("Div", "FloorDiv", "FloorMod", "Mod", "TruncateMod", "TruncateDiv"):
    case(op, INTS, DIVISORS)
    case(op, np.array(17, "int32"), np.array([-5], "int32"))
case("Pow", floats(4, low=0.1), floats(4))
case("Pow", np.array([-2.0, -2.0, 0.0, 2.0, INF, NAN], "float32"), np.array([3.0, 2.0, 0.0, -1.0, 0.5, 0.0], "float32"))
case("Pow", np.array([2, 3, -2, 5], "int32"), np.array([10, 3, 3, 0], "int32"))
case("Atan2", floats(3, 3), floats(3))
case("Atan2", np.array([0.0, 1.0, -1.0, 0.0], "float32"), np.array([-1.0, 0.0, 0.0, 1.0], "float32"))
case("NextAfter", np.array([1.0, -1.0, 0.0], "float32"), np.array([2.0, 2.0, -1.0], "float32"))
case("Xlogy", np.array([0.0, 2.0, 0.0, 1.5], "float32"), np.array([0.0, 3.0, NAN, 0.5], "float32"))
case("Xlog1py", np.array([0.0, 2.0, 1.5], "float32"), np.array([-1.0, 3.0, 0.5], "float32"))
case("ClipByValue", floats(2, 3), -0.5, 0.5)
case("ClipByValue", ints(6), -2, 3)
case("ClipByValue", floats(2, 3), floats(2, 3, low=-1, high=0), floats(2, 3, low=0, high=1))

# --- functions of one number ---

UNIT = np.array([0.0, 0.25, -0.25, 0.9, -0.9, 1.0, -1.0, 1.5, NAN], "float32")
for op in (
    "Abs", "Atan", "Ceil", "Cosh", "Elu", "Erf", "Erfc", "Exp", "Expm1", "Floor", "Neg", "Reciprocal", "Relu", "Relu6", "Rint", "Round",
    "Selu", "Sigmoid", "Sign", "Sinh", "Softplus", "Square", "Tanh", "IsFinite", "IsInf", "IsNan", "Asinh", "Inv",
):  # fmt: skip
    case(op, SPECIAL)
    case(op, floats(2, 3, low=-5, high=5))
for op in ("Cos", "Sin", "Tan"):
    case(op, floats(2, 5, low=-30, high=30))
    case(op, np.array([0.0, INF, NAN], "float32"))
for op in ("Acos", "Asin", "Atanh", "Erfinv"):
    case(op, UNIT)
    case(op, floats(7, low=-0.9, high=0.9))
for op in ("Log", "Log1p", "Sqrt", "Rsqrt", "Acosh"):
    case(op, SPECIAL)
    case(op, floats(6, low=0.0, high=9.0))
for op in ("Abs", "Neg", "Sign", "Square", "Relu", "Relu6"):
    case(op, ints(7))
    case(op, empty(0, 2))
    case(op, floats())
for op in ("Exp", "Floor", "Log1p", "Sigmoid", "Sin", "Tanh", "IsNan", "Softplus", "Erf", "Round"):
    case(op, floats(low=0))
    case(op, empty(2, 0))
    case(op, floats(2, 1, 2, low=0).astype("float64"))
case("BesselI0", floats(5))
case("Softsign", floats(5))
for op in ("ComplexAbs", "Conj", "Real", "Imag", "Angle", "Exp", "Sqrt", "Square", "Reciprocal", "Neg", "Tanh"):
    case(op, complexes(2, 3))
case("Complex", floats(2, 3), floats(3))
case("Complex", floats(), floats())
case("ComplexAbs", np.array([3 + 4j, -0j, complex(INF, 1)], "complex64"))
for attrs in ({}, {"alpha": 0.1}, {"alpha": 1.5}):
    case("LeakyRelu", SPECIAL, **attrs)


def _prelu(tf, x, alpha):
    return tf.where(x > 0, x, x * alpha)


case("Prelu", floats(2, 3, 4), floats(4, low=0.1), reference=_prelu)
case("Prelu", floats(2, 3), floats(), reference=_prelu)

# --- comparisons, logic, bits ---

for op in ("Equal", "NotEqual", "Greater", "GreaterEqual", "Less", "LessEqual"):
    case(op, ints(2, 5, low=0, high=3), ints(5, low=0, high=3))
    case(op, np.array([1.0, NAN, INF, -0.0], "float32"), np.array([1.0, NAN, INF, 0.0], "float32"))
    case(op, floats(3, 1), floats(1, 2))
for op in ("Equal", "NotEqual"):
    case(op, bools(6), bools(6))
    case(op, ["a", "b", "ä"], ["a", "c", "ä"])
    case(op, ["a", "b"], "b")
    case(op, complexes(2), complexes(2))
for op in ("LogicalAnd", "LogicalOr"):
    case(op, bools(2, 4), bools(4))
    case(op, np.array(True), bools(3))
case("LogicalNot", bools(5))
case("LogicalNot", empty(0, dtype="bool"))
case("ApproximateEqual", np.array([1.0, 2.0], "float32"), np.array([1.05, 2.5], "float32"), tolerance_attr=0.1)
for op in ("Select", "SelectV2"):
    case(op, bools(2, 3), floats(2, 3), floats(2, 3))
    case(op, np.array(True), ints(4), ints(4))
    case(op, bools(3), np.array(["a", "b", "c"], object), np.array(["d", "e", "f"], object))
case("Select", np.array([True, False]), floats(2, 3), floats(2, 3))
case("SelectV2", bools(3, 1), floats(4), floats())
case("SelectV2", bools(2, 1, 3), complexes(3), complexes(2, 2, 1))
for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
    case(op, ints(2, 4, low=-99, high=99), ints(4, low=0, high=99))
    case(op, ints(4, low=0, high=99, dtype="uint8"), ints(4, low=0, high=99, dtype="uint8"))
case("Invert", ints(4))
case("LeftShift", ints(4), ints(4, low=0, high=5))
case("RightShift", ints(4, low=-99, high=99), ints(4, low=0, high=5))
case("Bucketize", np.array([-1.0, 0.0, 5.0, 10.0, 99.0], "float32"), boundaries=[0.0, 10.0, 50.0])
for op in ("LogicalAnd", "LogicalOr"):
    case(op, empty(0, dtype="bool"), bools(1))
case("LogicalNot", np.array(False))
case("Bucketize", ints(2, 3, low=0, high=60), boundaries=[0.0, 10.0, 50.0])
