"""The primitive under pooling and patches: a reduction of one operand with sliding windows. Public ops: `pooling.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..kernels.patterns import Relation, Spec, Window
from .define import op, primitive
from .gathering import scatter_rows


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
    flat = op("zeros")((1, x.size, 1), g.dtype)
    return op("reshape")(scatter_rows(flat, op("reshape")(index, (1, -1)), op("reshape")(g, (1, -1, 1)), "add"), x.shape)


def window(x: Any, labels: str, out: str, relations: Sequence[Relation], kind: str, extra: dict[str, int]) -> Any:
    """Return the reduction (sum, max or argmax) of x from `labels` to `out` with relations; `extra` sizes the labels x lacks."""
    sizes = {**extra, **dict(zip(labels, x.shape, strict=True))}
    return _window(x, static=(labels, out, tuple(sorted(sizes.items())), tuple(relations), kind))
