"""Streams of WebGL on CPython: textures, fragment shaders and draws in OpenGL ES 3.0. `player/webgl.js` does the same in the page.

Texel i of a texture lies at (i & (W - 1), i >> log2 W) and holds four elements; fewer than W texels are one row of just that many.
"""

from __future__ import annotations

import asyncio
import ctypes
import weakref
from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from ...errors import BackendError, DeviceError, OutOfMemoryError, message
from . import Kernel, Limits, failures
from .egl import GL, Context, functions

TEXEL = 16  # bytes of four elements
MAX_WIDTH = 1024  # GPUs compute squares of two by two texels: a row alone wastes half of them
MAX_TEXELS = 1 << 24  # of a texture: shaders count them in floats
MAX_GROUPS = 512  # framebuffers of several textures that are kept; one of a single texture lives with it
VERTEX_SHADER = """#version 300 es
void main() { gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0); }
"""


class Storage(NamedTuple):
    """A texture, and what reads and writes of it say: its kind of elements."""

    texture: int
    size: tuple[int, int]
    format: int
    type: int
    groups: set[tuple[int, ...]]  # keys of framebuffers that it shares


class Program:
    """A kernel that is linked, or has yet to be asked whether it is."""

    def __init__(self, kernel: Kernel, handle: int, shader: int):
        self.kernel, self.handle, self.shader = kernel, handle, shader
        self.reads, self.writes, self.vectors = len(kernel.reads), len(kernel.writes), kernel.uniforms // 4
        self.location = -1
        self.error: DeviceError | None = None


