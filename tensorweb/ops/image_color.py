"""Colours of images: grayscale, HSV, thresholds. Places of pixels: `image_places.py`."""

from __future__ import annotations

from typing import Any

from ..dtypes import is_float
from ..errors import DTypeError, ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor, tensor
from . import spatial
from .contraction import contract
from .creation import zeros
from .define import composite, op
from .gathering import scatter_rows
from .image_sampling import choose, mapped
from .primitives import scan_rows
from .shaping import broadcast_to, reshape, take_slice

# The parts that red, green and blue have in brightness (ITU-R BT.601).
_LUMA = [0.2989, 0.5870, 0.1140]


def _channel(x: Any, k: int) -> Any:
    rank = len(x.shape)
    return take_slice(x, (0,) * (rank - 1) + (k,), (*x.shape[:-1], 1), (1,) * rank)


def _luma(x: Any) -> Any:
    """Return the brightness of x [..., 3] as [..., 1], floating."""
    x = x if is_float(x.dtype) else op("cast")(x, "float32")
    labels = "abdefgh"[: len(x.shape) - 1]
    return reshape(contract(x, labels + "c", tensor(_LUMA, dtype=x.dtype), "c", labels), (*x.shape[:-1], 1))


@composite(namespace="image")
def rgb_to_grayscale(images: Any, data_format: str | None = None) -> Any:
    """Return the brightness of images [..., 3] as [..., 1], in their dtype; images of one channel stay as they are.

    Rank 2 to 6; with data_format "channels_first" 3 or 4. Raises ShapeError. Keras's and TensorFlow.js's rgb_to_grayscale.

    >>> import tensorweb as tw
    >>> tw.ops.image.rgb_to_grayscale(tw.tensor([[[100, 0, 0], [0, 0, 100]]])).tolist()
    [[[29], [11]]]
    """
    x = as_tensor(images, "rgb_to_grayscale")
    if data_format not in (None, "channels_last"):
        made = spatial.image("rgb_to_grayscale", x, data_format, 2)
        return made.restore(rgb_to_grayscale(made.x))
    if not 2 <= len(x.shape) <= 6 or x.shape[-1] not in (1, 3):
        wanted = "a tensor of rank 2 to 6 with 3 channels (or 1)"
        raise ShapeError(message("rgb_to_grayscale", wanted, f"shape {x.shape}", "Channels are last unless data_format says else."))
    if x.shape[-1] == 1:
        return op("copy")(x)
    gray = _luma(x)
    return gray if gray.dtype == x.dtype else op("cast")(gray, x.dtype)


@composite(namespace="image")
def grayscale_to_rgb(image: Any) -> Any:
    """Return images [..., 1] with their channel three times: [..., 3]; rank 2 or more. TensorFlow.js's grayscaleToRGB."""
    x = as_tensor(image, "grayscale_to_rgb")
    if len(x.shape) < 2 or x.shape[-1] != 1:
        raise ShapeError(message("grayscale_to_rgb", "a tensor of rank 2 or more with 1 channel", f"shape {x.shape}", "Add a last axis."))
    return broadcast_to(x, (*x.shape[:-1], 3))


# --- hue, saturation, value ---


def _to_hsv(r: Any, g: Any, b: Any) -> tuple[Any, Any, Any]:
    value = e.maximum(r, e.maximum(g, b))
    spread = value - e.minimum(r, e.minimum(g, b))
    some = spread > 0
    part = 1.0 / (6.0 * e.where(some, spread, 1.0))
    blue_or_green = e.where(e.equal(g, value), part * (b - r) + 2.0 / 6.0, part * (r - g) + 4.0 / 6.0)
    turn = e.where(e.equal(r, value), part * (g - b), blue_or_green)
    hue = e.where(some, e.where(turn < 0, turn + 1.0, turn), 0.0)
    return hue, e.where(value > 0, spread / e.where(value > 0, value, 1.0), 0.0), value


def _to_rgb(h: Any, s: Any, v: Any) -> tuple[Any, ...]:
    turn = h * 6.0
    red, green, blue = e.absolute(turn - 3.0) - 1.0, 2.0 - e.absolute(turn - 2.0), 2.0 - e.absolute(turn - 4.0)
    return tuple((1.0 - s + s * e.minimum(e.maximum(part, 0.0), 1.0)) * v for part in (red, green, blue))


