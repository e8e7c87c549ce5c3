"""Programs that test_wasm_page.py runs in a page on the backend `wasm`, one for each coroutine function. Nothing here runs on CPython."""

import array
import asyncio
import struct

import js

import tensorweb as tw
from tensorweb import errors
from tensorweb.backends import registry
from tensorweb.backends.compiled import CompiledBackend
from tensorweb.backends.wasm import page
from tensorweb.flags import flags

N = 1 << 12
FIRST_SCRATCH = 1 << 16  # where the caller's scratch memory lies


async def machine_of(threads):
    flags.set("NUM_THREADS", threads)
    machine = page.PageMachine()
    await machine.ready()
    return machine


async def machines():
    """Yield machines with one thread, and with three where the page is isolated."""
    for threads in (1, 3) if js.crossOriginIsolated else (1,):
        machine = await machine_of(threads)
        assert machine._player.ready() == machine.target.threads == threads
        yield machine
        machine.close()


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


def who(b):
    """Write the address of the thread's scratch memory for each unit, after some work."""
    scratch = b.scratch(16)
    with b.loop(b.begin, b.end) as i:
        with b.loop(0, 1000) as k:
            b.store("i32", scratch, b.convert(k, "i32"))
        b.store("i32", b.slot(1) + (i << 2), b.convert(scratch, "i32"))


def hang(b):
    """Never end, but on the caller's thread, where it takes a while."""
    who(b)
    with b.repeat() as again:
        again.stop_when(b.scratch(16) - 16 == FIRST_SCRATCH)


class Numbers:
    """int32 numbers in a machine's memory, and the slots of a call on them."""

    def __init__(self, machine, n=N):
        self.machine, self.n, self.address = machine, n, machine.reserve(4 * n)
        self.dynamic = struct.pack("=II", 0, self.address)

    def put(self, numbers):
        self.machine.write(self.address, memoryview(array.array("i", numbers)).cast("B"))

    def get(self):
        return self.machine.read(self.address, 4 * self.n).cast("i").tolist()


async def every_unit_is_done_once():
    async for machine in machines():
        kernel, numbers, wanted = machine.compile("count", count_up), Numbers(machine), [0] * N
        for units, grain in [(N, 1), (N, 100), (N, 10 * N), (7, 1), (1, 1), (0, 1), (N - 1, 3)] * 20:
            machine.bind(kernel, units, grain)(numbers.dynamic)
            for i in range(units):
                wanted[i] += 1
        assert numbers.get() == wanted


async def all_threads_compute(pause=None):
    async for machine in machines():
        kernel, numbers, seen = machine.compile("who", who), Numbers(machine), set()
        for _ in range(500):  # a busy computer may run one of them late
            machine.bind(kernel, N, 1)(numbers.dynamic)
            seen |= set(numbers.get())
            if len(seen) == machine.target.threads:
                break
            if pause is not None:
                await asyncio.sleep(pause)
        assert len(seen) == machine.target.threads, seen


async def threads_wake_from_sleep():
    await all_threads_compute(pause=0.02)


async def kernels_reach_threads_without_a_pause():
    async for machine in machines():
        numbers = Numbers(machine)
        for i in range(100):
            machine.bind(machine.compile(f"count {i}", count_up), N, 16)(numbers.dynamic)
        assert numbers.get() == [100] * N
    await all_threads_compute()


