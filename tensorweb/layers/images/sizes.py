"""Layers that change the size of images: Resizing, CenterCrop, RandomCrop. The resampling itself: `ops.image`."""

from __future__ import annotations

import random
from typing import Any

from ... import ops
from ...ops.random import SeedGenerator
from ...tensor import Tensor, as_tensor
from ...utils.bounding_boxes import clip_to_image_size, columns, convert_format, joined
from ..arguments import window
from .base import BaseImagePreprocessingLayer, as_float, choose_mode, images_of


class _OfSize(BaseImagePreprocessingLayer):
    """Base of the layers whose outputs have `height` and `width`."""

    height: int
    width: int

    def _sized(self, height: Any, width: Any) -> None:
        self.height, self.width = (window(v, 1, n)[0] for v, n in ((height, "height"), (width, "width")))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the images' shape with the new height and width; of a dict, that of the masks too."""
        if isinstance(input_shape, dict):
            changed = {k: self.compute_output_shape(s) for k, s in input_shape.items() if k in ("images", "segmentation_masks")}
            return {**input_shape, **changed}
        self._check_rank(input_shape)
        found = list(input_shape)
        found[self.height_axis], found[self.width_axis] = self.height, self.width
        return tuple(found)

    def _cut(self, images: Any, top: int, left: int) -> Any:
        """Return the part of images from (top, left) on."""
        at: list[Any] = [slice(None)] * len(images.shape)
        at[self.height_axis], at[self.width_axis] = slice(top, top + self.height), slice(left, left + self.width)
        return images[tuple(at)]


