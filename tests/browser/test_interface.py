"""What a user sees and does: a served script with its files, buttons, keys, flags in the address; and nothing leaves the machine."""

import os
import re

import pytest

from tests.browser.conftest import ROOT, new_browser, one_browser_quick

FILES = {
    "line.py": '''"""Learn a line through noisy points, and draw it."""

import tensorweb as tw
from drawing import plot
from tensorweb.web import show

tw.utils.set_random_seed(1)
x = tw.reshape(tw.linspace(-1.0, 1.0, 80), (-1, 1))
y = 2.0 * x - 0.5 + tw.random.normal((80, 1), stddev=0.2)

model = tw.Sequential([tw.Input((1,)), tw.layers.Dense(1)])
model.compile(loss="mean_squared_error",
              optimizer=tw.optimizers.SGD(0.2))
model.fit(x, y, epochs=5, batch_size=16)

slope, intercept = (float(tw.sum(w)) for w in model.weights)
print(f"y = {slope:.2f} x {intercept:+.2f}")
show(plot(x, y, slope, intercept), "points, and the line they gave")
print(open("data/notes.txt").read())
''',
    "drawing.py": '''"""A plot as SVG."""


def plot(x, y, slope, intercept):
    """Return points and a line."""
    at = lambda a, b: f"{200 + 190 * a:.1f},{90 - 30 * b:.1f}"
    points = [at(a, b).split(",") for a, b in zip(x.data_sync(), y.data_sync())]
    circles = "".join(f'<circle cx="{a}" cy="{b}" r="3"/>' for a, b in points)
    line = f'<polyline points="{at(-1, intercept - slope)} {at(1, intercept + slope)}" stroke="#c2410c" stroke-width="2"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="180"><g fill="#0d6b74">{circles}</g>{line}</svg>'
''',
    "data/notes.txt": "true slope 2, true intercept -0.5",
}


@pytest.fixture
def script(tmp_path):
    """A script with a module of its own and a file that it opens."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path / "line.py"


def test_a_served_script_runs_by_itself_with_its_files(browser, serve, script):
    server = serve(script)
    page = browser.open("about:blank")
    page.call("size", width=1280, height=720)
    page.goto(server.url)
    page.wait_for_text("#console", "Done after")
    printed = page.text("#console")
    assert "true slope 2, true intercept -0.5" in printed and "y = " in printed
    assert printed.count("5/5 ") == 5, "progress bars are not drawn in place"
    assert page.evaluate("return document.title") == "line.py · TensorWeb"
    assert page.evaluate("const image = document.querySelector('figure img');\nawait image.decode();\nreturn image.naturalWidth;") == 400
    if os.environ.get("TENSORWEB_WRITE_PICTURES") and browser.kind == "chromium":
        page.call("screenshot", file=str(ROOT / "docs" / "images" / "page.png"))
    own = (server.url, f"blob:{server.url}", "data:")
    assert [url for url in page.call("requests") if not url.startswith((*own, "about:"))] == []
    asked = {path for _, _, path in server.log}
    assert "/files/data/notes.txt" in asked and all(status == 200 for status, _, _ in server.log), server.log
    assert page.call("errors") == []
    page.close()


FILES_WRITTEN = """
import os

print(os.listdir("data"), os.path.getsize("data/notes.txt"), os.path.exists("data/none.txt"))
with open("data/notes.txt", "r+") as file:
    print(file.read(4), file.seek(0), file.write("TRUE "))
print(open("data/notes.txt").read())
with open("drawing.py", "a") as file:
    print(file.write("# more"))
print(len(open("drawing.py").read()))
with open("gone.txt", "w") as file:
    print(file.write("new"))
print(open("gone.txt").read())
try:
    open("lost.txt").read()
except OSError as error:
    print(error)
