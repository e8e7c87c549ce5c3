"""Layers that spread the values of images by their histograms: AutoContrast, Equalization, and equalization by tiles."""

from __future__ import annotations

from typing import Any

from ... import ops
from ...tensor import as_tensor
from .base import BaseImagePreprocessingLayer, as_float, rescaled, sorted_range


class AutoContrast(BaseImagePreprocessingLayer):
    """Stretches the values of each channel over the whole value range, in training and out of it. Keras's AutoContrast.

    As in Keras the axes 1 and 2 are taken for height and width, whatever the data format.

    >>> import tensorweb as tw
    >>> tw.layers.AutoContrast()(tw.tensor([[[100.0], [150.0], [200.0]]])).tolist()
    [[[0.0], [127.5], [255.0]]]
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any):
        super().__init__(**kwargs)
        self.value_range = sorted_range(value_range, type(self).__name__)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images with the full range; a channel of one value stays as it is."""
        original = as_float(images, self.compute_dtype)
        x = rescaled(original, self.value_range, (0, 255), self.compute_dtype)
        low, high = (f(x, axis=(1, 2), keepdims=True) for f in (ops.min, ops.max))
        flat = high == low
        scale = 255.0 / ops.where(flat, 1.0, high - low)
        found = rescaled(ops.clip(x * scale - low * scale, 0.0, 255.0), (0, 255), self.value_range, self.compute_dtype)
        return ops.where(ops.logical_or(flat, ops.isnan(found)), original, found)


