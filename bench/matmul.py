"""Square matrix products, float32."""

from .harness.case import Case

AGAINST = ("onnxruntime", "pytorch", "numpy")


def cases(quick: bool) -> list[Case]:
    """Return a case for each size."""
    sizes = (64, 128) if quick else (512, 1024)
    return [Case(f"matmul {n}", "matmul", {"a": (n, n), "b": (n, n)}, flops=2 * n**3) for n in sizes]
