"""The backend `webgpu`: shaders in WGSL on a device of WebGPU, in the page or on CPython through wgpu-py (extra `webgpu`)."""

from __future__ import annotations

import sys
from importlib import import_module

from ..errors import BackendError, message
from ..kernels.shaders.launch import Launch, Target
from ..kernels.wgsl import WORKGROUP, WgslShader
from .devices import Device
from .shaders import Language, ShaderBackend, busy


def create() -> ShaderBackend:
    """Return the backend on a device of its own. In a page that needs JSPI: elsewhere there, `await tw.ready("webgpu")`."""
    if sys.platform != "emscripten":
        return on(import_module(".devices.wgpu", __package__).WGPUDevice())
    ffi = import_module("pyodide.ffi")
    if not ffi.can_run_sync():
        raise BackendError(message("webgpu", "a GPU that was waited for", "none yet", 'Write `await tw.ready("webgpu")` first.'))
    return ffi.run_sync(create_later())


async def create_later() -> ShaderBackend:
    """Return the backend when the browser has given a GPU."""
    if sys.platform != "emscripten":
        return create()
    return on(await import_module(".devices.browser_webgpu", __package__).PageWebGPUDevice.create())


def on(device: Device) -> ShaderBackend:
    """Return the backend on a device."""
    limits = device.limits

    def extent(launch: Launch) -> tuple[int, int, int]:
        if launch.grid is not None:
            return launch.grid
        groups = -(-launch.threads // WORKGROUP)
        x = min(groups, limits.max_groups)
        return x, -(-groups // x), 1

    target = Target(limits.max_storages, limits.max_storages // 2, groups=True, subgroups=limits.subgroups, busy=busy(device))
    return ShaderBackend("webgpu", device, Language(_shader, extent), target)


def _shader(launch: Launch) -> WgslShader:
    reads, writes = ("".join(s.type for s in storages) for storages in (launch.reads, launch.writes))
    return WgslShader(reads, writes, launch.lanes, launch.words)
