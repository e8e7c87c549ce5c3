"""The meaning of every scalar operation, in plain Python on Python numbers: what all other targets are compared with.

Nothing raises: division by zero, overflow and wrong domains give infinities and NaN; integers wrap.
"""

from __future__ import annotations

import cmath
import math
import struct
from collections.abc import Callable
from typing import Any

from ..dtypes import TABLE, kind
from .program import Instruction

Number = Any


def wrap_int(x: int, dtype: str) -> int:
    """Return `x` modulo the range of an integer dtype."""
    low, high = int(TABLE[dtype].low), int(TABLE[dtype].high)
    return x if low <= x <= high else (x - low) % (high - low + 1) + low


def round_to(x: Number, dtype: str) -> Number:
    """Return `x` as the dtype stores it."""
    if dtype == "float32":
        return _pack("f", x)
    if dtype == "float16":
        return _pack("e", x)
    if dtype == "complex64":
        x = complex(x)
        return complex(_pack("f", x.real), _pack("f", x.imag))
    return x


def _pack(code: str, x: float) -> float:
    try:
        return struct.unpack(code, struct.pack(code, x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def convert(x: Number, dtype: str) -> Number:
    """Return `x` cast to `dtype`: floats saturate into integers and NaN becomes 0; integers wrap."""
    k = kind(dtype)
    if k == "b":
        return bool(x)
    if k == "s":
        return str(x)
    if k == "c":
        return complex(x)
    if isinstance(x, complex):
        x = x.real
    if k == "f":
        return round_to(float(x), dtype)
    if isinstance(x, float):
        if x != x:
            return 0
        return int(min(max(x, TABLE[dtype].low), TABLE[dtype].high))
    return wrap_int(int(x), dtype)


def _div(a: Number, b: Number) -> Number:
    try:
        return a / b
    except ZeroDivisionError:
        if isinstance(a, complex) or isinstance(b, complex):
            return complex(math.nan, math.nan)
        return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)
    except OverflowError:
        return math.inf


def _floordiv(a: Number, b: Number) -> Number:
    if b == 0:
        return 0 if isinstance(a, int) else _div(a, b)
    if isinstance(a, int):
        return a // b
    # Python's own // gives NaN for infinities where NumPy's gives the floor of the quotient.
    return math.nan if not math.isfinite(a) else -1.0 if math.isinf(b) and a != 0 and (a < 0) != (b < 0) else a // b


def _mod(a: Number, b: Number) -> Number:
    if b == 0:
        return 0 if isinstance(a, int) else math.nan
    return math.nan if isinstance(a, float) and math.isinf(a) else a % b


def _pow(a: Number, b: Number) -> Number:
    if isinstance(a, complex) or isinstance(b, complex):
        try:
            return complex(a) ** b
        except (ZeroDivisionError, OverflowError):
            return complex(math.nan, math.nan)
    if isinstance(a, int) and isinstance(b, int):
        if b < 0:
            return 1 if a == 1 else (1 if b % 2 == 0 else -1) if a == -1 else 0
        result = pow(abs(a), b, 2**64)
        return -result if a < 0 and b % 2 else result
    try:
        return math.pow(a, b)
    except ValueError:
        if a == 0:
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return math.nan
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf


def _max(a: Number, b: Number) -> Number:
    return a if a != a or a >= b else b


def _min(a: Number, b: Number) -> Number:
    return a if a != a or a <= b else b


def _sign(a: Number) -> Number:
    if isinstance(a, complex):
        return a / abs(a) if a else a
    return a if a != a or a == 0 else type(a)(1) if a > 0 else type(a)(-1)


def _log(x: Number) -> Number:
    if isinstance(x, complex):
        return cmath.log(x) if x else complex(-math.inf, 0.0)
    return math.log(x) if x > 0 else -math.inf if x == 0 else math.nan


def _log1p(x: Number) -> Number:
    if isinstance(x, complex):
        return _log(1 + x)
    return math.log1p(x) if x > -1 else -math.inf if x == -1 else math.nan


def _atanh(x: Number) -> Number:
    if isinstance(x, complex):
        return cmath.atanh(x) if x not in (1, -1) else complex(math.copysign(math.inf, x.real), 0.0)
    return math.copysign(math.inf, x) if abs(x) == 1 else math.nan if not abs(x) < 1 else math.atanh(x)


def _guarded(name: str) -> Callable[[Number], Number]:
    """Return math's function (cmath's for complex numbers) with NaN for a domain error and infinity for overflow."""
    on_reals, on_complex = getattr(math, name), getattr(cmath, name, lambda x: cmath.exp(x) - 1)

    def function(x: Number) -> Number:
        try:
            return on_complex(x) if isinstance(x, complex) else on_reals(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.copysign(math.inf, x) if name == "sinh" and not isinstance(x, complex) else math.inf

    return function


def _round_with(function: Callable[[float], int]) -> Callable[[float], float]:
    # Through copysign, so that -0.5 rounds to -0.0; infinities and NaN stay.
    return lambda x: math.copysign(float(function(x)), x) if math.isfinite(x) else x


def _bitcast(x: Number, dtype: str) -> Number:
    return struct.unpack("f", struct.pack("i", x))[0] if dtype == "float32" else struct.unpack("i", struct.pack("f", x))[0]


FUNCTIONS: dict[str, Callable[..., Number]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": _div, "neg": lambda a: -a,
    "abs": abs, "sign": _sign, "floordiv": _floordiv, "mod": _mod, "pow": _pow, "max": _max, "min": _min,
    "floor": _round_with(math.floor), "ceil": _round_with(math.ceil), "rint": _round_with(round), "trunc": _round_with(math.trunc),
    "log": _log, "log1p": _log1p, "atanh": _atanh, "atan2": math.atan2,
    **{n: _guarded(n) for n in ["sqrt", "exp", "expm1", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh",
        "tanh", "asinh", "acosh"]},
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "and": lambda a, b: bool(a and b), "or": lambda a, b: bool(a or b), "not": lambda a: not a, "xor": lambda a, b: bool(a) != bool(b),
    "band": lambda a, b: a & b, "bor": lambda a, b: a | b, "bxor": lambda a, b: a ^ b,
    "shl": lambda a, b: a << b if 0 <= b < 32 else 0, "shr": lambda a, b: a >> min(b, 31) if b >= 0 else (-1 if a < 0 else 0),
    "ushr": lambda a, b: (a & 0xFFFFFFFF) >> b if 0 <= b < 32 else 0,
    "select": lambda c, a, b: a if c else b,
    "isnan": lambda a: a != a, "isinf": lambda a: cmath.isinf(a),
    "real": lambda a: a.real, "imag": lambda a: a.imag, "conj": lambda a: a.conjugate(), "complex": complex,
}  # fmt: skip

_WRAPPING = frozenset(("add", "sub", "mul", "neg", "shl", "pow", "floordiv", "abs", "ushr"))


def function_of(step: Instruction) -> Callable[..., Number]:
    """Return the function of a typed step, its result wrapped where integers may overflow."""
    if step.op == "cast":
        return lambda x: convert(x, step.dtype)
    if step.op == "bitcast":
        return lambda x: _bitcast(x, step.dtype)
    if step.op == "bnot":
        return (lambda a: not a) if step.dtype == "bool" else (lambda a: wrap_int(~a, step.dtype))
    function = FUNCTIONS[step.op]
    if kind(step.dtype) == "i" and step.op in _WRAPPING:
        return lambda *args: wrap_int(function(*args), step.dtype)
    if step.dtype == "bool":
        return lambda *args: bool(function(*args))
    return function
