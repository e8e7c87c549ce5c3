"""Threads that stay inside compiled code: they spin for the next kernel, then sleep. The code is LLVM's text, made once.

One 64-bit word, the ticket, holds the number of the job and how many of its chunks nobody has taken; a thread takes a chunk by
exchanging the ticket for one with a chunk less. A job ends when all chunks are done, not when all threads have seen it: a thread that
sleeps holds nobody up. Which thread computes a chunk changes nothing in the results.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

# Offsets in the state, each on a cache line of its own where threads write.
_TICKET, _DONE, _SLEEPERS, _SEQUENCE, _STOP, _JOB = 0, 128, 256, 320, 384, 448
_STATE_BYTES = 576

_SPINS = 4000  # about 50 to 100 microseconds
_CHUNKS_PER_THREAD = 4

_FUTEX = {"x86_64": 202, "aarch64": 98, "arm64": 98}

_CODE = """
%job = type {{ i64, i64, i64, i64 }}
declare i64 @syscall(i64, ...)
declare i32 @sched_yield()

define internal void @pause() alwaysinline {{
  {pause}
  ret void
}}

; Take a chunk and compute it; false if there was none.
define internal i1 @work(ptr %state) {{
start:
  br label %try
try:
  %ticket = load atomic i64, ptr %state acquire, align 8
  %left = and i64 %ticket, 4294967295
  %none = icmp eq i64 %left, 0
  br i1 %none, label %nothing, label %take
take:
  %less = sub i64 %ticket, 1
  %pair = cmpxchg ptr %state, i64 %ticket, i64 %less acq_rel acquire
  %won = extractvalue {{ i64, i1 }} %pair, 1
  br i1 %won, label %run, label %try
run:
  %job = getelementptr i8, ptr %state, i64 {job}
  %kernel = load ptr, ptr %job, align 8
  %at1 = getelementptr i8, ptr %job, i64 8
  %dynamic = load i64, ptr %at1, align 8
  %at2 = getelementptr i8, ptr %job, i64 16
  %units = load i64, ptr %at2, align 8
  %at3 = getelementptr i8, ptr %job, i64 24
  %chunks = load i64, ptr %at3, align 8
  %chunk = sub i64 %chunks, %left
  %next = add i64 %chunk, 1
  %b0 = mul i64 %chunk, %units
  %begin = udiv i64 %b0, %chunks
  %e0 = mul i64 %next, %units
  %end = udiv i64 %e0, %chunks
  call void %kernel(i64 %dynamic, i64 %begin, i64 %end)
  %done = getelementptr i8, ptr %state, i64 {done}
  %before = atomicrmw add ptr %done, i64 1 acq_rel
  ret i1 true
nothing:
  ret i1 false
}}

define void @tw_run(ptr %state, ptr %kernel, ptr %dynamic, i64 %units, i64 %chunks) {{
start:
  %job = getelementptr i8, ptr %state, i64 {job}
  store ptr %kernel, ptr %job, align 8
  %at1 = getelementptr i8, ptr %job, i64 8
  store ptr %dynamic, ptr %at1, align 8
  %at2 = getelementptr i8, ptr %job, i64 16
  store i64 %units, ptr %at2, align 8
  %at3 = getelementptr i8, ptr %job, i64 24
  store i64 %chunks, ptr %at3, align 8
  %done = getelementptr i8, ptr %state, i64 {done}
  store atomic i64 0, ptr %done seq_cst, align 8
  %old = load atomic i64, ptr %state seq_cst, align 8
  %number = and i64 %old, -4294967296
  %following = add i64 %number, 4294967296
  %ticket = or i64 %following, %chunks
  store atomic i64 %ticket, ptr %state seq_cst, align 8
  %sequence = getelementptr i8, ptr %state, i64 {sequence}
  %was = atomicrmw add ptr %sequence, i32 1 seq_cst
  %sleepers = getelementptr i8, ptr %state, i64 {sleepers}
  %asleep = load atomic i32, ptr %sleepers seq_cst, align 4
  %any = icmp ne i32 %asleep, 0
  br i1 %any, label %wake, label %compute
wake:
  {wake}
  br label %compute
compute:
  %more = call i1 @work(ptr %state)
  br i1 %more, label %compute, label %wait
wait:
  %spin = phi i64 [0, %compute], [%spun, %again]
  %finished = load atomic i64, ptr %done acquire, align 8
  %all = icmp eq i64 %finished, %chunks
  br i1 %all, label %out, label %turn
turn:
  call void @pause()
  %spun = add i64 %spin, 1
  %long = icmp ugt i64 %spun, 20000
  br i1 %long, label %yield, label %again
yield:
  {yield}
  br label %again
again:
  br label %wait
out:
  ret void
}}

