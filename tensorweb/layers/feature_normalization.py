"""Normalization: inputs shifted and scaled by a mean and a variance that are given or learned from data beforehand.

Normalization of each batch or sample by its own statistics is in `batch_normalization` and `normalization`.
"""

from __future__ import annotations

from itertools import chain
from math import prod
from typing import Any

from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..numerics import epsilon
from ..tensor import Tensor, Variable, as_tensor, op
from .categories import base_config
from .layer import Layer


class Normalization(Layer):
    """(x - mean) / sqrt(variance) along the axes that are kept apart; with `invert` the way back. Keras's layer.

    Args: `axis`: the axis or axes along which each place has its own mean and variance (None: one for all); `mean`, `variance`: numbers or
    arrays, else call `adapt`; `invert`. Variables, if learned: mean, variance, count.

    >>> import tensorweb as tw
    >>> layer = tw.layers.Normalization(axis=None)
    >>> layer.adapt(tw.tensor([1.0, 2.0, 3.0, 2.0, 2.0, 2.0]))
    >>> [round(v, 3) for v in layer(tw.tensor([1.0, 2.0])).tolist()]
    [-1.732, 0.0]
    """

    supports_masking = True
    mean: Any = None
    variance: Any = None

    def __init__(self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.input_mean, self.input_variance, self.invert = _plain(mean), _plain(variance), invert
        self._build_input_shape: Any = None
        if (mean is None) != (variance is None):
            raise ArgumentError(message("Normalization", "both mean and variance, or none", f"{mean}, {variance}", "Pass both."))
        if mean is not None:
            shapes = [as_tensor(v, "Normalization").shape for v in (self.input_mean, self.input_variance)]
            if shapes[0] != shapes[1]:
                raise ShapeError(message("Normalization", "mean and variance of one shape", shapes, "Pass arrays alike."))
            if len(shapes[0]) > len(self.axis):
                raise ShapeError(message("Normalization", f"a mean of rank at most {len(self.axis)}", shapes[0], "Name more axes."))

    def build(self, input_shape: Any) -> None:
        """Make the variables, or the constants, for inputs of a shape."""
        if input_shape is None:
            return
        shape = tuple(input_shape)
        rank = len(shape)
        if any(not -rank <= a < rank for a in self.axis):
            raise ShapeError(message(f"{self.name}(axis=)", f"axes of rank {rank}", self.axis, "Pass inputs of higher rank."))
        self._keep_axis = tuple(sorted(a % rank for a in self.axis))
        if any(shape[a] is None for a in self._keep_axis):
            raise ShapeError(message(self.name, f"a known size in the axes {self.axis}", shape, "Fix the size in the input's shape."))
        self._build_input_shape = shape
        self._reduce_axis = tuple(a for a in range(rank) if a not in self._keep_axis)
        self._broadcast_shape = tuple(shape[a] if a in self._keep_axis else 1 for a in range(rank))
        if self.input_mean is None:
            own = tuple(shape[a] for a in self._keep_axis)
            self.adapt_mean = self.add_weight(name="mean", shape=own, initializer="zeros", trainable=False)
            self.adapt_variance = self.add_weight(name="variance", shape=own, initializer="ones", trainable=False)
            self.count = self.add_weight(name="count", shape=(), dtype="int32", initializer="zeros", trainable=False)
            self.finalize_state()
        else:
            self.mean, self.variance = self._constant(self.input_mean), self._constant(self.input_variance)

    def _constant(self, value: Any) -> Any:
        x = as_tensor(value, self.name)
        place = [1] * len(self._broadcast_shape)
        for axis, size in zip(reversed(self._keep_axis), reversed(x.shape)):
            place[axis] = size
        return op("cast")(op("broadcast_to")(op("reshape")(x, place), self._broadcast_shape), self.compute_dtype)

    def finalize_state(self) -> None:
        """Take over what was learned."""
        if self.input_mean is None and self._build_input_shape is not None:
            self.mean, self.variance = (
                op("cast")(op("reshape")(v.value, self._broadcast_shape), self.compute_dtype)
                for v in (self.adapt_mean, self.adapt_variance)
            )

    def adapt(self, data: Any) -> None:
        """Learn mean and variance of an array or tensor, or of a dataset or other iterable of batches (of tuples, the first part)."""
        whole = isinstance(data, (Tensor, Variable)) or hasattr(data, "__array__")
        if whole:
            batches = iter([as_tensor(data, self.name)])
        elif hasattr(data, "__iter__") or hasattr(data, "__getitem__"):
            batches = self._batches(data)
        else:
            raise ConversionError(
                message(f"{self.name}.adapt", "an array, a dataset or an iterable of batches", type(data).__name__, "Convert it.")
            )
        first = next(batches, None)
        if first is None:
            raise ArgumentError(message(f"{self.name}.adapt", "at least one batch", "none", "Pass data."))
        if not self.built:
            fixed = whole or not first.shape or 0 in self._kept(len(first.shape))
            self.build(first.shape if fixed else (None, *first.shape[1:]))
        if self.input_mean is not None:
            raise ArgumentError(message(f"{self.name}.adapt", "a layer without mean and variance", "one with them", "Leave them out."))
        mean, variance = self._statistics(chain([first], batches))
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)
        self.finalize_state()

    def _kept(self, rank: int) -> tuple[int, ...]:
        return tuple(a % rank for a in self.axis if rank)

    def _batches(self, data: Any) -> Any:
        spec = getattr(data, "element_spec", None)
        spec = spec[0] if isinstance(spec, tuple) else spec
        if spec is not None and len(getattr(spec, "shape", None) or ()) == 1:
            data = data.batch(128)
        for batch in data if hasattr(data, "__iter__") else (data[i] for i in range(len(data))):
            part = batch[0] if isinstance(batch, tuple) else batch
            if not hasattr(part, "shape"):
                raise ConversionError(
                    message(f"{self.name}.adapt", "batches that are arrays or tensors", type(part).__name__, "Pass an array, or [array].")
                )
            yield as_tensor(part, self.name)

    def _statistics(self, batches: Any) -> tuple[Any, Any]:
        """Return the mean and variance of all batches, joined one by one."""
        mean = variance = None
        total = 0
        for batch in batches:
            x = op("cast")(batch, "float32") if batch.dtype != "float32" else batch
            if len(x.shape) != len(self._broadcast_shape) or any(x.shape[a] != self._broadcast_shape[a] for a in self._keep_axis):
                raise ShapeError(message(f"{self.name}.adapt", f"shape {self._build_input_shape}", x.shape, "Pass batches alike."))
            here = op("mean")(x, axis=self._reduce_axis), op("var")(x, axis=self._reduce_axis)
            count = prod(x.shape[a] for a in self._reduce_axis)
            total += count
            if mean is None:
                mean, variance = here
                continue
            share = count / total if total else 0.0
            joined = mean * (1 - share) + here[0] * share
            spread = [v + op("square")(m - joined) for m, v in ((mean, variance), here)]
            mean, variance = joined, spread[0] * (1 - share) + spread[1] * share
        return mean, variance

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalized, or with `invert` as they were before."""
        if self.mean is None:
            raise ArgumentError(message(self.name, "a layer that was built", "one that was not", "Call adapt, or build(input_shape)."))
        x = as_tensor(inputs, self.name)
        if x.dtype != self.compute_dtype:
            x = op("cast")(x, self.compute_dtype)
        scale = op("maximum")(op("sqrt")(self.variance), epsilon())
        return op("add")(self.mean, op("multiply")(x, scale)) if self.invert else op("divide")(op("subtract")(x, self.mean), scale)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the inputs' shape."""
        return tuple(input_shape)

    def load_own_variables(self, store: dict[str, Any]) -> None:
        """Take mean, variance and count from a dict."""
        super().load_own_variables(store)
        self.finalize_state()

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**base_config(self), "axis": self.axis, "invert": self.invert, "mean": self.input_mean, "variance": self.input_variance}


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
