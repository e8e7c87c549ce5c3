"""Padding elements of different shapes to one batch: what `Dataset.padded_batch` does with its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ShapeError, message
from ..tensor import Tensor, op, tensor
from .structure import TensorSpec, map_structure, rebuilt, stacked


def padded(padded_shapes: Any, padding_values: Any) -> tuple[Callable[[list[Any]], Any], Callable[[Any], Any]]:
    """Return the functions (elements -> batch) and (element spec -> padded element spec)."""

    def stack(elements: list[Any]) -> Any:
        shapes = _matched(padded_shapes, elements[0], _is_shape)
        values = _matched(padding_values, elements[0], lambda v: not isinstance(v, (tuple, Mapping)))
        return _stacked(elements, shapes, values)

    def spec(found: Any) -> Any:
        def leaf(s: TensorSpec, shape: Any) -> TensorSpec:
            wanted = s.shape if shape is None else tuple(None if d in (None, -1) else int(d) for d in _dims(shape))
            return TensorSpec(wanted, s.dtype)

        return _with(leaf, found, _matched(padded_shapes, found, _is_shape))

    return stack, spec


def _dims(shape: Any) -> Sequence[Any]:
    return shape.tolist() if hasattr(shape, "tolist") else list(shape)


def _is_shape(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(d is None or isinstance(d, int) for d in value)


def _matched(given: Any, like: Any, is_leaf: Callable[[Any], bool]) -> Any:
    """Return what was given in the structure of the elements; one value serves all leaves."""
    if isinstance(like, tuple):
        if given is None or (is_leaf(given) and not (isinstance(given, tuple) and not given)):
            return [_matched(given, part, is_leaf) for part in like]
        return [_matched(g, part, is_leaf) for g, part in zip(given, like, strict=True)]
    if isinstance(like, Mapping):
        return {k: _matched(given[k] if isinstance(given, Mapping) else given, part, is_leaf) for k, part in like.items()}
    return given


def _with(function: Callable[[Any, Any], Any], structure: Any, other: Any) -> Any:
    """Return the structure with function(leaf, what `other` has in its place)."""
    if isinstance(structure, tuple):
        return rebuilt(structure, [_with(function, s, o) for s, o in zip(structure, other)])
    if isinstance(structure, Mapping):
        return {k: _with(function, s, other[k]) for k, s in structure.items()}
    return None if structure is None else function(structure, other)


def _stacked(elements: list[Any], shapes: Any, values: Any) -> Any:
    flat: list[Any] = []
    map_structure(lambda *parts: flat.append(parts), *elements)
    targets: list[Any] = []
    _with(lambda part, shape: targets.append(shape), elements[0], shapes)
    fills: list[Any] = []
    _with(lambda part, value: fills.append(value), elements[0], values)
    made = iter([_pad_all(parts, shape, value) for parts, shape, value in zip(flat, targets, fills)])
    return map_structure(lambda _: next(made), elements[0])


def _pad_all(parts: Sequence[Tensor], shape: Any, value: Any) -> Tensor:
    rank = len(parts[0].shape)
    if any(len(p.shape) != rank for p in parts):
        got = ", ".join(map(str, sorted({p.shape for p in parts})))
        raise ShapeError(message("data.padded_batch", "elements of one rank", got, "Reshape them before."))
    wanted = [None] * rank if shape is None else [None if d in (None, -1) else d for d in _dims(shape)]
    largest = [max(p.shape[i] for p in parts) for i in range(rank)]
    if len(wanted) != rank or any(w is not None and w < n for w, n in zip(wanted, largest)):
        raise ShapeError(message("data.padded_batch", f"elements that fit {tuple(wanted)}", tuple(largest), "Use larger padded_shapes."))
    target = tuple(n if w is None else w for w, n in zip(wanted, largest))
    if value is None:
        value = {"string": "", "bool": False}.get(parts[0].dtype, 0)
    return stacked([_pad(p, target, value) for p in parts], "padded_batch")


def _pad(part: Tensor, target: tuple[int, ...], value: Any) -> Tensor:
    if part.shape == target:
        return part
    fill = tensor(value, dtype=part.dtype)
    if part.dtype == "string":
        return tensor(_pad_strings(part.tolist(), target, fill.item()), shape=target)
    return op("pad")(part, [(0, t - n) for n, t in zip(part.shape, target)], "constant", fill.item())


def _pad_strings(rows: Any, target: tuple[int, ...], fill: str) -> Any:
    if not target:
        return rows
    missing = target[0] - len(rows)
    return [_pad_strings(r, target[1:], fill) for r in rows] + [_pad_strings([] if target[1:] else fill, target[1:], fill)] * missing
