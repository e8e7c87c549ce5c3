"""The backend `webgl`: shaders in GLSL ES 3.0 on WebGL 2 in the page, or on CPython on OpenGL ES 3 (no package is needed for it)."""

from __future__ import annotations

import sys
from importlib import import_module

from ..flags import flags
from ..kernels.glsl import GlslShader
from ..kernels.shaders.launch import Launch, Target
from .devices import Device
from .paging import BYTES_PER_PIXEL
from .shaders import Language, ShaderBackend, busy

_OUTPUTS = 8  # of a kernel; every device of WebGL 2 can write four at once, most eight


def create() -> ShaderBackend:
    """Return the backend on a device of its own; with the flag WEBGL_FORCE_F16 it stores floats in 16 bits."""
    half = flags.get("WEBGL_FORCE_F16")
    if sys.platform == "emscripten":
        return on(import_module(".devices.browser_webgl", __package__).PageWebGLDevice(half=half))
    return on(import_module(".devices.gles", __package__).GLESDevice(half=half))


def on(device: Device) -> ShaderBackend:
    """Return the backend on a device."""
    row_bits = device.limits.width.bit_length() - 1

    def shader(launch: Launch) -> GlslShader:
        reads, writes = ("".join(s.type for s in storages) for storages in (launch.reads, launch.writes))
        return GlslShader(reads, writes, launch.lanes, launch.words, row_bits)

    target = Target(device.limits.max_storages, min(_OUTPUTS, getattr(device, "max_writes", 4)), groups=False, busy=busy(device))
    return ShaderBackend("webgl", device, Language(shader, _texels), target, _memory_limit())


def _memory_limit() -> int:
    """Return the bytes of textures beyond which pages go to the CPU; 0: there is no limit."""
    limit = int(flags.get("WEBGL_MEMORY_MB")) << 20
    if limit or sys.platform != "emscripten":
        return limit
    known = getattr(import_module("js"), "tensorweb", None)  # what the page told its worker
    screen = known.screen if known else getattr(import_module("js"), "screen", None)
    if screen is None:
        return 0
    ratio = getattr(screen, "ratio", None) or getattr(import_module("js"), "devicePixelRatio", 1)
    return int(screen.width * screen.height * ratio * BYTES_PER_PIXEL)


def _texels(launch: Launch) -> tuple[int, int, int]:
    return -(-launch.threads * launch.lanes * launch.words // 4), 1, 1
