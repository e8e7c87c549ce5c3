"""The page in Chromium and Firefox: programs run, print, fail and are stopped, and the page goes on drawing."""

import contextlib
import io

import pytest

from tests.browser.conftest import one_browser_quick
from tests.browser.places import parameter, shared_place

LISTING = """
import tensorweb as tw

tw.utils.set_random_seed(1)
model = tw.Sequential([tw.layers.Dense(units=1, input_shape=[1])])
model.compile(loss="mean_squared_error", optimizer="sgd")
model.fit(tw.tensor([[1.], [2.], [3.], [4.]]), tw.tensor([[1.], [3.], [5.], [7.]]), epochs=200, verbose=0)
print(float(model.predict(tw.tensor([[5.]]), verbose=0)[0, 0]))
"""
ENDLESS = "print('begun')\nn = 0\nwhile True:\n    n += 1\n"


def wait_for(page, text):
    """Wait until the program has printed a text."""
    page.evaluate(
        "while (!window.told.stdout.includes(argument)) await new Promise((next) => setTimeout(next, 20));",
        text,
    )


def wait_for_frames(page, count):
    """Wait until the page has drawn so many frames more."""
    page.evaluate("while (window.tensorweb.frames < argument) await new Promise((next) => setTimeout(next, 20));", page.frames + count)


PLACES = {"chromium": ["wasm", "webgpu", "webgl", "python"], "firefox": ["wasm", "webgpu"], "firefox-headed": ["webgl"]}


# This program reads often, and each read takes 100 ms in Firefox's WebGPU.
SLOW_TO_READ = [("firefox", "webgpu"), ("firefox-headed", "webgl")]


@pytest.mark.parametrize(
    "kind, backend", [parameter(kind, b, slow=(kind, b) in SLOW_TO_READ) for kind, backends in PLACES.items() for b in backends]
)
def test_listing_1_gives_what_it_gives_here(serve, kind, backend):
    result = shared_place(f"{kind} worker", serve).run(LISTING, backend=backend)
    assert result["ok"] and result["backend"] == backend, result["error"]
    with contextlib.redirect_stdout(io.StringIO()) as here:
        exec(LISTING, {})
    assert 8.5 < float(result["stdout"]) < 9.5
    assert abs(float(result["stdout"]) - float(here.getvalue())) < 1e-3


def test_what_is_printed_arrives_by_stream_and_whole(shared_page):
    program = "import sys\nfor i in range(20000):\n    print('line', i)\nprint('wrong', file=sys.stderr)\nprint('grün ✓', end='')"
    result = shared_page.run(program)
    assert result["stdout"] == "".join(f"line {i}\n" for i in range(20000)) + "grün ✓"
    assert result["stderr"] == "wrong\n"


def test_lines_arrive_while_the_program_runs(shared_page):
    shared_page.start(ENDLESS)
    wait_for(shared_page, "begun\n")
    shared_page.stop()
    assert shared_page.finish()["stopped"]


def test_awaiting_and_waiting(shared_page):
    program = """
import asyncio
import tensorweb as tw
from pyodide.ffi import run_sync

async def twice(x):
    await asyncio.sleep(0.01)
    return float(x * 2), run_sync(asyncio.sleep(0.01, 5))

first = await twice(tw.tensor(4.0))
second, third = await asyncio.gather(twice(tw.tensor(1.0)), twice(tw.tensor(2.0)))
print(first, second, third, (await tw.tensor([7.0]).data())[0])
"""
    result = shared_page.run(program)
    assert result["stdout"] == "(8.0, 5) (2.0, 5) (4.0, 5) 7.0\n", result["error"]


