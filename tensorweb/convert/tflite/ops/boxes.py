"""Choosing boxes that do not overlap. Their count is fixed in TFLite: what is missing is filled with zeros."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..translate import Builder, Op, translates


def filled(build: Builder, x: Ref, count: Any, zero: Any) -> Ref:
    """Return a vector with zeros behind it up to a length."""
    missing = build.emit("Sub", count, build.size(x, 0))
    paddings = build.emit("Reshape", build.emit("Pack", 0, missing, axis=0, N=2), [1, 2])
    return build.emit("PadV2", x, paddings, zero)


@translates("NON_MAX_SUPPRESSION_V4")
def non_max_suppression(op: Op) -> list[Ref]:
    limits = [op.emit("Reshape", op.x(i), []) if op.rank(i) else op.x(i) for i in (2, 3, 4)]
    chosen = op.emit("NonMaxSuppressionV3", op.x(0), op.x(1), *limits)
    return [filled(op.builder, chosen, limits[0], 0), op.builder.size(chosen, 0)]


@translates("NON_MAX_SUPPRESSION_V5")
def soft_non_max_suppression(op: Op) -> list[Ref]:
    """With a sigma above zero, scores of boxes that overlap are lowered instead."""
    limits = [op.emit("Reshape", op.x(i), []) if op.rank(i) else op.x(i) for i in (2, 3, 4, 5)]
    chosen = op.emit("NonMaxSuppressionV5", op.x(0), op.x(1), *limits, _hard=True)  # the threshold counts then, too
    scores = Ref(chosen.name, 1)
    return [filled(op.builder, chosen, limits[0], 0), filled(op.builder, scores, limits[0], 0.0), op.builder.size(chosen, 0)]
