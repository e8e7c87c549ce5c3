"""What a device of WebGL must do, in plain Python: `test_gles_device.py` runs it on CPython, tests/browser in real pages.

A case is a coroutine function of `make`, which makes a device.
"""

import asyncio
import math
import struct
from array import array

from tensorweb.backends.devices import Kernel
from tensorweb.errors import DeviceError, OutOfMemoryError

HEAD = """#version 300 es
precision highp float; precision highp int; precision highp sampler2D; precision highp isampler2D;
"""
ADD = Kernel(
    HEAD
    + """uniform sampler2D t0; uniform sampler2D t1; uniform ivec4 u[1];
layout(location = 0) out vec4 o0;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy);
  o0 = texelFetch(t0, p, 0) + texelFetch(t1, p, 0) * float(u[0].x);
}""",
    ("f", "f"),
    ("f",),
    4,
    "add",
)
INDEX = Kernel(  # the number of each element
    HEAD
    + """uniform ivec4 u[2];
layout(location = 0) out ivec4 o0;
void main() {
  ivec2 p = ivec2(gl_FragCoord.xy);
  o0 = (p.x + p.y * u[0].x) * 4 + ivec4(0, 1, 2, 3) + u[1];
}""",
    (),
    ("i",),
    8,
    "index",
)
SPLIT = Kernel(  # floats to their double, their floor, and their negative
    HEAD
    + """uniform sampler2D t0;
layout(location = 0) out vec4 o0; layout(location = 1) out ivec4 o1; layout(location = 2) out vec4 o2;
void main() {
  vec4 x = texelFetch(t0, ivec2(gl_FragCoord.xy), 0);
  o0 = x * 2.0; o1 = ivec4(floor(x)); o2 = -x;
}""",
    ("f",),
    ("f", "i", "f"),
    0,
    "split",
)
BROKEN = Kernel(HEAD + "out vec4 o0;\nvoid main() { o0 = not_defined_anywhere; }", (), ("f",), 0, "broken one")


