"""Graphs of texts, ragged and sparse tensors that TensorFlow builds and answers. Needs TensorFlow."""

import numpy as np
import tensorflow as tf

from .tensorflow_graphs import array, number, op, raw, text

# --- texts ------------------------------------------------------------------------------------------------------------------

_WORDS = text("Hello  World", "", " ünïcödé 日本 ", "a,b;;c", "\tx\n", "banana")
for _encoding in ("", "utf-8"):
    op("strings", raw.StringLower, _encoding, input=_WORDS, encoding=_encoding)
    op("strings", raw.StringUpper, _encoding, input=_WORDS, encoding=_encoding)
op("strings", raw.StringStrip, input=_WORDS)
for _unit in ("BYTE", "UTF8_CHAR"):
    op("strings", raw.StringLength, _unit, input=_WORDS, unit=_unit)
    op("strings", raw.Substr, _unit, input=text("héllo", "wörld!"), pos=number(1), len=number(3), unit=_unit.replace("BYTE", "UTF8_CHAR"))
op("strings", raw.Substr, "bytes", input=text("hello", "world"), pos=array(-3, 5, dtype=np.int32), len=array(2, 9, dtype=np.int32))
op(
    "strings",
    raw.Substr,
    "columns",
    input=text("hello", "world", shape=(2, 1)),
    pos=array(0, 1, 2, dtype=np.int64),
    len=array(1, 2, 3, dtype=np.int64),
)
op("strings", raw.StringToHashBucketFast, input=_WORDS, num_buckets=1000)
op("strings", raw.StringToHashBucketStrong, input=_WORDS, num_buckets=1000, key=[7, 11])
op("strings", raw.StringToNumber, "float", string_tensor=text("1.5", "-2e3", " 7", "inf", ".25"), out_type=tf.float32)
op("strings", raw.StringToNumber, "int", string_tensor=text("15", "-7", "+3"), out_type=tf.int32)
op("strings", raw.AsString, "int", input=array(1, -22, 333, dtype=np.int32))
op("strings", raw.AsString, "wide", input=array(1, -22, 333, dtype=np.int32), width=5, fill="0")
op("strings", raw.AsString, "float", input=array(1.5, -0.25, 1e10, float("nan"), float("inf")))
op("strings", raw.AsString, "digits", input=array(1.5, -0.25, 3.14159), precision=2)
op("strings", raw.AsString, "scientific", input=array(1.5, -0.25, 31415.9), scientific=True)
op("strings", raw.AsString, "shortest", input=array(1.5, -0.25, 31415.9), shortest=True)
op("strings", raw.AsString, "bool", input=np.array([True, False]))
op("strings", raw.StringJoin, inputs=[text("a", "b"), text("c", "d"), np.array("-", object)], separator="+")
op("strings", raw.StringJoin, "scalars", inputs=[np.array("a", object), np.array("b", object)], separator="")
for _axes in ([0], [1], [0, 1], [1, 0], []):
    for _keep in (False, True):
        op(
            "strings",
            raw.ReduceJoin,
            f"{_axes} {_keep}",
            inputs=text(*"abcdef", shape=(2, 3)),
            reduction_indices=np.array(_axes, np.int32),
            keep_dims=_keep,
            separator=".",
        )
for _by in (" ", ",;", ""):
    for _skip in (True, False):
        op(
            "strings",
            raw.StringSplit,
            f"{_by!r} {_skip}",
            input=text("Hello  World", "", "a,b;;c"),
            delimiter=np.array(_by, object),
            skip_empty=_skip,
        )
for _by, _most in ((" ", -1), ("", -1), ("<>", -1), (" ", 1), ("", 1)):
    op(
        "strings",
        raw.StringSplitV2,
        f"{_by!r} {_most}",
        input=text("Hello  World x", "", "a<>b<><>c", " y  "),
        sep=np.array(_by, object),
        maxsplit=_most,
    )