"""


@one_browser_quick
def test_files_of_the_script_can_be_written_as_any(browser, serve, tmp_path):
    for path, text in (FILES | {"gone.txt": "old", "lost.txt": "there", "script.py": FILES_WRITTEN}).items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    server = serve(tmp_path / "script.py")
    (tmp_path / "lost.txt").unlink()
    page = browser.open(server.url)
    page.wait_for_text("#console", " after ")
    notes, drawing = FILES["data/notes.txt"], len(FILES["drawing.py"])
    assert page.text("#console").splitlines()[:8] == [
        f"['notes.txt'] {len(notes)} False", "true 0 5", "TRUE " + notes[5:], "6", str(drawing + 6), "3", "new",
        "[Errno 29] I/O error",
    ]  # fmt: skip
    assert (tmp_path / "gone.txt").read_text() == "old", "the page writes to the disk"
    page.close()


ELSEWHERE = """
const tags = { img: "src", script: "src", iframe: "src", link: "href", video: "src" };
for (const [tag, attribute] of Object.entries(tags)) {
  document.body.append(Object.assign(document.createElement(tag), { rel: "stylesheet", [attribute]: `${argument}${tag}` }));
}
navigator.sendBeacon(`${argument}beacon`, "told");
const attempts = {
  fetch: () => fetch(`${argument}data`, { mode: "no-cors" }),
  import: () => import(`${argument}module.js`),
  worker: () => new Promise((_, fail) => (new Worker(`${argument}worker.js`).onerror = fail)),
  socket: () => new Promise((go, fail) => Object.assign(new WebSocket(argument.replace("http", "ws")), { onopen: go, onerror: fail })),
};
const refused = [];
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
  } catch {
    refused.push(name);
  }
}
await new Promise((next) => setTimeout(next, 500));
return refused;
"""


IN_USE = """
import tensorweb as tw
from tensorweb.web import show

model = tw.Sequential([tw.layers.Dense(4, activation="relu", input_shape=[3]), tw.layers.Dense(1)])
model.compile(loss="mean_squared_error", optimizer="sgd")
model.fit(tw.ones((8, 3)), tw.ones((8, 1)), epochs=2)
show(tw.ones((8, 8)), "white")
print(tw.data.mnist().test_images.shape)
1 / 0
"""
UNWATCHED = """
const code = 'fetch("http://elsewhere.test/worker", { mode: "no-cors" }).finally(() => postMessage(1));';
const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
await new Promise((next) => (worker.onmessage = next));
await fetch("http://elsewhere.test/page", { mode: "no-cors" }).catch(() => null);
await fetch("https://elsewhere.test/", { mode: "no-cors" }).catch(() => null);
await new Promise((next) => Object.assign(new WebSocket("ws://elsewhere.test/"), { onopen: next, onerror: next }));
"""


# What a browser asks of its maker, whatever page is open.
MAKERS = re.compile(r"(http://)?[\w-]+(\.[\w-]+)*\.(google|googleapis|mozilla)\.com[:/]")


@pytest.mark.parametrize("kind, backends", [
    pytest.param("chromium", ["wasm", "webgpu", "webgl"], marks=pytest.mark.xdist_group("chromium")),
    pytest.param("firefox", ["wasm", "webgpu"], marks=[pytest.mark.xdist_group("firefox"), pytest.mark.slow]),
])  # fmt: skip
def test_a_page_in_use_asks_nobody_but_its_server(serve, kind, backends):
    """The server is the browser's proxy for everything: what the browser asks of anybody stands in its log."""
    server = serve()
    browser = new_browser(kind, proxy=f"127.0.0.1:{server.server_port}")
    try:
        page = browser.open(server.url)
        for backend in backends:
            result = page.run(IN_USE, backend=backend)
            assert result["backend"] == backend and "ZeroDivisionError" in result["error"] and result["pictures"]
        page.close()
        asked = {path for _, _, path in server.log}
        assert f"{server.url}pyodide/pyodide.asm.wasm" in asked and any("tensorweb_datasets" in path for path in asked)
        assert [path for path in asked if not path.startswith(server.url) and not MAKERS.match(path)] == []
        browser.open("about:blank").evaluate(UNWATCHED)  # what would have been seen
        asked = {path for _, _, path in server.log}
        assert {"http://elsewhere.test/worker", "http://elsewhere.test/page", "elsewhere.test:443", "elsewhere.test:80"} <= asked
    finally:
        browser.close()


