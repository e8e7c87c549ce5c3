"""Assets: what layers keep in files of their own, such as vocabularies, by `save_assets(folder)` and `load_assets(folder)`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .state import saveables


def collect_assets(model: Any) -> dict[str, bytes]:
    """Return {path: bytes} of the files that a model's layers write."""
    found: dict[str, bytes] = {}
    owners = [(path, owner) for path, owner in saveables(model) if hasattr(owner, "save_assets")]
    if not owners:
        return found
    with tempfile.TemporaryDirectory() as top:
        for path, owner in owners:
            folder = Path(top, *path.split("/")) if path else Path(top)
            folder.mkdir(parents=True, exist_ok=True)
            owner.save_assets(str(folder))
        for file in sorted(Path(top).rglob("*")):
            if file.is_file():
                found[file.relative_to(top).as_posix()] = file.read_bytes()
    return found


def restore_assets(model: Any, folder: str, paths: Iterable[str]) -> None:
    """Let the layers load what lies below a folder, where it has something for them."""
    there = {str(Path(p).parent.as_posix()) for p in paths}
    for path, owner in list(saveables(model)):
        if hasattr(owner, "load_assets") and (path or ".") in there:
            owner.load_assets(str(Path(folder, *path.split("/")) if path else Path(folder)))
