"""WebAssembly's binary form: numbers, types, opcodes, modules. What a kernel does is said in `wasm`, its order in `wasm_function`."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

I32, F32, F64, V128 = 0x7F, 0x7D, 0x7C, 0x7B
PAGE = 65536  # bytes


def unsigned(number: int) -> bytes:
    """Return a number >= 0 as LEB128."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def signed(number: int) -> bytes:
    """Return a number as signed LEB128."""
    out = bytearray()
    while not -0x40 <= number < 0x40:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number & 0x7F)
    return bytes(out)


def wrap(number: int) -> int:
    """Return an integer modulo 2**32, as signed."""
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


def f32_bytes(number: float) -> bytes:
    """Return the float32 nearest to a number; too large becomes infinite."""
    try:
        return struct.pack("<f", number)
    except OverflowError:
        return struct.pack("<f", float("inf") if number > 0 else float("-inf"))


def simd(opcode: int) -> bytes:
    return b"\xfd" + unsigned(opcode)


# --- instructions by type ---

BLOCK, LOOP, IF, ELSE, END = b"\x02\x40", b"\x03\x40", b"\x04\x40", b"\x05", b"\x0b"
BRANCH, BRANCH_IF, RETURN, SELECT = b"\x0c", b"\x0d", b"\x0f", b"\x1b"
CALL_INDIRECT = b"\x11\x00\x00"  # the only type, the only table
LOCAL_GET, LOCAL_SET, LOCAL_TEE, GLOBAL_GET = b"\x20", b"\x21", b"\x22", b"\x23"
I32_CONST, F32_CONST, F64_CONST, V128_CONST = b"\x41", b"\x43", b"\x44", simd(0x0C)
V128_BITSELECT, V128_ANY_TRUE, SHUFFLE, RELAXED_MADD = simd(0x52), simd(0x53), simd(0x0D), simd(0x105)
PMIN, PMAX = simd(0xEA), simd(0xEB)

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge", "lt_u")


def _row(first: int, names: str) -> dict[str, bytes]:
    """Opcodes that follow one another; a dash is one left out."""
    return {name: bytes([first + i]) for i, name in enumerate(names.split()) if name != "-"}


def _simd_row(first: int, names: str) -> dict[str, bytes]:
    return {name: simd(first + i) for i, name in enumerate(names.split()) if name != "-"}


_MASKS = {"not": simd(0x4D), "and": simd(0x4E), "or": simd(0x50), "xor": simd(0x51)}
I32_OPS = _row(0x46, "eq ne lt lt_u gt - le - ge") | _row(0x6A, "add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u")
F32_OPS = _row(0x5B, "eq ne lt gt le ge") | _row(0x8B, "abs neg ceil floor trunc nearest sqrt add sub mul div")
F64_OPS = _row(0x61, "eq ne lt gt le ge") | _row(0x99, "abs neg ceil floor trunc nearest sqrt add sub mul div")
VI_OPS = (
    _simd_row(0x37, "eq ne lt lt_u gt - le - ge")
    | _simd_row(0xAB, "shl shr_s shr_u add - - sub - - - mul")
    | {name: _MASKS[name] for name in ("and", "or", "xor")}
)
VF_OPS = (
    _simd_row(0x41, "eq ne lt gt le ge") | _simd_row(0x67, "ceil floor trunc nearest") | _simd_row(0xE0, "abs neg - sqrt add sub mul div")
)
OPS: dict[str, dict[str, bytes]] = {
    "index": I32_OPS,
    "i32": I32_OPS,
    "f32": F32_OPS,
    "f64": F64_OPS,
    "vi": VI_OPS,
    "vf": VF_OPS,
    "bit": {"and": b"\x71", "or": b"\x72", "xor": b"\x73", "not": b"\x45"},
    "vm": _MASKS,
}

# From one type to another; the empty instruction where only the name of the type changes.
CONVERSIONS: dict[tuple[str, str], bytes] = {
    ("i32", "index"): b"",
    ("index", "i32"): b"",
    ("bit", "i32"): b"",
    ("bit", "index"): b"",
    ("i32", "f32"): b"\xb2",
    ("i32", "f64"): b"\xb7",
    ("f32", "i32"): b"\xfc\x00",
    ("f32", "f64"): b"\xbb",
    ("f64", "f32"): b"\xb6",
    ("f64", "i32"): b"\xfc\x02",
    ("vi", "vf"): simd(0xFA),
    ("vf", "vi"): simd(0xF8),
    ("vm", "vi"): simd(0xA1),
}
BITS: dict[tuple[str, str], bytes] = {("f32", "i32"): b"\xbc", ("i32", "f32"): b"\xbe", ("vf", "vi"): b"", ("vi", "vf"): b""}
SPLATS = {"f32": simd(0x13), "i32": simd(0x11)}
EXTRACT_LANE = {"vf": simd(0x1F), "vi": simd(0x1B)}
REPLACE_LANE = {"vf": simd(0x20), "vi": simd(0x1C)}

