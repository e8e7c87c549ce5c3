"""Gathering, updating, reversing sequences, diagonals, buckets."""

from __future__ import annotations

from typing import Any

from ....graph.definition import Ref
from ..translate import Op, translates


@translates("GATHER", moves=True)
def gather(op: Op) -> Ref:
    return op.emit("GatherV2", op.x(), op.x(1), op.options.axis, batch_dims=op.options.batch_dims)


@translates("EMBEDDING_LOOKUP", moves=True)
def embedding_lookup(op: Op) -> Ref:
    return op.emit("GatherV2", op.x(1), op.x(0), 0, batch_dims=0)


@translates("DYNAMIC_UPDATE_SLICE")
def dynamic_update_slice(op: Op) -> Ref:
    """The update stands where a mask of its padded shape does; starts are moved so that it fits."""
    update, build = op.x(1), op.builder
    whole, part = build.shape(op.x()), build.shape(update)
    start = op.emit("Maximum", op.emit("Minimum", op.x(2), op.emit("Sub", whole, part)), 0)
    rest = op.emit("Sub", op.emit("Sub", whole, part), start)
    paddings = op.emit("Pack", start, rest, axis=1, N=2)
    mask = op.emit("Cast", op.emit("PadV2", op.emit("Fill", part, 1, T="int32"), paddings, 0), DstT="bool")
    return op.emit("SelectV2", mask, op.emit("PadV2", update, paddings, _zero(op)), op.x())


@translates("REVERSE_SEQUENCE", moves=True)
def reverse_sequence(op: Op) -> Ref:
    """Along the sequence, place i below the length n is taken from n - 1 - i; what is behind stays."""
    rank, build = op.rank(), op.builder
    batch, time = op.axis(op.options.batch_dim, rank), op.axis(op.options.seq_dim, rank)
    perm = [batch, time, *(i for i in range(rank) if i not in (batch, time))]
    x = build.transpose(op.x(), perm)
    places = op.emit("Range", 0, build.size(x, 1), 1, Tidx="int32")
    lengths = op.emit("ExpandDims", build.cast(op.x(1), "int32"), 1)
    turned = op.emit("Sub", op.emit("Sub", lengths, 1), places)
    indices = op.emit("SelectV2", op.emit("Less", places, lengths), turned, places)
    found = op.emit("GatherV2", x, indices, 1, batch_dims=1)
    return build.transpose(found, [perm.index(i) for i in range(rank)])


@translates("SELECT", moves=True)
def select(op: Op) -> Ref:
    """A condition that is a vector chooses whole rows."""
    condition = op.x()
    if op.rank() == 1 and op.rank(1) > 1:
        condition = op.emit("Reshape", condition, [-1, *[1] * (op.rank(1) - 1)])
    return op.emit("SelectV2", condition, op.x(1), op.x(2))


def _on_diagonal(op: Op, rows: Ref, columns: Ref) -> Ref:
    places = [op.emit("Range", 0, size, 1, Tidx="int32") for size in (rows, columns)]
    return op.emit("Equal", op.emit("ExpandDims", places[0], 1), places[1])


@translates("MATRIX_DIAG")
def matrix_diag(op: Op) -> Ref:
    x, rank = op.x(), op.rank()
    size = op.builder.size(x, rank - 1)
    mask = op.builder.cast(_on_diagonal(op, size, size), op.info().computed)
    return op.emit("Mul", op.emit("ExpandDims", x, rank), mask)


@translates("MATRIX_SET_DIAG")
def matrix_set_diag(op: Op) -> Ref:
    """The diagonal stands in each column, with zeros below where there are more rows, and a mask chooses."""
    x, rank, build = op.x(), op.rank(), op.builder
    rows, columns = build.size(x, rank - 2), build.size(x, rank - 1)
    missing = op.emit("Pack", 0, op.emit("Sub", rows, build.size(op.x(1), rank - 2)), axis=0, N=2)
    paddings = [missing if i == rank - 2 else build.const([0, 0]) for i in range(rank)]
    diagonal = op.emit("PadV2", op.emit("ExpandDims", op.x(1), rank - 1), op.emit("Pack", *paddings, axis=0, N=rank), _zero(op))
    return op.emit("SelectV2", _on_diagonal(op, rows, columns), diagonal, x)


def _zero(op: Op) -> Any:
    return {"float32": 0.0, "bool": False}.get(op.info().computed, 0)


@translates("BUCKETIZE")
def bucketize(op: Op) -> Ref:
    """The bucket's number is how many boundaries are not above the value."""
    x = op.builder.cast(op.x(), "float32")
    boundaries = op.builder.const([list(op.options.boundaries)], "float32")
    found = op.emit("UpperBound", boundaries, op.emit("Reshape", x, [1, -1]))
    return op.emit("Reshape", found, op.builder.shape(x))
