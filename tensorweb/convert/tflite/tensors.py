"""The tensors of a TFLite file: what they are said to be, and the values of constants, dequantised and dense. No ops here."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

from ... import engine, ops
from ...errors import FormatError, message
from ...io.buffers import typed
from ...io.manifest import check_shape
from ...io.quantization import halves
from ...io.safetensors import bfloat16
from ...kernels.patterns import Spec
from ...tensor import Tensor, tensor
from .flatbuffers import File, Table
from .schema import DTYPES

_RANGES = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int4": (-8, 7)}
# dtype -> bytes an element, and the code of its numbers in `array`.
_STORED = {
    "float32": (4, "f"), "float64": (8, "d"), "int32": (4, "i"), "uint8": (1, "B"), "int64": (8, "q"), "int16": (2, "h"),
    "int8": (1, "b"), "uint64": (8, "Q"), "uint32": (4, "I"), "uint16": (2, "H"), "bool": (1, "B"), "float16": (2, "H"),
    "bfloat16": (2, "H"), "complex64": (8, "f"),
}  # fmt: skip
_ELEMENTS = 1 << 26  # what constants may have in all beyond two elements for each byte of the file: tensors can share bytes


class Grid(NamedTuple):
    """Where the values of a quantised tensor lie: (q - zero) * scale for q from `low` to `high`; several for channels along `axis`."""

    scales: tuple[float, ...]
    zeros: tuple[int, ...]
    axis: int
    low: int
    high: int


class Info(NamedTuple):
    """What the file says of a tensor. `shape` has None for sizes that are not known; `dtype` is TensorFlow's name."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    grid: Grid | None
    table: Table

    @property
    def computed(self) -> str:
        """The dtype of the values in the graph: those of quantised tensors are real numbers."""
        return "float32" if self.grid else self.dtype


def describe(table: Table, where: str) -> Info:
    """Return what a file says of a tensor, checked."""
    if not 0 <= table.type < len(DTYPES):
        raise FormatError(message(where, "a dtype of TFLite", table.type, "The file is damaged, or newer than this library."))
    dtype, shape = DTYPES[table.type], check_shape(table.shape, where)
    signature = table.shape_signature
    known = signature if len(signature) == len(shape) else shape
    return Info(table.name, tuple(None if s < 0 else d for s, d in zip(known, shape)), dtype, _grid(table, dtype, shape, where), table)


def _grid(table: Table, dtype: str, shape: Sequence[int], where: str) -> Grid | None:
    about = table.quantization
    if about is None or dtype not in _RANGES or not any(about.scale):
        return None
    scales, zeros, axis = about.scale, about.zero_point, about.quantized_dimension
    zeros = zeros or (0,) * len(scales)
    if len(zeros) == 1:
        zeros *= len(scales)
    fits = len(scales) == 1 or (0 <= axis < len(shape) and shape[axis] == len(scales))
    if not fits or len(zeros) != len(scales) or not all(0 <= s < math.inf for s in scales) or not all(abs(z) <= 65536 for z in zeros):
        raise FormatError(message(where, "one scale, or one for each channel", f"{len(scales)} scales", "The file is damaged."))
    return Grid(scales, zeros, axis, *_RANGES[dtype])


