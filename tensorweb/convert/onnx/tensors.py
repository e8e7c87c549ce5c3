"""ONNX's TensorProto as `Constant`s: all dtypes, data in place, raw or in a file of the model's folder. No graphs here.

64-bit integers arrive as int32 and are cut to its range: that is what "to the end" (the largest int64) then still says.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ... import engine
from ...errors import FormatError, message
from ...graph.tf_dtypes import own_dtype
from ...io.buffers import typed
from ...io.manifest import check_shape
from ...io.quantization import halves
from ...io.safetensors import bfloat16
from ...kernels.patterns import Spec
from ...tensor import Tensor, tensor
from .schema import DTYPES

SMALL = 4096  # elements of a constant whose values are looked at while a model is read
_LOW, _HIGH = -(2**31), 2**31 - 1

# dtype -> (code of its raw bytes as in `array`, field with the values where there are no raw bytes).
_STORED = {
    "float32": ("f", "float_data"), "uint8": ("B", "int32_data"), "int8": ("b", "int32_data"), "uint16": ("H", "int32_data"),
    "int16": ("h", "int32_data"), "int32": ("i", "int32_data"), "int64": ("q", "int64_data"), "bool": ("B", "int32_data"),
    "float16": ("H", "int32_data"), "float64": ("d", "double_data"), "uint32": ("I", "uint64_data"), "uint64": ("Q", "uint64_data"),
    "bfloat16": ("H", "int32_data"), "complex64": ("f", "float_data"), "int4": ("B", "int32_data"), "uint4": ("B", "int32_data"),
}  # fmt: skip


class Constant:
    """Values known while a model is read: `dtype` as in the file, made a tensor at the first use; `host` gives small ones as numbers."""

    def __init__(self, dtype: str, shape: tuple[int, ...], values: Callable[[], Any]):
        self.dtype, self.shape, self._values = dtype, shape, values
        self._tensor: Tensor | None = None
        self._host: list[Any] | None = None

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def tensor(self) -> Tensor:
        """Return the tensor, of the dtype that graphs compute with."""
        if self._tensor is None:
            self._tensor = self.fresh()
        return self._tensor

    def fresh(self) -> Tensor:
        """Return the tensor without keeping it: of large weights that are stored otherwise there are not two copies then."""
        if self._tensor is not None:
            return self._tensor
        values, dtype = self._values(), own_dtype(self.dtype) or "int32"
        if isinstance(values, Tensor):
            return values
        flat = values.tolist() if dtype == "bool" and not isinstance(values, list) else values
        return tensor(flat, self.shape, dtype)

    def host(self) -> list[Any] | None:
        """Return the values, flat, or None where there are many."""
        if self.size > SMALL:
            return None
        if self._host is None:
            values = self._values()
            if isinstance(values, Tensor):
                values = values.data_sync()
            self._host = [bool(v) for v in values] if self.dtype == "bool" else list(values)
        return self._host


def constant(values: Sequence[Any], shape: Sequence[int], dtype: str) -> Constant:
    """Return flat values as a constant."""
    return Constant(dtype, tuple(shape), lambda: list(values))


def of_tensor(value: Tensor) -> Constant:
    """Return a tensor as a constant."""
    return Constant(value.dtype, tuple(value.shape), lambda: value)


def read_tensor(proto: Any, folder: Path | None, where: str) -> Constant:
    """Return a TensorProto's constant, its sizes checked; FormatError if it is none or its data are elsewhere than in the folder."""
    dtype = DTYPES.get(proto.data_type)
    where = f"{where} {proto.name[:80]!r}"
    if dtype is None:
        raise FormatError(message(where, "a dtype that can be read", f"number {proto.data_type}", "Convert the model to float32."))
    shape = check_shape(list(proto.dims), where)
    if dtype == "string":
        values = [bytes(v).decode("utf-8", "replace") for v in proto.string_data]
        _check_count(len(values), math.prod(shape), where)
        return constant(values, shape, dtype)
    raw = _external(proto, folder, where) if proto.data_location == 1 else proto.raw_data if "raw_data" in proto else None
    reader = _raw_reader if raw is not None else _listed_reader
    return Constant(dtype, shape, reader(dtype, shape, proto if raw is None else memoryview(raw), where))


def _check_count(got: int, wanted: int, where: str) -> None:
    if got != wanted:
        raise FormatError(message(where, f"{wanted} elements or bytes as the shape says", got, "The file is damaged or cut short."))


def _raw_reader(dtype: str, shape: tuple[int, ...], raw: memoryview, where: str) -> Callable[[], Any]:
    code, count = _STORED[dtype][0], math.prod(shape)
    if dtype in ("int4", "uint4"):
        _check_count(len(raw), (count + 1) // 2, where)
        return lambda: _nibbles(raw.tolist(), dtype, count)
    _check_count(len(raw), count * array(code).itemsize * (2 if dtype == "complex64" else 1), where)
    if dtype == "float16":
        return lambda: halves(raw, shape)
    if dtype == "bfloat16":
        return lambda: bfloat16(raw, shape)
    return _plain(dtype, shape, lambda: typed(raw, code))


def _listed_reader(dtype: str, shape: tuple[int, ...], proto: Any, where: str) -> Callable[[], Any]:
    field, count = _STORED[dtype][1], math.prod(shape)
    values = getattr(proto, field)
    if dtype in ("int4", "uint4"):
        _check_count(len(values), (count + 1) // 2, where)
        return lambda: _nibbles([v & 255 for v in values], dtype, count)
    _check_count(len(values), count * (2 if dtype == "complex64" else 1), where)
    if dtype in ("float16", "bfloat16"):
        read = halves if dtype == "float16" else bfloat16
        return lambda: read(memoryview(array("H", [v & 65535 for v in values])).cast("B"), shape)
    return _plain(dtype, shape, lambda: values)


def _plain(dtype: str, shape: tuple[int, ...], values: Callable[[], Any]) -> Callable[[], Any]:
    if dtype in ("int64", "uint64", "uint32"):
        return lambda: [_LOW if v < _LOW else _HIGH if v > _HIGH else v for v in values()]
    if dtype == "complex64":
        return lambda: engine.upload(values(), Spec(shape, "complex64"))
    return values


def _nibbles(packed: list[int], dtype: str, count: int) -> list[int]:
    flat = [half for byte in packed for half in (byte & 15, byte >> 4)][:count]
    return [(v ^ 8) - 8 for v in flat] if dtype == "int4" else flat


def _external(proto: Any, folder: Path | None, where: str) -> memoryview:
    """Return the bytes of a tensor that stand in a file of the model's folder; nothing outside it is opened."""
    about = {entry.key: entry.value for entry in proto.external_data}
    name = about.get("location", "")
    if folder is None:
        raise FormatError(message(where, "its data in the model", f"the file {name[:80]!r}", "Pass the path of the model, not its bytes."))
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        offset, length = int(about.get("offset", "0")), int(about["length"]) if "length" in about else None
        inside = bool(name) and path.is_relative_to(root) and path.is_file()
    except (ValueError, OSError):
        inside, offset, length = False, 0, 0
    if not inside:
        raise FormatError(message(where, "a file within the model's folder", repr(name[:80]), "Put the data files beside the model."))
    size = path.stat().st_size
    length = size - offset if length is None else length
    if offset < 0 or length < 0 or offset + length > size:
        got = f"{length} at {offset}"
        raise FormatError(message(where, f"bytes within the {size} of {name[:80]!r}", got, "The data file is cut short."))
    with open(path, "rb") as file:
        file.seek(offset)
        return memoryview(file.read(length))