define void @tw_worker(ptr %state) {{
start:
  %stop_at = getelementptr i8, ptr %state, i64 {stop}
  %sequence = getelementptr i8, ptr %state, i64 {sequence}
  %sleepers = getelementptr i8, ptr %state, i64 {sleepers}
  br label %idle
idle:
  br label %look
look:
  %spin = phi i64 [0, %idle], [%spun, %still]
  %did = call i1 @work(ptr %state)
  br i1 %did, label %idle, label %check
check:
  %stop = load atomic i32, ptr %stop_at acquire, align 4
  %leave = icmp ne i32 %stop, 0
  br i1 %leave, label %out, label %rest
rest:
  call void @pause()
  %spun = add i64 %spin, 1
  %tired = icmp ugt i64 %spun, {spins}
  br i1 %tired, label %sleep, label %still
still:
  br label %look
sleep:
  %more = atomicrmw add ptr %sleepers, i32 1 seq_cst
  %seen = load atomic i32, ptr %sequence seq_cst, align 4
  %ticket = load atomic i64, ptr %state seq_cst, align 8
  %left = and i64 %ticket, 4294967295
  %halt = load atomic i32, ptr %stop_at seq_cst, align 4
  %stay = zext i32 %halt to i64
  %busy = or i64 %left, %stay
  %free = icmp eq i64 %busy, 0
  br i1 %free, label %nap, label %awake
nap:
  {sleep}
  br label %awake
awake:
  %fewer = atomicrmw sub ptr %sleepers, i32 1 seq_cst
  br label %idle
out:
  ret void
}}
"""


def _code() -> str:
    """Return the text for this system: futexes on Linux, short naps elsewhere."""
    machine = platform.machine().lower()
    pauses = {
        **dict.fromkeys(("x86_64", "amd64"), "call void @llvm.x86.sse2.pause()"),
        **dict.fromkeys(("aarch64", "arm64"), "call void @llvm.aarch64.hint(i32 1)"),
    }
    pause = pauses.get(machine, "fence seq_cst")
    number = _FUTEX.get(machine) if sys.platform == "linux" else None
    nothing = "fence seq_cst"
    # FUTEX_WAIT_PRIVATE is 128, FUTEX_WAKE_PRIVATE 129. The numbers in %u are unique in their function.
    sleep = f"%u1 = call i64 (i64, ...) @syscall(i64 {number}, ptr %sequence, i64 128, i32 %seen, ptr null)" if number else _NAP
    wake = f"%u2 = call i64 (i64, ...) @syscall(i64 {number}, ptr %sequence, i64 129, i64 2147483647)" if number else nothing
    yields = "%u3 = call i32 @sched_yield()" if sys.platform != "win32" else nothing
    text = _CODE.format(
        pause=pause, job=_JOB, done=_DONE, sequence=_SEQUENCE, sleepers=_SLEEPERS, stop=_STOP, spins=_SPINS,
        sleep=sleep, wake=wake, **{"yield": yields},
    )  # fmt: skip
    unused = [] if number else ["@syscall("]
    if sys.platform == "win32":
        unused.append("@sched_yield(")
    text = "\n".join(line for line in text.splitlines() if not any(line.startswith("declare") and u in line for u in unused))
    return text if number else text + _NAP_DECLARATION


_NAP = "call void @Sleep(i32 1)" if sys.platform == "win32" else "%u1 = call i32 @usleep(i32 200)"
_NAP_DECLARATION = "\ndeclare void @Sleep(i32)\n" if sys.platform == "win32" else "\ndeclare i32 @usleep(i32)\n"


_RUN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64)
_WORKER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class Pool:
    """`threads` - 1 workers beside the thread that calls; they start with the first kernel that has work for them."""

    def __init__(self, threads: int, link: Callable[..., list[int]]):
        self.threads, self._link = threads, link
        self._functions: tuple[Any, Any] | None = None
        self.forget()
        _pools.add(self)

    def forget(self) -> None:
        """Begin anew, without workers: in a forked process they do not exist, nor does who held the lock."""
        self._lock = threading.Lock()
        self._memory = (ctypes.c_ubyte * (_STATE_BYTES + 128))()
        self._state = -(-ctypes.addressof(self._memory) // 128) * 128
        self._workers: list[threading.Thread] = []

    def run(self, kernel: int, dynamic: bytes, units: int, grain: int) -> bool:
        """Call the kernel at an address on chunks of its units; False if the threads work for somebody else."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if not self._workers:
                self._start()
            chunks = min(units // grain, self.threads * _CHUNKS_PER_THREAD)
            self._functions[0](self._state, kernel, dynamic, units, chunks)  # type: ignore[index]
            return True
        finally:
            self._lock.release()

    def _start(self) -> None:
        if self._functions is None:
            run, worker = self._link(_code(), "tw_run", "tw_worker")
            self._functions = _RUN(run), _WORKER(worker)
        for number in range(1, self.threads):
            thread = threading.Thread(target=self._functions[1], args=(self._state,), name=f"tensorweb-{number}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has no more, or the interpreter ends: those that run are enough
                return
            self._workers.append(thread)

    def close(self) -> None:
        """Let the workers end, and wait for them; the next kernel starts new ones."""
        with self._lock:
            if not self._workers:
                return
            ctypes.c_int32.from_address(self._state + _STOP).value = 1
            # A job without chunks wakes those that sleep.
            self._functions[0](self._state, None, None, 0, 0)  # type: ignore[index]
            for thread in self._workers:
                thread.join()
            ctypes.c_int32.from_address(self._state + _STOP).value = 0
            self._workers = []


_pools: weakref.WeakSet[Pool] = weakref.WeakSet()


def _after_fork() -> None:
    for pool in list(_pools):
        pool.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
