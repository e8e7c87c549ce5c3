"""Compiles kernels to WebAssembly and calls them on the engine's memory, on one thread or on the pool's."""

from __future__ import annotations

import atexit
import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple

import wasmtime

from ...kernels.loops.builder import Builder
from ...kernels.loops.launch import Target
from ...kernels.wasm import WasmBuilder
from ...kernels.wasm_encoding import PAGE
from .. import heap
from ..threads import thread_count
from .code import SCRATCH_BYTES, kernel_module
from .engine import Engine, Function, Thread
from .pool import FIRST_SCRATCH, MAX_THREADS, STATE_END, Pool

DYNAMIC_BYTES = PAGE - STATE_END


class Handle(NamedTuple):
    """A compiled kernel: to be called from here, and its number for the pool."""

    function: Function
    number: int


class WasmMachine:
    """One memory of WebAssembly, and code for it. Calls take turns: a second thread that calls waits."""

    index_bytes = 4

    def __init__(self) -> None:
        threads = min(thread_count(), MAX_THREADS)
        self._engine = Engine((FIRST_SCRATCH + threads * SCRATCH_BYTES) // PAGE + 1)
        # wasmtime (as of 50) moves a register for each fma: products are a fifth faster with multiplications and additions.
        self.target = Target(WasmBuilder.lanes, WasmBuilder.registers, self._engine.relaxed, threads, self.index_bytes, False)
        self.compiled = 0
        self._kernels: list[wasmtime.Module] = []
        self._handles: dict[str, Handle] = {}
        self._thread = Thread(self._engine, FIRST_SCRATCH)
        self._lock = threading.RLock()  # a store is for one thread; a finalizer may run an op in the middle of it
        self.pool = Pool(self._engine, self._thread, self._kernels, threads)
        self._dynamic_at, self._dynamic = STATE_END, self._engine.view(STATE_END, DYNAMIC_BYTES)
        weakref.finalize(self, self.pool.close).atexit = False  # at exit `_at_exit` does it
        _machines.add(self)

    # --- code ---

    def compile(self, key: str, emit: Callable[[Builder], None]) -> Handle:
        handle = self._handles.get(key)
        if handle is None:
            with self._lock:
                handle = self._handles.get(key) or self._handles.setdefault(key, self._compile(emit))
        return handle

    def _compile(self, emit: Callable[[Builder], None]) -> Handle:
        kernel = self._engine.compile(kernel_module(emit, self.target.fused, shared=True))
        function = self._thread.link(kernel)
        self._kernels.append(kernel)
        self.compiled += 1
        return Handle(function, len(self._kernels) - 1)

    def bind(self, handle: Handle, units: int, grain: int) -> Callable[[bytes], None]:
        return lambda dynamic: self.run(handle, dynamic, units, grain)

    def run(self, handle: Handle, dynamic: bytes, units: int, grain: int) -> None:
        with self._lock:
            if len(dynamic) > len(self._dynamic):
                self._dynamic_at = self._engine.grow(len(dynamic))
                self._dynamic = self._engine.view(self._dynamic_at, len(dynamic))
            self._dynamic[: len(dynamic)] = dynamic
            if units < 2 * grain or self.target.threads == 1:
                handle.function(self._dynamic_at, 0, units)
            else:
                self.pool.run(handle.number, self._dynamic_at, units, grain)

    # --- memory ---

    def reserve(self, nbytes: int) -> int:
        with self._lock:
            return self._engine.grow(nbytes)

    def release(self, address: int) -> bool:
        """WebAssembly's memory never shrinks."""
        return False

    def read(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        return self._engine.view(address, nbytes, owner)

    def write(self, address: int, content: memoryview | bytes) -> None:
        self._engine.view(address, len(content))[:] = content

    def wait(self) -> None:
        """A call returns when it has run."""

    def close(self) -> None:
        with self._lock:
            self.pool.close()

    def hold(self) -> None:
        """Let nobody in, end the threads, and wait for both: until `let_go`."""
        self._lock.acquire()
        self.pool.close()

    def let_go(self) -> None:
        self._lock.release()


_machines: weakref.WeakSet[WasmMachine] = weakref.WeakSet()


def _at_exit() -> None:
    """End the threads, and keep the rest for ever: values may be read until the end, and wasmtime cannot free anything by then."""
    for machine in list(_machines):
        machine.close()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(machine))


_held: list[WasmMachine] = []


def _before_fork() -> None:
    """End the threads; they start anew, here and in the child. wasmtime locks when they sleep, and a child whose parent's thread held
    that lock would wait for ever.
    """
    heap.lock.acquire()  # first, as where memory grows
    _held[:] = _machines
    for machine in _held:
        machine.hold()


def _after_fork() -> None:
    while _held:
        _held.pop().let_go()
    heap.lock.release()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
