"""What the measurements ran on, and how fast one core of it multiplies and adds."""

from __future__ import annotations

import ctypes
import os
import platform
import time

LOOPS, TRIES = 1_000_000, 15


def describe() -> str:
    """Return one line: the processor, its cores, the system and Python."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as lines:
            model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    return f"{model}, {cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fma_peak() -> tuple[float, str]:
    """Return the floating-point operations a second of one core in float32, and how they were measured."""
    try:
        import llvmlite.binding as llvm
    except ImportError:
        return _by_numpy(), "NumPy's best matmul"
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    has = llvm.get_host_cpu_features()
    lanes, sums = (16, 16) if has.get("avx512f") else (8, 12) if has.get("fma") else (4, 16)
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=has.flatten(), opt=3
    )  # fmt: skip
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_loop(lanes, sums)), machine)
    engine.finalize_object()
    run = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_int64, ctypes.c_float)(engine.get_function_address("run"))
    best = min(_seconds(lambda: run(LOOPS, 0.5)) for _ in range(TRIES))
    return 2 * lanes * sums * LOOPS / best, f"a loop of {sums} independent vectors of {lanes} floats"


def _loop(lanes: int, sums: int) -> str:
    """Return LLVM IR that adds up products in independent vectors, so that nothing waits for a result."""
    vector = f"<{lanes} x float>"
    phis = "\n".join(f"  %s{i} = phi {vector} [%x, %entry], [%n{i}, %loop]" for i in range(sums))
    fmas = "\n".join(f"  %n{i} = call {vector} @llvm.fma.v{lanes}f32({vector} %s{i}, {vector} %x, {vector} %x)" for i in range(sums))
    total = "\n".join(f"  %t{i + 1} = fadd {vector} %t{i}, %n{i}" for i in range(sums))
    return f"""
declare {vector} @llvm.fma.v{lanes}f32({vector}, {vector}, {vector})
define float @run(i64 %count, float %value) {{
entry:
  %one = insertelement {vector} undef, float %value, i32 0
  %x = shufflevector {vector} %one, {vector} undef, <{lanes} x i32> zeroinitializer
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
{phis}
{fmas}
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %count
  br i1 %more, label %loop, label %done
done:
  %t0 = fadd {vector} %x, %x
{total}
  %result = extractelement {vector} %t{sums}, i32 0
  ret float %result
}}
"""


def _by_numpy() -> float:
    import numpy as np

    n = 768
    a = np.ones((n, n), np.float32)
    return 2 * n**3 / min(_seconds(lambda: a @ a) for _ in range(TRIES))


def _seconds(function) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


if __name__ == "__main__":  # in a process of its own, with the threads that its environment says
    print(*fma_peak(), sep="\t")
