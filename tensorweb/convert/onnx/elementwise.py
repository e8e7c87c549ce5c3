"""ONNX's ops that go element by element: arithmetic, activations, comparisons, casts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .schema import DTYPES, RANGES
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op, plain_ops

SUBJECT = "elementwise"

plain_ops({
    "Abs": "Abs", "Acos": "Acos", "Acosh": "Acosh", "Asin": "Asin", "Asinh": "Asinh", "Atan": "Atan", "Atanh": "Atanh", "Ceil": "Ceil",
    "Cos": "Cos", "Cosh": "Cosh", "Erf": "Erf", "Exp": "Exp", "Floor": "Floor", "Identity": "Identity", "IsNaN": "IsNan", "Log": "Log",
    "Neg": "Neg", "Not": "LogicalNot", "Reciprocal": "Reciprocal", "Relu": "Relu", "Round": "Round", "Sigmoid": "Sigmoid", "Sign": "Sign",
    "Sin": "Sin", "Sinh": "Sinh", "Softplus": "Softplus", "Sqrt": "Sqrt", "Tan": "Tan", "Tanh": "Tanh",
    "Add": "AddV2", "Sub": "Sub", "Mul": "Mul", "And": "LogicalAnd", "Or": "LogicalOr", "Greater": "Greater",
    "GreaterOrEqual": "GreaterEqual", "Less": "Less", "LessOrEqual": "LessEqual", "Where": "SelectV2", "BitwiseAnd": "BitwiseAnd",
}, SUBJECT)  # fmt: skip


# --- activations ------------------------------------------------------------------------------------------------------------


def hard_sigmoid(b: Scope, x: Value, alpha: float, beta: float) -> Value:
    """Return a line cut at 0 and 1."""
    return b("ClipByValue", b("AddV2", b("Mul", x, alpha), beta), 0.0, 1.0)


def elu(b: Scope, x: Value, alpha: float, scale: float = 1.0) -> Value:
    """Return x, or alpha (exp(x) - 1) below 0, scaled."""
    if alpha == 1:
        found = b("Elu", x)
    else:
        found = b("SelectV2", b("Greater", x, 0.0), x, b("Mul", b("Expm1", b("Minimum", x, 0.0)), alpha))
    return found if scale == 1 else b("Mul", found, scale)


def thresholded(b: Scope, x: Value, alpha: float) -> Value:
    """Return x where it is greater than alpha, else 0."""
    return b("SelectV2", b("Greater", x, alpha), x, 0.0)


# What recurrent ops may be told to use, by name: function of (scope, x, alpha, beta), and the defaults of alpha and beta.
ACTIVATIONS: dict[str, tuple[Callable[[Scope, Value, float, float], Value], float, float]] = {
    "relu": (lambda b, x, p, q: b("Relu", x), 0, 0),
    "tanh": (lambda b, x, p, q: b("Tanh", x), 0, 0),
    "sigmoid": (lambda b, x, p, q: b("Sigmoid", x), 0, 0),
    "affine": (lambda b, x, p, q: b("AddV2", b("Mul", x, p), q), 1, 0),
    "leakyrelu": (lambda b, x, p, q: b("LeakyRelu", x, alpha=p), 0.01, 0),
    "thresholdedrelu": (lambda b, x, p, q: thresholded(b, x, p), 1, 0),
    "scaledtanh": (lambda b, x, p, q: b("Mul", b("Tanh", b("Mul", x, q)), p), 1, 1),
    "hardsigmoid": (hard_sigmoid, 0.2, 0.5),
    "elu": (lambda b, x, p, q: elu(b, x, p), 1, 0),
    "softsign": (lambda b, x, p, q: b("RealDiv", x, b("AddV2", b("Abs", x), 1.0)), 0, 0),
    "softplus": (lambda b, x, p, q: b("Softplus", x), 0, 0),
}


def activation(b: Scope, name: str, x: Value, alpha: float | None = None, beta: float | None = None) -> Value:
    """Return an activation by the name that recurrent ops give it."""
    found = ACTIVATIONS.get(name.lower())
    if found is None:
        raise Unsupported(f"the activation {name[:40]!r} is not known")
    function, p, q = found
    return function(b, x, float(p if alpha is None else alpha), float(q if beta is None else beta))


@onnx_op("LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Softsign", "Elu")
def by_name(b: Scope, node: OnnxNode, x: Value) -> Value:
    return activation(b, node.op, x, node.float("alpha"), node.float("beta"))


@onnx_op("Selu")
def selu(b: Scope, node: OnnxNode, x: Value) -> Value:
    alpha, gamma = node.float("alpha", 1.6732632), node.float("gamma", 1.0507010)
    if math.isclose(alpha, 1.6732632, rel_tol=1e-5) and math.isclose(gamma, 1.0507010, rel_tol=1e-5):
        return b("Selu", x)
    return elu(b, x, alpha, gamma)


@onnx_op("Celu")
def celu(b: Scope, node: OnnxNode, x: Value) -> Value:
    alpha = node.float("alpha", 1.0)
    return elu(b, x, 1.0) if alpha == 1 else b("Mul", elu(b, b("Mul", x, 1 / alpha), 1.0), alpha)


@onnx_op("PRelu")
def prelu(b: Scope, node: OnnxNode, x: Value, slope: Value) -> Value:
    # Graph engines demand slopes of x's rank.
    if x.shape is not None and slope.shape is not None and None not in slope.shape and len(slope.shape) < len(x.shape):
        slope = b.reshape(slope, [1] * (len(x.shape) - len(slope.shape)) + [s or 1 for s in slope.shape])
    return b("Prelu", x, slope)


@onnx_op("HardSwish")
def hard_swish(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b("Mul", x, hard_sigmoid(b, x, 1 / 6, 0.5))


@onnx_op("Mish")
def mish(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b("Mul", x, b("Tanh", b("Softplus", x)))


@onnx_op("Swish")
def swish(b: Scope, node: OnnxNode, x: Value) -> Value:
    alpha = node.float("alpha", 1.0)
    return b("Mul", x, b("Sigmoid", x if alpha == 1 else b("Mul", x, alpha)))


def gelu_of(b: Scope, x: Value, smooth: bool) -> Value:
    """Return x Φ(x), by erf or by its approximation with tanh."""
    if smooth:
        cubic = b("AddV2", x, b("Mul", b("Mul", b("Square", x), x), 0.044715))
        inner = b("Tanh", b("Mul", cubic, math.sqrt(2 / math.pi)))
    else:
        inner = b("Erf", b("Mul", x, math.sqrt(0.5)))
    return b("Mul", b("Mul", x, 0.5), b("AddV2", inner, 1.0))


@onnx_op("Gelu")
@onnx_op("Gelu", domain="com.microsoft")
def gelu(b: Scope, node: OnnxNode, x: Value) -> Value:
    return gelu_of(b, x, node.text("approximate", "none") == "tanh")


@onnx_op("Shrink")
def shrink(b: Scope, node: OnnxNode, x: Value) -> Value:
    bias, limit = node.float("bias", 0.0), node.float("lambd", 0.5)
    above = b("SelectV2", b("Greater", x, limit), b("Sub", x, bias), b("ZerosLike", x))
    return b("SelectV2", b("Less", x, -limit), b("AddV2", x, bias), above)


@onnx_op("Dropout")
def dropout(b: Scope, node: OnnxNode, x: Value, ratio: Value | None = None, training: Value | None = None) -> list[Value]:
    if training is not None and b.ints(training, "training_mode") != [0]:
        raise Unsupported("it drops elements, as in training")
    mask = [b("Cast", b("OnesLike", x), SrcT="float32", DstT="bool")] if node.has_output(1) else []
    return [b("Identity", x), *mask]


@onnx_op("Clip")
def clip(b: Scope, node: OnnxNode, x: Value, low: Value | None = None, high: Value | None = None) -> Value:
    if node.opset < 11:
        given = node.float("min"), node.float("max")
        low, high = (None if v is None or math.isinf(v) or abs(v) > 3.4e38 else b.value(v) for v in given)
    if low is not None and high is not None:
        if low.known == [0] and high.known == [6] and not x.whole:
            return b("Relu6", x)
        if low.known is not None and high.known is not None and not x.whole and low.known[0] <= high.known[0]:
            return b("ClipByValue", x, float(low.known[0]), float(high.known[0]))
    if low is not None:
        x = b("Relu", x) if low.known == [0] and high is None and not x.whole else b("Maximum", x, low)
    return x if high is None and low is not None else b("Identity", x) if high is None else b("Minimum", x, high)


# --- arithmetic -------------------------------------------------------------------------------------------------------------


@onnx_op("Div")
def divide(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    if not x.whole:
        return b("RealDiv", x, y)
    # ONNX rounds towards zero, FloorDiv down.
    if x.dtype in ("uint8", "uint16") or (y.known and min(y.known) > 0 and x.known and min(x.known) >= 0):
        return b("FloorDiv", x, y)
    down = b("FloorDiv", x, y)
    uneven = b("NotEqual", b("Mul", down, y), x)
    opposite = b("NotEqual", b("Less", x, 0), b("Less", y, 0))
    return b.typed(b("AddV2", down, b.cast(b("LogicalAnd", uneven, opposite), "int32")), x.dtype)


@onnx_op("Mod")
def modulo(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    if not node.int("fmod", 0):
        return b("FloorMod", x, y)
    # fmod has the sign of x.
    return b("Mul", b("Sign", x), b("FloorMod", b("Abs", x), b("Abs", y)))


@onnx_op("Pow")
def power(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    if y.known == [2] and y.shape == ():
        return b("Square", x)
    if y.known == [0.5] and y.shape == () and not x.whole:
        return b("Sqrt", x)
    if x.whole and not y.whole:
        return b.typed(b.cast(b("Pow", b.cast(x, "float32"), y), "int32"), x.dtype)
    return b("Pow", x, b.cast(y, x.dtype or "float32"))


def _many(own: str) -> Callable[..., Value]:
    def translate(b: Scope, node: OnnxNode, *inputs: Value) -> Value:
        found = inputs[0] if len(inputs) > 1 else b("Identity", inputs[0])
        for x in inputs[1:]:
            found = b(own, found, x)
        return b("RealDiv", found, float(len(inputs))) if node.op == "Mean" else found

    return translate


for _name, _own in {"Max": "Maximum", "Min": "Minimum", "Sum": "AddV2", "Mean": "AddV2"}.items():
    onnx_op(_name)(_many(_own))


@onnx_op("Xor")
def exclusive_or(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    return b("LogicalAnd", b("LogicalOr", x, y), b("LogicalNot", b("LogicalAnd", x, y)))


@onnx_op("Equal")
def equal(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    return b("Equal", x, y)


@onnx_op("BitwiseOr", "BitwiseXor")
def bitwise(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    both = b("BitwiseAnd", x, y)
    return b("Sub", b("AddV2", x, y), both if node.op == "BitwiseOr" else b("AddV2", both, both))


@onnx_op("BitwiseNot")
def bitwise_not(b: Scope, node: OnnxNode, x: Value) -> Value:
    return b("Sub", RANGES.get(x.dtype or "", (0, -1))[1] if (x.dtype or "").startswith("u") else -1, x)


@onnx_op("BitShift")
def bit_shift(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    factor = b.cast(b("Pow", 2.0, b.cast(y, "float32")), "int32")
    if node.text("direction") == "RIGHT":
        return b.typed(b("FloorDiv", x, factor), x.dtype)
    return wrapped(b, b("Mul", x, factor), x.dtype or "int32")


@onnx_op("IsInf")
def is_inf(b: Scope, node: OnnxNode, x: Value) -> Value:
    found, above, below = b("IsInf", x), node.int("detect_positive", 1), node.int("detect_negative", 1)
    if above and below:
        return found
    return b("LogicalAnd", found, b("Greater" if above else "Less", x, 0.0)) if above or below else b("NotEqual", found, found)


# --- casts ------------------------------------------------------------------------------------------------------------------


def wrapped(b: Scope, x: Value, dtype: str) -> Value:
    """Return integers cut to the lower bits that a dtype has."""
    low, high = RANGES[dtype]
    if dtype in ("int32", "int64", "uint32", "uint64"):
        return b.typed(x, dtype)
    return b.typed(b("Sub", b("FloorMod", b("Sub", x, low), high - low + 1), -low) if low else b("FloorMod", x, high + 1), dtype)


def cast_to(b: Scope, x: Value, dtype: str | None, where: str) -> Value:
    """Return a value as an ONNX dtype."""
    if dtype is None or dtype in ("string", "complex64") or x.dtype == "string":
        raise Unsupported(f"{where} {dtype or 'a dtype of 8 bits'} from {x.dtype}")
    if dtype == "bool" and x.dtype != "bool":
        return b("NotEqual", x, b.like(0, x))
    found = b("Identity", x) if b.cast(x, dtype) is x else b.cast(x, dtype)
    inner, outer = RANGES.get(x.dtype or "", (0, 1)), RANGES.get(dtype)
    if outer is not None and x.dtype != "bool" and not (x.whole and outer[0] <= inner[0] and inner[1] <= outer[1]):
        found = wrapped(b, found, dtype)
    return b.typed(found, dtype)


@onnx_op("Cast")
def cast(b: Scope, node: OnnxNode, x: Value) -> Value:
    return cast_to(b, x, DTYPES.get(node.int("to", 0)), "a cast to")


@onnx_op("CastLike")
def cast_like(b: Scope, node: OnnxNode, x: Value, like: Value) -> Value:
    return cast_to(b, x, like.dtype, "a cast to")


def number_of(value: Value) -> Any:
    """Return a scalar that must be known; Unsupported where it is computed."""
    if value.known is None or len(value.known) != 1:
        raise Unsupported("a scalar input is computed while the model runs")
    return value.known[0]