ERRORS = {
    "of the program": (
        "def f(x):\n    return 1 / x\n\nf(0)\n",
        2,
        ["line 4, in <module>", "line 2, in f", "ZeroDivisionError: division by zero"],
    ),
    "of the library": (
        "import tensorweb as tw\n\ntw.matmul(tw.ones((2, 3)), tw.ones((2, 3)))\n",
        3,
        ["line 3, in <module>", "ShapeError: matmul:"],
    ),
    "of syntax": ("x = 1\ny = (\n", 2, ["line 2", "SyntaxError"]),
    "with its cause": (
        "try:\n    {}['a']\nexcept KeyError as e:\n    raise ValueError('b') from e\n",
        4,
        ["KeyError: 'a'", "ValueError: b"],
    ),
    "after an await": ("import asyncio\nawait asyncio.sleep(0)\nraise OSError('lost')\n", 3, ["line 3", "OSError: lost"]),
    "of exit": ("import sys\nsys.exit(3)\n", None, ["SystemExit: 3"]),
    "of an import": ("import tensorweb.nothing\n", 1, ["No module named 'tensorweb.nothing'"]),
}


@pytest.mark.parametrize("which", ERRORS)
def test_errors_come_with_the_programs_own_lines(shared_page, which):
    program, line, texts = ERRORS[which]
    result = shared_page.run(program)
    assert not result["ok"] and not result["stopped"]
    assert result["line"] == line
    for text in texts:
        assert text in result["error"]
    assert "site-packages" not in result["error"] and "runner.py" not in result["error"]


def test_an_endless_loop_is_stopped_and_the_next_program_runs(shared_page):
    for program in (ENDLESS, "import asyncio\nprint('begun')\nawait asyncio.sleep(1000)"):
        shared_page.start(program)
        wait_for(shared_page, "begun")
        shared_page.stop()
        result = shared_page.finish()
        assert result["stopped"] and not result["ok"]
        assert shared_page.run("print(6 * 7)")["stdout"] == "42\n"


@one_browser_quick
def test_a_dead_python_is_replaced(shared_page):
    result = shared_page.run("import os\nos.abort()")
    assert not result["ok"] and not result["stopped"] and result["error"]
    assert shared_page.run("print(6 * 7)")["stdout"] == "42\n"


def test_javascript_that_fails_on_its_own_is_told(shared_page):
    program = """
import asyncio
from pyodide.code import run_js

run_js("setTimeout(() => { throw new Error('on its own') }, 0)")
await asyncio.sleep(0.2)
print("still here")
"""
    result = shared_page.run(program)
    assert result["ok"] and result["stdout"] == "still here\n" and "on its own" in result["stderr"]


@one_browser_quick
def test_a_loop_that_will_not_stop_loses_its_worker(shared_page):
    shared_page.start("print('begun')\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass\n")
    wait_for(shared_page, "begun")
    shared_page.stop()
    assert shared_page.finish()["stopped"]
    assert shared_page.run("print(6 * 7)")["stdout"] == "42\n"


TRAINING = """
import tensorweb as tw

w = tw.Variable(tw.ones((64, 64)))
print("begun")
while True:
    w.assign(tw.tanh(tw.matmul(w, w)))
    float(w[0, 0])
"""


@pytest.mark.xdist_group("chromium")  # which has all backends
@pytest.mark.parametrize("backend", ["wasm", "webgpu", "webgl"])
def test_a_loop_that_trains_leaves_the_page_drawing_and_is_stopped(serve, backend):
    page = shared_place("chromium worker", serve)
    page.start(TRAINING, backend=backend)
    wait_for(page, "begun")
    wait_for_frames(page, 30)
    page.stop()
    result = page.finish()
    assert result["stopped"] and result["backend"] == backend, "its worker was ended"
    result = page.run("import tensorweb as tw\nprint(float(tw.sum(tw.ones((64, 64)))))", backend=backend)
    assert result["stdout"] == "4096.0\n" and result["backend"] == backend, result["error"]


@one_browser_quick
def test_without_shared_memory_a_loop_is_stopped_too(browser, plain_playground):
    page = browser.open(plain_playground.url)
    assert not page.evaluate("return crossOriginIsolated")
    page.start(ENDLESS)
    wait_for(page, "begun")
    page.stop()
    assert page.finish()["stopped"]
    assert page.run("print(6 * 7)")["stdout"] == "42\n"
    page.close()


@one_browser_quick
@pytest.mark.parametrize("isolated", [True, False])
def test_the_last_of_many_lines_arrives_while_the_program_computes_on(browser, playground, plain_playground, isolated):
    page = browser.open((playground if isolated else plain_playground).url)
    page.start("for i in range(2000):\n    print('line', i)\n" + ENDLESS)
    wait_for(page, "line 1999\nbegun\n")
    page.close()


