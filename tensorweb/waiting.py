"""Waiting: whatever may wait is a generator that yields waits; `wait` drives it blocking, `wait_async` in an event loop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import wraps
from inspect import isawaitable
from typing import Any, TypeVar

from .errors import DeviceError, message

T = TypeVar("T")
Waits = Generator[Any, Any, T]


class Read:
    """A wait for the host values of a tensor; the driver sends them back into the generator."""

    def __init__(self, tensor: Any):
        self.tensor = tensor

    def now(self) -> Any:
        """Return the values, blocking."""
        return self.tensor.data_sync()

    async def later(self) -> Any:
        """Return the values without blocking the event loop."""
        return await self.tensor.data()


class Reads:
    """A wait for the host values of several tensors, which one readback brings from a GPU."""

    def __init__(self, tensors: Sequence[Any]):
        self.tensors = tensors

    def now(self) -> list[Any]:
        """Return the values of each, blocking."""
        return [tensor.data_sync() for tensor in self.tensors]

    async def later(self) -> list[Any]:
        """Return the values of each without blocking the event loop."""
        return await asyncio.gather(*(tensor.data() for tensor in self.tensors))


class Call:
    """A wait for `function(*args)`, which may be a coroutine function; in an event loop a plain one runs in a thread."""

    def __init__(self, function: Callable[..., Any], *args: Any, **kwargs: Any):
        self.function, self.args, self.kwargs = function, args, kwargs

    def now(self) -> Any:
        """Return the result, blocking."""
        result = self.function(*self.args, **self.kwargs)
        return _finish(result) if isawaitable(result) else result

    async def later(self) -> Any:
        """Return the result without blocking the event loop."""
        if asyncio.iscoroutinefunction(self.function) or sys.platform == "emscripten":  # the page has no threads
            result = self.function(*self.args, **self.kwargs)
        else:
            result = await asyncio.to_thread(self.function, *self.args, **self.kwargs)
        return await result if isawaitable(result) else result


def _finish(awaitable: Awaitable[Any]) -> Any:
    """Wait for the result, blocking."""
    if sys.platform != "emscripten":
        return asyncio.run(_finished(awaitable))
    from pyodide.ffi import can_run_sync, run_sync

    if not can_run_sync():
        if hasattr(awaitable, "close"):
            awaitable.close()
        where = "code that the page does not run asynchronously, or a browser without JavaScript Promise Integration"
        raise DeviceError(message("wait", "a place that may wait", where, "Await the function whose name ends in _async."))
    return run_sync(awaitable)


async def _finished(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class Pause:
    """A wait for nothing: the event loop gets a turn."""

    def now(self) -> None:
        """Go on."""

    async def later(self) -> None:
        """Let others run."""
        await asyncio.sleep(0)


class Driver:
    """Drives a generator of waits: `step` returns what it waits for next, or raises its StopIteration; then `answer` or `fail`.

    What goes wrong while it waits is raised where it waits, so that it can try again, or clean up.
    """

    def __init__(self, waits: Waits[Any]):
        self._waits = waits
        self._resume: Callable[..., Any] = waits.send
        self._given: Any = None

    def step(self) -> Any:
        """Let the generator go on to its next wait."""
        return self._resume(self._taken())

    def _taken(self) -> Any:
        """Return what was given and let go of it: an error that was kept would keep the frames that it came through."""
        given, self._given = self._given, None
        return given

    def answer(self, value: Any) -> None:
        """Give what was waited for."""
        self._resume, self._given = self._waits.send, value

    def fail(self, error: BaseException) -> None:
        """Give the error there was instead."""
        self._resume, self._given = self._waits.throw, error


def wait(waits: Waits[T]) -> T:
    """Run a generator of waits to its end, blocking, and return its result."""
    driver = Driver(waits)
    while True:
        try:
            request = driver.step()
        except StopIteration as end:
            return end.value
        try:
            driver.answer(request.now())
        except BaseException as error:
            driver.fail(error)


async def wait_async(waits: Waits[T]) -> T:
    """Run a generator of waits to its end, yielding to the event loop at each wait, and return its result."""
    driver = Driver(waits)
    while True:
        try:
            request = driver.step()
        except StopIteration as end:
            return end.value
        try:
            driver.answer(await request.later())
        except BaseException as error:
            driver.fail(error)


async def next_frame() -> None:
    """Yield to the event loop once, as TensorFlow.js's nextFrame."""
    await asyncio.sleep(0)


def blocking(function: Callable[..., Waits[T]]) -> Callable[..., T]:
    """Return the function that drives `function`'s generator and blocks until its end."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> T:
        return wait(function(*args, **kwargs))

    return run
