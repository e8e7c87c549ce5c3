"""Where Pyodide comes from: an npm folder on this machine, or the address of one elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import ArgumentError, message

# What a page needs of the npm package; the rest is types, maps and consoles.
FILES = ("pyodide.mjs", "pyodide.js", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json")
_ADVICE = "Run: npm install pyodide, or name a folder or an address that ends with / by --pyodide."


def find(wanted: str | None = None) -> Path | str:
    """Return Pyodide's folder or address.

    That is `wanted` or TENSORWEB_PYODIDE if given, else node_modules/pyodide in the working folder or one above it. Raises ArgumentError
    if none is found.
    """
    wanted = wanted or os.environ.get("TENSORWEB_PYODIDE")
    if wanted and wanted.startswith(("https://", "http://")):
        return wanted.rstrip("/") + "/"
    here = Path.cwd()
    places = [Path(wanted)] if wanted else [place / "node_modules" / "pyodide" for place in (here, *here.parents)]
    for place in places:
        if all((place / name).is_file() for name in FILES if name != "pyodide.js"):
            return place.resolve()
    raise ArgumentError(message("Pyodide", "a folder with pyodide.mjs", wanted or "none in node_modules here or above", _ADVICE))
