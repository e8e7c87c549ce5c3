"""A scalar variable on the host, for step counts and learning rates: kernels take its number, a tensor is made when somebody looks."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Any

from .. import engine
from ..tensor import Tensor, Variable, tensor


@lru_cache(maxsize=256)
def single(x: float) -> float:
    """Return a number rounded to float32: Keras's 1 - beta**step begins from such betas, and 1 - 0.999 shows it in the fifth digit."""
    return array("f", [x])[0]


class HostScalar(Variable):
    """A Variable of shape () whose `number` is a Python number, rounded as its dtype (float32 or int32) says.

    Assigning a number touches no device; reading the variable in an op uploads it once; assigning a tensor is read back once, late.
    """

    def __init__(self, number: float, dtype: str = "float32", name: str | None = None, path: str | None = None):
        self._dtype = dtype
        self._number: Any = None
        self._tensor: Tensor | None = None
        super().__init__(number, dtype=dtype, trainable=False, name=name)
        self.path = path or self.name
        self.number = number

    @property
    def number(self) -> Any:
        """The value as a Python number."""
        if self._number is None:
            assert self._tensor is not None
            self._number = self._tensor.item()
        return self._number

    @number.setter
    def number(self, value: float) -> None:
        self._number = int(value) if self._dtype == "int32" else array("f", [value])[0]
        self._tensor = None

    @property
    def _value(self) -> Tensor:
        if self._tensor is None:
            with engine.changed_state(scope=None, tapes=(), autocast=None):
                self._tensor = tensor(self._number, dtype=self._dtype)
        return self._tensor

    @_value.setter
    def _value(self, value: Tensor) -> None:
        self._tensor, self._number = value, None

    @property
    def shape(self) -> tuple[int, ...]:  # type: ignore[override]
        """The shape, always ()."""
        return ()

    @property
    def dtype(self) -> str:  # type: ignore[override]
        """The dtype, float32 or int32."""
        return self._dtype

    def assign(self, value: Any) -> HostScalar:
        """Replace the value by a number, or by a scalar that converts to a tensor."""
        if isinstance(value, (int, float)):
            self.number = value
        elif isinstance(value, HostScalar):
            self.number = value.number
        else:
            super().assign(value)
        return self

    def assign_add(self, value: Any) -> HostScalar:
        """Add to the value."""
        return self.assign(self.number + value)

    def assign_sub(self, value: Any) -> HostScalar:
        """Subtract from the value."""
        return self.assign(self.number - value)

    def __float__(self) -> float:
        return float(self.number)

    def __int__(self) -> int:
        return int(self.number)

    def __index__(self) -> int:
        return int(self.number) if self.dtype == "int32" else self._value.__index__()

    def __bool__(self) -> bool:
        return bool(self.number)

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape=(), dtype={self.dtype}, value={self.number}>"
