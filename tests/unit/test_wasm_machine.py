"""The machine of the backend `wasm`: threads, memory, failures, forks, and that modules are what engines expect."""

import os
import signal
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tensorweb import errors
from tensorweb.flags import flags
from tensorweb.kernels.wasm import WasmBuilder, module

wasmtime = pytest.importorskip("wasmtime")

from tensorweb.backends.wasm import engine  # noqa: E402
from tensorweb.backends.wasm.machine import WasmMachine  # noqa: E402

N = 1 << 12


@pytest.fixture(params=[1, 2, 5])
def machine(request):
    made = machine_of(request.param)
    yield made
    made.close()


def machine_of(threads, debug=False):
    before = flags.as_dict()
    flags.set("NUM_THREADS", threads)
    flags.set("DEBUG", debug)
    try:
        return WasmMachine()
    finally:
        for name in ("NUM_THREADS", "DEBUG"):
            flags.set(name, before[name])


def count_up(b):
    """Add 1 to each number of a buffer; units are numbers."""
    with b.loop(b.begin, b.end) as i:
        at = b.slot(1) + (i << 2)
        b.store("i32", at, b.load("i32", at) + 1)


def divide(b):
    """Divide 10 by the numbers of a buffer; division by zero traps."""
    with b.loop(b.begin, b.end) as i:
        at = b.slot(1) + (i << 2)
        b.store("i32", at, b.op("div_s", b.constant("i32", 10), b.load("i32", at)))


class Array:
    """Numbers in the machine's memory."""

    def __init__(self, machine, n=N):
        address = machine.reserve(4 * n)
        self.numbers = np.frombuffer(machine.read(address, 4 * n), np.int32)
        self.dynamic = struct.pack("=II", 0, address)


def test_every_unit_is_done_once(machine):
    kernel, array = machine.compile("count", count_up), Array(machine)
    wanted = np.zeros(N, np.int32)
    for units, grain in [(N, 1), (N, 100), (N, 10 * N), (7, 1), (1, 1), (0, 1), (N - 1, 3)] * 20:
        machine.run(kernel, array.dynamic, units, grain)
        wanted[:units] += 1
    assert (array.numbers == wanted).all()


def test_a_kernel_is_compiled_once_by_its_key(machine):
    first = machine.compile("count", count_up)
    assert machine.compile("count", count_up) is first and machine.compiled == 1
    assert machine.compile("other", count_up) is not first and machine.compiled == 2


def test_new_kernels_reach_threads_that_run_already(machine):
    array = Array(machine)
    for i in range(100):  # more than a table holds at first
        machine.run(machine.compile(f"count {i}", count_up), array.dynamic, N, 16)
    assert (array.numbers == 100).all()


def test_threads_wake_from_sleep(machine):
    kernel, array = machine.compile("count", count_up), Array(machine)
    for _ in range(5):
        machine.run(kernel, array.dynamic, N, 16)
        time.sleep(0.01)
    assert (array.numbers == 5).all()


def test_callers_take_turns(machine):
    kernel, arrays = machine.compile("count", count_up), [Array(machine) for _ in range(4)]
    callers = [threading.Thread(target=lambda a=a: [machine.run(kernel, a.dynamic, N, 64) for _ in range(50)]) for a in arrays]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert all((a.numbers == 50).all() for a in arrays)


