"""StatelessScope: a block in which variables have other values, and after which they have their own again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from .errors import ArgumentError, ShapeError, message
from .tensor import Tensor, Variable, as_tensor


class StatelessScope(AbstractContextManager):
    """A with-block in which each variable of `state_mapping` [(variable, value), ...] has the value given; assigns in it are undone.

    A value keeps its identity, so that a tape that watches it sees where it is used. Not for several threads at once on the same
    variables. Keras's StatelessScope. Raises ShapeError if a value has another shape than its variable.

    >>> import tensorweb as tw
    >>> v = tw.Variable(1.0)
    >>> with tw.StatelessScope([(v, tw.tensor(5.0))]) as scope:
    ...     _ = v.assign_add(1.0)
    >>> float(scope.get_current_value(v)), float(v)
    (6.0, 1.0)
    """

    def __init__(self, state_mapping: Sequence[tuple[Variable, Any]] | None = None):
        self._given = []
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ArgumentError(message("StatelessScope", "pairs of a variable and a value", type(variable).__name__, "Nest them so."))
            made = as_tensor(value, "StatelessScope", variable.dtype)
            if made.shape != variable.shape:
                raise ShapeError(message("StatelessScope", f"shape {variable.shape} for {variable.path}", made.shape, "Check the order."))
            self._given.append((variable, made))
        self._own: list[Tensor] = []
        self._last: dict[int, Tensor] = {}

    def __enter__(self) -> StatelessScope:
        self._own = [v._value for v, _ in self._given]
        for variable, value in self._given:
            variable._value = value
        return self

    def __exit__(self, *exc: object) -> None:
        for (variable, _), own in zip(self._given, self._own):
            self._last[id(variable)] = variable._value
            variable._value = own

    def get_current_value(self, variable: Variable) -> Tensor:
        """Return the value of a variable at the end of the block (or now, within it)."""
        return self._last.get(id(variable), variable._value)
