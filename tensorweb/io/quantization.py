"""Numbers of 1 and 2 bytes that stand for weights: affine uint8 and uint16, float16, and which weight gets which, by patterns.

The formulas are those of TensorFlow.js's converter and loader: value = number * scale + min, computed in double precision.
"""

from __future__ import annotations

import fnmatch
import math
import struct
import sys
import warnings
from array import array
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from .. import engine
from ..dtypes import TABLE
from ..errors import ArgumentError, FormatError, message
from ..kernels.patterns import Spec
from ..tensor import Tensor, as_tensor, op
from ..waiting import Read, Waits
from .buffers import little, typed
from .manifest import QUANTIZED_BYTES, Quantization, WeightSpec

LEVELS = {"uint8": 255, "uint16": 65535}


def match_dtypes(names: Sequence[str], dtype_map: Mapping[str, Any] | str | None) -> dict[str, str]:
    """Return which weight is quantised to which dtype, by patterns as in TensorFlow.js's converter.

    `dtype_map`: {"uint8" | "uint16" | "float16": a glob pattern, a list of them, or True for all the others}; or a dtype for all.
    Raises ArgumentError where two dtypes match one name, or two are for all the others.

    >>> match_dtypes(["conv/kernel", "conv/bias"], {"uint8": "*/kernel", "float16": True})
    {'conv/kernel': 'uint8', 'conv/bias': 'float16'}
    """
    chosen: dict[str, str] = {}
    rest: str | None = None
    items = {dtype_map: True} if isinstance(dtype_map, str) else dtype_map or {}
    for dtype, patterns in items.items():
        if dtype not in QUANTIZED_BYTES:
            raise ArgumentError(message("quantization", f"one of {', '.join(QUANTIZED_BYTES)}", repr(dtype), "Choose one of them."))
        if isinstance(patterns, bool):
            if patterns and rest is not None:
                raise ArgumentError(message("quantization", "one dtype for all other weights", f"{rest} and {dtype}", "Give patterns."))
            rest = dtype if patterns else rest
            continue
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            for name in fnmatch.filter(names, pattern):
                if chosen.setdefault(name, dtype) != dtype:
                    got = f"{chosen[name]} and {dtype}"
                    raise ArgumentError(message("quantization", f"one dtype for {name!r}", got, "Narrow a pattern."))
    return {name: chosen.get(name) or rest or "" for name in names if name in chosen or rest}


# --- to bytes ---------------------------------------------------------------------------------------------------------------


def affine_range(low: float, high: float, dtype: str) -> tuple[float, float]:
    """Return (scale, min) so that the numbers of `dtype` span the values, and 0, if among them, is one of the steps."""
    if low == high:  # all are `min`
        return 1.0, low
    scale = (high - low) / LEVELS[dtype]
    return (scale, -round(-low / scale) * scale) if low <= 0 <= high else (scale, low)


def quantizing(name: str, tensor: Any, dtype: str) -> Waits[tuple[memoryview, dict[str, Any]]]:
    """Return the bytes of a tensor's quantised values and the `quantization` of its spec; raise ArgumentError if that cannot be."""
    x = as_tensor(tensor, "quantize")
    allowed = ("float32",) if dtype == "float16" else ("float32", "int32")
    if x.dtype not in allowed:
        raise ArgumentError(message(f"quantization of {name!r}", f"a weight of {' or '.join(allowed)}", x.dtype, "Leave it out."))
    about: dict[str, Any] = {"dtype": dtype, "original_dtype": x.dtype}
    if dtype == "float16":
        return (yield from _halving(name, x)), about
    if not x.size:
        return memoryview(b""), about | {"scale": 1.0, "min": 0.0}
    low, high = (yield Read(op("min")(x)))[0], (yield Read(op("max")(x)))[0]
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ArgumentError(message(f"quantization of {name!r}", "finite values", f"{low} to {high}", "Use float16, or leave it out."))
    scale, least = affine_range(float(low), float(high), dtype)
    about |= {"scale": scale, "min": least}
    if low == high:
        return memoryview(bytes(x.size * QUANTIZED_BYTES[dtype])), about
    if x.dtype == "int32" or not 1e-37 < scale < 1e33:  # beyond what float32 computes
        return _exact_steps((yield Read(x)), scale, least, dtype), about
    steps = op("clip")(op("round")((x - least) / scale), 0.0, float(LEVELS[dtype]))
    if dtype == "uint8":
        return little((yield Read(op("cast")(steps, "uint8")))), about
    words = memoryview((yield Read(op("cast")(steps, "int32")))).cast("B").cast("H")
    # The lower half of each word.
    return memoryview(little(memoryview(array("H", words[(sys.byteorder == "big") :: 2].tobytes())))), about


