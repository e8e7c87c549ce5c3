"""History: what `fit` returns."""

from __future__ import annotations

from .callback import Callback, Logs


class History(Callback):
    """Keeps what each epoch gave: `epoch`, the epochs' numbers, and `history`, a list for each loss and metric. Keras's History."""

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        """Begin the list of epochs."""
        self.epoch: list[int] = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Append the epoch's values."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
