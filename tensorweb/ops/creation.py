"""Tensors from nothing: zeros, ones, ranges, grids. Random ones: `random.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes, engine
from ..kernels import expression as e
from ..kernels.patterns import Map, Spec
from ..kernels.program import lower
from ..shapes import Shape, as_shape
from ..tensor import as_tensor
from .define import primitive, public


@primitive("generate")
def _generate(*args: Any) -> Any:
    """A map without tensor inputs: `body(coordinates, *numbers)` gives each element."""
    *numbers, body, shape, dtype = args
    coordinates = [e.coordinate(d) for d in range(len(shape))]
    symbols = [e.argument(i) for i in range(len(numbers))]
    program = lower([e.cast(body(coordinates, *symbols), dtype)], [n.dtype for n in numbers], "generate")
    return Map(program), (Spec(shape, dtype),)


def generate(body: Any, shape: Shape, dtype: str, *numbers: Any) -> Any:
    """Return the tensor whose element at coordinates c is body(c, *numbers); plans are kept by the body's identity."""
    return engine.run(_generate, numbers, (body, shape, dtype))


def _constant(c: Any, value: Any) -> Any:
    return value


@public("map", gradient="none", method=False)
def full(shape: Sequence[int] | int, fill_value: Any, dtype: Any = None) -> Any:
    """Return a tensor of `shape` filled with `fill_value`; the dtype is the value's unless given.

    >>> import tensorweb as tw
    >>> tw.full((2,), 7).tolist()
    [7, 7]
    """
    dims = as_shape(shape, "full")
    if type(fill_value) in engine.NUMBERS:
        return generate(_constant, dims, dtypes.weak_dtype(fill_value) if dtype is None else dtypes.canonical(dtype, "full"), fill_value)
    value = as_tensor(fill_value, "full")
    from .define import op

    return op("broadcast_to")(value if dtype is None else op("cast")(value, dtype), dims)


@public("map", gradient="none", method=False)
def zeros(shape: Sequence[int] | int, dtype: Any = "float32") -> Any:
    """Return a tensor of zeros."""
    return full(shape, 0, dtype)


@public("map", gradient="none", method=False)
def ones(shape: Sequence[int] | int, dtype: Any = "float32") -> Any:
    """Return a tensor of ones."""
    return full(shape, 1, dtype)


@public("map", gradient="none")
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros in the shape (and dtype) of x."""
    x = as_tensor(x, "zeros_like")
    return zeros(x.shape, x.dtype if dtype is None else dtype)


@public("map", gradient="none")
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones in the shape (and dtype) of x."""
    x = as_tensor(x, "ones_like")
    return ones(x.shape, x.dtype if dtype is None else dtype)
