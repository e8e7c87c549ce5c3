"""An LSTM layer forward and backward: the last output, and gradients of its weights."""

from .harness.case import Case

AGAINST = ("pytorch", "keras tensorflow", "tensorweb numpy")


def cases(quick: bool) -> list[Case]:
    """Return the layer: batch 32, 28 steps of 28 features, 128 units."""
    batch, steps, features, units = (4, 5, 6, 8) if quick else (32, 28, 28, 128)
    weights = {"w.kernel": (features, 4 * units), "w.recurrent": (units, 4 * units), "w.bias": (4 * units,)}
    flops = 3 * 2 * batch * steps * 4 * units * (features + units)
    shapes = {"x": (batch, steps, features), "seed": (batch, units), **weights}
    return [Case(f"LSTM({units}), {batch} x {steps} x {features}", "lstm", shapes, flops=flops, tolerance=1e-3)]
