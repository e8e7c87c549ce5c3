"""Tensors from nothing: zeros, ones, ranges, grids. Random ones: `random.py`; matrices: `diagonals.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import dtypes, engine
from ..errors import ArgumentError, DTypeError, message
from ..kernels import expression as e
from ..kernels.patterns import Map, Spec
from ..kernels.program import lower
from ..shapes import Shape, as_ints, as_shape, normalize_axis
from ..tensor import as_tensor, tensor
from .define import composite, op, primitive, public, row_body


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


def _dtype(dtype: Any, default: str, where: str) -> str:
    return default if dtype is None else dtypes.canonical(dtype, where)


# --- one value everywhere ---


@public("map", gradient="none", method=False)
def full(shape: Sequence[int] | int, fill_value: Any, dtype: Any = None) -> Any:
    """Return a tensor of `shape` filled with `fill_value` (a number, a string, or what broadcasts); the dtype is the value's unless given.

    >>> import tensorweb as tw
    >>> tw.full((2,), 7).tolist()
    [7, 7]
    """
    dims = as_shape(shape, "full", limit=0)
    wanted = None if dtype is None else dtypes.canonical(dtype, "full")
    if type(fill_value) in engine.NUMBERS and wanted != "string":
        return generate(_constant, dims, wanted or dtypes.weak_dtype(fill_value), fill_value)
    value = as_tensor(fill_value, "full")
    return op("broadcast_to")(value if wanted is None else op("cast")(value, wanted), dims)


def _filled(shape: Any, value: int, dtype: Any, where: str) -> Any:
    name = _dtype(dtype, "float32", where)
    if name == "string":
        if value:
            raise DTypeError(message(where, "a numeric dtype", name, "Use full with a string."))
        return full(shape, "")
    return generate(_constant, as_shape(shape, where, limit=0), name, value)


@public("map", gradient="none", method=False)
def zeros(shape: Sequence[int] | int, dtype: Any = None) -> Any:
    """Return a tensor of zeros, float32 unless `dtype` is given (empty strings for the dtype string)."""
    return _filled(shape, 0, dtype, "zeros")


@public("map", gradient="none", method=False)
def ones(shape: Sequence[int] | int, dtype: Any = None) -> Any:
    """Return a tensor of ones, float32 unless `dtype` is given."""
    return _filled(shape, 1, dtype, "ones")


@public("map", gradient="none", method=False)
def empty(shape: Sequence[int] | int, dtype: Any = None) -> Any:
    """Return a tensor whose values do not matter; they are zeros."""
    return _filled(shape, 0, dtype, "empty")


@public("map", gradient="none")
def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Return zeros in the shape (and dtype) of x."""
    x = as_tensor(x, "zeros_like")
    return _filled(x.shape, 0, x.dtype if dtype is None else dtype, "zeros_like")


@public("map", gradient="none")
def ones_like(x: Any, dtype: Any = None) -> Any:
    """Return ones in the shape (and dtype) of x."""
    x = as_tensor(x, "ones_like")
    return _filled(x.shape, 1, x.dtype if dtype is None else dtype, "ones_like")


@public("map", gradient="none")
def empty_like(x: Any, dtype: Any = None) -> Any:
    """Return a tensor in the shape (and dtype) of x whose values do not matter; they are zeros."""
    x = as_tensor(x, "empty_like")
    return _filled(x.shape, 0, x.dtype if dtype is None else dtype, "empty_like")


@public("map", gradient="none")
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Any:
    """Return a tensor in the shape (and dtype) of x filled with `fill_value`."""
    x = as_tensor(x, "full_like")
    return full(x.shape, fill_value, x.dtype if dtype is None else dtype)


# --- from and to other values ---


@public("alias", method=False)
def array(x: Any, dtype: Any = None) -> Any:
    """Return x as a tensor: what `tw.tensor` does. Keras's array."""
    return tensor(x, dtype=dtype)


@public("alias", method=False)
def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """Return x as a tensor; `sparse` and `ragged` are Keras's and must not be true, since tensors are dense here."""
    if sparse or ragged:
        raise ArgumentError(message("convert_to_tensor", "a dense tensor", "sparse or ragged", "Leave these arguments out."))
    return tensor(x, dtype=dtype)


@public("alias", gradient="none", method=False)
def convert_to_numpy(x: Any) -> Any:
    """Return x as a NumPy array."""
    return as_tensor(x, "convert_to_numpy").numpy()


@public("alias", gradient="none", method=False)
def is_tensor(x: Any) -> bool:
    """Tell whether x is a tensor."""
    return isinstance(x, engine.Tensor)


# --- ranges ---


def _number(value: Any, where: str) -> Any:
    found = value.item() if hasattr(value, "item") else value
    if type(found) not in engine.NUMBERS:
        raise ArgumentError(message(where, "numbers", type(value).__name__, "Pass Python numbers or scalars."))
    return found


def _steps(c: Any, start: Any, step: Any) -> Any:
    return start + c[0] * step


