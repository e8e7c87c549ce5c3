"""The cells of recurrent layers: one step of SimpleRNN, GRU and LSTM, and StackedRNNCells. The loop over time is in `rnn.py`.

A cell of ours works in two parts, so that a layer can do the first for all steps at once: `project(inputs)`, what depends on the
inputs alone, and `advance(projected, states)`, a matrix product and one kernel for the gates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import activations, constraints, initializers, regularizers
from ..autodiff import leaves
from ..errors import ArgumentError, message
from ..ops.random import SeedGenerator
from ..ops.steps import apply_step, parts
from ..serialization import deserialize_keras_object
from ..tensor import op
from .dropout_rnn_cell import DropoutRNNCell
from .keras2 import keras2_config
from .layer import Layer

# How an argument becomes the attribute of its name, by the end of the name.
_GETTERS: dict[str, Callable[[Any], Any]] = {
    "activation": activations.get, "initializer": initializers.get, "regularizer": regularizers.get, "constraint": constraints.get,
    "dropout": lambda rate: min(1.0, max(0.0, rate)),
}  # fmt: skip


def set_arguments(layer: Any, given: dict[str, Any]) -> None:
    """Set the arguments of a constructor, its `locals()`, as attributes: names and configs become objects, rates bounded."""
    for name, value in given.items():
        if name not in ("self", "kwargs", "__class__"):
            getter = _GETTERS.get(name.rpartition("_")[2])
            setattr(layer, name, value if getter is None else getter(value))


class RNNCell(DropoutRNNCell, Layer):
    """Base of the cells here: weights, dropout, and a call in two parts."""

    gates = 1
    units: int
    bias: Any
    seed: Any
    unit_forget_bias = False

    def _start(self, given: dict[str, Any]) -> None:
        """Take the constructor's arguments."""
        self.implementation = given["kwargs"].pop("implementation", 2)
        super().__init__(**given["kwargs"])
        set_arguments(self, given)
        if "units" in given and not (isinstance(self.units, int) and self.units > 0):
            raise ArgumentError(message(type(self).__name__, "units to be a positive integer", self.units, "Pass units=32, for example."))
        self.seed_generator = SeedGenerator(self.seed)
        if self.gates > 1 and (self.implementation == 1 or self.recurrent_dropout > 0):
            self.dropout_mask_count = self.gates

    def _make_weights(self, kernel_shape: tuple, recurrent_shape: tuple, bias_shape: tuple) -> None:
        """Make kernel, recurrent_kernel and bias."""
        for name, shape in (("kernel", kernel_shape), ("recurrent_kernel", recurrent_shape), ("bias", bias_shape)):
            if name == "bias" and not self.use_bias:  # type: ignore[attr-defined]
                self.bias = None
                continue
            prefix = name.removesuffix("_kernel")
            initializer = self._forget_more if name == "bias" and self.unit_forget_bias else getattr(self, f"{prefix}_initializer")
            regularizer, constraint = getattr(self, f"{prefix}_regularizer"), getattr(self, f"{prefix}_constraint")
            made = self.add_weight(shape=shape, name=name, initializer=initializer, regularizer=regularizer, constraint=constraint)
            setattr(self, name, made)

    def _forget_more(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """Return the first bias of the four gates, that of the forget gate ones (Jozefowicz et al., 2015)."""
        units = shape[0] // 4
        made = [self.bias_initializer((n * units,), dtype=dtype) for n in (1, 2)]  # type: ignore[attr-defined]
        return op("concatenate")([made[0], op("ones")((units,), dtype=dtype), made[1]], axis=0)

    # --- a step ---

    def call(self, inputs: Any, states: Any, training: Any = False) -> Any:
        """Return (output, states) of a step: inputs [batch, features], states as `get_initial_state` gives them."""
        nested = isinstance(states, (list, tuple))
        old = states if nested else [states]
        dropping = bool(training)
        mask = self.get_dropout_mask(inputs) if dropping and 0 < self.dropout < 1 else None
        recurrent = self.recurrent_mask(old[0], dropping)
        output, new = self.advance(self.project(inputs, mask), old, recurrent, self.step_weights(recurrent))
        return output, (new if nested else new[0])

    def recurrent_mask(self, state: Any, training: Any) -> Any:
        """Return the mask that a step in this mode applies to the state."""
        return self.get_recurrent_dropout_mask(state) if training and 0 < self.recurrent_dropout < 1 else None

    def project(self, inputs: Any, mask: Any = None) -> Any:
        """Return the inputs [..., features] times the kernel plus the bias, [..., gates * units]; mask broadcasts to them."""
        return _product(inputs, self._by_gate(self.kernel, mask), mask, self._input_bias())  # type: ignore[attr-defined]

    def _input_bias(self) -> Any:
        return self.bias

    def _by_gate(self, kernel: Any, mask: Any) -> Any:
        """Return a kernel's value, cut into those of the gates where each has a mask of its own."""
        return parts(kernel.value, self.gates, len(kernel.shape) - 1) if isinstance(mask, list) else kernel.value

    def step_weights(self, mask: Any) -> tuple:
        """Return the tensors that each step uses, so that they are read and cut once for all steps."""
        return (self._by_gate(self.recurrent_kernel, mask),)  # type: ignore[attr-defined]

    def advance(self, projected: Any, states: Sequence[Any], mask: Any, weights: tuple) -> tuple[Any, list[Any]]:
        """Return (output, new states) of a step whose inputs are projected already; `mask` drops parts of the state."""
        raise NotImplementedError

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return states of zeros for a batch."""
        return [op("zeros")((batch_size, n), dtype=self.compute_dtype) for n in leaves(self.state_size)]  # type: ignore[attr-defined]

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return the cell of a config of Keras 2 or TensorFlow.js."""
        return cls.from_config(keras2_config(cls.__name__, config))


def _product(x: Any, kernel: Any, mask: Any, bias: Any = None) -> Any:
    """Return x times kernel plus bias, x masked for all gates at once or, with lists, for each by its own mask."""
    if isinstance(mask, list):
        made = op("concatenate")([op("matmul")(x * m, k) for m, k in zip(mask, kernel, strict=True)], axis=-1)
    else:
        made = op("matmul")(x if mask is None else x * mask, kernel)
    return made if bias is None else op("add")(made, bias)


def _simple(activation: Any, x: Any, recurrent: Any) -> tuple:
    return (activation(x + recurrent),)


class SimpleRNNCell(RNNCell):
    """One step of a recurrent layer: activation(inputs kernel + state recurrent_kernel + bias). Keras's class.

    Call: inputs [batch, features] and states [[batch, units]] give (output [batch, units], states).
    """

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros", kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None, recurrent_constraint: Any = None,
        bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        self._start(locals())
        self.state_size = self.output_size = units

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs [batch, features]."""
        self._make_weights((input_shape[-1], self.units), (self.units, self.units), (self.units,))

    def advance(self, projected: Any, states: Sequence[Any], mask: Any, weights: tuple) -> tuple[Any, list[Any]]:
        recurrent = _product(states[0], weights[0], mask)
        (new,) = apply_step(_simple, (self.activation,), projected, recurrent)  # type: ignore[attr-defined]
        return new, [new]


def _gru(activation: Any, gate: Any, xz: Any, xr: Any, xh: Any, rz: Any, rr: Any, rh: Any, h: Any) -> tuple:
    z, r = gate(xz + rz), gate(xr + rr)
    candidate = activation(xh + r * rh)
    return z * h + (1 - z) * candidate, z, r, candidate


def _gru_gates(gate: Any, xz: Any, xr: Any, rz: Any, rr: Any, h: Any) -> tuple:
    z, r = gate(xz + rz), gate(xr + rr)
    return z, r * h, r


def _gru_mix(activation: Any, xh: Any, rh: Any, z: Any, h: Any) -> tuple:
    candidate = activation(xh + rh)
    return z * h + (1 - z) * candidate, candidate


class GRUCell(RNNCell):
    """One step of a gated recurrent unit (Cho et al., 2014), its gates in the order update, reset, new. Keras's class.

    With `reset_after` the reset gate works on the product with the recurrent kernel, and the bias has two rows (inputs, state);
    without, on the state before it. Call: inputs [batch, features] and states [[batch, units]] give (output, states).
    """

    gates = 3

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None, kernel_constraint: Any = None,
        recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0, recurrent_dropout: float = 0.0,
        reset_after: bool = True, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        self._start(locals())
        self.state_size = self.output_size = units

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs [batch, features]."""
        wide = self.gates * self.units
        self._make_weights((input_shape[-1], wide), (self.units, wide), (2, wide) if self.reset_after else (wide,))  # type: ignore[attr-defined]

    def _input_bias(self) -> Any:
        return parts(self.bias.value, 2, 0)[0] if self.bias is not None and self.reset_after else self.bias  # type: ignore[attr-defined]

    def step_weights(self, mask: Any) -> tuple:
        if not self.reset_after:  # type: ignore[attr-defined]
            return parts(self.recurrent_kernel.value, 3, 1)  # type: ignore[attr-defined]
        bias = None if self.bias is None else parts(self.bias.value, 2, 0)[1]
        return self._by_gate(self.recurrent_kernel, mask), bias  # type: ignore[attr-defined]

    def advance(self, projected: Any, states: Sequence[Any], mask: Any, weights: tuple) -> tuple[Any, list[Any]]:
        h, x = states[0], parts(projected, 3, 1)
        if not self.reset_after:  # type: ignore[attr-defined]
            new = self._reset_before(h, x, mask, weights)
        else:
            recurrent = _product(h, weights[0], mask, weights[1])
            functions = (self.activation, self.recurrent_activation)  # type: ignore[attr-defined]
            new = apply_step(_gru, functions, *x, *parts(recurrent, 3, 1), h)[0]
        return new, [new]

    def _reset_before(self, h: Any, x: Sequence[Any], mask: Any, weights: tuple) -> Any:
        hz, hr, hh = [h] * 3 if mask is None else [h * m for m in mask]
        recurrent = op("matmul")(hz, weights[0]), op("matmul")(hr, weights[1])
        z, reset, _ = apply_step(_gru_gates, (self.recurrent_activation,), x[0], x[1], *recurrent, hh)  # type: ignore[attr-defined]
        return apply_step(_gru_mix, (self.activation,), x[2], op("matmul")(reset, weights[2]), z, h)[0]  # type: ignore[attr-defined]


def lstm_step(activation: Any, gate: Any, zi: Any, zf: Any, zc: Any, zo: Any, c: Any) -> tuple:
    """Return (h, c) and what the gradient needs, from the four gates' sums and the old c: the arithmetic of LSTM and ConvLSTM."""
    i, f, new, o = gate(zi), gate(zf), activation(zc), gate(zo)
    carry = f * c + i * new
    shown = activation(carry)
    return o * shown, carry, i, f, new, o, shown


class LSTMCell(RNNCell):
    """One step of a long short-term memory (Hochreiter, 1997), its gates in the order input, forget, new, output. Keras's class.

    `unit_forget_bias` starts the forget gate's bias at 1. Call: inputs [batch, features] and states [h, c], each [batch, units],
    give (h, [h, c]).
    """

    gates = 4

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal", bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True, kernel_regularizer: Any = None, recurrent_regularizer: Any = None, bias_regularizer: Any = None,
        kernel_constraint: Any = None, recurrent_constraint: Any = None, bias_constraint: Any = None, dropout: float = 0.0,
        recurrent_dropout: float = 0.0, seed: int | None = None, **kwargs: Any,
    ):  # fmt: skip
        self._start(locals())
        self.state_size, self.output_size = [units, units], units

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs [batch, features]."""
        wide = self.gates * self.units
        self._make_weights((input_shape[-1], wide), (self.units, wide), (wide,))

    def advance(self, projected: Any, states: Sequence[Any], mask: Any, weights: tuple) -> tuple[Any, list[Any]]:
        h, c = states
        z = op("add")(projected, _product(h, weights[0], mask))
        made = apply_step(lstm_step, (self.activation, self.recurrent_activation), *parts(z, 4, 1), c)  # type: ignore[attr-defined]
        return made[0], [made[0], made[1]]


class StackedRNNCells(Layer):
    """Several cells as one: each takes the output of the one before; the states are a list with those of each cell.

    Args: `cells`: cells, layers or other objects with `call` and `state_size`. Keras's class.
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any):
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ArgumentError(message("StackedRNNCells", "cells with a `call` method and a `state_size`", repr(cell), "Define them."))
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The state sizes of the cells."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Return the cells' initial states."""
        return [initial_state(c, batch_size, self.compute_dtype) for c in self.cells]

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the output of the one before."""
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
                cell.built = True
            input_shape = (input_shape[0], output_size(cell))

    def call(self, inputs: Any, states: Any, training: Any = False, **kwargs: Any) -> Any:
        """Return (output, states) of a step through all cells."""
        made = []
        for cell, old in zip(self.cells, states, strict=False):
            nested = isinstance(old, (list, tuple))
            inputs, new = call_cell(cell, inputs, list(old) if nested else [old], training, kwargs)
            made.append(new[0] if isinstance(new, (list, tuple)) and len(new) == 1 and not nested else new)
        return inputs, made[0] if len(made) == 1 else made

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the cells of a config."""
        made = [deserialize_keras_object(c, custom_objects=custom_objects) if isinstance(c, dict) else c for c in config["cells"]]
        return cls(**{**config, "cells": made})

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return the cells of a config of Keras 2 or TensorFlow.js."""
        return cls.from_config(keras2_config(cls.__name__, config))


def call_cell(cell: Any, inputs: Any, states: Any, training: Any, kwargs: dict[str, Any] | None = None) -> Any:
    """Return (output, states) of any cell, with the training mode if it takes one."""
    kwargs = dict(kwargs or {})
    kwargs.pop("training", None)
    if isinstance(cell, Layer) and cell._call_spec_of().has_training:
        kwargs["training"] = training
    return cell(inputs, states, **kwargs) if callable(cell) else cell.call(inputs, states, **kwargs)


def output_size(cell: Any) -> Any:
    """Return the size of a cell's output: its own word, or the size of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size[0] if isinstance(cell.state_size, (list, tuple)) else cell.state_size
    return size


def initial_state(cell: Any, batch_size: Any, dtype: str) -> Any:
    """Return a cell's initial state: its own, or zeros by its state_size."""
    if hasattr(cell, "get_initial_state"):
        return cell.get_initial_state(batch_size=batch_size)
    if isinstance(cell.state_size, int):
        return op("zeros")((batch_size, cell.state_size), dtype=dtype)
    return [op("zeros")((batch_size, n), dtype=dtype) for n in cell.state_size]
