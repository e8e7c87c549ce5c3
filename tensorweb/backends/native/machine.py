"""Compiles kernels with llvmlite, keeps them in memory and on disk, and calls them, on one thread or on the pool's."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
import platform
import threading
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm

from ...errors import BackendError, message
from ...flags import flags
from ...kernels.llvm import LlvmBuilder
from ...kernels.loops.builder import Builder
from ...kernels.loops.launch import Target
from .cache import DiskCache
from .pool import Pool

_KERNEL = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64)


class Handle(NamedTuple):
    """A compiled kernel: to be called from here, and its address for the pool."""

    function: Any
    address: int


class _Processor(NamedTuple):
    lanes: int
    registers: int
    fused: bool
    name: str
    features: str


def _processor() -> _Processor:
    """Return the vectors that this processor has, and what LLVM calls it."""
    found = llvm.get_host_cpu_features()
    features = found.flatten()
    if all(found.get(f) for f in ("avx512f", "avx512vl", "avx512bw", "avx512dq")):
        return _Processor(16, 32, True, llvm.get_host_cpu_name(), features + ",-prefer-256-bit")
    if found.get("avx2") and found.get("fma"):
        return _Processor(8, 16, True, llvm.get_host_cpu_name(), features)
    arm = platform.machine().lower() in ("arm64", "aarch64")
    return _Processor(4, 32 if arm else 16, arm, llvm.get_host_cpu_name(), features)


@lru_cache(maxsize=1)
def _sources() -> str:
    """Return a digest of the code that writes kernels: what it changes, compiled kernels of before must not survive."""
    root = Path(__file__).parents[2] / "kernels"
    digest = hashlib.sha256()
    for path in sorted([root / "llvm.py", *(root / "loops").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class NativeMachine:
    """Memory of the process and code of this processor."""

    index_bytes = 8

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self.processor = _processor()
        self._machine = llvm.Target.from_default_triple().create_target_machine(
            opt=3, cpu=self.processor.name, features=self.processor.features, jit=True
        )
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self._machine)
        self.cache = DiskCache(f"{_sources()}:{llvm.llvm_version_info}:{llvmlite.__version__}:{self.processor}")
        self._handles: dict[str, Handle] = {}
        self._regions: dict[int, mmap.mmap] = {}
        self._lock = threading.Lock()
        self.compiled = 0
        threads = flags.get("NUM_THREADS") or available_cores()
        self.target = Target(self.processor.lanes, self.processor.registers, self.processor.fused, threads)
        self.pool = Pool(threads, self._link)

    # --- code ---

    def compile(self, key: str, emit: Callable[[Builder], None]) -> Handle:
        handle = self._handles.get(key)
        if handle is None:
            with self._lock:
                handle = self._handles.get(key) or self._handles.setdefault(key, self._compile(key, emit))
        return handle

    def _compile(self, key: str, emit: Callable[[Builder], None]) -> Handle:
        name = "k" + hashlib.sha256(key.encode()).hexdigest()[:24]
        code = self.cache.get(key)
        if code is None:
            builder = LlvmBuilder(name, self.processor.lanes, self.processor.registers, self.processor.fused)
            emit(builder)
            code = self._object(builder.finish())
            self.cache.put(key, code)
        address = self._add(code, name)
        return Handle(_KERNEL(address), address)

    def _object(self, text: str) -> bytes:
        self.compiled += 1
        module = llvm.parse_assembly(text)
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.loop_vectorization = options.slp_vectorization = False  # the loops are over lanes already
        passes = llvm.create_pass_builder(self._machine, options)
        passes.getModulePassManager().run(module, passes)
        return self._machine.emit_object(module)

    def _add(self, code: bytes, name: str) -> int:
        """Link an object and return the address of a function in it."""
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        return self._address(name)

    def _address(self, name: str) -> int:
        address = self._engine.get_function_address(name)
        if not address:
            raise BackendError(message("native", f"a compiled function {name}", "none", "Empty the cache folder and try again."))
        return address

    def _link(self, text: str, *names: str) -> list[int]:
        """Compile text that is no kernel and return the addresses of its functions."""
        with self._lock:
            code = self.cache.get(text)
            if code is None:
                code = self._object(text)
                self.cache.put(text, code)
            return [self._add(code, names[0]), *map(self._address, names[1:])]

    def run(self, handle: Handle, dynamic: bytes, units: int, grain: int) -> None:
        if units < 2 * grain or self.target.threads == 1:
            handle.function(dynamic, 0, units)
        else:
            self.pool.run(handle, dynamic, units, grain)

    # --- memory ---

    def reserve(self, nbytes: int) -> int:
        try:
            region = mmap.mmap(-1, nbytes)
        except (OSError, OverflowError, ValueError) as error:
            raise MemoryError(str(error)) from None
        if hasattr(mmap, "MADV_HUGEPAGE") and nbytes >= 1 << 21:
            region.madvise(mmap.MADV_HUGEPAGE)
        address = ctypes.addressof(ctypes.c_char.from_buffer(region))
        self._regions[address] = region
        return address

    def release(self, address: int) -> bool:
        region = self._regions.pop(address, None)
        if region is None:
            return False
        region.close()
        return True

    def view(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        content = (ctypes.c_ubyte * nbytes).from_address(address)
        content.owner = owner
        return memoryview(content).cast("B")

    def close(self) -> None:
        self.pool.close()
