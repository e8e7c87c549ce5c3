"""Layers that put noise on their inputs while training, and ActivityRegularization. What they draw is the business of `ops.random`."""

from __future__ import annotations

import math
from typing import Any

from .. import regularizers
from ..config import standardize_data_format
from ..errors import ArgumentError, message
from ..ops.random import SeedGenerator
from ..tensor import op
from .input_spec import InputSpec
from .layer import Layer


class _Noise(Layer):
    """Base of layers that change their inputs by `_noisy` in training, if their strength is above 0."""

    supports_masking = True
    rate: float
    stddev: float

    def _prepare(self, strength: str, value: float, seed: int | None) -> None:
        """Set the attribute `strength`, a share, and the generator of the noise."""
        if isinstance(value, bool) or not 0 <= value <= 1:
            raise ArgumentError(message(type(self).__name__, f"`{strength}` from 0 to 1", repr(value), "It is a share."))
        self.seed, self._strength = seed, value
        setattr(self, strength, value)
        if value > 0:
            self.seed_generator = SeedGenerator(seed)
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any, training: bool | None = False) -> Any:
        """Return the inputs, in training with noise."""
        # Nothing is drawn while shapes are inferred.
        return self._noisy(inputs) if training and self._strength > 0 and not inputs.is_abstract else inputs

    def _noisy(self, inputs: Any) -> Any:
        raise NotImplementedError


class Dropout(_Noise):
    """Sets a share `rate` of the elements to 0 in training and scales up the others. Keras's Dropout, TensorFlow.js's dropout.

    Args: `noise_shape`: 1 for axes whose elements are dropped together, None for the input's own size; `seed`.

    >>> import tensorweb as tw
    >>> layer = tw.layers.Dropout(0.5, seed=1)
    >>> layer(tw.ones((2, 2))).tolist(), sorted(set(layer(tw.ones((9, 9)), training=True).data_sync()))
    ([[1.0, 1.0], [1.0, 1.0]], [0.0, 2.0])
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._prepare("rate", rate, seed)
        self.noise_shape = _noise_shape(noise_shape, type(self).__name__)

    def _noisy(self, inputs: Any) -> Any:
        return op("dropout")(inputs, self.rate, noise_shape=self.noise_shape, seed=self.seed_generator)


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance after selu: dropped elements take selu's negative limit. Keras's AlphaDropout.

    Args as of Dropout. TensorFlow.js's alphaDropout.
    """

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._prepare("rate", rate, seed)
        self.noise_shape = _noise_shape(noise_shape, type(self).__name__)

    def _noisy(self, inputs: Any) -> Any:
        shape = inputs.shape
        if self.noise_shape is not None:
            shape = tuple(shape[i] if d is None else d for i, d in enumerate(self.noise_shape))
        kept = op("greater_equal")(op("random.uniform")(shape, seed=self.seed_generator), self.rate)
        # The limit of selu at minus infinity; a and b bring mean 0 and variance 1 back (Klambauer et al., 2017).
        limit = -1.6732632423543772 * 1.0507009873554805
        a = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5 if self.rate < 1 else 0.0
        return op("where")(kept, inputs, limit) * a - a * limit * self.rate


class GaussianDropout(_Noise):
    """Multiplies by draws of mean 1 and standard deviation sqrt(rate / (1 - rate)) in training. Keras's GaussianDropout."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._prepare("rate", rate, seed)

    def _noisy(self, inputs: Any) -> Any:
        if self.rate == 1:
            raise ArgumentError(message(self.name, "a rate below 1", 1, "The noise of rate 1 is infinite."))
        deviation = math.sqrt(self.rate / (1.0 - self.rate))
        return inputs * op("random.normal")(inputs.shape, 1.0, deviation, self.compute_dtype, self.seed_generator)


class GaussianNoise(_Noise):
    """Adds draws of mean 0 and standard deviation `stddev` in training. Keras's GaussianNoise, TensorFlow.js's gaussianNoise."""

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self._prepare("stddev", stddev, seed)

    def _noisy(self, inputs: Any) -> Any:
        return inputs + op("random.normal")(inputs.shape, 0.0, self.stddev, self.compute_dtype, self.seed_generator)


class _SpatialDropout(Dropout):
    """Base of Dropout that drops whole channels."""

    rank = 1
    data_format = "channels_last"

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None, **kwargs: Any):
        # Files of Keras 2 and TensorFlow.js name these, of no effect here.
        kwargs.pop("noise_shape", None)
        super().__init__(rate, None, seed, name=name, dtype=dtype, **kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _noisy(self, inputs: Any) -> Any:
        shape: list[int | None] = [None, *([1] * self.rank), None]
        if self.data_format == "channels_first":
            shape[1], shape[-1] = None, 1
        return op("dropout")(inputs, self.rate, noise_shape=shape, seed=self.seed_generator)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}
        return config if self.rank == 1 else {**config, "data_format": self.data_format}


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of inputs (batch, steps, channels). Keras's SpatialDropout1D, TensorFlow.js's spatialDropout1d."""


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images (batch, height, width, channels), or channels_first. Keras's SpatialDropout2D."""

    rank = 2

    def __init__(
        self, rate: float, data_format: str | None = None, seed: int | None = None, name: str | None = None, dtype: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(rate, seed, name, dtype, **kwargs)
        self.data_format = standardize_data_format(data_format)


class SpatialDropout3D(SpatialDropout2D):
    """Dropout of whole channels of volumes (batch, depth, height, width, channels), or channels_first. Keras's SpatialDropout3D."""

    rank = 3


class ActivityRegularization(Layer):
    """Adds l1 * sum(|inputs|) + l2 * sum(inputs ** 2), over the batch's size, to what training minimises. Keras's layer."""

    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any):
        kwargs.pop("activity_regularizer", None)
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {k: v for k, v in super().get_config().items() if k != "activity_regularizer"}


def _noise_shape(value: Any, where: str) -> Any:
    """Return a noise shape as a tuple; raise ArgumentError unless it holds positive integers and None."""
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise ArgumentError(message(where, "a tuple or list of integers as `noise_shape`", repr(value), "Use 1 or None for each axis."))
    found = tuple(value)
    if any(d is not None and (not isinstance(d, int) or d <= 0) for d in found):
        raise ArgumentError(message(where, "a `noise_shape` of positive integers and None", found, "Use 1 or None for each axis."))
    return found
