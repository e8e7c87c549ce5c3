"""The sort pattern: keys whose order as int32 is the one wanted, their stable order (`order.py`), and the elements in that order."""

from __future__ import annotations

from collections.abc import Sequence

from ...dtypes import kind
from ..patterns import Sort, Spec
from ..values.code import Value
from .builder import Shader
from .elements import digits, give, load, load_lanes
from .launch import Launch, Lowered, Storage, Target, array_in, array_out, emitter, lowering
from .order import SCRATCH, sorted_order
from .reductions import ordered_key


@lowering(Sort)
def lower_sort(k: Sort, inputs: Sequence[Spec], outputs: Sequence[Spec], target: Target) -> Lowered:
    """Return the launches of a sort: keys where elements are none themselves, passes that merge them, and what reads the elements."""
    count, dtype = k.outer * k.n, str(inputs[0].dtype)
    if not count:
        return Lowered(())
    source = array_in(0, inputs[0])
    keys, launches = source, []
    if k.descending or kind(dtype) == "f":
        keys = Storage("scratch", SCRATCH, "i")
        lanes = 4 if count % 4 == 0 else 1
        launches.append(Launch("sort_keys", (dtype, k.descending), (source,), (keys,), count // lanes, lanes=lanes))
    passes, _, order = sorted_order(keys, k.outer, k.n, 0)
    writes = tuple(array_out(i, s) for i, s in enumerate(outputs))
    last = Launch("sorted", (dtype,), (source, order), writes, count, (k.n,))
    return Lowered((*launches, *passes, last), ((count, "i"),) * (SCRATCH + len(launches)))


@emitter("sort_keys")
def emit_keys(b: Shader, dtype: str, descending: bool) -> None:
    """Write a thread that makes keys."""
    x = load_lanes(b, 0, dtype, b.at)
    assert isinstance(x, Value)
    give(b, 0, "int32", ordered_key(b, x, descending))


@emitter("sorted")
def emit_sorted(b: Shader, dtype: str) -> None:
    """Write a thread that reads the element of its place, and where that came from."""
    n = b.sizes()()
    row, _ = digits(b, b.at, [n])
    index = b.load(1, b.at)
    give(b, 0, dtype, load(b, 0, dtype, row * n + b.convert(index, "index")))
    give(b, 1, "int32", b.splat(index))
