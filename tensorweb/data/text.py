"""Text as datasets: lines of files, and CSV with TensorFlow.js's column names and configurations."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from ..errors import ArgumentError, message
from ..waiting import Call, Waits, wait
from .dataset import UNKNOWN_CARDINALITY, Dataset
from .stream import Element, End, Stage, Stream
from .structure import TensorSpec, as_element, spec_of

_URLS = ("http://", "https://", "file://")


def _read(source: Any) -> Waits[list[str]]:
    """Return the lines of a path, a URL, a text of several lines, bytes, a file object or a list of lines."""
    if isinstance(source, (list, tuple)):
        return [str(line) for line in source]
    if hasattr(source, "read"):
        text = source.read()
        if hasattr(source, "seek"):  # so that the next iteration finds it again
            source.seek(0)
    elif isinstance(source, (bytes, bytearray)):
        text = bytes(source)
    elif isinstance(source, str) and ("\n" in source or "\r" in source):
        text = source
    elif isinstance(source, (str, os.PathLike)):
        text = yield Call(lambda: _load(os.fspath(source)))
    else:
        raise ArgumentError(message("data.csv", "a path, a URL or text", type(source).__name__, "Open the file and pass its text."))
    decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    return [line.removesuffix("\r") for line in decoded.split("\n")]


def _load(place: str) -> bytes:
    if not place.startswith(_URLS):
        with open(place, "rb") as file:
            return file.read()
    from urllib.request import urlopen

    with urlopen(place) as answer:
        return answer.read()


class TextLineDataset(Dataset):
    """The lines of one or several text files, paths or URLs. tf.data's TextLineDataset."""

    def __init__(self, filenames: Any):
        names = [filenames] if isinstance(filenames, (str, os.PathLike)) else as_element(filenames, "TextLineDataset").tolist()

        def lines() -> Stage:
            for name in [names] if isinstance(names, str) else names:
                found = yield from _read(name)
                for line in found[:-1] if found[-1] == "" else found:
                    yield Element(as_element(line, "TextLineDataset"))

        super().__init__(lines, UNKNOWN_CARDINALITY, TensorSpec((), "string"))


class CSVDataset(Dataset):
    """The rows of CSV data as dicts of columns; with labels, dicts {"xs": features, "ys": labels}. TensorFlow.js's CSVDataset."""

    def __init__(
        self, source: Any, has_header: bool = True, column_names: Sequence[str] | None = None,
        column_configs: Mapping[str, Mapping[str, Any]] | None = None, configured_columns_only: bool = False,
        delimiter: str | None = None, delim_whitespace: bool = False,
    ):  # fmt: skip
        if delim_whitespace and delimiter is not None:
            raise ArgumentError(message("data.csv", "delimiter or delim_whitespace", "both", "Leave the delimiter out."))
        if delimiter is not None and len(delimiter) != 1:
            raise ArgumentError(message("data.csv", "a delimiter of one character", repr(delimiter), "Use ',' or ';', for example."))
        self._source, self._has_header = source, has_header
        self._delimiter, self._whitespace = " " if delim_whitespace else delimiter or ",", delim_whitespace
        self._given = None if column_names is None else list(column_names)
        self._configs = {name: _config(c) for name, c in (column_configs or {}).items()}
        self._only = configured_columns_only
        super().__init__(self._rows, UNKNOWN_CARDINALITY, lambda: _spec(self))

    def column_names(self) -> list[str]:
        """Return the names of the columns that the rows have."""
        names = wait(self._names_of(wait(_read(self._source))))
        return list(self._configs) if self._only else names

    def _names_of(self, lines: list[str]) -> Waits[list[str]]:
        """Return the full list of names, checked against the header and the configurations."""
        yield from ()
        header = None
        if self._has_header:
            if not any(lines):
                raise ArgumentError(message("data.csv", "a header line", "no data", "Check the source."))
            header = split_row(lines[0], self._delimiter, self._whitespace)
        if self._given is None and header is None:
            raise ArgumentError(message("data.csv", "column_names, as there is no header", "none", "Pass the columns' names."))
        if self._given is not None and header is not None and len(self._given) != len(header):
            raise ArgumentError(message("data.csv", f"{len(header)} column_names as in the header", len(self._given), "Name each column."))
        names: list[str] = self._given if self._given is not None else header or []
        double = sorted({n for n in names if names.count(n) > 1})
        if double:
            raise ArgumentError(message("data.csv", "different column names", ", ".join(double), "Pass column_names."))
        unknown = [n for n in self._configs if n not in names]
        if unknown:
            raise ArgumentError(message("data.csv", f"column_configs for {names}", ", ".join(unknown), "Correct the names."))
        return names

    def _rows(self) -> Stage:
        lines = yield from _read(self._source)
        names = yield from self._names_of(lines)
        if lines and lines[-1] == "":
            lines = lines[:-1]
        for line in lines[1:] if self._has_header else lines:
            yield Element(as_element(self._row(line, names), "csv"))

    def _row(self, line: str, names: list[str]) -> dict[str, Any]:
        values = split_row(line, self._delimiter, self._whitespace)
        if len(values) != len(names):
            raise ArgumentError(message("data.csv", f"{len(names)} values in a row", f"{len(values)}: {line!r}", "Check the file."))
        features: dict[str, Any] = {}
        labels: dict[str, Any] = {}
        for name, text in zip(names, values):
            config = self._configs.get(name)
            if self._only and config is None:
                continue
            is_label = config is not None and config["is_label"]
            (labels if is_label else features)[name] = _value(name, text, config, line)
        return {"xs": features, "ys": labels} if labels else features


