"""What the backends of compiled kernels share: buffers, launches of lowered kernels, and what runs elsewhere. No code is printed here.

A backend is this class with a machine: `backends.native` has one of LLVM, `backends.wasm` one of WebAssembly.
"""

from __future__ import annotations

import struct
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import accumulate
from operator import attrgetter
from typing import Any, Protocol

from .. import dtypes
from ..kernels.loops import LOWERINGS
from ..kernels.loops.builder import Builder
from ..kernels.loops.launch import Derived, Launch, Lowered, Slot, Target, emit
from ..kernels.patterns import Kernel, Spec, pattern_name
from ..shapes import size_of
from .elsewhere import on_host
from .heap import Buffer, Heap, Source, count_derived, size_class

_CODES: dict[str, Any] = {"float32": "f", "int32": "i", "int8": "b", "uint8": "B", "bool": "?"}

Call = Callable[[Sequence[Any]], None]


class Machine(Source, Protocol):
    """Compiles kernels and calls them on memory of its own."""

    index_bytes: int
    target: Target

    def compile(self, key: str, emit: Callable[[Builder], None]) -> Any:
        """Return the handle of a kernel; `emit` writes it if the key is new."""
        ...

    def bind(self, handle: Any, units: int, grain: int) -> Callable[[bytes], None]:
        """Return the function that calls a kernel on all units of work, on threads of at least `grain` units each, until it is done."""
        ...

    def read(self, address: int, nbytes: int, owner: Any = None) -> memoryview:
        """Return the bytes of memory: a view that keeps `owner` alive where the memory is the process's own, else a copy."""
        ...

    def write(self, address: int, content: memoryview | bytes) -> None:
        """Copy bytes to memory, after all calls that were made."""
        ...

    def wait(self) -> None:
        """Return when all calls have been run; raise DeviceError if one failed."""
        ...

    def close(self) -> None:
        """Stop the threads and give the memory back."""
        ...


