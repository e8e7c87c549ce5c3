"""What the loops are written in: values and control (`values.code`) and memory. `kernels.llvm` and `kernels.wasm` print them.

A printer subclasses `Builder` and fills in the abstract methods. No pattern and no tensor is known here. An index is a size or a byte
address: 64 bits native, 32 bits in WebAssembly.

Kinds of memory: f32, i32, i8, u8, u16. Narrow ones are widened when loaded and cut when stored (modulo their range).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from ..values.code import Code, Operand, Value

ITEMSIZE = {"f32": 4, "i32": 4, "i8": 1, "u8": 1, "u16": 2}
LOADED = {"f32": "f32", "i32": "i32", "i8": "i32", "u8": "i32", "u16": "i32"}  # kind of memory -> scalar type


class Builder(Code):
    """Emits one kernel: a function (dynamic, begin, end) of three index arguments.

    `dynamic` is the address of the call's slots, each `index_bytes` wide: slot 0 holds the address of the plan's sizes (see `size`), the
    others what the call brings: addresses of buffers, and numbers (the bits of an int32 or float32). `begin`, `end` bound the units of
    work that this call does.
    """

    index_bytes: int
    registers: int  # vector registers
    dynamic: Value
    begin: Value
    end: Value

    @abstractmethod
    def load(self, kind: str, address: Value, offset: int = 0) -> Value:
        """Return the scalar at address + offset bytes."""

    @abstractmethod
    def store(self, kind: str, address: Value, value: Operand, offset: int = 0) -> None:
        """Put a scalar at address + offset bytes."""

    @abstractmethod
    def load_vector(self, kind: str, address: Value, offset: int = 0, count: Value | None = None) -> Value:
        """Return the vector that begins at address + offset bytes; with `count` (an index) only so many lanes are read, the rest is 0."""

    @abstractmethod
    def store_vector(self, kind: str, address: Value, value: Value, offset: int = 0, count: Value | None = None) -> None:
        """Put a vector (or its first `count` lanes) at address + offset bytes."""

    @abstractmethod
    def load_index(self, address: Value, offset: int = 0) -> Value:
        """Return the index stored at address + offset bytes, `index_bytes` wide."""

    @abstractmethod
    def store_index(self, address: Value, value: Value, offset: int = 0) -> None:
        """Put an index at address + offset bytes, `index_bytes` wide."""

    @abstractmethod
    def scratch(self, bytes: int) -> Value:
        """Return the address of memory that is this call's own until it returns, aligned to a vector."""

    # --- said in terms of the above ---

    def slot(self, number: int) -> Value:
        """Return what the call brought in a slot, as an index (an address)."""
        return self.load_index(self.dynamic, number * self.index_bytes)

    def number(self, number: int, type: str) -> Value:
        """Return what the call brought in a slot, as an i32 or f32."""
        return self.load({"f32": "f32", "i32": "i32"}[type], self.dynamic, number * self.index_bytes)

    def size(self, number: int) -> Value:
        """Return one of the plan's sizes."""
        return self.load_index(self.slot(0), number * self.index_bytes)

    def sizes(self) -> Callable[[], Value]:
        """Return a function that gives the plan's sizes one after the other."""
        base, at = self.slot(0), iter(range(1 << 20))
        return lambda: self.load_index(base, next(at) * self.index_bytes)
