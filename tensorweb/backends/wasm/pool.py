"""Threads that stay inside WebAssembly code: they spin for the next job, then sleep. The code is written with the builder of kernels.

A job is a kernel's number and the chunks of its units. Whoever takes a chunk counts LEFT down and, when it is computed, DONE up; a job
ends when all chunks are done, not when all threads have seen it: a thread that sleeps holds nobody up. Each thread has instances of its
own, so one that takes a chunk of a kernel that is new to it goes back to Python, links the kernel, and computes the chunk then. Which
thread computes a chunk changes nothing in the results.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable
from typing import Any

import wasmtime

from ...errors import DeviceError
from ...kernels.values.code import Value
from ...kernels.wasm import WasmBuilder, module
from ...kernels.wasm_encoding import (
    ATOMIC_ADD,
    ATOMIC_LOAD,
    ATOMIC_STORE,
    CALL_INDIRECT,
    I32,
    I64_CONST,
    NOTIFY,
    PAGE,
    WAIT,
    memory_argument,
    signed,
)
from .code import SCRATCH_BYTES
from .engine import Engine, Function, Thread

# Addresses in the first page, which nothing else uses; what threads write lies on cache lines of its own.
LEFT, DONE, SLEEPERS, SEQUENCE, STOP, JOB, SLOTS = 1024, 1152, 1280, 1408, 1536, 1664, 2048
SLOT_BYTES = 64
STATE_END = PAGE // 2
MAX_THREADS = (STATE_END - SLOTS) // SLOT_BYTES
FIRST_SCRATCH = PAGE

CHUNKS_PER_THREAD = 4
SPINS = 50_000  # about 50 to 100 microseconds
NAP = 50_000  # nanoseconds that the thread which waits for the others sleeps at a time

_job = struct.Struct("<IIII")  # kernel, dynamic, units, chunks


class _Code(WasmBuilder):
    """The builder with what threads need: atomic numbers at fixed addresses, sleep, calls of kernels by number."""

    def _atomic(self, code: bytes, at: int, *values: Value) -> Value:
        code += memory_argument(4, at)
        operands = (x.ref for x in (self.index(0), *values))
        return Value(self, "i32", self._function.emit(code, *operands, result=I32, pure=False))

    def get(self, at: int) -> Value:
        return self._atomic(ATOMIC_LOAD, at)

    def add(self, at: int, number: int) -> Value:
        """Add to a number and return what it was."""
        return self._atomic(ATOMIC_ADD, at, self.constant("i32", number))

    def put(self, at: int, number: Value) -> None:
        self._do(ATOMIC_STORE + memory_argument(4, at), self.index(0), number)

    def wake_all(self, at: int) -> None:
        self._atomic(NOTIFY, at, self.constant("i32", -1))

    def sleep_while(self, at: int, number: Value, nanoseconds: int = -1) -> None:
        self._atomic(I64_CONST + signed(nanoseconds) + WAIT, at, number)

    def job(self) -> list[Value]:
        return [self.load_index(self.index(JOB), 4 * i) for i in range(4)]

    def compute(self, chunk: Value) -> None:
        kernel, dynamic, units, chunks = self.job()
        each, more = units // chunks, units % chunks  # the first `more` chunks have one unit more
        begin = chunk * each + self.minimum(chunk, more)
        end = begin + each + self.convert(chunk < more, "index")
        self._do(CALL_INDIRECT, dynamic, begin, end, kernel)
        self.add(DONE, 1)


def _finish(b: _Code) -> None:
    """Compute what is left of the job, and wait until the other threads are done."""
    chunks = b.job()[3]
    with b.repeat() as again:
        left = b.convert(b.add(LEFT, -1), "index")
        again.stop_when(left <= 0)
        b.compute(chunks - left)
    spins = b.variable("i32", 0)
    with b.repeat() as again:
        done = b.get(DONE)
        again.stop_when(b.convert(done, "index") == chunks)
        spins.add(1)
        with b.when(spins.value > SPINS):
            b.sleep_while(DONE, done, NAP)


def _run(b: _Code) -> None:
    """Publish the job that stands at JOB and finish it."""
    b.put(DONE, b.constant("i32", 0))
    b.put(LEFT, b.convert(b.job()[3], "i32"))
    b.add(SEQUENCE, 1)
    with b.when(b.get(SLEEPERS) > 0):
        b.wake_all(SEQUENCE)
    _finish(b)


def _work(b: _Code) -> None:
    """Compute chunks of any job, until STOP: leave -1 in the slot. Return early with a chunk in the slot whose kernel is not linked."""
    slot, linked = b.dynamic, b.begin
    spins = b.variable("i32", 0)
    with b.repeat() as again:
        with b.when(b.get(LEFT) > 0):
            left = b.convert(b.add(LEFT, -1), "index")
            with b.when(left > 0):
                kernel, _, _, chunks = b.job()
                chunk = chunks - left
                b.store_index(slot, chunk)
                again.stop_when(kernel >= linked)
                b.compute(chunk)
                spins.set(0)
        with b.when(b.get(STOP) != 0):
            b.store_index(slot, b.index(-1))
            again.stop_when(b.constant("bit", 1))
        spins.add(1)
        with b.when(spins.value > SPINS):
            _sleep(b)
            spins.set(0)


def _sleep(b: _Code) -> None:
    """Sleep until SEQUENCE changes, unless there is something to do already."""
    b.add(SLEEPERS, 1)
    seen = b.get(SEQUENCE)
    with b.when((b.get(LEFT) <= 0) & (b.get(STOP) == 0)):
        b.sleep_while(SEQUENCE, seen)
    b.add(SLEEPERS, -1)


def _compute(b: _Code) -> None:
    b.compute(b.dynamic)


def _fail(b: _Code) -> None:
    """Count a chunk as done that failed."""
    b.add(DONE, 1)


def _stop(b: _Code) -> None:
    b.put(STOP, b.constant("i32", 1))
    b.add(SEQUENCE, 1)
    b.wake_all(SEQUENCE)


def _code() -> bytes:
    functions: dict[str, bytes] = {}
    writers: dict[str, Callable[[_Code], None]] = {
        "run": _run, "finish": _finish, "work": _work, "compute": _compute, "fail": _fail, "stop": _stop,
    }  # fmt: skip
    for name, write in writers.items():
        builder = _Code(name)
        write(builder)
        functions[name] = builder.finish()
    return module(functions, shared=True, table=True)


class Pool:
    """`threads` - 1 workers beside the thread that calls; they start with the first kernel that has work for them.

    `kernels` has the modules of all kernels by number; `caller` is the thread that calls, which has them linked. One run at a time.
    """

    def __init__(self, engine: Engine, caller: Thread, kernels: list[wasmtime.Module], threads: int):
        self._engine, self._caller, self._kernels = engine, caller, kernels
        self.threads = min(threads, MAX_THREADS)
        self._state = engine.view(0, STATE_END)
        self._functions: dict[str, Function] = {}
        self._workers: list[threading.Thread] = []
        self._failures: list[Exception] = []

    def run(self, kernel: int, dynamic: int, units: int, grain: int) -> None:
        """Call a kernel on chunks of its units."""
        if not self._workers:
            self._start()
        _job.pack_into(self._state, JOB, kernel, dynamic, units, min(units // grain, self.threads * CHUNKS_PER_THREAD))
        step = "run"
        while step:
            try:
                self._functions[step](0, 0, 0)
                step = ""
            except DeviceError as error:
                self._failures.append(error)
                self._functions["fail"](0, 0, 0)
                step = "finish"
        if self._failures:
            failure = self._failures[0]
            self._failures.clear()
            raise failure

    def _start(self) -> None:
        code = self._engine.compile(_code())
        self._functions = self._caller.functions(code)
        for number in range(1, self.threads):
            thread = Thread(self._engine, FIRST_SCRATCH + number * SCRATCH_BYTES)
            arguments = (thread, thread.functions(code), SLOTS + number * SLOT_BYTES, self._state, self._kernels, self._failures)
            self._workers.append(threading.Thread(target=_serve, args=arguments, name=f"tensorweb-wasm-{number}", daemon=True))
        for worker in self._workers:
            worker.start()

    def close(self) -> None:
        """Let the workers end, and wait for them."""
        if self._workers:
            self._functions["stop"](0, 0, 0)
            for worker in self._workers:
                worker.join()
            self._workers = []
            self._state[:] = bytes(STATE_END)


def _serve(thread: Thread, functions: dict[str, Function], slot: int, state: Any, kernels: Any, failures: list[Exception]) -> None:
    """Be a worker."""
    work, compute, fail = functions["work"], functions["compute"], functions["fail"]
    while True:
        try:
            work(slot, thread.linked, 0)
            (chunk,) = struct.unpack_from("<i", state, slot)
            if chunk < 0:
                return
            for kernel in kernels[thread.linked :]:
                thread.link(kernel)
            compute(chunk, 0, 0)
        except Exception as error:  # whatever it is, the caller waits for the chunk
            failures.append(error)
            fail(0, 0, 0)
