"""What the backends of shaders share: storage, kernels, the stream of commands, and what runs elsewhere. No code is printed here.

A backend is this class with a device: `backends.webgpu` prints WGSL, `backends.webgl` GLSL. Commands are appended as ops are called, and
handed to the device when there are many, when somebody reads, or when somebody waits.
"""

from __future__ import annotations

import itertools
import struct
import sys
import threading
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .. import dtypes
from ..kernels.patterns import Kernel, Spec, pattern_name
from ..kernels.shaders import LOWERINGS
from ..kernels.shaders.builder import HEADER, Shader
from ..kernels.shaders.launch import Launch, Lowered, Target, emit, stored, words_of
from ..shapes import size_of
from . import devices
from .devices.reading import SharedReads
from .elsewhere import on_host
from .paging import PagedPool
from .storage import Buffer, Pool

FLUSH = 64  # commands that are handed over together
_FLOAT_LIMIT = 3.4028235677973366e38


# What devices that compute on the processor have in their names.
_SOFTWARE = ("swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render")


def busy(device: devices.Device) -> int:
    """Return how many threads keep a device busy: a GPU has thousands at work, the processor's cores want few that do much."""
    return 64 if any(word in device.name.lower() for word in _SOFTWARE) else 2048


class Language(NamedTuple):
    """A shading language: how a launch is begun, and how the work of one is counted in x, y and z."""

    shader: Callable[[Launch], Shader]
    extent: Callable[[Launch], tuple[int, int, int]]


