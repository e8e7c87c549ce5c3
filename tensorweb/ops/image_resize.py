"""Resizing of images along their axes: by neighbours (nearest, bilinear) or by a matrix of weights (cubic, Lanczos, area, antialias)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import ceil, floor, pi, prod
from typing import Any

from .. import engine
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..kernels.expression import reduce
from ..shapes import as_ints, as_shape, normalize_axis
from ..tensor import as_tensor, tensor
from . import spatial
from .contraction import contract
from .define import composite, op, row_body
from .gathering import gather_rows
from .image_sampling import back_to, choose, mapped, places
from .shaping import broadcast_to, pad_interior, reshape, take_slice

_LETTERS = "abcdefgh"


# --- neighbours: tables made on the host, in exact arithmetic ---


@lru_cache(maxsize=256)
def _nearest_table(n: int, m: int, align: bool, half: bool) -> tuple[int, ...]:
    """Return which of n pixels each of m takes. Integers only: in floats a position that should be whole may fall short of it."""
    if align and m > 1:
        return tuple((2 * i * (n - 1) + m - 1) // (2 * (m - 1)) for i in range(m))
    return tuple(min(n - 1, (2 * i + half) * n // (2 * m)) for i in range(m))


@lru_cache(maxsize=256)
def _linear_table(n: int, m: int, align: bool, half: bool) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
    """Return for each of m pixels its neighbours among n and how far it is from the first to the second."""
    scale = (n - 1) / (m - 1) if align and m > 1 else n / m
    at = [max(0.0, (i + 0.5) * scale - 0.5) if half else i * scale for i in range(m)]
    low = tuple(min(n - 1, floor(p)) for p in at)
    return low, tuple(min(n - 1, ceil(p)) for p in at), tuple(p - a for p, a in zip(at, low))


def _take(x: Any, axis: int, table: Sequence[int]) -> Any:
    """Return x at the table's indices along one axis."""
    outer, n, inner, m = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]), len(table)
    indices = broadcast_to(reshape(tensor(list(table), dtype="int32"), (1, m)), (outer, m))
    return reshape(gather_rows(reshape(x, (outer, n, inner)), indices), (*x.shape[:axis], m, *x.shape[axis + 1 :]))


def _lerp(low: Any, high: Any, part: Any) -> Any:
    return low + (high - low) * part


def _between(x: Any, axis: int, table: tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]) -> Any:
    low, high, part = table
    if not any(part):
        return _take(x, axis, low)
    parts = reshape(tensor(list(part), dtype="float32"), (len(part),) + (1,) * (len(x.shape) - axis - 1))
    return mapped(_lerp, _take(x, axis, low), _take(x, axis, high), parts)


def _by_neighbours(x: Any, size: Sequence[int], linear: bool, align: bool, half: bool) -> Any:
    """Return images [batch, height, width, channels] in another size."""
    for axis, m in ((1, size[0]), (2, size[1])):
        n = x.shape[axis]
        if n != m:
            x = _between(x, axis, _linear_table(n, m, align, half)) if linear else _take(x, axis, _nearest_table(n, m, align, half))
    return x


# --- weights: one row body over the pixels of the input for each pixel of the output ---


def _cubic(x: Any) -> Any:
    """Return Keys' cubic with a = -1/2."""
    far = ((2.5 - 0.5 * x) * x - 4.0) * x + 2.0
    return e.where(x < 1.0, ((1.5 * x - 2.5) * x) * x + 1.0, e.where(x < 2.0, far, 0.0))


def _mitchell(x: Any) -> Any:
    """Return Mitchell and Netravali's cubic with B = C = 1/3."""
    far = ((2.0 - 7.0 / 18.0 * x) * x - 10.0 / 3.0) * x + 16.0 / 9.0
    return e.where(x < 1.0, ((7.0 / 6.0 * x - 2.0) * x) * x + 8.0 / 9.0, e.where(x < 2.0, far, 0.0))


def _lanczos(radius: float) -> Callable[[Any], Any]:
    def kernel(x: Any) -> Any:
        some = x > 1e-3
        safe = e.where(some, x, 1.0)
        value = radius * e.sin(pi * safe) * e.sin(pi / radius * safe) / (pi * pi * safe * safe)
        return e.where(x > radius, 0.0, e.where(some, value, 1.0))

    return kernel


_KERNELS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: e.maximum(1.0 - x, 0.0),
    "cubic": _cubic,
    "lanczos3": _lanczos(3.0),
    "lanczos5": _lanczos(5.0),
    "mitchellcubic": _mitchell,
    "gaussian": lambda x: e.where(x < 1.5, e.exp(x * x * -2.0), 0.0),
}


