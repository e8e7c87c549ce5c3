"""What all optimizers share: variables, steps, clipping, averages, accumulation, configs. The update rules are in `rules.py`."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .. import engine
from ..autodiff import GradientTape
from ..errors import ArgumentError, ConversionError, GradientError, ShapeError, message
from ..interop import as_array
from ..naming import auto_name
from ..ops.update import update
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import Tensor, Variable, as_tensor, op, tensor
from . import state
from .scalar import HostScalar
from .schedules import HostSchedule, LearningRateSchedule


@update
def _decay(p: Any, factor: Any) -> Any:
    return p - p * factor


@update
def _accumulate(a: Any, g: Any) -> Any:
    return a + g


@update
def _average(a: Any, p: Any, new: Any) -> Any:
    return a + (p - a) * new


class Optimizer:
    """Base of the optimizers; a subclass defines `build`, which adds its variables, `update_step`, and `get_config`.

    Args: `learning_rate`: a number, a schedule, or a function of no arguments; `weight_decay`: decoupled, value -= rate * decay * value;
    `clipnorm` bounds each gradient's norm, `clipvalue` its elements, `global_clipnorm` the norm of all together; `use_ema` keeps
    running means of the variables (by `ema_momentum`) that overwrite them every `ema_overwrite_frequency` steps or at the end;
    `loss_scale_factor`: see `scale_loss`; `gradient_accumulation_steps`: update by the mean gradient of so many steps. Raises
    ArgumentError for wrong values. Keras's Optimizer.
    """

    legacy_arguments: Mapping[str, str] = {}  # names in older files, to today's

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ):
        where = type(self).__name__
        if kwargs.pop("decay", None) is not None:
            warnings.warn("argument `decay` is ignored: pass a schedule as learning_rate", stacklevel=3)
        if kwargs:
            raise ArgumentError(message(where, "known arguments", f"{kwargs}", "See the signature."))
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ArgumentError(message(where, "at most one kind of clipping", "several", "Keep one of them."))
        if gradient_accumulation_steps and gradient_accumulation_steps < 2:
            raise ArgumentError(message(where, "gradient_accumulation_steps >= 2", gradient_accumulation_steps, "Or leave it out."))
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ArgumentError(message(where, "ema_momentum in [0, 1]", ema_momentum, "0.99 is usual."))
        frequency = ema_overwrite_frequency
        if use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
            raise ArgumentError(message(where, "ema_overwrite_frequency to be an int >= 1 or None", frequency, "It counts steps."))
        self._variables: list[Variable] = []
        self._tracked: set[int] = set()
        self.name = name or auto_name(where)
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor, self.gradient_accumulation_steps = loss_scale_factor, gradient_accumulation_steps
        self.built = False
        self._trainable_variables: tuple[Variable, ...] = ()
        self._trainable_variables_indices: dict[int, int] = {}
        self._excluded: tuple[set[int], re.Pattern[str] | None] = (set(), None)
        self._iterations = HostScalar(0, "int32", "iteration", f"{self.name}/iteration")
        self._learning_rate: Any = learning_rate
        if not callable(learning_rate):
            number = self._checked_rate(learning_rate)
            self._learning_rate = HostScalar(number, "float32", "learning_rate", f"{self.name}/learning_rate")

    def _checked_rate(self, value: Any) -> float:
        if isinstance(value, (bool, str)) or not hasattr(value, "__float__"):
            wanted = "a learning_rate that is a number, a schedule, or a function without arguments"
            raise ArgumentError(message(type(self).__name__, wanted, repr(value)[:60], "0.001 is usual."))
        return float(value)

    def __setattr__(self, name: str, value: Any) -> None:
        # Variables that a subclass keeps are part of the state, as in Keras.
        if isinstance(value, Variable) or (isinstance(value, list) and name != "_variables"):
            for v in [value] if isinstance(value, Variable) else value:
                if isinstance(v, Variable):
                    self._track(v)
        super().__setattr__(name, value)

    def _track(self, variable: Variable) -> None:
        if id(variable) not in self._tracked:
            self._tracked.add(id(variable))
            self._variables.append(variable)

    # --- the learning rate and the step ---

    @property
    def iterations(self) -> Any:
        """The number of updates so far, a scalar int32 variable (a tensor under gradient accumulation)."""
        return tensor(self._updates) if self.gradient_accumulation_steps else self._iterations

    @property
    def _updates(self) -> int:
        return self._iterations.number // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the next step: a scalar variable, or what the schedule or the function gives. Assignable.

        >>> import tensorweb as tw
        >>> optimizer = tw.optimizers.SGD(0.5)
        >>> optimizer.learning_rate = 0.25
        >>> float(optimizer.learning_rate)
        0.25
        """
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            return rate(self._iterations)
        return rate if isinstance(rate, Variable) else rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        old = self._learning_rate
        if callable(value):
            self._learning_rate = value
            self._variables[:] = [v for v in self._variables if v is not old]
        elif isinstance(old, HostScalar):
            old.assign(value if isinstance(value, Variable) else self._checked_rate(value))
        else:
            wanted = "a schedule or function, as the optimizer was created with a LearningRateSchedule or function"
            raise ConversionError(message("learning_rate", wanted, repr(value)[:60], "Create it with a number to set numbers."))

    def _rate(self) -> Any:
        """Return the learning rate as an operand of kernels: a number wherever the host knows it."""
        rate = self._learning_rate
        if type(rate) is HostScalar:
            return rate.number
        if isinstance(rate, HostSchedule) and type(rate).__call__ is HostSchedule.__call__:
            return rate.rate(self._iterations.number)
        value = self.learning_rate
        if isinstance(value, Variable):
            return value.number if isinstance(value, HostScalar) else value.value
        return value if isinstance(value, Tensor) else float(value)

    # --- variables ---

    @property
    def variables(self) -> list[Variable]:
        """The optimizer's variables in the order of saved files: iteration, learning_rate, then what `build` added."""
        return self._variables[:]

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the optimizer's variables for these trainable variables, the only ones it can update from then on."""
        variables = list(variables)
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            made = [self.add_variable_from_reference(v, name="gradient_accumulator") for v in variables]
            self._accumulated_gradients = made
        self._trainable_variables = tuple(variables)
        self._trainable_variables_indices.update((id(v), i) for i, v in enumerate(variables))
        self._overwritten = frozenset(id(v) for v in variables if _is_overwritten(v))
        self.built = True

    def _var_key(self, variable: Variable) -> int:
        return id(variable)

    def _get_variable_index(self, variable: Variable) -> int:
        return self._trainable_variables_indices[id(variable)]

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: Any = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new variable of the optimizer; `initializer`: a name, an Initializer, or a number. Placement is ignored."""
        with engine.changed_state(tapes=(), autocast=None):
            value = state.initial_value(initializer, tuple(shape), dtype or "float32")
            made = Variable(value, dtype=dtype, trainable=False, name=name or auto_name("variable"))
        made.path = f"{self.name}/{made.name}"
        self._track(made)
        return made

    def add_variable_from_reference(self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros") -> Variable:
        """Return a new variable of the optimizer of the shape and dtype of a model's variable, named after it."""
        full = f"{reference_variable.path.replace('/', '_')}_{name or 'var'}"
        return self.add_variable(reference_variable.shape, initializer, reference_variable.dtype, name=full)

    def add_optimizer_variables(self, trainable_variables: Sequence[Variable], name: Any, initializer: Any = "zeros") -> Any:
        """Return a list of new variables, one for each of a model's; for a list of names a tuple of lists, made variable by variable.

        A variable with `overwrite_with_gradient` gets None: its gradient is its new value.
        """
        names = [name] if isinstance(name, str) else list(name)
        initial = list(initializer) if isinstance(initializer, (list, tuple)) else [initializer] * len(names)
        if len(initial) != len(names):
            raise ArgumentError(message("add_optimizer_variables", f"{len(names)} initializers", len(initial), "Give one for each name."))
        rows = [
            [None if _is_overwritten(v) else self.add_variable_from_reference(v, n, i) for n, i in zip(names, initial, strict=True)]
            for v in trainable_variables
        ]
        columns = tuple([row[k] for row in rows] for k in range(len(names)))
        return columns[0] if isinstance(name, str) else columns

    def assign(self, variable: Variable, value: Any) -> None:
        """Assign a value to a variable, cast to its dtype."""
        variable.assign(op("cast")(value, variable.dtype))

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add a value to a variable, cast to its dtype."""
        variable.assign_add(op("cast")(value, variable.dtype))

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract a value from a variable, cast to its dtype."""
        variable.assign_sub(op("cast")(value, variable.dtype))

    # --- steps ---

    def update_step(self, gradient: Tensor, variable: Variable, learning_rate: Any) -> None:
        """Update one variable and its slots; defined by each optimizer. `learning_rate`: a number or scalar tensor."""
        raise NotImplementedError(f"{type(self).__name__} must define update_step(self, gradient, variable, learning_rate)")

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Update the variables by their gradients, in order; a None is passed over. Raises before anything changed.

        Without `trainable_variables` the gradients belong to the variables of `build`; the first call with them builds the optimizer.
        """
        if len(grads) == 0:
            return
        variables = self._known_variables(grads, trainable_variables)
        pairs = self._without_empty(grads, variables)
        with engine.changed_state(tapes=(), autocast=None):
            kept = self._overwrite_directly(pairs)
            if kept:
                gradients, variables = [g for g, _ in kept], [v for _, v in kept]
                if self.loss_scale_factor is not None:
                    gradients = [g / self.loss_scale_factor for g in gradients]
                self._update(gradients, variables)
                for v in variables:
                    if v.constraint is not None:
                        v.assign(v.constraint(v.value))
        self._iterations.number += 1

    def _known_variables(self, grads: Sequence[Any], variables: Sequence[Variable] | None) -> Sequence[Variable]:
        if variables is None:
            if not self.built:
                raise ArgumentError(message(self.name, "the gradients' variables", "none", "Call build(variables) first or pass them."))
            variables = self._trainable_variables
        if len(grads) != len(variables):
            raise ArgumentError(message(self.name, f"{len(variables)} gradients, one a variable", len(grads), "Correct either list."))
        if not self.built:
            self.build(list(variables))
        for v in variables:
            if id(v) not in self._trainable_variables_indices:
                wanted, advice = "variables it was built with", "Make a new optimizer, or build it on all the variables first."
                raise ArgumentError(message(self.name, wanted, f"unknown variable {v.name!r}", advice))
        return variables

    def _without_empty(self, grads: Sequence[Any], variables: Sequence[Variable]) -> list[tuple[Tensor, Variable]]:
        pairs, missing = [], []
        for g, v in zip(grads, variables, strict=True):
            if g is None:
                missing.append(v.path)
                continue
            if type(g) is not Tensor:
                g = as_tensor(g, self.name)
            if g.shape != v.shape:
                raise ShapeError(message(self.name, f"a gradient of shape {v.shape}", g.shape, f"It is variable {v.name!r}'s."))
            pairs.append((g, v))
        if not pairs:
            raise GradientError(message(self.name, "a gradient for some variable", "none", "Check that the loss depends on them."))
        if missing:
            warnings.warn(f"no gradients for the variables {missing}: the loss does not depend on them", stacklevel=4)
        return pairs

    def _overwrite_directly(self, pairs: list[tuple[Tensor, Variable]]) -> list[tuple[Tensor, Variable]]:
        """Assign the gradients of variables with `overwrite_with_gradient` (largest of the accumulated ones) and return the others."""
        if not self._overwritten:
            return pairs
        special = [pair for pair in pairs if id(pair[1]) in self._overwritten]
        steps = self.gradient_accumulation_steps
        for g, v in special:
            if steps:
                seen = self._accumulated_gradients[self._get_variable_index(v)]
                g = op("maximum")(g, seen)
                last = (self._iterations.number + 1) % steps == 0
                seen.assign(op("zeros_like")(g) if last else g)
                if not last:
                    continue
            v.assign(g)
        return [pair for pair in pairs if id(pair[1]) not in self._overwritten]

    def _update(self, gradients: list[Tensor], variables: Sequence[Variable]) -> None:
        """Update by gradients that are all there: accumulation, clipping, decay, the rule, running means."""
        steps = self.gradient_accumulation_steps
        if steps:
            sums = [self._accumulated_gradients[self._get_variable_index(v)] for v in variables]
            for g, a in zip(gradients, sums, strict=True):
                _accumulate([a], g)
            if (self._iterations.number + 1) % steps == 0:
                self._update_now([a.value / steps for a in sums], variables)
                for a in self._accumulated_gradients:
                    a.assign(op("zeros")(a.shape, a.dtype))
        else:
            self._update_now(gradients, variables)
        if self.use_ema:
            self._update_averages()

    def _update_now(self, gradients: list[Tensor], variables: Sequence[Variable]) -> None:
        gradients = self._clip_gradients(gradients)
        self._apply_weight_decay(variables)
        self._backend_update_step(gradients, variables, self._rate())

    def _backend_update_step(self, gradients: list[Tensor], variables: Sequence[Variable], learning_rate: Any) -> None:
        for g, v in zip(gradients, variables, strict=True):
            self.update_step(g, v, learning_rate)

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> HostScalar:
        """Update by (gradient, variable) pairs and return the counter of steps."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def compute_gradients(self, loss: Callable[[], Tensor], var_list: Sequence[Variable] | None = None) -> tuple[Tensor, list]:
        """Return loss() and the list of (gradient of the scaled loss, variable) for `var_list`, or every trainable variable it read."""
        with GradientTape(watch_accessed_variables=var_list is None) as tape:
            if var_list is not None:
                tape.watch(list(var_list))
            value = loss()
            if not isinstance(value, Tensor) or value.shape != ():
                got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
                raise GradientError(message("minimize", "a function that returns a scalar tensor", got, "Reduce it with mean or sum."))
            scaled = self.scale_loss(value)
        variables = list(var_list) if var_list is not None else tape.watched_variables()
        return value, list(zip(tape.gradient(scaled, variables), variables, strict=True))

    def minimize(self, loss: Callable[[], Tensor], var_list: Sequence[Variable] | None = None) -> Tensor:
        """Take one step down: gradients of loss() with respect to the variables it read, applied. Returns the loss.

        >>> import tensorweb as tw
        >>> x = tw.Variable(3.0)
        >>> optimizer = tw.optimizers.SGD(0.1)
        >>> float(optimizer.minimize(lambda: x * x)), round(float(x), 4)
        (9.0, 2.4)
        """
        value, pairs = self.compute_gradients(loss, var_list)
        self.apply_gradients(pairs)
        return value

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times loss_scale_factor; `apply` divides the gradients by it. Keeps small float16 gradients from vanishing."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # --- what happens around the rule ---

    def _clip_gradients(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipnorm and self.clipnorm > 0:
            return [_bound_norm(g, op("sum")(op("square")(g)), self.clipnorm) for g in gradients]
        if self.global_clipnorm and self.global_clipnorm > 0:
            total = op("add_n")([op("sum")(op("square")(g)) for g in gradients])
            # As Keras: an infinite norm of all together makes them NaN.
            return [_bound_norm(g, total, self.global_clipnorm) + (total - total) for g in gradients]
        if self.clipvalue and self.clipvalue > 0:
            return [op("clip")(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def exclude_from_weight_decay(self, var_list: Sequence[Variable] | None = None, var_names: Sequence[str] | None = None) -> None:
        """Spare these variables, and those whose name one of the patterns `var_names` occurs in, from weight decay."""
        self._excluded = ({id(v) for v in var_list or ()}, re.compile("|".join(var_names)) if var_names else None)

    def _use_weight_decay(self, variable: Variable) -> bool:
        spared, pattern = self._excluded
        return id(variable) not in spared and not (pattern and pattern.search(variable.name))

    def _apply_weight_decay(self, variables: Sequence[Variable]) -> None:
        self._decay_by(variables, self.weight_decay)

    def _decay_by(self, variables: Sequence[Variable], decay: float | None) -> None:
        if decay is not None:
            rate = self._rate()
            for v in variables:
                if self._use_weight_decay(v):
                    _decay([v], rate * decay)

    def _update_averages(self) -> None:
        new = 1 - self.ema_momentum if self._updates else 1.0
        for v, average in zip(self._trainable_variables, self._model_variables_moving_average, strict=True):
            if average is not None:
                _average([average], v.value, new)
        if self.ema_overwrite_frequency and (self._updates + 1) % self.ema_overwrite_frequency == 0:
            self._overwrite_by_averages(self._trainable_variables)

    def _overwrite_by_averages(self, variables: Sequence[Variable]) -> None:
        if len(variables) != len(self._model_variables_moving_average):
            wanted = f"the {len(self._model_variables_moving_average)} variables of build"
            raise ArgumentError(message("finalize_variable_values", wanted, len(variables), "Pass the trainable variables."))
        for v, average in zip(variables, self._model_variables_moving_average, strict=True):
            if average is not None:
                v.assign(average.value)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End the training: with use_ema the variables get their running means."""
        if self.use_ema:
            self._overwrite_by_averages(list(var_list))

    # --- state and configs ---

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return the trainable and the optimizer's values after a step from these values; the variables themselves stay as they are."""
        return state.stateless_apply(self, optimizer_variables, grads, trainable_variables)

    def get_weights(self) -> list[Any]:
        """Return the values of `variables` as arrays."""
        return [as_array(v.value) for v in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Assign the values of `variables`; the optimizer must be built."""
        state.set_weights(self, weights)

    def save_own_variables(self, store: Any) -> None:
        """Put the values of `variables`, as tensors, under "0", "1", ... of a store."""
        for i, v in enumerate(self.variables):
            store[str(i)] = v.value

    def load_own_variables(self, store: Any) -> None:
        """Assign the values that `save_own_variables` stored; with a warning nothing, if their number is not that of `variables`."""
        state.load_own_variables(self, store)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, by Keras's keys."""
        rate = self._learning_rate
        keys = (
            "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum", "ema_overwrite_frequency",
            "loss_scale_factor", "gradient_accumulation_steps",
        )  # fmt: skip
        number = rate.number if isinstance(rate, HostScalar) else serialize_keras_object(rate)
        return {"name": self.name, "learning_rate": number, **{k: getattr(self, k) for k in keys}}

    def __reduce__(self) -> tuple[Any, ...]:
        # Slots belong to variables by identity: a copy begins anew.
        return type(self).from_config, (self.get_config(),)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the optimizer of a config of Keras 3, Keras 2 (lr, decay) or TensorFlow.js (learningRate, beta1, ...)."""
        config = state.modern_config(config, inspect.signature(cls.__init__).parameters, cls.legacy_arguments)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_keras_object(config["learning_rate"], custom_objects=custom_objects)
        return cls(**config)


def _is_overwritten(variable: Variable) -> bool:
    return getattr(variable, "overwrite_with_gradient", False)


def _bound_norm(g: Tensor, square: Tensor, bound: float) -> Tensor:
    return g * (bound / op("maximum")(op("sqrt")(square), bound))