for _widths, _pad, _short in (([2], 0, False), ([1, 3], 2, True), ([4], -1, False)):
    op(
        "strings",
        raw.StringNGrams,
        f"{_widths} {_pad}",
        data=text("a", "bb", "c", "dd"),
        data_splits=array(0, 3, 3, 4, dtype=np.int64),
        separator="|",
        ngram_widths=_widths,
        left_pad="<",
        right_pad=">",
        pad_width=_pad,
        preserve_short_sequences=_short,
    )
op("strings", raw.UnicodeDecode, input=text("héllo", "", "日本", "😊x"), input_encoding="UTF-8")
op(
    "strings",
    raw.StringFormat,
    inputs=[array(1.5, 2.0, 0.1), number(7), text("a", "b")],
    template="x %s y %s z %s",
    placeholder="%s",
    summarize=3,
)
op(
    "strings",
    raw.StringFormat,
    "long",
    inputs=[np.arange(24, dtype=np.int32).reshape(12, 2)],
    template="{}!",
    placeholder="{}",
    summarize=2,
)
_TEXTS = text("Hello  World 42", "", "ünï日本 x_y", "aaa bbb", "a.b-c!\n", "ABC abc\v1", "2024-01-31", "((x))", "ssſK\n")
_PATTERNS = [
    ("a", "o"),
    ("[^a-z]+", "_"),
    (r"(\w+) (\w+)", r"\2 \1"),
    (r"\s+", " "),
    (r"\S", "."),
    ("^", ">"),
    ("$", "<"),
    (r"(?m)^|$", "|"),
    ("[[:punct:]]", ""),
    (r"[^[:alpha:]\s]", "#"),
    (r"\pL+", "L"),
    (r"\p{Lu}", "U"),
    (r"\PL", "."),
    (r"(?i)abc|H", "*"),
    (r"x(?i:ABC)?", "!"),
    (r"(a|ab)(c|bcd)?", r"<\1,\2>"),
    ("(a*)*", "-"),
    ("(a+)+b?", "+"),
    ("(?:a|b)+", "ab"),
    (r"\bx|\d{4}-(\d{2})-\d{2}", r"[\1]"),
    ("a*", "x"),
    ("a*?", "x"),
    ("(a*?)(b*)", r"\2\1"),
    (r"\Qa.b\E", "Q"),
    (r"\x{65e5}|\x6f", "?"),
    ("(?P<first>[A-Z])(?U)(.+)o", r"\1\2"),
    (r"[\]\-!]", "B"),
    ("(?s)!.", "S"),
    ("!.", "N"),
    (r"\Aa|c\z", "Z"),
    (r"a{2}|b{1,2}|x{,3}", "R"),
    (r"(\s*([a-z]+)\s*)+", "W"),
    ("(b|)+", "E"),
    (r"\B", "'"),
    ("[^\x00-\x7f]", "~"),
    (r"[\d.]", "D"),
    ("(|a)+", "e"),
    ("(?:(a)|b)*", r"<\1>"),
    ("k|s", "K"),
    ("(?i)k|s", "K"),
    ("\\C", "b"),
]
for _pattern, _rewrite in _PATTERNS:
    for _all in (True, False):
        given = _TEXTS if _pattern not in ("\\C", r"\B") else text("abc d")  # those look at bytes
        op("strings", raw.StaticRegexReplace, f"{_pattern} {_all}", input=given, pattern=_pattern, rewrite=_rewrite, replace_global=_all)
op("strings", raw.RegexReplace, input=_TEXTS, pattern=np.array("[aeiou]+", object), rewrite=np.array(r"<\0>", object))
for _pattern in ("[a-z ]*", "(a|ab)(c|bcd)*", r"\d+-\d+-\d+", "(a|b| )+", "a|aaa bbb"):
    op("strings", raw.StaticRegexFullMatch, _pattern, input=_TEXTS, pattern=_pattern)
    op("strings", raw.RegexFullMatch, _pattern, input=_TEXTS, pattern=np.array(_pattern, object))

