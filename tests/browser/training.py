"""A program that trains the network of examples/mnist step by step; it is run in the page and, to compare, on CPython."""

import tensorweb as tw
from examples.mnist.__main__ import make_model

BATCH, MOST = 32, 200


def losses(steps):
    """Return the loss of each of the first steps, on the digits in order."""
    tw.utils.set_random_seed(1)
    digits = tw.data.mnist()
    model, found = make_model(MOST), []
    for start in range(0, steps * BATCH, BATCH):
        part = slice(start, start + BATCH)
        found.append(model.train_on_batch(digits.train_images[part], digits.train_labels[part])[0])
    return found
