"""Layers that apply an activation function to each element (Softmax: along axes), some with weights or settings of their own."""

from __future__ import annotations

import warnings
from typing import Any

from .. import activations
from ..errors import ArgumentError, ShapeError, message
from ..tensor import as_tensor, op
from .input_spec import InputSpec
from .keras2 import keras2_config
from .layer import Layer
from .weight_arguments import add_described, set_weight_arguments


class _Elementwise(Layer):
    """Base of layers without weights whose outputs have the inputs' shape and mask."""

    supports_masking = True

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        self.built = type(self).build is Layer.build


class Activation(_Elementwise):
    """activation(inputs), `activation` a function or its name. Keras's Activation, TensorFlow.js's activation.

    >>> import tensorweb as tw
    >>> tw.layers.Activation("relu")(tw.tensor([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, activation: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return self.activation(inputs)

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of a config of Keras 2 or TensorFlow.js, whose hard_sigmoid is another function."""
        return cls.from_config(keras2_config(cls.__name__, config))


class ELU(_Elementwise):
    """x above 0, else alpha * (exp(x) - 1). Keras's ELU, TensorFlow.js's elu."""

    def __init__(self, alpha: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = alpha

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return op("elu")(inputs, alpha=self.alpha)


class LeakyReLU(_Elementwise):
    """x above 0, else negative_slope * x. Keras's LeakyReLU, TensorFlow.js's leakyReLU (there and in Keras 2 the slope is `alpha`)."""

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any):
        if "alpha" in kwargs:
            warnings.warn("LeakyReLU: `alpha` is Keras 2's name of `negative_slope`", stacklevel=2)
            negative_slope = _number(kwargs.pop("alpha"))
        super().__init__(**kwargs)
        self.negative_slope = _at_least_zero(negative_slope, "negative_slope", "LeakyReLU")

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return op("leaky_relu")(inputs, negative_slope=self.negative_slope)


class ReLU(_Elementwise):
    """x from `threshold` up to `max_value`, below negative_slope * (x - threshold). Keras's ReLU, TensorFlow.js's reLU.

    Raises ArgumentError for negative settings.
    """

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else _at_least_zero(_number(max_value), "max_value", "ReLU")
        self.negative_slope = _at_least_zero(_number(negative_slope), "negative_slope", "ReLU")
        self.threshold = _at_least_zero(_number(threshold), "threshold", "ReLU")

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class ThresholdedReLU(_Elementwise):
    """x above `theta`, else 0. Of Keras 2, and TensorFlow.js's thresholdedReLU.

    >>> import tensorweb as tw
    >>> tw.layers.ThresholdedReLU(theta=1.0)(tw.tensor([0.5, 1.0, 2.0])).tolist()
    [0.0, 0.0, 2.0]
    """

    def __init__(self, theta: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.theta = _at_least_zero(_number(theta), "theta", "ThresholdedReLU")

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return op("threshold")(inputs, self.theta, 0.0)


class PReLU(Layer):
    """x above 0, else alpha * x with weights `alpha` to learn, one for each place. Keras's PReLU, TensorFlow.js's prelu.

    Args: initializer, regularizer and constraint of `alpha`; `shared_axes`: axes (the batch is axis 0) along which one alpha serves.
    """

    supports_masking = True

    def __init__(
        self, alpha_initializer: Any = "Zeros", alpha_regularizer: Any = None, alpha_constraint: Any = None, shared_axes: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        set_weight_arguments(
            self, alpha_initializer=alpha_initializer, alpha_regularizer=alpha_regularizer, alpha_constraint=alpha_constraint
        )
        single = shared_axes is not None and not isinstance(shared_axes, (list, tuple))
        self.shared_axes = [shared_axes] if single else None if shared_axes is None else list(shared_axes)

    def build(self, input_shape: Any) -> None:
        """Make alpha for inputs of a shape."""
        shared = self.shared_axes or []
        shape = [1 if i + 1 in shared else d for i, d in enumerate(input_shape[1:])]
        self.alpha = add_described(self, "alpha", shape)
        axes = {i: input_shape[i] for i in range(1, len(input_shape)) if i not in shared} if shared else {}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        """Return the activation of each element."""
        return op("prelu")(inputs, self.alpha)


class Softmax(_Elementwise):
    """exp(x) over its sum along `axis` (an int or several), without what `mask` leaves out. Keras's Softmax, TensorFlow.js's softmax.

    The mask broadcasts to the inputs; where it is False (or below 0.5) the output is 0. Raises ShapeError if it does not fit.

    >>> import tensorweb as tw
    >>> tw.layers.Softmax()(tw.tensor([[1.0, 1.0, 5.0]]), mask=tw.tensor([[True, True, False]])).tolist()
    [[0.5, 0.5, 0.0]]
    """

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Return the softmax of inputs of any rank."""
        if mask is not None:
            mask = self._fitting(mask, inputs.shape)
            inputs = op("where")(mask, inputs, -3e4 if inputs.dtype == "float16" else -1e9)
        axes = tuple(self.axis) if isinstance(self.axis, (list, tuple)) else (self.axis,)
        if len(axes) == 1 or not inputs.size:
            made = op("softmax")(inputs, axis=axes[0])
        else:
            made = op("exp")(inputs - op("logsumexp")(inputs, axis=axes, keepdims=True))
        return made if mask is None else op("where")(mask, made, 0.0)

    def _fitting(self, mask: Any, shape: tuple[int, ...]) -> Any:
        mask = as_tensor(mask, "Softmax")
        rest = shape[len(shape) - len(mask.shape) :]
        if len(mask.shape) > len(shape) or any(m not in (1, d) for m, d in zip(mask.shape, rest)):
            raise ShapeError(message("Softmax", f"a mask that broadcasts to {shape}", f"shape {mask.shape}", "Give it dimensions of 1."))
        return mask if mask.dtype == "bool" else op("greater")(mask, 0.5)


def _number(value: Any) -> Any:
    """Return a setting of a Keras 2 file, which may be an array of one number, as a number."""
    return value.item() if hasattr(value, "item") else value


def _at_least_zero(value: Any, name: str, where: str) -> Any:
    if value is None or value < 0:
        raise ArgumentError(message(where, f"`{name}` of 0 or more", repr(value), "Slopes and bounds are not negative."))
    return value
