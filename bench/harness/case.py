"""A case: one workload on given inputs, written to a folder that every worker, Python or Node, reads."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

Shapes = dict[str, tuple[int, ...]]
SEED = 0


def draw(shapes: Shapes) -> dict[str, np.ndarray]:
    """Return float32 arrays by name from the one seed. A name with a dot is a weight, and scaled so that layers keep the size of values."""
    rng, drawn = np.random.default_rng(SEED), {}
    for name, shape in shapes.items():
        array = rng.standard_normal(shape, np.float32)
        if "." in name:
            fan_in = math.prod(shape[:2]) if name.endswith(".depthwise") else math.prod(shape[:-1])
            array *= np.float32(math.sqrt(2 / fan_in) if len(shape) > 1 else 0.1)
        drawn[name] = array
    return drawn


@dataclass(frozen=True)
class Case:
    """A workload's name, its inputs (shapes to draw from, or a function that makes the arrays), and how to measure and compare it."""

    name: str
    workload: str
    inputs: Shapes | Callable[[], dict[str, np.ndarray]]
    options: dict[str, Any] = field(default_factory=dict)
    flops: float = 0
    bytes: float = 0
    tolerance: float = 1e-4  # relative to the largest magnitude in each output
    steps: int = 1  # calls whose outputs are compared: more than one where a call changes a state
    waits: bool = True  # whether each call's result is waited for, or only that of a series of calls
    fresh: str = ""  # what a new process is timed at: "import", the first call with a "cold" or a "warm" disk cache, or "all" of it
    place: str = ""  # "page": in the workers of one page of Chromium; else in processes

    def write(self, folder: Path) -> None:
        """Write the case and its inputs."""
        arrays = self.inputs() if callable(self.inputs) else draw(self.inputs)
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        about = {k: getattr(self, k) for k in ("workload", "options", "steps", "waits")}
        (folder / "case.json").write_text(json.dumps({**about, "inputs": list(arrays)}))
