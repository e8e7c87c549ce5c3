"""Waiting: whatever may wait is a generator that yields waits; `wait` drives it blocking, `wait_async` in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from functools import wraps
from typing import Any, TypeVar

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


class Pause:
    """A wait for nothing: the event loop gets a turn."""

    def now(self) -> None:
        """Go on."""

    async def later(self) -> None:
        """Let others run."""
        await asyncio.sleep(0)


def wait(waits: Waits[T]) -> T:
    """Run a generator of waits to its end, blocking, and return its result."""
    answer = None
    while True:
        try:
            request = waits.send(answer)
        except StopIteration as end:
            return end.value
        answer = request.now()


async def wait_async(waits: Waits[T]) -> T:
    """Run a generator of waits to its end, yielding to the event loop at each wait, and return its result."""
    answer = None
    while True:
        try:
            request = waits.send(answer)
        except StopIteration as end:
            return end.value
        answer = await request.later()


async def next_frame() -> None:
    """Yield to the event loop once, as TensorFlow.js's nextFrame."""
    await asyncio.sleep(0)


def blocking(function: Callable[..., Waits[T]]) -> Callable[..., T]:
    """Return the function that drives `function`'s generator and blocks until its end."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> T:
        return wait(function(*args, **kwargs))

    return run
