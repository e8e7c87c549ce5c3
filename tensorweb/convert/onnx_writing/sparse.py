"""Writes ops on sparse tensors: coordinates in other shapes, rows that are empty. Sums of rows by segments: `reduction.py`."""

from __future__ import annotations

from ...graph.definition import Node
from .scope import Scope, Unwritable, Value, writes


def _sizes(b: Scope, shape: Value) -> list[Value]:
    """Return the elements of a vector as int64 vectors of one element."""
    if not shape.shape or shape.shape[0] is None:
        raise Unwritable("it is not known beforehand how many axes there are")
    wide = b.int64(shape)
    return [b.slice(wide, 0, i, i + 1) for i in range(shape.shape[0])]


@writes("SparseReshape")
def sparse_reshape(b: Scope, node: Node, indices: Value, shape: Value, wanted: Value) -> list[Value]:
    """Coordinates become places in the flat tensor, and those coordinates in the other shape, one size of which may be -1."""
    total, product = (b("ReduceProd", b.int64(v), [0], keepdims=1, shape=(1,)) for v in (shape, wanted))
    rest = b("Div", total, b("Where", b("Equal", product, 0), 1, b("Neg", product)), shape=(1,))
    whole = b("Where", b("Less", b.int64(wanted), 0), rest, b.int64(wanted), shape=wanted.shape)
    flat: Value = b.const([0], (1,), "int64")
    for i, size in enumerate(_sizes(b, shape)):
        flat = b("Add", b("Mul", flat, size), b("Gather", b.int64(indices), b.int64(i), axis=1))
    columns = []
    for size in reversed(_sizes(b, whole)):
        columns.append(b("Unsqueeze", b("Mod", flat, size), [1]))
        flat = b("Div", flat, size)
    return [b.int32(b("Concat", *columns[::-1], axis=1)), b.int32(whole)]


@writes("SparseFillEmptyRows")
def fill_empty_rows(b: Scope, node: Node, indices: Value, values: Value, shape: Value, default: Value) -> list[Value]:
    """Return (coordinates, values, which rows were empty, where each value went), rows in order and values in theirs."""
    wide = b.int64(indices)
    count, rows = b.slice(b.int64(shape), 0, 0, 1), b("Gather", wide, b.int64(0), axis=1, shape=(None,))
    given = b("Shape", rows, shape=(1,))
    ones = b.expand(b.int64(1), given)
    members = b("ScatterElements", b.expand(b.int64(0), count), rows, ones, axis=0, reduction="add")
    empty = b("Equal", members, 0, shape=(None,))
    new = b("Transpose", b("NonZero", empty), perm=[1, 0])
    columns = b("Sub", b("Shape", wide, start=1, shape=(1,)), 1)
    new = b("Pad", new, b("Concat", b.value([0, 0, 0]), columns, axis=0), b.int64(0))
    all_indices = b("Concat", wide, new, axis=0)
    all_values = b("Concat", values, b("Expand", default, b("Shape", new, end=1, shape=(1,))), axis=0)
    number = b("Shape", all_indices, end=1, shape=(1,))
    order = b("TopK", b("Gather", all_indices, b.int64(0), axis=1), number, outputs=2, largest=0)[1]
    places = b.range(number)
    went = b("ScatterElements", places, order, places, axis=0)
    made = [b("Gather", part, order, axis=0) for part in (all_indices, all_values)]
    return [b.int32(made[0]), made[1], empty, b.int32(b.slice(went, 0, 0, given))]
