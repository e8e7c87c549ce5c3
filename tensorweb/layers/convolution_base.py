"""What all convolution layers share: their arguments, weights, bias and activation. The layers: `convolution.py`, `separable.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from .. import activations, constraints, initializers, regularizers
from ..config import standardize_data_format
from ..errors import ArgumentError, ShapeError, message
from ..ops.fused import finish
from ..tensor import Variable, op
from .arguments import fusible, padding_name, window
from .input_spec import InputSpec
from .layer import Layer


class BaseConvolution(Layer):
    """Base of convolution layers of `rank` spatial axes; subclasses make kernels in `build` and define `_convolve(inputs)`."""

    rank = 0
    _causal = False
    # Keys in configs of Keras 2 and TensorFlow.js that mean nothing for the layer.
    _legacy_keys: ClassVar[tuple[str, ...]] = ("rank",)
    bias: Variable | None = None

    def __init__(
        self, kernel_size: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None, dilation_rate: Any = 1,
        activation: Any = None, use_bias: bool = True, bias_initializer: Any = "zeros", bias_regularizer: Any = None,
        activity_regularizer: Any = None, bias_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.kernel_size = window(kernel_size, self.rank, "kernel_size")
        self.strides = window(strides, self.rank, "strides")
        self.dilation_rate = window(dilation_rate, self.rank, "dilation_rate")
        self.padding = padding_name(padding, causal=self._causal)
        self.data_format = standardize_data_format(data_format)
        self.activation, self.use_bias = activations.get(activation), use_bias
        self._set_weight_options("bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        fused = fusible(self.activation)
        self._after: dict[str, Any] = {} if fused == "linear" or fused is None else {"activation": fused}
        self._activate = None if fused else self.activation

    def _set_weight_options(self, prefix: str, initializer: Any, regularizer: Any, constraint: Any) -> None:
        setattr(self, f"{prefix}_initializer", initializers.get(initializer))
        setattr(self, f"{prefix}_regularizer", regularizers.get(regularizer))
        setattr(self, f"{prefix}_constraint", constraints.get(constraint))

    def _check_strides(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            wanted, got = "`strides > 1` or `dilation_rate > 1`, not both", f"strides {self.strides}, dilation_rate {self.dilation_rate}"
            raise ArgumentError(message(type(self).__name__, wanted, got, "Set one of them to 1."))

    def _channels(self, input_shape: Any) -> int:
        """Return the number of channels of the inputs, which from now on is the only one accepted."""
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis] if len(input_shape) >= self.rank + 2 else None
        if channels is None:
            wanted = f"inputs of rank {self.rank + 2} with a known number of channels"
            raise ShapeError(message(self.name, wanted, tuple(input_shape), "Fix it in the input's shape."))
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_weight(self, name: str, prefix: str, shape: tuple[int, ...]) -> Variable:
        initializer, regularizer, constraint = (getattr(self, f"{prefix}_{k}") for k in ("initializer", "regularizer", "constraint"))
        return self.add_weight(shape=shape, initializer=initializer, name=name, regularizer=regularizer, constraint=constraint)

    def _add_bias(self, filters: int) -> None:
        self.bias = self._add_weight("bias", "bias", (filters,)) if self.use_bias else None

    def _finish(self, outputs: Any, after: dict[str, Any]) -> Any:
        """Return the outputs with bias and what comes after it."""
        bias: Any = self.bias
        if bias is not None and self.data_format == "channels_first":
            bias = op("reshape")(bias, (-1, *(1,) * self.rank))
        return finish(self.name, outputs, bias=bias, **after)

    def _contract(self, name: str, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        """Return the op `name` of inputs and kernel, with bias and what comes after it; in two dimensions all is one fused op."""
        padding = self.padding if padding is None else padding
        options = self.kernel, self.strides, padding, self.data_format, self.dilation_rate  # type: ignore[attr-defined]
        if self.rank == 2:
            return op(f"fused.{name}2d")(inputs, *options, bias=self.bias, **after)
        return self._finish(op(name)(inputs, *options), after)

    def _convolve(self, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        """Return the convolution with bias and what comes `after` it in the same op: scale and shift, an activation by name.

        `padding`, which plain and depthwise layers take, replaces the layer's own.
        """
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """Return the convolution of the inputs, with bias and activation."""
        outputs = self._convolve(inputs, self._after)
        return outputs if self._activate is None else self._activate(outputs)

    def fused_call(self, inputs: Any, padding: Any = None, **after: Any) -> Any:
        """Return the convolution with bias and other parts of a fused op in place of the layer's activation: for inference plans."""
        return self._convolve(inputs, after, padding)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer of a config of Keras 3, Keras 2 or TensorFlow.js."""
        dropped = {k for k in cls._legacy_keys if k != "groups" or config.get(k) == 1}
        return cls(**{k: v for k, v in config.items() if k not in dropped})
