"""Compiles kernels with llvmlite, keeps them in memory and on disk, and calls them, on one thread or on the pool's."""

from __future__ import annotations

import atexit
import ctypes
import hashlib
import mmap
import os
import platform
import threading
import weakref
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm

from ...errors import BackendError, message
from ...kernels.llvm import LlvmBuilder
from ...kernels.loops.builder import Builder
from ...kernels.loops.launch import Target
from ..heap import BEYOND
from ..threads import thread_count
from .cache import DiskCache
from .pool import Pool

if not hasattr(llvm, "create_pass_builder"):
    raise ImportError(f"llvmlite {llvmlite.__version__} is older than 0.44")

_ZERO = ctypes.c_int64(0)
_PRIVATE: dict[str, int] = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}
_HUGE_PAGE = 1 << 21

# One for all machines, since LLVM is one. Reentrant: a collection while it is held runs finalizers, and those may need kernels.
_lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # no fork in the middle of a compilation
    os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


class Handle(NamedTuple):
    """A compiled kernel: its address, and functions of it, one of which keeps Python's global lock."""

    address: int
    function: Any
    short: Any


def _handle(address: int) -> Handle:
    # Without argtypes, a call takes a third of the time: numbers must then be passed as c_int64, and bytes as they are.
    return Handle(address, ctypes.CFUNCTYPE(None)(address), ctypes.PYFUNCTYPE(None)(address))


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
    for path in sorted([root / "llvm.py", *(root / "values").glob("*.py"), *(root / "loops").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


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
        versions = f"{llvm.llvm_version_info}:{llvmlite.__version__}:{llvm.get_default_triple()}"
        self.cache = DiskCache(f"{_sources()}:{versions}")
        self._handles: dict[str, Handle] = {}
        self._regions: dict[int, mmap.mmap] = {}
        self.compiled = 0
        threads = thread_count()
        self.target = Target(self.processor.lanes, self.processor.registers, self.processor.fused, threads)
        self.pool = Pool(threads, self._link)
        _machines.add(self)

    # --- code ---

    def compile(self, key: str, emit: Callable[[Builder], None]) -> Handle:
        handle = self._handles.get(key)
        if handle is None:
            with _lock:
                handle = self._handles.get(key) or self._handles.setdefault(key, self._compile(key, emit))
        return handle

    def _compile(self, key: str, emit: Callable[[Builder], None]) -> Handle:
        name = "k" + hashlib.sha256(key.encode()).hexdigest()[:24]

        def write() -> str:
            builder = LlvmBuilder(name, self.processor.lanes, self.processor.registers, self.processor.fused)
            emit(builder)
            return builder.finish()

        return _handle(*self._load(f"{self.processor}\n{key}", write, name))

    def _link(self, text: str, *names: str) -> list[int]:
        """Compile text that is no kernel and return the addresses of its functions."""
        with _lock:
            return self._load(text, lambda: text, *names)

    def _load(self, key: str, write: Callable[[], str], *names: str) -> list[int]:
        """Return the addresses of functions that are in the cache, or in the text that is written now."""
        code = self.cache.get(key)
        if code is None or not self._add(code):
            code = self._object(write())
            self.cache.put(key, code)
            self._add(code)
        return [self._address(name) for name in names]

    def _object(self, text: str) -> bytes:
        self.compiled += 1
        module = llvm.parse_assembly(text)
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        # The loops are over lanes already, and written as they should be: unrolled they only take longer to compile.
        options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
        passes = llvm.create_pass_builder(self._machine, options)
        passes.getModulePassManager().run(module, passes)
        return self._machine.emit_object(module)

    def _add(self, code: bytes) -> bool:
        """Link an object; False if LLVM does not take it for one."""
        found = llvm.ObjectFileRef.from_data(code)
        if not found:
            found.detach()  # nothing to free
            self.cache.damaged += 1
            return False
        self._engine.add_object_file(found)
        self._engine.finalize_object()
        return True

    def _address(self, name: str) -> int:
        address = self._engine.get_function_address(name)
        if not address:
            raise BackendError(message("native", f"a compiled function {name}", "none", "Empty the cache folder and try again."))
        return address

    def bind(self, handle: Handle, units: int, grain: int) -> Callable[[bytes], None]:
        function, address, end, pool = handle.function, handle.address, ctypes.c_int64(units), self.pool
        if units < grain:  # too short for another Python thread to gain from
            function = handle.short
        if units < 2 * grain or pool.threads == 1:
            return lambda dynamic: function(dynamic, _ZERO, end)

        def run(dynamic: bytes) -> None:
            if not pool.run(address, dynamic, units, grain):
                function(dynamic, _ZERO, end)

        return run

    def run(self, handle: Handle, dynamic: bytes, units: int, grain: int) -> None:
        """Call a kernel once."""
        self.bind(handle, units, grain)(dynamic)

    # --- memory ---

    def reserve(self, nbytes: int) -> int:
        huge = nbytes >= _HUGE_PAGE and hasattr(mmap, "MADV_HUGEPAGE")
        try:
            # Private, since Python's default is memory that a forked process shares.
            region = mmap.mmap(-1, nbytes + BEYOND + (_HUGE_PAGE if huge else 0), **_PRIVATE)
        except (OSError, OverflowError, ValueError) as error:
            raise MemoryError(str(error)) from None
        address = ctypes.addressof(ctypes.c_char.from_buffer(region))
        if huge:
            region.madvise(mmap.MADV_HUGEPAGE)
            address += -address % _HUGE_PAGE  # or its ends are small pages, up to all of it; what is not touched takes no memory
        self._regions[address] = region
        return address

    def release(self, address: int) -> bool:
        region = self._regions.pop(address, None)
        if region is None:
            return False
        region.close()
        return True

    def read(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        content: Any = (ctypes.c_ubyte * nbytes).from_address(address)
        content.owner = owner
        return memoryview(content).cast("B")

    def write(self, address: int, content: memoryview | bytes) -> None:
        self.read(address, len(content))[:] = content

    def wait(self) -> None:
        """A call returns when it has run."""

    def close(self) -> None:
        self.pool.close()


_machines: weakref.WeakSet[NativeMachine] = weakref.WeakSet()


def _at_exit() -> None:
    """Leave code and memory in place: threads may still be inside, and the system takes everything back in a moment."""
    _lock.acquire(timeout=2)  # and let nobody compile while LLVM is torn down
    for machine in _machines:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(machine))


atexit.register(_at_exit)
