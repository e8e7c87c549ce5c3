"""TensorFlow.js's names for sources: `tw.data.array`, `tw.data.generator`, `tw.data.zip`. CSV files are in `text.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..errors import ArgumentError, message
from .dataset import Dataset, from_elements
from .structure import as_element


def array(items: Sequence[Any]) -> Dataset:
    """Return the dataset of the items of a sequence, which may differ in shape. TensorFlow.js's `tf.data.array`.

    >>> import tensorweb as tw
    >>> [b["x"].tolist() for b in tw.data.array([{"x": 1}, {"x": 2}, {"x": 3}]).batch(2)]
    [[1, 2], [3]]
    """
    if isinstance(items, (str, bytes, Mapping)) or not hasattr(items, "__len__"):
        raise ArgumentError(message("data.array", "a sequence of elements", type(items).__name__, "Pass a list."))
    return from_elements([as_element(item, "array") for item in items])


def generator(generator: Callable[[], Any]) -> Dataset:
    """Return the dataset of what a generator function yields anew in each iteration. TensorFlow.js's `tf.data.generator`."""
    return Dataset.from_generator(generator)


def zip(*datasets: Any) -> Dataset:
    """Return the dataset of a structure of the datasets' elements, as `Dataset.zip`. TensorFlow.js's `tf.data.zip`."""
    return Dataset.zip(*datasets)
