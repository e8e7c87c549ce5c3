"""SimpleRNN, GRU and LSTM: a cell of `rnn_cells.py` in the loop of `rnn.py`."""

from __future__ import annotations

from typing import Any

from .rnn import CellLayer
from .rnn_cells import GRUCell, LSTMCell, SimpleRNNCell


class SimpleRNN(CellLayer):
    """A recurrent layer whose output is its state: activation(x kernel + h recurrent_kernel + bias). Keras's class.

    Args: those of SimpleRNNCell and RNN. Inputs [batch, time, features] give [batch, units], or [batch, time, units] with
    `return_sequences`, and the last state after it with `return_state`.
    """

    cell_class, cell_name = SimpleRNNCell, "simple_rnn_cell"
    _not_in_config = ("cell", "seed")

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
        return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False,
        unroll: bool = False, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        self._start(locals(), 3)


class GRU(CellLayer):
    """A gated recurrent unit over a sequence (Cho et al., 2014). Keras's class.

    Args: those of GRUCell and RNN; `use_cudnn` changes nothing here. Inputs [batch, time, features] give [batch, units], or
    [batch, time, units] with `return_sequences`, and the last state after it with `return_state`.

    >>> import tensorweb as tw
    >>> output, state = tw.layers.GRU(4, return_sequences=True, return_state=True)(tw.zeros((2, 5, 3)))
    >>> output.shape, state.shape
    ((2, 5, 4), (2, 4))
    """

    cell_class, cell_name = GRUCell, "gru_cell"

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, reset_after: bool = True,
        use_cudnn: Any = "auto", **kwargs: Any,
    ):  # fmt: skip
        self._start(locals(), 3)


class LSTM(CellLayer):
    """A long short-term memory over a sequence (Hochreiter, 1997). Keras's class.

    Args: those of LSTMCell and RNN; `use_cudnn` changes nothing here. Inputs [batch, time, features] give [batch, units], or
    [batch, time, units] with `return_sequences`, and the last h and c after it with `return_state`.

    >>> import tensorweb as tw
    >>> output, h, c = tw.layers.LSTM(4, return_state=True)(tw.ones((2, 5, 3)))
    >>> output.shape, c.shape, (output == h).tolist() == [[True] * 4] * 2
    ((2, 4), (2, 4), True)
    """

    cell_class, cell_name = LSTMCell, "lstm_cell"

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
        activity_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None,
        dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None, return_sequences: bool = False,
        return_state: bool = False, go_backwards: bool = False, stateful: bool = False, unroll: bool = False, use_cudnn: Any = "auto",
        **kwargs: Any,
    ):  # fmt: skip
        self._start(locals(), 3)
