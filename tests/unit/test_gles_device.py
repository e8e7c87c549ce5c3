"""The device of OpenGL ES on CPython: what any device of WebGL must do, then threads, forks and memory that runs out."""

import asyncio
import gc
import multiprocessing
import threading

import pytest

from tensorweb.backends.devices import egl
from tensorweb.backends.devices.gles import GLESDevice
from tensorweb.errors import BackendError, DeviceError, OutOfMemoryError
from tests.unit.webgl_cases import ADD, CASES, floats, put, run


@pytest.fixture(scope="module", autouse=True)
def _opengl():
    try:
        GLESDevice().close()
    except BackendError as error:
        pytest.skip(f"no OpenGL ES here: {error}")


@pytest.fixture
def device():
    made = GLESDevice()
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_device(name):
    asyncio.run(CASES[name](GLESDevice))


def test_threads_take_turns(device):
    device.define(0, ADD)
    put(device, 0, [1.0] * 400)
    failures = []

    def work(slot):
        try:
            put(device, slot, [0.0] * 400)
            device.allocate(slot + 1, 400, "f")
            for step in range(50):
                run(device, 0, slot + step % 2, 0, slot + 1 - step % 2, 1, 0, 0, 0, 100)
            assert floats(device.read([(slot, 400)])[0]) == [50.0] * 400
            device.release(slot)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(slot,)) for slot in (10, 20, 30, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert floats(device.read([(41, 4)])[0]) == [49.0] * 4


def test_storage_is_released_in_the_middle_of_a_submit(device):
    """A finalizer may run anywhere, in this thread and while the context is in use."""
    put(device, 0, [1.0] * 4)
    put(device, 1, [2.0] * 4)
    with device._context:
        device.release(0)
        gc.collect()
        assert 0 in device._storages
    assert floats(device.read([(1, 4)])[0]) == [2.0] * 4
    assert 0 not in device._storages


def test_an_interrupt_leaves_no_wrong_state(device, monkeypatch):
    device.define(0, ADD)
    for slot in range(4):
        put(device, slot, [float(slot)] * 4)
    run(device, 0, 0, 0, 3, 1, 0, 0, 0, 1)
    bind = device._gl.BindTexture

    def interrupted(*args):
        bind(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(device._gl, "BindTexture", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(device, 0, 2, 1, 3, 1, 0, 0, 0, 1)
    run(device, 0, 0, 0, 3, 1, 0, 0, 0, 1)  # bound before, but no longer
    run(device, 0, 1, 2, 3, 1, 0, 0, 0, 1)
    assert floats(device.read([(3, 4)])[0]) == [3.0] * 4
    run(device, 0, 0, 1, 3, 1, 0, 0, 0, 1)
    assert floats(device.read([(3, 4)])[0]) == [1.0] * 4


def _in_child(device, answers):
    for work in (lambda: device.read([(0, 4)]), GLESDevice):
        try:
            work()
            answers.put("nothing")
        except (DeviceError, BackendError) as error:
            answers.put(f"{type(error).__name__}: {error}")
    device.release(0)
    device.close()


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # newer Pythons warn of what is tested here
def test_a_fork_gets_an_error(device):
    put(device, 0, [3.0] * 4)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_in_child, args=(device, answers))
    child.start()
    found = [answers.get(timeout=30) for _ in range(2)]
    child.join(30)
    assert child.exitcode == 0
    assert "DeviceError" in found[0] and "forked" in found[0]
    assert "BackendError" in found[1] and "spawn" in found[1]
    assert floats(device.read([(0, 4)])[0]) == [3.0] * 4


@pytest.mark.parametrize(
    "codes, error, says", [([0x505], OutOfMemoryError, "none for 64 bytes"), ([0x502, 0x505], OutOfMemoryError, "none for"),
                           ([0x502], DeviceError, "0x502"), ([0x507] * 99, DeviceError, "Set the backend up again")]
)  # fmt: skip
def test_errors_of_the_driver(device, monkeypatch, codes, error, says):
    device.allocate(0, 16, "f")
    left = list(codes)
    monkeypatch.setattr(device._gl, "GetError", lambda: left.pop(0) if left else 0)
    with pytest.raises(error, match=says):
        device.wait()
    left[:] = [0, *codes]
    with pytest.raises(error):
        device.allocate(1, 16, "f")
    left.clear()
    put(device, 2, [4.0])
    assert 1 not in device._storages and floats(device.read([(2, 1)])[0]) == [4.0]


@pytest.mark.parametrize("works, half", [((egl.GL.RGBA32F, egl.GL.RGBA16F), False), ((egl.GL.RGBA16F,), True)])
def test_floats_are_as_wide_as_the_gpu_renders(monkeypatch, works, half):
    monkeypatch.setattr(GLESDevice, "_renders", lambda self, internal: internal in works)
    device = GLESDevice()
    assert device.half is half
    device.close()


def test_a_gpu_that_renders_no_floats_is_refused(monkeypatch):
    monkeypatch.setattr(GLESDevice, "_renders", lambda self, internal: False)
    with pytest.raises(BackendError, match="renders to floats"):
        GLESDevice()


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(egl.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(BackendError, match="libnone"):
        egl._load("none", "libnone.so")


def test_devices_are_apart():
    one, other = GLESDevice(), GLESDevice()
    for device, value in ((one, 1.0), (other, 2.0)):
        put(device, 0, [value])
    assert floats(one.read([(0, 1)])[0]) == [1.0] and floats(other.read([(0, 1)])[0]) == [2.0]
    one.close()
    assert floats(other.read([(0, 1)])[0]) == [2.0]
    other.close()