class CompiledBackend:
    """Buffers are pieces of the machine's memory, lists for strings.

    `here` counts the plans made by pattern, `elsewhere` what ran on another backend, by what it was.
    """

    def __init__(self, name: str, machine: Machine):
        self.name, self.machine = name, machine
        self.heap = Heap(machine, name)
        self.here: Counter[str] = Counter()
        self.elsewhere: Counter[str] = Counter()

    # --- values ---

    def upload(self, values: Any, spec: Spec) -> Any:
        dtype = str(spec.dtype)
        if dtype == "string":
            return list(values.reshape(-1).tolist() if hasattr(values, "reshape") else values)
        nbytes = dtypes.TABLE[dtype].itemsize * size_of(spec.shape)
        buffer = self.heap.take(_capacity(spec))
        if nbytes:
            self.machine.write(buffer.address, _as_bytes(values, dtype))
        return buffer

    def download(self, buffer: Any, spec: Spec) -> Any:
        dtype = str(spec.dtype)
        if dtype == "string":
            return list(buffer)
        n = size_of(spec.shape)
        view = self.memory(buffer, spec)
        if dtype == "float16":
            return array("f", struct.unpack(f"={n}e", view))
        if dtype == "complex64":
            parts = view.cast("f").tolist()
            return list(map(complex, parts[::2], parts[1::2]))
        return view.cast(_CODES[dtype]).toreadonly() if n else memoryview(array(_CODES[dtype].replace("?", "B")))

    def memory(self, buffer: Any, spec: Spec) -> memoryview:
        # The view holds the backend too: without it, the memory would go.
        return self.machine.read(buffer.address, dtypes.TABLE[str(spec.dtype)].itemsize * size_of(spec.shape), (buffer, self))

    # --- kernels ---

    def compile(self, kernel: Kernel, inputs: Sequence[Spec], outputs: Sequence[Spec] | None) -> Callable[..., list[Any]]:
        lower = LOWERINGS.get(type(kernel))
        if lower is None or outputs is None or any(s.dtype == "string" for s in (*inputs, *outputs)):
            return on_host(self, kernel, inputs, outputs)
        self.here[pattern_name(kernel)] += 1
        return self._launches(lower(kernel, inputs, outputs, self.machine.target), inputs, outputs)

    def _launches(self, lowered: Lowered, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> Callable[..., list[Any]]:
        """Return the function of a plan. Its operands are in a row: inputs, outputs, scratch buffers, derived forms, tables."""
        capacities = [_capacity(s) for s in outputs]
        scratches = [size_class(n) for n in lowered.scratch]
        tables = [self._table(t) for t in lowered.tables]
        numbers = _numbers(("in", inputs), ("out", outputs), ("scratch", scratches), ("derived", lowered.derived), ("table", tables))
        calls = [self._call(launch, numbers) for launch in lowered.launches if launch.units]
        forms = [self._form(d, inputs, tables) for d in lowered.derived]
        aliases, take = lowered.aliases, self.heap.take
        more = bool(scratches or forms or tables)

        def run(*values: Any) -> list[Any]:
            if aliases is None:
                made = [take(c) for c in capacities]
            else:
                made = [take(c) if a is None else values[a] for c, a in zip(capacities, aliases, strict=True)]
            operands = (*values, *made)
            if more:
                operands += (*[take(c) for c in scratches], *[form(values) for form in forms], *tables)
            for call in calls:
                call(operands)
            if aliases is not None:
                for buffer in made:
                    buffer.derived = None
            return made

        return run

    def _form(self, form: Derived, inputs: Sequence[Spec], tables: Sequence[Buffer]) -> Callable[[Sequence[Any]], Buffer]:
        """Return the function that gives a derived form of one of the inputs, and makes it if the input has none."""
        call = self._call(form.launch, _numbers(("in", inputs), ("derived", [form]), ("table", tables)))
        capacity = size_class(form.nbytes)

        def get(values: Sequence[Any]) -> Buffer:
            forms = values[form.input].derived
            if forms is None:
                forms = values[form.input].derived = {}
            made = forms.get(form.name)
            if made is None:
                made = self.heap.take(capacity)
                count_derived(made)
                call((*values, made, *tables))
                forms[form.name] = made
            return made

        return get

    def _table(self, content: bytes) -> Buffer:
        buffer = self.heap.take(size_class(len(content)))
        self.machine.write(buffer.address, content)
        return buffer

    def _call(self, launch: Launch, numbers: dict[str, int]) -> Call:
        """Return the function of one launch from operands; `numbers` has the first operand's of each kind."""
        handle = self.machine.compile(repr((launch.family, launch.key)), lambda b: emit(b, launch))
        code = "q" if self.machine.index_bytes == 8 else "i"
        sizes = self._table(struct.pack(f"={max(1, len(launch.sizes))}{code}", *launch.sizes or (0,)))
        pack = packer(launch.slots, self.machine.index_bytes)
        slots = [(_READERS.get(kind, _address), numbers.get(kind, 0) + i) for kind, i in launch.slots]
        run = self.machine.bind(handle, launch.units, launch.grain)

        def call(operands: Sequence[Any]) -> None:
            run(pack(sizes.address, *[read(operands[i]) for read, i in slots]))

        return call

    # --- life ---

    def wait(self) -> None:
        self.machine.wait()

    def close(self) -> None:
        self.machine.close()
        self.heap.trim()


def _capacity(spec: Spec) -> int:
    return size_class(dtypes.TABLE[str(spec.dtype)].itemsize * size_of(spec.shape))


def _numbers(*kinds: tuple[str, Sequence[Any]]) -> dict[str, int]:
    """Return the number of the first operand of each kind, where they stand in a row."""
    ends = accumulate(len(operands) for _, operands in kinds)
    return {kind: end - len(operands) for (kind, operands), end in zip(kinds, ends, strict=True)}


def packer(slots: Sequence[Slot], index_bytes: int) -> Callable[..., bytes]:
    """Return the function that lays out the slots of a call: the address of the sizes, then one slot each."""
    wide = index_bytes == 8
    codes = {"f32": "f", "re": "f", "im": "f", "i32": "i", "index": "q" if wide else "i"}
    layout = "=" + ("q" if wide else "I")
    for slot in slots:
        code = codes.get(slot.kind, "q" if wide else "I")
        layout += code + ("4x" if wide and code in "fi" else "")
    return struct.Struct(layout).pack


_FLOAT_LIMIT = 3.4028235677973366e38  # half a step beyond the largest float32: from here on it is infinite


def _real(value: Any) -> float:
    """Return the real part of a Python number as it is as float32."""
    value = value.real
    if -_FLOAT_LIMIT < value < _FLOAT_LIMIT:
        return value
    return float("inf") if value > 0 else float("-inf") if value < 0 else value


def _imaginary(value: Any) -> float:
    return _real(value.imag)


# What a slot of a kind takes of its operand; of a buffer, its address.
_READERS: dict[str, Callable[[Any], Any]] = {"f32": _real, "re": _real, "im": _imaginary, "i32": int, "index": int}
_address = attrgetter("address")


def _as_bytes(values: Any, dtype: str) -> memoryview:
    """Return flat values (a sequence, a typed buffer, or an array) as the bytes of a dtype."""
    if hasattr(values, "astype"):  # NumPy's arrays
        flat = values.astype(dtype, copy=False).reshape(-1)
        return memoryview(flat.view("uint8"))
    if isinstance(values, (memoryview, array)):
        view = memoryview(values)
        if view.format == _CODES.get(dtype) and view.contiguous:
            return view.cast("B")
        values = view.tolist()
    if dtype in _CODES and dtype != "bool":
        return memoryview(array(_CODES[dtype], values)).cast("B")
    if dtype == "bool":
        return memoryview(bytes(map(bool, values)))
    if dtype == "complex64":
        return memoryview(array("f", [part for v in values for part in (complex(v).real, complex(v).imag)])).cast("B")
    return memoryview(b"".join(_half(v) for v in values))


def _half(value: float) -> bytes:
    try:
        return struct.pack("=e", value)
    except OverflowError:
        return struct.pack("=e", float("inf") if value > 0 else float("-inf"))
