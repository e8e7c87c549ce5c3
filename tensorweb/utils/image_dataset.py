"""Folders of images as datasets."""

from __future__ import annotations

from typing import Any

from ..data import Dataset, TensorSpec
from ..errors import ArgumentError, message
from ..tensor import Tensor, op
from .directories import Request, datasets_of
from .images import image_tensor, open_image, smart_resize, standard_data_format

_FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic")


def image_dataset_from_directory(
    directory: Any, labels: Any = "inferred", label_mode: str | None = "int", class_names: Any = None, color_mode: str = "rgb",
    batch_size: int | None = 32, image_size: Any = (256, 256), shuffle: bool = True, seed: Any = None,
    validation_split: float | None = None, subset: str | None = None, interpolation: str = "bilinear", follow_links: bool = False,
    crop_to_aspect_ratio: bool = False, pad_to_aspect_ratio: bool = False, data_format: str | None = None, format: str = "tf",
    verbose: bool = True,
) -> Any:  # fmt: skip
    """Return the dataset of the images in a directory, by default with the numbers of the subdirectories they are in as labels.

    Elements are float32 images [batch, height, width, channels] or (images, labels): int32 [batch], float32 [batch, 1] for
    `label_mode` binary, one-hot rows for categorical. `batch_size=None` gives single images; `subset="both"` a list of the training
    and the validation dataset. Datasets have `class_names` and `file_paths`. Files, labels, order and split are Keras's.
    Raises ArgumentError for arguments that do not fit or if there is no image.
    """
    where = "image_dataset_from_directory"
    if color_mode not in _CHANNELS:
        raise ArgumentError(message(where, f"a color_mode of {', '.join(_CHANNELS)}", repr(color_mode), "Use one of them."))
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if not isinstance(size, (list, tuple)) or len(size) != 2:
        raise ArgumentError(message(where, "an image_size (height, width)", image_size, "Pass two integers."))
    interpolation = interpolation.lower()
    if interpolation not in _INTERPOLATIONS:
        raise ArgumentError(message(where, f"an interpolation of {', '.join(_INTERPOLATIONS)}", repr(interpolation), "Use one of them."))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError(message(where, "crop_to_aspect_ratio or pad_to_aspect_ratio", "both", "Set one of them."))
    layout = standard_data_format(data_format, where)

    def load(path: str) -> Tensor:
        img = image_tensor(open_image(path, color_mode))
        if crop_to_aspect_ratio:
            img = smart_resize(_with_range(img, interpolation), size, interpolation)
        else:
            img = (_padded if pad_to_aspect_ratio else _resized)(img, tuple(size), interpolation)
        return op("transpose")(img, (2, 0, 1)) if layout == "channels_first" else img

    channels = _CHANNELS[color_mode]
    shape = (channels, *size) if layout == "channels_first" else (*size, channels)
    request = Request(
        where, "image", _FORMATS, directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split, subset,
        follow_links, verbose, format,
    )  # fmt: skip
    return datasets_of(request, load, TensorSpec(shape, "uint8" if interpolation == "nearest" else "float32"), Dataset.batch)


def _with_range(img: Tensor, interpolation: str) -> Tensor:
    """Return the image in the dtype of the result: nearest neighbours stay bytes."""
    return img if interpolation == "nearest" else op("cast")(img, "float32")


def _resized(img: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    return op("image.resize")(_with_range(img, interpolation), size, interpolation=interpolation, data_format="channels_last")


def _padded(img: Tensor, size: tuple[int, int], interpolation: str) -> Tensor:
    """Return the image resized until it fits, with zeros around it."""
    ratio = max(img.shape[0] / size[0], img.shape[1] / size[1])
    exact = [n / ratio for n in img.shape[:2]]
    before = [max(0, int((t - n) / 2)) for t, n in zip(size, exact)]
    made = _resized(img, (max(1, int(exact[0])), max(1, int(exact[1]))), interpolation)
    after = [t - b - n for t, b, n in zip(size, before, made.shape)]
    return op("pad")(made, [(before[0], after[0]), (before[1], after[1]), (0, 0)])
