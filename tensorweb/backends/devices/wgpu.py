"""A WebGPU device on CPython, through wgpu-py: Vulkan, Metal or Direct3D 12, whatever the machine has.

The page has a device of its own, `browser_webgpu.py`. Both run the same modules of WGSL under the same layouts.
"""

from __future__ import annotations

import os
import re
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from itertools import accumulate
from typing import Any, NamedTuple

import wgpu
from wgpu.backends.wgpu_native import ffi, lib

from ...errors import BackendError, message
from . import Kernel, Limits, failures
from .reading import portions

# What every device of WebGPU allows; a browser gives no more unless it is asked to.
DEFAULT_LIMITS = {
    "max-storage-buffers-per-shader-stage": 8,
    "max-storage-buffer-binding-size": 128 << 20,
    "max-buffer-size": 256 << 20,
    "max-uniform-buffer-binding-size": 64 << 10,
    "max-compute-workgroups-per-dimension": 65535,
    "max-compute-invocations-per-workgroup": 256,
    "max-compute-workgroup-size-x": 256,
    "max-compute-workgroup-size-y": 256,
    "max-compute-workgroup-size-z": 64,
    "max-compute-workgroup-storage-size": 16 << 10,
}
_BLOCK = 256  # bytes: where uniforms of a command may start
_BLOCKS = 256  # so many fit into the buffer of uniforms; a longer stream takes several passes
_GROUPS = 4096  # bind groups that are kept
_UNSENT = 64 << 20  # bytes written that wait for a submit; wgpu keeps copies of them
_STORAGE = wgpu.BufferUsage.STORAGE | wgpu.BufferUsage.COPY_SRC | wgpu.BufferUsage.COPY_DST

# The three calls that each command takes. wgpu-py's own wrap them in a search for errors, which at the end of the pass is made
# anyway, and take four times as long.
_set_pipeline = lib.wgpuComputePassEncoderSetPipeline
_set_bind_group = lib.wgpuComputePassEncoderSetBindGroup
_dispatch = lib.wgpuComputePassEncoderDispatchWorkgroups


class _Layout(NamedTuple):
    """Bindings that kernels have in common, and the bind groups made for them, by the bytes of the slots' numbers."""

    bindings: Any
    pipeline: Any
    uniforms: int
    groups: dict[bytes, _Group]


class _Group(NamedTuple):
    binding: Any
    layout: _Layout
    key: bytes
    slots: list[_Slot]


class _Slot(NamedTuple):
    buffer: Any
    groups: dict[int, _Group]  # by identity: those that name this slot


class _Copy(NamedTuple):
    staging: Any
    sizes: list[int]
    mapped: Any  # a promise of wgpu-py


class _Compiled(NamedTuple):
    name: str
    pipeline: Any
    layout: _Layout
    storages: int
    uniforms: int
    blocks: int


@contextmanager
def _mapping() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # wgpu-py has no error of its own for this
        raise failures.failed("webgpu", "reading", str(error)) from None


def _reason(error: Exception) -> str:
    """Return what wgpu says without its frame and without the source: the causes, after the line if one is named."""
    text = str(error)
    line = re.search("┌─ .*:([0-9]+):[0-9]+", text)
    told = [re.sub("^[│ =^]+", "", part) for part in text.partition("Caused by:")[2].splitlines() if not re.match(" *(┌─|[0-9]+ │)", part)]
    causes = ": ".join(dict.fromkeys(part.strip(" :") for part in told if part)) or text
    return f"line {line[1]}: {causes.split('error: ')[-1]}" if line else causes


