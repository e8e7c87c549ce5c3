"""How graph ops run what is computed on the host: one readback, then a routine of `kernels.routines` or a function of each text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import ArgumentError, DTypeError, TensorWebError, message
from ...kernels.routines import ROUTINES
from ...kernels.routines.base import HostArray
from ...tensor import Tensor, tensor
from ...waiting import Reads, Waits
from ..tf_dtypes import as_text


def as_bytes(value: str | bytes) -> bytes:
    """Return a text's bytes, on which TensorFlow's ops on strings work."""
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def reading_arrays(tensors: list[Tensor]) -> Waits[list[HostArray]]:
    """Return tensors as host arrays, texts as bytes, in one readback."""
    for x in tensors:
        if not isinstance(x, Tensor):
            raise DTypeError(message("graph", "a tensor", type(x).__name__, "The file is damaged."))
    found = yield Reads(tensors)
    arrays = []
    for flat, x in zip(found, tensors, strict=True):
        values = [as_bytes(v) for v in flat] if x.dtype == "string" else list(flat)
        arrays.append(HostArray(values, x.shape, x.dtype))
    return arrays


def as_tensor(array: HostArray) -> Tensor:
    """Return a host array as a tensor."""
    values = [as_text(v) for v in array.values] if array.dtype == "string" else array.values
    return tensor(values, array.shape, array.dtype)


def routine_of(name: str, *tensors: Tensor, **attrs: Any) -> Waits[list[Tensor]]:
    """Return what a host routine gives for tensors; what it refuses is an ArgumentError."""
    arrays = yield from reading_arrays(list(tensors))
    try:
        made = ROUTINES[name](*arrays, **attrs)
    except TensorWebError:
        raise
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise ArgumentError(str(error)) from None
    return [as_tensor(array) for array in made]


def each_text(where: str, x: Tensor, function: Callable[[bytes], Any], dtype: str = "string") -> Waits[Tensor]:
    """Return the results of a function of each text's bytes, in the tensor's shape."""
    (array,) = yield from reading_texts(where, x)
    return as_tensor(HostArray([function(v) for v in array.values], array.shape, dtype))


def reading_texts(where: str, *tensors: Tensor) -> Waits[list[HostArray]]:
    """Return string tensors as host arrays of bytes; DTypeError for others."""
    for x in tensors:
        if isinstance(x, Tensor) and x.dtype != "string" and x.size:
            raise DTypeError(message(where, "texts", f"dtype {x.dtype}", "The file is damaged, or an input of another dtype."))
    return (yield from reading_arrays(list(tensors)))
