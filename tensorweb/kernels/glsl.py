"""Prints shaders as GLSL ES 3.0, for WebGL 2. What a kernel does is written in `shaders/`.

Storage is a texture whose texel i has the elements 4i to 4i + 3. A fragment computes one texel of each output: four elements, two complex
numbers, one after the other or as one vector.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .shaders.builder import STORED, Shader
from .values.code import Value

_SCALARS = {"i32": "int", "f32": "float", "bit": "bool"}
_VECTORS = {"i32": "ivec4", "f32": "vec4", "bit": "bvec4"}
_COMPARISONS = {"eq": "equal", "ne": "notEqual", "lt": "lessThan", "le": "lessThanEqual", "gt": "greaterThan", "ge": "greaterThanEqual"}
_LOGIC = {"and": "&&", "or": "||", "xor": "!="}
_PICK = "ivec4 pick(bvec4 c, ivec4 x, ivec4 y) { return ivec4(c.x ? x.x : y.x, c.y ? x.y : y.y, c.z ? x.z : y.z, c.w ? x.w : y.w); }"


class GlslShader(Shader):
    """Prints one fragment shader for textures with 2**`row_bits` texels in a row."""

    def __init__(self, reads: str, writes: str, lanes: int = 1, words: int = 1, row_bits: int = 12):
        super().__init__(reads, writes, lanes, words)
        self.row_bits = row_bits

    def type_name(self, type: str) -> str:
        return (_VECTORS if self.is_wide(type) else _SCALARS)[self.element(type)]

    def declare(self, type: str, name: str, text: str, variable: bool = False) -> str:
        return f"{self.type_name(type)} {name} = {text};"

    def uniform(self, word: int) -> str:
        return f"u[{word // 4}].{'xyzw'[word % 4]}"

    def int_text(self, number: int) -> str:
        return "int(0x80000000u)" if number == -(2**31) else str(number) if number >= 0 else f"({number})"

    def float_text(self, number: float) -> str:
        if 0 < abs(number) < 2.0**-125:  # in decimals, some browsers take it for 0
            return self.as_float(self.int_text(struct.unpack("=i", struct.pack("=f", number))[0]))
        return repr(number) if number >= 0 else f"({number!r})"

    def as_float(self, text: str) -> str:
        return f"intBitsToFloat({text})"

    def comparison_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        if self.is_wide(type):
            return f"{_COMPARISONS[name]}({refs[0]}, {refs[1]})"
        return super().comparison_text(name, type, refs)

    def logic_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        if not self.is_wide(type):
            return f"!{refs[0]}" if name == "not" else f"{refs[0]} {_LOGIC[name]} {refs[1]}"
        if name == "not":
            return f"not({refs[0]})"
        if name == "xor":
            return f"notEqual({refs[0]}, {refs[1]})"
        return f"bvec4(ivec4({refs[0]}) {'&' if name == 'and' else '|'} ivec4({refs[1]}))"

    def nearest_text(self, ref: str) -> str:
        return f"roundEven({ref})"

    def shift_text(self, name: str, type: str, ref: str, amount: str) -> str:
        if name == "shr_u":
            made = self.type_name(type)
            return f"{made}({made.replace('int', 'uint') if made == 'int' else 'uvec4'}({ref}) >> {amount})"
        return f"{ref} {'<<' if name == 'shl' else '>>'} {amount}"

    def select_text(self, type: str, condition: str, x: str, y: str) -> str:
        if not self.is_wide(type):
            return f"{condition} ? {x} : {y}"
        if self.element(type) == "f32":
            return f"mix({y}, {x}, {condition})"
        self.helpers["pick"] = _PICK
        return f"pick({condition}, {x}, {y})"

    def bits_text(self, value: Value, type: str) -> str:
        return f"{'floatBitsToInt' if self.element(type) == 'i32' else 'intBitsToFloat'}({value.ref})"

    # --- storage ---

    def load_text(self, array: int, at: str) -> str:
        return f"t{array}_at({at})"

    def load_vector_text(self, array: int, at: str) -> str:
        return f"t{array}_near(float({at}) * {0.25 / (1 << self.row_bits)!r})"

    def load_quad_text(self, array: int, at: str) -> str:
        return f"t{array}_near(float({at}) * {1.0 / (1 << self.row_bits)!r})"

    def result(self, output: int, *parts: Value) -> None:
        for i, part in enumerate(parts):
            self.line(f"e{output}_{i} = {part.ref};")

    # --- the whole ---

    def finish(self) -> str:
        lines = ["#version 300 es", "precision highp float;", "precision highp int;", "precision highp sampler2D;"]
        lines += ["precision highp isampler2D;", f"uniform ivec4 u[{-(-self.uniforms // 4)}];"]
        # Software GPUs shift integers one by one, and look texels up by coordinates faster than by number: so rows and columns are found
        # in floats, which is exact up to 2**24 texels. `f` counts rows.
        for number, kind in enumerate(self.reads):
            texel, sampler = _VECTORS[STORED[kind]], "sampler2D" if kind == "f" else "isampler2D"
            lines += [
                f"uniform {sampler} t{number};",
                f"vec2 step{number}, half{number};",
                f"{texel} t{number}_near(float f) {{",
                "  float y = floor(f);",
                f"  return texture(t{number}, vec2(f - y, y) * step{number} + half{number});",
                "}",
                f"{_SCALARS[STORED[kind]]} t{number}_at(int i) {{ return {self.load_vector_text(number, '(i & -4)')}[i & 3]; }}",
            ]
        wide = self.lanes == 4
        types = [(_VECTORS if wide else _SCALARS)[STORED[kind]] for kind in self.writes]
        lines += [f"layout(location = {k}) out {_VECTORS[STORED[kind]]} o{k};" for k, kind in enumerate(self.writes)]
        parts = [(f"e{k}_{i}", type) for k, type in enumerate(types) for i in range(self.words)]
        given = ", ".join(["int at", *(f"out {type} {name}" for name, type in parts)])
        lines += [*self.helpers.values(), f"void compute({given}) {{", self.body, "}", "void main() {"]
        for number in range(len(self.reads)):
            lines.append(f"  half{number} = 0.5 / vec2(textureSize(t{number}, 0));")
            lines.append(f"  step{number} = half{number} * vec2({2.0 * (1 << self.row_bits)!r}, 2.0);")
        lines.append(f"  int texel = (int(gl_FragCoord.y) << {self.row_bits}) | int(gl_FragCoord.x);")
        lines += [f"  {type} {name};" for name, type in parts]
        call = ", ".join(name for name, _ in parts)
        if wide:
            lines += [f"  compute(texel << 2, {call});", *(f"  o{k} = e{k}_0;" for k in range(len(types)))]
        else:
            lines += self._one_by_one(call)
        return "\n".join([*lines, "}", ""])

    def _one_by_one(self, call: str) -> list[str]:
        """Return the statements that compute the elements of a texel one after the other."""
        count = 4 // self.words
        outputs = list(enumerate(_VECTORS[STORED[kind]] for kind in self.writes))
        lines = [f"  {type} q{k};" for k, type in outputs]
        lines += [f"  for (int i = 0; i < {count}; i++) {{", f"    compute(texel * {count} + i, {call});"]
        for k, _ in outputs:
            lines += [f"    q{k}[i * {self.words} + {i}] = e{k}_{i};" for i in range(self.words)]
        return [*lines, "  }", *(f"  o{k} = q{k};" for k, _ in outputs)]
