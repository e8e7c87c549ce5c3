"""Callbacks that write models to files while they train: ModelCheckpoint, BackupAndRestore. The files' formats are in saving/."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from typing import Any

from ..errors import ArgumentError, message
from .callback import Callback, Logs
from .monitor import MonitorCallback


class BatchCounter:
    """Tells every `frequency` batches, counted over epochs; never for the frequency "epoch"."""

    def __init__(self, where: str, frequency: Any):
        if frequency != "epoch" and not isinstance(frequency, int):
            raise ArgumentError(message(where, "save_freq to be 'epoch' or a number of batches", repr(frequency), "Pass one of them."))
        self.frequency = frequency
        self.since, self.last = 0, -1

    @property
    def due(self) -> bool:
        """Whether the next batch is one to save at."""
        return self.frequency != "epoch" and self.since + 1 >= self.frequency

    def count(self, batch: int) -> bool:
        """Count the batches up to number `batch` of its epoch; True if it is time."""
        if self.frequency == "epoch":
            return False
        self.since += batch + 1 if batch <= self.last else batch - self.last
        self.last = batch
        if self.since < self.frequency:
            return False
        self.since = 0
        return True


class ModelCheckpoint(MonitorCallback):
    """Saves the model or its weights after epochs or every so many batches. Keras's ModelCheckpoint.

    Args: `filepath`: ends in `.keras`, `.h5` or, for weights only, `.weights.h5`, and may hold `{epoch}`, `{batch}` and names of the
    logs with formats, as "{epoch:02d}-{val_loss:.2f}.keras"; `monitor`, `mode`, `verbose` as in EarlyStopping; `save_best_only`;
    `save_weights_only`; `save_freq`: "epoch" or a number of batches; `initial_value_threshold`: the value to improve on first.
    Raises ArgumentError for wrong values, KeyError if the logs lack a name of the path.
    """

    def __init__(
        self, filepath: Any, monitor: str = "val_loss", verbose: int = 0, save_best_only: bool = False, save_weights_only: bool = False,
        mode: str = "auto", save_freq: Any = "epoch", initial_value_threshold: float | None = None,
    ):  # fmt: skip
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose, self.save_best_only, self.save_weights_only = verbose, save_best_only, save_weights_only
        self._counter = BatchCounter("ModelCheckpoint", save_freq)
        self.save_freq = save_freq
        self._current_epoch = 0
        endings = (".weights.h5",) if save_weights_only else (".keras", ".h5")
        if not self.filepath.endswith(endings):
            raise ArgumentError(message("ModelCheckpoint", f"a filepath that ends in {' or '.join(endings)}", self.filepath, "Rename it."))

    @property
    def wants_batch_logs(self) -> bool:
        """Whether the model is saved after the batch just done."""
        return self._counter.due

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Remember the epoch."""
        self._current_epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Save if it is time."""
        if self._counter.count(batch):
            self._decide_if_needed()
            self._save(self._current_epoch, batch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Save if epochs are what counts."""
        if self.save_freq == "epoch":
            self._decide_if_needed()
            self._save(epoch, None, logs or {})

    def _decide_if_needed(self) -> None:
        if self.save_best_only:
            self._set_monitor_op()

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        path = self._path(epoch, batch, logs)
        if not self._should_save(epoch, logs, path):
            return
        if os.path.isdir(path):
            raise IsADirectoryError(message("ModelCheckpoint", "the path of a file", f"the folder {path}", "Choose another filepath."))
        if os.path.dirname(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        save = self.model.save_weights if self.save_weights_only else self.model.save
        save(path, overwrite=True)
        self._say(epoch, f"finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> str:
        known = {**({} if batch is None else {"batch": batch + 1}), **logs, "epoch": epoch + 1}
        try:
            return self.filepath.format(**known)
        except KeyError as error:
            text = message("ModelCheckpoint", f"names of the filepath among {sorted(known)}", str(error), "Correct the filepath.")
            raise KeyError(text) from error

    def _should_save(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        current = self._value_in(logs)
        if current is None:
            return True
        if getattr(current, "shape", ()):
            warnings.warn(f"ModelCheckpoint: {self.monitor!r} has several values, so every model is saved", stacklevel=4)
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(epoch, f"{self.monitor} improved from {best} to {current:.5f}, saving model to {path}")
        self.best = current
        return True

    def _say(self, epoch: int, text: str) -> None:
        from ..utils.messages import print_message

        if self.verbose > 0:
            print_message(f"\nEpoch {epoch + 1}: {text}")


class BackupAndRestore(Callback):
    """Keeps a backup of the weights, the optimizer and the epoch, from which a later `fit` goes on. Keras's BackupAndRestore.

    Args: `backup_dir`: a folder that nothing else uses; `save_freq`: "epoch" or a number of batches; `double_checkpoint`: keep the
    backup before the last one too; `delete_checkpoint`: remove the folder when training ends. Raises ArgumentError for wrong values,
    and in `fit` for a model that is not built.
    """

    def __init__(self, backup_dir: Any, save_freq: Any = "epoch", double_checkpoint: bool = False, delete_checkpoint: bool = True):
        super().__init__()
        if not backup_dir:
            raise ArgumentError(message("BackupAndRestore", "a folder", repr(backup_dir), "Pass backup_dir."))
        self._counter = BatchCounter("BackupAndRestore", save_freq)
        self._counter.last = 0
        self.backup_dir, self.save_freq = os.fspath(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path, self._prev_training_metadata_path = self._weights_path + ".bkp", self._training_metadata_path + ".bkp"
        self._current_epoch = 0

    @property
    def wants_batch_logs(self) -> bool:
        """False: only weights are kept."""
        return False

    @property
    def _last_batch_seen(self) -> int:
        return self._counter.last

    def on_train_begin(self, logs: Logs = None) -> None:
        """Restore the backup, if there is one: of the last two, the one that can be read."""
        try:
            self._restore()
        except (OSError, ValueError):
            if not os.path.exists(self._prev_weights_path):
                raise
            for path in (self._weights_path, self._training_metadata_path):
                if os.path.exists(path + ".bkp"):
                    shutil.copy(path + ".bkp", path)
                elif os.path.exists(path):
                    os.remove(path)
            self._restore()

    def _restore(self) -> None:
        if not self.model.built:
            raise ArgumentError(message("BackupAndRestore", "a model that is built", "one that is not", "Call it on a batch first."))
        if os.path.exists(self._weights_path):
            if self.model.optimizer is not None and not self.model.optimizer.built:
                self.model.optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            with open(self._training_metadata_path, encoding="utf-8") as file:
                self.model._initial_epoch = int(json.load(file)["epoch"])

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Back up if epochs are what counts."""
        self._current_epoch, self._counter.last = epoch + 1, 0
        if self.save_freq == "epoch":
            self._save()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Back up if it is time."""
        if self._counter.count(batch):
            self._save()

    def _save(self) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        for path in (self._weights_path, self._training_metadata_path):
            if self.double_checkpoint and os.path.exists(path):
                shutil.copy(path, path + ".bkp")
        self.model.save_weights(self._weights_path, overwrite=True)
        with open(self._training_metadata_path, "w", encoding="utf-8") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._counter.last}, file)

    def on_train_end(self, logs: Logs = None) -> None:
        """Remove the backup."""
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)
