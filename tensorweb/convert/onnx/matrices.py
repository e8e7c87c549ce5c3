"""ONNX's products of matrices, and what is built on them: Gemm, MatMul, Einsum, Attention."""

from __future__ import annotations

import math
from typing import Any

from .shapes import Shape, joined
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op

LOWEST = -3.4e38


def matmul_of(b: Scope, x: Value, y: Value) -> Value:
    """Return the product as NumPy's matmul has it: a vector is a row on the left, a column on the right."""
    row, column = x.ndim == 1, y.ndim == 1
    x = b("ExpandDims", x, 0) if row else x
    y = b("ExpandDims", y, 1) if column else y
    if x.ndim == 2 and y.ndim == 2:
        found = b("MatMul", x, y, transpose_a=False, transpose_b=False)
    else:
        batch = None if x.shape is None or y.shape is None else joined(x.shape[:-2], y.shape[:-2])
        found = b("BatchMatMulV2", *(_spread(b, v, batch) for v in (x, y)), adj_x=False, adj_y=False)
    return b.squeeze(found, [-2] * row + [-1] * column) if row or column else found


def _spread(b: Scope, x: Value, batch: Shape) -> Value:
    """Return x with the batch written out where TensorFlow.js would repeat it wrongly: it goes round and round in the smaller batch."""
    if batch is None or x.shape is None or None in (*batch, *x.shape[-2:]):
        return x
    own = list(x.shape[:-2])
    while own and own[0] == 1:
        own.pop(0)
    if own == list(batch[len(batch) - len(own) :]):
        return x
    return b("BroadcastTo", x, [*(s or 0 for s in batch), *(s or 0 for s in x.shape[-2:])])


@onnx_op("MatMul")
def matmul(b: Scope, node: OnnxNode, x: Value, y: Value) -> Value:
    if x.whole:
        return b.typed(b.cast(matmul_of(b, b.cast(x, "float32"), b.cast(y, "float32")), "int32"), x.dtype)
    return matmul_of(b, x, y)


@onnx_op("Gemm")
def gemm(b: Scope, node: OnnxNode, x: Value, y: Value, c: Value | None = None) -> Value:
    found = b("MatMul", x, y, transpose_a=bool(node.int("transA", 0)), transpose_b=bool(node.int("transB", 0)))
    alpha, beta = node.float("alpha", 1.0), node.float("beta", 1.0)
    found = found if alpha == 1 else b("Mul", found, alpha)
    if c is None or beta == 0:
        return found
    c = c if beta == 1 else b("Mul", c, beta)
    return b("BiasAdd", found, c, data_format=b"NHWC") if c.ndim == 1 and c.shape == (found.shape or (None,))[-1:] else b("AddV2", found, c)


@onnx_op("Einsum")
def einsum(b: Scope, node: OnnxNode, *parts: Value) -> Value:
    equation = node.text("equation").replace(" ", "")
    if "..." in equation:
        equation = _spelled_out(b, equation, parts)
    if "->" not in equation:
        letters = equation.replace(",", "")
        equation += "->" + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return b("Einsum", *parts, equation=equation.encode(), N=len(parts))


def _spelled_out(b: Scope, equation: str, parts: tuple[Value, ...]) -> str:
    """Return an equation with letters for its dots, which engines do not have."""
    terms, arrow, result = equation.partition("->")
    counts = [b.rank(p) - len(t.replace("...", "")) if "..." in t else 0 for t, p in zip(terms.split(","), parts, strict=True)]
    most = max(counts)
    if most > 6 or min(counts) < 0:
        raise Unsupported(f"equation {equation[:60]!r}")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation][:most]
    spelled = [t.replace("...", "".join(free[most - n :])) for t, n in zip(terms.split(","), counts, strict=True)]
    if not arrow:
        letters = terms.replace("...", "").replace(",", "")
        result = "..." + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return ",".join(spelled) + "->" + result.replace("...", "".join(free))


@onnx_op("Attention")
def attention(b: Scope, node: OnnxNode, q: Value, k: Value, v: Value, mask: Value | None = None, *past: Value | None) -> list[Value]:
    if len(past) > 2 or node.has_output(3):
        raise Unsupported("it has lengths of keys, or gives the scores")
    flat = b.rank(q) == 3
    if flat:
        heads, of_keys = node.int("q_num_heads", 1), node.int("kv_num_heads", 1)
        q, k, v = (_split_heads(b, x, n) for x, n in ((q, heads), (k, of_keys), (v, of_keys)))
    if len(past) == 2 and past[0] is not None and past[1] is not None:
        k, v = (b("ConcatV2", before, x, 2, N=2) for before, x in zip(past, (k, v), strict=True))
    kept = [k, v]
    if b.size(q, 1) != b.size(k, 1):
        k, v = (_repeated(b, x, b.size(q, 1) // b.size(k, 1)) for x in (k, v))
    scale, cap = node.float("scale", 1 / math.sqrt(b.size(q, 3))), node.float("softcap", 0.0)
    scores = b("Mul", b("BatchMatMulV2", q, k, adj_x=False, adj_y=True), scale)
    if cap:
        scores = b("Mul", b("Tanh", b("Mul", scores, 1 / cap)), cap)
    if node.int("is_causal", 0):
        scores = b("SelectV2", _earlier(b, b.dims(q)[2], b.dims(k)[2]), scores, LOWEST)
    if mask is not None:
        scores = b("SelectV2", mask, scores, LOWEST) if mask.dtype == "bool" else b("AddV2", scores, mask)
    found = b("BatchMatMulV2", b("Softmax", scores), v, adj_x=False, adj_y=False)
    if flat:
        n, heads, steps, size = b.dims(found)
        found = b.reshape(b.transpose(found, [0, 2, 1, 3]), [n, steps, heads * size])
    return [found, *kept]


def _earlier(b: Scope, queries: Any, keys: Any) -> Value:
    """Return which keys a query may see: those up to its own place, counted from the past's end."""
    before = b("Sub", keys, queries) if not (isinstance(keys, int) and isinstance(queries, int)) else keys - queries
    rows = b("AddV2", b("ExpandDims", b("Range", 0, queries, 1, Tidx="int32"), 1), before)
    found: Value = b("LessEqual", b("ExpandDims", b("Range", 0, keys, 1, Tidx="int32"), 0), rows)
    return found


def _repeated(b: Scope, x: Value, times: int) -> Value:
    """Return [batch, heads, ...] with each head so many times."""
    n, heads, steps, size = b.dims(x)
    return b.reshape(b("Tile", b("ExpandDims", x, 2), [1, 1, times, 1, 1]), [n, heads * times, steps, size])


def _split_heads(b: Scope, x: Value, heads: int) -> Value:
    n, steps, size = b.dims(x)
    return b.transpose(b.reshape(x, [n, steps, heads, size // heads]), [0, 2, 1, 3])


