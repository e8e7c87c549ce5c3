"""Asks the page for what only its main thread has, from there or from a worker; `services.js` is the other end.

What is asked for, and what a refusal means, is the business of those who ask.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from pathlib import Path
from typing import Any

from ..errors import DeviceError, message

PAGE = sys.platform == "emscripten"  # whether this runs in a browser's page or one of its workers
PATIENCE = 10.0  # seconds within which a worker's page must say that it answers


class Refused(Exception):
    """The page could not or the user would not; `name` is what the DOM calls the reason, such as NotAllowedError."""

    def __init__(self, name: str, text: str):
        super().__init__(name, text)
        self.name, self.text = name, text


def in_page(where: str, advice: str) -> None:
    """Raise DeviceError unless this runs in a browser's page."""
    if not PAGE:
        raise DeviceError(message(where, "a program that runs in a browser's page", "one that does not", advice))


def to_page(value: Any) -> Any:
    """Return a Python value as JavaScript's: dicts as objects, bytes as Uint8Arrays, what is JavaScript's as it is."""
    import js
    from pyodide.ffi import to_js

    return to_js(value, dict_converter=js.Object.fromEntries)


def address_of(script: str) -> str:
    """Return an address at which the page and its workers find a script of this folder."""
    import js

    blob = js.Blob.new(to_page([(Path(__file__).parent / script).read_text()]), to_page({"type": "text/javascript"}))
    return js.URL.createObjectURL(blob)


_modules: dict[str, Any] = {}


async def module(script: str) -> Any:
    """Return a script of this folder as a JavaScript module, imported where Python runs."""
    from pyodide.code import run_js

    if script not in _modules:
        _modules[script] = await run_js("(address) => import(address)")(address_of(script))
    return _modules[script]


class _Here:
    """The services where Python itself runs on the page's main thread."""

    def __init__(self, settle: Any):
        self._settle = settle

    def tell(self, service: str, given: Any) -> None:
        self._settle(service, given)

    async def ask(self, service: str, given: Any) -> Any:
        return await self._settle(service, given)


class _Port:
    """The services of a worker's page, asked by messages."""

    def __init__(self, port: Any):
        from pyodide.ffi import create_proxy

        self._port = port
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        port.onmessage = create_proxy(self._receive)

    def _receive(self, event: Any) -> None:
        answer = event.data
        waiting = self._waiting.pop(answer.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)

    def tell(self, service: str, given: Any) -> None:
        self._port.postMessage(to_page({"service": service, "given": given}))

    async def ask(self, service: str, given: Any) -> Any:
        number = next(self._numbers)
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._port.postMessage(to_page({"id": number, "service": service, "given": given}))
        try:
            return await waiting
        finally:
            self._waiting.pop(number, None)


async def _connected() -> Any:
    import js

    if hasattr(js, "document"):
        return _Here((await module("services.js")).settle)
    channel = js.MessageChannel.new()
    port = _Port(channel.port1)
    sent = to_page({"type": "services", "url": address_of("services.js"), "port": channel.port2})
    js.postMessage(sent, to_page([channel.port2]))
    try:
        await asyncio.wait_for(port.ask("hello", []), PATIENCE)
    except TimeoutError:
        return None
    return port


_connecting = asyncio.Lock()
_connections: list[Any] = []


async def _connection() -> Any:
    async with _connecting:  # one port, whoever comes first
        if not _connections:
            _connections.append(await _connected())
    return _connections[0]


async def available() -> bool:
    """Tell whether there is a page that answers; a worker of somebody else's page may have none."""
    return PAGE and await _connection() is not None


async def ask(where: str, service: str, *given: Any) -> Any:
    """Return what a service of the page gives, as JavaScript's value; `where` is who asks.

    Raises Refused where the page or the user refuses, DeviceError where there is no page that answers.
    """
    connection = await _connection()
    if connection is None:
        advice = "Let the page answer messages of type `services`, or run Python on its main thread."
        raise DeviceError(message(where, "a worker whose page answers", "one whose page does not", advice))
    answer = await connection.ask(service, to_page(list(given)))
    if answer.error is not None:
        raise Refused(*answer.error)
    return answer.value


def tell(service: str, *given: Any) -> None:
    """Ask for what gives no answer, of a page that was asked before."""
    _connections[0].tell(service, to_page(list(given)))