class GLESDevice:
    """Runs WebGL's kernels on OpenGL ES. A call from another thread waits for its turn; a forked process gets an error.

    With `half`, or where float32 cannot be rendered to, floats are stored in 16 bits and read as float32.
    """

    def __init__(self, *, half: bool = False):
        self._context, self._gl = Context(), functions()
        self._storages: dict[int, Storage] = {}
        self._programs: dict[int, Program] = {}
        self._unchecked: set[int] = set()  # numbers of kernels whose compilation nobody has asked after
        self._released: deque[int] = deque()  # finalizers only append: they run in the middle of anything
        self._framebuffers: dict[int, int] = {}  # of one texture, by its slot
        self._groups: dict[tuple[int, ...], int] = {}  # of several
        self._allocated = 0  # bytes, the last time
        self._bound: list[int] = []  # the texture of each unit
        self._program = self._framebuffer = 0
        self._queries: list[int] | None = None  # one for each submit while they are timed
        self._taken = False  # whether the driver took the context away
        weakref.finalize(self, self._context.close).atexit = False
        with self._context:
            self._set_up(half)

    def _set_up(self, half: bool) -> None:
        gl = self._gl
        self.name = gl.GetString(GL.RENDERER).decode()
        extensions = {gl.GetStringi(GL.EXTENSIONS, i).decode() for i in range(self._integer(GL.NUM_EXTENSIONS))}
        size = min(self._integer(GL.MAX_TEXTURE_SIZE), self._integer(GL.MAX_VIEWPORT_DIMS))
        width = 1 << min(size, MAX_WIDTH).bit_length() - 1
        self._shift, self._mask = width.bit_length() - 1, width - 1
        self._units, self._vectors = self._integer(GL.MAX_TEXTURE_IMAGE_UNITS), self._integer(GL.MAX_FRAGMENT_UNIFORM_VECTORS)
        self.max_writes = self._integer(GL.MAX_DRAW_BUFFERS)
        self.limits = Limits(
            max_bytes=min(width * size, MAX_TEXELS) * TEXEL,
            max_storages=self._units,
            max_groups=min(width * size, MAX_TEXELS),
            width=width,
            timestamps="GL_EXT_disjoint_timer_query" in extensions,
        )
        self._bound = [0] * self._units
        self._vertex_shader = self._shader(GL.VERTEX_SHADER, VERTEX_SHADER)
        self.half = half or not self._renders(GL.RGBA32F)
        if self.half and not self._renders(GL.RGBA16F):
            raise BackendError(message("webgl", "a GPU that renders to floats", self.name, "Use another backend."))
        while gl.GetError():  # of what the probes found missing
            pass

    @property
    def lost(self) -> bool:
        return self._taken or not self._context.usable

    def _integer(self, name: int) -> int:
        value = (ctypes.c_int * 2)()
        self._gl.GetIntegerv(name, value)
        return value[0]

    def _new(self, what: str) -> int:
        name = ctypes.c_uint()
        getattr(self._gl, what)(1, ctypes.byref(name))
        return name.value

    def _delete(self, what: str, name: int) -> None:
        getattr(self._gl, what)(1, ctypes.byref(ctypes.c_uint(name)))

    def _renders(self, internal: int) -> bool:
        """Return whether floats put into such a texture come back."""
        texture = self._texture(internal, 1, 1)
        framebuffer = self._new_framebuffer([texture])
        value, found = (ctypes.c_float * 4)(0.5, -3.0, 1024.0, 0.0), (ctypes.c_float * 4)()
        complete = self._gl.CheckFramebufferStatus(GL.FRAMEBUFFER) == GL.FRAMEBUFFER_COMPLETE
        self._gl.ClearBufferfv(GL.COLOR, 0, value)
        self._gl.ReadPixels(0, 0, 1, 1, GL.RGBA, GL.FLOAT, found)
        self._delete("DeleteFramebuffers", framebuffer)
        self._delete("DeleteTextures", texture)
        self._framebuffer = self._bound[0] = 0
        return complete and list(found) == list(value)

    # --- storage ---

    def _texture(self, internal: int, width: int, height: int) -> int:
        """Return a new texture, bound to unit 0."""
        gl, texture = self._gl, self._new("GenTextures")
        self._bind(texture)
        gl.TexStorage2D(GL.TEXTURE_2D, 1, internal, width, height)
        gl.TexParameteri(GL.TEXTURE_2D, GL.TEXTURE_MIN_FILTER, GL.NEAREST)  # with others a float texture reads as zeros
        gl.TexParameteri(GL.TEXTURE_2D, GL.TEXTURE_MAG_FILTER, GL.NEAREST)
        gl.TexParameteri(GL.TEXTURE_2D, GL.TEXTURE_WRAP_S, GL.CLAMP_TO_EDGE)  # to repeat them costs software GPUs time
        gl.TexParameteri(GL.TEXTURE_2D, GL.TEXTURE_WRAP_T, GL.CLAMP_TO_EDGE)
        return texture

    def _bind(self, texture: int) -> None:
        self._gl.ActiveTexture(GL.TEXTURE0)  # a command may have left another unit active though this texture is bound here
        if self._bound[0] != texture:
            self._gl.BindTexture(GL.TEXTURE_2D, texture)
            self._bound[0] = texture

    def _enter(self) -> Context:
        """Return the context to be used by `with`; what was released meanwhile goes first."""
        if self._released or self._context.disturbed:
            with self._context:
                if self._context.disturbed:  # by an interrupt, perhaps between a call and what is noted of it
                    self._bound = [-1] * self._units
                    self._program = self._framebuffer = 0
                    self._context.disturbed = False
                while self._released:
                    self._free(self._released.popleft())
        return self._context

    def _free(self, slot: int) -> None:
        storage = self._storages[slot]
        for group in list(storage.groups):
            self._drop_group(group)
        if slot in self._framebuffers:
            self._forget(self._framebuffers.pop(slot))
        texture = self._storages.pop(slot).texture
        self._bound = [0 if bound == texture else bound for bound in self._bound]  # deleted textures are unbound
        self._delete("DeleteTextures", texture)

    def _drop_group(self, group: tuple[int, ...]) -> None:
        for slot in group:
            self._storages[slot].groups.discard(group)
        self._forget(self._groups.pop(group))

    def _forget(self, framebuffer: int) -> None:
        self._delete("DeleteFramebuffers", framebuffer)
        if self._framebuffer == framebuffer:
            self._framebuffer = 0

    def _spans(self, texels: int) -> Iterable[tuple[int, int, int]]:
        """Yield (row, width, height) of the rectangles that so many texels fill: full rows, and the rest of the next one."""
        full, rest = texels >> self._shift, texels & self._mask
        if full:
            yield 0, self.limits.width, full
        if rest:
            yield full, rest, 1

    def allocate(self, slot: int, words: int, kind: str) -> None:
        texels = max(1, -(-words // 4))
        width, height = min(texels, self.limits.width), -(-texels // self.limits.width)
        if texels * TEXEL > self.limits.max_bytes:
            raise failures.no_memory("webgl", texels * TEXEL, self.limits.max_bytes)
        internal = GL.RGBA32I if kind == "i" else GL.RGBA16F if self.half else GL.RGBA32F
        with self._enter():
            self._check("commands before an allocation")
            self._allocated = texels * TEXEL
            texture = self._texture(internal, width, height)
            try:
                self._check("an allocation")
            except (DeviceError, OutOfMemoryError):
                self._bound[0] = 0
                self._delete("DeleteTextures", texture)
                raise
            self._storages[slot] = Storage(
                texture, (width, height), *((GL.RGBA_INTEGER, GL.INT) if kind == "i" else (GL.RGBA, GL.FLOAT)), set()
            )

    def release(self, slot: int) -> None:
        self._released.append(slot)

    def write(self, slot: int, data: bytes | memoryview) -> None:
        """Elements after the last one in its texel become 0."""
        view = memoryview(data).cast("B")
        with self._enter():
            storage = self._storages[slot]
            self._bind(storage.texture)
            at = 0
            for row, width, height in self._spans(-(-len(view) // TEXEL)):
                end = at + width * height * TEXEL
                part = view[at:end] if at or end < len(view) else data
                pixels = bytes(part).ljust(end - at, b"\0")  # no copy of bytes that are whole
                self._gl.TexSubImage2D(GL.TEXTURE_2D, 0, 0, row, width, height, storage.format, storage.type, pixels)
                at = end

    # --- kernels ---

    def _shader(self, kind: int, code: str) -> int:
        shader, text = self._gl.CreateShader(kind), code.encode()
        self._gl.ShaderSource(shader, 1, (ctypes.c_char_p * 1)(text), (ctypes.c_int * 1)(len(text)))
        self._gl.CompileShader(shader)
        return shader

    def define(self, number: int, kernel: Kernel) -> None:
        for what, count, limit in (
            ("textures read", len(kernel.reads), self._units),
            ("textures written", len(kernel.writes), self.max_writes),
            ("vectors of uniforms", kernel.uniforms // 4, self._vectors),
        ):
            if count > limit:
                raise failures.not_compiled("webgl", kernel.name, f"{count} {what}: at most {limit} fit")
        with self._enter():
            shader, program = self._shader(GL.FRAGMENT_SHADER, kernel.code), self._gl.CreateProgram()
            self._gl.AttachShader(program, self._vertex_shader)
            self._gl.AttachShader(program, shader)
            self._gl.LinkProgram(program)
        self._programs[number] = Program(kernel, program, shader)
        self._unchecked.add(number)

    def _finish(self, number: int) -> None:
        """Ask after the compilation of a kernel and prepare its uniforms."""
        self._unchecked.discard(number)
        gl, program = self._gl, self._programs[number]
        linked = ctypes.c_int()
        gl.GetProgramiv(program.handle, GL.LINK_STATUS, ctypes.byref(linked))
        if linked.value:
            gl.UseProgram(program.handle)
            self._program = program.handle
            for unit in range(program.reads):
                gl.Uniform1i(gl.GetUniformLocation(program.handle, b"t%d" % unit), unit)
            program.location = gl.GetUniformLocation(program.handle, b"u")
        else:
            program.error = failures.not_compiled("webgl", program.kernel.name, self._log(program))
        gl.DeleteShader(program.shader)
        if program.error is not None:
            raise program.error

    def _log(self, program: Program) -> str:
        """Return why a kernel does not compile or link."""
        compiled, text = ctypes.c_int(), ctypes.create_string_buffer(2048)
        self._gl.GetShaderiv(program.shader, GL.COMPILE_STATUS, ctypes.byref(compiled))
        get, handle = (self._gl.GetProgramInfoLog, program.handle) if compiled.value else (self._gl.GetShaderInfoLog, program.shader)
        get(handle, len(text), None, text)
        return text.value.decode(errors="replace").strip() or "no reason"

    # --- commands ---

    def _new_framebuffer(self, textures: Sequence[int]) -> int:
        """Return a framebuffer of textures, bound."""
        gl, framebuffer = self._gl, self._new("GenFramebuffers")
        gl.BindFramebuffer(GL.FRAMEBUFFER, framebuffer)
        for i, texture in enumerate(textures):
            gl.FramebufferTexture2D(GL.FRAMEBUFFER, GL.COLOR_ATTACHMENT0 + i, GL.TEXTURE_2D, texture, 0)
        attachments = [GL.COLOR_ATTACHMENT0 + i for i in range(len(textures))]
        gl.DrawBuffers(len(textures), (ctypes.c_uint * len(textures))(*attachments))
        self._framebuffer = framebuffer
        return framebuffer

    def _draw_to(self, slot: int) -> None:
        framebuffer = self._framebuffers.get(slot)
        if framebuffer is None:
            framebuffer = self._framebuffers[slot] = self._new_framebuffer([self._storages[slot].texture])
        self._bind_framebuffer(framebuffer)

    def _draw_to_several(self, slots: tuple[int, ...]) -> None:
        framebuffer = self._groups.get(slots)
        if framebuffer is None:
            if len(self._groups) >= MAX_GROUPS:
                for group in list(self._groups):
                    self._drop_group(group)
            storages = [self._storages[slot] for slot in slots]
            if len({storage.size for storage in storages}) > 1:  # OpenGL ES allows what WebGL does not
                raise failures.failed("webgl", "a kernel", "its outputs have textures of different sizes")
            framebuffer = self._groups[slots] = self._new_framebuffer([storage.texture for storage in storages])
            for storage in storages:
                storage.groups.add(slots)
        self._bind_framebuffer(framebuffer)

    def _bind_framebuffer(self, framebuffer: int) -> None:
        if framebuffer != self._framebuffer:
            self._gl.BindFramebuffer(GL.FRAMEBUFFER, framebuffer)
            self._framebuffer = framebuffer

    def submit(self, commands: array[int]) -> None:
        with self._enter():
            if self._queries is None:
                self._run(commands)
                return
            self._queries.append(self._new("GenQueriesEXT"))
            self._gl.BeginQueryEXT(GL.TIME_ELAPSED_EXT, self._queries[-1])
            try:
                self._run(commands)
            finally:
                self._gl.EndQueryEXT(GL.TIME_ELAPSED_EXT)

    def _run(self, commands: array[int]) -> None:
        gl, programs, storages, bound = self._gl, self._programs, self._storages, self._bound
        bind, texture_2d, unit_0 = gl.BindTexture, GL.TEXTURE_2D, GL.TEXTURE0
        viewport, draw, triangles = gl.Viewport, gl.DrawArrays, GL.TRIANGLES
        width, shift, mask = self.limits.width, self._shift, self._mask
        words, address, at = commands.tolist(), commands.buffer_info()[0], 0
        while at < len(words):
            number = words[at]
            program = programs[number]
            if number in self._unchecked:
                self._finish(number)
            elif program.error is not None:
                raise program.error
            if program.handle != self._program:
                gl.UseProgram(program.handle)
                self._program = program.handle
            at += 1
            for unit in range(program.reads):
                texture = storages[words[at + unit]].texture
                if bound[unit] != texture:
                    gl.ActiveTexture(unit_0 + unit)
                    bind(texture_2d, texture)
                    bound[unit] = texture
            at += program.reads
            if program.writes == 1:
                self._draw_to(words[at])
            else:
                self._draw_to_several(tuple(words[at : at + program.writes]))
            at += program.writes
            if program.vectors:
                gl.Uniform4iv(program.location, program.vectors, address + 4 * at)
                at += 4 * program.vectors
            full, rest = words[at] >> shift, words[at] & mask
            at += 3
            if full:
                viewport(0, 0, width, full)
                draw(triangles, 0, 3)
            if rest:
                viewport(0, full, rest, 1)
                draw(triangles, 0, 3)

    # --- results ---

    def _read_pixels(self, slot: int, texels: int, address: int) -> None:
        """Read texels to an address, or into the bound buffer from there."""
        storage = self._storages[slot]
        self._draw_to(slot)
        for row, width, height in self._spans(texels):
            self._gl.ReadPixels(0, row, width, height, storage.format, storage.type, address)
            address += width * height * TEXEL

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        results = []
        with self._enter():
            for slot, words in wanted:
                texels = -(-words // 4)
                pixels = (ctypes.c_char * (texels * TEXEL))()
                self._read_pixels(slot, texels, ctypes.addressof(pixels))
                results.append(bytes(memoryview(pixels)[: 4 * words]))
            self._check("commands before a read")
        return results

    async def read_later(self, wanted: Sequence[tuple[int, int]]) -> list[bytes]:
        texels = [-(-words // 4) for _, words in wanted]
        *starts, size = accumulate((TEXEL * count for count in texels), initial=0)
        with self._enter():  # into a buffer, which no later command changes
            buffer = self._new("GenBuffers")
            self._gl.BindBuffer(GL.PIXEL_PACK_BUFFER, buffer)
            self._gl.BufferData(GL.PIXEL_PACK_BUFFER, max(size, TEXEL), None, GL.STREAM_READ)
            for (slot, _), count, start in zip(wanted, texels, starts):
                self._read_pixels(slot, count, start)
            self._gl.BindBuffer(GL.PIXEL_PACK_BUFFER, 0)
        try:
            await self._passed()
            with self._enter():
                self._gl.BindBuffer(GL.PIXEL_PACK_BUFFER, buffer)
                address = self._gl.MapBufferRange(GL.PIXEL_PACK_BUFFER, 0, max(size, TEXEL), GL.MAP_READ_BIT)
                self._check("commands before a read")
                return [ctypes.string_at(address + start, 4 * words) for start, (_, words) in zip(starts, wanted)]
        finally:
            if self._context.usable:
                with self._context:
                    self._delete("DeleteBuffers", buffer)  # unmaps and unbinds it

    def wait(self) -> None:
        with self._enter():
            self._gl.Finish()
            self._check("commands before a wait")
            self._finish_all()

    async def wait_later(self) -> None:
        await self._passed()
        self.wait()

    async def ready(self) -> None:
        """Return when all kernels are compiled."""
        with self._enter():
            self._finish_all()

    async def _passed(self) -> None:
        """Return when all that was submitted has run."""
        with self._enter():
            fence = self._gl.FenceSync(GL.SYNC_GPU_COMMANDS_COMPLETE, 0)
        pause = 0.0
        try:
            while True:
                with self._enter():
                    status = self._gl.ClientWaitSync(fence, GL.SYNC_FLUSH_COMMANDS_BIT, 0)
                if status != GL.TIMEOUT_EXPIRED:
                    return
                await asyncio.sleep(pause)
                pause = min(pause + 1e-4, 2e-3)
        finally:
            if self._context.usable:
                with self._context:
                    self._gl.DeleteSync(fence)

    def _check(self, where: str) -> None:
        """Raise what failed since the last time; that memory ran out explains the rest."""
        errors: list[int] = []
        while (error := self._gl.GetError()) and len(errors) < 9:  # a lost context may repeat itself
            errors.append(error)
        if GL.OUT_OF_MEMORY in errors:
            raise failures.no_memory("webgl", self._allocated, self.limits.max_bytes)
        if GL.CONTEXT_LOST in errors:
            self._taken = True
            raise failures.lost("webgl", "the driver took the context away")
        if errors:
            raise failures.failed("webgl", where, f"OpenGL's error {errors[0]:#x}")

    def _finish_all(self) -> None:
        while self._unchecked:
            self._finish(next(iter(self._unchecked)))

    # --- time ---

    def timed(self, on: bool) -> None:
        """Begin to add up the GPU's time of commands, or stop; nothing happens where `limits.timestamps` is False."""
        if self.limits.timestamps:
            with self._enter():
                for query in self._queries or ():
                    self._delete("DeleteQueriesEXT", query)
            self._queries = [] if on else None

    def elapsed(self) -> float | None:
        """Return the milliseconds of commands since `timed(True)`, uploads and reads left out; None where the GPU cannot tell."""
        if self._queries is None:
            return None
        with self._enter():
            total, time = 0, ctypes.c_uint64()
            for query in self._queries:
                self._gl.GetQueryObjectui64vEXT(query, GL.QUERY_RESULT_EXT, ctypes.byref(time))
                total += time.value
            return None if self._integer(GL.GPU_DISJOINT_EXT) else total / 1e6

    async def elapsed_later(self) -> float | None:
        """Return what `elapsed` returns, without blocking the event loop."""
        await self._passed()
        return self.elapsed()

    def close(self) -> None:
        self._context.close()
