"""How many threads a compiled backend computes with. The threads themselves are each backend's."""

from __future__ import annotations

import os

from ..flags import flags


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count() -> int:
    """Return what the flag NUM_THREADS says, else the number of cores."""
    return flags.get("NUM_THREADS") or available_cores()
