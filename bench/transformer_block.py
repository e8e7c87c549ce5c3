"""A transformer's encoder block forward and backward, with gradients of all its weights."""

from .harness.case import Case, Shapes

AGAINST = ("pytorch", "tensorflow function", "tensorweb numpy")


def cases(quick: bool) -> list[Case]:
    """Return the block: batch 8, 64 positions, width 256, 8 heads, 1024 wide within."""
    batch, length, width, wide = (2, 8, 32, 64) if quick else (8, 64, 256, 1024)
    shapes: Shapes = {"x": (batch, length, width), "seed": (batch, length, width)}
    for name in ("query", "key", "value", "out"):
        shapes |= {f"{name}.kernel": (width, width), f"{name}.bias": (width,)}
    shapes |= {"up.kernel": (width, wide), "up.bias": (wide,), "down.kernel": (wide, width), "down.bias": (width,)}
    for name in ("norm1", "norm2"):
        shapes |= {f"{name}.gamma": (width,), f"{name}.beta": (width,)}
    forward = 2 * batch * length * (4 * width**2 + 2 * width * wide + 2 * length * width)
    return [Case(f"{batch} x {length} x {width}", "transformer_block", shapes, flops=3 * forward, tolerance=1e-3)]
