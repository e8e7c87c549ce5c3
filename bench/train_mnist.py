"""A training step of a small convnet on digits: two convolutions, max pooling, two dense layers, softmax cross entropy, Adam, batch 128."""

from functools import partial

import numpy as np

from .harness.case import Case, Shapes, draw

AGAINST = ("keras tensorflow", "pytorch", "tensorweb numpy")
SHAPES: Shapes = {
    "conv1.kernel": (3, 3, 1, 32), "conv1.bias": (32,),
    "conv2.kernel": (3, 3, 32, 64), "conv2.bias": (64,),
    "dense1.kernel": (9216, 128), "dense1.bias": (128,),
    "dense2.kernel": (128, 10), "dense2.bias": (10,),
}  # fmt: skip


def inputs(batch: int) -> dict[str, np.ndarray]:
    """Return images, labels and weights."""
    drawn = draw({"x": (batch, 28, 28, 1), **SHAPES})
    return {"x": drawn.pop("x"), "labels": np.arange(batch, dtype=np.int32) * 7 % 10, **drawn}


def cases(quick: bool) -> list[Case]:
    """Return the step; losses of the first four are compared."""
    batch = 8 if quick else 128
    products = 26**2 * 9 * 32 + 24**2 * 9 * 32 * 64 + 9216 * 128 + 1280
    # Backward costs twice forward, but the images need no gradient.
    flops = 2 * batch * (3 * products - 26**2 * 9 * 32)
    return [Case(f"step of {batch}", "train_mnist", partial(inputs, batch), flops=flops, tolerance=1e-2, steps=4)]