class Resizing(_OfSize):
    """Resizes images, in training and out of it, in their dtype. Keras's Resizing, TensorFlow.js's resizing.

    Args: `height`, `width`; `interpolation`: nearest, bilinear, bicubic, lanczos3, lanczos5 or area; `crop_to_aspect_ratio` cuts the
    middle out so that nothing is stretched, `pad_to_aspect_ratio` adds `fill_value` around (`fill_mode`: constant); `antialias`.

    >>> import tensorweb as tw
    >>> tw.layers.Resizing(1, 2)(tw.tensor([[[[0.0], [1.0], [2.0], [3.0]]]])).tolist()
    [[[[0.5], [2.5]]]]
    """

    _METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area", "gaussian", "mitchellcubic")

    def __init__(
        self, height: int, width: int, interpolation: str = "bilinear", crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False, fill_mode: str = "constant", fill_value: float = 0.0, antialias: bool = False,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self._sized(height, width)
        self.interpolation = interpolation
        choose_mode(str(interpolation).lower(), "interpolation", self._METHODS, type(self).__name__)
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode, self.fill_value, self.antialias = fill_mode, fill_value, bool(antialias)

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images, (self.height, self.width), interpolation=interpolation.lower(), antialias=self.antialias,
            crop_to_aspect_ratio=bool(self.crop_to_aspect_ratio), pad_to_aspect_ratio=bool(self.pad_to_aspect_ratio),
            fill_mode=self.fill_mode, fill_value=self.fill_value, data_format=self.data_format,
        )  # fmt: skip

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images resized."""
        return self._transform_images(as_tensor(images, self.name), transformation, self.interpolation)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks resized to their nearest pixels."""
        return self._transform_images(as_tensor(segmentation_masks, self.name), transformation, "nearest")

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return (height, width) of the images as they come."""
        return self._sizes(images_of(data).shape)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes in the resized images; boxes that are all 0 or all -1 stand for none and become 0."""
        height, width = transformation
        given = as_float(bounding_boxes["boxes"])
        absent = ops.logical_or(ops.all(given == -1, axis=-1, keepdims=True), ops.all(given == 0, axis=-1, keepdims=True))
        moved = convert_format({**bounding_boxes, "boxes": given}, self.bounding_box_format, "xyxy", height, width)
        scale, shift = self._placement(height, width)
        boxes = [c * s + d for c, s, d in zip(columns(moved["boxes"]), scale * 2, shift * 2)]
        clipped = clip_to_image_size({**moved, "boxes": joined(*boxes)}, self.height, self.width)
        clipped["boxes"] = ops.where(absent, 0.0, clipped["boxes"])
        return convert_format(clipped, "xyxy", self.bounding_box_format, self.height, self.width)

    def _placement(self, height: int, width: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return ((x, y) scale, (x, y) shift) of places in images of a size."""
        y, x = self.height / height, self.width / width
        if self.pad_to_aspect_ratio:
            same = min(y, x)
            return (same, same), ((self.width - width * same) // 2, (self.height - height * same) // 2)
        if self.crop_to_aspect_ratio:
            same = max(y, x)
            return (same, same), (-((width * same - self.width) // 2), -((height * same - self.height) // 2))
        return (x, y), (0.0, 0.0)


class CenterCrop(_OfSize):
    """Cuts the middle out of images, in training and out of it; smaller images are resized without stretching. Keras's CenterCrop.

    TensorFlow.js's centerCrop.

    >>> import tensorweb as tw
    >>> tw.layers.CenterCrop(1, 2)(tw.tensor([[[[0.0], [1.0], [2.0], [3.0]]]])).tolist()
    [[[[1.0], [2.0]]]]
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self._sized(height, width)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the images' shape."""
        return {"input_shape": tuple(images_of(data).shape)}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the middle of the images."""
        images = as_float(images, self.compute_dtype)
        height, width = self._sizes(images.shape)
        if height >= self.height and width >= self.width:
            return self._cut(images, (height - self.height) // 2, (width - self.width) // 2)
        return ops.image.resize(images, (self.height, self.width), crop_to_aspect_ratio=True, data_format=self.data_format)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the middle of the masks."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes in the middle."""
        height, width = self._sizes(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", height, width)
        fits = height >= self.height and width >= self.width
        rows = self.height if fits else max(min(height, width * self.height // self.width), 1)
        wide = self.width if fits else max(min(width, height * self.width // self.height), 1)
        top, left = (height - rows) // 2, (width - wide) // 2
        starts, ends = (left, top) * 2, (left + wide, top + rows) * 2
        scale = (self.width / wide, self.height / rows) * 2
        found = [(ops.clip(c, a, b) - a) * s for c, a, b, s in zip(columns(moved["boxes"]), starts, ends, scale)]
        clipped = clip_to_image_size({**moved, "boxes": joined(*found)}, self.height, self.width)
        return convert_format(clipped, "xyxy", self.bounding_box_format, self.height, self.width)


class RandomCrop(_OfSize):
    """Cuts a random part out of the images in training, the same of a whole batch; smaller images are resized. Keras's RandomCrop.

    Without training the images stay as they are.
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, data_format: str | None = None, name: str | None = None, **kwargs: Any
    ):
        super().__init__(name=name, data_format=data_format, **kwargs)
        # Without training the images come out as they are, in their dtype.
        self.autocast = False
        self._sized(height, width)
        # Keras stores a seed of its own choice where none is given.
        self.seed = seed if seed is not None else random.randint(1, 10**9)
        self.generator = SeedGenerator(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return (top, left) of the part."""
        height, width = self._sizes(images_of(data).shape)
        if training and height > self.height and width > self.width:
            seed = self._source(seed)
            draws = [self._uniform((), 0.0, float(n + 1), seed) for n in (height - self.height, width - self.width)]
            return tuple(ops.cast(d, "int32") for d in draws)
        rows, wide = max(min(height, width * self.height // self.width), 1), max(min(width, height * self.width // self.height), 1)
        return (height - rows) // 2, (width - wide) // 2

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the part of the images."""
        if not training:
            return images
        top, left = (int(v.item()) if isinstance(v, Tensor) else int(v) for v in transformation)
        cut = self._cut(as_float(images, self.compute_dtype), top, left)
        if self._sizes(cut.shape) == (self.height, self.width):
            return cut
        return ops.image.resize(cut, (self.height, self.width), data_format=self.data_format)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the part of the masks."""
        return self.transform_images(segmentation_masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes moved by what was cut off.

        As Keras computes it: the rows cut off are taken from the first and third column, and nothing is cut at the far edges.
        """
        if not training:
            return bounding_boxes
        source, size = self.bounding_box_format, (self.height, self.width)
        moved = columns(convert_format(bounding_boxes["boxes"], source, "xyxy", *size))
        boxes = joined(*(ops.maximum(c - v, 0.0) for c, v in zip(moved, tuple(as_float(v) for v in transformation) * 2)))
        found = convert_format(boxes, "xyxy", source, *size)
        return {"boxes": found, "labels": bounding_boxes["labels"]}
