"""Values from and to other libraries: NumPy, DLPack, PIL, buffers. One of two places that may import numpy, and only when it is used."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import Any

from . import dtypes
from .errors import ArgumentError, ConversionError, DTypeError, ShapeError, message
from .kernels.patterns import Spec
from .shapes import Shape, as_shape, infer_reshape, size_of

# Format letters of the buffer protocol, by the dtype in which they arrive.
_FORMATS = {
    **dict.fromkeys("fd", "float32"), "e": "float16", "?": "bool", "b": "int8", **dict.fromkeys("Bc", "uint8"),
    **dict.fromkeys("hHiIlLqQnN", "int32"),
}  # fmt: skip
_WIDE = frozenset("IlLqQnN")


def host_values(values: Any, where: str) -> tuple[Any, Spec]:
    """Return (flat values, spec) of anything that a tensor can be made from; raise ConversionError or ShapeError if it cannot.

    Accepted: numbers, strings, nested sequences of them, objects with `__array__` or `__dlpack__` (NumPy's among them), buffers
    (`array.array`, memoryview, bytes), PIL images.
    """
    if isinstance(values, (bool, int, float, complex, str)) and type(values).__module__ == "builtins":
        return [_checked(values, where)], Spec((), dtypes.weak_dtype(values) if not isinstance(values, str) else "string")
    if isinstance(values, (list, tuple, range)):
        return _from_sequence(values, where)
    if hasattr(values, "__array__") or hasattr(values, "__array_interface__"):
        return _from_array(values, where)
    if isinstance(values, (bytes, bytearray, memoryview, array)):
        return _from_buffer(memoryview(values), where)
    if hasattr(values, "__dlpack__"):
        import numpy as np

        return _from_array(np.from_dlpack(values), where)
    raise ConversionError(message(where, "numbers, strings, sequences or arrays", type(values).__name__, "Convert it to a list first."))


def _checked(value: Any, where: str) -> Any:
    if type(value) is int and not -(2**31) <= value < 2**31:
        raise ArgumentError(message(where, "integers of 32 bits", value, "Pass it as a float."))
    return value


def _from_buffer(view: memoryview, where: str) -> tuple[Any, Spec]:
    code = view.format.lstrip("@=<>!")
    if code not in _FORMATS or (view.format[0] in ">!" and sys.byteorder == "little" and view.itemsize > 1):
        raise DTypeError(message(where, "a buffer of numbers", f"format {view.format!r}", "Convert it first."))
    shape = as_shape(view.shape or (), where)
    if view.ndim != 1 or not view.contiguous:
        view = memoryview(view.tobytes()).cast(code)  # type: ignore[call-overload]
    if code in _WIDE:
        return [_checked(v, where) for v in view], Spec(shape, "int32")
    return (list(view) if code == "c" else view.tolist()), Spec(shape, _FORMATS[code])


def _from_array(values: Any, where: str) -> tuple[Any, Spec]:
    import numpy as np

    found = np.asarray(values)
    if found.dtype.kind in "USO":
        flat = found.reshape(-1).tolist()
        if found.dtype.kind == "O" and not all(isinstance(v, (str, bytes)) for v in flat):
            raise ConversionError(message(where, "an array of numbers or strings", "an object array", "Make its rows equally long."))
        return flat, Spec(found.shape, "string")
    dtype = dtypes.canonical(found.dtype.name, where)
    if found.dtype.itemsize >= 4 and found.dtype.kind in "iu" and found.size:
        low, high = int(found.min()), int(found.max())
        _checked(low, where)
        _checked(high, where)
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(found, dtype), Spec(found.shape, dtype)


def _from_sequence(values: Sequence, where: str) -> tuple[Any, Spec]:
    shape = _nested_shape(values, where)
    flat: list[Any] = []
    arrays = _flatten(values, shape, flat, where)
    if arrays:  # a list of arrays or tensors: their own shape continues the list's
        return _stack_arrays(flat, shape, where)
    kinds = {type(v) for v in flat}
    if kinds <= {str, bytes} and kinds:
        return flat, Spec(shape, "string")
    if not kinds <= {bool, int, float, complex}:
        odd = next(k for k in kinds if k not in (bool, int, float, complex))
        raise ConversionError(message(where, "numbers or strings of one kind", odd.__name__, "Convert the elements first."))
    if int in kinds and len(kinds & {float, complex}) == 0:
        for v in flat:
            _checked(v, where)
    best = max((k for k in kinds), key=[bool, int, float, complex].index, default=float)
    return flat, Spec(shape, dtypes.weak_dtype(best()))


def _nested_shape(values: Any, where: str) -> Shape:
    shape: list[int] = []
    while isinstance(values, (list, tuple, range)):
        shape.append(len(values))
        if len(shape) > 32:
            raise ShapeError(message(where, "at most 32 levels of nesting", "more", "Check that the list does not hold itself."))
        if not values:
            break
        values = values[0]
    return tuple(shape)


def _flatten(values: Any, shape: Shape, flat: list[Any], where: str) -> bool:
    """Append the leaves to `flat`, checking that the list is not ragged; tell whether a leaf is an array or a tensor."""
    level = [values]
    for dim in shape:
        for row in level:
            if not isinstance(row, (list, tuple, range)) or len(row) != dim:
                got = len(row) if isinstance(row, (list, tuple, range)) else type(row).__name__
                raise ShapeError(message(where, f"rows of equal length {dim}", f"one of {got}", "Pad the ragged list."))
        level = [item for row in level for item in row]
    for leaf in level:
        if isinstance(leaf, (list, tuple, range)):
            raise ShapeError(message(where, "equal nesting everywhere", "a list beside a number", "Pad the ragged list."))
    flat.extend(level)
    return any(hasattr(leaf, "__array__") or hasattr(leaf, "__dlpack__") for leaf in level)


def _stack_arrays(leaves: list[Any], shape: Shape, where: str) -> tuple[Any, Spec]:
    parts = [leaf._host() if hasattr(leaf, "_host") else host_values(leaf, where) for leaf in leaves]
    shapes = {spec.shape for _, spec in parts}
    if len(shapes) > 1:
        raise ShapeError(message(where, "arrays of one shape", ", ".join(map(str, sorted(shapes))), "Pad or stack them first."))
    flat = [v for values, _ in parts for v in (values.reshape(-1).tolist() if hasattr(values, "reshape") else values)]
    return flat, Spec(shape + parts[0][1].shape, dtypes.promote(*(str(spec.dtype) for _, spec in parts)))


def convert_values(flat: Any, spec: Spec, dtype: str | None, shape: Any, where: str) -> tuple[Any, Spec]:
    """Return host values in the wanted dtype and shape."""
    if shape is not None:
        target = infer_reshape(spec.shape, shape, where)
        spec = Spec(target, spec.dtype)
    if hasattr(flat, "reshape"):
        flat = flat.reshape(-1)
    if dtype is None or dtype == spec.dtype:
        return flat, spec
    if not size_of(spec.shape):  # what has no elements has no kind
        return [], Spec(spec.shape, dtype)
    if "string" in (dtype, spec.dtype):
        raise DTypeError(
            message(where, f"values for dtype {dtype}", f"values of dtype {spec.dtype}", "Strings and numbers do not convert.")
        )
    from .kernels.scalars import convert

    if hasattr(flat, "astype") and not (dtypes.kind(str(spec.dtype)) in "fc" and dtypes.kind(dtype) in "bi"):
        return flat.astype(dtype), Spec(spec.shape, dtype)
    items = flat.tolist() if hasattr(flat, "tolist") else flat
    return [convert(v, dtype) for v in items], Spec(spec.shape, dtype)


def to_numpy(flat: Any, spec: Spec) -> Any:
    """Return the flat host values as a read-only NumPy array."""
    import numpy as np

    if spec.dtype == "string":
        result = np.empty(size_of(spec.shape), object)
        result[:] = flat
    else:
        result = np.asarray(flat).astype(str(spec.dtype), copy=False)
    result = result.reshape(spec.shape)
    result.flags.writeable = False
    return result


def numpy_view(memory: memoryview, spec: Spec) -> Any:
    """Return a read-only NumPy array on the bytes of a tensor's elements."""
    import numpy as np

    return np.frombuffer(memory.toreadonly(), str(spec.dtype)).reshape(spec.shape)


def as_array(tensor: Any) -> Any:
    """Return a copy of a tensor as a NumPy array where NumPy is installed, else the tensor: what programs written for NumPy take."""
    try:
        import numpy as np
    except ImportError:
        return tensor
    return np.array(tensor.numpy())