@public("map", gradient="none", method=False)
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Return start, start + step, ... up to but without `stop`; with one argument, 0 to it. int32 if all are ints, else float32.

    >>> import tensorweb as tw
    >>> tw.arange(1, 10, 3).tolist()
    [1, 4, 7]
    """
    first, last = (0, start) if stop is None else (start, stop)
    first, last, gap = (_number(v, "arange") for v in (first, last, 1 if step is None else step))
    if not gap or any(isinstance(v, complex) or v != v or v in (float("inf"), -float("inf")) for v in (first, last, gap)):
        raise ArgumentError(message("arange", "finite real limits and a step other than 0", (first, last, gap), "Correct them."))
    is_int = all(isinstance(v, int) for v in (first, last, gap))
    count = max(0, math.ceil((last - first) / gap) if not is_int else -((first - last) // gap))
    default = "int32" if is_int else dtypes.promote(*(str(v.dtype) for v in (start, stop, step) if isinstance(v, engine.Tensor)), "float32")
    if not is_int:
        first, gap = float(first), float(gap)
    return generate(_steps, (count,), _dtype(dtype, default, "arange"), first, gap)


def _line(start: Any, stop: Any, t: Any, div: Any, last: Any) -> Any:
    """start + t * (stop - start) / div, and exactly `stop` at t = last."""
    return e.where(e.equal(t, last), stop, start + t * ((stop - start) / div))


def _exponential(start: Any, stop: Any, t: Any, div: Any, last: Any) -> Any:
    """start * (stop / start) ** (t / div) by logarithms, exact at both ends."""
    low, high = e.log(e.absolute(start)), e.log(e.absolute(stop))
    inner = e.sign(start) * e.exp(low + t * ((high - low) / div))
    return e.where(e.equal(t, last), stop, e.where(e.equal(t, 0), start, inner))


def _place(c: Any) -> Any:
    return c[0]


def _between(body: Any, start: Any, stop: Any, num: Any, endpoint: bool, dtype: Any, axis: int, where: str) -> Any:
    """Return `num` points on `body` from start to stop (tensors that broadcast), along a new axis."""
    (count,) = as_ints((num,), where, "num")
    if count < 0:
        raise ArgumentError(message(where, "`num` of 0 or more", count, "Correct it."))
    a, b = (x if dtypes.is_float(x.dtype) else op("cast")(x, "float32") for x in (as_tensor(start, where), as_tensor(stop, where)))
    rank = max(len(a.shape), len(b.shape))
    at = normalize_axis(axis, rank + 1, where)
    div = count - 1 if endpoint else count
    t = op("reshape")(generate(_place, (count,), "float32"), tuple(count if i == at else 1 for i in range(rank + 1)))
    a, b = (op("expand_dims")(op("reshape")(x, (1,) * (rank - len(x.shape)) + x.shape), at) for x in (a, b))
    last = float(div) if endpoint and count > 1 else -1.0
    made = engine.run(row_body(body, None, True, 5), (a, b, t, float(div or 1), last))
    wanted = _dtype(dtype, made.dtype, where)
    if wanted == made.dtype:
        return made
    return op("cast")(op("floor")(made) if dtypes.kind(wanted) == "i" else made, wanted)


@composite(method=False)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0) -> Any:
    """Return `num` evenly spaced values from start to stop (included unless endpoint=False), along a new axis.

    start and stop may be tensors that broadcast. With `retstep`, (values, step) is returned. Integer dtypes round down.

    >>> import tensorweb as tw
    >>> tw.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    made = _between(_line, start, stop, num, endpoint, dtype, axis, "linspace")
    if not retstep:
        return made
    div = num - 1 if endpoint else num
    step = op("divide")(op("subtract")(as_tensor(stop, "linspace"), start), float(div) if div > 0 else float("nan"))
    return made, step


@composite(method=False)
def logspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0) -> Any:
    """Return base ** linspace(start, stop, num, ...)."""
    made = op("power")(float(base) if type(base) is int else base, _between(_line, start, stop, num, endpoint, None, axis, "logspace"))
    return made if dtype is None else op("cast")(made, dtype)


@composite(method=False)
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Return `num` values from start to stop that form a geometric progression; both must be above or both below 0."""
    return _between(_exponential, start, stop, num, endpoint, dtype, axis, "geomspace")


@composite(method=False)
def meshgrid(*x: Any, indexing: str = "xy") -> list[Any]:
    """Return coordinate grids of vectors: one tensor each, of all their lengths; 'xy' puts the second vector's axis first.

    >>> import tensorweb as tw
    >>> [t.tolist() for t in tw.meshgrid(tw.arange(2), tw.arange(3), indexing="ij")]
    [[[0, 0, 0], [1, 1, 1]], [[0, 1, 2], [0, 1, 2]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(message("meshgrid", "indexing 'xy' or 'ij'", repr(indexing), "Choose one."))
    flat = [op("ravel")(as_tensor(v, "meshgrid")) for v in x]
    axes = list(range(len(flat)))
    if indexing == "xy" and len(flat) > 1:
        axes[:2] = [1, 0]
    sizes = [flat[axes[i]].size for i in range(len(flat))]
    return [
        op("broadcast_to")(op("reshape")(v, tuple(v.size if i == at else 1 for i in range(len(flat)))), sizes) for v, at in zip(flat, axes)
    ]
