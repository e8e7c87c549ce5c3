"""A WebAssembly function while it is written: which values need a local and which stay on the stack. What they mean is said in `wasm`.

Instructions are noted in the order in which they run. At the end they are printed from the last to the first: an operand that was made
immediately before it is used is printed in place, so that it stays on the stack; another is fetched from a local. Locals whose spans do
not overlap share a number.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from .wasm_encoding import BLOCK, BRANCH_IF, END, LOCAL_GET, LOCAL_SET, LOCAL_TEE, LOOP, V128, V128_CONST, FunctionType, unsigned


class Loop:
    """Instructions that run again; `end` is the position of the last."""

    __slots__ = ("end",)
    end: int


class Local:
    """A place for a value, from the instruction that sets it first to the last moment when it is needed."""

    __slots__ = ("last", "loops", "number", "start", "type", "writes")

    def __init__(self, type: int, start: int = -1, loops: tuple[Loop, ...] = ()):
        self.type, self.start, self.loops = type, start, loops
        self.last, self.number = start, -1
        self.writes: list[int] = []  # positions, for variables

    def needed_at(self, user: Node) -> None:
        self.last = max(self.last, last_moment(user, self.loops))


class Node:
    """An instruction. With a `result` it is also the value that it makes; without a position, a constant printed where it is used."""

    __slots__ = ("code", "effects", "local", "loops", "operands", "position", "pure", "readers", "result", "target", "uses")

    def __init__(self, code: bytes, operands: Sequence[Node] = (), result: int = 0, position: int = -1, loops: tuple[Loop, ...] = ()):
        self.code, self.operands, self.result, self.position, self.loops = code, operands, result, position, loops
        self.uses = 0
        self.effects = 0  # how many there were when it was noted
        self.pure = True
        self.local: Local | None = None  # where the result is kept
        self.target: Local | None = None  # what a LOCAL_GET or LOCAL_SET is about
        self.readers: list[Node] = []  # the users, if this reads a variable


def last_moment(user: Node, loops: tuple[Loop, ...]) -> int:
    """Return when a value made inside `loops` is needed last by one user: at the end of a loop that was entered since."""
    for depth, loop in enumerate(user.loops):
        if depth >= len(loops) or loops[depth] is not loop:
            return loop.end
    return user.position


class Function:
    """A function in the making: nodes in running order, its loops, its constants."""

    def __init__(self, type: FunctionType):
        self.nodes: list[Node] = []
        self.loops: tuple[Loop, ...] = ()
        self.effects = 0  # how many stores, branches and the like there are: a load can be moved where this has not changed
        self.vectors: dict[bytes, Node] = {}
        self.arguments = [Node(LOCAL_GET, result=t) for t in type.parameters]
        for number, argument in enumerate(self.arguments):
            argument.local = Local(argument.result)
            argument.local.number = number

    def emit(self, code: bytes, *operands: Node, result: int = 0, pure: bool = True) -> Node:
        """Note an instruction. One that is pure is left out if nobody needs its result, and may run any number of times."""
        node = Node(code, operands, result, len(self.nodes), self.loops)
        node.pure = pure and result != 0
        self.effects += not node.pure
        node.effects = self.effects
        for operand in operands:
            operand.uses += 1
            operand.readers.append(node)
        self.nodes.append(node)
        return node

    def vector_constant(self, content: bytes) -> Node:
        """Return 16 bytes as a value, kept in one local from the start of the function."""
        if content not in self.vectors:
            node = self.vectors[content] = Node(V128_CONST + content, result=V128)
            node.local = Local(V128)
        return self.vectors[content]

    def variable(self, value: Node) -> Local:
        """Return a local that can be set again, with a first value."""
        variable = Local(value.result, len(self.nodes), self.loops)
        self.write(variable, value)
        return variable

    def read(self, variable: Local) -> Node:
        node = self.emit(LOCAL_GET, result=variable.type)
        node.target = variable
        return node

    def write(self, variable: Local, value: Node) -> None:
        variable.writes.append(len(self.nodes))
        self.emit(LOCAL_SET, value).target = variable
        self.effects -= 1  # no memory is written

    def begin_loop(self) -> None:
        """Begin a block in a loop: a branch to depth 0 repeats it, to depth 1 leaves it."""
        self.emit(BLOCK)
        self.loops = (*self.loops, Loop())
        self.emit(LOOP)

    def end_loop(self, repeat: Node) -> None:
        """Repeat the loop if a value is not zero, else leave it."""
        self.emit(BRANCH_IF + b"\0", repeat)
        self.loops[-1].end = self.emit(END).position
        self.loops = self.loops[:-1]
        self.emit(END)

    # --- printing ---

    def body(self) -> bytes:
        """Return the function: locals and code."""
        self._keep_values_read()
        printed = _Printing(self.nodes).run()
        constants: list[tuple[bytes, Local | None]] = [(x.code, x.local) for x in self.vectors.values() if x.local and x.local.last >= 0]
        declared = _number_locals([x for _, x in constants + printed if x], len(self.arguments))
        out = bytearray(declared)
        for code, local in constants:
            if local and any(code[len(V128_CONST) :]):  # locals are zero from the start
                out += code + LOCAL_SET + unsigned(local.number)
        for code, local in printed:
            out += code + unsigned(local.number) if local else code
        return bytes(out + END)

    def _keep_values_read(self) -> None:
        """Give a copy to each value that was read from a variable which changes while the value is still needed."""
        for node in self.nodes:
            if node.code is LOCAL_GET and node.target:
                last = max((last_moment(reader, node.loops) for reader in node.readers), default=-1)
                if not any(node.position < written < last for written in node.target.writes):
                    node.local = node.target


class _Printing:
    """Prints nodes from the last to the first."""

    def __init__(self, nodes: list[Node]):
        self.nodes = list(nodes)  # those not yet printed
        self.out: list[tuple[bytes, Local | None]] = []

    def run(self) -> list[tuple[bytes, Local | None]]:
        while self._next():
            node = self.nodes.pop()
            if node.result:
                self.out.append((LOCAL_SET, self._local(node)) if node.uses else (b"\x1a", None))
            self._print(node)
        return self.out[::-1]

    def _next(self) -> Node | None:
        """Return the node to print next, past those that need no code: aliases of variables, and what nobody uses."""
        while self.nodes:
            node = self.nodes[-1]
            if node.pure and not node.uses:
                for operand in node.operands:
                    operand.uses -= 1
            elif not (node.target and node.local is node.target):
                return node
            self.nodes.pop()
        return None

    def _print(self, root: Node) -> None:
        self._append(root, root)
        left = list(root.operands)  # operands still to be printed, which run before all that is printed
        while left:
            operand = left.pop()
            if operand.position < 0 and not operand.local:
                self.out.append((operand.code, None))
            elif operand is self._next() and (operand.uses == 1 or operand not in left):
                self.nodes.pop()
                if operand.uses > 1:
                    self.out.append((LOCAL_TEE, self._local(operand)))
                self._append(operand, root)
                left += operand.operands
            else:
                local = self._local(operand)
                local.needed_at(root)
                self.out.append((LOCAL_GET, local))

    def _append(self, node: Node, root: Node) -> None:
        if node.target:
            node.target.needed_at(root)
        self.out.append((node.code, node.target))

    @staticmethod
    def _local(node: Node) -> Local:
        if node.local is None:
            node.local = Local(node.result, node.position, node.loops)
        return node.local


def _number_locals(used: Sequence[Local], first: int) -> bytes:
    """Number the locals, those of a type after one another, and return their declaration."""
    used, groups = list(dict.fromkeys(used)), []
    for type in sorted({local.type for local in used}):
        ending: list[tuple[int, int]] = []  # (last, number) of the locals met so far
        end = first
        for local in sorted((x for x in used if x.type == type and x.number < 0), key=lambda x: x.start):
            if ending and ending[0][0] <= local.start:
                number = heapq.heappop(ending)[1]
            else:
                number, end = end, end + 1
            local.number = number
            heapq.heappush(ending, (local.last, number))
        groups.append((end - first, type))
        first = end
    groups = [(count, type) for count, type in groups if count]
    return unsigned(len(groups)) + b"".join(unsigned(count) + bytes([type]) for count, type in groups)
