"""Prints kernels as LLVM's intermediate language, as text: it needs no LLVM to be installed. Compiling the text is `backends.native`'s.

Vectors have 4, 8 or 16 lanes, as the processor has them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .loops.builder import LOADED, Builder
from .values.code import COMPARISONS, VECTOR_OF, Branch, Operand, Repeat, Value, Variable

_SCALARS = {"index": "i64", "i32": "i32", "f32": "float", "f64": "double", "bit": "i1"}
_FLOATS = ("f32", "f64", "vf")
_INTEGER_OPS = {
    "add": "add", "sub": "sub", "mul": "mul", "and": "and", "or": "or", "xor": "xor", "shl": "shl", "shr_s": "ashr", "shr_u": "lshr",
    "div_u": "udiv", "rem_u": "urem", "div_s": "sdiv", "rem_s": "srem",
}  # fmt: skip
_FLOAT_OPS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
_FLOAT_FUNCTIONS = {
    "abs": "llvm.fabs", "sqrt": "llvm.sqrt", "floor": "llvm.floor", "ceil": "llvm.ceil", "trunc": "llvm.trunc",
    "nearest": "llvm.roundeven",
}  # fmt: skip
_SIGNED = {"eq": "eq", "ne": "ne", "lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge"}
_ORDERED = {"eq": "oeq", "ne": "une", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge"}
_MEMORY = {"f32": "float", "i32": "i32", "i8": "i8", "u8": "i8", "u16": "i16"}
_SCALAR_ELEMENT = {"vf": "f32", "vi": "i32", "vm": "bit"}


def _float_text(number: float, double: bool) -> str:
    """Return a number as the language writes it: the bits of a double, also for a float."""
    if not double:
        try:
            number = struct.unpack("<f", struct.pack("<f", number))[0]
        except OverflowError:
            number = float("inf") if number > 0 else float("-inf")
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def _wrapped(number: float, bits: int) -> int:
    half = 1 << (bits - 1)
    return (int(number) + half) % (2 * half) - half


class LlvmBuilder(Builder):
    """Prints one function `void name(i64 dynamic, i64 begin, i64 end)`."""

    index_bytes = 8

    def __init__(self, name: str = "kernel", lanes: int = 8, registers: int = 16, fused: bool = True):
        self.name, self.lanes, self.registers, self.fused = name, lanes, registers, fused
        self.rounds_once = fused
        self.dynamic, self.begin, self.end = (Value(self, "index", f"%{x}") for x in ("dynamic", "begin", "end"))
        self._allocas: list[str] = []
        self._lines: list[str] = []
        self._declared: dict[str, str] = {}
        self._count = 0
        self._block = "start"

    # --- text ---

    def _fresh(self) -> int:
        self._count += 1
        return self._count

    def _type(self, type: str) -> str:
        return _SCALARS.get(type) or f"<{self.lanes} x {_SCALARS[_SCALAR_ELEMENT[type]]}>"

    def _emit(self, type: str, text: str) -> Value:
        ref = f"%t{self._fresh()}"
        self._lines.append(f"  {ref} = {text}")
        return Value(self, type, ref)

    def _typed(self, value: Value) -> str:
        return f"{self._type(value.type)} {value.ref}"

    def _label(self, label: str) -> None:
        self._lines.append(f"{label}:")
        self._block = label

    def _call(self, result: str, name: str, *arguments: str, types: Sequence[str]) -> str:
        self._declared.setdefault(name, f"declare {result} @{name}({', '.join(types)})")
        return f"call {result} @{name}({', '.join(arguments)})"

    def _suffix(self, type: str) -> str:
        letters = {"f32": "f32", "f64": "f64", "vf": f"v{self.lanes}f32", "vi": f"v{self.lanes}i32", "i32": "i32"}
        return letters[type]

    # --- values ---

    def constant(self, type: str, number: float) -> Value:
        element = _SCALAR_ELEMENT.get(type, type)
        if element in ("f32", "f64"):
            text = _float_text(float(number), element == "f64")
        elif element == "bit":
            text = "true" if number else "false"
        else:
            text = str(_wrapped(number, 64 if element == "index" else 32))
        if type in _SCALAR_ELEMENT:
            text = f"splat ({_SCALARS[element]} {text})"
        return Value(self, type, text)

    def op(self, name: str, *given: Operand) -> Value:
        if name in ("shl", "shr_s", "shr_u"):
            return self._shift(name, *given)
        operands = self.operands(*given)
        type = operands[0].type
        if any(x.type != type for x in operands):
            raise TypeError(f"{name}: expected operands of one type, got {', '.join(x.type for x in operands)}")
        refs = ", ".join(x.ref for x in operands)
        typed = f"{self._type(type)} {refs}"
        if name in COMPARISONS or name == "lt_u":
            compare = f"fcmp {_ORDERED[name]}" if type in _FLOATS else f"icmp {'ult' if name == 'lt_u' else _SIGNED[name]}"
            return self._emit("vm" if type in _SCALAR_ELEMENT else "bit", f"{compare} {typed}")
        if name == "not":
            return self._emit(type, f"xor {typed}, {self.constant(type, 1).ref}")
        if type not in _FLOATS:
            return self._emit(type, f"{_INTEGER_OPS[name]} {typed}")
        return self._float(name, type, operands, typed)

    def _float(self, name: str, type: str, operands: list[Value], typed: str) -> Value:
        if name in _FLOAT_OPS:
            # A product and the sum it goes into may be rounded once; nothing else of fast arithmetic is allowed.
            flag = " contract" if self.fused and name != "div" else ""
            return self._emit(type, f"{_FLOAT_OPS[name]}{flag} {typed}")
        if name == "neg":
            return self._emit(type, f"fneg {typed}")
        if name in ("min", "max"):
            a, b = operands
            return self.select(a < b if name == "min" else a > b, a, b)
        text = self._type(type)
        return self._emit(type, self._call(text, f"{_FLOAT_FUNCTIONS[name]}.{self._suffix(type)}", typed, types=[text]))

    def _shift(self, name: str, given: Operand, amount: Operand) -> Value:
        assert isinstance(given, Value)
        value = given
        scalar = "i32" if value.type == "vi" else value.type
        by = self.value(scalar, amount)
        if value.type == "vi":
            by = self.splat(by) if isinstance(amount, Value) else self.constant("vi", amount)
        return self._emit(value.type, f"{_INTEGER_OPS[name]} {self._typed(value)}, {by.ref}")

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        x, y = self.operands(a, b)
        if x.type != y.type or (condition.type == "vm") != (x.type in _SCALAR_ELEMENT):
            raise TypeError(f"select: expected a condition and operands that match, got {condition.type}, {x.type} and {y.type}")
        return self._emit(x.type, f"select {self._typed(condition)}, {self._typed(x)}, {self._typed(y)}")

    def fma(self, a: Value, b: Operand, c: Operand) -> Value:
        if not self.fused:
            return a * b + c
        x, y, z = self.operands(a, b, c)
        text = self._type(x.type)
        call = self._call(text, f"llvm.fma.{self._suffix(x.type)}", *(self._typed(v) for v in (x, y, z)), types=[text] * 3)
        return self._emit(x.type, call)

    def scale(self, x: Value, n: Value) -> Value:
        if self.lanes != 16:
            return super().scale(x, n)
        vector = self._type("vf")  # AVX-512 has an instruction for it
        arguments = (self._typed(x), self._typed(n), self._typed(x), "i16 -1", "i32 4")
        types = (vector, vector, vector, "i16", "i32")
        return self._emit("vf", self._call(vector, "llvm.x86.avx512.mask.scalef.ps.512", *arguments, types=types))

    def convert(self, value: Value, type: str) -> Value:
        if value.type == type:
            return value
        made = self._type(type)
        plain = {
            ("i32", "index"): "sext", ("index", "i32"): "trunc", ("i32", "f32"): "sitofp", ("i32", "f64"): "sitofp",
            ("vi", "vf"): "sitofp", ("f32", "f64"): "fpext", ("f64", "f32"): "fptrunc", ("bit", "i32"): "zext", ("vm", "vi"): "zext",
            ("bit", "index"): "zext",
        }.get((value.type, type))  # fmt: skip
        if plain:
            return self._emit(type, f"{plain} {self._typed(value)} to {made}")
        if (value.type, type) not in (("f32", "i32"), ("vf", "vi"), ("f64", "i32")):
            raise TypeError(f"convert: expected a conversion that exists, got {value.type} to {type}")
        name = f"llvm.fptosi.sat.{self._suffix(type)}.{self._suffix(value.type)}"
        return self._emit(type, self._call(made, name, self._typed(value), types=[self._type(value.type)]))

    def bits(self, value: Value, type: str) -> Value:
        return value if value.type == type else self._emit(type, f"bitcast {self._typed(value)} to {self._type(type)}")

    def splat(self, value: Value) -> Value:
        type = VECTOR_OF[value.type]
        if not value.ref.startswith("%"):
            return Value(self, type, f"splat ({self._typed(value)})")
        vector = self._type(type)
        one = self._emit(type, f"insertelement {vector} poison, {self._typed(value)}, i32 0")
        return self._emit(type, f"shufflevector {self._typed(one)}, {vector} poison, <{self.lanes} x i32> zeroinitializer")

    def iota(self) -> Value:
        return Value(self, "vi", "<" + ", ".join(f"i32 {i}" for i in range(self.lanes)) + ">")

    def lane(self, vector: Value, index: int) -> Value:
        return self._emit(_SCALAR_ELEMENT[vector.type], f"extractelement {self._typed(vector)}, i32 {index}")

    def with_lane(self, vector: Value, index: int, scalar: Operand) -> Value:
        element = self.value(_SCALAR_ELEMENT[vector.type], scalar)
        return self._emit(vector.type, f"insertelement {self._typed(vector)}, {self._typed(element)}, i32 {index}")

    def any(self, mask: Value) -> Value:
        word = self._emit("bit", f"bitcast {self._typed(mask)} to i{self.lanes}")
        return self._emit("bit", f"icmp ne i{self.lanes} {word.ref}, 0")

    def shuffle(self, a: Value, b: Value, lanes: Sequence[int]) -> Value:
        order = ", ".join(f"i32 {i}" for i in lanes)
        return self._emit(a.type, f"shufflevector {self._typed(a)}, {self._typed(b)}, <{self.lanes} x i32> <{order}>")

    # --- memory ---

    def _pointer(self, address: Value, offset: int) -> str:
        at = address if not offset else self._emit("index", f"add i64 {address.ref}, {offset}")
        return f"ptr {self._emit('index', f'inttoptr i64 {at.ref} to ptr').ref}"

    def load(self, kind: str, address: Value, offset: int = 0) -> Value:
        made = self._emit(LOADED[kind], f"load {_MEMORY[kind]}, {self._pointer(address, offset)}, align 1")
        if kind in ("f32", "i32"):
            return made
        return self._emit("i32", f"{'sext' if kind == 'i8' else 'zext'} {_MEMORY[kind]} {made.ref} to i32")

    def store(self, kind: str, address: Value, value: Operand, offset: int = 0) -> None:
        cut = self.value(LOADED[kind], value)
        if kind not in ("f32", "i32"):
            cut = self._emit("i32", f"trunc {self._typed(cut)} to {_MEMORY[kind]}")
        self._lines.append(f"  store {_MEMORY[kind]} {cut.ref}, {self._pointer(address, offset)}, align 1")

    def _mask(self, count: Value) -> str:
        return self._typed(self.iota() < self.splat(self.convert(count, "i32")))

    def load_vector(self, kind: str, address: Value, offset: int = 0, count: Value | None = None) -> Value:
        type = VECTOR_OF[LOADED[kind]]
        element = _MEMORY[kind]
        vector, pointer = f"<{self.lanes} x {element}>", self._pointer(address, offset)
        if count is None:
            made = self._emit(type, f"load {vector}, {pointer}, align 1")
        else:
            name = f"llvm.masked.load.v{self.lanes}{element.replace('float', 'f32')}.p0"
            arguments = (pointer, "i32 1", self._mask(count), f"{vector} zeroinitializer")
            types = ("ptr", "i32", f"<{self.lanes} x i1>", vector)
            made = self._emit(type, self._call(vector, name, *arguments, types=types))
        if kind in ("f32", "i32"):
            return made
        return self._emit("vi", f"{'sext' if kind == 'i8' else 'zext'} {vector} {made.ref} to {self._type('vi')}")

    def store_vector(self, kind: str, address: Value, value: Value, offset: int = 0, count: Value | None = None) -> None:
        value = self.value(VECTOR_OF[LOADED[kind]], value)
        element = _MEMORY[kind]
        vector = f"<{self.lanes} x {element}>"
        if kind not in ("f32", "i32"):
            value = self._emit("vi", f"trunc {self._typed(value)} to {vector}")
        pointer = self._pointer(address, offset)
        if count is None:
            self._lines.append(f"  store {vector} {value.ref}, {pointer}, align 1")
            return
        name = f"llvm.masked.store.v{self.lanes}{element.replace('float', 'f32')}.p0"
        types = (vector, "ptr", "i32", f"<{self.lanes} x i1>")
        self._lines.append("  " + self._call("void", name, f"{vector} {value.ref}", pointer, "i32 1", self._mask(count), types=types))

    def load_index(self, address: Value, offset: int = 0) -> Value:
        return self._emit("index", f"load i64, {self._pointer(address, offset)}, align 8")

    def store_index(self, address: Value, value: Value, offset: int = 0) -> None:
        self._lines.append(f"  store i64 {self.value('index', value).ref}, {self._pointer(address, offset)}, align 8")

    def scratch(self, bytes: int) -> Value:
        ref = f"%a{self._fresh()}"
        self._allocas.append(f"  {ref} = alloca [{bytes} x i8], align 64")
        return self._emit("index", f"ptrtoint ptr {ref} to i64")

    # --- variables and control ---

    def variable(self, type: str, value: Operand) -> Variable:
        ref = f"%a{self._fresh()}"
        self._allocas.append(f"  {ref} = alloca {self._type(type)}")
        made = Variable(self, type, ref)
        made.set(value)
        return made

    def read(self, variable: Variable) -> Value:
        return self._emit(variable.type, f"load {self._type(variable.type)}, ptr {variable.ref}")

    def write(self, variable: Variable, value: Value) -> None:
        self._lines.append(f"  store {self._typed(value)}, ptr {variable.ref}")

    @contextmanager
    def when(self, bit: Value) -> Iterator[Branch]:
        n = self._fresh()
        state = {"other": False}
        self._lines.append(f"  br i1 {bit.ref}, label %then{n}, label %else{n}")
        self._label(f"then{n}")

        def otherwise() -> None:
            state["other"] = True
            self._lines.append(f"  br label %done{n}")
            self._label(f"else{n}")

        yield Branch(otherwise)
        if not state["other"]:
            otherwise()
        self._lines.append(f"  br label %done{n}")
        self._label(f"done{n}")

    @contextmanager
    def repeat(self) -> Iterator[Repeat]:
        n = self._fresh()
        self._lines.append(f"  br label %again{n}")
        self._label(f"again{n}")

        def stop_when(bit: Value) -> None:
            m = self._fresh()
            self._lines.append(f"  br i1 {bit.ref}, label %done{n}, label %on{m}")
            self._label(f"on{m}")

        yield Repeat(stop_when)
        self._lines.append(f"  br label %again{n}")
        self._label(f"done{n}")

    @contextmanager
    def loop(self, start: Operand, stop: Operand, step: Operand = 1) -> Iterator[Value]:
        first, last, by = (self.value("index", x) for x in (start, stop, step))
        n, before = self._fresh(), self._block
        self._lines.append(f"  br label %head{n}")
        self._label(f"head{n}")
        self._lines.append(f"  %i{n} = phi i64 [{first.ref}, %{before}], [%n{n}, %next{n}]")
        self._lines.append(f"  %c{n} = icmp slt i64 %i{n}, {last.ref}")
        self._lines.append(f"  br i1 %c{n}, label %body{n}, label %done{n}")
        self._label(f"body{n}")
        yield Value(self, "index", f"%i{n}")
        self._lines.append(f"  br label %next{n}")
        self._label(f"next{n}")
        self._lines.append(f"  %n{n} = add nsw i64 %i{n}, {by.ref}")
        self._lines.append(f"  br label %head{n}")
        self._label(f"done{n}")

    def finish(self) -> str:
        bits = 32 * self.lanes
        head = f"define void @{self.name}(i64 %dynamic, i64 %begin, i64 %end) #0 {{\nstart:"
        attributes = f'attributes #0 = {{ nounwind "prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}" }}'
        text = [head, *self._allocas, *self._lines, "  ret void", "}", *self._declared.values(), attributes, ""]
        return "\n".join(text)
