"""What a page consists of: addresses and what lies there. The server serves exactly that, and a build writes it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from ..errors import ArgumentError, message
from . import pyodide_files, wheel

PAGE = Path(__file__).parent / "page"
Content = bytes | Path | Callable[[], bytes]


def make(script: Path | None, pyodide: Path | str, more: tuple[str, ...] = ()) -> dict[str, Content]:
    """Return the page's contents by address (without the leading slash; "" is the page itself).

    `script` is a Python program, or an HTML page that loads Pyodide itself, or None for the playground; `more` are patterns of files beside
    it (of the working folder for the playground) that it opens by names that it computes. Raises ArgumentError if there is no such script.
    """
    site: dict[str, Content] = {wheel.name(part): make_wheel for part, make_wheel in _wheels().items()}
    if isinstance(pyodide, Path):
        site |= {f"pyodide/{name}": pyodide / name for name in pyodide_files.FILES if (pyodide / name).is_file()}
    if script is not None and not script.is_file():
        raise ArgumentError(message("script", "a Python program or an HTML page", str(script), "Check its name."))
    script = script and script.resolve()
    folder = root(script) if script else Path.cwd()
    files = named_files(script, folder, more)
    if script and script.suffix in (".html", ".htm"):
        return site | {"": script, **{path: file for path, file in files.items() if file != script}}
    told = {"script": script and script.relative_to(folder).as_posix(), "files": sorted(files)}
    return site | {f"files/{path}": file for path, file in files.items()} | _page(told, pyodide)


def _page(told: dict[str, Any], pyodide: Path | str) -> dict[str, Content]:
    """Return the page's own files; `site.json` tells them what there is."""
    later = {f"tensorweb.{module}": "tensorweb_graphs" for module in wheel.GRAPHS}
    later |= {"tensorweb.*": "tensorweb_houses", "tensorweb_datasets": "tensorweb_datasets"}
    told |= {
        "pyodide": pyodide if isinstance(pyodide, str) else "pyodide/",
        "library": wheel.name(),
        "later": {module: wheel.name(part) for module, part in later.items() if part in _wheels()},
    }
    files = {f"page/{file.name}": file for file in sorted(PAGE.iterdir()) if file.suffix in (".js", ".css", ".svg")}
    return {"": PAGE / "index.html", "site.json": json.dumps(told, indent=1).encode(), **files}


def _wheels() -> dict[str, Callable[[], bytes]]:
    digits = wheel.make_datasets()
    made: dict[str, Callable[[], bytes]] = {part: partial(wheel.make, part) for part in wheel.PARTS}
    return made | ({"tensorweb_datasets": lambda: digits} if digits else {})


def root(script: Path) -> Path:
    """Return the folder that a program's imports and file names start from: its own, or that which holds its package."""
    folder = script.parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def content(entry: Content) -> bytes:
    """Return what lies at an address."""
    return entry if isinstance(entry, bytes) else entry.read_bytes() if isinstance(entry, Path) else entry()


def named_files(script: Path | None, folder: Path, more: tuple[str, ...] = ()) -> dict[str, Path]:
    """Return the script and the files below the folder that it names: modules it imports, and files and folders in its texts.

    Hidden files, and links that lead out of the folder, are not among them. `more` are further patterns, as for Path.glob.
    """
    found, queue = dict[str, Path](), [script] if script else []
    for pattern in more:
        queue += [file for file in folder.glob(pattern) if file.is_file()]
    while queue:
        file = queue.pop()
        inner = _inner(file, folder)
        if inner is None or inner in found:
            continue
        found[inner] = file
        for name in _names(file):
            queue += _files_at(folder / name)
    return found


def _inner(file: Path, folder: Path) -> str | None:
    """Return a file's path below the folder, or None if it is hidden, lies elsewhere, or is the library's, which the page has."""
    try:
        inner, real = file.relative_to(folder), file.resolve().relative_to(folder)
    except ValueError:
        return None
    hidden = any(part.startswith(".") or part == "__pycache__" for part in (*inner.parts, *real.parts))
    return None if hidden or file.resolve().is_relative_to(wheel.PACKAGE) else inner.as_posix()


def _files_at(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return [file for file in sorted(place.rglob("*")) if file.is_file()] if place.is_dir() else []


def _names(file: Path) -> Iterator[str]:
    """Yield what a file may name: relative paths in its texts, and of a Python file the modules that it imports."""
    if file.suffix in (".html", ".htm"):
        yield from filter(_is_path, re.findall(r"""["']([^"'<>\n]+)["']""", file.read_text("utf-8", "replace")))
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return  # the page will show the error
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_path(node.value):
            yield node.value
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from _modules(alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from _modules(node.module)
            for alias in node.names:
                yield from _modules(f"{node.module}.{alias.name}")


def _modules(name: str) -> Iterator[str]:
    parts = name.split(".")
    for i in range(len(parts)):
        path = "/".join(parts[: i + 1])
        yield f"{path}.py"
        yield f"{path}/__init__.py"


def _is_path(text: str) -> bool:
    """Return whether a text may be a path to something below the folder."""
    parts = PurePosixPath(text).parts
    return bool(parts) and len(text) <= 200 and ".." not in parts and text[0] not in "/~" and not set(text) & set("\0\\")
