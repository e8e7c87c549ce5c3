"""Pooling: maxima and averages over sliding or adaptive windows; local response normalization. Patches: `patches.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.patterns import Relation
from ..shapes import size_of
from .contraction import contract
from .creation import generate, ones
from .define import composite, op
from .gathering import gather_rows
from .shaping import reshape
from .spatial import Image, Steps, image, per_axis, steps
from .window import window


def _pool(x: Any, slide: Steps, kind: str) -> Any:
    position, output, _ = slide.labels()
    return window(x, f"b{position}c", f"b{output}c", slide.relations(), kind, dict(zip(output + "ijk", slide.outputs + slide.windows)))


def _largest(x: Any, slide: Steps) -> Any:
    return _pool(x, slide, "max")


def _average(x: Any, slide: Steps) -> Any:
    if x.dtype not in ("float32", "float16", "complex64"):
        x = op("cast")(x, "float32")
    made = _pool(x, slide, "sum")
    sizes, spans = x.shape[1:-1], zip(slide.outputs, slide.strides, slide.windows, slide.dilations)
    inside = all(b == 0 for b in slide.before) and all((o - 1) * s + (w - 1) * d < size for size, (o, s, w, d) in zip(sizes, spans))
    # What lies outside of the image is not counted.
    return made / (size_of(slide.windows) if inside else op("cast")(_pool(ones((1, *sizes, 1)), slide, "sum"), x.dtype))


_KINDS: dict[str, Callable[[Any, Steps], Any]] = {"max": _largest, "avg": _average}


def _pooling(
    where: str, kind: str, inputs: Any, size: Any, strides: Any, padding: Any, data_format: str | None, rounding: str | None
) -> Any:
    made = image(where, inputs, data_format)
    _check_numeric(where, made)
    slide = steps(where, made.sizes, size, size if strides is None else strides, padding, 1, rounding)
    return made.restore(_KINDS[kind](made.x, slide))


def _check_numeric(where: str, made: Image) -> None:
    if made.x.dtype in ("bool", "complex64"):
        raise DTypeError(message(where, "a tensor of real numbers", f"dtype {made.x.dtype}", "Cast it first."))


@composite
def max_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
    dim_rounding_mode: str | None = None,
) -> Any:
    """Return the maximum over each window of [batch, ...spatial, channels]; 1 to 3 dimensions. NaN wins.

    `pool_size` and `strides` (by default the pool size) are an int or one for each axis; `padding` is "valid", "same", a number or
    a pair for each axis, and takes no part in the maximum. Raises ShapeError, ArgumentError. Keras's max_pool; TensorFlow.js's
    maxPool and maxPool3d with `dim_rounding_mode` floor, round or ceil.

    >>> import tensorweb as tw
    >>> tw.max_pool(tw.reshape(tw.arange(4), (1, 4, 1)), 2).tolist()
    [[[1], [3]]]
    """
    return _pooling("max_pool", "max", inputs, pool_size, strides, padding, data_format, dim_rounding_mode)


@composite
def average_pool(
    inputs: Any,
    pool_size: Any,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
    dim_rounding_mode: str | None = None,
) -> Any:
    """Return the mean over each window of [batch, ...spatial, channels], padding not counted; 1 to 3 dimensions.

    Arguments as in max_pool. Integers give float32. Keras's average_pool; TensorFlow.js's avgPool and avgPool3d.

    >>> import tensorweb as tw
    >>> tw.average_pool(tw.reshape(tw.arange(4), (1, 4, 1)), 2).tolist()
    [[[0.5], [2.5]]]
    """
    return _pooling("average_pool", "avg", inputs, pool_size, strides, padding, data_format, dim_rounding_mode)


@composite
def pool(
    input: Any, window_shape: Any, pooling_type: str, pad: Any = "valid", dilations: Any = 1, strides: Any = 1,
    dim_rounding_mode: str | None = None,
) -> Any:  # fmt: skip
    """Return max or avg (`pooling_type`) pooling of images (or one), with dilated windows. TensorFlow.js's pool.

    With dilation too, padding takes no part (TensorFlow.js then counts it as zeros).
    """
    kind = pooling_type.lower() if isinstance(pooling_type, str) else pooling_type
    if kind not in _KINDS:
        raise ArgumentError(message("pool", "pooling_type max or avg", repr(pooling_type), "Choose one of them."))
    made = image("pool", input, None, 2)
    _check_numeric("pool", made)
    slide = steps(
        "pool", made.sizes, window_shape, 1 if strides is None else strides, pad, 1 if dilations is None else dilations, dim_rounding_mode
    )
    return made.restore(_KINDS[kind](made.x, slide))


@composite
def max_pool_with_argmax(
    x: Any, pool_size: Any, strides: Any = None, pad: Any = "valid", include_batch_in_index: bool = False
) -> tuple[Any, Any]:
    """Return (maxima, int32 indices) over each window of images [batch, height, width, channels].

    An index is flat in the image, (y * width + x) * channels + c, or in the whole batch with `include_batch_in_index`.
    TensorFlow.js's maxPoolWithArgmax.
    """
    made = image("max_pool_with_argmax", x, None, 2)
    _check_numeric("max_pool_with_argmax", made)
    slide = steps("max_pool_with_argmax", made.sizes, pool_size, pool_size if strides is None else strides, pad)
    index = _pool(made.x, slide, "argmax")
    if not include_batch_in_index:
        index = op("mod")(index, max(1, size_of(made.x.shape[1:])))
    return made.restore(_largest(made.x, slide)), made.restore(index)


# --- adaptive ---


def _bin_weight(c: Any, n: Any, bins: Any) -> Any:
    """Element c of the matrix [n, bins] of averaging: bin i goes from floor(i * n / bins) to ceil((i + 1) * n / bins)."""
    start, end = c[1] * n // bins, (c[1] * n + n + bins - 1) // bins
    inside = e.logical_and(c[0] >= start, c[0] < end)
    return e.where(inside, 1.0 / e.cast(end - start, "float32"), 0.0)


def _bin_element(c: Any, n: Any, bins: Any) -> Any:
    """Element t of bin i, the last one again where the bin is shorter than the longest."""
    end = (c[0] * n + n + bins - 1) // bins
    return e.minimum(c[0] * n // bins + c[1], end - 1)


def _average_axis(x: Any, axis: int, bins: int) -> Any:
    n, labels = x.shape[axis], "bxyzc"[: len(x.shape)]
    weights = op("cast")(generate(_bin_weight, (n, bins), "float32", n, bins), x.dtype)
    return contract(x, labels, weights, labels[axis] + "w", labels.replace(labels[axis], "w"))


def _largest_axis(x: Any, axis: int, bins: int) -> Any:
    n, outer, inner = x.shape[axis], size_of(x.shape[:axis]), size_of(x.shape[axis + 1 :])
    longest = max(-(-(i + 1) * n // bins) - i * n // bins for i in range(bins))
    index = generate(_bin_element, (bins, longest), "int32", n, bins)
    rows = gather_rows(reshape(x, (outer, n, inner)), op("broadcast_to")(reshape(index, (1, -1)), (outer, bins * longest)))
    made = op("max")(reshape(rows, (outer, bins, longest, inner)), axis=2)
    return reshape(made, (*x.shape[:axis], bins, *x.shape[axis + 1 :]))


def _adaptive(where: str, inputs: Any, output_size: Any, data_format: str | None, kind: str) -> Any:
    made = image(where, inputs, data_format)
    _check_numeric(where, made)
    bins = per_axis(output_size, len(made.sizes), where, "output_size")
    if 0 in made.sizes:
        raise ShapeError(message(where, "images that are not empty", f"sizes {made.sizes}", "Check for empty tensors first."))
    if all(n % b == 0 for n, b in zip(made.sizes, bins)):
        size = [n // b for n, b in zip(made.sizes, bins)]
        return made.restore(_KINDS[kind](made.x, steps(where, made.sizes, size, size, "valid")))
    x = made.x if kind == "max" or made.x.dtype.startswith("float") else op("cast")(made.x, "float32")
    for axis, b in enumerate(bins):
        x = (_average_axis if kind == "avg" else _largest_axis)(x, axis + 1, b)
    return made.restore(x)


@composite
def adaptive_average_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Return the mean over windows chosen so that the spatial sizes become `output_size` (an int or one for each axis).

    Window i covers floor(i * n / out) up to ceil((i + 1) * n / out). 1 to 3 dimensions. Keras's adaptive_average_pool.

    >>> import tensorweb as tw
    >>> tw.adaptive_average_pool(tw.ones((1, 7, 5, 3)), 2).shape
    (1, 2, 2, 3)
    """
    return _adaptive("adaptive_average_pool", inputs, output_size, data_format, "avg")


