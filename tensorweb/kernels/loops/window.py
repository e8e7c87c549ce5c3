"""The window pattern as loops: pooling, patches, and their gradients."""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import Spec, Window
from .launch import Lowered, Slot, Target, lowering
from .nest import operand, problem
from .schedule import lower_problem


@lowering(Window)
def lower_window(k: Window, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a window."""
    kind, dtypes = k.kind, [str(s.dtype) for s in (inputs[0], outputs[0])]
    if dtypes[0] == "bool":
        # A sum of truth values is whether any is set.
        kind, dtypes = {"sum": "max"}.get(kind, kind), [{"bool": "uint8"}.get(d, d) for d in dtypes]
    given = operand(Slot("in", 0), dtypes[0], k.labels, inputs[0].shape)
    made = operand(Slot("out", 0), dtypes[1], k.out, outputs[0].shape)
    return lower_problem(problem(dict(k.sizes), k.out, [given, made], k.relations), kind, target)
