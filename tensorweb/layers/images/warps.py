"""Layers that read images at moved places: rotation, zoom, translation, shear, perspective, elastic. The resampling: `ops.image`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ... import ops
from ...ops.image_transform import homography
from ...tensor import as_tensor
from ...utils.bounding_boxes import affine_transform, clip_to_image_size, columns, convert_format, joined
from .base import (
    FILL_MODES,
    INTERPOLATIONS,
    BaseImagePreprocessingLayer,
    as_float,
    choose_mode,
    range_of,
    strict_range_of,
)
from .base import per_image as _per_image


class _Warp(BaseImagePreprocessingLayer):
    """Base of the layers that resample images, and masks to the nearest pixel."""

    fill_mode = "constant"

    def _sampling(
        self, interpolation: str, fill_value: float, seed: int | None, fill_mode: str | None = None, modes: Sequence[str] = FILL_MODES
    ) -> None:
        where = type(self).__name__
        self.interpolation = choose_mode(interpolation, "interpolation", INTERPOLATIONS, where)
        if fill_mode is not None:
            self.fill_mode = choose_mode(fill_mode, "fill_mode", tuple(modes), where)
        self.fill_value = fill_value
        self._seeded(seed)

    def transform_segmentation_masks(self, segmentation_masks: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the masks resampled to their nearest pixels."""
        masks = as_tensor(segmentation_masks, self.name)
        return self._transform_images(masks, transformation, "nearest") if training else masks


class _AffineWarp(_Warp):
    """Base of the layers that read the pixel (x, y) at a linear function of it."""

    def _matrix(self, transformation: Any, size: tuple[int, int]) -> Any:
        """Return [batch, 8] numbers for `ops.image.affine_transform`."""
        raise NotImplementedError

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if transformation is None:
            return images
        return ops.image.affine_transform(
            images, self._matrix(transformation, self._sizes(images.shape)), interpolation=interpolation, fill_mode=self.fill_mode,
            fill_value=self.fill_value, data_format=self.data_format,
        )  # fmt: skip


def _rows(a0: Any, a1: Any, a2: Any, b0: Any, b1: Any, b2: Any) -> Any:
    """Return [batch, 8] of columns [batch, 1] or numbers."""
    batch = max(c.shape[0] for c in (a0, a1, a2, b0, b1, b2) if hasattr(c, "shape"))
    whole = [c if hasattr(c, "shape") else ops.full((batch, 1), float(c)) for c in (a0, a1, a2, b0, b1, b2, 0, 0)]
    return ops.concatenate(whole, axis=1)


def _two(x: Any) -> tuple[Any, Any]:
    """Return the two columns of a tensor [batch, 2]."""
    x = as_float(x)
    return x[:, 0:1], x[:, 1:2]


class RandomRotation(_AffineWarp):
    """Turns each image by a random angle in training. Keras's RandomRotation, TensorFlow.js's randomRotation.

    Args: `factor`: a part of the full turn, or (lowest, highest), within [-1, 1]; `fill_mode`: what lies outside: reflect, wrap,
    constant (`fill_value`) or nearest; `interpolation`: nearest or bilinear; `seed`.
    """

    def __init__(
        self, factor: Any, fill_mode: str = "reflect", interpolation: str = "bilinear", seed: int | None = None, fill_value: float = 0.0,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor or 0.0, -1, 1, "factor", type(self).__name__)
        self._sampling(interpolation, fill_value, seed, fill_mode)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the angles in degrees, and the matrices of the rotations about the middle."""
        if not training:
            return None
        shape, batch = self._batch(data)
        height, width = self._sizes(shape)
        angle = self._uniform((batch,), self.factor[0] * 360.0, self.factor[1] * 360.0, self._source(seed))
        radians = ops.reshape(angle, (batch, 1)) * (math.pi / 180.0)
        cos, sin, cx, cy = ops.cos(radians), ops.sin(radians), 0.5 * (width - 1), 0.5 * (height - 1)
        matrix = _rows(cos, -sin, cx - cx * cos + cy * sin, sin, cos, cy - cx * sin - cy * cos)
        return {
            "angle": angle, "rotation_matrix": ops.squeeze(matrix, axis=0) if len(shape) == 3 else matrix, "image_height": height,
            "image_width": width, "batch_size": batch,
        }  # fmt: skip

    def _matrix(self, transformation: Any, size: tuple[int, int]) -> Any:
        return as_float(transformation["rotation_matrix"])

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes around the turned ones. As in Keras they are taken for xyxy, whatever their format."""
        if not training:
            return bounding_boxes
        height, width = transformation["image_height"], transformation["image_width"]
        angle = as_float(transformation["angle"])
        none, one = ops.zeros_like(angle), ops.ones_like(angle)
        turned = affine_transform(bounding_boxes["boxes"], angle, none, none, one, none, none, height, width)
        clipped = clip_to_image_size({**bounding_boxes, "boxes": turned}, height, width)
        return convert_format(clipped, "xyxy", self.bounding_box_format, height, width)


