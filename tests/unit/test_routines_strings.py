"""The string routines against TensorFlow's kernels and Python's own string methods."""

import random

import numpy as np
import pytest

from tensorweb.kernels.routines import ROUTINES, HostArray
from tests.recorded import tensorflow as tf


def host(values, dtype="string"):
    return HostArray(list(values), (len(values),), dtype)


def run(name, *inputs, **attrs):
    results = ROUTINES[name](*inputs, **attrs)
    return [np.array(r.values, dtype=object).reshape(r.shape).tolist() for r in results]


def as_lists(results):
    return [r.numpy().tolist() for r in results]


TEXTS = [b"a b", b"", b" x  y ", b"one,two-three", b"--", b"no", "é ü".encode(), b"a]b^c\\d-e"]


@pytest.mark.parametrize("skip_empty", [True, False])
@pytest.mark.parametrize("delimiter", [" ", ",-", "", "x", "]^\\", "-,"])
def test_split_is_tensorflows(delimiter, skip_empty):
    expected = tf.raw_ops.StringSplit(input=TEXTS, delimiter=delimiter, skip_empty=skip_empty)
    assert run("string_split", host(TEXTS), delimiter=delimiter, skip_empty=skip_empty) == as_lists(expected)


def test_split_of_str_and_of_nothing():
    assert run("string_split", host(["hello world", "a b c"])) == [
        [[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]],
        ["hello", "world", "a", "b", "c"],
        [2, 3],
    ]
    assert run("string_split", host(["éü"]), delimiter="")[1] == ["é", "ü"]
    assert run("string_split", host([])) == [[], [], [0, 0]]
    with pytest.raises(ValueError, match="string_split: expected a string array of rank 1"):
        ROUTINES["string_split"](HostArray(["a"], (1, 1), "string"))
    with pytest.raises(ValueError, match="string_split: expected strings, got int"):
        run("string_split", host([3]))


@pytest.mark.parametrize("preserve", [True, False])
@pytest.mark.parametrize("pad_width", [-1, 0, 1, 2, 5])
@pytest.mark.parametrize("widths", [[1], [3], [2, 4], [6, 1], [5, 7]])
def test_n_grams_are_tensorflows(widths, pad_width, preserve):
    data, splits = [b"aa", b"bb", b"cc", b"dd", b"ee", b"ff"], [0, 4, 4, 5, 6]
    attrs = {"separator": "|", "left_pad": "LP", "right_pad": "RP", "pad_width": pad_width, "preserve_short_sequences": preserve}
    expected = tf.raw_ops.StringNGrams(data=data, data_splits=splits, ngram_widths=widths, **attrs)
    assert run("string_n_grams", host(data), host(splits, "int32"), n_gram_widths=widths, **attrs) == as_lists(expected)


NGRAMS = {"separator": " ", "n_gram_widths": [2], "left_pad": "", "right_pad": "", "pad_width": 0, "preserve_short_sequences": False}


def test_n_grams_of_str_and_of_nothing():
    assert run("string_n_grams", host(["a", "b", "c"]), host([0, 3], "int32"), **NGRAMS) == [["a b", "b c"], [0, 2]]
    assert run("string_n_grams", host([]), host([], "int32"), **NGRAMS) == [[], []]
    assert run("string_n_grams", host([]), host([0], "int32"), **NGRAMS) == [[], [0]]


@pytest.mark.parametrize("splits", [[0, 1], [1, 2], [0, 3], [0, 2, 1, 2], [0, -1, 2], []])
def test_n_grams_refuse_bad_splits(splits):
    with pytest.raises(ValueError, match="string_n_grams: expected data_splits"):
        run("string_n_grams", host(["a", "b"]), host(splits, "int32"), **NGRAMS)


def test_n_grams_refuse_bad_widths():
    with pytest.raises(ValueError, match="string_n_grams: expected n-gram widths"):
        run("string_n_grams", host(["a"]), host([0, 1], "int32"), **{**NGRAMS, "n_gram_widths": [0]})


def test_hash_is_tensorflows_at_every_length():
    generator = random.Random(0)
    texts = [generator.randbytes(n) for n in [*range(300), 1000, 4096, 5000]]
    for buckets in (1, 10, 2**31):
        expected = tf.strings.to_hash_bucket_fast(texts, buckets).numpy().tolist()
        assert run("string_to_hash_bucket_fast", host(texts), num_buckets=buckets) == [expected]


def test_hash_keeps_the_shape_and_encodes_as_utf8():
    x = HostArray(["a", "é", "", "b" * 99], (2, 2), "string")
    (result,) = ROUTINES["string_to_hash_bucket_fast"](x, num_buckets=1000)
    assert result.shape == (2, 2) and result.dtype == "int32"
    encoded = [v.encode() for v in x.values]
    assert run("string_to_hash_bucket_fast", host(encoded), num_buckets=1000) == [result.values]
    # Recorded from TensorFlow, so that a machine without it checks the hash too.
    assert run("string_to_hash_bucket_fast", host(["Hello", "TensorFlow", "2.x"]), num_buckets=3) == [[0, 2, 2]]
    for bad in (0, -1, 2**31 + 1):
        with pytest.raises(ValueError, match="string_to_hash_bucket_fast: expected num_buckets"):
            run("string_to_hash_bucket_fast", x, num_buckets=bad)


@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize(
    ("pattern", "rewrite"),
    [
        ("x*", "-"),
        ("|a|b", "-"),
        ("(a)(b)?", r"<\2\1\0>"),
        ("[aeiou]", ""),
        (r"\d+", r"\\"),
        ("b$", "!"),
        (r"\b", "_"),
        ("^a", "é"),
        ("", "+"),
    ],
)
def test_replace_is_re2s(pattern, rewrite, everywhere):
    texts = [b"abxd", b"xx", b"", b"aab", b"a1 22b", b"hello world"]
    expected = tf.strings.regex_replace(texts, pattern, rewrite, replace_global=everywhere).numpy().tolist()
    assert run("static_regex_replace", host(texts), pattern=pattern, rewrite=rewrite, replace_global=everywhere) == [expected]


def test_replace_of_str_and_bytes_and_wrong_patterns():
    assert run("static_regex_replace", host(["Ünït", b"a.b"]), pattern="[.ï]", rewrite="_") == [["Ün_t", b"a_b"]]
    cases = [("(a", "", "a regular expression"), ("a", r"\1", "groups up to 0"), ("a", r"\q", "rewrite"), ("a", "\\", "rewrite")]
    for pattern, rewrite, expected in cases:
        with pytest.raises(ValueError, match=f"static_regex_replace: expected .*{expected}"):
            run("static_regex_replace", host(["a"]), pattern=pattern, rewrite=rewrite)
