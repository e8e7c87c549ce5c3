"""Layers that look at neighbouring pixels or at regions: sharpness, blur, erasing."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...errors import ArgumentError, message
from ...tensor import as_tensor
from .base import BaseImagePreprocessingLayer, as_float, is_number, per_image, range_of, sorted_range


class RandomSharpness(BaseImagePreprocessingLayer):
    """Blends each image with a smoothed one, or away from it, in training. Keras's RandomSharpness.

    Args: `factor` in [0, 1]: a number or (lowest, highest): 0 is the smoothed image, 0.5 the image, 1 sharper; `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self.value_range = sorted_range(value_range, type(self).__name__)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the number of each image."""
        return {"factor": self._uniform((self._batch(data)[1],), *self.factor, self._source(seed))}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images smoother or sharper."""
        images = as_float(images, self.compute_dtype)
        if not training:
            return images
        factor = per_image(as_float(transformation["factor"]) * 2, self.compute_dtype)
        x = ops.swapaxes(images, -3, -1) if self.data_format == "channels_first" else images
        a, b = 1.0 / 13.0, 5.0 / 13.0
        kernel = ops.reshape(as_float([[a, a, a], [a, b, a], [a, a, a]], self.compute_dtype), (3, 3, 1, 1))
        kernel = ops.tile(kernel, (1, 1, x.shape[-1], 1))
        smooth = ops.depthwise_conv(x, kernel, strides=1, padding="same", data_format="channels_last")
        x = ops.clip(x + (1.0 - factor) * (smooth - x), *self.value_range)
        return ops.swapaxes(x, -3, -1) if self.data_format == "channels_first" else x


class RandomGaussianBlur(BaseImagePreprocessingLayer):
    """Blurs some images by a bell-shaped kernel in training. Keras's RandomGaussianBlur.

    Args: `factor` in [0, 1]: the chance of an image, or the range it is drawn from; `kernel_size`: an odd number, or (width,
    height); `sigma` in [0, 1]: the highest standard deviation, or (lowest, highest); `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any = 1.0, kernel_size: Any = 3, sigma: Any = 1.0, value_range: Any = (0, 255), data_format: str | None = None,
        seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        where = type(self).__name__
        self.factor = range_of(factor, 0, 1, "factor", where)
        sizes = tuple(kernel_size) if isinstance(kernel_size, (list, tuple)) else (kernel_size,) * 2
        if len(sizes) != 2 or not all(is_number(v) and v % 2 for v in sizes):
            raise ArgumentError(message(where, "an odd `kernel_size`, or two", repr(kernel_size), "The kernel needs a middle."))
        self.kernel_size = sizes
        self.sigma = range_of(sigma, 0, 1, "sigma", where)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images are blurred, and the standard deviations (along the width, along the height)."""
        if not training:
            return None
        (_, batch), seed = self._batch(data), self._source(seed)
        applied = self._chance(batch, self.factor, seed)
        return {"should_apply_blur": applied, "blur_factor": self._uniform((2,), *self.sigma, seed) + 1e-6}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images, some blurred."""
        images = as_float(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        sigma = as_tensor(transformation["blur_factor"], self.name).tolist()
        # Keras's layer has x before y here, other than the op.
        sigma, sizes = sigma[::-1], tuple(int(v) for v in self.kernel_size[::-1])
        blurred = ops.image.gaussian_blur(images, kernel_size=sizes, sigma=sigma, data_format=self.data_format)
        return ops.clip(ops.where(per_image(transformation["should_apply_blur"]), blurred, images), *self.value_range)


def boxes_mask(layer: Any, shape: tuple[int, ...], x0: Any, x1: Any, y0: Any, y1: Any) -> Any:
    """Return booleans of images of a shape: which pixels lie in each image's box, given as tensors [batch]."""
    height, width = layer._sizes(shape)
    last = layer.data_format == "channels_last"
    y = ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1, 1) if last else (1, 1, height, 1))
    x = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width, 1) if last else (1, 1, 1, width))
    left, right, top, bottom = (per_image(v, "float32") for v in (x0, x1, y0, y1))
    within = ops.logical_and(ops.logical_and(x >= left, x < right), ops.logical_and(y >= top, y < bottom))
    return ops.repeat(within, shape[layer.channel_axis], axis=layer.channel_axis)


def random_span(layer: Any, length: int, part: Any, seed: Any) -> tuple[Any, Any]:
    """Return (start, end) [batch] of spans that take a part of a length, at random places."""
    extent = part * length
    start = layer._uniform(part.shape, 0.0, 1.0, seed) * (length - extent)
    return start, start + extent


class RandomErasing(BaseImagePreprocessingLayer):
    """Paints over a random rectangle of some images in training. Keras's RandomErasing.

    Args: `factor` in [0, 1]: the chance of an image, or the range it is drawn from; `scale`: the range of the squares of the
    rectangle's relative sides; `fill_value`: None for noise, a number, or three for the channels; `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any = 1.0, scale: Any = (0.02, 0.33), fill_value: Any = None, value_range: Any = (0, 255), seed: int | None = None,
        data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        where = type(self).__name__
        self.factor, self.scale = range_of(factor, 0, 1, "factor", where), range_of(scale, 0, 1, "scale", where)
        several = isinstance(fill_value, (list, tuple)) and len(fill_value) == 3
        if fill_value is not None and not several and not is_number(fill_value):
            raise ArgumentError(message(where, "`fill_value`: a number, three numbers or None", repr(fill_value), "None fills with noise."))
        self.fill_value, self.value_range = fill_value, value_range
        self._seeded(seed)

    def _fill(self, shape: tuple[int, ...], seed: Any) -> Any:
        if self.fill_value is None:
            made = ops.random.normal(shape, seed=seed) * self.value_range[1]
        elif is_number(self.fill_value):
            made = ops.full(shape, float(self.fill_value))
        else:
            wanted = (3, 1, 1) if self.data_format == "channels_first" else (3,)
            made = ops.broadcast_to(ops.reshape(as_float([float(v) for v in self.fill_value]), wanted), shape)
        return as_float(ops.clip(made, *self.value_range), self.compute_dtype)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images change, which pixels of them, and what is painted."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        height, width = self._sizes(shape)
        parts = ops.sqrt(self._uniform((batch, 2), *self.scale, seed))
        spans = *random_span(self, width, parts[:, 0], seed), *random_span(self, height, parts[:, 1], seed)
        masks = boxes_mask(self, shape, *spans)
        return {"apply_erasing": self._chance(batch, self.factor, seed), "batch_masks": masks, "fill_value": self._fill(shape, seed)}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images, some with a rectangle painted over."""
        images = as_float(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        fill = as_float(transformation["fill_value"], self.compute_dtype)
        erased = ops.where(as_tensor(transformation["batch_masks"], self.name), fill, images)
        return ops.where(per_image(transformation["apply_erasing"]), erased, images)
