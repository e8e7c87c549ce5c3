"""InputSpec: what a layer accepts, and the check at its call."""

from __future__ import annotations

from typing import Any

from ..autodiff import leaves
from ..errors import ShapeError, message
from ..symbolic import KerasTensor


class InputSpec:
    """Rank, shape, dtype and sizes of single axes that a layer accepts for an input. Keras's class.

    Args: `dtype`, `shape` (None: any size), `ndim`, `max_ndim`, `min_ndim`, `axes`: sizes by axis, `allow_last_axis_squeeze`,
    `name`, `optional`.
    """

    def __init__(
        self, dtype: Any = None, shape: Any = None, ndim: int | None = None, max_ndim: int | None = None, min_ndim: int | None = None,
        axes: dict[int, int] | None = None, allow_last_axis_squeeze: bool = False, name: str | None = None, optional: bool = False,
    ):  # fmt: skip
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze, self.name, self.optional = allow_last_axis_squeeze, name, optional

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {k: getattr(self, k) for k in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Return the spec of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in self.get_config().items() if v is not None and v != {})})"


def check_inputs(spec: Any, inputs: Any, layer_name: str) -> None:
    """Raise ShapeError unless the inputs are what the spec (or nested specs) of a layer accepts."""
    specs = leaves(spec)
    if isinstance(spec, dict) and isinstance(inputs, dict):
        values = [inputs.get(k) for k in spec]
    else:
        values = leaves(inputs)
    if len(values) != len(specs):
        raise ShapeError(message(layer_name, f"{len(specs)} input(s)", len(values), "Pass one tensor for each input."))
    for s, x in zip(specs, values):
        if s is not None and x is not None and hasattr(x, "shape"):
            _check(s, x, layer_name)


def _check(s: InputSpec, x: Any, layer_name: str) -> None:
    shape, rank = tuple(x.shape), len(x.shape)
    if s.shape is not None and s.allow_last_axis_squeeze and rank == len(s.shape) - 1 and s.shape[-1] == 1:
        shape, rank = (*shape, 1), rank + 1
    elif s.shape is not None and s.allow_last_axis_squeeze and rank == len(s.shape) + 1 and shape[-1] == 1:
        shape, rank = shape[:-1], rank - 1

    def refuse(expected: str) -> None:
        raise ShapeError(message(f"{layer_name}", f"an input of {expected}", f"shape {tuple(x.shape)}", "Reshape or pad the input."))

    if s.ndim is not None and rank != s.ndim:
        refuse(f"rank {s.ndim}")
    if s.max_ndim is not None and rank > s.max_ndim:
        refuse(f"rank at most {s.max_ndim}")
    if s.min_ndim is not None and rank < s.min_ndim:
        refuse(f"rank at least {s.min_ndim}")
    for axis, size in s.axes.items():
        if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
            refuse(f"size {size} in axis {axis}")
    if s.shape is not None and any(want is not None and got is not None and want != got for want, got in zip(s.shape, shape)):
        refuse(f"shape {s.shape}")


def with_known_sizes(spec: Any, inputs: Any) -> Any:
    """Return a symbolic input with the sizes that the spec of a built layer knows and the input does not."""
    if not (isinstance(spec, InputSpec) and spec.axes and isinstance(inputs, KerasTensor) and None in inputs.shape):
        return inputs
    shape, rank = list(inputs.shape), len(inputs.shape)
    for axis, size in spec.axes.items():
        if -rank <= axis < rank and shape[axis] is None:
            shape[axis] = size
    known = KerasTensor(shape, inputs.dtype)
    known._keras_mask = getattr(inputs, "_keras_mask", None)
    return known
