"""What a program along rows computes when: which steps are constant along a row, and how many passes over it each step has to wait for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from ..program import Instruction, Program

_CHEAP = frozenset(
    ("add", "sub", "mul", "neg", "abs", "max", "min", "select", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "not", "xor", "band",
     "bor", "bxor", "cast", "isnan", "isinf", "real", "imag", "conj", "complex", "reduce")
)  # fmt: skip
_FREE = frozenset(("arg", "const", "count"))
DEAR = 8  # a division, a root, a transcendental function, in steps as cheap as an addition


def cost(steps: Iterable[Instruction]) -> int:
    """Return what steps cost in units of an addition."""
    return sum(1 if s.op in _CHEAP else DEAR for s in steps if s.op not in _FREE)


class Saved(NamedTuple):
    """Where a step is kept: in the memory of an output, by the pass of a level."""

    output: int
    level: int


class RowSteps:
    """The steps of a program by level: a step of level k needs reductions that k passes over the row compute, one after the other.

    `constant[i]`: step i does not change along the row; `constant_arguments` says so of the arguments.
    """

    def __init__(self, program: Program, constant_arguments: Sequence[bool]):
        self.program = program
        self.constant: list[bool] = []
        self.level: list[int] = []
        for step in program.steps:
            below = max((self.level[a] for a in step.args), default=0)
            self.level.append(below + (step.op == "reduce"))
            given = constant_arguments[step.value] if step.op == "arg" else all(self.constant[a] for a in step.args)
            self.constant.append(step.op == "reduce" or given)
        self.last = max(self.level)

    def reductions(self, level: int) -> list[int]:
        """Return the reductions that the pass of a level computes."""
        return [i for i, s in enumerate(self.program.steps) if s.op == "reduce" and self.level[i] == level + 1]

    def constants(self, level: int) -> list[int]:
        """Return the steps constant along the row that are known when the pass of a level begins."""
        return [i for i in range(len(self.level)) if self.constant[i] and self.level[i] <= level]

    def needed(self, wanted: Iterable[int], known: Collection[int] = ()) -> set[int]:
        """Return the steps that one pass computes at each element to have the wanted ones: not what is constant or known."""
        found: set[int] = set()
        stack = list(wanted)
        while stack:
            i = stack.pop()
            if i not in found and i not in known and not self.constant[i]:
                found.add(i)
                stack.extend(self.program.steps[i].args)
        return found

    def cost(self, steps: Iterable[int]) -> int:
        """Return what steps cost in units of an addition."""
        return cost(self.program.steps[i] for i in steps)

    def wanted(self, level: int, full: Sequence[bool]) -> list[int]:
        """Return what the pass of a level computes at each element: operands of its reductions, and outputs of the row's length."""
        operands = [self.program.steps[i].args[0] for i in self.reductions(level)]
        return operands + [o for o, f in zip(self.program.outputs, full, strict=True) if f and self.level[o] == level]

    def saved(self, full: Sequence[bool]) -> dict[int, Saved]:
        """Return the steps worth keeping in the memory of an output until its own pass.

        Such a step is dear, of the output's dtype, and needed by more than one pass: the exponentials of softmax.
        """
        passes = [self.needed(self.wanted(level, full)) for level in range(self.last + 1)]
        found: dict[int, Saved] = {}
        for k, (o, f) in enumerate(zip(self.program.outputs, full, strict=True)):
            dtype = self.program.steps[o].dtype
            if not f or dtype not in ("float32", "int32"):
                continue
            before = set().union(*passes[: self.level[o]])
            again = [i for i in passes[self.level[o]] & before if self.program.steps[i].dtype == dtype and i not in found]
            best = max(again, key=lambda i: self.cost(self.needed([i])), default=None)
            if best is not None and self.cost(self.needed([best])) >= DEAR:
                found[best] = Saved(k, next(level for level, steps in enumerate(passes) if best in steps))
        return found
