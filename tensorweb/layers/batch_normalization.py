"""BatchNormalization: by the statistics of the batch in training, by moving averages of them otherwise."""

from __future__ import annotations

from typing import Any

from .. import engine
from ..errors import ArgumentError, ShapeError, message
from ..kernels import expression as e
from ..ops.define import row_body
from ..tensor import as_tensor, op
from .input_spec import InputSpec
from .layer import Layer
from .weight_arguments import add_described, set_weight_arguments


def _moved(old: Any, new: Any, momentum: Any) -> Any:
    return old * momentum + new * (1.0 - momentum)


def _scale(gamma: Any, variance: Any, epsilon: Any) -> Any:
    return gamma / e.sqrt(variance + epsilon)


def _shift(beta: Any, mean: Any, scale: Any) -> Any:
    return beta - mean * scale


def _affine(x: Any, scale: Any, shift: Any) -> Any:
    return x * scale + shift


def _map(function: Any, *args: Any) -> Any:
    return engine.run(row_body(function, None, True, len(args)), args)


class BatchNormalization(Layer):
    """(inputs - mean) / sqrt(variance + epsilon) * gamma + beta for each channel. Keras's layer, TensorFlow.js's batchNormalization.

    In training, of a layer that is trainable, mean and variance are those of the batch (of the elements that the mask leaves), and
    moving averages follow them; otherwise the averages serve. Args: `axis` of the channels; `momentum` of the averages; `epsilon`;
    `center` and `scale`: whether there are beta and gamma; initializers, regularizers and constraints; `renorm`: batch
    renormalization (Ioffe, 2017) with `renorm_clipping` (rmax, rmin, dmax) and `renorm_momentum`; `synchronized` changes nothing:
    there is one device.

    >>> import tensorweb as tw
    >>> layer = tw.layers.BatchNormalization(epsilon=0.0, momentum=0.5)
    >>> layer(tw.tensor([[1.0], [3.0]]), training=True).tolist(), layer.moving_mean.tolist()
    ([[-1.0], [1.0]], [1.0])
    """

    supports_masking = True
    gamma: Any = None
    beta: Any = None
    moving_mean: Any = None
    moving_variance: Any = None
    _inference: Any = None

    def __init__(
        self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, center: bool = True, scale: bool = True,
        beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones", beta_regularizer: Any = None, gamma_regularizer: Any = None,
        beta_constraint: Any = None, gamma_constraint: Any = None, renorm: bool = False, renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99, synchronized: bool = False, **kwargs: Any,
    ):  # fmt: skip
        # Keras 2's files: an axis in a list, and arguments that no longer exist.
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        for legacy in ("virtual_batch_size", "fused", "adjustment"):
            kwargs.pop(legacy, None)
        super().__init__(**kwargs)
        self.axis, self.momentum, self.epsilon = int(axis), float(momentum), float(epsilon)
        self.center, self.scale, self.synchronized = center, scale, synchronized
        set_weight_arguments(
            self, beta_initializer=beta_initializer, gamma_initializer=gamma_initializer, beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint, gamma_constraint=gamma_constraint,
            moving_mean_initializer=moving_mean_initializer, moving_variance_initializer=moving_variance_initializer,
        )  # fmt: skip
        self.renorm, self.renorm_momentum = renorm, renorm_momentum
        self.renorm_clipping: Any = _checked_clipping(renorm_clipping) if renorm else renorm_clipping

    def build(self, input_shape: Any) -> None:
        """Make gamma, beta and the moving statistics for inputs of a shape."""
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ArgumentError(message(self.name, f"an axis of inputs of rank {rank}", self.axis, "Name the axis of the channels."))
        at = self.axis % rank
        shape = (input_shape[at],)
        still: dict[str, Any] = {"trainable": False, "autocast": False}
        self.gamma = add_described(self, "gamma", shape, autocast=False) if self.scale else None
        self.beta = add_described(self, "beta", shape, autocast=False) if self.center else None
        self.moving_mean = add_described(self, "moving_mean", shape, **still)
        self.moving_variance = add_described(self, "moving_variance", shape, **still)
        if self.renorm:
            deviation = op("sqrt")(self.moving_variance._value)
            self.moving_stddev = self.add_weight(shape, lambda s, dtype=None: deviation, name="moving_stddev", **still)
            self.renorm_mean = add_described(self, "renorm_mean", shape, like="moving_mean", **still)
            self.renorm_stddev = self.add_weight(shape, lambda s, dtype=None: deviation, name="renorm_stddev", **still)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: input_shape[at]})
        self._reduced = tuple(d for d in range(rank) if d != at)
        self._along = (-1, *(1 for _ in range(at + 1, rank)))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the inputs normalized; in training the moving statistics change."""
        x = inputs if inputs.dtype == "float32" else op("cast")(inputs, "float32")
        if training and self._trainable:
            made = self._by_batch(x, mask)
        else:
            # Kept values would end the gradients of a tape.
            tapes = engine.state.get().tapes
            scale, shift = self._scale_shift(self._weights()) if tapes else self.inference_scale_shift()
            made = _map(_affine, x, scale, shift)
        return made if made.dtype == self.compute_dtype else op("cast")(made, self.compute_dtype)

    def inference_scale_shift(self) -> tuple[Any, Any]:
        """Return (scale, shift), which broadcast to the inputs, so that without training the outputs are inputs * scale + shift."""
        values = tuple(None if w is None else w._value for w in self._weights())
        kept = self._inference
        if kept is None or any(a is not b for a, b in zip(kept[0], values)):
            # Out of reach of tidy and of tapes, since the result stays.
            with engine.changed_state(tapes=(), scope=None, autocast=None):
                self._inference = kept = (values, self._scale_shift(values))
        return kept[1]

    def _weights(self) -> tuple:
        return self.gamma, self.beta, self.moving_mean, self.moving_variance

    def _scale_shift(self, values: tuple) -> tuple[Any, Any]:
        gamma, beta, mean, variance = (as_tensor(v, self.name) if v is not None else None for v in values)
        scale = _map(_scale, 1.0 if gamma is None else gamma, variance, self.epsilon)
        shift = _map(_shift, 0.0 if beta is None else beta, mean, scale)
        return op("reshape")(scale, self._along), op("reshape")(shift, self._along)

    # --- training ---

    def _by_batch(self, x: Any, mask: Any) -> Any:
        mean, variance = self._moments(x, mask)
        gamma, beta = self.gamma, self.beta
        if self.renorm:
            gamma, beta = self._renormed(mean, variance)
        if not x.is_abstract:
            with engine.changed_state(tapes=()):
                self._move(mean, variance)
        return op("batch_normalization")(x, mean, variance, self.axis, beta, gamma, self.epsilon)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        if mask is None:
            return op("moments")(x, axes=self._reduced)
        if len(mask.shape) != len(x.shape) - 1:
            raise ShapeError(message(self.name, f"a mask of rank {len(x.shape) - 1}", f"shape {mask.shape}", "Leave the channels out."))
        kept = op("broadcast_to")(op("cast")(op("expand_dims")(mask, -1), "bool"), x.shape)
        count = op("sum")(op("cast")(kept, x.dtype), self._reduced, keepdims=True) + 1e-7
        mean = op("divide")(op("sum")(op("where")(kept, x, 0), self._reduced, keepdims=True), count)
        square = op("square")(op("where")(kept, op("subtract")(x, mean), 0))
        variance = op("divide")(op("sum")(square, self._reduced, keepdims=True), count)
        return op("reshape")(mean, (-1,)), op("reshape")(variance, (-1,))

    def _move(self, mean: Any, variance: Any) -> None:
        """Let the moving statistics follow a batch's."""
        changes = [(self.moving_mean, mean, self.momentum)]
        if not self.renorm:
            changes.append((self.moving_variance, variance, self.momentum))
        else:
            deviation = op("sqrt")(variance + self.epsilon)
            changes.append((self.renorm_mean, mean, self.renorm_momentum))
            changes.append((self.renorm_stddev, deviation, self.renorm_momentum))
            changes.append((self.moving_stddev, deviation, self.momentum))
        for variable, new, momentum in changes:
            variable.assign(_map(_moved, variable._value, new, momentum))
        if self.renorm:
            self.moving_variance.assign(op("relu")(op("square")(self.moving_stddev._value) - self.epsilon))

    def _renormed(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Return gamma and beta that correct a batch's statistics towards the moving ones."""
        with engine.changed_state(tapes=()):
            smallest = self.epsilon**0.5
            usual = op("maximum")(self.renorm_stddev._value, smallest)
            ratio = op("divide")(op("sqrt")(variance + self.epsilon), usual)
            offset = op("divide")(op("subtract")(mean, self.renorm_mean._value), usual)
            low, high, most = (self.renorm_clipping.get(k) for k in ("rmin", "rmax", "dmax"))
            ratio = ratio if low is None else op("maximum")(ratio, low)
            ratio = ratio if high is None else op("minimum")(ratio, high)
            offset = offset if most is None else op("clip")(offset, -most, most)
        gamma = ratio if self.gamma is None else op("multiply")(ratio, self.gamma)
        beta = offset if self.gamma is None else op("multiply")(offset, self.gamma)
        return gamma, beta if self.beta is None else op("add")(beta, self.beta)


def _checked_clipping(clipping: dict[str, float] | None) -> dict[str, float]:
    clipping = clipping or {}
    if set(clipping) - {"rmax", "rmin", "dmax"}:
        raise ArgumentError(message("BatchNormalization", "rmax, rmin, dmax in `renorm_clipping`", sorted(clipping), "Correct the keys."))
    low, high, most = (clipping.get(k) for k in ("rmin", "rmax", "dmax"))
    if (low is not None and high is not None and high < low) or (most is not None and most < 0):
        raise ArgumentError(message("BatchNormalization", "rmin <= rmax and dmax >= 0", clipping, "Correct `renorm_clipping`."))
    return clipping
