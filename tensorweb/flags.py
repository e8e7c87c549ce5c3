"""The library's switches: their names, defaults and values from the environment (`TENSORWEB_<NAME>`)."""

from __future__ import annotations

import os
from typing import Any

from .errors import ArgumentError, message

DEFAULTS: dict[str, Any] = {
    "BACKEND": "",  # the backend to use in place of the automatic choice
    "DEBUG": False,  # run each kernel at once, check its outputs for NaN, record a row for it
    "PROD": False,  # leave out checks that only help while developing
    "NUM_THREADS": 0,  # threads that a compiled backend computes with; 0: one for each core
    "CACHE_DIR": "",  # where compiled kernels are kept; "": in the user's cache folder
    "PLAN_LIMIT": 4096,  # plans kept per backend
}


class Flags:
    """Values by name; reading or setting an unknown name raises ArgumentError."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)
        for name, default in DEFAULTS.items():
            text = os.environ.get(f"TENSORWEB_{name}")
            if text is not None:
                self._values[name] = self._parse(name, text, default)

    @staticmethod
    def _parse(name: str, text: str, default: Any) -> Any:
        if isinstance(default, bool):
            if text.lower() in ("1", "true", "yes", "on", "0", "false", "no", "off"):
                return text.lower() in ("1", "true", "yes", "on")
            raise ArgumentError(message(f"TENSORWEB_{name}", "true or false", repr(text), "Correct the environment variable."))
        try:
            return type(default)(text)
        except ValueError:
            raise ArgumentError(message(f"TENSORWEB_{name}", type(default).__name__, repr(text), "Correct it.")) from None

    def get(self, name: str) -> Any:
        """Return the value of a flag."""
        self._check(name)
        return self._values[name]

    def set(self, name: str, value: Any) -> None:
        """Set a flag; the value must be of the default's type."""
        self._check(name)
        if type(value) is not type(DEFAULTS[name]):
            raise ArgumentError(message(f"flag {name}", type(DEFAULTS[name]).__name__, repr(value), "Pass a value of that type."))
        self._values[name] = value

    def as_dict(self) -> dict[str, Any]:
        """Return all flags and their values."""
        return dict(self._values)

    def _check(self, name: str) -> None:
        if name not in DEFAULTS:
            raise ArgumentError(message("flags", f"one of {', '.join(DEFAULTS)}", repr(name), "Check the spelling."))


flags = Flags()


def enable_prod_mode() -> None:
    """Leave out checks that only help while developing, as TensorFlow.js's enableProdMode; debug mode is switched off."""
    flags.set("PROD", True)
    flags.set("DEBUG", False)