def _weights(pixel: Any, place: Any, scale: Any, shift: Any, method: str, antialias: bool) -> Any:
    """Return how much each input pixel counts for an output pixel: a body over columns, which sum to 1."""
    inverse = 1.0 / scale
    if method == "area":
        low, high = place * inverse, (place + 1.0) * inverse
        found = e.maximum(e.minimum(pixel + 1.0, high) - e.maximum(pixel, low), 0.0)
        return found / reduce.sum(found)
    at = (place + 0.5) * inverse - shift * inverse - 0.5
    distance = e.absolute(at - pixel)
    found = _KERNELS[method](distance / e.maximum(inverse, 1.0) if antialias else distance)
    total = reduce.sum(found)
    some = e.logical_and(e.absolute(total) > 1e-4, e.logical_and(at >= -0.5, at <= reduce.count() - 0.5))
    return e.where(some, found / e.where(some, total, 1.0), 0.0)


def _by_weights(x: Any, axis: int, m: int, scale: Any, shift: Any, method: str, antialias: bool) -> Any:
    """Return x with m places along `axis`, each a weighted sum of the old ones."""
    n, labels = x.shape[axis], _LETTERS[: len(x.shape)]
    body = row_body(_weights, (0,), True, 4, (("method", method), ("antialias", antialias)))
    weights = engine.run(body, (places(n, 0, 2), places(m, 1, 2), scale, shift))
    if weights.dtype != x.dtype:
        weights = op("cast")(weights, x.dtype)
    old = labels[axis]
    return contract(x, labels, weights, f"{old}z", labels.replace(old, "z"), extra={"z": m})


# --- public ---

# The last two are no names of Keras's `resize`, but of its `image_dataset_from_directory`.
_METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic")


def _size(where: str, size: Any) -> tuple[int, int]:
    found = as_ints(size, where, "size")
    if len(found) != 2 or min(found) < 1:
        raise ArgumentError(message(where, "a size of (height, width), each at least 1", repr(size), "Pass two integers."))
    return found[0], found[1]


def _check_pixels(where: str, x: Any) -> None:
    if 0 in x.shape[1:3]:
        raise ShapeError(message(where, "images of at least one pixel", f"shape {x.shape}", "There is nothing to resize."))


