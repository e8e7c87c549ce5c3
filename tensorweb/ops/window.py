"""The primitive under pooling and patches: a reduction of one operand with sliding windows. Public ops: `pooling.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kernels import expression as e
from ..kernels.patterns import Map, Relation, Spec, Window
from ..kernels.program import lower
from .define import op, primitive
from .gathering import gather_rows, scatter_rows


@primitive("window")
def _window(x: Spec, labels: str, out: str, sizes: tuple, relations: tuple, kind: str) -> Any:
    at = dict(sizes)
    return Window(labels, out, sizes, relations, kind), (Spec(tuple(at[l] for l in out), "int32" if kind == "argmax" else x.dtype),)


@_window.vjp(inputs=(0,))
def _window_vjp(node: Any, g: Any) -> Any:
    labels, out, sizes, relations, kind = node.static
    x = node.inputs[0]
    if kind == "sum":
        return _window(g, static=(out, labels, sizes, relations, "sum"))
    if kind == "argmax":
        return None
    # Each maximum's gradient goes to the element it came from.
    index = _window(x, static=(labels, out, sizes, relations, "argmax"))
    tiles = _tiles(labels, out, dict(sizes), relations)
    if tiles is not None:
        split, merged = tiles
        return op("reshape")(_unpool(op("reshape")(index, merged), op("reshape")(g, merged), static=(split,)), x.shape)
    flat = op("zeros")((1, x.size, 1), g.dtype)
    return op("reshape")(scatter_rows(flat, op("reshape")(index, (1, -1)), op("reshape")(g, (1, -1, 1)), "add"), x.shape)


def _tiles(labels: str, out: str, sizes: dict[str, int], relations: Sequence[Relation]) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the shapes of x and of the result in which each position is a pair (window, tap), if every element has one window."""
    outputs = {r.position: r.output for r in relations}
    if "".join(outputs.get(x, x) for x in labels) != out:
        return None
    for r in relations:
        if (r.dilation, r.padding, sizes[r.tap]) != (1, 0, r.stride) or sizes[r.position] != sizes[r.output] * r.stride:
            return None
    strides = {r.position: r.stride for r in relations}
    split = [d for x in labels for d in ((sizes[outputs[x]], strides[x]) if x in strides else (sizes[x],))]
    merged = [d for x in labels for d in ((sizes[outputs[x]], 1) if x in strides else (sizes[x],))]
    return tuple(split), tuple(merged)


@primitive("unpool")
def _unpool(index: Spec, g: Spec, shape: tuple[int, ...]) -> Any:
    """g where an element's own number is the index, else 0: no element is written twice, so there is no need to scatter."""
    root = e.where(e.equal(e.argument(0), e.position()), e.argument(1), 0)
    return Map(lower([e.cast_like(root, e.argument(1))], [index.dtype, g.dtype], "unpool")), (Spec(shape, g.dtype),)


@_unpool.vjp(inputs=(0,))
def _unpool_vjp(node: Any, g: Any) -> Any:
    index, shape = node.inputs[0], node.inputs[1].shape
    return None, op("reshape")(gather_rows(op("reshape")(g, (1, -1, 1)), op("reshape")(index, (1, -1))), shape)


def window(x: Any, labels: str, out: str, relations: Sequence[Relation], kind: str, extra: dict[str, int]) -> Any:
    """Return the reduction (sum, max or argmax) of x from `labels` to `out` with relations; `extra` sizes the labels x lacks."""
    sizes = {**extra, **dict(zip(labels, x.shape, strict=True))}
    return _window(x, static=(labels, out, tuple(sorted(sizes.items())), tuple(relations), kind))
