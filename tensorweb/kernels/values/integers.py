"""Operations on lanes of int32 that are more than one instruction. The meaning is that of `scalars.py`: nothing raises, results wrap."""

from __future__ import annotations

from collections.abc import Callable

from .code import Code, Value

_LOWEST = -(2**31)


def _quotient(b: Code, x: Value, y: Value) -> Value:
    """Return x / y rounded towards zero; where y is 0 or the quotient is 2**31, x itself."""
    y = b.select((y == 0) | ((x == _LOWEST) & (y == -1)), b.constant("vi", 1), y)
    return b.per_lane(lambda p, q: b.op("div_s", p, q), x, y)


def floordiv(b: Code, x: Value, y: Value) -> Value:
    """Return x / y rounded down: 0 where y is 0, and -2**31 // -1 wraps."""
    q = _quotient(b, x, y)
    rest = x - q * y
    q = q - b.convert((rest != 0) & ((rest ^ y) < 0), "vi")
    return b.select(y == 0, b.constant("vi", 0), q)


def mod(b: Code, x: Value, y: Value) -> Value:
    """Return what floordiv leaves, which has the sign of y: 0 where y is 0."""
    rest = x - _quotient(b, x, y) * y
    rest = b.select((rest != 0) & ((rest ^ y) < 0), rest + y, rest)
    return b.select(y == 0, b.constant("vi", 0), rest)


def power(b: Code, x: Value, y: Value) -> Value:
    """Return x**y modulo 2**32; for a negative y, 1 / x**-y rounded towards zero, and 0 for x = 0."""
    result, base, left = b.variable("vi", 1), b.variable("vi", x), b.variable("vi", y)
    with b.repeat() as again:
        bits = left.value
        again.stop_when(~b.any(bits > 0))
        square = base.value
        result.set(b.select((bits & 1) != 0, result.value * square, result.value))
        base.set(square * square)
        left.set(b.select(bits > 0, bits >> 1, 0))
    sign = b.select((y & 1) == 0, b.constant("vi", 1), -1)
    inverse = b.select(x == 1, b.constant("vi", 1), b.select(x == -1, sign, 0))
    return b.select(y < 0, inverse, result.value)


def _shift(op: str) -> Callable[[Code, Value, Value | int], Value]:
    def shift(b: Code, x: Value, amount: Value | int) -> Value:
        beyond = x >> 31 if op == "shr_s" else b.constant("vi", 0)
        if isinstance(amount, int):
            return b.op(op, x, amount) if 0 <= amount < 32 else beyond
        result = x
        for k in range(5):  # the amounts of the lanes differ, so each bit of them moves the lanes that have it
            result = b.select((amount & (1 << k)) != 0, b.op(op, result, 1 << k), result)
        return b.select((amount & ~31) == 0, result, beyond)

    shift.__doc__ = f"Return x shifted ({op}) by the amount of each lane, or by a number."
    return shift


INTEGERS: dict[str, Callable[..., Value]] = {
    "floordiv": floordiv, "mod": mod, "pow": power, "shl": _shift("shl"), "shr": _shift("shr_s"), "ushr": _shift("shr_u"),
}  # fmt: skip
