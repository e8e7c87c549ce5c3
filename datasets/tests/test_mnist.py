"""Tests of the data set package: sizes, balance, and what a damaged file says. No tensors here."""

import gzip
from collections import Counter
from importlib.resources import files

import pytest
import tensorweb_datasets
from tensorweb_datasets import mnist, unpack


def test_sizes_and_balance():
    digits = mnist()
    assert len(digits.train_images) == 9_000 * 784
    assert len(digits.test_images) == 1_000 * 784
    assert Counter(digits.test_labels) == dict.fromkeys(range(10), 100)
    assert set(digits.train_labels) == set(range(10))
    assert min(Counter(digits.train_labels).values()) > 700
    assert max(digits.train_images) == 255


def test_no_test_image_is_in_the_training_part():
    digits = mnist()
    train = {digits.train_images[i : i + 784] for i in range(0, len(digits.train_images), 784)}
    assert not any(digits.test_images[i : i + 784] in train for i in range(0, len(digits.test_images), 784))


def test_images_match_their_labels():
    """A one is a thin stroke and a zero a ring: the centre of the mean image tells them apart."""
    digits = mnist()
    centre = 14 * 28 + 14
    means = {}
    for label in (0, 1):
        levels = [digits.test_images[i * 784 + centre] for i, other in enumerate(digits.test_labels) if other == label]
        means[label] = sum(levels) / len(levels)
    assert means[0] < 64 < 128 < means[1]


@pytest.mark.parametrize("cut", [0, 5, 1_000, -1, -9])
def test_a_truncated_file_is_a_value_error(cut):
    packed = files(tensorweb_datasets).joinpath("mnist.gz").read_bytes()
    with pytest.raises(ValueError, match="mnist: expected"):
        unpack(packed[:cut])


def test_a_changed_byte_is_a_value_error():
    packed = bytearray(files(tensorweb_datasets).joinpath("mnist.gz").read_bytes())
    packed[len(packed) // 2] ^= 255
    with pytest.raises(ValueError, match="damaged"):
        unpack(bytes(packed))


def test_content_of_another_size_is_a_value_error():
    with pytest.raises(ValueError, match="expected 7850000 bytes of digits, got 3"):
        unpack(gzip.compress(b"abc"))
