"""EarlyStopping."""

from __future__ import annotations

from typing import Any

from ..layers.layer import Layer
from .callback import Logs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """Stops training when a value has not improved for some epochs. Keras's EarlyStopping.

    Args: `monitor`: a loss or metric as in the logs; `min_delta`: what counts as an improvement; `patience`: epochs without one;
    `verbose`: 1 to print; `mode`: "auto", "min" or "max"; `baseline`: to be reached first; `restore_best_weights`: end with the
    weights of the best epoch; `start_from_epoch`: epochs before it are not looked at.
    """

    def __init__(
        self, monitor: str = "val_loss", min_delta: float = 0, patience: int = 0, verbose: int = 0, mode: str = "auto",
        baseline: float | None = None, restore_best_weights: bool = False, start_from_epoch: int = 0,
    ):  # fmt: skip
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best_weights: Any = None

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin anew."""
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare the epoch's value and stop training if patience is over."""
        self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        better = self._is_improvement(current, self.best)
        if self.restore_best_weights and (better or self.best_weights is None):
            self.best_weights, self.best_epoch = _weights_of(self.model), epoch
        self.wait += 1
        if better:
            self.best, self.best_epoch = current, epoch
            # Without the baseline reached, the best so far does not win time.
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Restore the best weights if asked to."""
        from ..utils.messages import print_message

        if self.stopped_epoch > 0 and self.verbose > 0:
            print_message(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_message(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)

    def get_monitor_value(self, logs: Logs) -> Any:
        """Return the monitored value of the logs, None with a warning if there is none."""
        return self._value_in(logs or {})


def _weights_of(model: Any) -> Any:
    """Return what `set_weights` takes: tensors, which cannot change, so that nothing is copied or read from the device."""
    return [w.value for w in model.weights] if isinstance(model, Layer) else model.get_weights()
