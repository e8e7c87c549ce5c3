"""Graph ops on texts. They work on the texts' UTF-8 bytes, as TensorFlow's do, and give text where the bytes are text."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from itertools import product
from typing import Any

from ...errors import ArgumentError, FormatError, ShapeError, message
from ...kernels.routines.base import HostArray
from ...kernels.routines.siphash import siphash64
from ...kernels.routines.strings import replacer
from ...shapes import broadcast, size_of, strides_of
from ...tensor import Tensor, tensor
from ...waiting import Waits
from ..define import graph_op
from .hosted import as_tensor, each_text, reading_arrays, reading_texts, routine_of
from .re2 import compile_re2
from .support import as_list, dtype_of, text

_MOST = 1 << 24  # texts that one op may give


def _decoded(value: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes surrogates, of which `_encoded` makes it again."""
    return value.decode("utf-8", "surrogateescape")


def _encoded(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def _one(value: Any, where: str) -> str:
    """Return a host value that must be one text."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, (str, bytes)):
        raise ShapeError(message(where, "one text", f"{value!r}"[:80], "Pass a scalar."))
    return value if isinstance(value, str) else _decoded(value)


# --- one text to one value --------------------------------------------------------------------------------------------------


def _in_case(name: str, change: Callable[[Any], Any]) -> None:
    @graph_op(name)
    def changed(node: Any, x: Any) -> Any:
        unicode = text(node, "encoding") == "utf-8"
        return (yield from each_text(name, x, lambda v: _encoded(change(_decoded(v))) if unicode else change(v)))


_in_case("StringLower", lambda v: v.lower())
_in_case("StringUpper", lambda v: v.upper())


@graph_op("StringStrip")
def _strip(node: Any, x: Any) -> Any:
    return (yield from each_text(node.op, x, lambda v: v.strip(b" \t\n\v\f\r")))


def _counts_characters(node: Any) -> bool:
    return text(node, "unit", "BYTE") == "UTF8_CHAR"


@graph_op("StringLength")
def _length(node: Any, x: Any) -> Any:
    # The bytes 0x80 to 0xBF only continue a character.
    count = (lambda v: sum(b & 0xC0 != 0x80 for b in v)) if _counts_characters(node) else len
    return (yield from each_text(node.op, x, count, "int32"))


@graph_op("StringToHashBucketFast")
def _hash_bucket(node: Any, x: Any) -> Any:
    return (yield from routine_of("string_to_hash_bucket_fast", x, num_buckets=int(node.attrs.get("num_buckets") or 0)))


@graph_op("StringToHashBucketStrong")
def _strong_hash_bucket(node: Any, x: Any) -> Any:
    buckets, key = int(node.attrs.get("num_buckets") or 0), list(node.attrs.get("key") or [])
    if buckets < 1 or len(key) != 2:
        raise FormatError(message(node.op, "buckets, and a key of two numbers", f"{buckets}, {key}", "The file is damaged."))
    return (yield from each_text(node.op, x, lambda v: siphash64(v, (key[0], key[1])) % buckets, "int32"))


_NUMBER = re.compile(rb"\s*[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|inf(inity)?|nan)\s*", re.IGNORECASE)
_INTEGER = re.compile(rb"\s*[+-]?\d{1,30}\s*")


@graph_op("StringToNumber")
def _to_number(node: Any, x: Any) -> Any:
    dtype = dtype_of(node, "out_type")
    form, kind = (_NUMBER, float) if dtype == "float32" else (_INTEGER, int)

    def number(value: bytes) -> Any:
        if not form.fullmatch(value):
            raise ArgumentError(message(node.op, "texts that are numbers", f"{value[:40]!r}", "Leave out or mend it."))
        return kind(value)

    return (yield from each_text(node.op, x, number, dtype))


@graph_op("AsString")
def _as_string(node: Any, x: Any) -> Waits[Tensor]:
    (array,) = yield from reading_arrays([x])
    width, precision, fill = int(node.attrs.get("width") or -1), node.attrs.get("precision"), text(node, "fill")
    if width > 1000 or (precision or 0) > 1000 or fill not in ("", " ", "+", "-", "0", "#"):
        raise FormatError(message(node.op, "a width and precision up to 1000", f"{width}, {precision}, {fill!r}", "The file is damaged."))
    form = f"%{fill}{width if width > 0 else ''}"
    digits = f".{precision}" if precision is not None and precision >= 0 else ""
    kind = "e" if node.attrs.get("scientific") else "g" if node.attrs.get("shortest") else "f"

    def shown(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, bytes):
            return _decoded(value)
        if isinstance(value, complex):
            return f"({shown(value.real)},{shown(value.imag)})"
        if isinstance(value, float):
            return f"{form}{digits}{kind}" % value
        return f"{form}d" % value

    kinds = {"bool": bool, "int32": int}
    convert = kinds.get(array.dtype, lambda v: v)
    return as_tensor(HostArray([_encoded(shown(convert(v))) for v in array.values], array.shape, "string"))


# --- parts ------------------------------------------------------------------------------------------------------------------


@graph_op("Substr")
def _substr(node: Any, x: Any, places: Any, lengths: Any) -> Waits[Tensor]:
    (whole,) = yield from reading_texts(node.op, x)
    at, sizes = yield from reading_arrays([places, lengths])
    if at.shape != sizes.shape:
        raise ShapeError(message(node.op, f"lengths of shape {at.shape}", sizes.shape, "Pass one for each place."))
    shape = broadcast(node.op, whole.shape, at.shape)
    words, starts, counts = (_broadcast(array, shape) for array in (whole, at, sizes))
    parts = [_part(w, a, n, _counts_characters(node)) for w, a, n in zip(words, starts, counts, strict=True)]
    return as_tensor(HostArray(parts, shape, "string"))


def _part(value: bytes, start: int, count: int, characters: bool) -> bytes:
    units: Any = _decoded(value) if characters else value
    if not -len(units) <= start <= len(units):
        raise ArgumentError(message("Substr", f"a place within {len(units)}", start, "The text is shorter."))
    start += len(units) if start < 0 else 0
    found = units[start : start + max(count, 0)]
    return _encoded(found) if characters else found


def _broadcast(array: HostArray, shape: tuple[int, ...]) -> list[Any]:
    """Return the values of an array as they stand in a larger shape."""
    if array.shape == shape:
        return array.values
    own = (1,) * (len(shape) - len(array.shape)) + array.shape
    steps = [0 if size == 1 else step for size, step in zip(own, strides_of(own), strict=True)]
    if size_of(shape) > _MOST:
        raise ShapeError(message("strings", f"{_MOST} texts at most", shape, "Pass fewer."))
    return [array.values[sum(i * step for i, step in zip(place, steps, strict=True))] for place in product(*map(range, shape))]


@graph_op("StringSplit", host=(1,))
def _split(node: Any, x: Any, delimiter: Any) -> Any:
    skips = node.attrs.get("skip_empty", True)
    return (yield from routine_of("string_split", x, delimiter=_encoded(_one(delimiter, node.op)), skip_empty=skips))


@graph_op("StringSplitV2", host=(1,))
def _split_v2(node: Any, x: Any, separator: Any) -> Waits[list[Tensor]]:
    (array,) = yield from reading_texts(node.op, x)
    if len(array.shape) != 1:
        raise ShapeError(message(node.op, "texts of rank 1", array.shape, "Reshape them."))
    by, most = _encoded(_one(separator, node.op)) or None, node.attrs.get("maxsplit")
    most = -1 if most is None else most
    rows = [value.split(by, most) if by or most else [value] for value in array.values]
    if by is None:  # what is left after the last split counts, even if it is nothing
        rows = [[*row, b""] if len(row) == most > 0 else row for row in rows]
    places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
    pieces = HostArray([piece for row in rows for piece in row], (len(places),), "string")
    indices = tensor([number for place in places for number in place], (len(places), 2), "int32")
    return [indices, as_tensor(pieces), tensor([len(rows), max(map(len, rows), default=0)], dtype="int32")]


@graph_op("StringNGrams")
def _n_grams(node: Any, data: Any, splits: Any) -> Any:
    found = yield from routine_of(
        "string_n_grams", data, splits, separator=_attr(node, "separator"), n_gram_widths=list(node.attrs.get("ngram_widths") or ()),
        left_pad=_attr(node, "left_pad"), right_pad=_attr(node, "right_pad"), pad_width=int(node.attrs.get("pad_width") or 0),
        preserve_short_sequences=bool(node.attrs.get("preserve_short_sequences")),
    )  # fmt: skip
    return found


def _attr(node: Any, name: str) -> bytes:
    value = node.attrs.get(name)
    return value if isinstance(value, bytes) else b""


@graph_op("UnicodeDecode")
def _unicode_decode(node: Any, x: Any) -> Waits[list[Tensor]]:
    (array,) = yield from reading_texts(node.op, x)
    encoding, errors = text(node, "input_encoding", "UTF-8").upper(), text(node, "errors", "replace")
    if encoding not in ("UTF-8", "US-ASCII", "UTF-16-BE", "UTF-32-BE"):
        raise FormatError(message(node.op, "UTF-8, US-ASCII, UTF-16-BE or UTF-32-BE", repr(encoding), "Others are not known here."))
    splits, codes = [0], []
    for value in array.values:
        try:
            found = [ord(c) for c in value.decode(encoding.replace("-BE", "BE"), "strict" if errors == "strict" else errors)]
        except (UnicodeDecodeError, LookupError):
            raise ArgumentError(message(node.op, f"texts in {encoding}", f"{value[:40]!r}", "Mend them.")) from None
        instead = int(node.attrs.get("replacement_char") or 0xFFFD)
        codes += [instead if code == 0xFFFD else code for code in found]
        splits.append(len(codes))
    return [tensor(splits, dtype="int32"), tensor(codes, (len(codes),), "int32")]


# --- several to one ---------------------------------------------------------------------------------------------------------


@graph_op("StringJoin")
def _join(node: Any, *inputs: Any) -> Waits[Tensor]:
    arrays = yield from reading_texts(node.op, *inputs)
    shapes = {array.shape for array in arrays if array.shape}
    if len(shapes) > 1:
        raise ShapeError(message(node.op, "texts of one shape, or scalars", sorted(shapes), "Reshape them."))
    shape = shapes.pop() if shapes else ()
    columns = [_broadcast(array, shape) for array in arrays]
    joined = [_attr(node, "separator").join(row) for row in zip(*columns, strict=True)]
    return as_tensor(HostArray(joined, shape, "string"))


@graph_op("ReduceJoin", host=(1,))
def _reduce_join(node: Any, x: Any, axes: Any) -> Waits[Tensor]:
    (array,) = yield from reading_texts(node.op, x)
    rank, keeps = len(array.shape), bool(node.attrs.get("keep_dims"))
    wanted = [int(axis) for axis in as_list(axes)]
    if any(not -rank <= axis < rank for axis in wanted) or len({axis % rank for axis in wanted}) < len(wanted):
        raise ShapeError(message(node.op, f"axes of rank {rank}, each once", wanted, "Choose axes that exist."))
    joined = [axis % rank for axis in reversed(wanted)]  # along the first that is named first
    steps = strides_of(array.shape)
    outer = [axis for axis in range(rank) if axis not in joined]
    starts = [sum(i * steps[a] for i, a in zip(place, outer, strict=True)) for place in product(*(range(array.shape[a]) for a in outer))]
    inner = [sum(i * steps[a] for i, a in zip(place, joined, strict=True)) for place in product(*(range(array.shape[a]) for a in joined))]
    shape = tuple(1 if axis in joined else size for axis, size in enumerate(array.shape) if keeps or axis not in joined)
    values = [_attr(node, "separator").join(array.values[start + i] for i in inner) for start in starts]
    return as_tensor(HostArray(values, shape, "string"))


@graph_op("StringFormat")
def _format(node: Any, *inputs: Any) -> Waits[Tensor]:
    arrays = yield from reading_arrays(list(inputs))
    template, mark = text(node, "template", "%s"), text(node, "placeholder", "%s")
    parts = template.split(mark) if mark else [template]
    if len(parts) != len(arrays) + 1:
        raise FormatError(message(node.op, f"{len(arrays)} placeholders", len(parts) - 1, "The file is damaged."))
    most = int(node.attrs.get("summarize") or 3)
    shown = [_summary(a.values, a.shape, a.dtype, most, "") for a in arrays]
    return tensor(parts[0] + "".join(a + b for a, b in zip(shown, parts[1:], strict=True)), (), "string")


def _summary(values: list[Any], shape: tuple[int, ...], dtype: str, most: int, indent: str) -> str:
    """Return a tensor as text: of each dimension the first and last few."""
    if not shape:
        return _shown(values[0], dtype)
    size = size_of(shape[1:])
    rows = range(shape[0]) if most < 0 or shape[0] <= 2 * most else [*range(most), -1, *range(shape[0] - most, shape[0])]
    inside = indent + " "
    parts = ["..." if i < 0 else _summary(values[i * size : (i + 1) * size], shape[1:], dtype, most, inside) for i in rows]
    return "[" + (" " if len(shape) == 1 else "\n" * (len(shape) - 1) + inside).join(parts) + "]"


def _shown(value: Any, dtype: str) -> str:
    if dtype == "string":
        return f'"{_decoded(value)}"'
    if dtype != "float32":
        return str(int(value))
    # The shortest digits that mean this very float32.
    texts = (f"{value:.{digits}g}" for digits in range(6, 10))
    return next((s for s in texts if struct.pack("f", float(s)) == struct.pack("f", value)), str(value))


# --- regular expressions ----------------------------------------------------------------------------------------------------


def _replacing(node: Any, x: Any, pattern: str, rewrite: str) -> Waits[Tensor]:
    compiled = compile_re2(pattern)
    try:
        replace = replacer(compiled, rewrite, bool(node.attrs.get("replace_global", True)))
    except ValueError as error:
        raise ArgumentError(str(error)) from None
    return (yield from each_text(node.op, x, lambda v: _encoded(replace(_decoded(v)))))


@graph_op("StaticRegexReplace")
def _static_regex_replace(node: Any, x: Any) -> Waits[Tensor]:
    return (yield from _replacing(node, x, _decoded(_attr(node, "pattern")), _decoded(_attr(node, "rewrite"))))


@graph_op("RegexReplace", host=(1, 2))
def _regex_replace(node: Any, x: Any, pattern: Any, rewrite: Any) -> Waits[Tensor]:
    return (yield from _replacing(node, x, _one(pattern, node.op), _one(rewrite, node.op)))


def _full_match(node: Any, x: Any, pattern: str) -> Waits[Tensor]:
    compiled = compile_re2(pattern, True)
    return (yield from each_text(node.op, x, lambda v: compiled.search(_decoded(v)) is not None, "bool"))


@graph_op("StaticRegexFullMatch")
def _static_full_match(node: Any, x: Any) -> Waits[Tensor]:
    return (yield from _full_match(node, x, _decoded(_attr(node, "pattern"))))


@graph_op("RegexFullMatch", host=(1,))
def _regex_full_match(node: Any, x: Any, pattern: Any) -> Waits[Tensor]:
    return (yield from _full_match(node, x, _one(pattern, node.op)))