def _turn(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let one thread in at a time, in the process that made the device only, and raise our errors for wgpu's."""

    @wraps(method)
    def call(self: WGPUDevice, *args: Any) -> Any:
        if os.getpid() != self._process:
            raise failures.lost("webgpu", "it belongs to the process that this one was forked from")
        with self._lock:
            if self._gone:
                raise failures.lost("webgpu", self._gone)
            try:
                while self._released:
                    self._free(self._released.popleft())
                return method(self, *args)
            except wgpu.GPUError as error:
                raise self._failure(error, method.__name__.strip("_")) from None

    return call


class WGPUDevice:
    """The machine's GPU. Threads take turns; a forked process cannot use it. `defaults` keeps to a browser's default limits."""

    def __init__(self, defaults: bool = False):
        try:
            adapter = wgpu.gpu.request_adapter_sync(power_preference="high-performance")
            features = adapter.features & {"shader-f16", "subgroup", "timestamp-query"}
            limits = {**adapter.limits, **(DEFAULT_LIMITS if defaults else {})}
            self._device = adapter.request_device_sync(required_features=sorted(features), required_limits=limits)
        except (RuntimeError, wgpu.GPUError) as error:
            advice = "Install a driver for Vulkan, such as Mesa's lavapipe."
            raise BackendError(message("webgpu", "a GPU", f"none: {_reason(error).partition(';')[0]}", advice)) from error
        held = self._device.limits
        self.name = adapter.info["device"]
        self.limits = Limits(
            max_bytes=min(held["max-buffer-size"], held["max-storage-buffer-binding-size"], (1 << 31) - 16),
            max_storages=held["max-storage-buffers-per-shader-stage"],
            max_groups=held["max-compute-workgroups-per-dimension"],
            f16="shader-f16" in features,
            subgroups="subgroup" in features,  # wgpu's name for it
            timestamps="timestamp-query" in features,
        )
        self._max_read = held["max-buffer-size"] // 16 * 16
        self._process, self._lock, self._gone = os.getpid(), threading.RLock(), ""
        self._slots: dict[int, _Slot] = {}
        self._released: deque[int] = deque()  # finalizers only append: they run in the middle of anything
        self._kernels: dict[int, _Compiled] = {}
        self._layouts: dict[tuple[int, int, int], _Layout] = {}
        self._groups = self._unsent = 0
        self._staging: Any = None
        self._queries: Any = None  # of when a pass begins and ends, while passes are timed
        self._stamps: list[tuple[Any, int]] = []  # their results
        self._words = memoryview(bytearray(_BLOCK * _BLOCKS)).cast("i")
        usage = wgpu.BufferUsage.UNIFORM | wgpu.BufferUsage.COPY_DST | wgpu.BufferUsage.COPY_SRC
        self._uniforms = self._device.create_buffer(size=_BLOCK * _BLOCKS, usage=usage)
        self._offsets = ffi.new("uint32_t[]", [*range(0, _BLOCK * _BLOCKS, _BLOCK)])

    @property
    def lost(self) -> bool:
        return bool(self._gone) or os.getpid() != self._process

    def _check(self, error: Exception) -> None:
        """Raise what is to be raised from now on if the error is that the device is lost."""
        if "is lost" in str(error):
            self._gone = "the driver has lost it"
            raise failures.lost("webgpu", self._gone) from None

    def _failure(self, error: Exception, where: str) -> Exception:
        self._check(error)
        return failures.failed("webgpu", where, _reason(error))

    # --- storage ---

    @_turn
    def allocate(self, slot: int, words: int, kind: str) -> None:
        size = max(16, -(-words // 4) * 16)
        if size > self.limits.max_bytes:
            raise failures.no_memory("webgpu", size, self.limits.max_bytes)
        self._free(slot)
        try:
            self._slots[slot] = _Slot(self._device.create_buffer(size=size, usage=_STORAGE), {})
        except wgpu.GPUOutOfMemoryError as error:
            raise failures.no_memory("webgpu", size, self.limits.max_bytes) from error

    def release(self, slot: int) -> None:
        self._released.append(slot)

    def _free(self, slot: int) -> None:
        # The buffer is not destroyed: it goes with the last command that uses it.
        held = self._slots.pop(slot, None)
        for group in list(held.groups.values()) if held else ():
            self._drop(group)

    @_turn
    def write(self, slot: int, data: bytes | memoryview) -> None:
        nbytes = memoryview(data).nbytes
        if nbytes:
            self._device.queue.write_buffer(self._slots[slot].buffer, 0, data)
        self._unsent += nbytes
        if self._unsent > _UNSENT:
            self._send(self._device.create_command_encoder())

    def _send(self, encoder: Any) -> None:
        self._device.queue.submit([encoder.finish()])  # `finish` raises if the device is lost; `submit` would end the process
        self._unsent = 0

    # --- kernels ---

    @_turn
    def define(self, number: int, kernel: Kernel) -> None:
        storages = len(kernel.reads) + len(kernel.writes)
        layout = self._layout(len(kernel.reads), len(kernel.writes), max(16, kernel.uniforms * 4))
        code = kernel.code.replace("enable subgroups;", "")  # a browser wants it; wgpu knows subgroups, but not yet the line
        try:
            module = self._device.create_shader_module(label=kernel.name, code=code)
            stage = {"module": module, "entry_point": "main"}
            pipeline = self._device.create_compute_pipeline(label=kernel.name, layout=layout.pipeline, compute=stage)
        except wgpu.GPUError as error:
            self._check(error)
            raise failures.not_compiled("webgpu", kernel.name, _reason(error)) from None
        blocks = max(1, -(-kernel.uniforms * 4 // _BLOCK))
        self._kernels[number] = _Compiled(kernel.name, pipeline, layout, storages, kernel.uniforms, blocks)

    def _layout(self, reads: int, writes: int, uniforms: int) -> _Layout:
        found = self._layouts.get((reads, writes, uniforms))
        if found is None:
            kinds: list[dict[str, Any]] = [{"type": "uniform", "has_dynamic_offset": True, "min_binding_size": uniforms}]
            kinds += [{"type": "read-only-storage"}] * reads + [{"type": "storage"}] * writes
            entries = [{"binding": i, "visibility": wgpu.ShaderStage.COMPUTE, "buffer": kind} for i, kind in enumerate(kinds)]
            bindings = self._device.create_bind_group_layout(entries=entries)
            pipeline = self._device.create_pipeline_layout(bind_group_layouts=[bindings])
            found = self._layouts[reads, writes, uniforms] = _Layout(bindings, pipeline, uniforms, {})
        return found

    async def ready(self) -> None:
        """Return when all kernels are compiled: at once, for `define` waits here."""

    # --- commands ---

    @_turn
    def submit(self, commands: array[int]) -> None:
        at, stream = 0, memoryview(commands)
        while at < len(stream):
            at = self._pass(stream, at)

    def _pass(self, stream: memoryview, at: int) -> int:
        """Submit as many commands as the buffer of uniforms serves; return where the next begins."""
        encoder = self._device.create_command_encoder()
        writes = {"query_set": self._queries, "beginning_of_pass_write_index": 0, "end_of_pass_write_index": 1}
        pass_ = encoder.begin_compute_pass(timestamp_writes=writes if self._queries else None)
        names: dict[str, None] = {}
        try:
            at, used = self._record(pass_, stream, at, names)
        finally:
            pass_.end()
        if self._queries:
            buffer = self._device.create_buffer(size=16, usage=wgpu.BufferUsage.QUERY_RESOLVE | wgpu.BufferUsage.COPY_SRC)
            encoder.resolve_query_set(self._queries, 0, 2, buffer, 0)
            self._stamps.append((buffer, 16))
        try:
            self._device.queue.write_buffer(self._uniforms, 0, self._words[: used * _BLOCK // 4])
            self._send(encoder)
        except wgpu.GPUError as error:
            raise self._failure(error, f"a pass of {', '.join([*names][:8])}") from None
        return at

    def _record(self, pass_: Any, stream: memoryview, at: int, names: dict[str, None]) -> tuple[int, int]:
        handle, kernels, words, offsets = pass_._internal, self._kernels, self._words, self._offsets
        block, last = 0, None
        while at < len(stream):
            kernel = kernels[stream[at]]
            if block + kernel.blocks > _BLOCKS:
                break
            start = at + 1 + kernel.storages
            end = start + kernel.uniforms
            x, y, z = stream[end : end + 3]
            words[block * _BLOCK // 4 : block * _BLOCK // 4 + kernel.uniforms] = stream[start:end]
            if kernel is not last:
                _set_pipeline(handle, kernel.pipeline._internal)
                names[kernel.name] = None
            key = stream[at + 1 : start].tobytes()
            group = kernel.layout.groups.get(key) or self._group(kernel.layout, key, stream[at + 1 : start])
            _set_bind_group(handle, 0, group.binding._internal, 1, offsets + block)
            _dispatch(handle, x, y, z)
            at, block, last = end + 3, block + kernel.blocks, kernel
        return at, block

    def _group(self, layout: _Layout, key: bytes, numbers: Iterable[int]) -> _Group:
        if self._groups >= _GROUPS:
            self._drop_all()
        slots = [self._slots[number] for number in numbers]
        resources = [{"buffer": self._uniforms, "offset": 0, "size": layout.uniforms}, *({"buffer": slot.buffer} for slot in slots)]
        entries = [{"binding": i, "resource": resource} for i, resource in enumerate(resources)]
        binding = self._device.create_bind_group(layout=layout.bindings, entries=entries)
        group = layout.groups[key] = _Group(binding, layout, key, slots)
        for slot in slots:
            slot.groups[id(group)] = group
        self._groups += 1
        return group

    def _drop(self, group: _Group) -> None:
        del group.layout.groups[group.key]
        for slot in group.slots:
            slot.groups.pop(id(group), None)  # a slot may be named twice
        self._groups -= 1

    def _drop_all(self) -> None:
        for layout in self._layouts.values():
            for group in list(layout.groups.values()):
                self._drop(group)

    # --- reading and waiting ---

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        found = []
        for copy in self._reading(wanted):
            with _mapping():
                copy.mapped.sync_wait()
            found += self._take(copy)
        return found

    async def read_later(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        found = []
        for copy in self._reading(wanted):  # all of them are under way
            with _mapping():
                await copy.mapped
            found += self._take(copy)
        return found

    def wait(self) -> None:
        self.read([])

    async def wait_later(self) -> None:
        await self.read_later([])

    @_turn
    def _reading(self, wanted: Sequence[tuple[int, int]]) -> list[_Copy]:
        """Copy storage to where it can be read; more than one buffer may hold is several copies."""
        parts = portions(wanted, self._max_read)
        return [self._copy([(self._slots[slot].buffer, words * 4) for slot, words in part]) for part in parts]

    def _copy(self, pieces: Sequence[tuple[Any, int]]) -> _Copy:
        sizes = [size for _, size in pieces]
        *offsets, total = accumulate(sizes, initial=0)
        staging, self._staging = self._staging, None
        if staging is None or staging.size < total:
            size = min(max(4096, 1 << (total - 1).bit_length()), self._max_read)
            staging = self._device.create_buffer(size=size, usage=wgpu.BufferUsage.MAP_READ | wgpu.BufferUsage.COPY_DST)
        encoder = self._device.create_command_encoder()
        for (buffer, size), offset in zip(pieces, offsets):
            if size:
                encoder.copy_buffer_to_buffer(buffer, 0, staging, offset, size)
        if not total:  # something must be copied: a buffer is mapped when what uses it has run
            encoder.copy_buffer_to_buffer(self._uniforms, 0, staging, 0, 4)
        self._send(encoder)
        return _Copy(staging, sizes, staging.map_async(wgpu.MapMode.READ, 0, max(4, total)))

    @_turn
    def _take(self, copy: _Copy) -> list[bytes]:
        """Return the pieces of a copy, and keep its buffer for the next."""
        view = copy.staging.read_mapped(copy=False)
        *offsets, _ = accumulate(copy.sizes, initial=0)
        pieces = [bytes(view[offset : offset + size]) for offset, size in zip(offsets, copy.sizes)]
        copy.staging.unmap()
        if self._staging is None or self._staging.size < copy.staging.size:
            self._staging = copy.staging
        return pieces

    # --- time ---

    @_turn
    def timed(self, on: bool) -> None:
        """Begin to add up the GPU's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        self._queries = self._device.create_query_set(type="timestamp", count=2) if on and self.limits.timestamps else None
        self._stamps = []

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where the GPU cannot tell."""
        if self._queries is None:
            return None
        copy = self._times()
        with _mapping():
            copy.mapped.sync_wait()
        return self._sum(copy)

    async def elapsed_later(self) -> float | None:
        """Return what `elapsed` returns, without blocking the event loop."""
        if self._queries is None:
            return None
        copy = self._times()
        with _mapping():
            await copy.mapped
        return self._sum(copy)

    @_turn
    def _times(self) -> _Copy:
        return self._copy(self._stamps)

    def _sum(self, copy: _Copy) -> float:
        pairs = [memoryview(piece).cast("Q") for piece in self._take(copy)]
        return sum(end - start for start, end in pairs) / 1e6

    def close(self) -> None:
        if os.getpid() != self._process:
            return
        with self._lock:
            self._gone = self._gone or "it was closed"
            self._drop_all()  # they refer to slots, and those to them
            for held in (self._slots, self._kernels, self._layouts, self._stamps):
                held.clear()
            self._device = self._uniforms = self._queries = self._staging = None
