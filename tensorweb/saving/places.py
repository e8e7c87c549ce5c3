"""Places of models: what a path, URL, handler or open file is, and the bytes behind a URL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..errors import ArgumentError, ConversionError, FormatError, message
from ..io.artifacts import ModelArtifacts
from ..io.fetching import is_http_scheme
from ..io.http_handler import HTTPHandler
from ..io.shards import collecting, reading_source
from ..waiting import Waits

# What a whole file from a server may be.
MAX_BYTES = 2**34
KERAS, H5, WEIGHTS, WEB = "keras", "h5", "weights", "web"
_SUFFIXES = ((".weights.h5", WEIGHTS), (".keras", KERAS), (".h5", H5), (".hdf5", H5))
_MAGIC = ((b"PK\x03\x04", KERAS), (b"\x89HDF\r\n\x1a\n", H5))


class MissingFileError(ArgumentError, FileNotFoundError):
    """A path to load from does not exist."""


def is_file(place: Any) -> bool:
    """Tell an open binary file."""
    return callable(getattr(place, "read", None)) and callable(getattr(place, "seek", None))


def text_of(place: Any) -> str | None:
    """Return a path or URL as text, with a leading ~ and file:// resolved; None for handlers and other objects."""
    if not isinstance(place, (str, os.PathLike)):
        return None
    text = os.fspath(place)
    if not isinstance(text, str) or not text:
        raise ConversionError(message("path", "text that is not empty", repr(text)[:80], "Pass a path, a URL or a handler."))
    if "://" not in text:
        return os.path.expanduser(text)
    return text.removeprefix("file://") if _by_suffix(text) != WEB else text


def _by_suffix(text: str) -> str:
    if "://" in text and not text.startswith("file://") and not is_http_scheme(text):
        return WEB  # memory://, indexeddb:// and their like hold TensorFlow.js's models, however these are called
    path = urlsplit(text).path if is_http_scheme(text) else text
    return next((kind for suffix, kind in _SUFFIXES if path.lower().endswith(suffix)), WEB)


def kind_to_save(place: Any) -> str:
    """Return the format of a place to save to: by its suffix; TensorFlow.js's for folders, .json, other URLs and handlers."""
    text = text_of(place)
    if text is not None:
        return _by_suffix(text)
    if is_file(place):
        raise ConversionError(message("save", "a path, a URL or a handler", type(place).__name__, "Save to a path."))
    return WEB


def kind_to_load(place: Any) -> str:
    """Return the format of what is at a place: by suffix, else by the first bytes. ArgumentError if a file is not there."""
    if isinstance(place, ModelArtifacts):
        return WEB
    if is_file(place):
        place.seek(0)
        start = place.read(8)
        place.seek(0)
        return _by_magic(start, "file")
    text = text_of(place)
    if text is None:
        return WEB
    kind = _by_suffix(text)
    if "://" in text:
        return kind
    path = Path(text)
    if not path.exists():
        raise MissingFileError(message("load", "a file or folder that exists", text, "File not found: check the path."))
    if path.is_file() and path.suffix != ".json":
        with open(path, "rb") as file:
            start = file.read(8)
        if kind == WEB:
            return _by_magic(start, text)
        wanted = KERAS if kind == KERAS else H5
        return _by_magic(start, text, KERAS if wanted == KERAS else kind)
    return WEB


def _by_magic(start: bytes, where: str, named: str | None = None) -> str:
    found = next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)
    if found is None and start[:1] == b"{" and named is None:
        return WEB
    if found is None:
        raise FormatError(message(where, "a .keras, HDF5 or model.json file", repr(start), "It is damaged or of another format."))
    return named if found == H5 and named == WEIGHTS else found


def fetching(url: str, **options: Any) -> Waits[bytes]:
    """Return the bytes behind a URL, got as `tw.io.http` gets files; raise FetchError where the server does not give them."""
    source = yield from HTTPHandler(url, **options).getter.opening(url, "load")
    return b"".join((yield from collecting(reading_source(source, MAX_BYTES, url))))
