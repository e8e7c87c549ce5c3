"""RandomWidth: TensorFlow.js's layer that stretches images. Layers of a fixed size: `sizes`."""

from __future__ import annotations

from typing import Any

from ...errors import ArgumentError, message
from ...ops.random import SeedGenerator
from ...symbolic import KerasTensor
from ...tensor import op
from ..categories import abstract_tensor
from ..layer import Layer

_RESIZE = {"bilinear": "image.resize_bilinear", "nearest": "image.resize_nearest_neighbor"}


class RandomWidth(Layer):
    """Stretches images [..., height, width, channels] to a random width, in training and out of it. TensorFlow.js's randomWidth.

    Args: `factor`: by which part the width shrinks or grows at most, or a pair such as (-0.2, 0.3); `interpolation`: "bilinear" or
    "nearest"; `seed`; `auto_vectorize`: accepted. Raises ArgumentError for factors below -1 or out of order.

    >>> import tensorweb as tw
    >>> tw.layers.RandomWidth((0.5, 0.5))(tw.zeros((1, 2, 4, 1))).shape
    (1, 2, 6, 1)
    """

    def __init__(
        self, factor: Any, interpolation: str = "bilinear", seed: int | None = None, auto_vectorize: bool | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        pair = tuple(factor) if isinstance(factor, (list, tuple)) else (-factor, factor) if factor > 0 else ()
        if len(pair) != 2 or min(pair) < -1 or pair[0] > pair[1]:
            expected = "a positive number, or two numbers from -1 on in order"
            raise ArgumentError(message("RandomWidth(factor=)", expected, repr(factor), "Pass for example 0.2."))
        if interpolation not in _RESIZE:
            raise ArgumentError(message("RandomWidth(interpolation=)", "'bilinear' or 'nearest'", repr(interpolation), "Choose one."))
        self.factor, self.interpolation, self.auto_vectorize = factor, interpolation, auto_vectorize
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self._range = 1.0 + pair[0], 1.0 + pair[1]

    def call(self, inputs: Any) -> Any:
        """Return the images stretched, all of one call alike."""
        height, width = inputs.shape[-3:-1]
        if inputs.is_abstract:
            return abstract_tensor((*inputs.shape[:-2], None, inputs.shape[-1]), "float32")
        factor = op("random.uniform")((1,), *self._range, seed=self.seed_generator).tolist()[0]
        return op(_RESIZE[self.interpolation])(inputs, (height, int(factor * width + 0.5)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inputs' shape with an unknown width."""
        return (*input_shape[:-2], None, input_shape[-1])

    def compute_output_spec(self, inputs: Any) -> KerasTensor:
        """Return the KerasTensor of the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), "float32")