def _convert(images: Any, data_format: str | None, where: str, body: Any) -> Any:
    made = spatial.image(where, images, data_format, 2)
    if made.x.shape[-1] != 3:
        raise ShapeError(message(where, "images of 3 channels", f"{made.x.shape[-1]}", "Channels are last unless data_format says else."))
    if made.x.dtype not in ("float32", "float16"):
        raise DTypeError(message(where, "a floating tensor", f"dtype {made.x.dtype}", "Cast it, and divide by 255 where that is white."))
    return made.restore(op("concatenate")(list(mapped(body, *(_channel(made.x, k) for k in range(3)))), axis=-1))


@composite(namespace="image")
def rgb_to_hsv(images: Any, data_format: str | None = None) -> Any:
    """Return hue, saturation and value, each from 0 to 1, of red, green and blue from 0 to 1; of images or one image.

    Raises ShapeError, DTypeError (floats only). Keras's rgb_to_hsv.

    >>> import tensorweb as tw
    >>> tw.ops.image.rgb_to_hsv(tw.tensor([[[0.0, 1.0, 1.0]]])).tolist()
    [[[0.5, 1.0, 1.0]]]
    """
    return _convert(images, data_format, "rgb_to_hsv", _to_hsv)


@composite(namespace="image")
def hsv_to_rgb(images: Any, data_format: str | None = None) -> Any:
    """Return red, green and blue of hue, saturation and value, all from 0 to 1; the inverse of rgb_to_hsv. Keras's hsv_to_rgb."""
    return _convert(images, data_format, "hsv_to_rgb", _to_rgb)


# --- thresholds ---


def _between(before: Any, weighted: Any, whole: Any, whole_weighted: Any, total: Any) -> Any:
    """Return the variance between the pixels up to a brightness and those above; 0 where either class is empty."""
    after = whole - before
    gap = weighted / before - (whole_weighted - weighted) / after
    spread = (before / total) * (after / total) * gap * gap
    return e.where(e.logical_and(before > 0, after > 0), spread, 0.0)


def _otsu(gray: Any, total: int) -> Any:
    """Return the brightness that parts the pixels into the two classes farthest apart, -1 if there is only one class."""
    levels = reshape(op("cast")(op("round")(gray), "int32"), (1, -1))
    ones = op("ones")((1, levels.shape[1], 1))
    counts = scatter_rows(zeros((1, 256, 1)), levels, ones, "add")
    weights = op("multiply")(counts, reshape(op("cast")(op("arange")(256), "float32"), (1, 256, 1)))
    sums = [reshape(scan_rows(x, "add", False, False), (256,)) for x in (counts, weights)]
    firsts = [take_slice(x, (0,), (255,), (1,)) for x in sums]
    wholes = [take_slice(x, (255,), (1,), (1,)) for x in sums]
    spread = mapped(_between, *firsts, *wholes, float(total))
    return op("where")(op("greater")(op("max")(spread), 0.0), op("argmax")(spread), -1)


def _black_white(inverted: bool, gray: Any, threshold: Any) -> Any:
    return e.where(gray <= threshold if inverted else gray > threshold, 255, 0)


@composite(gradient="none", namespace="image")
def threshold(image: Any, method: str = "binary", inverted: bool = False, thresh_value: float = 0.5) -> Any:
    """Return a black and white image: int32, 255 where the brightness is above a threshold, else 0 (`inverted`: the other way round).

    image: [height, width, channels] of 0 to 255; three channels are made one by their brightness. The threshold is 255 *
    `thresh_value`, or with method "otsu" found from the image. Raises ShapeError, ArgumentError. TensorFlow.js's threshold; pixels
    that "otsu" finds outside of 0 to 255 are left out.

    >>> import tensorweb as tw
    >>> tw.ops.image.threshold(tw.tensor([[[10], [200]]])).tolist()
    [[[0], [255]]]
    """
    x = as_tensor(image, "threshold")
    choose("threshold", "method", method, ("binary", "otsu"))
    if len(x.shape) != 3:
        raise ShapeError(message("threshold", "an image of rank 3", f"shape {x.shape}", "Its axes are height, width, channels."))
    if x.dtype in ("bool", "string", "complex64"):
        raise DTypeError(message("threshold", "an image of real numbers", f"dtype {x.dtype}", "Cast it first."))
    gray = _luma(x) if x.shape[-1] == 3 else op("cast")(x, "float32")
    limit = _otsu(gray, x.shape[0] * x.shape[1]) if method == "otsu" else float(thresh_value) * 255.0
    return mapped(_black_white, gray, limit, static=(bool(inverted),))