@one_browser_quick
def test_what_would_leave_the_machine_is_refused(page, serve):
    elsewhere = serve()  # another origin
    assert page.evaluate(ELSEWHERE, elsewhere.url) == ["fetch", "import", "worker", "socket"]
    program = f"""
from pyodide.http import pyfetch
from pyodide.code import run_js
for attempt in (lambda: pyfetch({elsewhere.url!r}), lambda: run_js("import({elsewhere.url!r} + 'page/console.js')")):
    try:
        await attempt()
    except BaseException as error:
        print("refused")
try:
    run_js("const r = new XMLHttpRequest(); r.open('GET', {elsewhere.url!r}, false); r.send()")
except BaseException as error:
    print("refused")
"""
    result = page.run(program)
    assert result["stdout"] == "refused\n" * 3, result["error"]
    assert elsewhere.log == []


def write(page, text):
    """Write a program in the editor in place of what is there."""
    page.ready()
    page.evaluate("const editor = document.getElementById('editor');\neditor.focus();\neditor.select();")
    page.call("type", selector="#editor", text=text)


def press(page, held, key):
    """Press a key while another is held."""
    page.call("down", key=held)
    page.call("press", keys=[key])
    page.call("up", key=held)


def test_writing_running_and_stopping_by_keys_and_buttons(page):
    write(page, "for i in range(2):\nprint(i)\n")
    page.call("press", keys=["Backspace"] * 4)
    page.call("type", selector="#editor", text="1 / 0")
    assert page.value("#editor") == "for i in range(2):\n    print(i)\n1 / 0", "Enter does not indent"
    press(page, "Control", "Enter")
    page.wait_for_text("#console", "Failed after")
    assert page.text("#console").startswith("0\n1\n") and "ZeroDivisionError" in page.text("#console")
    assert page.text("#numbers .wrong") == "3"
    write(page, "print('begun')\nwhile True: pass")
    assert page.text("#numbers").split() == ["1", "2"] and page.text("#numbers .wrong") == ""
    page.call("click", selector="#run")
    page.wait_for_text("#console", "begun")
    page.call("click", selector="#stop")
    page.wait_for_text("#console", "Stopped after")
    page.wait_for_text("#state", "ready")
    page.call("reload")
    page.ready()
    assert page.value("#editor") == "print('begun')\nwhile True: pass", "what was written is lost on reload"


@one_browser_quick
def test_tab_indents_and_escape_lets_it_go(page):
    write(page, "a\nb")
    page.evaluate("document.getElementById('editor').setSelectionRange(0, 3);")
    page.call("press", keys=["Tab"])
    assert page.value("#editor") == "    a\n    b"
    press(page, "Shift", "Tab")
    assert page.value("#editor") == "a\nb"
    page.call("press", keys=["ArrowRight", "Tab"])
    assert page.value("#editor") == "a\nb   "
    page.call("press", keys=["Escape", "Tab"])
    assert page.evaluate("return document.activeElement.id") != "editor"


@one_browser_quick
def test_the_picker_has_the_backends_and_is_obeyed(page):
    backends = page.ready()["backends"]
    options = page.evaluate("return [...document.querySelectorAll('#backend option')].map((option) => option.value);")
    assert options == ["", *backends] and {"wasm", "python"} <= set(backends)
    write(page, "import tensorweb as tw; tw.ones(2)")
    page.evaluate("document.getElementById('backend').value = 'python';")
    page.call("click", selector="#run")
    page.wait_for_text("#console", "on python.")


@one_browser_quick
@pytest.mark.parametrize("flags, text", [("BACKEND:python", "on python."), ("BACKENT:python", "'BACKENT'")])
def test_flags_in_the_address(browser, serve, script, flags, text):
    script.write_text("print('begun')")
    page = browser.open(f"{serve(script).url}?tensorwebflags={flags}")
    page.wait_for_text("#console", " after ")
    assert text in page.text("#console") and ("begun" in page.text("#console")) == (flags == "BACKEND:python")
    page.close()