class ShaderBackend:
    """Buffers are numbered storage of a device, lists for strings.

    `here` counts the plans made by pattern, `elsewhere` what ran on another backend, by what it was.
    """

    def __init__(self, name: str, device: devices.Device, language: Language, target: Target, limit: int = 0):
        """With a `limit`, so many bytes may be on the device before the rest goes to the CPU."""
        self.name, self.device, self.language, self.target = name, device, language, target
        self.pool = PagedPool(device, self.flush, limit) if limit else Pool(device, self.flush)
        self._reads = SharedReads(device.read_later)
        self.here: Counter[str] = Counter()
        self.elsewhere: Counter[str] = Counter()
        self.kernels: dict[str, int] = {}
        self._numbers = itertools.count()  # of kernels; one that failed to compile leaves a gap
        self._commands = array("i")
        self._pending = 0
        self._lock = threading.RLock()  # a finalizer may run an op in the middle of one

    # --- values ---

    def upload(self, values: Any, spec: Spec) -> Any:
        dtype = str(spec.dtype)
        if dtype == "string":
            return list(values.reshape(-1).tolist() if hasattr(values, "reshape") else values)
        data = to_words(values, dtype)
        buffer = self._take(spec)
        if data:
            self.flush()
            self.device.write(buffer.slot, data)
        return buffer

    def download(self, buffer: Any, spec: Spec) -> Any:
        if str(spec.dtype) == "string":
            return list(buffer)
        return from_words(self.device.read([self._wanted(buffer, spec)])[0], str(spec.dtype))

    async def download_later(self, buffer: Any, spec: Spec) -> Any:
        """Return what `download` returns, without blocking the event loop; what is asked for at the same time comes in one readback."""
        if str(spec.dtype) == "string":
            return list(buffer)
        return from_words(await self._reads.read(*self._wanted(buffer, spec)), str(spec.dtype))

    def _wanted(self, buffer: Buffer, spec: Spec) -> tuple[int, int]:
        self.flush()
        self.pool.begin()
        return buffer.slot, _words(spec)

    def _take(self, spec: Spec) -> Buffer:
        self.pool.begin()
        return self.pool.take(_words(spec), stored(str(spec.dtype)))

    # --- kernels ---

    def compile(self, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        lower = LOWERINGS.get(type(kernel))
        if lower is None or outputs is None or any(s.dtype == "string" for s in (*inputs, *outputs)):
            return on_host(self, kernel, inputs, outputs)
        self.here[pattern_name(kernel)] += 1
        return self._plan(lower(kernel, inputs, outputs, self.target), outputs)

    def _plan(self, lowered: Lowered, outputs: Sequence[Spec]) -> Callable[..., list[Any]]:
        made_of = [(_words(s), stored(str(s.dtype))) for s in outputs]
        tables = [self._table(content, type) for content, type in lowered.tables]
        calls = [self._call(launch) for launch in lowered.launches if launch.threads]
        take, in_place, scratch = self.pool.take, lowered.in_place, lowered.scratch

        def run(*values: Any) -> list[Any]:
            with self._lock:
                made = [*values[:in_place], *(take(*m) for m in made_of[in_place:])]
                storages = {"in": values, "out": made, "scratch": [take(*s) for s in scratch], "table": tables}
                for call in calls:
                    call(storages, values)
            return made

        return run

    def _table(self, content: bytes, type: str) -> Buffer:
        buffer = self.pool.take(max(1, len(content) // 4), type)
        if content:
            self.flush()
            self.device.write(buffer.slot, content)
        return buffer

    def _call(self, launch: Launch) -> Callable[[dict[str, Sequence[Any]], Sequence[Any]], None]:
        """Return the function that appends one command."""
        number = self._kernel(launch)
        storages = [(s.kind, s.number) for s in (*launch.reads, *launch.writes)]
        readers = [(_READERS[n.kind], n.number) for n in launch.numbers]
        sizes = (launch.threads, *HEADER[1:], *launch.sizes)
        padding = (0,) * (-(len(sizes) + len(readers)) % 4)
        begin = self.pool.begin
        end = (*padding, *self.language.extent(launch))

        def call(operands: dict[str, Sequence[Any]], values: Sequence[Any]) -> None:
            begin()
            slots = [operands[kind][i].slot for kind, i in storages]
            self._commands.extend((number, *slots, *sizes, *[read(values[i]) for read, i in readers], *end))
            self._pending += 1
            if self._pending >= FLUSH:
                self.flush()

        return call

    def _kernel(self, launch: Launch) -> int:
        types = "".join(s.type for s in launch.reads) + ">" + "".join(s.type for s in launch.writes)
        key = repr((launch.family, launch.key, types, launch.lanes, launch.words))
        number = self.kernels.get(key)
        if number is None:
            shader = self.language.shader(launch)
            emit(shader, launch)
            words = len(HEADER) + len(launch.sizes) + len(launch.numbers)
            shader.word(max(0, -(-words // 4) * 4 - 1))
            source, reads, writes = shader.finish(), tuple(shader.reads), tuple(shader.writes)
            number = next(self._numbers)
            self.device.define(number, devices.Kernel(source, reads, writes, shader.uniforms, launch.family))
            self.kernels[key] = number
        return number

    # --- life ---

    def flush(self) -> None:
        """Hand the commands so far to the device."""
        with self._lock:
            if self._pending:
                commands, self._commands, self._pending = self._commands, array("i"), 0
                self.device.submit(commands)

    def wait(self) -> None:
        self.flush()
        self.device.wait()

    async def ready(self) -> None:
        """Return when all kernels so far are compiled."""
        self.flush()
        await self.device.ready()

    @property
    def lost(self) -> bool:
        """Whether the device is gone, and with it what was stored there."""
        return self.device.lost

    def close(self) -> None:
        self._pending = 0
        self.device.close()


def _words(spec: Spec) -> int:
    return size_of(spec.shape) * words_of(str(spec.dtype))


# --- words ------------------------------------------------------------------------------------------------------------------


def float_bits(value: float) -> int:
    """Return the bits of a number as float32."""
    if not -_FLOAT_LIMIT < value < _FLOAT_LIMIT and value == value:
        value = float("inf") if value > 0 else float("-inf")
    return struct.unpack("=i", struct.pack("=f", value))[0]


_READERS: dict[str, Callable[[Any], int]] = {
    "f32": lambda v: float_bits(v.real), "re": lambda v: float_bits(v.real), "im": lambda v: float_bits(v.imag), "i32": int,
}  # fmt: skip


def to_words(values: Any, dtype: str) -> memoryview:
    """Return flat values as what storage holds: float32 or int32, complex numbers as pairs."""
    code = "f" if stored(dtype) == "f" else "i"
    if dtype == "complex64" and not hasattr(values, "astype"):
        values = [part for v in values for part in (complex(v).real, complex(v).imag)]
    if hasattr(values, "astype"):  # NumPy's arrays
        flat = values.astype(dtype, copy=False).reshape(-1)
        flat = flat.view("float32") if dtype == "complex64" else flat.astype({"f": "float32", "i": "int32"}[code], copy=False)
        return memoryview(flat).cast("B") if flat.size else memoryview(b"")
    if isinstance(values, (memoryview, array)):
        view = memoryview(values)
        if view.format == code and view.contiguous:
            return view.cast("B") if view.nbytes else memoryview(b"")
        values = view.tolist()
    if dtype == "float16":
        values = [_half(v) for v in values]
    return memoryview(array(code, map(bool, values) if dtype == "bool" else values)).cast("B")


def _half(value: float) -> float:
    try:
        return struct.unpack("=e", struct.pack("=e", value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def from_words(data: bytes, dtype: str) -> Any:
    """Return the elements of storage as a typed memoryview that cannot be written, or a list of complex numbers."""
    view = memoryview(data)
    if dtypes.kind(dtype) == "c":
        parts = view.cast("f").tolist() if view.nbytes else []
        return list(map(complex, parts[::2], parts[1::2]))
    words: Any = view.cast("f" if stored(dtype) == "f" else "i") if view.nbytes else memoryview(array("f" if stored(dtype) == "f" else "i"))
    if dtype in ("float32", "float16", "int32"):
        return words.toreadonly()
    if dtype == "bool":
        return memoryview(bytes(map(bool, words))).cast("?") if view.nbytes else memoryview(b"").cast("?")
    low = 0 if sys.byteorder == "little" else 3  # the byte that counts
    numbers = memoryview(bytes(data)[low::4])
    return numbers.cast("b") if dtype == "int8" else numbers
