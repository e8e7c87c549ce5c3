"""A WebGL device in the page: Python's half. The other half, the player, is player/webgl.js; it runs in the page or in a worker."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import chain
from typing import Any

from pyodide.ffi import JsException, can_run_sync, run_sync, to_js

from ...errors import BackendError, TensorWebError, message
from . import Limits
from .browser_player import PlayerDevice


def _flat(wanted: Sequence[tuple[int, int]]) -> Any:
    return to_js(array("i", chain.from_iterable(wanted)))


class PageWebGLDevice(PlayerDevice):
    """WebGL 2 of the browser. With `half`, or where float32 cannot be rendered to, floats are stored in 16 bits and read as float32."""

    backend = "webgl"

    def __init__(self, *, half: bool = False):
        with self._telling():
            player = self._script().create(half)
        if player is None:
            raise BackendError(message("webgl", "a browser with WebGL 2", "none", "Use the backend wasm."))
        super().__init__(player)
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

    def _failure(self, error: JsException) -> TensorWebError:
        if error.name == "BackendError":
            return BackendError(message("webgl", "a GPU that renders to floats", error.message, "Use the backend wasm."))
        return super()._failure(error)

    def allocate(self, slot: int, words: int, kind: str) -> None:
        self._check_size(words)
        with self._telling():
            self._allocate(slot, words, kind == "i")

    def write(self, slot: int, data: bytes | memoryview) -> None:
        """Elements after the last one in its texel become 0."""
        with self._telling():
            self._write(slot, to_js(memoryview(data).cast("B")))

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

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where nobody can tell or wait."""
        return run_sync(self.elapsed_later()) if can_run_sync() else None
