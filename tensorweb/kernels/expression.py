"""The scalar expression language of op bodies: nodes, the functions that make them, and the derivative. Typing is in `program.py`.

A body such as ``lambda x: maximum(0, x)`` is called once with symbols and returns an `Expr`. Nodes know no dtype yet. Besides the
scalar nodes there is `reduce` (sum, max, ... of an expression along the row), which makes softmax one body too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Union

Scalar = Union["Expr", float]


class Expr:
    """One node: an operation's name, its operands, and a constant payload (the number, the argument's index, the dtype of a cast)."""

    __slots__ = ("args", "op", "value")

    def __init__(self, op: str, args: tuple[Expr, ...] = (), value: Any = None):
        self.op, self.args, self.value = op, args, value

    def __repr__(self) -> str:
        inner = [repr(a) for a in self.args] + ([repr(self.value)] if self.value is not None else [])
        return f"{self.op}({', '.join(inner)})"

    def __bool__(self) -> bool:
        raise TypeError("a body cannot branch on a symbol: use where(condition, a, b)")

    def __add__(self, other: Scalar) -> Expr:
        return node("add", self, other)

    def __radd__(self, other: Scalar) -> Expr:
        return node("add", other, self)

    def __sub__(self, other: Scalar) -> Expr:
        return node("sub", self, other)

    def __rsub__(self, other: Scalar) -> Expr:
        return node("sub", other, self)

    def __mul__(self, other: Scalar) -> Expr:
        return node("mul", self, other)

    def __rmul__(self, other: Scalar) -> Expr:
        return node("mul", other, self)

    def __truediv__(self, other: Scalar) -> Expr:
        return node("div", self, other)

    def __rtruediv__(self, other: Scalar) -> Expr:
        return node("div", other, self)

    def __floordiv__(self, other: Scalar) -> Expr:
        return node("floordiv", self, other)

    def __mod__(self, other: Scalar) -> Expr:
        return node("mod", self, other)

    def __pow__(self, other: Scalar) -> Expr:
        return node("pow", self, other)

    def __rpow__(self, other: Scalar) -> Expr:
        return node("pow", other, self)

    def __neg__(self) -> Expr:
        return node("neg", self)

    def __lt__(self, other: Scalar) -> Expr:
        return node("lt", self, other)

    def __le__(self, other: Scalar) -> Expr:
        return node("le", self, other)

    def __gt__(self, other: Scalar) -> Expr:
        return node("gt", self, other)

    def __ge__(self, other: Scalar) -> Expr:
        return node("ge", self, other)

    def __and__(self, other: Scalar) -> Expr:
        return node("band", self, other)

    def __or__(self, other: Scalar) -> Expr:
        return node("bor", self, other)

    def __xor__(self, other: Scalar) -> Expr:
        return node("bxor", self, other)

    def __lshift__(self, other: Scalar) -> Expr:
        return node("shl", self, other)

    def __rshift__(self, other: Scalar) -> Expr:
        return node("shr", self, other)


def wrap(x: Scalar) -> Expr:
    """Return `x` as a node; Python numbers become weakly typed constants."""
    return x if isinstance(x, Expr) else Expr("const", (), x)


def _is(e: Expr, value: float) -> bool:
    return e.op == "const" and type(e.value) is not bool and e.value == value


def node(op: str, *args: Scalar) -> Expr:
    """Return a node, with the identities folded that hold for NaN and infinity too (1 * x, x / 1, -(-x))."""
    a = tuple(wrap(x) for x in args)
    if op == "mul" and _is(a[0], 1):
        return a[1]
    if op in ("mul", "div", "pow") and _is(a[1], 1):
        return a[0]
    if op == "neg" and a[0].op == "neg":
        return a[0].args[0]
    return Expr(op, a)


def argument(index: int) -> Expr:
    """Return the symbol of a body's argument number `index`."""
    return Expr("arg", (), index)


def _maker(op: str) -> Callable[..., Expr]:
    def make(*args: Scalar) -> Expr:
        return node(op, *args)

    make.__name__ = op
    make.__doc__ = f"Return the node `{op}` of the operands."
    return make


exp, log, expm1, log1p, sqrt = map(_maker, ("exp", "log", "expm1", "log1p", "sqrt"))
sin, cos, tan, asin, acos, atan, atan2 = map(_maker, ("sin", "cos", "tan", "asin", "acos", "atan", "atan2"))
sinh, cosh, tanh, asinh, acosh, atanh = map(_maker, ("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"))
absolute, sign, floor, ceil, rint, trunc = map(_maker, ("abs", "sign", "floor", "ceil", "rint", "trunc"))
maximum, minimum, mod, power, where = map(_maker, ("max", "min", "mod", "pow", "select"))
equal, not_equal, isnan, isinf = map(_maker, ("eq", "ne", "isnan", "isinf"))
logical_and, logical_or, logical_not, logical_xor = map(_maker, ("and", "or", "not", "xor"))
bitwise_not, shift_right_logical = map(_maker, ("bnot", "ushr"))
real, imag, conj, make_complex = map(_maker, ("real", "imag", "conj", "complex"))
stop = _maker("stop")  # its value, without its derivative
direction = _maker("direction")  # sign, whose derivative is not zero for complex numbers
loggable = _maker("loggable")  # whether the operand has a logarithm: positive, or complex and not zero
cast_like = _maker("cast_like")  # the first operand in the dtype of the second
result_like = _maker("result_like")  # the first operand in the dtype that all operands promote to


