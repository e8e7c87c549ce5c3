"""A WebGL device in the page: Python's half. The other half, the player, is player/webgl.js; it runs in the page or in a worker."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import chain
from typing import Any

from pyodide.code import run_js
from pyodide.ffi import JsException, can_run_sync, run_sync, to_js

from ...errors import BackendError, TensorWebError, message
from . import Kernel, Limits, failures


def _flat(wanted: Sequence[tuple[int, int]]) -> Any:
    return to_js(array("i", chain.from_iterable(wanted)))


class PageWebGLDevice:
    """WebGL 2 of the browser. With `half`, or where float32 cannot be rendered to, floats are stored in 16 bits and read as float32."""

    def __init__(self, *, half: bool = False):
        script = run_js(files(__package__).joinpath("player/webgl.js").read_text())
        with self._telling():
            player = script.create(half)
        if player is None:
            raise BackendError(message("webgl", "a browser with WebGL 2", "none", "Use the backend wasm."))
        self._player = player
        # Looked up once: a look-up through the bridge costs as much as a call.
        self._submit, self._write, self._allocate, self._release = player.submit, player.write, player.allocate, player.release
        self.name: str = player.name
        self.half: bool = player.half
        self.max_writes: int = player.max_writes
        self.limits = Limits(
            max_bytes=player.max_texels * 16,
            max_storages=player.max_reads,
            max_groups=player.max_texels,
            width=player.width,
            timestamps=player.timestamps,
        )

    @property
    def lost(self) -> bool:
        return self._player.lost

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise our errors for the player's."""
        try:
            yield
        except JsException as error:
            raise self._failure(error) from None

    def _failure(self, error: JsException) -> TensorWebError:
        kind, text = error.name, error.message
        if kind == "BackendError":
            return BackendError(message("webgl", "a GPU that renders to floats", text, "Use the backend wasm."))
        if kind == "Lost":
            return failures.lost("webgl", text)
        if kind == "NotCompiled":
            return failures.not_compiled("webgl", error.where, text)
        if kind == "OutOfMemory":
            return failures.no_memory("webgl", int(text), self.limits.max_bytes)
        return failures.failed("webgl", getattr(error, "where", None) or "the player", text)

    def allocate(self, slot: int, words: int, kind: str) -> None:
        if words * 4 > self.limits.max_bytes:
            raise failures.no_memory("webgl", words * 4, self.limits.max_bytes)
        with self._telling():
            self._allocate(slot, words, kind == "i")

    def release(self, slot: int) -> None:
        self._release(slot)

    def write(self, slot: int, data: bytes | memoryview) -> None:
        """Elements after the last one in its texel become 0."""
        with self._telling():
            self._write(slot, to_js(memoryview(data).cast("B")))

    def define(self, number: int, kernel: Kernel) -> None:
        with self._telling():
            self._player.define(number, kernel.name, kernel.code, len(kernel.reads), len(kernel.writes), kernel.uniforms)

    async def ready(self) -> None:
        """Return when all kernels are compiled."""
        with self._telling():
            await self._player.ready()

    def submit(self, commands: array[int]) -> None:
        try:
            self._submit(to_js(commands))
        except JsException as error:
            raise self._failure(error) from None

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        with self._telling():
            return [view.to_bytes() for view in self._player.read(_flat(wanted))]

    async def read_later(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        with self._telling():
            return [view.to_bytes() for view in await self._player.readLater(_flat(wanted))]

    def wait(self) -> None:
        with self._telling():
            self._player.wait()

    async def wait_later(self) -> None:
        with self._telling():
            await self._player.waitLater()

    def timed(self, on: bool) -> None:
        """Begin to add up the GPU's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        self._player.timed(on)

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where nobody can tell or wait."""
        return run_sync(self.elapsed_later()) if can_run_sync() else None

    async def elapsed_later(self) -> float | None:
        """Return what `elapsed` returns, without blocking the event loop."""
        with self._telling():
            return await self._player.elapsed()

    def close(self) -> None:
        self._player.close()
