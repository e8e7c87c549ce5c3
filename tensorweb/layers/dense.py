"""Dense: a matrix product with bias and activation. Products along chosen axes: `einsum_dense`."""

from __future__ import annotations

from typing import Any

from .. import activations
from ..tensor import op
from .arguments import fusible
from .input_spec import InputSpec
from .keras2 import keras2_config
from .layer import Layer
from .weight_arguments import add_described, drop_unsupported, positive_int, set_weight_arguments


class Dense(Layer):
    """activation(inputs @ kernel + bias) along the last axis. Keras's Dense, TensorFlow.js's dense.

    Inputs (batch, ..., n), at least of rank 2; outputs (batch, ..., units). Args: `units`; `activation`; `use_bias`; initializers,
    regularizers and constraints of `kernel` (n, units) and `bias` (units,). Raises ArgumentError for units below 1.

    >>> import tensorweb as tw
    >>> layer = tw.layers.Dense(2, kernel_initializer="ones", activation="relu")
    >>> layer(tw.tensor([[1.0, 2.0], [-1.0, 0.0]])).tolist()
    [[3.0, 3.0], [0.0, 0.0]]
    """

    def __init__(
        self, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
        kernel_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        drop_unsupported("Dense", kwargs)
        units = positive_int(units, "units", "Dense")
        # Together with input_dim, Keras 2 and TensorFlow.js name the size of the input.
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units, self.use_bias = units, use_bias
        self.activation = activations.get(activation)
        set_weight_arguments(
            self, kernel_initializer=kernel_initializer, bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias for inputs of a shape."""
        self.kernel = add_described(self, "kernel", (input_shape[-1], self.units))
        self.bias = add_described(self, "bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})

    def call(self, inputs: Any) -> Any:
        """Return the outputs for inputs (batch, ..., n)."""
        fused = "linear" if self.activation is None else fusible(self.activation)
        made = op("fused.matmul")(inputs, self.kernel, bias=self.bias, activation=fused or "linear")
        return made if fused else self.activation(made)

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return a layer of a config of Keras 2 or TensorFlow.js, whose hard_sigmoid is another function."""
        return cls.from_config(keras2_config(cls.__name__, config))

    def fused_call(self, inputs: Any, **after: Any) -> Any:
        """Return the product with bias and other parts of a fused op in place of the layer's activation: for inference plans."""
        return op("fused.matmul")(inputs, self.kernel, bias=self.bias, **after)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = super().get_config()
        return config if self.activity_regularizer is not None else {k: v for k, v in config.items() if k != "activity_regularizer"}
