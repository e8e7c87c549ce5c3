"""TensorFlow.js's cells and running means: basicLSTMCell, multiRNNCell, movingAverage. Recurrent layers are in `layers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import engine
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..tensor import as_tensor
from .define import composite, op, row_body
from .shaping import take_slice


def _sigmoid(x: Any) -> Any:
    # By tanh: it overflows nowhere.
    return e.tanh(x * 0.5) * 0.5 + 0.5


def _lstm(i: Any, j: Any, f: Any, o: Any, c: Any, forget_bias: Any) -> tuple[Any, Any]:
    new_c = _sigmoid(i) * e.tanh(j) + c * _sigmoid(forget_bias + f)
    return new_c, e.tanh(new_c) * _sigmoid(o)


@composite(method=False)
def basic_lstm_cell(forget_bias: Any, lstm_kernel: Any, lstm_bias: Any, data: Any, c: Any, h: Any) -> tuple[Any, Any]:
    """Return the next (c, h), each [batch, units], of an LSTM cell. TensorFlow.js basicLSTMCell.

    `lstm_kernel` is [inputs + units, 4 * units], `lstm_bias` [4 * units], their gates in the order input, new, forget, output.
    """
    where = "basic_lstm_cell"
    kernel, bias, data, c, h = (as_tensor(v, where) for v in (lstm_kernel, lstm_bias, data, c, h))
    units = h.shape[-1] if len(h.shape) == 2 else -1
    fits = len(data.shape) == 2 and c.shape == h.shape == (data.shape[0], units) and kernel.shape == (data.shape[1] + units, 4 * units)
    if not fits or bias.shape != (4 * units,):
        shapes = ", ".join(str(v.shape) for v in (kernel, bias, data, c, h))
        raise ShapeError(message(where, "shapes (n+u, 4u), (4u,), (b, n), (b, u), (b, u)", shapes, "Correct them."))
    gates = op("add")(op("matmul")(op("concatenate")([data, h], axis=1), kernel), bias)
    parts = [take_slice(gates, (0, k * units), (data.shape[0], units), (1, 1)) for k in range(4)]
    forget = forget_bias if type(forget_bias) is float else as_tensor(forget_bias, where)
    return engine.run(row_body(_lstm, None, True, 6), (*parts, c, forget))


@composite(method=False)
def multi_rnn_cell(lstm_cells: Sequence[Callable[..., Any]], data: Any, c: Sequence[Any], h: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the next states (list of c, list of h) of cells one on top of the other. TensorFlow.js multiRNNCell.

    A cell is a function (data, c, h) -> (c, h), such as a partial `basic_lstm_cell`.
    """
    if not len(lstm_cells) == len(c) == len(h):
        counts = f"{len(lstm_cells)}, {len(c)}, {len(h)}"
        raise ArgumentError(message("multi_rnn_cell", "as many cells as states c and h", counts, "Pass one state a cell."))
    new_c, new_h = [], []
    for cell, old_c, old_h in zip(lstm_cells, c, h, strict=True):
        made = cell(data, old_c, old_h)
        new_c.append(made[0])
        new_h.append(made[1])
        data = made[1]
    return new_c, new_h


def _average(v: Any, x: Any, decay: Any) -> Any:
    return v + (x - v) * (1.0 - decay)


def _average_from_zero(v: Any, x: Any, decay: Any, step: Any) -> Any:
    return v + (x - v) * (1.0 - decay) / (1.0 - e.power(decay, step))


@composite
def moving_average(v: Any, x: Any, decay: Any, step: Any = None, zero_debias: bool = True) -> Any:
    """Return v moved towards x by 1 - decay; `zero_debias` makes up for a start from zero and needs the number of the `step`.

    TensorFlow.js movingAverage. Raises ArgumentError if the step is missing, ShapeError if v and x differ in shape.
    """
    v, x = as_tensor(v, "moving_average"), as_tensor(x, "moving_average")
    if v.shape != x.shape:
        raise ShapeError(message("moving_average", "v and x of one shape", f"{v.shape} and {x.shape}", "Reshape one of them."))
    if not zero_debias:
        return engine.run(row_body(_average, None, True, 3), (v, x, decay))
    if step is None:
        raise ArgumentError(message("moving_average", "a step", "None", "Pass the step's number, or zero_debias=False."))
    return engine.run(row_body(_average_from_zero, None, True, 4), (v, x, decay, step))
