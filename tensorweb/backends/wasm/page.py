"""The machine of the backend `wasm` in a page: kernels run by the browser's own engine, through the script player/wasm.js.

Calls are noted in a stream of int32 words, [kernel, units, grain, words, words...], that the player runs in order when it is full,
before memory is read or written, and when somebody waits. So memory that Python recycles meanwhile is safe.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyodide.code import run_js
from pyodide.ffi import JsException, to_js

from ...errors import BackendError, DeviceError, message
from ...kernels.loops.builder import Builder
from ...kernels.loops.launch import Target
from ...kernels.wasm import WasmBuilder
from ...kernels.wasm_encoding import PAGE
from ..threads import thread_count
from .code import kernel_module, probe

SCRIPT = Path(__file__).parents[1] / "devices" / "player" / "wasm.js"
STATE_BYTES = 4096  # of the first page, for the player; the stream follows
MAX_THREADS = 64
_head = struct.Struct("=4i").pack


class PageMachine:
    """One memory of WebAssembly beside Python's, and code for it."""

    index_bytes = 4

    def __init__(self) -> None:
        try:
            player = self._player = run_js(SCRIPT.read_text()).create(min(thread_count(), MAX_THREADS))
        except JsException as error:
            raise BackendError(message("wasm", "a memory of WebAssembly", str(error), "Close other tabs.")) from None
        if not player.validates(to_js(probe(relaxed=False))):
            raise BackendError(message("wasm", "a browser with SIMD for WebAssembly", "one without", "Use one of 2023 or later."))
        relaxed = player.validates(to_js(probe(relaxed=True)))
        self._shared = player.shared
        # V8 of 2023 runs out of registers with the tiles that fma allows.
        self.target = Target(WasmBuilder.lanes, WasmBuilder.registers, relaxed, player.threads, self.index_bytes, relaxed and player.modern)
        self.compiled = 0
        self._handles: dict[str, int] = {}
        self._view, self._run, self._grow = player.view, player.run, player.grow
        self._open(STATE_BYTES, PAGE - STATE_BYTES)

    async def ready(self) -> None:
        """Return when the threads run, or after a second: without them the calling thread computes alone."""
        await self._player.begin(1000)

    # --- code ---

    def compile(self, key: str, emit: Callable[[Builder], None]) -> int:
        handle = self._handles.get(key)
        if handle is None:
            content = kernel_module(emit, self.target.fused, self._shared)
            handle = self._handles[key] = self._player.compile(to_js(content), key[:100])
            self.compiled += 1
        return handle

    def _open(self, address: int, nbytes: int) -> None:
        """Keep the stream here and, while it runs, at an address."""
        self._stream_at, self._stream = address, memoryview(bytearray(nbytes))
        self._end = 0

    def bind(self, handle: int, units: int, grain: int) -> Callable[[bytes], None]:
        def run(dynamic: bytes) -> None:
            call = _head(handle, units, grain, len(dynamic) >> 2) + dynamic
            begin, end = self._end, self._end + len(call)
            if end > len(self._stream):
                begin, end = self._make_room(len(call))
            self._stream[begin:end] = call
            self._end = end

        return run

    def _make_room(self, nbytes: int) -> tuple[int, int]:
        """Return where the next call begins and ends in the stream."""
        self.wait()
        if nbytes > len(self._stream):
            self._open(self.reserve(2 * nbytes), 2 * nbytes)
        return 0, nbytes

    def wait(self) -> None:
        """Run the calls in the stream; raise DeviceError if one fails, after the others have run."""
        nbytes, self._end = self._end, 0
        if nbytes:
            self._view(self._stream_at, nbytes).assign(self._stream[:nbytes])
            failure = self._run(self._stream_at, nbytes)
            if failure:
                raise DeviceError(message("wasm", "kernels that end", failure, "This is a fault of the library."))

    # --- memory ---

    def reserve(self, nbytes: int) -> int:
        address = self._grow(-(-nbytes // PAGE))
        if address < 0:
            raise MemoryError(f"no {nbytes} bytes more")
        return address

    def release(self, address: int) -> bool:
        """WebAssembly's memory never shrinks."""
        return False

    def read(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        self.wait()
        return memoryview(self._view(address, nbytes).to_bytes())

    def write(self, address: int, content: memoryview | bytes) -> None:
        self.wait()
        self._view(address, len(content)).assign(content)

    def close(self) -> None:
        self.wait()
        self._player.close()
