"""Convolutions of 1 to 3 dimensions, plain, grouped, depthwise, separable, transposed: each one contraction. Dilation2d too.

With bias and activation: `fused.py`. What slides over what is worked out in `spatial.py`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from ..errors import ArgumentError, ShapeError, message
from .contraction import After, contract, contract_planned, operands
from .define import composite, op
from .patches import keep_taps
from .shaping import pad_interior, reshape
from .spatial import Steps, image, paddings, per_axis, steps

# --- the one convolution ---


def convolve(
    where: str, x: Any, kernel: Any, strides: Any, padding: Any, data_format: str | None, dilations: Any,
    rounding: str | None = None, rank: int | None = None, depthwise: bool = False, after: After | None = None,
) -> Any:  # fmt: skip
    """Return the convolution under all of the public ones, then what comes `after`.

    There are groups where the kernel has a fraction of the input's channels.
    """
    (kernel,) = operands(where, kernel)
    made = image(where, x, data_format, rank)
    plan = _planned(where, made.x.shape, kernel.shape, *map(_frozen, (strides, padding, dilations)), rounding, depthwise)
    x = made.x if plan.x_shape is None else reshape(made.x, plan.x_shape)
    kernel = kernel if plan.kernel_shape is None else reshape(kernel, plan.kernel_shape)
    if plan.merged is None and not made.moved:
        return contract_planned(x, kernel, plan.static, after)
    result = contract_planned(x, kernel, plan.static)
    result = made.restore(result if plan.merged is None else reshape(result, plan.merged))
    return result if after is None else after.apply(result)


class _Plan(NamedTuple):
    """A convolution as a contraction: the shapes of operands that must be split before (None: as they are) and of the result after."""

    x_shape: tuple[int, ...] | None
    kernel_shape: tuple[int, ...] | None
    static: tuple
    merged: tuple[int, ...] | None


def _frozen(value: Any) -> Any:
    """Return lists and arrays as tuples, so that a plan can be kept by them."""
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    if hasattr(value, "tolist"):
        return _frozen(value.tolist())
    return value if value.__hash__ else repr(value)  # what cannot be a key is refused by the plan


@lru_cache(maxsize=4096)
def _planned(
    where: str, shape: tuple[int, ...], kernel: tuple[int, ...], strides: Any, padding: Any, dilations: Any, rounding: str | None,
    depthwise: bool,
) -> _Plan:  # fmt: skip
    n = len(shape) - 2
    _check_kernel(where, kernel, n)
    slide = steps(where, shape[1:-1], kernel[:n], strides, padding, dilations, rounding)
    return (_depthwise if depthwise else _grouped)(where, shape, kernel, slide)


def _check_kernel(where: str, shape: tuple[int, ...], n: int) -> None:
    if len(shape) != n + 2 or 0 in shape[:n]:
        advice = "Its axes are the spatial ones, channels in, channels out."
        raise ShapeError(message(where, f"a kernel of rank {n + 2} that is not empty", f"shape {shape}", advice))


def _static(labels: tuple[str, str, str], x: tuple[int, ...], kernel: tuple[int, ...], slide: Steps) -> tuple:
    sizes = {**dict(zip(labels[0], x)), **dict(zip(labels[1], kernel)), **dict(zip(slide.labels()[1], slide.outputs))}
    return (*labels, tuple(sorted(sizes.items())), slide.relations())


def _grouped(where: str, shape: tuple[int, ...], kernel: tuple[int, ...], slide: Steps) -> _Plan:
    position, output, tap = slide.labels()
    channels, (part, filters) = shape[-1], kernel[-2:]
    groups = channels // part if part else 0
    if groups * part != channels or (groups > 1 and filters % groups):
        advice = "The input's channels must be a multiple of the kernel's, the filters a multiple of that."
        raise ShapeError(message(where, f"a kernel for {channels} channels", f"shape {kernel}", advice))
    if groups <= 1:
        return _Plan(None, None, _static((f"b{position}c", f"{tap}co", f"b{output}o"), shape, kernel, slide), None)
    split, filter_split = (*shape[:-1], groups, part), (*kernel[:-1], groups, filters // groups)
    static = _static((f"b{position}gc", f"{tap}cgo", f"b{output}go"), split, filter_split, slide)
    return _Plan(split, filter_split, static, (shape[0], *slide.outputs, filters))


def _depthwise(where: str, shape: tuple[int, ...], kernel: tuple[int, ...], slide: Steps) -> _Plan:
    position, output, tap = slide.labels()
    channels, multiplier = kernel[-2:]
    if channels != shape[-1]:
        raise ShapeError(message(where, f"a kernel for {shape[-1]} channels", f"shape {kernel}", "The last but one axis counts them."))
    if multiplier == 1:
        return _Plan(None, kernel[:-1], _static((f"b{position}c", f"{tap}c", f"b{output}c"), shape, kernel[:-1], slide), None)
    static = _static((f"b{position}c", f"{tap}cm", f"b{output}cm"), shape, kernel, slide)
    return _Plan(None, None, static, (shape[0], *slide.outputs, channels * multiplier))


# --- Keras's names ---


@composite
def conv(inputs: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None, dilation_rate: Any = 1) -> Any:
    """Return the convolution of `inputs` [batch, ...spatial, channels] with a kernel [...spatial, channels, filters]; 1 to 3 dimensions.

    `strides` and `dilation_rate` are an int or one for each axis; `padding` is "valid", "same", "causal" (1D), a number, or a pair
    (before, after) for each axis; `data_format` is channels_last or channels_first. A kernel with 1/g of the channels works on g
    groups. Raises ShapeError, ArgumentError. Keras's conv.

    >>> import tensorweb as tw
    >>> tw.conv(tw.ones((1, 4, 4, 3)), tw.ones((3, 3, 3, 8)), padding="same").shape
    (1, 4, 4, 8)
    """
    return convolve("conv", inputs, kernel, strides, padding, data_format, dilation_rate)


@composite
def depthwise_conv(
    inputs: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None, dilation_rate: Any = 1
) -> Any:
    """Return the convolution of each channel on its own, with a kernel [...spatial, channels, multiplier].

    The result has channels * multiplier channels. Arguments as in conv. Keras's depthwise_conv.
    """
    return convolve("depthwise_conv", inputs, kernel, strides, padding, data_format, dilation_rate, depthwise=True)


@composite
def separable_conv(
    inputs: Any, depthwise_kernel: Any, pointwise_kernel: Any, strides: Any = 1, padding: Any = "valid",
    data_format: str | None = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    """Return a depthwise convolution followed by one with a kernel of size 1. Arguments as in conv. Keras's separable_conv."""
    made = convolve("separable_conv", inputs, depthwise_kernel, strides, padding, data_format, dilation_rate, depthwise=True)
    return convolve("separable_conv", made, pointwise_kernel, 1, "valid", data_format, 1)


