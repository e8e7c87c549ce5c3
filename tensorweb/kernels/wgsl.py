"""Prints shaders as WGSL, for WebGPU. What a kernel does is written in `shaders/`."""

from __future__ import annotations

from collections.abc import Sequence

from .shaders.builder import STORED, Shader
from .values.code import Value

_SCALARS = {"i32": "i32", "f32": "f32", "bit": "bool"}
WORKGROUP = 64  # threads of a workgroup where a kernel does not say


class WgslShader(Shader):
    """Prints one compute shader. A thread stores what it computes; storage that is written can also be read."""

    forever = "loop"

    def __init__(self, reads: str, writes: str, lanes: int = 1, words: int = 1):
        super().__init__(reads, writes, lanes, words)
        self.workgroup: tuple[int, int, int] | None = None  # set: the kernel divides the work by groups itself
        self.shared: list[str] = []  # declarations of memory that a workgroup shares

    def type_name(self, type: str) -> str:
        name = _SCALARS[self.element(type)]
        return f"vec4<{name}>" if self.is_wide(type) else name

    def declare(self, type: str, name: str, text: str, variable: bool = False) -> str:
        return f"{'var' if variable else 'let'} {name}: {self.type_name(type)} = {text};"

    def uniform(self, word: int) -> str:
        return f"u[{word // 4}].{'xyzw'[word % 4]}"

    def int_text(self, number: int) -> str:
        return f"i32({number})" if number == -(2**31) else f"{number}i" if number >= 0 else f"({number}i)"

    def float_text(self, number: float) -> str:
        text = repr(number)
        return f"{text}f" if number >= 0 else f"({text}f)"

    def as_float(self, text: str) -> str:
        return f"bitcast<f32>({text})"

    def comparison_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        if name == "ne" and self.element(type) == "f32":
            return f"!({refs[0]} == {refs[1]})"  # `!=` is false of NaN in browsers that print it as SPIR-V's ordered comparison
        return super().comparison_text(name, type, refs)

    def logic_text(self, name: str, type: str, refs: Sequence[str]) -> str:
        return f"!{refs[0]}" if name == "not" else f"{refs[0]} {dict(zip(('and', 'or', 'xor'), ('&', '|', '!=')))[name]} {refs[1]}"

    def nearest_text(self, ref: str) -> str:
        return f"round({ref})"

    def shift_text(self, name: str, type: str, ref: str, amount: str) -> str:
        made, unsigned = self.type_name(type), self.type_name(type).replace("i32", "u32")
        by = f"{unsigned}(u32({amount}))" if self.is_wide(type) else f"u32({amount})"
        if name == "shr_u":
            return f"bitcast<{made}>(bitcast<{unsigned}>({ref}) >> {by})"
        return f"{ref} {'<<' if name == 'shl' else '>>'} {by}"

    def select_text(self, type: str, condition: str, x: str, y: str) -> str:
        return f"select({y}, {x}, {condition})"

    def bits_text(self, value: Value, type: str) -> str:
        return f"bitcast<{self.type_name(type)}>({value.ref})"

    # --- storage ---

    def _array(self, array: int) -> str:
        return f"r{array}" if array < len(self.reads) else f"w{array - len(self.reads)}"

    def load_text(self, array: int, at: str) -> str:
        return f"{self._array(array)}_at({at})"

    def load_vector_text(self, array: int, at: str) -> str:
        return f"{self._array(array)}[u32({at}) >> 2u]"

    def load_quad_text(self, array: int, at: str) -> str:
        return f"{self._array(array)}[{at}]"

    def result(self, output: int, *parts: Value) -> None:
        if self.lanes == 4:
            self.vector_arrays.add(len(self.reads) + output)
            self.line(f"w{output}[u32(at) >> 2u] = {parts[0].ref};")
            return
        for i, part in enumerate(parts):
            self.store(output, self.at * len(parts) + i if len(parts) > 1 else self.at, part)

    def store(self, output: int, at: Value, value: Value) -> None:
        """Write one element anywhere; no other thread may write there."""
        self.line(f"w{output}[{at.ref}] = {value.ref};")

    def store_vector(self, output: int, at: Value, value: Value) -> None:
        """Write four elements from an index on, which is a multiple of 4; no other thread may write there."""
        self.vector_arrays.add(len(self.reads) + output)
        self.line(f"w{output}[u32({at.ref}) >> 2u] = {value.ref};")

    # --- workgroups ---

    def group(self, axis: int) -> Value:
        """Return the number of this thread's workgroup along an axis."""
        return Value(self, "index", f"group_{'xyz'[axis]}")

    def local(self, axis: int) -> Value:
        """Return the number of this thread in its workgroup along an axis."""
        return Value(self, "index", f"local_{'xyz'[axis]}")

    def share(self, name: str, type: str, count: int) -> None:
        """Declare memory that the threads of a workgroup share: `name[index]` in text."""
        self.shared.append(f"var<workgroup> {name}: array<{type}, {count}>;")

    def barrier(self) -> None:
        """Wait for the other threads of the workgroup; what they wrote to shared memory can be read then."""
        self.line("workgroupBarrier();")

    # --- the whole ---

    def finish(self) -> str:
        words = -(-self.uniforms // 4)
        lines = [f"@group(0) @binding(0) var<uniform> u: array<vec4<i32>, {words}>;"]
        for number, kind in enumerate(self.reads + self.writes):
            element, wide = STORED[kind], number in self.vector_arrays
            access = "read" if number < len(self.reads) else "read_write"
            stored = f"vec4<{element}>" if wide else element
            name = self._array(number)
            lines.append(f"@group(0) @binding({number + 1}) var<storage, {access}> {name}: array<{stored}>;")
            at = f"{name}[u32(i) >> 2u][u32(i) & 3u]" if wide else f"{name}[i]"
            lines.append(f"fn {name}_at(i: i32) -> {element} {{ return {at}; }}")
        size = self.workgroup or (WORKGROUP, 1, 1)
        lines += [*self.shared, *self.helpers.values(), f"@compute @workgroup_size({', '.join(map(str, size))})"]
        if self.workgroup is None:
            lines += [
                "fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {",
                f"  let thread = i32(id.y * groups.x * {WORKGROUP}u + id.x);",
                "  if (thread >= u[0].x) { return; }",
                f"  let at = thread * {self.lanes}i;" if self.lanes > 1 else "  let at = thread;",
            ]
        else:
            lines.append("fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {")
            lines += [f"  let {kind}_{axis} = i32({kind}.{axis});" for kind in ("group", "local") for axis in "xyz"]
        return "\n".join([*lines, self.body, "}", ""])
