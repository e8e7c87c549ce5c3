"""Which backends there are, which one is current, and the automatic choice; a concrete backend is imported here by name only."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

from ..errors import BackendError, message
from ..flags import flags
from .protocol import Backend


def _works(backend: Backend | None) -> bool:
    return backend is not None and not getattr(backend, "lost", False)


class Registration:
    """A backend's factory, its priority, and the backend once it was made."""

    def __init__(self, factory: Callable[[], Backend], priority: int):
        self.factory, self.priority = factory, priority
        self.backend: Backend | None = None

    @property
    def works(self) -> bool:
        """Whether the backend was made, and its device, if it has one, is not lost."""
        return _works(self.backend)


GPUS = ("webgpu", "webgl")

_registered: dict[str, Registration] = {}
_current: Backend | None = None
_beside: Backend | None = None  # what small things run on where the current backend is a GPU that nobody asked for
_lock = threading.RLock()  # two threads that come first must get one backend; setting one up may look for another


class _Module:
    """The factory in a module here: `create()`, and where setting up has to be awaited in the page, the coroutine `create_later()`."""

    def __init__(self, name: str):
        self.name = name

    def __call__(self) -> Backend:
        return import_module(f".{self.name}", __package__).create()

    async def later(self) -> Backend:
        module = import_module(f".{self.name}", __package__)
        return await module.create_later() if hasattr(module, "create_later") else module.create()


def register_backend(name: str, factory: Callable[[], Backend], priority: int = 1) -> None:
    """Make a backend known: `factory` is called when it is first used; the highest priority is chosen automatically.

    Raises ArgumentError (a ValueError) if the name is taken. As TensorFlow.js's registerBackend.
    """
    if name in _registered:
        raise BackendError(message("register_backend", "a new name", repr(name), "Call remove_backend first."))
    _registered[name] = Registration(factory, priority)


def remove_backend(name: str) -> None:
    """Forget a backend; if it was current, the next operation chooses anew."""
    global _current, _beside
    entry = _registered.pop(name, None)
    if entry is not None and entry.backend is not None:
        if entry.backend in (_current, _beside):
            _current = _beside = None
        entry.backend.close()


def find_backend(name: str) -> Backend | None:
    """Return the backend of that name, set up if need be (again, if its device was lost), or None if none is registered."""
    entry = _registered.get(name)
    if entry is None:
        return None
    if not entry.works:
        with _lock:
            if not entry.works:
                entry.backend = entry.factory()
    return entry.backend


def set_backend(name: str) -> None:
    """Make the named backend current; tensors that live elsewhere are copied when an operation needs them.

    >>> import tensorweb as tw
    >>> tw.set_backend("python"); tw.get_backend()
    'python'
    >>> tw.set_backend("numpy")
    """
    _make_current(name, None)


def _make_current(name: str, beside: Backend | None) -> None:
    global _current, _beside
    try:
        backend = find_backend(name)
    except ImportError as error:
        advice = f"Install what it needs: TensorWeb's extras are called as its backends, pip install 'tensorweb[{name}]'."
        raise BackendError(message("set_backend", "a backend that can be set up here", f"{name!r} ({error})", advice)) from None
    if backend is None:
        raise BackendError(message("set_backend", f"one of {', '.join(_registered)}", repr(name), "Register it first."))
    _current, _beside = backend, beside


def _take(name: str) -> None:
    """Make a backend current that nobody asked for: beside a GPU, small things run on WebAssembly."""
    beside = None
    if name in GPUS:
        with suppress(ImportError, BackendError):
            beside = find_backend("wasm")
    _make_current(name, beside)


@contextmanager
def using(backend: Backend) -> Iterator[None]:
    """Make a backend current, and the only one, for a block."""
    global _current, _beside
    before = _current, _beside
    _current, _beside = backend, None
    try:
        yield
    finally:
        _current, _beside = before


def current() -> Backend:
    """Return the current backend, chosen by priority (or the flag BACKEND) when none was set."""
    if _current is None:
        wanted = flags.get("BACKEND")
        if wanted:
            set_backend(str(wanted))
        for name in registered_backends():
            if _current is None:
                with suppress(BackendError):
                    _take(name)
    if _current is None:
        raise BackendError(message("backend", "a backend", "none that works", "Register one with register_backend."))
    return _current


def beside() -> Backend | None:
    """Return the backend that small things run on, where the current one is a GPU that was chosen automatically."""
    return _beside


def forget_choice() -> None:
    """Let the next operation choose a backend anew."""
    global _current, _beside
    _current = _beside = None


def get_backend() -> str:
    """Return the name of the current backend."""
    return current().name


async def ready(name: str = "") -> None:
    """Set up the backend that will be chosen, or the named one, and make it current; a GPU of the page can only be waited for.

    One whose device was lost is set up again. If ops ran before, this also waits until their kernels are compiled, which a GPU does
    several at a time. Raises BackendError if it cannot be set up. As TensorFlow.js's ready and setBackend.
    """
    if name or not _works(_current):
        await _choose(name or (_current.name if _current is not None else ""))
    compiled = getattr(_current, "ready", None)
    if compiled is not None:
        await compiled()


async def _choose(name: str) -> None:
    wanted = name or str(flags.get("BACKEND"))
    for candidate in [wanted] if wanted else registered_backends():
        try:
            await _set_up(candidate)
            if wanted:
                set_backend(candidate)
                return
            _take(candidate)
            return
        except (BackendError, ImportError):
            if wanted:
                raise
    current()


async def _set_up(name: str) -> None:
    entry = _registered.get(name)
    if entry is not None and not entry.works and isinstance(entry.factory, _Module):
        entry.backend = await entry.factory.later()


def registered_backends() -> list[str]:
    """Return the names of the registered backends, highest priority first."""
    return sorted(_registered, key=lambda n: -_registered[n].priority)


_PRIORITIES = (
    {"python": 0, "numpy": 1, "wasm": 2, "webgl": 3, "webgpu": 4}
    if sys.platform == "emscripten"
    else {"python": 0, "webgl": 0, "webgpu": 0, "wasm": 0, "numpy": 1, "native": 2}
)
for _name, _priority in _PRIORITIES.items():
    register_backend(_name, _Module(_name), _priority)
