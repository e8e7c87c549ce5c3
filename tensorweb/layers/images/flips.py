"""RandomFlip: mirrored images, boxes and masks."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import as_tensor
from ...utils.bounding_boxes import clip_to_image_size, columns, convert_format, joined
from .base import BaseImagePreprocessingLayer, as_float, choose_mode

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(BaseImagePreprocessingLayer):
    """Mirrors each image with a chance of one half in training: from left to right, top to bottom, or both at once. Keras's RandomFlip.

    Args: `mode`: horizontal, vertical or horizontal_and_vertical; `seed`.

    >>> import tensorweb as tw
    >>> layer = tw.layers.RandomFlip("horizontal")
    >>> done = layer.transform_images(tw.tensor([[[[1.0], [2.0]]]]), {"flips": tw.tensor([[[[True]]]])})
    >>> done.tolist()
    [[[[2.0], [1.0]]]]
    """

    def __init__(self, mode: str = "horizontal_and_vertical", seed: int | None = None, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self._seeded(seed)
        self.mode = choose_mode(mode, "mode", _MODES, type(self).__name__)
        self._axes = [a for a, word in ((self.width_axis, "horizontal"), (self.height_axis, "vertical")) if word in mode]

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images are mirrored, [batch, 1, 1, 1]."""
        if not training:
            return None
        shape, batch = self._batch(data)
        drawn = self._uniform((1, 1, 1) if len(shape) == 3 else (batch, 1, 1, 1), 0.0, 1.0, self._source(seed))
        return {"flips": drawn <= 0.5, "input_shape": shape}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images, some mirrored."""
        images = as_float(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        flips = as_tensor(transformation["flips"], self.name)
        flips = ops.reshape(flips, (1, 1, 1)) if len(images.shape) == 3 else flips
        return ops.where(flips, ops.flip(images, axis=tuple(self._axes)), images)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks, some mirrored."""
        return self.transform_images(segmentation_masks, transformation, training)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes, some mirrored."""
        if not training:
            return bounding_boxes
        flips = ops.squeeze(as_tensor(transformation["flips"], self.name), axis=-1)
        size = self._sizes(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "rel_xyxy", *size)
        left, top, right, bottom = columns(moved["boxes"])
        if self.width_axis in self._axes:
            left, right = 1.0 - right, 1.0 - left
        if self.height_axis in self._axes:
            top, bottom = 1.0 - bottom, 1.0 - top
        moved["boxes"] = ops.where(flips, joined(left, top, right, bottom), moved["boxes"])
        # As Keras has it: relative boxes are clipped to the size in pixels, which only cuts below 0.
        clipped = clip_to_image_size(moved, *size, bounding_box_format="xyxy")
        return convert_format(clipped, "rel_xyxy", self.bounding_box_format, *size)
