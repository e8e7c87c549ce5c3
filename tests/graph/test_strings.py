"""Ops on texts in graph models, against TensorFlow's stored answers; regular expressions: what is refused, and how long they take."""

import time

import pytest

import tensorweb as tw
from tensorweb.errors import FormatError, TensorWebError
from tensorweb.graph.ops import re2
from tensorweb.graph.ops.re2_machine import Machine
from tests.graph import control_replay
from tests.graph.json_graphs import model, node, placeholder, text


@pytest.mark.parametrize("name", control_replay.names("strings"))
def test_tensorflows_answers(fast_backend, name):
    control_replay.check("strings", name)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        "(?P=x)",
        "(?P<x",
        "(?#no)",
        "(?>a)",
        "(?x)a",
        "a**",
        "a*+",
        "a+*",
        "+a",
        "*",
        "(a",
        "a)",
        "[a",
        "a{1001}",
        "a{3,2}",
        "[b-a]",
        "[[:nothing:]]",
        r"\p{Greek}",
        r"\pX",
        r"\Z",
        r"\8",
        r"\x{110000}",
        r"\x{FFFFFFFF}",
        "\\",
        "(" * 100 + "a" + ")" * 100,
        "((a{1000}){1000}){1000}",
        "a" * 30_000,
        "[a\\",
        "(?i",
        "(?-",
    ],
)
def test_what_re2_does_not_know(pattern):
    with pytest.raises(FormatError):
        re2.compile_re2(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+b",
        "(a|a)*b",
        "(a|aa)+b",
        "a?" * 30 + "a" * 30 + "b",
        "(.*)*b",
        "(?:a*a*)*b",
        "a*a*a*a*a*b",
        "(a?){30}a{30}b",
        "(?:(?:(?:(?:){1000}){1000}){1000}){1000}b",
    ],
)
def test_no_pattern_takes_exponential_time(pattern):
    start = time.perf_counter()
    assert re2.compile_re2(pattern).search("a" * 200) is None
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    "pattern", ["a|b", "(a|ab)(c|bcd)?", "(a+)(b*)", "x*", "(?i)aB", "[^b]+", r"\b\w+\b", "^a|c$", "(?:ab){2,3}?", r"(\w)(\d)?"]
)
def test_machine_and_re_agree(pattern):
    parser = re2._Parser(pattern)
    tree = parser.whole()
    machine, other = Machine(tree, parser.groups), re2.re.compile(re2._printed(tree))
    for words in ("", "abc", "abcd ab", "xxABab1", "ababababab", "bbbac", "a b c\n"):
        for at in range(len(words) + 1):
            one, two = machine.search(words, at), other.search(words, at)
            assert (one is None) == (two is None), (words, at)
            if one is not None:
                assert one.span() == two.span() and [one[i] for i in range(parser.groups + 1)] == [two[i] for i in range(parser.groups + 1)]


def ran(op, x, *more, **attrs):
    inputs = {"x": x} | {f"in{i}": value for i, value in enumerate(more)}
    nodes = [placeholder(name, tw.tensor(value).dtype) for name, value in inputs.items()]
    return model([*nodes, node(op, "y", *inputs, **attrs)]).execute(inputs, "y")


@pytest.mark.parametrize(
    "run",
    [
        lambda: ran("StringLower", [1.0]),
        lambda: ran("StringToNumber", ["1", "two"]),
        lambda: ran("StringToNumber", ["1_000"]),
        lambda: ran("StringToNumber", ["99999999999"], out_type={"type": "DT_INT32"}),
        lambda: ran("Substr", ["abc"], 4, 1),
        lambda: ran("Substr", ["abc"], [0, 1], [1]),
        lambda: ran("AsString", [1], width={"i": "100000000"}),
        lambda: ran("AsString", [1], fill=text("%s")),
        lambda: ran("StringJoin", ["a", "b"], ["a", "b", "c"]),
        lambda: ran("ReduceJoin", ["a"], [1]),
        lambda: ran("ReduceJoin", [["a"]], [1, -1]),
        lambda: ran("StringFormat", [1], template=text("%s %s")),
        lambda: ran("StringSplit", ["a"], ["a", "b"]),
        lambda: ran("StringSplit", [["a"]], " "),
        lambda: ran("StringSplitV2", [["a"]], " "),
        lambda: ran("StringToHashBucketFast", ["a"], num_buckets={"i": "0"}),
        lambda: ran("StringToHashBucketStrong", ["a"], num_buckets={"i": "5"}),
        lambda: ran("StringNGrams", ["a", "b"], [0, 3], ngram_widths={"list": {"i": ["1"]}}),
        lambda: ran("StringNGrams", ["a", "b"], [0, 2], ngram_widths={"list": {"i": ["-1"]}}),
        lambda: ran("StaticRegexReplace", ["a"], pattern=text("a"), rewrite=text(r"\1")),
        lambda: ran("StaticRegexReplace", ["a"], pattern=text("a"), rewrite=text("\\")),
        lambda: ran("UnicodeDecode", ["a"], input_encoding=text("idna")),
    ],
)
def test_what_is_wrong_raises(run):
    with pytest.raises(TensorWebError):
        run()


def test_bytes_that_are_no_text(fast_backend):
    """A letter of two bytes falls into pieces that are no UTF-8, and comes together again."""
    made = model(
        [
            placeholder("x", "string"),
            placeholder("by", "string"),
            node("StringSplit", "s", "x", "by"),
            node("ReduceJoin", "y", "s:1", "axis"),
            placeholder("axis", "int32"),
        ]
    )
    pieces, joined = made.execute({"x": ["é!"], "by": "", "axis": [0]}, ["s:1", "y"])
    assert pieces.tolist() == [b"\xc3", b"\xa9", "!"] and joined.tolist() == "é!"
    assert ran("StaticRegexReplace", tw.tensor([b"\xff a"]), pattern=text("a"), rewrite=text("é")).tolist() == [b"\xff \xc3\xa9"]
