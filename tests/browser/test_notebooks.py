"""TensorWeb in JupyterLite, marimo and PyScript, each as its makers give it: on a host that knows no isolation, with wheels by micropip."""

import json
import os
import subprocess
import urllib.parse

import pytest

from tensorweb.web import wheel
from tests.browser import distribution
from tests.browser.conftest import PYODIDE, start_browser
from tests.browser.places import parameter
from tests.browser.test_page import LISTING
from tools.notebooks import COMMANDS, WHEELS

PYSCRIPT = PYODIDE.parent / "@pyscript" / "core" / "dist"
OF_MARIMO = PYODIDE.parent / "pyodide-of-marimo"  # the version that its page is made for
PLACES = [parameter("chromium", "wasm"), parameter("chromium", "webgpu"), parameter("firefox", "wasm")]
pytestmark = pytest.mark.slow

INSTALLS = """
import micropip
await micropip.install({wheels!r})
import tensorweb as tw
await tw.ready({backend!r})
"""
SHOWS = """
from tensorweb.web import show
show(tw.ones((4, 4, 3)), "white")
print("ended on", tw.get_backend())
"""
WIDTH = "const picture = document.querySelector(argument); await picture.decode(); return picture.naturalWidth;"


@pytest.fixture(scope="module")
def host(tmp_path_factory, plain_host):
    """A folder with Pyodide's distribution and the wheels, and its address."""
    if not (WHEELS.is_dir() and OF_MARIMO.is_dir()):
        pytest.skip("no JupyterLite and marimo here: python -m tools.notebooks installs them")
    folder = tmp_path_factory.mktemp("notebooks")
    for name, pyodide in (("pyodide", PYODIDE), ("pyodide-of-marimo", OF_MARIMO)):
        distribution.write(folder / name, pyodide, WHEELS)
    for name in ("tensorweb", "tensorweb_houses"):
        (folder / wheel.name(name)).write_bytes(wheel.make(name))
    return folder, plain_host(folder)


def installs(address, backend):
    """Return the first lines of a notebook."""
    return INSTALLS.format(wheels=[f"{address}/{wheel.name(name)}" for name in ("tensorweb", "tensorweb_houses")], backend=backend)


@pytest.fixture(scope="module")
def jupyterlite(host, tmp_path_factory):
    """The address of JupyterLite's console of one cell."""
    folder, address = host
    here = tmp_path_factory.mktemp("lite")
    kernel = {"pyodideUrl": f"{address}/pyodide/pyodide.mjs", "disablePyPIFallback": True}
    settings = {"litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel}}
    (here / "jupyter-lite.json").write_text(json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": settings}))
    command = [COMMANDS / "jupyter", "lite", "build", "--output-dir", folder / "lite", "--apps", "repl", "--no-sourcemaps"]
    subprocess.run(command, cwd=here, check=True, capture_output=True)
    return f"{address}/lite/repl/index.html?kernel=python&execute=1&code="


@pytest.mark.parametrize("kind, backend", PLACES)
def test_jupyterlite(kind, backend, host, jupyterlite):
    page = start_browser(kind).open(jupyterlite + urllib.parse.quote(installs(host[1], backend) + LISTING + SHOWS))
    page.wait_for_text(".jp-OutputArea", "ended on")
    printed = page.text(".jp-OutputArea")
    assert 8.5 < float(printed.split()[0]) < 9.5 and f"ended on {backend}" in printed
    assert page.evaluate(WIDTH, ".jp-OutputArea img") == 4
    page.close()


NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
async def _():
    {program}
    f"at 5 it is {{float(model.predict(tw.tensor([[5.0]]), verbose=0)[0, 0])}} on {{tw.get_backend()}}"
    return (tw,)


@app.cell
def _(tw):
    from tensorweb.web import show
    show(tw.ones((4, 4, 3)), "white")
    return
"""


def export(program, source, folder, address):
    """Let marimo export a notebook into a folder, and tell its page where Pyodide lies."""
    (source / "notebook.py").write_text(NOTEBOOK.format(program=program.strip().replace("\n", "\n    ")))
    command = [COMMANDS / "marimo", "export", "html-wasm", "notebook.py", "--no-sandbox", "--output", folder]
    environment = os.environ | {"PATH": f"{COMMANDS}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(command, cwd=source, check=True, capture_output=True, stdin=subprocess.DEVNULL, env=environment)
    pyodide, page = f"{address}/pyodide-of-marimo/", folder / "index.html"
    places = {"pyodide-index": pyodide, "pyodide-lockfile": f"{pyodide}pyodide-lock.json", "pypi-index": f"{address}/none/"}
    told = "".join(f' data-{name}-url="{url}"' for name, url in places.items())
    before = page.read_text()
    page.write_text(before.replace("<marimo-wasm", f"<marimo-wasm{told}"))
    assert page.read_text() != before


@pytest.mark.parametrize("kind, backend", PLACES)
def test_marimo(kind, backend, host, tmp_path):
    folder, address = host
    export(installs(address, backend) + LISTING, tmp_path, folder / "marimo", address)
    page = start_browser(kind).open(f"{address}/marimo/index.html")
    page.wait_for_text(".output-area", "at 5 it is")
    *_, value, _, ran_on = page.text(".output-area").strip("'").split()
    assert 8.5 < float(value) < 9.5 and ran_on == backend
    page.evaluate("while (!document.querySelector('.output-area img')) await new Promise((next) => setTimeout(next, 20));")
    assert page.evaluate(WIDTH, ".output-area img") == 4
    page.close()


SCRIPT = """<!doctype html><title>PyScript</title><link rel="icon" href="data:,">
<script type="module" src="pyscript/core.js"></script>
<output id="answer"></output>
<script type="py" config='{config}'>
{program}
from pyscript import document
document.getElementById("answer").innerText = f"{{float(model.predict(tw.tensor([[5.0]]), verbose=0)[0, 0])}} on {{tw.get_backend()}}"
</script>
"""


@pytest.mark.parametrize("kind, backend", PLACES)
def test_pyscript(kind, backend, host):
    folder, address = host
    if not (folder / "pyscript").exists():
        (folder / "pyscript").symlink_to(PYSCRIPT)
    config = {"interpreter": "pyodide/pyodide.mjs", "packages": [f"./{wheel.name(name)}" for name in ("tensorweb", "tensorweb_houses")]}
    program = f"import tensorweb as tw\nawait tw.ready({backend!r})\n{LISTING}"
    (folder / "script.html").write_text(SCRIPT.format(config=json.dumps(config), program=program))
    page = start_browser(kind).open(f"{address}/script.html")
    page.wait_for_text("#answer", " on ")
    value, _, ran_on = page.text("#answer").split()
    assert 8.5 < float(value) < 9.5 and ran_on == backend
    page.close()
