"""WebGPU in the page: the cases that wgpu-py runs too, and what only a browser does."""

from pathlib import Path

import pytest

from tests.browser.conftest import in_browser, one_browser_quick
from tests.browser.places import shared_place

CASES = Path(__file__).parents[1] / "unit" / "webgpu_cases.py"

START = f"""
import sys, types
cases = sys.modules["cases"] = types.ModuleType("cases")
exec(compile({CASES.read_text()!r}, "webgpu_cases.py", "exec"), cases.__dict__)
from array import array
from cases import *
from tensorweb.backends.devices import browser_webgpu
from tensorweb.backends.devices.browser_webgpu import PageWebGPUDevice as Device
"""

ALL = """
for defaults in (False, True):
    for name, case in CASES.items():
        device = await Device.create(defaults)
        try:
            await case(device)
        except Exception as error:
            raise AssertionError(name) from error
        device.close()
        print(name)
assert (device.limits.max_bytes, device.limits.max_storages) == (128 << 20, 8)
"""

BLOCKING = """
device = await Device.create()
device.define(0, SHIFT)
fill(device, 0, range(8))
device.allocate(1, 8, "f")
run(device, [0, 0, 1, 8, 1, 0, 0, 1, 1, 1])
device.wait()
assert [floats(data) for data in device.read([(1, 8), (0, 0), (0, 2)])] == [[*range(1, 9)], [], [0, 1]]
assert device.elapsed() is None
can, browser_webgpu.can_run_sync = browser_webgpu.can_run_sync, lambda: False
try:
    for use in (device.wait, lambda: device.read([(0, 1)])):
        try:
            use()
        except DeviceError as error:
            assert "await t.data()" in str(error)
        else:
            raise AssertionError("it did not raise")
finally:
    browser_webgpu.can_run_sync = can
print("done")
"""

LOST = """
device = await Device.create()
fill(device, 0, [1] * 4)
reading = device.read_later([(0, 4)])
device._player.device.destroy()
async def read():
    await reading
async def wait():
    await device.wait_later()
async def write():
    device.write(0, bytes(4))
for use in (read, wait, write):
    assert "Set the backend up again" in await raised(DeviceError, use)
device.release(0)
await commands_run_in_order(await Device.create())
print("done")
"""

GIVEN_BACK = """
device = await Device.create()
device.define(0, SHIFT)
fill(device, 99, [1] * 4)
for slot in range(50):
    device.allocate(slot, 4, "f")
    run(device, [0, 99, slot, 4, 1, 0, 0, 1, 1, 1])
    device.release(slot)
await device.wait_later()
player = device._player
assert (player.slots.size, player.groups, player.slots.get(99).groups.size) == (1, 0, 0)
print("done")
"""

OUT_OF_MEMORY = """
device = await Device.create()
fill(device, 0, [1] * 4)
async def use_all():
    for slot in range(1, 64):
        device.allocate(slot, device.limits.max_bytes // 4, "f")
        await device.wait_later()
await raised(OutOfMemoryError, use_all)
for slot in range(1, 64):
    device.release(slot)
await commands_run_in_order(device)
print("done")
"""


@pytest.fixture
def page(browser, serve):
    """The page that tests of a browser share: each makes devices of its own."""
    return shared_place(f"{browser.kind} worker", serve)


def run(page, script):
    result = page.run(START + script)
    assert result["ok"], result["error"] + result["stdout"]
    return result["stdout"].split()


@pytest.fixture(autouse=True)
def adapter(page):
    if not page.evaluate("return Boolean(await navigator.gpu?.requestAdapter())"):
        pytest.skip("this browser has no WebGPU adapter here")


@one_browser_quick  # in Firefox each of many reads takes 100 ms
def test_cases(page):
    names = run(page, ALL)
    assert len(names) == 2 * len(set(names)) >= 42


@one_browser_quick
@pytest.mark.parametrize("script", [BLOCKING, LOST, GIVEN_BACK], ids=["blocking", "lost", "given back"])
def test_page_only(page, script):
    assert run(page, script) == ["done"]


# Firefox's software device promises memory that it does not have.
@pytest.mark.parametrize("browser", in_browser("chromium"), indirect=True)
def test_out_of_memory(page):
    assert run(page, OUT_OF_MEMORY) == ["done"]
