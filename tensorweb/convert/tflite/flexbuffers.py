"""The options of custom ops that are a flexbuffer: a map of names to numbers and lists of numbers. Other contents are not read."""

from __future__ import annotations

import struct
from typing import Any

from ...errors import FormatError, message

_FORMATS = {1: "bhiq", 2: "BHIQ", 3: "..fd", 26: "BHIQ"}  # by the type: integers, unsigned ones, floats, truth values
_INDIRECT = {6: 1, 7: 2, 8: 3}
_MAP, _VECTOR = 9, 10
_VECTORS = {11: 1, 12: 2, 13: 3, 36: 26}  # whose elements have one type
_ENTRIES = 100_000


def read_map(data: Any, where: str) -> dict[str, Any]:
    """Return the numbers and lists of numbers by name of a map; FormatError for anything else."""
    try:
        return _Reader(bytes(data)).root()
    except (struct.error, ValueError, LookupError, OverflowError) as error:
        raise FormatError(message(where, "options that are a map of numbers", f"{len(data)} bytes", "The file is damaged.")) from error


class _Reader:
    """What is long stands elsewhere: an offset leads back to it from where the offset stands. A type has its elements' size with it."""

    def __init__(self, data: bytes):
        self.data = data
        self.left = min(_ENTRIES, len(data))  # lists can share bytes

    def root(self) -> dict[str, Any]:
        """Return the map whose place and type stand at the end."""
        width, packed = self.data[-1], self.data[-2]
        if packed >> 2 != _MAP:
            raise ValueError(packed)
        return self._map(self._back(len(self.data) - 2 - width, width), 1 << (packed & 3))

    def _number(self, place: int, width: int, kind: int = 2) -> Any:
        if place < 0:
            raise ValueError(place)
        return struct.unpack_from("<" + _FORMATS[kind][width.bit_length() - 1], self.data, place)[0]

    def _back(self, place: int, width: int) -> int:
        return place - self._number(place, width)

    def _count(self, start: int, width: int) -> int:
        """Return the number of elements, which stands before them."""
        count = self._number(start - width, width)
        self.left -= count
        if self.left < 0:
            raise ValueError(count)
        return count

    def _map(self, start: int, width: int) -> dict[str, Any]:
        keys, key_width = self._back(start - 3 * width, width), self._number(start - 2 * width, width)
        found: dict[str, Any] = {}
        for i in range(self._count(start, width)):
            name = self._back(keys + i * key_width, key_width)
            text = self.data[name : self.data.index(0, name)].decode("utf-8", "replace")
            value = self._value(start, width, i)
            if value is not None:
                found[text] = value
        return found

    def _value(self, start: int, width: int, i: int) -> Any:
        """Return an element of a map or a list; None for what is neither a number nor a list. The types stand behind the elements."""
        count, at = self._number(start - width, width), start + i * width
        kind, size = self.data[start + count * width + i] >> 2, 1 << (self.data[start + count * width + i] & 3)
        if kind in _FORMATS:
            return self._number(at, width, kind)
        if kind in _INDIRECT:
            return self._number(self._back(at, width), size, _INDIRECT[kind])
        if kind in _VECTORS:
            first = self._back(at, width)
            return [self._number(first + n * size, size, _VECTORS[kind]) for n in range(self._count(first, size))]
        if kind == _VECTOR:
            first = self._back(at, width)
            return [self._scalar(first, size, n) for n in range(self._count(first, size))]
        return None

    def _scalar(self, start: int, width: int, i: int) -> Any:
        count = self._number(start - width, width)
        return self._number(start + i * width, width, self.data[start + count * width + i] >> 2)
