"""TensorWeb in a page, below Pyodide: what tensorweb_page.mjs calls. There is no NumPy."""

from __future__ import annotations

import json
import time
from array import array

import tensorweb as tw
from bench.harness import worker
from tensorweb.backends import registry
from tensorweb.web import later

from . import tensorweb as peer

version = tw.__version__
SERIES = 500  # calls that the costs of a call are means of


def fetch_later(wheels, get):
    """Let wheels be fetched when what they hold is imported, as the page of `tensorweb serve` does."""
    later.fetch_later(wheels, lambda wheel: get(f"/{wheel}").to_bytes())


async def set_up(backend, threads):
    """Make a backend current."""
    tw.flags.set("NUM_THREADS", threads)
    await registry.ready(backend)


class Workload:
    """A case that was built."""

    def __init__(self, about, given):
        about = json.loads(about)
        values = {name: tw.tensor(memoryview(data.to_memoryview()), tuple(shape)) for name, shape, data in given}
        self.waits = about["waits"]
        self.call = worker.build(peer, "", about, values, None)
        self.out = None

    async def repeat(self, number, waits):
        """Call several times; wait for each result, or for the last only."""
        for left in reversed(range(number)):
            self.out = self.call()
            if waits or not left:
                for value in worker.flat(self.out):
                    if isinstance(value, tw.Tensor):
                        await value.data()

    async def arrays(self):
        """Return shape and elements of each result, for JavaScript."""
        from js import Float32Array
        from pyodide.ffi import to_js

        made = []
        for value in worker.flat(self.out):
            shape, data = (list(value.shape), await value.data()) if isinstance(value, tw.Tensor) else ([], array("f", [value]))
            made.append([shape, Float32Array.new(to_js(memoryview(data)))])
        return to_js(made)

    async def note(self):
        """Return what the backend compiled, and what calls cost that wait for nothing."""
        backend = registry.current()
        kernels = len(backend.kernels) if hasattr(backend, "kernels") else backend.machine.compiled
        return f"{kernels} kernels" if self.waits else await self._costs(backend)

    async def _costs(self, backend):
        """Return the microseconds of a call in Python, and of handing it to the player."""
        owner, name = (backend, "flush") if hasattr(backend, "device") else (backend.machine, "wait")
        hand_over, spent = getattr(owner, name), [0.0]

        def timed():
            start = time.perf_counter()
            hand_over()
            spent[0] += time.perf_counter() - start

        setattr(owner, name, timed)
        start = time.perf_counter()
        for _ in range(SERIES):
            self.call()
        timed()
        whole = time.perf_counter() - start
        delattr(owner, name)
        await self.repeat(1, True)
        return f"{(whole - spent[0]) / SERIES * 1e6:.1f} us of Python and {spent[0] / SERIES * 1e6:.1f} us of handing over per call"
