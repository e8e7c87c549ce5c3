"""The library as the page gets it: wheels made from the installed packages, the same bytes each time.

The first is what every program needs: tensors, ops, gradients, backends. The others, with Keras's houses and with graph models and their
converters, are fetched when a program imports one (later.py). What only CPython uses stays behind, and what only people read (slim.py);
line numbers stay, so errors point at the real lines.
"""

from __future__ import annotations

import io
import zipfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from .slim import slim, slim_script

PACKAGE = Path(__file__).resolve().parents[1]
# Behind a page there is no compiler, no NumPy that must be fast, no other device library, and it serves no further pages.
LEFT_OUT = {
    *("__main__.py", "cli.py", "kernels/llvm.py", "backends/native", "backends/numpy"),
    *("backends/wasm/engine.py", "backends/wasm/machine.py", "backends/wasm/pool.py"),
    *("backends/devices/wgpu.py", "backends/devices/gles.py", "backends/devices/egl.py"),
    *("web/build.py", "web/page", "web/pyodide_files.py", "web/server.py", "web/site.py", "web/slim.py", "web/wheel.py"),
}
PARTS = ("tensorweb", "tensorweb_houses", "tensorweb_graphs")
# The modules that the third wheel has.
GRAPHS = ("graph", "convert")
# What stands below the houses and is used by them alone.
_CELLARS = {"naming", "serialization", "stateless", "symbolic"}
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest a zip can hold: the bytes depend on the content alone


def name(part: str = "tensorweb") -> str:
    """Return the file name of a wheel: "tensorweb", "tensorweb_houses" for the second, "tensorweb_graphs" for the third."""
    return f"{part}-{_version()}-py3-none-any.whl"


@cache
def make(part: str = "tensorweb") -> bytes:
    """Return a wheel, named as `name` names them."""
    return _wheel(part, {path: content for path, content in contents().items() if _part_of(path) == part})


@cache
def make_datasets() -> bytes | None:
    """Return the wheel of the digits, or None where they are not installed."""
    spec = find_spec("tensorweb_datasets")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != ".pyc")
    return _wheel("tensorweb_datasets", {f"tensorweb_datasets/{path.name}": path.read_bytes() for path in files})


@cache
def contents() -> dict[str, bytes]:
    """Return what the page needs of the package: path to content."""
    found, slimmers = {}, {".py": slim, ".js": slim_script}
    for path in sorted(PACKAGE.rglob("*")):
        inner = path.relative_to(PACKAGE)
        if path.suffix in slimmers and not any(p.as_posix() in LEFT_OUT for p in (inner, *inner.parents)):
            found[f"tensorweb/{inner.as_posix()}"] = slimmers[path.suffix](path.read_text("utf-8")).encode()
    return found


def _part_of(path: str) -> str:
    from .. import _HOUSES

    module = path.split("/")[1].removesuffix(".py")
    return "tensorweb_graphs" if module in GRAPHS else "tensorweb_houses" if module in {*_HOUSES, *_CELLARS} else "tensorweb"


def _version() -> str:
    from .. import __version__

    return __version__


def _wheel(part: str, contents: dict[str, bytes]) -> bytes:
    files = dict(contents)
    info = f"{part}-{_version()}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {part.replace('_', '-')}\nVersion: {_version()}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: tensorweb\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]).encode()  # the page checks no sums
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, content in files.items():
            entry = zipfile.ZipInfo(path, _DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return out.getvalue()
