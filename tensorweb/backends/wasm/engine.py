"""wasmtime as the machine needs it: an engine, a memory shared by threads, instances in the store of a thread, and calls that cost 1 us.

Names of wasmtime's C interface (`wasmtime._ffi`) appear here only; its Python functions take 50 times as long to call.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from ...errors import BackendError, DeviceError, message
from ...flags import flags
from ...kernels.wasm_encoding import PAGE
from .code import probe

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
    # An address outside memory ends the process: wasmtime (as of 50) fails to make an error of it where instances share a memory.
    # In debug mode the code checks each address, and there is an error.
    config.signals_based_traps = not flags.get("DEBUG")
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
        try:
            wasmtime.Module.validate(self.engine, probe(relaxed=True))
        except wasmtime.WasmtimeError:
            return False
        return True

    def grow(self, nbytes: int) -> int:
        """Return the address of so many bytes more; raise MemoryError if there are none. The last page is kept: some read beyond theirs."""
        try:
            return (self.memory.grow(-(-nbytes // PAGE)) - 1) * PAGE
        except wasmtime.WasmtimeError as error:
            raise MemoryError(str(error)) from None

    def view(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        """Return memory as writable bytes. It never moves, so a view stays good when the memory grows; it keeps `owner` alive."""
        content = (ctypes.c_ubyte * nbytes).from_address(self.base + address)
        content.owner = self.memory, owner  # type: ignore[attr-defined]
        return memoryview(content).cast("B")

    def compile(self, content: bytes) -> wasmtime.Module:
        return wasmtime.Module(self.engine, content)


Function = Callable[[int, int, int], None]


class Thread:
    """What one thread of computation has for itself: a store, the kernels in it by number, and a page of scratch memory."""

    def __init__(self, engine: Engine, scratch: int):
        self.engine = engine
        self.store = wasmtime.Store(engine.engine)
        self.store.set_limits(instances=1 << 20)
        self.linked = 0
        i32, functions = wasmtime.ValType.i32(), wasmtime.ValType.funcref()
        self._scratch = wasmtime.Global(self.store, wasmtime.GlobalType(i32, False), wasmtime.Val.i32(scratch))
        self._table = wasmtime.Table(self.store, wasmtime.TableType(functions, wasmtime.Limits(64, None)), None)
        self._values = (ctypes.c_ubyte * 48)()  # the arguments of a call

    def link(self, kernel: wasmtime.Module) -> Function:
        """Give the next number to a kernel and return it as a function."""
        (function,) = self._exports(kernel, self.engine.memory, self._scratch).values()
        if self.linked == self._table.size(self.store):
            self._table.grow(self.store, self.linked, None)
        self._table.set(self.store, self.linked, function)
        self.linked += 1
        return self._callable(function)

    def functions(self, code: wasmtime.Module) -> dict[str, Function]:
        """Return the functions of a module that calls kernels by their numbers."""
        exports = self._exports(code, self.engine.memory, self._scratch, self._table)
        return {name: self._callable(function) for name, function in exports.items()}

    def _exports(self, compiled: wasmtime.Module, *imports: Any) -> dict[str, Any]:
        return dict(wasmtime.Instance(self.store, compiled, imports).exports(self.store))

    def _callable(self, function: Any) -> Function:
        """Return a function of three numbers that raises DeviceError where the code traps. Only one thread at a time may call it."""
        context, values, trap = ctypes.cast(self.store._context(), ctypes.c_void_p).value, self._values, ctypes.c_void_p()
        function_at, trap_at = ctypes.byref(function._func), ctypes.byref(trap)

        def call(a: int, b: int, c: int) -> None:
            _pack_arguments(values, 0, a, b, c)
            failed = _call_unchecked(context, function_at, values, 3, trap_at)
            if failed or trap.value:
                reason, trap.value = _reason(failed, trap.value), None
                raise DeviceError(message("wasm", "a kernel that ends", reason, "This is a fault of the library."))

        return call


def _reason(failed: int | None, trap: int | None) -> str:
    """Return what wasmtime says about a failure, and free it."""
    if trap:
        return wasmtime.Trap._from_ptr(ctypes.cast(trap, ctypes.POINTER(ffi.wasm_trap_t))).message.splitlines()[-1].strip()
    return str(wasmtime.WasmtimeError._from_ptr(ctypes.cast(failed or 0, ctypes.POINTER(ffi.wasmtime_error_t))))