@composite
def conv_transpose(
    inputs: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", output_padding: Any = None,
    data_format: str | None = None, dilation_rate: Any = 1,
) -> Any:  # fmt: skip
    """Return the transposed convolution: the gradient of conv with respect to its input. The kernel is [...spatial, filters, channels].

    "valid" gives (size - 1) * stride + max(span, stride) outputs, "same" size * stride; `output_padding` (an int or one for each axis)
    adds to (size - 1) * stride + span, or to (size - 1) * stride + span % 2. Raises ShapeError, ArgumentError. Keras's conv_transpose.

    >>> import tensorweb as tw
    >>> tw.conv_transpose(tw.ones((1, 4, 4, 3)), tw.ones((3, 3, 8, 3)), strides=2, padding="same").shape
    (1, 8, 8, 8)
    """
    where = "conv_transpose"
    (kernel,) = operands(where, kernel)
    made = image(where, inputs, data_format)
    n = len(made.sizes)
    _check_kernel(where, kernel.shape, n)
    step, rate = per_axis(strides, n, where, "strides"), per_axis(dilation_rate, n, where, "dilation_rate")
    more = (None,) * n if output_padding is None else per_axis(output_padding, n, where, "output_padding", 0)
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ArgumentError(message(where, "padding valid or same", repr(padding), "Choose one of them."))
    spans = [d * (w - 1) + 1 for d, w in zip(rate, kernel.shape)]
    if name == "valid":
        outputs = [(size - 1) * s + (max(w, s) if p is None else w + p) for size, w, s, p in zip(made.sizes, spans, step, more)]
    else:
        outputs = [size * s if p is None else (size - 1) * s + w % 2 + p for size, w, s, p in zip(made.sizes, spans, step, more)]
    return made.restore(_transposed(where, made.x, kernel, outputs, step, name, rate))


