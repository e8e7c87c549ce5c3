"""Where on a computer the library keeps what it can make or fetch again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .flags import flags


def cache_folder(part: str) -> Path:
    """Return the folder of a part of the cache, in the flag CACHE_DIR or the user's cache folder. RuntimeError if there is no home."""
    chosen = flags.get("CACHE_DIR")
    if chosen:
        return Path(chosen) / part
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tensorweb" / part
