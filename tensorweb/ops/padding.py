"""Padding in all of NumPy's modes. The primitive of constant padding: `shaping.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .creation import generate
from .define import composite, op
from .gathering import gather_axis
from .joining import concatenate
from .shaping import broadcast_to, copy, pad_interior, part, reshape

# Which element each place of a padded axis shows: bodies of (coordinates, width before, size n), all but edge periodic.


def _reflect(c: Any, low: Any, n: Any) -> Any:
    period = e.maximum(2 * n - 2, 1)
    i = (c[0] - low) % period
    return e.where(i >= n, period - i, i)


def _symmetric(c: Any, low: Any, n: Any) -> Any:
    i = (c[0] - low) % (2 * n)
    return e.where(i >= n, 2 * n - 1 - i, i)


def _wrap(c: Any, low: Any, n: Any) -> Any:
    return (c[0] - low) % n


def _edge(c: Any, low: Any, n: Any) -> Any:
    return e.minimum(e.maximum(c[0] - low, 0), n - 1)


_PLACES = {"reflect": _reflect, "symmetric": _symmetric, "wrap": _wrap, "circular": _wrap, "edge": _edge}


def _statistic(name: str) -> Any:
    def pad_one(x: Any, axis: int, low: int, high: int) -> Any:
        value = op(name)(x, axis=axis, keepdims=True)
        if value.dtype != x.dtype:  # a mean of integers
            value = op("cast")(op("round")(value), x.dtype)
        return _surround(x, axis, *(_widened(value, axis, count) for count in (low, high)))

    return pad_one


def _widened(x: Any, axis: int, count: int) -> Any:
    return broadcast_to(x, x.shape[:axis] + (count,) + x.shape[axis + 1 :])


def _surround(x: Any, axis: int, before: Any, after: Any) -> Any:
    return concatenate([before, x, after], axis=axis)


def _fraction(c: Any, count: Any) -> Any:
    return c[0] / count


def _linear_ramp(x: Any, axis: int, low: int, high: int) -> Any:
    """Fall from the edge to 0 at the far end, as NumPy with its default end value."""

    def ramp(count: int, at: int, backwards: bool) -> Any:
        rise = generate(_fraction, (count,), "float32", max(count, 1))
        rise = op("flip")(rise) if backwards else rise
        made = op("multiply")(part(x, axis, at, 1), reshape(rise, (count, *(1,) * (len(x.shape) - axis - 1))))
        return made if made.dtype == x.dtype else op("cast")(op("floor")(made), x.dtype)

    return _surround(x, axis, ramp(low, 0, False), ramp(high, x.shape[axis] - 1, True))


_MADE = {
    "mean": _statistic("mean"), "maximum": _statistic("max"), "minimum": _statistic("min"), "median": _statistic("median"),
    "linear_ramp": _linear_ramp,
}  # fmt: skip


def pad_pairs(pad_width: Any, rank: int, where: str) -> list[tuple[int, int]]:
    """Return (before, after) for each axis from an int, a pair, one pair for all, or a pair for each axis."""
    width = pad_width.tolist() if hasattr(pad_width, "tolist") else pad_width
    rows = [width] if not isinstance(width, (list, tuple)) else list(width)
    if all(isinstance(r, int) for r in rows) and rows:
        rows = [rows]
    try:
        pairs = [(r, r) if isinstance(r, int) else (r[0], r[-1]) for r in rows if isinstance(r, int) or 1 <= len(r) <= 2]
        pairs = pairs * rank if len(pairs) == len(rows) == 1 else pairs
        good = len(pairs) == rank and all(isinstance(v, int) and v >= 0 for p in pairs for v in p)
    except (TypeError, IndexError):
        good = False
    if not good:
        raise ArgumentError(message(where, f"a pad width of 0 or more, or a pair for each of {rank} axes", pad_width, "Correct it."))
    return pairs


@composite
def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """Return x with `pad_width` places added around: an int, a pair (before, after), or a pair for each axis.

    `mode` is constant (`constant_values`, 0 by default), edge, reflect, symmetric, wrap (also called circular), mean, median,
    maximum, minimum, linear_ramp (down to 0) or empty (zeros). Raises ArgumentError.

    >>> import tensorweb as tw
    >>> tw.pad(tw.tensor([1, 2, 3]), (2, 1), mode="reflect").tolist()
    [3, 2, 1, 2, 3, 2]
    """
    x = as_tensor(x, "pad")
    pairs = pad_pairs(pad_width, len(x.shape), "pad")
    if mode not in ("constant", "empty", *_PLACES, *_MADE):
        raise ArgumentError(message("pad", f"a mode among constant, empty, {', '.join((*_PLACES, *_MADE))}", repr(mode), "Choose one."))
    if constant_values is not None and mode != "constant":
        raise ArgumentError(message("pad", "constant_values with mode 'constant' only", repr(mode), "Leave one of them out."))
    if mode in ("constant", "empty"):
        return _constant(x, pairs, constant_values)
    for axis, (low, high) in enumerate(pairs):
        if low or high:
            if not x.shape[axis]:
                raise ShapeError(message("pad", f"at least one element along axis {axis} for mode {mode}", x.shape, "Pad with a constant."))
            x = _padded_axis(x, axis, low, high, mode)
    return copy(x)


def _constant(x: Any, pairs: Sequence[tuple[int, int]], value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    if value is None:
        value = "" if x.dtype == "string" else 0
    if isinstance(value, str) != (x.dtype == "string"):
        raise DTypeError(message("pad", f"constant_values for dtype {x.dtype}", repr(value), "Pass a value of that kind."))
    cast = {"bool": bool, "int32": int, "int8": int, "uint8": int, "string": str, "complex64": complex}.get(x.dtype, float)
    return pad_interior(x, [a for a, _ in pairs], [b for _, b in pairs], [0] * len(pairs), cast(value))


def _padded_axis(x: Any, axis: int, low: int, high: int, mode: str) -> Any:
    if mode in _MADE:
        return _MADE[mode](x, axis, low, high)
    n = x.shape[axis]
    return gather_axis(x, generate(_PLACES[mode], (low + n + high,), "int32", low, n), axis)


@composite
def mirror_pad(x: Any, paddings: Sequence[Sequence[int]], mode: str) -> Any:
    """Return x mirrored around by a pair of widths for each axis; `mode` is reflect (without the edge) or symmetric (with it).

    Raises ArgumentError where a width exceeds what one reflection gives. TensorFlow.js's mirrorPad.
    """
    x = as_tensor(x, "mirror_pad")
    if mode not in ("reflect", "symmetric"):
        raise ArgumentError(message("mirror_pad", "mode 'reflect' or 'symmetric'", repr(mode), "Use pad for other modes."))
    pairs = pad_pairs(paddings, len(x.shape), "mirror_pad")
    for axis, (pair, d) in enumerate(zip(pairs, x.shape)):
        most = d - 1 if mode == "reflect" else d
        if max(pair) > most:
            raise ArgumentError(message("mirror_pad", f"at most {most} along axis {axis}", pair, "Pad less."))
    return pad(x, pairs, mode=mode)
