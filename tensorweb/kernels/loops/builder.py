"""What the loops are written in: typed values, variables, loops and branches. `kernels.llvm` and `kernels.wasm` print them.

A printer subclasses `Builder` and fills in the abstract methods; what can be said in terms of those is said
here. No pattern and no tensor is known here.

Types of values
    index   a size, a loop counter or a byte address: 64 bits native, 32 bits in WebAssembly
    i32 f32 f64   scalars
    bit     the result of comparing scalars
    vi vf   vectors of `lanes` int32 or float32
    vm      the result of comparing vectors: a mask of lanes

Kinds of memory: f32, i32, i8, u8, u16. Narrow ones are widened when loaded and cut when stored (modulo their range).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Union

Operand = Union["Value", int, float]

ITEMSIZE = {"f32": 4, "i32": 4, "i8": 1, "u8": 1, "u16": 2}
VECTOR_OF = {"f32": "vf", "i32": "vi", "bit": "vm"}
SCALAR_OF = {v: s for s, v in VECTOR_OF.items()}
LOADED = {"f32": "f32", "i32": "i32", "i8": "i32", "u8": "i32", "u16": "i32"}  # kind of memory -> scalar type

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")


class Value:
    """A typed value that never changes. `ref` is the printer's: a register's name or number, or a constant's text."""

    __slots__ = ("builder", "ref", "type")

    def __init__(self, builder: Builder, type: str, ref: Any):
        self.builder, self.type, self.ref = builder, type, ref

    def __repr__(self) -> str:
        return f"{self.type} {self.ref}"

    def __add__(self, other: Operand) -> Value:
        return self.builder.op("add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.builder.op("add", other, self)

    def __sub__(self, other: Operand) -> Value:
        return self.builder.op("sub", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.builder.op("sub", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.builder.op("mul", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.builder.op("mul", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self.builder.op("div", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.builder.op("div", other, self)

    def __floordiv__(self, other: Operand) -> Value:
        """Divide sizes: both operands count as unsigned, the divisor is not zero."""
        return self.builder.op("div_u", self, other)

    def __mod__(self, other: Operand) -> Value:
        return self.builder.op("rem_u", self, other)

    def __neg__(self) -> Value:
        return self.builder.op("neg", self) if self.type in ("f32", "f64", "vf") else self.builder.op("sub", 0, self)

    def __and__(self, other: Operand) -> Value:
        return self.builder.op("and", self, other)

    def __or__(self, other: Operand) -> Value:
        return self.builder.op("or", self, other)

    def __xor__(self, other: Operand) -> Value:
        return self.builder.op("xor", self, other)

    def __invert__(self) -> Value:
        return self.builder.op("not", self) if self.type in ("vm", "bit") else self.builder.op("xor", self, -1)

    def __lshift__(self, other: Operand) -> Value:
        return self.builder.op("shl", self, other)

    def __rshift__(self, other: Operand) -> Value:
        """Shift right, keeping the sign."""
        return self.builder.op("shr_s", self, other)

    def __eq__(self, other: Operand) -> Value:  # type: ignore[override]
        return self.builder.op("eq", self, other)

    def __ne__(self, other: Operand) -> Value:  # type: ignore[override]
        return self.builder.op("ne", self, other)

    def __lt__(self, other: Operand) -> Value:
        return self.builder.op("lt", self, other)

    def __le__(self, other: Operand) -> Value:
        return self.builder.op("le", self, other)

    def __gt__(self, other: Operand) -> Value:
        return self.builder.op("gt", self, other)

    def __ge__(self, other: Operand) -> Value:
        return self.builder.op("ge", self, other)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("a value of a kernel has no truth while the kernel is built: use when() or select")


class Variable:
    """A place that can be set again: a counter, an accumulator."""

    __slots__ = ("builder", "ref", "type")

    def __init__(self, builder: Builder, type: str, ref: Any):
        self.builder, self.type, self.ref = builder, type, ref

    @property
    def value(self) -> Value:
        """What it holds at this point; a later `set` does not change the Value returned here."""
        return self.builder.read(self)

    def set(self, value: Operand) -> None:
        self.builder.write(self, self.builder.value(self.type, value))

    def add(self, value: Operand) -> None:
        self.set(self.value + value)


class Branch:
    """Inside `with b.when(bit) as branch:` a call of `otherwise` ends what is done if the bit is set and begins what is done if not."""

    def __init__(self, otherwise: Callable[[], None]):
        self.otherwise = otherwise


class Repeat:
    """Inside `with b.repeat() as again:` the block runs again and again until `stop_when` meets a set bit."""

    def __init__(self, stop_when: Callable[[Value], None]):
        self.stop_when = stop_when


class Builder(ABC):
    """Emits one kernel: a function (dynamic, begin, end) of three index arguments.

    `dynamic` is the address of the call's slots, each `index_bytes` wide: slot 0 holds the address of the plan's sizes (see `size`), the
    others what the call brings: addresses of buffers, and numbers (the bits of an int32 or float32). `begin`, `end` bound the units of
    work that this call does.
    """

    lanes: int  # elements in a vector
    index_bytes: int
    registers: int  # vector registers
    fused: bool  # whether fma is one instruction
    rounds_once = False  # whether fma is sure to round once: WebAssembly's relaxed instruction need not
    dynamic: Value
    begin: Value
    end: Value

    # --- values ---

    @abstractmethod
    def constant(self, type: str, number: float) -> Value:
        """Return a number as a value; of a vector type, the same in each lane. Integers wrap to their type."""

    @abstractmethod
    def op(self, name: str, *operands: Operand) -> Value:
        """Return the result of an instruction. Python numbers take the type of the first operand that is a Value.

        On all number types: add sub mul, and the comparisons eq ne lt le gt ge (bit for scalars, vm for vectors; ints are signed; with
        a NaN all but ne are false). index, i32: div_u rem_u div_s rem_s (the caller excludes 0 and -2**31 / -1). index, i32, vi: and or
        xor shl shr_s shr_u (the amount is a scalar of the same width, or a Python int, below the width). i32, vi: lt_u. bit, vm: and or
        xor not. f32, f64, vf: div neg abs sqrt floor ceil trunc nearest (ties to even), min max as `a < b ? a : b` and `a > b ? a : b`:
        where one is NaN, the second operand comes out.
        """

    @abstractmethod
    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        """Return a where the condition (bit, or vm for vectors) is set, else b."""

    @abstractmethod
    def fma(self, a: Value, b: Operand, c: Operand) -> Value:
        """Return a * b + c (f32, vf), rounded once where `fused`, else twice."""

    @abstractmethod
    def convert(self, value: Value, type: str) -> Value:
        """Return the number in another type: i32 <-> index (signed; cut), i32 <-> f32, f32 <-> f64, i32 -> f64, vi <-> vf, bit -> i32,
        vm -> vi (0 or 1). From float to integer it truncates and saturates; NaN gives 0."""

    @abstractmethod
    def bits(self, value: Value, type: str) -> Value:
        """Return the same bits as another type: f32 <-> i32, vf <-> vi."""

    @abstractmethod
    def splat(self, value: Value) -> Value:
        """Return the vector with the scalar (f32, i32, bit) in each lane."""

    @abstractmethod
    def iota(self) -> Value:
        """Return the vi 0, 1, 2, ..."""

    @abstractmethod
    def lane(self, vector: Value, index: int) -> Value:
        """Return the scalar in one lane of a vf or vi."""

    @abstractmethod
    def with_lane(self, vector: Value, index: int, scalar: Operand) -> Value:
        """Return the vf or vi with one lane replaced."""

    @abstractmethod
    def any(self, mask: Value) -> Value:
        """Return the bit that tells whether a lane of the vm is set."""

    @abstractmethod
    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        """Return the vector of the named lanes of a (from 0) and b (from `self.lanes`); a and b are of one type, vf or vi."""

    # --- memory ---

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

    # --- variables and control ---

    @abstractmethod
    def variable(self, type: str, value: Operand) -> Variable:
        """Return a new variable with a first value."""

    @abstractmethod
    def read(self, variable: Variable) -> Value: ...

    @abstractmethod
    def write(self, variable: Variable, value: Value) -> None: ...

    @abstractmethod
    def when(self, bit: Value) -> AbstractContextManager[Branch]:
        """Do the block if the bit is set; see Branch for the other case."""

    @abstractmethod
    def repeat(self) -> AbstractContextManager[Repeat]:
        """Do the block until its `stop_when` says so."""

    @abstractmethod
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> AbstractContextManager[Value]:
        """Do the block for each index from start to below stop (signed); not once if there is none."""

    @abstractmethod
    def finish(self) -> Any:
        """End the function and return what the printer makes: text or bytes."""

    # --- said in terms of the above ---

    def value(self, type: str, operand: Operand) -> Value:
        """Return an operand as a value of a type; Python numbers become constants."""
        if isinstance(operand, Value):
            if operand.type != type:
                raise TypeError(f"expected a value of type {type}, got {operand.type}")
            return operand
        return self.constant(type, operand)

    def operands(self, *given: Operand) -> list[Value]:
        """Return operands of one type: Python numbers as constants of the type of the first that is a value."""
        type = next((x.type for x in given if isinstance(x, Value)), None)
        if type is None:
            raise TypeError(f"expected a value among the operands, got {given}")
        return [self.value(type, x) for x in given]

    def index(self, number: int) -> Value:
        return self.constant("index", number)

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

    def minimum(self, a: Value, b: Operand) -> Value:
        """Return the smaller of two integers."""
        return self.select(a < b, a, b)

    def maximum(self, a: Value, b: Operand) -> Value:
        """Return the larger of two integers."""
        return self.select(a > b, a, b)

    def scale(self, x: Value, n: Value) -> Value:
        """Return x * 2**n (vf), rounded in the end only where that is normal; n holds whole numbers from -250 to 250."""
        # Two factors, each an exponent that a float can have; sums with 1.5 * 2**23 leave whole numbers in the lowest bits.
        first = self.bits(self.fma(n, 0.5, 1.5 * 2**23 + 127), "vi")
        second = self.bits(n + (1.5 * 2**23 + 254), "vi") - first
        return x * self.bits(first << 23, "vf") * self.bits(second << 23, "vf")

    def per_lane(self, function: Callable[..., Value], *vectors: Value) -> Value:
        """Return the vi or vf of a scalar function of each lane, for what no vector instruction does."""
        results = [function(*(self.lane(v, i) for v in vectors)) for i in range(self.lanes)]
        made = self.splat(results[0])
        for i in range(1, self.lanes):
            made = self.with_lane(made, i, results[i])
        return made

    def horizontal(self, combine: Callable[[Value, Value], Value], vector: Value) -> Value:
        """Return one scalar from all lanes of a vector, combined pair by pair as a tree."""
        half = self.lanes // 2
        while half:
            # Lanes are exchanged, not just moved down: LLVM 22 miscompiles the latter for integers where several rows are reduced.
            vector = combine(vector, self.shuffle(vector, vector, [i ^ half for i in range(self.lanes)]))
            half //= 2
        return self.lane(vector, 0)

    def deinterleave(self, a: Value, b: Value) -> tuple[Value, Value]:
        """Return the even and the odd lanes of two vectors that follow one another."""
        n = self.lanes
        return self.shuffle(a, b, range(0, 2 * n, 2)), self.shuffle(a, b, range(1, 2 * n, 2))

    def interleave(self, even: Value, odd: Value) -> tuple[Value, Value]:
        """Return the two vectors in which the lanes of `even` and `odd` take turns."""
        n = self.lanes
        order = [lane for i in range(n) for lane in (i, n + i)]
        return self.shuffle(even, odd, order[:n]), self.shuffle(even, odd, order[n:])

    @contextmanager
    def unless(self, bit: Value) -> Iterator[None]:
        """Do the block if the bit is not set."""
        with self.when(~bit):
            yield
