"""Normalization by given or own statistics: batch, layer and root mean square. The layers that learn statistics are in `layers`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import dtypes, engine
from ..errors import DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..numerics import epsilon as default_epsilon
from ..shapes import as_ints, broadcast, normalize_axes, normalize_axis
from ..tensor import as_tensor
from .define import op, public, row_body

# --- batch ------------------------------------------------------------------------------------------------------------------


def _batch(x: Any, mean: Any, variance: Any, epsilon: Any, *rest: Any, has_scale: bool, has_offset: bool) -> Any:
    y = (x - mean) / e.sqrt(variance + epsilon)
    y = y * rest[0] if has_scale else y
    return y + rest[-1] if has_offset else y


@public("map")
def batch_normalization(x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3) -> Any:
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset. Keras's name of TensorFlow.js's batchNorm too.

    The statistics have one element for each index along `axis`, or a shape that broadcasts to x's. Raises ShapeError.

    >>> import tensorweb as tw
    >>> tw.batch_normalization(tw.tensor([[1.0, 2.0]]), tw.tensor([1.0, 0.0]), tw.tensor([1.0, 4.0]), -1, epsilon=0.0).tolist()
    [[0.0, 1.0]]
    """
    where = "batch_normalization"
    x = as_tensor(x, where)
    at = normalize_axis(axis, len(x.shape), where)
    rest = [v for v in (scale, offset) if v is not None]
    statistics = [_along(v, x.shape, at) for v in (mean, variance, *rest)]
    attrs = (("has_scale", scale is not None), ("has_offset", offset is not None))
    body = row_body(_batch, None, True, 4 + len(rest), attrs)
    return engine.run(body, (x, *statistics[:2], float(epsilon), *statistics[2:]))


def _along(value: Any, shape: tuple[int, ...], axis: int) -> Any:
    v = as_tensor(value, "batch_normalization")
    if len(v.shape) == 1:
        v = op("reshape")(v, tuple(-1 if d == axis else 1 for d in range(len(shape)))) if v.size else op("broadcast_to")(v, shape)
    if broadcast("batch_normalization", v.shape, shape) != shape:
        raise ShapeError(message("batch_normalization", f"statistics of {shape[axis]} elements", v.shape, f"Axis {axis} has that size."))
    return v


# --- layer and root mean square ---------------------------------------------------------------------------------------------


def _standardize(x: Any, epsilon: float, centered: bool, by_variance: bool) -> Any:
    """Return x over its deviation (`by_variance`) or its root mean square along the row, less its mean if `centered`."""
    wide = e.cast(x, "float32")
    offset = wide - reduce.sum(wide) / reduce.count() if by_variance else wide
    square = reduce.sum(offset * offset) / reduce.count()
    return (offset if centered else wide) / e.sqrt(square + epsilon)


def _scale(y: Any, gamma: Any) -> Any:
    return y * e.cast(gamma, "float32")


def _shift(y: Any, beta: Any) -> Any:
    return y + e.cast(beta, "float32")


def _scale_shift(y: Any, gamma: Any, beta: Any) -> Any:
    return y * e.cast(gamma, "float32") + e.cast(beta, "float32")


def _normalize(where: str, x: Any, axis: Any, epsilon: float | None, gamma: Any, beta: Any, centered: bool, by_variance: bool) -> Any:
    x = as_tensor(x, where)
    if dtypes.kind(x.dtype) not in "bif":
        raise DTypeError(message(where, "real numbers", f"dtype {x.dtype}", "Split complex tensors first."))
    axes = normalize_axes(as_ints(axis, where, "axis"), len(x.shape), where) if x.shape else ()
    settings = (("epsilon", float(default_epsilon() if epsilon is None else epsilon)), ("centered", centered), ("by_variance", by_variance))
    parts = [_on_axes(where, v, x.shape, axes) if v is not None else None for v in (gamma, beta)]
    y = engine.run(row_body(_standardize, axes, True, 1, settings), (x,))
    given = [v for v in parts if v is not None]
    if given:
        body = _scale_shift if len(given) == 2 else _shift if parts[0] is None else _scale
        y = engine.run(row_body(body, None, True, 1 + len(given)), (y, *given))
    return y if x.dtype != "float16" else op("cast")(y, "float16")


def _on_axes(where: str, value: Any, shape: tuple[int, ...], axes: Sequence[int]) -> Any:
    """Return a scale or shift in a shape that broadcasts to x's: its own dimensions are those of `axes`."""
    v = as_tensor(value, where)
    if len(v.shape) != len(shape) and tuple(v.shape) == tuple(shape[a] for a in axes):
        return op("reshape")(v, tuple(d if i in axes else 1 for i, d in enumerate(shape)))
    if broadcast(where, v.shape, shape) != shape:
        raise ShapeError(message(where, f"a scale and shift that broadcast to {shape}", v.shape, f"The axes are {tuple(axes)}."))
    return v


@public("row")
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, rms_scaling: bool = False
) -> Any:
    """Return x less its mean over its standard deviation along `axis`, times gamma, plus beta; computed in float32.

    `epsilon` (by default `tw.epsilon()`) is added to the variance. `rms_scaling` keeps the mean and leaves beta out, as in Keras.

    >>> import tensorweb as tw
    >>> tw.layer_normalization(tw.tensor([[1.0, 3.0]]), epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    shift = None if rms_scaling else beta
    return _normalize("layer_normalization", x, axis, epsilon, gamma, shift, centered=not rms_scaling, by_variance=True)


@public("row")
def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """Return x over the root of its mean square along `axis`, times `scale`; computed in float32. keras.ops.rms_normalization."""
    return _normalize("rms_normalization", x, axis, epsilon, scale, None, centered=False, by_variance=False)
