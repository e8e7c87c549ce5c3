"""Files from servers as Sources: asked for again where the network or the server failed for a moment, kept where that is wished.

How a request is made is in `fetching.py`; where files are kept, in `caching.py`; what models are made of, in `http_handler.py`.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..browser.services import PAGE
from ..errors import ArgumentError, FetchError, message
from ..waiting import Call, Waits
from .caching import Keeping, Store, key_of, validators
from .shards import Source

RETRIES = 3
MAX_PAUSE = 30.0  # seconds; a server that asks for a longer one has failed
_MOMENTARY = frozenset((408, 425, 429, 500, 502, 503, 504))
FIRST_PAUSE = 0.25
_RANGE = re.compile(r"bytes (\d{1,15})-")


class _Pause:
    """A wait for some seconds."""

    def __init__(self, seconds: float):
        self.seconds = seconds

    def now(self) -> None:
        """Wait, blocking; in a page the others go on."""
        if PAGE:
            Call(asyncio.sleep, self.seconds).now()
        else:
            time.sleep(self.seconds)

    async def later(self) -> Any:
        """Wait without blocking the event loop."""
        await asyncio.sleep(self.seconds)


class Getter:
    """Gets URLs by a `fetch` function with the same headers: `retries` times more for what may pass, from a `store` what is kept there."""

    def __init__(self, fetch: Callable[..., Any], init: Mapping[str, Any], retries: int = RETRIES, store: Store | None = None):
        if not isinstance(retries, int) or isinstance(retries, bool) or not 0 <= retries <= 100:
            raise ArgumentError(message("http", "retries from 0 to 100", repr(retries), "Pass how often a failed request is made again."))
        self.fetch, self.init, self.retries, self.store = fetch, dict(init), retries, store

    def opening(self, url: str, what: str) -> Waits[Source]:
        """Return an open file of a server, or the one that was kept of it; FetchError if there is neither."""
        found = Download(self, url, what)
        if self.store is None:
            yield from found.starting()
            return found
        key = key_of(url, self.init)
        kept = yield Call(self.store.get, key)
        if kept is not None and self.store.immutable:
            return kept
        try:
            yield from found.starting(self.retries if kept is None else 0)
        except OSError as error:
            if kept is None:
                raise
            if isinstance(error, FetchError) and error.status is not None:
                kept.close()
                raise
            return kept  # nobody is there to ask
        if kept is not None and kept.is_still(found.headers):
            found.close()
            return kept
        if kept is not None:
            kept.close()
        return Keeping(found, self.store.writer(key, url, found.headers))


class Download:
    """An answer's body as a Source. What breaks off is asked for again from there, where the server can, else from its beginning.

    `size` is what Content-Length says, None where it does not; `headers` are the answer's.
    """

    def __init__(self, getter: Getter, url: str, what: str):
        self.url, self.what, self.getter = url, what, getter
        self.count, self.failures = 0, 0
        self.size: int | None = None
        self.headers: Any = {}
        self._response: Any = None

    def starting(self, retries: int | None = None) -> Waits[None]:
        """Send the request until there is an answer."""
        while self._response is None:
            try:
                self._response = yield from self._answer(self.getter.init)
            except OSError as error:
                yield from self._pausing(error, retries)
        self.headers = self._response.headers
        self.size = _length(self.headers)

    def reading(self, count: int) -> Waits[bytes]:
        """Return at most `count` more bytes; none at the end."""
        while True:
            try:
                if self._response is None:
                    yield from self._going_on()
                data = yield Call(self._response.read, count)
                if not data and self.size is not None and self.count < self.size:
                    raise FetchError(message(self.what, f"{self.size} bytes from {self.url}", self.count, "It broke off: try again."))
                self.count += len(data)
                return data
            except OSError as error:
                self.close()
                yield from self._pausing(error)

    def close(self) -> None:
        """Close the connection."""
        response, self._response = self._response, None
        if callable(getattr(response, "close", None)):
            response.close()

    def _going_on(self) -> Waits[None]:
        """Ask for what is left; where the whole comes, pass over what was read."""
        # Without a size the bytes may be unpacked ones, of which the server knows nothing.
        rest = {"Range": f"bytes={self.count}-"} if self.size is not None and self.count else {}
        self._response = yield from self._answer({**self.getter.init, "headers": {**self.getter.init.get("headers", {}), **rest}})
        headers, skipped = self._response.headers, 0
        size = _length(headers)
        if self._response.status == 206:
            begun = _RANGE.match(str(headers.get("Content-Range") or ""))
            skipped = int(begun[1]) if begun else -1
            size = None if size is None else skipped + size
        if not 0 <= skipped <= self.count or size != self.size or validators(headers) != validators(self.headers):
            got, advice = "another file", "It has changed meanwhile: load it again."
            raise _failed(self.what, f"the rest of {self.url}", got, advice, self._response)
        while skipped < self.count:
            data = yield Call(self._response.read, min(1 << 20, self.count - skipped))
            if not data:
                raise FetchError(message(self.what, f"more than {skipped} bytes from {self.url}", "their end", "It broke off: try again."))
            skipped += len(data)

    def _answer(self, init: Mapping[str, Any]) -> Waits[Any]:
        return (yield from requesting(self.getter.fetch, self.url, init, self.what))

    def _pausing(self, error: OSError, retries: int | None = None) -> Waits[None]:
        """Wait before the next trial; raise the error where another would not help, or there were enough."""
        status, asked = (error.status, error.retry_after) if isinstance(error, FetchError) else (None, None)
        enough = self.failures >= (self.getter.retries if retries is None else retries)
        if enough or (asked or 0) > MAX_PAUSE or (status is not None and status not in _MOMENTARY):
            raise error
        pause = FIRST_PAUSE * 2**self.failures if asked is None else asked
        self.failures += 1
        yield _Pause(min(MAX_PAUSE, pause))


def requesting(fetch: Callable[..., Any], url: str, init: Mapping[str, Any], what: str) -> Waits[Any]:
    """Return the answer to a request if its status is one of success; raise FetchError if not, or if there is none."""
    response = yield Call(fetch, url, init)
    if 200 <= response.status < 300:
        return response
    if callable(getattr(response, "close", None)):
        response.close()
    raise _failed(what, f"an answer from {url}", f"status {response.status}", "Check the URL and the permissions.", response)


def _failed(what: str, expected: str, got: str, advice: str, response: Any) -> FetchError:
    error = FetchError(message(what, expected, got, advice))
    error.status, error.retry_after = response.status, _seconds(response.headers.get("Retry-After"))
    return error


def _seconds(text: Any) -> float | None:
    text = str(text or "")
    return float(text) if text.isdecimal() and len(text) < 16 else None  # a date is as good as nothing: clocks differ


def _length(headers: Any) -> int | None:
    text = str(headers.get("Content-Length") or "")
    return int(text) if text.isdecimal() and len(text) < 16 else None
