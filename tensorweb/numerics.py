"""Numbers that depend on what the current device can tell apart."""

from __future__ import annotations

import weakref
from typing import Any

from .backends import registry
from .tensor import op, tensor


def epsilon() -> float:
    """Return the small number to add before a logarithm or a division: 1e-7, or 1e-4 where the device loses 1e-8.

    The device is asked once: 16-bit GPUs flush 1e-8 to zero, as the paper on TensorFlow.js tells.

    >>> import tensorweb as tw
    >>> tw.epsilon()
    1e-07
    """
    if _chosen is not None:
        return _chosen
    backend = registry.current()
    # WebGPU computes in 32 bits, and a page cannot always wait for an answer of its.
    return 1e-7 if backend.name == "webgpu" else _probe(backend)


_chosen: float | None = None


def set_epsilon(value: float | None) -> None:
    """Set what `epsilon` returns; None asks the device again."""
    global _chosen
    _chosen = value


_probed: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()


def _probe(backend: Any) -> float:
    if backend not in _probed:
        with registry.using(backend):
            _probed[backend] = 1e-7 if float(op("add")(tensor(1e-8), 0.0)) > 0 else 1e-4
    return _probed[backend]
