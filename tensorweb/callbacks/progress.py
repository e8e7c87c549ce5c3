"""ProgbarLogger: the progress of fit, evaluate and predict on standard output. What the bar looks like is in utils/progress.py."""

from __future__ import annotations

import time
from typing import Any

from .callback import Callback, Logs

INTERVAL = 0.05  # seconds between two drawings of the bar


class ProgbarLogger(Callback):
    """Shows a progress bar with losses and metrics; `fit`, `evaluate` and `predict` add it unless verbose is 0. Keras's class."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.progbar: Any = None
        self.target: int | None = None
        self.verbose, self.epochs = 1, 1
        self._called_in_fit = self._in_validation = False
        self._drawn_at = 0.0

    def set_params(self, params: dict[str, Any]) -> None:
        """Take verbose, epochs and steps."""
        self.verbose = 1 if params["verbose"] == "auto" else params["verbose"]
        self.epochs, self.target = params["epochs"], params["steps"]

    @property
    def wants_batch_logs(self) -> bool:
        """Whether the bar is due to be drawn: numbers of other batches need not leave the device."""
        return self.verbose == 1 and not self._in_validation and time.time() - self._drawn_at >= INTERVAL

    def on_train_begin(self, logs: Logs = None) -> None:
        """Remember that evaluations from here on are validations, which have no bar of their own."""
        self._called_in_fit = True

    def on_test_begin(self, logs: Logs = None) -> None:
        """Begin a bar, unless within fit."""
        self._in_validation = self._called_in_fit
        if not self._called_in_fit:
            self._restart()

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Begin a bar."""
        self._restart()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Begin a bar, with a headline if there are several epochs."""
        from ..utils.messages import print_message

        self._restart()
        if self.verbose and self.epochs > 1:
            print_message(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Draw the bar if it is due."""
        self._update(batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Draw the bar if it is due, unless within fit."""
        if not self._called_in_fit:
            self._update(batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Draw the bar if it is due, without values."""
        self._update(batch, None)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """End the bar."""
        self._finish(logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """End the bar, unless within fit."""
        self._in_validation = False
        if not self._called_in_fit:
            self._finish(logs)

    def on_predict_end(self, logs: Logs = None) -> None:
        """End the bar."""
        self._finish(None)

    def _restart(self) -> None:
        from ..utils.progress import Progbar

        self.seen, self._drawn_at = 0, 0.0
        # No metric is averaged over steps: what the logs hold are running means already.
        self.progbar = Progbar(target=self.target, verbose=self.verbose, interval=INTERVAL, unit_name="step", stateless_metrics=set())

    def _update(self, batch: int, logs: Logs) -> None:
        if self.progbar is None:
            self._restart()
        self.seen = batch + 1
        unread = any(not isinstance(v, (int, float)) for v in (logs or {}).values())
        if self.verbose != 1 or unread:
            return
        now = time.time()
        if now - self._drawn_at >= INTERVAL:
            self._drawn_at = now
        self.progbar.update(self.seen, list((logs or {}).items()), finalize=False)

    def _finish(self, logs: Logs) -> None:
        if self.progbar is None:
            self._restart()
        if self.target is None:
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.target, list((logs or {}).items()), finalize=True)
