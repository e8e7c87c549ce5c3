"""Numbers that depend on what the current device can tell apart."""

from __future__ import annotations

from functools import lru_cache

from .backends import registry
from .tensor import op, tensor


def epsilon() -> float:
    """Return the small number to add before a logarithm or a division: 1e-7, or 1e-4 where the device loses 1e-8.

    The device is asked once: 16-bit GPUs flush 1e-8 to zero, as the paper on TensorFlow.js tells.

    >>> import tensorweb as tw
    >>> tw.epsilon()
    1e-07
    """
    return _chosen if _chosen is not None else _probe(registry.get_backend())


_chosen: float | None = None


def set_epsilon(value: float | None) -> None:
    """Set what `epsilon` returns; None asks the device again."""
    global _chosen
    _chosen = value


@lru_cache(maxsize=16)
def _probe(backend: str) -> float:
    return 1e-7 if float(op("add")(tensor(1e-8), 0.0)) > 0 else 1e-4
