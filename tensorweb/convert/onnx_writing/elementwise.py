"""Writes ops that work element by element: arithmetic, functions of one number, comparisons, logic, bits."""

from __future__ import annotations

from math import pi
from typing import Any

from ...graph.definition import Node
from .scope import WRITERS, Scope, Unwritable, Value, writes

# --- one node each ----------------------------------------------------------------------------------------------------------

_PLAIN = {
    "Abs": "Abs", "Acos": "Acos", "Acosh": "Acosh", "Add": "Add", "AddV2": "Add", "Asin": "Asin", "Asinh": "Asinh", "Atan": "Atan",
    "Atanh": "Atanh", "BitwiseAnd": "BitwiseAnd", "BitwiseOr": "BitwiseOr", "BitwiseXor": "BitwiseXor", "Cos": "Cos", "Cosh": "Cosh",
    "Div": "Div", "Elu": "Elu", "Equal": "Equal", "Erf": "Erf", "Exp": "Exp", "Greater": "Greater", "GreaterEqual": "GreaterOrEqual",
    "Invert": "BitwiseNot", "IsInf": "IsInf", "IsNan": "IsNaN", "Less": "Less", "LessEqual": "LessOrEqual", "Log": "Log",
    "LogicalAnd": "And", "LogicalNot": "Not", "LogicalOr": "Or", "Maximum": "Max", "Minimum": "Min", "Mul": "Mul", "Neg": "Neg",
    "Pow": "Pow", "Prelu": "PRelu", "RealDiv": "Div", "Relu": "Relu", "Reciprocal": "Reciprocal", "Inv": "Reciprocal", "Selu": "Selu",
    "SelectV2": "Where", "Sigmoid": "Sigmoid", "Sign": "Sign", "Sin": "Sin", "Sinh": "Sinh", "Softplus": "Softplus",
    "Softsign": "Softsign", "Sqrt": "Sqrt", "Sub": "Sub", "Tan": "Tan", "Tanh": "Tanh", "TruncateDiv": "Div",
}  # fmt: skip
_TERNARY = ("SelectV2",)
_BINARY = frozenset((
    "Add", "AddV2", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Div", "Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "LogicalAnd",
    "LogicalOr", "Maximum", "Minimum", "Mul", "Pow", "Prelu", "RealDiv", "Sub", "TruncateDiv",
))  # fmt: skip
_ROUNDED = {"Ceil": "Ceil", "Floor": "Floor", "Round": "Round", "Rint": "Round"}


def _plain(name: str, op: str) -> Any:
    count = 3 if name in _TERNARY else 2 if name in _BINARY else 1

    def write(b: Scope, node: Node, *inputs: Value) -> Value:
        if len(inputs) != count:
            raise Unwritable(f"it has {len(inputs)} inputs, not {count}")
        found: Value = b(op, *inputs)
        return found

    return write


WRITERS.update({name: _plain(name, op) for name, op in _PLAIN.items()})


def _rounded(op: str) -> Any:
    return lambda b, node, x: x if x.whole else b(op, x)


WRITERS.update({name: _rounded(op) for name, op in _ROUNDED.items()})


@writes("LeakyRelu")
def leaky_relu(b: Scope, node: Node, x: Value) -> Value:
    return b("LeakyRelu", x, alpha=float(node.attrs.get("alpha", 0.2)))


@writes("Relu6")
def relu6(b: Scope, node: Node, x: Value) -> Value:
    return b("Clip", x, 0, 6)


