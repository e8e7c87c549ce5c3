"""Conditions: nonzero, boolean masks, select; `where` with values is in `comparison.py`.

How many elements a condition picks is read once; all else stays on the device.

What has to wait for that count is a generator, so that each op and its `_async` twin are one piece of code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..shapes import normalize_axis, size_of
from ..tensor import as_tensor
from ..waiting import Read, Waits, wait, wait_async
from .creation import generate
from .define import composite, op, public
from .gathering import gather_axis, scatter_rows
from .places import apply, coordinates
from .primitives import scan_rows
from .shaping import need_rank, reshape


def _is_set(x: Any) -> Any:
    return e.cast(e.not_equal(x, 0), "int32")


def _slot(hit: Any, place: Any) -> Any:
    return e.where(e.equal(hit, 0), -1, place)


def _place(c: Any) -> Any:
    return c[0]


def finding_nonzero(x: Any) -> Waits[Any]:
    """Return the flat int32 indices of the elements of x that are not zero, in order."""
    n = x.size
    if not n:
        return op("zeros")((0,), "int32")
    hits = reshape(apply(_is_set, x), (1, n, 1)) if x.dtype != "string" else reshape(op("cast")(op("not_equal")(x, ""), "int32"), (1, n, 1))
    count = (yield Read(op("sum")(hits)))[0]
    slots = reshape(apply(_slot, hits, scan_rows(hits, "add", True, False)), (1, n))
    updates = reshape(generate(_place, (n,), "int32"), (1, n, 1))
    return reshape(scatter_rows(op("zeros")((1, count, 1), "int32"), slots, updates, "set"), (count,))


@public("composite", gradient="none")
def nonzero(x: Any) -> tuple[Any, ...]:
    """Return where x is not zero: for each axis an int32 tensor of the indices along it.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.nonzero(tw.tensor([[0, 7], [8, 0]]))]
    [[0, 1], [1, 0]]
    """
    x = as_tensor(x, "nonzero")
    need_rank(x, 1, "nonzero")
    return coordinates(wait(finding_nonzero(x)), x.shape)


@public("composite", gradient="none", method=False)
async def where_async(condition: Any) -> Any:
    """Return the coordinates [n, rank] of the elements that hold, without blocking the event loop. TensorFlow.js's whereAsync."""
    x = as_tensor(condition, "where_async")
    need_rank(x, 1, "where_async")
    return op("stack")(coordinates(await wait_async(finding_nonzero(x)), x.shape), axis=1)


def _masked(tensor: Any, mask: Any, axis: int, where: str) -> Waits[Any]:
    x, m = as_tensor(tensor, where), as_tensor(mask, where)
    at = normalize_axis(axis, len(x.shape), where) if x.shape else 0
    end = at + len(m.shape)
    if not m.shape or x.shape[at:end] != m.shape:
        raise ShapeError(message(where, f"a mask that fits {x.shape} from axis {at} on", f"shape {m.shape}", "Check the mask."))
    found = yield from finding_nonzero(m)
    merged = reshape(x, x.shape[:at] + (size_of(m.shape),) + x.shape[end:])
    return gather_axis(merged, found, at)


@composite
def boolean_mask(tensor: Any, mask: Any, axis: int = 0) -> Any:
    """Return the elements of a tensor where `mask` holds; the mask's axes are the tensor's from `axis` on, and become one.

    TensorFlow.js's booleanMask.

    >>> import tensorweb as tw
    >>> tw.boolean_mask(tw.tensor([1, 2, 3]), [True, False, True]).tolist()
    [1, 3]
    """
    return wait(_masked(tensor, mask, axis, "boolean_mask"))


@composite(method=False)
async def boolean_mask_async(tensor: Any, mask: Any, axis: int = 0) -> Any:
    """Return what `boolean_mask` returns, without blocking the event loop. TensorFlow.js's booleanMaskAsync."""
    return await wait_async(_masked(tensor, mask, axis, "boolean_mask_async"))


@composite(method=False)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Return elements of the first choice whose condition holds, `default` where none does; all broadcast."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ArgumentError(
            message("select", "as many conditions as choices", f"{len(condlist)} and {len(choicelist)}", "Pass one for each.")
        )
    result = default
    for condition, choice in zip(reversed(list(condlist)), reversed(list(choicelist))):
        result = op("where")(condition, choice, result)
    return result
