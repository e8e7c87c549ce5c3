"""The dtypes, their storage and their promotion: one table each. Nothing here knows of tensors or backends."""

from __future__ import annotations

from typing import NamedTuple

from .errors import DTypeError, message


class DType(NamedTuple):
    """What a dtype is: its name, bytes an element as users count them, and the kind that promotion goes by."""

    name: str
    itemsize: int
    kind: str  # b bool, i integer, f float, c complex, s string
    low: float
    high: float


TABLE = {
    d.name: d
    for d in (
        DType("bool", 1, "b", 0, 1),
        DType("uint8", 1, "i", 0, 255),
        DType("int8", 1, "i", -128, 127),
        DType("int32", 4, "i", -(2**31), 2**31 - 1),
        DType("float16", 2, "f", -65504.0, 65504.0),
        DType("float32", 4, "f", -3.4028234663852886e38, 3.4028234663852886e38),
        DType("complex64", 8, "c", -3.4028234663852886e38, 3.4028234663852886e38),
        DType("string", 8, "s", 0, 0),
    )
}

# What arrives in a wider type than the library stores; values are checked when they arrive.
NARROWED = {
    "int64": "int32", "uint32": "int32", "uint64": "int32", "int16": "int32", "uint16": "int32", "int": "int32",
    "float64": "float32", "bfloat16": "float32", "float": "float32", "complex128": "complex64", "complex": "complex64", "str": "string",
}  # fmt: skip

# Keras 3's promotion lattice, cut to the dtypes above: the edges that lead upwards.
_UP = {
    "bool": {"uint8", "int8"},
    "uint8": {"int32"},
    "int8": {"int32"},
    "int32": {"float16"},
    "float16": {"float32"},
    "float32": {"complex64"},
    "complex64": set(),
    "string": set(),
}


def _above(name: str) -> set[str]:
    return {name}.union(*(_above(up) for up in _UP[name]))


_ABOVE = {name: _above(name) for name in _UP}


def canonical(dtype: object, where: str = "dtype") -> str:
    """Return the library's name for `dtype` (a name, a Python type, or anything with a `name`); raise DTypeError if there is none."""
    name = dtype if isinstance(dtype, str) else getattr(dtype, "name", None) or getattr(dtype, "__name__", None)
    if isinstance(name, str):
        name = NARROWED.get(name, name)
        if name in TABLE:
            return name
    raise DTypeError(message(where, "a dtype", repr(dtype), f"Use one of {', '.join(TABLE)}."))


def kind(dtype: str) -> str:
    """Return the kind letter of a dtype: b, i, f, c or s."""
    return TABLE[dtype].kind


def is_float(dtype: str) -> bool:
    """Tell whether gradients flow through this dtype (floating or complex)."""
    return TABLE[dtype].kind in "fc"


def promote(*dtypes: str) -> str:
    """Return the least dtype that all of `dtypes` promote to, as Keras does.

    >>> promote("int32", "float16"), promote("int8", "uint8"), promote("float32", "complex64")
    ('float16', 'int32', 'complex64')
    """
    result = dtypes[0]
    for other in dtypes[1:]:
        if other != result:
            common = _ABOVE[result] & _ABOVE[other]
            if not common:
                raise DTypeError(message("dtype promotion", "dtypes that mix", f"{result} and {other}", "Cast one of them first."))
            # The least of the common dtypes is the one that has all the others above it.
            result = max(common, key=lambda name: len(_ABOVE[name]))
    return result


def promote_weak(dtype: str, scalar: object) -> str:
    """Return the dtype of a tensor of `dtype` combined with a Python number: the number never widens within its kind."""
    rank = "bifc".find(kind(dtype))
    if rank < 0:
        raise DTypeError(message("dtype promotion", "a numeric tensor beside a number", dtype, "Strings do not mix with numbers."))
    needed = {bool: 0, int: 1, float: 2, complex: 3}[type(scalar)]
    return dtype if rank >= needed else weak_dtype(scalar)


def weak_dtype(scalar: object) -> str:
    """Return the dtype that a Python number has when no tensor decides."""
    return {bool: "bool", int: "int32", float: "float32", complex: "complex64"}[type(scalar)]


def to_float(dtype: str) -> str:
    """Return `dtype` if it is floating or complex, else float32: the dtype of sqrt, mean, true division."""
    return dtype if TABLE[dtype].kind in "fc" else "float32"
