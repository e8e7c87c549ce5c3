"""What one eager call costs: add of two 4-element tensors, beside NumPy, PyTorch and TensorFlow where installed; and the import."""

from __future__ import annotations

import os
import subprocess
import sys
import timeit
from importlib.util import find_spec
from statistics import median

CALLS, REPEATS = 20_000, 7

SET_UP = {
    "tensorweb": "import tensorweb as m\na = m.tensor([1.0, 2.0, 3.0, 4.0])",
    "numpy": "import numpy as m\na = m.ones(4, 'float32')",
    "torch": "import torch as m\na = m.ones(4)",
    "tensorflow": "import tensorflow as m\na = m.ones(4)",
}


def call_cost(name: str) -> float:
    """Return the median microseconds of `m.add(a, a)`, in this process."""
    times = timeit.repeat("m.add(a, a)", SET_UP[name], number=CALLS, repeat=REPEATS)
    return median(times) / CALLS * 1e6


def import_cost(module: str) -> float:
    """Return the median seconds that a fresh interpreter needs to import a module, less the interpreter's own start."""

    def run(code: str) -> float:
        return median(timeit.repeat(lambda: subprocess.run([sys.executable, "-c", code], check=True), number=1, repeat=REPEATS))

    return run(f"import {module}") - run("pass")


def main() -> None:
    """Print a table: microseconds a call, and times TensorWeb's."""
    own = call_cost("tensorweb")
    print(f"add of two 4-element tensors, us a call, median of {REPEATS} x {CALLS}")
    for name in SET_UP:
        if find_spec(name) is not None:
            # A process of its own: peers must not share threads or allocators.
            code = f"from bench.overhead import call_cost; print(call_cost({name!r}))"
            cost = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()[-1])
            print(f"  {name:12s} {cost:8.2f}   {cost / own:6.2f} x")
    print(f"import, s: tensorweb with numpy {import_cost('tensorweb, numpy'):.3f}, numpy alone {import_cost('numpy'):.3f}")


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main()
