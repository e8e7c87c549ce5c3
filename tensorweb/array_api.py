"""The array API standard's names (2023.12) for TensorWeb's functions: what `tensor.__array_namespace__()` gives. No behaviour here.

dtypes are their names: `array_api.float32 == "float32"`. Of the standard's dtypes there are bool, int8, uint8, int32, float32,
complex64 (and float16); wider ones arrive as these.
"""

from __future__ import annotations

from math import e, inf, nan, pi
from typing import Any, NamedTuple

from . import dtypes, ops
from .tensor import Tensor, tensor

__array_api_version__ = "2023.12"

float32, float16, int32, int8, uint8, bool, complex64 = "float32", "float16", "int32", "int8", "uint8", "bool", "complex64"
newaxis = None

_SAME = [
    "abs",
    "add",
    "all",
    "any",
    "arange",
    "argmax",
    "argmin",
    "argsort",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "broadcast_to",
    "ceil",
    "clip",
    "conj",
    "cos",
    "cosh",
    "diff",
    "divide",
    "empty",
    "empty_like",
    "equal",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "flip",
    "floor",
    "floor_divide",
    "full",
    "full_like",
    "greater",
    "greater_equal",
    "hypot",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "less",
    "less_equal",
    "linspace",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "matmul",
    "max",
    "maximum",
    "mean",
    "meshgrid",
    "min",
    "minimum",
    "moveaxis",
    "multiply",
    "negative",
    "nonzero",
    "not_equal",
    "ones",
    "ones_like",
    "outer",
    "prod",
    "real",
    "reciprocal",
    "repeat",
    "reshape",
    "roll",
    "round",
    "searchsorted",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sort",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "trace",
    "tril",
    "triu",
    "trunc",
    "unstack",
    "var",
    "where",
    "zeros",
    "zeros_like",
    "count_nonzero",
]

_RENAMED = {
    "acos": "arccos", "acosh": "arccosh", "asin": "arcsin", "asinh": "arcsinh", "atan": "arctan", "atan2": "arctan2", "atanh": "arctanh",
    "bitwise_invert": "bitwise_not", "bitwise_left_shift": "bitwise_left_shift", "bitwise_right_shift": "bitwise_right_shift",
    "concat": "concatenate", "pow": "power", "remainder": "mod", "permute_dims": "transpose", "astype": "cast", "cumulative_sum": "cumsum",
    "cumulative_prod": "cumprod",
}  # fmt: skip

globals().update({name: getattr(ops, name) for name in _SAME})
globals().update({name: getattr(ops, own) for name, own in _RENAMED.items()})


def asarray(obj: Any, /, *, dtype: Any = None, device: Any = None, copy: Any = None) -> Tensor:
    """Return `obj` as a tensor."""
    return tensor(obj, dtype=dtype)


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Tensor:
    """Return a tensor with a copy of an object that speaks DLPack."""
    return tensor(x)


def broadcast_arrays(*arrays: Tensor) -> list[Tensor]:
    """Return the arrays broadcast against one another."""
    from .shapes import broadcast

    shape = broadcast("broadcast_arrays", *(a.shape for a in arrays))
    return [ops.broadcast_to(a, shape) for a in arrays]


def positive(x: Tensor, /) -> Tensor:
    """Return x."""
    return +x


def matrix_transpose(x: Tensor, /) -> Tensor:
    """Return x with its last two axes exchanged."""
    return ops.swapaxes(x, -1, -2)


def copysign(x1: Any, x2: Any, /) -> Tensor:
    """Return the magnitude of x1 with the sign of x2, element by element; -0.0 counts as negative."""
    size = ops.absolute(x1)
    return ops.where(ops.signbit(x2), -size, size)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """Return the inner products along an axis; x1 is conjugated."""
    return ops.sum(ops.conj(x1) * x2, axis=axis)


class UniqueAll(NamedTuple):
    """The distinct values, where each is first, which of them each element is, and how often each occurs."""

    values: Tensor
    indices: Tensor
    inverse_indices: Tensor
    counts: Tensor


class UniqueCounts(NamedTuple):
    """The distinct values and how often each occurs."""

    values: Tensor
    counts: Tensor


