"""The device of WebGL in pages: what any such device must do, a context that is lost, and the player without Python on the main thread."""

from pathlib import Path

import pytest

from tests.browser.conftest import in_browser, start_browser
from tests.browser.places import shared_place
from tests.unit import webgl_cases

PLAYER = Path(__file__).parents[2] / "tensorweb" / "backends" / "devices" / "player" / "webgl.js"
RUN = """
from tensorweb.backends.devices.browser_webgl import PageWebGLDevice

for name, case in CASES.items():
    try:
        await case(PageWebGLDevice)
    except Exception as error:
        import traceback
        print(name, "".join(traceback.format_exception(error)))
print("done", len(CASES))
"""
LOST = """
from tensorweb.backends.devices.browser_webgl import PageWebGLDevice

device = PageWebGLDevice()
device.define(0, ADD)
put(device, 0, [1.0] * 4)
reading = asyncio.ensure_future(device.read_later([(0, 4)]))
device._player.gl.getExtension("WEBGL_lose_context").loseContext()
told = [refuses(DeviceError, work) for work in (lambda: run(device, 0, 0, 0, 0, 1, 0, 0, 0, 1), lambda: device.read([(0, 4)]), device.wait)]
try:
    await reading
except DeviceError as error:
    told.append(str(error))
assert len(told) == 4 and all("Set the backend up again" in text for text in told), told
again = PageWebGLDevice()
put(again, 0, [2.0])
assert floats(again.read([(0, 1)])[0]) == [2.0]
"""
MAIN_THREAD = """
const player = (0, eval)(argument).create();
const values = Float32Array.from({ length: 10 }, (_, i) => i);
player.allocate(0, 10, false);
player.allocate(1, 10, false);
player.write(0, new Uint8Array(values.buffer));
player.define(0, "twice", `#version 300 es
precision highp float; precision highp sampler2D;
uniform sampler2D t0; uniform ivec4 u[1]; layout(location = 0) out vec4 o0;
void main() { o0 = texelFetch(t0, ivec2(gl_FragCoord.xy), 0) * float(u[0].x); }`, 1, 1, 4);
await player.ready();
player.submit(Int32Array.of(0, 0, 1, 2, 0, 0, 0, 3, 1, 1));
const [later] = await player.readLater(Int32Array.of(1, 10));
const [now] = player.read(Int32Array.of(1, 10));
player.close();
return [later, now].map((bytes) => [...new Float32Array(bytes.slice().buffer)]);
"""


@pytest.fixture(scope="module", params=in_browser("chromium", "firefox-headed"))
def browser(request):
    """Chromium, and Firefox with a display: without one it has no WebGL."""
    return start_browser(request.param)


@pytest.fixture
def page(browser, serve):
    """The page that tests of a browser share: each makes devices of its own."""
    return shared_place(f"{browser.kind} worker", serve)


def in_page(source):
    return Path(webgl_cases.__file__).read_text() + source


def test_device(page):
    result = page.run(in_page(RUN))
    assert result["ok"], result["error"]
    assert result["stdout"] == f"done {len(webgl_cases.CASES)}\n"


def test_a_lost_context_is_told(page):
    result = page.run(in_page(LOST))
    assert result["ok"], result["error"]


def test_the_main_thread(page):
    expected = [2.0 * i for i in range(10)]
    assert page.evaluate(MAIN_THREAD, PLAYER.read_text()) == [expected, expected]