@writes("NotEqual")
def not_equal(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return b("Not", b("Equal", x, y))


@writes("Square")
def square(b: Scope, node: Node, x: Value) -> Value:
    return b("Mul", x, x)


@writes("Rsqrt")
def rsqrt(b: Scope, node: Node, x: Value) -> Value:
    return b("Reciprocal", b("Sqrt", x))


@writes("IsFinite")
def is_finite(b: Scope, node: Node, x: Value) -> Value:
    return b("Not", b("Or", b("IsNaN", x), b("IsInf", x)))


# --- what fused ops have beside -------------------------------------------------------------------------------------------------


@writes("Swish")
def swish(b: Scope, node: Node, x: Value) -> Value:
    return b("Mul", x, b("Sigmoid", x))


@writes("_FusedHardSwish")
def hard_swish(b: Scope, node: Node, x: Value) -> Value:
    return b("HardSwish", x)


@writes("GeluApproximate")
def gelu(b: Scope, node: Node, x: Value) -> Value:
    inside = b("Mul", b("Add", x, b("Mul", b("Mul", x, b("Mul", x, x)), 0.044715)), (2 / pi) ** 0.5)
    return b("Mul", b("Mul", x, 0.5), b("Add", b("Tanh", inside), 1.0))


# --- arithmetic -------------------------------------------------------------------------------------------------------------


@writes("AddN", "AccumulateNV2")
def add_n(b: Scope, node: Node, *inputs: Value) -> Value:
    if not inputs[0].whole:
        return b("Sum", *inputs)
    total = inputs[0]
    for x in inputs[1:]:
        total = b("Add", total, x)
    return total


@writes("BiasAdd", "BiasAddV1")
def bias_add(b: Scope, node: Node, x: Value, bias: Value) -> Value:
    if (node.attrs.get("data_format") or b"").startswith(b"NC"):
        bias = b.reshape(bias, [-1] + [1] * (b.rank(x) - 2))
    return b("Add", x, bias)


@writes("SquaredDifference")
def squared_difference(b: Scope, node: Node, x: Value, y: Value) -> Value:
    difference = b("Sub", x, y)
    return b("Mul", difference, difference)


def _zero_where(b: Scope, truth: Value, x: Value) -> Value:
    return b("Where", truth, 0, x)


@writes("DivNoNan")
def div_no_nan(b: Scope, node: Node, x: Value, y: Value) -> Value:
    zero = b("Equal", y, 0)
    return _zero_where(b, zero, b("Div", x, b("Where", zero, 1, y)))


@writes("MulNoNan")
def mul_no_nan(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return _zero_where(b, b("Equal", y, 0), b("Mul", x, y))


@writes("Xdivy")
def xdivy(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return _zero_where(b, b("Equal", x, 0), b("Div", x, y))


@writes("Xlogy")
def xlogy(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return _zero_where(b, b("Equal", x, 0), b("Mul", x, b("Log", y)))


@writes("Xlog1py")
def xlog1py(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return _zero_where(b, b("Equal", x, 0), b("Mul", x, log1p(b, node, y)))


@writes("FloorDiv")
def floor_div(b: Scope, node: Node, x: Value, y: Value) -> Value:
    quotient = b("Div", x, y)
    if not x.whole:
        return b("Floor", quotient)
    return b("Div", b("Sub", x, floor_mod(b, node, x, y)), y)


@writes("FloorMod")
def floor_mod(b: Scope, node: Node, x: Value, y: Value) -> Value:
    """ONNX's Mod takes the divisor's sign for whole numbers only."""
    if x.whole:
        return b("Mod", x, y)
    rest = b("Mod", x, y, fmod=1)
    wrong = b("And", b("Not", b("Equal", rest, 0)), b("Less", b("Mul", b("Sign", rest), b("Sign", y)), 0))
    return b("Where", wrong, b("Add", rest, y), rest)


@writes("Mod", "TruncateMod")
def truncate_mod(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return b("Mod", x, y, fmod=1)


@writes("ClipByValue")
def clip_by_value(b: Scope, node: Node, x: Value, low: Value, high: Value) -> Value:
    return b("Min", b("Max", x, low), high)


@writes("Atan2")
def atan2(b: Scope, node: Node, y: Value, x: Value) -> Value:
    zero = b("Equal", x, 0)
    side = b("Where", b("Less", y, 0), -1.0, 1.0)
    angle = b("Atan", b("Div", y, b("Where", zero, 1, x)))
    turned = b("Where", b("Less", x, 0), b("Add", angle, b("Mul", side, pi)), angle)
    return b("Where", zero, b("Mul", b("Sign", y), pi / 2), turned)


# --- functions of one number ------------------------------------------------------------------------------------------------


@writes("Expm1")
def expm1(b: Scope, node: Node, x: Value) -> Value:
    """Near 0 the difference would lose its digits: there it is 2 t / (1 - t) with t = tanh(x / 2)."""
    near = b("Less", b("Abs", x), 0.5)
    t = b("Tanh", b("Mul", b("Where", near, x, 0.0), 0.5))
    return b("Where", near, b("Div", b("Mul", t, 2.0), b("Sub", 1.0, t)), b("Sub", b("Exp", x), 1.0))


@writes("Log1p")
def log1p(b: Scope, node: Node, x: Value) -> Value:
    """Near 0 it is 2 artanh(x / (2 + x)), where 1 + x would lose its digits."""
    near = b("Less", b("Abs", x), 0.5)
    small = b("Where", near, x, 0.0)
    return b("Where", near, b("Mul", b("Atanh", b("Div", small, b("Add", small, 2.0))), 2.0), b("Log", b("Add", x, 1.0)))


@writes("Erfc")
def erfc(b: Scope, node: Node, x: Value) -> Value:
    return b("Sub", 1.0, b("Erf", x))


# Giles, "Approximating the erfinv function" (2010): single precision, for w = -log(1 - x^2) below and above 5.
_CENTRAL = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727,
            1.50140941)  # fmt: skip
_TAIL = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406,
         2.83297682)  # fmt: skip


@writes("Erfinv")
def erfinv(b: Scope, node: Node, x: Value) -> Value:
    def polynomial(factors: tuple[float, ...], w: Value) -> Value:
        total = b("Add", b("Mul", w, factors[0]), factors[1])
        for factor in factors[2:]:
            total = b("Add", b("Mul", total, w), factor)
        return total

    w = b("Neg", b("Log", b("Mul", b("Sub", 1.0, x), b("Add", x, 1.0))))
    central, tail = polynomial(_CENTRAL, b("Sub", w, 2.5)), polynomial(_TAIL, b("Sub", b("Sqrt", b("Max", w, 0.0)), 3.0))
    inside = b("Mul", b("Where", b("Less", w, 5.0), central, tail), x)
    return b("Where", b("Equal", b("Abs", x), 1.0), b("Div", x, 0.0), inside)


# --- comparisons, choices, bits ---------------------------------------------------------------------------------------------


@writes("ApproximateEqual")
def approximate_equal(b: Scope, node: Node, x: Value, y: Value) -> Value:
    return b("Less", b("Abs", b("Sub", x, y)), float(node.attrs.get("tolerance", 1e-5)))


@writes("Select")
def select(b: Scope, node: Node, condition: Value, x: Value, y: Value) -> Value:
    """A condition of one axis chooses whole rows."""
    if b.rank(condition) == 1 and b.rank(x) > 1:
        condition = b.reshape(condition, [-1] + [1] * (b.rank(x) - 1))
    return b("Where", condition, x, y)


@writes("Bucketize")
def bucketize(b: Scope, node: Node, x: Value) -> Value:
    edges = b.value([float(edge) for edge in node.attrs["boundaries"]])
    above = b("GreaterOrEqual", b.cast(b("Unsqueeze", x, [-1]), "float32"), edges)
    return b("ReduceSum", b.cast(above, "int32"), [-1], keepdims=0)


@writes("LeftShift", "RightShift")
def shift(b: Scope, node: Node, x: Value, count: Value) -> Value:
    """ONNX shifts numbers without a sign. Of a negative one, what fills up on the right is its complement."""
    def shifted(value: Value, direction: str) -> Value:
        parts = (b("Cast", v, to=13, dtype="uint64", shape=v.shape) for v in (value, count))
        made = b("BitShift", *parts, direction=direction)
        return b("Cast", made, to=6, dtype="int32")

    if node.op == "LeftShift":
        return shifted(x, "LEFT")
    negative = b("Less", x, 0)
    found = shifted(b("Where", negative, b("BitwiseNot", x), x), "RIGHT")
    return b("Where", negative, b("BitwiseNot", found), found)


# --- what simulates quantization --------------------------------------------------------------------------------------------


@writes("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsPerChannel")
def fake_quant(b: Scope, node: Node, x: Value, low: Value, high: Value) -> Value:
    """Round to the steps of `num_bits` between two bounds, which move so that 0 is a step."""
    bits = node.attrs.get("num_bits", 8)
    if not 2 <= bits <= 16:
        raise Unwritable(f"it has {bits} bits")
    first, last = float(bool(node.attrs.get("narrow_range"))), float(2**bits - 1)

    def rounded(value: Value) -> Value:
        return b("Floor", b("Add", value, 0.5))

    def clipped(value: Value, least: Any, most: Any) -> Value:
        return b("Min", b("Max", value, least), most)

    step = b("Div", b("Sub", high, low), last - first)
    zero = clipped(rounded(b("Sub", first, b("Div", low, step))), first, last)
    bottom, top = (b("Mul", b("Sub", end, zero), step) for end in (first, last))
    steps = rounded(b("Div", b("Sub", clipped(x, bottom, top), bottom), step))
    return b("Mul", b("Add", steps, b("Sub", first, zero)), step)


@writes("FakeQuantWithMinMaxArgs")
def fake_quant_args(b: Scope, node: Node, x: Value) -> Value:
    bounds = (b.const([float(node.attrs.get(name, value))], (), "float32") for name, value in (("min", -6.0), ("max", 6.0)))
    return fake_quant(b, node, x, *bounds)
