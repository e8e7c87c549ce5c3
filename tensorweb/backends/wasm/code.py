"""Kernels as modules of WebAssembly, alike for wasmtime and for browsers. Who compiles and calls them is in `machine.py` and `page.py`."""

from __future__ import annotations

from collections.abc import Callable

from ...errors import BackendError, message
from ...kernels.wasm import WasmBuilder, module
from ...kernels.wasm_encoding import PAGE

SCRATCH_BYTES = PAGE  # for each thread


def kernel_module(emit: Callable[[WasmBuilder], None], relaxed: bool, shared: bool) -> bytes:
    """Return a module with the kernel that `emit` writes; `relaxed` and `shared` are what its memory and its engine are."""
    builder = WasmBuilder(relaxed=relaxed)
    emit(builder)
    if builder.scratch_bytes > SCRATCH_BYTES:
        wanted = f"a kernel with at most {SCRATCH_BYTES} bytes of scratch"
        raise BackendError(message("wasm", wanted, builder.scratch_bytes, "Split the kernel."))
    return module({builder.name: builder.finish()}, shared=shared)


def probe(relaxed: bool) -> bytes:
    """Return a module that an engine validates if it has SIMD, and relaxed SIMD where that is asked for."""

    def emit(b: WasmBuilder) -> None:
        value = b.load_vector("f32", b.dynamic)
        b.store_vector("f32", b.dynamic, b.fma(value, value, value))

    return kernel_module(emit, relaxed, shared=False)
