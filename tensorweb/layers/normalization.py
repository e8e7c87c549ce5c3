"""Normalization of each sample by its own statistics: layer, group, root mean square, unit norm. By a batch's: `batch_normalization`."""

from __future__ import annotations

import warnings
from typing import Any

from ..errors import ArgumentError, ConversionError, ShapeError, message
from ..ops.fused import finish
from ..tensor import op
from .input_spec import InputSpec
from .layer import Layer
from .weight_arguments import add_described, set_weight_arguments


class _ScaledAndShifted(Layer):
    """Base of layers with gamma and beta, which compute in float32 whatever the policy."""

    supports_masking = True
    gamma: Any = None
    beta: Any = None

    def __init__(
        self, axis: Any, epsilon: float, center: bool, scale: bool, beta_initializer: Any, gamma_initializer: Any,
        beta_regularizer: Any, gamma_regularizer: Any, beta_constraint: Any, gamma_constraint: Any, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        set_weight_arguments(
            self, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer, beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint, gamma_constraint=gamma_constraint,
        )  # fmt: skip
        # Inputs arrive as they are: float32 is not to become float16 before the statistics are taken.
        self.autocast = self.compute_dtype == "float32"

    def _add_weights(self, shape: tuple, scale: bool, center: bool) -> None:
        self.gamma = add_described(self, "gamma", shape, autocast=False) if scale else None
        self.beta = add_described(self, "beta", shape, autocast=False) if center else None

    def _cast(self, made: Any) -> Any:
        return made if made.dtype == self.compute_dtype else op("cast")(made, self.compute_dtype)


class LayerNormalization(_ScaledAndShifted):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta along `axis`, sample by sample. Keras's and TensorFlow.js's layer.

    Args: `axis`: an axis or several; `epsilon`; `center` and `scale`: whether there are beta and gamma, of the shape of the axes;
    their initializers, regularizers and constraints; `rms_scaling` (deprecated): no mean is taken off and there is no beta.

    >>> import tensorweb as tw
    >>> tw.layers.LayerNormalization(epsilon=0.0)(tw.tensor([[1.0, 3.0]])).tolist()
    [[-1.0, 1.0]]
    """

    def __init__(
        self, axis: Any = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True, beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones", beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None,
        gamma_constraint: Any = None, rms_scaling: bool = False, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            _axis_of(axis, "LayerNormalization"), epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer,
            gamma_regularizer, beta_constraint, gamma_constraint, **kwargs,
        )  # fmt: skip
        self.rms_scaling = rms_scaling
        if rms_scaling:
            warnings.warn("LayerNormalization: rms_scaling divides by the variance; use RMSNormalization", stacklevel=2)

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta for inputs of a shape."""
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        shape = _sizes(input_shape, self.axis, self.name)
        self._add_weights(shape, self.scale or self.rms_scaling, self.center and not self.rms_scaling)

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalized."""
        made = op("layer_normalization")(inputs, self.gamma, self.beta, self.axis, self.epsilon, self.rms_scaling)
        return made if made.dtype == self.compute_dtype else op("cast")(made, self.compute_dtype)


class GroupNormalization(_ScaledAndShifted):
    """LayerNormalization over all places and one group of channels at a time (Wu and He, 2018). Keras's layer.

    Args: `groups` of the channels on `axis` (-1: each channel its own group, instance normalization); the others as of
    LayerNormalization, gamma and beta by channel. Raises ArgumentError for channels that the groups do not divide.
    """

    def __init__(
        self, groups: int = 32, axis: int = -1, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None, gamma_regularizer: Any = None,
        beta_constraint: Any = None, gamma_constraint: Any = None, **kwargs: Any,
    ):  # fmt: skip
        if not isinstance(groups, int) or (groups <= 0 and groups != -1):
            raise ArgumentError(message("GroupNormalization", "`groups`, a positive integer or -1", repr(groups), "Count the groups."))
        super().__init__(
            axis, epsilon, center, scale, beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint, **kwargs,
        )  # fmt: skip
        self.groups = groups

    def build(self, input_shape: Any) -> None:
        """Make gamma and beta for inputs of a shape."""
        size = _sizes(input_shape, [self.axis], self.name)[0]
        self.groups = size if self.groups == -1 else self.groups
        if size < self.groups or size % self.groups:
            raise ArgumentError(message(self.name, f"`groups` that divide {size} channels", self.groups, "Choose a divisor."))
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: size})
        self._add_weights((size,), self.scale, self.center)

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalized."""
        x = inputs if inputs.dtype == "float32" else op("cast")(inputs, "float32")
        shape, rank = x.shape, len(x.shape)
        at = self.axis % rank
        split = (*shape[:at], self.groups, shape[at] // self.groups, *shape[at + 1 :])
        over = [d for d in range(1, rank + 1) if d != at]
        made = op("reshape")(op("layer_normalization")(op("reshape")(x, split), axis=over, epsilon=self.epsilon), shape)
        along = (-1, *(1 for _ in range(at + 1, rank)))
        scale, shift = (None if w is None else op("reshape")(w, along) for w in (self.gamma, self.beta))
        return self._cast(finish("group_normalization", made, scale=scale, shift=shift))


class RMSNormalization(Layer):
    """x over the root of its mean square along `axis`, times the weights `scale` (Zhang and Sennrich, 2019). Keras's layer."""

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis, self.epsilon = _axis_of(axis, "RMSNormalization"), epsilon

    def build(self, input_shape: Any) -> None:
        """Make the scale for inputs of a shape."""
        self.axis = sorted(self.axis) if isinstance(self.axis, list) else [self.axis]
        self.scale = self.add_weight(shape=_sizes(input_shape, self.axis, self.name), initializer="ones", name="scale")

    def call(self, x: Any) -> Any:
        """Return the inputs normalized."""
        return op("rms_normalization")(x, scale=self.scale, axis=self.axis, epsilon=self.epsilon)


class UnitNormalization(Layer):
    """x over its Euclidean norm along `axis` (an axis or several). Keras's UnitNormalization.

    >>> import tensorweb as tw
    >>> tw.layers.UnitNormalization()(tw.tensor([[0.0, 2.0]])).tolist()
    [[0.0, 1.0]]
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = _axis_of(axis, "UnitNormalization")
        self.built = type(self).build is Layer.build

    def call(self, inputs: Any) -> Any:
        """Return the inputs normalized."""
        return op("normalize")(inputs, axis=self.axis, order=2, epsilon=1e-12)


def _axis_of(axis: Any, where: str) -> Any:
    """Return an axis, or several as a list; raise ConversionError for anything else."""
    if isinstance(axis, (list, tuple)):
        return list(axis)
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise ConversionError(message(where, "an int or a list of ints as `axis`", repr(axis), "Name the axes."))
    return axis


def _sizes(input_shape: Any, axes: list[int], where: str) -> tuple:
    """Return the sizes of the axes; raise ShapeError where there is none or it is unknown."""
    rank = len(input_shape)
    if any(not -rank <= a < rank or input_shape[a] is None for a in axes):
        raise ShapeError(message(where, f"known sizes along axes {axes}", f"shape {tuple(input_shape)}", "Fix them in the input's shape."))
    return tuple(input_shape[a] for a in axes)
