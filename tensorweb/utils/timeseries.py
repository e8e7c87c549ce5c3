"""Windows over a series as a dataset."""

from __future__ import annotations

from typing import Any

from ..data import Dataset
from ..data.stages import batched, each, mapped
from ..data.structure import TensorSpec
from ..errors import ArgumentError, message
from ..ops.random import draw_seed
from ..tensor import Tensor, as_tensor, op, tensor
from .legacy_shuffle import shuffled

_WHERE = "timeseries_dataset_from_array"


def timeseries_dataset_from_array(
    data: Any, targets: Any, sequence_length: int, sequence_stride: int = 1, sampling_rate: int = 1, batch_size: int | None = 128,
    shuffle: bool = False, seed: Any = None, start_index: int | None = None, end_index: int | None = None, format: str = "tf",
) -> Dataset:  # fmt: skip
    """Return the dataset of windows of `sequence_length` steps over the first axis of `data`, with targets[i] for the one from i.

    Windows begin `sequence_stride` apart, their steps are `sampling_rate` apart; `targets=None` gives windows alone. Only what is
    from `start_index` to before `end_index` is used. Batches are gathered at once. Raises ArgumentError for numbers that do not fit.

    >>> import tensorweb as tw
    >>> windows = tw.utils.timeseries_dataset_from_array([1, 2, 3, 4, 5], [10, 20, 30], sequence_length=3, batch_size=2)
    >>> [(x.tolist(), y.tolist()) for x, y in windows]
    [([[1, 2, 3], [2, 3, 4]], [10, 20]), ([[3, 4, 5]], [30])]
    """
    series = as_tensor(data, _WHERE)
    _check(series.shape[0], sequence_stride, sampling_rate, start_index, end_index, format)
    start, end = start_index or 0, series.shape[0] if end_index is None else end_index
    count = end - start - (sequence_length - 1) * sampling_rate
    goals = None if targets is None else as_tensor(targets, _WHERE)
    if goals is not None:
        count = min(count, goals.shape[0])
        goals = goals[start:end]
    series = series[start:end]
    starts = list(range(0, count, sequence_stride))
    if shuffle:
        seed = draw_seed(None)[0] % 10**6 if seed is None else seed
        starts = shuffled(starts, seed)
    order: Dataset = Dataset(lambda: each(lambda: starts), len(starts), None)
    if shuffle:
        order = order.shuffle(1024 if batch_size is None else batch_size * 8, seed=seed, reshuffle_each_iteration=format == "tf")
    steps = tensor([i * sampling_rate for i in range(sequence_length)], dtype="int32")
    return _windows(order, series, goals, steps, batch_size)


def _windows(order: Dataset, series: Tensor, goals: Tensor | None, steps: Tensor, batch_size: int | None) -> Dataset:
    def gather(places: Any) -> Any:
        first = tensor(places, dtype="int32")
        x = op("take")(series, op("expand_dims")(first, -1) + steps, 0)
        return x if goals is None else (x, op("take")(goals, first, 0))

    lead: tuple[int | None, ...] = ()
    if batch_size is None:
        made = order._then(mapped, gather)
    else:
        made = order._batched(batched, batch_size, False, list)._then(mapped, gather)
        lead = (None,)
    spec = TensorSpec((*lead, steps.shape[0], *series.shape[1:]), series.dtype)
    made._spec = spec if goals is None else (spec, TensorSpec((*lead, *goals.shape[1:]), goals.dtype))
    return made


def _check(n: int, stride: int, rate: int, start: int | None, end: int | None, format: str) -> None:
    def need(holds: bool, expected: str, got: object) -> None:
        if not holds:
            raise ArgumentError(message(_WHERE, expected, got, f"The data has {n} steps."))

    if start:
        need(0 <= start < n, "a start_index within the data", start)
    if end:
        need(not start or end > start, "an end_index above start_index", end)
        need(0 < end < n, "an end_index above 0 and below the length of the data", end)
    need(0 < rate < n, "a sampling_rate above 0 and below the length of the data", rate)
    need(0 < stride < n, "a sequence_stride above 0 and below the length of the data", stride)
    if format not in ("tf", "grain"):
        raise ArgumentError(message(_WHERE, "format tf or grain", repr(format), "Both give a tw.data.Dataset."))
