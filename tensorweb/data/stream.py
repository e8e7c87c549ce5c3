"""Streams: how elements flow through a pipeline whose pulls may wait. The stages themselves are in `stages.py`.

A stage is one generator. It yields `Element`s, and requests that the driver answers (see `waiting.py`); it pulls from the stage
before by `yield from stream.pull()`, which raises `End` after the last element. Blocking and asynchronous iteration drive the same
generators.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from typing import Any

from ..engine import changed_state, state
from ..waiting import Driver, Waits

Stage = Generator[Any, Any, Any]


class End(Exception):
    """The stream has no further element."""


class Element:
    """An element on its way from a stage to the next, as opposed to a request."""

    __slots__ = ("value",)

    def __init__(self, value: Any):
        self.value = value


class Stream:
    """A stage that runs."""

    def __init__(self, stage: Stage):
        self._stage = stage

    def pull(self) -> Waits[Any]:
        """Return the next element; raise End after the last."""
        driver = Driver(self._stage)
        while True:
            try:
                if state.get().scope is None:
                    item = driver.step()
                else:  # what waits in a buffer must outlive the `tidy` in which it was made
                    with changed_state(scope=None):
                        item = driver.step()
            except StopIteration:
                raise End from None
            if type(item) is Element:
                return item.value
            try:
                driver.answer((yield item))
            except BaseException as error:
                driver.fail(error)

    def close(self) -> None:
        """Let the stage leave its `with` and `finally` blocks."""
        self._stage.close()


class Await:
    """A wait for awaitables, all at once; the answer is the list of their results."""

    def __init__(self, *awaitables: Awaitable[Any]):
        self.awaitables = awaitables

    def now(self) -> Sequence[Any]:
        """Run them to their end, blocking; beside a running event loop in a thread of its own."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return _own_loop().run_until_complete(self.later())
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(contextvars.copy_context().run, lambda: _own_loop().run_until_complete(self.later())).result()

    async def later(self) -> Sequence[Any]:
        """Return the results without blocking the event loop."""
        return await asyncio.gather(*(_as_coroutine(a) for a in self.awaitables))


async def _as_coroutine(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


_loops: list[asyncio.AbstractEventLoop] = []


def _own_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop for blocking iteration; kept, since an asynchronous generator must not change its loop."""
    for loop in _loops:
        if not loop.is_running() and not loop.is_closed():
            return loop
    loop = asyncio.new_event_loop()
    _loops.append(loop)
    atexit.register(_close, loop)
    return loop


def _close(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running() and not loop.is_closed():
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def is_coroutine(value: Any) -> bool:
    """Tell whether a function's result must be awaited."""
    return isinstance(value, (Coroutine, asyncio.Future)) or hasattr(value, "__await__")