def texels(n):
    return -(-n // 4)


def floats(data):
    return list(array("f", data))


def integers(data):
    return list(array("i", data))


def put(device, slot, values, kind="f"):
    """Make storage that holds values."""
    device.allocate(slot, len(values), kind)
    device.write(slot, array(kind, values).tobytes())


def run(device, *words):
    device.submit(array("i", [*words, 1, 1]))


def lengths(device):
    row = device.limits.width * 4
    return [1, 3, 4, 5, row - 1, row, row + 1, 2 * row + 4, 3 * row + 7]


def refuses(error, work):
    """Return the text of the error that work must raise."""
    try:
        work()
    except error as found:
        return str(found)
    raise AssertionError(f"no {error.__name__}")


async def data_come_back(make):
    device = make()
    for n in lengths(device):
        values = [(i % 997) * 0.5 for i in range(n)]
        numbers = [i * 2654435 % (1 << 31) - (1 << 30) for i in range(n)]
        put(device, 0, values)
        put(device, 1, numbers, "i")
        wanted = [(0, n), (1, n), (0, 1), (1, min(n, 6))]
        for read in (device.read(wanted), await device.read_later(wanted)):
            assert all(isinstance(part, bytes) for part in read)
            assert floats(read[0]) == values and integers(read[1]) == numbers, n
            assert floats(read[2]) == values[:1] and integers(read[3]) == numbers[:6], n
        device.release(0)
        device.release(1)
    device.close()


async def special_values_come_back(make):
    device = make()
    values = [math.nan, math.inf, -math.inf, -0.0, 3.0e38, 1.2e-38, 16777217.0, -1.0]
    put(device, 0, values)
    found = floats(device.read([(0, 8)])[0])
    assert math.isnan(found[0]) and math.copysign(1, found[3]) == -1
    assert found[1:] == list(struct.unpack("7f", struct.pack("7f", *values[1:])))
    extremes = [-(1 << 31), (1 << 31) - 1, 0, -1, 1 << 24 | 1]
    put(device, 1, extremes, "i")
    assert integers(device.read([(1, 5)])[0]) == extremes
    device.close()


async def views_are_written(make):
    device = make()
    values = array("f", range(40000))
    device.allocate(0, 40000, "f")
    for data in (memoryview(values), memoryview(values.tobytes()), memoryview(values)[4:], memoryview(values.tobytes())[4:]):
        device.write(0, data)
        n = data.nbytes // 4
        assert device.read([(0, n)])[0] == bytes(data)
    device.close()


async def nothing_is_nothing(make):
    device = make()
    device.allocate(0, 0, "f")
    device.write(0, b"")
    assert device.read([(0, 0)]) == [b""] and device.read([]) == []
    assert await device.read_later([(0, 0)]) == [b""] and await device.read_later([]) == []
    device.submit(array("i"))
    put(device, 1, [5.0] * 4)
    device.define(0, ADD)
    run(device, 0, 1, 1, 0, 1, 0, 0, 0, 0)
    assert floats(device.read([(1, 4)])[0]) == [5.0] * 4
    device.close()


async def kernels_add(make):
    device = make()
    device.define(0, ADD)
    for n in lengths(device):
        values = [(i % 512) * 0.25 for i in range(n)]
        put(device, 0, values)
        put(device, 1, values[::-1])
        device.allocate(2, n, "f")
        run(device, 0, 0, 1, 2, 3, 0, 0, 0, texels(n))
        assert floats(device.read([(2, n)])[0]) == [a + 3 * b for a, b in zip(values, values[::-1])], n
        for slot in range(3):
            device.release(slot)
    device.close()


async def texels_know_their_number(make):
    device = make()
    device.define(4, INDEX)
    for n in lengths(device):
        device.allocate(0, n, "i")
        run(device, 4, 0, device.limits.width, 0, 0, 0, 1000, 2000, 3000, 4000, texels(n))
        assert integers(device.read([(0, n)])[0]) == [i + 1000 * (i % 4 + 1) for i in range(n)], n
        device.release(0)
    device.close()


async def only_the_texels_asked_for_are_drawn(make):
    device = make()
    device.define(0, INDEX)
    row = device.limits.width
    for size, drawn in ((row // 2, 5), (row, row - 1), (3 * row, row), (3 * row, 2 * row + 3), (3 * row, 7)):
        put(device, 0, [-5] * (4 * size), "i")
        run(device, 0, 0, row, 0, 0, 0, 0, 0, 0, 0, drawn)
        assert integers(device.read([(0, 4 * size)])[0]) == [*range(4 * drawn), *([-5] * 4 * (size - drawn))], (size, drawn)
        device.release(0)
    device.close()


async def outputs_of_several_kinds(make):
    device = make()
    device.define(0, SPLIT)
    row = device.limits.width * 4
    for n in (6, row + 9):
        values = [i * 0.75 - 100 for i in range(n)]
        put(device, 0, values)
        for slot, kind in ((1, "f"), (2, "i"), (3, "f")):
            device.allocate(slot, n + 40, kind)  # storage may be larger than what is drawn
        run(device, 0, 0, 1, 2, 3, texels(n))
        double, floor, negative = device.read([(1, n), (2, n), (3, n)])
        assert floats(double) == [2 * v for v in values]
        assert integers(floor) == [math.floor(v) for v in values]
        assert floats(negative) == [-v for v in values]
        device.allocate(4, n + 100 * row, "i")
        assert "different sizes" in refuses(DeviceError, lambda: run(device, 0, 0, 1, 4, 3, 1))
        for slot in range(5):
            device.release(slot)
    device.close()


async def commands_run_in_order(make):
    device = make()
    device.define(0, ADD)
    put(device, 0, [1.0] * 8)
    put(device, 1, [0.0] * 8)
    put(device, 2, [1.0] * 8)
    commands = array("i")
    for step in range(40):  # x and y in turns: y = x + one
        commands.extend([0, step % 2, 2, 1 - step % 2, 1, 0, 0, 0, 2, 1, 1])
    device.submit(commands)
    device.submit(commands)
    device.allocate(3, 8, "f")
    run(device, 0, 0, 2, 3, 0, 0, 0, 0, 2)
    device.write(0, array("f", [7.0] * 8).tobytes())  # after what was submitted
    run(device, 0, 0, 0, 1, 1, 0, 0, 0, 2)
    assert [floats(data)[0] for data in device.read([(3, 8), (0, 8), (1, 8)])] == [81.0, 7.0, 14.0]
    device.close()


async def a_read_that_waits_keeps_what_was(make):
    device = make()
    put(device, 0, [1.0] * 5000)
    put(device, 1, [2] * 5, "i")
    reading = asyncio.ensure_future(device.read_later([(0, 5000), (1, 5)]))
    await asyncio.sleep(0)
    device.write(0, bytes(20000))
    device.release(1)
    put(device, 1, [9.0])
    found = await reading
    assert floats(found[0]) == [1.0] * 5000 and integers(found[1]) == [2] * 5
    assert floats(device.read([(0, 5000)])[0]) == [0.0] * 5000
    await device.wait_later()
    device.close()


async def numbers_of_storage_are_used_again(make):
    device = make()
    device.define(0, ADD)
    device.define(1, SPLIT)
    for turn in range(4):
        n = 5 + 3000 * turn
        put(device, 0, [float(turn)] * n)
        kinds = "fif" if turn % 2 else "iff"
        for slot, kind in zip((1, 2, 3), kinds):
            device.allocate(slot, n, kind)
        if turn % 2:
            run(device, 1, 0, 1, 2, 3, texels(n))
            assert integers(device.read([(2, n)])[0]) == [turn] * n
        else:
            run(device, 0, 0, 0, 2, 1, 0, 0, 0, texels(n))
            assert floats(device.read([(2, n)])[0]) == [2.0 * turn] * n
        for slot in range(4):
            device.release(slot)
    device.wait()
    device.close()


async def many_groups_of_outputs(make):
    device = make()
    device.define(0, SPLIT)
    put(device, 0, [1.5] * 4)
    for slot in range(1, 31):
        device.allocate(slot, 4, "i" if slot <= 10 else "f")
    for a in range(11, 31):
        for b in range(11, 31):
            for i in (1, 2):
                if a != b:
                    run(device, 0, 0, a, i, b, 1)
        assert floats(device.read([(a, 1)])[0]) == [3.0]
    device.release(1)
    run(device, 0, 0, 11, 2, 12, 1)
    assert [floats(data)[0] for data in device.read([(11, 1), (12, 1)])] == [3.0, -1.5]
    device.close()


async def a_broken_kernel_is_named(make):
    device = make()
    device.define(0, BROKEN)
    device.allocate(0, 4, "f")
    for _ in range(2):
        text = refuses(DeviceError, lambda: run(device, 0, 0, 1))
        assert "broken one" in text and "not_defined_anywhere" in text and "void main" not in text
    device.define(1, BROKEN)
    assert "broken one" in refuses(DeviceError, device.wait)
    device.wait()
    device.define(0, ADD)  # the device works on
    put(device, 1, [1.0] * 4)
    run(device, 0, 1, 1, 0, 2, 0, 0, 0, 1)
    assert floats(device.read([(0, 4)])[0]) == [3.0] * 4
    device.define(2, BROKEN)
    try:
        await device.ready()
    except DeviceError as error:
        assert "broken one" in str(error)
    else:
        raise AssertionError("ready() raised nothing")
    device.close()


async def what_does_not_fit_is_refused(make):
    device = make()
    limits = device.limits
    assert limits.width & (limits.width - 1) == 0 and limits.max_bytes >= limits.width * limits.width * 16
    assert str(limits.max_bytes) in refuses(OutOfMemoryError, lambda: device.allocate(0, limits.max_bytes // 4 + 1, "f"))
    inputs, outputs = ADD._replace(reads=("f",) * (limits.max_storages + 1)), ADD._replace(writes=("f",) * (device.max_writes + 1))
    for kernel in (inputs, outputs, ADD._replace(uniforms=1 << 24)):
        assert "add" in refuses(DeviceError, lambda kernel=kernel: device.define(0, kernel))
    device.close()


async def sixteen_bits(make):
    device = make(half=True)
    assert device.half and not make().half
    values = [1.0, 1.0009765625, 1.00048828125, 0.1, -65504.0, 1e6]
    put(device, 0, values)
    expected = [1.0, 1.0009765625, 1.0, 0.0999755859375, -65504.0, math.inf]
    for found in (floats(device.read([(0, 6)])[0]), floats((await device.read_later([(0, 6)]))[0])):
        assert all(a == b or abs(a / b - 1) <= 2**-10 for a, b in zip(found[:5], expected[:5])) and found[5] >= 65504.0, found
    device.define(0, ADD)
    device.allocate(1, 6, "f")
    run(device, 0, 0, 0, 1, 1, 0, 0, 0, 2)
    assert floats(device.read([(1, 2)])[0]) == [2.0, 2.001953125]
    put(device, 2, [123456789], "i")
    assert integers(device.read([(2, 1)])[0]) == [123456789]
    device.close()


async def time_is_told(make):
    device = make()
    device.define(0, ADD)
    put(device, 0, [1.0] * 4000)
    device.allocate(1, 4000, "f")
    assert await device.elapsed_later() is None
    device.timed(True)
    for _ in range(3):
        run(device, 0, 0, 0, 1, 1, 0, 0, 0, 1000)
    found = await device.elapsed_later()
    assert found is None or (device.limits.timestamps and 0 <= found < 10_000)
    assert device.limits.timestamps or found is None
    device.timed(False)
    assert await device.elapsed_later() is None
    device.close()


async def a_closed_device_says_so(make):
    device = make()
    device.define(0, ADD)
    put(device, 0, [1.0] * 4)
    reading = asyncio.ensure_future(device.read_later([(0, 4)]))
    await asyncio.sleep(0)
    device.close()
    for work in (
        lambda: run(device, 0, 0, 0, 0, 1, 0, 0, 0, 1),
        lambda: device.read([(0, 4)]),
        lambda: device.write(0, bytes(16)),
        lambda: device.allocate(1, 4, "f"),
        lambda: device.define(1, ADD),
        device.wait,
    ):
        assert "Set the backend up again" in refuses(DeviceError, work)
    (found,) = await asyncio.gather(reading, return_exceptions=True)
    assert isinstance(found, DeviceError) or floats(found[0]) == [1.0] * 4  # it may have been done before
    for later in (device.read_later([(0, 4)]), device.wait_later()):
        try:
            await later
        except DeviceError:
            continue
        raise AssertionError("no DeviceError")
    device.release(0)
    device.close()
    again = make()
    put(again, 0, [2.0])
    assert floats(again.read([(0, 1)])[0]) == [2.0]
    again.close()


CASES = {
    case.__name__: case
    for case in (
        data_come_back,
        special_values_come_back,
        views_are_written,
        nothing_is_nothing,
        kernels_add,
        texels_know_their_number,
        only_the_texels_asked_for_are_drawn,
        outputs_of_several_kinds,
        commands_run_in_order,
        a_read_that_waits_keeps_what_was,
        numbers_of_storage_are_used_again,
        many_groups_of_outputs,
        a_broken_kernel_is_named,
        what_does_not_fit_is_refused,
        sixteen_bits,
        time_is_told,
        a_closed_device_says_so,
    )
}
