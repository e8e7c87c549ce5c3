"""Reading images between their pixels: what warps, crops and map_coordinates share. No public ops here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import product
from typing import Any

from .. import engine
from ..errors import ArgumentError, message
from ..kernels import expression as e
from .creation import generate
from .define import Body, op
from .gathering import gather_rows
from .shaping import reshape, take_slice

# A position so far outside that none of its neighbours is a pixel.
OUTSIDE = -2.0


@lru_cache(maxsize=512)
def _body(function: Callable[..., Any], count: int, static: tuple) -> Body:
    symbols = [e.argument(i) for i in range(count)]
    made = function(*static, *symbols)
    return Body(function.__name__.strip("_"), [e.wrap(r) for r in (made if isinstance(made, tuple) else (made,))], symbols)


def mapped(function: Callable[..., Any], *args: Any, static: tuple = ()) -> Any:
    """Return the elementwise function(*static, *args) of tensors and numbers, as one kernel; `function` is at module level."""
    return engine.run(_body(function, len(args), static), args)


def _place(c: Sequence[Any]) -> Any:
    return sum(c[1:], c[0])


def places(n: int, axis: int, rank: int) -> Any:
    """Return 0, 1, ..., n - 1 as float32 along `axis` of a tensor of `rank` axes, the others of size 1."""
    return generate(_place, tuple(n if d == axis else 1 for d in range(rank)), "float32")


def column(x: Any, k: int, shape: Sequence[int]) -> Any:
    """Return x[:, k] of a matrix in another shape."""
    return reshape(take_slice(x, (0, k), (x.shape[0], 1), (1, 1)), shape)


def choose(where: str, name: str, value: Any, allowed: Sequence[str]) -> Any:
    """Return `value` if it is among the allowed ones, else raise ArgumentError."""
    if value not in allowed:
        raise ArgumentError(message(where, f"{name} {', '.join(allowed[:-1])} or {allowed[-1]}", repr(value), "Choose one of them."))
    return value


# --- rounding ---


def half_away(p: Any) -> Any:
    """Return p rounded, halves away from zero, as C's round: a body."""
    return e.where(p < 0, -e.floor(0.5 - p), e.floor(p + 0.5))


def _rounded(dtype: str, x: Any) -> Any:
    return e.cast(e.rint(x), dtype)


def back_to(x: Any, dtype: str) -> Any:
    """Return x in an image's dtype: rounded (half to even) and saturated for integers."""
    if x.dtype == dtype:
        return x
    return op("cast")(x, dtype) if dtype in ("float32", "float16") else mapped(_rounded, x, static=(dtype,))


# --- extending an axis beyond its ends: index p of n pixels, as bodies ---


def _reflect(p: Any, n: Any) -> Any:
    m = e.mod(p, 2 * n)
    return e.where(m < n, m, 2 * n - 1 - m)


def _mirror(p: Any, n: Any) -> Any:
    period = e.maximum(2 * n - 2, 1)
    m = e.mod(p, period)
    return e.where(m < n, m, period - m)


EXTENSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "constant": lambda p, n: p,
    "nearest": lambda p, n: e.minimum(e.maximum(p, 0), n - 1),
    "wrap": e.mod,
    "mirror": _mirror,
    "reflect": _reflect,
}


def _corner(corner: tuple[int, ...], order: int, mode: str, base: Any, *operands: Any) -> tuple[Any, Any]:
    """Return the flat index (-1: no pixel) and the weight of one neighbour; the operands are a position and a size for each axis."""
    rank = len(corner)
    index, weight, inside = base, e.wrap(1.0), e.wrap(True)
    for p, n, step in zip(operands[:rank], operands[rank:], corner):
        if mode == "constant":
            # Infinite positions would give NaN weights; everything this far outside reads the same.
            p = e.minimum(e.maximum(p, OUTSIDE), n + 1)
        low = e.floor(p) if order else e.rint(p)
        at = EXTENSIONS[mode](low + step, n)
        if mode == "constant":
            inside = e.logical_and(inside, e.logical_and(at >= 0, at < n))
        index = index * n + e.cast(at, "int32")
        if order:
            weight = weight * (p - low if step else 1.0 - (p - low))
    return e.where(inside, index, -1), weight


def _blend(total: Any, value: Any, index: Any, weight: Any, fill: Any) -> Any:
    return total + e.where(index < 0, fill, value) * weight


def _filled(value: Any, index: Any, fill: Any) -> Any:
    return e.where(index < 0, fill, value)


def sample(
    x: Any, positions: Sequence[Any], sizes: Sequence[int], order: int, mode: str = "constant", fill: Any = 0.0, base: Any = 0
) -> Any:
    """Return x [batch, n, channels] read at positions along the axes of `sizes`, of which n is the product: [batch, m, channels].

    The positions broadcast to [batch or 1, ...] with m elements in all but the first axis. Order 0 takes the nearest pixel (halves to
    even), 1 interpolates between neighbours. `base` counts images where x holds several in one row. What is no pixel is `fill`.
    """
    total: Any = 0.0
    for corner in product((0, 1), repeat=len(sizes) if order else 0):
        corner = corner or (0,) * len(sizes)
        index, weight = mapped(_corner, base, *positions, *sizes, static=(corner, order, mode))
        rows = (index.shape[0], index.size // max(1, index.shape[0]))
        index = reshape(index, rows)
        used = index if rows[0] == x.shape[0] else op("broadcast_to")(index, (x.shape[0], rows[1]))
        value, index = gather_rows(x, used), reshape(index, (*rows, 1))
        if not order:
            return mapped(_filled, value, index, fill)
        total = mapped(_blend, total, value, index, reshape(weight, (*rows, 1)), fill)
    return total


def fill_of(value: Any, dtype: str) -> Any:
    """Return a fill value as a Python number of the kind of `dtype`."""
    return int(value) if dtype not in ("float32", "float16") else float(value)
