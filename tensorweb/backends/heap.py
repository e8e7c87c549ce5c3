"""Memory that a backend owns: aligned, recycled by size, given back when the last reference to a Buffer goes."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from typing import Protocol

from ..errors import OutOfMemoryError, message

ALIGNMENT = 128  # the bytes of the widest access: a vector of 16 complex numbers
BEYOND = 512  # bytes behind any memory that kernels may read and ignore: a row of a matrix is read in whole vectors
_SLAB = 1 << 20
_LARGE = _SLAB // 4  # what is larger has memory of its own, which can be given back to the system
_SPARE = 64 << 20  # so much large memory may always stay free

# One for all heaps. Reentrant: a collection while it is held runs finalizers, and those may make tensors.
lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # no fork in the middle of a change
    os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)


class Source(Protocol):
    """Where a heap gets its memory."""

    def reserve(self, nbytes: int) -> int:
        """Return the address of new memory, aligned to ALIGNMENT, readable for BEYOND bytes more; raise MemoryError if there is none."""
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
    """Free addresses by capacity; what is not there is cut from slabs, or reserved if it is large.

    Large memory that is free goes back to the system when it is more than half of what was ever in use at once: a program that comes
    back to the same sizes finds them, one whose sizes vary does not pile them up.
    """

    def __init__(self, source: Source, name: str):
        self.source, self.name = source, name
        self.reserved = self.peak = 0
        self._free: dict[int, list[int]] = {}
        self._slab = self._slab_end = 0

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
        with lock:
            self._make_room(capacity)
            for prepare in (None, gc.collect, self.trim):
                if prepare is not None:
                    prepare()
                    found = self._recycled(capacity)
                    if found is not None:
                        return found
                try:
                    return Buffer(self._reserve(capacity), capacity, free)
                except MemoryError:
                    continue
            for larger in sorted(c for c in list(self._free) if c > capacity):  # a block that is too large is better than none
                found = self._recycled(larger)
                if found is not None:
                    return found
        advice = "Free tensors (drop references, use tidy), or split the work into smaller parts."
        raise OutOfMemoryError(message(self.name, f"{capacity} bytes of free memory", f"none beside {self.reserved} reserved", advice))

    def _recycled(self, capacity: int) -> Buffer | None:
        free = self._free[capacity]
        try:
            return Buffer(free.pop(), capacity, free)
        except IndexError:  # other threads take and free meanwhile, without the lock
            return None

    def _reserve(self, capacity: int) -> int:
        if capacity > _LARGE:
            address = self.source.reserve(capacity)
            self.reserved += capacity
            return address
        if self._slab_end - self._slab < capacity:
            slab = self.source.reserve(_SLAB)
            self.reserved += _SLAB
            self._slab, self._slab_end = slab, slab + _SLAB
        address = self._slab
        self._slab += capacity
        return address

    def _make_room(self, capacity: int) -> None:
        """Keep the free large memory within its bound, now that `capacity` bytes are reserved beside it."""
        if capacity <= _LARGE:
            return
        free = sum(size * len(found) for size, found in self._large())
        self.peak = max(self.peak, self.reserved - free + capacity)
        self._release(self.reserved + capacity - self.peak - max(self.peak // 2, _SPARE))

    def trim(self) -> None:
        """Give all large free memory back to the system where that is possible."""
        with lock:
            self._release(self.reserved)

    def _large(self) -> list[tuple[int, list[int]]]:
        return [(size, found) for size, found in list(self._free.items()) if size > _LARGE]

    def _release(self, nbytes: int) -> None:
        """Give at least so many bytes of large free memory back, the sizes that came first before the others."""
        for size, _ in self._large():
            while nbytes > 0:
                found = self._recycled(size)
                if found is None:
                    break
                if not self.source.release(found.address):
                    return
                found.free = []  # it must not come back
                self.reserved -= size
                nbytes -= size


# --- derived forms ----------------------------------------------------------------------------------------------------------

_derived: dict[int, int] = {}  # capacities by the buffer's id


def count_derived(buffer: Buffer) -> None:
    """Count a buffer in `derived_bytes` as long as it lives."""
    _derived[id(buffer)] = buffer.capacity
    weakref.finalize(buffer, _derived.pop, id(buffer), None).atexit = False


def derived_bytes() -> int:
    """Return the bytes of derived forms in all heaps: memory that tensors take beside that of their elements."""
    return sum(list(_derived.values()))
