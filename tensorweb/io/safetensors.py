"""The safetensors format: a JSON header with dtypes, shapes and offsets, then the bytes. Reading and writing, both checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import engine
from ..errors import ArgumentError, FormatError, message
from ..kernels.patterns import Spec
from ..shapes import Shape, size_of
from ..tensor import Tensor, as_tensor, op
from . import jsons
from .atomic import replacing, write_synced
from .buffers import as_bytes, little, typed
from .manifest import check_shape
from .quantization import half_bytes, halves

MAX_HEADER_BYTES = 100_000_000
_LENGTH_BYTES = 8
# In the order in which the format's own library lays them out, so that its bytes and ours are the same.
_WRITTEN = {"float32": "F32", "int32": "I32", "float16": "F16", "int8": "I8", "uint8": "U8", "bool": "BOOL"}


def _plain(code: str, dtype: str) -> Any:
    return lambda data, shape: engine.upload(typed(data, code), Spec(shape, dtype))


def _checked(code: str) -> Any:
    """Return the reader of integers that must fit 32 bits."""

    def read(data: memoryview, shape: Shape) -> Tensor:
        numbers = typed(data, code)
        values = numbers.tolist()
        if values and not -(2**31) <= min(values) <= max(values) < 2**31:
            raise FormatError(message("safetensors", "integers of 32 bits", f"{min(values)} to {max(values)}", "They are not stored here."))
        return engine.upload(values, Spec(shape, "int32"))

    return read


def _truth(data: memoryview, shape: Shape) -> Tensor:
    return op("cast")(engine.upload(data, Spec(shape, "uint8")), "bool")


def bfloat16(data: memoryview, shape: Shape) -> Tensor:
    """Return the float32 tensor of bfloat16 bytes, which are the upper halves of float32s."""
    words = bytearray(2 * len(data))
    words[2::4], words[3::4] = data[::2], data[1::2]
    return engine.upload(typed(memoryview(words), "f"), Spec(shape, "float32"))


# dtype in the file -> (bytes an element, reader of (bytes, shape)).
_READERS: dict[str, tuple[int, Any]] = {
    "F64": (8, _plain("d", "float32")), "F32": (4, _plain("f", "float32")), "F16": (2, halves), "BF16": (2, bfloat16),
    "I64": (8, _checked("q")), "U64": (8, _checked("Q")), "I32": (4, _plain("i", "int32")), "U32": (4, _checked("I")),
    "I16": (2, _checked("h")), "U16": (2, _checked("H")), "I8": (1, _plain("b", "int8")), "U8": (1, _plain("B", "uint8")),
    "BOOL": (1, _truth),
}  # fmt: skip


def load_safetensors(source: Any) -> dict[str, Tensor]:
    """Return the tensors by name of a safetensors file: a path, or its bytes.

    float16, bfloat16 and float64 arrive as float32, wider integers as int32. Raises FormatError where header and bytes do not fit, or
    where an integer does not fit 32 bits.

    >>> import tensorweb as tw
    >>> tw.io.load_safetensors(tw.io.save_safetensors({"x": tw.tensor([1, 2])}))["x"].tolist()
    [1, 2]
    """
    data = as_bytes(Path(source).read_bytes() if isinstance(source, (str, os.PathLike)) else source, "safetensors")
    header, start = _header(data)
    entries = {name: _entry(name, about, len(data) - start) for name, about in header.items() if name != "__metadata__"}
    _check_layout(entries, len(data) - start)
    return {
        name: _READERS[dtype][1](data[start + first : start + last], shape) for name, (dtype, shape, first, last) in entries.items()
    }


def safetensors_metadata(source: Any) -> dict[str, str]:
    """Return the texts that a safetensors file carries beside its tensors; {} if there are none."""
    data = as_bytes(Path(source).read_bytes() if isinstance(source, (str, os.PathLike)) else source, "safetensors")
    found = jsons.field(_header(data)[0], "__metadata__", dict, "safetensors", {})
    if not all(isinstance(v, str) for v in found.values()):
        raise FormatError(message("safetensors", "texts in __metadata__", str(found)[:80], "The header is damaged."))
    return found


def _header(data: memoryview) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    start = _LENGTH_BYTES + length
    if len(data) < _LENGTH_BYTES or length > MAX_HEADER_BYTES or start > len(data):
        raise FormatError(message("safetensors", "a header within the file", f"{length} of {len(data)} bytes", "This is no such file."))
    if data[_LENGTH_BYTES : _LENGTH_BYTES + 1] != b"{":
        raise FormatError(message("safetensors", "a header that begins with {", "another", "This is no such file."))
    return jsons.parse_object(bytes(data[_LENGTH_BYTES:start]), "safetensors", unique=True), start


def _entry(name: str, about: Any, size: int) -> tuple[str, Shape, int, int]:
    """Return (dtype, shape, first byte, end) of a tensor, checked."""
    where = f"safetensors, {name[:80]!r}"
    dtype = jsons.field(about, "dtype", str, where)
    if dtype not in _READERS:
        raise FormatError(message(where, f"a dtype of {', '.join(_READERS)}", dtype[:40], "Convert the file."))
    shape, span = check_shape(about.get("shape"), where), about.get("data_offsets")
    wanted = size_of(shape) * _READERS[dtype][0]
    fits = isinstance(span, list) and len(span) == 2 and all(type(v) is int for v in span) and 0 <= span[0] <= span[1] <= size
    if not fits or span[1] - span[0] != wanted:
        raise FormatError(message(where, f"offsets of {wanted} bytes within {size}", str(span)[:80], "The file is damaged."))
    return dtype, shape, span[0], span[1]


def _check_layout(entries: dict[str, tuple[str, Shape, int, int]], size: int) -> None:
    """Raise FormatError unless the tensors cover the bytes without gaps, as the format demands."""
    end = 0
    for _, _, first, last in sorted(entries.values(), key=lambda e: e[2:]):
        if first != end:
            raise FormatError(message("safetensors", f"a tensor at byte {end}", first, "Tensors overlap, or bytes belong to none."))
        end = last
    if end != size:
        raise FormatError(message("safetensors", f"{end} bytes of tensors", size, "The file is too long or cut short."))


def save_safetensors(tensors: Mapping[str, Any], path: Any = None, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return the safetensors file of named tensors; `path`: write it there, too, replacing a file when all is written.

    Raises ArgumentError for strings and complex numbers, which the format lacks.
    """
    pairs = {name: as_tensor(value, "save_safetensors") for name, value in tensors.items()}
    for name, x in pairs.items():
        if x.dtype not in _WRITTEN or not isinstance(name, str) or name == "__metadata__":
            expected = f"named tensors of {', '.join(_WRITTEN)}"
            raise ArgumentError(message("save_safetensors", expected, f"{name!r}: {x.dtype}", "Convert it."))
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    parts, end = [], 0
    for name in sorted(pairs, key=lambda n: (list(_WRITTEN).index(pairs[n].dtype), n)):
        x = pairs[name]
        part = half_bytes(x.data_sync()) if x.dtype == "float16" else little(x.data_sync())
        header[name] = {"dtype": _WRITTEN[x.dtype], "shape": list(x.shape), "data_offsets": [end, end + len(part)]}
        end += len(part)
        parts.append(part)
    text = jsons.dumps(header, "save_safetensors", separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    data = b"".join([len(text).to_bytes(_LENGTH_BYTES, "little"), text, *parts])
    if path is not None:
        with replacing(path) as made:
            write_synced(made, [data])
    return data
