"""WebGPU on CPython: the cases that the page runs too, and what only CPython can do: block, use threads, fork."""

import asyncio
import os
import subprocess
import sys
import threading
from array import array
from pathlib import Path

import pytest

from tensorweb.errors import BackendError, DeviceError, OutOfMemoryError

from . import webgpu_cases as cases

ROOT = Path(__file__).parents[2]


def make(defaults=False):
    """Return a device, or skip the test."""
    wgpu = pytest.importorskip("wgpu", reason="wgpu is not installed")
    from tensorweb.backends.devices.wgpu import WGPUDevice

    assert wgpu
    try:
        return WGPUDevice(defaults)
    except BackendError as error:
        pytest.skip(str(error))


@pytest.fixture(params=["adapter's limits", "browser's limits"])
def device(request):
    made = make(request.param == "browser's limits")
    yield made
    made.close()


@pytest.mark.parametrize("name", cases.CASES)
def test_case(device, name):
    asyncio.run(cases.CASES[name](device))


def test_defaults_are_a_browsers():
    limits = make(defaults=True).limits
    assert (limits.max_bytes, limits.max_storages, limits.max_groups) == (128 << 20, 8, 65535)


def test_a_kernel_beyond_the_defaults_does_not_compile():
    with pytest.raises(DeviceError, match="kernel large to compile"):
        make(defaults=True).define(0, cases.kernel("large", "  p[i] = 0.0;", size=512))


def test_blocking_reads_and_waits():
    device = make()
    device.define(0, cases.SHIFT)
    cases.fill(device, 0, range(8))
    device.allocate(1, 8, "f")
    cases.run(device, [0, 0, 1, 8, 1, 0, 0, 1, 1, 1])
    device.wait()
    assert [cases.floats(data) for data in device.read([(1, 8), (0, 0), (0, 2)])] == [list(range(1, 9)), [], [0, 1]]
    device.timed(True)
    cases.run(device, [0, 0, 1, 8, 1, 0, 0, 1, 1, 1])
    assert (device.elapsed() is not None) == device.limits.timestamps


def test_reads_of_more_than_one_buffer_may_hold():
    device = make()
    device._max_read = 64
    for slot in range(4):
        cases.fill(device, slot, [slot] * 12)
    assert [cases.floats(data) for data in device.read([(slot, 12) for slot in range(4)])] == [[slot] * 12 for slot in range(4)]


def test_storage_is_given_back_with_its_bind_groups():
    device = make()
    device.define(0, cases.SHIFT)
    cases.fill(device, 99, [1] * 4)
    for slot in range(50):
        device.allocate(slot, 4, "f")
        cases.run(device, [0, 99, slot, 4, 1, 0, 0, 1, 1, 1])
        device.release(slot)
    device.wait()
    assert len(device._slots) == 1 and device._groups == 0 and not device._slots[99].groups


def test_a_driver_without_memory(monkeypatch):
    device = make()
    wgpu = pytest.importorskip("wgpu")

    def refuse(**_):
        raise wgpu.GPUOutOfMemoryError("Not enough memory left")

    cases.fill(device, 0, [1])
    with monkeypatch.context() as patch:
        patch.setattr(device._device, "create_buffer", refuse)
        with pytest.raises(OutOfMemoryError, match="none for 4000 bytes"):
            device.allocate(1, 1000, "f")
    cases.fill(device, 1, [2])
    assert [cases.floats(data) for data in device.read([(0, 1), (1, 1)])] == [[1], [2]]


def test_a_lost_device():
    device = make()
    device.define(0, cases.FILL)
    device.allocate(0, 64, "f")
    device._device.destroy()
    for use in (
        lambda: cases.run(device, [0, 0, 1, 0, 0, 0, 1, 1, 1]),
        lambda: device.write(0, bytes(4)),
        lambda: device.read([(0, 1)]),
        lambda: device.allocate(1, 4, "f"),
        lambda: device.define(1, cases.ADD),
        device.wait,
    ):
        with pytest.raises(DeviceError, match="Set the backend up again"):
            use()
    asyncio.run(cases.commands_run_in_order(make()))


def test_threads_take_turns():
    device = make()
    device.define(0, cases.SHIFT)
    wrong = []

    def work(number):
        source, target = 2 * number, 2 * number + 1
        for slot in (source, target):
            device.allocate(slot, 16, "f")
        for n in range(50):
            device.write(source, array("f", [1000 * number + n] * 16).tobytes())
            cases.run(device, [0, source, target, 16, 1, 0, 0, 1, 1, 1])
            if cases.floats(device.read([(target, 16)])[0]) != [1000 * number + n + 1] * 16:
                wrong.append((number, n))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_is_told():
    make()
    code = (
        "import os\nfrom tensorweb.backends.devices.wgpu import WGPUDevice\nfrom tensorweb.errors import DeviceError\n"
        "device = WGPUDevice()\nchild = os.fork()\n"
        "if not child:\n"
        "    try:\n        device.wait()\n"
        "    except DeviceError as error:\n        os._exit(7 if 'forked' in str(error) else 8)\n"
        "    os._exit(9)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7\ndevice.wait()\nprint('told')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert done.stdout.strip() == "told", done.stderr