def test_the_page_draws_while_a_program_computes_and_prints(shared_page):
    shared_page.start("print('begun')\nwhile True:\n    print('x' * 100)\n")
    wait_for(shared_page, "begun")
    wait_for_frames(shared_page, 30)
    assert shared_page.evaluate("return window.tensorweb.session.state") == "running"
    shared_page.stop()
    assert shared_page.finish()["stopped"]
    assert shared_page.evaluate("return document.getElementById('console').children.length") <= 2000


LEFT_BEHIND = """
import asyncio

left = 1

async def later():
    await asyncio.sleep(0.05)
    print("too late")

task = asyncio.create_task(later())
"""


def test_a_run_begins_afresh(shared_page):
    assert shared_page.run(LEFT_BEHIND)["ok"]
    result = shared_page.run("import asyncio, __main__\nawait asyncio.sleep(0.2)\nprint('left' in globals(), __main__.__name__, __name__)")
    assert result["stdout"] == "False __main__ __main__\n"


# Firefox now and then never ends setting up WebAssembly in one of two tabs that begin together; why is not found.
@one_browser_quick
def test_two_tabs_at_once(page, browser, playground):
    other = browser.open(playground.url)
    page.start(TRAINING)
    wait_for(page, "begun")
    assert other.run("import tensorweb as tw\nprint(float(tw.sum(tw.ones(5))))")["stdout"] == "5.0\n"
    assert page.evaluate("return window.tensorweb.session.state") == "running"
    page.stop()
    assert page.finish()["stopped"]
    other.close()


def test_reload_in_the_middle_of_a_run(page):
    page.start(ENDLESS)
    wait_for(page, "begun")
    page.call("reload")
    assert page.run("print(6 * 7)")["stdout"] == "42\n"


def test_flags_are_those_of_the_page_in_each_run(shared_page):
    program = "import tensorweb as tw\nprint(tw.flags.get('DEBUG'), tw.flags.get('PLAN_LIMIT'))\ntw.flags.set('PLAN_LIMIT', 9)"
    assert shared_page.run(program, flags="DEBUG:true,PLAN_LIMIT:7")["stdout"] == "True 7\n"
    assert shared_page.run(program)["stdout"] == "False 4096\n", "a run sees what a run before it set"
    for wrong, text in {"DEBGU:true": "'DEBGU'", "DEBUG:maybe": "expected true or false, got 'maybe'", "DEBUG": "NAME:value"}.items():
        result = shared_page.run(program, flags=wrong)
        assert not result["ok"] and text in result["error"] and result["stdout"] == ""


def test_the_backend_is_the_one_that_is_asked_for(shared_page):
    program = "import tensorweb as tw\nprint(tw.get_backend())\ntw.set_backend('python')"
    for backend in ("wasm", "python", "wasm"):
        assert shared_page.run(program, backend=backend)["stdout"] == f"{backend}\n"
    result = shared_page.run(program, backend="abacus")
    assert not result["ok"] and "'abacus'" in result["error"]


def test_pictures(shared_page):
    program = """
import tensorweb as tw
from tensorweb.web import show

show(tw.reshape(tw.linspace(0.0, 1.0, 12), (3, 4)), "grey")
show(tw.cast(tw.ones((2, 2, 3)) * 200, "int32"))
show('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="9"></svg>', "drawn")
show(tw.ones((2, 3, 5)))
"""
    result = shared_page.run(program)
    assert [(p["kind"], p["title"]) for p in result["pictures"]] == [("image/png", "grey"), ("image/png", ""), ("image/svg+xml", "drawn")]
    assert result["line"] == 8 and "got shape (2, 3, 5)" in result["error"]
    sizes = """
      const images = [...document.querySelectorAll("figure img")].slice(-3);
      await Promise.all(images.map((image) => image.decode?.().catch(() => null)));
      return images.map((image) => [image.naturalWidth, image.naturalHeight]);"""
    assert shared_page.evaluate(sizes) == [[4, 3], [2, 2], [8, 9]]