async def a_trap_is_an_error_and_the_machine_goes_on():
    async for machine in machines():
        kernel, numbers, after = machine.compile("divide", divide), Numbers(machine), Numbers(machine)
        count = machine.bind(machine.compile("count", count_up), N, 16)
        for place in (0, N // 2, N - 1):
            for grain in (16, 2 * N):
                after.put([0] * N)
                numbers.put([0 if i == place else 5 for i in range(N)])
                machine.bind(kernel, N, grain)(numbers.dynamic)
                count(after.dynamic)
                failure = expect(errors.DeviceError, numbers.get)
                assert "divi" in failure and "zero" in failure and "divide" in failure, failure
                assert after.get() == [1] * N  # what came behind it has run
        numbers.put([5] * N)
        machine.bind(kernel, N, 16)(numbers.dynamic)
        assert numbers.get() == [2] * N
        machine.bind(kernel, N, 16)(struct.pack("=II", 0, 0xFFFF0000))
        assert "bounds" in expect(errors.DeviceError, machine.wait)
        machine.wait()


async def a_thread_that_hangs_is_an_error_and_the_machine_goes_on():
    if js.crossOriginIsolated:
        machine = await machine_of(3)
        machine._player.patience = 200
        kernel, numbers = machine.compile("hang", hang), Numbers(machine)

        def run():
            for _ in range(500):  # until another thread takes a part
                machine.bind(kernel, N, 1)(numbers.dynamic)
                machine.wait()

        assert "does not answer in hang" in expect(errors.DeviceError, run)
        numbers.put([0] * N)
        machine.bind(machine.compile("count", count_up), N, 16)(numbers.dynamic)
        assert numbers.get() == [1] * N and machine._player.ready() == 1


async def streams_of_any_length():
    async for machine in machines():
        kernel, numbers = machine.compile("count", count_up), Numbers(machine, 8)
        call = machine.bind(kernel, 8, 100)
        for _ in range(10_000):
            call(numbers.dynamic)
        for extra in (10, 20_000, 50_000, 10):
            call(numbers.dynamic + bytes(4 * extra))
        assert numbers.get() == [10_004] * 8


async def memory_grows_until_there_is_none():
    machine = await machine_of(2)
    numbers = Numbers(machine)
    numbers.put(range(N))
    reserved = []
    expect(MemoryError, lambda: [reserved.append(machine.reserve(1 << 28)) for _ in range(20)])
    assert reserved == sorted(reserved) and all(a % 65536 == 0 for a in reserved) and reserved
    machine.bind(machine.compile("count", count_up), N, 16)(numbers.dynamic)
    assert numbers.get() == [i + 1 for i in range(N)]
    far = reserved[-1] + (1 << 28) - 16  # with 4 GB: an address above 2 GB
    machine.write(far, bytes(range(16)))
    machine.bind(machine.compile("count", count_up), 4, 16)(struct.pack("=II", 0, far))
    assert bytes(machine.read(far, 16)) == bytes(i + (i % 4 == 0) for i in range(16))
    machine.close()


async def out_of_memory_leaves_the_backend_usable():
    backend, held = registry.current(), []
    assert "bytes of free memory" in expect(errors.OutOfMemoryError, lambda: [held.append(backend.heap.take(1 << 28)) for _ in range(20)])
    held.clear()
    assert tw.sum(tw.ones((1000, 1000))).item() == 1e6


async def uploads_do_not_overtake_calls():
    total = tw.zeros((300,))
    for i in range(500):
        total = tw.add(total, tw.tensor([float(i)] * 300))  # the memory of the tensor before is free, and is taken for this one
    assert total.tolist() == [float(sum(range(500)))] * 300


async def reads_come_after_calls():
    x, variable = tw.zeros((1000,)), tw.Variable(tw.zeros((3,)))
    for i in range(1, 200):
        x = x + 1.0
        variable.assign_add(tw.ones((3,)))
        before = variable * 1.0
        assert x[i].item() == i and await before.data() == memoryview(array.array("f", [i] * 3)) and variable.tolist() == [i] * 3


async def threads_change_no_bit():
    shapes = {"matmul": ((300, 200), (200, 260)), "conv2d": ((2, 40, 40, 8), (3, 3, 8, 16))}
    given = {name: [tw.random.uniform(s, -1.0, 1.0, seed=i + 1).tolist() for i, s in enumerate(two)] for name, two in shapes.items()}

    def results():
        a, b = map(tw.tensor, given["matmul"])
        product = tw.matmul(a, b)
        x, w = map(tw.tensor, given["conv2d"])
        image = tw.relu(tw.conv2d(x, w, 1, "same"))
        return [t.tolist() for t in (product, tw.sum(product), tw.softmax(product), image, tw.mean(image, (1, 2)), tw.sort(product))]

    found = []
    async for machine in machines():
        name = f"wasm with {machine.target.threads} threads"
        hand_out_everything(machine)
        backend = CompiledBackend(name, machine)
        tw.register_backend(name, lambda: backend)  # noqa: B023
        tw.set_backend(name)
        found.append(results())
        assert not backend.elsewhere
        tw.remove_backend(name)
    assert all(f == found[0] for f in found)


def hand_out_everything(machine):
    """Hand to threads every call that has two units or more."""
    bind = machine.bind
    machine.bind = lambda handle, units, grain: bind(handle, units, 1)


async def a_browser_without_simd_is_told():
    validate = js.WebAssembly.validate
    js.WebAssembly.validate = lambda content: False
    try:
        assert "a browser with SIMD" in expect(errors.BackendError, page.PageMachine)
    finally:
        js.WebAssembly.validate = validate


async def without_relaxed_simd():
    validate = js.WebAssembly.validate
    js.WebAssembly.validate = lambda content: b"\xfd\x85\x02" not in content.to_bytes()
    try:
        machine = await machine_of(1)
    finally:
        js.WebAssembly.validate = validate
    assert not machine.target.fused
    machine.close()


def expect(kind, call):
    """Return the text of the error that a call raises."""
    try:
        call()
    except kind as error:
        return str(error)
    raise AssertionError(f"no {kind.__name__}")
