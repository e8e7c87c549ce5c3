"""JupyterLite and marimo for the tests, in an environment of their own, and the wheels that their pages would take from Pyodide's servers.

`python -m tools.notebooks` fills `.venv/notebooks`. The tests that need it are skipped where it is not whole, and say so.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".venv" / "notebooks"
COMMANDS = FOLDER / ("Scripts" if sys.platform == "win32" else "bin")
WHEELS = FOLDER / "wheels"
LOCK = ROOT / "tests" / "node_modules" / "pyodide" / "pyodide-lock.json"

MARIMO = "0.25.2"  # made for the Pyodide that tests/package.json names pyodide-of-marimo
# What JupyterLite's kernel and marimo import in the page, by the names of PyPI. PyYAML has no wheel for pages there: see `_yaml`.
OF_THE_PAGE = (
    "micropip", "packaging", "six", "decorator", "executing", "asttokens", "pure-eval", "stack-data", "wcwidth", "prompt-toolkit",
    "traitlets", "matplotlib-inline", "parso", "jedi", "pygments", "ipython", "comm", "docutils", "pyodide-http", "narwhals", "markdown",
    "pymdown-extensions", "tomlkit", "itsdangerous", "python-multipart", "msgspec",
)  # fmt: skip
_TOO_OLD = ("msgspec",)  # Pyodide's is too old for marimo: the newest is taken


def _pip(*arguments: str) -> None:
    subprocess.run([COMMANDS / "python", "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True)


def _versions() -> list[str]:
    """Return the requirements of the page: what Pyodide names in the version that it names."""
    known = {name.replace("_", "-"): entry["version"] for name, entry in json.loads(LOCK.read_text())["packages"].items()}
    return [f"{name}=={known[name]}" if name in known and name not in _TOO_OLD else name for name in OF_THE_PAGE]


def _download() -> None:
    abi = json.loads(LOCK.read_text())["info"]
    version = ".".join(abi["python"].split(".")[:2])
    target = ["--platform", f"pyemscripten_{abi['abi_version']}_wasm32", "--python-version", version, "--implementation", "cp"]
    abis = ["--abi", f"cp{version.replace('.', '')}", "--abi", "none"]
    _pip("download", "--no-deps", "--only-binary=:all:", *target, *abis, "--dest", str(WHEELS), *_versions(), f"marimo-base=={MARIMO}")


def _yaml() -> None:
    """Make a wheel of the PyYAML that marimo brought, without libyaml: what is left is Python."""
    installed = next(path for pattern in ("lib/python*/site-packages/yaml", "Lib/site-packages/yaml") for path in FOLDER.glob(pattern))
    version = next(iter(importlib.metadata.distributions(name="pyyaml", path=[str(installed.parent)]))).version
    with zipfile.ZipFile(WHEELS / f"pyyaml-{version}-py3-none-any.whl", "w") as wheel:
        for path in sorted(installed.glob("*.py")):
            wheel.write(path, f"yaml/{path.name}")


def main() -> int:
    """Install both; return 0, or another number after a line that says what is missing."""
    try:
        venv.create(FOLDER, clear=True, with_pip=True)
        _pip("install", "jupyterlite-core", "jupyterlite-pyodide-kernel", f"marimo=={MARIMO}", "uv")  # marimo exports by uv
        _download()
        _yaml()
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(FOLDER, ignore_errors=True)
        print(f"no JupyterLite and marimo here ({error}): their tests are skipped", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
