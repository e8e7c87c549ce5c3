"""Real browsers for the tests: Python's side of driver.mjs, and what a page of ours can be asked."""

from __future__ import annotations

import itertools
import json
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path

from tools.node import node

HERE = Path(__file__).parent
EXECUTABLES = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "firefox": ("firefox-esr", "firefox")}


def missing(kind: str) -> str | None:
    """Return what is not installed of what a kind of browser ("chromium", "firefox", "firefox-headed") needs, or None."""
    if node() is None:
        return "no Node here"
    for package in ("puppeteer-core", "pyodide"):
        if not (HERE.parent / "node_modules" / package).is_dir():
            return f"no npm package {package} here: python -m tools.node installs it"
    if kind.endswith("headed") and shutil.which("xvfb-run") is None:
        return "no xvfb-run here: python -m tools.browsers installs it, as root"
    return None if _executable(kind) else f"no {kind.partition('-')[0]} here: python -m tools.browsers installs it, as root"


def _executable(kind: str) -> str | None:
    return next(filter(None, map(shutil.which, EXECUTABLES[kind.partition("-")[0]])), None)


class Browser:
    """A browser that runs until `close`; `proxy` ("host:port") is asked for everything, what lies on this machine too."""

    def __init__(self, kind: str, proxy: str = ""):
        self.kind, self.ended = kind, False
        name, _, headed = kind.partition("-")
        options = [*(["--headed"] if headed else []), *([f"--proxy={proxy}"] if proxy else [])]
        command = [str(node()), str(HERE / "driver.mjs"), name, *options]
        if headed:
            command = ["xvfb-run", "-a", *command]
        environment = os.environ | {"BROWSER_PATH": str(_executable(kind))}
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self._answers: queue.Queue[dict] = queue.Queue()
        self._ids = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()
        self.version = self.call("version")

    def _read(self):
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put({"id": None, "error": f"{self.kind} ended with {self._process.wait()}"})

    def call(self, method, timeout=180, **given):
        """Return what a method of driver.mjs returns; raise if it fails, or after `timeout` seconds."""
        number = next(self._ids)
        self._process.stdin.write(json.dumps({"id": number, "method": method, **given}) + "\n")
        self._process.stdin.flush()
        while True:
            try:
                answer = self._answers.get(timeout=timeout)
            except queue.Empty:
                raise TimeoutError(f"{self.kind}: no answer to {method} within {timeout} s") from None
            if answer["id"] in (number, None):  # an answer that came too late belongs to nobody
                if "error" in answer:
                    raise RuntimeError(f"{self.kind}: {method}: {answer['error']}")
                return answer["value"]

    def open(self, url, before=""):
        """Return a new page at an address; `before` is JavaScript that runs before its own."""
        page = Page(self, self.call("open"))
        if before:
            page.call("before", code=before)
        page.goto(url)
        return page

    def close(self):
        """End the browser."""
        self.ended = True
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()


class Page:
    """A tab. `run` and what comes after it are for the page of `tensorweb serve`."""

    def __init__(self, browser, number):
        self.browser, self.number = browser, number

    def call(self, method, timeout=180, **given):
        """Return what a method of driver.mjs returns for this tab."""
        return self.browser.call(method, timeout, page=self.number, **given)

    def goto(self, url):
        """Go to an address, and wait until the page is loaded."""
        self.call("goto", url=url)

    def front(self):
        """Put the tab before the others, which stop drawing."""
        self.call("front")

    def evaluate(self, code, argument=None, timeout=180):
        """Return the value of the body of an async JavaScript function of `argument`; a time-out tells what the page was at."""
        try:
            return self.call("evaluate", timeout, code=code, argument=argument)
        except TimeoutError as error:
            error.add_note(self._state())
            raise

    def _state(self):
        state = "return [window.tensorweb?.session.state, window.told, document.hidden, window.tensorweb?.frames];"
        try:
            return f"{self.call('evaluate', 10, code=state)}, errors: {self.call('errors', 10)}"
        except TimeoutError:
            return "The page answers nothing at all."

    def text(self, selector):
        """Return the text that an element shows; "" if there is none."""
        return self.evaluate("return document.querySelector(argument)?.innerText ?? '';", selector)

    def value(self, selector):
        """Return the value of a form's element."""
        return self.evaluate("return document.querySelector(argument).value;", selector)

    def wait_for_text(self, selector, text, timeout=180):
        """Wait until an element shows a text."""
        waits = (
            "while (!document.querySelector(argument[0])?.innerText.includes(argument[1])) await new Promise((go) => setTimeout(go, 20));"
        )
        self.evaluate(waits, [selector, text], timeout)

    def close(self):
        """Close the tab, if the browser has not ended."""
        if not self.browser.ended:
            self.call("close")

    def ready(self):
        """Wait until Python runs in the page; return {python, version, backends}."""
        return self.evaluate(
            "while (!window.tensorweb) await new Promise((next) => setTimeout(next, 20));\nreturn await window.tensorweb.session.ready;"
        )

    def run(self, source, name="test.py", backend="", flags="", timeout=180):
        """Run a Python program; return {ok, stopped, error, line, backend, seconds, stdout, stderr, pictures}."""
        self.start(source, name, backend, flags)
        return self.finish(timeout)

    def start(self, source, name="test.py", backend="", flags=""):
        """Start a Python program and return at once, when it is with the worker."""
        self.ready()
        self.evaluate(START, {"source": source, "name": name, "backend": backend, "flags": flags})

    def finish(self, timeout=180):
        """Wait until the program that was started ends, and return what `run` returns."""
        return self.evaluate("return await window.ended;", timeout=timeout)

    def stop(self):
        """Stop the program, as the button does."""
        self.evaluate("window.tensorweb.session.stop();")

    @property
    def output(self):
        """What was printed up to now."""
        return self.evaluate("return window.told?.stdout;")

    @property
    def frames(self):
        """The frames that the page has drawn up to now."""
        return self.evaluate("return window.tensorweb.frames;")


START = """
const { session, listeners } = window.tensorweb;
const told = { stdout: "", stderr: "", pictures: [] };
listeners.splice(0, Infinity, (event) => {
  if (event.type === "out") told[event.stream] += event.text;
  if (event.type === "picture") told.pictures.push({ kind: event.kind, title: event.title, bytes: event.content.length });
});
window.told = told;
window.ended = session.run(argument).then((result) => ({ ...result, ...told }));
"""