# --- memory, by kind ---

LOADS = {"f32": b"\x2a", "i32": b"\x28", "i8": b"\x2c", "u8": b"\x2d", "u16": b"\x2f"}
STORES = {"f32": b"\x38", "i32": b"\x36", "i8": b"\x3a", "u8": b"\x3a", "u16": b"\x3b"}
LOAD_SPLAT = simd(0x09)
VECTOR_LOADS = {1: simd(0x5C), 2: simd(0x5D), 4: simd(0x00)}  # by the size of an element: as many bytes as 4 lanes take, the rest 0
VECTOR_STORES = {1: simd(0x5A) + b"%b\0", 2: simd(0x5B) + b"%b\0", 4: simd(0x0B) + b"%b"}  # %b: alignment and offset
LANE_LOADS = {1: simd(0x54), 2: simd(0x55), 4: simd(0x56)}
LANE_STORES = {1: simd(0x58), 2: simd(0x59), 4: simd(0x5A)}
WIDEN = {"i8": (simd(0x87), simd(0xA7)), "u8": (simd(0x89), simd(0xA9)), "u16": (simd(0xA9),)}  # one element's size to the next
NARROW = {1: SHUFFLE + bytes([0, 4, 8, 12] * 4), 2: SHUFFLE + bytes([0, 1, 4, 5, 8, 9, 12, 13] * 2)}


def memory_argument(itemsize: int, offset: int) -> bytes:
    """Return what follows an instruction of memory: the alignment that is promised, and the offset."""
    return bytes([itemsize.bit_length() - 1]) + unsigned(offset)


# --- threads ---

ATOMIC_LOAD, ATOMIC_STORE, ATOMIC_ADD = b"\xfe\x10", b"\xfe\x17", b"\xfe\x1e"
NOTIFY, WAIT = b"\xfe\x00", b"\xfe\x01"
I64_CONST = b"\x42"

# --- modules ---


class FunctionType(NamedTuple):
    parameters: tuple[int, ...]
    results: tuple[int, ...] = ()

    def encode(self) -> bytes:
        return b"\x60" + vector(bytes([x]) for x in self.parameters) + vector(bytes([x]) for x in self.results)


KERNEL = FunctionType((I32, I32, I32))  # dynamic, begin, end


def vector(items: Iterable[bytes]) -> bytes:
    items = list(items)
    return unsigned(len(items)) + b"".join(items)


def sized(content: bytes) -> bytes:
    return unsigned(len(content)) + content


def section(number: int, *items: bytes) -> bytes:
    return bytes([number]) + sized(vector(items))


def imported(name: str, kind: bytes) -> bytes:
    return sized(b"env") + sized(name.encode()) + kind


def module(functions: Mapping[str, bytes], memory: tuple[int, int] = (1, PAGE), shared: bool = False, table: bool = False) -> bytes:
    """Return a module that exports functions of the type of kernels by name.

    It imports `env.memory`, whose `memory` is (minimum, maximum) in pages, and `env.scratch`, an i32 global that holds the address of
    memory that belongs to this instance alone, as many bytes as the largest `WasmBuilder.scratch_bytes` of its kernels; with `table` also
    `env.table`, functions that can be called by number.
    """
    imports = [
        imported("memory", b"\x02" + (b"\x03" if shared else b"\x01") + unsigned(memory[0]) + unsigned(memory[1])),
        imported("scratch", b"\x03" + bytes([I32]) + b"\x00"),
    ]
    if table:
        imports.append(imported("table", b"\x01\x70\x00\x00"))
    return (
        b"\0asm\1\0\0\0"
        + section(1, KERNEL.encode())
        + section(2, *imports)
        + section(3, *[b"\x00"] * len(functions))
        + section(7, *(sized(name.encode()) + b"\x00" + unsigned(i) for i, name in enumerate(functions)))
        + section(10, *map(sized, functions.values()))
    )
