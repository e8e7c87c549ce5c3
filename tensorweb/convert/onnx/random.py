"""ONNX's random ops and windows of signals. Random numbers are those of the engine that runs the graph: no two have the same."""

from __future__ import annotations

import math
from typing import Any

from ...graph.tf_dtypes import own_dtype
from .schema import DTYPES
from .translate import OnnxNode, Scope, Unsupported, Value, onnx_op


def _seed(node: OnnxNode) -> int:
    return int(node.float("seed", 0.0) or 0)


def _shape(b: Scope, node: OnnxNode, like: Value | None) -> Value:
    return b.shape(like) if like is not None else b.const(node.ints("shape", []), [len(node.ints("shape", []))], "int32")


@onnx_op("RandomNormal", "RandomNormalLike")
def random_normal(b: Scope, node: OnnxNode, like: Value | None = None) -> Value:
    found = b("RandomStandardNormal", _shape(b, node, like), seed=_seed(node), seed2=0, dtype="float32")
    return b("AddV2", b("Mul", found, node.float("scale", 1.0)), node.float("mean", 0.0))


def _uniform(b: Scope, shape: Value, seed: int) -> Value:
    found: Value = b("RandomUniform", shape, seed=seed, seed2=0, dtype="float32", minval=0, maxval=1)
    return found


@onnx_op("RandomUniform", "RandomUniformLike")
def random_uniform(b: Scope, node: OnnxNode, like: Value | None = None) -> Value:
    low, high = node.float("low", 0.0), node.float("high", 1.0)
    return b("AddV2", b("Mul", _uniform(b, _shape(b, node, like), _seed(node)), high - low), low)


@onnx_op("Bernoulli")
def bernoulli(b: Scope, node: OnnxNode, x: Value) -> Value:
    dtype = DTYPES.get(node.int("dtype", 0), x.dtype or "float32")
    return b.typed(b.cast(b("Less", _uniform(b, b.shape(x), _seed(node)), x), dtype), dtype)


@onnx_op("Multinomial")
def multinomial(b: Scope, node: OnnxNode, x: Value) -> Value:
    dtype = DTYPES.get(node.int("dtype", 6), "int32")
    attrs: Any = {"seed": _seed(node), "seed2": 0, "T": "float32", "output_dtype": own_dtype(dtype)}
    return b.typed(b("Multinomial", x, node.int("sample_size", 1), **attrs), dtype)


_COSINES = {"HannWindow": (0.5, 0.5, 0.0), "HammingWindow": (25 / 46, 21 / 46, 0.0), "BlackmanWindow": (0.42, 0.5, 0.08)}


@onnx_op(*_COSINES)
def window(b: Scope, node: OnnxNode, size: Value) -> Value:
    count = b.ints(size, "size")[0]
    if not 0 < count <= 1 << 20:
        raise Unsupported(f"a window of {count}")
    steps = count if node.int("periodic", 1) else count - 1
    a, c, d = _COSINES[node.op]
    angles = (2 * math.pi * i / max(steps, 1) for i in range(count))
    return b.const([a - c * math.cos(t) + d * math.cos(2 * t) for t in angles], [count], "float32")
