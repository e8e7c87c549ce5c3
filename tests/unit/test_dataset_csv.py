"""CSV and text lines: TensorFlow.js's cases, and what its format leaves open."""

import asyncio
import io

import pytest

import tensorweb as tw
from tensorweb.data.text import split_row
from tensorweb.errors import ArgumentError

PLAIN = "ab,cd,ef\nghi,,jkl\n,mn,op\n1.4,7.8,12\nqrs,tu,\nv,w,x\ny,z,"
HEADED = "foo,bar,baz\n" + PLAIN
NUMBERS = "A,B,C\n1,2,3\n2,2,3\n3,2,3\n4,2,3"
ROWS = [
    ["ab", "cd", "ef"], ["ghi", None, "jkl"], [None, "mn", "op"], [1.4, 7.8, 12.0], ["qrs", "tu", None], ["v", "w", "x"], ["y", "z", None],
]  # fmt: skip


def rows(ds):
    return [[None if v is None else round(v.item(), 5) if v.dtype != "string" else v.item() for v in row.values()] for row in ds]


def test_rows_with_and_without_a_header():
    names = ["foo", "bar", "baz"]
    without = tw.data.csv(PLAIN, has_header=False, column_names=names)
    assert without.column_names() == names and rows(without) == ROWS and list(next(iter(without))) == names
    headed = tw.data.csv(HEADED)
    assert headed.column_names() == names and rows(headed) == ROWS == rows(headed)
    assert tw.data.csv(HEADED, column_names=["a", "b", "c"]).column_names() == ["a", "b", "c"]


def test_sources(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"\xef\xbb\xbf" + NUMBERS.replace("\n", "\r\n").encode() + b"\r\n")
    expected = [[float(i), 2.0, 3.0] for i in range(1, 5)]
    files = io.StringIO(NUMBERS), io.BytesIO(NUMBERS.encode())
    for source in (path, str(path), path.as_uri(), NUMBERS, NUMBERS.encode(), *files, NUMBERS.split("\n")):
        ds = tw.data.csv(source)
        assert rows(ds) == expected == rows(ds) and ds.column_names() == ["A", "B", "C"]

    async def loop():
        return [row async for row in tw.data.csv(path)]

    assert rows(asyncio.run(loop())) == expected
    with pytest.raises(ArgumentError, match="a path, a URL or text"):
        list(tw.data.csv(5))
    with pytest.raises(FileNotFoundError):
        list(tw.data.csv(str(tmp_path / "none.csv")))


def test_defaults_requirements_and_labels():
    configs = {"foo": {"default": "abc"}, "baz": {"default": 123}}
    found = rows(tw.data.csv(HEADED, column_configs=configs))
    assert [r[0] for r in found] == ["ab", "ghi", "abc", 1.4, "qrs", "v", "y"]
    assert [r[2] for r in found] == ["ef", "jkl", "op", 12.0, 123.0, "x", 123.0]
    with pytest.raises(ArgumentError, match="a value in the required column 'foo', got none in ',mn,op'"):
        list(tw.data.csv(HEADED, column_configs={"foo": {"required": True}}))
    with pytest.raises(ArgumentError, match="'baz'"):
        list(tw.data.csv(HEADED, column_configs={"baz": {"isLabel": True}}))
    (first, *_) = tw.data.csv(NUMBERS, column_configs={"C": {"is_label": True}})
    assert {k: {n: v.item() for n, v in part.items()} for k, part in first.items()} == {"xs": {"A": 1.0, "B": 2.0}, "ys": {"C": 3.0}}


def test_dtypes():
    text = "A,B,C,D,E\n1,True,3.7,1,7\n2,False,-2.5,0,x"
    configs = {"A": {"dtype": "int32"}, "B": {"dtype": "bool"}, "C": {"dtype": "int32"}, "D": {"dtype": "bool"}, "E": {"dtype": "string"}}
    assert rows(tw.data.csv(text, column_configs=configs)) == [[1, 1, 3, 1, "7"], [2, 0, -3, 0, "x"]]
    assert next(iter(tw.data.csv(text, column_configs=configs)))["A"].dtype == "int32"
    words = "A\nnan\ninf\n1_0\n-Infinity\n1e3\n.5\n7."
    assert rows(tw.data.csv(words)) == [["nan"], ["inf"], ["1_0"], [float("-inf")], [1000.0], [0.5], [7.0]]


