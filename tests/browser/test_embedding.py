"""TensorWeb where the page is somebody else's: an HTML file on the main thread, and wherever micropip installs it."""

import importlib.util
import io
import zipfile
from pathlib import Path

import pytest

from tensorweb.cli import main
from tensorweb.web import wheel
from tests.browser.conftest import PYODIDE, ROOT, in_browser, start_browser
from tests.browser.places import parameter
from tests.browser.test_page import LISTING

# Without JavaScript Promise Integration Python cannot wait for the page: all must be awaited.
WITHOUT_JSPI = "delete WebAssembly.Suspending; delete WebAssembly.promising;"
BACKENDS = {"chromium": ["wasm", "webgpu", "webgl"], "firefox": ["wasm", "webgpu"]}
SLOW = [("firefox", "webgpu"), ("chromium", "webgl")]  # what they would show quickly is in test_reads.py
PLACES = [parameter(kind, b, slow=(kind, b) in SLOW) for kind, backends in BACKENDS.items() for b in backends]


@pytest.fixture(scope="module")
def built(tmp_path_factory, plain_host):
    """The address of the example, built as a folder, on a host that knows no isolation."""
    out = tmp_path_factory.mktemp("host")
    assert main(["build", str(ROOT / "examples" / "page" / "index.html"), str(out / "page"), "--pyodide", str(PYODIDE)]) == 0
    return f"{plain_host(out)}/page/"


@pytest.mark.parametrize("kind, backend", PLACES)
def test_a_page_of_ones_own_on_the_main_thread(built, kind, backend):
    page = start_browser(kind).open(f"{built}?tensorwebflags=BACKEND:{backend}", before=WITHOUT_JSPI)
    page.wait_for_text("#answer", "says")
    assert page.text("#answer") == f"at 5 it is 8.965, says {backend}"
    assert not page.evaluate("return 'Suspending' in WebAssembly || crossOriginIsolated;")
    assert page.call("errors") == []
    page.close()


class Plain:
    """A page with Pyodide alone, on the main thread; `server` gets it."""

    def __init__(self, kind, server, before=""):
        server.site["plain.html"] = b'<!doctype html><title>plain</title><link rel="icon" href="data:,">'
        self.page = start_browser(kind).open(f"{server.url}plain.html", before)
        self.page.evaluate(
            """const { loadPyodide } = await import("/pyodide/pyodide.mjs");
            window.printed = [];
            window.python = await loadPyodide({ indexURL: "/pyodide/", stdout: (text) => printed.push(text) });"""
        )

    def run(self, source):
        """Return the lines that a program printed; raise if it fails."""
        return self.page.evaluate("printed.length = 0;\nawait python.runPythonAsync(argument);\nreturn printed;", source)

    def unpack(self, address):
        """Unpack a wheel from the server."""
        code = """const content = await (await fetch(argument)).arrayBuffer();
        python.unpackArchive(content, "wheel", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });"""
        self.page.evaluate(code, address)


@pytest.fixture(scope="module")
def server(serve):
    """A server of wheels."""
    return serve()


def micropip():
    """Return micropip as a zip; its files are all we need, it runs in the page only."""
    found = importlib.util.find_spec("micropip")
    if found is None:
        pytest.skip("no micropip here")
    folder, out = Path(found.origin).parent, io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in folder.rglob("*.py"):
            archive.write(path, path.relative_to(folder.parent))
    return out.getvalue()


INSTALLED = """
import micropip
await micropip.install({wheels!r})
import tensorweb as tw
await tw.ready({backend!r})
{listing}
print(tw.get_backend())
"""


@pytest.mark.parametrize("kind, which", [
    parameter("chromium", "of the page", slow=True), parameter("chromium", "of pip"),
    parameter("firefox", "of the page"), parameter("firefox", "of pip", slow=True),
])  # fmt: skip
def test_micropip_installs_it(kind, which, server, pip_wheel):
    server.site |= {"micropip.whl": micropip(), f"pip/{pip_wheel.name}": pip_wheel}
    wheels = [wheel.name(), wheel.name("tensorweb_houses")] if which == "of the page" else [f"pip/{pip_wheel.name}"]
    plain = Plain(kind, server)
    plain.unpack("/micropip.whl")
    printed = plain.run(INSTALLED.format(wheels=[server.url + name for name in wheels], backend="wasm", listing=LISTING))
    assert 8.5 < float(printed[0]) < 9.5 and printed[1] == "wasm"
    assert all(status == 200 for status, _, _ in server.log), server.log
    plain.page.close()


CANNOT_WAIT = """
import tensorweb as tw

await tw.ready("webgpu")
x = tw.ones((2,)) + 1.0
for read in (lambda: float(x[0]), x.data_sync, x.tolist, lambda: print(x)):
    try:
        read()
    except tw.errors.TensorWebError as error:
        print(error)
print(list(await x.data()))
"""


@pytest.mark.parametrize("kind", in_browser("chromium"))
def test_where_nobody_can_wait_reading_says_what_to_do(kind, server):
    plain = Plain(kind, server, WITHOUT_JSPI)
    plain.unpack(f"/{wheel.name()}")
    *told, values = plain.run(CANNOT_WAIT)
    assert len(told) == 4 and all("Use `await t.data()`." in text for text in told), told
    assert values == "[2.0, 2.0]"
    plain.page.close()
