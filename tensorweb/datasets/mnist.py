"""MNIST with Keras's `load_data`. As tensors that are ready to train on, the digits are `tw.data.mnist()`."""

from __future__ import annotations

from typing import Any

from ..data.arrays import as_array
from ..data.digits import raw_mnist
from ..tensor import op, tensor


def load_data(path: str = "mnist.npz") -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Return (x_train, y_train), (x_test, y_test): uint8 images [n, 28, 28] and labels [n], 9,000 to train on and 1,000 held out.

    They are NumPy arrays where NumPy is installed, else tensors. `path`, where Keras keeps its download, is not used.
    Raises ArgumentError if the distribution `tensorweb-datasets` is not installed.
    """
    raw = raw_mnist()

    def part(images: bytes, labels: bytes) -> tuple[Any, Any]:
        return as_array(op("reshape")(tensor(memoryview(images)), (-1, 28, 28))), as_array(tensor(memoryview(labels)))

    return part(raw.train_images, raw.train_labels), part(raw.test_images, raw.test_labels)
