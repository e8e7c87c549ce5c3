"""OpenGL ES 3.0 by ctypes: the functions and numbers of libGLESv2 that a stream needs, and contexts without a window from libEGL.

No streams here: those are in `gles.py`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import threading
from collections.abc import Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from ...errors import BackendError, message
from . import failures

# The numbers of OpenGL ES 3.0 and its extensions, by their names in the standard.
GL = SimpleNamespace(
    COLOR=0x1800,
    COLOR_ATTACHMENT0=0x8CE0,
    COMPILE_STATUS=0x8B81,
    CONTEXT_LOST=0x0507,
    FLOAT=0x1406,
    FRAGMENT_SHADER=0x8B30,
    FRAMEBUFFER=0x8D40,
    FRAMEBUFFER_COMPLETE=0x8CD5,
    GPU_DISJOINT_EXT=0x8FBB,
    INT=0x1404,
    LINK_STATUS=0x8B82,
    MAP_READ_BIT=0x0001,
    MAX_DRAW_BUFFERS=0x8824,
    MAX_FRAGMENT_UNIFORM_VECTORS=0x8DFD,
    MAX_TEXTURE_IMAGE_UNITS=0x8872,
    MAX_TEXTURE_SIZE=0x0D33,
    MAX_VIEWPORT_DIMS=0x0D3A,
    NEAREST=0x2600,
    NUM_EXTENSIONS=0x821D,
    EXTENSIONS=0x1F03,
    OUT_OF_MEMORY=0x0505,
    PIXEL_PACK_BUFFER=0x88EB,
    QUERY_RESULT_EXT=0x8866,
    RENDERER=0x1F01,
    RGBA=0x1908,
    RGBA16F=0x881A,
    RGBA32F=0x8814,
    RGBA32I=0x8D82,
    RGBA_INTEGER=0x8D99,
    STREAM_READ=0x88E1,
    SYNC_FLUSH_COMMANDS_BIT=0x0001,
    SYNC_GPU_COMMANDS_COMPLETE=0x9117,
    TEXTURE0=0x84C0,
    TEXTURE_2D=0x0DE1,
    TEXTURE_MAG_FILTER=0x2800,
    TEXTURE_WRAP_S=0x2802,
    TEXTURE_WRAP_T=0x2803,
    CLAMP_TO_EDGE=0x812F,
    TEXTURE_MIN_FILTER=0x2801,
    TIMEOUT_EXPIRED=0x911B,
    TIME_ELAPSED_EXT=0x88BF,
    TRIANGLES=0x0004,
    VERTEX_SHADER=0x8B31,
)

# The arguments of each function, and after `>` its result: signed, unsigned, pointer, size, 64 bits, characters.
_TYPES = {
    "i": ctypes.c_int,
    "u": ctypes.c_uint,
    "p": ctypes.c_void_p,
    "z": ctypes.c_ssize_t,
    "q": ctypes.c_uint64,
    "c": ctypes.c_char_p,
}
_FUNCTIONS = {
    "ActiveTexture": "u",
    "AttachShader": "uu",
    "BeginQueryEXT": "uu",
    "BindBuffer": "uu",
    "BindFramebuffer": "uu",
    "BindTexture": "uu",
    "BufferData": "uzpu",
    "CheckFramebufferStatus": "u>u",
    "ClearBufferfv": "uip",
    "ClientWaitSync": "puq>u",
    "CompileShader": "u",
    "CreateProgram": ">u",
    "CreateShader": "u>u",
    "DeleteBuffers": "ip",
    "DeleteFramebuffers": "ip",
    "DeleteQueriesEXT": "ip",
    "DeleteShader": "u",
    "DeleteSync": "p",
    "DeleteTextures": "ip",
    "DrawArrays": "uii",
    "DrawBuffers": "ip",
    "EndQueryEXT": "u",
    "FenceSync": "uu>p",
    "Finish": "",
    "FramebufferTexture2D": "uuuui",
    "GenBuffers": "ip",
    "GenFramebuffers": "ip",
    "GenQueriesEXT": "ip",
    "GenTextures": "ip",
    "GetError": ">u",
    "GetIntegerv": "up",
    "GetProgramInfoLog": "uipp",
    "GetProgramiv": "uup",
    "GetQueryObjectui64vEXT": "uup",
    "GetShaderInfoLog": "uipp",
    "GetShaderiv": "uup",
    "GetString": "u>c",
    "GetStringi": "uu>c",
    "GetUniformLocation": "uc>i",
    "LinkProgram": "u",
    "MapBufferRange": "uzzu>p",
    "ReadPixels": "iiiiuup",
    "ShaderSource": "uipp",
    "TexParameteri": "uui",
    "TexStorage2D": "uiuii",
    "TexSubImage2D": "uiiiiiuup",
    "Uniform1i": "ii",
    "Uniform4iv": "iip",
    "UseProgram": "u",
    "Viewport": "iiii",
}
_EGL_FUNCTIONS = {
    "ChooseConfig": "pppip>u",
    "CreateContext": "pppp>p",
    "DestroyContext": "pp>u",
    "GetDisplay": "p>p",
    "GetError": ">i",
    "GetProcAddress": "c>p",
    "Initialize": "ppp>u",
    "MakeCurrent": "pppp>u",
}
_PLATFORM_SURFACELESS, _PLATFORM_DEVICE = 0x31DD, 0x313F
_CONFIG = (0x3033, 0, 0x3040, 0x0040, 0x3038)  # any surface; renders OpenGL ES 3
_CONTEXTS = (
    (0x3098, 3, 0x30FB, 0, 0x2097, 0, 0x3038),  # version 3.0, no flush when a thread lets go of the context
    (0x3098, 3, 0x3038),
)


def _types(signature: str) -> tuple[Any, list[Any]]:
    arguments, _, result = signature.partition(">")
    return _TYPES[result] if result else None, [_TYPES[letter] for letter in arguments]


def _load(name: str, soname: str) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(ctypes.util.find_library(name) or soname)
    except OSError as error:
        raise BackendError(message("webgl", f"the library lib{name}", str(error), "Install OpenGL ES, such as Mesa's.")) from None


@lru_cache(maxsize=1)
def _egl() -> SimpleNamespace:
    library = _load("EGL", "libEGL.so.1")
    functions = SimpleNamespace()
    for name, signature in _EGL_FUNCTIONS.items():
        function = getattr(library, "egl" + name)
        function.restype, function.argtypes = _types(signature)
        setattr(functions, name, function)
    return functions


def _extension(name: str, signature: str) -> Any:
    """Return a function by its whole name, or None."""
    address = _egl().GetProcAddress(name.encode())
    result, arguments = _types(signature)
    return ctypes.CFUNCTYPE(result, *arguments)(address) if address else None


@lru_cache(maxsize=1)
def functions() -> SimpleNamespace:
    """Return OpenGL's functions without their `gl`; one of an extension that is not there is None."""
    library, found = _load("GLESv2", "libGLESv2.so.2"), SimpleNamespace()
    for name, signature in _FUNCTIONS.items():
        function = getattr(library, "gl" + name, None)
        if function is None:
            function = _extension("gl" + name, signature)
        else:
            function.restype, function.argtypes = _types(signature)
        setattr(found, name, function)
    return found


