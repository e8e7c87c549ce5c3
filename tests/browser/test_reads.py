"""Reading tensors in the page: many share one readback; blocking reads where Python may wait, and advice where it may not."""

import pytest

from tests.browser.places import open_place, parameter, shared_place

# Counts what a readback cannot do without: a mapping of WebGPU, a fence of WebGL.
COUNT = """
(() => {
  const counted = "readbacks" in globalThis;
  globalThis.readbacks = 0;
  if (counted) return;
  const of = { webgpu: [globalThis.GPUBuffer, "mapAsync"], webgl: [globalThis.WebGL2RenderingContext, "fenceSync"] };
  for (const [type, method] of Object.values(of)) {
    if (!type) continue;
    const original = type.prototype[method];
    type.prototype[method] = function (...given) { globalThis.readbacks++; return original.apply(this, given); };
  }
})()
"""
MANY = f"""
import asyncio, js
import tensorweb as tw
from pyodide.code import run_js
run_js({COUNT!r})
tensors = [tw.ones((n,)) * float(n) for n in range(1, 40)] + [tw.tensor([True, False]), tw.tensor(1 + 2j), tw.zeros((0,))]
found = await asyncio.gather(*[t.data() for t in tensors])
assert [f.tolist() for f in found[:39]] == [[float(n)] * n for n in range(1, 40)]
assert [list(f) for f in found[39:]] == [[True, False], [1 + 2j], []]
assert js.readbacks == 1, js.readbacks
v = tw.Variable([1.0, 2.0])
before = asyncio.ensure_future(v.value.data())
await asyncio.sleep(0)
v.assign_add([1.0, 1.0])  # in memory of its own: somebody reads the old value
after = asyncio.ensure_future(v.value.data())
assert [(await f).tolist() for f in (before, after)] == [[1.0, 2.0], [2.0, 3.0]]
assert js.readbacks <= 3, js.readbacks
stopped = asyncio.ensure_future(tensors[0].data())
others = [asyncio.ensure_future(t.data()) for t in tensors[:3]]
await asyncio.sleep(0)
stopped.cancel()
assert [f.tolist() for f in await asyncio.gather(*others)] == [[1.0], [2.0, 2.0], [3.0, 3.0, 3.0]]
"""
BLOCKING = """
import tensorweb as tw

def loss():
    x = tw.Variable([1.0, 2.0])
    with tw.GradientTape() as tape:
        y = tw.sum(x * x)
    return y, tape.gradient(y, x)

value, gradient = loss()
assert float(value) == 5.0 and value.item() == 5.0 and bool(value) and int(value) == 5
assert gradient.data_sync().tolist() == [2.0, 4.0] and gradient.tolist() == [2.0, 4.0]
print(gradient)
assert tw.unique(tw.tensor([2, 1, 2])).tolist() == [1, 2]  # a host routine, which reads
try:
    gradient.numpy()
except ImportError as error:
    print("numpy" in str(error))
"""
# On the main thread, called from JavaScript that does not wait for Python.
PLAIN = """
const run = (code) => { try { return String(python.runPython(code)); } catch (error) { return String(error); } };
await python.runPythonAsync(`import tensorweb as tw; await tw.ready("${argument}"); y = tw.sum(tw.tensor([1.0, 2.0]) * 2.0)`);
const told = [run("y.tolist()"), run("float(y)"), run("str(y)")];
return [...told, await python.runPythonAsync("(await y.data()).tolist()[0]")];
"""


@pytest.mark.parametrize(
    ("place", "backend"),
    [
        parameter("chromium worker", "webgpu"),
        parameter("chromium worker", "webgl"),
        parameter("chromium main", "webgpu"),
        parameter("chromium main", "webgl"),
        parameter("firefox worker", "webgpu"),
        parameter("firefox main", "webgpu"),
        parameter("firefox-headed worker", "webgl"),
        parameter("firefox-headed main", "webgl"),
    ],
)
def test_reads(place, backend, serve):
    page = shared_place(place, serve)
    for source in (MANY, BLOCKING):
        result = page.run(source, backend=backend)
        assert result["ok"], result["error"]
    assert result["stdout"] == "Tensor([2.0, 4.0], shape=(2,), dtype=float32)\nTrue\n"


@pytest.mark.parametrize("jspi", [True, False], ids=["with JSPI", "without JSPI"])
@pytest.mark.parametrize("place", [parameter("chromium main")])
def test_where_nothing_may_wait(place, jspi, serve):
    """Below `runPython`, and everywhere in a browser without JSPI: `await` works; WebGL and WebAssembly can block all the same."""
    page = open_place(place, serve, "" if jspi else "delete WebAssembly.Suspending; delete WebAssembly.promising;")
    for backend in ("webgpu", "webgl", "wasm"):
        *told, awaited = page.evaluate(PLAIN, backend)
        assert awaited == 6.0
        if backend == "webgpu":
            assert all("webgpu: expected a place that may wait" in text and "await t.data()" in text for text in told), told
        else:
            assert told == ["6", "6", "Tensor(6.0, shape=(), dtype=float32)"], told
        if not jspi:
            result = page.run(BLOCKING, backend=backend)
            assert result["ok"] == (backend != "webgpu") and ("await t.data()" in result["error"]) == (backend == "webgpu"), result
    page.close()