_FIELDS = {"required": "required", "dtype": "dtype", "default": "default", "is_label": "is_label", "isLabel": "is_label"}


def _config(given: Mapping[str, Any]) -> dict[str, Any]:
    unknown = [k for k in given if k not in _FIELDS]
    if unknown:
        raise ArgumentError(message("data.csv", "required, dtype, default or is_label", ", ".join(unknown), "Correct column_configs."))
    return {"required": False, "dtype": None, "default": None, "is_label": False, **{_FIELDS[k]: v for k, v in given.items()}}


def _value(name: str, text: str, config: dict[str, Any] | None, line: str) -> Any:
    """Return the value of a field: a number if it reads like one, else the text; None (no value) if it is empty."""
    if text == "":
        if config is not None and config["default"] is not None:
            default = config["default"]
            return float(default) if type(default) is int and config["dtype"] is None else default
        if config is not None and (config["required"] or config["is_label"]):
            raise ArgumentError(message("data.csv", f"a value in the required column {name!r}", f"none in {line!r}", "Give a default."))
        return None
    dtype = None if config is None else config["dtype"]
    if dtype == "bool":
        return int(text == "1" or text.lower() == "true")
    if dtype == "string":
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if "_" in text or not (text[-1].isdigit() or text[-1] == "." or text.strip() in ("Infinity", "-Infinity")):
        return text
    return floor(number) if dtype == "int32" and abs(number) < 2**31 else number


def split_row(line: str, delimiter: str = ",", whitespace: bool = False) -> list[str]:
    """Return the fields of a row. A field may stand in quotes, which end where a delimiter follows; doubled ones stay, as in TensorFlow.js.

    >>> split_row('1,"2,3",""')
    ['1', '2,3', '']
    """
    if whitespace:
        line = " ".join(line.split())
    fields, place = [], 0
    while True:
        if line.startswith('"', place):
            stop = _closing_quote(line, place + 1, delimiter)
            end = stop if stop >= 0 else len(line)
            fields.append(line[place + 1 : end - 1 if line[end - 1] == '"' and end - 1 > place else end])
        else:
            stop = line.find(delimiter, place)
            fields.append(line[place:stop] if stop >= 0 else line[place:])
        if stop < 0:
            return fields
        place = stop + 1


def _closing_quote(line: str, place: int, delimiter: str) -> int:
    """Return where the delimiter after the closing quote is, or -1; within a quoted field, quotes come in pairs."""
    inner = False
    while place < len(line):
        if line[place] == '"':
            after = line[place + 1 : place + 2]
            if not inner and after == delimiter:
                return place + 1
            if inner or after != '"':
                inner = not inner
            else:
                place += 1
        place += 1
    return -1


def _spec(dataset: CSVDataset) -> Any:
    try:
        return spec_of(wait(Stream(dataset._rows()).pull()))
    except End:
        return {name: TensorSpec((), "float32") for name in dataset.column_names()}


def csv(source: Any, **csv_config: Any) -> CSVDataset:
    """Return the dataset of the rows of CSV data: a path, a URL, a text of several lines, or a file. TensorFlow.js's `tf.data.csv`.

    Keywords: `has_header=True`; `column_names`; `column_configs`, by name dicts of `required`, `dtype`, `default`, `is_label`;
    `configured_columns_only=False`; `delimiter=","`; `delim_whitespace=False`. Numbers become float32 unless `dtype` says otherwise.
    Raises ArgumentError if names, configurations and data do not fit.

    >>> import tensorweb as tw
    >>> rows = tw.data.csv("size,price\\n2,40\\n3,65\\n", column_configs={"price": {"is_label": True}})
    >>> [(r["xs"]["size"].item(), r["ys"]["price"].item()) for r in rows]
    [(2.0, 40.0), (3.0, 65.0)]
    """
    return CSVDataset(source, **csv_config)
