"""Emits the steps of a typed program on lanes. Transcendental functions are in `functions.py`, complex ones in `complex_numbers.py`.

Integers of 8 bits are computed in 32 and cut after each step; float16 is computed in float32 and rounded where it is cast or stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ...dtypes import TABLE, kind
from ..program import BITS, COMPARE, LOGIC, Instruction, Program
from . import integers
from .code import Code, Lanes, Value
from .complex_numbers import COMPLEX
from .functions import REAL
from .half import float_to_half, half_to_float

_WRAPPING = frozenset(("add", "sub", "mul", "neg", "shl", "pow", "floordiv", "abs", "sign", "bnot"))
_FLOAT_NAMES = {"floor": "floor", "ceil": "ceil", "rint": "nearest", "trunc": "trunc", "sqrt": "sqrt", "abs": "abs", "neg": "neg"}
_BITWISE = {"band": "and", "bor": "or", "bxor": "xor", "and": "and", "or": "or", "xor": "xor"}


Load = Callable[[int, Instruction], Lanes]


def evaluate(b: Code, program: Program, wanted: Iterable[int], known: dict[int, Lanes], load: Load) -> None:
    """Put the wanted steps, and those they need, into `known`; `load` gives the arguments, coordinates and reductions."""
    for _ in evaluation(b, program, wanted, known, load):
        pass


def evaluation(b: Code, program: Program, wanted: Iterable[int], known: dict[int, Lanes], load: Load) -> Iterator[int]:
    """Do what `evaluate` does and yield after each step, so that several evaluations can take turns."""
    steps = program.steps
    needed: set[int] = set()
    stack = list(wanted)
    while stack:
        i = stack.pop()
        if i not in known and i not in needed:
            needed.add(i)
            if steps[i].op != "reduce":
                stack.extend(steps[i].args)
    for i in sorted(needed):
        step = steps[i]
        if step.op in ("arg", "coord", "count", "reduce"):
            known[i] = load(i, step)
        else:
            known[i] = _step(b, step, [known[a] for a in step.args], [steps[a] for a in step.args])
        yield i


def uniform_steps(program: Program, numbers: Iterable[int]) -> list[int]:
    """Return the steps that depend on constants and number arguments only: they are computed once, before the loops."""
    given = set(numbers)
    found: set[int] = set()
    for i, step in enumerate(program.steps):
        own = step.op == "const" or (step.op == "arg" and step.value in given)
        if own or (step.args and step.op not in ("coord", "reduce") and all(a in found for a in step.args)):
            found.add(i)
    return sorted(found)


def constant(b: Code, value: Any, dtype: str) -> Lanes:
    """Return a constant in every lane."""
    k = kind(dtype)
    if k == "c":
        return b.constant("vf", complex(value).real), b.constant("vf", complex(value).imag)
    return b.constant({"f": "vf", "i": "vi", "b": "vm"}[k], value)


def _step(b: Code, step: Instruction, args: list[Any], sources: Sequence[Instruction]) -> Lanes:
    op, dtype = step.op, step.dtype
    if op == "const":
        return constant(b, step.value, dtype)
    if op == "cast":
        return cast(b, args[0], sources[0], dtype)
    if op == "bitcast":
        return b.bits(args[0], "vf" if dtype == "float32" else "vi")
    if op == "select":
        return _select(b, *args)
    if op == "complex":
        return args[0], args[1]
    if any(isinstance(a, tuple) for a in args):
        return COMPLEX[op](b, *args)
    if op in COMPARE:
        return _compare(b, op, *args)
    if op in ("isnan", "isinf"):
        return args[0] != args[0] if op == "isnan" else b.op("abs", args[0]) == math.inf
    if dtype == "bool" and op in LOGIC | BITS | {"add", "mul", "max", "min"}:
        return _on_masks(b, op, args)
    if kind(dtype) == "i":
        return _wrapped(b, _on_integers(b, op, args, sources), dtype) if op in _WRAPPING else _on_integers(b, op, args, sources)
    return _on_floats(b, op, args, sources)


def _select(b: Code, condition: Value, x: Any, y: Any) -> Lanes:
    if isinstance(x, tuple):
        return b.select(condition, x[0], y[0]), b.select(condition, x[1], y[1])
    if x.type == "vm":
        return (condition & x) | (~condition & y)
    return b.select(condition, x, y)


def _compare(b: Code, op: str, x: Value, y: Value) -> Value:
    if x.type != "vm":
        return b.op(op, x, y)
    if op in ("eq", "ne"):
        different = x ^ y
        return ~different if op == "eq" else different
    return b.op(op, b.convert(x, "vi"), b.convert(y, "vi"))


def _on_masks(b: Code, op: str, args: list[Value]) -> Value:
    if op in ("not", "bnot"):
        return ~args[0]
    return b.op({"add": "or", "mul": "and", "max": "or", "min": "and"}.get(op) or _BITWISE[op], *args)


def _on_integers(b: Code, op: str, args: list[Value], sources: Sequence[Instruction]) -> Value:
    x = args[0]
    if op in ("max", "min"):
        return b.select(x > args[1] if op == "max" else x < args[1], x, args[1])
    if op == "neg":
        return 0 - x
    if op == "abs":
        return b.select(x < 0, 0 - x, x)
    if op == "sign":
        return b.convert(x > 0, "vi") - b.convert(x < 0, "vi")
    if op == "bnot":
        return x ^ -1
    if op in _BITWISE:
        return b.op(_BITWISE[op], *args)
    if op in ("shl", "shr", "ushr"):
        amount = sources[1].value if sources[1].op == "const" else args[1]
        return integers.INTEGERS[op](b, x, amount)
    if op in ("floordiv", "mod", "pow"):
        return integers.INTEGERS[op](b, *args)
    return b.op(op, *args)


def _wrapped(b: Code, x: Value, dtype: str) -> Value:
    """Return integers modulo the range of their dtype."""
    if dtype == "int32":
        return x
    return x & 255 if dtype == "uint8" else (x << 24) >> 24


# Exponents that are common and have a short form, rounded at least as well as the general power.
_POWERS: dict[float, Callable[[Code, Value], Value]] = {
    2.0: lambda b, x: x * x,
    3.0: lambda b, x: x * x * x,
    -1.0: lambda b, x: 1.0 / x,
    0.5: lambda b, x: b.select(x == -math.inf, math.inf, b.op("sqrt", x) + 0.0),  # of -0.0 it is 0.0
}


def _on_floats(b: Code, op: str, args: list[Value], sources: Sequence[Instruction]) -> Lanes:
    x = args[0]
    if op in ("max", "min"):
        return _extreme(b, op, args, sources)
    if op == "sign":
        return b.select(x > 0.0, 1.0, b.select(x < 0.0, -1.0, x))
    if op in _FLOAT_NAMES:
        return b.op(_FLOAT_NAMES[op], *args)
    if op == "pow" and sources[1].op == "const" and sources[1].value in _POWERS:
        return _POWERS[sources[1].value](b, x)
    return REAL[op](b, *args) if op in REAL else b.op(op, *args)


def _extreme(b: Code, op: str, args: list[Value], sources: Sequence[Instruction]) -> Value:
    """Return the larger or smaller, NaN if one is NaN: the instruction gives its second operand then, so a number goes first."""
    x, y = args
    if sources[0].op == "const" and sources[0].value == sources[0].value:
        return b.op(op, x, y)
    if sources[1].op == "const" and sources[1].value == sources[1].value:
        return b.op(op, y, x)
    return b.select(x != x, x, b.op(op, x, y))


def cast(b: Code, x: Any, source: Instruction, target: str) -> Lanes:
    """Return lanes of one dtype converted to another: floats saturate into integers and NaN becomes 0; integers wrap."""
    k = kind(target)
    if isinstance(x, tuple):
        if k == "b":
            return (x[0] != 0.0) | (x[1] != 0.0)
        return x if k == "c" else cast(b, x[0], source._replace(op="arg", dtype="float32"), target)
    if k == "b":
        return x if x.type == "vm" else x != 0
    if x.type == "vm":
        x = b.convert(x, "vi")
    if k == "i":
        return _to_integer(b, x, target)
    made = b.convert(x, "vf")
    if target == "float16" or (source.dtype == "float16" and source.op not in ("arg", "cast", "const")):
        made = half_to_float(b, float_to_half(b, made))
    return (made, b.constant("vf", 0.0)) if k == "c" else made


def _to_integer(b: Code, x: Value, target: str) -> Value:
    if x.type == "vi":
        return _wrapped(b, x, target)
    made = b.convert(x, "vi")
    if target == "int32":
        return made
    low, high = int(TABLE[target].low), int(TABLE[target].high)
    made = b.select(made < low, low, made)
    return b.select(made > high, high, made)
