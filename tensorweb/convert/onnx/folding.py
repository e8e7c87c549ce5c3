"""What small ONNX values are, worked out while a model is read: the arithmetic on shapes that exporters leave in models.

An element may be None: not known beforehand, as the batch in a tensor's shape. Large constants and everything else are left to the graph.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

from ...graph.define import entering
from .schema import DTYPES, RANGES
from .shapes import joined
from .tensors import SMALL
from .translate import OnnxNode, Unsupported, Value


class Small(NamedTuple):
    """A small value: its elements, flat, its shape and dtype."""

    flat: list[Any]
    shape: tuple[int, ...]
    dtype: str


FOLDS: dict[str, Callable[..., Any]] = {}


def fold(node: OnnxNode, values: list[Value | None]) -> list[Small] | None:
    """Return what a node's outputs are, as far as it can be told; None: it is left to the graph."""
    rule = FOLDS.get(node.op)
    if rule is None or node.domain or not values:
        return None
    if node.op in ("Shape", "Size"):
        found = rule(node, values[0])
    else:
        small = [_small(v) for v in values]
        if any(s is None and v is not None for s, v in zip(small, values, strict=True)):
            return None
        found = rule(node, *small)
    found = [found] if isinstance(found, Small) else found
    if not found or any(len(s.flat) > SMALL or len(s.flat) != math.prod(s.shape) for s in found):
        return None
    return None if all(v is None for s in found for v in s.flat) and any(s.flat for s in found) else found


def _small(value: Value | None) -> Small | None:
    if value is None or value.host is None or value.shape is None or None in value.shape:
        return None
    return Small(value.host, tuple(s or 0 for s in value.shape), value.dtype or "float32")


folds = entering(FOLDS)  # How ops fold.


# --- elements at other places -------------------------------------------------------------------------------------------------


def take(x: Small, places: list[list[int]]) -> Small:
    """Return the elements at the places of each axis."""
    shape = tuple(map(len, places))
    if math.prod(shape) > SMALL:
        raise Unsupported("a small constant would become a large one")
    strides = [math.prod(x.shape[i + 1 :]) for i in range(len(x.shape))]
    return Small([x.flat[sum(map(operator.mul, at, strides))] for at in product(*places)], shape, x.dtype)


def _all_places(x: Small) -> list[list[int]]:
    return [list(range(size)) for size in x.shape]


def expanded(x: Small, shape: tuple[int, ...]) -> Small:
    """Return a value broadcast to a shape."""
    x = Small(x.flat, (1,) * (len(shape) - len(x.shape)) + x.shape, x.dtype)
    if math.prod(shape) > SMALL:
        raise Unsupported("a small constant would become a large one")
    return take(x, [list(range(size)) if own == size else [0] * size for own, size in zip(x.shape, shape, strict=True)])


def axes_of(node: OnnxNode, axes: Small | None, rank: int) -> list[int] | None:
    """Return axes that stand in an attribute or, later, in an input; None if they do not."""
    listed = node.ints("axes") if axes is None else axes.flat
    return None if listed is None or None in listed else [a % rank for a in listed]


@folds("Identity")
def _identity(node: OnnxNode, x: Small) -> Small:
    return x


@folds("Shape")
def _shape(node: OnnxNode, x: Value) -> Small | None:
    if x.shape is None:
        return None
    first, last = node.int("start", 0), node.int("end", None)
    sizes = list(x.shape)[slice(first, last)]
    return Small(sizes, (len(sizes),), "int64")


@folds("Size")
def _size(node: OnnxNode, x: Value) -> Small | None:
    return None if x.shape is None or None in x.shape else Small([math.prod(s or 0 for s in x.shape)], (), "int64")


@folds("Squeeze")
def _squeeze(node: OnnxNode, x: Small, axes: Small | None = None) -> Small:
    drop = axes_of(node, axes, len(x.shape))
    shape = tuple(s for i, s in enumerate(x.shape) if (s != 1 if drop is None else i not in drop))
    return Small(x.flat, shape, x.dtype)


@folds("Unsqueeze")
def _unsqueeze(node: OnnxNode, x: Small, axes: Small | None = None) -> Small | None:
    count = len((node.ints("axes") or []) if axes is None else axes.flat)
    new = axes_of(node, axes, len(x.shape) + count)
    if new is None:
        return None
    sizes = iter(x.shape)
    return Small(x.flat, tuple(1 if i in new else next(sizes) for i in range(len(x.shape) + len(new))), x.dtype)


