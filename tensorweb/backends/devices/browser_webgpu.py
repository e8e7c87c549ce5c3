"""A WebGPU device in the page: Python's half. The other half is player/webgpu.js, which runs in a worker or on the main thread."""

from __future__ import annotations

from array import array
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from itertools import chain
from typing import Any, TypeVar

from pyodide.code import run_js
from pyodide.ffi import JsException, can_run_sync, run_sync, to_js

from ...errors import BackendError, DeviceError, TensorWebError, message
from . import Kernel, Limits, failures
from .reading import portions

T = TypeVar("T")


class PageWebGPUDevice:
    """The GPU that the browser gives. Made by `await PageWebGPUDevice.create()`."""

    def __init__(self, player: Any):
        self._player = player
        # Looked up once: a look-up through the bridge costs as much as a call.
        self._submit, self._write, self._allocate, self._release = player.submit, player.write, player.allocate, player.release
        self.name: str = player.name
        limits, features = player.device.limits, player.device.features
        self.limits = Limits(
            max_bytes=int(min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, (1 << 31) - 16)),
            max_storages=limits.maxStorageBuffersPerShaderStage,
            max_groups=limits.maxComputeWorkgroupsPerDimension,
            f16=features.has("shader-f16"),
            subgroups=features.has("subgroups"),
            timestamps=features.has("timestamp-query"),
        )
        self._max_read = int(limits.maxBufferSize)

    @classmethod
    async def create(cls, defaults: bool = False) -> PageWebGPUDevice:
        """Ask the browser for a device; `defaults` keeps to the limits that every device has. Raises BackendError."""
        script = run_js(files(__package__).joinpath("player/webgpu.js").read_text())
        try:
            player = await script.create(defaults)
        except JsException as error:
            raise BackendError(message("webgpu", "a GPU", error.message, "Use another backend.")) from None
        if player is None:
            raise BackendError(message("webgpu", "a GPU", "none from this browser", "Use the backend webgl or wasm.")) from None
        return cls(player)

    @property
    def lost(self) -> bool:
        return self._player.lost is not None

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
            return failures.lost("webgpu", text)
        if kind == "NotCompiled":
            return failures.not_compiled("webgpu", error.where, text)
        if kind == "OutOfMemory":
            return failures.no_memory("webgpu", int(text), self.limits.max_bytes)
        return failures.failed("webgpu", getattr(error, "where", None) or "the player", text)

    def allocate(self, slot: int, words: int, kind: str) -> None:
        """Memory that the browser does not have shows later: OutOfMemoryError comes from the next `submit`, `read` or `wait`."""
        if words * 4 > self.limits.max_bytes:
            raise failures.no_memory("webgpu", words * 4, self.limits.max_bytes)
        with self._telling():
            self._allocate(slot, words)

    def release(self, slot: int) -> None:
        self._release(slot)

    def write(self, slot: int, data: bytes | memoryview) -> None:
        with self._telling():
            self._write(slot, data)

    def define(self, number: int, kernel: Kernel) -> None:
        """Start to compile; what is submitted meanwhile waits for it in the player."""
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

    async def read_later(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        found = []
        with self._telling():
            parts = [self._player.read(to_js(array("i", chain(*part)))) for part in portions(wanted, self._max_read)]
            for part in parts:  # all of them are under way
                reading = await part
                found += [view.to_bytes() for view in reading.views]
                reading.done()
        return found

    async def wait_later(self) -> None:
        with self._telling():
            await self._player.wait()

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        return _blocking(self.read_later(wanted))

    def wait(self) -> None:
        _blocking(self.wait_later())

    def timed(self, on: bool) -> None:
        """Begin to add up the GPU's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        self._player.timed(on)

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where the GPU cannot tell."""
        return _blocking(self.elapsed_later())

    async def elapsed_later(self) -> float | None:
        """Return what `elapsed` returns, without blocking the event loop."""
        with self._telling():
            return await self._player.elapsed()

    def close(self) -> None:
        self._player.close()


def _blocking(work: Coroutine[Any, Any, T]) -> T:
    if not can_run_sync():
        work.close()
        where = "code that the page does not run asynchronously, or a browser without JavaScript Promise Integration"
        raise DeviceError(message("webgpu", "a place that may wait", where, "Use `await t.data()`."))
    return run_sync(work)
