"""A WebGPU device in the page: Python's half. The other half is player/webgpu.js, which runs in a worker or on the main thread."""

from __future__ import annotations

from array import array
from collections.abc import Coroutine, Sequence
from itertools import chain
from typing import Any, TypeVar

from pyodide.ffi import JsException, can_run_sync, run_sync, to_js

from ...errors import BackendError, DeviceError, message
from . import Limits
from .browser_player import PlayerDevice
from .reading import portions

T = TypeVar("T")


class PageWebGPUDevice(PlayerDevice):
    """The GPU that the browser gives. Made by `await PageWebGPUDevice.create()`."""

    backend = "webgpu"

    def __init__(self, player: Any):
        super().__init__(player)
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
        try:
            player = await cls._script().create(defaults)
        except JsException as error:
            raise BackendError(message("webgpu", "a GPU", error.message, "Use another backend.")) from None
        if player is None:
            raise BackendError(message("webgpu", "a GPU", "none from this browser", "Use the backend webgl or wasm.")) from None
        return cls(player)

    @property
    def lost(self) -> bool:
        return self._player.lost is not None

    def allocate(self, slot: int, words: int, kind: str) -> None:
        """Memory that the browser does not have shows later: OutOfMemoryError comes from the next `submit`, `read` or `wait`."""
        self._check_size(words)
        with self._telling():
            self._allocate(slot, words)

    def write(self, slot: int, data: bytes | memoryview) -> None:
        with self._telling():
            self._write(slot, data)

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

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where the GPU cannot tell."""
        return _blocking(self.elapsed_later())


def _blocking(work: Coroutine[Any, Any, T]) -> T:
    if not can_run_sync():
        work.close()
        where = "code that the page does not run asynchronously, or a browser without JavaScript Promise Integration"
        raise DeviceError(message("webgpu", "a place that may wait", where, "Use `await t.data()`."))
    return run_sync(work)
