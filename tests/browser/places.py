"""Where Python runs in a page: in the worker of the playground, or on the main thread of an empty page; isolated or not."""

import pytest

from tests.browser import replay
from tests.browser.conftest import start_browser

BOOT = """
const site = await (await fetch("/site.json")).json();
const { loadPyodide } = await import(`/${site.pyodide}pyodide.mjs`);
window.told = "";
const stdout = (text) => { window.told += text + "\\n"; };
window.python = await loadPyodide({ indexURL: `/${site.pyodide}`, stdout });
for (const wheel of [site.library, ...Object.values(site.later)]) {
  const content = await (await fetch(`/${wheel}`)).arrayBuffer();
  python.unpackArchive(content, "wheel", { extractDir: python.runPython("import site; site.getsitepackages()[0]") });
}
"""
RUN = """
window.told = "";
const start = performance.now(), result = { ok: true, error: "" };
try {
  await python.runPythonAsync(
    `from tensorweb.backends import registry; from tensorweb.flags import flags
flags.set_from_url("${argument.flags}"); await registry.ready("${argument.backend}")`);
  await python.runPythonAsync(argument.source, { globals: python.toPy({ __name__: "__main__" }) });
} catch (error) { Object.assign(result, { ok: false, error: String(error) }); }
return { ...result, stdout: window.told, seconds: (performance.now() - start) / 1000 };
"""


class MainThread:
    """A page that runs programs on its main thread."""

    def __init__(self, page, url, before=""):
        self.page, self.browser = page, page.browser
        page.goto(f"{url}/blank.html")
        page.evaluate(before + BOOT)

    def run(self, source, name="test.py", backend="", flags="", timeout=180):
        """Run a Python program as Page.run does."""
        return self.page.evaluate(RUN, {"source": source, "backend": backend, "flags": flags}, timeout)

    def evaluate(self, code, argument=None, timeout=180):
        """Return the value of the body of an async JavaScript function of `argument`; Pyodide is `window.python`."""
        return self.page.evaluate(code, argument, timeout)

    def front(self):
        """Put the tab before the others."""
        self.page.front()

    def close(self):
        """Close the tab."""
        self.page.close()


def parameter(place, *values, slow=False):
    """Return a test's parameter for a place, "browser worker|main [alone]": those of one browser are kept together by xdist."""
    marks = [pytest.mark.xdist_group(place.split()[0]), *([pytest.mark.slow] if slow else [])]
    return pytest.param(place, *values, marks=marks, id="-".join([*place.split(), *map(str, values)]))


def open_place(place, serve, before=""):
    """Return a fresh page at a place; without isolation ("alone") no memory is shared.

    `serve` is the fixture, `before` JavaScript that runs on the main thread before Python is loaded there.
    """
    kind, thread, *alone = place.split()
    server = serve(isolated=not alone)
    server.site |= {**replay.files(), "blank.html": b"<!doctype html><title>main thread</title>"}
    page = start_browser(kind).open(server.url)
    return MainThread(page, server.url, before) if thread == "main" else page


_open = {}


def shared_place(place, serve):
    """Return a page at a place that all tests of this process share: to load Python takes seconds."""
    if place not in _open or _open[place].browser.ended:
        _open[place] = open_place(place, serve)
    _open[place].front()
    return _open[place]
