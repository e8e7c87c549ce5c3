"""Small data sets that ship with TensorWeb's examples and tests, as plain bytes.

Here lives the reading of the files in this folder: no dependency, no network, no tensors. How the files were made is in
`build_mnist.py` of the source repository; turning bytes into tensors is up to the caller.
"""

import gzip
import zlib
from importlib.resources import files
from typing import NamedTuple

__all__ = ["Digits", "mnist"]

PIXELS = 28 * 28
TRAIN, TEST = 9_000, 1_000


class Digits(NamedTuple):
    """Handwritten digits: an image is 784 bytes (28 rows of 28 grey levels, 0 is background), a label one byte (0 to 9)."""

    train_images: bytes
    train_labels: bytes
    test_images: bytes
    test_labels: bytes


def mnist() -> Digits:
    """Return 10,000 digits of MNIST: 9,000 to train on, 1,000 held out (100 of each digit), both shuffled.

    Raises ValueError if the data file is damaged.

    >>> digits = mnist()
    >>> len(digits.train_labels), len(digits.test_images) // 784
    (9000, 1000)
    """
    return unpack(files(__name__).joinpath("mnist.gz").read_bytes())


def unpack(packed: bytes) -> Digits:
    """Return the digits in the bytes of a data file: gzip of all labels, then all images. ValueError if damaged."""
    try:
        content = gzip.decompress(packed)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"mnist: expected a whole gzip file, got a damaged one ({error}). Install tensorweb-datasets again.") from error
    count = TRAIN + TEST
    expected = count * (1 + PIXELS)
    if len(content) != expected:
        raise ValueError(f"mnist: expected {expected} bytes of digits, got {len(content)}. Install tensorweb-datasets again.")
    border = count + TRAIN * PIXELS
    return Digits(
        train_images=content[count:border],
        train_labels=content[:TRAIN],
        test_images=content[border:],
        test_labels=content[TRAIN:count],
    )
