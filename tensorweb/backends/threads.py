"""How many threads a compiled backend computes with. The threads themselves are each backend's."""

from __future__ import annotations

import os
import sys

from ..flags import flags


def available_cores() -> int:
    """Return how many cores this process, or this page, may use."""
    if sys.platform == "emscripten":
        from js import navigator

        return int(navigator.hardwareConcurrency)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count() -> int:
    """Return what the flag NUM_THREADS says if it is positive, else the number of cores."""
    wanted = flags.get("NUM_THREADS")
    return wanted if wanted > 0 else available_cores()
