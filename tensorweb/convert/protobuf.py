"""Protocol buffers' wire format, reading and writing, driven by tables. What messages a format has stands with its reader.

A schema is made once, from lines as they stand in a .proto file; messages may name each other in any order:

    SCHEMA = Schema({
        "NodeDef": {1: "string name", 3: "repeated string input", 5: "map<string, AttrValue> attr", 7: "bytes raw"},
        "AttrValue": {3: "int64 i", 4: "float f", 6: "DataType type"},   # enums are given as int32: "int32 type"
    })
    node = decode(SCHEMA, "NodeDef", data, "model.pb")   # FormatError, which names the file, for whatever is no such message
    node.name, list(node.input), node.attr["T"].i        # an absent field reads as 0, "", b"", [], {} or an empty message
    "name" in node                                       # whether it was there; vars(node): what was there
    data = encode(SCHEMA, "NodeDef", {"name": "x", "attr": {"T": {"i": 3}}})   # dicts or messages; None is left out

Repeated numbers are `array.array`s, other repeated fields lists. `bytes` are memoryviews of the data that were passed, never copies: pass
`map_file(path)` for a large file. Unknown fields are skipped. A field of a wrong wire type, a length beyond the end, a varint of more
than 64 bits, text that is not UTF-8 and messages nested deeper than 100 are refused. Of a `oneof` several members may be there.
"""

from __future__ import annotations

import mmap
import re
import struct
import sys
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ArgumentError, FormatError, message
from ..kernels.wasm_encoding import unsigned as varint  # WebAssembly writes its numbers so, too

MAX_DEPTH = 100
MAX_MESSAGES = 5_000_000  # a message takes two bytes in a file and some hundred in memory
_VARINT, _FIXED64, _BYTES, _GROUP, _END_GROUP, _FIXED32 = range(6)


def _signed(bits: int) -> Callable[[int], int]:
    half, mask = 1 << (bits - 1), (1 << bits) - 1
    return lambda value: ((value & mask) ^ half) - half


def _zigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


# kind -> (wire type, array code, number of a varint or format of fixed bytes, varint of a number).
_MASK = (1 << 64) - 1
_NUMBERS: dict[str, tuple[int, str, Any, Callable[[int], int]]] = {
    "int32": (_VARINT, "i", _signed(32), lambda v: v & _MASK), "int64": (_VARINT, "q", _signed(64), lambda v: v & _MASK),
    "uint32": (_VARINT, "I", lambda v: v & 0xFFFFFFFF, lambda v: v), "uint64": (_VARINT, "Q", lambda v: v, lambda v: v),
    "sint32": (_VARINT, "i", lambda v: _zigzag(v & 0xFFFFFFFF), lambda v: v << 1 if v >= 0 else ~(v << 1)),
    "sint64": (_VARINT, "q", _zigzag, lambda v: v << 1 if v >= 0 else ~(v << 1)),
    "bool": (_VARINT, "b", bool, int),
    "fixed32": (_FIXED32, "I", "<I", int), "sfixed32": (_FIXED32, "i", "<i", int), "float": (_FIXED32, "f", "<f", int),
    "fixed64": (_FIXED64, "Q", "<Q", int), "sfixed64": (_FIXED64, "q", "<q", int), "double": (_FIXED64, "d", "<d", int),
}  # fmt: skip
_DEFAULTS: dict[str, Any] = {"float": 0.0, "double": 0.0, "bool": False, "string": "", "bytes": b""}
_LINE = re.compile(r"(repeated )?(?:map<(\w+), ?(\w+)>|(\w+)) (\w+)$")


@dataclass
class Field:
    """A field: `kind` is a scalar's, "message" or "map"; `type` the message's, of a map that of its entries (key and value)."""

    number: int
    name: str
    kind: str
    repeated: bool = False
    type: Type | None = None

    def default(self) -> Any:
        """Return what an absent field reads as."""
        if self.kind == "map":
            return {}
        if self.repeated:
            return array(_NUMBERS[self.kind][1]) if self.kind in _NUMBERS else []
        return Message(self.type) if self.type is not None else _DEFAULTS.get(self.kind, 0)


class Type:
    """A kind of message: its fields by number and by name."""

    def __init__(self, name: str):
        self.name = name
        self.by_number: dict[int, Field] = {}
        self.by_name: dict[str, Field] = {}

    def add(self, field: Field) -> None:
        """Add a field."""
        self.by_number[field.number] = self.by_name[field.name] = field


