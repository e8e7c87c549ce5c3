"""Requests by the page's own `fetch`, where urllib has no sockets; `fetching.py` chooses. Answers have the same methods, as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from email.message import Message
from typing import Any

from ..browser.services import to_page
from ..errors import FetchError, message

# What the page has taken off already, so that it would mislead: it unpacks compressed answers, whose length this was.
_MEANT_FOR_THE_PAGE = ("content-length", "content-encoding")


class PageResponse:
    """An answer of the page: `status`, `headers`, `read(count)` as a coroutine function, `close()`."""

    def __init__(self, answer: Any, url: str, timeout: float, stop: Any):
        self.url, self.status = url, int(answer.status)
        self.headers = Message()
        for name, value in answer.headers.entries():
            if name not in _MEANT_FOR_THE_PAGE:
                self.headers[name] = value
        self._reader = answer.body.getReader() if answer.body else None
        self._timeout, self._stop = timeout, stop
        self._rest = b""

    async def read(self, count: int = -1) -> bytes:
        """Return at most `count` more bytes of the body (all by default); raise FetchError if the connection breaks."""
        if count < 0:
            parts = []
            while part := await self.read(1 << 20):
                parts.append(part)
            return b"".join(parts)
        while not self._rest and self._reader is not None:
            part = await _in_time(self._reader.read(), self._timeout, self._stop, f"fetch {self.url[:200]}", "the whole answer")
            if part.done:
                self._reader = None
            else:
                self._rest = part.value.to_bytes()
        data, self._rest = self._rest[:count], self._rest[count:]
        return data

    def close(self) -> None:
        """Close the connection."""
        self._stop.abort()


async def request(url: str, init: Mapping[str, Any], timeout: float) -> PageResponse:
    """Request a URL; raise FetchError if there is no answer."""
    import js

    stop = js.AbortController.new()
    wanted = {"method": str(init.get("method") or "GET").upper(), "headers": dict(init.get("headers") or {}), "signal": stop.signal}
    if init.get("body") is not None:
        wanted["body"] = init["body"]
    answer = await _in_time(js.fetch(url, to_page(wanted)), timeout, stop, f"fetch {url[:200]}", "an answer")
    return PageResponse(answer, url, timeout, stop)


async def _in_time(promise: Any, timeout: float, stop: Any, where: str, expected: str) -> Any:
    from pyodide.ffi import JsException

    try:
        return await asyncio.wait_for(promise, timeout)
    except TimeoutError:
        stop.abort()
        raise FetchError(message(where, expected, "timed out", "Check the URL and the network.")) from None
    except JsException as error:
        advice = "Check the URL; a server elsewhere must allow this page to read (CORS), and the page's policy to ask it."
        raise FetchError(message(where, expected, error.message, advice)) from None
