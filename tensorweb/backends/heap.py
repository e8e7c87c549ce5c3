"""Memory that a backend owns: aligned, recycled by size, given back when the last reference to a Buffer goes."""

from __future__ import annotations

import gc
import threading
from typing import Protocol

from ..errors import OutOfMemoryError, message

ALIGNMENT = 128  # the bytes of the widest access: a vector of 16 complex numbers
_SLAB = 1 << 20


class Source(Protocol):
    """Where a heap gets its memory."""

    def reserve(self, nbytes: int) -> int:
        """Return the address of new memory, aligned to ALIGNMENT; raise MemoryError if there is none."""
        ...

    def release(self, address: int) -> bool:
        """Give memory back to the system; tell whether that is possible."""
        ...


class Buffer:
    """A piece of a heap, `capacity` bytes at `address`; it returns there when nobody holds it.

    `derived` has other forms of its content by name, such as a packed matrix; who writes to a buffer sets it to None.
    """

    __slots__ = ("__weakref__", "address", "capacity", "derived", "free")

    def __init__(self, address: int, capacity: int, free: list[int]):
        self.address, self.capacity, self.free = address, capacity, free
        self.derived: dict[str, Buffer] | None = None

    def __del__(self) -> None:
        # Appending cannot be torn by threads or by a collection in the middle of `Heap.take`.
        self.free.append(self.address)


def size_class(nbytes: int) -> int:
    """Return the capacity that serves `nbytes`: a multiple of ALIGNMENT, from 1 KiB on with at most an eighth to spare."""
    step = ALIGNMENT if nbytes <= 1024 else max(ALIGNMENT, 1 << ((nbytes - 1).bit_length() - 4))
    return max(step, -(-nbytes // step) * step)


class Heap:
    """Free addresses by capacity; what is not there is cut from slabs, or reserved if it is large."""

    def __init__(self, source: Source, name: str):
        self.source, self.name = source, name
        self.reserved = 0
        self._free: dict[int, list[int]] = {}
        self._slab = self._slab_end = 0
        self._lock = threading.Lock()

    def take(self, capacity: int) -> Buffer:
        """Return a buffer of a capacity that `size_class` gave. Raises OutOfMemoryError."""
        free = self._free.get(capacity)
        if free is None:
            free = self._free.setdefault(capacity, [])
        try:
            return Buffer(free.pop(), capacity, free)
        except IndexError:
            return self._make(capacity, free)

    def _make(self, capacity: int, free: list[int]) -> Buffer:
        with self._lock:
            for attempt in (self._reserve, self._reserve_after_release):
                try:
                    return Buffer(attempt(capacity), capacity, free)
                except MemoryError:
                    gc.collect()
                    if free:
                        return Buffer(free.pop(), capacity, free)
            larger = sorted(c for c, found in self._free.items() if c > capacity and found)
            if larger:  # a block that is too large is better than none
                own = self._free[larger[0]]
                return Buffer(own.pop(), larger[0], own)
        advice = "Free tensors (drop references, use tidy), or split the work into smaller parts."
        raise OutOfMemoryError(message(self.name, f"{capacity} bytes of free memory", f"none beside {self.reserved} reserved", advice))

    def _reserve(self, capacity: int) -> int:
        if capacity > _SLAB // 4:
            address = self.source.reserve(capacity)
            self.reserved += capacity
            return address
        if self._slab_end - self._slab < capacity:
            self._slab = self.source.reserve(_SLAB)
            self._slab_end = self._slab + _SLAB
            self.reserved += _SLAB
        address = self._slab
        self._slab += capacity
        return address

    def _reserve_after_release(self, capacity: int) -> int:
        self._release_free()
        return self._reserve(capacity)

    def trim(self) -> None:
        """Give all large free memory back to the system where that is possible."""
        with self._lock:
            self._release_free()

    def _release_free(self) -> None:
        for size, free in list(self._free.items()):
            while size > _SLAB // 4 and free:
                address = free.pop()
                if not self.source.release(address):
                    free.append(address)
                    break
                self.reserved -= size
