"""The backend `wasm`: the loops of `kernels.loops` as WebAssembly, run by the browser in a page and by wasmtime (extra `wasm`) elsewhere.

`code.py` writes modules. In a page `page.py` has the machine; elsewhere `machine.py`, with its engine, memory and calls in `engine.py`
and its threads in `pool.py`.
"""

from __future__ import annotations

import sys

from ..compiled import CompiledBackend


def create() -> CompiledBackend:
    """Return the backend; in a page, its threads start with the first call that has work for them, and take part when they run."""
    if sys.platform == "emscripten":
        from .page import PageMachine

        return CompiledBackend("wasm", PageMachine())
    from .machine import WasmMachine

    return CompiledBackend("wasm", WasmMachine())


async def create_later() -> CompiledBackend:
    """Return the backend when its threads run: some browsers start them only while Python waits."""
    backend = create()
    if sys.platform == "emscripten":
        await backend.machine.ready()
    return backend