@composite
def adaptive_max_pool(inputs: Any, output_size: Any, data_format: str | None = None) -> Any:
    """Return the maximum over windows chosen so that the spatial sizes become `output_size`. Keras's adaptive_max_pool."""
    return _adaptive("adaptive_max_pool", inputs, output_size, data_format, "max")


# --- normalization along channels ---


@composite
def local_response_normalization(x: Any, depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5) -> Any:
    """Return x / (bias + alpha * s) ** beta, s being the sum of squares over the channels no further than `depth_radius`.

    For images [batch, height, width, channels], or one without batch. TensorFlow.js's localResponseNormalization.
    """
    made = image("local_response_normalization", x, None, 2)
    if not isinstance(depth_radius, int) or depth_radius < 0:
        advice = "It counts channels on either side."
        raise ArgumentError(message("local_response_normalization", "an integer depth_radius of 0 or more", repr(depth_radius), advice))
    x = made.x if made.x.dtype.startswith("float") else op("cast")(made.x, "float32")
    near = Relation("c", "C", "t", 1, 1, depth_radius)
    squares = window(x * x, "bxyc", "bxyC", (near,), "sum", {"C": x.shape[3], "t": 2 * depth_radius + 1})
    return made.restore(x * op("power")(bias + alpha * squares, -float(beta)))
