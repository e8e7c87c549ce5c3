"""GPUs that are not there or are lost: clear errors, and the backend can be set up again. The page's half is in tests/browser."""

import asyncio
import os
import re
import subprocess
import sys

import pytest

import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.backends.devices.reading import SharedReads
from tensorweb.errors import DeviceError


def lose(name):
    device = registry.current().device
    device._device.destroy() if name == "webgpu" else device._context.close()


def fails(work):
    with pytest.raises(DeviceError, match=r"expected a device, got one that is gone.*Set the backend up again"):
        work()


@pytest.mark.parametrize("again", [tw.set_backend, lambda name: asyncio.run(tw.ready(name)), lambda _: asyncio.run(tw.ready())])
def test_a_lost_device(gpu_backend, again):
    tw.set_backend("numpy")
    elsewhere, fresh = tw.tensor([1.0, 2.0]), tw.tensor([3.0])
    tw.set_backend(gpu_backend)
    kept, variable = elsewhere * 2.0, tw.Variable([1.0])
    assert kept.tolist() == [2.0, 4.0]
    lost = registry.current()
    lose(gpu_backend)
    fails(lambda: (kept + 1.0).tolist())
    fails(kept.tolist)
    fails(lambda: asyncio.run(kept.data()))
    again(gpu_backend)
    assert registry.current() is not lost and registry.find_backend(gpu_backend) is registry.current()
    assert (elsewhere * 3.0).tolist() == [3.0, 6.0] and (fresh * 3.0).tolist() == [9.0]  # not the copies on the lost device
    fails(lambda: (kept + 1.0).tolist())
    fails(lambda: variable.assign_add([1.0]))
    fails(kept.tolist)


def test_a_device_that_works_is_kept(gpu_backend):
    before = registry.current()
    asyncio.run(tw.ready())
    asyncio.run(tw.ready(gpu_backend))
    tw.set_backend(gpu_backend)
    assert registry.current() is before


def test_reads_that_begin_together_are_one():
    made = []

    async def read_later(wanted):
        made.append(list(wanted))
        await asyncio.sleep(0)
        if any(slot < 0 for slot, _ in wanted):
            raise DeviceError("no such slot")
        return [bytes([slot]) * words for slot, words in wanted]

    reads = SharedReads(read_later)

    async def work():
        assert await asyncio.gather(*(reads.read(n, n) for n in range(3))) == [b"", b"\1", b"\2\2"]
        assert await reads.read(5, 1) == b"\5"
        stopped = asyncio.ensure_future(reads.read(6, 1))
        await asyncio.sleep(0)
        stopped.cancel()
        assert await reads.read(7, 1) == b"\7"
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        first = asyncio.ensure_future(reads.read(8, 1))
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task(), first}:  # before it began
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await reads.read(9, 1) == b"\x09"
        found = await asyncio.gather(reads.read(-1, 1), reads.read(1, 1), return_exceptions=True)
        assert all(isinstance(f, DeviceError) for f in found)

    asyncio.run(work())
    assert made[:2] == [[(0, 0), (1, 1), (2, 2)], [(5, 1)]] and made[-1] == [(-1, 1), (1, 1)]
    asyncio.run(work())  # in another loop


NO_DRIVERS = dict.fromkeys(("VK_ICD_FILENAMES", "VK_DRIVER_FILES", "__EGL_VENDOR_LIBRARY_FILENAMES", "LIBGL_DRIVERS_PATH"), "/nowhere")
SET_UP = """
import ctypes, sys
import tensorweb as tw
name, no_library = sys.argv[1:]
if no_library:
    sys.modules["wgpu"] = None
    def refuse(name, *given, **named):
        raise OSError(f"{name}: cannot open shared object file")
    ctypes.CDLL = refuse
try:
    tw.set_backend(name)
except tw.errors.BackendError as error:
    print(error)
"""


@pytest.mark.parametrize("no_library", ["", "no library"], ids=["no driver", "no library"])
def test_without_a_gpu(gpu_backend, no_library):
    """What is missing is said, and what to install."""
    command = [sys.executable, "-c", SET_UP, gpu_backend, no_library]
    printed = subprocess.run(command, env=os.environ | NO_DRIVERS, capture_output=True, text=True, check=True).stdout
    expected = {
        ("webgl", ""): "webgl: expected a GPU with OpenGL ES 3.0, got none: EGL's error 0x[0-9a-f]+. Install a driver, such as Mesa's",
        ("webgpu", ""): "webgpu: expected a GPU, got none: [^\n]*dapter [^\n]*. Install a driver for Vulkan, such as Mesa's lavapipe",
        ("webgl", "no library"): "webgl: expected the library libEGL, got .*cannot open shared object file. Install OpenGL ES",
        ("webgpu", "no library"): r"set_backend: expected a backend that can be set up here, .*wgpu.*tensorweb\[webgpu\]",
    }
    assert re.match(expected[gpu_backend, no_library], printed), printed
