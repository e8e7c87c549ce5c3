"""Learning rates as functions of the step: plain Python numbers, which kernels take as operands."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from ..errors import ArgumentError, message


class LearningRateSchedule(ABC):
    """A function of the step, from 0, to the learning rate; subclasses define `__call__`. Keras's base class."""

    @abstractmethod
    def __call__(self, step: int) -> float:
        """Return the learning rate of a step."""

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> LearningRateSchedule:
        """Return the schedule of a config."""
        return cls(**config)


class ExponentialDecay(LearningRateSchedule):
    """initial_learning_rate * decay_rate ** (step / decay_steps); in whole steps if `staircase`.

    >>> import tensorweb as tw
    >>> tw.optimizers.schedules.ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, name: str | None = None):
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: int) -> float:
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate**p


class InverseTimeDecay(LearningRateSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps); in whole steps if `staircase`."""

    def __init__(self, initial_learning_rate: float, decay_steps: int, decay_rate: float, staircase: bool = False, name: str | None = None):
        self.initial_learning_rate, self.decay_steps, self.decay_rate = initial_learning_rate, decay_steps, decay_rate
        self.staircase, self.name = staircase, name

    def __call__(self, step: int) -> float:
        p = step // self.decay_steps if self.staircase else step / self.decay_steps
        return self.initial_learning_rate / (1 + self.decay_rate * p)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[i] up to and including step boundaries[i], the last value after that."""

    def __init__(self, boundaries: Sequence[int], values: Sequence[float], name: str | None = None):
        if len(boundaries) != len(values) - 1:
            raise ArgumentError(message("PiecewiseConstantDecay", "one value more than boundaries", len(values), "Correct the lists."))
        self.boundaries, self.values, self.name = list(boundaries), list(values), name

    def __call__(self, step: int) -> float:
        return self.values[sum(step > b for b in self.boundaries)]


class PolynomialDecay(LearningRateSchedule):
    """From initial to end_learning_rate by a power of the remaining steps; `cycle` begins anew beyond decay_steps."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str | None = None,
    ):
        self.initial_learning_rate, self.decay_steps, self.end_learning_rate = initial_learning_rate, decay_steps, end_learning_rate
        self.power, self.cycle, self.name = power, cycle, name

    def __call__(self, step: int) -> float:
        total = float(self.decay_steps)
        if self.cycle:
            total *= max(1, math.ceil(step / self.decay_steps))
        else:
            step = min(step, self.decay_steps)
        return (self.initial_learning_rate - self.end_learning_rate) * (1 - step / total) ** self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from initial_learning_rate (or warmup_target, after a linear warm-up) to alpha times it. Loshchilov, Hutter 2016."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str | None = None,
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ):
        self.initial_learning_rate, self.decay_steps, self.alpha = initial_learning_rate, decay_steps, alpha
        self.name, self.warmup_target, self.warmup_steps = name, warmup_target, warmup_steps

    def __call__(self, step: int) -> float:
        top = self.initial_learning_rate if self.warmup_target is None else self.warmup_target
        if self.warmup_target is not None and step <= self.warmup_steps and self.warmup_steps:
            return self.initial_learning_rate + (top - self.initial_learning_rate) * step / self.warmup_steps
        done = min(max(0, step - self.warmup_steps), self.decay_steps) / self.decay_steps
        return top * ((1 - self.alpha) * 0.5 * (1 + math.cos(math.pi * done)) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that begins anew, each period t_mul times as long and m_mul times as high. Loshchilov, Hutter 2016."""

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str | None = None,
    ):
        self.initial_learning_rate, self.first_decay_steps = initial_learning_rate, first_decay_steps
        self.t_mul, self.m_mul, self.alpha, self.name = t_mul, m_mul, alpha, name

    def __call__(self, step: int) -> float:
        done = step / self.first_decay_steps
        if self.t_mul == 1.0:
            period, done = math.floor(done), done - math.floor(done)
        else:
            period = math.floor(math.log(1 - done * (1 - self.t_mul)) / math.log(self.t_mul))
            done = (done - (1 - self.t_mul**period) / (1 - self.t_mul)) / self.t_mul**period
        height = self.m_mul**period
        return self.initial_learning_rate * ((1 - self.alpha) * 0.5 * height * (1 + math.cos(math.pi * done)) + self.alpha)
