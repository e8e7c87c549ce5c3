"""Contractions as plain loops: depthwise convolutions and their gradients, and whatever is no matrix product. The latter: `contract.py`."""

from __future__ import annotations

from collections.abc import Sequence

from ..patterns import Contract, Spec
from ..strides import broadcast_strides
from .launch import Lowered, Slot, Target
from .map import NUMBER_KINDS, Argument
from .nest import Operand, operand, problem
from .schedule import Finish, lower_problem


def lower_direct(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a contraction."""
    sizes, spec = dict(k.sizes), outputs[0]
    operands = [
        operand(Slot("in", i), str(s.dtype), labels, s.shape) for i, (s, labels) in enumerate(zip(inputs[:2], (k.lhs, k.rhs), strict=True))
    ]
    extras = [
        Operand(Slot("in", i), str(s.dtype), dict(zip(k.out, broadcast_strides(s.shape, spec.shape))), 0)
        for i, s in enumerate(inputs[2:], 2)
        if not isinstance(s.dtype, type)
    ]
    made = operand(Slot("out", 0), str(spec.dtype), k.out, spec.shape)
    finish, numbers = _finish(k, inputs, len(operands) + len(extras) + 2)
    return lower_problem(problem(sizes, k.out, [*operands, *extras, made], k.relations), "product", target, finish, numbers)


def _finish(k: Contract, inputs: Sequence[Spec], slot: int) -> tuple[Finish | None, list[Slot]]:
    """Return the epilogue, and the slots of the numbers it takes, from number `slot` on."""
    if k.epilogue is None:
        return None, []
    dtypes = {s.value: s.dtype for s in k.epilogue.steps if s.op == "arg"}
    arguments: list[Argument] = []
    slots: list[Slot] = []
    for i, s in enumerate(inputs[2:], 2):
        if isinstance(s.dtype, type):
            dtype = dtypes.get(i - 1, "float32")
            arguments.append(Argument(dtype, None, slot + len(slots)))
            slots += [Slot(x, i) for x in NUMBER_KINDS[dtype]]
        else:
            arguments.append(Argument(str(s.dtype), 1, 0))
    return Finish(k.epilogue, tuple(arguments)), slots
