"""Sizes that are unknown while shapes are inferred: an axis of unknown size agrees with one whose size is known. Computes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .. import engine, shapes
from ..engine import ABSTRACT
from ..tensor import Tensor


def unknown_size() -> int:
    """Return the size that stands for unknown ones in the inference under way; 0 without one."""
    return engine.state.get().unknown


def with_shape(x: Any, shape: Sequence[int]) -> Any:
    """Return an abstract tensor of the dtype of `x`, or `x` if it has the shape."""
    return x if x.shape == tuple(shape) else Tensor(ABSTRACT, tuple(shape), x.dtype)


def tied(
    tensors: Sequence[Any], equal: Iterable[Sequence[tuple[int, int]]], broadcast: Iterable[Sequence[tuple[int, int]]] = ()
) -> list[Any]:
    """Return the tensors with unknown sizes taken from those that know them.

    A group of `equal` is the (tensor, axis) of one common size, one of `broadcast` of a common size or 1.
    """
    unknown, made = unknown_size(), [list(t.shape) for t in tensors]
    groups = [(g, {unknown}) for g in equal] + [(g, {1, unknown}) for g in broadcast] if unknown else []
    for places, silent in groups:
        known = {made[k][d] for k, d in places} - silent
        if len(known) == 1:
            size = known.pop()
            for k, d in places:
                made[k][d] = size if made[k][d] == unknown else made[k][d]
    return [with_shape(t, s) for t, s in zip(tensors, made, strict=True)]


def reshaped(x: Any, target: Sequence[int]) -> Any:
    """Return an abstract tensor of the target shape if `x` has axes of unknown size, so that nobody can say that it does not fit."""
    unknown = unknown_size()
    if not unknown or not any(d and d % unknown == 0 for d in x.shape) or sum(d == -1 for d in target) > 1 or min(target, default=0) < -1:
        return None
    return Tensor(ABSTRACT, tuple(unknown if d == -1 else d for d in target), x.dtype)


shapes.unknown_size = unknown_size
