"""Compiled kernels on disk: a file each, named by what it depends on, checked when read. What is damaged is compiled anew."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from ...folders import cache_folder

LIMIT = 128 << 20  # bytes in the folder; beyond, what was not used for longest goes
_WRITES = 64  # between two looks at the size
_DIGEST = 32
_UNUSABLE = (OSError, RuntimeError)  # the latter where there is no home folder


def folder() -> Path:
    """Return the folder of the cache."""
    return cache_folder("kernels")


def _is_safe(status: os.stat_result) -> bool:
    """Tell whether a file or folder is this user's, and nobody else may write to it: what is in it will be run."""
    return not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & stat.S_IWOTH)


class DiskCache:
    """Bytes by key. `fingerprint` is what all keys depend on: printers, LLVM, processor.

    Counts what was found and what was found `damaged`. A folder that cannot be used costs the cache, not the program.
    """

    def __init__(self, fingerprint: str):
        self.fingerprint = fingerprint
        self.found = self.damaged = self.written = 0

    def _place(self, key: str) -> tuple[Path, bytes]:
        """Return the file of a key, and what the digest of its content begins with: a file under another's name is noticed."""
        name = hashlib.sha256(f"{self.fingerprint}\n{key}".encode()).digest()
        return folder() / f"{name.hex()}.o", name

    def get(self, key: str) -> bytes | None:
        """Return what was stored, or None if there is nothing whole that only this user can have written."""
        try:
            path, name = self._place(key)
            if not _is_safe(path.parent.stat()):
                return None
            with path.open("rb") as file:
                safe = _is_safe(os.fstat(file.fileno()))
                content = file.read()
        except _UNUSABLE:
            return None
        if not safe or hashlib.sha256(name + content[_DIGEST:]).digest() != content[:_DIGEST]:
            self.damaged += 1
            return None
        with suppress(OSError):  # a folder that can only be read
            os.utime(path)
        self.found += 1
        return content[_DIGEST:]

    def put(self, key: str, content: bytes) -> None:
        """Store bytes, if the folder can be written to."""
        try:
            path, name = self._place(key)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_safe(path.parent.stat()):
                return
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".new")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(name + content).digest() + content)
                os.replace(temporary, path)  # at once: other processes see the whole file or none
            except OSError:
                os.unlink(temporary)
            if self.written % _WRITES == 0:
                _shrink(path.parent)
            self.written += 1
        except _UNUSABLE:
            return


def _shrink(place: Path) -> None:
    """Remove what was not used for longest until the folder is three quarters full, if it is more than full."""
    files = [(entry.stat(), entry.path) for entry in os.scandir(place) if entry.name.endswith((".o", ".new"))]
    total = sum(status.st_size for status, _ in files)
    if total <= LIMIT:
        return
    for status, path in sorted(files, key=lambda item: item[0].st_mtime):
        os.unlink(path)
        total -= status.st_size
        if total <= LIMIT * 3 // 4:
            return
