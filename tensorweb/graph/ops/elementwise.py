"""Graph ops that work element by element: arithmetic, functions of one number, comparisons, logic, bits. Casts: `shaping.py`."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...dtypes import is_float
from ..define import graph_op
from .support import plain_ops, text

# --- arithmetic ---


def _truncated_quotient(x: Any, y: Any) -> Any:
    """Return x / y; of integers without the fraction."""
    return ops.divide(x, y) if is_float(x.dtype) else ops.floor_divide(ops.subtract(x, ops.fmod(x, y)), y)


def _floored_quotient(x: Any, y: Any) -> Any:
    """Return x / y rounded down; infinity stays."""
    return ops.floor(ops.divide(x, y)) if is_float(x.dtype) else ops.floor_divide(x, y)


def _zero_where_zero(function: Any) -> Any:
    """Return the function of x and y that is 0 wherever x is."""
    return lambda x, y: ops.where(ops.equal(x, 0), ops.zeros_like(x), function(x, y))


plain_ops(
    {
        "Add AddV2": ops.add,
        "AddN AccumulateNV2": lambda *xs: ops.add_n(xs),
        "Sub": ops.subtract,
        "Mul": ops.multiply,
        "MulNoNan": lambda x, y: ops.where(ops.equal(y, 0), ops.zeros_like(y), ops.multiply(x, y)),
        "RealDiv": ops.divide,
        "Div TruncateDiv": _truncated_quotient,
        "DivNoNan": ops.divide_no_nan,
        "FloorDiv": _floored_quotient,
        "FloorMod": ops.mod,
        "Mod TruncateMod": ops.fmod,
        "Maximum": ops.maximum,
        "Minimum": ops.minimum,
        "Pow": ops.power,
        "SquaredDifference": ops.squared_difference,
        "Atan2": ops.arctan2,
        "NextAfter": ops.nextafter,
        "Xdivy": _zero_where_zero(ops.divide),
        "Xlogy": _zero_where_zero(lambda x, y: ops.multiply(x, ops.log(y))),
        "Xlog1py": _zero_where_zero(lambda x, y: ops.multiply(x, ops.log1p(y))),
        "ClipByValue": ops.clip,
    }
)


def along_channels(x: Any, vector: Any, data_format: str) -> Any:
    """Return a vector with an element for each channel of x, so that it broadcasts over x."""
    if not data_format.startswith("NC"):
        return vector
    return ops.reshape(vector, (-1,) + (1,) * (len(x.shape) - 2))


@graph_op("BiasAdd", "BiasAddV1")
def _bias_add(node: Any, x: Any, bias: Any) -> Any:
    return ops.add(x, along_channels(x, bias, text(node, "data_format", "NHWC")))


# --- functions of one number ---


def _rounded_down(function: Any) -> Any:
    """Return a function that has whole floats, for which integers are whole already."""
    return lambda x: function(x) if is_float(x.dtype) else x


plain_ops(
    {
        "Abs ComplexAbs": ops.absolute,
        "Acos": ops.arccos,
        "Acosh": ops.arccosh,
        "Angle": ops.angle,
        "Asin": ops.arcsin,
        "Asinh": ops.arcsinh,
        "Atan": ops.arctan,
        "Atanh": ops.arctanh,
        "BesselI0": ops.i0,
        "Ceil": _rounded_down(ops.ceil),
        "Complex": ops.complex,
        "Conj": ops.conjugate,
        "Cos": ops.cos,
        "Cosh": ops.cosh,
        "Elu": ops.elu,
        "Erf": ops.erf,
        "Erfc": ops.erfc,
        "Erfinv": ops.erfinv,
        "Exp": ops.exp,
        "Expm1": ops.expm1,
        "Floor": _rounded_down(ops.floor),
        "Imag": ops.imag,
        "Inv Reciprocal": lambda x: ops.reciprocal(x) if is_float(x.dtype) else _truncated_quotient(ops.ones_like(x), x),
        "Log": ops.log,
        "Log1p": ops.log1p,
        "Neg": ops.negative,
        "Prelu": ops.prelu,
        "Real": ops.real,
        "Relu": ops.relu,
        "Relu6": ops.relu6,
        "Rint": ops.round,
        "Round": _rounded_down(ops.round),
        "Rsqrt": ops.rsqrt,
        "Selu": ops.selu,
        "Sigmoid": ops.sigmoid,
        "Sign": ops.sign,
        "Sin": ops.sin,
        "Sinh": ops.sinh,
        "Softplus": ops.softplus,
        "Softsign": ops.softsign,
        "Sqrt": ops.sqrt,
        "Square": ops.square,
        "Tan": ops.tan,
        "Tanh": ops.tanh,
        "IsFinite": ops.isfinite,
        "IsInf": ops.isinf,
        "IsNan": ops.isnan,
    }
)


@graph_op("LeakyRelu")
def _leaky_relu(node: Any, x: Any) -> Any:
    return ops.leaky_relu(x, node.attrs.get("alpha", 0.2))


# --- comparisons, logic, bits ---

plain_ops(
    {
        "Equal": ops.equal,
        "NotEqual": ops.not_equal,
        "Greater": ops.greater,
        "GreaterEqual": ops.greater_equal,
        "Less": ops.less,
        "LessEqual": ops.less_equal,
        "LogicalAnd": ops.logical_and,
        "LogicalNot": ops.logical_not,
        "LogicalOr": ops.logical_or,
        "SelectV2": ops.where,
        "BitwiseAnd": ops.bitwise_and,
        "BitwiseOr": ops.bitwise_or,
        "BitwiseXor": ops.bitwise_xor,
        "Invert": ops.bitwise_not,
        "LeftShift": ops.bitwise_left_shift,
        "RightShift": ops.bitwise_right_shift,
    }
)


@graph_op("ApproximateEqual")
def _approximate_equal(node: Any, x: Any, y: Any) -> Any:
    return ops.less(ops.absolute(ops.subtract(x, y)), node.attrs.get("tolerance", 1e-5))


@graph_op("Select")
def _select(node: Any, condition: Any, x: Any, y: Any) -> Any:
    """A condition of one axis chooses whole rows."""
    if len(condition.shape) == 1 and len(x.shape) > 1:
        condition = ops.reshape(condition, (-1,) + (1,) * (len(x.shape) - 1))
    return ops.where(condition, x, y)


@graph_op("Bucketize")
def _bucketize(node: Any, x: Any) -> Any:
    return ops.digitize(x, [float(edge) for edge in node.attrs["boundaries"]])
