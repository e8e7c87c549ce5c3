"""Layers that change the colors of each pixel: brightness, contrast, saturation, hue, grayscale, inversion, posterization, solarization.

What looks at neighbours is in `filters.py`, what looks at the whole image's histogram in `histograms.py`.
"""

from __future__ import annotations

from typing import Any

from ... import numerics, ops
from ...errors import ShapeError, message
from ...tensor import as_tensor
from .base import BaseImagePreprocessingLayer, as_float, images_of, is_integer, per_image, range_of, rescaled, sorted_range, strict_range_of


class RandomBrightness(BaseImagePreprocessingLayer):
    """Adds a random part of the value range to each image in training. Keras's RandomBrightness.

    Args: `factor`: the part, or (lowest, highest), within [-1, 1]; `value_range`: the ends of the images' values; `seed`.

    >>> import tensorweb as tw
    >>> layer = tw.layers.RandomBrightness((0.5, 0.5), value_range=(0, 1))
    >>> layer(tw.tensor([[[0.25, 0.75]]]), training=True).tolist()
    [[[0.75, 1.0]]]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.factor = range_of(factor or 0.0, -1, 1, "factor", type(self).__name__)
        self._seeded(seed)
        self.value_range = sorted_range(value_range, type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is added to each image."""
        shape, batch = self._batch(data)
        wanted = (1, 1, 1) if len(shape) == 3 else (batch, 1, 1, 1)
        if not training:
            return {"rgb_delta": ops.zeros(wanted)}
        drawn = self._uniform(wanted, *self.factor, self._source(seed))
        return {"rgb_delta": drawn * (self.value_range[1] - self.value_range[0])}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images brighter or darker, in their dtype."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        delta = as_float(transformation["rgb_delta"])
        if not is_integer(images):
            return ops.clip(images + as_float(delta, images.dtype), *self.value_range)
        return ops.saturate_cast(ops.clip(as_float(images) + ops.trunc(delta), *self.value_range), images.dtype)


class RandomContrast(BaseImagePreprocessingLayer):
    """Moves each image's values away from their mean by channel, or nearer, in training. Keras's RandomContrast.

    Args: `factor` in [0, 1]: (lower, upper) draws between 1 - lower and 1 + upper, a number f from 1 to 1 + f; `value_range`; `seed`.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the factor of each image."""
        shape, batch = self._batch(data)
        wanted = (1, 1, 1) if len(shape) == 3 else (batch, 1, 1, 1)
        if not training:
            return {"contrast_factor": ops.zeros(wanted)}
        drawn = self._uniform(wanted, 1.0 - self.factor[0], 1.0 + self.factor[1], self._source(seed))
        return {"contrast_factor": as_float(drawn, self.compute_dtype)}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images with more or less contrast."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        images = as_float(images, self.compute_dtype) if is_integer(images) else images
        mean = ops.mean(ops.mean(images, axis=self.height_axis, keepdims=True), axis=self.width_axis, keepdims=True)
        made = (images - mean) * as_float(transformation["contrast_factor"], images.dtype) + mean
        return ops.clip(made, *self.value_range)


