"""Patches: windows cut out of images, and put back (im2col, col2im). Pooling: `pooling.py`."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError, message
from ..shapes import size_of
from ..tensor import as_tensor
from .define import composite
from .shaping import reshape
from .spatial import Steps, image, per_axis, steps
from .window import window


def keep_taps(x: Any, slide: Steps) -> Any:
    """Return [batch, ...outputs, ...taps, channels] of x [batch, ...spatial, channels]; what lies outside is 0."""
    position, output, tap = slide.labels()
    extra = dict(zip(output + tap, slide.outputs + slide.windows))
    return window(x, f"b{position}c", f"b{output}{tap}c", slide.relations(), "sum", extra)


def patches(x: Any, sizes: Any, strides: Any, rates: Any, padding: Any, where: str = "extract_patches") -> Any:
    """Return [batch, ...outputs, taps * channels]: each window of x [batch, ...spatial, channels] as a row; 1 to 3 dimensions.

    For `image.extract_patches`; arguments as in conv, `rates` being the dilation.
    """
    made = image(where, x)
    slide = steps(where, made.sizes, sizes, strides, padding, rates)
    return reshape(keep_taps(made.x, slide), (made.x.shape[0], *slide.outputs, size_of(slide.windows) * made.x.shape[-1]))


def _slide(where: str, sizes: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Steps:
    around = [(p, p) for p in per_axis(padding, 2, where, "padding", 0)]
    return steps(where, sizes, kernel_size, stride, around, dilation)


@composite
def unfold(x: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Return [batch, channels * kh * kw, windows] of images [batch, channels, height, width] (channels first): im2col.

    Raises ShapeError, ArgumentError. Keras's unfold.

    >>> import tensorweb as tw
    >>> tw.unfold(tw.ones((1, 2, 4, 4)), kernel_size=2, stride=2).shape
    (1, 8, 4)
    """
    x = as_tensor(x, "unfold")
    if len(x.shape) != 4:
        raise ShapeError(message("unfold", "a tensor of rank 4", f"shape {x.shape}", "Its axes are batch, channels, height, width."))
    slide = _slide("unfold", x.shape[2:], kernel_size, dilation, padding, stride)
    extra = dict(zip("XYij", slide.outputs + slide.windows))
    made = window(x, "bcxy", "bcijXY", slide.relations(), "sum", extra)
    return reshape(made, (x.shape[0], x.shape[1] * size_of(slide.windows), size_of(slide.outputs)))


@composite
def fold(x: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Return images [batch, channels, height, width] as sums of overlapping windows [batch, channels * kh * kw, windows]: col2im.

    It is the gradient of unfold, not its inverse. Raises ShapeError, ArgumentError. Keras's fold.

    >>> import tensorweb as tw
    >>> tw.fold(tw.ones((1, 8, 4)), output_size=4, kernel_size=2, stride=2).shape
    (1, 2, 4, 4)
    """
    x = as_tensor(x, "fold")
    sizes = per_axis(output_size, 2, "fold", "output_size")
    slide = _slide("fold", sizes, kernel_size, dilation, padding, stride)
    taps, count = size_of(slide.windows), size_of(slide.outputs)
    if len(x.shape) != 3 or x.shape[1] % taps or x.shape[2] != count:
        wanted = f"a tensor [batch, channels * {taps}, {count}]"
        raise ShapeError(message("fold", wanted, f"shape {x.shape}", "Check output_size, kernel_size and stride."))
    channels = x.shape[1] // taps
    split = reshape(x, (x.shape[0], channels, *slide.windows, *slide.outputs))
    return window(split, "bcijXY", "bcxy", slide.relations(), "sum", dict(zip("xy", sizes)))
