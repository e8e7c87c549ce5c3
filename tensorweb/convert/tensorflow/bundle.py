"""TensorFlow's checkpoints ("bundles"): tensors by key from an index file and shards of bytes. Which variable has which key: `freezing`."""

from __future__ import annotations

import itertools
import re
import struct
from pathlib import Path
from typing import Any

from ...errors import FormatError, message
from ...io.checksums import masked_crc
from ...io.manifest import check_shape
from ...shapes import Shape, size_of, strides_of
from ...tensor import Tensor
from ..protobuf import Message, decode, map_file
from .schema import SCHEMA
from .sorted_table import read_sorted_table
from .tensors import cut_strings, dtype_name, item_bytes, shape_of, tensor_of_bytes, tensor_of_strings

_DAMAGED = "The checkpoint is damaged."
_MAX_SHARDS = 100_000

Extents = tuple[tuple[int, int], ...]  # first and length in each dimension


class Bundle:
    """A checkpoint. `prefix`: what the names of its files begin with, such as variables/variables.

    Tensors are read one by one, not mapped: pages of a mapped file would count as memory beside the tensors made of them.
    """

    def __init__(self, prefix: str | Path):
        self.where = Path(prefix).name
        self._prefix = Path(prefix)
        index = self._prefix.with_name(self._prefix.name + ".index")
        if not index.is_file():
            raise FormatError(message(self.where, f"{index.name} beside the model", "none", "Copy the whole folder."))
        self.entries = read_sorted_table(map_file(index), index.name)
        header = decode(SCHEMA, "BundleHeaderProto", self.entries.pop(b"", b""), index.name)
        if header.endianness != 0 or not 0 < header.num_shards <= _MAX_SHARDS:
            got = f"{header.num_shards}, byte order {header.endianness}"
            raise FormatError(message(self.where, "shards of little-endian numbers", got, _DAMAGED))
        self._count = header.num_shards

    def __contains__(self, key: str) -> bool:
        return key.encode() in self.entries

    def tensor(self, key: str, spec: str = "", clamp: bool = False) -> Tensor:
        """Return a tensor, or the part of it that a spec of TensorFlow's names, such as "10 4 0,5:-"; FormatError if there is none.

        `clamp`: as `tensor_of_bytes` has it.
        """
        entry, where = self._entry(key.encode(), key), f"{self.where}, {key!r}"
        shape, dtype = check_shape(shape_of(entry.shape), where), dtype_name(entry.dtype)
        part = _parse_spec(spec, shape, where) if spec else tuple((0, size) for size in shape)
        whole = part == tuple((0, size) for size in shape)
        if dtype == "string":
            return self._strings(entry, shape, where)
        if whole and not entry.slices:
            return tensor_of_bytes(self._checked(entry, where), dtype, shape, where, clamp)
        size = item_bytes(dtype)
        if size is None:
            raise FormatError(message(where, "numbers or text", dtype, "It cannot be loaded."))
        return tensor_of_bytes(self._part(entry, key, shape, part, size, where), dtype, tuple(n for _, n in part), where, clamp)

    def proto(self, key: str) -> bytes:
        """Return the one string under a key; b"" if there is none."""
        if key not in self:
            return b""
        return self._texts(self._entry(key.encode(), key), 1, key)[0]

    # --- bytes ---

    def _entry(self, key: bytes, name: str) -> Message:
        if key not in self.entries:
            keys = sorted(k.decode("utf-8", "replace") for k in self.entries)
            raise FormatError(message(self.where, f"a tensor {name!r}", f"{', '.join(keys[:5])} ...", "The checkpoint is another model's."))
        return decode(SCHEMA, "BundleEntryProto", self.entries[key], self.where)

    def _bytes(self, entry: Message, where: str) -> memoryview:
        number = entry.shard_id
        if not 0 <= number < self._count:
            raise FormatError(message(where, f"a shard of {self._count}", number, _DAMAGED))
        path = self._prefix.with_name(f"{self._prefix.name}.data-{number:05d}-of-{self._count:05d}")
        if not path.is_file():
            raise FormatError(message(where, f"the file {path.name}", "none", "Copy the whole folder."))
        there, start, size = path.stat().st_size, entry.offset, entry.size
        if start < 0 or size < 0 or start + size > there:
            raise FormatError(message(where, f"bytes {start} to {start + size}", f"a shard of {there}", "The file is cut short."))
        with path.open("rb") as file:
            file.seek(start)
            return memoryview(file.read(size))

    def _checked(self, entry: Message, where: str) -> memoryview:
        data = self._bytes(entry, where)
        if masked_crc(data) != entry.crc32c:
            raise FormatError(message(where, "bytes with their checksum", "others", _DAMAGED))
        return data

    def _strings(self, entry: Message, shape: Shape, where: str) -> Tensor:
        return tensor_of_strings(self._texts(entry, size_of(shape), where), shape)

    def _texts(self, entry: Message, count: int, where: str) -> list[bytes]:
        """Return strings. Their checksum covers the lengths as integers, the masked checksum of those, and the texts."""
        texts, told = cut_strings(self._bytes(entry, where), count, where, 4)
        lengths = b"".join(struct.pack("<I", len(text)) for text in texts)
        if told != struct.pack("<I", masked_crc(lengths)) or entry.crc32c != masked_crc(lengths + told + b"".join(texts)):
            raise FormatError(message(where, "texts with their checksum", "others", _DAMAGED))
        return texts

    # --- parts ---

    def _part(self, entry: Message, key: str, shape: Shape, wanted: Extents, size: int, where: str) -> memoryview:
        """Return the bytes of a part, put together from the slices in which the tensor was stored."""
        found = bytearray(size_of([n for _, n in wanted]) * size) if self._enough(entry, wanted, key, size, where) else bytearray()
        covered = 0
        for extents, source in self._slices(entry, key, shape, size, where):
            covered += _copy_common(found, wanted, source, extents, size)
        if covered * size != len(found):
            raise FormatError(message(where, f"slices of {len(found)} bytes", f"{covered * size}", _DAMAGED))
        return memoryview(found)

    def _enough(self, entry: Message, wanted: Extents, key: str, size: int, where: str) -> bool:
        """Tell whether the shards have as many bytes as a part wants, before it is allocated."""
        stored = [self._entry(_slice_key(key, _extents(each)), key) for each in entry.slices] or [entry]
        there = sum(each.size for each in stored)
        if there < size_of([n for _, n in wanted]) * size:
            raise FormatError(message(where, f"{size_of([n for _, n in wanted]) * size} bytes", f"{there}", _DAMAGED))
        return True

    def _slices(self, entry: Message, key: str, shape: Shape, size: int, where: str) -> Any:
        """Yield the stored slices: the part they cover, and their bytes."""
        for each in entry.slices or [None]:
            extents = _extents(each) if each is not None else ()
            stored = self._entry(_slice_key(key, extents), key) if each is not None else entry
            part = _absolute(extents, shape, where) if each is not None else tuple((0, n) for n in shape)
            data = self._checked(stored, where)
            if len(data) != size_of([n for _, n in part]) * size:
                raise FormatError(message(where, f"a slice {part}", f"{len(data)} bytes", _DAMAGED))
            yield part, data


