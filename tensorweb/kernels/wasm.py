"""The printer of the loops for WebAssembly: SIMD128, 4 lanes, 32-bit addresses. Which values get a local is decided in `wasm_function`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from .loops.builder import ITEMSIZE, LOADED, Builder
from .values.code import SCALAR_OF, VECTOR_OF, Branch, Operand, Repeat, Value, Variable
from .wasm_encoding import (
    BITS,
    BRANCH_IF,
    COMPARISONS,
    CONVERSIONS,
    ELSE,
    END,
    EXTRACT_LANE,
    F32,
    F32_CONST,
    F64,
    F64_CONST,
    GLOBAL_GET,
    I32,
    I32_CONST,
    IF,
    KERNEL,
    LANE_LOADS,
    LANE_STORES,
    LOAD_SPLAT,
    LOADS,
    NARROW,
    OPS,
    PMAX,
    PMIN,
    RELAXED_MADD,
    REPLACE_LANE,
    SELECT,
    SHUFFLE,
    SPLATS,
    STORES,
    V128,
    V128_ANY_TRUE,
    V128_BITSELECT,
    VECTOR_LOADS,
    VECTOR_STORES,
    WIDEN,
    f32_bytes,
    memory_argument,
    module,
    signed,
    unsigned,
    wrap,
)
from .wasm_function import Function, Node

__all__ = ["WasmBuilder", "module"]

TYPES = {"index": I32, "i32": I32, "bit": I32, "f32": F32, "f64": F64, "vi": V128, "vf": V128, "vm": V128}
SHIFTS = ("shl", "shr_s", "shr_u")
UNARY = ("not", "neg", "abs", "sqrt", "floor", "ceil", "trunc", "nearest")


class WasmBuilder(Builder):
    """Prints one kernel. `relaxed` lets `fma` be relaxed SIMD's madd, which engines that do not validate it refuse."""

    lanes = 4
    index_bytes = 4
    registers = 16

    def __init__(self, name: str = "kernel", relaxed: bool = False):
        self.name, self.fused = name, relaxed
        self.scratch_bytes = 0
        self._depth = 0
        self._function = Function(KERNEL)
        self.dynamic, self.begin, self.end = (Value(self, "index", node) for node in self._function.arguments)

    def _emit(self, type: str, code: bytes, *operands: Value) -> Value:
        return Value(self, type, self._function.emit(code, *(x.ref for x in operands), result=TYPES[type]))

    def _do(self, code: bytes, *operands: Value) -> None:
        self._function.emit(code, *(x.ref for x in operands))

    def _with_type(self, value: Value, type: str) -> Value:
        return Value(self, type, value.ref)

    # --- values ---

    def constant(self, type: str, number: float) -> Value:
        if type in ("f32", "vf"):
            content = f32_bytes(number)
        elif type == "f64":
            return Value(self, type, Node(F64_CONST + struct.pack("<d", number), result=F64))
        elif type not in TYPES:
            raise TypeError(f"constant: expected a type of {', '.join(TYPES)}, got {type}")
        elif isinstance(number, float) and not number.is_integer():
            raise TypeError(f"constant: expected an integer for {type}, got {number}")
        else:
            if type in ("bit", "vm"):
                number = int(number != 0) * (-1 if type == "vm" else 1)
            content = struct.pack("<i", wrap(int(number)))
        if TYPES[type] == V128:
            return Value(self, type, self._function.vector_constant(content * 4))
        code = F32_CONST + content if type == "f32" else I32_CONST + signed(wrap(int(number)))
        return Value(self, type, Node(code, result=TYPES[type]))

    def op(self, name: str, *operands: Operand) -> Value:
        if len(operands) != (1 if name in UNARY else 2):
            raise TypeError(f"{name}: expected {1 if name in UNARY else 2} operands, got {len(operands)}")
        first = operands[0]
        if name in SHIFTS and isinstance(first, Value) and first.type == "vi":
            values = [first, self.value("i32", operands[1])]
        else:
            values = self.operands(*operands)
        type = values[0].type
        if name in ("min", "max") and type in ("f32", "f64", "vf"):
            return self._extreme(name, *values)
        if name not in OPS[type]:
            raise TypeError(f"{name}: there is no such instruction on {type}")
        result = type
        if name in COMPARISONS:
            result = "vm" if type in SCALAR_OF else "bit"
        return self._emit(result, OPS[type][name], *values)

    def _extreme(self, name: str, a: Value, b: Value) -> Value:
        """Return the second operand where one is NaN; of WebAssembly's pmin and pmax it is the first."""
        if a.type == "vf":
            return self._emit("vf", PMIN if name == "min" else PMAX, b, a)
        return self.select(a < b if name == "min" else a > b, a, b)

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        if not isinstance(a, Value) and not isinstance(b, Value):
            raise TypeError("select: expected a value among the two to choose from, got numbers only")
        a, b = self.operands(a, b)
        vector = TYPES[a.type] == V128
        if condition.type != ("vm" if vector else "bit"):
            raise TypeError(f"select: expected a condition of type {'vm' if vector else 'bit'} for {a.type}, got {condition.type}")
        return self._emit(a.type, V128_BITSELECT if vector else SELECT, a, b, condition)

    def fma(self, a: Value, b: Operand, c: Operand) -> Value:
        a, b, c = self.operands(a, b, c)
        if a.type not in ("f32", "vf"):
            raise TypeError(f"fma: expected f32 or vf, got {a.type}")
        if not self.fused:
            return a * b + c
        if a.type == "vf":
            return self._emit("vf", RELAXED_MADD, a, b, c)
        return self.lane(self._emit("vf", RELAXED_MADD, self.splat(a), self.splat(b), self.splat(c)), 0)

    def convert(self, value: Value, type: str) -> Value:
        return self._convert("convert", CONVERSIONS, value, type)

    def bits(self, value: Value, type: str) -> Value:
        return self._convert("bits", BITS, value, type)

    def _convert(self, name: str, table: dict[tuple[str, str], bytes], value: Value, type: str) -> Value:
        if value.type == type:
            return value
        code = table.get((value.type, type))
        if code is None:
            raise TypeError(f"{name}: there is none from {value.type} to {type}")
        return self._emit(type, code, value) if code else self._with_type(value, type)

    def splat(self, value: Value) -> Value:
        if value.type == "bit":
            return self._with_type(self.splat(0 - self.convert(value, "i32")), "vm")
        if value.type not in SPLATS:
            raise TypeError(f"splat: expected f32, i32 or bit, got {value.type}")
        vector, node = VECTOR_OF[value.type], value.ref
        if node.code[:1] == LOADS[value.type] and node.effects == self._function.effects:  # what it loads has not changed since
            return Value(self, vector, self._function.emit(LOAD_SPLAT + node.code[1:], *node.operands, result=V128))
        return self._emit(vector, SPLATS[value.type], value)

    def iota(self) -> Value:
        return Value(self, "vi", self._function.vector_constant(struct.pack("<4i", *range(4))))

    def lane(self, vector: Value, index: int) -> Value:
        return self._emit(self._scalar_of(vector), EXTRACT_LANE[vector.type] + self._lane_number(index, 4), vector)

    def with_lane(self, vector: Value, index: int, scalar: Operand) -> Value:
        scalar = self.value(self._scalar_of(vector), scalar)
        return self._emit(vector.type, REPLACE_LANE[vector.type] + self._lane_number(index, 4), vector, scalar)

    def _scalar_of(self, vector: Value) -> str:
        if vector.type not in EXTRACT_LANE:
            raise TypeError(f"lane: expected vi or vf, got {vector.type}")
        return SCALAR_OF[vector.type]

    @staticmethod
    def _lane_number(index: int, lanes: int) -> bytes:
        if not 0 <= index < lanes:
            raise IndexError(f"expected a lane from 0 to {lanes - 1}, got {index}")
        return bytes([index])

    def any(self, mask: Value) -> Value:
        if mask.type != "vm":
            raise TypeError(f"any: expected vm, got {mask.type}")
        return self._emit("bit", V128_ANY_TRUE, mask)

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        a, b = self.operands(a, b)
        self._scalar_of(a)
        if len(lanes) != 4:
            raise ValueError(f"shuffle: expected 4 lanes, got {len(lanes)}")
        chosen = b"".join(self._lane_number(lane, 8) for lane in lanes)
        return self._emit(a.type, SHUFFLE + bytes(4 * lane + i for lane in chosen for i in range(4)), a, b)

    # --- memory ---

    def _at(self, address: Value, offset: int, itemsize: int) -> tuple[Value, bytes]:
        """Return an address and what follows the instruction: offsets are unsigned there."""
        if address.type != "index":
            raise TypeError(f"expected an address of type index, got {address.type}")
        if offset < 0:
            address, offset = address + offset, 0
        return address, memory_argument(itemsize, offset)

    def load(self, kind: str, address: Value, offset: int = 0) -> Value:
        address, argument = self._at(address, offset, ITEMSIZE[kind])
        return self._emit(LOADED[kind], LOADS[kind] + argument, address)

    def store(self, kind: str, address: Value, value: Operand, offset: int = 0) -> None:
        address, argument = self._at(address, offset, ITEMSIZE[kind])
        self._do(STORES[kind] + argument, address, self.value(LOADED[kind], value))

    def load_index(self, address: Value, offset: int = 0) -> Value:
        return self._with_type(self.load("i32", address, offset), "index")

    def store_index(self, address: Value, value: Value, offset: int = 0) -> None:
        self.store("i32", address, self._with_type(self.value("index", value), "i32"), offset)

    def load_vector(self, kind: str, address: Value, offset: int = 0, count: Value | None = None) -> Value:
        size, type = ITEMSIZE[kind], VECTOR_OF[LOADED[kind]]
        if count is None:
            address, argument = self._at(address, offset, size)
            loaded = self._emit(type, VECTOR_LOADS[size] + argument, address)
        else:
            loaded = self._load_lanes(type, size, address, offset, count)
        for code in WIDEN.get(kind, ()):
            loaded = self._emit(type, code, loaded)
        return loaded

    def _load_lanes(self, type: str, size: int, address: Value, offset: int, count: Value) -> Value:
        lanes = self.variable(type, 0)

        def load(lane: int) -> None:
            at, argument = self._at(address, offset + lane * size, size)
            lanes.set(self._emit(type, LANE_LOADS[size] + argument + bytes([lane]), at, lanes.value))

        self._lanes_below(count, load)
        return lanes.value

    def store_vector(self, kind: str, address: Value, value: Value, offset: int = 0, count: Value | None = None) -> None:
        size = ITEMSIZE[kind]
        value = self.value(VECTOR_OF[LOADED[kind]], value)
        if size in NARROW:
            value = self._emit(value.type, NARROW[size], value, value)
        if count is None:
            address, argument = self._at(address, offset, size)
            self._do(VECTOR_STORES[size] % argument, address, value)
            return

        def store(lane: int) -> None:
            at, argument = self._at(address, offset + lane * size, size)
            self._do(LANE_STORES[size] + argument + bytes([lane]), at, value)

        self._lanes_below(count, store)

    def _lanes_below(self, count: Value, do: Callable[[int], None], lane: int = 0) -> None:
        """Do something for lane 0, 1, ... while it is below count."""
        with self.when(count > lane):
            do(lane)
            if lane + 1 < self.lanes:
                self._lanes_below(count, do, lane + 1)

    def scratch(self, bytes: int) -> Value:
        offset = self.scratch_bytes
        self.scratch_bytes += -(-bytes // 16) * 16
        return self._emit("index", GLOBAL_GET + b"\0") + offset

    # --- variables and control ---

    def variable(self, type: str, value: Operand) -> Variable:
        return Variable(self, type, self._function.variable(self.value(type, value).ref))

    def read(self, variable: Variable) -> Value:
        return Value(self, variable.type, self._function.read(variable.ref))

    def write(self, variable: Variable, value: Value) -> None:
        self._function.write(variable.ref, self.value(variable.type, value).ref)

    @contextmanager
    def _within(self) -> Iterator[None]:
        """Count the constructs that are open: a branch names its target by how far out it is."""
        self._depth += 1
        yield
        self._depth -= 1

    @contextmanager
    def when(self, bit: Value) -> Iterator[Branch]:
        self._do(IF, self.value("bit", bit))
        with self._within():
            yield Branch(lambda: self._do(ELSE))
        self._do(END)

    @contextmanager
    def repeat(self) -> Iterator[Repeat]:
        outside = self._depth

        def stop_when(bit: Value) -> None:
            self._do(BRANCH_IF + unsigned(self._depth - outside - 1), self.value("bit", bit))

        with self._within(), self._within():
            self._function.begin_loop()
            yield Repeat(stop_when)
            self._function.end_loop(self.constant("bit", 1).ref)

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> Iterator[Value]:
        runs = isinstance(start, int) and isinstance(stop, int) and start < stop
        counter, stop = self.variable("index", start), self.value("index", stop)
        with nullcontext() if runs else self.when(counter.value < stop), self._within(), self._within():
            self._function.begin_loop()
            yield counter.value
            counter.add(step)
            self._function.end_loop((counter.value < stop).ref)

    def finish(self) -> bytes:
        return self._function.body()
