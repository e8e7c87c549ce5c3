"""Discretization: numbers to bins, whose boundaries are given or learned as approximate quantiles."""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from ..dtype_policies import floatx
from ..errors import ArgumentError, message
from ..tensor import Tensor, Variable, as_tensor, op
from .categories import encode, encoded_shape, one_of, refuse_sparse, symbol
from .layer import Layer

# A summary of values: ascending points, and how many values each stands for.
Summary = tuple[list[float], list[float]]


class Discretization(Layer):
    """Numbers to the index of their bin, or vectors of it. Keras's layer.

    Args: `bin_boundaries`, or `num_bins` and a call of `adapt`, which learns quantiles to about `epsilon`; `output_mode`: "int", "one_hot",
    "multi_hot", "count". `sparse` must be False. A number that equals a boundary belongs to the bin above it.

    >>> import tensorweb as tw
    >>> tw.layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])(tw.tensor([[-1.5, 1.0, 3.4, 0.5]])).tolist()
    [[0, 2, 3, 1]]
    """

    def __init__(
        self, bin_boundaries: Any = None, num_bins: int | None = None, epsilon: float = 0.01, output_mode: str = "int",
        sparse: bool = False, dtype: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype)
        refuse_sparse(sparse, "Discretization")
        self.output_mode = one_of(output_mode, ("int", "one_hot", "multi_hot", "count"), "Discretization", "output_mode")
        if num_bins is not None and num_bins < 0:
            raise ArgumentError(message("Discretization(num_bins=)", "0 or more", num_bins, "Choose how many bins there are."))
        if (num_bins is None) == (bin_boundaries is None):
            raise ArgumentError(message("Discretization", "num_bins or bin_boundaries", "both or none", "Pass one of them."))
        self.bin_boundaries = bin_boundaries if bin_boundaries is None else _floats(bin_boundaries)
        self.num_bins, self.epsilon, self.sparse = num_bins, epsilon, False
        self.summary: Summary = ([], [])

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learn the boundaries of an array or tensor, or of a dataset or list of batches (the first `steps` of them)."""
        if self.num_bins is None:
            raise ArgumentError(message(f"{self.name}.adapt", "a layer with num_bins", "one with bin_boundaries", "Use num_bins."))
        self.reset_state()
        whole = isinstance(data, (Tensor, Variable)) or hasattr(data, "__array__") or not hasattr(data, "__iter__")
        for i, batch in enumerate([data] if whole else data):
            if steps is not None and i >= steps:
                break
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Add a batch to the summary."""
        merged = [*zip(*_summary(data, self.epsilon)), *zip(*self.summary)]
        merged.sort(key=lambda point: point[0])
        self.summary = _compressed(([p for p, _ in merged], [w for _, w in merged]), self.epsilon)

    def finalize_state(self) -> None:
        """Make the boundaries of the summary."""
        if self.num_bins is not None:
            self.bin_boundaries = _compressed(self.summary, 1.0 / self.num_bins)[0][:-1]

    def reset_state(self) -> None:
        """Forget the summary."""
        if self.num_bins is not None:
            self.summary = ([], [])

    def call(self, inputs: Any) -> Any:
        """Return the bins, or vectors of them."""
        if self.bin_boundaries is None:
            raise ArgumentError(message(self.name, "boundaries", "none", "Pass bin_boundaries=, or call adapt first."))
        x = as_tensor(inputs, self.name)
        if self.bin_boundaries:
            bins = op("digitize")(x, self.bin_boundaries)
        else:
            bins = op("zeros_like")(op("cast")(x, "int32"))
        return bins if self.output_mode == "int" else encode(bins, self.output_mode, len(self.bin_boundaries) + 1, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape for inputs of a shape."""
        if self.output_mode == "int":
            return tuple(input_shape)
        depth = self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1
        return encoded_shape(tuple(input_shape) or (1,), self.output_mode, depth)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return the KerasTensor of the outputs."""
        return symbol(self.compute_output_shape(inputs.shape), self.output_dtype)

    @property
    def input_dtype(self) -> str:
        """The dtype of the inputs."""
        return floatx()

    @property
    def output_dtype(self) -> str:
        """The dtype of the outputs."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Write nothing: the boundaries are in the config."""

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take a summary where a file of an older Keras has it."""
        if len(store) == 1:
            points, weights = as_tensor(store["0"], self.name).tolist()
            self.summary = (points, weights)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; boundaries that were learned too."""
        names = ("bin_boundaries", "num_bins", "epsilon", "output_mode", "sparse", "name")
        return {**{n: getattr(self, n) for n in names}, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Discretization:
        """Return the layer of a config."""
        config = {k: v for k, v in config.items() if k not in ("trainable", "batch_input_shape")}
        learned = config.pop("bin_boundaries", None) if config.get("num_bins") is not None else None
        layer = cls(**config)
        if learned is not None:
            layer.bin_boundaries = _floats(learned)
        return layer


def _floats(values: Any) -> list[float]:
    return [float(v) for v in (values.tolist() if hasattr(values, "tolist") else values)]


def _single(value: float) -> float:
    """Return a number rounded to 32 bits, as Keras keeps summaries."""
    return struct.unpack("f", struct.pack("f", value))[0]


def _summary(data: Any, epsilon: float) -> Summary:
    """Return every k-th of the sorted values, k such that there are about 1 / epsilon of them."""
    x = op("reshape")(op("cast")(as_tensor(data, "adapt"), "float32"), (-1,))
    values = op("sort")(x).tolist()
    step = max(len(values) * epsilon if epsilon == 0 else len(values) / (1.0 / epsilon), 1)
    points = values[int(step - 1) :: int(step)]
    return points, [_single(step)] * len(points)


def _compressed(summary: Summary, epsilon: float) -> Summary:
    """Return a summary of about 1 / epsilon points."""
    points, weights = summary
    if len(points) * epsilon < 1:
        return summary
    totals = list(accumulate(weights, lambda a, b: _single(a + b)))
    shares = [_single(t / totals[-1]) for t in totals]
    percents = [epsilon + p for p in _steps(epsilon)]
    made = [_single(_interpolated(p, shares, points)) for p in percents]
    sums = [_interpolated(p, shares, totals) for p in percents]
    return made, [_single(b - a) for a, b in zip([0.0, *sums], sums)]


def _steps(step: float) -> Iterator[float]:
    """Yield 0, step, 2 * step, ... below 1."""
    count = -int(-1.0 / step // 1)
    return (i * step for i in range(count))


def _interpolated(x: float, xs: list[float], ys: list[float]) -> float:
    """Return y at x on the line through the points (xs, ys); beyond the ends, y at the ends."""
    i = bisect_right(xs, x)
    if i == 0:
        return ys[0]
    if i == len(xs):
        return ys[-1]
    return ys[i - 1] + (x - xs[i - 1]) * ((ys[i] - ys[i - 1]) / (xs[i] - xs[i - 1]))
