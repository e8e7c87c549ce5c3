"""The `.keras` file: a zip of metadata.json, config.json, model.weights.h5 and assets. What stands in them is not known here."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..errors import ArgumentError, FormatError, TensorWebError, message
from . import jsons
from .atomic import replacing
from .manifest import check_path

METADATA, CONFIG, WEIGHTS, ASSETS = "metadata.json", "config.json", "model.weights.h5", "assets/"
MAX_MEMBERS = 100_000
# A member may grow to 100 times its bytes in the archive, or to this in any case; so may all of them together.
MAX_EXPANSION = 100
FLOOR_BYTES = 256 * 1024 * 1024
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, OverflowError)
_PIECE = 1024 * 1024
# The least date that a zip can hold: the same content gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


@contextmanager
def _guarded(where: str) -> Iterator[None]:
    """Make what zipfile raises on a damaged file a FormatError."""
    try:
        yield
    except TensorWebError:
        raise
    except _DAMAGE as error:
        raise FormatError(message(where, "a readable zip", str(error)[:200], "The file is damaged or of another format.")) from error


class KerasArchive:
    """An open `.keras` file, its members checked; `open_archive` makes it."""

    def __init__(self, archive: zipfile.ZipFile, where: str, file_bytes: int):
        self._archive, self._where = archive, where
        self._members = _check_members(archive.infolist(), where, file_bytes)
        if CONFIG not in self._members:
            raise FormatError(message(where, f"a member {CONFIG}", ", ".join(list(self._members)[:5]) or "none", "This is no .keras file."))

    @property
    def names(self) -> list[str]:
        """The names of all files in the archive."""
        return list(self._members)

    @property
    def config(self) -> dict[str, Any]:
        """The parsed config.json."""
        return self._json(CONFIG)

    @property
    def metadata(self) -> dict[str, Any]:
        """The parsed metadata.json; {} if there is none."""
        return self._json(METADATA) if METADATA in self._members else {}

    def _json(self, name: str) -> dict[str, Any]:
        return jsons.parse_object(self.read(name, jsons.MAX_BYTES), f"{self._where}, {name}")

    def read(self, name: str, limit: int = 2**40) -> bytes:
        """Return the bytes of a member, their checksum verified; raise FormatError if it is not there or larger than `limit`."""
        return b"".join(self._pieces(name, limit))

    def _pieces(self, name: str, limit: int) -> Iterator[bytes]:
        info = self._members.get(name)
        if info is None or info.file_size > limit:
            got = "none" if info is None else f"{info.file_size} bytes"
            raise FormatError(message(self._where, f"a member {name} of at most {limit} bytes", got, "The file is incomplete or damaged."))
        count = 0
        with _guarded(f"{self._where}, {name}"), self._archive.open(info) as file:
            while piece := file.read(_PIECE):
                count += len(piece)
                yield piece
        if count != info.file_size:
            raise FormatError(message(f"{self._where}, {name}", f"{info.file_size} bytes", count, "The file is damaged."))

    @contextmanager
    def weights(self, name: str = WEIGHTS) -> Iterator[IO[bytes]]:
        """Give a member (the weights by default) as a file that can seek, for `open_hdf5`."""
        with tempfile.TemporaryFile() as file:
            for piece in self._pieces(name, 2**40):
                file.write(piece)
            file.seek(0)
            yield file

    @property
    def assets(self) -> list[str]:
        """The paths of the assets, below `assets/`."""
        return [name.removeprefix(ASSETS) for name in self._members if name.startswith(ASSETS)]

    def extract_assets(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the assets below a folder and return where they are; raise FileExistsError rather than overwrite."""
        made = []
        for name in self.assets:
            target = Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with open(target, "xb") as file:
                for piece in self._pieces(ASSETS + name, 2**40):
                    file.write(piece)
            made.append(target)
        return made


def _check_members(infos: list[zipfile.ZipInfo], where: str, file_bytes: int) -> dict[str, zipfile.ZipInfo]:
    """Return the files by name; raise FormatError for names that climb or repeat, links, encryption, and more bytes than can be true."""
    if len(infos) > MAX_MEMBERS:
        raise FormatError(message(where, f"at most {MAX_MEMBERS} members", len(infos), "This is no .keras file."))
    members: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for info in infos:
        name = info.filename
        # The raw name, too: zipfile cuts names at a NUL and turns backslashes on Windows.
        for form in (name, getattr(info, "orig_filename", name)):
            check_path(form.rstrip("/") if info.is_dir() else form, where)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.flag_bits & 1 or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise FormatError(message(where, "plain files, not encrypted", repr(name[:80]), "Do not trust this file."))
        if name in members:
            raise FormatError(message(where, "each name once", repr(name[:80]), "Do not trust this file."))
        total += info.file_size
        if info.file_size > max(FLOOR_BYTES, MAX_EXPANSION * info.compress_size) or total > max(FLOOR_BYTES, MAX_EXPANSION * file_bytes):
            raise FormatError(message(where, f"members of at most {MAX_EXPANSION} times their bytes", repr(name[:80]), "It is a bomb."))
        members[name] = info
    return {name: info for name, info in members.items() if not info.is_dir()}


@contextmanager
def open_archive(source: Any) -> Iterator[KerasArchive]:
    """Give the KerasArchive of a path or a binary file; raise FormatError where it is no sound `.keras` file."""
    where = str(source)[:200]
    with _guarded(where):
        archive = zipfile.ZipFile(source)
    with archive:
        assert archive.fp is not None
        size = archive.fp.seek(0, os.SEEK_END)
        yield KerasArchive(archive, where, size)


# --- writing ----------------------------------------------------------------------------------------------------------------


def write_archive(
    target: Any,
    config: Mapping[str, Any],
    metadata: Mapping[str, Any],
    weights: Callable[[IO[bytes]], Any] | bytes | None = None,
    assets: Mapping[str, Any] | None = None,
) -> None:
    """Write a `.keras` file: the same content gives the same bytes. A path is replaced when all is written, and stays on an error.

    `weights`: the bytes of model.weights.h5, or a function that writes them to a binary file; `assets`: bytes or paths by name.
    """
    texts = {METADATA: dict(metadata), CONFIG: dict(config)}
    parts = {name: jsons.dumps(value, name, allow_nan=True).encode() for name, value in texts.items()}
    for name in assets or {}:
        try:
            check_path(name, "assets")
        except FormatError as error:
            raise ArgumentError(str(error)) from None
    if not isinstance(target, (str, os.PathLike)):
        _write_members(target, parts, weights, assets or {})
        return
    with replacing(target) as made:
        _write_members(made, parts, weights, assets or {})


def _write_members(target: Any, parts: Mapping[str, bytes], weights: Any, assets: Mapping[str, Any]) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in parts.items():
            archive.writestr(_info(name), data)
        if callable(weights):
            with tempfile.TemporaryFile() as file:
                weights(file)
                file.seek(0)
                _copy(file, archive, WEIGHTS)
        elif weights is not None:
            archive.writestr(_info(WEIGHTS), weights)
        for name in sorted(assets):
            value = assets[name]
            if isinstance(value, (str, os.PathLike)):
                with open(value, "rb") as file:
                    _copy(file, archive, ASSETS + name)
            else:
                archive.writestr(_info(ASSETS + name), bytes(value))


def _copy(file: IO[bytes], archive: zipfile.ZipFile, name: str) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    with archive.open(_info(name), "w", force_zip64=size >= 2**31) as member:
        shutil.copyfileobj(file, member, _PIECE)


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system, info.external_attr = 3, 0o644 << 16  # as on Unix, wherever it is written
    return info
