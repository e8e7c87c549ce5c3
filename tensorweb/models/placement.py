"""Where a model computes when a GPU was chosen automatically: a small one on WebAssembly, which starts at once and waits for nobody.

Whether a backend was chosen or set is known to `backends.registry`; ops on small tensors are placed by the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import wraps
from typing import Any

from ..autodiff import leaves
from ..backends import registry
from ..backends.protocol import Backend
from ..flags import flags
from ..waiting import Driver


def backend_beside(model: Any, data: Any) -> Backend | None:
    """Return the backend for a small model beside an automatic GPU, unless its weights or the data are on that already."""
    backend = registry.beside()
    if backend is None or not model.built:
        return None
    held = [v._value for v in model.variables] + [t for t in leaves(data) if hasattr(t, "_container")]
    containers = [t._container for t in held]
    if any(getattr(c, "backend", None) not in (backend, None) for c in containers):
        return None
    weights = sum(c.nbytes for c in containers[: len(model.variables)])
    return backend if weights < flags.get("WASM_MODEL_BYTES") else None


def placed(method: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a model's method: a small model computes beside the GPU."""

    @wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        backend = registry.beside() and backend_beside(self, (args, kwargs))
        if not backend:
            return method(self, *args, **kwargs)
        with registry.using(backend):
            return method(self, *args, **kwargs)

    return run


def placed_loop(method: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Generator[Any, Any, Any]]:
    """Decorate a model's method that is a generator of waits: others may compute elsewhere while it waits."""

    @wraps(method)
    def run(self: Any, *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        backend = registry.beside() and backend_beside(self, (args, kwargs))
        work = method(self, *args, **kwargs)
        return (yield from work) if not backend else (yield from _on(backend, work))

    return run


def _on(backend: Backend, work: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Drive a generator with a backend current whenever it runs."""
    driver = Driver(work)
    while True:
        try:
            with registry.using(backend):
                wanted = driver.step()
        except StopIteration as end:
            return end.value
        try:
            driver.answer((yield wanted))
        except BaseException as error:
            driver.fail(error)
