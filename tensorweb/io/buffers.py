"""Several byte buffers read as one, without joining them: what sharded weights are. No formats here."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from ..errors import ArgumentError, ConversionError, message


def as_bytes(buffer: Any, where: str = "buffer") -> memoryview:
    """Return a flat view of the bytes of anything with a contiguous buffer; raise ConversionError if it has none."""
    try:
        return memoryview(buffer).cast("B")
    except (TypeError, ValueError):
        raise ConversionError(message(where, "bytes or a contiguous buffer", type(buffer).__name__, "Pass bytes.")) from None


class CompositeArrayBuffer:
    """A list of buffers that is read as their concatenation. TensorFlow.js's io.CompositeArrayBuffer.

    >>> import tensorweb as tw
    >>> whole = tw.io.CompositeArrayBuffer([b"abc", b"def"])
    >>> whole.byte_length, bytes(whole.slice(2, 5))
    (6, b'cde')
    """

    def __init__(self, buffers: Any = None):
        if buffers is None:
            buffers = []
        elif isinstance(buffers, CompositeArrayBuffer):
            buffers = buffers.parts
        elif not isinstance(buffers, (list, tuple)):
            buffers = [buffers]
        self.parts: list[memoryview] = [view for view in (as_bytes(b, "CompositeArrayBuffer") for b in buffers) if view.nbytes]
        self.starts = [0]
        for part in self.parts:
            self.starts.append(self.starts[-1] + part.nbytes)

    @property
    def byte_length(self) -> int:
        """The number of bytes of all parts."""
        return self.starts[-1]

    def slice(self, start: int = 0, end: int | None = None) -> memoryview:
        """Return the bytes from `start` to `end`, counted and clipped as JavaScript's slice does; a copy only across parts."""
        start, end, _ = slice(start, end).indices(self.byte_length)
        if start >= end:
            return memoryview(b"")
        first = bisect_right(self.starts, start) - 1
        if end <= self.starts[first + 1]:
            return self.parts[first][start - self.starts[first] : end - self.starts[first]]
        return memoryview(b"".join(self._pieces(first, start, end)))

    def _pieces(self, first: int, start: int, end: int) -> Iterator[memoryview]:
        for part, offset in zip(self.parts[first:], self.starts[first:]):
            if offset >= end:
                return
            yield part[max(0, start - offset) : end - offset]

    @staticmethod
    def join(buffers: Any = None) -> bytes:
        """Return the bytes of all buffers in one.

        >>> CompositeArrayBuffer.join([b"ab", b"c"])
        b'abc'
        """
        return b"".join(CompositeArrayBuffer(buffers).parts)


def concatenate_array_buffers(buffers: Any) -> bytes:
    """Return the bytes of a list of buffers (or of one) in one. TensorFlow.js's io.concatenateArrayBuffers.

    >>> concatenate_array_buffers([b"ab", b"c"])
    b'abc'
    """
    return CompositeArrayBuffer.join(buffers)


def cut(whole: CompositeArrayBuffer, size: int) -> list[memoryview]:
    """Return the bytes in pieces of at most `size` bytes; none for no bytes."""
    if not isinstance(size, int) or size < 1:
        raise ArgumentError(message("weight_shard_size", "at least 1 byte", size, "TensorFlow.js's converter uses 4 * 1024 * 1024."))
    return [whole.slice(start, start + size) for start in range(0, whole.byte_length, size)]


def typed(view: memoryview, code: str) -> Any:
    """Return little-endian bytes as a view of numbers (`code` as in `array`), swapped where the machine is big-endian."""
    if sys.byteorder == "little":
        return view.cast(code)  # type: ignore[call-overload]
    swapped = array(code, view.tobytes())
    swapped.byteswap()
    return memoryview(swapped)


def little(view: Any) -> memoryview:
    """Return the bytes of a view of numbers in little-endian order."""
    if sys.byteorder == "little" or view.itemsize == 1:
        return memoryview(view).cast("B")
    swapped = array(view.format, view.tobytes())
    swapped.byteswap()
    return memoryview(swapped).cast("B")
