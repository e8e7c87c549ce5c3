"""What a backend is: the five things the engine asks of one. Concrete backends and the registry live beside this file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from ..kernels.patterns import Kernel, Spec

Buffer = Any  # what a backend keeps a tensor's elements in; only that backend looks inside


@runtime_checkable
class Backend(Protocol):
    """Keeps buffers and compiles kernels.

    `compile` returns a function from buffers (Python numbers where a spec's dtype is a type) to a list of buffers. For a
    `Routine` kernel whose outputs are None the function returns (buffer, spec) pairs, since only the data decides the shapes.
    A backend whose buffers lie in the host's memory may have a method `memory(buffer, spec)` that gives the elements' bytes without a copy;
    one whose buffers lie elsewhere, a coroutine `download_later(buffer, spec)` that downloads without blocking, and `wait_later()`;
    one on a device, `lost`, whether that is gone, and a coroutine `ready()` that returns when what was compiled so far can run.
    In-place maps give the buffers that hold the updated values: the same ones where memory can be overwritten.
    The engine keeps what it has compiled on the backend, in an attribute `plans`.
    """

    name: str

    def upload(self, values: Any, spec: Spec) -> Buffer:
        """Return a new buffer with a copy of `values`: a flat sequence, a buffer object of the dtype, or an array."""
        ...

    def download(self, buffer: Buffer, spec: Spec) -> Any:
        """Return the elements as a flat, typed memoryview (read-only), or a list for strings and complex numbers."""
        ...

    def compile(self, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        """Return the function that runs a kernel."""
        ...

    def wait(self) -> None:
        """Return when all that was asked for has run; raise DeviceError if something failed."""
        ...

    def close(self) -> None:
        """Give back what the backend holds outside Python's memory."""
        ...
