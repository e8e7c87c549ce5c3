"""Host routines on strings: string_split, string_n_grams, string_to_hash_bucket_fast, static_regex_replace.

Elements are str or bytes, and results are of the element's own type. The hash itself is in fingerprint.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from .base import HostArray, check, fail, ints, routine
from .fingerprint import fingerprint64

Text = Any  # str or bytes, the same throughout one call


def _check(name: str, x: HostArray, rank: int | None = None) -> None:
    check(name, "a string array", x, rank)
    for value in x.values:
        if not isinstance(value, (str, bytes)):
            fail(name, "strings", type(value).__name__, "Convert the values to str first.")


def _bytes(value: Text) -> bytes:
    # Lone surrogates are what undecodable bytes become under os.fsdecode and the like: they go back to those bytes.
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


def _like(value: Text, text: Text) -> Text:
    """Return `text` as the type that `value` has."""
    if isinstance(value, bytes):
        return _bytes(text)
    return text if isinstance(text, str) else text.decode("utf-8", "surrogateescape")


@routine
def string_split(x: HostArray, *, delimiter: Text = " ", skip_empty: bool = True) -> list[HostArray]:
    """Return [indices, values, shape] of the sparse matrix whose row i holds the pieces of string i.

    x: string [n]; indices: int32 [m, 2], values: string [m], shape: int32 [2]. Every character of the delimiter splits; an empty
    one splits into characters (bytes, where the elements are bytes); `skip_empty` drops empty pieces. An empty string has no
    pieces. Source: TensorFlow.js stringSplit, tf.raw_ops.StringSplit.
    """
    _check("string_split", x, rank=1)
    indices: list[int] = []
    pieces: list = []
    widest = 0
    for row, text in enumerate(x.values):
        found = _pieces(text, _like(text, delimiter), skip_empty)
        for column in range(len(found)):
            indices += (row, column)
        pieces += found
        widest = max(widest, len(found))
    return [
        HostArray(indices, (len(pieces), 2), "int32"),
        HostArray(pieces, (len(pieces),), "string"),
        ints([len(x.values), widest]),
    ]


def _pieces(text: Text, delimiter: Text, skip_empty: bool) -> list:
    if not text:
        return []
    if not delimiter:
        return [text[i : i + 1] for i in range(len(text))]
    any_of = _like(text, "[") + re.escape(delimiter) + _like(text, "]")
    parts = text.split(delimiter) if len(delimiter) == 1 else re.split(any_of, text)
    return [part for part in parts if part] if skip_empty else parts


@routine
def string_n_grams(
    data: HostArray,
    data_splits: HostArray,
    *,
    separator: Text,
    n_gram_widths: list[int],
    left_pad: Text,
    right_pad: Text,
    pad_width: int,
    preserve_short_sequences: bool,
) -> list[HostArray]:
    """Return [n_grams, n_grams_splits]: for every row of a ragged array, its runs of each width, joined by the separator.

    data: string [n]; data_splits: int [rows + 1], from 0 to n; n_grams: string [m]; n_grams_splits: of data_splits' dtype.
    A row is padded at both ends by pad_width pads, at most width - 1 of them (that many where pad_width is negative). A row too
    short for any n-gram gives one of all of it where `preserve_short_sequences`. Source: TensorFlow.js stringNGrams,
    tf.raw_ops.StringNGrams.
    """
    name = "string_n_grams"
    _check(name, data, rank=1)
    _check_splits(name, data, data_splits)
    for width in n_gram_widths:
        if width < 1:
            fail(name, "n-gram widths of 1 or more", width, "Pass how many words an n-gram has.")
    # Bytes stay bytes, str stays str: the pads and the separator follow the data.
    sample = data.values[0] if data.values else separator
    joint, left, right = (_like(sample, text) for text in (separator, left_pad, right_pad))
    grams: list = []
    splits = [0] if data_splits.values else []
    for start, end in pairwise(data_splits.values):
        row = [_like(sample, word) for word in data.values[start:end]]
        before = len(grams)
        for width in n_gram_widths:
            pads = width - 1 if pad_width < 0 else min(pad_width, width - 1)
            padded = [left] * pads + row + [right] * pads
            grams += [joint.join(padded[i : i + width]) for i in range(len(padded) - width + 1)]
        if len(grams) == before and row and preserve_short_sequences:
            pads = max(pad_width, 0)
            grams.append(joint.join([left] * pads + row + [right] * pads))
        splits.append(len(grams))
    return [HostArray(grams, (len(grams),), "string"), ints(splits, data_splits.dtype)]


def _check_splits(name: str, data: HostArray, data_splits: HostArray) -> None:
    check(name, "data_splits", data_splits, rank=1)
    splits = data_splits.values
    if not splits:
        if data.values:
            fail(name, f"data_splits from 0 to {len(data.values)}", "none", "Pass where each row starts, and the end.")
        return
    rising = all(a <= b for a, b in pairwise(splits))
    if splits[0] != 0 or splits[-1] != len(data.values) or not rising:
        fail(name, f"data_splits that rise from 0 to {len(data.values)}", splits, "Pass where each row starts, and the end.")


@routine
def string_to_hash_bucket_fast(x: HostArray, *, num_buckets: int) -> list[HostArray]:
    """Return [the bucket of each string]: its FarmHash Fingerprint64 modulo `num_buckets`.

    x: string, any shape; result: int32, the same shape. Source: TensorFlow.js stringToHashBucketFast, tf.strings.to_hash_bucket_fast.
    """
    _check("string_to_hash_bucket_fast", x)
    if not 1 <= num_buckets <= 2**31:
        fail("string_to_hash_bucket_fast", "num_buckets from 1 to 2**31", num_buckets, "The buckets must fit int32.")
    return [HostArray([fingerprint64(_bytes(v)) % num_buckets for v in x.values], x.shape, "int32")]


@routine
def static_regex_replace(x: HostArray, *, pattern: str, rewrite: str, replace_global: bool = True) -> list[HostArray]:
    r"""Return [the strings with matches of `pattern` replaced], all of them or the first of each string.

    x: string, any shape. In `rewrite`, \1 to \9 stand for groups, \0 for the match, \\ for a backslash. The pattern is Python's
    `re` (\d, \w, \s and \b ASCII, as in RE2), not RE2 itself: \pL and \z are unknown, `$` also matches before a last newline,
    look-around works, and a pattern such as (a+)+b can take exponential time on hostile text, which `re` offers no way to bound.
    Source: tf.strings.regex_replace.
    """
    _check("static_regex_replace", x)
    replace = {kind: replacer(_compiled(_like(kind(), pattern)), _like(kind(), rewrite), replace_global) for kind in (str, bytes)}
    results = [replace[bytes if isinstance(v, bytes) else str](v) for v in x.values]
    return [HostArray(results, x.shape, "string")]


def _compiled(pattern: Text) -> re.Pattern:
    try:
        return re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        fail("static_regex_replace", "a regular expression", f"{pattern!r} ({error})", "Mend the pattern.")


def replacer(compiled: Any, rewrite: Text, everywhere: bool) -> Callable:
    """Return the function that replaces in one string what a compiled pattern finds."""
    parts = _rewrite_parts(rewrite, compiled.groups)
    nothing = rewrite[:0]

    def replace(text: Text) -> Text:
        out: list[Text] = []
        done = at = 0
        last = None  # where the last match ended
        while at <= len(text) and (match := compiled.search(text, at)):
            start, end = match.span()
            # As in RE2, and unlike re.sub, no empty match follows a match at once, and after an empty one the next character is kept.
            if start == end == last:
                at = end + 1
                continue
            out += (text[done:start], *(match[p] or nothing if isinstance(p, int) else p for p in parts))
            done = last = end
            at = end + (start == end)
            if not everywhere:
                break
        return nothing.join([*out, text[done:]])

    return replace


def _rewrite_parts(rewrite: Text, groups: int) -> list:
    """Return the rewrite string as literal pieces and group numbers."""
    parts: list = []
    name = "static_regex_replace"
    pattern = _like(rewrite, r"\\(.?)")
    end = 0
    for match in re.finditer(pattern, rewrite, re.DOTALL):
        parts.append(rewrite[end : match.start()])
        end = match.end()
        symbol = _like("", match[1])
        if symbol == "\\":
            parts.append(match[1])
        elif symbol and symbol in "0123456789":
            if int(symbol) > groups:
                fail(name, f"a rewrite with groups up to {groups}", f"\\{symbol}", "Name a group that the pattern has.")
            parts.append(int(symbol))
        else:
            fail(name, r"\0 to \9 or \\ in the rewrite", f"{match[0]!r}", "Double the backslash to write one.")
    return [*parts, rewrite[end:]]
