"""The backend `wasm` on CPython: the loops of `kernels.loops` as WebAssembly, run by wasmtime (extra `wasm`).

`engine.py` has the engine, its memory and calls, `machine.py` compiles kernels, `pool.py` has the threads.
"""

from __future__ import annotations

from ..compiled import CompiledBackend
from .machine import WasmMachine


def create() -> CompiledBackend:
    """Return the backend."""
    return CompiledBackend("wasm", WasmMachine())
