"""Unpacking of archives that nobody vouches for: nothing lands outside the folder, no links, no more than declared and bearable."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from ..errors import ArgumentError, message

# An archive may grow so much: text packs 100 to 1, a bomb a million to 1.
MOST_GROWTH = 1000
ALWAYS_ALLOWED = 256 * 2**20
MOST_MEMBERS = 2_000_000


# What readers and decompressors raise; of OSErrors, those without a number of the system's.
_DAMAGED: tuple[type[Exception], ...] = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError)
try:
    from lzma import LZMAError

    _DAMAGED += (LZMAError,)
except ImportError:  # Python was built without it
    pass


class Member(NamedTuple):
    """A file or a folder in an archive; `content` opens it, None for a folder."""

    name: str
    size: int
    content: Any


def extract_archive(file_path: Any, path: Any = ".", archive_format: Any = "auto") -> bool:
    """Unpack a tar (also gz, bz2, xz) or zip file into a folder, whole or not at all; tell whether it is an archive of that format.

    Members whose path leads outside the folder, links and devices are skipped with a warning. Raises ArgumentError for an archive
    that is damaged or would grow beyond measure, and leaves nothing behind.
    """
    formats = ["tar", "zip"] if archive_format == "auto" else [archive_format] if isinstance(archive_format, str) else archive_format or []
    file_path, path = os.fspath(file_path), os.fspath(path)
    for kind in formats:
        if kind not in ("tar", "zip"):
            raise ArgumentError(message("extract_archive", "tar, zip or auto", repr(kind), "Use one of them."))
        if (tarfile.is_tarfile if kind == "tar" else zipfile.is_zipfile)(file_path):
            _extract(file_path, path, kind)
            return True
    return False


def _extract(file_path: str, path: str, kind: str) -> None:
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    draft = tempfile.mkdtemp(prefix=".unpacking-", dir=parent)
    try:
        limit = max(ALWAYS_ALLOWED, MOST_GROWTH * os.path.getsize(file_path))
        limit = min(limit, shutil.disk_usage(parent).free)
        try:
            with tarfile.open(file_path) if kind == "tar" else zipfile.ZipFile(file_path) as archive:
                _write_all(_tar_members(archive) if isinstance(archive, tarfile.TarFile) else _zip_members(archive), draft, limit)
        except _DAMAGED as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise ArgumentError(message("extract_archive", "a whole archive", f"{file_path}: {error}", "Download it again.")) from None
        _move(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _tar_members(archive: tarfile.TarFile) -> Iterator[Member]:
    for info in archive:
        if info.isdir():
            yield Member(info.name, 0, None)
        elif info.isreg():
            yield Member(info.name, info.size, lambda info=info: archive.extractfile(info))
        else:
            _skip(info.name, "a link or a device")
    # The checksum stands behind the last member. What is read there is not kept, but not read for ever either.
    for _ in range(64):
        if not archive.fileobj or not archive.fileobj.read(1 << 20):
            return
    raise tarfile.ReadError("too much behind the last member")


def _zip_members(archive: zipfile.ZipFile) -> Iterator[Member]:
    for info in archive.infolist():
        kind = (info.external_attr >> 16) & 0o170000
        if kind not in (0, 0o100000, 0o040000):
            _skip(info.filename, "a link or a device")
        elif info.is_dir():
            yield Member(info.filename, 0, None)
        else:
            yield Member(info.filename, info.file_size, lambda info=info: archive.open(info))


def _skip(name: str, why: str) -> None:
    warnings.warn(f"Skipped in the archive: {name!r}, {why}.", stacklevel=2)


def _write_all(members: Iterator[Member], folder: str, limit: int) -> None:
    total = 0
    for count, member in enumerate(members):
        place = _place(member.name, folder)
        if place is None:
            _skip(member.name, "whose path leads outside the folder")
            continue
        total += member.size
        if total > limit or count > MOST_MEMBERS:
            raise ArgumentError(message("extract_archive", f"at most {limit} bytes", f"{total} or more", "It looks like a bomb."))
        if member.content is None:
            os.makedirs(place, exist_ok=True)
            continue
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with member.content() as source, open(place, "wb") as target:
            _copy(source, target, member)


def _copy(source: IO[bytes], target: IO[bytes], member: Member) -> None:
    left = member.size
    while chunk := source.read(min(1 << 20, left + 1)):
        left -= len(chunk)
        if left < 0:
            raise ArgumentError(message("extract_archive", f"{member.size} bytes in {member.name!r}", "more", "It lies about its size."))
        target.write(chunk)


def _place(name: str, folder: str) -> str | None:
    """Return where a member goes; None if that is not within the folder."""
    name = name.replace("\\", "/")
    parts = [p for p in name.split("/") if p not in ("", ".")]
    if name.startswith("/") or ".." in parts or "\0" in name or any(":" in p for p in parts[:1]) or (not parts and name not in (".", "./")):
        return None
    return os.path.join(folder, *parts)


def _move(draft: str, path: str) -> None:
    """Put an unpacked folder in its place: at once, or file by file where there is one already."""
    if not os.path.lexists(path):
        os.chmod(draft, 0o755)
        os.rename(draft, path)
        return
    for root, folders, files in os.walk(draft):
        target = os.path.normpath(os.path.join(path, os.path.relpath(root, draft)))
        for folder in folders:
            os.makedirs(os.path.join(target, folder), exist_ok=True)
        for file in files:
            os.replace(os.path.join(root, file), os.path.join(target, file))