def _displays() -> Iterator[int | None]:
    """Yield displays that may need no window: those of the machine's GPUs, Mesa's without surfaces, the default one."""
    get = _extension("eglGetPlatformDisplayEXT", "upp>p")
    query = _extension("eglQueryDevicesEXT", "ipp>u")
    devices, count = (ctypes.c_void_p * 16)(), ctypes.c_int()
    if get and query and query(16, devices, ctypes.byref(count)):
        for device in devices[: count.value]:
            yield get(_PLATFORM_DEVICE, device, None)
    if get:
        yield get(_PLATFORM_SURFACELESS, None, None)
    yield _egl().GetDisplay(None)


def _integers(*values: int) -> Any:
    return (ctypes.c_int32 * len(values))(*values)


_process = 0  # in which libEGL was first used


def _new_context() -> tuple[int, int]:
    """Return a display and a context on it."""
    global _process
    if _process not in (0, os.getpid()):
        raise BackendError(message("webgl", "a process that starts anew", "a fork of one that used OpenGL", "Start processes by `spawn`."))
    egl, _process = _egl(), os.getpid()
    for display in _displays():
        if not display or not egl.Initialize(display, None, None):
            continue
        config, count = ctypes.c_void_p(), ctypes.c_int()
        if not egl.ChooseConfig(display, _integers(*_CONFIG), ctypes.byref(config), 1, ctypes.byref(count)) or not count.value:
            continue
        for attributes in _CONTEXTS:
            context = egl.CreateContext(display, config, None, _integers(*attributes))
            if context and egl.MakeCurrent(display, None, None, context):
                egl.MakeCurrent(display, None, None, None)
                return display, context
    raise BackendError(
        message("webgl", "a GPU with OpenGL ES 3.0", f"none: EGL's error {egl.GetError():#x}", "Install a driver, such as Mesa's llvmpipe.")
    )


class Context:
    """A context, which is the calling thread's inside `with`; other threads wait. It belongs to the process that made it."""

    def __init__(self) -> None:
        self._display, self._context = _new_context()
        self._make_current = _egl().MakeCurrent
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._depth = 0
        self.disturbed = False  # whether an exception has ended a `with`

    @property
    def usable(self) -> bool:
        """Whether it is open and this process made it."""
        return bool(self._context) and self._process == os.getpid()

    def __enter__(self) -> None:
        if self._process != os.getpid():  # before the lock: in a fork nobody may be left to open it
            raise failures.lost("webgl", "it belongs to the process that this one was forked from")
        self._lock.acquire()
        if not self._depth and not (self._context and self._make_current(self._display, None, None, self._context)):
            self._lock.release()
            raise failures.lost("webgl", f"EGL's error {_egl().GetError():#x}" if self._context else "it was closed")
        self._depth += 1

    def __exit__(self, error: object, *_: object) -> None:
        self._depth -= 1
        self.disturbed |= error is not None
        if not self._depth:
            self._make_current(self._display, None, None, None)
        self._lock.release()

    def close(self) -> None:
        """Give the context and all that is in it back."""
        if self.usable:
            with self._lock:
                _egl().DestroyContext(self._display, self._context)
                self._context = 0
