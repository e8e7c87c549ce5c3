"""A cheap and a costly function of a million elements: the memory's speed, and what fusing a body of many operations gains."""

from .harness.case import Case

AGAINST = ("numpy",)


def cases(quick: bool) -> list[Case]:
    """Return addition, and gelu by its tanh formula: nine scalar operations, which NumPy runs as a chain."""
    n = 10_000 if quick else 1_000_000
    add = Case(f"add of two {n:,}", "add", {"x": (n,), "y": (n,)}, bytes=12 * n)
    return [add, Case(f"gelu of {n:,}", "gelu", {"x": (n,)}, bytes=8 * n, tolerance=1e-5)]
