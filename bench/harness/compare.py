"""Whether a peer computed what the reference did."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def difference(outputs: Sequence[np.ndarray], reference: Sequence[np.ndarray], tolerance: float) -> str | None:
    """Return what differs, or None. `tolerance` is relative to the largest magnitude in each output of the reference."""
    if len(outputs) != len(reference):
        return f"{len(outputs)} outputs for {len(reference)}"
    sizes = [float(np.max(np.abs(expected), initial=0.0)) for expected in reference]
    smallest = max(sizes, default=0.0) / 100 or 1.0  # an output that is zero but for rounding is measured by the others
    for i, (found, expected) in enumerate(zip(outputs, reference)):
        if found.shape != expected.shape:
            return f"output {i} has shape {found.shape} for {expected.shape}"
        apart = float(np.max(np.abs(found.astype(np.float64) - expected), initial=0.0)) / max(sizes[i], smallest)
        if not apart <= tolerance:  # so that NaN differs
            return f"output {i} differs by {apart:.1e}"
    return None
