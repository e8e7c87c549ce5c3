"""Convolutions of each channel on its own, alone (depthwise) or followed by a mix of channels (separable); 1 and 2 dimensions."""

from __future__ import annotations

from typing import Any, ClassVar

from ..tensor import Variable, op
from .arguments import at_least_one
from .convolution_base import BaseConvolution


class _Depthwise(BaseConvolution):
    """A depthwise convolution of `rank` dimensions with a kernel [...spatial, channels, depth_multiplier]."""

    _legacy_keys: ClassVar[tuple[str, ...]] = ("rank", "groups", "filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
    kernel: Variable

    def __init__(
        self, kernel_size: Any, strides: Any = 1, padding: Any = "valid", depth_multiplier: int = 1, data_format: str | None = None,
        dilation_rate: Any = 1, activation: Any = None, use_bias: bool = True, depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros", depthwise_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, depthwise_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, bias_initializer, bias_regularizer,
            activity_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = at_least_one(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_weight_options("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for inputs of a shape."""
        channels = self._channels(input_shape)
        self.kernel = self._add_weight("kernel", "depthwise", (*self.kernel_size, channels, self.depth_multiplier))
        self._add_bias(channels * self.depth_multiplier)

    def _convolve(self, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        return self._contract("depthwise_conv", inputs, after, padding)


class DepthwiseConv1D(_Depthwise):
    """Convolution of each channel of sequences on its own. Arguments as in DepthwiseConv2D. Keras's DepthwiseConv1D."""

    rank = 1


class DepthwiseConv2D(_Depthwise):
    """Convolution of each channel of images with `depth_multiplier` kernels of its own. Other arguments as in Conv2D.

    Keras's DepthwiseConv2D; TensorFlow.js's depthwiseConv2d.

    >>> import tensorweb as tw
    >>> tw.layers.DepthwiseConv2D(3, depth_multiplier=2)(tw.ones((1, 5, 5, 4))).shape
    (1, 3, 3, 8)
    """

    rank = 2


class _Separable(BaseConvolution):
    """A depthwise convolution of `rank` dimensions, then one with a kernel of size 1 that mixes the channels."""

    _legacy_keys: ClassVar[tuple[str, ...]] = ("rank", "groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
    depthwise_kernel: Variable
    pointwise_kernel: Variable

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: Any = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, depth_multiplier: int = 1, activation: Any = None, use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform", pointwise_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None, pointwise_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, depthwise_constraint: Any = None, pointwise_constraint: Any = None,
        bias_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, bias_initializer, bias_regularizer,
            activity_regularizer, bias_constraint, **kwargs,
        )  # fmt: skip
        where = type(self).__name__
        self.filters = at_least_one(filters, "filters", where)
        self.depth_multiplier = at_least_one(depth_multiplier, "depth_multiplier", where)
        self._set_weight_options("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._set_weight_options("pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make the kernels and the bias for inputs of a shape."""
        channels = self._channels(input_shape)
        self.depthwise_kernel = self._add_weight("depthwise_kernel", "depthwise", (*self.kernel_size, channels, self.depth_multiplier))
        shape = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._add_weight("pointwise_kernel", "pointwise", shape)
        self._add_bias(self.filters)

    def _convolve(self, inputs: Any, after: dict[str, Any], padding: Any = None) -> Any:
        kernels = self.depthwise_kernel, self.pointwise_kernel
        made = op("separable_conv")(inputs, *kernels, self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(made, after)


class SeparableConv1D(_Separable):
    """Depthwise convolution of sequences, then a mix of their channels. Arguments as in SeparableConv2D. Keras's SeparableConv1D."""

    rank = 1


class SeparableConv2D(_Separable):
    """Depthwise convolution of images, then one with a kernel of size 1 to `filters` channels. Keras's SeparableConv2D.

    Arguments as in Conv2D, with `depth_multiplier` and initializer, regularizer and constraint of both kernels.

    >>> import tensorweb as tw
    >>> tw.layers.SeparableConv2D(8, 3)(tw.ones((1, 5, 5, 4))).shape
    (1, 3, 3, 8)
    """

    rank = 2


# Keras's second names.
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
