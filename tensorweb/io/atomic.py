"""Files that are replaced whole or not at all: written under a temporary name beside the target, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any


def temporary_sibling(path: Path) -> Path:
    """Return an unused hidden name in the same folder."""
    return path.with_name(f".{path.name[:80]}.{os.getpid()}-{secrets.token_hex(4)}.tmp")


def write_synced(path: Path, parts: Iterable[Any]) -> None:
    """Write the buffers to a new file, down to the disk; leave nothing there on failure. FileExistsError if it is there."""
    with open(path, "xb") as file:
        try:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                path.unlink()
            raise


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable, where the system can."""
    if os.name == "posix":
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to; at the end it takes the place of `path`, on an error it goes and `path` stays as it was."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = temporary_sibling(target)
    try:
        yield made
        with open(made, "rb") as file:
            os.fsync(file.fileno())
        os.replace(made, target)
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
    sync_folder(target.parent)
