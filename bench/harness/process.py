"""A peer's process, seen from the side that measures."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers import Peer
from tests.browser import driver
from tools.node import node

from .worker import MARK

ROOT = Path(__file__).parents[2]
NODE_MODULES = ROOT / "bench" / "node_modules"
LIBRARIES = ("OMP", "OPENBLAS", "MKL", "VECLIB", "TENSORWEB")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


def thread_counts(threads: int) -> dict[str, str]:
    """Return the environment in which libraries compute with so many threads."""
    return {f"{name}_NUM_THREADS": str(threads) for name in LIBRARIES}


class PeerError(Exception):
    """A peer that failed, and what it said."""


def missing(peer: Peer) -> str | None:
    """Return what of a peer is not installed, or None."""
    if peer.place == "page" and (lacking := driver.missing("chromium")):
        return lacking
    if not peer.file.endswith(".mjs"):
        return next((f"no {name}" for name in peer.requires.split() if find_spec(name) is None), None)
    if node() is None:
        return "no Node"
    packages = [name for name in peer.requires.split() if not name.startswith("node:")]
    return next((f"no {name} in bench/node_modules" for name in packages if not (NODE_MODULES / name).exists()), None)


class Process:
    """A peer's process."""

    def __init__(self, peer: Peer, threads: int, limit: float, environment: dict[str, str] | None = None):
        self.peer, self.limit = peer, limit
        settings = {**os.environ, **QUIET, **thread_counts(threads), **peer.environment, **(environment or {})}
        arguments = [peer.requires.split()[0], peer.file, peer.variant, peer.style, str(threads)]
        in_node = peer.file.endswith(".mjs")
        start = [str(node()), str(ROOT / "bench/peers/worker.mjs")] if in_node else [sys.executable, "-m", "bench.harness.worker"]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  (closed with the process)
        self.process = subprocess.Popen(
            [*start, *arguments], cwd=ROOT, env=settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        try:
            self.hello = self._answer()
        except PeerError:
            self.close()
            raise

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and return the answer."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):  # if the process has ended, reading its answer tells why
            print(json.dumps(request), file=self.process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        timer = threading.Timer(self.limit, self.process.kill)
        timer.start()
        try:
            for line in self.process.stdout:
                if line.startswith(MARK):
                    answer = json.loads(line.removeprefix(MARK))
                    if "error" in answer:
                        raise PeerError(answer["error"])
                    return answer
        finally:
            timer.cancel()
        self.errors.seek(0)
        said = [line.strip()[:160] for line in self.errors if line.strip()]
        raise PeerError(said[-1] if said else "ended, or took too long")

    def outputs(self, folder: Path) -> list[np.ndarray]:
        """Return what the loaded case computed."""
        paths = folder.glob(f"out-{self.hello['pid']}-*.npy")
        return [np.load(p) for p in sorted(paths, key=lambda p: [int(n) for n in p.stem.split("-")[2:]])]

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()
