"""The reading of sharded weights, piece by piece, each checked against its manifest. Where the shards lie is the handlers' business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import Any, NamedTuple, Protocol

from ..errors import ArgumentError, FormatError, message
from ..waiting import Call, Driver, Waits, wait, wait_async
from .calls import END
from .manifest import Group, bytes_of_specs

SHARD_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
# What strings may take, of which only the number is declared.
MAX_WEIGHT_BYTES = 2**32


class Source(Protocol):
    """An open shard: its number of bytes where that is known, and its bytes."""

    size: int | None

    def reading(self, count: int) -> Waits[bytes]:
        """Return at most `count` more bytes; none at the end."""
        ...

    def close(self) -> Any:
        """Let go."""
        ...


class ReadSource:
    """A Source of what has a method `read`, plain or a coroutine function."""

    size: int | None = None
    read: Callable[[int], Any]

    def reading(self, count: int) -> Waits[bytes]:
        """Return at most `count` more bytes; none at the end."""
        return (yield Call(self.read, count))

    def close(self) -> None:
        """There is nothing to let go."""


class BytesSource(ReadSource):
    """Bytes as a Source."""

    def __init__(self, data: bytes):
        self.size, self.read = len(data), BytesIO(data).read


Opener = Callable[[str], Waits[Source]]


class Progress:
    """Tells `report` the fraction that was read: by bytes where their number is known, else by shards; the last is 1."""

    def __init__(self, groups: Sequence[Group], report: Callable[[float], Any] | None):
        if report is not None and not callable(report):
            raise ArgumentError(message("on_progress", "a function of a fraction", repr(report), "Pass a callable."))
        self.total, exact = bytes_of_specs(s for g in groups for s in g.specs)
        self.by_bytes = exact and self.total > 0
        if not self.by_bytes:
            self.total = sum(len(g.paths) for g in groups)
        self.report, self.done, self.last = report, 0, 0.0

    def add(self, count: int, shards: int = 0) -> None:
        """Count bytes and finished shards, and report if there is anything new."""
        self.done += count if self.by_bytes else shards
        fraction = min(1.0, self.done / self.total) if self.total else 1.0
        if self.report is not None and fraction > self.last:
            self.last = fraction
            self.report(fraction)


class Piece(NamedTuple):
    """What a generator of waits yields beside its waits: the next bytes."""

    data: bytes


def reading_source(source: Source, limit: int, where: str) -> Waits[int]:
    """Yield waits and the Pieces of an open file of at most `limit` bytes; return their sum. FormatError if there are more."""
    count, too_long = 0, f"at most {limit} bytes"
    try:
        if source.size is not None and source.size > limit:
            raise FormatError(message(where, too_long, source.size, "The file does not fit its description."))
        while True:
            # One byte beyond the limit tells a file that is too long from one that fits.
            data = yield from source.reading(min(PIECE_BYTES, limit - count + 1))
            if not data:
                break
            count += len(data)
            if count > limit:
                raise FormatError(message(where, too_long, "more", "The file does not fit its description."))
            yield Piece(data)
        if source.size is not None and count < source.size:
            raise FormatError(message(where, f"{source.size} bytes", count, "It broke off: load it again."))
    finally:
        source.close()
    return count


def reading_pieces(groups: Sequence[Group], opener: Opener, on_progress: Callable[[float], Any] | None = None) -> Iterator[Any]:
    """Yield waits and Pieces: the bytes of all shards in order, as many as each group declares, else FormatError."""
    progress = Progress(groups, on_progress)
    for group in groups:
        declared, exact = bytes_of_specs(group.specs)
        count, limit = 0, declared if exact else MAX_WEIGHT_BYTES
        for path in group.paths:
            source = yield from opener(path)
            for_path = reading_source(source, limit - count, f"weights file {path[:80]!r}")
            count += yield from _counted(for_path, progress)
            progress.add(0, shards=1)
        if count < declared:
            where = f"weights files {', '.join(group.paths)[:80]!r}"
            raise FormatError(message(where, f"{declared} bytes", count, "A file is cut short or missing."))
    progress.add(0)


def _counted(reading: Any, progress: Progress) -> Any:
    """Pass waits and Pieces on, counting the bytes; return what the generator returns."""
    driver = Driver(reading)
    while True:
        try:
            request = driver.step()
        except StopIteration as end:
            return end.value
        try:
            driver.answer((yield request))
        except BaseException as error:
            driver.fail(error)
        if isinstance(request, Piece):
            progress.add(len(request.data))


class PieceStream:
    """The pieces of such a generator as an iterator, plain or asynchronous, for those who read as they need."""

    def __init__(self, reading: Any):
        self._driver = Driver(reading)

    def advancing(self) -> Waits[Any]:
        """Return the next bytes; END after the last."""
        self._driver.answer(None)
        while True:
            try:
                request = self._driver.step()
            except StopIteration:
                return END
            if isinstance(request, Piece):
                return request.data
            try:
                self._driver.answer((yield request))
            except BaseException as error:
                self._driver.fail(error)

    def __iter__(self) -> PieceStream:
        return self

    def __next__(self) -> bytes:
        data = wait(self.advancing())
        if data is END:
            raise StopIteration
        return data

    def __aiter__(self) -> PieceStream:
        return self

    async def __anext__(self) -> bytes:
        data = await wait_async(self.advancing())
        if data is END:
            raise StopAsyncIteration
        return data


def collecting(reading: Any) -> Waits[list[bytes]]:
    """Return all pieces in a list."""
    stream, pieces = PieceStream(reading), []
    while (data := (yield from stream.advancing())) is not END:
        pieces.append(data)
    return pieces
