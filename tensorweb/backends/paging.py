"""Storage with a limit: what was not used for long goes to the CPU's memory when there is too much, and comes back when it is used.

WebGL does not tell how much memory a GPU has, and takes the context away when there is none left: the limit is a flag or an estimate.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable

from .devices import Device
from .storage import Buffer, Pool

BYTES_PER_PIXEL = 600  # of the screen: as much may be used, an estimate of TensorFlow.js


class PagedBuffer(Buffer):
    """Storage that is on the device under a number, or else in the CPU's memory as `data`."""

    __slots__ = ("_number", "data", "pool", "turn", "type")

    def __init__(self, pool: PagedPool, slot: int, words: int, type: str, free: list[int]):
        self.pool, self.type = pool, type
        self.data: bytes | None = None
        self.turn = 0  # of the pool, when it was used last
        super().__init__(slot, words, free)
        pool.note(self)

    @property
    def slot(self) -> int:
        """The number on the device, where the elements are from now on."""
        if self.data is not None:
            self.pool.bring(self)
        self.pool.note(self)
        return self._number

    @slot.setter
    def slot(self, number: int) -> None:
        self._number = number

    def __del__(self) -> None:
        self.pool.used.pop(id(self), None)
        if self.data is None:
            self.free.append(self._number)


class PagedPool(Pool):
    """A pool of at most `limit` bytes on the device, as long as what is in use at once is less.

    `paged_out` and `paged_in` count the pages that went to the CPU and came back.
    """

    def __init__(self, device: Device, flush: Callable[[], None], limit: int):
        super().__init__(device, flush)
        self.limit = limit
        self.paged_out = self.paged_in = 0
        self.used: dict[int, weakref.ref[PagedBuffer]] = {}  # on the device, by identity; what was used last comes last
        self._turn = 0

    def begin(self) -> None:
        self._turn += 1

    def note(self, buffer: PagedBuffer) -> None:
        """Remember that a buffer is used now."""
        buffer.turn = self._turn
        self.used[id(buffer)] = self.used.pop(id(buffer), weakref.ref(buffer))

    def bring(self, buffer: PagedBuffer) -> None:
        """Put a buffer's elements back on the device."""
        data = buffer.data
        assert data is not None
        buffer.slot = self._number(buffer.words, buffer.type, buffer.free)
        buffer.data = None
        self._flush()  # whoever had the number before may not have run yet
        self.device.write(buffer._number, data)
        self.paged_in += 1

    def _buffer(self, slot: int, capacity: int, type: str, free: list[int]) -> Buffer:
        return PagedBuffer(self, slot, capacity, type, free)

    def _make(self, capacity: int, type: str) -> int:
        if self._excess(capacity) > 0:
            self.trim()
            self._page_out(self._excess(capacity))
        return super()._make(capacity, type)

    def _excess(self, more: int) -> int:
        return self.words + more - self.limit // 4

    def _page_out(self, excess: int) -> None:
        """Move what was not used for longest to the CPU, until there are so many words less on the device."""
        leaving: list[PagedBuffer] = []
        for found in list(self.used.values()):
            buffer = found()
            if excess > 0 and buffer is not None and buffer.turn != self._turn:
                leaving.append(buffer)
                excess -= buffer.words
        if not leaving:
            return
        self._flush()
        pages = self.device.read([(buffer._number, buffer.words) for buffer in leaving])
        for buffer, data in zip(leaving, pages, strict=True):
            self.used.pop(id(buffer), None)
            self.device.release(buffer._number)
            buffer.data = data
        self.words -= sum(buffer.words for buffer in leaving)
        self.paged_out += len(leaving)
