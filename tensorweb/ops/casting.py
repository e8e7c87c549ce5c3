"""Dtypes: casts, views of the bits, and the op that stops gradients."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from .. import dtypes, engine
from ..dtypes import canonical
from ..errors import DTypeError, ShapeError, message
from ..kernels import expression as e
from ..kernels.patterns import Spec
from ..tensor import as_tensor
from .define import Body, composite, elementwise, op, primitive, public


@public("map")
def cast(x: Any, dtype: Any) -> Any:
    """Return x converted to `dtype`: floats are truncated into integers and saturate, NaN becomes 0; integers wrap.

    Of complex numbers the real part is taken. Raises DTypeError between strings and numbers.

    >>> import tensorweb as tw
    >>> tw.cast(tw.tensor([1.7, -1.7]), "int32").tolist()
    [1, -1]
    """
    x, target = as_tensor(x, "cast"), canonical(dtype, "cast")
    if x.dtype == target:
        return op("copy")(x)
    if "string" in (x.dtype, target):
        raise DTypeError(message("cast", "numbers", f"{x.dtype} to {target}", "Strings and numbers do not convert."))
    return engine.run(_cast_body(target), (x,))


@lru_cache(maxsize=16)
def _cast_body(dtype: str) -> Body:
    symbol = e.argument(0)
    return Body("cast", [e.cast(symbol, dtype)], [symbol])


@elementwise(static=("low", "high"))
def _bounded(x: Any, low: Any, high: Any) -> Any:
    return e.minimum(e.maximum(x, low), high)


@composite
def saturate_cast(x: Any, dtype: Any) -> Any:
    """Return x converted to `dtype`, with values that it cannot hold replaced by its least or largest.

    >>> import tensorweb as tw
    >>> tw.saturate_cast(tw.tensor([-5, 300]), "uint8").tolist()
    [0, 255]
    """
    x, target = as_tensor(x, "saturate_cast"), canonical(dtype, "saturate_cast")
    own, wanted = dtypes.TABLE[x.dtype], dtypes.TABLE[target]
    if own.kind in "if" and wanted.kind in "if" and (own.low < wanted.low or own.high > wanted.high):
        number = int if own.kind == "i" else float
        x = _bounded(x, number(max(own.low, wanted.low)), number(min(own.high, wanted.high)))
    return cast(x, target)


@primitive("stop_gradient")
def _stop_gradient(x: Spec) -> Any:
    return None, (x,)


@public("alias", gradient="none")
def stop_gradient(variable: Any) -> Any:
    """Return the same values on the same data, through which no gradient flows.

    >>> import tensorweb as tw
    >>> tw.stop_gradient(tw.tensor([1.0])).tolist()
    [1.0]
    """
    return _stop_gradient(as_tensor(variable, "stop_gradient"))


# --- bits ---


@elementwise(static=("dtype",))
def _bitcast(x: Any, dtype: str) -> Any:
    return e.bitcast(x, dtype)


@elementwise
def _split_word(word: Any, place: Any) -> Any:
    return e.cast(e.node("ushr", word, place * 8) & 255, "uint8")


@composite(gradient="none")
def view(x: Any, dtype: Any = None) -> Any:
    """Return the bits of x read as another dtype; the last dimension changes with the size of the elements, as in NumPy.

    float16 and strings have no view. Raises DTypeError, or ShapeError where the last dimension does not divide.

    >>> import tensorweb as tw
    >>> tw.view(tw.tensor([1.0]), "int32").tolist()
    [1065353216]
    """
    x = as_tensor(x, "view")
    target = x.dtype if dtype is None else canonical(dtype, "view")
    if target == x.dtype:
        return op("copy")(x)
    for name in (x.dtype, target):
        if name in ("float16", "string"):
            raise DTypeError(message("view", "a dtype of 1, 4 or 8 bytes", name, "Cast to float32 first."))
    sizes = [dtypes.TABLE[name].itemsize for name in (x.dtype, target)]
    if sizes[0] != sizes[1] and (not x.shape or x.shape[-1] * sizes[0] % sizes[1]):
        raise ShapeError(message("view", f"a last dimension that makes whole elements of {target}", x.shape, "Pad or reshape it first."))
    if 8 in sizes:
        return op("view_as_complex")(_paired(view(x, "float32"))) if sizes[1] == 8 else view(_unpaired(op("view_as_real")(x)), target)
    return _to_words(x, target) if sizes == [1, 4] else _to_bytes(x, target) if sizes == [4, 1] else _same_size(x, target)


def _same_size(x: Any, target: str) -> Any:
    return cast(x, target) if dtypes.TABLE[target].itemsize == 1 else _bitcast(x, target)


def _paired(x: Any) -> Any:
    return op("reshape")(x, (*x.shape[:-1], x.shape[-1] // 2, 2))


def _unpaired(x: Any) -> Any:
    return op("reshape")(x, (*x.shape[:-2], x.shape[-2] * 2) if len(x.shape) > 1 else x.shape)


def _to_bytes(x: Any, target: str) -> Any:
    words = op("reshape")(_same_size(x, "int32") if x.dtype != "int32" else x, (*x.shape, 1))
    parts = _split_word(words, op("arange")(4, dtype="int32"))
    return cast(op("reshape")(parts, (*x.shape[:-1], x.shape[-1] * 4)), target)


def _to_words(x: Any, target: str) -> Any:
    whole = cast(cast(x, "uint8"), "int32")
    places = op("reshape")(whole, (*x.shape[:-1], x.shape[-1] // 4, 4)) << (op("arange")(4, dtype="int32") * 8)
    words = op("sum")(places, axis=-1)
    return words if target == "int32" else _bitcast(words, target)