def cast(x: Scalar, dtype: str) -> Expr:
    """Return `x` converted to `dtype`: floats go to integers by truncation that saturates, NaN goes to 0."""
    return Expr("cast", (wrap(x),), dtype)


def bitcast(x: Scalar, dtype: str) -> Expr:
    """Return the bits of `x` (4 bytes) read as float32 or int32."""
    return Expr("bitcast", (wrap(x),), dtype)


def coordinate(axis: int) -> Expr:
    """Return the int32 index of the element along `axis` of the output."""
    return Expr("coord", (), axis)


def position() -> Expr:
    """Return the int32 number of the element in the output, counted through all axes."""
    return Expr("coord", (), -1)


class reduce:
    """The reductions along the row that a body may hold, each a value that is constant along the row."""

    @staticmethod
    def sum(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "sum")

    @staticmethod
    def prod(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "prod")

    @staticmethod
    def max(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "max")

    @staticmethod
    def min(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "min")

    @staticmethod
    def argmax(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "argmax")

    @staticmethod
    def argmin(x: Scalar) -> Expr:
        return Expr("reduce", (wrap(x),), "argmin")

    @staticmethod
    def any(x: Scalar) -> Expr:
        return Expr("reduce", (cast(x, "bool"),), "any")

    @staticmethod
    def all(x: Scalar) -> Expr:
        return Expr("reduce", (cast(x, "bool"),), "all")

    @staticmethod
    def count() -> Expr:
        """Return the number of elements in the row, as int32."""
        return Expr("count")


def has_symbol(args: Iterable[object]) -> bool:
    """Tell whether a call is made while a body is traced."""
    return any(type(a) is Expr for a in args)


def postorder(roots: Sequence[Expr]) -> list[Expr]:
    """Return every node once, operands before users; iterative, since bodies may be deep."""
    seen: set[int] = set()
    order: list[Expr] = []
    stack = [(r, False) for r in reversed(roots)]
    while stack:
        e, done = stack.pop()
        if done:
            order.append(e)
        elif id(e) not in seen:
            seen.add(id(e))
            stack.append((e, True))
            stack.extend((a, False) for a in reversed(e.args))
    return order


# --- derivative: for each node, what its operands receive when the node receives g -------------------------------------------

Rule = Callable[..., tuple[Expr | None, ...]]


def _pow_rule(g: Expr, e: Expr, x: Expr, y: Expr) -> tuple[Expr, Expr]:
    # x**(y-1) is infinite at x = 0, y = 0, and log(x) is not real below 0: both meet a factor of zero.
    dx = where(equal(y, 0), 0.0, y * power(x, y - 1)) if y.op != "const" else y * power(x, y - 1) if y.value != 0 else wrap(0.0)
    if y.op == "const":
        return g * conj(dx), None  # type: ignore[return-value]
    ok = loggable(x)
    return g * conj(dx), g * conj(where(ok, e * log(where(ok, x, 1)), 0.0))


def _atan2_rule(g: Expr, e: Expr, y: Expr, x: Expr) -> tuple[Expr, Expr]:
    square = x * x + y * y
    return g * x / square, -g * y / square


