"""Attention by dot products, over heads. The layers with weights are in `layers`."""

from __future__ import annotations

import math
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..shapes import broadcast
from ..tensor import as_tensor
from .contraction import contract
from .creation import generate
from .define import composite, op, row_body
from .shaping import promote_all

_WHERE = "dot_product_attention"
# What a masked logit is: far below any other, and finite, so that rows without any key stay numbers.
_MASKED = -2.3727e38


def _probabilities(logits: Any, scale: Any, *rest: Any, has_bias: bool, has_mask: bool, cap: float | None) -> Any:
    """Return the softmax of the scaled, capped, biased and masked logits along the row, in one kernel."""
    x = e.cast(logits, "float32") * scale
    if cap is not None:
        x = e.tanh(x / cap) * cap
    if has_bias:
        x = x + e.cast(rest[0], "float32")
    if has_mask:
        x = e.where(rest[-1], x, _MASKED)
    shifted = e.exp(x - e.stop(reduce.max(x)))
    return e.cast_like(shifted / reduce.sum(shifted), logits)


def _earlier(c: Any) -> Any:
    return c[0] >= c[1]


@composite
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """Return softmax(query key^T * scale + bias) value for query [batch, T, N, H] and key, value [batch, S, K, H].

    N heads of queries share K heads of keys in groups where N is a multiple of K. `bias` and the bool `mask` (False hides a key)
    broadcast to [batch, N, T, S]; `is_causal` hides later keys; `scale` is 1 / sqrt(H) by default; `attn_logits_soft_cap` bounds
    the scaled logits by tanh; `flash_attention` is ignored. keras.ops.dot_product_attention.

    >>> import tensorweb as tw
    >>> tw.dot_product_attention(tw.ones((1, 2, 1, 4)), tw.ones((1, 3, 1, 4)), tw.ones((1, 3, 1, 4))).shape
    (1, 2, 1, 4)
    """
    q, k, v = promote_all([as_tensor(x, _WHERE) for x in (query, key, value)])
    batch, t, heads, depth, s, kept = _check(q, k, v)
    groups = heads // kept
    logits = contract(op("reshape")(q, (batch, t, kept, groups, depth)), "btkgh", k, "bskh", "bkgts")
    rest = _extras((batch, heads, t, s), bias, mask, is_causal)
    attrs = (("has_bias", bias is not None), ("has_mask", mask is not None or is_causal), ("cap", attn_logits_soft_cap))
    factor = 1 / math.sqrt(max(depth, 1)) if scale is None else scale if type(scale) is float else float(scale)
    body = row_body(_probabilities, (3,), True, 2 + len(rest), attrs)
    p = engine.run(body, (op("reshape")(logits, (batch, heads, t, s)), factor, *rest))
    out = contract(op("reshape")(p, (batch, kept, groups, t, s)), "bkgts", v, "bskh", "btkgh")
    return op("reshape")(out, (batch, t, heads, v.shape[3]))


def _check(q: Any, k: Any, v: Any) -> tuple[int, ...]:
    shapes = f"{q.shape}, {k.shape}, {v.shape}"
    if not dtypes.is_float(q.dtype) or q.dtype == "complex64":
        raise DTypeError(message(_WHERE, "floating tensors", f"dtype {q.dtype}", "Cast them first."))
    if not len(q.shape) == len(k.shape) == len(v.shape) == 4:
        raise ShapeError(message(_WHERE, "query, key and value of rank 4", shapes, "Use [batch, length, heads, depth]."))
    (batch, t, heads, depth), (kb, s, kept, kd), (vb, vs, vh, _) = q.shape, k.shape, v.shape
    if not (batch == kb == vb and depth == kd and s == vs and kept == vh):
        raise ShapeError(message(_WHERE, "query, key and value that agree in batch, depth, length and heads", shapes, "Correct them."))
    if not s:
        raise ShapeError(message(_WHERE, "at least one key", shapes, "Check for empty tensors first."))
    if kept == 0 or heads % kept:
        raise ShapeError(message(_WHERE, "a multiple of the heads of key", f"{heads} and {kept} heads", "Correct either."))
    return batch, t, heads, depth, s, kept


def _extras(shape: tuple[int, ...], bias: Any, mask: Any, is_causal: bool) -> list[Any]:
    """Return the bias and the mask, as far as there are any."""
    rest = [as_tensor(bias, _WHERE)] if bias is not None else []
    if mask is not None:
        hidden = as_tensor(mask, _WHERE)
        if hidden.dtype != "bool":
            raise DTypeError(message(_WHERE, "a bool mask", f"dtype {hidden.dtype}", "Use mask != 0, or pass it as a bias."))
        rest.append(hidden)
    for x in rest:
        if len(x.shape) > 4 or broadcast(_WHERE, x.shape, shape) != shape:
            raise ArgumentError(message(_WHERE, f"a bias and mask that broadcast to {shape}", x.shape, "Reshape them."))
    if is_causal:
        earlier = generate(_earlier, shape[2:], "bool")
        if mask is None:
            return [*rest, earlier]
        rest[-1] = op("logical_and")(rest[-1], earlier)
    return rest
