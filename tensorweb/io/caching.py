"""Files of servers that are kept: on the disk, in a page in IndexedDB. Whether one is still the server's is told by ETag and date.

When files are kept and used is decided in `getting.py`. What is read from here is no more trusted than what comes from servers.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

from ..browser.services import PAGE
from ..errors import ArgumentError, FormatError, message
from ..folders import cache_folder
from ..waiting import Call, Waits
from . import jsons
from .atomic import temporary_sibling
from .calls import twins
from .page_stores import asking_database
from .shards import ReadSource, Source

_VALIDATORS = ("ETag", "Last-Modified")
_HEAD_BYTES = 4096  # of a file on the disk: its description, in JSON, with blanks behind
_SUFFIX = ".kept"


def validators(headers: Any) -> dict[str, str]:
    """Return what headers tell a file's version by."""
    return {name: str(headers.get(name)) for name in _VALIDATORS if headers.get(name)}


def key_of(url: str, init: Mapping[str, Any]) -> str:
    """Return the name under which a file is kept: with other headers, which may name another user, it is another."""
    headers = sorted(dict(init.get("headers") or {}).items())
    return hashlib.sha256(jsons.dumps([url, headers], "headers").encode()).hexdigest()


class Kept(ReadSource):
    """A file that was kept, as a Source: `read` and `size` are of what follows its description."""

    def __init__(self, told: Any, file: Any, size: int, where: str):
        self.validators = validators(jsons.field(told, "headers", dict, where))
        if jsons.field(told, "size", int, where) != size:
            raise FormatError(message(where, f"{told['size']} bytes", size, "It is fetched again."))
        self.file, self.size, self.read = file, size, file.read

    def is_still(self, headers: Any) -> bool:
        """Tell whether an answer's headers are those of the same file."""
        return bool(self.validators) and validators(headers) == self.validators

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _told(url: str, headers: Any, size: int) -> str:
    return jsons.dumps({"url": url[:1000], "headers": validators(headers), "size": size}, "headers")


class Writer(Protocol):
    """Takes a file's bytes; `commit` keeps them, `discard` does not."""

    def write(self, data: bytes) -> Any:
        """Take more bytes."""

    def commit(self) -> Any:
        """Keep them (also a coroutine function)."""

    def discard(self) -> None:
        """Let them go, unless they are kept."""


class Store(Protocol):
    """Where files are kept. `immutable`: they are never asked for again."""

    immutable: bool

    def get(self, key: str) -> Any:
        """Return a file that was kept, or None (also a coroutine function)."""

    def writer(self, key: str, url: str, headers: Any) -> Writer:
        """Return what keeps a file."""


class DiskStore:
    """Files in the user's cache folder, each with its description before its bytes."""

    def __init__(self, immutable: bool = False):
        self.immutable = immutable

    def get(self, key: str) -> Kept | None:
        """Return a file that was kept, or None; one that is damaged goes."""
        with suppress(OSError, RuntimeError):
            path = _folder() / (key + _SUFFIX)
            file = path.open("rb")
            try:
                told = jsons.parse_object(file.read(_HEAD_BYTES), str(path))
                return Kept(told, file, os.fstat(file.fileno()).st_size - file.tell(), str(path))
            except FormatError:
                file.close()
                path.unlink()
        return None

    def writer(self, key: str, url: str, headers: Any) -> Writer:
        """Return what keeps a file."""
        return _DiskWriter(key, url, headers)


def _folder() -> Path:
    return cache_folder("files")


class _DiskWriter:
    """Writes to a file of another name, which is renamed when it is whole."""

    def __init__(self, key: str, url: str, headers: Any):
        self.key, self.url, self.headers = key, url, headers
        self.size, self.made = 0, Path()
        self.file: Any = None

    def write(self, data: bytes) -> None:
        """Take more bytes."""
        if self.file is None:
            place = _folder()
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.made = temporary_sibling(place / self.key)
            self.file = self.made.open("xb")
            self.file.write(b" " * _HEAD_BYTES)
        self.file.write(data)
        self.size += len(data)

    def commit(self) -> None:
        """Write the description, and give the file its name."""
        told = _told(self.url, self.headers, self.size).encode()
        if self.file is not None and len(told) <= _HEAD_BYTES:
            self.file.seek(0)
            self.file.write(told)
            self.file.close()
            os.replace(self.made, self.made.with_name(self.key + _SUFFIX))
            self.file = None
        self.discard()

    def discard(self) -> None:
        """Remove what was written."""
        if self.file is not None:
            with suppress(OSError):
                self.file.close()
                self.made.unlink()
            self.file = None


class PageStore:
    """Files in the page's IndexedDB."""

    def __init__(self, immutable: bool = False):
        self.immutable = immutable

    async def get(self, key: str) -> Kept | None:
        """Return a file that was kept, or None; a page that gives no store has none."""
        with suppress(OSError, FormatError):
            found = await asking_database("kept", key)
            if found is not None:
                data = found.body.to_bytes()
                return Kept(jsons.parse_object(found.told, "IndexedDB"), BytesIO(data), len(data), "IndexedDB")
        return None

    def writer(self, key: str, url: str, headers: Any) -> Writer:
        """Return what keeps a file."""
        return _PageWriter(key, url, headers)


class _PageWriter:
    """Collects a file's bytes, which the database takes at once."""

    def __init__(self, key: str, url: str, headers: Any):
        self.key, self.url, self.headers = key, url, headers
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Take more bytes."""
        self.parts.append(data)

    async def commit(self) -> None:
        """Give them to the database."""
        parts, self.parts = self.parts, []
        await asking_database("keep", self.key, _told(self.url, self.headers, sum(map(len, parts))), parts)

    def discard(self) -> None:
        """Let them go."""
        self.parts = []


def store_of(cache: Any) -> Store | None:
    """Return the store for an option `cache`: False, True or "immutable"."""
    if cache not in (False, True, "immutable"):
        raise ArgumentError(message("http", 'cache=False, True or "immutable"', repr(cache)[:80], "Correct it."))
    kind: Any = PageStore if PAGE else DiskStore
    return kind(cache == "immutable") if cache else None


class Keeping:
    """A Source that writes what is read from another to a store, where it stays if it was read to its end."""

    def __init__(self, source: Source, writer: Writer):
        self.source, self.size = source, source.size
        self.writer: Writer | None = writer

    def reading(self, count: int) -> Waits[bytes]:
        """Return at most `count` more bytes; none at the end."""
        data = yield from self.source.reading(count)
        if self.writer is not None:
            try:
                yield Call(self.writer.write, data) if data else Call(self.writer.commit)
            except (OSError, RuntimeError) as error:  # a full disk, a store that is closed, no home: it costs the cache, not the model
                warnings.warn(f"a file of a server could not be kept: {error}", stacklevel=2)
                self._give_up()
        return data

    def close(self) -> None:
        """Close the other; what was not read to its end is not kept."""
        self.source.close()
        self._give_up()

    def _give_up(self) -> None:
        writer, self.writer = self.writer, None
        if writer is not None:
            writer.discard()


def _clearing() -> Waits[int]:
    """Remove the files of servers that were kept for `cache=True`, and return their number.

    >>> import tensorweb as tw
    >>> tw.io.clear_cache() >= 0
    True
    """
    if PAGE:
        return int((yield Call(asking_database, "forget")))
    count = 0
    with suppress(OSError, RuntimeError):
        for path in _folder().glob("*" + _SUFFIX):
            path.unlink(missing_ok=True)
            count += 1
    return count


clear_cache, clear_cache_async = twins(_clearing, "clear_cache", __name__)
