"""Fixtures of the browser tests: one server and one browser of a kind for all tests of a process; a page is fresh for each test."""

import functools
import http.server
import importlib.metadata
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tensorweb.web import pyodide_files
from tensorweb.web.server import Server
from tensorweb.web.site import make
from tests.browser import replay
from tests.browser.driver import Browser, missing

ROOT = Path(__file__).parents[2]
PYODIDE = ROOT / "tests" / "node_modules" / "pyodide"


def in_browser(*kinds, slow=()):
    """Return fixture parameters, kept together by xdist so that each browser is started once; `slow` ones are for `make test-all`."""
    return [pytest.param(kind, marks=[pytest.mark.xdist_group(kind), *([pytest.mark.slow] if kind in slow else [])]) for kind in kinds]


# For what the page's own code does, where one browser shows in `make test` that it works.
one_browser_quick = pytest.mark.parametrize("browser", in_browser("chromium", "firefox", slow=["firefox"]), indirect=True)


_started = {}


def start_browser(kind):
    """Return the browser of a kind, started when it is first asked for; the test is skipped where it is not installed."""
    if kind not in _started:
        _started[kind] = new_browser(kind)
    return _started[kind]


def new_browser(kind, proxy=""):
    """Return a browser of a test's own, which closes it; the test is skipped where it is not installed."""
    lacking = missing(kind)
    if lacking:
        pytest.skip(lacking)
    return Browser(kind, proxy)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """End a browser when the last test of its group is over: it holds gigabytes, and its pages go on drawing.

    Only xdist runs groups one after the other.
    """
    group, then = _group(item), nextitem and _group(nextitem)
    if "PYTEST_XDIST_WORKER" in os.environ and group != then and group in _started:
        _started.pop(group).close()


def _group(item):
    mark = item.get_closest_marker("xdist_group")
    return mark and mark.args[0]


@pytest.fixture(scope="session", autouse=True)
def _browsers_end():
    yield
    for browser in _started.values():
        browser.close()


@pytest.fixture(scope="session", params=in_browser("chromium", "firefox"))
def browser(request):
    """Chromium, then Firefox, both without a window."""
    return start_browser(request.param)


@pytest.fixture(scope="session")
def serve():
    """A function that serves a site until the tests end, and returns the server."""
    servers = []

    def start(script=None, isolated=True, more=()):
        folder = pyodide_files.find(str(PYODIDE))
        server = Server(make(script, folder, more), 0, folder, isolated, keep_log=True)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def plain_host():
    """A function that serves a folder with Python's own server, which knows no isolation."""
    servers = []

    def start(folder):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def pip_wheel(tmp_path_factory):
    """The wheel that pip makes of this checkout."""
    if not _new_setuptools():
        pytest.skip("no setuptools 77 here")
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "tensorweb", folder / "tensorweb", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index", "."]
    subprocess.run(command, cwd=folder, check=True)
    return next(folder.glob("*.whl"))


def _new_setuptools():
    try:
        return int(importlib.metadata.version("setuptools").partition(".")[0]) >= 77
    except importlib.metadata.PackageNotFoundError:
        return False


@pytest.fixture(scope="session")
def playground(serve):
    """The server of the playground, with isolation, and with the cases that replay.py puts in the page."""
    server = serve()
    server.site |= replay.files()
    return server


@pytest.fixture(scope="session")
def plain_playground(serve):
    """The server of the playground without isolation, as any static host."""
    return serve(isolated=False)


@pytest.fixture
def shared_page(browser, serve):
    """A page of the playground that other tests use, too."""
    from tests.browser.places import shared_place  # which imports from this file

    return shared_place(f"{browser.kind} worker", serve)


@pytest.fixture
def page(browser, playground):
    """A fresh page of the playground."""
    opened = browser.open(playground.url)
    yield opened
    opened.close()
