"""Callback: the hooks. Who calls them, in which order, is in `callback_list.py` and models/fitting.py."""

from __future__ import annotations

from typing import Any

# An override of one of these reads a batch's numbers.
BATCH_LOG_HOOKS = ("on_batch_end", "on_train_batch_end", "on_test_batch_end")

Logs = dict[str, Any] | None


class Callback:
    """Base of callbacks: override the hooks you need. Keras's Callback.

    `self.model` is the model; `self.params` a dict with `verbose`, `epochs` and `steps`. `logs` are the losses and metrics by name, as
    numbers: of the batches so far in batch hooks, of the epoch (validation's with the prefix `val_`) in `on_epoch_end`.

    >>> import tensorweb as tw
    >>> class Stopper(tw.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 0.1
    """

    def __init__(self) -> None:
        self.params: Any = None
        self._model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take what `fit` was called with."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model that is trained or run."""
        return self._model

    @property
    def wants_batch_logs(self) -> bool:
        """Whether the numbers of the batch just done must be read from the device for this callback."""
        return any(_overridden(self, name) for name in BATCH_LOG_HOOKS)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of training: the older name of on_train_batch_begin."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of training: the older name of on_train_batch_end."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called before an epoch of training."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called after an epoch of training and its validation."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of training."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of training."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of evaluation or validation."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of prediction; `logs["outputs"]` are its tensors."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called before training."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called after training, with the last epoch's logs."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called before evaluation or validation."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called after evaluation or validation, with its logs."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called before prediction."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called after prediction."""


def _overridden(callback: Any, name: str) -> bool:
    """Tell whether a hook is not the base's, be it by a subclass or by an attribute of the object."""
    return getattr(getattr(callback, name, None), "__func__", None) is not getattr(Callback, name)