def _extents(each: Message) -> tuple[tuple[int, int | None], ...]:
    """Return first and length of a slice in each dimension; None: all of it."""
    return tuple((e.start, e.length if "length" in e else None) for e in each.extent)


def _absolute(extents: Any, shape: Shape, where: str) -> Extents:
    part = tuple((0, size) if length is None else (start, length) for (start, length), size in zip(extents, shape, strict=False))
    fits = all(start >= 0 and 0 <= length <= size - start for (start, length), size in zip(part, shape, strict=False))
    if len(extents) != len(shape) or not fits:
        raise FormatError(message(where, f"a slice of {list(shape)}", str(extents)[:80], _DAMAGED))
    return part


def _parse_spec(spec: str, shape: Shape, where: str) -> Extents:
    """Return the part that a spec names: sizes of the whole, then `first,length` or `-` for each dimension."""
    *sizes, slices = spec.split(" ")
    parts = slices.split(":") if slices else []
    if not all(re.fullmatch(r"\d{1,10}", s) for s in sizes) or not all(re.fullmatch(r"-|\d{1,10},\d{1,10}", p) for p in parts):
        raise FormatError(message(where, "a slice such as '10 4 0,5:-'", repr(spec[:80]), "The file is damaged."))
    if tuple(map(int, sizes)) != shape:
        raise FormatError(message(where, f"a slice of {list(shape)}", repr(spec[:80]), "The checkpoint is another model's."))
    return _absolute([(0, None) if p == "-" else tuple(map(int, p.split(","))) for p in parts], shape, where)


def _copy_common(target: bytearray, wanted: Extents, source: Any, there: Extents, size: int) -> int:
    """Copy the elements that two parts share, run by run; return their number."""
    common = [(max(a, c), min(a + n, c + m)) for (a, n), (c, m) in zip(wanted, there, strict=True)]
    if any(first >= end for first, end in common):
        return 0
    rank = len(common)
    split = rank  # from here on all three have the whole dimension, so that runs cross it
    while split > 0 and all(n == common[split - 1][1] - common[split - 1][0] for n in (wanted[split - 1][1], there[split - 1][1])):
        split -= 1
    outer, run = common[: max(split - 1, 0)], size_of([e - b for b, e in common[max(split - 1, 0) :]]) * size
    steps = strides_of([n for _, n in wanted]), strides_of([n for _, n in there])
    for place in itertools.product(*(range(b, e) for b, e in outer)):
        at = (*place, *(b for b, _ in common[len(outer) :]))
        to, start = (
            sum((i - first) * step for i, (first, _), step in zip(at, part, stride, strict=True)) * size
            for part, stride in zip((wanted, there), steps, strict=True)
        )
        target[to : to + run] = source[start : start + run]
    return size_of([e - b for b, e in common])


# --- keys of slices: numbers and text as bytes that sort as they do -----------------------------------------------------------


def _slice_key(key: str, extents: Any) -> bytes:
    """Return the key under which a slice is stored: 0, the tensor's name, the rank, then first and length (-1: all) of each dimension."""
    parts = [b"\0", key.encode().replace(b"\0", b"\0\xff") + b"\0\1", _ordered(len(extents))]
    for start, length in extents:
        parts += [_ordered_signed(start), _ordered_signed(-1 if length is None else length)]
    return b"".join(parts)


def _ordered(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _ordered_signed(value: int) -> bytes:
    """Return a signed number: n bytes hold 7n - 1 bits and the sign, behind as many bits of its opposite as tell n."""
    size = (~value if value < 0 else value).bit_length() // 7 + 1
    head = ((1 << size) - 1) << (7 * size)
    return ((value & ((1 << 8 * size) - 1)) ^ head).to_bytes(size, "big")


