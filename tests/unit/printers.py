"""Runs kernels written with a builder on every machine, for the tests of the printers. What is tested stands in test_printers*.py."""

from __future__ import annotations

import ctypes
import mmap
import struct
import sys

import numpy as np
import pytest

from tensorweb.flags import flags

PAGE = 65536
MACHINES = ("wasm", "wasm-plain", "native", "native-8", "native-4")


def make_machine(name):
    """Return the machine called `name`; ImportError where what it needs is not installed."""
    family, _, variant = name.partition("-")
    if family == "wasm":
        from tensorweb.backends.wasm.machine import WasmMachine

        machine = WasmMachine()
        if variant == "plain":
            machine.target = machine.target._replace(fused=False)
        elif variant == "fma":
            machine.target = machine.target._replace(fused_products=True)
        return machine
    from tensorweb.backends.native.machine import NativeMachine

    machine = NativeMachine()
    if variant:
        machine.processor = machine.processor._replace(lanes=min(int(variant), machine.processor.lanes))
        machine.target = machine.target._replace(lanes=machine.processor.lanes)
    return machine


class Runner:
    """Calls kernels on arrays. Slot 1, 2, ... are the addresses of the arguments, the slot after them that of the output."""

    def __init__(self, name):
        self.name, self.machine = name, make_machine(name)
        self.lanes, self.fused = self.machine.target.lanes, self.machine.target.fused
        self.bits = 8 * self.machine.index_bytes
        self._arena = self.machine.reserve(16 * PAGE)
        self._count = 0

    def compile(self, emit):
        self._count += 1
        return self.machine.compile(f"test {self.name} {self._count}", emit)

    def __call__(self, emit, *arguments, out, units=1, grain=1 << 30):
        """Return what the kernel leaves in a copy of `out`. Arguments are arrays (copied to memory), or ints: an address or a size."""
        handle = self.compile(emit)
        at, slots = self._arena, [0]
        for argument in (*arguments, out):
            if isinstance(argument, int):
                slots.append(argument)
                continue
            self.machine.write(at, argument.tobytes())
            slots.append(at)
            at += -(-argument.nbytes // 128) * 128 + 128
        self.machine.run(handle, struct.pack(f"={len(slots)}{'q' if self.bits == 64 else 'I'}", *slots), units, grain)
        view = self.machine.read(slots[-1], out.nbytes)
        return np.frombuffer(bytes(view), out.dtype).reshape(out.shape)

    def edge(self):
        """Return an address after which no byte can be touched: the end of WebAssembly's memory, or a forbidden page."""
        if self.name.startswith("wasm"):
            return self.machine.reserve(PAGE) + PAGE
        region = mmap.mmap(-1, 2 * PAGE)
        start = ctypes.addressof(ctypes.c_char.from_buffer(region))
        if sys.platform != "win32":
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.mprotect(ctypes.c_void_p(start + PAGE), ctypes.c_size_t(PAGE), mmap.PROT_READ & 0) == 0
        self._regions = [*getattr(self, "_regions", []), region]
        return start + PAGE


def runners(name, tmp_path_factory):
    """Yield a Runner, for a fixture; compiled kernels are kept in a folder of the test's own."""
    pytest.importorskip("wasmtime" if name.startswith("wasm") else "llvmlite")
    before = flags.get("CACHE_DIR")
    flags.set("CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    made = Runner(name)
    yield made
    made.machine.close()
    flags.set("CACHE_DIR", before)


def assert_same(got, expected, label=""):
    """Compare arrays bit by bit; a NaN equals any NaN."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.dtype == expected.dtype and got.shape == expected.shape, (label, got.dtype, expected.dtype, got.shape, expected.shape)
    same = got == expected
    if got.dtype.kind == "f":
        same = (same & (np.signbit(got) == np.signbit(expected))) | (np.isnan(got) & np.isnan(expected))
    where = np.flatnonzero(~same)
    assert not len(where), f"{label}: at {where[:5]} got {got.ravel()[where[:5]]}, expected {expected.ravel()[where[:5]]}"
