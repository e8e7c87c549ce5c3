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
    "CACHE_DIR": "",  # where compiled kernels and files of servers are kept; "": in the user's cache folder
    "WEIGHTS_LIMIT_MB": 0,  # models with larger weights are refused before they are loaded; 0: 2048 in a page, no limit elsewhere
    # Where a GPU was chosen automatically:
    "CPU_HANDOFF_SIZE": 128,  # ops on no more elements than so many, which are not on the GPU, run on WebAssembly
    "WASM_MODEL_BYTES": 3 << 20,  # models whose weights have fewer bytes run on WebAssembly
    "PLAN_LIMIT": 4096,  # plans kept per backend
    "WEBGL_FORCE_F16": False,  # store floats in 16 bits, as devices do that cannot render to 32
    "WEBGL_MEMORY_MB": 0,  # textures beyond so much go to the CPU's memory; 0: estimated from the screen in a page, no limit elsewhere
}


class Flags:
    """Values by name; reading or setting an unknown name raises ArgumentError."""

    def __init__(self) -> None:
        self._values = dict(DEFAULTS)
        for name, default in DEFAULTS.items():
            text = os.environ.get(f"TENSORWEB_{name}")
            if text is not None:
                self._values[name] = self._parse(f"TENSORWEB_{name}", text, default)

    @staticmethod
    def _parse(where: str, text: str, default: Any) -> Any:
        if isinstance(default, bool):
            if text.lower() in ("1", "true", "yes", "on", "0", "false", "no", "off"):
                return text.lower() in ("1", "true", "yes", "on")
            raise ArgumentError(message(where, "true or false", repr(text), "Correct it."))
        try:
            return type(default)(text)
        except ValueError:
            raise ArgumentError(message(where, type(default).__name__, repr(text), "Correct it.")) from None

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

    def set_from_url(self, text: str) -> None:
        """Set flags from `NAME:value,NAME:value`, what a page's address has after `?tensorwebflags=`; all of it or, at an error, nothing.

        As TensorFlow.js's tfjsflags.
        """
        values = {}
        for part in filter(None, text.split(",")):
            name, colon, value = part.partition(":")
            if not colon:
                raise ArgumentError(message("tensorwebflags", "NAME:value,NAME:value", repr(text), "Correct the page's address."))
            self._check(name)
            values[name] = self._parse(f"tensorwebflags {name}", value, DEFAULTS[name])
        self._values.update(values)

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
