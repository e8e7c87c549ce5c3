"""Typed programs: an expression once the dtypes of its arguments are known. This is what interpreters and printers read.

`lower` walks an expression, gives each node a dtype, inserts the casts that promotion asks for, and shares common subexpressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .. import dtypes
from ..errors import DTypeError, message
from .expression import Expr, postorder


class Instruction(NamedTuple):
    """One typed step: operation, indices of its operands among the earlier steps, payload, dtype of the result."""

    op: str
    args: tuple[int, ...]
    value: Any
    dtype: str


class Program(NamedTuple):
    """Instructions in order, the indices of the results, and for each instruction the operands that are used for the last time."""

    steps: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    released: tuple[tuple[int, ...], ...]

    @property
    def key(self) -> str:
        """Return text that is the same for equal programs."""
        return ";".join(f"{s.op}{s.args}{'' if s.value is None else s.value}:{s.dtype}" for s in self.steps) + f">{self.outputs}"


COMPARE = frozenset(("eq", "ne", "lt", "le", "gt", "ge"))
LOGIC = frozenset(("and", "or", "not", "xor"))
BITS = frozenset(("band", "bor", "bxor", "bnot", "shl", "shr", "ushr"))
FLOATING = frozenset(
    ("div", "exp", "log", "expm1", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh", "asinh",
     "acosh", "atanh")
)  # fmt: skip
WITH_STRINGS = COMPARE | frozenset(("select", "cast_like", "result_like", "stop", "call"))
ROUNDING = frozenset(("floor", "ceil", "rint", "trunc"))
_PYTHON_TYPE = {"b": bool, "i": int, "f": float, "c": complex}
WIDENED_SUM = {"bool": "int32", "int8": "int32", "uint8": "int32"}


class _Lowering:
    """The state of one lowering: steps so far, and where each distinct one stands."""

    def __init__(self, arg_dtypes: Sequence[str | type], where: str):
        self.arg_dtypes, self.where = arg_dtypes, where
        self.steps: list[Instruction] = []
        self.index: dict[tuple, int] = {}
        self.weak: dict[int, Any] = {}  # steps whose dtype still yields to others: constants and Python numbers

    def emit(self, op: str, args: tuple[int, ...], value: Any, dtype: str) -> int:
        step = Instruction(op, args, value, dtype)
        # -0.0 equals 0.0 and True equals 1, so the key tells them apart by type and text.
        key = (op, args, type(value), repr(value), dtype)
        if key not in self.index:
            self.index[key] = len(self.steps)
            self.steps.append(step)
        return self.index[key]

    def dtype(self, i: int) -> str:
        return self.steps[i].dtype

    def common(self, args: tuple[int, ...]) -> str:
        """Return the dtype that the operands promote to; Python numbers do not widen a tensor within its kind."""
        strong = [self.dtype(i) for i in args if i not in self.weak]
        if not strong:
            return dtypes.promote(*(self.dtype(i) for i in args))
        result = dtypes.promote(*strong)
        for i in args:
            if i in self.weak:
                result = dtypes.promote_weak(result, self.weak[i]())
        return result

    def cast(self, i: int, dtype: str) -> int:
        step = self.steps[i]
        if step.dtype == dtype:
            return i
        if step.op == "const":
            made = {"b": bool, "i": int, "f": float, "c": complex}[dtypes.kind(dtype)]
            return self.emit("const", (), made(step.value), dtype)
        return self.emit("cast", (i,), dtype, dtype)

    def uniform(self, e: Expr, args: tuple[int, ...], dtype: str, result: str | None = None) -> int:
        return self.emit(e.op, tuple(self.cast(i, dtype) for i in args), e.value, result or dtype)

    def lower(self, e: Expr, args: tuple[int, ...]) -> int:
        """Emit one node whose operands are emitted; the rules of typing, one line a family."""
        op = e.op
        if op == "arg":
            return self._argument(e)
        if op == "const":
            i = self.emit("const", (), e.value, dtypes.weak_dtype(e.value))
            self.weak[i] = type(e.value)
            return i
        if op not in WITH_STRINGS and any(self.dtype(i) == "string" for i in args):
            raise DTypeError(message(self.where, "numbers", "dtype string", "Strings and numbers do not mix."))
        if op in ("coord", "count"):
            return self.emit(op, (), e.value, "int32")
        if op in COMPARE:
            if op not in ("eq", "ne"):
                self._needs_order(self.common(args))
            return self.uniform(e, args, self.common(args), "bool")
        if op in LOGIC:
            return self.uniform(e, args, "bool")
        if op in FLOATING:
            if op == "atan2":
                self._needs_order(self.common(args))
            return self.uniform(e, args, dtypes.to_float(self.common(args)))
        if op in BITS:
            return self._bits(e, args)
        special = getattr(self, f"_{op}", None)
        return special(e, args) if special else self._arithmetic(e, args)

    def _argument(self, e: Expr) -> int:
        kind = self.arg_dtypes[e.value]
        weak = not isinstance(kind, str)
        i = self.emit("arg", (), e.value, dtypes.weak_dtype(kind()) if weak else kind)
        if weak:
            self.weak[i] = kind
        return i

    def _arithmetic(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.common(args)
        if dtypes.kind(dtype) == "s" or e.op in ("max", "min", "mod", "floordiv", *ROUNDING):
            self._needs_order(dtype, strings=False)
        if dtype == "bool" and e.op in ("sub", "neg", "pow", "sign", "mod", "floordiv"):
            dtype = "int32"
        if e.op in ROUNDING and not dtypes.is_float(dtype):
            return args[0]
        return self.uniform(e, args, dtype)

    def _needs_order(self, dtype: str, strings: bool = True) -> None:
        if dtype == "complex64" or (dtype == "string" and not strings):
            raise DTypeError(message(self.where, "real numbers", f"dtype {dtype}", "Cast or split the operands first."))

    def _bits(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.common(args)
        if dtypes.kind(dtype) not in "bi":
            raise DTypeError(message(self.where, "integers or booleans", f"dtype {dtype}", "Cast the operands to int32 first."))
        if dtype == "bool" and e.op in ("shl", "shr", "ushr"):
            dtype = "int32"
        return self.uniform(e, args, dtype)

    def _select(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.common(args[1:])
        parts = (self.cast(args[0], "bool"), self.cast(args[1], dtype), self.cast(args[2], dtype))
        return self.emit("select", parts, None, dtype)

    def _abs(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.dtype(args[0])
        return args[0] if dtype in ("bool", "uint8") else self.emit("abs", args, None, "float32" if dtype == "complex64" else dtype)

    def _cast(self, e: Expr, args: tuple[int, ...]) -> int:
        i = self.cast(args[0], e.value)
        if i == args[0] and i in self.weak:  # an explicit cast makes the number strong
            return self.emit("cast", args, e.value, e.value)
        return i

    def _cast_like(self, e: Expr, args: tuple[int, ...]) -> int:
        source, target = self.dtype(args[0]), self.dtype(args[1])
        if source == "complex64" and target != "complex64" and dtypes.is_float(target):
            return self.cast(self.emit("real", args[:1], None, "float32"), target)
        return self.cast(args[0], target)

    def _result_like(self, e: Expr, args: tuple[int, ...]) -> int:
        return self.cast(args[0], self.common(args))

    def _bitcast(self, e: Expr, args: tuple[int, ...]) -> int:
        return args[0] if self.dtype(args[0]) == e.value else self.emit("bitcast", args, e.value, e.value)

    def _stop(self, e: Expr, args: tuple[int, ...]) -> int:
        return args[0]

    def _isnan(self, e: Expr, args: tuple[int, ...]) -> int:
        if not dtypes.is_float(self.dtype(args[0])):
            return self.emit("const", (), False, "bool")
        return self.emit(e.op, args, None, "bool")

    _isinf = _isnan

    def _real(self, e: Expr, args: tuple[int, ...]) -> int:
        return self.emit("real", args, None, "float32") if self.dtype(args[0]) == "complex64" else args[0]

    def _imag(self, e: Expr, args: tuple[int, ...]) -> int:
        if self.dtype(args[0]) == "complex64":
            return self.emit("imag", args, None, "float32")
        return self.cast(self.emit("const", (), 0, "int32"), self.dtype(args[0]))

    def _direction(self, e: Expr, args: tuple[int, ...]) -> int:
        return self.emit("sign", args, None, self.dtype(args[0]))

    def _loggable(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.dtype(args[0])
        zero = self.cast(self.emit("const", (), 0, "int32"), dtype)
        return self.emit("ne" if dtype == "complex64" else "gt", (args[0], zero), None, "bool")

    def _conj(self, e: Expr, args: tuple[int, ...]) -> int:
        return self.emit("conj", args, None, "complex64") if self.dtype(args[0]) == "complex64" else args[0]

    def _complex(self, e: Expr, args: tuple[int, ...]) -> int:
        return self.emit("complex", tuple(self.cast(i, "float32") for i in args), None, "complex64")

    def _reduce(self, e: Expr, args: tuple[int, ...]) -> int:
        dtype = self.dtype(args[0])
        if dtype == "string" or (dtype == "complex64" and e.value in ("max", "min", "argmax", "argmin")):
            raise DTypeError(message(self.where, "real numbers", f"dtype {dtype}", "Cast or split the operands first."))
        if e.value in ("argmax", "argmin"):
            return self.emit("reduce", args, e.value, "int32")
        if e.value in ("sum", "prod") and dtype in WIDENED_SUM:
            args, dtype = (self.cast(args[0], "int32"),), "int32"
        return self.emit("reduce", args, e.value, dtype)


def _inline_calls(roots: Sequence[Expr]) -> list[Expr]:
    """Return the roots with calls of other bodies replaced by those bodies."""
    new: dict[int, Expr] = {}
    for e in postorder(roots):
        args = tuple(new[id(a)] for a in e.args)
        if e.op == "call":
            inner = e.value.body(*args)
            new[id(e)] = _inline_calls([inner])[0]
        else:
            new[id(e)] = Expr(e.op, args, e.value)
    return [new[id(r)] for r in roots]


def lower(roots: Sequence[Expr], arg_dtypes: Sequence[str | type], where: str) -> Program:
    """Return the typed program of the expressions; `arg_dtypes` holds a dtype, or a Python number's type, for each argument."""
    roots = _inline_calls(roots)
    state = _Lowering(arg_dtypes, where)
    place: dict[int, int] = {}
    for e in postorder(roots):
        args = tuple(place[id(a)] for a in e.args)
        i = place[id(e)] = state.lower(e, args)
        if args and e.op not in ("cast", "cast_like") and all(a in state.weak for a in args):
            state.weak[i] = _PYTHON_TYPE[dtypes.kind(state.dtype(i))]
    outputs = tuple(place[id(r)] for r in roots)
    return Program(*_prune(state.steps, outputs))


def _prune(steps: list[Instruction], outputs: tuple[int, ...]) -> tuple:
    """Drop the steps that no output needs (uncast constants, mostly) and note where each value is used last."""
    needed = set(outputs)
    for i in range(len(steps) - 1, -1, -1):
        if i in needed:
            needed.update(steps[i].args)
    kept = sorted(needed)
    new = {old: i for i, old in enumerate(kept)}
    pruned = [steps[i]._replace(args=tuple(new[a] for a in steps[i].args)) for i in kept]
    results = tuple(new[o] for o in outputs)
    last: dict[int, int] = {}
    for i, step in enumerate(pruned):
        for a in step.args:
            last[a] = i
    released = tuple(tuple(a for a in set(step.args) if last[a] == i and a not in results) for i, step in enumerate(pruned))
    return tuple(pruned), results, released