class RandomZoom(_AffineWarp):
    """Zooms each image in training. Keras's RandomZoom.

    Args: `height_factor`: a part of the size, or (lowest, highest), within (-1, 1]; positive shows more of it, smaller;
    `width_factor`: None for the same as the height; the others as of RandomRotation.
    """

    def __init__(
        self, height_factor: Any, width_factor: Any = None, fill_mode: str = "reflect", interpolation: str = "bilinear",
        seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        where = type(self).__name__
        self.height_factor, self.width_factor = height_factor, width_factor
        self.height_lower, self.height_upper = strict_range_of(height_factor, -1.0, 1.0, "height_factor", where, open_low=True)
        if width_factor is not None:
            self.width_lower, self.width_upper = strict_range_of(width_factor, -1.0, 1.0, "width_factor", where, open_low=True)
        self._sampling(interpolation, fill_value, seed, fill_mode)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return how much of the height and of the width is shown, each [batch, 1]."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        height = wide = self._uniform((batch, 1), 1.0 + self.height_lower, 1.0 + self.height_upper, seed)
        if self.width_factor is not None:
            wide = self._uniform((batch, 1), 1.0 + self.width_lower, 1.0 + self.width_upper, seed)
        return {"height_zoom": height, "width_zoom": wide, "input_shape": shape}

    def _matrix(self, transformation: Any, size: tuple[int, int]) -> Any:
        x, y = as_float(transformation["width_zoom"]), as_float(transformation["height_zoom"])
        return _rows(x, 0, (size[1] - 1.0) / 2.0 * (1.0 - x), 0, y, (size[0] - 1.0) / 2.0 * (1.0 - y))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes in the part of the image that is shown."""
        if not training:
            return bounding_boxes
        size = self._sizes(transformation["input_shape"])
        matrix = self._matrix(transformation, size)
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", *size)
        boxes = columns(moved["boxes"])
        shape = (-1, 1, 1)
        left, top = (ops.reshape(matrix[:, k], shape) for k in (2, 5))
        wide, tall = ops.reshape(matrix[:, 0], shape) * size[1], ops.reshape(matrix[:, 4], shape) * size[0]
        found = [
            (ops.minimum(ops.maximum(c, start), start + extent) - start) / extent
            for c, start, extent in zip(boxes, (left, top) * 2, (wide, tall) * 2)
        ]
        clipped = clip_to_image_size({**moved, "boxes": joined(*found)}, bounding_box_format="rel_xyxy")
        return convert_format(clipped, "rel_xyxy", self.bounding_box_format, *size)


class RandomTranslation(_AffineWarp):
    """Moves each image in training. Keras's RandomTranslation.

    Args: `height_factor`, `width_factor`: a part of the size, or (lowest, highest), within [-1, 1]; positive moves down and to the
    right; the others as of RandomRotation.
    """

    def __init__(
        self, height_factor: Any, width_factor: Any, fill_mode: str = "reflect", interpolation: str = "bilinear",
        seed: int | None = None, fill_value: float = 0.0, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        where = type(self).__name__
        self.height_factor, self.width_factor = height_factor, width_factor
        self.height_lower, self.height_upper = strict_range_of(height_factor, -1.0, 1.0, "height_factor", where)
        self.width_lower, self.width_upper = strict_range_of(width_factor, -1.0, 1.0, "width_factor", where)
        self._sampling(interpolation, fill_value, seed, fill_mode)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return by how many pixels each image moves, [batch, 2] as (x, y)."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        height, width = self._sizes(shape)
        down = self._uniform((batch, 1), self.height_lower, self.height_upper, seed) * height
        right = self._uniform((batch, 1), self.width_lower, self.width_upper, seed) * width
        return {"translations": ops.concatenate([right, down], axis=1), "input_shape": shape}

    def _matrix(self, transformation: Any, size: tuple[int, int]) -> Any:
        x, y = _two(transformation["translations"])
        return _rows(1, 0, -x, 0, 1, -y)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes moved, cut at the edges."""
        if not training:
            return bounding_boxes
        size = self._sizes(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", *size)
        boxes = columns(moved["boxes"])
        shifts = [ops.reshape(v, (-1, *(1,) * (len(boxes[0].shape) - 1))) for v in _two(transformation["translations"])]
        found = joined(*(c + v for c, v in zip(boxes, shifts * 2)))
        clipped = clip_to_image_size({**moved, "boxes": found}, *size)
        return convert_format(clipped, "xyxy", self.bounding_box_format, *size)


class RandomShear(_AffineWarp):
    """Slants each image in training, along x and along y. Keras's RandomShear.

    Args: `x_factor`, `y_factor`: how far a pixel moves for each pixel across, or (lowest, highest), within [0, 1], with a random
    sign; the others as of RandomRotation.
    """

    def __init__(
        self, x_factor: Any = 0.0, y_factor: Any = 0.0, interpolation: str = "bilinear", fill_mode: str = "reflect",
        fill_value: float = 0.0, data_format: str | None = None, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.x_factor = strict_range_of(x_factor, 0.0, 1.0, "x_factor", type(self).__name__)
        self.y_factor = strict_range_of(y_factor, 0.0, 1.0, "y_factor", type(self).__name__)
        self._sampling(interpolation, fill_value, seed, fill_mode)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of a config, where a single number is stored as (-number, number)."""
        found = dict(config)
        for name in ("x_factor", "y_factor"):
            value = found.get(name)
            if isinstance(value, (list, tuple)) and len(value) == 2 and value[0] == -value[1]:
                found[name] = abs(value[1])
        return cls(**found)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the slants [batch, 2] as (x, y)."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        sign = ops.where(self._uniform((batch, 1), 0.0, 1.0, seed) > 0.5, -1.0, 1.0)
        y = self._uniform((batch, 1), *self.y_factor, seed)
        x = self._uniform((batch, 1), *self.x_factor, seed)
        return {"shear_factor": as_float(ops.concatenate([x, y], axis=1) * sign, self.compute_dtype), "input_shape": shape}

    def _matrix(self, transformation: Any, size: tuple[int, int]) -> Any:
        x, y = _two(transformation["shear_factor"])
        return _rows(1, x, 0, y, 1, 0)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes slanted (in relative coordinates, as Keras has it), cut at the edges."""
        if not training:
            return bounding_boxes
        size, dtype = self._sizes(transformation["input_shape"]), self.compute_dtype
        moved = convert_format(bounding_boxes, self.bounding_box_format, "rel_xyxy", *size, dtype=dtype)
        left, top, right, bottom = columns(moved["boxes"])
        x, y = (as_float(ops.reshape(v, (-1, 1, 1)), dtype) for v in _two(transformation["shear_factor"]))
        # The edge that moves furthest: the upper end of a side for one sign of the slant, the lower one for the other.
        left, right = ops.where(x < 0, left - x * top, left - x * bottom), ops.where(x < 0, right - x * bottom, right - x * top)
        top, bottom = ops.where(y > 0, top - y * right, top - y * left), ops.where(y > 0, bottom - y * left, bottom - y * right)
        clipped = clip_to_image_size({**moved, "boxes": joined(left, top, right, bottom)}, bounding_box_format="rel_xyxy")
        return convert_format(clipped, "rel_xyxy", self.bounding_box_format, *size, dtype=dtype)


class RandomPerspective(_Warp):
    """Moves the corners of each image in training, as if it were looked at from the side. Keras's RandomPerspective.

    Args: `factor`: the chance that an image is changed, or the range it is drawn from; `scale` in [0, 1]: how far corners move;
    `interpolation`, `fill_value` (outside), `seed`.
    """

    def __init__(
        self, factor: Any = 1.0, scale: float = 1.0, interpolation: str = "bilinear", fill_value: float = 0.0, seed: int | None = None,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        where = type(self).__name__
        self.factor = range_of(factor, 0, 1, "factor", where)
        strict_range_of(scale, 0.0, 1.0, "scale", where)
        self.scale = scale
        self._sampling(interpolation, fill_value, seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images change, and the corners (x, y) [batch, 4, 2] before and after."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        height, width = self._sizes(shape)
        applied = self._chance(batch, self.factor, seed)
        moves = self._uniform((batch, 4, 2), -0.5 * self.scale, 0.5 * self.scale, seed)
        right, bottom = float(width - 1), float(height - 1)
        start = as_float([[[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]]])
        start = ops.tile(start, (batch, 1, 1))
        return {"apply_perspective": applied, "start_points": start, "end_points": start + start * moves, "input_shape": shape}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        if transformation is None:
            return images
        single = len(images.shape) == 3
        images = ops.expand_dims(images, 0) if single else images
        points = [as_float(transformation[k]) for k in ("start_points", "end_points")]
        warped = ops.image.perspective_transform(
            images, *points, interpolation=interpolation, fill_value=self.fill_value, data_format=self.data_format
        )
        made = ops.where(_per_image(transformation["apply_perspective"]), warped, images)
        return ops.squeeze(made, axis=0) if single else made

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the boxes around the moved ones; as in Keras they come out as xyxy, whatever their format was."""
        if not training or transformation is None:
            return bounding_boxes
        size = self._sizes(transformation["input_shape"])
        moved = convert_format(bounding_boxes, self.bounding_box_format, "xyxy", *size)
        left, top, right, bottom = columns(moved["boxes"])
        numbers = homography(*(as_float(transformation[k]) for k in ("start_points", "end_points")))
        matrix = ops.reshape(ops.concatenate([numbers, ops.ones((numbers.shape[0], 1))], axis=-1), (-1, 3, 3))
        turned = ops.swapaxes(ops.inv(matrix), -1, -2)
        one = ops.ones_like(left)
        points = [ops.matmul(joined(x, y, one), turned) for x, y in ((left, top), (right, bottom), (left, bottom), (right, top))]
        xs, ys = (ops.concatenate([p[..., k : k + 1] / p[..., 2:3] for p in points], axis=-1) for k in (0, 1))
        ends = [f(v, axis=-1, keepdims=True) for f in (ops.min, ops.max) for v in (xs, ys)]
        applied = ops.reshape(as_tensor(transformation["apply_perspective"], self.name), (-1, 1, 1))
        boxes = ops.where(ops.cast(applied, "bool"), joined(*ends), moved["boxes"])
        return clip_to_image_size({**moved, "boxes": boxes}, *size)


class RandomElasticTransform(_Warp):
    """Moves the pixels of each image by smooth random amounts in training. Keras's RandomElasticTransform.

    Args: `factor`: the chance that an image is changed, or the range it is drawn from; `scale`: how strongly, or the range, in
    [0, 1]; `interpolation`; `fill_mode`: constant (`fill_value`), nearest, wrap, mirror or reflect; `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any = 1.0, scale: Any = 1.0, interpolation: str = "bilinear", fill_mode: str = "reflect", fill_value: float = 0.0,
        value_range: Any = (0, 255), seed: int | None = None, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self.scale = range_of(scale, 0, 1, "scale", type(self).__name__)
        self.value_range = value_range
        self._sampling(interpolation, fill_value, seed, fill_mode, (*FILL_MODES, "mirror"))

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images change, how strongly, and the seed of the amounts, so that masks move as the images do."""
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        (_, batch), seed = self._batch(data), self._source(seed)
        applied = self._chance(batch, self.factor, seed)
        strength = self._uniform((), *self.scale, seed)
        chosen = ops.random.randint((), 0, 2**31 - 1, seed=seed)
        return {"apply_transform": applied, "distortion_factor": strength, "seed": int(chosen.item())}

    def _transform_images(self, images: Any, transformation: Any, interpolation: str) -> Any:
        strength = 0.0 if transformation is None else float(as_float(transformation["distortion_factor"]).item())
        if strength <= 0:
            return images
        height, width = self._sizes(images.shape)
        moved = ops.image.elastic_transform(
            images, alpha=0.1 * strength * max(height, width), sigma=0.05 * strength * min(height, width), interpolation=interpolation,
            fill_mode=self.fill_mode, fill_value=self.fill_value, seed=transformation["seed"], data_format=self.data_format,
        )  # fmt: skip
        applied = _per_image(transformation["apply_transform"])
        applied = ops.reshape(applied, (1, 1, 1)) if len(images.shape) == 3 else applied
        return as_float(ops.clip(ops.where(applied, moved, images), *self.value_range), self.compute_dtype)
