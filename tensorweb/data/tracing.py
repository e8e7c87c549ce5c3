"""The spec of what a function makes of elements: found on abstract tensors, or else on the first element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine import ABSTRACT, changed_state
from ..tensor import Tensor
from .stream import End, is_coroutine
from .structure import TensorSpec, as_element, call, leaves, map_structure, merged, spec_of


def traced(function: Callable[..., Any], spec: Any, peek: Callable[[], Any]) -> Any:
    """Return the spec of function(elements of `spec`); `peek` gives the first one if the function reads values."""
    varies = any(s.shape is None or None in s.shape for s in leaves(spec) if isinstance(s, TensorSpec))
    try:
        first = _abstract(function, spec, 2)
        return merged(first, _abstract(function, spec, 3)) if varies else first
    except Exception:  # whatever a function may do with a tensor that has no values
        return _of_first(peek, varies)


def _abstract(function: Callable[..., Any], spec: Any, size: int) -> Any:
    def leaf(s: Any) -> Any:
        if not isinstance(s, TensorSpec) or s.shape is None:
            raise TypeError("the rank is unknown")
        return Tensor(ABSTRACT, tuple(size if d is None else d for d in s.shape), str(s.dtype))

    with changed_state(tapes=()):
        made = call(function, map_structure(leaf, spec))
    if is_coroutine(made):
        made.close()
        raise TypeError("a coroutine makes nothing of abstract tensors")
    return spec_of(as_element(made, "map"))


def _of_first(peek: Callable[[], Any], varies: bool) -> Any:
    try:
        found = spec_of(peek())
    except End:
        return TensorSpec(None, "float32")

    def leaf(s: Any) -> Any:
        # Batches: the first dimension is that of the first batch only.
        return TensorSpec((None, *s.shape[1:]), s.dtype) if varies and s.shape else s

    return map_structure(leaf, found)
