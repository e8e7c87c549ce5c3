"""ConvLSTM1D, 2D and 3D: an LSTM whose products are convolutions. Its gates' arithmetic is that of LSTM, in `rnn_cells.py`."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..config import standardize_data_format
from ..errors import ArgumentError, ShapeError, message
from ..ops.steps import apply_step, parts
from ..tensor import op
from .arguments import padding_name, window
from .input_spec import InputSpec
from .rnn import CellLayer
from .rnn_cells import RNNCell, lstm_step


class ConvLSTMCell(RNNCell):
    """One step of a convolutional LSTM (Shi et al., 2015) of 1 to 3 spatial axes, its gates in the order input, forget, new, output.

    Call: inputs [batch, ...spatial, channels] (or channels_first) and states [h, c] give (h, [h, c]), with `filters` channels and
    the spatial sizes that the convolution leaves. Keras's class.
    """

    gates = 4

    def __init__(
        self, rank: int, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        self._start(locals())
        if rank > 3:
            raise ArgumentError(message(type(self).__name__, "a rank from 1 to 3", rank, "Count the spatial axes."))
        self.kernel_size, self.strides = window(kernel_size, rank, "kernel_size"), window(strides, rank, "strides")
        self.dilation_rate = window(dilation_rate, rank, "dilation_rate")
        self.padding, self.data_format = padding_name(padding), standardize_data_format(data_format)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            got = f"strides={self.strides}, dilation_rate={self.dilation_rate}"
            advice = "Specifying `strides > 1` is not compatible with `dilation_rate > 1`."
            raise ArgumentError(message(type(self).__name__, "strides or a dilation_rate above 1", got, advice))
        self.dropout_mask_count = self.gates
        self.input_spec = InputSpec(ndim=rank + 2)
        self.state_size = -1
        self.channel_axis = 1 if self.data_format == "channels_first" else rank + 1

    state_count = 2

    def build(self, inputs_shape: Any, states_shape: Any = None) -> None:
        """Make the weights for inputs of a step; raises ShapeError for unknown spatial sizes or channels."""
        spatial = inputs_shape[2:] if self.channel_axis == 1 else inputs_shape[1:-1]
        channels = inputs_shape[self.channel_axis]
        if None in spatial or channels is None:
            shape = tuple(inputs_shape)
            raise ShapeError(message(self.name, "known spatial sizes and channels", shape, "Give the Input its whole shape."))
        self.spatial_dims, self.input_dim = tuple(spatial), channels
        wide = 4 * self.filters  # type: ignore[attr-defined]
        recurrent = (*self.kernel_size, self.filters, wide)  # type: ignore[attr-defined]
        self._make_weights((*self.kernel_size, channels, wide), recurrent, (wide,))

    def project(self, inputs: Any, mask: Any = None) -> Any:
        rank = len(self.kernel_size)
        lead = inputs.shape[: -rank - 1]

        def convolved(x: Any, kernel: Any) -> Any:
            flat = op("reshape")(x, (prod(lead), *x.shape[-rank - 1 :]))
            return op("conv")(
                flat, kernel, strides=self.strides, padding=self.padding, data_format=self.data_format, dilation_rate=self.dilation_rate
            )

        made = self._masked(convolved, inputs, self._by_gate(self.kernel, mask), mask)  # type: ignore[attr-defined]
        if self.bias is not None:
            bias = self.bias if self.channel_axis != 1 else op("reshape")(self.bias, (-1,) + (1,) * rank)
            made = op("add")(made, bias)
        return op("reshape")(made, (*lead, *made.shape[1:]))

    def _masked(self, convolved: Any, x: Any, kernel: Any, mask: Any) -> Any:
        if mask is None:
            return convolved(x, kernel)
        return op("concatenate")([convolved(x * m, k) for m, k in zip(mask, kernel, strict=True)], axis=self.channel_axis)

    def advance(self, projected: Any, states: Sequence[Any], mask: Any, weights: tuple) -> tuple[Any, list[Any]]:
        h, c = states
        recurrent = self._masked(lambda x, k: op("conv")(x, k, padding="same", data_format=self.data_format), h, weights[0], mask)
        gates = parts(op("add")(projected, recurrent), 4, self.channel_axis)
        made = apply_step(lstm_step, (self.activation, self.recurrent_activation), *gates, c)  # type: ignore[attr-defined]
        return made[0], [made[0], made[1]]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return states of zeros for a batch; the cell must be built."""
        sizes = [self._size_after(i, n) for i, n in enumerate(self.spatial_dims)]
        shape = (batch_size, self.filters, *sizes) if self.channel_axis == 1 else (batch_size, *sizes, self.filters)  # type: ignore[attr-defined]
        return [op("zeros")(shape, dtype=self.compute_dtype) for _ in range(2)]

    def _size_after(self, axis: int, size: int) -> int:
        stride = self.strides[axis]
        if self.padding == "same":
            return -(-size // stride)
        return (size - self.dilation_rate[axis] * (self.kernel_size[axis] - 1) - 1) // stride + 1


class ConvLSTM2DCell(ConvLSTMCell):
    """One step of a convolutional LSTM on images. TensorFlow.js's convLstm2dCell."""

    def __init__(self, filters: int, kernel_size: Any, **kwargs: Any):
        super().__init__(2, filters, kernel_size, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        return {k: v for k, v in super().get_config().items() if k != "rank"}


class ConvLSTM(CellLayer):
    """Base of ConvLSTM1D, 2D and 3D: a ConvLSTMCell over a sequence of images (or lines, or volumes).

    Args: those of ConvLSTMCell and RNN. Inputs [batch, time, ...spatial, channels] (channels_first: [batch, time, channels,
    ...spatial]) give the last output without the time axis, or all with `return_sequences`, and h and c with `return_state`.
    """

    cell_class, cell_name = ConvLSTMCell, "conv_lstm_cell"
    _rank = 0

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid", data_format: str | None = None,
        dilation_rate: Any = 1, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, **kwargs: Any,
    ):  # fmt: skip
        rank = kwargs.pop("rank", self._rank)
        self._start(locals(), rank + 3)


class ConvLSTM1D(ConvLSTM):
    """A convolutional LSTM over sequences of lines: [batch, time, length, channels]. Keras's class."""

    _rank = 1


class ConvLSTM2D(ConvLSTM):
    """A convolutional LSTM over sequences of images: [batch, time, rows, columns, channels]. Keras's class.

    >>> import tensorweb as tw
    >>> tw.layers.ConvLSTM2D(4, 3, padding="same")(tw.zeros((2, 5, 8, 8, 1))).shape
    (2, 8, 8, 4)
    """

    _rank = 2


class ConvLSTM3D(ConvLSTM):
    """A convolutional LSTM over sequences of volumes: [batch, time, depth, rows, columns, channels]. Keras's class."""

    _rank = 3
