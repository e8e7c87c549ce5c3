"""A peer in a page, seen from the side that measures: a worker in the one page of Chromium that all of them share."""

from __future__ import annotations

import atexit
import base64
import itertools
import json
import threading
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import Peer
from tensorweb.web import pyodide_files, wheel
from tensorweb.web.server import Server
from tensorweb.web.site import Content
from tests.browser.driver import Browser

from .process import NODE_MODULES, ROOT, PeerError

PAGE = b'<!doctype html><title>Peers</title><script type="module" src="peers/page.mjs"></script>'
PACKAGES = ("@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu", "onnxruntime-web")
PYTHON = [
    *("__init__", "workloads", "harness/__init__", "harness/worker"),
    *("peers/__init__", "peers/tensorweb", "peers/keras_style", "peers/tensorweb_page"),
]


def contents() -> dict[str, Content]:
    """Return what lies behind the page, by address."""
    pyodide = pyodide_files.find(str(ROOT / "tests/node_modules/pyodide"))
    python = {f"bench/{name}.py": ROOT / "bench" / f"{name}.py" for name in PYTHON}
    wheels = {wheel.name(part): partial(wheel.make, part) for part in ("tensorweb", "tensorweb_houses")}
    site: dict[str, Content] = {"": PAGE, **wheels, **{f"python/{name}": path for name, path in python.items()}}
    library, houses = wheels
    site["bench.json"] = json.dumps({"library": library, "later": {"tensorweb.*": houses}, "files": list(python)}).encode()
    site |= {f"peers/{path.name}": path for path in (ROOT / "bench/peers").iterdir() if path.suffix in (".js", ".mjs")}
    site |= {f"pyodide/{name}": Path(pyodide) / name for name in pyodide_files.FILES}
    for folder in (NODE_MODULES / package / "dist" for package in PACKAGES):
        site |= {f"npm/{p.relative_to(NODE_MODULES)}": p for p in folder.glob("*") if p.suffix in (".js", ".mjs", ".wasm")}
    return site


@cache
def opened(isolated: bool) -> tuple[Any, Server]:
    """Return the page, which may share memory between threads if it is isolated, and its server. Both end with this process."""
    server = Server(contents(), isolated=isolated)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser = Browser("chromium")
    atexit.register(browser.close)
    return browser.open(server.url), server


class Tab:
    """A peer's worker. It answers what a `Process` does."""

    _numbers = itertools.count()

    def __init__(self, peer: Peer, threads: int, limit: float):
        self.page, self.server = opened(threads > 1)
        self.number, self.limit = next(self._numbers), limit
        self._outputs: list[np.ndarray] = []
        try:
            self.hello = self.ask(do="start", file=peer.file, variant=peer.variant, threads=threads)
        except PeerError:
            self.close()
            raise

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        if "folder" in request:
            self.server.site |= {f"case/{path.name}": path for path in Path(request["folder"]).iterdir()}
        try:
            answer = self.page.evaluate("return await window.ask(...argument);", [self.number, request], self.limit)
        except (RuntimeError, TimeoutError) as error:
            raise PeerError(str(error)) from None
        if "error" in answer:
            raise PeerError(answer["error"])
        if "outputs" in answer:
            arrays = [array for step in answer["outputs"] for array in step]
            self._outputs = [np.frombuffer(base64.b64decode(a["data"]), np.float32).reshape(a["shape"]) for a in arrays]
        return answer

    def outputs(self, folder: Path) -> list[np.ndarray]:
        """Return what the loaded case computed."""
        return self._outputs

    def close(self) -> None:
        """End the worker."""
        self.page.evaluate("window.end(argument);", self.number)
