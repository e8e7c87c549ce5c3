"""Where batches come from: arrays, datasets, PyDatasets and generators behind one interface, checked before training begins."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Generator, Iterator
from random import Random
from typing import Any

from .. import config
from ..autodiff import leaves, map_leaves
from ..data.dataset import Dataset
from ..data.stream import End
from ..errors import ArgumentError, ShapeError, message
from ..ops.random import draw_seed
from ..tensor import Operators, Tensor, Variable, as_tensor, op
from ..utils.packing import pack_x_y_sample_weight as pack
from ..utils.packing import unpack_x_y_sample_weight as unpack

END = object()


class Batches:
    """Batches of one pass over the data; `open` begins a pass. `steps` is their number, None if unknown."""

    steps: int | None = None
    _current: Iterator[Any] | None = None
    _seen = 0

    def reset(self) -> None:
        """Let the next pass begin at the first batch."""
        self._current = None

    def _limited(self, begin: Any, limit: int, natural: int | None) -> Iterator[Any]:
        """Yield `limit` batches, going on where the pass before stopped; the data begin anew in the next pass after their end."""
        if self._current is None:
            self._current, self._seen = begin(), 0
        for _ in range(limit):
            batch = END if natural is not None and self._seen >= natural else next(self._current, END)
            if batch is END:
                _warn_interrupted()
                self._current = None
                return
            self._seen += 1
            yield batch
        if natural is not None and self._seen >= natural:
            self._current = None

    def open(self) -> Pass:
        """Begin a pass."""
        raise NotImplementedError


class Pass:
    """One pass over the data: `pull` is a generator of waits that returns a batch, or END."""

    def __init__(self, source: Iterator[Any], finish: Any = None):
        self._source, self._finish = source, finish

    def pull(self) -> Generator[Any, Any, Any]:
        """Return the next batch or END."""
        batch = next(self._source, END)
        if batch is END and self._finish is not None:
            self._finish()
        return batch
        yield  # what makes this a generator: other passes wait


# --- arrays -------------------------------------------------------------------------------------------------------------------


class ArrayBatches(Batches):
    """Batches of nested tensors of one length."""

    def __init__(self, x: Any, y: Any, weights: Any, batch_size: int, shuffle: Any, steps: int | None, where: str):
        self.data = [None if part is None else map_leaves(lambda v: _as_data(v, where), part) for part in (x, y, weights)]
        flat = [leaf for part in self.data if part is not None for leaf in leaves(part) if leaf is not None]
        sizes = sorted({t.shape[0] for t in flat if t.shape})
        if len(sizes) != 1 or any(not t.shape for t in flat):
            raise ShapeError(
                message(where, "x, y and weights of one length", f"lengths {sizes or 'of scalars'}", "Give each sample its target.")
            )
        self.count, self.batch_size, self.shuffle = sizes[0], int(batch_size), shuffle
        if self.batch_size < 1:
            raise ArgumentError(message(where, "a batch size of at least 1", batch_size, "Pass a positive int."))
        self.natural, self.limit = -(-self.count // self.batch_size), steps
        self.steps = self.natural if steps is None else steps
        self.whole = self.count == self.batch_size and not shuffle

    def open(self) -> Pass:
        """Begin a pass, in a new order where data are shuffled."""
        return Pass(self._batches() if self.limit is None else self._limited(self._batches, self.limit, self.natural))

    def _batches(self) -> Iterator[Any]:
        order = None
        if self.shuffle:
            indices = _order(self.count, self.batch_size, self.shuffle)
            order = as_tensor(indices, "fit")
        for start in range(0, self.count, self.batch_size):
            stop = min(start + self.batch_size, self.count)
            if order is None:
                yield self._pick(lambda t: t[start:stop])  # noqa: B023  (used at once)
            else:
                chosen = order[start:stop]
                yield self._pick(lambda t: op("take")(t, chosen, axis=0))  # noqa: B023

    def _pick(self, pick: Any) -> Any:
        parts = [None if part is None else map_leaves(lambda t: None if t is None else pick(t), part) for part in self.data]
        return pack(*parts)


def _warn_interrupted() -> None:
    warnings.warn("the data ran out before the steps of the epoch were done: use repeat() or fewer steps", stacklevel=2)


def _order(count: int, batch_size: int, shuffle: Any) -> list[int]:
    """Return a random order; of whole batches for shuffle="batch". The same on every backend for the same seed."""
    random = Random(str(draw_seed(None)))
    if shuffle == "batch":
        starts = list(range(0, count - count % batch_size, batch_size))
        random.shuffle(starts)
        return [i for s in starts for i in range(s, s + batch_size)] + list(range(count - count % batch_size, count))
    indices = list(range(count))
    random.shuffle(indices)
    return indices


def _as_data(value: Any, where: str) -> Any:
    if value is None:
        return None
    if hasattr(value, "to_numpy") and not hasattr(value, "_container"):  # a pandas frame or series
        value = value.to_numpy()
    return as_tensor(value, where)


def _is_arrays(x: Any) -> bool:
    return isinstance(x, (Operators, Tensor, Variable)) or hasattr(x, "__array__") or hasattr(x, "to_numpy")


def _nested_lists(value: Any) -> Any:
    """Return the data with lists of plain numbers or strings as one tensor, and lists of arrays as they are."""
    if isinstance(value, dict):
        return {k: _nested_lists(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        first = value
        while isinstance(first, (list, tuple)) and first:
            first = first[0]
        if isinstance(first, (int, float, bool, str, bytes)):
            return as_tensor(list(value), "data")
        parts = [_nested_lists(v) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


# --- other sources ------------------------------------------------------------------------------------------------------------


class DatasetBatches(Batches):
    """Batches of a Dataset, whose pulls may wait. With `steps` a pass goes on where the one before stopped."""

    def __init__(self, dataset: Dataset, steps: int | None, class_weight: Any):
        size = dataset._size
        self.dataset, self.limit, self.class_weight = dataset, steps, class_weight
        self.steps = steps if steps is not None else size if size >= 0 else None
        if size == -1 and steps is None:
            raise ArgumentError(message("fit", "steps_per_epoch for an endless dataset", "None", "Pass the number of steps of an epoch."))
        self._stream: Any = None
        self.seen = 0

    def reset(self) -> None:
        """Let the next pass begin at the first batch."""
        self._stream = None

    def open(self) -> Pass:
        """Begin a pass."""
        if self._stream is None or self.limit is None or self.seen == self.dataset._size:
            self._stream, self.seen = self.dataset._stream(), 0
        return _DatasetPass(self)


class _DatasetPass(Pass):
    def __init__(self, owner: DatasetBatches):
        self.owner, self.taken = owner, 0

    def pull(self) -> Generator[Any, Any, Any]:
        """Return the next batch or END."""
        owner = self.owner
        if owner.limit is not None and self.taken >= owner.limit:
            return END
        try:
            batch = yield from owner._stream.pull()
        except End:
            owner._stream = None
            if owner.limit is None:
                owner.steps = self.taken if owner.steps is None else owner.steps
            else:
                _warn_interrupted()
            return END
        self.taken += 1
        owner.seen += 1
        return _weighted(batch, owner.class_weight)


def _length(source: Any) -> int | None:
    """Return the length of what may have none."""
    try:
        return len(source)
    except TypeError:
        return None


class IteratorBatches(Batches):
    """Batches of a Python generator or iterable of batches. A generator lives on from pass to pass."""

    def __init__(self, source: Any, steps: int | None, class_weight: Any):
        self.source, self.limit, self.class_weight = source, steps, class_weight
        self.iterator = source if hasattr(source, "__next__") else None
        self.steps = _length(source) if steps is None else steps

    def open(self) -> Pass:
        """Begin a pass."""
        if self.limit is None or self.iterator is not None:
            made = self._batches()
            return Pass(itertools.islice(made, self.steps) if self.steps is not None else made)
        return Pass(self._limited(self._batches, self.limit, _length(self.source)))

    def _batches(self) -> Iterator[Any]:
        iterator = self.iterator if self.iterator is not None else iter(self.source)
        return (_weighted(_tensors(batch), self.class_weight) for batch in iterator)


class PyDatasetBatches(Batches):
    """Batches of a PyDataset: item i is batch i."""

    def __init__(self, dataset: Any, steps: int | None, shuffle: Any, class_weight: Any):
        self.dataset, self.shuffle, self.class_weight = dataset, shuffle, class_weight
        count = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
        if count is None and steps is None:
            raise ArgumentError(message("fit", "steps_per_epoch for a PyDataset without a length", "None", "Pass it, or define __len__."))
        self.count, self.limit = count, steps
        self.steps = count if steps is None else steps
        self.first = True

    def open(self) -> Pass:
        """Begin a pass."""
        if self.first and hasattr(self.dataset, "on_epoch_begin"):
            self.dataset.on_epoch_begin()
        self.first = False
        made = self._batches() if self.limit is None else self._limited(self._batches, self.limit, self.count)
        return Pass(made, getattr(self.dataset, "on_epoch_end", None))

    def _batches(self) -> Iterator[Any]:
        order: Any = itertools.count()
        if self.count is not None:
            order = list(range(self.count))
            if self.shuffle:
                Random(str(draw_seed(None))).shuffle(order)
        return (_weighted(_tensors(self.dataset[i]), self.class_weight) for i in order)


def _tensors(batch: Any) -> Any:
    """Return a batch with arrays made tensors; the outer tuple of (x, y, sample_weight) is kept."""
    if isinstance(batch, (tuple, list)) and not _plain_numbers(batch):
        parts = tuple(None if part is None else map_leaves(_as_leaf, _nested_lists(part)) for part in batch)
        if not 1 <= len(parts) <= 3:
            raise ArgumentError(
                message("fit", "batches (x,), (x, y) or (x, y, sample_weight)", f"{len(parts)} parts", "Nest several inputs in x.")
            )
        return parts
    return map_leaves(_as_leaf, _nested_lists(batch))


def _plain_numbers(value: Any) -> bool:
    return bool(value) and isinstance(value[0], (int, float, str))


def _as_leaf(value: Any) -> Any:
    return value if value is None else _as_data(value, "data")


# --- weights ------------------------------------------------------------------------------------------------------------------


def _weighted(batch: Any, class_weight: Any) -> Any:
    if not class_weight:
        return batch
    x, y, weights = unpack(batch)
    return x, y, _with_class_weight(y, weights, class_weight)


def _with_class_weight(y: Any, weights: Any, class_weight: dict[int, float]) -> Any:
    """Return sample weights by the class of each target: an integer, or the largest of a one-hot row."""
    if y is None or not isinstance(y, (Tensor, Operators)):
        raise ArgumentError(message("class_weight", "a model with one output and targets", type(y).__name__, "Use sample_weight instead."))
    classes = y
    if len(y.shape) > 1 and y.shape[-1] != 1:
        classes = op("argmax")(y, axis=-1)
    elif len(y.shape) > 1:
        classes = op("squeeze")(y, -1)
    classes = op("cast")(op("round")(classes), "int32") if classes.dtype != "int32" else classes
    top = max(int(c) for c in class_weight)
    table = as_tensor([float(class_weight.get(i, 1.0)) for i in range(top + 1)], "class_weight")
    known = op("logical_and")(classes >= 0, classes <= top)
    found = op("where")(known, op("take")(table, op("clip")(classes, 0, top), axis=0), 1.0)
    return found if weights is None else found * weights


# --- choosing -----------------------------------------------------------------------------------------------------------------


def as_batches(
    x: Any, y: Any, weights: Any, batch_size: int, shuffle: Any, class_weight: Any, steps: int | None, where: str
) -> Batches:  # fmt: skip
    """Return the batches of whatever `fit` and its like were given."""
    limit = config.max_steps_per_epoch()
    steps = limit if steps is None and limit is not None else min(steps, limit) if steps is not None and limit is not None else steps
    if isinstance(x, Dataset) or (hasattr(x, "__getitem__") and _is_py_dataset(x)) or _is_iterator(x):
        if y is not None or weights is not None:
            what = "y" if y is not None else "sample_weight"
            raise ArgumentError(message(where, f"no {what} beside a dataset or generator", "one", "Give it within each batch."))
        if isinstance(x, Dataset):
            return DatasetBatches(x, steps, class_weight)
        if _is_py_dataset(x):
            return PyDatasetBatches(x, steps, shuffle if where == "fit" else False, class_weight)
        return IteratorBatches(x, steps, class_weight)
    if x is None and y is None:
        raise ArgumentError(message(where, "data", "None", "Pass x, or a dataset."))
    x, y, weights = (_nested_lists(part) for part in (x, y, weights))
    made = ArrayBatches(x, y, weights, batch_size, shuffle, steps, where)
    if class_weight:
        made.data[2] = _with_class_weight(made.data[1], made.data[2], class_weight)
    return made


def _is_py_dataset(x: Any) -> bool:
    if _is_arrays(x) or isinstance(x, (list, tuple, dict, str)):
        return False
    return hasattr(x, "__getitem__") and (hasattr(x, "__len__") or hasattr(x, "num_batches"))


def _is_iterator(x: Any) -> bool:
    if _is_arrays(x) or isinstance(x, (list, tuple, dict, str)):
        return False
    return hasattr(x, "__next__") or hasattr(x, "__iter__")


def split_validation(x: Any, y: Any, weights: Any, fraction: float) -> tuple[tuple, tuple]:
    """Return (training, validation) parts of arrays: the last `fraction` is held out."""
    if not 0 < fraction < 1:
        raise ArgumentError(message("fit", "a validation_split between 0 and 1", fraction, "Pass a fraction."))
    if isinstance(x, Dataset) or _is_py_dataset(x) or _is_iterator(x):
        raise ArgumentError(message("fit", "arrays with validation_split", type(x).__name__, "Pass validation_data instead."))
    parts = [None if p is None else map_leaves(lambda v: _as_data(v, "fit"), _nested_lists(p)) for p in (x, y, weights)]
    count = leaves(parts[0])[0].shape[0]
    at = int(count * (1 - fraction))
    if at == 0 or at == count:
        raise ArgumentError(message("fit", "samples on both sides of the split", f"{at} and {count - at}", "Change validation_split."))
    train = tuple(None if p is None else map_leaves(lambda t: t[:at], p) for p in parts)
    held = tuple(None if p is None else map_leaves(lambda t: t[at:], p) for p in parts)
    return train, held


def one_batch(x: Any, y: Any = None, sample_weight: Any = None, class_weight: Any = None) -> tuple:
    """Return (x, y, sample_weight) of one batch, as tensors."""
    batch = tuple(None if p is None else map_leaves(_as_leaf, _nested_lists(p)) for p in (x, y, sample_weight))
    return _weighted(batch, class_weight) if class_weight else batch
