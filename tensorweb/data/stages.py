"""The stages of a pipeline: what happens to elements between a source and the loop. One generator each; see `stream.py`.

A stage takes `source`, a function that opens the stage before anew, since `repeat` and `shuffle` read it more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any

from ..errors import ShapeError, message
from ..tensor import op, tensor
from .stream import Await, Element, End, Stage, Stream, is_coroutine
from .structure import as_element, call, leaves, map_structure, stacked

Source = Callable[[], Stream]


def each(values: Callable[[], Iterable[Any]]) -> Stage:
    """Yield what a plain iterable has."""
    for value in values():
        yield Element(value)


# --- element by element ---


def mapped(source: Source, function: Callable[..., Any], together: int = 1) -> Stage:
    """Yield function(element); of coroutines, up to `together` are awaited at once."""
    stream, ended = source(), False
    while not ended:
        made = call(function, (yield from stream.pull()))
        if not is_coroutine(made):
            yield Element(as_element(made, "map"))
            continue
        waiting = [made]
        try:
            while len(waiting) < together:
                waiting.append(call(function, (yield from stream.pull())))
        except End:
            ended = True
        for value in (yield Await(*waiting)):
            yield Element(as_element(value, "map"))


def _truth(function: Callable[..., Any], element: Any) -> Stage:
    """Return whether function(element) holds, which may have to be awaited."""
    kept = call(function, element)
    if is_coroutine(kept):
        (kept,) = yield Await(kept)
    return bool(kept)


def filtered(source: Source, predicate: Callable[..., Any]) -> Stage:
    """Yield the elements for which the predicate holds."""
    stream = source()
    while True:
        element = yield from stream.pull()
        if (yield from _truth(predicate, element)):
            yield Element(element)


def taken_while(source: Source, predicate: Callable[..., Any]) -> Stage:
    """Yield elements until the predicate fails."""
    stream = source()
    while True:
        element = yield from stream.pull()
        if not (yield from _truth(predicate, element)):
            return
        yield Element(element)


def scanned(source: Source, state: Any, function: Callable[..., Any]) -> Stage:
    """Yield the outputs of (state, output) = function(state, element)."""
    stream = source()
    while True:
        state, made = function(state, (yield from stream.pull()))
        state = as_element(state, "scan")
        yield Element(as_element(made, "scan"))


def numbered(source: Source, start: int) -> Stage:
    """Yield (index, element)."""
    stream, index = source(), start
    while True:
        element = yield from stream.pull()
        yield Element((tensor(index), element))
        index += 1


def tolerant(source: Source, log: Callable[[Exception], None] | None) -> Stage:
    """Yield the elements that can be made; skip those whose making raises."""
    stream = source()
    while True:
        try:
            element = yield from stream.pull()
        except End:
            return
        except Exception as error:
            if log is not None:
                log(error)
            continue
        yield Element(element)


# --- which elements, in which order ---


def taken(source: Source, count: int) -> Stage:
    """Yield the first elements."""
    stream = source()
    for _ in range(count):
        yield Element((yield from stream.pull()))
    stream.close()


def skipped(source: Source, count: int) -> Stage:
    """Yield all but the first elements."""
    stream = source()
    for _ in range(count):
        yield from stream.pull()
    while True:
        yield Element((yield from stream.pull()))


def sharded(source: Source, count: int, index: int) -> Stage:
    """Yield each `count`-th element from `index` on."""
    stream, place = source(), 0
    while True:
        element = yield from stream.pull()
        if place % count == index:
            yield Element(element)
        place += 1


def repeated(source: Source, count: int | None) -> Stage:
    """Yield all elements again and again; an empty source ends even if `count` is None."""
    while count is None or count > 0:
        stream, some = source(), False
        try:
            while True:
                element = yield from stream.pull()
                some = True
                yield Element(element)
        except End:
            pass
        if not some:
            return
        count = None if count is None else count - 1


def shuffled(source: Source, size: int, generator: Callable[[], Random]) -> Stage:
    """Yield elements from random places of a buffer, which the next elements fill up."""
    stream, draw = source(), generator().random
    buffer: list[Any] = []
    while True:
        try:
            element = yield from stream.pull()
        except End:
            break
        if len(buffer) < size:
            buffer.append(element)
            continue
        place = int(draw() * size)
        buffer[place], element = element, buffer[place]
        yield Element(element)
    while buffer:
        place = int(draw() * len(buffer))
        buffer[place], buffer[-1] = buffer[-1], buffer[place]
        yield Element(buffer.pop())


def remembered(source: Source, memory: list[list[Any]]) -> Stage:
    """Yield the elements, and keep them once all were seen; from then on yield what was kept."""
    if not memory:
        stream, seen = source(), []
        while True:
            try:
                element = yield from stream.pull()
            except End:
                break
            seen.append(element)
            yield Element(element)
        if not memory:
            memory.append(seen)
        return
    for element in memory[0]:
        yield Element(element)


def unique(source: Source) -> Stage:
    """Yield each scalar or tensor the first time it comes."""
    stream, seen = source(), set()
    while True:
        element = yield from stream.pull()
        key = str([part.tolist() for part in leaves(element)])
        if key not in seen:
            seen.add(key)
            yield Element(element)


# --- several sources ---


def zipped(structure: Any, opened: Callable[[Any], Stream]) -> Stage:
    """Yield the structure with each dataset's next element in its place, until one of them ends."""
    streams = map_structure(opened, structure)
    while True:
        yield Element((yield from _pull_all(streams)))


