"""tidy, keep, dispose and memory(): as in TensorFlow.js, though nobody needs them, since the last reference frees a tensor."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from . import engine
from .autodiff import leaves
from .backends import registry
from .backends.heap import derived_bytes
from .errors import ArgumentError, message
from .tensor import Tensor, Variable

T = TypeVar("T")


class MemoryInfo(NamedTuple):
    """What lives: handles, the buffers they share, the bytes of those, and why a figure may be off (empty if none is).

    num_derived_bytes is what compiled backends keep beside them: other forms of matrices and filters, as long as those live unchanged.
    num_bytes_in_gpu_allocated is what the current backend, if it is a GPU, has taken of the device, num_bytes_in_gpu_free the part of it
    that the next tensors take again.
    """

    num_tensors: int
    num_data_buffers: int
    num_bytes: int
    reasons: tuple[str, ...] = ()
    num_derived_bytes: int = 0
    num_bytes_in_gpu_allocated: int = 0
    num_bytes_in_gpu_free: int = 0


def memory() -> MemoryInfo:
    """Return how many tensors and buffers live, and their bytes; variables count as one tensor each.

    >>> import tensorweb as tw
    >>> before = tw.memory().num_bytes
    >>> x = tw.zeros((256,)); y = tw.reshape(x, (16, 16))
    >>> tw.memory().num_bytes - before
    1024
    """
    tensors, containers = engine.ledger.counts()
    pool = getattr(registry._current, "pool", None)
    gpu = (4 * pool.words, 4 * pool.unused) if pool is not None else (0, 0)
    return MemoryInfo(tensors, containers, engine.ledger.settle(), (), derived_bytes(), *gpu)


def keep(result: T) -> T:
    """Keep the tensors in `result` alive past every `tidy` around; return it."""
    for leaf in leaves(result):
        if isinstance(leaf, Tensor):
            scope = engine.state.get().scope
            while scope is not None:
                scope.kept.add(leaf.id)
                scope = scope.parent
    return result


def dispose(container: Any) -> None:
    """Free every tensor and variable in nested lists, tuples and dicts now."""
    for leaf in leaves(container):
        if isinstance(leaf, (Tensor, Variable)):
            leaf.dispose()


class _Tidy:
    """A `with` block at whose end the tensors made inside are disposed, but for the kept ones."""

    def __init__(self, name: str):
        self.scope = engine.Scope(name, engine.state.get().scope)
        self._token: Any = None

    def keep(self, result: T) -> T:
        """Let the tensors in `result` outlive the block; return it."""
        self.scope.kept.update(leaf.id for leaf in leaves(result) if isinstance(leaf, Tensor))
        return result

    def __enter__(self) -> _Tidy:
        self._token = engine.state.set(engine.state.get()._replace(scope=self.scope))
        return self

    def __exit__(self, *exc: object) -> None:
        now = engine.state.get()
        engine.state.set(now._replace(scope=self.scope.parent))
        parent = self.scope.parent
        for reference in self.scope.made:
            tensor = reference()
            if tensor is None:
                continue
            if tensor.id not in self.scope.kept:
                tensor.dispose()
            elif parent is not None:
                parent.add(tensor)


def tidy(name_or_function: Any = None, function: Callable[[], Any] | None = None) -> Any:
    """Run a function and dispose all tensors made inside but those in its result; or, without one, return such a block.

    `tidy(f)` and `tidy(name, f)` return f's result, nested containers looked through. `with tidy() as scope:` disposes at its end
    what `scope.keep` did not name. Variables stay. A coroutine raises ArgumentError, since its work goes on afterwards.

    >>> import tensorweb as tw
    >>> float(tw.tidy(lambda: tw.sum(tw.ones((3,)) * 2.0)))
    6.0
    """
    if callable(name_or_function):
        name_or_function, function = "", name_or_function
    if function is None:
        return _Tidy(name_or_function or "")
    if inspect.iscoroutinefunction(function):
        raise ArgumentError(message("tidy", "a plain function", "a coroutine function", "Use `with tidy()` around parts without await."))
    with _Tidy(name_or_function or "") as block:
        result = function()
        if inspect.iscoroutine(result):
            result.close()
            raise ArgumentError(message("tidy", "a plain result", "a coroutine", "Use `with tidy()` around parts without await."))
        return block.keep(result)