class Schema:
    """The kinds of messages of a format by name; see the head of this file."""

    def __init__(self, tables: Mapping[str, Mapping[int, str]]):
        self.types = {name: Type(name) for name in tables}
        for name, table in tables.items():
            for number in sorted(table):
                self.types[name].add(self._field(name, number, table[number]))

    def _field(self, owner: str, number: int, line: str) -> Field:
        found = _LINE.match(line)
        assert found is not None, line
        repeated, key, value, kind, name = found.groups()
        if key is None:
            return self._typed(number, name, kind, bool(repeated))
        entry = Type(f"{owner}.{name}")
        entry.add(self._typed(1, "key", key))
        entry.add(self._typed(2, "value", value))
        return Field(number, name, "map", True, entry)

    def _typed(self, number: int, name: str, kind: str, repeated: bool = False) -> Field:
        if kind in _NUMBERS or kind in ("string", "bytes"):
            return Field(number, name, kind, repeated)
        return Field(number, name, "message", repeated, self.types[kind])


class Message:
    """A decoded message: fields are attributes, absent ones read as their defaults; `name in message` tells what was there."""

    def __init__(self, kind: Type, **values: Any):
        self.__dict__.update(values, _type_=kind)

    def __getattr__(self, name: str) -> Any:
        kind = self.__dict__.get("_type_")
        if kind is None or name not in kind.by_name:
            raise AttributeError(name)
        return kind.by_name[name].default()

    def __contains__(self, name: str) -> bool:
        return name in self.__dict__

    def __repr__(self) -> str:
        return f"{self._type_.name}({', '.join(f'{k}={v!r}' for k, v in fields_of(self).items())})"