def _exact_steps(values: Any, scale: float, least: float, dtype: str) -> memoryview:
    numbers = (min(LEVELS[dtype], max(0, round((v - least) / scale))) for v in values)
    return little(memoryview(array("B" if dtype == "uint8" else "H", numbers)))


def _halving(name: str, x: Tensor) -> Waits[memoryview]:
    half = op("cast")(op("cast")(x, "float16"), "float32")
    overflow = op("sum")(op("cast")(op("logical_and")(op("isinf")(half), op("isfinite")(x)), "int32"))
    if (yield Read(overflow))[0]:
        warnings.warn(f"{name!r} has values beyond float16's {TABLE['float16'].high}: they become infinite", RuntimeWarning, stacklevel=2)
    return half_bytes((yield Read(half)))


def half_bytes(values: Any) -> memoryview:
    """Return floats that float16 holds, as its bytes."""
    step = 1 << 16  # so many arguments at a time
    parts = (values[i : i + step] for i in range(0, len(values), step))
    return memoryview(b"".join(struct.pack(f"<{len(p)}e", *p) for p in parts))


# --- from bytes -------------------------------------------------------------------------------------------------------------


def dequantize(data: memoryview, spec: WeightSpec) -> Tensor:
    """Return the tensor that quantised bytes stand for, as TensorFlow.js's loader computes it, rounded once; FormatError beyond int32."""
    how = spec.quantization
    assert how is not None
    if how.dtype == "float16":
        return halves(data, spec.shape)
    numbers = typed(data, "B" if how.dtype == "uint8" else "H")
    if len(numbers) <= LEVELS[how.dtype]:
        return engine.upload(_values(numbers, how, spec), Spec(spec.shape, spec.dtype))
    return lookup(numbers, _values(_all_numbers(how.dtype), how, spec), spec.shape, spec.dtype)


def lookup(numbers: Any, table: memoryview, shape: tuple[int, ...], dtype: str) -> Tensor:
    """Return the tensor of table[number]: exact on every backend, and as fast as a gather."""
    values = engine.upload(table, Spec((len(table),), dtype))
    return op("take")(values, engine.upload(numbers, Spec(shape, "int32")), axis=0)


def _values(numbers: Any, how: Quantization, spec: WeightSpec) -> memoryview:
    scale, least = how.scale, how.min
    if spec.dtype == "float32":
        return memoryview(array("f", [n * scale + least for n in numbers]))  # infinite beyond float32, as in JavaScript
    values = [n * scale + least for n in numbers]
    low, high = TABLE["int32"].low, TABLE["int32"].high
    # Moving 0 to a step may have moved the ends beyond int32, by less than a step.
    if (values and not low - abs(scale) <= min(values) <= max(values) <= high + abs(scale)) or abs(scale) > high:
        got = f"scale {scale}, min {least}"
        raise FormatError(message(f"weight {spec.name!r}", "32-bit integers", got, "The quantization is damaged."))
    return memoryview(array("i", [min(2**31 - 1, max(-(2**31), math.floor(v + 0.5))) for v in values]))


@cache
def _all_numbers(dtype: str) -> list[float]:
    """Return the numbers of a dtype, as floats, which multiply faster than integers."""
    return [float(n) for n in range(LEVELS[dtype] + 1)]


@cache
def _half_table() -> memoryview:
    """Return all float16 values by their bits."""
    return memoryview(array("f", struct.unpack("<65536e", struct.pack("<65536H", *range(65536)))))


def halves(data: memoryview, shape: tuple[int, ...]) -> Tensor:
    """Return the float32 tensor of float16 bytes."""
    return lookup(typed(data, "H"), _half_table(), shape, "float32")