class Equalization(BaseImagePreprocessingLayer):
    """Makes the values of each channel occur equally often, over the whole batch, in training. Keras's Equalization.

    Args: `value_range`; `bins`: of the histogram.
    """

    _KEEPS_DTYPE = True

    def __init__(self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format=data_format, **kwargs)
        self.bins = bins
        self.value_range = sorted_range(value_range, type(self).__name__)

    def _moved(self, x: Any, source: Any, target: Any) -> Any:
        if tuple(source) == tuple(target):
            return x
        scale = (target[1] - target[0]) / (source[1] - source[0])
        return x * scale + (target[0] - source[0] * scale)

    def _equalized(self, channel: Any) -> Any:
        x, last = self._moved(channel, self.value_range, (0, 255)), self.bins - 1
        places = ops.clip(ops.cast(as_float(x) * last / 255, "int32"), 0, last)
        counts = ops.bincount(ops.reshape(places, (-1,)), minlength=self.bins)
        below = ops.cumsum(counts)
        least = ops.min(ops.where(below > 0, below, channel.size))
        rest = ops.maximum(below[-1] - least, 1)
        table = ops.clip(ops.round(as_float(below - least) * 255.0 / as_float(rest)), 0, 255)
        found = ops.take(table, ops.cast(ops.clip(x / 255.0 * last, 0, last), "int32"))
        found = ops.where(ops.count_nonzero(counts) <= 1, as_float(x), found)
        return self._moved(found, (0, 255), self.value_range)

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images equalized."""
        images = as_tensor(images, self.name)
        if not training or not images.size:
            return images
        x = as_float(images, self.compute_dtype)
        channels = ops.split(x, x.shape[self.channel_axis], axis=self.channel_axis)
        return as_float(ops.concatenate([self._equalized(c) for c in channels], axis=self.channel_axis), self.compute_dtype)


class ContrastLimitedAdaptiveHistogramEqualization(BaseImagePreprocessingLayer):
    """Equalizes images tile by tile, no value more than `clip_limit` times as often, and interpolates between tiles (CLAHE).

    In training and out of it. Args: `value_range`; `clip_limit`: 0 for none; `tile_grid_size`: how many tiles (down, across).
    Keras's ContrastLimitedAdaptiveHistogramEqualization.
    """

    def __init__(
        self, value_range: Any = (0, 255), clip_limit: float = 4.0, tile_grid_size: Any = (8, 8), data_format: str | None = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(data_format=data_format, **kwargs)
        self.value_range, self.clip_limit, self.tile_grid_size = value_range, clip_limit, tile_grid_size

    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """Return the images equalized, in their dtype."""
        images = as_tensor(images, self.name)
        x = ops.moveaxis(images, -3, -1) if self.data_format == "channels_first" else images
        single = len(x.shape) == 3
        x = ops.expand_dims(x, 0) if single else x
        x = as_float(rescaled(x, self.value_range, (0, 255)))
        x = rescaled(self._by_tiles(x), (0, 255), self.value_range)
        x = ops.squeeze(x, axis=0) if single else x
        x = ops.moveaxis(x, -1, -3) if self.data_format == "channels_first" else x
        return x if x.dtype == images.dtype else ops.cast(x, images.dtype)

    def _by_tiles(self, x: Any) -> Any:
        batch, height, width, channels = x.shape
        down, across = self.tile_grid_size
        tall, wide = -(-height // down), -(-width // across)
        x = ops.pad(x, ((0, 0), (0, tall * down - height), (0, wide * across - width), (0, 0)), mode="symmetric")
        whole = ops.cast(ops.clip(x, 0, 255), "int32")
        tiles = ops.transpose(ops.reshape(whole, (batch, down, tall, across, wide, channels)), (0, 1, 3, 5, 2, 4))
        maps = self._maps(ops.reshape(tiles, (-1, tall * wide)), tall * wide)
        maps = ops.reshape(maps, (batch, down, across, channels, 256))
        # The map of the outermost tiles holds up to the edges.
        maps = ops.pad(maps, ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0)), mode="edge")
        found = _interpolated(maps, whole, (tall, wide), (down, across))
        return found[:, :height, :width, :]

    def _maps(self, values: Any, n: int) -> Any:
        """Return [tiles, 256]: the new value of each old one, for tiles [tiles, n] of integers."""
        tiles = values.shape[0]
        places = ops.reshape(values + ops.reshape(ops.arange(tiles), (tiles, 1)) * 256, (-1,))
        counts = as_float(ops.reshape(ops.bincount(places, minlength=tiles * 256), (tiles, 256)))
        if self.clip_limit > 0:
            clipped = ops.clip(counts, 0, self.clip_limit * n / 256.0)
            counts = clipped + ops.sum(counts - clipped, axis=-1, keepdims=True) / 256.0
        below = ops.cumsum(counts, axis=-1)
        least = ops.min(below, axis=-1, keepdims=True)
        rest = n - least
        return ops.clip((below - least) * 255.0 / ops.where(rest == 0, 1.0, rest), 0, 255)


def _interpolated(maps: Any, whole: Any, tile: tuple[int, int], grid: tuple[int, int]) -> Any:
    """Return the new values of integers [batch, height, width, channels], between those that the four nearest tiles' maps give."""
    batch, _, _, channels = whole.shape
    steps = (256 * channels * (grid[1] + 2), 256 * channels)
    starts = ops.reshape(ops.arange(batch), (batch, 1, 1, 1)) * (steps[0] * (grid[0] + 2))
    base = whole + starts + ops.reshape(ops.arange(channels), (1, 1, 1, channels)) * 256
    flat = ops.reshape(maps, (-1,))
    sides = []
    for axis, (size, count, step) in enumerate(zip(tile, grid, steps), 1):
        place = (ops.arange(size * count, dtype="float32") - size / 2.0) / size + 1.0
        lower = ops.floor(place)
        shape = [1, 1, 1, 1]
        shape[axis] = size * count
        rows = [ops.cast(ops.clip(v, 0, count + 1), "int32") * step for v in (lower, lower + 1.0)]
        sides.append([ops.reshape(v, shape) for v in (*rows, place - lower)])
    (top, bottom, down), (left, right, across) = sides
    upper, under = (
        ops.take(flat, base + row + left) * (1.0 - across) + ops.take(flat, base + row + right) * across for row in (top, bottom)
    )
    return upper * (1.0 - down) + under * down
