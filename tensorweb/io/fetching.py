"""Requests by http and https with Python's urllib: limited redirects, timeouts, errors that say what happened. No models here.

In the page, which has no sockets, `page_fetching.py` makes them.
"""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from ..browser.services import PAGE
from ..errors import ArgumentError, FetchError, message
from ..waiting import Call
from . import page_fetching

MAX_REDIRECTS = 10
# Not sent on to another host.
_PRIVATE = ("Authorization", "Cookie", "Proxy-authorization")
_FAILURES = (OSError, http.client.HTTPException, ValueError)


def is_http_scheme(url: str) -> bool:
    """Tell whether a URL begins with http:// or https://. TensorFlow.js's io.isHTTPScheme.

    >>> is_http_scheme("https://host/model.json"), is_http_scheme("file://model.json")
    (True, False)
    """
    return isinstance(url, str) and re.match(r"https?://", url) is not None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, to http and https only, never from https down to http."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        if new.scheme not in ("http", "https") or (old.scheme, new.scheme) == ("https", "http"):
            raise FetchError(message("fetch", f"a redirect to {old.scheme}", newurl[:200], "The server leads away from the web's schemes."))
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and (old.scheme, old.netloc) != (new.scheme, new.netloc):
            for name in _PRIVATE:
                made.remove_header(name)
        return made


class _AnyStatus(urllib.request.HTTPErrorProcessor):
    """Gives answers of any status back, except redirects."""

    def http_response(self, request: Any, response: Any) -> Any:
        return super().http_response(request, response) if response.status in (301, 302, 303, 307, 308) else response

    https_response = http_response


def _opener() -> urllib.request.OpenerDirector:
    # Not build_opener: it would open file:, ftp: and data: too.
    opener = urllib.request.OpenerDirector()
    handlers = [urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), _Redirects(), _AnyStatus()]
    if hasattr(urllib.request, "HTTPSHandler"):
        handlers.append(urllib.request.HTTPSHandler())
    for handler in (*handlers, urllib.request.HTTPDefaultErrorHandler(), urllib.request.UnknownHandler()):
        opener.add_handler(handler)
    return opener


class Response:
    """An answer: `status`, `headers` (with `get`), `read(count)`, `close()`; what a `fetch_func` returns."""

    def __init__(self, answer: Any, url: str):
        self._answer, self.url = answer, url
        self.status: int = answer.status
        self.headers = answer.headers

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    def read(self, count: int = -1) -> bytes:
        """Return at most `count` more bytes of the body (all by default); raise FetchError if the connection breaks."""
        try:
            return self._answer.read() if count < 0 else self._answer.read(count)
        except _FAILURES as error:
            raise FetchError(message(f"fetch {self.url}", "the whole answer", _reason(error), "Try again.")) from error

    def close(self) -> None:
        """Close the connection."""
        self._answer.close()


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error or type(error).__name__)[:300]


def fetch(url: str, request_init: Mapping[str, Any] | None = None, timeout: float = 60.0) -> Response:
    """Request a URL and return the Response, of whatever status; raise FetchError if there is no answer.

    `request_init`: {"method": "GET", "headers": {...}, "body": bytes}; other keys, which matter to browsers only, are ignored.
    http and https only, at most 10 redirects (in the page, as many as it follows); `timeout`: seconds without a byte.
    """
    init = _checked(url, request_init)
    if PAGE:
        return Call(_fetch_whole, url, init, timeout).now()
    headers = {"User-Agent": "tensorweb", **dict(init.get("headers") or {})}
    try:
        request = urllib.request.Request(url, init.get("body"), headers, method=str(init.get("method") or "GET").upper())
        answer = _opener().open(request, timeout=timeout)
    except FetchError:
        raise
    except _FAILURES as error:
        raise FetchError(message(f"fetch {url[:200]}", "an answer", _reason(error), "Check the URL and the network.")) from error
    coding = (answer.headers.get("Content-Encoding") or "identity").lower()
    if coding != "identity":
        answer.close()
        raise FetchError(message(f"fetch {url[:200]}", "a body as it is", f"Content-Encoding {coding}", "None was asked for."))
    return Response(answer, url)


def _checked(url: str, request_init: Mapping[str, Any] | None) -> dict[str, Any]:
    if not is_http_scheme(url):
        raise ArgumentError(message("fetch", "an http:// or https:// URL", str(url)[:200], "Files are read by tw.io.file_system."))
    return dict(request_init or {})


async def fetch_async(url: str, request_init: Mapping[str, Any] | None = None, timeout: float = 60.0) -> Any:
    """Return what `fetch` returns, without blocking the event loop; in the page, `read` of the response must be awaited."""
    if PAGE:
        return await page_fetching.request(url, _checked(url, request_init), timeout)
    return await Call(fetch, url, request_init, timeout).later()


class _Read:
    """The answer of a page, read to its end."""

    def __init__(self, answer: page_fetching.PageResponse, content: bytes):
        self.status, self.headers = answer.status, answer.headers
        self.read, self.close = BytesIO(content).read, answer.close


async def _fetch_whole(url: str, init: Mapping[str, Any], timeout: float) -> Response:
    answer = await page_fetching.request(url, init, timeout)
    return Response(_Read(answer, await answer.read()), url)


# What is requested within generators of waits: there the page's answers can be read bit by bit.
fetch_waiting = fetch_async if PAGE else fetch