def _pull_all(streams: Any) -> Stage:
    if isinstance(streams, tuple):
        parts = []
        for s in streams:
            parts.append((yield from _pull_all(s)))
        return tuple(parts)
    if isinstance(streams, Mapping):
        found = {}
        for k, s in streams.items():
            found[k] = yield from _pull_all(s)
        return found
    return (yield from streams.pull())


def chained(sources: Iterable[Source]) -> Stage:
    """Yield the elements of one source after those of the other."""
    for source in sources:
        stream = source()
        try:
            while True:
                yield Element((yield from stream.pull()))
        except End:
            pass


def interleaved(source: Source, function: Callable[..., Any], cycle: int, block: int) -> Stage:
    """Yield from the datasets that function(element) gives, `block` elements from each of `cycle` open ones in turn."""
    stream, ended, at = source(), False, 0
    slots: list[Any] = [None] * cycle
    while True:
        if slots[at] is None:
            if not ended:
                try:
                    slots[at] = _opened(function, (yield from stream.pull()))
                except End:
                    ended = True
            if slots[at] is None:
                if all(s is None for s in slots):
                    return
                at = (at + 1) % cycle
                continue
        try:
            for _ in range(block):
                yield Element((yield from slots[at].pull()))
        except End:
            slots[at] = None
        at = (at + 1) % cycle


def _opened(function: Callable[..., Any], element: Any) -> Any:
    made = call(function, element)
    if not hasattr(made, "_stream"):
        got = type(made).__name__
        raise ShapeError(message("data.flat_map", "a function that returns a Dataset", got, "Wrap the result in from_tensor_slices."))
    return made._stream()


def chosen(sources: list[Source], choices: Source, stop_on_empty: bool) -> Stage:
    """Yield from the source whose number the stream of choices gives, until that or (on request) a chosen source ends."""
    streams = [s() for s in sources]
    choice = choices()
    done: set[int] = set()
    while len(done) < len(streams):
        place = int((yield from choice.pull()))
        if place in done:
            continue
        try:
            yield Element((yield from streams[place].pull()))
        except End:
            if stop_on_empty:
                return
            done.add(place)


# --- batches ---


def _groups(stream: Stream, size: int, drop_remainder: bool) -> Stage:
    """Return up to `size` elements; raise End if there are none, or fewer and those are not wanted."""
    group: list[Any] = []
    try:
        while len(group) < size:
            group.append((yield from stream.pull()))
    except End:
        if not group or drop_remainder:
            raise
    return group


def batched(source: Source, size: int, drop_remainder: bool, stack: Callable[[list[Any]], Any] = stacked) -> Stage:
    """Yield batches; `stack` makes one of a list of elements."""
    stream = source()
    while True:
        yield Element(stack((yield from _groups(stream, size, drop_remainder))))


def unbatched(source: Source) -> Stage:
    """Yield the rows of each element."""
    stream = source()
    while True:
        element = yield from stream.pull()
        shapes = [t.shape for t in leaves(element)]
        if len({s[:1] for s in shapes}) != 1 or not shapes[0]:
            raise ShapeError(message("data.unbatch", "tensors with the same first dimension", shapes, "Batch the elements first."))
        for i in range(shapes[0][0]):
            yield Element(map_structure(lambda t, i=i: t[i], element))


def windowed(source: Source, size: int, shift: int, stride: int, drop_remainder: bool, wrap: Callable[[list[Any]], Any]) -> Stage:
    """Yield windows of `size` elements, `stride` apart, each beginning `shift` after the last."""
    stream, ended, reach = source(), False, (size - 1) * stride + 1
    buffer: list[Any] = []
    while True:
        try:
            while not ended and len(buffer) < max(reach, shift):
                buffer.append((yield from stream.pull()))
        except End:
            ended = True
        if not buffer or (drop_remainder and len(buffer) < reach):
            return
        yield Element(wrap(buffer[:reach:stride]))
        del buffer[:shift]


# --- rows of a table ---


def rows(order: Source, table: Any) -> Stage:
    """Yield the table's rows in an order."""
    stream = order()
    while True:
        i = yield from stream.pull()
        yield Element(map_structure(lambda t, i=i: t[i], table))


def row_batches(order: Source, table: Any, size: int, drop_remainder: bool) -> Stage:
    """Yield batches of the table's rows in an order, each gathered at once."""
    stream = order()
    while True:
        places = yield from _groups(stream, size, drop_remainder)
        yield Element(gathered(table, places))


def gathered(table: Any, places: list[int]) -> Any:
    """Return the rows at some places; neighbours are sliced."""
    first, n = places[0], len(places)
    if places[-1] - first == n - 1 and places == list(range(first, first + n)):
        return map_structure(lambda t: t[first : first + n], table)
    at = tensor(places, dtype="int32")
    return map_structure(lambda t: op("take")(t, at, 0), table)


def generated(function: Callable[[], Any], convert: Callable[[Any], Any]) -> Stage:
    """Yield what the iterable that `function` makes has: a plain iterable, an asynchronous one, or a coroutine's result."""
    made = function()
    if is_coroutine(made):
        (made,) = yield Await(made)
    if hasattr(made, "__aiter__"):
        items = made.__aiter__()
        while True:
            (found,) = yield Await(_next(items))
            if found is End:
                return
            yield Element(convert(found))
    iterator: Iterator[Any] = iter(made)
    for value in iterator:
        if is_coroutine(value):
            (value,) = yield Await(value)
        yield Element(convert(value))


async def _next(items: Any) -> Any:
    try:
        return await items.__anext__()
    except StopAsyncIteration:
        return End