# --- ragged, sparse ---------------------------------------------------------------------------------------------------------


def whole(*values):
    return array(*values, dtype=np.int64)


op("ragged", raw.RaggedRange, starts=whole(0, 5, 9), limits=whole(3, 5, 2), deltas=whole(1, 1, -3))
op("ragged", raw.RaggedRange, "floats", starts=array(0.0, 1.0), limits=array(1.1, 2.0), deltas=number(0.25, np.float32))
op(
    "ragged",
    raw.RaggedGather,
    params_nested_splits=[whole(0, 2, 3, 6)],
    params_dense_values=array(1, 2, 3, 4, 5, 6),
    indices=whole(2, 0, 2),
    OUTPUT_RAGGED_RANK=1,
)
op(
    "ragged",
    raw.RaggedGather,
    "deep",
    params_nested_splits=[whole(0, 1, 3), whole(0, 2, 2, 3)],
    params_dense_values=np.arange(6, dtype=np.float32).reshape(3, 2),
    indices=np.array([[1, 0], [0, 0]], np.int64),
    OUTPUT_RAGGED_RANK=3,
)
_TO_TENSOR = {"values": array(1, 2, 3, 4, 5), "default_value": number(-1, np.float32)}
op(
    "ragged",
    raw.RaggedTensorToTensor,
    shape=whole(-1, -1),
    row_partition_tensors=[whole(0, 2, 2, 5)],
    row_partition_types=["ROW_SPLITS"],
    **_TO_TENSOR,
)
op(
    "ragged",
    raw.RaggedTensorToTensor,
    "cut",
    shape=whole(4, 2),
    row_partition_tensors=[whole(0, 2, 2, 5)],
    row_partition_types=["ROW_SPLITS"],
    **_TO_TENSOR,
)
op(
    "ragged",
    raw.RaggedTensorToTensor,
    "rows",
    shape=-1,
    row_partition_tensors=[number(4, np.int64), whole(0, 0, 2, 3, 3)],
    row_partition_types=["FIRST_DIM_SIZE", "VALUE_ROWIDS"],
    **_TO_TENSOR,
)
op(
    "ragged",
    raw.RaggedTensorToTensor,
    "texts",
    shape=whole(-1, -1),
    values=text("a", "b", "c"),
    default_value=np.array("", object),
    row_partition_tensors=[whole(0, 1, 3)],
    row_partition_types=["ROW_SPLITS"],
)

_PLACES = np.array([[0, 1], [2, 0], [2, 3]], np.int64)
op("sparse", raw.SparseFillEmptyRows, indices=_PLACES, values=array(5, 6, 7), dense_shape=whole(4, 5), default_value=number(-1, np.float32))
op(
    "sparse",
    raw.SparseFillEmptyRows,
    "texts",
    indices=_PLACES,
    values=text("a", "b", "c"),
    dense_shape=whole(3, 5),
    default_value=np.array("", object),
)
op("sparse", raw.SparseReshape, input_indices=_PLACES, input_shape=whole(4, 5), new_shape=whole(2, -1))
for _sums in (raw.SparseSegmentSum, raw.SparseSegmentMean):
    op(
        "sparse",
        _sums,
        data=np.arange(8, dtype=np.float32).reshape(4, 2),
        indices=array(3, 0, 0, 1, dtype=np.int32),
        segment_ids=array(0, 0, 2, 2, dtype=np.int32),
    )
    op("sparse", _sums, "empty", data=np.ones((4, 2), np.float32), indices=array(dtype=np.int32), segment_ids=array(dtype=np.int32))
op("sparse", raw.SparseSegmentSum, "whole", data=np.arange(4, dtype=np.int32), indices=whole(3, 0), segment_ids=array(0, 1, dtype=np.int32))