RULES: dict[str, Rule] = {
    "add": lambda g, e, a, b: (g, g),
    "sub": lambda g, e, a, b: (g, -g),
    "mul": lambda g, e, a, b: (g * conj(b), g * conj(a)),
    "div": lambda g, e, a, b: (g / conj(b), -g * conj(e / b)),
    "neg": lambda g, e, a: (-g,),
    "pow": _pow_rule,
    "mod": lambda g, e, a, b: (g, -g * floor(a / b)),
    "max": lambda g, e, a, b: (where(a >= b, g, 0.0), where(a >= b, 0.0, g)),
    "min": lambda g, e, a, b: (where(a <= b, g, 0.0), where(a <= b, 0.0, g)),
    "select": lambda g, e, c, a, b: (None, where(c, g, 0.0), where(c, 0.0, g)),
    "abs": lambda g, e, a: (g * direction(a),),
    "direction": lambda g, e, a: (where(equal(a, 0), 0.0, (g - e * real(conj(e) * g)) / where(equal(a, 0), 1, absolute(a))),),
    "exp": lambda g, e, a: (g * conj(e),),
    "expm1": lambda g, e, a: (g * conj(e + 1.0),),
    "log": lambda g, e, a: (g / conj(a),),
    "log1p": lambda g, e, a: (g / conj(1.0 + a),),
    "sqrt": lambda g, e, a: (g * 0.5 / conj(e),),
    "sin": lambda g, e, a: (g * conj(cos(a)),),
    "cos": lambda g, e, a: (-g * conj(sin(a)),),
    "tan": lambda g, e, a: (g * conj(1.0 + e * e),),
    "asin": lambda g, e, a: (g / conj(sqrt((1.0 - a) * (1.0 + a))),),
    "acos": lambda g, e, a: (-g / conj(sqrt((1.0 - a) * (1.0 + a))),),
    "atan": lambda g, e, a: (g / conj(1.0 + a * a),),
    "atan2": _atan2_rule,
    "sinh": lambda g, e, a: (g * conj(cosh(a)),),
    "cosh": lambda g, e, a: (g * conj(sinh(a)),),
    "tanh": lambda g, e, a: (g * conj(1.0 - e * e),),
    "asinh": lambda g, e, a: (g / conj(sqrt(1.0 + a * a)),),
    "acosh": lambda g, e, a: (g / conj(sqrt(a - 1.0) * sqrt(a + 1.0)),),
    "atanh": lambda g, e, a: (g / conj((1.0 - a) * (1.0 + a)),),
    "cast": lambda g, e, a: (cast_like(g, a),),
    "cast_like": lambda g, e, a, b: (cast_like(g, a), None),
    "result_like": lambda g, e, a, *others: (cast_like(g, a), *(None for _ in others)),
    "conj": lambda g, e, a: (conj(g),),
    "real": lambda g, e, a: (make_complex(g, 0.0),),
    "imag": lambda g, e, a: (make_complex(0.0, g),),
    "complex": lambda g, e, a, b: (real(g), imag(g)),
    # These are flat wherever they have a derivative; TensorFlow.js answers zero as well.
    **dict.fromkeys(
        ("sign", "floor", "ceil", "rint", "trunc", "floordiv", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "xor", "isnan",
         "isinf", "band", "bor", "bxor", "bnot", "shl", "shr", "ushr", "stop", "bitcast"),
        lambda g, e, *args: (None,) * len(args),
    ),
}  # fmt: skip


def _reduce_rule(g: Expr, e: Expr, a: Expr) -> tuple[Expr | None]:
    if e.value == "sum":
        return (g,)
    if e.value in ("max", "min"):
        # Ties share the gradient evenly, as in TensorFlow and JAX.
        hit = equal(a, e)
        return (where(hit, g / cast_like(reduce.sum(hit), g), 0.0),)
    if e.value in ("argmax", "argmin", "any", "all"):
        return (None,)
    raise TypeError(f"reduce.{e.value} has no derivative in a body: give the op a vjp")


def varying(roots: Sequence[Expr], row_constant: frozenset[int]) -> dict[int, bool]:
    """Return, by id of node, whether its value changes along the row; `row_constant` are the arguments that do not."""
    result: dict[int, bool] = {}
    for e in postorder(roots):
        if e.op == "arg":
            result[id(e)] = e.value not in row_constant
        elif e.op == "coord":
            result[id(e)] = True
        else:
            result[id(e)] = e.op != "reduce" and any(result[id(a)] for a in e.args)
    return result


def differentiate(
    roots: Sequence[Expr], seeds: Sequence[Expr], wrt: Sequence[Expr], row_constant: frozenset[int] = frozenset()
) -> list[Expr | None]:
    """Return what each symbol of `wrt` receives when each root receives its seed (reverse mode, symbolic).

    `row_constant` names the arguments, seeds included, that are constant along the row. None stands for zero everywhere.
    """
    received: dict[int, Expr] = {}
    for root, seed in zip(roots, seeds, strict=True):
        received[id(root)] = received[id(root)] + seed if id(root) in received else seed

    def changes(e: Expr) -> bool:
        return varying([e], row_constant)[id(e)]

    for e in reversed(postorder(roots)):
        g = received.get(id(e))
        if g is None or not e.args:
            continue
        if e.op == "reduce":
            parts: tuple[Expr | None, ...] = _reduce_rule(reduce.sum(g) if changes(g) else g, e, *e.args)
        elif e.op == "call":
            parts = e.value.derivative(g, e, *e.args)
        else:
            parts = RULES[e.op](g, e, *e.args)
        for a, part in zip(e.args, parts, strict=True):
            if part is not None and a.op != "const":
                received[id(a)] = received[id(a)] + part if id(a) in received else part
    results = []
    for symbol in wrt:
        g = received.get(id(symbol))
        if g is not None and symbol.value in row_constant and changes(g):
            g = reduce.sum(g)
        results.append(g)
    return results


def substitute(roots: Sequence[Expr], replacement: dict[int, Expr]) -> list[Expr]:
    """Return the roots with the nodes replaced whose ids stand in `replacement`."""
    new = dict(replacement)
    for e in postorder(roots):
        if id(e) not in new:
            args = tuple(new[id(a)] for a in e.args)
            new[id(e)] = e if all(a is b for a, b in zip(args, e.args, strict=True)) else Expr(e.op, args, e.value)
    return [new[id(r)] for r in roots]
