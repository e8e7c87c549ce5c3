"""Layers that add zeros around, take away from the border of, or repeat the places of sequences, images and volumes."""

from __future__ import annotations

from typing import Any, ClassVar

from ..config import standardize_data_format
from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..tensor import op
from .arguments import window
from .input_spec import InputSpec
from .layer import Layer


class _Spatial(Layer):
    """Base of layers over `rank` spatial axes, which follow the batch, or with channels_first the channels."""

    rank: ClassVar[int] = 1
    _first = 1  # the first spatial axis

    def _place(self, data_format: str | None) -> None:
        self.data_format = standardize_data_format(data_format)
        self._first = 2 if self.data_format == "channels_first" else 1
        self.input_spec = InputSpec(ndim=self.rank + 2)


def _borders(value: Any, rank: int, name: str, where: str) -> tuple:
    """Return a number, one for each axis, or pairs, as pairs (one pair itself for one axis); raise ArgumentError for others."""
    if rank == 1:
        return window(value, 2, name, least=0)
    if isinstance(value, int):
        value = (value,) * rank
    if not hasattr(value, "__len__") or len(value) != rank:
        raise ArgumentError(message(where, f"`{name}`: an integer, {rank} integers or {rank} pairs", repr(value), "Count each border."))
    return tuple(window(v, 2, name, least=0) for v in value)


class _ZeroPadding(_Spatial):
    def call(self, inputs: Any) -> Any:
        """Return the inputs with zeros around."""
        pairs = (self.padding,) if self.rank == 1 else self.padding  # type: ignore[attr-defined]
        before = ((0, 0),) * self._first
        return op("pad")(inputs, (*before, *pairs, *((0, 0),) * (self.rank + 2 - len(before) - len(pairs))))


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after each sequence: (batch, steps, channels). Keras's ZeroPadding1D.

    >>> import tensorweb as tw
    >>> tw.layers.ZeroPadding1D((1, 2))(tw.ones((1, 2, 1))).data_sync().tolist()
    [0.0, 1.0, 1.0, 0.0, 0.0]
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.padding = _borders(padding, 1, "padding", "ZeroPadding1D")


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images (batch, height, width, channels), or channels_first. Keras's and TensorFlow.js's ZeroPadding2D.

    `padding`: a number for all borders, (vertical, horizontal), or ((top, bottom), (left, right)).
    """

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.padding = _borders(padding, 2, "padding", "ZeroPadding2D")


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes (batch, depth, height, width, channels), or channels_first. Keras's ZeroPadding3D."""

    rank = 3

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.padding = _borders(padding, 3, "padding", "ZeroPadding3D")


class _Cropping(_Spatial):
    def call(self, inputs: Any) -> Any:
        """Return the inputs without their borders; raises ShapeError where nothing would be left."""
        pairs = (self.cropping,) if self.rank == 1 else self.cropping  # type: ignore[attr-defined]
        parts = [slice(None)] * self._first
        for size, (low, high) in zip(inputs.shape[self._first :], pairs):
            if low + high >= size:
                raise ShapeError(message(self.name, f"cropping of less than {size}", f"{low} and {high}", "Crop less."))
            parts.append(slice(low, size - high))
        return inputs[tuple(parts)]


class Cropping1D(_Cropping):
    """Takes steps from the begin and end of each sequence (batch, steps, channels). Keras's Cropping1D.

    >>> import tensorweb as tw
    >>> tw.layers.Cropping1D((1, 0))(tw.tensor([[[1.0], [2.0], [3.0]]])).tolist()
    [[[2.0], [3.0]]]
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any):
        super().__init__(**kwargs)
        self._place("channels_last")
        self.cropping = _borders(cropping, 1, "cropping", "Cropping1D")


class Cropping2D(_Cropping):
    """Takes rows and columns from the borders of images, as ZeroPadding2D adds them. Keras's and TensorFlow.js's Cropping2D."""

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.cropping = _borders(cropping, 2, "cropping", "Cropping2D")


class Cropping3D(_Cropping):
    """Takes planes from the borders of volumes, as ZeroPadding3D adds them. Keras's Cropping3D."""

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.cropping = _borders(cropping, 3, "cropping", "Cropping3D")


class _UpSampling(_Spatial):
    def call(self, inputs: Any) -> Any:
        """Return the inputs with each place repeated."""
        sizes = (self.size,) if self.rank == 1 else self.size  # type: ignore[attr-defined]
        # Each axis gets one of its own for the repetitions, and both become one.
        split, wide, shape = list(inputs.shape), list(inputs.shape), list(inputs.shape)
        for i in reversed(range(self.rank)):
            axis = self._first + i
            split.insert(axis + 1, 1)
            wide.insert(axis + 1, sizes[i])
            shape[axis] *= sizes[i]
        return op("reshape")(op("broadcast_to")(op("reshape")(inputs, split), wide), shape)


class UpSampling1D(_UpSampling):
    """Repeats each step `size` times: (batch, steps, channels). Keras's UpSampling1D.

    >>> import tensorweb as tw
    >>> tw.layers.UpSampling1D(2)(tw.tensor([[[1.0], [2.0]]])).data_sync().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """

    def __init__(self, size: int = 2, **kwargs: Any):
        super().__init__(**kwargs)
        self._place("channels_last")
        if isinstance(size, (list, tuple)) and len(size) == 1:  # as Keras 2's files may have it
            size = size[0]
        if not isinstance(size, int) or isinstance(size, bool):
            raise ConversionError(message("UpSampling1D", "an integer `size`", repr(size), "Say how often."))
        self.size = window(size, 1, "size")[0]


class UpSampling2D(_UpSampling):
    """Enlarges images (batch, height, width, channels), or channels_first, by `size`. Keras's and TensorFlow.js's UpSampling2D.

    `interpolation`: nearest repeats pixels; bilinear, bicubic, lanczos3, lanczos5 and area resize as `tw.image.resize`.
    """

    rank = 2

    def __init__(self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.size, self.interpolation = window(size, 2, "size"), interpolation.lower()

    def call(self, inputs: Any) -> Any:
        """Return the images enlarged."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        height, width = inputs.shape[self._first : self._first + 2]
        target = (height * self.size[0], width * self.size[1])
        return op("image.resize")(inputs, target, interpolation=self.interpolation, data_format=self.data_format)


class UpSampling3D(_UpSampling):
    """Repeats the voxels of volumes (batch, depth, height, width, channels), or channels_first, `size` times. Keras's UpSampling3D."""

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._place(data_format)
        self.size = window(size, 3, "size")
