"""Layers that give the same elements another shape: Flatten, Reshape, Permute, RepeatVector. Cropping and padding: `padding`."""

from __future__ import annotations

import math
from typing import Any

from .. import engine
from ..config import standardize_data_format
from ..engine import ABSTRACT
from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..tensor import Tensor, op
from .input_spec import InputSpec
from .layer import Layer


class Flatten(Layer):
    """Makes each sample a vector: (batch, ...) gives (batch, n). Keras's Flatten, TensorFlow.js's flatten.

    With `data_format` channels_first the channels become the last axis before; a vector (batch,) gives (batch, 1).

    >>> import tensorweb as tw
    >>> tw.layers.Flatten()(tw.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._channels_first = self.data_format == "channels_first"

    def call(self, inputs: Any) -> Any:
        """Return the inputs as vectors."""
        shape = inputs.shape
        if self._channels_first and len(shape) > 1:
            inputs = op("transpose")(inputs, (0, *range(2, len(shape)), 1))
        return op("reshape")(inputs, (shape[0], math.prod(shape[1:])))


class Reshape(Layer):
    """Gives each sample the shape `target_shape`, in which one size may be -1. Keras's Reshape, TensorFlow.js's reshape.

    Raises ArgumentError for two unknown sizes, ShapeError where the numbers of elements differ.

    >>> import tensorweb as tw
    >>> tw.layers.Reshape((-1, 2))(tw.ones((5, 8))).shape
    (5, 4, 2)
    """

    def __init__(self, target_shape: Any, **kwargs: Any):
        super().__init__(**kwargs)
        target = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        # TensorFlow.js writes null for the size that follows from the others.
        target = tuple(-1 if d is None else d for d in target)
        if sum(d == -1 for d in target) > 1 or any(not isinstance(d, int) or d < -1 for d in target):
            raise ArgumentError(message("Reshape", "a `target_shape` with at most one unknown size (-1)", target, "Name the others."))
        self.target_shape = target
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the inputs, each sample in the target shape."""
        shape, target = inputs.shape, self.target_shape
        n = math.prod(shape[1:])
        known = math.prod(d for d in target if d != -1)
        fits = n == known if -1 not in target else bool(known) and n % known == 0
        if not fits and not (inputs.is_abstract and engine.state.get().unknown in shape[1:]):
            raise ShapeError(message("Reshape", f"{target} of as many elements as {shape[1:]}", f"{n} elements", "Correct target_shape."))
        sizes = (shape[0], *(n // (known or 1) if d == -1 else d for d in target))
        # While sizes are unknown they need not fit.
        return op("reshape")(inputs, sizes) if fits else Tensor(ABSTRACT, sizes, inputs.dtype)


class Permute(Layer):
    """Permutes the axes of each sample: `dims` counts them from 1, without the batch. Keras's Permute, TensorFlow.js's permute.

    >>> import tensorweb as tw
    >>> tw.layers.Permute((2, 1))(tw.ones((5, 3, 4))).shape
    (5, 4, 3)
    """

    def __init__(self, dims: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ArgumentError(message("Permute", "`dims`, a permutation of axes from 1", self.dims, "The batch is not among them."))
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Any) -> Any:
        """Return the inputs with axes permuted."""
        return op("transpose")(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Repeats each vector n times: (batch, m) gives (batch, n, m). Keras's RepeatVector, TensorFlow.js's repeatVector."""

    def __init__(self, n: int, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool):
            raise ConversionError(message("RepeatVector", "an integer n", repr(n), "Say how often."))
        if n <= 0:
            raise ArgumentError(message("RepeatVector", "n above 0", n, "Say how often."))
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Any) -> Any:
        """Return the inputs repeated."""
        batch, size = inputs.shape
        return op("broadcast_to")(op("reshape")(inputs, (batch, 1, size)), (batch, self.n, size))