def test_selected_columns_in_their_order():
    ds = tw.data.csv(HEADED, column_configs={"bar": {}, "foo": {}}, configured_columns_only=True)
    assert ds.column_names() == ["bar", "foo"] and {k: v.item() for k, v in next(iter(ds)).items()} == {"bar": "cd", "foo": "ab"}


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ('"A",B,"C"', ["A", "B", "C"]), ('3,"""2",3', ["3", '""2', "3"]), ('4,"2,",', ["4", "2,", ""]), ('7,"",3', ["7", "", "3"]),
        ('6,2,"345"123,456""', ["6", "2", '345"123,456"']), ('a"b,c', ['a"b', "c"]), ("", [""]), (",", ["", ""]),
        ('"', [""]), ('"a', ["a"]),
    ],
)  # fmt: skip
def test_quotes_as_tensorflow_js(line, fields):
    assert split_row(line) == fields


def test_delimiters():
    assert rows(tw.data.csv(NUMBERS.replace(",", ";"), delimiter=";"))[0] == [1.0, 2.0, 3.0]
    assert rows(tw.data.csv("A B    C\n1 2  3\n5    2\t 3", delim_whitespace=True)) == [[1.0, 2.0, 3.0], [5.0, 2.0, 3.0]]
    assert rows(tw.data.csv("A B C\n2  \n", delimiter=" ")) == [[2.0, None, None]]
    assert rows(tw.data.csv("A,B,C\r\n1,2,3\r\nv,\rw,x\r\n")) == [[1.0, 2.0, 3.0], ["v", "\rw", "x"]]


@pytest.mark.parametrize(
    ("text", "config", "match"),
    [
        (PLAIN, {"has_header": False}, "as there is no header"), (HEADED, {"column_names": ["a", "b"]}, "3 column_names"),
        (HEADED, {"column_configs": {"A": {}}}, "column_configs for"), ("foo,bar,foo\n1,2,3", {}, "different column names, got foo"),
        ("A,B,C\n1,2,3\n2,\n", {}, "3 values in a row, got 2: '2,'"), ("\n", {}, "a header line"),
        (HEADED, {"column_configs": {"foo": {"type": 1}}}, "required, dtype"),
    ],
)  # fmt: skip
def test_data_that_does_not_fit(text, config, match):
    with pytest.raises(ArgumentError, match=match):
        list(tw.data.csv(text, **config))


def test_configuration_that_does_not_fit():
    with pytest.raises(ArgumentError, match="delimiter or delim_whitespace"):
        tw.data.csv(NUMBERS, delimiter=",", delim_whitespace=True)
    with pytest.raises(ArgumentError, match="one character"):
        tw.data.csv(NUMBERS, delimiter=", ")
    with pytest.raises(TypeError):
        tw.data.csv(NUMBERS, hasHeader=True)


def test_training_batches_and_spec():
    ds = tw.data.csv(NUMBERS, column_configs={"C": {"is_label": True}}).map(lambda r: (tw.stack(list(r["xs"].values())), r["ys"]["C"]))
    batches = list(ds.batch(3))
    assert [b[0].shape for b in batches] == [(3, 2), (1, 2)] and batches[0][1].tolist() == [3.0] * 3
    assert ds.batch(3).element_spec[0].shape == (None, 2)
    assert tw.data.csv("A\n", column_names=["n"]).element_spec["n"].dtype == "float32"


def test_text_lines(tmp_path):
    for name, text in (("a", "one\ntwo\n"), ("b", "three\r\n\r\nfour")):
        (tmp_path / name).write_text(text, newline="")
    ds = tw.data.TextLineDataset([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [x.item() for x in ds] == ["one", "two", "three", "", "four"]
    assert [x.item() for x in tw.data.TextLineDataset(str(tmp_path / "a")).skip(1)] == ["two"]