@folds("Reshape")
def _reshape(node: OnnxNode, x: Small, shape: Small) -> Small | None:
    if None in shape.flat:
        return None
    copied = not node.int("allowzero", 0)
    sizes = [x.shape[i] if s == 0 and copied else s for i, s in enumerate(shape.flat)]
    rest = math.prod(s for s in sizes if s != -1)
    return Small(x.flat, tuple(len(x.flat) // max(rest, 1) if s == -1 else s for s in sizes), x.dtype)


@folds("Transpose")
def _transpose(node: OnnxNode, x: Small) -> Small:
    perm = node.ints("perm", list(range(len(x.shape)))[::-1])
    strides = [math.prod(x.shape[p + 1 :]) for p in perm]
    places = product(*(range(x.shape[p]) for p in perm))
    return Small([x.flat[sum(map(operator.mul, at, strides))] for at in places], tuple(x.shape[p] for p in perm), x.dtype)


@folds("Concat")
def _concat(node: OnnxNode, *parts: Small) -> Small:
    axis = node.int("axis", 0) % max(len(parts[0].shape), 1)
    rows = math.prod(parts[0].shape[:axis])
    widths = [math.prod(p.shape[axis:]) for p in parts]
    flat = [v for row in range(rows) for p, w in zip(parts, widths, strict=True) for v in p.flat[row * w : (row + 1) * w]]
    shape = list(parts[0].shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    return Small(flat, tuple(shape), parts[0].dtype)


@folds("Gather")
def _gather(node: OnnxNode, x: Small, indices: Small) -> Small | None:
    axis = node.int("axis", 0) % max(len(x.shape), 1)
    if None in indices.flat:
        return None
    places = _all_places(x)
    places[axis] = [int(i) % x.shape[axis] for i in indices.flat]
    return Small(take(x, places).flat, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]), x.dtype)


@folds("Slice")
def _slice(node: OnnxNode, x: Small, *parts: Small | None) -> Small | None:
    starts, ends, axes, steps = slice_parts(node, [None if p is None else p.flat for p in parts], len(x.shape))
    if any(v is None or None in v for v in (starts, ends, axes, steps)):
        return None
    places = _all_places(x)
    for first, last, axis, step in zip(starts, ends, axes, steps, strict=True):
        places[axis] = places[axis][ends_slice(first, last, step)]
    return take(x, places)


def slice_parts(node: OnnxNode, parts: list[Any], rank: int) -> tuple[Any, Any, Any, Any]:
    """Return the starts, ends, axes and steps of a Slice: attributes before opset 10, inputs since."""
    if not parts:
        starts, ends, axes, steps = node.ints("starts"), node.ints("ends"), node.ints("axes"), None
    else:
        starts, ends, axes, steps = (*parts, None, None)[:4]
    count = rank if starts is None else len(starts)
    axes = [a if a is None else a % rank for a in axes] if axes is not None else list(range(count))
    return starts, ends, axes, [1] * count if steps is None else steps


def ends_slice(first: int, last: int, step: int) -> slice:
    """Return a slice of ONNX as Python's: an end below all places means the start."""
    return slice(first, None if step < 0 and last <= -(2**31) + 1 else last, step)


@folds("Split")
def _split(node: OnnxNode, x: Small, sizes: Small | None = None) -> list[Small]:
    axis = node.int("axis", 0) % len(x.shape)
    listed = node.ints("split") if sizes is None else sizes.flat
    if listed is None:
        each = -(-x.shape[axis] // len(node.outputs))
        listed = [each] * (len(node.outputs) - 1) + [x.shape[axis] - each * (len(node.outputs) - 1)]
    found, at = [], 0
    for size in listed:
        places = _all_places(x)
        places[axis] = list(range(at, at + size))
        found.append(take(x, places))
        at += size
    return found


@folds("Expand")
def _expand(node: OnnxNode, x: Small, shape: Small) -> Small | None:
    wanted = None if None in shape.flat else joined(x.shape, tuple(shape.flat))
    return None if wanted is None else expanded(x, tuple(s or 0 for s in wanted))


@folds("Tile")
def _tile(node: OnnxNode, x: Small, times: Small) -> Small | None:
    if None in times.flat or any(t * s > SMALL for t, s in zip(times.flat, x.shape, strict=True)):
        return None
    return take(x, [list(range(size)) * t for size, t in zip(x.shape, times.flat, strict=True)])


# --- arithmetic ---------------------------------------------------------------------------------------------------------------


def _divide(a: Any, b: Any) -> Any:
    if isinstance(a, int) and isinstance(b, int):
        return int(math.copysign(abs(a) // abs(b), a * b)) if b else 0
    return a / b


_JOINED: dict[str, Callable[[Any, Any], Any]] = {
    "Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": _divide, "Equal": operator.eq, "Less": operator.lt,
    "Greater": operator.gt, "LessOrEqual": operator.le, "GreaterOrEqual": operator.ge, "And": lambda a, b: a and b,
    "Or": lambda a, b: a or b, "Mod": lambda a, b: a % b, "Max": max, "Min": min,
}  # fmt: skip
_UNARY: dict[str, Callable[[Any], Any]] = {
    "Neg": operator.neg, "Abs": abs, "Not": operator.not_, "Floor": math.floor, "Ceil": math.ceil, "Sqrt": math.sqrt, "Round": round,
}
_TRUTH = frozenset(["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Not"])


def _fitting(values: list[Any], dtype: str) -> list[Any] | None:
    """Return values as a dtype has them; None where the graph's own arithmetic has to tell."""
    if dtype == "bool":
        return [None if v is None else bool(v) for v in values]
    if dtype not in RANGES:
        return [None if v is None else float(v) for v in values] if dtype in ("float32", "float64") else None
    low, high = RANGES[dtype]
    found = [None if v is None else int(v) for v in values]
    return found if all(v is None or low <= v <= high for v in found) else None


@folds(*_JOINED)
def _binary(node: OnnxNode, *parts: Small) -> Small | None:
    function, found = _JOINED[node.op], parts[0]
    for part in parts[1:]:
        shape = joined(found.shape, part.shape)
        if shape is None or node.int("fmod", 0):
            return None
        a, b = (expanded(x, tuple(s or 0 for s in shape)) for x in (found, part))
        try:
            flat = [None if x is None or y is None else function(x, y) for x, y in zip(a.flat, b.flat, strict=True)]
        except (ArithmeticError, TypeError):
            return None
        dtype = "bool" if node.op in _TRUTH else found.dtype
        fitting = _fitting(flat, dtype)
        if fitting is None:
            return None
        found = Small(fitting, a.shape, dtype)
    return found


@folds(*_UNARY)
def _unary(node: OnnxNode, x: Small) -> Small | None:
    try:
        flat = _fitting([None if v is None else _UNARY[node.op](v) for v in x.flat], x.dtype)
    except (ArithmeticError, ValueError):
        return None
    return None if flat is None else Small(flat, x.shape, x.dtype)


@folds("Cast")
def _cast(node: OnnxNode, x: Small) -> Small | None:
    dtype = DTYPES.get(node.int("to", 0), "")
    try:
        flat = None if "string" in (dtype, x.dtype) else _fitting(x.flat, dtype)
    except (OverflowError, ValueError):
        return None
    return None if flat is None else Small(flat, x.shape, dtype)


@folds("Where")
def _where(node: OnnxNode, condition: Small, x: Small, y: Small) -> Small | None:
    shape = joined(condition.shape, x.shape, y.shape)
    if shape is None:
        return None
    c, a, b = (expanded(v, tuple(s or 0 for s in shape)).flat for v in (condition, x, y))
    flat = [None if test is None else one if test else other for test, one, other in zip(c, a, b, strict=True)]
    return Small(flat, tuple(s or 0 for s in shape), x.dtype)


@folds("Range")
def _range(node: OnnxNode, start: Small, limit: Small, delta: Small) -> Small | None:
    first, last, step = (p.flat[0] for p in (start, limit, delta))
    if None in (first, last, step) or start.dtype not in RANGES or not step or abs((last - first) // step) > SMALL:
        return None
    flat = list(range(first, last, step))
    return Small(flat, (len(flat),), start.dtype)


@folds("ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin")
def _reduce(node: OnnxNode, x: Small, axes: Small | None = None) -> Small | None:
    if len(x.shape) != 1 or not x.flat or None in x.flat or (node.int("noop_with_empty_axes", 0) and not axes):
        return None
    function = {"ReduceProd": math.prod, "ReduceSum": sum, "ReduceMax": max, "ReduceMin": min}[node.op]
    flat = _fitting([function(x.flat)], x.dtype)  # type: ignore[operator]
    return None if flat is None else Small(flat, (1,) if node.int("keepdims", 1) else (), x.dtype)
