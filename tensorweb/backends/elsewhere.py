"""What a backend has no kernels for, host routines and strings, runs on NumPy or in plain Python: values are moved there and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from ..errors import BackendError, message
from ..kernels.patterns import Kernel, Routine, Spec, pattern_name
from . import registry
from .protocol import Backend


class Counting(Backend, Protocol):
    """A backend that counts in `elsewhere` what did not run on it."""

    elsewhere: Counter[str]


def on_host(backend: Counting, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
    """Return the function of a kernel that another backend runs."""
    label = kernel.name if isinstance(kernel, Routine) else pattern_name(kernel)
    if any(s.dtype == "string" for s in (*inputs, *(outputs or ()))):
        label += " of strings"
    host = _host()
    function = host.compile(kernel, inputs, outputs)
    upload, download = backend.upload, backend.download

    def run(*values: Any) -> list[Any]:
        backend.elsewhere[f"{label} on {host.name}"] += 1
        moved = [v if isinstance(s.dtype, type) else host.upload(download(v, s), s) for v, s in zip(values, inputs, strict=True)]
        results = function(*moved)
        if outputs is None:
            return [(upload(host.download(v, s), s), s) for v, s in results]
        return [upload(host.download(v, s), s) for v, s in zip(results, outputs, strict=True)]

    return run


def _host() -> Any:
    """Return numpy where NumPy is, else python."""
    for name in ("numpy", "python"):
        try:
            found = registry.find_backend(name)
        except ImportError:
            continue
        if found is not None:
            return found
    raise BackendError(message("backend", "numpy or python", "neither", "Register one of them."))
