"""What a GPU is to a backend: numbered storage, numbered kernels, and a stream of commands. The devices themselves are beside this file.

`wgpu.py` and `gles.py` run on CPython; `browser_webgpu.py` and `browser_webgl.py` in a page, through the scripts in `player/`.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Kernel(NamedTuple):
    """A kernel's source: a module of WGSL with the entry point `main`, or a fragment shader of GLSL ES 3.0.

    `reads` and `writes` have "f" (float32) or "i" (int32) for each storage; `uniforms` counts words of 32 bits, a multiple of 4.
    """

    code: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    uniforms: int
    name: str


class Limits(NamedTuple):
    """What a device allows, and what it can do."""

    max_bytes: int  # of one storage
    max_storages: int  # bound by one command
    max_groups: int  # along each dimension of a command
    width: int = 0  # texels in a row of a texture, a power of two; 0: storage is buffers
    f16: bool = False
    subgroups: bool = False
    timestamps: bool = False


class Device(Protocol):
    """Runs commands in order. A command is [kernel, storages read..., storages written..., words of uniforms..., x, y, z].

    x, y, z count workgroups; of WebGL, x counts the texels of the outputs. Failures raise DeviceError, at the next wait at the latest.
    """

    name: str
    limits: Limits

    @property
    def lost(self) -> bool:
        """Whether it will never work again; a browser tells a moment after it was lost."""
        ...

    def allocate(self, slot: int, words: int, kind: str) -> None:
        """Make storage of at least so many 32-bit elements under a number; what it holds is undefined. Raises OutOfMemoryError."""
        ...

    def release(self, slot: int) -> None:
        """Give storage back; what was submitted before may still use it."""
        ...

    def write(self, slot: int, data: bytes | memoryview) -> None:
        """Put whole 32-bit elements at the start of storage, after all that was submitted."""
        ...

    def define(self, number: int, kernel: Kernel) -> None:
        """Compile a kernel under a number."""
        ...

    async def ready(self) -> None:
        """Return when all kernels are compiled, several at a time where the device can."""
        ...

    def submit(self, commands: array[int]) -> None:
        """Run commands."""
        ...

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return the bytes of (slot, words) each, after all that was submitted; blocks."""
        ...

    async def read_later(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return what `read` returns, without blocking the event loop."""
        ...

    def wait(self) -> None:
        """Return when all that was submitted has run."""
        ...

    async def wait_later(self) -> None:
        """Return when all that was submitted has run, without blocking the event loop."""
        ...

    def timed(self, on: bool) -> None:
        """Begin to add up the device's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        ...

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where the device cannot tell."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...