class UniqueInverse(NamedTuple):
    """The distinct values and which of them each element is."""

    values: Tensor
    inverse_indices: Tensor


def unique_all(x: Tensor, /) -> UniqueAll:
    """Return the distinct values of x with first places, inverse and counts."""
    values, first, inverse, counts = ops.unique(x, return_index=True, return_inverse=True, return_counts=True)
    return UniqueAll(values, first, ops.reshape(inverse, x.shape), counts)


def unique_counts(x: Tensor, /) -> UniqueCounts:
    """Return the distinct values of x and how often each occurs."""
    return UniqueCounts(*ops.unique(x, return_counts=True))


def unique_inverse(x: Tensor, /) -> UniqueInverse:
    """Return the distinct values of x and which of them each element is."""
    values, inverse = ops.unique(x, return_inverse=True)
    return UniqueInverse(values, ops.reshape(inverse, x.shape))


def unique_values(x: Tensor, /) -> Tensor:
    """Return the distinct values of x."""
    return ops.unique(x)


def result_type(*arrays_and_dtypes: Any) -> str:
    """Return the dtype that arrays, dtypes and Python numbers promote to."""
    strong = [getattr(a, "dtype", a) for a in arrays_and_dtypes if type(a).__name__ not in ("int", "float", "complex", "bool")]
    found = dtypes.promote(*map(dtypes.canonical, strong))
    for a in arrays_and_dtypes:
        if type(a).__name__ in ("int", "float", "complex", "bool"):
            found = dtypes.promote_weak(found, a)
    return found


def can_cast(from_: Any, to: Any, /) -> Any:
    """Tell whether a dtype promotes to another without loss of kind."""
    source = dtypes.canonical(getattr(from_, "dtype", from_))
    return dtypes.promote(source, dtypes.canonical(to)) == dtypes.canonical(to)


def isdtype(dtype: Any, kind: Any) -> Any:
    """Tell whether a dtype is of a kind: a dtype, a kind's name as the standard has it, or a tuple of them."""
    if isinstance(kind, tuple):
        return any_kind(dtype, kind)
    own = dtypes.canonical(dtype)
    kinds = {
        "bool": {"bool"}, "signed integer": {"int8", "int32"}, "unsigned integer": {"uint8"}, "integral": {"int8", "int32", "uint8"},
        "real floating": {"float16", "float32"}, "complex floating": {"complex64"},
        "numeric": {"int8", "int32", "uint8", "float16", "float32", "complex64"},
    }  # fmt: skip
    return own in kinds[kind] if kind in kinds else own == dtypes.canonical(kind)


def any_kind(dtype: Any, kinds: tuple) -> Any:
    """Tell whether a dtype is of one of the kinds."""
    return True in [isdtype(dtype, k) for k in kinds]


class FloatInfo(NamedTuple):
    """The limits of a floating dtype."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: str


class IntInfo(NamedTuple):
    """The limits of an integer dtype."""

    bits: int
    max: int
    min: int
    dtype: str


def finfo(type: Any, /) -> FloatInfo:
    """Return the limits of a floating dtype (of its parts, if complex)."""
    name = dtypes.canonical(getattr(type, "dtype", type))
    d = dtypes.TABLE["float32" if name == "complex64" else name]
    half = d.name == "float16"
    return FloatInfo(d.itemsize * 8, 2.0**-10 if half else 2.0**-23, d.high, d.low, 2.0**-14 if half else 2.0**-126, d.name)


def iinfo(type: Any, /) -> IntInfo:
    """Return the limits of an integer dtype."""
    d = dtypes.TABLE[dtypes.canonical(getattr(type, "dtype", type))]
    return IntInfo(d.itemsize * 8, int(d.high), int(d.low), d.name)


__all__ = [
    "asarray", "broadcast_arrays", "can_cast", "copysign", "e", "finfo", "from_dlpack", "iinfo", "inf", "isdtype", "matrix_transpose",
    "nan", "newaxis", "pi", "positive", "result_type", "unique_all", "unique_counts", "unique_inverse", "unique_values", "vecdot",
    *_SAME, *_RENAMED,
]  # fmt: skip
