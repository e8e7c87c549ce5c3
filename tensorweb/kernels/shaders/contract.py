"""Contractions as threads: products of matrices, convolutions, their gradients.

How labels are run through is in `nest.py`; products of large matrices on GPUs are in `products.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ..loops.launch import Slot
from ..loops.nest import Operand, operand, problem
from ..patterns import Contract, Map, Spec
from ..strides import broadcast_strides
from .launch import LOWERINGS, Lowered, Number, Storage, Target, lowering, stored, words_of
from .map import NUMBER_KINDS, Argument
from .nest import Finish, distinct, lower_nest
from .products import as_product


@lowering(Contract)
def lower_contract(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a contraction and its epilogue."""
    arrays = [i for i, s in enumerate(inputs) if not isinstance(s.dtype, type)]
    if k.epilogue is not None and len(arrays) >= target.max_storages:
        return _then_map(k, inputs, outputs, target)
    spec = outputs[0]
    out, sizes, relations = distinct(k.out, dict(k.sizes), k.relations)
    labels = dict(enumerate((k.lhs, k.rhs)))
    operands = [operand(Slot("in", i), str(inputs[i].dtype), labels[i], inputs[i].shape) for i in labels]
    for i in arrays[2:]:
        strides = broadcast_strides(inputs[i].shape, spec.shape)
        operands.append(Operand(Slot("in", i), str(inputs[i].dtype), dict(zip(out, strides, strict=True)), prod(inputs[i].shape)))
    operands.append(operand(Slot("out", 0), str(spec.dtype), out, spec.shape))
    lowered = lower_nest(problem(sizes, out, operands, relations), "product", target, _finish(k, inputs))
    product = as_product(lowered.launches[0], target) if len(lowered.launches) == 1 else None
    return lowered._replace(launches=(product,)) if product is not None else lowered


def _finish(k: Contract, inputs: Sequence[Spec]) -> Finish | None:
    """Return the epilogue and how its arguments are read."""
    if k.epilogue is None:
        return None
    dtypes = {s.value: s.dtype for s in k.epilogue.steps if s.op == "arg"}
    arguments: list[Argument] = []
    numbers: list[Number] = []
    for i, s in enumerate(inputs[2:], 2):
        if isinstance(s.dtype, type):
            arguments.append(Argument(dtypes.get(i - 1, "float32"), None))
            numbers += [Number(x, i) for x in NUMBER_KINDS[arguments[-1].dtype]]
        else:
            arguments.append(Argument(str(s.dtype), 0))
    return Finish(k.epilogue, tuple(arguments), tuple(numbers))


def _then_map(k: Contract, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return a contraction into scratch storage, and the map that its epilogue is: more operands than one command can bind."""
    assert k.epilogue is not None
    between = outputs[0]._replace(dtype=inputs[0].dtype)
    first = lower_contract(k._replace(epilogue=None), inputs[:2], [between], target)
    second = LOWERINGS[Map](Map(k.epilogue), [between, *inputs[2:]], outputs, target)
    scratch = len(first.scratch)
    type = stored(str(between.dtype))

    def moved(s: Storage) -> Storage:
        if s.kind == "scratch":
            return s._replace(number=s.number + scratch + 1)
        if s.kind != "in":
            return s
        return Storage("scratch", scratch, type) if s.number == 0 else s._replace(number=s.number + 1)

    def kept(s: Storage) -> Storage:
        return Storage("scratch", scratch, type) if s.kind == "out" else s

    def later(n: Number) -> Number:
        return n._replace(number=n.number + 1)

    launches = [x._replace(writes=tuple(map(kept, x.writes))) for x in first.launches]
    for x in second.launches:
        reads, writes = tuple(map(moved, x.reads)), tuple(map(moved, x.writes))
        launches.append(x._replace(reads=reads, writes=writes, numbers=tuple(map(later, x.numbers))))
    words = prod(between.shape) * words_of(str(between.dtype))
    return Lowered(tuple(launches), (*first.scratch, (words, type), *second.scratch))
