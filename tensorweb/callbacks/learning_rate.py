"""Callbacks that change the learning rate: LearningRateScheduler, ReduceLROnPlateau."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import ArgumentError, message
from .callback import Callback, Logs
from .monitor import MonitorCallback, as_float32


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch: `schedule(epoch, learning_rate)` or `schedule(epoch)` gives it, a float.

    ArgumentError if it gives something else, or if the optimizer has no learning rate. Keras's LearningRateScheduler.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Set the learning rate."""
        from ..utils.messages import print_message

        for name, optimizer in optimizers_of(self.model.optimizer):
            rate = self._set(optimizer, epoch)
            if self.verbose > 0:
                which = f"{name} " if name else ""
                print_message(f"\nEpoch {epoch + 1}: LearningRateScheduler setting {which}learning rate to {rate}.")

    def _set(self, optimizer: Any, epoch: int) -> Any:
        if not hasattr(optimizer, "learning_rate"):
            got = type(optimizer).__name__
            raise ArgumentError(message("LearningRateScheduler", "an optimizer with a learning_rate", got, "Use another."))
        old = float(optimizer.learning_rate)
        rate = self.schedule(epoch, old) if _takes_two(self.schedule) else self.schedule(epoch)
        if not isinstance(rate, float) and type(rate).__name__ != "float32":
            advice = "The output of the `schedule` function should be a float."
            raise ArgumentError(message("LearningRateScheduler", "a schedule that gives a float", repr(rate), advice))
        optimizer.learning_rate = rate
        return rate

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add the learning rate to the logs."""
        add_learning_rates(self.model, {} if logs is None else logs)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when a value has not improved for `patience` epochs. Keras's ReduceLROnPlateau.

    Args: `monitor`, `mode`, `min_delta`, `verbose` as in EarlyStopping; `cooldown`: epochs to wait after a reduction; `min_lr`: a floor.
    ArgumentError for factors from 1 on.
    """

    def __init__(
        self, monitor: str = "val_loss", factor: float = 0.1, patience: int = 10, verbose: int = 0, mode: str = "auto",
        min_delta: float = 0.0001, cooldown: int = 0, min_lr: float = 0.0, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ArgumentError(message("ReduceLROnPlateau", "a factor below 1", factor, "0.1 is usual."))
        self.factor, self.min_lr, self.patience, self.verbose, self.cooldown = factor, min_lr, patience, verbose, cooldown
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin anew."""
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare the epoch's value and reduce the learning rate if patience is over."""
        self._set_monitor_op()
        logs = {} if logs is None else logs
        add_learning_rates(self.model, logs)
        current = self._value_in(logs)
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best, self.wait = current, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                reduced = [self._reduce(name, optimizer, epoch) for name, optimizer in optimizers_of(self.model.optimizer)]
                if any(reduced):
                    self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, name: str, optimizer: Any, epoch: int) -> bool:
        from ..utils.messages import print_message

        old = float(optimizer.learning_rate)
        if old <= as_float32(self.min_lr):
            return False
        optimizer.learning_rate = new = max(old * self.factor, self.min_lr)
        if self.verbose > 0:
            which = f" {name}" if name else ""
            print_message(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{which} learning rate to {new}.")
        return True

    def in_cooldown(self) -> bool:
        """Tell whether a reduction was only just made."""
        return self.cooldown_counter > 0


def optimizers_of(optimizer: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, optimizer): those within a MultiOptimizer, or the one itself with no name."""
    if hasattr(optimizer, "optimizers"):
        yield from ((o.name, o) for o in optimizer.optimizers)
    else:
        yield "", optimizer


def add_learning_rates(model: Any, logs: dict[str, Any]) -> None:
    """Add the learning rate, or those of each optimizer, to logs."""
    for name, optimizer in optimizers_of(model.optimizer):
        logs[f"learning_rate_{name}" if name else "learning_rate"] = float(optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        return True
    return True
