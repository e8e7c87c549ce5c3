"""What one eager call costs on tensors of a few elements: an op, and a layer beside its bare op (the rows without "layers")."""

from .harness.case import Case

AGAINST = ("pytorch", "numpy")

LAYERS = {"Dense": (2, 4), "Dropout": (2, 4), "ReLU": (2, 4), "Conv2D": (1, 4, 4, 2), "BatchNormalization": (1, 4, 4, 2)}
WEIGHTS = {"Dense": (4, 3), "Conv2D": (3, 3, 2, 2)}


def layer(name: str) -> Case:
    """Return the case of a layer called for inference."""
    inputs = {"x": LAYERS[name]} | ({"w.kernel": WEIGHTS[name], "w.bias": WEIGHTS[name][-1:]} if name in WEIGHTS else {})
    return Case(f"{name} layer", "layer", inputs, {"name": name}, waits=False)


def cases(quick: bool) -> list[Case]:
    """Return the ops and the layers."""
    add = Case("add of 4 numbers", "add", {"x": (4,), "y": (4,)}, waits=False)
    matmul = Case("matmul 4x4", "matmul", {"x": (4, 4), "y": (4, 4)}, waits=False)
    return [add, matmul, *map(layer, ("Dense",) if quick else LAYERS)]