@pytest.mark.parametrize("place", [0, N // 2, N - 1])
def test_a_trap_is_an_error_and_the_machine_goes_on(machine, place):
    kernel, array = machine.compile("divide", divide), Array(machine)
    for grain in (16, 2 * N):
        array.numbers[:] = 5
        array.numbers[place] = 0
        with pytest.raises(errors.DeviceError, match="divide by zero"):
            machine.run(kernel, array.dynamic, N, grain)
    array.numbers[:] = 5
    machine.run(kernel, array.dynamic, N, 16)
    assert (array.numbers == 2).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_an_address_outside_is_an_error_in_debug_mode(threads):
    machine = machine_of(threads, debug=True)
    kernel, array = machine.compile("count", count_up), Array(machine)
    for _ in range(3):
        with pytest.raises(errors.DeviceError, match="out of bounds"):
            machine.run(kernel, struct.pack("=II", 0, 3 << 30), N, 16)
        machine.run(kernel, array.dynamic, N, 16)
    assert (array.numbers == 3).all()
    machine.close()


def test_scratch_is_a_thread_s_own(machine):
    def emit(b):
        scratch = b.scratch(64 * 4)
        with b.loop(b.begin, b.end) as i:
            with b.loop(0, 64) as k:
                b.store("i32", scratch + (k << 2), b.convert(i + k, "i32"))
            total = b.variable("i32", 0)
            with b.loop(0, 64) as k:
                total.add(b.load("i32", scratch + (k << 2)))
            b.store("i32", b.slot(1) + (i << 2), total.value)

    array = Array(machine)
    machine.run(machine.compile("scratch", emit), array.dynamic, N, 4)
    assert (array.numbers == 64 * np.arange(N) + 63 * 32).all()


def test_too_much_scratch_is_refused(machine):
    with pytest.raises(errors.BackendError, match="scratch"):
        machine.compile("large", lambda b: b.store("i32", b.scratch(1 << 20), 0))


def test_a_call_with_many_slots(machine):
    kernel, array = machine.compile("count", count_up), Array(machine)
    for extra in (10, 20_000, 50_000, 10):
        machine.run(kernel, array.dynamic + bytes(4 * extra), N, 64)
    assert (array.numbers == 4).all()


def test_views_stay_good_when_memory_grows(machine):
    array = Array(machine)
    array.numbers[:] = np.arange(N)
    addresses = [machine.reserve(n) for n in (1, 100_000, 1 << 26)]
    assert all(a % 65536 == 0 for a in addresses) and addresses == sorted(addresses)
    machine.read(addresses[-1], 1 << 26)[-1] = 7
    machine.run(machine.compile("count", count_up), array.dynamic, N, 64)
    assert (array.numbers == np.arange(N) + 1).all()
    assert not machine.release(addresses[0])


def test_a_view_outlives_its_machine():
    machine = machine_of(2)
    array = Array(machine)
    machine.run(machine.compile("count", count_up), array.dynamic, N, 64)
    machine.close()
    del machine
    assert (array.numbers == 1).all()


def test_out_of_memory_leaves_the_machine_usable(machine):
    with pytest.raises(MemoryError):
        for _ in range(20):
            machine.reserve(1 << 28)
    array = machine.read(machine.reserve(65536), 16)
    assert bytes(array) == bytes(16)


def test_memory_with_addresses_above_two_gigabytes():
    machine = machine_of(2)
    try:
        machine.reserve((1 << 31) + (1 << 30))
    except MemoryError:
        pytest.skip("this process may not have 4 GB of addresses")
    array = Array(machine)
    machine.run(machine.compile("count", count_up), array.dynamic, N, 64)
    assert (array.numbers == 1).all() and struct.unpack("=II", array.dynamic)[1] > 1 << 31
    machine.close()


def test_smaller_memory_where_the_system_refuses(monkeypatch):
    asked = []

    class Refusing(engine.SharedMemory):
        def __init__(self, of, kind):
            asked.append(kind.limits.max)
            if kind.limits.max > 16384:
                raise wasmtime.WasmtimeError("no")
            super().__init__(of, kind)

    monkeypatch.setattr(engine, "SharedMemory", Refusing)
    machine = machine_of(2)
    array = Array(machine)
    machine.run(machine.compile("count", count_up), array.dynamic, N, 64)
    assert asked == [65536, 32768, 16384] and (array.numbers == 1).all()
    machine.close()
    monkeypatch.setattr(engine, "MAXIMA", (65536,))
    with pytest.raises(errors.BackendError, match="address space"):
        machine_of(1)


def test_a_closed_machine_can_run_again(machine):
    kernel, array = machine.compile("count", count_up), Array(machine)
    for _ in range(3):
        machine.run(kernel, array.dynamic, N, 64)
        machine.close()
    assert (array.numbers == 3).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where a process can be forked")
def test_a_forked_process_computes_for_itself(machine):
    kernel, array = machine.compile("count", count_up), Array(machine)
    machine.run(kernel, array.dynamic, N, 64)
    child = os.fork()
    if not child:
        signal.alarm(60)  # ends a child that waits for ever
        machine.run(kernel, array.dynamic, N, 64)
        machine.run(machine.compile("in the child", count_up), array.dynamic, N, 64)
        os._exit(0 if (array.numbers == 3).all() else 1)
    assert os.waitpid(child, 0)[1] == 0
    machine.run(kernel, array.dynamic, N, 64)
    assert (array.numbers == 2).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where a process can be forked")
def test_no_thread_runs_while_a_process_forks():
    """Threads of a new pool fall asleep just then; with one of them in wasmtime's lock, one child in a hundred waited for ever."""
    for _ in range(3):
        machine = machine_of(5)
        kernel, array = machine.compile("count", count_up), Array(machine)
        machine.run(kernel, array.dynamic, N, 64)
        workers = [thread for thread in threading.enumerate() if thread in machine.pool._workers]
        child = os.fork()
        if not child:
            signal.alarm(60)
            machine.run(kernel, array.dynamic, N, 64)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert len(workers) == 4 and not any(thread.is_alive() for thread in workers)
        machine.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only where a process can be forked")
def test_a_fork_waits_for_a_call_of_another_thread():
    machine = machine_of(2)
    kernel, array = machine.compile("count", count_up), Array(machine)
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            machine.run(kernel, array.dynamic, N, 64)
            machine.compile("another", divide)

    thread = threading.Thread(target=compute)
    thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if not child:
                signal.alarm(60)
                before = array.numbers.copy()
                machine.run(kernel, array.dynamic, N, 64)
                os._exit(0 if (array.numbers == before + 1).all() else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()
        machine.close()


def test_a_program_ends_without_a_word():
    code = """
import atexit, tensorweb as tw
tw.set_backend("wasm")
x = tw.add(tw.ones((1000, 1000)), 1.0)
view = x.numpy()
atexit.register(lambda: print(float(view.sum())))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], timeout=100)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "2000000.0", "")


# --- modules ---


def test_a_module_holds_several_kernels():
    functions = {}
    for k in range(3):
        builder = WasmBuilder(f"k{k}")
        builder.store("i32", builder.dynamic, k + 5)
        functions[builder.name] = builder.finish()
    made = wasmtime.Module(wasmtime.Engine(), module(functions, memory=(1, 10)))
    assert [x.name for x in made.exports] == ["k0", "k1", "k2"]
    assert [(x.module, x.name) for x in made.imports] == [("env", "memory"), ("env", "scratch")]
    assert (made.imports[0].type.limits.min, made.imports[0].type.limits.max) == (1, 10)


def test_what_is_used_where_it_is_made_stays_on_the_stack():
    b = WasmBuilder()
    b.load("i32", b.dynamic, 64)  # nobody uses it: left out
    total = b.load("i32", b.dynamic) * 3 + b.load("i32", b.dynamic, 4)
    b.store("i32", b.dynamic, total, 8)
    get, load, store = b"\x20\x00", b"\x28\x02", b"\x36\x02"  # of the first argument; of aligned numbers
    code = get + get + load + b"\x00" + b"\x41\x03\x6c" + get + load + b"\x04" + b"\x6a" + store + b"\x08" + b"\x0b"
    assert b.finish() == b"\x00" + code  # no locals


def test_relaxed_instructions_only_where_asked_for():
    def kernel(relaxed):
        b = WasmBuilder(relaxed=relaxed)
        x = b.load_vector("f32", b.dynamic)
        b.store_vector("f32", b.dynamic, b.fma(x, x, x))
        return module({"kernel": b.finish()})

    config = wasmtime.Config()
    config.wasm_relaxed_simd = False
    strict = wasmtime.Engine(config)
    wasmtime.Module.validate(strict, kernel(False))
    with pytest.raises(wasmtime.WasmtimeError):
        wasmtime.Module.validate(strict, kernel(True))
