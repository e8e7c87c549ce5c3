"""Graph ops that make tensors from little: fills, ranges, one-hot codes, random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import ops
from ..define import graph_op
from .support import dtype_of, plain_ops

plain_ops({"Fill": lambda shape, value: ops.full(tuple(shape), value)}, host=(0,))
plain_ops({"LinSpace": lambda start, stop, count: ops.linspace(start, stop, count)}, host=(2,))
plain_ops({"ZerosLike": ops.zeros_like, "OnesLike": ops.ones_like})


@graph_op("Zeros", host=(0,))
def _zeros(node: Any, shape: list[int]) -> Any:
    return ops.zeros(tuple(shape), dtype_of(node, "dtype", "T"))


@graph_op("Ones", host=(0,))
def _ones(node: Any, shape: list[int]) -> Any:
    return ops.ones(tuple(shape), dtype_of(node, "dtype", "T"))


@graph_op("Empty", host=(0,))
def _empty(node: Any, shape: list[int]) -> Any:
    return ops.zeros(tuple(shape), dtype_of(node, "dtype"))


@graph_op("Range", host=(0, 1, 2))
def _range(node: Any, start: Any, stop: Any, step: Any) -> Any:
    default = "float32" if any(isinstance(v, float) for v in (start, stop, step)) else "int32"
    return ops.arange(start, stop, step, dtype=dtype_of(node, "Tidx", default=default))


@graph_op("OneHot", host=(1,))
def _one_hot(node: Any, indices: Any, depth: int, on: Any, off: Any) -> Any:
    return ops.one_hot(indices, depth, int(node.attrs.get("axis", -1)), on.dtype, on_value=on, off_value=off)


# --- random numbers: TensorFlow's distributions, our generator ---


def _seed(node: Any) -> int | None:
    """Return one seed for an op's two, which give the same numbers at each run; None where they are 0."""
    seeds = [int(node.attrs.get(name) or 0) for name in ("seed", "seed2")]
    return _mixed(seeds) if any(seeds) else None


def _mixed(seeds: list[int]) -> int:
    return (seeds[0] * 1000003 + seeds[1]) & 0x7FFFFFFF


def _define_random(name: str, draw: Callable[..., Any]) -> None:
    @graph_op(name, host=(0,))
    def drawn(node: Any, shape: list[int]) -> Any:
        return draw(tuple(shape), node.attrs, dtype=dtype_of(node, "dtype"), seed=_seed(node))


# The attributes beyond seeds and dtypes are TensorFlow.js's.
_RANDOM: dict[str, Callable[..., Any]] = {
    "RandomStandardNormal": lambda shape, attrs, **rest: ops.random_standard_normal(shape, **rest),
    "RandomUniform": lambda shape, attrs, **rest: ops.random_uniform(shape, attrs.get("minval", 0.0), attrs.get("maxval", 1.0), **rest),
    "TruncatedNormal": lambda shape, attrs, **rest: ops.truncated_normal(shape, attrs.get("means", 0.0), attrs.get("stddev", 1.0), **rest),
}
for _name, _draw in _RANDOM.items():
    _define_random(_name, _draw)


@graph_op("RandomUniformInt", host=(0, 1, 2))
def _random_uniform_int(node: Any, shape: list[int], low: Any = None, high: Any = None) -> Any:
    """The bounds are inputs; TensorFlow.js reads attributes."""
    low = node.attrs.get("minval", 0) if low is None else low
    high = node.attrs.get("maxval", 1) if high is None else high
    return ops.random_uniform_int(tuple(shape), int(low), int(high), seed=_seed(node))


plain_ops(
    {
        "StatelessRandomUniform": lambda shape, seed: ops.random_uniform(tuple(shape), seed=_mixed(seed)),
        "StatelessRandomNormal": lambda shape, seed: ops.random_standard_normal(tuple(shape), seed=_mixed(seed)),
        "StatelessTruncatedNormal": lambda shape, seed: ops.truncated_normal(tuple(shape), seed=_mixed(seed)),
    },
    host=(0, 1),
)


@graph_op("RandomShuffle")
def _shuffle(node: Any, x: Any) -> Any:
    return ops.random.shuffle(x, seed=_seed(node)) if x.shape else x


@graph_op("Multinomial", host=(1,))
def _multinomial(node: Any, logits: Any, count: int) -> Any:
    return ops.multinomial(logits, count, seed=_seed(node))
