"""Splitting a dataset in two."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from ..data import Dataset
from ..data.stages import gathered
from ..data.structure import as_element, leaves, stacked
from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..ops.random import draw_seed

_WHERE = "split_dataset"
Size = int | float | None


def split_dataset(
    dataset: Any, left_size: Size = None, right_size: Size = None, shuffle: bool = False, seed: Any = None, preferred_backend: Any = None
) -> tuple[Dataset, Dataset]:
    """Return two datasets: the first `left_size` elements and the last `right_size` ones, numbers or fractions. Keras's function.

    `dataset` is a Dataset (a batched one is split by rows and batched again), an array, a tuple, list or dict of arrays, or a torch
    dataset; all of it is held in memory. `shuffle` draws the order from `seed`. Raises ArgumentError for sizes that do not fit.

    >>> import tensorweb as tw
    >>> left, right = tw.utils.split_dataset(tw.tensor([1, 2, 3, 4, 5]), left_size=0.6)
    >>> [x.item() for x in left], [x.item() for x in right]
    ([1, 2, 3], [4, 5])
    """
    if left_size is None and right_size is None:
        raise ArgumentError(message(_WHERE, "left_size or right_size", "neither", "Give one of them."))
    table, batch_size = _table(dataset)
    n = next(leaves(table)).shape[0]
    left, right = split_sizes(left_size, right_size, n)
    order = list(range(n))
    if shuffle:
        Random(draw_seed(None)[0] if seed is None else seed).shuffle(order)
    parts = [Dataset.from_tensor_slices(gathered(table, places)) for places in (order[:left], order[-right:])]
    if batch_size is not None:
        parts = [part.batch(batch_size) for part in parts]
    return parts[0], parts[1]


def _table(dataset: Any) -> tuple[Any, int | None]:
    """Return all elements, one above the other, and the batch size that the dataset had."""
    if isinstance(dataset, Dataset):
        batch_size = getattr(dataset, "_batch_size", None)
        elements = list(dataset if batch_size is None else dataset.unbatch())
        return _stacked(elements), batch_size
    if isinstance(dataset, (list, tuple, Mapping)):
        if not dataset:
            raise ArgumentError(message(_WHERE, "arrays", f"an empty {type(dataset).__name__}", "Pass at least one array."))
        if not isinstance(dataset, Mapping):
            odd = next((v for v in dataset if not hasattr(v, "shape")), None)
            if odd is not None:
                raise ArgumentError(message(_WHERE, "a list of arrays", f"{type(odd).__name__} in it", "Convert each to an array."))
            dataset = tuple(dataset)
    elif not hasattr(dataset, "shape"):
        if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):  # as torch's map-style datasets
            return _stacked([as_element(dataset[i], _WHERE) for i in range(len(dataset))]), None
        raise ConversionError(message(_WHERE, "a Dataset or arrays", type(dataset).__name__, "Convert it to one of these."))
    table = as_element(dataset, _WHERE)
    sizes = {t.shape[:1] for t in leaves(table)}
    if len(sizes) > 1 or () in sizes:
        raise ShapeError(message(_WHERE, "arrays of one length", [t.shape for t in leaves(table)], "Give all as many rows."))
    return table, None


def _stacked(elements: list[Any]) -> Any:
    if not elements:
        raise ArgumentError(message(_WHERE, "a dataset with elements", "an empty one", "Check where its data comes from."))
    return stacked(elements, _WHERE)


def split_sizes(left: Size, right: Size, n: int) -> tuple[int, int]:
    """Return both sizes as whole numbers; raise ArgumentError or ConversionError unless both parts get something and fit n."""
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if type(size) not in (int, float):
            raise ConversionError(message(_WHERE, f"{name} an int or a float", type(size).__name__, "Pass a number or a fraction."))
        limit = n if type(size) is int else 1
        if not 0 < size < limit:
            raise ArgumentError(message(_WHERE, f"{name} above 0 and below {limit}", size, "Ints count elements, floats are fractions."))
    if type(left) is type(right) is float and left + right > 1:
        raise ArgumentError(message(_WHERE, "fractions of at most 1 together", f"{left} and {right}", "Make one smaller."))
    wholes = [round(s * n) if type(s) is float else s for s in (left, right)]
    first = n - wholes[1] if wholes[0] is None else wholes[0]  # type: ignore[operator]
    second = n - first if wholes[1] is None else wholes[1]
    if first + second > n or not first or not second:
        raise ArgumentError(message(_WHERE, f"two parts of {n} elements, none empty", f"{first} and {second}", "Adjust the sizes."))
    return int(first), int(second)
