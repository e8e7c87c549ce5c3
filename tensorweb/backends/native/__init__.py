"""The backend `native`: the loops of `kernels.loops` compiled for this processor through LLVM (extra `native`: llvmlite).

`machine.py` compiles and calls, `pool.py` has the threads, `cache.py` keeps compiled kernels on disk.
"""

from __future__ import annotations

from ..compiled import CompiledBackend
from .machine import NativeMachine


def create() -> CompiledBackend:
    """Return the backend."""
    return CompiledBackend("native", NativeMachine())
