"""What any WebGPU device must do, in plain Python: `check(device)` of each case runs on CPython and in the page alike.

Kernels are made by hand here; what they should give is said in Python.
"""

import math
from array import array

from tensorweb.backends.devices import Kernel
from tensorweb.errors import DeviceError, OutOfMemoryError, TensorWebError

HEAD = """@group(0) @binding(0) var<uniform> u: array<vec4<i32>, {vectors}>;
{storages}
@compute @workgroup_size({size}) fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
  let i = i32(id.x);
"""


def kernel(name, body, reads="", writes="f", uniforms=4, size=64, before=""):
    """Return a kernel whose body sees a, b, ... (read), p, q, ... (written), uniforms u, and the thread's number i."""
    kinds = {"f": "f32", "i": "i32"}
    storages = [
        f"@group(0) @binding({n}) var<storage, {access}> {letter}: array<{kinds[kind]}>;"
        for n, (letter, kind, access) in enumerate(
            [*((x, k, "read") for x, k in zip("abcdefgh", reads)), *((x, k, "read_write") for x, k in zip("pqrs", writes))], 1
        )
    ]
    head = HEAD.format(vectors=max(1, uniforms // 4), storages="\n".join(storages), size=size)
    return Kernel(before + head + body + "\n}\n", tuple(reads), tuple(writes), uniforms, name)


ADD = kernel("add", "  if (i < u[0].x) { p[i] = a[i] + b[i]; }", "ff")
SHIFT = kernel("shift", "  if (i < u[0].x) { p[i] = a[i] + f32(u[0].y); }", "f")
GROW = kernel("grow", "  if (i < u[0].x) { p[i] = p[i] + f32(u[0].y); }")
SPLIT = kernel("split", "  if (i < u[0].x) { p[i] = a[i] / u[0].y; q[i] = f32(a[i] % u[0].y); }", "i", "if")
FILL = kernel("fill", "  p[i] = f32(u[0].x);")
MANY = kernel("many", "  if (i < u[0].x) { p[i] = f32(u[40].w + u[63].x); }", uniforms=256)
SPECIAL = kernel("special", "  p[i] = a[i] * f32(u[0].x);", "f")
ROW_SUM = kernel(
    "row_sum",
    """  var total = 0.0;
  for (var k = i; k < u[0].x; k += 64) { total += a[k]; }
  part[local] = total;
  workgroupBarrier();
  if (local == 0u) { for (var k = 1; k < 64; k++) { total += part[k]; } p[0] = total; }""",
    "f",
    before="var<workgroup> part: array<f32, 64>;\n",
)
WRONG = kernel("wrong", "  p[i] = missing[i];", "f")


def floats(data):
    return list(array("f", data))


def fill(device, slot, values, kind="f"):
    data = array(kind, values)
    device.allocate(slot, len(data), kind)
    device.write(slot, data.tobytes())


def run(device, *commands):
    device.submit(array("i", [n for command in commands for n in command]))


async def raised(error, work):
    """Return the text of the error that a coroutine function raises."""
    try:
        await work()
    except error as found:
        return str(found)
    raise AssertionError(f"{error.__name__} was not raised")


async def values_there_and_back(device):
    for slot, words in enumerate([0, 1, 3, 4, 5, 1000]):
        fill(device, slot, range(words), "i")
    read = await device.read_later([(5, 1000), (0, 0), (1, 1), (2, 3), (2, 2), (3, 4), (4, 5)])
    assert [list(array("i", data)) for data in read] == [list(range(n)) for n in (1000, 0, 1, 3, 2, 4, 5)]


async def bits_are_kept(device):
    bits = array("I", [0x7FC00001, 0xFF800000, 0x80000000, 1, 0x7F7FFFFF])
    device.allocate(0, 5, "f")
    device.write(0, bits.tobytes())
    assert (await device.read_later([(0, 5)]))[0] == bits.tobytes()


async def commands_run_in_order(device):
    device.define(0, SHIFT)
    device.define(1, ADD)
    fill(device, 0, range(100))
    device.allocate(1, 100, "f")
    device.allocate(2, 100, "f")
    run(device, [0, 0, 1, 100, 5, 0, 0, 2, 1, 1], [1, 0, 1, 2, 100, 0, 0, 0, 2, 1, 1], [0, 2, 1, 100, 1, 0, 0, 2, 1, 1])
    assert floats((await device.read_later([(1, 100)]))[0]) == [2 * x + 6 for x in range(100)]


async def writes_come_after_what_was_submitted(device):
    device.define(0, SHIFT)
    device.allocate(0, 4, "f")
    for slot in range(1, 5):
        device.write(0, array("f", [slot] * 4).tobytes())
        device.allocate(slot, 4, "f")
        run(device, [0, 0, slot, 4, 10, 0, 0, 1, 1, 1])
    read = await device.read_later([(slot, 4) for slot in range(1, 5)])
    assert [floats(data) for data in read] == [[slot + 10.0] * 4 for slot in range(1, 5)]


async def reads_see_what_was_submitted_before_only(device):
    device.define(0, GROW)
    fill(device, 0, [0] * 4)
    reads = []
    for _ in range(3):
        run(device, [0, 0, 4, 1, 0, 0, 1, 1, 1])
        reads.append(floats((await device.read_later([(0, 4)]))[0])[0])
    assert reads == [1, 2, 3]


async def reads_at_once(device):
    import asyncio

    for slot in range(5):
        fill(device, slot, [slot] * (10 + slot))
    read = await asyncio.gather(*(device.read_later([(slot, 10 + slot)]) for slot in range(5)))
    assert [floats(data) for (data,) in read] == [[slot] * (10 + slot) for slot in range(5)]


async def two_outputs_of_two_kinds(device):
    device.define(0, SPLIT)
    fill(device, 0, range(50), "i")
    device.allocate(1, 50, "i")
    device.allocate(2, 50, "f")
    run(device, [0, 0, 1, 2, 50, 7, 0, 0, 1, 1, 1])
    whole, rest = await device.read_later([(1, 50), (2, 50)])
    assert list(array("i", whole)) == [x // 7 for x in range(50)]
    assert floats(rest) == [x % 7 for x in range(50)]


async def special_values(device):
    device.define(0, SPECIAL)
    fill(device, 0, [math.inf, -math.inf, math.nan, -0.0, 3e38] + [0] * 59)
    device.allocate(1, 64, "f")
    run(device, [0, 0, 1, 1, 0, 0, 0, 1, 1, 1])
    got = floats((await device.read_later([(1, 5)]))[0])
    assert got[:2] == [math.inf, -math.inf] and math.isnan(got[2]) and got[3] == 0 and got[4] > 2.9e38


async def workgroups_share_memory(device):
    device.define(0, ROW_SUM)
    fill(device, 0, range(1000))
    device.allocate(1, 1, "f")
    run(device, [0, 0, 1, 1000, 0, 0, 0, 1, 1, 1])
    assert floats((await device.read_later([(1, 1)]))[0]) == [499500]


async def long_streams_and_long_uniforms(device):
    device.define(0, GROW)
    device.define(1, MANY)
    fill(device, 0, [0] * 4)
    fill(device, 1, [0] * 4)
    long = [0] * 256
    long[0], long[40 * 4 + 3], long[63 * 4] = 4, 30, 12
    run(device, *[[0, 0, 4, n, 0, 0, 1, 1, 1] for n in range(700)], *[[1, 1, *long, 1, 1, 1]] * 100, [0, 0, 4, 1, 0, 0, 1, 1, 1])
    grown, many = await device.read_later([(0, 4), (1, 4)])
    assert floats(grown) == [sum(range(700)) + 1] * 4
    assert floats(many) == [42] * 4


async def nothing_to_do(device):
    device.define(0, FILL)
    fill(device, 0, [3] * 64)
    device.submit(array("i"))
    run(device, [0, 0, 9, 0, 0, 0, 0, 1, 1])
    await device.wait_later()
    assert floats((await device.read_later([(0, 64)]))[0]) == [3] * 64
    assert await device.read_later([]) == []


async def slots_are_used_again(device):
    device.define(0, SHIFT)
    for n in range(20):
        for slot in (0, 1):
            device.allocate(slot, 4 + n, "f")
        device.write(0, array("f", [n] * (4 + n)).tobytes())
        run(device, [0, 0, 1, 4 + n, 1, 0, 0, 1, 1, 1])
        assert floats((await device.read_later([(1, 4 + n)]))[0]) == [n + 1] * (4 + n)
        device.release(0)
        device.release(1)


async def allocating_again_replaces(device):
    device.define(0, SHIFT)
    for n in range(3):
        fill(device, 0, [n] * 4)
        device.allocate(1, 4, "f")
        run(device, [0, 0, 1, 4, 1, 0, 0, 1, 1, 1])
        assert floats((await device.read_later([(1, 4)]))[0]) == [n + 1] * 4


async def features_that_the_device_names(device):
    fill(device, 0, [1.5] * 64)
    device.allocate(1, 64, "f")
    if device.limits.f16:
        device.define(0, kernel("half", "  p[i] = f32(f16(a[i]) * 2.0h);", "f", before="enable f16;\n"))
        run(device, [0, 0, 1, 0, 0, 0, 0, 1, 1, 1])
        assert floats((await device.read_later([(1, 64)]))[0]) == [3] * 64
    if device.limits.subgroups:
        device.define(1, kernel("together", "  p[i] = subgroupMax(a[i]);", "f", before="enable subgroups;\n"))
        run(device, [1, 0, 1, 0, 0, 0, 0, 1, 1, 1])
        assert floats((await device.read_later([(1, 64)]))[0]) == [1.5] * 64


async def more_pairs_than_bind_groups_are_kept(device):
    device.define(0, SHIFT)
    held = list(range(75))
    for slot in held:
        fill(device, slot, [slot] * 4)
    for n in range(75):
        run(device, *[[0, n, m, 4, m, 0, 0, 1, 1, 1] for m in range(75) if m != n])
        held = [held[n] + m * (m != n) for m in range(75)]
    assert [floats(data)[3] for data in await device.read_later([(slot, 4) for slot in range(75)])] == held


async def kernels_may_compile_for_long(device):
    """Commands, writes and reads wait for kernels in order, and Python does not wait."""
    for n in range(12):
        device.define(n, kernel(f"late{n}", f"  if (i < u[0].x) {{ p[i] = p[i] * 2.0 + {n}.0; }}"))
    device.allocate(0, 4, "f")
    expected = 1.0
    device.write(0, array("f", [1] * 4).tobytes())
    for n in range(12):
        run(device, [n, 0, 4, 0, 0, 0, 1, 1, 1])
        expected = expected * 2 + n
    assert floats((await device.read_later([(0, 4)]))[0]) == [expected] * 4
    device.release(0)
    fill(device, 0, [5] * 4)
    await device.ready()
    assert floats((await device.read_later([(0, 4)]))[0]) == [5] * 4


async def wrong_kernels_are_named(device):
    async def work():
        device.define(0, WRONG)
        fill(device, 0, [1])
        fill(device, 1, [1])
        run(device, [0, 0, 1, 1, 0, 0, 0, 1, 1, 1])
        await device.wait_later()

    text = await raised(DeviceError, work)
    assert "wrong" in text and "missing" in text and "line 6" in text and "@compute" not in text, text
    device.define(1, SHIFT)
    fill(device, 2, [1] * 4)
    fill(device, 3, [0] * 4)
    run(device, [1, 2, 3, 4, 1, 0, 0, 1, 1, 1])
    assert floats((await device.read_later([(3, 4)]))[0]) == [2] * 4


async def wrong_commands_are_named(device):
    device.define(0, SHIFT)
    fill(device, 0, [1] * 4)
    fill(device, 1, [0] * 4)
    await device.ready()

    async def too_many_groups():
        run(device, [0, 0, 1, 4, 1, 0, 0, device.limits.max_groups + 1, 1, 1])
        await device.wait_later()

    async def reads_what_it_writes():
        run(device, [0, 0, 0, 4, 1, 0, 0, 1, 1, 1])
        await device.wait_later()

    async def reads_too_much():
        await device.read_later([(0, 1000)])

    for work in (too_many_groups, reads_what_it_writes):
        assert "shift" in await raised(DeviceError, work)
        run(device, [0, 0, 1, 4, 1, 0, 0, 1, 1, 1])
        assert floats((await device.read_later([(1, 4)]))[0]) == [2] * 4
    assert "reading" in await raised(DeviceError, reads_too_much)
    assert floats((await device.read_later([(1, 4)]))[0]) == [2] * 4


async def too_much_memory(device):
    async def work():
        device.allocate(9, device.limits.max_bytes // 4 + 4, "f")

    text = await raised(OutOfMemoryError, work)
    assert str(device.limits.max_bytes) in text
    fill(device, 0, [1])
    assert floats((await device.read_later([(0, 1)]))[0]) == [1]


async def time_on_the_device(device):
    device.define(0, GROW)
    fill(device, 0, [0] * 4)
    assert await device.elapsed_later() is None
    device.timed(True)
    for n in range(2100):  # more passes than a set of queries holds
        run(device, [0, 0, 4, n, 0, 0, 1, 1, 1])
    found = await device.elapsed_later()
    assert (found is not None and 0 < found < 1e5) if device.limits.timestamps else found is None
    device.timed(False)
    assert await device.elapsed_later() is None


async def closed(device):
    fill(device, 0, [1])
    device.close()

    async def work():
        await device.wait_later()

    async def more():
        device.allocate(0, 4, "f")

    assert "closed" in await raised(DeviceError, work)
    assert "closed" in await raised(TensorWebError, more)


CASES = {
    function.__name__: function
    for function in (
        values_there_and_back,
        bits_are_kept,
        commands_run_in_order,
        writes_come_after_what_was_submitted,
        reads_see_what_was_submitted_before_only,
        reads_at_once,
        two_outputs_of_two_kinds,
        special_values,
        workgroups_share_memory,
        long_streams_and_long_uniforms,
        nothing_to_do,
        slots_are_used_again,
        allocating_again_replaces,
        features_that_the_device_names,
        more_pairs_than_bind_groups_are_kept,
        kernels_may_compile_for_long,
        wrong_kernels_are_named,
        wrong_commands_are_named,
        too_much_memory,
        time_on_the_device,
        closed,
    )
}