def fields_of(value: Message | Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are there, by name."""
    found = vars(value) if isinstance(value, Message) else value
    return {k: v for k, v in found.items() if k != "_type_" and v is not None}


def map_file(path: str | Path) -> memoryview:
    """Return a file's bytes, mapped and not read where that is possible."""
    with open(path, "rb") as file:
        try:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        except (ValueError, OSError):  # an empty file; a file system that cannot map
            return memoryview(file.read())


# --- reading ----------------------------------------------------------------------------------------------------------------


def decode(schema: Schema, name: str, data: Any, where: str = "protobuf") -> Message:
    """Return the message of a kind that bytes hold; FormatError, whose text begins with `where`, if they hold none."""
    view = memoryview(data)
    return Reader(view if view.format == "B" and view.ndim == 1 else view.cast("B"), where).message(schema.types[name])


class Reader:
    """Reads one buffer, the varints and spans of other formats too. `at`: the place of the next byte; nothing is read beyond an end."""

    def __init__(self, data: memoryview, where: str):
        self.data, self.where, self.at, self.count = data, where, 0, 0

    def fail(self, expected: str, got: object) -> FormatError:
        return FormatError(message(f"{self.where}, byte {self.at}", expected, got, "The file is damaged, or is of another format."))

    def message(self, kind: Type) -> Message:
        found = Message(kind)
        self.fields(found, kind, len(self.data), 0)
        return found

    def varint(self, end: int) -> int:
        """Return the next varint and step over it."""
        data, at, value, shift = self.data, self.at, 0, 0
        while at < end and shift < 70:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            if byte < 128 and value <= _MASK:
                self.at = at
                return value
            shift += 7
        raise self.fail("a varint of 64 bits", "its end" if at >= end else "a longer one")

    def span(self, size: int, end: int) -> memoryview:
        """Return the next bytes and step over them."""
        if size > end - self.at:
            raise self.fail(f"{size} bytes", f"{end - self.at} that are left")
        self.at += size
        return self.data[self.at - size : self.at]

    def fields(self, found: Message, kind: Type, end: int, depth: int) -> None:
        """Read fields into a message up to an end."""
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_MESSAGES:
            raise self.fail(f"messages {MAX_DEPTH} deep and {MAX_MESSAGES} in all at most", "more")
        values = found.__dict__
        while self.at < end:
            tag = self.varint(end)
            field, wire = kind.by_number.get(tag >> 3), tag & 7
            if field is None:
                self.skip(tag, end)
            elif field.kind in _NUMBERS:
                self.number(values, field, wire, kind, end)
            elif wire != _BYTES:
                raise self.fail(f"{kind.name}.{field.name} with its length", f"wire type {wire}")
            elif field.type is None:
                self.text(values, field, end)
            else:
                self.nested(values, field, end, depth)

    def number(self, values: dict[str, Any], field: Field, wire: int, kind: Type, end: int) -> None:
        own, code, read, _ = _NUMBERS[field.kind]
        if wire == own:
            value = read(self.varint(end)) if own == _VARINT else struct.unpack(read, self.span(4 if own == _FIXED32 else 8, end))[0]
            if field.repeated:
                values.setdefault(field.name, array(code)).append(value)
            else:
                values[field.name] = value
        elif wire == _BYTES and field.repeated:
            self.packed(values.setdefault(field.name, array(code)), own, read, end)
        else:
            raise self.fail(f"{kind.name}.{field.name} as {field.kind}", f"wire type {wire}")

    def packed(self, found: array, own: int, read: Any, end: int) -> None:
        size = self.varint(end)
        if own != _VARINT:
            data = self.span(size, end)
            if size % found.itemsize:
                raise self.fail(f"numbers of {found.itemsize} bytes", f"{size} bytes")
            part = array(found.typecode, data.tobytes())
            if sys.byteorder == "big":
                part.byteswap()
            found.extend(part)
            return
        if size > end - self.at:
            raise self.fail(f"{size} bytes", f"{end - self.at} that are left")
        last, append = self.at + size, found.append
        while self.at < last:
            append(read(self.varint(last)))

    def text(self, values: dict[str, Any], field: Field, end: int) -> None:
        data: Any = self.span(self.varint(end), end)
        if field.kind == "string":
            try:
                data = str(data, "utf-8")
            except UnicodeDecodeError:
                raise self.fail(f"{field.name} in UTF-8", "other bytes") from None
        if field.repeated:
            values.setdefault(field.name, []).append(data)
        else:
            values[field.name] = data

    def nested(self, values: dict[str, Any], field: Field, end: int, depth: int) -> None:
        size = self.varint(end)
        if size > end - self.at:
            raise self.fail(f"{size} bytes", f"{end - self.at} that are left")
        assert field.type is not None
        # A field that may be there once and is there again is merged, says the format.
        found = Message(field.type) if field.repeated or field.name not in values else values[field.name]
        self.fields(found, field.type, self.at + size, depth + 1)
        if field.kind == "map":
            values.setdefault(field.name, {})[found.key] = found.value
        elif field.repeated:
            values.setdefault(field.name, []).append(found)
        else:
            values[field.name] = found

    def skip(self, tag: int, end: int) -> None:
        """Step over a field that the schema does not have; groups, which old writers nest, without recursion."""
        groups: list[int] = []
        while True:
            number, wire = tag >> 3, tag & 7
            if wire == _VARINT:
                self.varint(end)
            elif wire in (_FIXED32, _FIXED64):
                self.span(4 if wire == _FIXED32 else 8, end)
            elif wire == _BYTES:
                self.span(self.varint(end), end)
            elif wire == _GROUP and len(groups) < MAX_DEPTH:
                groups.append(number)
            elif wire != _END_GROUP or not groups or groups.pop() != number:
                raise self.fail("a wire type", wire)
            if number == 0:
                raise self.fail("a field's number", "0")
            if not groups:
                return
            tag = self.varint(end)


# --- writing ----------------------------------------------------------------------------------------------------------------


def encode(schema: Schema, name: str, value: Message | Mapping[str, Any]) -> bytes:
    """Return the bytes of a message, fields in the order of their numbers; ArgumentError for a field that the kind does not have."""
    return b"".join(encode_parts(schema, name, value))


def encode_parts(schema: Schema, name: str, value: Message | Mapping[str, Any]) -> list[Any]:
    """Return what `encode` does as a list of buffers, in which large `bytes` are not copied."""
    parts: list[Any] = []
    _encode(schema.types[name], value, parts)
    return parts


def _encode(kind: Type, value: Message | Mapping[str, Any], parts: list[Any]) -> int:
    """Add the parts of a message; return their size."""
    given, size = fields_of(value), 0
    if unknown := sorted(set(given) - set(kind.by_name)):
        raise ArgumentError(message(f"message {kind.name}", f"fields among {', '.join(kind.by_name)}", unknown, "Correct the names."))
    for name, field in kind.by_name.items():
        if name not in given:
            continue
        if field.kind == "map":
            for key, each in sorted(given[name].items()):
                size += _encode_sized(field, {"key": key, "value": each}, parts)
        elif field.repeated and field.kind in _NUMBERS:
            packed = _packed(field.kind, given[name])
            size += _add(parts, _tag(field, _BYTES) + varint(len(packed)) + packed) if packed else 0
        else:
            for each in given[name] if field.repeated else (given[name],):
                size += _encode_sized(field, each, parts)
    return size


def _encode_sized(field: Field, value: Any, parts: list[Any]) -> int:
    """Add a field with its tag, a number or what has a length before it; return the size."""
    if field.kind in _NUMBERS:
        return _add(parts, _tag(field, _NUMBERS[field.kind][0]) + _number_bytes(field.kind, value))
    inner: list[Any] = []
    if field.type is not None:
        size = _encode(field.type, value, inner)
    else:
        size = _add(inner, value.encode() if isinstance(value, str) else memoryview(value).cast("B"))
    head = _add(parts, _tag(field, _BYTES) + varint(size))
    parts.extend(inner)
    return head + size


def _add(parts: list[Any], data: Any) -> int:
    parts.append(data)
    return len(data)


def _tag(field: Field, wire: int) -> bytes:
    return varint(field.number << 3 | wire)


def _number_bytes(kind: str, value: Any) -> bytes:
    wire, _, form, write = _NUMBERS[kind]
    return varint(write(value)) if wire == _VARINT else struct.pack(form, value)


def _packed(kind: str, values: Any) -> bytes:
    wire, code, _, _ = _NUMBERS[kind]
    if wire != _VARINT and isinstance(values, array) and values.typecode == code and sys.byteorder == "little":
        return values.tobytes()
    return b"".join(_number_bytes(kind, v) for v in values)
