"""Whether what was written computes what the source does: inputs to try, outputs side by side."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..errors import ArgumentError, message
from ..graph.definition import Graph
from ..graph.model import GraphModel
from ..graph.tf_dtypes import own_dtype
from ..ops import random
from ..tensor import tensor

RANGES = ((0.0, 1.0), (-1.0, 1.0))  # pictures, and what has a sign
_TEXTS = ("", "a few words, and more", "Ärger 12.5", "def f(x):\n    return x")
_ADVICE = "Pass the inputs: check={name: values}."


def sample_inputs(graph: Graph, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """Return inputs for a check: uniform numbers, whole numbers 0 and 1, some texts; a size that is not known is 1."""
    made: dict[str, Any] = {}
    for argument in graph.inputs:
        dtype = own_dtype(argument.dtype or graph.nodes[argument.ref.name].attrs.get("dtype"))
        if dtype is None:
            raise ArgumentError(message("check", "inputs of a known dtype", f"{argument.name!r}: {argument.dtype}", _ADVICE))
        shape = tuple(1 if size is None else size for size in argument.shape or ())
        made[argument.name] = _sample(shape, dtype, low, high, len(made))
    return made


def _sample(shape: tuple[int, ...], dtype: str, low: float, high: float, seed: int) -> Any:
    if dtype == "string":
        size = int(ops.size(ops.zeros(shape)))
        return tensor([_TEXTS[(i + seed) % len(_TEXTS)] for i in range(size)], shape, dtype)
    whole = not dtype.startswith("float")
    return ops.cast(random.uniform(shape, 0 if whole else low, 2 if whole else high, seed=seed), dtype)


def trials(graph: Graph, given: Any) -> list[Any]:
    """Return inputs to try one after the other: those that were given, or samples."""
    return [sample_inputs(graph, *each) for each in RANGES] if given is True else [given]


def layers_trials(model: Any, given: Any) -> list[Any]:
    """Return inputs to try for a layers model."""
    if given is not True:
        return [given]
    described = [(tuple(1 if size is None else size for size in x.shape), x.dtype) for x in model.inputs]
    found = [[_sample(shape, dtype, *each, i) for i, (shape, dtype) in enumerate(described)] for each in RANGES]
    return [each[0] if len(each) == 1 else each for each in found]


def outputs_of(model: GraphModel, given: Any) -> list[Any]:
    """Return a graph model's outputs in a list."""
    found = model.predict(given)
    return list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else [found]


def difference(expected: list[Any], got: list[Any]) -> float:
    """Return the largest difference of outputs relative to each one's largest |value|; of other texts, shapes or NaNs, infinity."""
    return max([0.0, *(_apart(a, b) for a, b in zip(expected, got, strict=True))])


def _apart(a: Any, b: Any) -> float:
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if a.dtype == "string":
        return 0.0 if a.tolist() == b.tolist() else float("inf")
    if not a.size:
        return 0.0
    if a.dtype == "complex64":
        return max(_apart(ops.real(a), ops.real(b)), _apart(ops.imag(a), ops.imag(b)))
    a, b = ops.cast(a, "float32"), ops.cast(b, "float32")
    same = ops.logical_or(ops.equal(a, b), ops.logical_and(ops.isnan(a), ops.isnan(b)))
    apart = ops.where(same, 0.0, ops.abs(a - b))
    if not bool(ops.all(ops.isfinite(apart))):
        return float("inf")
    largest = float(ops.max(ops.where(ops.isfinite(a), ops.abs(a), 0.0)))
    return float(ops.max(apart)) / (largest or 1.0)
