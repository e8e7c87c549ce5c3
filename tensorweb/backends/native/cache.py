"""Compiled kernels on disk: a file each, named by what it depends on, checked when read. What is damaged is compiled anew."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from ...flags import flags

_SUFFIX = ".o"


def folder() -> Path:
    """Return the folder of the cache: the flag CACHE_DIR, else one in the user's cache folder."""
    chosen = flags.get("CACHE_DIR")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tensorweb" / "kernels"


class DiskCache:
    """Bytes by key. `fingerprint` is what all keys depend on: printers, LLVM, processor."""

    def __init__(self, fingerprint: str):
        self.fingerprint = fingerprint
        self.found = self.damaged = 0

    def _path(self, key: str) -> Path:
        return folder() / (hashlib.sha256(f"{self.fingerprint}\n{key}".encode()).hexdigest() + _SUFFIX)

    def get(self, key: str) -> bytes | None:
        """Return what was stored, or None if there is nothing whole that this user wrote."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                    return None  # code of another user is not run
                content = file.read()
        except OSError:
            return None
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            self.damaged += 1
            return None
        self.found += 1
        return content[32:]

    def put(self, key: str, content: bytes) -> None:
        """Store bytes; a folder that cannot be written to costs the cache, not the program."""
        path = self._path(key)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".new")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(content).digest() + content)
                os.replace(temporary, path)
            except OSError:
                os.unlink(temporary)
        except OSError:
            return
