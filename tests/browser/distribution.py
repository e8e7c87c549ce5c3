"""A distribution of Pyodide, as its servers have it: Pyodide, wheels beside it, and a lock file that names them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

# What Pyodide's lock file does not know: under which name a package is imported, where it has another, and what it needs of the others.
_IMPORTS = {"marimo-base": "marimo"}
_NEEDS = {"marimo-base": ("jedi", "pygments", "docutils", "pyyaml", "tomlkit", "itsdangerous", "python-multipart", "narwhals", "packaging")}


def write(folder: Path, pyodide: Path, wheels: Path) -> None:
    """Write the distribution into a folder: Pyodide of one folder, and the wheels of another."""
    shutil.copytree(pyodide, folder)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text())
    for wheel in sorted(wheels.glob("*.whl")):
        shutil.copy(wheel, folder)
        name, version = wheel.name.split("-")[:2]
        name = name.lower().replace("_", "-")
        entry = {"name": name, "imports": [_IMPORTS.get(name, name.replace("-", "_"))], "depends": list(_NEEDS.get(name, ()))}
        entry |= {"install_dir": "site", "package_type": "package", "unvendored_tests": False, **lock["packages"].get(name, {})}
        entry |= {"version": version, "file_name": wheel.name, "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
        lock["packages"][name] = entry
    (folder / "pyodide-lock.json").write_text(json.dumps(lock))
