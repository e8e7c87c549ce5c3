"""The primitives under everything that indexes by data: gather and scatter on [batch, n, inner]. Public ops: `indexing.py`."""

from __future__ import annotations

from typing import Any

from ..errors import GradientError, message
from ..kernels.patterns import Gather, Scatter, Spec
from ..shapes import size_of
from .define import op, primitive


@primitive("gather")
def _gather(x: Spec, indices: Spec) -> Any:
    (batch, n, inner), m = x.shape, indices.shape[1]
    return Gather(batch, n, m, inner), (Spec((batch, m, inner), x.dtype),)


@_gather.vjp(inputs=(1,))
def _gather_vjp(node: Any, g: Any) -> Any:
    x, indices = node.inputs
    return scatter_rows(op("zeros")(x.shape, x.dtype), indices, g, "add"), None


def gather_rows(x: Any, indices: Any) -> Any:
    """Return x[b, indices[b, j], :] for x [batch, n, inner] and int32 indices [batch, m]; out of range reads 0."""
    return _gather(x, indices)


@primitive("scatter")
def _scatter(x: Spec, indices: Spec, updates: Spec, kind: str) -> Any:
    (batch, n, inner), m = x.shape, indices.shape[1]
    return Scatter(batch, n, m, inner, kind), (Spec(x.shape, x.dtype),)


@_scatter.vjp(inputs=(0, 1, 2), outputs=(0,))
def _scatter_vjp(node: Any, g: Any) -> Any:
    (kind,) = node.static
    x, indices, updates = node.inputs
    if kind == "add":
        return g, None, gather_rows(g, indices)
    if kind == "set":
        # Of several updates at one place the last one counts, so the earlier ones receive nothing.
        order = op("broadcast_to")(op("reshape")(op("arange")(indices.shape[1], dtype="int32"), (1, -1, 1)), (*indices.shape, 1))
        writer = scatter_rows(op("full")((x.shape[0], x.shape[1], 1), -1, dtype="int32"), indices, order, "max")
        counts = op("equal")(gather_rows(writer, indices), order)
        return op("where")(op("greater_equal")(writer, 0), 0.0, g), None, op("where")(counts, gather_rows(g, indices), 0.0)
    if kind in ("max", "min"):
        y = node.outputs[0]
        from_x, from_updates = op("equal")(x, y), op("equal")(updates, gather_rows(y, indices))
        share = scatter_rows(op("cast")(from_x, g.dtype), indices, op("cast")(from_updates, g.dtype), "add")
        part = op("divide_no_nan")(g, share)
        return op("where")(from_x, part, 0.0), None, op("where")(from_updates, gather_rows(part, indices), 0.0)
    raise GradientError(message("scatter", "add, set, max or min", kind, "This scatter has no gradient."))


def scatter_rows(x: Any, indices: Any, updates: Any, kind: str) -> Any:
    """Return x [batch, n, inner] with updates [batch, m, inner] put at int32 indices [batch, m] by `kind`; out of range is dropped."""
    return _scatter(x, indices, updates, static=(kind,))


def gather_axis(x: Any, indices: Any, axis: int) -> Any:
    """Return x with the places of `axis` that int32 indices name, in their shape; out of range reads 0."""
    shape, reshape = x.shape, op("reshape")
    outer, n, inner = size_of(shape[:axis]), shape[axis], size_of(shape[axis + 1 :])
    m = size_of(indices.shape)
    rows = reshape(indices, (1, m))
    if outer != 1:
        rows = op("broadcast_to")(rows, (outer, m))
    return reshape(gather_rows(reshape(x, (outer, n, inner)), rows), shape[:axis] + indices.shape + shape[axis + 1 :])
