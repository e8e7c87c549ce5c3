"""The window pattern as threads: pooling, patches, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence

from ..loops.launch import Slot
from ..loops.nest import operand, problem
from ..patterns import Spec, Window
from .launch import Lowered, Target, lowering
from .nest import distinct, lower_nest


@lowering(Window)
def lower_window(k: Window, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a window."""
    kind, dtypes = k.kind, [str(s.dtype) for s in (inputs[0], outputs[0])]
    if dtypes[0] == "bool":
        # A sum of truth values is whether any is set.
        kind, dtypes = {"sum": "max"}.get(kind, kind), [{"bool": "uint8"}.get(d, d) for d in dtypes]
    out, sizes, relations = distinct(k.out, dict(k.sizes), k.relations)
    given = operand(Slot("in", 0), dtypes[0], k.labels, inputs[0].shape)
    made = operand(Slot("out", 0), dtypes[1], out, outputs[0].shape)
    return lower_nest(problem(sizes, out, [given, made], relations), {"sum": "product"}.get(kind, kind), target)
