"""Whether what was written computes what the source does: inputs to try, outputs side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import ops
from ..errors import ArgumentError, TensorWebError, message
from ..graph.definition import Graph
from ..graph.model import GraphModel
from ..graph.tf_dtypes import own_dtype
from ..ops import random
from ..shapes import size_of
from ..tensor import tensor
from ..tree import flatten

RANGES = ((0.0, 1.0), (-1.0, 1.0))  # pictures, and what has a sign
SIZES = (1, 32, 512)  # of what is not known, one after the other until the model runs
LARGE = 32
_TEXTS = ("", "a few words, and more", "Ärger 12.5", "def f(x):\n    return x")
_ADVICE = "Pass the inputs: check={name: values}."


def sample_inputs(graph: Graph, size: int = 1, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    """Return inputs for a check: uniform numbers, whole numbers 0 and 1, some texts; `size`: see `_known`."""
    made: dict[str, Any] = {}
    for argument in graph.inputs:
        dtype = own_dtype(argument.dtype or graph.nodes[argument.ref.name].attrs.get("dtype"))
        if dtype is None:
            raise ArgumentError(message("check", "inputs of a known dtype", f"{argument.name!r}: {argument.dtype}", _ADVICE))
        made[argument.name] = _sample(_known(argument.shape or (), size), dtype, low, high, len(made))
    return made


def _known(shape: tuple[int | None, ...], size: int) -> tuple[int, ...]:
    """Return a shape in which unknown sizes are `size`, the first 1; beyond LARGE only the last: that is time, others are batches."""
    changed = range(1 if size <= LARGE else max(1, len(shape) - 1), len(shape))
    return tuple((size if i in changed else 1) if given is None else given for i, given in enumerate(shape))


def _sample(shape: tuple[int, ...], dtype: str, low: float, high: float, seed: int) -> Any:
    if dtype == "string":
        return tensor([_TEXTS[(i + seed) % len(_TEXTS)] for i in range(size_of(shape))], shape, dtype)
    whole = not dtype.startswith("float")
    return ops.cast(random.uniform(shape, 0 if whole else low, 2 if whole else high, seed=seed), dtype)


def tried(graph: Graph, model: GraphModel, given: Any) -> list[tuple[Any, list[Any]]]:
    """Return (inputs, outputs) of a model: of the inputs that were given, or of samples."""

    def samples(size: int) -> list[Any]:
        return [sample_inputs(graph, size, *each) for each in RANGES]

    return _tried(samples, lambda x: outputs_of(model, x), given)


def layers_tried(model: Any, given: Any) -> list[tuple[Any, list[Any]]]:
    """Return (inputs, outputs) of a layers model."""

    def samples(size: int) -> list[Any]:
        made = [[_sample(_known(x.shape, size), x.dtype, *each, i) for i, x in enumerate(model.inputs)] for each in RANGES]
        return [each[0] if len(each) == 1 else each for each in made]

    return _tried(samples, lambda x: flatten(model.predict(x, verbose=0)), given)


def _tried(samples: Callable[[int], list[Any]], run: Callable[[Any], list[Any]], given: Any) -> list[tuple[Any, list[Any]]]:
    if given is not True:
        return [(given, run(given))]
    last: TensorWebError | None = None
    for size in SIZES:
        try:
            return [(inputs, run(inputs)) for inputs in samples(size)]
        except TensorWebError as error:
            last = error
    raise ArgumentError(message("check", "a model that runs on random inputs", f"{str(last)[:300]!r}", _ADVICE)) from last


def outputs_of(model: GraphModel, given: Any) -> list[Any]:
    """Return a graph model's outputs in a list."""
    return flatten(model.predict(given))


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