def _cropped(x: Any, size: tuple[int, int]) -> Any:
    """Return the middle part of the images that has the proportions of `size`."""
    (batch, height, width, channels), (h, w) = x.shape, size
    rows, columns = max(1, min(height, width * h // w)), max(1, min(width, height * w // h))
    start = (0, (height - rows) // 2, (width - columns) // 2, 0)
    return take_slice(x, start, (batch, rows, columns, channels), (1,) * 4)


def _padded(x: Any, size: tuple[int, int], value: Any) -> Any:
    """Return the images with as much on either side as gives them the proportions of `size` (but for an odd pixel, as in Keras)."""
    (_, height, width, _), (h, w) = x.shape, size
    sides = (0, (max(height, width * h // w) - height) // 2, (max(width, height * w // h) - width) // 2, 0)
    return pad_interior(x, sides, sides, (0,) * 4, float(value) if x.dtype.startswith("float") else int(value))


@composite(namespace="image")
def resize(
    images: Any, size: Any, interpolation: str = "bilinear", antialias: bool = False, crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0, data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return images [batch, height, width, channels] (or one) in another size (height, width), in their dtype; integers are rounded.

    `interpolation` is nearest, bilinear, bicubic, lanczos3, lanczos5, area, gaussian or mitchellcubic; with `antialias` all but
    nearest and area look at every pixel when they make images smaller. `crop_to_aspect_ratio` cuts the middle out first,
    `pad_to_aspect_ratio` adds `fill_value` around, so that nothing is stretched. Pixels are squares: their centers are at halves.
    Raises ShapeError, ArgumentError. Keras's resize.

    >>> import tensorweb as tw
    >>> tw.ops.image.resize(tw.tensor([[[0.0], [4.0]]]), (1, 4)).tolist()
    [[[0.0], [1.0], [3.0], [4.0]]]
    """
    made, (h, w) = spatial.image("resize", images, data_format, 2), _size("resize", size)
    choose("resize", "interpolation", interpolation, _METHODS)
    if fill_mode != "constant":
        raise ArgumentError(message("resize", "fill_mode constant", repr(fill_mode), "Pad the images first."))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(message("resize", "cropping or padding to the aspect ratio", "both", "Choose one of them."))
    _check_pixels("resize", made.x)
    x, dtype = made.x, made.x.dtype
    if crop_to_aspect_ratio:
        x = _cropped(x, (h, w))
    elif pad_to_aspect_ratio:
        x = _padded(x, (h, w), fill_value)
    if interpolation == "nearest":
        return made.restore(_by_neighbours(x, (h, w), False, False, True))
    x = x if dtype == "float32" else op("cast")(x, "float32")
    if interpolation == "bilinear" and not antialias:
        x = _by_neighbours(x, (h, w), True, False, True)
    elif x.shape[1:3] != (h, w) or interpolation in ("gaussian", "mitchellcubic"):  # these two smooth in any case
        method = {"bilinear": "linear", "bicubic": "cubic"}.get(interpolation, interpolation)
        for axis, m in ((1, h), (2, w)):
            x = _by_weights(x, axis, m, m / x.shape[axis], 0.0, method, bool(antialias))
    return made.restore(back_to(x, dtype))


def _legacy(where: str, images: Any, size: Any, linear: bool, align_corners: bool, half_pixel_centers: bool) -> Any:
    made, target = spatial.image(where, images, None, 2), _size(where, size)
    if align_corners and half_pixel_centers:
        raise ArgumentError(message(where, "align_corners or half_pixel_centers", "both", "Half pixels are what newer models use."))
    _check_pixels(where, made.x)
    x = op("cast")(made.x, "float32") if linear and made.x.dtype != "float32" else made.x
    return made.restore(_by_neighbours(x, target, linear, bool(align_corners), bool(half_pixel_centers)))


@composite(namespace="image")
def resize_bilinear(images: Any, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Return images [batch, height, width, channels] (or one) resized by linear interpolation, as float32.

    Pixel i of m is at i * n / m of n; with `align_corners` at i * (n - 1) / (m - 1), with `half_pixel_centers` at
    (i + 1/2) * n / m - 1/2. Raises ShapeError, ArgumentError. TensorFlow.js's resizeBilinear.

    >>> import tensorweb as tw
    >>> tw.ops.image.resize_bilinear(tw.tensor([[[0.0], [4.0]]]), (1, 3), align_corners=True).tolist()
    [[[0.0], [2.0], [4.0]]]
    """
    return _legacy("resize_bilinear", images, size, True, align_corners, half_pixel_centers)


@composite(namespace="image")
def resize_nearest_neighbor(images: Any, size: Any, align_corners: bool = False, half_pixel_centers: bool = False) -> Any:
    """Return images [batch, height, width, channels] (or one) resized by repeating or leaving out pixels; the dtype stays.

    Positions as in resize_bilinear, rounded down (with `align_corners` to the nearest; with `half_pixel_centers` without the
    last -1/2). Raises ShapeError, ArgumentError. TensorFlow.js's resizeNearestNeighbor.
    """
    return _legacy("resize_nearest_neighbor", images, size, False, align_corners, half_pixel_centers)


_SCALE_METHODS = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "linear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _clipped(dtype: str, x: Any, low: Any, high: Any) -> Any:
    return e.cast(e.minimum(e.maximum(e.rint(x), low), high), dtype)


@composite(namespace="image")
def scale_and_translate(
    images: Any, output_shape: Any, scale: Any, translation: Any, spatial_dims: Any, method: str, antialias: bool = True
) -> Any:
    """Return images of `output_shape` whose axes `spatial_dims` are scaled and moved: x goes to x * scale + translation.

    `scale` and `translation` [K] have a number for each of `spatial_dims`; gradients flow to them. `method` is linear, cubic,
    lanczos3 or lanczos5 (with Keras's synonyms); with `antialias` the filters widen when images shrink. What comes from outside is
    0. Pixels have their centers at halves. Raises ShapeError, ArgumentError. Keras's scale_and_translate.
    """
    where = "scale_and_translate"
    x, scale, translation = as_tensor(images, where), as_tensor(scale, where), as_tensor(translation, where)
    kernel = _SCALE_METHODS[choose(where, "method", method, tuple(_SCALE_METHODS))]
    shape, rank = as_shape(output_shape, where), len(x.shape)
    axes = tuple(normalize_axis(a, rank, where) for a in as_ints(spatial_dims, where, "spatial_dims"))
    wanted = tuple(shape[i] if i in axes and i < len(shape) else d for i, d in enumerate(x.shape))
    if shape != wanted or len(set(axes)) != len(axes) or rank > len(_LETTERS):
        raise ShapeError(message(where, f"an output_shape that differs from {x.shape} in axes {axes} only", shape, "Name each axis once."))
    if not scale.shape == translation.shape == (len(axes),):
        got = f"shapes {scale.shape} and {translation.shape}"
        raise ShapeError(message(where, f"scale and translation of shape {(len(axes),)}", got, "Pass a number for each of spatial_dims."))
    made = x if x.dtype in ("float32", "float16") else op("cast")(x, "float32")
    for k, axis in enumerate(axes):
        s, t = (reshape(take_slice(v, (k,), (1,), (1,)), (1, 1)) for v in (scale, translation))
        made = _by_weights(made, axis, shape[axis], s, t, kernel, bool(antialias))
    return made if made.dtype == x.dtype or not axes else mapped(_clipped, made, op("min")(x), op("max")(x), static=(x.dtype,))
