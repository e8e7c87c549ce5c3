"""Image files and arrays, by PIL. Folders of images are in `image_dataset.py`; operations on image tensors are in `tw.ops.image`."""

from __future__ import annotations

import io
import os
import warnings
from array import array
from pathlib import Path
from typing import Any

from .. import dtypes
from ..data.arrays import as_array
from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..tensor import Tensor, as_tensor, op, tensor

_FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}  # PIL's numbers
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GREY = ("L", "I;16", "I")


def pil_image() -> Any:
    """Return the module PIL.Image; raise ImportError that says what to install."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("Images: expected Pillow, got no such package. Run: pip install pillow.") from None
    return Image


def standard_data_format(data_format: str | None, where: str) -> str:
    """Return channels_last or channels_first; None is the global setting."""
    if data_format is None:
        from .. import config

        return config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(message(where, "channels_last or channels_first", repr(data_format), "Use one of them."))
    return data_format


def open_image(path: Any, color_mode: str) -> Any:
    """Return the PIL image of a path or a binary file, in a color mode."""
    if color_mode not in _MODES:
        raise ArgumentError(message("load_img", f"a color_mode of {', '.join(_MODES)}", repr(color_mode), "Use one of them."))
    image = pil_image()
    if isinstance(path, io.IOBase):
        img = image.open(path)
    elif isinstance(path, (str, bytes, os.PathLike)):
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise ConversionError(message("load_img", "a path or a binary file", type(path).__name__, "Pass one of these."))
    if img.mode == _MODES[color_mode] or (color_mode == "grayscale" and img.mode in _GREY):
        return img
    return img.convert(_MODES[color_mode])


def load_img(
    path: Any, color_mode: str = "rgb", target_size: tuple[int, int] | None = None, interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:  # fmt: skip
    """Return an image file as a PIL image, resized to `target_size` (height, width) by PIL. Keras's function.

    `color_mode` is rgb, rgba or grayscale. With `keep_aspect_ratio` the image is cropped first. Raises ArgumentError for unknown modes.
    """
    img = open_image(path, color_mode)
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _FILTERS:
        raise ArgumentError(message("load_img", f"an interpolation of {', '.join(_FILTERS)}", repr(interpolation), "Use one of them."))
    (width, height), (target_height, target_width) = img.size, target_size
    box = None
    if keep_aspect_ratio:
        crop_height = min(height, width * target_height // target_width)
        crop_width = min(width, height * target_width // target_height)
        top, left = (height - crop_height) // 2, (width - crop_width) // 2
        box = (left, top, left + crop_width, top + crop_height)
    return img.resize((target_width, target_height), _FILTERS[interpolation], box=box)


def image_tensor(img: Any) -> Tensor:
    """Return a PIL image as a tensor [height, width, channels], uint8 where its pixels are bytes."""
    width, height = img.size
    if img.mode in ("I", "F"):
        pixels = tensor(array("i" if img.mode == "I" else "f", img.tobytes()))
    elif img.mode.startswith("I;16"):
        wide = array("H", img.tobytes())
        if img.mode.endswith("B"):
            wide.byteswap()
        pixels = tensor(wide)
    else:
        pixels = tensor(memoryview((img.convert("L") if img.mode == "1" else img).tobytes()))
    return op("reshape")(pixels, (height, width, -1))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> Any:
    """Return a PIL image as a float32 array [height, width, channels] (or channels first). Keras's function.

    The array is NumPy's where NumPy is installed, else a tensor.
    """
    data_format = standard_data_format(data_format, "img_to_array")
    if hasattr(img, "getbands"):
        x = image_tensor(img)
    else:
        x = tensor(img)
        if len(x.shape) == 2:
            x = op("expand_dims")(x, -1)
        elif len(x.shape) != 3:
            raise ShapeError(message("img_to_array", "an image of rank 2 or 3", f"shape {x.shape}", "Pass one image."))
    if data_format == "channels_first":
        x = op("transpose")(x, (2, 0, 1))
    return as_array(op("cast")(x, _dtype(dtype)))


def _dtype(dtype: Any) -> str:
    from ..dtype_policies import floatx

    return floatx() if dtype is None else dtypes.canonical(dtype, "image")


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """Return an array of rank 3 as a PIL image; `scale` stretches its values to 0 to 255. Keras's function.

    One channel gives mode L (I for values above 255), three RGB, four RGBA; ShapeError otherwise.
    """
    image = pil_image()
    data_format = standard_data_format(data_format, "array_to_img")
    x = op("cast")(as_tensor(x, "array_to_img"), _dtype(dtype))
    if len(x.shape) != 3:
        raise ShapeError(message("array_to_img", "an image of rank 3", f"shape {x.shape}", "Pass one image."))
    if data_format == "channels_first":
        x = op("transpose")(x, (1, 2, 0))
    height, width, channels = x.shape
    if channels not in (1, 3, 4):
        raise ShapeError(message("array_to_img", "1, 3 or 4 channels", channels, "Check data_format."))
    if scale:
        x = x - op("min")(x)
        largest = op("max")(x).item()
        x = (x / largest if largest else x) * 255
    whole = op("cast")(x, "int32")
    if channels == 1 and op("max")(x).item() > 255:
        return image.frombytes("I", (width, height), whole.data_sync().tobytes())
    pixels = op("cast")(op("bitwise_and")(whole, 255), "uint8").data_sync().tobytes()
    return image.frombytes({1: "L", 3: "RGB", 4: "RGBA"}[channels], (width, height), pixels)


def save_img(path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs: Any) -> None:
    """Save an array as an image file, in the format of the path's ending or in `file_format`. Keras's function."""
    if file_format is None and isinstance(path, (str, os.PathLike)):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def smart_resize(x: Any, size: Any, interpolation: str = "bilinear", data_format: str = "channels_last", **kwargs: Any) -> Any:
    """Return images [..., height, width, channels] cropped to the aspect ratio of `size` and resized. Keras's function.

    NumPy arrays give NumPy arrays, tensors tensors.
    """
    kwargs.pop("backend_module", None)
    if kwargs:
        raise TypeError(f"smart_resize: expected no further arguments, got {', '.join(kwargs)}. Remove them.")
    if len(size) != 2:
        raise ArgumentError(message("smart_resize", "a size (height, width)", size, "Pass two integers."))
    img = as_tensor(x, "smart_resize")
    if len(img.shape) not in (3, 4):
        raise ShapeError(message("smart_resize", "images of rank 3 or 4", f"shape {img.shape}", "Pass one image or a batch."))
    first = len(img.shape) - (3 if data_format == "channels_last" else 2)
    for axis, (start, length) in zip((first, first + 1), _crop(img.shape[first], img.shape[first + 1], *size)):
        img = img[(slice(None),) * axis + (slice(start, start + length),)]
    made = op("image.resize")(img, tuple(size), interpolation=interpolation, data_format=data_format)
    return as_array(made) if type(x).__module__ == "numpy" else made


def _crop(height: int, width: int, target_height: int, target_width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (start, length) of the rows and of the columns of the largest centred part with the target's aspect ratio."""
    crop_height = max(min(height, int(float(width * target_height) / target_width)), 1)
    crop_width = max(min(width, int(float(height * target_width) / target_height)), 1)
    return (int((height - crop_height) / 2), crop_height), (int((width - crop_width) / 2), crop_width)
