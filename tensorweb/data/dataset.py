"""Dataset: pipelines of elements, with the names and meanings of tf.data. The stages are in `stages.py`, sources of text in `text.py`."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from operator import index as as_index
from random import Random
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..ops.random import draw_seed
from ..tensor import Tensor, tensor
from ..waiting import wait, wait_async
from . import stages
from .padding import padded
from .stream import End, Stage, Stream
from .structure import TensorSpec, as_element, as_spec, batch_spec, call, conform, leaves, map_structure, merged, spec_of, tupled
from .tracing import traced

INFINITE_CARDINALITY, UNKNOWN_CARDINALITY, AUTOTUNE = -1, -2, -1


class Dataset:
    """A sequence of elements, made when a loop asks for them: `for x, y in dataset`, or `async for` where making one waits.

    An element is a tensor, or tuples and dicts of tensors; numbers, strings, lists and arrays become tensors. tf.data's Dataset.

    >>> import tensorweb as tw
    >>> numbers = tw.data.Dataset.range(7).map(lambda x: x * x).batch(3)
    >>> [batch.tolist() for batch in numbers]
    [[0, 1, 4], [9, 16, 25], [36]]
    """

    class_names: Any
    file_paths: Any

    def __init__(self, opened: Callable[[], Stage], size: int, spec: Any):
        self._opened, self._size, self._spec = opened, size, spec

    def _stream(self) -> Stream:
        return Stream(self._opened())

    def _then(self, stage: Callable[..., Stage], *args: Any, size: int | None = None, spec: Any = None) -> Dataset:
        """Return the dataset of one more stage; its elements and their number are alike where nothing else is said."""
        return Dataset(
            lambda: stage(self._stream, *args), self._size if size is None else size, (lambda: self.element_spec) if spec is None else spec
        )

    def _peek(self) -> Any:
        """Return the first element; raise End if there is none."""
        return wait(self._stream().pull())

    # --- iteration ---

    def __iter__(self) -> Iterator[Any]:
        stream = self._stream()
        while True:
            try:
                element = wait(stream.pull())
            except End:
                return
            yield element

    async def __aiter__(self) -> AsyncIterator[Any]:
        stream = self._stream()
        while True:
            try:
                element = await wait_async(stream.pull())
            except End:
                return
            yield element

    def __len__(self) -> int:
        if self._size < 0:
            kind = "infinite" if self._size == INFINITE_CARDINALITY else "of unknown length"
            raise TypeError(message("len", "a dataset of known length", f"one that is {kind}", "Count in a loop, or use take."))
        return self._size

    def __bool__(self) -> bool:
        return True

    def cardinality(self) -> Tensor:
        """Return the number of elements as a scalar: -1 if infinite, -2 if unknown."""
        return tensor(self._size)

    @property
    def element_spec(self) -> Any:
        """The structure of the elements: a TensorSpec (shape, dtype) for each tensor."""
        if callable(self._spec):
            self._spec = self._spec()
        return self._spec

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterate over the elements with NumPy arrays in place of tensors."""
        return (map_structure(lambda t: t.numpy()[()], element) for element in self)

    def to_list(self) -> list[Any]:
        """Return all elements in a list, as TensorFlow.js's `toArray`."""
        return list(self)

    async def to_array(self) -> list[Any]:
        """Return all elements in a list, without blocking the event loop. TensorFlow.js's `toArray`."""
        return [element async for element in self]

    async def for_each_async(self, function: Callable[[Any], Any]) -> None:
        """Call a function on every element, without blocking the event loop. TensorFlow.js's `forEachAsync`."""
        async for element in self:
            made = function(element)
            if hasattr(made, "__await__"):
                await made

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any]) -> Any:
        """Return the last state of state = reduce_func(state, element)."""
        state = as_element(initial_state, "reduce")
        for element in self:
            state = as_element(reduce_func(state, element), "reduce")
        return state

    def get_single_element(self) -> Any:
        """Return the only element; raise ArgumentError if there is none or more than one."""
        found = list(self.take(2))
        if len(found) != 1:
            raise ArgumentError(message("data.get_single_element", "one element", "none" if not found else "more", "Batch or take first."))
        return found[0]

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """Return transformation_func(self)."""
        return transformation_func(self)

    # --- sources ---

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """Return the dataset of the rows of tensors that have the same first dimension.

        Raises ShapeError if they do not. Batches of such a dataset, shuffled or not, are gathered at once.

        >>> import tensorweb as tw
        >>> ds = tw.data.Dataset.from_tensor_slices(([1, 2, 3], ["a", "b", "c"]))
        >>> [(int(x), y.item()) for x, y in ds]
        [(1, 'a'), (2, 'b'), (3, 'c')]
        """
        table = as_element(tensors, "from_tensor_slices")
        shapes = [t.shape for t in leaves(table)]
        if not shapes or any(not s for s in shapes) or len({s[0] for s in shapes}) > 1:
            raise ShapeError(
                message("data.from_tensor_slices", "tensors with the same first dimension", shapes or "none", "Give all as many rows.")
            )
        return Rows(table, Dataset(lambda: stages.each(lambda: range(shapes[0][0])), shapes[0][0], None), True)

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """Return the dataset of one element."""
        return from_elements([as_element(tensors, "from_tensors")])

    @staticmethod
    def from_generator(
        generator: Callable[..., Any], output_types: Any = None, output_shapes: Any = None, args: Any = None,
        output_signature: Any = None, name: str | None = None,
    ) -> Dataset:  # fmt: skip
        """Return the dataset of what `generator(*args)` yields anew in each iteration; it may be asynchronous.

        With `output_signature` (TensorSpecs in the elements' structure) the elements are checked and cast; without, the first
        element is the model of `element_spec`.
        """
        if not callable(generator):
            raise ArgumentError(message("data.from_generator", "a function", type(generator).__name__, "Pass the generator function."))
        if output_signature is None and output_types is not None:
            shapes = map_structure(lambda _: None, output_types) if output_shapes is None else output_shapes
            output_signature = _typed(output_types, shapes)
        given = tuple(as_element(a, "from_generator") for a in args or ())
        spec = None if output_signature is None else as_spec(output_signature)

        def convert(value: Any) -> Any:
            return as_element(value, "from_generator") if spec is None else conform(value, spec, "from_generator")

        made = Dataset(lambda: stages.generated(lambda: generator(*given), convert), UNKNOWN_CARDINALITY, spec)
        if spec is None:
            made._spec = lambda: spec_of(made._peek())
        return made

    @staticmethod
    def range(*args: int, output_type: Any = "int32", name: str | None = None) -> Dataset:
        """Return the dataset of the integers of Python's range(*args)."""
        numbers = range(*(as_index(a) for a in args))
        spec = TensorSpec((), output_type)
        return Dataset(lambda: stages.each(lambda: (tensor(i, dtype=spec.dtype) for i in numbers)), len(numbers), spec)

    @staticmethod
    def random(seed: Any = None, rerandomize_each_iteration: bool = False, name: str | None = None) -> Dataset:
        """Return the endless dataset of random integers from 0 to 2**31 - 1."""
        fresh = _generators(seed, bool(rerandomize_each_iteration))

        def numbers() -> Iterator[Any]:
            draw = fresh().getrandbits
            return (tensor(draw(31)) for _ in itertools.count())

        return Dataset(lambda: stages.each(numbers), INFINITE_CARDINALITY, TensorSpec((), "int32"))

    @staticmethod
    def list_files(file_pattern: Any, shuffle: bool | None = None, seed: Any = None, name: str | None = None) -> Dataset:
        """Return the dataset of the paths that match the patterns; shuffled unless `shuffle` is False. ArgumentError if there is none."""
        from glob import glob

        patterns = [file_pattern] if isinstance(file_pattern, str) else list(as_element(file_pattern, "list_files").tolist())
        found = sorted({path for pattern in patterns for path in glob(pattern)})
        if not found:
            raise ArgumentError(message("data.list_files", "files", f"none for {file_pattern!r}", "Check the pattern."))
        made = Dataset.from_tensor_slices(found)
        return made if shuffle is False else made.shuffle(len(found), seed)

    @staticmethod
    def zip(*args: Any, datasets: Any = None, name: str | None = None) -> Dataset:
        """Return the dataset of tuples (or of another structure) of the datasets' elements; it ends with the shortest.

        `Dataset.zip(a, b)`, `Dataset.zip((a, b))`, `Dataset.zip({"x": a, "y": b})`.
        """
        structure = tupled(datasets if datasets is not None else args[0] if len(args) == 1 else args)
        parts = list(leaves(structure))
        if not parts or not all(isinstance(p, Dataset) for p in parts):
            got = ", ".join(type(p).__name__ for p in parts) or "none"
            raise ArgumentError(message("data.zip", "datasets", got, "Pass Dataset objects, or tuples and dicts of them."))
        if all(isinstance(p, Rows) and p.is_whole and p._size == parts[0]._size for p in parts):
            return Rows(map_structure(lambda d: d.table, structure), parts[0].order, True)
        finite = [p._size for p in parts if p._size != INFINITE_CARDINALITY]
        size = INFINITE_CARDINALITY if not finite else UNKNOWN_CARDINALITY if UNKNOWN_CARDINALITY in finite else min(finite)
        return Dataset(
            lambda: stages.zipped(structure, lambda d: d._stream()), size, lambda: map_structure(lambda d: d.element_spec, structure)
        )

    @staticmethod
    def choose_from_datasets(datasets: Sequence[Dataset], choice_dataset: Dataset, stop_on_empty_dataset: bool = True) -> Dataset:
        """Return the dataset that takes each element from the dataset whose number `choice_dataset` gives."""
        sources = [d._stream for d in datasets]
        return Dataset(
            lambda: stages.chosen(sources, choice_dataset._stream, stop_on_empty_dataset), UNKNOWN_CARDINALITY,
            lambda: datasets[0].element_spec,
        )  # fmt: skip

    @staticmethod
    def sample_from_datasets(
        datasets: Sequence[Dataset], weights: Sequence[float] | None = None, seed: Any = None, stop_on_empty_dataset: bool = False,
        rerandomize_each_iteration: bool | None = None,
    ) -> Dataset:  # fmt: skip
        """Return the dataset that takes each element from one of the datasets at random, with the given weights."""
        shares = [1.0] * len(datasets) if weights is None else list(as_element(weights, "sample_from_datasets").tolist())
        if len(shares) != len(datasets):
            raise ArgumentError(message("data.sample_from_datasets", f"{len(datasets)} weights", len(shares), "Give one for each dataset."))
        fresh = _generators(seed, bool(rerandomize_each_iteration))

        def numbers() -> Iterator[int]:
            choices = fresh().choices
            return (choices(range(len(shares)), shares)[0] for _ in itertools.count())

        choice = Dataset(lambda: stages.each(numbers), INFINITE_CARDINALITY, None)
        return Dataset.choose_from_datasets(datasets, choice, stop_on_empty_dataset)

    # --- element by element ---

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: int | None = None, deterministic: bool | None = None,
        synchronous: bool | None = None, use_unbounded_threadpool: bool = False, name: str | None = None,
    ) -> Dataset:  # fmt: skip
        """Return the dataset of map_func(element); a tuple's parts are separate arguments.

        The function may be a coroutine: `num_parallel_calls` of them are then awaited at once, in order.
        """
        together = 8 if num_parallel_calls == AUTOTUNE else num_parallel_calls or 1
        made = self._then(stages.mapped, map_func, together)
        made._spec = lambda: traced(map_func, self.element_spec, made._peek)
        return made

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Return the dataset of the elements for which the predicate holds."""
        return self._then(stages.filtered, predicate, size=UNKNOWN_CARDINALITY)

    def take_while(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """Return the dataset of the elements before the first for which the predicate fails."""
        return self._then(stages.taken_while, predicate, size=UNKNOWN_CARDINALITY)

    def scan(self, initial_state: Any, scan_func: Callable[[Any, Any], Any], name: str | None = None) -> Dataset:
        """Return the dataset of the outputs of (state, output) = scan_func(state, element)."""
        made = self._then(stages.scanned, as_element(initial_state, "scan"), scan_func)
        made._spec = lambda: spec_of(made._peek())
        return made

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Return the dataset of (index, element)."""
        return self._then(stages.numbered, start, spec=lambda: (TensorSpec((), "int32"), self.element_spec))

    def unique(self, name: str | None = None) -> Dataset:
        """Return the dataset without the elements that came before."""
        return self._then(stages.unique, size=UNKNOWN_CARDINALITY)

    def ignore_errors(self, log_warning: bool = False, name: str | None = None) -> Dataset:
        """Return the dataset without the elements whose making raises."""
        import warnings

        log = (lambda error: warnings.warn(f"Skipped an element: {error}", stacklevel=2)) if log_warning else None
        return self._then(stages.tolerant, log, size=UNKNOWN_CARDINALITY)

    # --- which elements, in which order ---

    def take(self, count: Any, name: str | None = None) -> Dataset:
        """Return the first `count` elements; all if it is negative."""
        n = as_index(count)
        if n < 0:
            return self
        return self._then(stages.taken, n, size=n if self._size == INFINITE_CARDINALITY else min(self._size, n) if self._size >= 0 else -2)

    def skip(self, count: Any, name: str | None = None) -> Dataset:
        """Return the elements after the first `count`; none if it is negative."""
        n = as_index(count)
        if n < 0:
            return self.take(0)
        return self._then(stages.skipped, n, size=max(self._size - n, 0) if self._size >= 0 else None)

    def shard(self, num_shards: Any, index: Any, name: str | None = None) -> Dataset:
        """Return each `num_shards`-th element, from `index` on."""
        n, i = as_index(num_shards), as_index(index)
        if n < 1 or not 0 <= i < n:
            raise ArgumentError(message("data.shard", "0 <= index < num_shards", f"index {i} of {n}", "Number the shards from 0."))
        return self._then(stages.sharded, n, i, size=(self._size - i + n - 1) // n if self._size >= 0 else None)

    def repeat(self, count: Any = None, name: str | None = None) -> Dataset:
        """Return the elements `count` times over; endlessly if it is None or -1."""
        n = None if count is None or as_index(count) < 0 else as_index(count)
        if n is None:
            size = INFINITE_CARDINALITY if self._size else 0
        else:
            size = self._size * n if self._size >= 0 else self._size if n else 0
        return self._then(stages.repeated, n, size=size)

    def shuffle(self, buffer_size: Any, seed: Any = None, reshuffle_each_iteration: bool | None = True, name: str | None = None) -> Dataset:
        """Return the elements in random order, each drawn from the next `buffer_size` ones (None: from all).

        The order follows from `seed` (or the global seed) alone, alike on every backend; each iteration has its own unless
        `reshuffle_each_iteration` is False. Raises ArgumentError if `buffer_size` is less than 1.
        """
        size = max(self._size, 1) if buffer_size is None else as_index(buffer_size)
        if size < 1:
            raise ArgumentError(message("data.shuffle", "a buffer_size of 1 or more", size, "Use the number of elements."))
        return self._then(stages.shuffled, size, _generators(seed, reshuffle_each_iteration is not False))

    def cache(self, filename: Any = "", name: str | None = None) -> Dataset:
        """Return the dataset that keeps its elements in memory once a loop has seen them all."""
        if filename:
            raise ArgumentError(message("data.cache", "no filename", repr(filename), "Elements are cached in memory: call cache()."))
        return self._then(stages.remembered, [])

    def prefetch(self, buffer_size: Any = AUTOTUNE, name: str | None = None) -> Dataset:
        """Return the dataset itself: elements are made in the loop's own thread, so none can be made ahead."""
        return self

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """Return the dataset itself: tf.data's options tune its own threads and devices."""
        return self

    # --- several datasets ---

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """Return the elements of this dataset, then those of the other."""
        sizes = (self._size, dataset._size)
        size = next((s for s in (INFINITE_CARDINALITY, UNKNOWN_CARDINALITY) if s in sizes), sum(sizes))
        return Dataset(
            lambda: stages.chained([self._stream, dataset._stream]), size, lambda: merged(self.element_spec, dataset.element_spec)
        )

    def interleave(
        self, map_func: Callable[..., Any], cycle_length: int | None = None, block_length: int | None = None,
        num_parallel_calls: int | None = None, deterministic: bool | None = None, name: str | None = None,
    ) -> Dataset:  # fmt: skip
        """Return the elements of the datasets that map_func(element) gives: `block_length` of each of `cycle_length` in turn."""
        cycle = 4 if cycle_length in (None, AUTOTUNE) else cycle_length
        block = 1 if block_length is None else block_length
        if not (cycle and cycle >= 1 and block >= 1):
            raise ArgumentError(message("data.interleave", "lengths of 1 or more", f"{cycle_length} and {block_length}", "Correct them."))
        made = self._then(stages.interleaved, map_func, cycle, block, size=UNKNOWN_CARDINALITY)
        made._spec = lambda: call(map_func, self._peek()).element_spec
        return made

    def flat_map(self, map_func: Callable[..., Any], name: str | None = None) -> Dataset:
        """Return the elements of the datasets that map_func(element) gives, one dataset after the other."""
        return self.interleave(map_func, 1, 1)

    # --- batches ---

    def batch(
        self, batch_size: Any, drop_remainder: bool = False, num_parallel_calls: int | None = None, deterministic: bool | None = None,
        name: str | None = None,
    ) -> Dataset:  # fmt: skip
        """Return the dataset of batches: `batch_size` elements stacked along a new first axis; the last batch may be smaller.

        Raises ShapeError if elements differ in shape.
        """
        return self._batched(stages.batched, batch_size, drop_remainder)

    def _batched(self, stage: Callable[..., Stage], batch_size: Any, drop_remainder: Any, *args: Any) -> Dataset:
        n, drop = as_index(batch_size), bool(drop_remainder)
        if n < 1:
            raise ArgumentError(message("data.batch", "a batch_size of 1 or more", n, "Use 32, for example."))
        size = self._size if self._size < 0 else self._size // n if drop else -(-self._size // n)
        made = self._then(stage, n, drop, *args, size=size, spec=lambda: batch_spec(self.element_spec, n if drop else None))
        made._batch_size = n  # type: ignore[attr-defined]  # as tf.data's: split_dataset asks for it
        return made

    def padded_batch(
        self, batch_size: Any, padded_shapes: Any = None, padding_values: Any = None, drop_remainder: bool = False, name: str | None = None
    ) -> Dataset:
        """Return the dataset of batches of elements padded to one shape: `padded_shapes`, or the batch's largest where it is None."""
        stack, shapes = padded(padded_shapes, padding_values)
        made = self._batched(stages.batched, batch_size, drop_remainder, stack)
        n = as_index(batch_size) if drop_remainder else None
        made._spec = lambda: batch_spec(shapes(self.element_spec), n)
        return made

    def unbatch(self, name: str | None = None) -> Dataset:
        """Return the dataset of the rows of each element."""

        def row(s: TensorSpec) -> TensorSpec:
            return TensorSpec(s.shape and s.shape[1:], s.dtype)

        known = None if callable(self._spec) else next(leaves(self._spec)).shape
        size = UNKNOWN_CARDINALITY if not known or known[0] is None else self._size * known[0] if self._size >= 0 else self._size
        return self._then(stages.unbatched, size=size, spec=lambda: map_structure(row, self.element_spec))

    def rebatch(self, batch_size: Any, drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """Return the dataset with its batches cut to another size."""
        return self.unbatch().batch(batch_size, drop_remainder)

    def window(self, size: Any, shift: Any = None, stride: Any = 1, drop_remainder: bool = False, name: str | None = None) -> Dataset:
        """Return the dataset of windows, each a dataset (or a structure of datasets) of `size` elements."""
        n, step = as_index(size), as_index(stride)
        move = n if shift is None else as_index(shift)
        if min(n, step, move) < 1:
            raise ArgumentError(message("data.window", "size, shift and stride of 1 or more", f"{n}, {move}, {step}", "Correct them."))

        def wrap(elements: list[Any]) -> Any:
            return map_structure(lambda *parts: from_elements(list(parts)), *elements)

        made = self._then(stages.windowed, n, move, step, drop_remainder, wrap, size=UNKNOWN_CARDINALITY)
        if self._size >= 0:
            made._size = max(-(-self._size // move) if not drop_remainder else (self._size - (n - 1) * step - 1) // move + 1, 0)
        made._spec = lambda: made._peek()
        return made


class Rows(Dataset):
    """The rows of a table in an order: what only changes the order is done to row numbers, and batches are gathered at once."""

    def __init__(self, table: Any, order: Dataset, is_whole: bool = False):
        self.table, self.order, self.is_whole = table, order, is_whole  # whole: all rows, as they stand
        spec = map_structure(lambda t: TensorSpec(t.shape[1:], t.dtype), table)
        super().__init__(lambda: stages.rows(order._stream, table), order._size, spec)

    def _then(self, stage: Callable[..., Stage], *args: Any, size: int | None = None, spec: Any = None) -> Dataset:
        if stage in _MOVES:
            return Rows(self.table, self.order._then(stage, *args, size=size))
        if stage is stages.batched and len(args) == 2:
            return self._gathered(*args, size=size, spec=spec)
        return super()._then(stage, *args, size=size, spec=spec)

    def _gathered(self, batch_size: int, drop_remainder: bool, size: Any, spec: Any) -> Dataset:
        source, table = self.order._stream, self.table
        return Dataset(lambda: stages.row_batches(source, table, batch_size, drop_remainder), size, spec)


_MOVES = (stages.taken, stages.skipped, stages.sharded, stages.repeated, stages.shuffled, stages.remembered)


def from_elements(elements: list[Any]) -> Dataset:
    """Return the dataset of elements that are there already."""
    return Dataset(lambda: stages.each(lambda: elements), len(elements), lambda: _common_spec(elements))


def _common_spec(elements: list[Any]) -> Any:
    found = spec_of(elements[0]) if elements else TensorSpec(None, "float32")
    for element in elements[1:]:
        found = merged(found, spec_of(element))
    return found


def _generators(seed: Any, reshuffle: bool) -> Callable[[], Random]:
    """Return what makes the random generator of each iteration; the same on every machine and backend."""
    high, low = draw_seed(seed, "data.shuffle")
    iterations = itertools.count()
    return lambda: Random((high << 64) | (low << 32) | (next(iterations) if reshuffle else 0))


def _typed(types: Any, shapes: Any) -> Any:
    if isinstance(types, tuple):
        parts = shapes if shapes is not None else [None] * len(types)
        return tuple(_typed(t, s) for t, s in zip(types, parts))
    if isinstance(types, Mapping):
        return {k: _typed(t, None if shapes is None else shapes[k]) for k, t in types.items()}
    return TensorSpec(shapes, types)
