"""What our backend `wasm` runs of a workload, for Node: `python -m bench.peers.wasm_recording FOLDER` writes it beside a case's inputs.

For each variant (`relaxed` SIMD or `plain`): VARIANT.json with the calls, VARIANT.memory as it is before them, a VARIANT-N.wasm for
each kernel. tensorweb_wasm.mjs runs it.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import tensorweb as tw
from bench.harness.worker import build, flat
from tensorweb.backends.compiled import CompiledBackend
from tensorweb.backends.wasm.machine import WasmMachine
from tensorweb.backends.wasm.pool import FIRST_SCRATCH, STATE_END
from tools.node import node

from . import tensorweb as peer

MODERN = 24  # of Node: its V8 has registers for the tiles that fma allows


def node_version():
    """Return the major version of the Node that will run the recording."""
    return int(subprocess.run([str(node()), "--version"], capture_output=True, text=True, check=True).stdout.lstrip("v").partition(".")[0])


class Recorder(WasmMachine):
    """The machine, keeping what it compiles and calls. It runs on one thread, and lowers as for the V8 that Node has."""

    def __init__(self, variant):
        super().__init__()
        relaxed = variant == "relaxed"
        self.target = self.target._replace(threads=1, fused=relaxed, fused_products=relaxed and node_version() >= MODERN)
        self.contents, self.calls = [], []
        compile_content = self._engine.compile

        def keep(content):
            self.contents.append(content)
            return compile_content(content)

        self._engine.compile = keep

    def bind(self, handle, units, grain):
        run = super().bind(handle, units, grain)

        def call(dynamic):
            self.calls.append({"kernel": handle.number, "dynamic": list(dynamic), "units": units})
            run(dynamic)

        return call


class Backend(CompiledBackend):
    """The backend of a recorder, keeping where results lie."""

    def __init__(self, variant):
        super().__init__(variant, Recorder(variant))
        self.results, self.uploads = [], 0

    def upload(self, values, spec):
        self.uploads += 1
        return super().upload(values, spec)

    def memory(self, buffer, spec):
        self.results.append({"address": buffer.address, "shape": list(spec.shape)})
        return super().memory(buffer, spec)


def record(folder, variant):
    """Write the second call of a case's workload: by then kernels are compiled and weights packed."""
    about = json.loads((folder / "case.json").read_text())
    given = {name: np.load(folder / f"{name}.npy") for name in about["inputs"]}
    backend = Backend(variant)
    machine = backend.machine
    tw.register_backend(variant, lambda: backend)
    tw.set_backend(variant)
    call = build(peer, "", about, given, folder)
    peer.wait(call())
    machine.calls.clear()
    size = machine.reserve(0)
    before, backend.uploads = bytes(machine.read(0, size)), 0
    out = call()
    if backend.uploads or backend.elsewhere:
        raise RuntimeError(f"not all of it runs in kernels: {backend.uploads} uploads, {dict(backend.elsewhere)}")
    backend.results.clear()
    flat(peer.arrays(out))
    recorded = {"scratch": FIRST_SCRATCH, "dynamic": STATE_END, "kernels": len(machine.contents), "calls": machine.calls}
    (folder / f"{variant}.json").write_text(json.dumps({**recorded, "pages": (size >> 16) + 1, "results": backend.results}))
    (folder / f"{variant}.memory").write_bytes(before)
    for i, content in enumerate(machine.contents):
        (folder / f"{variant}-{i}.wasm").write_bytes(content)


if __name__ == "__main__":
    for variant in ("relaxed", "plain"):
        record(Path(sys.argv[1]), variant)
