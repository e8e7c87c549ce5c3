"""wasmtime as the machine needs it: an engine, a memory shared by threads, instances in the store of a thread, and calls that cost 1 us.

Names of wasmtime's C interface (`wasmtime._ffi`) appear here only; its Python functions take 50 times as long to call.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from ...errors import BackendError, DeviceError, message
from ...kernels.wasm import WasmBuilder, module
from ...kernels.wasm_encoding import PAGE

MAXIMA = (65536, 32768, 16384)  # pages: what a memory may grow to is reserved at once, and some systems refuse 4 GB

_call_unchecked = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)(
    ctypes.cast(ffi.dll.wasmtime_func_call_unchecked, ctypes.c_void_p).value or 0
)
_pack_arguments = struct.Struct("<I12xI12xI12x").pack_into  # each in a wasmtime_val_raw of 16 bytes


class SharedMemory(wasmtime.SharedMemory):
    """wasmtime's, which hands out a pointer to a pointer where a module imports it (as of its version 50)."""

    def _as_extern(self) -> Any:
        return ffi.wasmtime_extern_t(ffi.WASMTIME_EXTERN_SHAREDMEMORY, ffi.wasmtime_extern_union(sharedmemory=self.ptr()))


def _configuration(maximum: int) -> wasmtime.Config:
    config = wasmtime.Config()
    config.wasm_threads = config.shared_memory = True
    config.wasm_relaxed_simd = True
    config.parallel_compilation = False  # its threads would be missing after a fork
    config.memory_reservation = maximum * PAGE
    return config


class Engine:
    """An engine and the one memory of all its instances, `base` bytes into the process."""

    def __init__(self, pages: int):
        for maximum in MAXIMA:
            self.engine = wasmtime.Engine(_configuration(maximum))
            try:
                kind = wasmtime.MemoryType(wasmtime.Limits(pages, maximum), shared=True)
                self.memory = SharedMemory(self.engine, kind)
                break
            except wasmtime.WasmtimeError as error:
                refused = error
        else:
            raise BackendError(message("wasm", "address space for a memory", str(refused), "Raise the limit of this process.")) from None
        self.base = ctypes.addressof(self.memory.data_ptr().contents)
        self.relaxed = self._validates_relaxed_simd()

    def _validates_relaxed_simd(self) -> bool:
        b = WasmBuilder(relaxed=True)
        value = b.load_vector("f32", b.dynamic)
        b.store_vector("f32", b.dynamic, b.fma(value, value, value))
        try:
            wasmtime.Module.validate(self.engine, module({b.name: b.finish()}, shared=True))
        except wasmtime.WasmtimeError:
            return False
        return True

    def grow(self, nbytes: int) -> int:
        """Return the address of so many bytes more; raise MemoryError if there are none."""
        try:
            return self.memory.grow(-(-nbytes // PAGE)) * PAGE
        except wasmtime.WasmtimeError as error:
            raise MemoryError(str(error)) from None

    def compile(self, content: bytes) -> wasmtime.Module:
        return wasmtime.Module(self.engine, content)


Function = Callable[[int, int, int], None]


class Thread:
    """What one thread of computation has for itself: a store, instances in it, and scratch memory at an address."""

    def __init__(self, engine: Engine, scratch: int):
        self.memory = engine.memory
        self.store = wasmtime.Store(engine.engine)
        self.store.set_limits(instances=1 << 20)
        self._context = ctypes.cast(self.store._context(), ctypes.c_void_p).value
        # The number passes through a signed 32-bit integer.
        signed = ctypes.c_int32(scratch).value
        self._scratch = wasmtime.Global(self.store, wasmtime.GlobalType(wasmtime.ValType.i32(), False), wasmtime.Val.i32(signed))

    def instantiate(self, compiled: wasmtime.Module, *others: Any) -> dict[str, Any]:
        """Return the functions that a module exports."""
        instance = wasmtime.Instance(self.store, compiled, [self.memory, self._scratch, *others])
        return dict(instance.exports(self.store))

    def callable(self, function: Any) -> Function:
        """Return a function of this thread's store as one of three numbers. It raises DeviceError where the code traps."""
        return partial(_call, self._context, function._func, ctypes.addressof(function._func))


def _call(context: int, owner: Any, function: int, a: int, b: int, c: int) -> None:
    values, trap = (ctypes.c_ubyte * 48)(), ctypes.c_void_p()
    _pack_arguments(values, 0, a, b, c)
    failed = _call_unchecked(context, function, ctypes.addressof(values), 3, ctypes.addressof(trap))
    if failed or trap.value:
        raise DeviceError(message("wasm", "a kernel that ends", _reason(failed, trap.value), "This is a fault of the library."))


def _reason(failed: int | None, trap: int | None) -> str:
    if trap:
        return wasmtime.Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t))).message.splitlines()[-1].strip()
    return str(wasmtime.WasmtimeError._from_ptr(ctypes.cast(failed or 0, ctypes.POINTER(ffi.wasmtime_error_t))))