def _transposed(
    where: str, x: Any, kernel: Any, outputs: Any, strides: Any, padding: Any, dilations: Any, rounding: str | None = None
) -> Any:
    """Return the transposed convolution to the given sizes: the input takes the place of a convolution's output."""
    if kernel.shape[-1] != x.shape[-1]:
        raise ShapeError(message(where, f"a kernel for {x.shape[-1]} channels", f"shape {kernel.shape}", "The last axis counts them."))
    n = len(outputs)
    spans = [d * (w - 1) + 1 for d, w in zip(dilations, kernel.shape)]
    pairs = paddings(where, padding, outputs, spans, strides)
    if rounding is None and padding != "same":
        fits = [(o + a + b - w) // s + 1 == size for o, w, s, size, (a, b) in zip(outputs, spans, strides, x.shape[1:-1], pairs)]
    else:
        fits = [steps(where, outputs, kernel.shape[:n], strides, padding, dilations, rounding).outputs == x.shape[1:-1]]
    if not all(fits):
        advice = "A convolution of the result must give the input's sizes."
        raise ShapeError(message(where, f"an output that fits input sizes {x.shape[1:-1]}", tuple(outputs), advice))
    slide = Steps(kernel.shape[:n], strides, dilations, tuple(a for a, _ in pairs), x.shape[1:-1])
    position, output, tap = slide.labels()
    return contract(x, f"b{output}c", kernel, f"{tap}oc", f"b{position}o", slide.relations(), dict(zip(position, outputs)))


# --- TensorFlow.js's names ---


@composite
def conv1d(
    x: Any,
    filter: Any,
    stride: Any = 1,
    pad: Any = "valid",
    data_format: str = "NWC",
    dilation: Any = 1,
    dim_rounding_mode: str | None = None,
) -> Any:
    """Return conv of [batch, width, channels] (or without batch) with a filter [width, channels, filters]. TensorFlow.js's conv1d."""
    return convolve("conv1d", x, filter, stride, pad, data_format, dilation, dim_rounding_mode, 1)


@composite
def conv2d(
    x: Any,
    filter: Any,
    strides: Any = 1,
    pad: Any = "valid",
    data_format: str = "NHWC",
    dilations: Any = 1,
    dim_rounding_mode: str | None = None,
) -> Any:
    """Return conv of [batch, height, width, channels] (or without batch) with a filter [height, width, channels, filters].

    `pad` is "valid", "same", a number or pairs, as in conv; `dim_rounding_mode` floor, round or ceil. TensorFlow.js's conv2d.
    """
    return convolve("conv2d", x, filter, strides, pad, data_format, dilations, dim_rounding_mode, 2)


@composite
def conv3d(x: Any, filter: Any, strides: Any = 1, pad: Any = "valid", data_format: str = "NDHWC", dilations: Any = 1) -> Any:
    """Return conv of [batch, depth, height, width, channels] (or without batch). TensorFlow.js's conv3d."""
    return convolve("conv3d", x, filter, strides, pad, data_format, dilations, None, 3)


@composite
def depthwise_conv2d(
    x: Any,
    filter: Any,
    strides: Any = 1,
    pad: Any = "valid",
    data_format: str = "NHWC",
    dilations: Any = 1,
    dim_rounding_mode: str | None = None,
) -> Any:
    """Return depthwise_conv of images (or one image) with a filter [height, width, channels, multiplier]. TensorFlow.js's name."""
    return convolve("depthwise_conv2d", x, filter, strides, pad, data_format, dilations, dim_rounding_mode, 2, depthwise=True)


@composite
def separable_conv2d(
    x: Any, depthwise_filter: Any, pointwise_filter: Any, strides: Any = 1, pad: Any = "valid", dilation: Any = 1, data_format: str = "NHWC"
) -> Any:
    """Return separable_conv of images (or one image). TensorFlow.js's separableConv2d."""
    made = convolve("separable_conv2d", x, depthwise_filter, strides, pad, data_format, dilation, None, 2, depthwise=True)
    return convolve("separable_conv2d", made, pointwise_filter, 1, "valid", data_format, 1, None, 2)


def _transpose_to(where: str, x: Any, filter: Any, output_shape: Any, strides: Any, pad: Any, rounding: str | None, rank: int) -> Any:
    (kernel,) = operands(where, filter)
    made = image(where, x, None, rank)
    _check_kernel(where, kernel.shape, rank)
    shape = per_axis_shape(where, output_shape, rank)
    return made.restore(_transposed(where, made.x, kernel, shape, per_axis(strides, rank, where, "strides"), pad, (1,) * rank, rounding))


def per_axis_shape(where: str, shape: Any, rank: int) -> tuple[int, ...]:
    """Return the spatial sizes within a whole output shape, with or without batch."""
    found = tuple(shape) if isinstance(shape, (list, tuple)) else ()
    if len(found) not in (rank + 1, rank + 2) or not all(isinstance(d, int) and d > 0 for d in found[-rank - 1 :]):
        raise ShapeError(message(where, f"an output_shape of {rank + 2} dimensions", repr(shape), "Batch, spatial axes, filters."))
    return found[-rank - 1 : -1]


@composite
def conv2d_transpose(
    x: Any, filter: Any, output_shape: Any, strides: Any = 1, pad: Any = "valid", dim_rounding_mode: str | None = None
) -> Any:
    """Return the transposed convolution of images (or one) to `output_shape`; the filter is [height, width, filters, channels].

    Raises ShapeError where no convolution of such an output gives x. TensorFlow.js's conv2dTranspose.
    """
    return _transpose_to("conv2d_transpose", x, filter, output_shape, strides, pad, dim_rounding_mode, 2)


@composite
def conv3d_transpose(x: Any, filter: Any, output_shape: Any, strides: Any = 1, pad: Any = "valid") -> Any:
    """Return the transposed convolution of volumes (or one) to `output_shape`. TensorFlow.js's conv3dTranspose."""
    return _transpose_to("conv3d_transpose", x, filter, output_shape, strides, pad, None, 3)


@composite
def dilation2d(x: Any, filter: Any, strides: Any = 1, pad: Any = "valid", dilations: Any = 1, data_format: str = "NHWC") -> Any:
    """Return the greyscale dilation: the maximum of image + filter [height, width, channels] over each window.

    What lies outside of the image takes no part. TensorFlow.js's dilation2d.
    """
    where = "dilation2d"
    (filter,) = operands(where, filter)
    made = image(where, x, data_format, 2)
    if len(filter.shape) != 3 or filter.shape[2] != made.x.shape[3]:
        raise ShapeError(message(where, f"a filter of rank 3 for {made.x.shape[3]} channels", f"shape {filter.shape}", "Reshape it."))
    slide = steps(where, made.sizes, filter.shape[:2], strides, pad, dilations)
    after = [
        max(0, s * (o - 1) + d * (w - 1) - a + 1 - size)
        for s, o, d, w, a, size in zip(slide.strides, slide.outputs, slide.dilations, slide.windows, slide.before, made.sizes)
    ]
    lowest = float("-inf") if made.x.dtype.startswith("float") else -(2**31)
    padded = pad_interior(made.x, (0, *slide.before, 0), (0, *after, 0), (0,) * 4, lowest)
    taps = keep_taps(padded, slide._replace(before=(0, 0)))
    return made.restore(op("max")(taps + filter, axis=(3, 4)))
