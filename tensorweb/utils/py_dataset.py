"""PyDataset: batches by number, for data that a program's own class makes. Pipelines are in `tw.data`."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any


class PyDataset:
    """A base class for datasets that return batch number `index`: give `__getitem__` and `__len__`. Keras's PyDataset.

    `num_batches` may be overridden instead of `__len__`; None means endless. `on_epoch_begin` and `on_epoch_end` are called by
    `fit`. `workers`, `use_multiprocessing` and `max_queue_size` are kept; batches are made in the loop's own thread.
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10):
        self._workers, self._use_multiprocessing, self._max_queue_size = workers, use_multiprocessing, max_queue_size

    def _setting(self, name: str, default: Any) -> Any:
        if name not in self.__dict__:
            warnings.warn(
                "Your `PyDataset` class should call `super().__init__(**kwargs)` in its constructor; `**kwargs` can have `workers`, "
                "`use_multiprocessing` and `max_queue_size`.",
                stacklevel=3,
            )
            PyDataset.__init__(self)
        return self.__dict__.get(name, default)

    @property
    def workers(self) -> int:
        """The number of workers asked for."""
        return self._setting("_workers", 1)

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether processes were asked for."""
        return self._setting("_use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """The number of batches to keep ready."""
        return self._setting("_max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Return batch number `index`."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[Any]:
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self) -> int | None:
        """The number of batches, None if endless: `len(self)` unless overridden."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError("PyDataset: expected __len__ or num_batches, got neither. Define one of them.")

    def on_epoch_begin(self) -> None:
        """Do nothing; subclasses may prepare an epoch here."""

    def on_epoch_end(self) -> None:
        """Do nothing; subclasses may shuffle here, for example."""
