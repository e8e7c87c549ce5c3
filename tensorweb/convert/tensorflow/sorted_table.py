"""The table of keys and values in which checkpoints keep their index: LevelDB's format. What the values are, `bundle` knows."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from ...errors import FormatError, message
from ...io.checksums import masked_crc
from ..protobuf import Reader

_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES, _TRAILER_BYTES = 48, 5
_DAMAGED = "The file is damaged."


def read_sorted_table(data: Any, where: str) -> dict[bytes, bytes]:
    """Return all keys and values of a table; FormatError where it is damaged or its blocks are compressed."""
    view = memoryview(data)
    if len(view) < _FOOTER_BYTES or struct.unpack("<Q", view[-8:])[0] != _MAGIC:
        raise FormatError(message(where, "the end of a table", "another", "This is no index of a checkpoint, or it is cut short."))
    footer = Reader(view[-_FOOTER_BYTES:-8], where)
    _handle(footer)  # of blocks about blocks, which checkpoints do not need
    found: dict[bytes, bytes] = {}
    total = 0
    for _, handle in _entries(_block(view, *_handle(footer), where), where):
        offset, size = _handle(Reader(memoryview(handle), where))
        total += size
        if total > len(view):  # blocks that are listed again and again
            raise FormatError(message(where, f"blocks of {len(view)} bytes in all", "more", _DAMAGED))
        found.update(_entries(_block(view, offset, size, where), where))
    return found


def _handle(reader: Reader) -> tuple[int, int]:
    end = len(reader.data)
    return reader.varint(end), reader.varint(end)


def _block(view: memoryview, offset: int, size: int, where: str) -> memoryview:
    """Return the bytes of a block, checked: its kind and checksum stand behind it."""
    end = offset + size
    if end + _TRAILER_BYTES > len(view) - _FOOTER_BYTES:
        raise FormatError(message(where, f"a block at bytes {offset} to {end}", f"a file of {len(view)}", _DAMAGED))
    if view[end] != 0:
        raise FormatError(message(where, "blocks as they are", "compressed ones", "Write the checkpoint anew, without compression."))
    if masked_crc(view[offset : end + 1]) != struct.unpack("<I", view[end + 1 : end + _TRAILER_BYTES])[0]:
        raise FormatError(message(where, "a block with its checksum", "another", _DAMAGED))
    return view[offset:end]


def _entries(block: memoryview, where: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values: each key stands as how much of the one before it shares, and the rest. Places of full keys end the block."""
    count = struct.unpack("<I", block[-4:])[0] if len(block) >= 4 else 0
    end = len(block) - 4 * (count + 1)
    if end < 0 or not count:
        raise FormatError(message(where, "a block with places of keys", f"{len(block)} bytes", _DAMAGED))
    reader, key = Reader(block, where), b""
    while reader.at < end:
        shared, rest, size = reader.varint(end), reader.varint(end), reader.varint(end)
        if shared > len(key):
            raise FormatError(message(where, f"a key that shares {len(key)} bytes at most", shared, _DAMAGED))
        key = key[:shared] + bytes(reader.span(rest, end))
        yield key, bytes(reader.span(size, end))
