"""What shaders are written in: values and control (`values.code`), storage, uniforms. `kernels.wgsl` and `kernels.glsl` print them.

A kernel is what one thread does: it computes `lanes` neighbouring elements of each output, in no order that others could rely on. A vector
has 1 lane (its types print as scalars) or 4. An index is an int32 that counts elements. No pattern and no tensor is known here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from ..values.code import COMPARISONS, Branch, Code, Operand, Repeat, Value, Variable

# Words of uniforms before the sizes of a launch: how many threads there are, the bits of infinity and NaN, which no constant may be, and
# a 0 that compilers cannot know of.
HEADER = (0, 0x7F800000, 0x7FC00000, 0)
_INFINITY, _NAN, _ZERO = 1, 2, 3

STORED = {"f": "f32", "i": "i32"}  # the type of an element of storage
_SCALAR = {"index": "i32", "i32": "i32", "f32": "f32", "bit": "bit"}
_ELEMENT = {"vf": "f32", "vi": "i32", "vm": "bit"}
_SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "div_s": "/", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
_BITS = {"and": "&", "or": "|", "xor": "^"}
_FUNCTIONS = {"abs": "abs", "sqrt": "sqrt", "floor": "floor", "ceil": "ceil", "trunc": "trunc"}


class _Constant(Value):
    """A value that is known now."""

    __slots__ = ()


class Shader(Code):
    """Emits one kernel. `reads` and `writes` have "f" or "i" for each storage; arrays are numbered reads first, then writes."""

    fused = False
    divides_exactly = False
    smallest = 2.0**-126
    indent = "  "

    def __init__(self, reads: str, writes: str, lanes: int = 1, words: int = 1):
        self.reads, self.writes, self.lanes = reads, writes, lanes
        self.words = words  # stored for each element of an output: 2 of complex numbers
        self.uniforms = len(HEADER)
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0
        self._compared: dict[str, tuple[str, Sequence[str]]] = {}  # comparisons of floats: their type and operands, by the result
        self.vector_arrays: set[int] = set()  # those read or written four elements at a time
        self.helpers: dict[str, str] = {}  # functions of the language that the kernel needs, by name
        self.at = Value(self, "index", "at")  # the first element of this thread

    # --- text ---

    @abstractmethod
    def type_name(self, type: str) -> str:
        """Return a type as the language writes it."""

    @abstractmethod
    def declare(self, type: str, name: str, text: str, variable: bool = False) -> str:
        """Return the statement that names a value."""

    @abstractmethod
    def uniform(self, word: int) -> str:
        """Return a word of the uniforms, an int32."""

    def line(self, text: str) -> None:
        self._lines.append(self.indent * self._depth + text)

    def fresh(self, letter: str = "t") -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def emit(self, type: str, text: str) -> Value:
        """Return the value of a piece of text, computed here."""
        ref = self.fresh()
        self.line(self.declare(type, ref, text))
        return Value(self, type, ref)

    def element(self, type: str) -> str:
        """Return the scalar type that a type is made of."""
        return _ELEMENT.get(type) or _SCALAR[type]

    def is_wide(self, type: str) -> bool:
        """Tell whether values of a type have four components."""
        return self.lanes == 4 and type in _ELEMENT

    # --- uniforms ---

    def word(self, at: int) -> Value:
        """Return a word of the uniforms as an index."""
        self.uniforms = max(self.uniforms, at + 1)
        return Value(self, "index", self.uniform(at))

    def sizes(self) -> Callable[[], Value]:
        """Return a function that gives the launch's sizes and numbers one after the other, as indices."""
        at = iter(range(len(HEADER), 1 << 20))
        return lambda: self.emit("index", self.word(next(at)).ref)

    # --- values ---

    def constant(self, type: str, number: float) -> Value:
        element = self.element(type)
        if element == "bit":
            text = "true" if number else "false"
        elif element == "i32":
            text = self.int_text((int(number) + 2**31) % 2**32 - 2**31)
        else:
            text = self._float_constant(float(number))
        return _Constant(self, type, f"{self.type_name(type)}({text})" if self.is_wide(type) else text)

    def _float_constant(self, number: float) -> str:
        if number != number:
            return self.as_float(self.word(_NAN).ref)
        if abs(number) > 3.4028235677973366e38:
            text = self.as_float(self.word(_INFINITY).ref)
            return text if number > 0 else f"(-{text})"
        if number == 0 and str(number)[0] == "-":
            return self.as_float(self.int_text(-(2**31)))
        return self.float_text(number)

    @abstractmethod
    def int_text(self, number: int) -> str:
        """Return an int32 constant."""

    @abstractmethod
    def float_text(self, number: float) -> str:
        """Return a finite float32 constant."""

    @abstractmethod
    def as_float(self, text: str) -> str:
        """Return the float32 that has the bits of an int32."""

    def op(self, name: str, *given: Operand) -> Value:
        if name in ("shl", "shr_s", "shr_u"):
            return self._shift(name, *given)
        operands = self.operands(*given)
        type = operands[0].type
        if all(isinstance(x, _Constant) for x in operands):
            # Compilers compute constants, and refuse what overflows.
            operands = [self.emit(x.type, x.ref) for x in operands]
        if any(self.element(x.type) != self.element(type) for x in operands):
            raise TypeError(f"{name}: expected operands of one type, got {', '.join(x.type for x in operands)}")
        refs = [x.ref for x in operands]
        if name in COMPARISONS or name == "lt_u":
            return self._compare(name, type, refs)
        if self.element(type) == "bit":
            return self.emit(type, self.logic_text(name, type, refs))
        if name == "neg":
            return self.emit(type, f"-{refs[0]}")
        if name in ("min", "max"):
            return self._extreme(name, *operands)
        if name == "nearest":
            return self.emit(type, self.nearest_text(refs[0]))
        if name in _FUNCTIONS:
            return self.emit(type, f"{_FUNCTIONS[name]}({refs[0]})")
        if name in _BITS:
            return self.emit(type, f"{refs[0]} {_BITS[name]} {refs[1]}")
        return self.emit(type, self.arithmetic_text(name, type, refs))

    def _extreme(self, name: str, a: Value, b: Value) -> Value:
        """Return the larger or smaller, b where one is NaN; compilers may think that there is none."""
        made = self.emit(a.type, f"{name}({a.ref}, {b.ref})")
        for x in (a, b):
            if not isinstance(x, _Constant):
                made = self.select(x != x, b, made)
        return made

    def arithmetic_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        """Return an operation on two numbers."""
        if name == "rem_s":
            return f"{refs[0]} - {refs[0]} / {refs[1]} * {refs[1]}"
        return f"{refs[0]} {_SYMBOLS[name]} {refs[1]}"

    def _compare(self, name: str, type: str, refs: Sequence[str]) -> Value:
        made = "vm" if type in _ELEMENT else "bit"
        if name in ("eq", "ne") and refs[0] == refs[1] and self.element(type) == "f32":
            # The test for NaN, by its bits: compilers may think that there is none.
            size = self.bits(Value(self, type, refs[0]), "vi" if type == "vf" else "i32") & 0x7FFFFFFF
            return size > 0x7F800000 if name == "ne" else size <= 0x7F800000
        if name == "lt_u":
            flipped = [(Value(self, type, r) ^ -(2**31)).ref for r in refs]
            return self.emit(made, self.comparison_text("lt", type, flipped))
        result = self.emit(made, self.comparison_text(name, type, refs))
        if self.element(type) == "f32" and name not in ("eq", "ne"):
            self._compared[result.ref] = type, refs
        return result

    def comparison_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        """Return a comparison of numbers."""
        return f"{refs[0]} {_SYMBOLS[name]} {refs[1]}"

    @abstractmethod
    def logic_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        """Return and, or, xor, not of truth values."""

    @abstractmethod
    def nearest_text(self, ref: str) -> str:
        """Return the nearest whole number, ties to even."""

    @abstractmethod
    def shift_text(self, name: str, type: str, ref: str, amount: str) -> str:
        """Return a shift by a scalar int32."""

    def _shift(self, name: str, value: Operand, amount: Operand) -> Value:
        assert isinstance(value, Value)
        by = amount.ref if isinstance(amount, Value) else self.int_text(int(amount))
        return self.emit(value.type, self.shift_text(name, value.type, value.ref, by))

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        x, y = self.operands(a, b)
        type, compared = self._compared.get(condition.ref, ("", ()))
        for ref in compared:
            # Compilers make a minimum or maximum of a choice between what was compared, and lose a NaN: they must not see that it is one.
            if ref in (x.ref, y.ref) and ref[0] == "t":
                number = Value(self, type, ref)
                condition = condition & (number == number)
        return self.emit(x.type, self.select_text(x.type, condition.ref, x.ref, y.ref))

    @abstractmethod
    def select_text(self, type: str, condition: str, x: str, y: str) -> str:
        """Return x where the condition holds, else y."""

    def fma(self, a: Value, b: Operand, c: Operand) -> Value:
        x, y, z = self.operands(a, b, c)
        return self.emit(x.type, f"{x.ref} * {y.ref} + {z.ref}")

    def fence(self, x: Value) -> Value:
        return self.bits(self.bits(x, "vi") ^ self.splat(self.word(_ZERO)), "vf")

    def whole(self, x: Value, factor: float, bias: int = 0) -> tuple[Value, Value]:
        # Adding a large number and taking it away again is what compilers of shaders may leave out.
        n = self.op("nearest", x * factor)
        integer = self.emit("vi", f"{self.type_name('vi')}({n.ref})")
        return n, integer + bias if bias else integer

    def scale(self, x: Value, n: Value) -> Value:
        whole = self.convert(n, "vi")
        first = whole >> 1
        return self.fence(x * self.bits((first + 127) << 23, "vf")) * self.bits((whole - first + 127) << 23, "vf")

    def convert(self, value: Value, type: str) -> Value:
        source, target = self.element(value.type), self.element(type)
        if source == target:
            return Value(self, type, value.ref)
        if target == "i32" and source == "f32":
            return self._truncated(value, type)
        return self.emit(type, f"{self.type_name(type)}({value.ref})")

    def _truncated(self, x: Value, type: str) -> Value:
        """Return an integer as the CPU's conversion gives it: saturated, and 0 of NaN."""
        largest = 2147483520.0  # below 2**31
        bounded = self.op("max", self.op("min", x, largest), -(2.0**31))
        made = self.emit(type, f"{self.type_name(type)}({bounded.ref})")
        made = self.select(x >= 2.0**31, self.constant(type, 2**31 - 1), made)
        return self.select(x == x, made, self.constant(type, 0))

    def bits(self, value: Value, type: str) -> Value:
        return value if value.type == type else self.emit(type, self.bits_text(value, type))

    @abstractmethod
    def bits_text(self, value: Value, type: str) -> str:
        """Return the same bits as another type."""

    def splat(self, value: Value) -> Value:
        type = {"f32": "vf", "i32": "vi", "index": "vi", "bit": "vm"}[value.type]
        return self.emit(type, f"{self.type_name(type)}({value.ref})") if self.lanes == 4 else Value(self, type, value.ref)

    def iota(self) -> Value:
        text = ", ".join(map(self.int_text, range(4)))
        return Value(self, "vi", f"{self.type_name('vi')}({text})" if self.lanes == 4 else self.int_text(0))

    def lane(self, vector: Value, index: int) -> Value:
        type = _ELEMENT[vector.type]
        return self.emit(type, f"{vector.ref}.{'xyzw'[index]}") if self.lanes == 4 else Value(self, type, vector.ref)

    def with_lane(self, vector: Value, index: int, scalar: Operand) -> Value:
        element = self.value(_ELEMENT[vector.type], scalar)
        if self.lanes == 1:
            return Value(self, vector.type, element.ref)
        parts = [element.ref if i == index else f"{vector.ref}.{c}" for i, c in enumerate("xyzw")]
        return self.emit(vector.type, f"{self.type_name(vector.type)}({', '.join(parts)})")

    def any(self, mask: Value) -> Value:
        return self.emit("bit", f"any({mask.ref})") if self.lanes == 4 else Value(self, "bit", mask.ref)

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        if self.lanes == 1:
            return (a, b)[lanes[0]]
        parts = [f"{(a if i < 4 else b).ref}.{'xyzw'[i % 4]}" for i in lanes]
        return self.emit(a.type, f"{self.type_name(a.type)}({', '.join(parts)})")

    # --- storage ---

    def load(self, array: int, at: Value) -> Value:
        """Return the element of an array at an index, an f32 or i32."""
        kind = (self.reads + self.writes)[array]
        return self.emit(STORED[kind], self.load_text(array, at.ref))

    def load_vector(self, array: int, at: Value) -> Value:
        """Return four elements from an index on, which is a multiple of 4."""
        kind = (self.reads + self.writes)[array]
        self.vector_arrays.add(array)
        return self.emit({"f": "vf", "i": "vi"}[kind], self.load_vector_text(array, at.ref))

    def load_quad(self, array: int, at: Value) -> Value:
        """Return the four elements from four times an index on: where it is at hand, that saves a shift, dear on software devices."""
        kind = (self.reads + self.writes)[array]
        self.vector_arrays.add(array)
        return self.emit({"f": "vf", "i": "vi"}[kind], self.load_quad_text(array, at.ref))

    @abstractmethod
    def load_text(self, array: int, at: str) -> str:
        """Return the element of an array at an index."""

    @abstractmethod
    def load_vector_text(self, array: int, at: str) -> str:
        """Return four elements of an array from an index on."""

    @abstractmethod
    def load_quad_text(self, array: int, at: str) -> str:
        """Return four elements of an array from four times an index on."""

    @abstractmethod
    def result(self, output: int, *parts: Value) -> None:
        """Give an output this thread's element (its words), or four of them as a vector."""

    # --- variables and control ---

    def variable(self, type: str, value: Operand) -> Variable:
        ref = self.fresh("v")
        self.line(self.declare(type, ref, self.value(type, value).ref, variable=True))
        return Variable(self, type, ref)

    def read(self, variable: Variable) -> Value:
        return self.emit(variable.type, variable.ref)

    def write(self, variable: Variable, value: Value) -> None:
        self.line(f"{variable.ref} = {value.ref};")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Write what is emitted within as a block after a head."""
        self.line(f"{head} {{")
        self._depth += 1
        yield
        self._depth -= 1
        self.line("}")

    @contextmanager
    def when(self, bit: Value) -> Iterator[Branch]:
        def otherwise() -> None:
            self._depth -= 1
            self.line("} else {")
            self._depth += 1

        with self.block(f"if ({bit.ref})"):
            yield Branch(otherwise)

    @contextmanager
    def repeat(self) -> Iterator[Repeat]:
        with self.block(self.forever):
            yield Repeat(lambda bit: self.line(f"if ({bit.ref}) {{ break; }}"))

    forever = "while (true)"

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> Iterator[Value]:
        first, last, by = (self.value("index", v).ref for v in (start, stop, step))
        name = self.fresh("t")
        with self.block(f"for ({self.declare('index', name, first, variable=True)} {name} < {last}; {name} = {name} + {by})"):
            yield Value(self, "index", name)

    # --- the whole ---

    @property
    def body(self) -> str:
        """The statements so far."""
        return "\n".join(self._lines)

    @abstractmethod
    def finish(self) -> str:
        """Return the source of the kernel."""
