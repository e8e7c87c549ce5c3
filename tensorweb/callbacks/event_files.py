"""TensorBoard's event files: records with checksums that hold protocol-buffer messages. What to log is in `tensorboard.py`.

Source: the TFRecord format and the messages Event, Summary and TensorProto of TensorFlow.
"""

from __future__ import annotations

import itertools
import os
import platform
import struct
import time
from collections.abc import Sequence

from ..io.checksums import masked_crc
from ..kernels.wasm_encoding import unsigned as varint  # protobuf writes its numbers as WebAssembly does

_FLOAT, _DOUBLE, _STRING = 1, 2, 7  # DataType of TensorProto
_files = itertools.count()


class EventWriter:
    """Appends events to a new file in a folder, made at the first event."""

    def __init__(self, folder: str):
        os.makedirs(folder, exist_ok=True)
        now = time.time()
        name = f"events.out.tfevents.{int(now)}.{platform.node() or 'localhost'}.{os.getpid()}.{next(_files)}.v2"
        self._file = open(os.path.join(folder, name), "wb")  # noqa: SIM115  (closed by close)
        self._file.write(record(field(1, float(int(now))) + field(3, b"brain.Event:2")))

    def write(self, tag: str, value: bytes, plugin: str, step: int, content: bytes = b"") -> None:
        """Append a value: an encoded TensorProto, for the plugin of TensorBoard that shows it."""
        plugin_data = field(1, plugin.encode()) + (field(2, content) if content else b"")
        summary_value = field(1, tag.encode()) + field(8, value) + field(9, field(1, plugin_data))
        self._file.write(record(field(1, time.time()) + field(2, step) + field(5, field(1, summary_value))))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Append a number."""
        self.write(tag, float_tensor(value), "scalars", step)

    def flush(self) -> None:
        """Let readers see what was written."""
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def record(data: bytes) -> bytes:
    """Return data as a record: length, its checksum, data, their checksum."""
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked_crc(length)) + data + struct.pack("<I", masked_crc(data))


def field(number: int, value: int | float | bytes) -> bytes:
    """Return an encoded field of a message: varint, double or bytes; nothing for the integer 0, the default."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value & 0xFFFFFFFFFFFFFFFF) if value else b""
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def float_tensor(value: float) -> bytes:
    """Return a scalar float32 TensorProto."""
    try:
        content = struct.pack("<f", value)
    except OverflowError:
        content = struct.pack("<f", float("inf") if value > 0 else float("-inf"))
    return field(1, _FLOAT) + field(2, b"") + field(4, content)


def double_tensor(rows: Sequence[Sequence[float]], columns: int) -> bytes:
    """Return a float64 TensorProto of rows."""
    flat = [v for row in rows for v in row]
    return field(1, _DOUBLE) + field(2, _dimension(len(rows)) + _dimension(columns)) + field(4, struct.pack(f"<{len(flat)}d", *flat))


def string_tensor(values: Sequence[bytes], scalar: bool = False) -> bytes:
    """Return a TensorProto of strings: a vector, or a scalar."""
    return field(1, _STRING) + field(2, b"" if scalar else _dimension(len(values))) + b"".join(field(8, v) for v in values)


def _dimension(size: int) -> bytes:
    return field(2, field(1, size))
