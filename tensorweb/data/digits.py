"""The MNIST digits as tensors. The file itself is in the small distribution `tensorweb-datasets`."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import ArgumentError, message
from ..tensor import Tensor, op, tensor


class Digits(NamedTuple):
    """Images [n, 28, 28, 1] float32 from 0 to 1 and labels [n] int32, to train on and held out."""

    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor


def mnist() -> Digits:
    """Return 10,000 handwritten digits of MNIST: 9,000 to train on, 1,000 held out.

    Raises ArgumentError if the distribution `tensorweb-datasets` is not installed.
    """
    raw = raw_mnist()
    return Digits(_images(raw.train_images), _labels(raw.train_labels), _images(raw.test_images), _labels(raw.test_labels))


def raw_mnist() -> Any:
    """Return the digits as bytes; raise ArgumentError if they are not installed."""
    try:
        import tensorweb_datasets
    except ImportError:
        raise ArgumentError(
            message("data.mnist", "tensorweb-datasets", "no such package", "Run: pip install tensorweb-datasets.")
        ) from None
    return tensorweb_datasets.mnist()


def _images(pixels: bytes) -> Tensor:
    flat = tensor(memoryview(pixels))
    return op("divide")(op("reshape")(flat, (-1, 28, 28, 1)), 255.0)


def _labels(labels: bytes) -> Tensor:
    return op("cast")(tensor(memoryview(labels)), "int32")