class _Factored(BaseImagePreprocessingLayer):
    """Base of the layers that draw one number for each image, `factor`, with training and without."""

    _BOUNDS = (-1, 1)

    def _drawn_within(self, factor: Any, seed: int | None) -> None:
        self.factor = range_of(factor, *self._BOUNDS, "factor", type(self).__name__)
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the number of each image."""
        _, batch = self._batch(data)
        return {"factor": self._uniform((batch,), *self.factor, self._source(seed))}


class RandomSaturation(_Factored):
    """Makes the colors of each image stronger or weaker in training. Keras's RandomSaturation.

    Args: `factor` f: a number or (lowest, highest); saturation is multiplied by f / (1 - f): 0.5 changes nothing, 0 gives gray, 1
    full colors; `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self._drawn_within(factor, seed)
        self.value_range = sorted_range(value_range, type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return by what the saturation of each image is multiplied."""
        factor = super().get_random_transformation(data, training, seed)["factor"]
        return {"factor": factor / (1 - factor + numerics.epsilon())}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with other saturations."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        factor = per_image(transformation["factor"], self.compute_dtype)
        hue, saturation, value = ops.split(ops.image.rgb_to_hsv(images, data_format=self.data_format), 3, axis=self.channel_axis)
        saturation = ops.clip(saturation * factor, *self.value_range)
        made = ops.concatenate([hue, saturation, value], axis=self.channel_axis)
        return ops.image.hsv_to_rgb(made, data_format=self.data_format)


class RandomHue(_Factored):
    """Turns the hue of each image in training. Keras's RandomHue.

    Args: `factor` in [0, 1]: the strength, or (lowest, highest): 1 turns by up to half the circle either way; `value_range`; `seed`.
    """

    _BOUNDS = (0, 1)

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self._drawn_within(factor, seed)
        self.value_range = value_range

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return by what part of the circle the hue of each image is turned."""
        (_, batch), seed = self._batch(data), self._source(seed)
        sign = ops.where(self._uniform((batch,), 0.0, 1.0, seed) > 0.5, -1.0, 1.0)
        return {"factor": sign * self._uniform((batch,), *self.factor, seed) * 0.5}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with other hues."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        parts = rescaled(as_float(images, self.compute_dtype), self.value_range, (0, 1))
        turn = per_image(transformation["factor"], parts.dtype)
        hue, saturation, value = ops.split(ops.image.rgb_to_hsv(parts, data_format=self.data_format), 3, axis=self.channel_axis)
        hue = hue + turn
        hue = ops.where(hue > 1.0, hue - 1.0, hue)
        hue = ops.where(hue < 0.0, hue + 1.0, hue)
        made = ops.concatenate([hue, saturation, value], axis=self.channel_axis)
        made = ops.clip(ops.image.hsv_to_rgb(made, data_format=self.data_format), 0, 1)
        return as_float(rescaled(made, (0, 1), self.value_range), self.compute_dtype)


class RandomColorDegeneration(_Factored):
    """Mixes each image with its grayscale in training. Keras's RandomColorDegeneration.

    Args: `factor`: the gray image's share, or (lowest, highest); `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self._drawn_within(factor, seed)
        self.value_range = sorted_range(value_range, type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return the gray image's share, [batch, 1, 1, 1]."""
        return {"factor": per_image(super().get_random_transformation(data, training, seed)["factor"])}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the images' shape; raises ShapeError unless they have three channels."""
        shape = images_of(input_shape)
        self._check_rank(shape)
        if shape[self.channel_axis] not in (None, 3):
            raise ShapeError(message(self.name, "images of 3 channels", f"shape {tuple(shape)}", "Colors are red, green and blue."))
        return input_shape

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images nearer to gray."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        images = as_float(images, self.compute_dtype)
        gray = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return ops.clip(images + per_image(transformation["factor"], self.compute_dtype) * (gray - images), *self.value_range)


class RandomGrayscale(BaseImagePreprocessingLayer):
    """Makes each image gray with a chance of `factor` in training; it keeps its three channels. Keras's RandomGrayscale."""

    _UNSAVED, _KEEPS_DTYPE = ("seed",), True

    def __init__(self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        strict_range_of(factor, 0, 1, "factor", type(self).__name__)
        self.factor = factor
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images become gray, [batch, 1, 1, 1]."""
        _, batch = self._batch(data)
        return per_image(self._uniform((batch,), 0.0, 1.0, self._source(seed)) < self.factor)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images, some of them gray."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        applied = self.get_random_transformation(images) if transformation is None else as_tensor(transformation, self.name)
        return ops.where(applied, ops.image.rgb_to_grayscale(images, data_format=self.data_format), images)


class RandomInvert(BaseImagePreprocessingLayer):
    """Inverts the values of some images in training. Keras's RandomInvert.

    Args: `factor` in [0, 1]: the chance of an image, or the range it is drawn from; `value_range`; `seed`.
    """

    def __init__(
        self, factor: Any = 1.0, value_range: Any = (0, 255), seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self.factor = range_of(factor, 0, 1, "factor", type(self).__name__)
        self.value_range = value_range
        self._seeded(seed)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return which images are inverted."""
        return {"apply_inversion": self._chance(self._batch(data)[1], self.factor, self._source(seed))} if training else None

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images, some inverted."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        images = as_float(images, self.compute_dtype)
        return ops.where(per_image(transformation["apply_inversion"]), self.value_range[1] - images, images)


class RandomPosterization(_Factored):
    """Keeps only the highest bits of the values of each image in training. Keras's RandomPosterization.

    Args: `factor`: how many bits of 8, or (lowest, highest) without the highest; `value_range`; `seed`.
    """

    _BOUNDS = (1, 8)

    def __init__(
        self, factor: Any, value_range: Any = (0, 255), data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ):
        super().__init__(data_format=data_format, **kwargs)
        self._drawn_within(factor, seed)
        self.value_range = sorted_range(value_range, type(self).__name__)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return how many bits of each image are cleared."""
        (_, batch), (low, high) = self._batch(data), self.factor
        drawn = ops.random.randint((batch,), int(low), int(high), seed=self._source(seed)) if low != high else ops.full((batch,), int(low))
        return {"shift_factor": 8 - ops.cast(drawn, "int32")}

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with fewer tones."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        cleared = per_image(transformation["shift_factor"], "int32")
        whole = ops.cast(ops.clip(rescaled(images, self.value_range, (0, 255)), 0, 255), "int32")
        whole = ops.bitwise_left_shift(ops.bitwise_right_shift(whole, cleared), cleared)
        return rescaled(as_float(whole, self.compute_dtype), (0, 255), self.value_range, self.compute_dtype)


class Solarization(BaseImagePreprocessingLayer):
    """Adds to each image in training and inverts what lies above a threshold. Keras's Solarization.

    Args: `addition_factor`, `threshold_factor` in [0, 1]: the highest draw, or (lowest, highest), as parts of 255; `value_range`;
    `seed`.
    """

    def __init__(
        self, addition_factor: Any = 0.0, threshold_factor: Any = 0.0, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self._seeded(seed)
        where = type(self).__name__
        self.addition_factor = self._from_zero(addition_factor, strict_range_of(addition_factor, 0, 1.0, "addition_factor", where))
        self.threshold_factor = self._from_zero(threshold_factor, strict_range_of(threshold_factor, 0, 1.0, "threshold_factor", where))
        self.value_range = sorted_range(value_range, where)

    @staticmethod
    def _from_zero(given: Any, found: tuple[Any, Any]) -> tuple[Any, Any]:
        return found if isinstance(given, (list, tuple)) else (0, given)

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """Return what is added, and the thresholds, of values from 0 to 255."""
        if not training:
            return None
        (shape, batch), seed = self._batch(data), self._source(seed)
        wanted = (batch, 1, 1, 1) if len(shape) == 4 else (1, 1, 1)
        ranges = ("additions", self.addition_factor), ("thresholds", self.threshold_factor)
        return {name: as_float(self._uniform(wanted, low, high * 255, seed), self.compute_dtype) for name, (low, high) in ranges}

    def transform_images(self, images: Any, transformation: Any, training: bool = True) -> Any:
        """Return the images solarized."""
        images = as_float(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        added, threshold = (as_float(transformation[k], self.compute_dtype) for k in ("additions", "thresholds"))
        found = ops.clip(rescaled(images, self.value_range, (0, 255), self.compute_dtype) + added, 0, 255)
        found = ops.where(found < threshold, found, 255 - found)
        return rescaled(found, (0, 255), self.value_range, self.compute_dtype)


class RandomColorJitter(BaseImagePreprocessingLayer):
    """Changes brightness, contrast, saturation and hue of each image in training, in this order. Keras's RandomColorJitter.

    Args: `brightness_factor`, `contrast_factor`, `saturation_factor`, `hue_factor` as of the layers of these names, None to leave
    one out; `value_range`; `seed`.
    """

    def __init__(
        self, value_range: Any = (0, 255), brightness_factor: Any = None, contrast_factor: Any = None, saturation_factor: Any = None,
        hue_factor: Any = None, seed: int | None = None, data_format: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor, self.contrast_factor = brightness_factor, contrast_factor
        self.saturation_factor, self.hue_factor = saturation_factor, hue_factor
        self._seeded(seed)
        kinds = ("brightness", RandomBrightness), ("contrast", RandomContrast), ("saturation", RandomSaturation), ("hue", RandomHue)
        for name, kind in kinds:
            factor = getattr(self, f"{name}_factor")
            rest: dict[str, Any] = {"value_range": value_range, "seed": seed, "data_format": self.data_format, "dtype": self.dtype_policy}
            setattr(self, f"random_{name}", None if factor is None else kind(factor, **rest))

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with other colors, drawn here."""
        images = as_tensor(images, self.name)
        if not training:
            return images
        images = as_float(images, self.compute_dtype)
        for name in ("brightness", "contrast", "saturation", "hue"):
            layer = getattr(self, f"random_{name}")
            if layer is not None:
                images = layer.transform_images(images, layer.get_random_transformation(images, seed=self.generator))
        return as_float(images, self.compute_dtype)
