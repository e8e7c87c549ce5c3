"""Storage of a device by number: recycled by size and type, given back when the last reference to a Buffer goes."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable

from ..errors import OutOfMemoryError, message
from .devices import Device
from .heap import size_class

_SPARE = 16 << 20  # so many words of free storage may always stay


class Buffer:
    """Numbered storage of `words` 32-bit elements; its number is free again when nobody holds it."""

    __slots__ = ("__weakref__", "free", "slot", "words")

    def __init__(self, slot: int, words: int, free: list[int]):
        self.slot, self.words, self.free = slot, words, free

    def __del__(self) -> None:
        self.free.append(self.slot)  # cannot be torn by threads or by a collection in the middle of `take`


class Pool:
    """Free numbers by capacity and type. A step that comes back to the same sizes allocates nothing.

    Commands that use a number may not have run when it is free again: they run before whatever its next user appends.
    """

    def __init__(self, device: Device, flush: Callable[[], None]):
        self.device, self._flush = device, flush
        self.allocated = 0  # storages made so far
        self.words = 0  # in all storages, free ones too
        self.peak = 0
        self._numbers = itertools.count()
        self._free: dict[tuple[int, str], list[int]] = {}

    def take(self, words: int, type: str) -> Buffer:
        """Return storage for so many elements. Raises OutOfMemoryError."""
        capacity = size_class(4 * words) // 4
        free = self._free.get((capacity, type))
        if free is None:
            free = self._free.setdefault((capacity, type), [])
        return self._buffer(self._number(capacity, type, free), capacity, type, free)

    def begin(self) -> None:
        """Tell that the storage of one command is going to be asked for."""

    def _buffer(self, slot: int, capacity: int, type: str, free: list[int]) -> Buffer:
        return Buffer(slot, capacity, free)

    def _number(self, capacity: int, type: str, free: list[int]) -> int:
        """Return a number that nobody uses."""
        try:
            return free.pop()
        except IndexError:
            return self._make(capacity, type)

    def _make(self, capacity: int, type: str) -> int:
        if 4 * capacity > self.device.limits.max_bytes:
            wanted = f"tensors of at most {self.device.limits.max_bytes} bytes"
            raise OutOfMemoryError(message(self.device.name, wanted, 4 * capacity, "Split the work into smaller parts."))
        self.peak = max(self.peak, self.words - self.unused + capacity)
        if self.words + capacity > self.peak + max(self.peak // 2, _SPARE):
            self.trim()
        slot = next(self._numbers)
        for attempt in (0, 1):
            try:
                self.device.allocate(slot, capacity, type)
                break
            except OutOfMemoryError:
                if attempt:
                    raise
                gc.collect()
                self.trim()
        self.allocated += 1
        self.words += capacity
        return slot

    @property
    def unused(self) -> int:
        """The words of free storage."""
        return sum(capacity * len(found) for (capacity, _), found in list(self._free.items()))

    def trim(self) -> None:
        """Give all free storage back to the device."""
        self._flush()
        for (capacity, _), free in list(self._free.items()):
            while free:
                self.device.release(free.pop())
                self.words -= capacity
