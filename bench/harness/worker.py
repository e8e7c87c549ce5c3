"""One peer in a process of its own: `python -m bench.harness.worker REQUIRED MODULE VARIANT STYLE THREADS`.

Requests come as lines of JSON on stdin, answers leave as marked lines on stdout. `load` builds a case and answers how long building and
the first call took; `run` answers the times of a few calls. peers/worker.mjs speaks the same in Node.
"""

from __future__ import annotations

import json
import os
import sys
import time
import timeit
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

MARK = "@bench "
TIMING, BATCH = 0.01, 0.2  # seconds that one timing takes at least, and that a batch of timings takes about
LONG = 20.0  # seconds from which on the first call is the only one


def answer(**fields: Any) -> None:
    """Send an answer."""
    print(MARK + json.dumps(fields), flush=True)


class Loaded:
    """A case, ready to be called again and again."""

    def __init__(self, peer: Any, style: str, folder: Path):
        import numpy as np

        about = json.loads((folder / "case.json").read_text())
        given = {name: np.load(folder / f"{name}.npy") for name in about["inputs"]}
        start = time.perf_counter()
        self.call = build(peer, style, about, given, folder)
        self.wait: Callable[[Any], Any] = getattr(peer, "wait", lambda value: value)
        out = self.wait(self.call())
        self.first = time.perf_counter() - start
        self.waits, self.number = about["waits"], 1
        for step in range(about["steps"]):
            values = flat(peer.arrays(out if step == 0 else self.wait(self.call())))
            for i, value in enumerate(values):
                np.save(folder / f"out-{os.getpid()}-{step}-{i}.npy", np.asarray(value))

    def time(self, number: int) -> float:
        """Return the seconds of a call, as a mean over `number` of them."""
        if self.waits:
            return timeit.timeit(lambda: self.wait(self.call()), number=number) / number
        start = time.perf_counter()
        timeit.timeit(self.call, number=number - 1)
        self.wait(self.call())
        return (time.perf_counter() - start) / number

    def warm_up(self) -> None:
        """Call a few times, and choose how many calls make one timing."""
        each = min(self.time(1) for _ in range(3))
        while each * self.number < TIMING:
            self.number *= 4
            each = self.time(self.number)

    def batch(self) -> list[float]:
        """Return the seconds of a call, several times."""
        times: list[float] = []
        start = time.perf_counter()
        while not times or time.perf_counter() - start < BATCH:
            times.append(self.time(self.number))
        return times


def flat(values: Any) -> list[Any]:
    """Return the arrays in nested lists, in order."""
    return [a for v in values for a in flat(v)] if isinstance(values, (list, tuple)) else [values]


def build(peer: Any, style: str, about: dict[str, Any], given: dict[str, Any], folder: Path) -> Callable[[], Any]:
    """Return the workload as a function of no argument: from the peer's model file, by its own function, or by the common formula."""
    from bench import workloads

    name, options = about["workload"], about["options"]
    if hasattr(peer, "open_model"):
        return peer.open_model(folder, given)
    own = getattr(peer, f"build_{name}{style and '_' + style}", None)
    if own is not None:
        return own(given, **options)
    values = {n: convert(peer, n, a) for n, a in given.items()}
    if name in workloads.PRIMITIVES:
        return peer.bind(getattr(peer, name), *values.values())
    formula = partial(getattr(workloads, name), peer, **options)
    if name not in workloads.WITH_GRADIENTS:
        return peer.bind(formula, values)
    return peer.bind_gradients(formula, values, [n for n in values if "." in n])


def convert(peer: Any, name: str, array: Any) -> Any:
    """Return an input as the peer's value. Peers whose images or kernels lie otherwise define functions for them."""
    kind = "tensor"
    if array.ndim == 4:
        kind = "depthwise_kernel" if name.endswith(".depthwise") else "kernel" if "." in name else "image"
    return getattr(peer, kind, peer.tensor)(array)


def installed(name: str, module: Any) -> str:
    """Return a library's version."""
    try:
        return getattr(module, "__version__", None) or version(name)
    except PackageNotFoundError:
        return "?"


def main(required: str, module: str, variant: str, style: str, threads: str) -> None:
    """Pin the process, import the library (timed), and serve."""
    if hasattr(os, "sched_setaffinity"):  # the surest way to a number of threads, and the only one for some peers
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    start = time.perf_counter()
    library = import_module(required)
    imported = time.perf_counter() - start
    peer = import_module(f"bench.peers.{module}")
    start = time.perf_counter()
    if hasattr(peer, "set_up"):
        peer.set_up(variant, int(threads))
    answer(version=installed(required, library), imported=imported, set_up=time.perf_counter() - start, pid=os.getpid())
    serve(peer, style)


def serve(peer: Any, style: str) -> None:
    """Answer requests until stdin ends; what fails is an answer too."""
    loaded: Loaded | None = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "load":
                loaded = None  # the last case's memory first
                loaded = Loaded(peer, style, Path(request["folder"]))
                if loaded.first < LONG and request["again"]:
                    loaded.warm_up()
                answer(first=loaded.first, long=loaded.first >= LONG)
            elif loaded is not None:
                answer(times=loaded.batch())
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}"[:300])


if __name__ == "__main__":
    main(*sys.argv[1:])
