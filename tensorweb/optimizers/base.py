"""What all optimizers share: slots, steps, clipping, `apply_gradients` and `minimize`. The update rules are in `rules.py`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import engine
from ..autodiff import GradientTape
from ..errors import ArgumentError, GradientError, ShapeError, message
from ..tensor import Tensor, Variable, op
from .schedules import LearningRateSchedule


class Optimizer(ABC):
    """Base of the optimizers; a subclass names its `slots` and defines `update_step`.

    Args: `learning_rate`: a number or a schedule; `weight_decay`: decoupled, subtracted as learning_rate * weight_decay * value;
    `clipnorm` bounds each gradient's norm, `clipvalue` its elements, `global_clipnorm` the norm of all together. Keras's arguments.
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ):
        if sum(c is not None for c in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ArgumentError(message(type(self).__name__, "at most one kind of clipping", "several", "Keep one of them."))
        self._learning_rate, self.weight_decay = learning_rate, weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.name = name or type(self).__name__.lower()
        self.iterations = 0
        self._slots: dict[int, tuple[Variable, list[Variable]]] = {}

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step, a Python number; assignable unless it comes from a schedule."""
        rate = self._learning_rate
        return rate(self.iterations) if isinstance(rate, LearningRateSchedule) else float(rate)

    @learning_rate.setter
    def learning_rate(self, value: float | LearningRateSchedule) -> None:
        self._learning_rate = value

    @property
    def variables(self) -> list[Variable]:
        """The slots of all variables seen so far."""
        return [slot for _, slots in self._slots.values() for slot in slots]

    def slot_value(self, slot: str, variable: Variable) -> Any:
        """Return a slot's first value; zeros unless a subclass says otherwise."""
        return op("zeros")(variable.shape, variable.dtype)

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots of the variables."""
        for v in variables:
            if id(v) not in self._slots:
                with engine.changed_state(tapes=()):
                    made = [Variable(self.slot_value(s, v), trainable=False, name=f"{v.name}_{s}") for s in self.slots]
                self._slots[id(v)] = (v, made)

    @abstractmethod
    def update_step(self, gradient: Tensor, variable: Variable, slots: list[Variable], learning_rate: float) -> None:
        """Update one variable and its slots; defined by each optimizer."""

    def apply(self, gradients: Sequence[Tensor | None], variables: Sequence[Variable]) -> None:
        """Update the variables by their gradients, in order; a None is passed over. Raises before anything changed."""
        pairs = [(g, v) for g, v in zip(gradients, variables, strict=True) if g is not None]
        if not pairs:
            raise GradientError(message(self.name, "a gradient for some variable", "none", "Check that the loss depends on them."))
        for g, v in pairs:
            if g.shape != v.shape:
                raise ShapeError(message(self.name, f"a gradient of shape {v.shape}", g.shape, f"It is variable {v.name!r}'s."))
        with engine.changed_state(tapes=()):
            self.build(v for _, v in pairs)
            rate = self.learning_rate
            for g, v in zip(self._clipped([g for g, _ in pairs]), [v for _, v in pairs]):
                if self.weight_decay:
                    v.assign(v - v * (self.weight_decay * rate))
                self.update_step(g, v, self._slots[id(v)][1], rate)
        self.iterations += 1

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Tensor | None, Variable]]) -> None:
        """Update by (gradient, variable) pairs, as Keras."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])

    def compute_gradients(self, loss: Callable[[], Tensor], var_list: Sequence[Variable] | None = None) -> tuple[Tensor, list]:
        """Return loss() and the list of (gradient, variable) for `var_list`, or every trainable variable that it read."""
        with GradientTape(watch_accessed_variables=var_list is None) as tape:
            if var_list is not None:
                tape.watch(list(var_list))
            value = loss()
        if not isinstance(value, Tensor) or value.shape != ():
            got = f"shape {value.shape}" if isinstance(value, Tensor) else type(value).__name__
            raise GradientError(message("minimize", "a function that returns a scalar tensor", got, "Reduce it with mean or sum."))
        variables = list(var_list) if var_list is not None else tape.watched_variables()
        return value, list(zip(tape.gradient(value, variables), variables))

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

    def _clipped(self, gradients: list[Tensor]) -> list[Tensor]:
        if self.clipvalue is not None:
            return [op("clip")(g, -self.clipvalue, self.clipvalue) for g in gradients]
        if self.clipnorm is not None:
            return [_bound_norm(g, op("sum")(op("square")(g)), self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            total = op("add_n")([op("sum")(op("square")(g)) for g in gradients])
            return [_bound_norm(g, total, self.global_clipnorm) for g in gradients]
        return gradients


def _bound_norm(g: Tensor, square: Tensor, bound: float) -> Tensor:
    return g * (bound / op("maximum")(op("sqrt")(square), bound))
