"""What a readback may carry, and which reads share one. The copies themselves are the devices'."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakKeyDictionary

Wanted = tuple[int, int]  # a slot and how many words of it


def portions(wanted: Sequence[Wanted], most: int) -> list[list[Wanted]]:
    """Split (slot, words) in order so that no portion has more than `most` bytes, but for a single one that is larger.

    >>> portions([(0, 2), (1, 1), (2, 3)], 12)
    [[(0, 2), (1, 1)], [(2, 3)]]
    """
    found: list[list[Wanted]] = [[]]
    room = most
    for slot, words in wanted:
        if found[-1] and words * 4 > room:
            found.append([])
            room = most
        found[-1].append((slot, words))
        room -= words * 4
    return found


class SharedReads:
    """Reads that tasks begin in the same turn of an event loop, made as one: a readback may take a browser 100 ms, whatever it carries."""

    def __init__(self, read_later: Callable[[Sequence[Wanted]], Awaitable[list[bytes]]]):
        self._read_later = read_later
        self._open: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[list[Wanted], asyncio.Task[list[bytes]]]] = WeakKeyDictionary()

    async def read(self, slot: int, words: int) -> bytes:
        """Return the bytes of one storage, which its caller must hold until then."""
        loop = asyncio.get_running_loop()
        wanted, task = self._open.get(loop, ([], None))
        if task is None or task.done():  # done, though open: it was cancelled before it began
            wanted = []
            task = loop.create_task(self._together(loop, wanted))
            self._open[loop] = wanted, task
        wanted.append((slot, words))
        number = len(wanted) - 1
        return (await asyncio.shield(task))[number]  # shielded: others wait for it too

    async def _together(self, loop: asyncio.AbstractEventLoop, wanted: list[Wanted]) -> list[bytes]:
        del self._open[loop]  # who comes from now on is for the next one
        return await self._read_later(wanted)
