"""Learning rates as functions of the step, by Keras's names. The built-in ones are computed on the host: kernels take the number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..errors import ArgumentError, message
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..tensor import Operators, Tensor, op, tensor
from .scalar import HostScalar


class LearningRateSchedule:
    """A function of the step, from 0, to the learning rate: subclasses define `__call__`, and `get_config` to be saved.

    `step` is the optimizer's counter, a scalar int32 variable; the result is a number or a scalar tensor. Keras's base class.
    """

    def __call__(self, step: Any) -> Any:
        """Return the learning rate of a step."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__} must define get_config(self) to be saved")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the schedule of a config."""
        return cls(**config)


class HostSchedule(LearningRateSchedule):
    """Base of the built-in schedules: dataclasses that define `rate`, from a Python number to a Python number."""

    def rate(self, step: float) -> float:
        """Return the learning rate of a step."""
        raise NotImplementedError

    def __call__(self, step: Any) -> Tensor:
        """Return the learning rate of a step, a float32 tensor of the step's shape."""
        if isinstance(step, HostScalar):
            step = step.number
        steps = step if isinstance(step, Operators) else tensor(step)
        rates = [self.rate(s) for s in steps.data_sync()]  # type: ignore[attr-defined]
        return op("reshape")(tensor(rates, dtype="float32"), steps.shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {f.name: getattr(self, f.name) for f in fields(self)}  # type: ignore[arg-type]

    def _positive(self, argument: str) -> None:
        value = getattr(self, argument)
        if value <= 0:
            raise ArgumentError(message(type(self).__name__, f"{argument} > 0", value, "It is a number of steps."))


@dataclass(eq=False, repr=False)
class ExponentialDecay(HostSchedule):
    """initial_learning_rate * decay_rate ** (step / decay_steps); in whole steps if `staircase`.

    >>> import tensorweb as tw
    >>> float(tw.optimizers.schedules.ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)(20))
    0.125
    """

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def rate(self, step: float) -> float:
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**p


@dataclass(eq=False, repr=False)
class InverseTimeDecay(HostSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); in whole steps if `staircase`."""

    initial_learning_rate: float
    decay_steps: float
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def rate(self, step: float) -> float:
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * p)


@dataclass(eq=False, repr=False)
class PiecewiseConstantDecay(HostSchedule):
    """values[i] up to and including step boundaries[i], the last value after that."""

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ArgumentError(message("PiecewiseConstantDecay", "one value more than boundaries", len(self.values), "Correct the lists."))

    def rate(self, step: float) -> float:
        return self.values[sum(step > b for b in self.boundaries)]


@dataclass(eq=False, repr=False)
class PolynomialDecay(HostSchedule):
    """From initial to end_learning_rate by a power of the remaining steps; `cycle` begins anew beyond decay_steps."""

    initial_learning_rate: float
    decay_steps: float
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def rate(self, step: float) -> float:
        total = float(self.decay_steps)
        if self.cycle:
            total *= max(1, math.ceil(step / self.decay_steps))
        else:
            step = min(step, self.decay_steps)
        return (self.initial_learning_rate - self.end_learning_rate) * (1 - step / total) ** self.power + self.end_learning_rate


@dataclass(eq=False, repr=False)
class CosineDecay(HostSchedule):
    """Half a cosine from initial_learning_rate (or warmup_target, after a linear warm-up) to alpha times it. Loshchilov, Hutter 2016."""

    initial_learning_rate: float
    decay_steps: float
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: float = 0

    def __post_init__(self) -> None:
        self._positive("decay_steps")

    def rate(self, step: float) -> float:
        top, warmup = self.initial_learning_rate, 0.0
        if self.warmup_target is not None:
            top, warmup = self.warmup_target, self.warmup_steps
            if step < warmup:
                return self.initial_learning_rate + (top - self.initial_learning_rate) * step / warmup
        done = min(step - warmup, self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * 0.5 * (1 + math.cos(math.pi * done)) + self.alpha)


@dataclass(eq=False, repr=False)
class CosineDecayRestarts(HostSchedule):
    """Cosine decay that begins anew, each period t_mul times as long and m_mul times as high. Loshchilov, Hutter 2016."""

    initial_learning_rate: float
    first_decay_steps: float
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        self._positive("first_decay_steps")

    def rate(self, step: float) -> float:
        done = step / self.first_decay_steps
        if self.t_mul == 1.0:
            period, done = math.floor(done), done - math.floor(done)
        else:
            period = math.floor(math.log(1 - done * (1 - self.t_mul)) / math.log(self.t_mul))
            done = (done - (1 - self.t_mul**period) / (1 - self.t_mul)) / self.t_mul**period
        height = self.m_mul**period
        return self.initial_learning_rate * ((1 - self.alpha) * 0.5 * height * (1 + math.cos(math.pi * done)) + self.alpha)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return the config of a schedule."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the schedule of a config."""
    return deserialize_keras_object(config, custom_objects=custom_objects, module_objects=_BUILT_IN)


_BUILT_IN = {c.__name__: c for c in (*HostSchedule.__subclasses__(), LearningRateSchedule)}

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule", "PiecewiseConstantDecay",
    "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip
