"""Writes ops that draw random numbers: ONNX's generators, so that the numbers are others than TensorFlow's."""

from __future__ import annotations

from typing import Any

from ...graph.definition import Node
from .elementwise import erfinv
from .scope import Scope, Value, writes


def _seed(node: Node, given: Value | None = None) -> float | None:
    """Return one seed for an op's two, None where they are 0. ONNX's seeds are floats."""
    seeds = given.known if given is not None and given.known is not None else [node.attrs.get("seed") or 0, node.attrs.get("seed2") or 0]
    return float((int(seeds[0]) * 1000003 + int(seeds[1])) % 16777213) if any(seeds) or given is not None else None


def _drawn(b: Scope, op: str, sizes: Value, seed: float | None, **attrs: Any) -> Value:
    """Return numbers in a shape that may be known only when the model runs."""
    return b(op, b.expand(0.0, b.vector(sizes)), seed=seed, **attrs)


@writes("RandomUniform", "StatelessRandomUniform")
def uniform(b: Scope, node: Node, sizes: Value, seed: Value | None = None) -> Value:
    low, high = float(node.attrs.get("minval", 0.0)), float(node.attrs.get("maxval", 1.0))
    return _drawn(b, "RandomUniformLike", sizes, _seed(node, seed), low=low, high=high)


@writes("RandomStandardNormal", "StatelessRandomNormal")
def normal(b: Scope, node: Node, sizes: Value, seed: Value | None = None) -> Value:
    return _drawn(b, "RandomNormalLike", sizes, _seed(node, seed))


@writes("TruncatedNormal", "StatelessTruncatedNormal")
def truncated_normal(b: Scope, node: Node, sizes: Value, seed: Value | None = None) -> Value:
    """Uniform numbers between the shares of a normal distribution below -2 and 2, by its inverse."""
    inside = 0.9544997361036416  # how much of it lies between
    parts = _drawn(b, "RandomUniformLike", sizes, _seed(node, seed), low=-inside, high=inside)
    made = b("Mul", erfinv(b, node, parts), 2**0.5)
    mean, spread = (float(node.attrs.get(name, value)) for name, value in (("means", 0.0), ("stddev", 1.0)))
    return made if (mean, spread) == (0.0, 1.0) else b("Add", b("Mul", made, spread), mean)


@writes("RandomUniformInt")
def uniform_int(b: Scope, node: Node, sizes: Value, low: Any = None, high: Any = None) -> Value:
    """The bounds are inputs; TensorFlow.js reads attributes."""
    first, last = (
        b.cast(v, "float32") if v is not None else b.value(float(node.attrs.get(name, default)))
        for v, name, default in ((low, "minval", 0), (high, "maxval", 1))
    )
    parts = _drawn(b, "RandomUniformLike", sizes, _seed(node), low=0.0, high=1.0)
    whole = b("Floor", b("Mul", parts, b("Sub", last, first)))
    return b.cast(b("Add", b("Min", whole, b("Sub", b("Sub", last, first), 1.0)), first), "int32")


@writes("RandomShuffle")
def shuffle(b: Scope, node: Node, x: Value) -> Value:
    """In the order of random numbers."""
    if x.shape == ():
        return x
    count = b("Shape", x, end=1, shape=(1,))
    numbers = _drawn(b, "RandomUniformLike", count, _seed(node), low=0.0, high=1.0)
    return b("Gather", x, b("TopK", numbers, count, outputs=2)[1], axis=0, shape=x.shape)


@writes("Multinomial")
def multinomial(b: Scope, node: Node, logits: Value, count: Value) -> Value:
    return b("Multinomial", logits, dtype="int32", sample_size=b.ints(count, "number")[0], seed=_seed(node))
