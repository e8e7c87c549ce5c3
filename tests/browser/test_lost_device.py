"""A GPU of the page that is lost in the middle of work: clear errors, and the backend can be set up again."""

import pytest

from tests.browser.places import parameter, shared_place

PROGRAM = """
import asyncio, js
import tensorweb as tw
from tensorweb.backends import registry
from tensorweb.errors import DeviceError

name = tw.get_backend()

def lose():
    player = registry.current().device._player
    if name == "webgpu":
        player.device.destroy()
    else:
        player.gl.getExtension("WEBGL_lose_context").loseContext()

def train(steps, w):
    optimizer = tw.optimizers.SGD(0.1)
    for _ in range(steps):
        with tw.GradientTape() as tape:
            loss = tw.sum((w - 3.0) ** 2)
        optimizer.apply(tape.gradient(loss, [w]), [w])
    return loss

async def fails(work):
    try:
        got = work()
        await got if asyncio.iscoroutine(got) else got.tolist()
    except DeviceError as error:
        assert name + ": expected a device, got one that is gone" in str(error) and "Set the backend up again" in str(error), error
    else:
        raise AssertionError("it did not fail")

for again in (lambda: tw.ready(name), tw.ready):
    tw.set_backend("wasm")
    elsewhere = tw.tensor([1.0, 2.0, 3.0])
    tw.set_backend(name)
    w = tw.Variable([0.0, 1.0])
    kept = elsewhere * 2.0
    assert (await kept.data()).tolist() == [2.0, 4.0, 6.0]
    train(3, w)
    under_way = asyncio.ensure_future((kept + 1.0).data())
    await asyncio.sleep(0)
    lose()
    try:
        assert (await under_way).tolist() == [3.0, 5.0, 7.0]  # it may have been quick enough
    except DeviceError:
        pass
    await fails(lambda: train(3, w))
    await fails(lambda: (kept + 1.0).data())
    await fails(lambda: kept.data())
    await fails(lambda: kept)
    await again()
    assert tw.get_backend() == name
    await fails(lambda: kept + 1.0)
    await fails(lambda: kept.data())
    assert (await (elsewhere * 3.0).data()).tolist() == [3.0, 6.0, 9.0]
    w = tw.Variable([0.0, 1.0])
    assert float(train(50, w)) < 1e-6
    del kept, w
lose()
try:
    await tw.ones((2,)).data()
except DeviceError:
    tw.set_backend(name)
assert (await tw.ones((2,)).data()).tolist() == [1.0, 1.0]
lose()
await fails(lambda: tw.ones((2,)).data())
print("lost")
"""


@pytest.mark.parametrize(
    ("place", "backend"),
    [
        parameter("chromium worker", "webgpu"),
        parameter("chromium worker", "webgl"),
        parameter("chromium main", "webgpu"),
        parameter("firefox worker", "webgpu"),
        parameter("firefox-headed worker", "webgl"),
    ],
)
def test_lost(place, backend, serve):
    page = shared_place(place, serve)
    result = page.run(PROGRAM, backend=backend)
    assert result["ok"] and result["stdout"] == "lost\n", result["error"]
    result = page.run("import tensorweb as tw\nprint((tw.ones((2,)) + 1.0).tolist())", backend=backend)  # the session's next program
    assert result["ok"] and result["stdout"] == "[2.0, 2.0]\n", result["error"]
