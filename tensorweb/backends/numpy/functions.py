"""Each scalar operation on NumPy arrays, with the meaning that `kernels.scalars` gives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...dtypes import TABLE, kind
from ...kernels.program import Instruction

NUMPY_DTYPES: dict[str, Any] = {
    "float32": np.dtype("float32"), "int32": np.dtype("int32"), "bool": np.dtype("bool"), "uint8": np.dtype("uint8"),
    "int8": np.dtype("int8"), "float16": np.dtype("float16"), "complex64": np.dtype("complex64"), "string": np.dtype(object),
}  # fmt: skip


def quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` with NumPy's warnings off: infinities and NaN are values here, not events."""
    return np.errstate(all="ignore")(function)


def _float_to_int(target: np.dtype, low: float, high: float) -> Callable[[Any], Any]:
    def convert(x: Any) -> Any:
        # NumPy leaves casts out of range undefined. The bounds are exact in float64, not in float32.
        wide = np.asarray(x).astype(np.float64)
        return np.nan_to_num(np.clip(wide, low, high), nan=0.0).astype(target)

    return convert


def _cast(step: Instruction, source: str | None) -> Callable[[Any], Any]:
    target = NUMPY_DTYPES[step.dtype]
    if source is not None and kind(source) == "f" and kind(step.dtype) == "i":
        return _float_to_int(target, TABLE[step.dtype].low, TABLE[step.dtype].high)
    if source == "complex64" and kind(step.dtype) != "b":
        return lambda x: np.asarray(x).real.astype(target)
    return lambda x: np.asarray(x).astype(target)


def _power_of_ints(a: Any, b: Any) -> Any:
    safe = np.power(a, np.maximum(b, 0))
    odd = np.where(np.asarray(b) % 2 != 0, a, np.abs(a))
    return np.where(np.asarray(b) < 0, np.where(np.abs(a) == 1, odd, 0), safe).astype(safe.dtype)


def _shift(function: Callable[[Any, Any], Any], keeps_sign: bool = False) -> Callable[[Any, Any], Any]:
    def shift(a: Any, b: Any) -> Any:
        a, b = np.asarray(a), np.asarray(b)
        inside = (b >= 0) & (b < 32)
        beyond = np.where(a < 0, -1, 0) if keeps_sign else 0
        return np.where(inside, function(a, np.where(inside, b, 0).astype(a.dtype)), beyond).astype(a.dtype)

    return shift


def _logical_right(a: Any, b: Any) -> Any:
    return (np.asarray(a).view(np.uint32) >> np.asarray(b).astype(np.uint32)).view(np.int32)


def _constant_shift(step: Instruction, amount: Any) -> Callable[[Any, Any], Any] | None:
    """Return the plain NumPy form when the amount is a constant within range, as in Threefry's rotations."""
    if not isinstance(amount, int) or not 0 <= amount < 32:
        return None
    plain: dict[str, Callable[[Any, Any], Any]] = {"shl": np.left_shift, "shr": np.right_shift, "ushr": _logical_right}
    return plain[step.op]


def _make_complex(a: Any, b: Any) -> Any:
    out = np.empty(np.broadcast(a, b).shape, np.complex64)
    out.real, out.imag = a, b
    return out


def _sign(a: Any) -> Any:
    # NumPy 1 gives the sign of the real part for complex numbers.
    if np.iscomplexobj(a):
        size = np.abs(a)
        return np.where(size == 0, a, a / size)
    return np.sign(a)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide, "neg": np.negative, "abs": np.absolute, "sign": _sign,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "max": np.maximum, "min": np.minimum, "floor": np.floor,
    "ceil": np.ceil, "rint": np.rint, "trunc": np.trunc, "sqrt": np.sqrt, "exp": np.exp, "expm1": np.expm1, "log": np.log,
    "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh,
    "atanh": np.arctanh, "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "and": np.logical_and, "or": np.logical_or, "not": np.logical_not, "xor": np.logical_xor,
    "band": np.bitwise_and, "bor": np.bitwise_or, "bxor": np.bitwise_xor, "bnot": np.invert, "shl": _shift(np.left_shift),
    "shr": _shift(np.right_shift, keeps_sign=True), "ushr": _shift(_logical_right), "select": np.where, "isnan": np.isnan,
    "isinf": np.isinf, "real": lambda a: np.real(a).copy(), "imag": lambda a: np.imag(a).copy(), "conj": np.conj,
    "complex": _make_complex,
}  # fmt: skip


def function_of(step: Instruction, operands: list[Instruction]) -> Callable[..., Any]:
    """Return the NumPy function of a typed step, given the steps of its operands."""
    if step.op == "cast":
        return _cast(step, operands[0].dtype if operands else None)
    if step.op == "bitcast":
        return lambda x: np.asarray(x, NUMPY_DTYPES[operands[0].dtype]).view(NUMPY_DTYPES[step.dtype])
    if step.op == "pow" and kind(step.dtype) == "i":
        return _power_of_ints
    if step.op in ("shl", "shr", "ushr") and operands[1].op == "const":
        return _constant_shift(step, operands[1].value) or FUNCTIONS[step.op]
    if step.op in ("add", "sub", "mul", "max", "min", "floordiv", "mod") and all(o.op == "const" for o in operands):
        dtype = NUMPY_DTYPES[step.dtype]
        return lambda *xs: FUNCTIONS[step.op](*(dtype.type(x) for x in xs))
    return FUNCTIONS[step.op]
