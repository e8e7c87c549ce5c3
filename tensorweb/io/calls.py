"""Waits for files and networks: the next item of a stream, and the twins made of one generator. A call that may take long: `waiting`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..errors import ArgumentError, message
from ..waiting import Call, Waits, blocking, wait_async

END: Any = object()


class Next:
    """A wait for the next item of an iterator, plain or asynchronous; END after the last."""

    def __init__(self, items: Any):
        self.items = items

    def now(self) -> Any:
        """Return the next item, blocking."""
        if not hasattr(self.items, "__next__"):
            raise ArgumentError(message("stream", "a plain iterable", "an asynchronous one", "Call the function that ends in _async."))
        return next(self.items, END)

    async def later(self) -> Any:
        """Return the next item without blocking the event loop."""
        if hasattr(self.items, "__anext__"):
            return await anext(self.items, END)
        return await Call(next, self.items, END).later()


def iterator(items: Any) -> Any:
    """Return the iterator of a plain or an asynchronous iterable; one that is both stays both."""
    if hasattr(items, "__next__"):
        return items
    return aiter(items) if hasattr(items, "__aiter__") else iter(items)


def twins(function: Callable[..., Waits[Any]], name: str, where: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return the blocking function and the coroutine function that drive `function`'s generator, called `name` and `name`_async."""
    now = blocking(function)

    @wraps(function)
    async def later(*args: Any, **kwargs: Any) -> Any:
        return await wait_async(function(*args, **kwargs))

    for twin, own in ((now, name), (later, name + "_async")):
        twin.__name__ = twin.__qualname__ = own
        twin.__module__ = where
    return now, later
