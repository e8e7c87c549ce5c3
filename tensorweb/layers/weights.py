"""What a layer owns: making, listing, freezing and setting weights. Part of Layer; `tracking.py` walks its attributes."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from .. import constraints, initializers, interop, regularizers
from .. import dtypes as dtype_table
from ..backends import registry
from ..engine import changed_state
from ..errors import ArgumentError, ShapeError, message
from ..naming import auto_name
from ..tensor import Variable, as_tensor
from .tracking import held, is_metric, is_seed_generator, is_variable, unique


def is_layer(value: Any) -> bool:
    """Tell a layer."""
    return isinstance(value, WeightOwner)


class WeightOwner:
    """The part of a layer that deals with its variables and those of the layers within it."""

    name: str
    path: str
    built: Any
    variable_dtype: Any
    _trainable: bool
    _own_variables: list[Variable]

    def add_weight(
        self, shape: Any = None, initializer: Any = None, dtype: Any = None, trainable: bool = True, autocast: bool = True,
        regularizer: Any = None, constraint: Any = None, aggregation: str | None = "none", overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Return a new variable that belongs to the layer.

        Args: `shape`: () by default; `initializer`: by default glorot_uniform for floats, zeros for others; `dtype`: by default the
        policy's; `trainable`; `regularizer`, `constraint`: names, configs or functions; `name`. Keras's add_weight.
        """
        if isinstance(shape, str):
            raise ArgumentError(message(f"{self.name}.add_weight", "a shape", repr(shape), "Pass the name by keyword: name=."))
        shape = () if shape is None else tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        if any(d is None for d in shape):
            raise ShapeError(message(f"{self.name}.add_weight", "known sizes", shape, "Fix the size in the input's shape."))
        dtype = dtype_table.canonical(dtype or self.variable_dtype, "add_weight")
        if initializer is None:
            initializer = "glorot_uniform" if dtype_table.is_float(dtype) else "zeros"
        made = initializers.get(initializer)
        # Beside an automatic GPU: a model may turn out to be small.
        beside = registry.beside()
        with changed_state(tapes=(), scope=None, autocast=None, unknown=0), registry.using(beside) if beside else nullcontext():
            value = made(shape, dtype=dtype) if callable(made) else made
            made_variable = Variable(
                value, dtype=dtype, trainable=trainable and self._trainable, autocast=autocast, name=name or auto_name("variable")
            )
        made_variable.may_train = trainable
        made_variable.path = f"{self.path}/{made_variable.name}"
        made_variable.regularizer = regularizers.get(regularizer)
        made_variable.constraint = constraints.get(constraint)
        self._own_variables.append(made_variable)
        return made_variable

    def _own(self) -> list[Variable]:
        """Return the layer's own variables, those that may train first."""
        found = unique([*self._own_variables, *(v for v in held(self, is_variable))])
        return sorted(found, key=lambda v: not v.may_train)

    @property
    def _layers(self) -> list[Any]:
        """The layers directly within this one."""
        return unique(held(self, is_layer))

    def _has_layers(self) -> bool:
        """Tell whether there are layers within this one."""
        return next(held(self, is_layer), None) is not None

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        """Return the layer and the layers within it, depth first."""
        found = [self] if include_self else []
        for layer in self._layers:
            found.extend(layer._flatten_layers() if recursive else [layer])
        return unique(found)

    @property
    def weights(self) -> list[Variable]:
        """The variables of the layer and the layers within it, without the state of metrics. Keras's order."""
        return unique([*self._own(), *(w for layer in self._layers for w in layer.weights)])

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes; none if the layer is not trainable."""
        return [w for w in self.weights if w.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        return [w for w in self.weights if not w.trainable] if self.trainable else self.weights

    @property
    def metrics(self) -> list[Any]:
        """The metrics of the layer and the layers within it."""
        return unique([*held(self, is_metric), *(m for layer in self._layers for m in layer.metrics)])

    @property
    def metrics_variables(self) -> list[Variable]:
        """The metrics' state."""
        return [v for m in self.metrics for v in m.variables]

    @property
    def variables(self) -> list[Variable]:
        """The weights and the states of the generators of random numbers; those of metrics are in `metrics_variables`."""
        own = [*self._own(), *(s.state for s in unique(held(self, is_seed_generator)))]
        return unique([*own, *(v for layer in self._layers for v in layer.variables)])

    trainable_variables = trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The variables that training leaves alone."""
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.variables if id(v) not in trained]

    @property
    def seed_generators(self) -> list[Any]:
        """The generators of random numbers of the layer and the layers within it."""
        return unique([*held(self, is_seed_generator), *(s for layer in self._layers for s in layer.seed_generators)])

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer's weights; setting it sets that of the layers within too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for v in self._own():
            v.trainable = bool(value) and v.may_train
        for layer in self._layers:
            layer.trainable = value

    def count_params(self) -> int:
        """Return how many numbers the weights hold."""
        if not self.built:
            raise ArgumentError(message(f"{self.name}.count_params", "a built layer", "one that is not", "Call or build it first."))
        return sum(w.size for w in self.weights)

    def get_weights(self) -> list[Any]:
        """Return copies of the weights as arrays (NumPy's where it is installed, else tensors)."""
        return [interop.as_array(w.value) for w in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the weights by arrays of the same shapes and order; raises ShapeError before any changed."""
        own = self.weights
        values = list(weights)
        if len(values) != len(own):
            raise ShapeError(message(f"{self.name}.set_weights", f"{len(own)} arrays", len(values), "Pass one for each of layer.weights."))
        tensors = [as_tensor(v, "set_weights") for v in values]
        for w, t in zip(own, tensors):
            if w.shape != t.shape:
                raise ShapeError(message(f"{self.name}.set_weights", f"shape {w.shape} for {w.path}", t.shape, "Check the order."))
        for w, t in zip(own, tensors):
            w.assign(t)

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write the layer's own variables, not those of layers within, into a dict by "0", "1", ..."""
        for i, v in enumerate(self._own()):
            store[str(i)] = v.value

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take the layer's own variables from a dict as `save_own_variables` writes it."""
        own = self._own()
        if len(store) != len(own):
            advice = "The layer was built differently." if own else "Build the layer first: give the model an Input, or call it once."
            raise ShapeError(message(f"{self.name}.load_own_variables", f"{len(own)} variables", len(store), advice))
        tensors = [as_tensor(store[str(i)], "load_own_variables") for i in range(len(own))]
        for v, t in zip(own, tensors):
            if v.shape != t.shape:
                raise ShapeError(message(f"{self.name}.load_own_variables", f"shape {v.shape} for {v.path}", t.shape, "Check the file."))
        for v, t in zip(own, tensors):
            v.assign(t)

    def add_variable(
        self, shape: Any, initializer: Any, dtype: Any = None, trainable: bool = True, autocast: bool = True, regularizer: Any = None,
        constraint: Any = None, name: str | None = None,
    ) -> Variable:  # fmt: skip
        """Return a new variable that belongs to the layer, as `add_weight`."""
        return self.add_weight(shape, initializer, dtype, trainable, autocast, regularizer, constraint, name=name)
