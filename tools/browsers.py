"""Browsers for the tests: Chromium, Firefox, and a screen for Firefox's WebGL, installed where the user may and apt-get can.

`python -m tools.browsers` names what cannot be installed; the tests that need it are skipped, and say so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# A command that shows that it is there; Debian's packages, with the drivers that draw in software; what needs it.
NEEDED = (
    (("chromium", "google-chrome"), ("chromium",), "tests in Chromium"),
    (("firefox-esr", "firefox"), ("firefox-esr", "mesa-vulkan-drivers"), "tests in Firefox"),
    (("xvfb-run",), ("xvfb", "xauth", "libgl1-mesa-dri"), "tests of WebGL in Firefox"),
)


def _run(*command: str) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0


def main() -> None:
    """Install what is missing, or name it."""
    missing = [entry for entry in NEEDED if not any(map(shutil.which, entry[0]))]
    if not missing:
        return
    may_install = sys.platform == "linux" and shutil.which("apt-get") is not None and os.geteuid() == 0
    if may_install:
        packages = [package for _, names, _ in missing for package in names]
        print(f"installing {' '.join(packages)}")
        _run("apt-get", "update")  # lists of an old image name browsers of long ago, which nobody has any more
        _run("apt-get", "install", "--yes", "--no-install-recommends", *packages)
    for commands, packages, what in missing:
        if not any(map(shutil.which, commands)):
            how = "apt-get could not install it" if may_install else f"as root: apt-get install {' '.join(packages)}"
            print(f"no {commands[0]} here: {what} are skipped ({how})")


if __name__ == "__main__":
    main()
