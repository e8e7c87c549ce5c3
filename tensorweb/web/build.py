"""Builds a page as a folder of files for any host; it is whole or not there at all."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from ..errors import ArgumentError, message
from .site import Content, content

MANIFEST = "tensorweb-build.json"  # the files of a build: a folder with others in it is somebody else's


def build(site: dict[str, Content], out: Path) -> int:
    """Write a site to the folder `out` and return its bytes; only an earlier build or an empty folder is overwritten.

    Raises ArgumentError if anything else is there.
    """
    out = out.absolute()
    if out.is_symlink() or (out.exists() and not _is_ours(out)):
        raise ArgumentError(message("build", "a new or empty folder, or one that was built before", str(out), "Name another folder."))
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        made, old = Path(folder) / "made", Path(folder) / "old"
        total = _write(site, made)
        if out.exists():
            os.replace(out, old)
        try:
            os.replace(made, out)
        except BaseException:
            if old.exists():
                os.replace(old, out)
            raise
    return total


def _write(site: dict[str, Content], folder: Path) -> int:
    total, names = 0, []
    for address, entry in site.items():
        name, body = address or "index.html", content(entry)
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(body)
        total += len(body)
        names.append(name)
    (folder / MANIFEST).write_text(json.dumps(sorted(names), indent=1) + "\n", "utf-8")
    return total


def _is_ours(folder: Path) -> bool:
    """Return whether a folder is empty or holds nothing but what an earlier build wrote."""
    if not folder.is_dir():
        return False
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}
    try:
        built = json.loads((folder / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        built = []
    return there <= {MANIFEST, *built} if isinstance(built, list) else False
