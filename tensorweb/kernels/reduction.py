"""What a step of a program reduces how, whatever the target. How lanes and threads do it is in `loops/` and `shaders/`."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from .program import Instruction, Program

_OF_TRUTH = {"max": "any", "min": "all"}

R = TypeVar("R", bound="ReductionKind")


class ReductionKind(NamedTuple):
    """A reduction and the dtype of its elements."""

    kind: str
    dtype: str

    @classmethod
    def of(cls: type[R], program: Program, step: Instruction) -> R:
        """Return the reduction that a step of a program is; of truth values a maximum is whether any is set."""
        dtype = program.steps[step.args[0]].dtype
        return cls(_OF_TRUTH.get(step.value, step.value) if dtype == "bool" else step.value, dtype)

    @property
    def indexed(self) -> bool:
        """Whether the result is where an element is, not what it is."""
        return self.kind in ("argmax", "argmin")