class Constants:
    """The values of a file's constants."""

    def __init__(self, file: File, buffers: Sequence[Table]):
        self.file, self.buffers = file, buffers
        self._left = _ELEMENTS + 2 * len(file.data)

    def data(self, table: Table) -> memoryview:
        """Return the bytes of a tensor; none if it is no constant."""
        if table.external_buffer:
            raise FormatError(message("tflite", "weights within the file", "an external buffer", "Convert the model to one file."))
        if not 0 <= table.buffer < len(self.buffers):
            raise self.file.fault(f"one of {len(self.buffers)} buffers", table.buffer)
        buffer = self.buffers[table.buffer]
        if buffer.offset > 1:  # files above 2 GB have their weights behind the flatbuffer
            if buffer.offset + buffer.size > len(self.file.data):
                raise self.file.fault("buffers within the file", f"{buffer.size} bytes at {buffer.offset}")
            return self.file.data[buffer.offset : buffer.offset + buffer.size]
        return memoryview(buffer.data)

    def is_constant(self, info: Info) -> bool:
        """Tell whether a tensor has values in the file, or no elements."""
        return len(self.data(info.table)) > 0 or (0 in info.table.shape and not info.table.is_variable)

    def whole_numbers(self, info: Info) -> list[int]:
        """Return the integers of a constant such as a shape, flat."""
        if info.dtype not in ("int32", "int64", "int16", "uint8", "int8", "uint32", "bool"):
            raise FormatError(message(f"tensor {info.name[:80]!r}", "integers", info.dtype, "The file is damaged."))
        size, code = _STORED[info.dtype]
        return typed(self._bytes(info, math.prod(info.table.shape) * size), code).tolist()

    def tensor(self, info: Info, real: bool = False) -> Tensor:
        """Return a constant, dense and in the dtypes of graphs; quantised ones as real numbers, 32-bit ones only where `real` says so."""
        where, shape = f"tensor {info.name[:80]!r}", check_shape(info.table.shape, "tflite")
        self._left -= max(math.prod(shape), 1)
        if self._left < 0:
            raise FormatError(message(where, "constants that the file holds", "too many elements", "The file is damaged."))
        if info.dtype == "string":
            return self._strings(info, shape)
        if info.table.sparsity is not None:
            found = self._dense(info, shape)
        else:
            found = self._numbers(info, shape, self.data(info.table))
        grid = info.grid
        if grid is None and real and info.dtype in ("int32", "int64"):
            about = info.table.quantization
            if about is not None and about.scale:
                grid = Grid(about.scale, (0,) * len(about.scale), len(shape) - 1, 0, 0)
        if grid is not None:
            return dequantized(found, grid)
        return ops.cast(found, "int32") if found.dtype in ("int8", "uint8") else found

    def _bytes(self, info: Info, size: int) -> memoryview:
        data = self.data(info.table)
        if len(data) != size:
            raise FormatError(message(f"tensor {info.name[:80]!r}", f"{size} bytes", len(data), "The file is damaged."))
        return data

    def _numbers(self, info: Info, shape: tuple[int, ...], data: memoryview) -> Tensor:
        where, count = f"tensor {info.name[:80]!r}", math.prod(shape)
        if info.dtype == "int4":
            data, size, code = _unpacked(data[: (count + 1) // 2])[:count], 1, "b"
        elif info.dtype in _STORED:
            size, code = _STORED[info.dtype]
        else:
            raise FormatError(message(where, f"constants of {', '.join(_STORED)}", info.dtype, "Convert the model to another dtype."))
        if len(data) != count * size:
            raise FormatError(message(where, f"{count * size} bytes", len(data), "The file is damaged."))
        if info.dtype in ("float16", "bfloat16"):
            return (halves if info.dtype == "float16" else bfloat16)(data, shape)
        numbers = typed(data, code)
        if info.dtype == "complex64":
            return engine.upload([complex(a, b) for a, b in zip(numbers[::2], numbers[1::2])], Spec(shape, "complex64"))
        if info.dtype == "bool":
            return ops.cast(engine.upload(numbers, Spec(shape, "uint8")), "bool")
        if code in "qQI":
            return engine.upload([_int32(v, where) for v in numbers.tolist()], Spec(shape, "int32"))
        if code in "hH":
            return engine.upload(numbers.tolist(), Spec(shape, "int32"))
        return engine.upload(numbers, Spec(shape, {"f": "float32", "d": "float32", "b": "int8", "B": "uint8", "i": "int32"}[code]))

    def _strings(self, info: Info, shape: tuple[int, ...]) -> Tensor:
        """Return text: the number of texts, where each begins and the last one ends, and the bytes of all."""
        data, count = self.data(info.table), math.prod(shape)
        if len(data) < 8 + 4 * count or int.from_bytes(data[:4], "little") != count:
            raise FormatError(message(f"tensor {info.name[:80]!r}", f"{count} texts", f"{len(data)} bytes", "The file is damaged."))
        ends = typed(data[4 : 8 + 4 * count], "I").tolist()
        if ends != sorted(ends) or ends[-1] > len(data):
            raise FormatError(message(f"tensor {info.name[:80]!r}", "texts one after another", "others", "The file is damaged."))
        return tensor([bytes(data[a:b]) for a, b in itertools.pairwise(ends)], shape, "string")

    def _dense(self, info: Info, shape: tuple[int, ...]) -> Tensor:
        """Return a sparse constant with its zeros."""
        places = sparse_places(info.table.sparsity, shape, f"tensor {info.name[:80]!r}")
        values = self._numbers(info, (len(places),), self.data(info.table))
        if values.dtype in ("int8", "uint8"):
            values = ops.cast(values, "int32")
        zero = info.grid.zeros[0] if info.grid else 0
        flat = ops.scatter(tensor(places, (len(places), 1), "int32"), values - zero, (math.prod(shape),)) + zero
        return ops.reshape(flat, shape)


def dequantized(values: Tensor, grid: Grid) -> Tensor:
    """Return the real numbers that stored integers stand for."""
    shape = [1] * len(values.shape)
    if len(grid.scales) > 1:
        shape[grid.axis] = len(grid.scales)
    found = ops.cast(values, "float32")
    if any(grid.zeros):
        found = found - tensor(grid.zeros, shape, "float32")
    return found * tensor(grid.scales, shape, "float32")


def _int32(value: int, where: str) -> int:
    """Return a wide integer that fits 32 bits; those that mean "to the end" become the end of these."""
    if abs(value) >= 2**63 - 1:
        return 2**31 - 1 if value > 0 else -(2**31)
    if not -(2**31) <= value < 2**31:
        raise FormatError(message(where, "integers of 32 bits", value, "Wider ones are not computed with here."))
    return value


def _unpacked(data: memoryview) -> memoryview:
    """Return integers of four bits as bytes; the low half of each byte comes first."""
    found = bytearray(2 * len(data))
    low = bytes((v & 15) - ((v & 8) << 1) & 255 for v in range(256))
    found[::2], found[1::2] = bytes(data).translate(low), bytes(data).translate(bytes(low[v >> 4] for v in range(256)))
    return memoryview(found)


def sparse_places(about: Table, shape: Sequence[int], where: str) -> list[int]:
    """Return where each stored value of a sparse tensor stands in the flat dense one.

    Levels are dimensions, or blocks within one; each lists all of its places or, compressed, those of each entry of the level before.
    """

    def fault(got: object) -> FormatError:
        return FormatError(message(where, "sparse values that fit the shape", got, "The file is damaged."))

    rank, blocks, order, count = len(shape), about.block_map, about.traversal_order, math.prod(shape)
    levels = list(range(rank + len(blocks)))
    if len(about.dim_metadata) != len(levels) or sorted(order) != levels or any(not 0 <= b < rank for b in blocks):
        raise fault(f"{len(about.dim_metadata)} levels")
    strides = [math.prod(shape[i + 1 :]) for i in range(rank)] + [math.prod(shape[b + 1 :]) for b in blocks]
    for level, dimension in zip(about.dim_metadata, order):  # a step of a dimension that has blocks is as long as a block
        if dimension >= rank:
            strides[blocks[dimension - rank]] *= level.dense_size
    places = [0]
    for level, dimension in zip(about.dim_metadata, order):
        step = strides[dimension]
        if level.format == 0:
            if not 0 <= level.dense_size * len(places) <= count:
                raise fault(f"{level.dense_size} entries of a level")
            places = [p + i * step for p in places for i in range(level.dense_size)]
        else:
            segments = tuple(level.array_segments.values) if level.array_segments else ()
            indices = tuple(level.array_indices.values) if level.array_indices else ()
            if len(segments) != len(places) + 1 or list(segments) != sorted(segments) or segments[0] != 0 or segments[-1] != len(indices):
                raise fault(f"{len(segments)} segments of a level")
            places = [p + i * step for n, p in enumerate(places) for i in indices[segments[n] : segments[n + 1]]]
    if places and not 0 <= min(places) <= max(places) < count:
        raise fault(f"a value at {max(places)} of {count}")
    return places
