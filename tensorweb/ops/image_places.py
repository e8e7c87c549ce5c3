"""Places of pixels: padding, cropping, flipping, patches. Values between pixels: `image_resize.py`, `image_transform.py`."""

from __future__ import annotations

from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..shapes import as_ints
from . import spatial
from .define import composite
from .patches import patches
from .shaping import flip, pad_interior, take_slice


def _ends(where: str, what: str, size: int, first: Any, last: Any, target: Any, sign: int) -> tuple[int, int]:
    """Return what is added (sign 1) or cut off (-1) before and after an axis, of which two of three are given."""
    given = (first, last, target)
    names = f"two of {what}"
    if sum(v is None for v in given) != 1:
        raise ArgumentError(message(where, names, given, "The third follows from them."))
    known = [None if v is None else as_ints(v, where, what)[0] for v in given]
    a, b, whole = known
    if whole is None:
        whole = size + sign * ((a or 0) + (b or 0))
    change = sign * (whole - size)
    a = change - (b or 0) if a is None else a
    b = change - a if b is None else b
    if min(a, b, whole) < 0:
        raise ArgumentError(message(where, f"{what} of 0 or more", (a, b, whole), f"The axis has {size} pixels."))
    return a, b


def _names(kind: str, first: str, last: str, target: str) -> str:
    return f"{first}_{kind}, {last}_{kind}, target_{target}"


@composite(namespace="image")
def pad_images(
    images: Any, top_padding: Any = None, left_padding: Any = None, bottom_padding: Any = None, right_padding: Any = None,
    target_height: Any = None, target_width: Any = None, data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return images (or one) with zeros around them; of top, bottom and target height two are given, and so for the width.

    Raises ShapeError, ArgumentError. Keras's pad_images.

    >>> import tensorweb as tw
    >>> tw.ops.image.pad_images(tw.ones((2, 2, 3)), 1, 0, target_height=5, target_width=4).shape
    (5, 4, 3)
    """
    made = spatial.image("pad_images", images, data_format, 2)
    height, width = made.sizes
    rows = _ends("pad_images", _names("padding", "top", "bottom", "height"), height, top_padding, bottom_padding, target_height, 1)
    columns = _ends("pad_images", _names("padding", "left", "right", "width"), width, left_padding, right_padding, target_width, 1)
    low, high = ((0, r, c, 0) for r, c in zip(rows, columns))
    return made.restore(pad_interior(made.x, low, high, (0,) * 4, 0))


@composite(namespace="image")
def crop_images(
    images: Any, top_cropping: Any = None, left_cropping: Any = None, bottom_cropping: Any = None, right_cropping: Any = None,
    target_height: Any = None, target_width: Any = None, data_format: str | None = None,
) -> Any:  # fmt: skip
    """Return a part of images (or one); of top, bottom and target height two are given, and so for the width.

    Raises ShapeError, ArgumentError. Keras's crop_images.

    >>> import tensorweb as tw
    >>> tw.ops.image.crop_images(tw.ones((5, 5, 3)), 1, 0, target_height=2, target_width=4).shape
    (2, 4, 3)
    """
    made = spatial.image("crop_images", images, data_format, 2)
    (batch, height, width, channels) = made.x.shape
    rows = _ends("crop_images", _names("cropping", "top", "bottom", "height"), height, top_cropping, bottom_cropping, target_height, -1)
    columns = _ends("crop_images", _names("cropping", "left", "right", "width"), width, left_cropping, right_cropping, target_width, -1)
    shape = (batch, height - sum(rows), width - sum(columns), channels)
    return made.restore(take_slice(made.x, (0, rows[0], columns[0], 0), shape, (1,) * 4))


@composite(namespace="image")
def flip_left_right(image: Any) -> Any:
    """Return images [batch, height, width, channels] (or one) mirrored left to right. TensorFlow.js's flipLeftRight."""
    made = spatial.image("flip_left_right", image, None, 2)
    return made.restore(flip(made.x, axis=2))


def _cut(where: str, x: Any, rank: int, size: Any, strides: Any, rates: Any, padding: Any, data_format: str | None) -> Any:
    made = spatial.image(where, x, data_format, rank)
    return made.restore(patches(made.x, size, size if strides is None else strides, rates, padding, where))


@composite(namespace="image")
def extract_patches(
    images: Any, size: Any, strides: Any = None, dilation_rate: Any = 1, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """Return each window of images (or one) as a row: [..., rows, columns, height * width * channels of a patch].

    `size` is an int or (height, width); `strides` is the size by default; `padding` is "valid" or "same". A size of three numbers is
    extract_patches_3d. Raises ShapeError, ArgumentError. Keras's extract_patches.

    >>> import tensorweb as tw
    >>> tw.ops.image.extract_patches(tw.ones((2, 6, 6, 3)), 3).shape
    (2, 2, 2, 27)
    """
    sizes = as_ints(size, "extract_patches", "size")
    if len(sizes) not in (1, 2, 3):
        raise ShapeError(message("extract_patches", "a size of 1 to 3 integers", repr(size), "Pass an int or (height, width)."))
    rank = 3 if len(sizes) == 3 else 2
    return _cut("extract_patches", images, rank, size, strides, dilation_rate, padding, data_format)


@composite(namespace="image")
def extract_patches_3d(
    volumes: Any, size: Any, strides: Any = None, dilation_rate: Any = 1, padding: Any = "valid", data_format: str | None = None
) -> Any:
    """Return each window of volumes (or one) as a row: [..., d, h, w, elements of a patch]. Keras's extract_patches_3d."""
    return _cut("extract_patches_3d", volumes, 3, size, strides, dilation_rate, padding, data_format)
