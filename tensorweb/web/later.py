"""Fetches wheels when a program in the page first imports what they hold: Keras's houses, graph models, the digits. Most go without."""

from __future__ import annotations

import importlib
import io
import sys
import zipfile
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

PACKAGES = Path(__file__).parents[2]


class Later(MetaPathFinder):
    """Stands behind the other finders: asked for a module that is missing, it unpacks the wheel that `fetch` returns for it, once.

    `wheels` has for a module, or else for `package.*`, all other modules right below a package, what names the wheel.
    """

    def __init__(self, wheels: dict[str, str], fetch: Callable[[str], bytes]):
        self._wheels, self._fetch = dict(wheels), fetch

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return the module's spec, or None; what is unpacked is found by the ordinary finders from then on."""
        key = fullname if fullname in self._wheels else f"{fullname.rpartition('.')[0]}.*"
        if key not in self._wheels:
            return None
        with zipfile.ZipFile(io.BytesIO(self._fetch(self._wheels[key]))) as archive:
            archive.extractall(PACKAGES)
        del self._wheels[key]
        importlib.invalidate_caches()
        return PathFinder.find_spec(fullname, path, target)


def fetch_later(wheels: dict[str, str], fetch: Callable[[str], bytes]) -> None:
    """Let wheels be fetched when they are needed; `fetch` returns the bytes of one at once, without awaiting."""
    sys.meta_path.append(Later(wheels, fetch))
