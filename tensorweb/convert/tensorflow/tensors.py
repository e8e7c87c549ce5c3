"""Constants of TensorFlow's files as tensors: TensorProtos, and the bytes of checkpoints. Where they stand in a file is its reader's."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from ... import engine
from ...errors import FormatError, message
from ...graph.tf_dtypes import BY_NUMBER, own_dtype
from ...io.buffers import little, typed
from ...io.manifest import check_shape
from ...io.quantization import halves
from ...io.safetensors import bfloat16
from ...kernels.patterns import Spec
from ...shapes import Shape, size_of
from ...tensor import Tensor, op
from ..protobuf import Message, Reader, fields_of

# A constant may say that its last value is repeated; no more elements than these are made of so few bytes.
MAX_REPEATED = 1 << 26

# dtype -> (array code of an element, the field of a TensorProto that has single values); complex numbers are pairs.
_KINDS: dict[str, tuple[str, str]] = {
    "float32": ("f", "float_val"), "float64": ("d", "double_val"), "float16": ("H", "half_val"), "bfloat16": ("H", "half_val"),
    "int32": ("i", "int_val"), "int16": ("h", "int_val"), "int8": ("b", "int_val"), "uint16": ("H", "int_val"), "uint8": ("B", "int_val"),
    "int64": ("q", "int64_val"), "uint32": ("I", "uint32_val"), "uint64": ("Q", "uint64_val"), "bool": ("B", "bool_val"),
    "complex64": ("f", "scomplex_val"), "complex128": ("d", "dcomplex_val"),
}  # fmt: skip
_LEAST, _MOST = -(2**31), 2**31 - 1


def dtype_name(number: int) -> str:
    """Return the name of a dtype, of a reference to it too; "invalid" for one that is not known."""
    return BY_NUMBER.get(number % 100, "invalid")


def shape_of(proto: Message) -> tuple[int | None, ...] | None:
    """Return a shape, None for sizes or a rank that are not known."""
    if proto.unknown_rank:
        return None
    return tuple(None if dim.size < 0 else dim.size for dim in proto.dim)


def item_bytes(dtype: str) -> int | None:
    """Return the bytes of an element; None for text and what has no values."""
    if dtype not in _KINDS:
        return None
    return array(_KINDS[dtype][0]).itemsize * (2 if dtype.startswith("complex") else 1)


def tensor_of_proto(proto: Message, where: str, clamp: bool = False) -> Tensor:
    """Return a TensorProto as a tensor of the dtype that graphs compute with. `clamp`: as `tensor_of_bytes` has it.

    Its values are bytes, or single values, of which the last is repeated; without any they are 0.
    """
    dtype, shape = dtype_name(proto.dtype), check_shape(shape_of(proto.tensor_shape), where)
    if dtype != "string" and dtype not in _KINDS:
        raise FormatError(message(where, "numbers or text", dtype, "Such a constant has no values."))
    if len(proto.tensor_content):
        return tensor_of_bytes(proto.tensor_content, dtype, shape, where, clamp)
    count = size_of(shape)
    values: Sequence[Any] = proto.string_val if dtype == "string" else getattr(proto, _KINDS[dtype][1])
    if len(values) < count > MAX_REPEATED:
        raise FormatError(message(where, f"at most {MAX_REPEATED} times one value", f"{count}", "It would fill the memory with nothing."))
    if dtype == "string":
        texts = [bytes(v) for v in values] or [b""]
        return tensor_of_strings(_filled(texts, count, where), shape)
    code = _KINDS[dtype][0]
    try:
        data = little(memoryview(array(code, [v & 0xFFFF for v in values] if code == "H" else values))).tobytes()
    except OverflowError:
        raise FormatError(message(where, f"values of {dtype}", "larger ones", "The file is damaged.")) from None
    size = item_bytes(dtype) or 1
    if len(data) % size:
        raise FormatError(message(where, "pairs of numbers", f"{len(values)} numbers", "The file is damaged."))
    data = _filled(data or bytes(size), count, where, size)
    return tensor_of_bytes(memoryview(data), dtype, shape, where, clamp)


def repeated_elements(proto: Message) -> int:
    """Return how many elements of a TensorProto are not in the file; the shape may be damaged."""
    count = prod(max(dim.size, 0) for dim in proto.tensor_shape.dim)
    there = max((len(values) for name, values in fields_of(proto).items() if name.endswith("_val")), default=0)
    return 0 if len(proto.tensor_content) else max(0, count - there)


def _filled(values: Any, count: int, where: str, size: int = 1) -> Any:
    """Return values (a list, or bytes of `size` each), the last repeated up to a count."""
    there = len(values) // size
    if there > max(count, 1):
        raise FormatError(message(where, f"{count} values", f"{there}", "The file is damaged."))
    return values[: count * size] + values[-size:] * (count - there)


def tensor_of_bytes(data: Any, dtype: str, shape: Shape, where: str, clamp: bool = False) -> Tensor:
    """Return the tensor that little-endian bytes hold; FormatError where there are more or fewer, or for integers beyond 32 bits.

    `clamp`: the latter become the least or largest integer of 32 bits, which is right for bounds of slices.
    """
    if dtype == "string":
        return tensor_of_strings(cut_strings(data, size_of(shape), where)[0], shape)
    if dtype not in _KINDS:
        raise FormatError(message(where, "numbers or text", dtype, "It cannot be loaded."))
    wanted = size_of(shape) * (item_bytes(dtype) or 1)
    if len(data) != wanted:
        raise FormatError(message(where, f"{wanted} bytes for {dtype} {list(shape)}", f"{len(data)}", "The file is damaged."))
    if dtype in _HALVES:
        return _HALVES[dtype](data, shape)
    numbers = typed(data, _KINDS[dtype][0])
    if dtype in ("int64", "uint32", "uint64"):
        return engine.upload(_narrowed(numbers, where, clamp), Spec(shape, "int32"))
    if dtype == "bool":
        return op("cast")(engine.upload(numbers, Spec(shape, "uint8")), "bool")
    if dtype.startswith("complex"):
        return op("view_as_complex")(engine.upload(numbers, Spec((*shape, 2), "float32")))
    own = own_dtype(dtype) or "float32"
    return engine.upload(numbers if dtype in ("float32", "float64", "int32") else numbers.tolist(), Spec(shape, own))


_HALVES: dict[str, Callable[[Any, Shape], Tensor]] = {"float16": halves, "bfloat16": bfloat16}


def _narrowed(numbers: Any, where: str, clamp: bool) -> array:
    if len(numbers) and not (min(numbers) >= _LEAST and max(numbers) <= _MOST):
        if not clamp:
            got = f"{min(numbers)} to {max(numbers)}"
            raise FormatError(message(where, "integers of 32 bits", got, "Wider ones cannot be computed with."))
        return array("i", [max(_LEAST, min(_MOST, v)) for v in numbers])
    return array("i", numbers)


def tensor_of_strings(values: list[bytes], shape: Shape) -> Tensor:
    """Return strings: text, or bytes if one of them is no UTF-8."""
    try:
        found: list[Any] = [v.decode() for v in values]
    except UnicodeDecodeError:
        found = list(values)
    return engine.upload(found, Spec(shape, "string"))


def cut_strings(data: Any, count: int, where: str, between: int = 0) -> tuple[list[bytes], bytes]:
    """Return strings that stand as all lengths, `between` bytes (checkpoints have a checksum there), then all texts; and those bytes."""
    view = memoryview(data)
    if count > len(view):
        raise FormatError(message(where, f"{count} strings", f"{len(view)} bytes", "The file is damaged."))
    reader = Reader(view, where)
    lengths = [reader.varint(len(view)) for _ in range(count)]
    middle = bytes(reader.span(between, len(view)))
    found = [bytes(reader.span(length, len(view))) for length in lengths]
    if reader.at != len(view):
        raise FormatError(message(where, f"{reader.at} bytes of text", f"{len(view)}", "The file is damaged."))
    return found, middle
