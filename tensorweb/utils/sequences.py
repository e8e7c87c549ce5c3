"""Sequences of different lengths as one tensor."""

from __future__ import annotations

import re
from typing import Any

from .. import dtypes
from ..errors import ArgumentError, ShapeError, message
from ..shapes import size_of
from ..tensor import Tensor, tensor

_CONVERSIONS = {"f": float, "i": int, "b": bool, "c": complex, "s": str}


def pad_sequences(
    sequences: Any, maxlen: int | None = None, dtype: Any = "int32", padding: str = "pre", truncating: str = "pre", value: Any = 0.0
) -> Tensor:
    """Return sequences, cut or filled with `value` to the length maxlen (or the longest's), as a tensor [n, maxlen, ...].

    `padding` and `truncating` say where: "pre" or "post". Elements may be arrays of one shape. `dtype` object or "str" is for
    strings. Raises ArgumentError or ShapeError. Keras's function.

    >>> import tensorweb as tw
    >>> tw.utils.pad_sequences([[1], [2, 3]]).tolist()
    [[0, 1], [2, 3]]
    """
    where = "pad_sequences"
    if not hasattr(sequences, "__len__"):
        raise ArgumentError(message(where, "a list of sequences", type(sequences).__name__, "`sequences` must be iterable."))
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise ArgumentError(message(where, f"{name} 'pre' or 'post'", repr(choice), "Choose one of them."))
    name = _dtype_name(dtype, where)
    if isinstance(value, str) and name != "string":
        advice = f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}. Set dtype=object for strings."
        raise ArgumentError(message(where, "a number as value", repr(value), advice))
    rows = [_as_list(s, where) for s in sequences]
    if maxlen is None and not rows:
        raise ShapeError(message(where, "at least one sequence or maxlen", "neither", "Pass maxlen."))
    length = max(map(len, rows)) if maxlen is None else int(maxlen)
    element = next((_shape_of(r[0]) for r in rows if r), ())
    convert, width = _CONVERSIONS[dtypes.kind(name)], size_of(element)
    filler = [convert(value)] * width
    flat: list[Any] = []
    for i, row in enumerate(rows):
        kept = (row[max(len(row) - length, 0) :] if truncating == "pre" else row[:length]) if len(row) > length else row
        values = _flat(kept, element, i, convert)
        gap = filler * (length - len(kept))
        flat += gap + values if padding == "pre" else values + gap
    return tensor(flat, shape=(len(rows), length, *element), dtype=name)


def _dtype_name(dtype: Any, where: str) -> str:
    text = dtype if isinstance(dtype, str) else getattr(dtype, "__name__", "")
    if text in ("object", "str", "str_", "bytes", "bytes_") or re.fullmatch(r"[<>|=]?[USO]\d*", text):
        return "string"
    return dtypes.canonical(dtype, where)


def _as_list(sequence: Any, where: str) -> list[Any]:
    if hasattr(sequence, "tolist"):
        sequence = sequence.tolist()
    if not hasattr(sequence, "__len__"):
        advice = f"`sequences` must be a list of iterables. Found non-iterable: {sequence}"
        raise ArgumentError(message(where, "a list of sequences", f"{type(sequence).__name__} in it", advice))
    return [v.tolist() if hasattr(v, "tolist") else v for v in sequence]


def _shape_of(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return (len(value), *(_shape_of(value[0]) if len(value) else ()))


def _flat(items: list[Any], element: tuple[int, ...], row: int, convert: Any) -> list[Any]:
    """Return the numbers of a sequence one after the other, each of its elements in the shape of the first sequence's."""
    if not element:
        if any(isinstance(v, (list, tuple)) for v in items):
            raise _wrong_element(items[0], element, row)
        return [convert(v) for v in items]
    values: list[Any] = []
    for item in items:
        if _shape_of(item) != element:
            raise _wrong_element(item, element, row)
        values += _flat(list(item), element[1:], row, convert)
    return values


def _wrong_element(item: Any, element: tuple[int, ...], row: int) -> ShapeError:
    advice = f"Shape of sample {_shape_of(item)} of sequence at position {row} is different from expected shape {element}."
    return ShapeError(message("pad_sequences", f"elements of shape {element}", _shape_of(item), advice))
