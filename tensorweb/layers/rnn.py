"""RNN: the loop of a cell over time, with masks and states; and the base of the layers that are one cell of ours in that loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import regularizers
from ..autodiff import leaves, map_leaves
from ..engine import ABSTRACT
from ..errors import ArgumentError, ShapeError, message
from ..ops.steps import parts
from ..serialization import deserialize_keras_object, house_of
from ..symbolic import known_shape
from ..tensor import Tensor, Variable, as_tensor, op
from .dropout_rnn_cell import DropoutRNNCell
from .input_spec import InputSpec
from .keras2 import keras2_config
from .layer import Layer
from .rnn_cells import RNNCell, StackedRNNCells, call_cell, initial_state


class RNN(Layer):
    """A cell run over the second axis of its inputs [batch, time, ...]. Keras's class.

    Args: `cell`: a cell or a list of cells; an object with `call(inputs, states) -> (output, states)`, `state_size` (an int, or a
    list) and perhaps `output_size` and `get_initial_state(batch_size)`. `return_sequences`: the outputs of all steps, not the last
    only; `return_state`: the last states too; `go_backwards`; `stateful`: begin where the last batch ended, until `reset_state`;
    `unroll`: Keras's, changes nothing here; `zero_output_for_mask`: zeros for masked steps, not the output before.

    Call: `sequences`, `initial_state` (a list of states), `mask` [batch, time], `training`. Masked steps leave the states as
    they are.

    >>> import tensorweb as tw
    >>> tw.layers.RNN(tw.layers.LSTMCell(4), return_sequences=True)(tw.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    supports_masking = True
    _rnn_states: Any = None
    _expected_batch_size: int | None = None

    def __init__(
        self, cell: Any, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False, stateful: bool = False,
        unroll: bool = False, zero_output_for_mask: bool = False, **kwargs: Any,
    ):  # fmt: skip
        cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        for wanted in ("call", "state_size"):
            if wanted not in dir(cell):
                raise ArgumentError(message("RNN", f"a cell with `{wanted}`", repr(cell), "Define it: see the documentation of RNN."))
        super().__init__(**kwargs)
        self.cell, self.return_sequences, self.return_state = cell, return_sequences, return_state
        self.go_backwards, self.stateful, self.unroll, self.zero_output_for_mask = go_backwards, stateful, unroll, zero_output_for_mask
        size = cell.state_size
        if size is None or not isinstance(size, (list, tuple, int)):
            raise ArgumentError(message("RNN", "a cell whose `state_size` is an int or a list", repr(size), "Define it on the cell."))
        self.single_state = isinstance(size, int)
        self.state_size = [size] if isinstance(size, int) else list(size)

    # --- states ---

    @property
    def states(self) -> Any:
        """The variables that a stateful layer keeps between batches, nested as the cell's states; None in other layers."""
        return self._rnn_states

    @states.setter
    def states(self, value: Any) -> None:
        self._rnn_states = value

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """Return the list of states before the first step."""
        if not hasattr(self.cell, "get_initial_state"):
            return [op("zeros")((batch_size, n), dtype=self._cell_dtype) for n in self.state_size]
        made = initial_state(self.cell, batch_size, self._cell_dtype)
        return list(made) if isinstance(made, (list, tuple)) else [made]

    @property
    def _state_count(self) -> int:
        return getattr(self.cell, "state_count", len(self.state_size))

    @property
    def _cell_dtype(self) -> str:
        return getattr(self.cell, "compute_dtype", self.compute_dtype)

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zeros."""
        for v in leaves(self._rnn_states) if self._rnn_states is not None else ():
            v.assign(op("zeros")(v.shape, v.dtype))

    def reset_states(self, states: Any = None) -> None:
        """Do what `reset_state` does, or set the given states, as Keras 2 and TensorFlow.js do."""
        if states is None:
            return self.reset_state()
        if self._rnn_states is None:
            raise ArgumentError(message(self.name, "a stateful layer that is built", "one that is not", "Call it once with stateful=True."))
        own, given = leaves(self._rnn_states), leaves(states)
        if len(own) != len(given):
            raise ShapeError(message(f"{self.name}.reset_states", f"{len(own)} states", len(given), "Pass one for each state."))
        for v, value in zip(own, given, strict=True):
            v.assign(value)
        return None

    def _make_states(self, batch_size: int) -> None:
        def variable(value: Any) -> Variable:
            return Variable(value, dtype=self.variable_dtype, trainable=False, name="rnn_state")

        self._rnn_states = map_leaves(variable, self.get_initial_state(batch_size))
        self._expected_batch_size = batch_size

    def _first_states(self, sequences: Any, given: Any) -> list[Any]:
        """Return the states to begin with, as tensors in the cell's dtype."""
        batch = sequences.shape[0]
        stateful = self.stateful and not sequences.is_abstract
        if stateful and self._expected_batch_size not in (None, batch):
            wanted = f"the batch size {self._expected_batch_size} of the states"
            raise ShapeError(message(self.name, wanted, batch, "A stateful layer takes batches of one size."))
        if given is None:
            given = self._rnn_states if stateful else self.get_initial_state(batch)
        given = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(given) != self._state_count and isinstance(self.cell, RNNCell):
            raise ShapeError(message(self.name, f"{self._state_count} initial states", len(given), "Pass one for each state of the cell."))
        return [map_leaves(lambda s: _cast(as_tensor(s, self.name), self._cell_dtype), s) for s in given]

    # --- building and calling ---

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for inputs [batch, ...] of a step, and the states of a stateful layer."""
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        if self.stateful and self._rnn_states is not None:
            self.reset_state()
        elif self.stateful:
            if sequences_shape[0] is None:
                shape = f"shape {tuple(sequences_shape)}"
                raise ShapeError(message(self.name, "a known batch size with stateful=True", shape, "Give the Input a batch_size."))
            self._make_states(sequences_shape[0])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if args and type(args[0]) in (list, tuple):
            args, kwargs = states_apart(args, kwargs)
        return super().__call__(*args, **kwargs)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False) -> Any:
        """Return the output of the last step or all, and the last states after it with `return_state`."""
        if self.unroll and known_shape(sequences.shape)[1] is None:
            raise ShapeError(message(self.name, "a known number of steps with unroll=True", "an unknown one", "Give the Input its length."))
        states = self._first_states(sequences, initial_state)
        last, outputs, states = self.inner_loop(sequences, states, leaves(mask)[0] if isinstance(mask, (list, tuple)) else mask, training)
        output = _cast(outputs if self.return_sequences else last, self.compute_dtype)
        states = map_leaves(lambda s: _cast(s, self.compute_dtype), states)
        if self.stateful and not sequences.is_abstract:
            for v, s in zip(leaves(self._rnn_states), leaves(states), strict=True):
                v.assign(s)
        return (output, *states) if self.return_state else output

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: Any = False) -> tuple[Any, Any, list[Any]]:
        """Return the output of the last step, those of all steps (None without `return_sequences`), and the last states."""
        states = initial_state
        steps = sequences.shape[1]
        if sequences.is_abstract:  # one step shows all shapes
            sequences, mask = sequences[:, :1], None
        elif not steps:
            raise ShapeError(message(self.name, "at least one step", f"inputs of shape {sequences.shape}", "Leave out empty sequences."))
        by_time = op("transpose")(sequences, (1, 0, *range(2, len(sequences.shape))))
        try:
            step = self._stepper(by_time, states, training)
            masks = None if mask is None else _unstacked(_by_time(_cast(as_tensor(mask, self.name), "bool")))
            outputs, states = self._run_steps(step, by_time.shape[0], states, masks)
        finally:
            for cell in _cells(self.cell):
                cell.reset_dropout_mask()
                cell.reset_recurrent_dropout_mask()
        if not self.return_sequences:
            return outputs[-1], None, states
        last = outputs[-1]
        if sequences.is_abstract:
            first = outputs[0]
            return last, Tensor(ABSTRACT, (first.shape[0], steps, *first.shape[1:]), first.dtype), states
        return last, op("stack")(outputs, axis=1), states

    def _stepper(self, by_time: Any, states: list[Any], training: Any) -> Any:
        """Return the function (i, states) -> (output, states); a cell of ours projects the inputs of all steps here."""
        cell = self.cell
        if not isinstance(cell, RNNCell) or house_of(next(c for c in type(cell).__mro__ if "call" in c.__dict__)) is None:
            inputs = _unstacked(by_time)
            return lambda i, old: call_cell(cell, inputs[i], old, training)
        dropping = bool(training)
        mask = cell.get_dropout_mask(_first(by_time)) if dropping and 0 < cell.dropout < 1 else None
        recurrent = cell.recurrent_mask(states[0], dropping)
        weights = cell.step_weights(recurrent)
        projected = cell.project(by_time, mask)
        inputs = _unstacked(projected)
        return lambda i, old: cell.advance(inputs[i], old, recurrent, weights)

    def _run_steps(self, step: Any, count: int, states: Any, masks: Any) -> tuple[list[Any], Any]:
        """Return the outputs of all steps (or the last only) and the last states."""
        outputs: list[Any] = []
        previous = None
        for i in reversed(range(count)) if self.go_backwards else range(count):
            output, new = step(i, states)
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            if masks is not None:
                if previous is None:
                    previous = op("zeros_like")(output)
                output = _where(masks[i], output, previous)
                pairs = zip(leaves(new), leaves(states), strict=True)
                kept = iter([_where(masks[i], a, b) for a, b in pairs])
                new = map_leaves(lambda _: next(kept), new)  # noqa: B023  (used at once)
                previous = previous if self.zero_output_for_mask else output
            states = new
            if self.return_sequences or not outputs:
                outputs.append(output)
            else:
                outputs[0] = output
        return outputs, states

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """Return the outputs' shape for inputs of a shape (None: unknown sizes)."""
        args, kwargs = tuple(a for a in args if a is not None), {k: v for k, v in kwargs.items() if v is not None}
        found = super().compute_output_shape(*args, **kwargs)
        if not self.return_state:
            return found
        sizes = self.state_size * len(found) if self.state_size == [-1] else self.state_size
        return (found[0], *(s[0] if isinstance(n, int) and isinstance(s, list) else s for s, n in zip(found[1:], sizes, strict=False)))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the outputs: the inputs' if they are sequences; none of the states."""
        mask = leaves(mask)[0] if isinstance(mask, (list, tuple)) else mask
        mask = mask if self.return_sequences else None
        return [mask, *(None for _ in range(self._state_count))] if self.return_state else mask

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer of a config."""
        made = dict(config)
        if isinstance(made.get("cell"), dict):
            made["cell"] = deserialize_keras_object(made["cell"], custom_objects=custom_objects)
        return cls(**made)

    @classmethod
    def from_keras2_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer of a config of Keras 2 or TensorFlow.js."""
        return cls.from_config(keras2_config(cls.__name__, config))


class CellLayer(RNN):
    """Base of the layers that are one cell of ours in a loop: their arguments are those of the cell and of RNN."""

    cell_class: Any = None
    cell_name = ""
    _not_in_config: tuple[str, ...] = ("cell", "use_cudnn", "rank")
    _of_loop = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "activity_regularizer")

    def _start(self, given: dict[str, Any], rank: int) -> None:
        """Take the constructor's arguments, its `locals()`: for inputs of `rank` axes."""
        kwargs = given["kwargs"]
        cell_arguments = {k: v for k, v in given.items() if k not in ("self", "kwargs", "__class__", "use_cudnn", *self._of_loop)}
        shared = {k: kwargs[k] for k in ("dtype", "trainable") if k in kwargs}
        shared.update({k: kwargs.pop(k) for k in ("implementation",) if k in kwargs})
        cell = self.cell_class(**cell_arguments, **shared, name=self.cell_name)
        RNN.__init__(self, cell, **{k: given[k] for k in self._of_loop if k in given}, **kwargs)
        self.input_spec = InputSpec(ndim=rank)
        if given.get("use_cudnn", "auto") not in ("auto", True, False):
            raise ArgumentError(message(type(self).__name__, "use_cudnn to be 'auto', True or False", given["use_cudnn"], "Leave it out."))
        if "use_cudnn" in given:
            self.use_cudnn = given["use_cudnn"]

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` needs."""
        config = {k: v for k, v in super().get_config().items() if k not in self._not_in_config}
        return {**config, "activity_regularizer": regularizers.serialize(self.activity_regularizer) if self.activity_regularizer else None}

    def __getattr__(self, name: str) -> Any:
        # units, activation, kernel_initializer, ...: the cell's arguments.
        code = self.cell_class.__init__.__code__
        if name.startswith("_") or "cell" not in self.__dict__ or name not in code.co_varnames[1 : code.co_argcount]:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.cell, name)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Return the layer of a config."""
        return cls(**config)


def states_apart(args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
    """Return the arguments with a list [sequences, state, ...], Keras 2's way to pass states, as sequences and initial_state."""
    inputs, *rest = args
    if len(inputs) and all(hasattr(t, "shape") for t in inputs):
        if len(inputs) > 1:
            kwargs = {**kwargs, "initial_state": list(inputs[1:])}
            # Beside other tensors, Keras 3 leaves a layer's mask to its caller; Keras 2 did not.
            mask = getattr(inputs[0], "_keras_mask", None)
            if mask is not None:
                kwargs.setdefault("mask", mask)
        return (inputs[0], *rest), kwargs
    return args, kwargs


def _cells(cell: Any) -> Sequence[DropoutRNNCell]:
    """Return the cells with dropout within a cell."""
    if isinstance(cell, StackedRNNCells):
        return [inner for c in cell.cells for inner in _cells(c)]
    return [cell] if isinstance(cell, DropoutRNNCell) else []


def _cast(x: Any, dtype: str) -> Any:
    return x if x.dtype == dtype else op("cast")(x, dtype)


def _by_time(x: Any) -> Any:
    return op("transpose")(x, (1, 0, *range(2, len(x.shape))))


def _unstacked(x: Any) -> list[Any]:
    """Return the steps of a tensor [time, batch, ...]."""
    count = x.shape[0]
    flat = op("reshape")(x, (count * x.shape[1], *x.shape[2:]))
    return list(parts(flat, count, 0))


def _first(x: Any) -> Any:
    return x[0]


def _where(mask: Any, x: Any, other: Any) -> Any:
    """Return x where the mask [batch, ...] holds, else other."""
    extra = len(x.shape) - len(mask.shape)
    return op("where")(op("reshape")(mask, mask.shape + (1,) * extra) if extra > 0 else mask, x, other)
