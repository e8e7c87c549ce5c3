"""What all initializers share: the base class and the dtype they give when none is asked for."""

from __future__ import annotations

import inspect
from typing import Any

from .. import dtypes
from ..dtype_policies import floatx


def result_dtype(dtype: Any) -> str:
    """Return the library's name of a dtype, floatx for None."""
    return floatx() if dtype is None else dtypes.canonical(dtype, "initializer")


class Initializer:
    """The base class of initializers: called with (shape, dtype=None), it returns a weight's first values. Keras's Initializer.

    Subclasses define `__call__`, and `get_config` if they have arguments.
    """

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return the values of a weight."""
        raise NotImplementedError(f"{type(self).__name__} must define __call__(self, shape, dtype=None).")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the initializer of a config."""
        if "dtype" in config:  # Keras 1 and 2 wrote it into every config
            parameters = inspect.signature(cls).parameters
            if "dtype" not in parameters and all(p.kind is not p.VAR_KEYWORD for p in parameters.values()):
                config = {k: v for k, v in config.items() if k != "dtype"}
        return cls(**config)

    def clone(self) -> Any:
        """Return a new initializer of the same config; a random one without a seed then draws other values."""
        return type(self).from_config(self.get_config())
