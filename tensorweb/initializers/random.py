"""Initializers that draw: from a distribution that is given, from one scaled to the weight's shape, or orthogonal matrices."""

from __future__ import annotations

from math import sqrt
from operator import index as as_index
from typing import Any

from ..errors import ArgumentError, ShapeError, message
from ..naming import to_snake_case
from ..ops.random import SeedGenerator, draw_seed
from ..serialization import deserialize_keras_object, serialize_keras_object
from ..shapes import Shape, as_shape, size_of
from ..tensor import op
from .base import Initializer, result_dtype

# The standard deviation of a standard normal distribution cut off at two of its standard deviations.
_TRUNCATED_STDDEV = 0.87962566103423978


def _fresh_seed() -> int:
    """Return a seed of the global generator's next key."""
    low, high = draw_seed(None, "initializer")
    return low | high << 32


class RandomInitializer(Initializer):
    """The base of initializers with a `seed`.

    As in Keras an int gives the same values in each call, None too (a seed is drawn once, when the initializer is made,
    from the global generator), a SeedGenerator other values in each.
    """

    def __init__(self, seed: Any = None):
        self._init_seed = seed
        if isinstance(seed, dict):
            seed = deserialize_keras_object(seed, module_objects={"SeedGenerator": SeedGenerator})
        if seed is not None and not isinstance(seed, SeedGenerator):
            try:
                seed = as_index(seed)
            except TypeError:
                where = type(self).__name__
                raise ArgumentError(message(where, "an int, a SeedGenerator or None as seed", repr(seed), "Pass one of these.")) from None
        self.seed = _fresh_seed() if seed is None else seed

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"seed": serialize_keras_object(self._init_seed)}


class RandomNormal(RandomInitializer):
    """Draw from a normal distribution. Keras's RandomNormal.

    >>> import tensorweb as tw
    >>> draw = tw.initializers.RandomNormal(seed=1)
    >>> draw((2, 3)).shape, draw((4,)).tolist() == draw((4,)).tolist()
    ((2, 3), True)
    """

    _op = "random.normal"

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: Any = None):
        self.mean, self.stddev = mean, stddev
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a weight's first values; float dtypes only."""
        return op(self._op)(shape, self.mean, self.stddev, dtype=result_dtype(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Draw from a normal distribution without what is two standard deviations off or more. Keras's TruncatedNormal."""

    _op = "random.truncated_normal"


class RandomUniform(RandomInitializer):
    """Draw from the uniform distribution on [minval, maxval). Keras's RandomUniform."""

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: Any = None):
        self.minval, self.maxval = minval, maxval
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a weight's first values; float dtypes only."""
        return op("random.uniform")(shape, self.minval, self.maxval, dtype=result_dtype(dtype), seed=self.seed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


def compute_fans(shape: Any, input_axes: Any = None, output_axes: Any = None) -> tuple[int, int]:
    """Return how many inputs reach a unit and how many outputs an input reaches, of a kernel (*space, inputs, outputs).

    With both lists of axes given, their sizes are multiplied instead.
    """
    dims: Shape = as_shape(shape, "initializer")
    if input_axes is not None and output_axes is not None:
        return size_of([dims[a] for a in input_axes]), size_of([dims[a] for a in output_axes])
    if len(dims) < 2:
        return (dims or (1,)) * 2  # type: ignore[return-value]
    space = size_of(dims[:-2])
    return space * dims[-2], space * dims[-1]


class VarianceScaling(RandomInitializer):
    """Draw with variance scale / n, n the fan-in, the fan-out or their mean by `mode`. Keras's VarianceScaling.

    `mode`: fan_in, fan_out or fan_avg; `distribution`: truncated_normal, untruncated_normal or uniform ("normal" is the
    first); `input_axes` and `output_axes` say which axes count as inputs and outputs. Raises ArgumentError for other values.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ):
        if scale <= 0.0:
            raise ArgumentError(message("VarianceScaling", "scale above 0", scale, "Argument `scale` must be positive float."))
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        for name, value, allowed in (
            ("mode", mode, ("fan_in", "fan_out", "fan_avg")),
            ("distribution", distribution, ("uniform", "truncated_normal", "untruncated_normal")),
        ):
            if value not in allowed:
                raise ArgumentError(message(f"Invalid `{name}` argument", " or ".join(allowed), repr(value), "Choose one of these."))
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a weight's first values; float dtypes only."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, fan)
        name, seed = result_dtype(dtype), self.seed
        if self.distribution == "uniform":
            limit = sqrt(3.0 * variance)
            return op("random.uniform")(shape, -limit, limit, dtype=name, seed=seed)
        if self.distribution == "untruncated_normal":
            return op("random.normal")(shape, 0.0, sqrt(variance), dtype=name, seed=seed)
        return op("random.truncated_normal")(shape, 0.0, sqrt(variance) / _TRUNCATED_STDDEV, dtype=name, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**super().get_config(), **own, "input_axes": self.input_axes, "output_axes": self.output_axes}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the initializer of a config; TensorFlow.js's fanAvg and truncatedNormal are fan_avg and truncated_normal."""
        named = {k: to_snake_case(v) if k in ("mode", "distribution") else v for k, v in config.items()}
        return super().from_config(named)


class _Preset(VarianceScaling):
    """A VarianceScaling whose scale, mode and distribution have a name of their own."""

    _settings: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None):
        super().__init__(*self._settings, seed, input_axes, output_axes)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {k: v for k, v in super().get_config().items() if k in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Preset):
    """Draw uniformly with variance 1 / the mean of fan-in and fan-out (Glorot and Bengio, 2010). Keras's GlorotUniform.

    >>> import tensorweb as tw
    >>> float(tw.max(tw.abs(tw.initializers.GlorotUniform(seed=1)((30, 20))))) <= (6 / 50) ** 0.5
    True
    """

    _settings = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Draw from a truncated normal distribution with variance 1 / the mean of fan-in and fan-out. Keras's GlorotNormal."""

    _settings = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Preset):
    """Draw from a truncated normal distribution with variance 1 / fan-in. Keras's LecunNormal."""

    _settings = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Draw uniformly with variance 1 / fan-in. Keras's LecunUniform."""

    _settings = (1.0, "fan_in", "uniform")


class HeNormal(_Preset):
    """Draw from a truncated normal distribution with variance 2 / fan-in (He et al., 2015). Keras's HeNormal."""

    _settings = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Draw uniformly with variance 2 / fan-in (He et al., 2015). Keras's HeUniform."""

    _settings = (2.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """Give `gain` times a random matrix with orthonormal columns, or rows if these are fewer (Saxe et al., 2014). Keras's Orthogonal.

    All axes but the last together count as the matrix's rows. Raises ShapeError for weights of rank below 2.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        """Return a weight's first values."""
        dims = as_shape(shape, "Orthogonal")
        if len(dims) < 2:
            raise ShapeError(message("Orthogonal", "a shape of rank 2 or more", dims, "Choose another initializer."))
        rows, columns = size_of(dims[:-1]), dims[-1]
        if not rows * columns:
            return op("zeros")(dims, result_dtype(dtype))
        q, r = op("qr")(op("random.normal")((max(rows, columns), min(rows, columns)), seed=self.seed))
        # Signs that make the diagonal of r positive make the distribution of q uniform.
        q = q * op("sign")(op("diag")(r))
        q = op("transpose")(q) if rows < columns else q
        return op("cast")(self.gain * op("reshape")(q, dims), result_dtype(dtype))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "gain": self.gain}
