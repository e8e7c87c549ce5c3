"""What devices in the page share: they hand things to a player, a script in `player/`, and raise our errors for its own."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any, ClassVar

from pyodide.code import run_js
from pyodide.ffi import JsException, to_js

from ...errors import TensorWebError
from . import Kernel, Limits, failures


class PlayerDevice:
    """A device that is a player; subclasses set `limits`, and read and wait as their player does."""

    backend: ClassVar[str]  # its name, which errors begin with and the script is called by
    limits: Limits

    def __init__(self, player: Any):
        self._player = player
        # Looked up once: a look-up through the bridge costs as much as a call.
        self._submit, self._write, self._allocate, self._release = player.submit, player.write, player.allocate, player.release
        self.name: str = player.name

    @classmethod
    def _script(cls) -> Any:
        """Return the value of the player's script."""
        return run_js(files(__package__).joinpath(f"player/{cls.backend}.js").read_text())

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Raise our errors for the player's."""
        try:
            yield
        except JsException as error:
            raise self._failure(error) from None

    def _failure(self, error: JsException) -> TensorWebError:
        kind, text = error.name, error.message
        if kind == "Lost":
            return failures.lost(self.backend, text)
        if kind == "NotCompiled":
            return failures.not_compiled(self.backend, error.where, text)
        if kind == "OutOfMemory":
            return failures.no_memory(self.backend, int(text), self.limits.max_bytes)
        return failures.failed(self.backend, getattr(error, "where", None) or "the player", text)

    def _check_size(self, words: int) -> None:
        if words * 4 > self.limits.max_bytes:
            raise failures.no_memory(self.backend, words * 4, self.limits.max_bytes)

    def release(self, slot: int) -> None:
        self._release(slot)

    def define(self, number: int, kernel: Kernel) -> None:
        """Start to compile; what is submitted meanwhile waits for it in the player."""
        with self._telling():
            self._player.define(number, kernel.name, kernel.code, len(kernel.reads), len(kernel.writes), kernel.uniforms)

    async def ready(self) -> None:
        """Return when all kernels are compiled."""
        with self._telling():
            await self._player.ready()

    def submit(self, commands: array[int]) -> None:
        try:  # cheaper than `_telling`
            self._submit(to_js(commands))
        except JsException as error:
            raise self._failure(error) from None

    def timed(self, on: bool) -> None:
        """Begin to add up the GPU's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        self._player.timed(on)

    async def elapsed_later(self) -> float | None:
        """Return what `elapsed` returns, without blocking the event loop."""
        with self._telling():
            return await self._player.elapsed()

    def close(self) -> None:
        self._player.close()
