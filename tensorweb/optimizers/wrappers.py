"""Optimizers around others: the loss scale of mixed precision, and different optimizers for different variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

from .. import engine
from ..errors import ArgumentError, ConversionError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import Tensor, Variable, op
from .base import Optimizer
from .hyperparameters import SHARED
from .scalar import HostScalar


class LossScaleOptimizer(Optimizer):
    """Scales the loss for `inner_optimizer`, halving the scale and passing the step over where a gradient is infinite or NaN.

    The scale begins at `initial_scale` and doubles after `dynamic_growth_steps` finite steps in a row. One value is read from the
    device in each step. Keras's LossScaleOptimizer.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ):
        where = "LossScaleOptimizer"
        if not kwargs.pop("dynamic", True):
            raise ArgumentError(message(where, "dynamic=True", "False", "Set loss_scale_factor of the inner optimizer instead."))
        for key, value in kwargs.items():
            if key not in SHARED or value != SHARED[key]:
                raise ArgumentError(message(where, "no other arguments", f"{key}={value}", "Set it on the inner optimizer."))
        if not isinstance(inner_optimizer, Optimizer):
            raise ArgumentError(message(where, "an Optimizer to wrap", type(inner_optimizer).__name__, "Make one first."))
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer, self.initial_scale, self.dynamic_growth_steps = inner_optimizer, initial_scale, dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # or gradients would be scaled twice

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the counter and the scale, and build the inner optimizer."""
        if self.built:
            return
        self.step_counter = HostScalar(0, "int32", "step_counter", f"{self.name}/step_counter")
        self.dynamic_scale = HostScalar(self.initial_scale, "float32", "dynamic_scale", f"{self.name}/dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """The own variables, then the inner optimizer's."""
        return self._variables + self.inner_optimizer.variables

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Update by gradients of the scaled loss, if all of them are finite."""
        variables = self._known_variables(grads, trainable_variables)
        pairs = self._without_empty(grads, variables)
        with engine.changed_state(tapes=(), autocast=None):
            if not bool(self.check_finite([g for g, _ in pairs])):
                self.step_counter.number = 0
                self.dynamic_scale.number *= 0.5
                return
            scale = self.dynamic_scale.number
            unscaled = [g if getattr(v, "overwrite_with_gradient", False) else g / scale for g, v in pairs]
            self.inner_optimizer.apply(unscaled, [v for _, v in pairs])
        if self.step_counter.number == self.dynamic_growth_steps - 1:
            self.step_counter.number = 0
            self.dynamic_scale.number *= 2.0
        else:
            self.step_counter.number += 1

    def check_finite(self, grads: Sequence[Any]) -> Tensor:
        """Return whether all elements of all gradients are finite, a bool scalar."""
        return op("all")(op("stack")([op("all")(op("isfinite")(g)) for g in grads if g is not None]))

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def iterations(self) -> Any:
        """The inner optimizer's counter: steps passed over do not count."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times the current scale."""
        return loss * (self.dynamic_scale.number if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End the training of the inner optimizer."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            "name": self.name, "inner_optimizer": serialize_keras_object(self.inner_optimizer), "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the optimizer of a config."""
        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects=custom_objects)
        return cls(inner, **{k: v for k, v in config.items() if k != "inner_optimizer"})


class OptimizerMap(MutableMapping):
    """Optimizers by path of variable: an exact path or a regular expression for the whole of it; `default_optimizer` for the others.

    Raises ArgumentError where more than one expression matches. Keras's OptimizerMap.
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None):
        if not isinstance(default_optimizer, Optimizer):
            got = type(default_optimizer).__name__
            raise ConversionError(message("OptimizerMap", "default_optimizer to be an Optimizer", got, "Make one first."))
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            got = type(optimizer_map).__name__
            raise ConversionError(message("OptimizerMap", "optimizer_map to be a dict", got, "It maps paths to optimizers."))
        self._default_optimizer, self._optimizer_map = default_optimizer, optimizer_map or {}

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of the variables that nothing matches."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        found = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ArgumentError(message("OptimizerMap", f"one pattern that matches {key!r}", found, "Make the patterns exclusive."))
        return self._optimizer_map[found[0]] if found else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if not isinstance(key, str):
            raise ArgumentError(message("OptimizerMap", "a path or pattern as key", repr(key), "It must be a string."))
        if key in self._optimizer_map:
            raise ArgumentError(message("OptimizerMap", "a new key", f"{key!r} again", "Delete it first."))
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            wanted = "an Optimizer that wraps no others"
            raise ArgumentError(message("OptimizerMap", wanted, type(optimizer).__name__, "Wrap the MultiOptimizer instead."))
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        """Return the optimizer of a variable."""
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        parts = {"default_optimizer": self._default_optimizer, "optimizer_map": self._optimizer_map}
        return {k: serialize_keras_object(v) for k, v in parts.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> OptimizerMap:
        """Return the map of a config."""
        return cls(*(deserialize_keras_object(config[k], custom_objects=custom_objects) for k in ("default_optimizer", "optimizer_map")))


class MultiOptimizer(Optimizer):
    """Hands each variable to the optimizer that an OptimizerMap, or a function of the variable, names. Keras's MultiOptimizer.

    It has no learning rate of its own; `optimizers` are those in use. A `loss_scale_factor` is set on all of them.
    """

    def __init__(self, optimizer_map: Callable[[Variable], Optimizer], loss_scale_factor: float | None = None, name: str | None = None):
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self._optimizer_map = optimizer_map
        self._inner_optimizers: list[Optimizer] = []
        known: list[Any] = list(optimizer_map.values()) if isinstance(optimizer_map, MutableMapping) else []
        for optimizer in [*known, getattr(optimizer_map, "default_optimizer", None)]:
            if optimizer is not None:
                self._index(optimizer)

    def _index(self, optimizer: Optimizer) -> int:
        """Return the place of an optimizer among `optimizers`, where it is put if it is new."""
        if optimizer not in self._inner_optimizers:
            optimizer.loss_scale_factor = self.loss_scale_factor
            self._inner_optimizers.append(optimizer)
        return self._inner_optimizers.index(optimizer)

    def build(self, variables: Sequence[Variable]) -> None:
        """Build each optimizer on its variables."""
        if self.built:
            return
        for v in variables:
            optimizer = self._optimizer_map(v)
            if not isinstance(optimizer, Optimizer) or isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
                wanted = f"an Optimizer that wraps no others for {v.name!r}"
                raise ArgumentError(message("MultiOptimizer", wanted, type(optimizer).__name__, "Correct the map."))
        self._var_to_optimizer_idx = {id(v): self._index(self._optimizer_map(v)) for v in variables}
        for optimizer, (part,) in zip(self._inner_optimizers, self._parts(variables), strict=True):
            if part:
                optimizer.build(part)
        super().build(variables)

    def _parts(self, variables: Sequence[Variable], *others: Sequence[Any]) -> list[tuple[list[Any], ...]]:
        """Return for each optimizer its variables, and what belongs to them."""
        rows = list(zip(variables, *others, strict=True))
        mine = [[r for r in rows if self._var_to_optimizer_idx[id(r[0])] == i] for i in range(len(self._inner_optimizers))]
        return [tuple([r[k] for r in part] for k in range(1 + len(others))) for part in mine]

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers in use."""
        return self._inner_optimizers

    @property
    def variables(self) -> list[Variable]:
        """The own variables, then those of each optimizer."""
        return self._variables + [v for o in self._inner_optimizers for v in o.variables]

    @property
    def learning_rate(self) -> Any:
        """Not there: each of `optimizers` has its own."""
        raise AttributeError("MultiOptimizer: expected learning_rate to be read from one of `optimizers`, got it from the whole.")

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError("MultiOptimizer: expected learning_rate to be set on one of `optimizers`, got it on the whole.")

    @property
    def loss_scale_factor(self) -> float | None:
        """The factor of all the optimizers."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in self.__dict__.get("_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    @property
    def iterations(self) -> Any:
        """The number of calls of `apply`."""
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Update each variable by its optimizer."""
        if len(grads) == 0:
            return
        variables = self._known_variables(grads, trainable_variables)
        for optimizer, (part, gradients) in zip(self._inner_optimizers, self._parts(variables, grads), strict=True):
            if part:
                optimizer.apply(gradients, part)
        self._iterations.number += 1

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """End the training of each optimizer."""
        for optimizer, (part,) in zip(self._inner_optimizers, self._parts(var_list), strict=True):
            if part:
                optimizer.finalize_variable_values(part)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        config = serialize_keras_object(self._optimizer_map)
        return {"optimizer_map": config, "loss_scale_factor": self.loss_scale_factor, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """Return the optimizer of a config."""
        return cls(**{**config, "optimizer_map": deserialize_keras_object(config["optimizer_map"], custom_objects=custom_objects)})
