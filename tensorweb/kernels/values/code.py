"""What kernels are written in: typed values, variables, loops and branches. Memory is a target's: `loops.builder`, `shaders.builder`.

A printer subclasses `Code` and fills in the abstract methods; what can be said in terms of those is said here.

Types of values
    index   a size, a loop counter or an address
    i32 f32 f64   scalars
    bit     the result of comparing scalars
    vi vf   vectors of `lanes` int32 or float32
    vm      the result of comparing vectors: a mask of lanes
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Union

Operand = Union["Value", int, float]

VECTOR_OF = {"f32": "vf", "i32": "vi", "bit": "vm"}
SCALAR_OF = {v: s for s, v in VECTOR_OF.items()}

COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")

_MAGIC = 1.5 * 2**23  # added to a number below 2**22, it leaves the nearest integer in the lowest bits


class Value:
    """A typed value that never changes. `ref` is the printer's: a register's name or number, or a constant's text."""

    __slots__ = ("builder", "ref", "type")

    def __init__(self, builder: Code, type: str, ref: Any):
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

    def __init__(self, builder: Code, type: str, ref: Any):
        self.builder, self.type, self.ref = builder, type, ref

    @property
    def value(self) -> Value:
        """What it holds at this point; a later `set` does not change the Value returned here."""
        return self.builder.read(self)

    def set(self, value: Operand) -> None:
        self.builder.write(self, self.builder.value(self.type, value))

    def add(self, value: Operand) -> None:
        self.set(self.value + value)


Lanes = Value | tuple[Value, Value]  # what one element of a dtype is in each lane; complex numbers are pairs


class Branch:
    """Inside `with b.when(bit) as branch:` a call of `otherwise` ends what is done if the bit is set and begins what is done if not."""

    def __init__(self, otherwise: Callable[[], None]):
        self.otherwise = otherwise


class Repeat:
    """Inside `with b.repeat() as again:` the block runs again and again until `stop_when` meets a set bit."""

    def __init__(self, stop_when: Callable[[Value], None]):
        self.stop_when = stop_when


class Code(ABC):
    """Emits the instructions of one kernel."""

    lanes: int  # elements in a vector
    fused: bool  # whether fma is one instruction
    rounds_once = False  # whether fma is sure to round once: WebAssembly's relaxed instruction need not
    divides_exactly = True  # whether div gives the nearest number: that of a GPU may be off by some units of the last place
    smallest = 2.0**-149  # the smallest positive float32 that is sure to differ from 0: 2**-126 where denormal numbers may count as 0

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

    def minimum(self, a: Value, b: Operand) -> Value:
        """Return the smaller of two integers."""
        return self.select(a < b, a, b)

    def maximum(self, a: Value, b: Operand) -> Value:
        """Return the larger of two integers."""
        return self.select(a > b, a, b)

    def fence(self, x: Value) -> Value:
        """Return x (vf) as a number that the target's compiler knows nothing of, where compilers simplify float arithmetic: a printer
        for one of those overrides this. Without it, (x + y) - x might become y."""
        return x

    def whole(self, x: Value, factor: float, bias: int = 0) -> tuple[Value, Value]:
        """Return the whole number n nearest to x * factor as vf, and as vi n + bias, of which only the lowest 22 bits count.

        It holds for |n| + bias < 2**22; what comes out for other numbers and for NaN is not defined, but of a NaN the vf is NaN.
        """
        shifted = self.fma(x, factor, _MAGIC + bias)
        return shifted - (_MAGIC + bias), self.bits(shifted, "vi")

    def scale(self, x: Value, n: Value) -> Value:
        """Return x * 2**n (vf), rounded in the end only where that is normal; n holds whole numbers from -252 to 252."""
        first = self.bits(self.fma(n, 0.5, _MAGIC + 127), "vi")  # two factors, each an exponent that a float can have
        second = self.bits(n + (_MAGIC + 254), "vi") - first
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
