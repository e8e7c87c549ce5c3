"""Convolutions and transposed convolutions of 1, 2 and 3 dimensions. Depthwise and separable ones: `separable.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from ..errors import ArgumentError, ShapeError, message
from ..tensor import Variable, op
from .arguments import at_least_one, window
from .convolution_base import BaseConvolution


class _Convolution(BaseConvolution):
    """A convolution of `rank` dimensions with a kernel [...spatial, channels // groups, filters]."""

    kernel: Variable

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, groups: int = 1, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, bias_initializer, bias_regularizer,
            activity_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        where = type(self).__name__
        self.filters, self.groups = at_least_one(filters, "filters", where), at_least_one(groups, "groups", where)
        self._set_weight_options("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        if filters is not None and filters % groups:
            raise ArgumentError(message(where, f"filters evenly divisible by {groups} groups", filters, "Each group makes as many."))
        self._check_strides()

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for inputs of a shape."""
        channels = self._channels(input_shape)
        if channels % self.groups:
            advice = "Each group works on as many channels."
            raise ShapeError(message(self.name, f"input channels evenly divisible by {self.groups} groups", channels, advice))
        self.kernel = self._add_weight("kernel", "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        return self._contract("conv", inputs, after, padding)


class Conv1D(_Convolution):
    """Convolution of sequences [batch, steps, channels] with `filters` kernels of `kernel_size` steps. Keras's Conv1D.

    `padding` is valid, same or causal: no output then depends on later steps. Other arguments as in Conv2D.
    """

    rank = 1
    _causal = True


class Conv2D(_Convolution):
    """Convolution of images [batch, height, width, channels]: `filters` kernels of `kernel_size` (an int or two) slide over them.

    Args: `strides`, `padding` (valid or same), `data_format` (channels_last or channels_first), `dilation_rate`, `groups`,
    `activation`, `use_bias`, and initializer, regularizer and constraint of kernel and bias. Raises ArgumentError for values that do
    not fit together, ShapeError at the call if the window does not fit. Keras's Conv2D; TensorFlow.js's conv2d.

    >>> import tensorweb as tw
    >>> layer = tw.layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")
    >>> layer(tw.ones((1, 28, 28, 1))).shape, layer.kernel.shape
    ((1, 14, 14, 8), (3, 3, 1, 8))
    """

    rank = 2


class Conv3D(_Convolution):
    """Convolution of volumes [batch, depth, height, width, channels]. Arguments as in Conv2D. Keras's Conv3D."""

    rank = 3


class _Transposed(BaseConvolution):
    """A transposed convolution of `rank` dimensions with a kernel [...spatial, filters, channels]."""

    _legacy_keys: ClassVar[tuple[str, ...]] = ("rank", "groups")
    kernel: Variable

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: Any = "valid", output_padding: Any = None,
        data_format: str | None = None, dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None, bias_constraint: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, bias_initializer, bias_regularizer,
            activity_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        where = type(self).__name__
        self.filters = at_least_one(filters, "filters", where)
        self.output_padding = None if output_padding is None else window(output_padding, self.rank, "output_padding", 0)
        self._set_weight_options("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        if self.output_padding is not None and any(p >= s for p, s in zip(self.output_padding, self.strides)):
            wanted = f"an `output_padding` strictly less than `strides` {self.strides}"
            raise ArgumentError(message(where, wanted, self.output_padding, "A stride of s leaves up to s - 1 more outputs."))
        self._check_strides()

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for inputs of a shape."""
        self.kernel = self._add_weight("kernel", "kernel", (*self.kernel_size, self.filters, self._channels(input_shape)))
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        options = self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate
        return self._finish(op("conv_transpose")(inputs, self.kernel, *options), after)


class Conv1DTranspose(_Transposed):
    """Transposed convolution of sequences. Arguments as in Conv2DTranspose. Keras's Conv1DTranspose."""

    rank = 1


class Conv2DTranspose(_Transposed):
    """Transposed convolution of images: what goes back from a convolution's outputs to the sizes of its inputs.

    `padding` same multiplies sizes by `strides`; `output_padding` (less than strides) chooses among the sizes that a convolution
    brings to the input's. Other arguments as in Conv2D. Keras's Conv2DTranspose; TensorFlow.js's conv2dTranspose.

    >>> import tensorweb as tw
    >>> tw.layers.Conv2DTranspose(4, 3, strides=2, padding="same")(tw.ones((1, 7, 7, 8))).shape
    (1, 14, 14, 4)
    """

    rank = 2


class Conv3DTranspose(_Transposed):
    """Transposed convolution of volumes. Arguments as in Conv2DTranspose, data_format before output_padding. Keras's Conv3DTranspose."""

    rank = 3

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None,
        output_padding: Any = None, dilation_rate: Any = 1, *args: Any, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, *args, **kwargs)


# Keras's second names.
Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
Convolution1DTranspose, Convolution2DTranspose, Convolution3DTranspose = Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
