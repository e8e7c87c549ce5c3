"""Sums, products and extremes of rows that belong to the same segment."""

from __future__ import annotations

from ....graph.definition import Ref
from ..translate import Op, Unsupported, translates

_LARGEST = 3.4028234663852886e38
# What reduces the rows of a segment, and what rows of other segments count as: floats, integers.
_KINDS = {
    "SUM": ("Sum", 0.0, 0), "PROD": ("Prod", 1.0, 1), "MAX": ("Max", -_LARGEST, -(2**31)), "MIN": ("Min", _LARGEST, 2**31 - 1),
}  # fmt: skip


@translates("SEGMENT_SUM", "UNSORTED_SEGMENT_SUM", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN")
def segments(op: Op) -> Ref:
    """Each segment reduces all rows, of which those of others count as nothing."""
    build, ids, ranks = op.builder, op.x(1), op.rank(1)
    name, *neutral = _KINDS[op.kind.rpartition("_")[2]]
    if op.info().computed not in ("float32", "int32"):
        raise Unsupported(op.info().computed)
    if op.kind == "SEGMENT_SUM":
        count = op.emit("AddV2", op.emit("Max", ids, [0], keep_dims=False), 1)
    else:
        count = op.scalar(2)
        count = count if isinstance(count, Ref) else build.const(count)
    ids = op.emit("Reshape", ids, [-1])
    data = op.x()
    rest = op.emit("Slice", build.shape(data), [ranks], [-1])
    rows = op.emit("Reshape", data, build.concat([build.const([-1]), rest], 0)) if ranks != 1 else data
    places = op.emit("Range", 0, count, 1, Tidx="int32")
    mask = op.emit("Equal", op.emit("ExpandDims", places, 1), ids)
    mask = op.emit("Reshape", mask, build.concat([build.shape(mask), op.emit("OnesLike", rest)], 0))
    value = neutral[0] if op.info().computed == "float32" else neutral[1]
    chosen = op.emit("SelectV2", mask, op.emit("ExpandDims", rows, 0), value)
    return op.emit(name, chosen, [1], keep_dims=False)
