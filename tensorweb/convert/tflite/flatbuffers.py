"""Reading flatbuffers of unknown origin by a schema: every offset, vtable and vector is checked before it is followed.

Offsets lead forward only, and what stands at a place is read once, so reading ends, whatever the bytes say. What the tables mean
stands in `schema.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...errors import FormatError, message

_SCALARS = {"bool": "?", "i8": "b", "u8": "B", "u16": "H", "i32": "i", "u32": "I", "i64": "q", "u64": "Q", "f32": "f"}


class Field(NamedTuple):
    """A field of a table: what it holds and what it is where the table does not say.

    `kind` is a scalar's name, `text`, a table's name, or one of these in brackets for a vector; `union:FIELD` is a table whose name
    `schema.unions` gives for the number in that field.
    """

    number: int
    kind: str
    default: Any


class Schema(NamedTuple):
    """Tables by name, each with its fields by name; for a union's field the table's name by number."""

    tables: Mapping[str, Mapping[str, Field]]
    unions: Mapping[str, Mapping[int, str]]


def parse_schema(tables: Mapping[str, str], unions: Mapping[str, Mapping[int, str]]) -> Schema:
    """Return the schema of tables written as `name:kind=default` in the order of their fields; `-` is a field that nobody reads."""
    return Schema({name: _parse_fields(text.split()) for name, text in tables.items()}, unions)


def _parse_fields(words: list[str]) -> dict[str, Field]:
    fields = {}
    for number, word in enumerate(words):
        if word == "-":
            continue
        name, _, rest = word.partition(":")
        kind, _, default = rest.partition("=")
        if kind in _SCALARS:
            make = bool if kind == "bool" else float if kind == "f32" else int
            fields[name] = Field(number, kind, make(int(default or 0)))
        else:
            fields[name] = Field(number, kind, () if kind.startswith("[") else "" if kind == "text" else None)
    return fields


class Table:
    """A table of a file; its fields are attributes. Without a place it is one of which the file says nothing: all fields are defaults."""

    __slots__ = ("_file", "_kind", "_places", "_read")

    def __init__(self, file: File | None, kind: str, places: tuple[int, ...], read: dict[str, Any]):
        self._file, self._kind, self._places, self._read = file, kind, places, read

    def __getattr__(self, name: str) -> Any:
        if name not in self._read:
            if self._file is None:
                raise AttributeError(name)
            self._read[name] = self._file.field(self, self._kind, name, self._places)
        return self._read[name]


class File:
    """The bytes of a flatbuffer with its schema."""

    def __init__(self, data: memoryview, schema: Schema, where: str):
        self.data, self.schema, self.where = data, schema, where
        self._tables: dict[tuple[str, int], Table] = {}
        self._vectors: dict[tuple[str, int], Any] = {}

    def root(self, kind: str) -> Table:
        """Return the table that the file begins with."""
        return self.table(kind, self._follow(0))

    def default(self, kind: str) -> Table:
        """Return a table of defaults."""
        return Table(None, kind, (), {name: field.default for name, field in self.schema.tables[kind].items()})

    def fault(self, expected: str, got: object) -> FormatError:
        """Return the error of a damaged file."""
        return FormatError(message(self.where, expected, got, "The file is damaged or no such file."))

    def _scalar(self, code: str, place: int) -> Any:
        size = struct.calcsize("<" + code)
        if not 0 <= place <= len(self.data) - size:
            raise self.fault(f"offsets within {len(self.data)} bytes", place)
        return struct.unpack_from("<" + code, self.data, place)[0]

    def _follow(self, place: int) -> int:
        """Return where the offset at a place leads."""
        offset = self._scalar("I", place)
        if not 0 < offset < len(self.data) - place:
            raise self.fault(f"offsets within {len(self.data)} bytes", f"{offset} at {place}")
        return place + offset

    def table(self, kind: str, place: int) -> Table:
        """Return the table at a place, the same one each time."""
        found = self._tables.get((kind, place))
        if found is None:
            vtable = place - self._scalar("i", place)
            size = self._scalar("H", vtable)
            if size < 4 or size % 2 or vtable + size > len(self.data):
                raise self.fault("a vtable within the file", f"{size} bytes at {vtable}")
            offsets = struct.unpack_from(f"<{size // 2 - 2}H", self.data, vtable + 4)
            found = self._tables[kind, place] = Table(self, kind, tuple(place + o if o else 0 for o in offsets), {})
        return found

    def field(self, table: Table, kind: str, name: str, places: tuple[int, ...]) -> Any:
        """Return the value of a table's field."""
        field = self.schema.tables[kind].get(name)
        if field is None:
            raise AttributeError(name)
        if field.number >= len(places) or not places[field.number]:
            return field.default
        place = places[field.number]
        if field.kind in _SCALARS:
            return self._scalar(_SCALARS[field.kind], place)
        if field.kind.startswith("union:"):
            member = self.schema.unions[field.kind].get(getattr(table, field.kind[6:]))
            return self.table(member, self._follow(place)) if member else None
        place = self._follow(place)
        if field.kind == "text":
            return bytes(self._vector("u8", place)).decode("utf-8", "replace")
        return self._vector(field.kind[1:-1], place) if field.kind[0] == "[" else self.table(field.kind, place)

    def _vector(self, kind: str, place: int) -> Any:
        """Return a vector's elements: bytes as a view, the same object each time."""
        found = self._vectors.get((kind, place))
        if found is None:
            count, first = self._scalar("I", place), place + 4
            size = struct.calcsize(_SCALARS.get(kind, "I"))
            if count * size > len(self.data) - first:
                raise self.fault(f"vectors within {len(self.data)} bytes", f"{count} elements at {place}")
            if kind == "u8":
                found = self.data[first : first + count]
            elif kind in _SCALARS:
                found = struct.unpack_from(f"<{count}{_SCALARS[kind]}", self.data, first)
            else:
                found = tuple(self.table(kind, self._follow(first + 4 * i)) for i in range(count))
            self._vectors[kind, place] = found
        return found
